"""What it costs to find the frames of each voice, and when that is more than there is time for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Literal

from livevae.errors import LivevaeError

SHOWN: Final = 0.10
"""Part of real time from which a voice's cost is shown."""

VOICE_WARNS: Final = 0.25
TOTAL_WARNS: Final = 0.60
TOTAL_REVERTS: Final = 0.80
"""Of all voices together, as a part of real time: beyond it the newest change of the dearest voice is taken back."""

CHECK_WARNS: Final = VOICE_WARNS
CHECK_REFUSES: Final = TOTAL_REVERTS
"""Of one voice when it is evaluated: beyond it nothing is changed."""

CHECK_WAITS: Final = 3.0
"""The same in time that passes, with or without the processor: others may have held it."""

CHECK_SECONDS: Final = 0.25
"""So many seconds of frames are tried."""

_SMOOTHING: Final = 0.3
_TIMES: Final = 2
"""Fills in a row that must be too slow: the first one finds what is then kept."""

_WAITING_TIMES: Final = 4
"""The same for time that passes without the processor: another thread may hold the interpreter for a while."""


class TooSlow(LivevaeError):
    """Finding its frames takes longer than there is time."""


Verdict = Literal["fine", "dear", "too slow"]


@dataclass(frozen=True)
class Cost:
    """What one frame of a stream costs, and how long it lasts, in seconds."""

    frame: float
    period: float

    @property
    def share(self) -> float:
        """The part of real time that it takes."""
        return self.frame / self.period

    def __str__(self) -> str:
        return f"{self.frame * 1000:.2g} ms a frame, there are {self.period * 1000:.3g} ms"


@dataclass
class _Kept:
    cost: Cost
    """Smoothed."""
    over: int = 0
    waiting: int = 0


class Timer:
    """Processor and wall seconds that passed within `measured`."""

    processor = 0.0
    wall = 0.0


@contextmanager
def measured() -> Iterator[Timer]:
    """Measure what is done within, in this thread.

    >>> with measured() as timer:
    ...     total = sum(range(1000))
    >>> timer.wall > 0
    True
    """
    timer = Timer()
    processor, wall = time.thread_time(), time.perf_counter()
    try:
        yield timer
    finally:
        timer.processor, timer.wall = time.thread_time() - processor, time.perf_counter() - wall


def afford(evaluate: Callable[[], object], count: int, period: float) -> str | None:
    """Try what `count` frames of a pattern cost, once it has been evaluated already. Gives a warning where it is dear.

    Raises TooSlow where it could not be found in time.
    """
    timers: list[Timer] = []
    for _ in range(_TIMES):
        with measured() as timer:
            evaluate()
        timers.append(timer)
        if timer.wall < SHOWN * count * period:
            return None
    processor = Cost(min(timer.processor for timer in timers) / count, period)
    waited = Cost(min(timer.wall for timer in timers) / count, period)
    if processor.share > CHECK_REFUSES or waited.share > CHECK_WAITS:
        worst = max(processor, waited, key=lambda cost: cost.share)
        raise TooSlow(f"too slow to be played: it costs {worst}.")
    if processor.share > CHECK_WARNS:
        return f"a pattern costs {processor}."
    return None


class Costs:
    """The costs of all streams by slot. Written by the thread that fills frames, read by any."""

    def __init__(self) -> None:
        self._kept: dict[int, _Kept] = {}

    def add(self, slot: int, timer: Timer, count: int, period: float) -> Verdict:
        """`count` frames were found; gives whether this stream is the one that is too dear for real time."""
        found = Cost(timer.processor / count, period)
        waited = Cost(timer.wall / count, period)
        kept = self._kept.get(slot)
        if kept is None:
            self._kept[slot] = kept = _Kept(found)
        else:
            smooth = kept.cost.frame + _SMOOTHING * (found.frame - kept.cost.frame)
            kept.cost = Cost(smooth, period)
        others = self.total() - kept.cost.share
        dearest = all(kept.cost.share >= other.cost.share for other in list(self._kept.values()))
        kept.over = kept.over + 1 if found.share + others > TOTAL_REVERTS and dearest else 0
        kept.waiting = kept.waiting + 1 if waited.share > 1.0 else 0
        if kept.over >= _TIMES or kept.waiting >= _WAITING_TIMES:
            return "too slow"
        if kept.over == 0 and (kept.cost.share > VOICE_WARNS or (self.total() > TOTAL_WARNS and dearest)):
            return "dear"
        return "fine"

    def of(self, slot: int) -> Cost | None:
        """What a stream costs; None before it was measured."""
        kept = self._kept.get(slot)
        return None if kept is None else kept.cost

    def total(self) -> float:
        """The part of real time that all streams take together."""
        return sum(kept.cost.share for kept in list(self._kept.values()))

    def forget(self, slot: int) -> None:
        """Begin anew: it is closed, or plays something else."""
        self._kept.pop(slot, None)
