"""Text files that are looked at now and then: are they as they were when they were read?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from livevae.errors import LivevaeError

Look = Literal["same", "changing", "changed", "gone"]


@dataclass(frozen=True)
class _Stamp:
    """What a file looked like from outside."""

    changed: int
    size: int


_TEXTS: Final[ContextVar[Mapping[Path, str] | None]] = ContextVar("livevae_texts", default=None)


@contextmanager
def as_was(texts: Mapping[Path, str]) -> Iterator[None]:
    """Within, files hold these texts and no others."""
    token = _TEXTS.set(texts)
    try:
        yield
    finally:
        _TEXTS.reset(token)


class Watched:
    """A file by its path; `text` is what it held when it was read last, None before that."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.text: str | None = None
        self._seen: _Stamp | None = None
        self._waiting: _Stamp | None = None

    def read(self) -> str:
        """What it holds. Raises LivevaeError where it cannot be read as text."""
        self._seen = self._stamp()
        texts = _TEXTS.get()
        if texts is not None:
            if self.path not in texts:
                raise LivevaeError(f"the piece {self.path} is not in the journal.")
            self.text = texts[self.path]
            return self.text
        try:
            self.text = self.path.read_text(encoding="utf-8")
        except OSError as error:
            raise LivevaeError(f"the piece {self.path} cannot be read: {error.strerror or error}.") from None
        except UnicodeDecodeError:
            raise LivevaeError(f"the piece {self.path} is not text in UTF-8: save it as such.") from None
        return self.text

    def look(self) -> Look:
        """How it stands to what was read: "changed" once it has stayed the same from one look to the next.

        An editor may still be writing it: that is "changing".
        """
        stamp = self._stamp()
        if stamp is None:
            # Should it come back, it is another one.
            self._seen = None
            return "gone"
        if stamp == self._seen:
            return "same"
        if stamp != self._waiting:
            self._waiting = stamp
            return "changing"
        return "changed"

    def seen(self) -> bool:
        """Take it as it stands now for read; True where it holds another text than was read, or none was."""
        self._seen = self._stamp()
        try:
            return self.text is None or self.path.read_text(encoding="utf-8") != self.text
        except (OSError, UnicodeDecodeError):
            return True

    def _stamp(self) -> _Stamp | None:
        try:
            facts = self.path.stat()
        except OSError:
            return None
        return _Stamp(facts.st_mtime_ns, facts.st_size)
