"""Rows of ticks across processes: two banks for each rack, the newer one published by a sequence number."""

from __future__ import annotations

from typing import Final, Protocol

from livevae.engine.effects import TICK, TickFill, TickRows
from livevae.engine.layout import CLOCK, MAX_TICKS, Shared, fence

SEQUENCE: Final = 0
_BANKS: Final = 1
"""From this word of a rack on: (first, count) of bank 0, then of bank 1."""


class Lanes(Protocol):
    """Where the engine reads the numbers of a tick."""

    def row(self, rack: int, tick: int) -> TickRows | None:
        """The numbers of a tick, `(WIDTH,)`; the nearest where there is none, None where there never was one."""
        ...


class LaneWriter:
    """The performer's side."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared

    def next(self) -> int:
        """The first tick that the engine has not looked at yet."""
        return int(self._shared.words[CLOCK]) // TICK + 1

    def write(self, rack: int, first: int, rows: TickRows) -> None:
        """Publish the rows of ticks from `first` on."""
        rows = rows[:MAX_TICKS]
        words = self._shared.rack_words[rack]
        sequence = int(words[SEQUENCE]) + 1
        bank = sequence & 1
        self._shared.lanes[rack, bank, : len(rows)] = rows
        words[_BANKS + 2 * bank : _BANKS + 2 * bank + 2] = (first, len(rows))
        fence()
        words[SEQUENCE] = sequence

    def left(self, rack: int) -> int:
        """Ticks that are written and not due yet."""
        words = self._shared.rack_words[rack]
        at = _BANKS + 2 * (int(words[SEQUENCE]) & 1)
        return int(words[at] + words[at + 1]) - self.next()


class LaneReader:
    """The engine's side."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._held: dict[int, TickRows] = {}

    def row(self, rack: int, tick: int) -> TickRows | None:
        words = self._shared.rack_words[rack]
        for _ in range(4):
            sequence = int(words[SEQUENCE])
            if sequence == 0:
                return None
            fence()
            bank = sequence & 1
            first, count = words[_BANKS + 2 * bank : _BANKS + 2 * bank + 2].tolist()
            found: TickRows = self._shared.lanes[rack, bank, min(max(tick - first, 0), count - 1)].copy()
            fence()
            if int(words[SEQUENCE]) == sequence:
                self._held[rack] = found
                return found
        return self._held.get(rack)


class AskedLanes:
    """Rows that are asked for at the moment they are due, as an engine without a clock does."""

    def __init__(self) -> None:
        self.fill: TickFill | None = None

    def row(self, rack: int, tick: int) -> TickRows | None:
        return None if self.fill is None else self.fill(rack, tick, 1)[0]
