"""The files under some folders that may be recordings."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from livevae.errors import LivevaeError

_NAMES = "wav wave flac ogg oga opus mp3 aif aiff aifc caf au snd w64 rf64 wavex avr ircam sf nist sph paf pvf svx 8svx"
RUN, BEFORE = "-run", "-before.flac"  # how a run's folder ends, and a file in it of what it was trained on
SUFFIXES = frozenset(f".{name}" for name in f"{_NAMES} iff voc wve xi sds mat htk mpc sd2".split())


@dataclass(frozen=True)
class Found:
    """Files to read in the order of their names, and what is called like a recording and is no file, with why."""

    paths: tuple[Path, ...]
    unusable: tuple[tuple[Path, str], ...]


def find(folders: Sequence[Path]) -> Found:
    """The files under `folders` that are called like recordings, each once; a file given by itself is taken whatever
    it is called. Links to folders are followed; what training left there to listen to is left out.

    Raises LivevaeError when one of the folders is missing.
    """
    paths: list[Path] = []
    unusable: list[tuple[Path, str]] = []
    for folder in folders:
        if folder.is_dir():
            found, wrong = _walk(folder)
            paths += found
            unusable += wrong
        elif folder.is_file():
            paths.append(folder)
        else:
            raise LivevaeError(f"There is no folder {shown(folder)}: give the folder that holds your recordings.")
    # By two ways to the same file it would be learned twice, or learned and held out.
    once = {os.path.realpath(path): path for path in reversed(paths)}.values()
    return Found(tuple(reversed(once)), tuple(unusable))


def shown(path: Path) -> str:
    """The path as it can be printed, also where its name is no proper text."""
    return os.fsencode(path).decode("utf-8", "replace")


def _walk(top: Path) -> tuple[list[Path], list[tuple[Path, str]]]:
    found: list[Path] = []
    unusable: list[tuple[Path, str]] = []
    named_so: list[Path] = []
    seen: set[tuple[int, int]] = set()

    def closed(error: OSError) -> None:
        unusable.append((Path(error.filename), f"{error.strerror}."))

    for where, folders, files in os.walk(top, onerror=closed, followlinks=True):
        here = os.stat(where)
        left_by_a_run = where.endswith(RUN) and any(name.endswith(BEFORE) for name in files)
        if left_by_a_run or (here.st_dev, here.st_ino) in seen:  # a link may lead back up
            folders.clear()
            continue
        seen.add((here.st_dev, here.st_ino))
        named_so += [Path(where, name) for name in folders if _called_so(name)]
        for name in filter(_called_so, files):
            path = Path(where, name)
            wrong = _no_file(path)
            if wrong is None:
                found.append(path)
            else:
                unusable.append((path, wrong))
    holding = {parent for path in found for parent in path.parents}
    unusable += [(path, "It is a folder.") for path in named_so if path not in holding]
    return sorted(found), sorted(unusable)


def _called_so(name: str) -> bool:
    # What macOS writes beside files on other systems' disks has their names after "._", and no sound in it.
    return Path(name).suffix.lower() in SUFFIXES and not name.startswith("._")


def _no_file(path: Path) -> str | None:
    try:
        mode = path.stat().st_mode
    except OSError as error:
        return "It is a link to nothing." if path.is_symlink() else f"{error.strerror}."
    return None if stat.S_ISREG(mode) else "It is no file."
