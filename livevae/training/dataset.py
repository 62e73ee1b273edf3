"""Recordings to train on, however many and however long."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from platformdirs import user_cache_path

from livevae.errors import LivevaeError
from livevae.training.decoding import SILENCE, Silences, Unusable, decoded
from livevae.training.finding import Found, find, shown
from livevae.training.prepared import IN_MEMORY, Prepared, Writer, key, opened, view

Audio = NDArray[np.float32]
"""Mono (n,), or stereo (2, n), in -1..1."""

SHORTEST = 1024  # samples; anything shorter is no recording
HELD_OUT_ONE_IN = 14
FEWEST_TO_HOLD_OUT = 4  # recordings, of which one is held out where the hash chooses none
HELD_OUT_EACH = 60.0  # seconds of a recording that are measured ...
HELD_OUT_IN_ALL = 600.0  # ... and of all of them together
TOLD_EVERY = 2.0  # seconds


@dataclass(frozen=True)
class Recordings:
    """Recordings at one rate by name, those to train on apart from those only measured.

    What is larger than IN_MEMORY is mapped from a file: cutting a piece out of a recording reads that piece alone.
    digest: of all samples and their order; equal where training on them is the same.
    """

    training: dict[str, Audio]
    held_out: dict[str, Audio]
    skipped: tuple[str, ...]
    digest: str = ""


class PreparingStopped(LivevaeError):
    """The recordings are not prepared, because it was asked to stop."""


def load_recordings(
    folders: Sequence[Path],
    sample_rate: int,
    held_out: Sequence[str] | None = None,
    report: Callable[[str], None] = print,
    channels: int = 1,
    cache: Path | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> Recordings:
    """Every recording under `folders` (files are taken too), as `channels` channels and resampled to `sample_rate`.

    `held_out` names recordings (stems) to keep from training; None holds out about one in 14 by a hash of the name.
    Long silences in what is trained on are cut short; what is held out stays as it is, its first minute of it.
    Damaged, empty, silent and very short files are reported, one line each, and skipped.
    What is larger than IN_MEMORY is prepared in `cache` (None for the platform's folder) once, and found there again
    for as long as neither files nor settings change.
    Raises LivevaeError when a folder is missing, nothing usable is found or `cache` is full, and PreparingStopped
    where `stop` turned true.
    """
    found = find(folders)
    skipped = [(shown(path), why) for path, why in found.unusable]
    for name, why in skipped:
        report(f"Skipped {name}: {why}")
    names = None if held_out is None else sorted(set(held_out))
    folder = cache or user_cache_path("livevae", appauthor=False) / "recordings"
    path = folder / f"{key(found.paths, sample_rate, channels, names)}.prepared"
    prepared = opened(path)
    preparing = _Preparing(sample_rate, channels, report, stop)
    if prepared is None:
        chosen = _chosen(found.paths, names)
        prepared = preparing.prepared(path, found.paths, chosen, names is None)
        if prepared is None and names is None and chosen:  # too few recordings to hold any out
            prepared = preparing.prepared(path, found.paths, frozenset(), False)
    if prepared is None:
        raise _nothing(folders, found, names, preparing.skipped)
    for name, why in prepared.index.skipped:
        preparing.skip(name, why)
    absent = sorted(set(names or ()) - {path.stem for path in found.paths})
    if absent:
        report(f"To be held out, but not there: {', '.join(absent)}")
    return _recordings(prepared, skipped, sample_rate, report)


class _Preparing:
    """Recordings being read one after the other, with what happens told."""

    def __init__(
        self, sample_rate: int, channels: int, report: Callable[[str], None], stop: Callable[[], bool]
    ) -> None:
        self.rate = sample_rate
        self.channels = channels
        self.report = report
        self.stop = stop
        self.told = time.monotonic()
        self.skipped: dict[str, str] = {}

    def skip(self, name: str, why: str) -> None:
        """Tell, once, that a recording is not used."""
        if name not in self.skipped:
            self.skipped[name] = why
            self.report(f"Skipped {name}: {why}")

    def prepared(self, path: Path, paths: Sequence[Path], chosen: Collection[Path], spare: bool) -> Prepared | None:
        """All of `paths`, `chosen` held out, in memory or in the file `path`; None where there is none to train on.

        spare: whether those that are chosen are trained on where enough others are held out.
        """
        names = (_Names(), _Names())
        measured = 0
        with Writer(path, self.channels, IN_MEMORY) as writer:
            for number, source in enumerate(paths):
                out = source in chosen
                if out and measured >= HELD_OUT_IN_ALL * self.rate and spare:
                    out = False
                try:
                    if out and measured >= HELD_OUT_IN_ALL * self.rate:
                        raise Unusable(f"It is held out, and {HELD_OUT_IN_ALL / 60:.0f} minutes are enough to measure.")
                    self._tell(writer, number, len(paths))
                    for _ in self._read(writer, source, out):
                        self._tell(writer, number, len(paths))
                except Unusable as error:
                    writer.drop(shown(source), str(error))
                    self.skip(shown(source), str(error))
                    continue
                measured += writer.frames if out else 0
                writer.keep(names[out].free(source.stem), out)
            return writer.finish() if any(not out for _, out, _, _ in writer.kept) else None

    def _read(self, writer: Writer, source: Path, out: bool) -> Iterator[None]:
        """Writes a recording block by block. Raises Unusable."""
        silences = Silences(self.rate, self.channels)
        most = int(HELD_OUT_EACH * self.rate)
        length = 0
        loud = False
        with closing(decoded(source, self.rate, self.channels)) as blocks:
            for block in blocks:
                if out:
                    block = block[: most - length]
                    loud = loud or bool(np.abs(block).max(initial=0) > SILENCE)
                    writer.append(block)
                else:
                    writer.append(silences.cut(block))
                length += len(block)
                yield
                if out and length >= most:
                    break
        if length < SHORTEST:
            raise Unusable(f"It is too short ({length / self.rate * 1000:.0f} ms).")
        if not out:
            writer.append(silences.cut(np.empty((0, self.channels), np.float32), last=True))
            loud = writer.frames > 0
        if not loud:
            raise Unusable("It is silent.")

    def _tell(self, writer: Writer, number: int, count: int) -> None:
        if time.monotonic() - self.told < TOLD_EVERY:
            return
        self.told = time.monotonic()
        if self.stop():
            raise PreparingStopped("Stopped while the recordings were being prepared: the same command begins again.")
        skipped = f", {writer.dropped} skipped" if writer.dropped else ""
        sound = _duration(writer.frames_in_all / self.rate)
        self.report(f"Preparing recordings: {number} of {count}, {sound} of sound{skipped}")


class _Names:
    """Gives each recording a name of its own."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._counts: dict[str, int] = {}

    def free(self, stem: str) -> str:
        name, number = stem, self._counts.get(stem, 1)
        while name in self._taken:
            number += 1
            name = f"{stem}-{number}"
        self._counts[stem] = number
        self._taken.add(name)
        return name


def _recordings(
    prepared: Prepared, skipped: list[tuple[str, str]], sample_rate: int, report: Callable[[str], None]
) -> Recordings:
    groups: tuple[dict[str, Audio], dict[str, Audio]] = ({}, {})
    frames = 0
    for name, out, start, length in prepared.index.recordings:
        groups[out][name] = view(prepared, start, length)
        frames += 0 if out else length
    wrong = [name for name, _ in [*skipped, *prepared.index.skipped]]
    report(
        f"{_counted(len(groups[0]))}, {_duration(frames / sample_rate)}; {len(groups[1])} held out"
        + (f"; {len(wrong)} skipped" if wrong else "")
    )
    return Recordings(*groups, tuple(wrong), prepared.index.digest)


def _chosen(paths: Sequence[Path], names: Collection[str] | None) -> frozenset[Path]:
    """What is held out: those of that name, or by a hash of the name."""
    if names is not None:
        return frozenset(path for path in paths if path.stem in names)
    chosen = frozenset(path for path in paths if _hash(path) % HELD_OUT_ONE_IN == 0)
    return chosen or frozenset([min(paths, key=_hash)] if len(paths) >= FEWEST_TO_HOLD_OUT else [])


def _hash(path: Path) -> int:
    return zlib.crc32(path.stem.encode("utf-8", "surrogateescape"))


def _nothing(
    folders: Sequence[Path], found: Found, names: Collection[str] | None, skipped: Mapping[str, str]
) -> LivevaeError:
    where = ", ".join(shown(folder) for folder in folders)
    if not found.paths:
        return LivevaeError(f"There is no recording in {where}: give a folder with WAV, FLAC, OGG or MP3 files.")
    if names and _chosen(found.paths, names):
        return LivevaeError(f"No recording in {where} is left to train on: hold fewer of them out.")
    if len(found.paths) > 1:
        return LivevaeError(f"There is no usable recording in {where}: all {len(found.paths)} were skipped.")
    why = " ".join(skipped.values())
    return LivevaeError(f"There is no usable recording in {where}: the one that is there was skipped. {why}")


def _counted(count: int) -> str:
    return f"{count} recording" if count == 1 else f"{count} recordings"


def _duration(seconds: float) -> str:
    return f"{seconds / 60:.1f} min" if seconds >= 60 else f"{seconds:.1f} s"
