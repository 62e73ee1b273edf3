"""One recording, read block by block: so long ones need no more memory than short ones."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

Block = NDArray[np.float32]
"""(n, channels)"""

VALUES_AT_ONCE = 1 << 18
SLOWEST, FASTEST = 1000, 1_000_000  # Hz: a header that tells of another sample rate is damaged
SILENCE = 1e-3  # of full scale, -60 dB: what stays under it is silence ...
REST = 0.3  # ... of which no more than so many seconds are kept in one place
FRAMES = 100  # a second, in which silence is looked for


class Unusable(Exception):
    """A recording that cannot be used; says why in a sentence."""


def decoded(path: Path, sample_rate: int, channels: int) -> Generator[Block, None, None]:
    """The recording at `sample_rate` in blocks (n, channels).

    Raises Unusable, possibly after some blocks, where it is damaged, empty or holds values that are no numbers.
    """
    try:
        with open(path, "rb"):  # libsndfile would call all that can go wrong here a system error
            pass
        if not path.stat().st_size:
            raise Unusable("It is empty.")
        with soundfile.SoundFile(os.fsencode(path)) as file:
            yield from _converted(file, sample_rate, channels)
    except soundfile.LibsndfileError as error:
        why = error.error_string.removeprefix("Error : ")
        raise Unusable(f"{why[:1].upper()}{why[1:]}" if why else "It is damaged.") from error
    except OSError as error:
        raise Unusable(f"{error.strerror or error}.") from error
    except TypeError as error:  # of soundfile, about raw samples
        raise Unusable("It does not say what its samples are.") from error


def _converted(file: soundfile.SoundFile, sample_rate: int, channels: int) -> Generator[Block, None, None]:
    rate = file.samplerate
    if not SLOWEST <= rate <= FASTEST:
        raise Unusable(f"Its sample rate cannot be {rate} Hz.")
    stream = soxr.ResampleStream(rate, sample_rate, channels, dtype="float32") if rate != sample_rate else None
    size = max(1, VALUES_AT_ONCE // file.channels)
    read = 0
    while len(block := file.read(size, dtype="float32", always_2d=True)):
        read += len(block)
        if not np.isfinite(block).all():
            raise Unusable("It holds values that are no numbers.")
        if channels == 1 or file.channels != channels:
            # More channels than two have no left and right that could be known: all of them sound from the middle.
            block = np.repeat(block.mean(1, keepdims=True), channels, 1)
        yield stream.resample_chunk(block) if stream else block
    if not read:
        raise Unusable("It is empty.")
    if stream:
        yield stream.resample_chunk(np.empty((0, channels), np.float32), last=True)


class Silences:
    """Cuts each stretch under SILENCE to REST seconds while blocks of a recording pass.

    What is kept of a stretch is its beginning, where a sound dies away, and a hundredth of a second before the next
    sound.
    """

    def __init__(self, sample_rate: int, channels: int) -> None:
        self._hop = sample_rate // FRAMES
        self._rest = np.empty((0, channels), np.float32)
        self._silent_for = 1 << 40  # frames since the last that was loud

    def cut(self, block: Block, last: bool = False) -> Block:
        """What is kept of what passed, as far as that is known; all of the rest where it is the `last` block."""
        audio = np.concatenate([self._rest, block])
        peaks = np.abs(audio).max(1)
        if last:
            peaks = np.pad(peaks, (0, -len(peaks) % self._hop))
        count = len(peaks) // self._hop
        loud = peaks[: count * self._hop].reshape(count, self._hop).max(1) > SILENCE
        places = np.arange(count)
        since = places - np.maximum.accumulate(np.where(loud, places, -1 - self._silent_for))
        keep = since <= round(REST * FRAMES)
        keep[:-1] |= loud[1:]
        known = count if last else max(0, count - 1)  # whether the last is kept lies with the frame after it
        if known:
            self._silent_for = int(since[known - 1])
        end = min(known * self._hop, len(audio))
        self._rest = audio[end:].copy()
        return audio[:end][np.repeat(keep[:known], self._hop)[:end]]
