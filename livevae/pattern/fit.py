"""Recordings that last exactly as long as their events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from livevae.pattern.time import Array


@runtime_checkable
class Lasting(Protocol):
    """Something that plays and knows how long it lasts."""

    @property
    def dims(self) -> int:
        """The number of dimensions, D."""

    @property
    def seconds(self) -> float:
        """How long it lasts."""

    def at(self, seconds: Array) -> Array:
        """Values ``(n, D)`` at ``seconds (n,)`` after the onset."""


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """A recording read by how much of its event has passed, so that it ends with it at any tempo."""

    source: Lasting

    @property
    def dims(self) -> int:
        """The number of dimensions, D."""
        return self.source.dims

    @property
    def seconds(self) -> float:
        """How long it would last at its own speed."""
        return self.source.seconds

    @property
    def name(self) -> str:
        """The name of the recording, where it has one."""
        return str(getattr(self.source, "name", ""))

    def at(self, seconds: Array) -> Array:
        """Values ``(n, D)`` at ``seconds (n,)`` after the onset, at its own speed."""
        return self.source.at(seconds)

    def passed(self, part: Array) -> Array:
        """Values ``(n, D)`` where ``part (n,)`` of the event has passed, 0 at its onset and 1 at its end."""
        return self.source.at(np.clip(part, 0.0, 1.0) * self.source.seconds)


@dataclass(frozen=True, slots=True, eq=False)
class Stretched:
    """What fits, once it is known that its event lasts ``length`` seconds."""

    source: Fit
    length: float

    @property
    def dims(self) -> int:
        """The number of dimensions, D."""
        return self.source.dims

    def at(self, seconds: Array) -> Array:
        """Values ``(n, D)`` at ``seconds (n,)`` after the onset."""
        return self.source.passed(seconds / self.length)
