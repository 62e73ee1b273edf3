"""The thread that looks after a live performance: closes what has fallen silent and reads saved pieces."""

from __future__ import annotations

import threading
from typing import Final, Self

from livevae.performance.message import explain
from livevae.performance.performance import Performance
from livevae.performance.piece import Piece

PERIOD: Final = 0.05
"""Seconds between two looks at what is planned."""

_LOOKS: Final = 5
"""Looks until the one that also sees to what has fallen silent, and to a saved piece."""


class Keeper:
    """From `start` to `close`: `Performance.advance` 20 times a second, `tick` and `Piece.poll` every fifth time."""

    def __init__(self, performance: Performance, piece: Piece | None = None) -> None:
        self.piece = piece
        self._performance = performance
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="livevae keeper", daemon=True)

    def start(self) -> Self:
        """Begin."""
        self._thread.start()
        return self

    def close(self) -> None:
        """End, and wait until it has ended."""
        self._closing.set()
        self._thread.join()

    def _run(self) -> None:
        looks = 0
        while not self._closing.wait(PERIOD):
            looks += 1
            try:
                self._performance.advance()
                if looks % _LOOKS:
                    continue
                self._performance.tick()
                if self.piece is not None:
                    self.piece.poll()
            except Exception as error:
                # Whatever goes wrong in looking after things, the next look is taken.
                self._performance.report("error", explain(error))
