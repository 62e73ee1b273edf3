"""What is done to segments: each change is what it says and no more."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livevae.training import segments
from livevae.training.segments import FULL, GAP, LOUDEST, QUIETEST, SMALL_PRIMES, Segments, all_pass

RATE = 48000
LENGTH = 12000


@pytest.fixture
def only_gain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "PHASE_CHANGED", 0.0)
    monkeypatch.setattr(segments, "PITCH_CHANGED", 0.0)


@pytest.fixture
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """All phases and pitches are changed."""
    monkeypatch.setattr(segments, "PHASE_CHANGED", 1.0)
    monkeypatch.setattr(segments, "PITCH_CHANGED", 1.0)


def periodic(partials: int = 40) -> np.ndarray:
    """Ten seconds of partials that all repeat after LENGTH samples, so that every cut has the same spectrum."""
    random = np.random.default_rng(0)
    spectrum = np.zeros(LENGTH // 2 + 1, complex)
    places = random.choice(np.arange(20, 5000), partials, replace=False)
    spectrum[places] = np.exp(2j * np.pi * random.random(partials)) * LENGTH / partials / 4
    return np.tile(np.fft.irfft(spectrum), 40).astype(np.float32)


@given(
    size=st.integers(4, 3000),
    angle=st.floats(segments.LOWEST, segments.HIGHEST),
    radius=st.floats(0.3, segments.NARROWEST),
)
@settings(max_examples=60, deadline=None)
def test_an_all_pass_filter_leaves_every_magnitude(size: int, angle: float, radius: float) -> None:
    response = all_pass(size, angle, radius)
    assert response.shape == (size // 2 + 1,)
    np.testing.assert_allclose(np.abs(response), 1, atol=1e-5)


def test_it_is_the_filter_that_its_poles_make() -> None:
    angle, radius = 0.3, 0.8
    first, second = -2 * radius * np.cos(angle), radius**2
    wanted = np.zeros(1000)
    for n in range(1000):
        past = [wanted[n - k] if n >= k else 0.0 for k in (1, 2)]
        wanted[n] = {0: second, 1: first, 2: 1.0}.get(n, 0.0) - first * past[0] - second * past[1]
    np.testing.assert_allclose(np.fft.irfft(all_pass(1000, angle, radius), 1000), wanted, atol=1e-5)


@pytest.mark.usefixtures("always")
def test_changed_phases_are_heard_as_the_same_spectrum() -> None:
    audio = periodic()
    wanted = np.abs(np.fft.rfft(audio[:LENGTH]))
    sounding = wanted > 0.1 * wanted.max()
    drawn = Segments({"a": audio}, LENGTH, RATE).draw(12, np.random.default_rng(1))[:, 0]
    spectra = np.fft.rfft(drawn, axis=1)
    bent = []
    for spectrum in spectra:
        level = np.abs(spectrum[sounding]) / wanted[sounding]
        assert level.std() / level.mean() < 1e-3
        assert np.abs(spectrum[~sounding]).max() < 1e-3 * np.abs(spectrum).max()
        # What is left of the phases where cutting later, or the other polarity, would explain them.
        turned = spectrum[sounding] / np.fft.rfft(audio[:LENGTH])[sounding]
        places = np.flatnonzero(sounding)
        shifts = np.exp(2j * np.pi * np.outer(np.arange(LENGTH), places) / LENGTH)
        bent.append(np.abs(shifts.conj() @ (turned / np.abs(turned))).max() / len(places))
    assert np.median(bent) < 0.97
    assert max(bent) < 0.9999


@pytest.mark.usefixtures("always")
@pytest.mark.parametrize("pitch", [0.5, 2.0, 12.0])
def test_pitch_stays_within_its_limit_and_a_tone_stays_a_pure_tone(pitch: float) -> None:
    audio = (0.2 * np.sin(2 * np.pi * 1000 / RATE * np.arange(20 * RATE))).astype(np.float32)
    made = Segments({"a": audio}, LENGTH, RATE, pitch)
    drawn = made.draw(24, np.random.default_rng(5))[:, 0].astype(float)
    changes = []
    for row in drawn:
        if min(np.abs(row[:200]).max(), np.abs(row[-200:]).max()) < 0.5 * np.abs(row).max():
            continue  # an end of the recording is in it
        peak = np.abs(np.fft.rfft(row * np.hanning(LENGTH))).argmax() * RATE / LENGTH
        possible = 1000 * made._sizes / made._size
        frequency = possible[np.abs(possible - peak).argsort()[:8]]
        residues = [_residue(row, each) for each in frequency]
        assert min(residues) < 1e-4  # -80 dB
        changes.append(12 * np.log2(frequency[int(np.argmin(residues))] / 1000))
    assert len(changes) > 16
    assert np.abs(changes).max() < pitch + 0.01
    assert min(changes) < -pitch / 2
    assert max(changes) > pitch / 2


def _residue(row: np.ndarray, frequency: float) -> float:
    """How much of the row is no tone of that frequency."""
    angle = 2 * np.pi * frequency / RATE * np.arange(len(row))
    basis = np.stack([np.sin(angle), np.cos(angle)], 1)
    weights = np.linalg.lstsq(basis, row, rcond=None)[0]
    return float(np.linalg.norm(row - basis @ weights) / np.linalg.norm(row))


@pytest.mark.usefixtures("always")
def test_what_would_go_above_the_band_is_lost_and_not_folded_back() -> None:
    audio = (0.2 * np.sin(2 * np.pi * 23500 / RATE * np.arange(10 * RATE))).astype(np.float32)
    drawn = Segments({"a": audio}, LENGTH, RATE, 2.0).draw(30, np.random.default_rng(5))[:, 0]
    spectra = np.abs(np.fft.rfft(drawn * np.hanning(LENGTH), axis=1)) / (LENGTH / 4)
    assert np.sum(spectra.max(1) < 1e-3) > 5  # gone
    below = np.fft.rfftfreq(LENGTH, 1 / RATE) < 20000
    assert spectra[:, below].max() < 1e-4


@pytest.mark.usefixtures("always")
def test_the_stereo_image_stays() -> None:
    noise = np.random.default_rng(0).uniform(-0.3, 0.3, 4 * RATE).astype(np.float32)
    for right in (0.5, 0.0, -1.0):
        drawn = Segments({"a": np.stack([noise, np.float32(right) * noise])}, LENGTH, RATE, 1.0).draw(
            8, np.random.default_rng(2)
        )
        np.testing.assert_allclose(drawn[:, 1], right * drawn[:, 0], atol=1e-6)
        assert np.abs(drawn[:, 0]).max(1).min() > 0.05


@pytest.mark.parametrize("level", [0.9, 1.0, 4.0])
def test_nothing_is_clipped_however_loud_it_came(level: float) -> None:
    random = np.random.default_rng(0)
    audio = (level * np.sign(random.standard_normal(4 * RATE))).astype(np.float32)
    drawn = Segments({"a": audio}, LENGTH, RATE, 0.5).draw(40, random)
    peaks = np.abs(drawn).max((1, 2))
    assert peaks.max() <= 1.0
    assert peaks.max() > 0.99 * FULL
    # A clipped segment has many values at its peak; of these only such have that are as they came.
    at_the_top = (np.abs(drawn) > 0.999 * peaks[:, None, None]).mean((1, 2))
    assert set(np.where(at_the_top > 0.9, "as it came", np.where(at_the_top < 0.05, "filtered", "clipped"))) == {
        "as it came",
        "filtered",
    }


@pytest.mark.usefixtures("only_gain")
def test_gain_is_within_its_range_and_either_polarity_comes() -> None:
    drawn = Segments({"a": np.full(4 * RATE, 0.1, np.float32)}, LENGTH, RATE).draw(300, np.random.default_rng(0))
    values = drawn[:, 0, LENGTH // 2]
    values = values[values != 0]
    decibels = 20 * np.log10(np.abs(values) / 0.1)
    assert QUIETEST - 0.01 < decibels.min() < QUIETEST + 0.5
    assert LOUDEST - 0.5 < decibels.max() < LOUDEST + 0.01
    assert 0.4 < np.mean(values > 0) < 0.6


@pytest.mark.usefixtures("only_gain")
def test_segments_come_from_everywhere() -> None:
    ramp = np.linspace(0.1, 0.5, 2 * RATE, dtype=np.float32)
    drawn = Segments({"a": ramp, "b": ramp}, LENGTH, RATE).draw(400, np.random.default_rng(0))[:, 0]
    whole = np.abs(drawn[(drawn != 0).all(1)])
    # The slope shows the gain, and gain and value the place.
    slopes = (whole[:, -1] - whole[:, 0]) / (LENGTH - 1)
    places = (whole[:, 0] * (0.4 / (2 * RATE - 1)) / slopes - 0.1) / 0.4 * 2
    counts = np.histogram(places, 7, (0, 2 - LENGTH / RATE))[0]
    assert counts.min() > 0.6 * len(places) / 7
    assert np.sum((drawn == 0).any(1)) > 20  # ends, and the silence after them


@given(
    sizes=st.lists(st.integers(1, 3000), min_size=1, max_size=6),
    start=st.integers(-2000, 20000),
    length=st.integers(1, 9000),
)
@settings(max_examples=80, deadline=None)
def test_a_cut_is_that_of_all_recordings_after_each_other(sizes: list[int], start: int, length: int) -> None:
    rate = 1000
    rows = [np.random.default_rng(size).uniform(-1, 1, (2, size)).astype(np.float32) for size in sizes]
    gap = np.zeros((2, int(GAP * rate)), np.float32)
    around = np.zeros((2, 40000), np.float32)
    line = np.concatenate([around, *(part for row in rows for part in (row, gap)), around], 1)
    made = Segments({str(n): row for n, row in enumerate(rows)}, 1, rate)._cut(start, length)
    np.testing.assert_array_equal(made, line[:, 40000 + start : 40000 + start + length])


@pytest.mark.parametrize("seconds", [0.3, 0.5, 3.0])
def test_recordings_hardly_longer_than_a_segment_are_enough(seconds: float) -> None:
    audio = np.full(int(seconds * RATE), 0.3, np.float32)
    drawn = Segments({"a": audio}, LENGTH, RATE, 12.0).draw(60, np.random.default_rng(0))
    assert np.isfinite(drawn).all()
    assert np.abs(drawn).max((1, 2)).min() > 0.01


def test_transforms_are_of_sizes_that_are_quick() -> None:
    made = Segments({"a": np.zeros(10 * RATE, np.float32)}, RATE, RATE, 0.5)
    assert len(made._sizes) >= 8  # so many pitches
    for size in (made._size, *made._sizes):
        for prime in SMALL_PRIMES:
            while size % prime == 0:
                size //= prime
        assert size == 1
