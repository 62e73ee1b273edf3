"""The master output to a file, written by a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from livevae.errors import LivevaeError

Audio = NDArray[np.float32]

SUFFIXES = {".wav": ("WAV", "PCM_24"), ".flac": ("FLAC", "PCM_24")}


class Recorder:
    """Takes blocks from the audio thread without waiting and writes them to a WAV or FLAC file.

    `on_end(message)` is called from the writing thread where the file could not be written on: the sound goes on.
    """

    SECONDS = 8.0
    """How much sound is held for a disk that is slow; what comes after that is dropped, and reported."""

    def __init__(self, rate: int, on_end: Callable[[str], None]) -> None:
        self._rate = rate
        self._on_end = on_end
        self._ring = np.zeros((2, int(self.SECONDS * rate)), np.float32)
        self._written = 0
        self._read = 0
        self._recording = False
        self._more = threading.Event()
        self._thread: threading.Thread | None = None
        self.path: Path | None = None
        self.dropped = 0

    def start(self, path: Path) -> None:
        """Begin a file. Raises LivevaeError for a suffix that is not .wav or .flac, or a place that is not writable."""
        self.stop()
        file = open_sound(path, self._rate, 2)
        self._written = self._read = self.dropped = 0
        self.path = path
        self._recording = True
        self._thread = threading.Thread(target=self._write, args=(file,), name="livevae-recorder", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the file; everything taken so far is in it when this returns."""
        self._recording = False
        if self._thread is not None:
            self._more.set()
            self._thread.join()
            self._thread = None
        self.path = None

    def take(self, block: Audio) -> None:
        """A block (2 or more, n) from the audio thread: the master is its first two channels."""
        if not self._recording:
            return
        block = block[:2]
        count = block.shape[1]
        length = self._ring.shape[1]
        if self._written - self._read + count > length:
            self.dropped += count
            return
        at = self._written % length
        first = min(count, length - at)
        self._ring[:, at : at + first] = block[:, :first]
        self._ring[:, : count - first] = block[:, first:]
        self._written += count
        if self._written - self._read > self._rate // 4:
            self._more.set()

    def _write(self, file: soundfile.SoundFile) -> None:
        message = None
        try:
            while True:
                recording = self._recording
                self._drain(file)
                if not recording:
                    break
                self._more.wait(0.5)
                self._more.clear()
        except (soundfile.LibsndfileError, OSError, RuntimeError) as error:
            self._recording = False
            message = f"recording to {self.path} ended: {error}"
        try:
            file.close()
        except (soundfile.LibsndfileError, OSError, RuntimeError) as error:
            message = message or f"recording to {self.path} may be incomplete: {error}"
        if message is None and self.dropped:
            message = f"recording to {self.path} lacks {self.dropped} samples: the disk was too slow"
        if message is not None:
            self.path = None
            self._on_end(message)

    def _drain(self, file: soundfile.SoundFile) -> None:
        length = self._ring.shape[1]
        while self._read < self._written:
            at = self._read % length
            count = min(self._written - self._read, length - at, 8192)
            write_sound(file, self._ring[:, at : at + count])
            self._read += count


def write_sound(file: soundfile.SoundFile, block: Audio) -> None:
    """Write a block (channels, n). Raises OSError or soundfile.LibsndfileError where it does not fit."""
    written = file.frames
    try:
        file.write(block.T)
        complete = file.frames - written == block.shape[1]
    except AssertionError:  # how soundfile says that fewer samples were written than it was given
        complete = False
    if not complete:
        raise OSError("the disk is full")


def open_sound(path: Path, rate: int, channels: int) -> soundfile.SoundFile:
    """A sound file for writing, 24 bit. Raises LivevaeError where the suffix or the place is wrong."""
    kind = SUFFIXES.get(path.suffix.lower())
    if kind is None:
        raise LivevaeError(f"{path}: recordings are .wav or .flac files")
    if not path.parent.is_dir():
        raise LivevaeError(f"{path}: there is no folder {path.parent}")
    try:
        return soundfile.SoundFile(path, "w", rate, channels, format=kind[0], subtype=kind[1])
    except (soundfile.LibsndfileError, OSError) as error:
        raise LivevaeError(f"{path}: cannot be written ({error})") from None
