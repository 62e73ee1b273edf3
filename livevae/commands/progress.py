"""How far a long piece of work is, on a terminal."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Self


class Progress:
    """Call it with the part done, 0 to 1: it keeps one line on standard error, and only where that is a terminal."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._shown = ""
        self._terminal = sys.stderr.isatty()

    def __enter__(self) -> Self:
        return self

    def __call__(self, part: float) -> None:
        line = f"{self._what} {part:4.0%}"
        if self._terminal and line != self._shown:
            self._shown = line
            print(f"\r{line}", end="", file=sys.stderr, flush=True)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shown:
            print("\r" + " " * len(self._shown) + "\r", end="", file=sys.stderr, flush=True)
