"""Sound files as a stream of blocks at a model's rate; an hour of stereo never lies in memory whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from livevae.errors import LivevaeError

Block = NDArray[np.float32]

SUFFIXES = frozenset(
    {".wav", ".wave", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".aifc", ".au", ".snd", ".caf"}
    | {".w64", ".rf64", ".voc", ".sd2"}
)
"""What a folder of recordings is searched for."""

BLOCK_SECONDS = 1.0


@dataclass(frozen=True)
class AudioInfo:
    """A sound file: how long it lasts, its rate in Hz and its channels."""

    seconds: float
    rate: int
    channels: int


def describe(path: Path) -> AudioInfo:
    """What the file says about itself. Raises LivevaeError for a file that is missing, damaged, or empty."""
    with _opened(path) as file:
        return AudioInfo(file.frames / file.samplerate, file.samplerate, file.channels)


def blocks(
    path: Path,
    rate: int,
    *,
    channels: int = 1,
    channel: int | None = None,
    start: float | None = None,
    end: float | None = None,
) -> Iterator[Block]:
    """The sound between `start` and `end` seconds as float32 blocks `(channels, n)` at `rate` Hz, about a second each.

    With one channel: `channel` of the file, counted from 1, or the mean of all. With more: the file's first channels,
    the last one repeated where it has fewer; `channel` then feeds all of them. Raises LivevaeError that names the file
    where it cannot be read, is empty, holds samples that are not finite, or has no such channel or time.
    """
    with _opened(path) as file:
        if channel is not None and not 1 <= channel <= file.channels:
            raise LivevaeError(f"{path} has no channel {channel}: it has {file.channels}, counted from 1.")
        first = 0 if start is None else round(start * file.samplerate)
        last = file.frames if end is None else min(round(end * file.samplerate), file.frames)
        if first < 0 or first >= last:
            lasts = file.frames / file.samplerate
            asked = f"from {start or 0.0:g} to {lasts if end is None else end:g} s"
            raise LivevaeError(f"{path} lasts {lasts:.2f} s: there is nothing {asked}.")
        converter = soxr.ResampleStream(file.samplerate, rate, channels, dtype="float32", quality="HQ")
        step = max(1, round(BLOCK_SECONDS * file.samplerate))
        _seek(file, first, path)
        for begin in range(first, last, step):
            wanted = min(step, last - begin)
            read = _read(file, wanted, path)
            done = begin + wanted >= last
            chosen = _choose(read, channels, channel)
            resampled = converter.resample_chunk(chosen, last=done) if file.samplerate != rate else chosen
            if len(resampled):
                yield np.ascontiguousarray(resampled.T)


def _opened(path: Path) -> Any:
    if not path.is_file():
        raise LivevaeError(f"there is no recording {path}: check the name and the folder.")
    try:
        file = soundfile.SoundFile(path)
    except (soundfile.SoundFileError, OSError, TypeError, ValueError) as error:
        if path.stat().st_size == 0:
            raise LivevaeError(f"{path} is an empty file: record it again.") from None
        raise LivevaeError(f"{path} cannot be read as sound ({_reason(error)}): convert it to WAV or FLAC.") from None
    if file.frames <= 0:
        file.close()
        raise LivevaeError(f"{path} holds no sound: it is 0 samples long.")
    return file


def _seek(file: Any, frame: int, path: Path) -> None:
    if frame == 0:
        return
    try:
        file.seek(frame)
    except (soundfile.SoundFileError, OSError) as error:
        raise _damaged(path, error) from None


def _read(file: Any, count: int, path: Path) -> Block:
    try:
        read: Block = file.read(count, dtype="float32", always_2d=True)
    except (soundfile.SoundFileError, OSError) as error:
        raise _damaged(path, error) from None
    if len(read) < count:
        raise LivevaeError(f"{path} is cut short: it ends before the length it announces. Copy or convert it again.")
    if not np.isfinite(read).all():
        raise LivevaeError(f"{path} holds samples that are not finite numbers: export it again.")
    return read


def _damaged(path: Path, error: Exception) -> LivevaeError:
    return LivevaeError(f"{path} is damaged ({_reason(error)}): copy or convert it again.")


def _reason(error: Exception) -> str:
    text = str(getattr(error, "error_string", "") or error)
    return text.strip().rstrip(".")


def _choose(read: Block, channels: int, channel: int | None) -> Block:
    """The wanted channels, shape `(n, channels)`."""
    if channel is not None:
        return np.repeat(read[:, channel - 1 : channel], channels, axis=1)
    if channels == 1:
        mix: Block = read.mean(axis=1, keepdims=True)
        return mix
    return read[:, np.minimum(np.arange(channels), read.shape[1] - 1)]
