"""The memory that the engine, the model hosts and the performer's side share.

One anonymous file, mapped by every process that inherits its descriptor: nothing to clean up after a crash. Each field
has one writer at a time; words that publish data are written after the data (see `fence`).
"""

from __future__ import annotations

import mmap
import os
import tempfile
import threading
from typing import Final

import numpy as np
from numpy.typing import NDArray

from livevae.engine.effects import RACKS, VOICES, WIDTH
from livevae.engine.frames import MAX_SLOTS, width
from livevae.engine.measuring import COLUMNS, HELD, SOURCES

MAX_DIMS: Final = 512
MAX_INPUTS: Final = 16
MAX_OUTPUTS: Final = 16
MAX_FRAMES: Final = 512
"""Latent frames one control bank holds."""
INPUT_LENGTH: Final = 1 << 17
OUTPUT_LENGTH: Final = 1 << 16
LEFT, RIGHT, MONO = 0, 1, 2
"""Channels of a slot's output ring: panned left and right, and the sum before pan that another slot may listen to."""

MAX_HOSTS: Final = 32
MAX_TICKS: Final = 512
"""Ticks that one bank of a rack's lanes holds."""

_GLOBAL_WORDS: Final = 64
_HOST_WORDS: Final = 8
_SLOT_WORDS: Final = 32
_GLOBAL_FLOATS: Final = 32
_SLOT_FLOATS: Final = 8
_RACK_WORDS: Final = 8
_BANK: Final = MAX_FRAMES * width(MAX_DIMS)

# Words (int64) of the whole engine.
CLOCK, BLOCKS, XRUNS, PANICS = range(4)
MEASURED: Final = 32
"""From this word on: how many rows were written of each source that was followed."""
# Words (int64) of a model host: the server time from which it has something to compute (NEVER while it rests).
READY = 0
NEVER: Final = 1 << 62
# Words (int64) of a slot.
SEQUENCE, MUTED_UNTIL, CONSUMED, ACTIVE, FIRST, WRITTEN, LATE, COVERED, NANS, STARVED, SKIPPED, USED, RACK = range(13)
# RACK: the rack that the slot plays through, counted from 1; 0 is none.
BANK_WORDS: Final = 16
"""From this slot word on: (first, count, wake_at, width) of bank 0, then of bank 1."""
# Floats (float64) of the whole engine and of a slot.
LOAD_AUDIO, PEAK_LEFT, PEAK_RIGHT = range(3)
# From PEAK_LEFT on: the peak of each of MAX_OUTPUTS outputs.
SLOT_PEAK, SLOT_LOAD = range(2)

_lock = threading.Lock()


def fence() -> None:
    """Let everything written so far be seen before what is written next (a lock's release and acquire order memory)."""
    with _lock:
        pass


class Shared:
    """Named arrays over the shared mapping.

    `words` (int64) and `floats` (float64) of the engine; `host_words`, `slot_words`, `slot_floats` with one row each;
    `inputs` (MAX_INPUTS, INPUT_LENGTH) and `outputs` (MAX_SLOTS, 3, OUTPUT_LENGTH) are float32 rings, indexed by
    absolute sample time modulo their length; `banks` (MAX_SLOTS, 2, n) are float32 control rows, flattened. `lanes`
    (RACKS, 2, MAX_TICKS, WIDTH) are the numbers that move effects, with a row of `rack_words` for each rack; `treated`
    (VOICES, 2, INPUT_LENGTH) are the inputs of voices after their effects, a ring like `inputs`; `measures` (SOURCES,
    HELD, COLUMNS) is what was measured last of what is followed (see `measuring`).
    """

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self._map = mmap.mmap(fd, _TOTAL)
        offset = 0

        def take(dtype: type, *shape: int) -> NDArray[np.generic]:
            nonlocal offset
            array: NDArray[np.generic] = np.ndarray(shape, dtype, self._map, offset)
            offset += array.nbytes
            return array

        self.words: NDArray[np.int64] = take(np.int64, _GLOBAL_WORDS)  # type: ignore[assignment]
        self.host_words: NDArray[np.int64] = take(np.int64, MAX_HOSTS, _HOST_WORDS)  # type: ignore[assignment]
        self.slot_words: NDArray[np.int64] = take(np.int64, MAX_SLOTS, _SLOT_WORDS)  # type: ignore[assignment]
        self.floats: NDArray[np.float64] = take(np.float64, _GLOBAL_FLOATS)  # type: ignore[assignment]
        self.slot_floats: NDArray[np.float64] = take(np.float64, MAX_SLOTS, _SLOT_FLOATS)  # type: ignore[assignment]
        self.inputs: NDArray[np.float32] = take(np.float32, MAX_INPUTS, INPUT_LENGTH)  # type: ignore[assignment]
        self.outputs: NDArray[np.float32] = take(np.float32, MAX_SLOTS, 3, OUTPUT_LENGTH)  # type: ignore[assignment]
        self.banks: NDArray[np.float32] = take(np.float32, MAX_SLOTS, 2, _BANK)  # type: ignore[assignment]
        self.rack_words: NDArray[np.int64] = take(np.int64, RACKS, _RACK_WORDS)  # type: ignore[assignment]
        self.lanes: NDArray[np.float32] = take(np.float32, RACKS, 2, MAX_TICKS, WIDTH)  # type: ignore[assignment]
        self.treated: NDArray[np.float32] = take(np.float32, VOICES, 2, INPUT_LENGTH)  # type: ignore[assignment]
        self.measures: NDArray[np.float64] = take(np.float64, SOURCES, HELD, COLUMNS)  # type: ignore[assignment]

    @classmethod
    def create(cls) -> Shared:
        """A new mapping, all zero, in memory where the system has a memory file system."""
        folder = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        with tempfile.TemporaryFile(dir=folder) as file:
            fd = os.dup(file.fileno())
        os.ftruncate(fd, _TOTAL)
        shared = cls(fd)
        shared.host_words[:, READY] = NEVER
        return shared

    def close(self) -> None:
        """Let go of the descriptor; the memory goes with the last array over it."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


_TOTAL: Final = 8 * (
    _GLOBAL_WORDS
    + MAX_HOSTS * _HOST_WORDS
    + MAX_SLOTS * _SLOT_WORDS
    + _GLOBAL_FLOATS
    + MAX_SLOTS * _SLOT_FLOATS
    + RACKS * _RACK_WORDS
    + SOURCES * HELD * COLUMNS
) + 4 * (
    MAX_INPUTS * INPUT_LENGTH
    + MAX_SLOTS * 3 * OUTPUT_LENGTH
    + MAX_SLOTS * 2 * _BANK
    + RACKS * 2 * MAX_TICKS * WIDTH
    + VOICES * 2 * INPUT_LENGTH
)


def read_ring(ring: NDArray[np.float32], position: int, out: NDArray[np.float32]) -> None:
    """Copy `out.shape[-1]` samples from absolute time `position` of a ring (last axis) into `out`."""
    length = ring.shape[-1]
    count = out.shape[-1]
    start = position % length
    first = min(count, length - start)
    out[..., :first] = ring[..., start : start + first]
    if first < count:
        out[..., first:] = ring[..., : count - first]


def write_ring(ring: NDArray[np.float32], position: int, data: NDArray[np.float32]) -> None:
    """Copy `data` (last axis is time) into a ring at absolute time `position`."""
    length = ring.shape[-1]
    count = data.shape[-1]
    start = position % length
    first = min(count, length - start)
    ring[..., start : start + first] = data[..., :first]
    if first < count:
        ring[..., : count - first] = data[..., first:]
