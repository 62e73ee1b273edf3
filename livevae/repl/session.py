"""What a prompt and a script share: evaluate, print values, and tell errors and messages briefly."""

from __future__ import annotations

import ast
import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol, TextIO

from livevae.errors import LivevaeError
from livevae.performance.cues import Words
from livevae.performance.evaluation import run
from livevae.performance.message import EvaluationError, Message, explain
from livevae.performance.status import PerformanceStatus
from livevae.repl.helping import helper, page_printer

_COLOURS: Final = {"error": "\x1b[91m", "warning": "\x1b[93m", "info": "\x1b[90m"}
_RESET: Final = "\x1b[0m"
LONGEST: Final = 1200
"""Characters of a value that are shown on a terminal; scripts get everything."""

_REPEAT_SECONDS: Final = 5.0
_SLICE_SECONDS: Final = 0.1
"""A message that was told a moment ago is not told again."""


class Recordings(Protocol):
    """The names that strings of mini-notation may hold, and how far those are that are being encoded (0 to 1)."""

    on_progress: Callable[[str, float], None] | None

    def names(self) -> list[str]: ...

    def progress(self) -> dict[str, float]: ...


class Performer(Protocol):
    """What a session needs of a `Performance`."""

    on_message: Callable[[Message], None] | None

    @property
    def names(self) -> dict[str, Any]: ...

    @property
    def library(self) -> Recordings: ...

    @property
    def words(self) -> Words: ...

    def evaluate(self, source: str, filename: str = ...) -> object: ...

    def status(self) -> PerformanceStatus: ...


class Session:
    """One performer at one performance; `help`, `help_page` and `wait` are added to the names of the language.

    `error` is what went wrong last, None once an input succeeded after it. Errors and messages go to `errors`, in
    colour where that is a terminal.
    """

    def __init__(self, performance: Performer, errors: Callable[[], TextIO] = lambda: sys.stderr) -> None:
        self.performance = performance
        self.error: str | None = None
        self._errors = errors
        self._evaluating = False
        self._progress = ""
        self._told: dict[str, float] = {}
        self._telling = threading.Lock()
        helped = helper(lambda: performance.names)
        words: Mapping[str, Any] = {"help": helped, "help_page": page_printer(helped), "wait": wait}
        for name, word in words.items():
            performance.names.setdefault(name, word)
        performance.on_message = self.hear
        performance.library.on_progress = self._encoded

    def evaluate(self, source: str, filename: str) -> bool:
        """Evaluate, print the value unless it is None, and say whether it went well. SystemExit passes."""
        self._evaluating = True
        try:
            names = self.performance.names
            if _only_waits(source) and names.get("wait") is wait:
                # Nothing is changed, so nothing else (a piece that is saved, a voice that ends) has to wait for it.
                value = run(source, filename, names)
            else:
                value = self.performance.evaluate(source, filename)
            if value is not None:
                print(self._shown(value), flush=True)
        except KeyboardInterrupt:
            self.tell("error", "interrupted.")
            return False
        except EvaluationError as error:
            return self._failed(str(error))
        except Exception as error:  # a value whose repr fails must not end the performance either
            return self._failed(f"{filename}: {explain(error)}")
        finally:
            self._evaluating = False
            self._clear_progress()
        self.error = None
        return True

    def hear(self, message: Message) -> None:
        """A message of the performance, on any thread."""
        if message.kind != "info":
            self.error = str(message)
        now = time.monotonic()
        with self._telling:
            recent = now - self._told.get(str(message), -_REPEAT_SECONDS) < _REPEAT_SECONDS
            self._told = {text: at for text, at in self._told.items() if now - at < _REPEAT_SECONDS}
            if recent:
                return
            self._told[str(message)] = now
        self.tell(message.kind, str(message))

    def tell(self, kind: str, text: str) -> None:
        """One line for the performer."""
        self._clear_progress()
        stream = self._errors()
        coloured = stream.isatty()
        start, end = (_COLOURS[kind], _RESET) if coloured else ("", "")
        print(f"{start}{text}{end}", file=stream, flush=True)

    def _shown(self, value: object) -> str:
        text = repr(value)
        if len(text) <= LONGEST or not self._errors().isatty():
            return text
        return f"{text[:LONGEST]}… ({len(text)} characters, print() shows them all)"

    def _encoded(self, name: str, part: float) -> None:
        """While an evaluation waits for an encoding there is no toolbar: a line of its own says how far it is."""
        stream = self._errors()
        if self._evaluating and stream.isatty():
            self._progress = f"encoding {name} {part:.0%}"
            print(f"\r{self._progress}", end="\x1b[K", file=stream, flush=True)

    def _clear_progress(self) -> None:
        if self._progress:
            self._progress = ""
            print("\r", end="\x1b[K", file=self._errors(), flush=True)

    def _failed(self, text: str) -> bool:
        self.error = text
        self.tell("error", text)
        return False


def wait(seconds: float) -> None:
    """Wait that many seconds before the next statement; the sound goes on. To be a statement of its own.

    What an evaluation changes is heard when it ends: inside a block, changes before and after the wait come together.
    """
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds < float("inf"):
        raise LivevaeError(f"wait takes a number of seconds of 0 or more, not {seconds!r}.")
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        # In slices: the system may hand Ctrl-C to another thread, which does not wake this one.
        time.sleep(min(left, _SLICE_SECONDS))


def _only_waits(source: str) -> bool:
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError):
        return False
    match body:
        case [ast.Expr(ast.Call(func=ast.Name(id="wait")))]:
            return True
    return False
