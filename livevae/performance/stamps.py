"""From which second on a change is heard: found live, told to the journal, and fed back by a replay."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from math import ceil
from typing import Final, NamedTuple

from livevae.engine.interface import Engine

READY_SECONDS: Final = 0.008
"""What is changed now may be written so much later than it was of late, at the worst."""

LONGEST_READY_SECONDS: Final = 0.03
"""Knobs are to be heard soon all the same: on a machine that is slower, some frames come too late, and are written down
as they were."""

BEFORE: Final = 0.25
"""Part of a frame by which a change comes before the first frame that it is meant for, so that no rounding misses it.
"""

_THREADS: Final[Mapping[str, str]] = {"livevae triggers": "triggers"}
_ROLE: Final[ContextVar[str | None]] = ContextVar("livevae_role", default=None)


class Stream(NamedTuple):
    """An open stream: the slot, and how many seconds a latent frame lasts."""

    slot: int
    period: float


def horizon(engine: Engine, streams: Iterable[Stream], ready: float) -> float:
    """The first second of which every stream can still be given other frames that are written within `ready` seconds.

    A frame is read when the engine has come to its end, and the engine's clock goes in blocks: the one that is being
    gathered has begun already, and so may that second. Without streams it is now. Where `ready` is 0, nothing is read
    meanwhile.
    """
    second = engine.now() / engine.rate
    found: list[float] = []
    for slot, period in streams:
        first = engine.consumed(slot)
        if ready > 0.0:
            end = second + ready + engine.block / engine.rate
            first = max(first, ceil(end / period) - 1)
            found.append((first - BEFORE) * period)
        else:
            found.append(first * period)
    return max(found, default=second)


def role() -> str | None:
    """What changes the performance in this thread just now: an evaluation, a piece, a plan, a trigger; else None."""
    return _ROLE.get() or _THREADS.get(threading.current_thread().name)


@contextmanager
def acting_as(name: str) -> Iterator[None]:
    """Within, this thread changes the performance as the one that `name` says."""
    token = _ROLE.set(name)
    try:
        yield
    finally:
        _ROLE.reset(token)


class Stamps:
    """The second that each change takes as its now. `tell(role, second)` is told of each."""

    def __init__(self, tell: Callable[[str, float], None] = lambda role, second: None) -> None:
        self._tell = tell

    def take(self, earliest: float) -> float:
        """The second for a change that could be heard from `earliest` on."""
        actor = role()
        if actor is not None:
            self._tell(actor, earliest)
        return earliest


class Recorded(Stamps):
    """The seconds that were written down, for each role in order; `missing` counts those that were not."""

    def __init__(self) -> None:
        super().__init__()
        self.missing = 0
        self._seconds: dict[str, deque[float]] = {}

    def give(self, name: str, seconds: Iterable[float]) -> None:
        """Those that are to be taken next; what was left of earlier ones is forgotten."""
        self._seconds[name] = deque(seconds)

    def take(self, earliest: float) -> float:
        actor = role()
        waiting = None if actor is None else self._seconds.get(actor)
        if waiting:
            return waiting.popleft()
        self.missing += 1
        return earliest
