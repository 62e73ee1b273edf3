"""A take: a recording's name that also says which part of it plays, and how."""

from __future__ import annotations

import math
import re
from typing import NoReturn

from livevae.errors import LivevaeError
from livevae.latent.trajectory import Trajectory
from livevae.pattern import Pattern, pure


class Take(str):
    """A reference to a recording, as pattern events hold it; a voice resolves it with its own model.

    It is a string, so that patterns carry it as they carry names: two takes are equal where they say the same, and one
    that says nothing more equals its name. `start` and `end` are seconds in the recording, `channel` counts from 1
    (None: the mix of all), `speed` below 0 plays backwards.
    """

    __slots__ = ("channel", "end", "loop", "name", "reverse", "speed", "start")

    name: str
    start: float | None
    end: float | None
    speed: float
    loop: bool
    reverse: bool
    channel: int | None

    def __new__(
        cls,
        name: str,
        start: float | None = None,
        end: float | None = None,
        speed: float = 1.0,
        loop: bool = False,
        reverse: bool = False,
        channel: int | None = None,
    ) -> Take:
        _check(name, start, end, speed, channel)
        options = {"start": start, "end": end, "speed": speed, "loop": loop, "reverse": reverse, "channel": channel}
        usual = {"start": None, "end": None, "speed": 1.0, "loop": False, "reverse": False, "channel": None}
        said = ", ".join(f"{key}={value}" for key, value in options.items() if value != usual[key])
        take = super().__new__(cls, f"{name}({said})" if said else name)
        for key, value in {"name": str(name), **options}.items():
            object.__setattr__(take, key, value)
        return take

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"a take does not change: make a new one instead of setting .{name}.")

    def apply(self, trajectory: Trajectory) -> Trajectory:
        """The encoded part, turned, sped up and looped as this take says."""
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
