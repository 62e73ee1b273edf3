"""What knobs and keys said, and from which second on: the same values for the same seconds, live and in a replay."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from livevae.control.tracks import Columns, Followed, Machine, Source, Times, Track, merged
from livevae.errors import LivevaeError

LONGEST_SMOOTH: Final = 5.0
"""Seconds: the largest time constant, so that what is older than `REMEMBERED` is over."""

PRESSED: Final = 0.5
"""A controller at or above this is down."""

_OVER: Final = 40.0
"""Time constants after which a step is over: what is left of it is lost in the rounding of the value."""

_WINDOW: Final = 60.0


@dataclass(frozen=True)
class Steps:
    """Values `(n,)`, each from its second on, in the order in which they count."""

    seconds: Times
    values: Times

    def at(self, seconds: Times, default: float) -> Times:
        """The value at each second; `default` before the first."""
        rows = np.searchsorted(self.seconds, seconds, side="right") - 1
        if not len(self.values):
            return np.full(np.shape(seconds), default)
        return np.asarray(np.where(rows < 0, default, self.values[np.maximum(rows, 0)]))

    def smoothed(self, seconds: Times, default: float, constant: float) -> Times:
        """The same, but each step is followed exponentially, with a time constant in seconds.

        The sum of what is left of each step is taken in order and leaves out what is over, so that it does not depend
        on how many older or later steps are known.
        """
        target = self.at(seconds, default)
        window = min(_OVER * constant, _WINDOW)
        first = int(np.searchsorted(self.seconds, seconds.min(initial=np.inf) - window))
        last = int(np.searchsorted(self.seconds, seconds.max(initial=-np.inf), side="right"))
        if first >= last:
            return target
        before = self.values[first - 1] if first else default
        steps = np.diff(self.values[first:last], prepend=before)
        age = seconds[:, None] - self.seconds[None, first:last]
        there = (age >= 0.0) & (age < window)
        left = np.where(there, np.exp(-np.where(there, age, 0.0) / constant) * steps, 0.0)
        return np.asarray(target - np.cumsum(left, axis=1)[:, -1])


class Timeline:
    """Values of controls by second, for patterns that are sampled at any time. Any thread.

    `clock` gives the second from which a change that comes now can be heard; without one it counts for all time.

    >>> timeline = Timeline()
    >>> timeline.add(("cc", 74, 1, "knobs"), 0.5, second=2.0)
    2.0
    >>> timeline.values("cc", 74, np.array([1.0, 2.0, 3.0]), default=0.25)
    array([0.25, 0.5 , 0.5 ])
    """

    def __init__(self, clock: Callable[[], float] | None = None) -> None:
        self.clock = clock
        self.stamp: Callable[[float], float] = lambda second: second
        """Told of the second from which a machine follows, and gives it: what was written down, in a replay."""
        self._lock = threading.Lock()
        self._tracks: dict[tuple[str, int], dict[tuple[int, str], Track]] = {}
        self._followed: dict[Hashable, Followed] = {}
        self._latest = -np.inf
        self._order = 0

    def add(self, source: Source, value: float, second: float | None = None) -> float:
        """`source` stands at `value` from `second` on (None: as the clock says). Gives that second.

        Seconds never go back: a change that comes later is never heard before an earlier one.
        """
        kind, number, channel, port = source
        with self._lock:
            if second is None:
                second = -np.inf if self.clock is None else self.clock()
            self._latest = second = max(second, self._latest)
            self._order += 1
            tracks = self._tracks.setdefault((kind, number), {})
            track = tracks.get((channel, port))
            if track is None:
                # Readers walk through the dictionary: it is replaced and never changed.
                track = Track()
                self._tracks[kind, number] = {**tracks, (channel, port): track}
            down = is_down(kind, value)
            track.add(second, value, self._order, down and (kind == "note" or not is_down(kind, track.last)), down)
            for followed in self._followed.values():
                followed.add(source, value, second, self._order)
        return second

    def follow(self, key: Hashable, make: Callable[[], Machine]) -> Followed:
        """What the machine of this key makes of the controls, from the first time on that it is asked for.

        Where it is followed already it goes on as it was. All that was moved up to the moment it is told as `before`.
        """
        with self._lock:
            found = self._followed.get(key)
            if found is not None:
                return found
            start = self._mark()
            found = Followed(make(), start)
            for (kind, number), tracks in self._tracks.items():
                for (channel, port), track in tracks.items():
                    if track.last is not None:
                        found.machine.before((kind, number, channel, port), track.last)
            self._followed = {**self._followed, key: found}
            return found

    def followed(self, key: Hashable) -> Followed | None:
        """The same where it is followed already, else None."""
        return self._followed.get(key)

    def mark(self) -> float:
        """A second after all that was moved so far, and before all that will be: it is the same in a replay."""
        with self._lock:
            return self._mark()

    def _mark(self) -> float:
        earliest = self._latest if self.clock is None else max(self.clock(), self._latest)
        second = self.stamp(float(earliest))
        if self.clock is not None:
            self._latest = float(np.nextafter(second, np.inf))
        return second

    def columns(
        self,
        kind: str,
        number: int | None,
        channel: int | None = None,
        port: str | None = None,
        since: float = -np.inf,
    ) -> Columns:
        """What the sources that fit said, as far as it holds at `since` or later.

        Any number, channel or port where None; `port` is a part of its name in any case.
        """
        if number is None:
            every: list[Mapping[tuple[int, str], Track]] = [t for (k, _), t in list(self._tracks.items()) if k == kind]
        else:
            every = [self._tracks.get((kind, number), {})]
        with self._lock:
            found = [
                track.columns(since)
                for tracks in every
                for (c, p), track in tracks.items()
                if channel in (None, c) and (port is None or port.lower() in p.lower())
            ]
        return merged(found)

    def steps(
        self,
        kind: str,
        number: int,
        channel: int | None = None,
        port: str | None = None,
        since: float = -np.inf,
    ) -> Steps:
        """The values of the sources that fit: of those, the one that moved last."""
        columns = self.columns(kind, number, channel, port, since)
        return Steps(columns.seconds, columns.values)

    def values(
        self,
        kind: str,
        number: int,
        seconds: Times,
        *,
        channel: int | None = None,
        port: str | None = None,
        default: float = 0.0,
        smooth: float = 0.0,
    ) -> Times:
        """Where a control stands at each of `seconds` `(n,)`: of those that fit, the one that moved last.

        `smooth` is a time constant in seconds, at most 5 (LivevaeError).
        """
        found = self.steps(kind, number, channel, port, since_of(seconds, smooth))
        return found.smoothed(seconds, default, smooth) if smooth else found.at(seconds, default)


def since_of(seconds: Times, smooth: float) -> float:
    """The second of the oldest row that counts for `seconds`. Raises LivevaeError for a `smooth` that is too long."""
    if not 0.0 <= smooth <= LONGEST_SMOOTH:
        raise LivevaeError(f"smooth is a time constant from 0 to {LONGEST_SMOOTH:g} seconds, not {smooth}.")
    return float(seconds.min(initial=np.inf)) - (_WINDOW if smooth else 0.0)


def is_down(kind: str, value: float | None) -> bool:
    """Is a key held, or a controller at the middle or above?"""
    if value is None:
        return False
    return value > 0.0 if kind == "note" else value >= PRESSED
