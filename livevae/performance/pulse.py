"""The even time behind what comes unevenly: the beat of ticks, and the seconds of an engine that counts in blocks."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Final

import numpy as np

from livevae.performance.midi_streams import PPQN

_WINDOW: Final = 96
_LEAST: Final = 12
_RECENT: Final = 8
_MOST_MISSED: Final = 8
_SLOWEST, _FASTEST = 60 / (20 * PPQN), 60 / (400 * PPQN)
"""Seconds between ticks at 20 and at 400 beats a minute."""


class ClockFilter:
    """The beat behind ticks that come unevenly: a straight line through the last of them, which follows a new tempo.

    >>> ticks = ClockFilter()
    >>> for n in range(48):
    ...     ticks.add(n / 48)
    >>> round(ticks.bpm, 6), round(ticks.at(50), 6)
    (120.0, 1.041667)
    """

    def __init__(self) -> None:
        self._ticks: deque[tuple[int, float]] = deque(maxlen=_WINDOW)
        self.count = -1
        """The number of the last tick, counted from 0; those that were lost on the way are counted too."""
        self._period: float | None = None
        self._origin = 0.0
        self._missed = 0

    def add(self, second: float) -> None:
        """A tick came at that second."""
        if self._ticks:
            gap = second - self._ticks[-1][1]
            missed = 0 if self._period is None else max(0, round(gap / self._period) - 1)
            if missed > _MOST_MISSED or (missed and self._missed):
                # It stood still, or it is slower: then nothing was lost before either.
                self.count -= self._missed
                self._ticks.clear()
                self._period, missed = None, 0
            self.count += missed
            self._missed = missed
        self.count += 1
        self._ticks.append((self.count, second))
        self._fit()
        if self._period is not None and len(self._ticks) > _LEAST + _RECENT:
            recent = list(self._ticks)[-_RECENT:]
            off = [at - self.at(n) for n, at in recent]
            if abs(float(np.mean(off))) > 0.15 * self._period:
                # Another tempo: what came before says nothing of it any more.
                self._ticks = deque(recent, maxlen=_WINDOW)
                self._fit()

    def restart(self, count: int) -> None:
        """The next tick has this number."""
        shift = count - 1 - self.count
        self._ticks = deque(((n + shift, at) for n, at in self._ticks), maxlen=_WINDOW)
        self.count += shift
        self._fit()

    @property
    def bpm(self) -> float | None:
        """Beats a minute, None before enough ticks came."""
        return None if self._period is None else 60.0 / (PPQN * self._period)

    def at(self, tick: float) -> float:
        """The second at which a tick comes."""
        return self._origin + tick * (self._period or 0.0)

    def tick(self, second: float) -> float:
        """Which tick comes at a second; a fraction between two."""
        assert self._period is not None
        return (second - self._origin) / self._period

    def _fit(self) -> None:
        if len(self._ticks) < min(_LEAST, _RECENT):
            return
        numbers, seconds = np.array(self._ticks).T
        centre = numbers.mean()
        away = numbers - centre
        period = float((away * seconds).sum() / (away * away).sum())
        if _FASTEST <= period <= _SLOWEST:
            self._period, self._origin = period, float(seconds.mean() - period * centre)


class EngineClock:
    """The second of the engine at a moment of `time.monotonic`: its clock goes in blocks, and this goes evenly."""

    _GAIN: Final = 0.02
    _LOST: Final = 0.05

    def __init__(self, second: Callable[[], float], clock: Callable[[], float] = time.monotonic) -> None:
        self._second, self._clock = second, clock
        self._offset: float | None = None
        self._looks = 0

    def look(self) -> float:
        """Look at both clocks; gives the second of the engine that it is now."""
        now = self._clock()
        offset = self._second() - now
        self._looks += 1
        if self._offset is None or abs(offset - self._offset) > self._LOST:
            self._offset, self._looks = offset, 1
        self._offset += (offset - self._offset) * max(self._GAIN, 1.0 / self._looks)
        return now + self._offset

    def second(self, moment: float) -> float:
        """The second of the engine at a moment."""
        return moment + (self._offset or 0.0)

    def moment(self, second: float) -> float:
        """The moment of a second of the engine."""
        return second - (self._offset or 0.0)
