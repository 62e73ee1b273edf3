"""What the performer is told, short enough for the toolbar, and where in their text it comes from."""

from __future__ import annotations

import sys
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from livevae.errors import LivevaeError

_PACKAGE: Final = str(Path(__file__).resolve().parent.parent)

Kind = Literal["error", "warning", "info"]


@dataclass(frozen=True)
class Place:
    """A line of the performer's text."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file if self.file.startswith('<') else Path(self.file).name}:{self.line}"


@dataclass(frozen=True)
class Message:
    """Something to tell the performer; `voice` and `place` where it concerns one."""

    kind: Kind
    text: str
    voice: str | None = None
    place: Place | None = None

    def __str__(self) -> str:
        return ": ".join([str(part) for part in (self.place, self.voice) if part is not None] + [self.text])


class EvaluationError(LivevaeError):
    """A line or a piece that could not be evaluated: `file:line: message`. Nothing was changed by it."""

    def __init__(self, message: str, place: Place | None = None) -> None:
        super().__init__(message if place is None else f"{place}: {message}")
        self.place = place


def ours(filename: str) -> bool:
    """Is it livevae's own code, and not the performer's text?"""
    return filename.startswith(_PACKAGE)


def caller() -> Place | None:
    """The line of the performer's text that is being run, None where there is none on the stack."""
    frame = sys._getframe(1)
    while frame is not None:
        name = frame.f_code.co_filename
        if not ours(name):
            return Place(name, frame.f_lineno)
        if frame.f_back is None:
            break
        frame = frame.f_back
    return None


def explain(error: BaseException) -> str:
    """One line that says what went wrong; the type is named where it is not livevae's own error."""
    text = " ".join(str(error).split())
    if isinstance(error, LivevaeError):
        return text
    if isinstance(error, SyntaxError):
        return error.msg
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def located(error: BaseException, filename: str) -> EvaluationError:
    """The error of evaluating the text called `filename`, with the line of it that was being run."""
    if isinstance(error, EvaluationError):
        return error
    if isinstance(error, SyntaxError):
        return EvaluationError(explain(error), Place(error.filename or filename, error.lineno or 1))
    lines = [line for frame, line in traceback.walk_tb(error.__traceback__) if frame.f_code.co_filename == filename]
    return EvaluationError(explain(error), Place(filename, lines[-1]) if lines else None)
