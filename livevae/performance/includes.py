"""The files of a piece: the one that was named, and those that it includes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from livevae.errors import LivevaeError
from livevae.performance.evaluation import run
from livevae.performance.watched import Watched


class Reading:
    """One reading of a piece into `names`: `files` are all that were wanted, in order, whether they were there or not.

    `include("other.py")` is one of its names for as long as it lasts.
    """

    def __init__(self, main: Watched, names: dict[str, Any]) -> None:
        self.files: dict[Path, Watched] = {main.path: main}
        self._names = names
        self._open: list[Path] = []
        names["include"] = self.include

    def run(self, main: Watched, source: str) -> None:
        """Evaluate the piece. Raises EvaluationError, and SystemExit where the piece does."""
        self._open.append(main.path)
        try:
            run(source, str(main.path), self._names)
        finally:
            self._open.pop()

    def include(self, path: str | Path) -> None:
        """Read another file of the piece here, as if it stood in this one; saving it reads the piece again.

        `path` is taken from the folder of the file that includes it. Raises LivevaeError where there is no such file,
        where it includes itself, and once the piece has been read.
        """
        if not self._open:
            raise LivevaeError(f'include("{path}") belongs at the top of a piece: it is read with the piece.')
        found = (self._open[-1].parent / Path(path).expanduser()).resolve()
        if found in self._open:
            raise LivevaeError(f"{found.name} includes itself: take one include out.")
        file = self.files.setdefault(found, Watched(found))
        source = file.read()
        self._open.append(found)
        try:
            run(source, str(found), self._names)
        finally:
            self._open.pop()
