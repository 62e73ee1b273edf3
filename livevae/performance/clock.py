"""Musical time: which cycle is heard at which second, through every change of tempo."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from livevae.errors import LivevaeError

Times = NDArray[np.float64]

DEFAULT_CPS: Final = 0.5
"""Cycles a second before anybody sets a tempo: a bar of four beats at 120 beats a minute."""

DEFAULT_BEATS: Final = 4.0

_REMEMBERED: Final = 512
"""Changes of tempo kept; older ones are too far in the past for any frame."""


class Segment(NamedTuple):
    """From `second` on, beginning at `cycle`, time runs at `cps` cycles a second."""

    second: float
    cycle: float
    cps: float


@dataclass(frozen=True)
class _Table:
    segments: tuple[Segment, ...]
    seconds: Times
    cycles: Times
    cps: Times


def _table(segments: tuple[Segment, ...]) -> _Table:
    seconds, cycles, cps = np.array(segments, np.float64).T.copy()
    return _Table(segments, seconds, cycles, cps)


class TempoMap:
    """Seconds to cycles and back, piecewise linear and without jumps.

    Reading is safe from any thread while another one sets the tempo: a change replaces the whole table at once.
    """

    def __init__(self, cps: float = DEFAULT_CPS) -> None:
        self._table = _table((Segment(0.0, 0.0, check_cps(cps)),))

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The changes so far, oldest first."""
        return self._table.segments

    @property
    def cps(self) -> float:
        """Cycles a second after the last change."""
        return self._table.segments[-1].cps

    def set(self, cps: float, at_second: float) -> None:
        """Run at `cps` cycles a second from `at_second` on; the cycle reached by then goes on without a jump.

        Changes that were set for later are dropped. Raises LivevaeError unless `cps` is a finite number above 0.
        """
        check_cps(cps)
        old = self._table
        kept = [segment for segment in old.segments if segment.second < at_second]
        if not kept:
            kept, at_second = [], old.segments[0].second
        segment = Segment(float(at_second), float(self._at(old, at_second)), float(cps))
        self._table = _table((*kept[-_REMEMBERED:], segment))

    @staticmethod
    def _at(table: _Table, second: float) -> float:
        index = max(0, int(np.searchsorted(table.seconds, second, side="right")) - 1)
        start = table.segments[index]
        return start.cycle + (second - start.second) * start.cps

    def cycle(self, second: float) -> float:
        """The cycle at one second."""
        return self._at(self._table, second)

    def cycles(self, seconds: ArrayLike) -> Times:
        """The cycle at each second, shape `(n,)`."""
        table = self._table
        asked = np.asarray(seconds, np.float64)
        if len(table.segments) == 1:
            only = table.segments[0]
            return np.asarray(only.cycle + (asked - only.second) * only.cps)
        index = np.maximum(np.searchsorted(table.seconds, asked, side="right") - 1, 0)
        return np.asarray(table.cycles[index] + (asked - table.seconds[index]) * table.cps[index])

    def seconds(self, cycles: ArrayLike) -> Times:
        """The second at which each cycle is reached, shape `(n,)`: the inverse of `cycles`."""
        table = self._table
        asked = np.asarray(cycles, np.float64)
        index = np.maximum(np.searchsorted(table.cycles, asked, side="right") - 1, 0)
        return np.asarray(table.seconds[index] + (asked - table.cycles[index]) / table.cps[index])


def check_cps(cps: float) -> float:
    """`cps` as a float; raises LivevaeError unless it is a finite number above 0."""
    if isinstance(cps, bool) or not isinstance(cps, int | float) or not math.isfinite(cps) or cps <= 0:
        raise LivevaeError(f"a tempo must be a number above 0, not {cps!r}.")
    return float(cps)


def cps_of(bpm: float, beats: float = 4) -> float:
    """Cycles a second at `bpm` beats a minute with `beats` beats in a cycle. Both must be above 0 (LivevaeError)."""
    for name, value in (("bpm", bpm), ("beats", beats)):
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value <= 0:
            raise LivevaeError(f"tempo: {name} must be a number above 0, not {value!r}.")
    return bpm / 60 / beats
