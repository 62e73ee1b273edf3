"""Sound files as blocks: channels, parts, rates, and files that are no sound."""

import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile

from livevae.errors import LivevaeError
from livevae.latent import audio

STEREO = np.stack([np.sin(np.arange(20000) * 0.02), np.linspace(-0.5, 0.5, 20000)], axis=1).astype(np.float32)


def write(path: Path, sound: np.ndarray, rate: int = 8000) -> Path:
    soundfile.write(path, sound, rate, subtype="FLOAT")
    return path


def joined(path: Path, rate: int = 8000, **options: object) -> np.ndarray:
    return np.concatenate(list(audio.blocks(path, rate, **options)), axis=1)  # type: ignore[arg-type]


def test_channels_are_mixed_chosen_or_kept(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", STEREO)
    assert audio.describe(path) == audio.AudioInfo(2.5, 8000, 2)
    np.testing.assert_allclose(joined(path)[0], STEREO.mean(axis=1), atol=1e-7)
    np.testing.assert_array_equal(joined(path, channel=2)[0], STEREO[:, 1])
    np.testing.assert_array_equal(joined(path, channels=2), STEREO.T)
    np.testing.assert_array_equal(joined(path, channels=2, channel=1), STEREO[:, [0, 0]].T)
    np.testing.assert_array_equal(joined(path, channels=3), STEREO[:, [0, 1, 1]].T)
    mono = write(tmp_path / "m.wav", STEREO[:, 0])
    np.testing.assert_array_equal(joined(mono, channels=2), STEREO[:, [0, 0]].T)


def test_a_part_of_it(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", STEREO)
    np.testing.assert_array_equal(joined(path, channel=1, start=0.5, end=2.25)[0], STEREO[4000:18000, 0])
    np.testing.assert_array_equal(joined(path, channel=1, start=2.0, end=99.0)[0], STEREO[16000:, 0])
    with pytest.raises(LivevaeError, match=r"a.wav lasts 2.50 s: there is nothing from 3 to 2.5 s"):
        joined(path, start=3.0)


@pytest.mark.parametrize("rate", [5512, 22050, 48000])
def test_resampling_by_blocks_keeps_length_and_pitch(tmp_path: Path, rate: int) -> None:
    path = write(tmp_path / "a.wav", np.sin(2 * np.pi * 440 * np.arange(40000) / 8000).astype(np.float32))
    sound = joined(path, rate)[0]
    assert len(sound) == pytest.approx(5 * rate, abs=2)
    expected = np.sin(2 * np.pi * 440 * np.arange(len(sound)) / rate)
    middle = slice(rate // 4, -rate // 4)
    np.testing.assert_allclose(sound[middle], expected[middle], atol=1e-3)


def test_an_hour_of_stereo_is_streamed(tmp_path: Path) -> None:
    rate, seconds = 8000, 3600
    path, size = tmp_path / "hour.wav", rate * seconds * 4
    header = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", size + 36, b"WAVE", b"fmt ", 16, 1, 2, rate, rate * 4, 4, 16,
                         b"data", size)  # fmt: skip
    with open(path, "wb") as file:
        file.write(header)
        file.truncate(len(header) + size)  # a hole in the file: it takes no room on the disk
    tracemalloc.start()
    try:
        total = sum(block.shape[1] for block in audio.blocks(path, rate, channels=2))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert total == rate * seconds
    assert peak < 2e6  # the file holds 2.3e8 bytes as float32


def test_files_that_are_no_sound_say_so(tmp_path: Path) -> None:
    cases = {
        "gone.wav": (None, "there is no recording"),
        "empty.wav": (b"", "is an empty file"),
        "text.flac": (b"not a sound at all" * 50, "cannot be read as sound"),
    }
    for name, (content, message) in cases.items():
        path = tmp_path / name
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(LivevaeError, match=message) as failure:
            joined(path)
        assert str(path) in str(failure.value)
    with pytest.raises(LivevaeError, match="there is no recording"):
        audio.describe(tmp_path)


def test_no_samples_no_such_channel_or_no_numbers(tmp_path: Path) -> None:
    with pytest.raises(LivevaeError, match="0 samples long"):
        joined(write(tmp_path / "nothing.wav", np.zeros((0, 1), np.float32)))
    path = write(tmp_path / "a.wav", STEREO)
    for channel in (0, 3):
        with pytest.raises(LivevaeError, match=f"no channel {channel}: it has 2, counted from 1"):
            joined(path, channel=channel)
    broken = STEREO.copy()
    broken[15000, 0] = np.nan
    with pytest.raises(LivevaeError, match="not finite"):
        joined(write(tmp_path / "nan.wav", broken))


def test_a_file_damaged_in_the_middle_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    noise = np.random.default_rng(1).uniform(-0.5, 0.5, 80000)
    soundfile.write(path, noise, 8000)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(LivevaeError, match=r"a\.flac is (cut short|damaged)"):
        joined(path)
