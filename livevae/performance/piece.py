"""A piece: a pattern file that owns the voices it sets, and is read again whenever it is saved."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from livevae.errors import LivevaeError
from livevae.performance.draft import Owned
from livevae.performance.evaluation import run
from livevae.performance.message import EvaluationError, located
from livevae.performance.namespace import namespace
from livevae.performance.performance import HUSH_FADE, Performance
from livevae.performance.settings import Timing


@dataclass(frozen=True)
class _Stamp:
    """What a file looked like from outside."""

    changed: int
    size: int


class Piece:
    """A pattern file in a performance.

    `load` reads it; all it sets is applied together, or, on an error, nothing. `poll`, a few times a second, reads it
    again when it was saved. What a new version no longer sets is released with a fade. Names that the file defines are
    known at the prompt.
    """

    def __init__(self, performance: Performance, path: str | Path) -> None:
        self.path = Path(path).expanduser().resolve()
        self._performance = performance
        self._owned: set[Owned] = set()
        self._source: str | None = None
        self._seen: _Stamp | None = None
        self._waiting: _Stamp | None = None
        self._vanished = False

    def load(self) -> None:
        """Read and apply the file. Raises LivevaeError, with nothing changed, where that does not work."""
        self._seen = self._stamp()
        self._apply(self._read())

    def poll(self) -> bool:
        """Apply the file where it was saved since; True where it was. Errors are reported to the performer."""
        stamp = self._stamp()
        if stamp is None:
            if not self._vanished:
                self._vanished = True
                self._performance.report("warning", f"{self.path.name} is gone; what it played goes on.")
            return False
        if self._vanished:
            self._vanished, self._seen = False, None
        if stamp == self._seen:
            return False
        if stamp != self._waiting:
            # An editor may still be writing: wait until the file has stayed the same from one look to the next.
            self._waiting = stamp
            return False
        self._seen = stamp
        try:
            source = self._read()
            if source == self._source:
                return False
            self._apply(source)
        except EvaluationError as error:
            self._performance.report("error", str(error))
            return False
        except LivevaeError as error:
            self._performance.report("error", f"{self.path.name}: {error}")
            return False
        self._performance.report("info", f"{self.path.name} was read again.")
        return True

    def _apply(self, source: str) -> None:
        performance = self._performance
        # Until it has gone well: saving a version with an error again, unchanged, tries it again.
        self._source = None
        names = namespace(performance) | {"__file__": str(self.path)}
        known = set(names)
        try:
            with performance.transaction() as draft:
                draft.release(self._owned, Timing(fade=HUSH_FADE))
                draft.touched.clear()
                run(source, str(self.path), names)
                owned = set(draft.touched)
        except EvaluationError as error:
            performance.log("error", source=source, file=str(self.path), message=str(error))
            raise
        except SystemExit as error:
            raise EvaluationError(f"{self.path.name}: a piece cannot end the performance; take exit() out.") from error
        except LivevaeError as error:
            raise located(error, str(self.path)) from error
        self._source, self._owned = source, owned
        performance.names.update({name: value for name, value in names.items() if name not in known})
        performance.log("piece", source=source, file=str(self.path))

    def _read(self) -> str:
        try:
            return self.path.read_text(encoding="utf-8")
        except OSError as error:
            raise LivevaeError(f"the piece {self.path} cannot be read: {error.strerror or error}.") from None
        except UnicodeDecodeError:
            raise LivevaeError(f"the piece {self.path} is not text in UTF-8: save it as such.") from None

    def _stamp(self) -> _Stamp | None:
        try:
            facts = self.path.stat()
        except OSError:
            return None
        return _Stamp(facts.st_mtime_ns, facts.st_size)
