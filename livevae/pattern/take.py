"""A take: a recording's name that also says which part of it plays, and how."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from typing import Any, NoReturn, Protocol, Self, TypeVar

from livevae.errors import LivevaeError
from livevae.pattern.core import Pattern, pure
from livevae.pattern.time import Time, fraction


class Recorded(Protocol):
    """An encoded recording, as a take plays it."""

    @property
    def seconds(self) -> float:
        """How long it lasts."""

    def slice(self, start: float | None = None, end: float | None = None) -> Self:
        """The part between two times in seconds."""

    def speed(self, factor: float) -> Self:
        """Faster by a factor, backwards below 0."""

    def reverse(self) -> Self:
        """From the last frame to the first."""

    def loop(self) -> Self:
        """Again and again."""

    def still(self, seconds: float | None) -> Self:
        """Where it is at `seconds`, for ever; None: the point it moves around."""


R = TypeVar("R", bound=Recorded)

SLICES = 8
"""Into how many slices a recording is cut where nobody says: `bell:2`."""

_USUAL: dict[str, Any] = {
    "start": None,
    "end": None,
    "speed": 1.0,
    "loop": False,
    "reverse": False,
    "channel": None,
    "first": Fraction(0),
    "last": Fraction(1),
    "fit": False,
    "still": None,
}
"""What a take that says nothing more than its name means."""


class Take(str):
    """A reference to a recording, as pattern events hold it; a voice resolves it with its own model.

    It is a string, so that patterns carry it as they carry names: two takes are equal where they say the same, and one
    that says nothing more equals its name. `start` and `end` are seconds in the recording, `channel` counts from 1
    (None: the mix of all), `speed` below 0 plays backwards. Of what lies between `start` and `end` the part from
    `first` to `last` plays, as fractions of it; `fit` lets it last exactly as long as its event.
    `still` stays where that is at so many seconds, or with `"mean"` at the point it moves around.
    """

    __slots__ = ("channel", "end", "first", "fit", "last", "loop", "name", "reverse", "speed", "start", "still")

    name: str
    start: float | None
    end: float | None
    speed: float
    loop: bool
    reverse: bool
    channel: int | None
    first: Fraction
    last: Fraction
    fit: bool
    still: float | str | None

    def __new__(
        cls,
        name: str,
        start: float | None = None,
        end: float | None = None,
        speed: float = 1.0,
        loop: bool = False,
        reverse: bool = False,
        channel: int | None = None,
        first: Time = 0,
        last: Time = 1,
        fit: bool = False,
        still: float | str | None = None,
    ) -> Take:
        _check(name, start, end, speed, channel)
        options: dict[str, Any] = {
            "start": start,
            "end": end,
            "speed": speed,
            "loop": loop,
            "reverse": reverse,
            "channel": channel,
            "first": fraction(first, "the beginning of a slice"),
            "last": fraction(last, "the end of a slice"),
            "fit": fit,
            "still": still,
        }
        if not 0 <= options["first"] < options["last"] <= 1:
            raise LivevaeError(f"a slice of {name} lies between 0 and 1, not from {first} to {last}.")
        said = ", ".join(f"{key}={value}" for key, value in options.items() if value != _USUAL[key])
        take = super().__new__(cls, f"{name}({said})" if said else name)
        for key, value in {"name": str(name), **options}.items():
            object.__setattr__(take, key, value)
        return take

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"a take does not change: make a new one instead of setting .{name}.")

    @classmethod
    def of(cls, name: str) -> Take:
        """A name as a take; a take as it is."""
        return name if isinstance(name, Take) else cls(name)

    def but(self, **changes: Any) -> Take:
        """The same take with some of what it says said differently.

        >>> Take("bell", speed=2.0).but(reverse=True)
        'bell(speed=2.0, reverse=True)'
        """
        return Take(self.name, **{**{key: getattr(self, key) for key in _USUAL}, **changes})

    @property
    def label(self) -> str:
        """The take in a few characters: a slice as mini-notation has it, the rest as it was said.

        >>> Take("bell").part(0.25, 0.375).label, Take("bell", speed=2.0).part(0.5, 1).label
        ('bell:2', 'bell:1:2(speed=2.0)')
        """
        whole = str(self.but(first=0, last=1, fit=False))
        length = self.last - self.first
        if length == 1:
            return whole
        if length.numerator == 1 and self.first % length == 0:
            count = "" if length.denominator == SLICES else f":{length.denominator}"
            return whole.replace(self.name, f"{self.name}:{self.first // length}{count}", 1)
        return whole.replace(self.name, f"{self.name}:{self.first}-{self.last}", 1)

    def part(self, begin: Time, end: Time) -> Take:
        """The part from `begin` to `end` of what plays, as fractions of it from 0 to 1.

        >>> Take("bell").part(0.5, 1).part(0, 0.5)
        'bell(first=1/2, last=3/4)'
        """
        length = self.last - self.first
        a, b = (self.first + length * fraction(x, "a slice") for x in (begin, end))
        return self.but(first=a, last=b)

    def apply(self, trajectory: R) -> R:
        """The encoded part, cut, turned, sped up and looped as this take says."""
        if self.first > 0 or self.last < 1:
            trajectory = trajectory.slice(float(self.first) * trajectory.seconds, float(self.last) * trajectory.seconds)
        if self.still is not None:
            return trajectory.still(None if isinstance(self.still, str) else self.still)
        if self.reverse:
            trajectory = trajectory.reverse()
        if self.speed != 1.0:
            trajectory = trajectory.speed(self.speed)
        return trajectory.loop() if self.loop else trajectory


def take(
    name: str,
    start: float | None = None,
    end: float | None = None,
    speed: float = 1.0,
    loop: bool = False,
    reverse: bool = False,
    channel: int | None = None,
) -> Pattern:
    """A recording as a pattern of one event a cycle: it begins anew with every cycle.

    `start` and `end` choose a part of it in seconds, `speed` below 0 plays backwards, as does `reverse`; `channel`
    counts from 1 (None: the mix of all). Raises LivevaeError for anything that is no name, part or speed.

    >>> take("bell", start=0.5, speed=-1).query(0, 1)
    [(0>1)|bell(start=0.5, speed=-1)]
    """
    return pure(Take(name, start, end, speed, loop, reverse, channel))


def _check(name: object, start: object, end: object, speed: object, channel: object) -> None:
    if not (isinstance(name, str) and re.fullmatch(r"[^\W\d_]\w*", name)):
        raise LivevaeError(f"take() needs the name of one recording, such as take('bell'), not {name!r}.")
    for what, value in (("start", start), ("end", end)):
        if value is not None and not (isinstance(value, int | float) and math.isfinite(value) and value >= 0):
            raise LivevaeError(f"{what}={value!r} is no time in {name}: give seconds, 0 or more.")
    if not (isinstance(speed, int | float) and math.isfinite(speed)):
        raise LivevaeError(f"speed={speed!r} is no speed for {name}: give a number, below 0 for backwards.")
    if channel is not None and not (isinstance(channel, int) and channel >= 1):
        raise LivevaeError(f"channel={channel!r} is no channel of {name}: channels count from 1.")
