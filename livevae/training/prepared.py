"""Recordings as they are trained on: a few in memory, many in a file that is mapped into it.

The file holds samples (float32, the channels of each together), then an index as JSON, then the index's length.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from livevae.errors import LivevaeError
from livevae.training.decoding import Block

VERSION = 1  # of the file, and of what is done to recordings before they are in it
IN_MEMORY = 1 << 26  # bytes; more go to a file
KEPT = 30 * 86400.0  # seconds that a file stays without being used ...
ABANDONED = 3600.0  # ... and one that was never finished without growing
_LENGTH = 8  # bytes
_VALUE = 4


@dataclass
class Index:
    """What is where. `recordings`: (name, whether held out, first sample, samples); `skipped`: (path, why)."""

    channels: int
    recordings: list[tuple[str, bool, int, int]] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    digest: str = ""


@dataclass(frozen=True)
class Prepared:
    """Samples (n, channels) of all recordings one after the other, and what is where."""

    samples: Block
    index: Index


def key(paths: Sequence[Path], *settings: object) -> str:
    """A name for what these files, as they are now, become under these settings."""
    files = []
    for path in paths:
        with contextlib.suppress(OSError):
            status = path.stat()
            files.append((str(path.absolute()), status.st_size, status.st_mtime_ns, os.access(path, os.R_OK)))
    told = json.dumps([VERSION, files, settings])
    return hashlib.blake2b(told.encode(), digest_size=16).hexdigest()


def opened(path: Path) -> Prepared | None:
    """What was prepared in the file, mapped; None where it is not there or not whole."""
    try:
        size = path.stat().st_size
        with open(path, "rb") as file:
            file.seek(max(0, size - _LENGTH))
            length = int.from_bytes(file.read(), "little")
            if length > size - _LENGTH:
                return None
            file.seek(size - _LENGTH - length)
            told: dict[str, Any] = json.loads(file.read(length))
        told["recordings"] = [tuple(row) for row in told["recordings"]]
        index = Index(**told)
        frames = sum(row[3] for row in index.recordings)
        if frames * index.channels * _VALUE + length + _LENGTH != size:
            return None
        samples = np.memmap(path, np.float32, "r", shape=(frames, index.channels))
        os.utime(path)  # it is used: not to be tidied away
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return Prepared(samples, index)


class Writer:
    """Takes recordings one after the other. Used as a context, so that nothing unfinished is left behind."""

    def __init__(self, path: Path, channels: int, in_memory: int = IN_MEMORY) -> None:
        """What exceeds `in_memory` bytes is written to `path`, which is there once it is whole."""
        self._path = path
        self._part = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
        self._in_memory = in_memory
        self._blocks: list[Block] = []
        self._file: BinaryIO | None = None
        self._index = Index(channels)
        self._frames = self._begun = 0
        self._own, self._all = hashlib.blake2b(digest_size=16), hashlib.blake2b(digest_size=16)

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, *raised: object) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):  # on a full disk what is still in its buffer cannot be written either
                self._file.close()
        with contextlib.suppress(OSError):
            self._part.unlink(missing_ok=True)

    @property
    def frames(self) -> int:
        """Samples so far of the recording that is being written."""
        return self._frames - self._begun

    @property
    def frames_in_all(self) -> int:
        return self._frames

    @property
    def kept(self) -> Sequence[tuple[str, bool, int, int]]:
        """The recordings so far, as in an Index."""
        return self._index.recordings

    @property
    def dropped(self) -> int:
        return len(self._index.skipped)

    def append(self, block: Block) -> None:
        """More of this recording. Raises LivevaeError where it cannot be written."""
        if not len(block):
            return
        block = np.ascontiguousarray(block)
        self._own.update(block.data)
        self._frames += len(block)
        if self._file is None:
            self._blocks.append(block)
            if self._frames * self._index.channels * _VALUE > self._in_memory:
                self._to_disk(self._move_to_file)
        else:
            self._to_disk(self._file.write, block.data.cast("B"))

    def keep(self, name: str, held_out: bool) -> None:
        """This recording is complete; what follows is the next."""
        self._index.recordings.append((name, held_out, self._begun, self.frames))
        self._all.update(b"%d %d " % (held_out, self.frames) + self._own.digest())
        self._own = hashlib.blake2b(digest_size=16)
        self._begun = self._frames

    def drop(self, path: str, why: str) -> None:
        """This recording cannot be used: nothing of it is kept."""
        self._index.skipped.append((path, why))
        self._own = hashlib.blake2b(digest_size=16)
        if self._file is not None:
            self._to_disk(self._cut_file)
        while self._file is None and self._frames > self._begun:
            self._frames -= len(self._blocks.pop())
        self._frames = self._begun

    def finish(self) -> Prepared:
        """All of it, from memory or mapped. Raises LivevaeError where the file cannot be written."""
        self._index.digest = self._all.hexdigest()
        if self._file is None:
            empty = np.empty((0, self._index.channels), np.float32)
            return Prepared(np.concatenate([empty, *self._blocks]), self._index)
        self._to_disk(self._end_file, json.dumps(asdict(self._index)).encode())
        whole = opened(self._path)
        if whole is None:
            raise LivevaeError(f"The prepared recordings in {self._path} are gone: do not delete them while training.")
        return whole

    def _move_to_file(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        _tidy(self._path.parent)
        self._file = open(self._part, "wb")  # noqa: SIM115 - closed when the context ends
        for block in self._blocks:
            self._file.write(block.data.cast("B"))
        self._blocks = []

    def _cut_file(self) -> None:
        assert self._file is not None
        self._file.seek(self._begun * self._index.channels * _VALUE)
        self._file.truncate()

    def _end_file(self, index: bytes) -> None:
        assert self._file is not None
        self._file.write(index)
        self._file.write(len(index).to_bytes(_LENGTH, "little"))
        self._file.flush()
        os.fsync(self._file.fileno())
        os.replace(self._part, self._path)

    def _to_disk(self, action: Callable[..., object], *arguments: object) -> None:
        try:
            action(*arguments)
        except OSError as error:
            raise LivevaeError(
                f"The prepared recordings cannot be written to {self._path.parent} ({error.strerror or error}): "
                f"make room there; {self._frames * self._index.channels * _VALUE / 1e6:.0f} MB are needed so far."
            ) from error


def _tidy(folder: Path) -> None:
    """Removes what nobody used for long."""
    now = time.time()
    for pattern, longest in (("*.prepared", KEPT), ("*.part", ABANDONED)):
        for path in folder.glob(pattern):
            with contextlib.suppress(OSError):
                if now - path.stat().st_mtime > longest:
                    path.unlink()


def view(prepared: Prepared, start: int, length: int) -> NDArray[np.float32]:
    """One recording's samples, mono (n,) or (channels, n), without reading them."""
    part = prepared.samples[start : start + length]
    return part[:, 0] if prepared.index.channels == 1 else part.T
