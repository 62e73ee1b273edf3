"""Where a slot's input comes from, read by the model host at absolute server time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from livevae.engine.frames import MAX_SLOTS
from livevae.engine.interface import FileInput, FromSlot, Live, Silence, Source, Treated
from livevae.engine.layout import ACTIVE, FIRST, MAX_INPUTS, MONO, WRITTEN, Shared, read_ring
from livevae.engine.realtime import SERVICE_PRIORITY, request_realtime
from livevae.errors import LivevaeError

Audio = NDArray[np.float32]


class Reader(Protocol):
    """Samples of one source, consecutive from the first call on."""

    starved: int

    def read(self, position: int, out: Audio) -> None:
        """Fill `out` (channels, n) with what sounds at server times `position .. position + n`."""
        ...

    def close(self) -> None:
        """Let go of files and threads."""
        ...


class LiveReader:
    """Neighbouring audio inputs of the machine, from the shared input ring."""

    starved = 0

    def __init__(self, shared: Shared, source: Live) -> None:
        first = source.channel - 1
        if not 0 <= first < MAX_INPUTS:
            raise LivevaeError(f"live({source.channel}): inputs are counted from 1 to {MAX_INPUTS}")
        self._ring = shared.inputs[first : first + max(1, source.channels)]

    def read(self, position: int, out: Audio) -> None:
        rows = len(self._ring)
        read_ring(self._ring, position, out[:rows])
        out[rows:] = out[rows - 1]

    def close(self) -> None:
        pass


class TreatedReader:
    """The input of a voice after the effects on it."""

    starved = 0

    def __init__(self, shared: Shared, source: Treated) -> None:
        self._ring = shared.treated[source.voice]

    def read(self, position: int, out: Audio) -> None:
        rows = min(len(out), len(self._ring))
        read_ring(self._ring[:rows], position, out[:rows])
        out[rows:] = out[rows - 1]

    def close(self) -> None:
        pass


class SlotReader:
    """What another slot plays, before its pan."""

    starved = 0

    def __init__(self, shared: Shared, source: FromSlot) -> None:
        if not 0 <= source.slot < MAX_SLOTS:
            raise LivevaeError(f"slot {source.slot} is outside 0 .. {MAX_SLOTS - 1}")
        self._ring = shared.outputs[source.slot, MONO]
        self._words = shared.slot_words[source.slot]

    def read(self, position: int, out: Audio) -> None:
        read_ring(self._ring, position, out[0])
        # Outside what the slot wrote, its ring holds sound of long ago.
        first, end = (int(self._words[FIRST]), int(self._words[WRITTEN])) if self._words[ACTIVE] else (0, 0)
        count = out.shape[1]
        out[0, : min(count, max(0, first - position))] = 0.0
        out[0, min(count, max(0, end - position)) :] = 0.0
        out[1:] = out[0]

    def close(self) -> None:
        pass


class FileReader:
    """A sound file at the server's rate. Live, a thread reads ahead; offline the caller's thread reads.

    Where the disk does not keep up the slot gets silence and `starved` counts the samples.
    """

    AHEAD = 1.5
    """Seconds read ahead."""

    def __init__(self, source: FileInput, rate: int, channels: int, *, threaded: bool) -> None:
        self._blocks = _file_blocks(source, rate, channels)
        self._held: Audio = next(self._blocks, np.zeros((channels, 0), np.float32))
        self._limit = int(self.AHEAD * rate)
        self.starved = 0
        self._ended = False
        self._closed = False
        self._lock = threading.Lock()
        self._more = threading.Event()
        self._thread: threading.Thread | None = None
        if threaded:
            self._thread = threading.Thread(target=self._read_ahead, name="livevae-file", daemon=True)
            self._more.set()
            self._thread.start()

    def read(self, position: int, out: Audio) -> None:
        wanted = out.shape[1]
        if self._thread is None:
            while self._held.shape[1] < wanted and self._append():
                pass
        with self._lock:
            have = min(wanted, self._held.shape[1])
            out[:, :have] = self._held[:, :have]
            self._held = self._held[:, have:]
        out[:, have:] = 0.0
        if have < wanted and not self._ended:
            self.starved += wanted - have
        self._more.set()

    def close(self) -> None:
        self._closed = True
        self._more.set()

    def _append(self) -> bool:
        try:
            block = next(self._blocks, None)
        except (soundfile.LibsndfileError, OSError):
            block = None
        if block is None:
            self._ended = True
            return False
        with self._lock:
            self._held = np.concatenate([self._held, block], axis=1)
        return True

    def _read_ahead(self) -> None:
        request_realtime(SERVICE_PRIORITY)
        while not self._closed and not self._ended:
            self._more.wait()
            self._more.clear()
            while not self._closed and self._held.shape[1] < self._limit and self._append():
                pass


def _file_blocks(source: FileInput, rate: int, channels: int) -> Iterator[Audio]:
    """The file's sound at `rate` Hz in blocks of shape (channels, n): mixed to one channel, or its first two."""
    with _open(source.path) as file:
        if file.frames == 0:
            raise LivevaeError(f"{source.path}: the file holds no sound")
        start = int(source.start * file.samplerate) % file.frames
        resampler = soxr.ResampleStream(file.samplerate, rate, channels, dtype="float32")
        file.seek(start)
        while True:
            block = file.read(4096, dtype="float32", always_2d=True)
            last = len(block) == 0 and not source.loop
            if len(block) == 0 and source.loop:
                file.seek(0)
                continue
            shaped = block.mean(axis=1, keepdims=True) if channels == 1 else block[:, [0, min(1, block.shape[1] - 1)]]
            out = resampler.resample_chunk(np.ascontiguousarray(shaped, np.float32), last=last)
            yield np.ascontiguousarray(out.reshape(-1, channels).T)
            if last:
                return


def _open(path: Path) -> soundfile.SoundFile:
    try:
        return soundfile.SoundFile(path)
    except (soundfile.LibsndfileError, OSError) as error:
        raise LivevaeError(f"{path}: cannot be read as sound ({error})") from None


def reader_for(source: Source, shared: Shared, rate: int, channels: int, *, threaded: bool) -> Reader | None:
    """The reader of a source for a model with `channels` inputs; None for silence.

    Raises LivevaeError where the file cannot be read or the input's number is out of range.
    """
    match source:
        case Silence():
            return None
        case Live():
            return LiveReader(shared, Live(source.channel, min(channels, source.channels)))
        case Treated():
            return TreatedReader(shared, source)
        case FromSlot():
            return SlotReader(shared, source)
        case FileInput():
            return FileReader(source, rate, channels, threaded=threaded)
