"""A sound file in place of what a machine's inputs would hear."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from livevae.engine.building import samples
from livevae.engine.layout import MAX_INPUTS
from livevae.errors import LivevaeError

LONGEST: float = 1200.0
"""Seconds of a file that are read into memory."""


def read_input(path: Path, rate: int, longest: float | None = None) -> NDArray[np.float32]:
    """A file at `rate` Hz, `(samples, channels)`, at most `longest` seconds of it. Raises LivevaeError."""
    try:
        own = int(soundfile.info(path).samplerate)
        frames = -1 if longest is None else int(longest * own)
        sound, _ = soundfile.read(path, frames=frames, dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, OSError):
        raise LivevaeError(f"the input {path} cannot be read as sound: name a WAV, FLAC, OGG or MP3 file.") from None
    if own != rate:
        sound = soxr.resample(sound, own, rate)
    return np.asarray(sound, np.float32)


def read_stand_in(path: str, rate: int) -> NDArray[np.float32]:
    """The file at `rate` Hz, `(channels, samples)`, at most 16 channels of it and 20 minutes. Raises LivevaeError."""
    sound = read_input(Path(path), rate, LONGEST)
    if len(sound) == 0:
        raise LivevaeError(f"the input {path} holds no sound: name another file.")
    return np.ascontiguousarray(sound[:, :MAX_INPUTS].T)


def stand_ins(pyo: Any, sound: NDArray[np.float32], rate: int) -> tuple[list[Any], list[Any]]:
    """A looped pyo signal for each channel of `(channels, samples)`, and what must be held while they play."""
    tables = [pyo.DataTable(sound.shape[1]) for _ in sound]
    for table, channel in zip(tables, sound, strict=True):
        # pyo keeps one number more than it has samples, for reading between the last and the first.
        numbers = samples(table)
        numbers[: len(channel)] = channel
        numbers[len(channel) :] = channel[0]
    readers = [pyo.TableRead(table, freq=rate / sound.shape[1], loop=True, interp=2).play() for table in tables]
    return readers, tables
