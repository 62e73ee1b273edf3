"""Synthesised sounds: repeatable, varied by factor, clean; the recordings that ship are what the code makes."""

import subprocess
import sys
from dataclasses import replace
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from livevae.errors import LivevaeError
from livevae.resources import sounds_dir
from livevae.training.patch import pyo
from livevae.training.sounds import SHIPPED, render, ship, synthesise, vary
from livevae.training.timbres import BUILDERS, Take

FAMILIES = sorted(BUILDERS)
BY_FAMILY = {take.family: replace(take, seconds=2.0) for take in SHIPPED}
Samples = npt.NDArray[np.floating]


def spectrum(samples: Samples) -> tuple[Samples, Samples]:
    """Frequencies in Hz and the power at each."""
    window = np.hanning(len(samples))
    return np.fft.rfftfreq(len(samples), 1 / 48000), np.abs(np.fft.rfft(samples * window)) ** 2


def centroid(samples: Samples) -> float:
    hertz, power = spectrum(samples)
    return float((hertz * power).sum() / power.sum())


def portrait(samples: Samples) -> Samples:
    """Levels in dB of 24 bands over time, told by their mean (less the overall mean) and their spread."""
    frames = np.lib.stride_tricks.sliding_window_view(samples, 2048)[::1024] * np.hanning(2048)
    power = np.abs(np.fft.rfft(frames, axis=1)) ** 2
    edges = np.unique(np.geomspace(2, 1024, 25).astype(int))
    bands = np.stack([power[:, a:b].mean(axis=1) for a, b in pairwise(edges)], axis=1)
    level = 10 * np.log10(bands + 1e-6)
    return np.concatenate([level.mean(axis=0) - level.mean(), level.std(axis=0)])


@pytest.mark.parametrize("family", FAMILIES)
def test_a_take_is_the_same_samples_whatever_was_rendered_before(family: str) -> None:
    take = BY_FAMILY[family]
    first = render(take)
    other = render(replace(take, seed=take.seed + 1000))
    assert np.array_equal(first, render(take))
    assert not np.array_equal(first, other)


def test_another_process_makes_the_same_takes_and_prints_nothing_else(tmp_path: Path) -> None:
    here = [sha256(path.read_bytes()).hexdigest() for path in synthesise(tmp_path / "here", seconds=12, seed=5)]
    program = (
        "import sys; from pathlib import Path; from hashlib import sha256\n"
        "from livevae.training.sounds import synthesise\n"
        "paths = synthesise(Path(sys.argv[1]), seconds=12, seed=5)\n"
        "print(' '.join(sha256(path.read_bytes()).hexdigest() for path in paths))"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "there")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == here
    assert done.stderr == ""


def test_importing_makes_no_server_and_prints_nothing() -> None:
    program = "import livevae.training.sounds as s; assert not s.pyo.serverCreated()"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout + done.stderr == ""


@pytest.mark.parametrize("family", FAMILIES)
def test_a_random_take_is_finite_loud_enough_and_free_of_dc(family: str) -> None:
    rng = np.random.default_rng(FAMILIES.index(family))
    for _ in range(3):
        take = vary(family, rng)
        samples = render(take, peak=0.5)
        assert samples.shape == (round(take.seconds * 48000),)
        assert np.isfinite(samples).all()
        assert np.abs(samples).max() == pytest.approx(0.5, abs=1e-6)
        assert samples.std() > 0.01
        assert abs(samples.mean()) < 1e-5
        assert abs(samples[0]) < 1e-4
        assert abs(samples[-1]) < 1e-4


def test_a_family_sounds_more_like_itself_than_like_any_other() -> None:
    shipped = {take.family: portrait(render(take)) for take in SHIPPED}
    for take in SHIPPED:
        again = portrait(render(replace(take, seed=take.seed + 100)))
        nearest = min(FAMILIES, key=lambda family: float(np.linalg.norm(shipped[family] - again)))
        assert nearest == take.family


@pytest.mark.parametrize("family", FAMILIES)
def test_brightness_raises_the_spectral_centroid(family: str) -> None:
    dark, middle, bright = (centroid(render(replace(BY_FAMILY[family], brightness=b))) for b in (0.0, 0.5, 1.0))
    assert dark < middle < bright


def test_noise_fills_the_spectrum_between_the_partials_of_a_string() -> None:
    def flatness(noise: float) -> float:
        hertz, power = spectrum(render(replace(BY_FAMILY["string"], noise=noise)))
        inside = power[(hertz > 200) & (hertz < 10000)] + 1e-12
        return float(np.exp(np.log(inside).mean()) / inside.mean())

    assert flatness(1.0) > 2 * flatness(0.0)


@pytest.mark.parametrize("pitch", [220.0, 330.0, 440.0])
def test_a_bell_rings_at_the_partials_of_its_pitch(pitch: float) -> None:
    hertz, power = spectrum(render(Take("bell", pitch, motion=0.0, noise=0.0, seconds=3.0, seed=3)))
    strongest = float(hertz[power.argmax()])
    assert min(abs(strongest / (pitch * ratio) - 1) for ratio in (0.5, 1.0, 1.19, 2.0)) < 0.02


def test_motion_and_attack_shape_time() -> None:
    def onset(attack: float) -> int:
        samples = np.abs(render(replace(BY_FAMILY["string"], attack=attack, motion=0.0, space=0.0)))
        return int((samples > 0.3 * samples.max()).argmax())

    assert onset(0.6) > onset(0.05) + 4800


def test_training_takes_are_varied_and_add_up(tmp_path: Path) -> None:
    paths = synthesise(tmp_path, seconds=30, seed=9, rate=44100)
    infos = [soundfile.info(path) for path in paths]
    assert all(info.samplerate == 44100 and info.channels == 1 for info in infos)
    assert all(2 <= info.duration <= 6 for info in infos)
    assert 30 <= sum(info.duration for info in infos) < 36
    assert {path.name.split("-")[0] for path in paths[:8]} == set(FAMILIES[: len(paths)])
    assert sorted(tmp_path.iterdir()) == sorted(paths)


def test_the_recordings_that_ship_are_clean() -> None:
    paths = sorted(sounds_dir().glob("*.flac"))
    assert [path.stem for path in paths] == FAMILIES
    assert sum(path.stat().st_size for path in paths) < 2_500_000
    for path in paths:
        info = soundfile.info(path)
        assert (info.samplerate, info.channels) == (48000, 1)
        assert 3 <= info.duration <= 5
        samples, _ = soundfile.read(path)
        assert 20 * np.log10(np.abs(samples).max()) == pytest.approx(-3, abs=0.05)
        assert abs(samples.mean()) < 1e-4
        assert np.abs(samples[[0, -1]]).max() < 1e-3
        assert np.abs(np.diff(samples[-480:])).max() < 5e-3


@pytest.mark.parametrize("family", ["choir", "string", "voice", "water", "wind"])
def test_the_sustained_recordings_have_no_steps(family: str) -> None:
    samples, _ = soundfile.read(sounds_dir() / f"{family}.flac")
    assert np.abs(np.diff(samples)).max() < 0.2


def test_the_recordings_that_ship_are_what_the_code_makes(tmp_path: Path) -> None:
    made = ship(tmp_path)
    assert [path.stem for path in made] == [take.family for take in SHIPPED]
    for path in made:
        new, _ = soundfile.read(path)
        old, _ = soundfile.read(sounds_dir() / path.name)
        assert new.shape == old.shape
        # Another machine's sines may differ in their last bits, and what filters feed back keeps the difference.
        assert np.sqrt(((new - old) ** 2).mean()) < 0.01 * np.sqrt((old**2).mean())


@pytest.mark.parametrize(
    ("change", "words"),
    [({"family": "cow"}, "no family"), ({"seconds": 0.1}, "0.5 to 60"), ({"seconds": 61.0}, "0.5 to 60")],
)
def test_takes_that_make_no_sense_are_refused(change: dict[str, object], words: str) -> None:
    with pytest.raises(LivevaeError, match=words):
        render(replace(SHIPPED[0], **change))  # type: ignore[arg-type]


def test_bad_requests_are_refused(tmp_path: Path) -> None:
    with pytest.raises(LivevaeError, match="above 0"):
        synthesise(tmp_path, seconds=0, seed=1)
    with pytest.raises(LivevaeError, match="44100"):
        synthesise(tmp_path, seconds=2, seed=1, rate=8000)
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(LivevaeError, match="cannot be written"):
        synthesise(tmp_path / "file", seconds=2, seed=1)


def test_a_running_pyo_server_is_left_alone() -> None:
    server = pyo.Server(sr=48000, nchnls=1, buffersize=64, duplex=0, audio="manual")
    server.setVerbosity(1)
    server.boot()
    try:
        with pytest.raises(LivevaeError, match="already runs"):
            render(SHIPPED[0])
        assert server.getIsBooted()
    finally:
        server.shutdown()
