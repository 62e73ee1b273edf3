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

_REMEMBERED: Final = 16384
"""Changes of tempo kept; older ones are too far in the past for any frame."""


class Segment(NamedTuple):
    """From `second` on, beginning at `cycle`, time runs at `cps` cycles a second."""

    second: float
    cycle: float
    cps: float


@dataclass(frozen=True)
class _Table:
    seconds: Times
    cycles: Times
    cps: Times


class TempoMap:
    """Seconds to cycles and back, piecewise linear and without jumps.

    Reading is safe from any thread while another one sets the tempo: a change replaces the whole table at once.
    """

    def __init__(self, cps: float = DEFAULT_CPS) -> None:
        self._table = _Table(np.zeros(1), np.zeros(1), np.array([check_cps(cps)]))

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The changes so far, oldest first."""
        table = self._table
        return tuple(map(Segment, table.seconds.tolist(), table.cycles.tolist(), table.cps.tolist()))

    @property
    def cps(self) -> float:
        """Cycles a second after the last change."""
        return float(self._table.cps[-1])

    def cps_at(self, second: float) -> float:
        """Cycles a second at one second."""
        table = self._table
        return float(table.cps[self._index(table, second)])

    def begin(self, second: float) -> None:
        """Let cycle 0 be reached at `second`; to be called before anything is played."""
        self._table = _Table(np.array([float(second)]), np.zeros(1), np.array([self.cps]))

    def set(self, cps: float, at_second: float) -> None:
        """Run at `cps` cycles a second from `at_second` on; the cycle reached by then goes on without a jump.

        Changes that were set for later are dropped. Raises LivevaeError unless `cps` is a finite number above 0.
        """
        self.lay(at_second, [self.cycle(at_second)], [check_cps(cps)])

    def lay(self, at_second: float, cycles: ArrayLike, cps: ArrayLike) -> None:
        """Run at each of `cps` from each of `cycles` on, which go up; the first one is reached at `at_second`.

        Changes that were set for `at_second` or later are dropped.
        """
        old = self._table
        kept = int(np.searchsorted(old.seconds, at_second, side="left"))
        begins, speeds = np.array(cycles, np.float64), np.array(cps, np.float64)
        if kept == 0:
            # Time has always run: what is before the first change runs like it.
            at_second = float(old.seconds[0])
            begins[0] = old.cycles[0]
        # One after the other, so that the same seconds come out however the cycles are laid in parts.
        seconds = np.cumsum(np.concatenate([[at_second], np.diff(begins) / speeds[:-1]]))
        first = max(0, kept - _REMEMBERED)
        self._table = _Table(
            np.concatenate([old.seconds[first:kept], seconds]),
            np.concatenate([old.cycles[first:kept], begins]),
            np.concatenate([old.cps[first:kept], speeds]),
        )

    @staticmethod
    def _index(table: _Table, second: float) -> int:
        return max(0, int(np.searchsorted(table.seconds, second, side="right")) - 1)

    def cycle(self, second: float) -> float:
        """The cycle at one second."""
        table = self._table
        index = self._index(table, second)
        return float(table.cycles[index] + (second - table.seconds[index]) * table.cps[index])

    def cycles(self, seconds: ArrayLike) -> Times:
        """The cycle at each second, shape `(n,)`."""
        table = self._table
        asked = np.asarray(seconds, np.float64)
        if len(table.seconds) == 1:
            return np.asarray(table.cycles[0] + (asked - table.seconds[0]) * table.cps[0])
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
