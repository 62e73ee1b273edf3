"""What is followed is measured: tones of known pitch and level, noise, attacks."""

import numpy as np
import pytest

from livevae.engine.interface import Live
from livevae.engine.measuring import HELD, HOP, INPUTS, TIME, rows_since
from livevae.engine.offline import OfflineEngine
from livevae.errors import LivevaeError
from livevae.performance.ears import features
from support.engines import RATE, Studio, noise, sine
from support.models import identity, save


def measured(sound, *, block=256, sources=(0,), seconds=None):
    """Every row of the sources, after the sound was heard."""
    engine = OfflineEngine(rate=RATE, block=block, inputs=sound)
    try:
        engine.follow(sources)
        found = {source: [] for source in sources}
        seen = dict.fromkeys(sources, 0)
        for _ in range(int((seconds or len(sound) / RATE) * 20)):
            engine.run(RATE // 20)
            for source in sources:
                seen[source], rows = engine.measured(source, seen[source])
                found[source].append(rows)
        return {source: np.concatenate(rows) for source, rows in found.items()}
    finally:
        engine.close()


@pytest.mark.parametrize(
    ("hertz", "level"),
    [
        (55.0, 0.5),
        (110.0, 0.5),
        (220.0, 0.05),
        (330.0, 0.2),
        (441.0, 0.25),
        (1000.0, 1.0),
        (1567.98, 0.5),
        (2000.0, 0.1),
    ],
)
def test_a_sine_has_its_pitch_level_and_brightness(hertz, level):
    found = features(measured(sine(RATE, hertz, level))[0][20:-8])
    np.testing.assert_allclose(found["hertz"], hertz, rtol=0.0015)
    np.testing.assert_allclose(found["pitch"], np.log2(hertz / 40) / 6, atol=0.002)
    np.testing.assert_allclose(found["loudness"], 1 + 20 * np.log10(level / np.sqrt(2)) / 60, atol=0.01)
    np.testing.assert_allclose(found["brightness"], max(0, np.log2(hertz / 100) / 7), atol=0.03)
    assert found["noisiness"].max() < 0.02


def test_noise_is_noisy_and_bright_and_has_no_pitch():
    found = features(measured(noise(RATE, level=0.3))[0][20:-8])
    assert found["noisiness"].mean() > 0.8
    assert np.isnan(found["pitch"]).mean() > 0.9
    np.testing.assert_allclose(found["loudness"], 1 + 20 * np.log10(0.3 / np.sqrt(3)) / 60, atol=0.02)
    np.testing.assert_allclose(found["brightness"], np.log2(12_000 / 100) / 7, atol=0.02)


def test_silence_has_neither():
    found = features(measured(np.zeros(RATE // 2, np.float32))[0])
    assert found["loudness"].max() == found["noisiness"].max() == 0.0
    assert np.isnan(found["pitch"]).all()
    assert np.isnan(found["brightness"]).all()


def test_attacks_are_counted_when_they_come():
    sound = np.zeros(2 * RATE, np.float32)
    starts = [24_000, 48_000, 72_000]
    for start in starts:
        burst = sine(6000, 300.0, 0.5) * np.exp(-np.arange(6000) / 2400)
        sound[start : start + 6000] = burst
    rows = measured(sound)[0]
    assert rows[-1, 4] == 3
    jumps = rows[1:][np.diff(rows[:, 4]) > 0]
    for row, start in zip(jumps, starts, strict=True):
        assert 0 <= row[TIME] - start <= 2 * HOP


def test_rows_come_at_the_same_times_with_the_same_numbers_whatever_the_block():
    sound = sine(RATE, 330.0, 0.3) + noise(RATE, level=0.05)
    first = measured(sound, block=256)[0]
    assert np.all(np.diff(first[:, TIME]) == HOP)
    for block in (64, 128, 512, 1024):
        other = measured(sound, block=block)[0]
        count = min(len(first), len(other))
        assert count > 40
        np.testing.assert_array_equal(other[:count], first[:count])


def test_it_is_repeatable():
    sound = noise(RATE // 2)
    np.testing.assert_array_equal(measured(sound)[0], measured(sound)[0])


def test_inputs_are_told_apart_and_nothing_is_measured_unasked():
    sound = np.stack([sine(RATE // 2, 200.0), sine(RATE // 2, 500.0)], axis=1)
    rows = measured(sound, sources=(0, 1))
    assert features(rows[0][10:-8])["hertz"].mean() == pytest.approx(200, rel=0.01)
    assert features(rows[1][10:-8])["hertz"].mean() == pytest.approx(500, rel=0.01)
    engine = OfflineEngine(rate=RATE, inputs=sound)
    try:
        engine.run(RATE // 4)
        assert engine.measured(0, 0)[0] == 0
        engine.follow([0])
        engine.run(RATE // 4)
        count, rows = engine.measured(0, 0)
        assert count == len(rows) > 0
        engine.follow([])
        engine.run(RATE // 4)
        assert engine.measured(0, count)[0] == count
        with pytest.raises(LivevaeError, match="counted from 0"):
            engine.follow([99])
    finally:
        engine.close()


def test_what_a_voice_plays_is_followed_and_is_silent_when_it_ends(tmp_path):
    path = save(identity(256), tmp_path / "identity.ts")
    with Studio(sine(RATE, 300.0, 0.5)) as studio:
        studio.engine.follow([INPUTS + 1])
        studio.play(path, Live(1), slot=2, gain=0.5)
        studio.engine.run(RATE // 2)
        count, rows = studio.engine.measured(INPUTS + 1, 0)
        found = features(rows[-4:])
        np.testing.assert_allclose(found["hertz"], 300.0, rtol=0.002)
        np.testing.assert_allclose(found["loudness"], 1 + 20 * np.log10(0.25 / np.sqrt(2)) / 60, atol=0.01)
        studio.engine.close_slot(2)
        studio.engine.run(RATE // 2)
        _, rows = studio.engine.measured(INPUTS + 1, count)
        assert features(rows[-4:])["loudness"].max() == 0.0


def test_the_newest_rows_of_a_ring_are_given():
    ring = np.arange(HELD, dtype=float)[:, None] * np.ones(6)
    assert len(rows_since(ring, 0, 0)) == 0
    assert rows_since(ring, 10, 7)[:, 0].tolist() == [7, 8, 9]
    assert len(rows_since(ring, 1000, 0)) == HELD - 1
    assert len(rows_since(ring, 10, 1 << 60)) == 0
