"""Holding events: one cycle's events as arrays that a whole block of frames is looked up in at once."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Generic, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from livevae.errors import LivevaeError
from livevae.pattern.fit import Fit
from livevae.pattern.time import Array, Context, as_float
from livevae.pattern.value import Event, Mask, Playable, Sampled, Sparse, Value, check_sizes, merge, unknown_name

_STILL = (float, np.ndarray)
Row: TypeAlias = "slice | Mask"
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
            if isinstance(value, _STILL):
                out[row] = value
        return cls(out, playing)

    def take(self, rows: npt.NDArray[np.intp], play: Callable[[int, Playable, Row], Array]) -> Array:
        """The values of ``rows (n,)``; ``play(row, value, here)`` gives those of a row that plays, at some frames."""
        if not self.playing:
            return self.values[rows]
        first = int(rows[0])
        if first in self.playing and (rows.size == 1 or (rows[-1] == first and (rows == first).all())):
            return np.asarray(play(first, self.playing[first], slice(None)), dtype=np.float64)
        out = self.values[rows]
        for row in np.unique(rows).tolist():
            if row in self.playing:
                here = rows == row
                out[here] = play(row, self.playing[row], here)
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
            np.array([0.0 if extent is None else as_float(extent.begin) for extent in extents]),
            np.array([0.0 if extent is None else as_float(extent.end) for extent in extents]),
            Column.of([None if event is None else event.value for event in events]),
        )

    def sample(self, rows: npt.NDArray[np.intp], cycles: Array, context: Context) -> Array:
        """What each row holds at each of ``cycles``."""

        def play(row: int, value: Playable, here: Row) -> Array:
            low, high, times = self.low[row], self.high[row], cycles[here]
            if isinstance(value, Fit):
                return value.passed((high - times if context.backwards else times - low) / (high - low))
            onset = context.seconds(np.array([high if context.backwards else low]))
            return value.at(context.seconds(times) - onset)

        return self.column.take(rows, play)


def segments(events: Sequence[Event], cycle: int) -> tuple[Array, list[Event | None]]:
    """As ``stretches``, with the times as numbers."""
    begins, held = stretches(events, cycle)
    return np.array([as_float(begin) for begin in begins]), held


def stretches(events: Sequence[Event], cycle: int) -> tuple[list[Fraction], list[Event | None]]:
    """A cycle cut into stretches that hold one event or none: where each begins, and its event.

    One value is held at a time: where events overlap, the one that began last.
    """
    row = _row(sorted(events, key=lambda event: event.part.begin), Fraction(cycle))
    if row is not None:
        return row
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
    return ordered, held


def _row(events: Sequence[Event], begin: Fraction) -> tuple[list[Fraction], list[Event | None]] | None:
    """``stretches`` of events in their order of which none overlap, as most are; None for others."""
    begins: list[Fraction] = []
    held: list[Event | None] = []
    at, end = begin, begin + 1
    for event in events:
        part = event.part
        if part.begin < at or part.begin == part.end:
            return None
        if part.begin > at:
            begins.append(at)
            held.append(None)
        begins.append(part.begin)
        held.append(event)
        at = part.end
    if at < end:
        begins.append(at)
        held.append(None)
    return begins, held


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
