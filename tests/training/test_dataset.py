"""Recordings in: what is taken, what is skipped and named, what is refused."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from livevae.errors import LivevaeError
from livevae.training.dataset import load_recordings
from livevae.training.segments import Segments


def write(path: Path, seconds: float, rate: int = 48000, channels: int = 1) -> None:
    audio = 0.5 * np.sin(np.arange(int(seconds * rate)) * 0.05)
    soundfile.write(path, np.repeat(audio[:, None], channels, 1), rate)


def test_damaged_and_tiny_files_are_skipped_and_named(tmp_path: Path) -> None:
    write(tmp_path / "good.wav", 1.0)
    (tmp_path / "broken.flac").write_bytes(b"fLaC and then nothing of the sort")
    (tmp_path / "empty.wav").write_bytes(b"")
    write(tmp_path / "click.wav", 0.001)
    (tmp_path / "notes.txt").write_text("not audio")
    lines: list[str] = []
    found = load_recordings([tmp_path], 48000, (), lines.append)
    assert list(found.training) == ["good"]
    assert {Path(name).name for name in found.skipped} == {"broken.flac", "empty.wav", "click.wav"}
    assert all(any(name in line for line in lines) for name in ("broken.flac", "empty.wav", "click.wav"))


def test_values_that_are_no_numbers_are_skipped(tmp_path: Path) -> None:
    write(tmp_path / "good.wav", 1.0)
    soundfile.write(tmp_path / "nan.wav", np.full(48000, np.nan, np.float32), 48000, subtype="FLOAT")
    assert len(load_recordings([tmp_path], 48000, (), lambda line: None).skipped) == 1


def test_rates_and_channels_become_mono_at_one_rate(tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    write(tmp_path / "deep" / "er" / "cd.wav", 1.0, rate=44100, channels=2)
    (audio,) = load_recordings([tmp_path], 48000, ()).training.values()
    assert audio.dtype == np.float32
    assert abs(len(audio) - 48000) <= 1
    assert np.abs(audio).max() == pytest.approx(0.5, abs=0.01)


def test_held_out_recordings_are_never_drawn(tmp_path: Path) -> None:
    write(tmp_path / "a.wav", 1.0)
    write(tmp_path / "b.wav", 1.0)
    found = load_recordings([tmp_path], 48000, ("b",))
    assert (list(found.training), list(found.held_out)) == (["a"], ["b"])


def test_without_names_some_of_many_are_held_out(tmp_path: Path) -> None:
    for index in range(60):
        write(tmp_path / f"take-{index}.wav", 0.05)
    found = load_recordings([tmp_path], 48000)
    assert 1 <= len(found.held_out) <= 15
    assert len(found.training) + len(found.held_out) == 60
    assert load_recordings([tmp_path], 48000).held_out.keys() == found.held_out.keys()


@pytest.mark.parametrize("make", ["missing", "empty"])
def test_a_folder_without_recordings_is_refused_by_name(tmp_path: Path, make: str) -> None:
    folder = tmp_path / make
    if make == "empty":
        folder.mkdir()
    with pytest.raises(LivevaeError, match=make):
        load_recordings([folder], 48000)


def test_too_little_sound_is_refused() -> None:
    with pytest.raises(LivevaeError, match="too short"):
        Segments({"a": np.zeros(3000, np.float32)}, 16384, 48000)


def test_long_silence_is_cut_short_where_it_is_trained_on(tmp_path: Path) -> None:
    tone = 0.5 * np.sin(np.arange(24000) * 0.05)
    audio = np.concatenate([np.zeros(48000), tone, np.zeros(96000), tone, np.zeros(72000)])
    soundfile.write(tmp_path / "gaps.wav", audio, 48000)
    soundfile.write(tmp_path / "kept.wav", audio, 48000)
    soundfile.write(tmp_path / "silent.wav", np.zeros(48000), 48000)
    found = load_recordings([tmp_path], 48000, ("kept",), lambda line: None)
    assert [Path(name).name for name in found.skipped] == ["silent.wav"]
    assert len(found.held_out["kept"]) == len(audio)
    trained = found.training["gaps"]
    assert 1.5 * 48000 < len(trained) < 1.8 * 48000
    assert np.sum(trained**2) == pytest.approx(np.sum(audio**2), rel=1e-3)


def test_stereo_keeps_its_sides_and_mono_is_put_in_the_middle(tmp_path: Path) -> None:
    left = 0.5 * np.sin(np.arange(48000) * 0.05)
    soundfile.write(tmp_path / "wide.wav", np.stack([left, np.zeros(48000)], 1), 48000)
    soundfile.write(tmp_path / "narrow.wav", left, 44100)
    found = load_recordings([tmp_path], 48000, (), channels=2).training
    assert np.abs(found["wide"][0]).max() > 0.4
    assert not found["wide"][1].any()
    np.testing.assert_array_equal(found["narrow"][0], found["narrow"][1])
    drawn = Segments(found, 8192, 48000, pitch=0.5).draw(5, np.random.default_rng(0))
    assert drawn.shape == (5, 2, 8192)


def test_pitch_changes_by_no_more_than_it_may() -> None:
    audio = np.sin(np.arange(480000) * 2 * np.pi * 1000 / 48000).astype(np.float32)
    drawn = Segments({"a": audio}, 16384, 48000, pitch=1.0).draw(24, np.random.default_rng(2))[:, 0, 2000:-2000]
    spectra = np.abs(np.fft.rfft(drawn * np.hanning(drawn.shape[1]), 1 << 17, axis=1))
    semitones = 12 * np.log2(spectra.argmax(1) / (1 << 17) * 48)
    assert np.abs(semitones).max() < 1.05
    assert 4 <= np.sum(np.abs(semitones) > 0.05) <= 16


def test_segments_vary_within_full_scale_and_repeat_from_a_seed() -> None:
    audio = np.sin(np.arange(96000) * 0.07).astype(np.float32)
    segments = Segments({"a": audio}, 8192, 48000)
    first = segments.draw(6, np.random.default_rng(1))
    assert first.shape == (6, 1, 8192)
    assert np.abs(first).max() <= 1.0
    assert np.isfinite(first).all()
    assert len({float(row.std()) for row in first}) > 1
    np.testing.assert_array_equal(first, segments.draw(6, np.random.default_rng(1)))
