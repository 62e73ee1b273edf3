"""Holding events: one cycle's events as arrays that a whole block of frames is looked up in at once."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

from livevae.errors import LivevaeError
from livevae.pattern.time import Array, Context
from livevae.pattern.value import Event, Playable, Sampled, Sparse, Value, check_sizes, merge, unknown_name

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Recent(Generic[K, V]):
    """The most recently made values by key; the oldest leaves when a new one would be too many."""

    __slots__ = ("_kept", "_room")

    def __init__(self, room: int) -> None:
        self._kept: dict[K, V] = {}
        self._room = room

    def get(self, key: K, make: Callable[[], V]) -> V:
        """The value kept for ``key``, made where there is none."""
        try:
            return self._kept[key]
        except KeyError:
            value = make()
        # A copy of the keys, and nothing missed if one is gone: a voice and the prompt may ask at the same time.
        for old in list(self._kept)[: max(0, len(self._kept) - self._room + 1)]:
            self._kept.pop(old, None)
        self._kept[key] = value
        return value


def by_cycle(cycles: Array, sample: Callable[[int, Array], Sampled]) -> Sampled:
    """``sample(cycle, times)`` for the times of each whole cycle, put together in the order of ``cycles``."""
    if cycles.size == 0:
        return cycles
    floors = np.floor(cycles)
    first = floors[0]
    if cycles.size == 1 or (floors[-1] == first and (floors == first).all()):
        return sample(int(first), cycles)
    order = np.argsort(floors, kind="stable")
    cuts = np.flatnonzero(np.diff(floors[order])) + 1
    return merge(cycles.size, [(rows, sample(int(floors[rows[0]]), cycles[rows])) for rows in np.split(order, cuts)])


@dataclass(frozen=True, slots=True)
class Column:
    """The values of some events: ``(m,)`` or ``(m, D)``, NaN for none, and those that play by their row."""

    values: Array
    playing: dict[int, Playable]

    @classmethod
    def of(cls, values: Sequence[Value | None]) -> Column:
        """A column of the given values; a name or a sparse vector cannot be held and is an error."""
        playing: dict[int, Playable] = {}
        sizes = []
        for row, value in enumerate(values):
            if isinstance(value, str):
                raise unknown_name(value)
            if isinstance(value, Sparse):
                raise LivevaeError("an event cannot hold a value for one dimension alone: use point(...) or with_dims.")
            if isinstance(value, np.ndarray):
                sizes.append(value.size)
            elif value is not None and not isinstance(value, float):
                playing[row] = value
                sizes.append(value.dims)
        size = check_sizes(sizes)
        out = np.full(len(values) if size is None else (len(values), size), np.nan)
        for row, value in enumerate(values):
            if isinstance(value, float | np.ndarray):
                out[row] = value
        return cls(out, playing)

    def take(self, rows: npt.NDArray[np.intp], elapsed: Array | None) -> Array:
        """The values of ``rows (n,)``; ``elapsed`` is the seconds since each one's onset, for those that play."""
        if elapsed is None:
            return self.values[rows]
        first = int(rows[0])
        if first in self.playing and (rows.size == 1 or (rows[-1] == first and (rows == first).all())):
            return np.asarray(self.playing[first].at(elapsed), dtype=np.float64)
        out = self.values[rows]
        for row in np.unique(rows).tolist():
            if row in self.playing:
                here = rows == row
                out[here] = self.playing[row].at(elapsed[here])
        return out


@dataclass(frozen=True, slots=True)
class Track:
    """Events in a row: the cycles where each one's whole begins and ends, and what it holds."""

    low: Array
    high: Array
    column: Column

    @classmethod
    def of(cls, events: Sequence[Event | None]) -> Track:
        """A track with one row for each event; None is silence."""
        extents = [None if event is None else event.extent for event in events]
        return cls(
            np.array([0.0 if extent is None else float(extent.begin) for extent in extents]),
            np.array([0.0 if extent is None else float(extent.end) for extent in extents]),
            Column.of([None if event is None else event.value for event in events]),
        )

    def onsets(self, rows: npt.NDArray[np.intp], context: Context) -> Array:
        """Seconds at which the event of each row begins."""
        return context.onset(self.low[rows], self.high[rows])

    def sample(self, rows: npt.NDArray[np.intp], cycles: Array, context: Context) -> Array:
        """What each row holds at each of ``cycles``."""
        if not self.column.playing:
            return self.column.take(rows, None)
        return self.column.take(rows, context.seconds(cycles) - self.onsets(rows, context))


def segments(events: Sequence[Event], cycle: int) -> tuple[Array, list[Event | None]]:
    """A cycle cut into stretches that hold one event or none: where each begins, and its event.

    One value is held at a time: where events overlap, the one that began last.
    """
    waiting = sorted(events, key=lambda event: event.part.begin, reverse=True)
    cuts = {Fraction(cycle)} | {time for event in events for time in (event.part.begin, event.part.end)}
    cuts.discard(Fraction(cycle + 1))
    active: list[Event] = []
    held: list[Event | None] = []
    ordered = sorted(cuts)
    for cut in ordered:
        while waiting and waiting[-1].part.begin <= cut:
            active.append(waiting.pop())
        active = [event for event in active if event.part.end > cut]
        held.append(max(reversed(active), key=lambda event: event.extent.begin) if active else None)
    return np.array([float(cut) for cut in ordered]), held


@dataclass(frozen=True, slots=True)
class Table:
    """One cycle of held events, ready to be looked up."""

    begins: Array
    track: Track

    @classmethod
    def of(cls, events: Sequence[Event], cycle: int) -> Table:
        """The table of a cycle from the events queried over it."""
        begins, held = segments(events, cycle)
        return cls(begins, Track.of(held))

    def sample(self, cycles: Array, context: Context) -> Array:
        """What is held at each of ``cycles``, all within the table's cycle."""
        return self.track.sample(rows_at(self.begins, cycles), cycles, context)


def rows_at(begins: Array, cycles: Array) -> npt.NDArray[np.intp]:
    """The row of the segment that holds each time."""
    return np.maximum(begins.searchsorted(cycles, side="right") - 1, 0)
