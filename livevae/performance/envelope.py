"""Levels that move in straight lines between moments: mutes, solos and the crossfade between two models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_REMEMBERED: Final = 16


@dataclass(frozen=True)
class Envelope:
    """Breakpoints `(second, level)` in order of time; before the first and after the last the level stays."""

    points: tuple[tuple[float, float], ...]

    @classmethod
    def at(cls, level: float) -> Envelope:
        """Always `level`."""
        return cls(((0.0, level),))

    @property
    def target(self) -> float:
        """The level in the end."""
        return self.points[-1][1]

    @property
    def end(self) -> float:
        """The second from which the level stays."""
        return self.points[-1][0]

    def to(self, level: float, start: float, length: float) -> Envelope:
        """The same up to second `start`, then in a straight line to `level` within `length` seconds."""
        reached = float(self.levels(np.array([start]))[0])
        kept = tuple(point for point in self.points if point[0] < start)[-_REMEMBERED:]
        return Envelope((*kept, (start, reached), (start + length, level)))

    def levels(self, seconds: Floats) -> Floats:
        """The level at each second, `(n,)`."""
        times, values = zip(*self.points, strict=True)
        return np.asarray(np.interp(seconds, times, values))
