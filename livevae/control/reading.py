"""How a control is read: which one, and what is made of where it stands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from livevae.control.messages import FINEST
from livevae.control.patterns import current
from livevae.control.timeline import Steps, Timeline, since_of
from livevae.control.tracks import Columns, Followed, Source
from livevae.pattern.shaping import bend as bent

Values = NDArray[np.float64]

Look = Literal["level", "velocity", "gate", "toggle", "bend", "program"]
"""What of a control is read: where it stands; how hard a key was last struck; whether it is down; whether it was
pressed an odd number of times; its way from the middle, -1 to 1; the number of a program."""

ENCODINGS: Final = ("twos", "offset", "signed")
"""How endless encoders say by how much they were turned: see `ticks`."""

NEAR: Final = 1.5 / 127
"""A knob so close to the value that is in force has met it."""


@dataclass(frozen=True)
class Where:
    """Controls: a kind, a number (None: any), a channel and a part of a port's name (None: any)."""

    kind: str
    number: int | None
    channel: int | None = None
    port: str | None = None

    def fits(self, source: Source) -> bool:
        """Is this one of them?"""
        kind, number, channel, port = source
        return kind == self.kind and self.number in (None, number) and self.channel in (None, channel) and self.on(port)

    def on(self, port: str) -> bool:
        """May it be on that port?"""
        return self.port is None or self.port.lower() in port.lower()


@dataclass(frozen=True)
class Encoder:
    """Read as an endless encoder: how it says by how much it was turned, and how far one step goes."""

    encoding: str
    step: float
    default: float


@dataclass(frozen=True)
class Pickup:
    """Read from where it meets the value that is in force. `value` None: where it stands, else its default."""

    value: float | None
    default: float


@dataclass(frozen=True)
class Reading:
    """A control and what is made of it: its values from 0 to 1 (smoothed, bent), spread from `low` to `high`.

    `smooth` is a time constant in seconds.
    """

    where: Where
    default: float = 0.0
    smooth: float = 0.0
    look: Look = "level"
    following: Encoder | Pickup | None = None
    curve: float = 0.0
    low: float | None = None
    high: float | None = None

    def begin(self) -> None:
        """Let what has a memory begin to remember, where it did not yet."""
        timeline, following = current(), self.following
        if timeline is not None and following is not None:
            timeline.follow((self.where, following), lambda: _machine(self.where, following))

    def level(self, seconds: Values) -> Values:
        """Where it stands at each second, before it is bent and spread."""
        timeline = current()
        if timeline is None:
            return np.full(len(seconds), self._rest())
        since = since_of(seconds, self.smooth)
        steps, rest = self._steps(timeline, since)
        return steps.smoothed(seconds, rest, self.smooth) if self.smooth else steps.at(seconds, rest)

    def values(self, seconds: Values) -> Values:
        """What the pattern is at each second `(n,)`."""
        level = self.level(seconds)
        if self.curve:
            level = bent(level, self.curve)
        return level if self.low is None or self.high is None else self.low + (self.high - self.low) * level

    def pressed(self, seconds: Values) -> tuple[Values, Values, NDArray[np.bool_]]:
        """At each second: when it was last pressed (minus infinity: never), how hard, and whether it is down."""
        timeline = current()
        if timeline is None:
            return np.full(len(seconds), -np.inf), np.zeros(len(seconds)), np.zeros(len(seconds), np.bool_)
        return presses(self._columns(timeline, since_of(seconds, 0.0)), seconds)

    def _rest(self) -> float:
        following = self.following
        if isinstance(following, Pickup) and following.value is not None:
            return following.value
        return self.default

    def _steps(self, timeline: Timeline, since: float) -> tuple[Steps, float]:
        if self.following is not None:
            followed = timeline.followed((self.where, self.following))
            if followed is None:
                return Steps(np.zeros(0), np.zeros(0)), self._rest()
            return _as_steps(followed.columns(0, since)), followed.start_value()
        columns = self._columns(timeline, since)
        steps = Steps(columns.seconds, _LOOKS[self.look](columns))
        if self.where.kind == "cc14" and not (len(steps.seconds) and steps.seconds[0] <= since):
            # A controller that never sent a fine part is read as the coarse one that it is.
            coarse = timeline.columns("cc", self.where.number, self.where.channel, self.where.port, since)
            before = coarse.seconds < (steps.seconds[0] if len(steps.seconds) else np.inf)
            steps = Steps(
                np.concatenate([coarse.seconds[before], steps.seconds]),
                np.concatenate([coarse.values[before], steps.values]),
            )
        return steps, self.default

    def _columns(self, timeline: Timeline, since: float) -> Columns:
        where = self.where
        return timeline.columns(where.kind, where.number, where.channel, where.port, since)


def presses(columns: Columns, seconds: Values) -> tuple[Values, Values, NDArray[np.bool_]]:
    """At each second: when the last press was (minus infinity: never), how hard, and whether anything is down."""
    if not len(columns.seconds):
        return np.full(len(seconds), -np.inf), np.zeros(len(seconds)), np.zeros(len(seconds), np.bool_)
    rows = columns.rows(seconds)
    there, at = rows >= 0, np.maximum(rows, 0)
    ever = there & (columns.presses[at] > 0)
    onsets = np.where(ever, columns.pressed[at], -np.inf)
    return onsets, np.where(ever, columns.strengths[at], 0.0), there & (columns.held[at] > 0)


def _as_steps(columns: Columns) -> Steps:
    return Steps(columns.seconds, columns.values)


def _bend(columns: Columns) -> Values:
    # The middle is 8192, so that there is one step more below it than above.
    away = np.rint(columns.values * FINEST) - 8192
    return np.asarray(np.where(away < 0, away / 8192, away / 8191))


_LOOKS: Final[Mapping[str, Callable[[Columns], Values]]] = {
    "level": lambda columns: columns.values,
    "velocity": lambda columns: np.where(columns.presses > 0, columns.strengths, 0.0),
    "gate": lambda columns: (columns.held > 0).astype(np.float64),
    "toggle": lambda columns: (columns.presses % 2).astype(np.float64),
    "bend": _bend,
    "program": lambda columns: np.rint(columns.values * 127),
}


def ticks(encoding: str, value: float) -> int:
    """By how many steps an endless encoder was turned, from a controller's value of 0 to 1; below 0 to the left.

    "twos" is two's complement (1, 2 ... to the right, 127, 126 ... to the left), "offset" counts from 64 (65, 66 ...
    and 63, 62 ...), "signed" has a bit for the left (1, 2 ... and 65, 66 ...).
    """
    data = round(value * 127)
    if encoding == "twos":
        return data if data < 64 else data - 128
    if encoding == "offset":
        return data - 64
    return data if data < 64 else 64 - data


class Endless:
    """The position of an endless encoder: it begins at a value, and stays between 0 and 1."""

    outputs = 1

    def __init__(self, where: Where, how: Encoder) -> None:
        self._where, self._how = where, how
        self._position = how.default

    def before(self, source: Source, value: float) -> None:
        """What it said before says nothing of where it is."""

    def moved(self, source: Source, value: float) -> Iterable[tuple[int, float, bool]]:
        if not self._where.fits(source):
            return ()
        self._position = min(max(self._position + ticks(self._how.encoding, value) * self._how.step, 0.0), 1.0)
        return ((0, self._position, False),)

    def starts(self) -> Iterable[float]:
        return (self._how.default,)


class Meeting:
    """A knob that takes over when it meets the value in force; also when its port was gone and has come back."""

    outputs = 1

    def __init__(self, where: Where, how: Pickup) -> None:
        self._where, self._how = where, how
        self._start = self._value = how.default if how.value is None else how.value
        self._met = False
        self._last: float | None = None

    def before(self, source: Source, value: float) -> None:
        if self._where.fits(source):
            self._last = value
            if self._how.value is None:
                self._start = self._value = value
            self._met = self._how.value is None

    def moved(self, source: Source, value: float) -> Iterable[tuple[int, float, bool]]:
        kind, _, _, port = source
        if kind == "port" and self._where.on(port) and not value:
            # It may be turned while nobody listens.
            self._met, self._last = False, None
        if not self._where.fits(source):
            return ()
        last, self._last = self._last, value
        passed = last is not None and min(last, value) <= self._value <= max(last, value)
        if not self._met and not passed and abs(value - self._value) > NEAR:
            return ()
        self._met, self._value = True, value
        return ((0, value, False),)

    def starts(self) -> Iterable[float]:
        return (self._start,)


def _machine(where: Where, following: Encoder | Pickup) -> Endless | Meeting:
    return Endless(where, following) if isinstance(following, Encoder) else Meeting(where, following)


def machine_output(followed: Followed | None, output: int, seconds: Values, default: float) -> Values:
    """One value of what a machine made of the controls, at each second."""
    if followed is None:
        return np.full(len(seconds), default)
    columns = followed.columns(output, since_of(seconds, 0.0))
    return _as_steps(columns).at(seconds, followed.start_value(output))
