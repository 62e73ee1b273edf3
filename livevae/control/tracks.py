"""What one control said by second, several of them as one, and what has a memory of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.float64]
Column = NDArray[Any]
Source = tuple[str, int, int, str]
"""Kind, number, channel and port."""

REMEMBERED: Final = 70.0
"""Seconds of changes that are kept; of what is older only the last value counts."""

_ROOM: Final = 256


class Columns(NamedTuple):
    """What sources said, one row for each moment, in order.

    `values` and `orders` are as they came; `strengths` is the value at the last press, `presses` how many there were so
    far, and `held` how many of the sources are down. A press of a key is each note-on, one of a controller each time
    that it comes to the middle or above.
    """

    seconds: Column
    values: Column
    orders: Column
    pressed: Column
    strengths: Column
    presses: Column
    held: Column

    def rows(self, seconds: Times) -> NDArray[np.intp]:
        """The row that holds at each second, -1 before the first."""
        return np.asarray(np.searchsorted(self.seconds, seconds, side="right") - 1)


_DTYPES: Final = (np.float64, np.float64, np.int64, np.float64, np.float64, np.int64, np.int64)


class Track:
    """The rows of one source, appended in place."""

    def __init__(self) -> None:
        self._columns = Columns(*(np.zeros(_ROOM, dtype) for dtype in _DTYPES))
        self._count = 0
        self._pressed, self._strength, self._presses = -np.inf, 0.0, 0

    def add(self, second: float, value: float, order: int, press: bool, down: bool) -> None:
        if press:
            self._pressed, self._strength, self._presses = second, value, self._presses + 1
        columns = self._columns
        at = self._count
        if at and columns.seconds[at - 1] == second:
            # No frame lies between the two: only the later one is ever seen.
            at -= 1
        elif at == len(columns.seconds):
            self._make_room(second)
            columns, at = self._columns, self._count
        row = (second, value, order, self._pressed, self._strength, self._presses, int(down))
        for column, number in zip(columns, row, strict=True):
            column[at] = number
        self._count = at + 1

    def _make_room(self, second: float) -> None:
        """Forget what is old, and take twice the room where that was little: new arrays, readers keep theirs."""
        # One older step stays: its value holds until the first of those that are kept.
        oldest = int(np.searchsorted(self._columns.seconds, second - REMEMBERED, side="right")) - 1
        keep = slice(max(0, oldest), self._count)
        count = keep.stop - keep.start
        made = []
        for old in self._columns:
            new = np.zeros(max(_ROOM, 2 * count), old.dtype)
            new[:count] = old[keep]
            made.append(new)
        self._columns, self._count = Columns(*made), count

    @property
    def last(self) -> float | None:
        """Where it stands now, None before it was moved."""
        return float(self._columns.values[self._count - 1]) if self._count else None

    def columns(self, since: float = -np.inf) -> Columns:
        """All rows that are kept and that hold at `since` or later."""
        columns, count = self._columns, self._count
        first = max(0, int(np.searchsorted(columns.seconds[:count], since, side="right")) - 1)
        return Columns(*(column[first:count] for column in columns))


def merged(found: Sequence[Columns]) -> Columns:
    """Several sources as one: the value of the one that moved last, all presses, and how many are down."""
    if len(found) == 1:
        return found[0]
    if not found:
        return Columns(*(np.zeros(0, dtype) for dtype in _DTYPES))
    whole = Columns(*(np.concatenate(column) for column in zip(*found, strict=True)))
    moves = [np.concatenate([np.diff(getattr(one, name), prepend=0) for one in found]) for name in ("presses", "held")]
    order = np.lexsort((whole.orders, whole.seconds))
    presses, held = (np.cumsum(moved[order]) for moved in moves)
    # The press that counts is the last one, whichever source the row is of.
    last = np.maximum.accumulate(np.where(moves[0][order] > 0, np.arange(len(order)), 0))
    sorted_ = Columns(*(column[order] for column in whole))
    return sorted_._replace(
        presses=presses, held=held, pressed=sorted_.pressed[last], strengths=sorted_.strengths[last]
    )


class Machine(Protocol):
    """Something with a memory that listens to controls from a moment on, such as an endless encoder's position.

    `outputs` is how many values it has. `before` is told of what came up to that moment, `moved` of what comes after:
    it gives the outputs that change, their values, and whether that is a press.
    """

    outputs: int

    def before(self, source: Source, value: float) -> None: ...

    def moved(self, source: Source, value: float) -> Iterable[tuple[int, float, bool]]: ...

    def starts(self) -> Iterable[float]:
        """The value of each output to begin with."""
        ...


class Followed:
    """What a machine made of the controls from second `start` on."""

    def __init__(self, machine: Machine, start: float) -> None:
        self.machine = machine
        self.start = start
        self._tracks = [Track() for _ in range(machine.outputs)]

    def columns(self, output: int = 0, since: float = -np.inf) -> Columns:
        """The rows of one of its values."""
        return self._tracks[output].columns(since)

    def start_value(self, output: int = 0) -> float:
        """What it has before anything is moved."""
        return list(self.machine.starts())[output]

    def add(self, source: Source, value: float, second: float, order: int) -> None:
        """A control moved."""
        if second <= self.start:
            self.machine.before(source, value)
            return
        for output, made, press in self.machine.moved(source, value):
            self._tracks[output].add(second, made, order, press, made > 0.0)
