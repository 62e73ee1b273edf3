"""Where the engine reads what enters: each way is a lag in seconds, a pure function of time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from livevae.pattern import Context, Pattern
from livevae.pattern.hashing import keys, uniform

Values = NDArray[np.float64]

STEPS: Final = 384
"""Places in a cycle at which a gate is looked at: sixteenths, twelfths and their parts are among them."""

LONGEST: Final = 30.0
"""Seconds of the past that the engine holds, and so the longest that something can be held."""

_FARTHEST: Final = 1024 * STEPS
"""Places that are looked at where time stands still, and no number of them is 30 seconds."""

_ROUNDING: Final = 1e-9
"""Seconds: a place computed in floating point that lies so little before a boundary lies on it."""


class Reading(Protocol):
    """A way through the past."""

    def lag(self, seconds: Values, seed: int) -> Values:
        """How far back to read, in seconds, `(n,)`, at the given times in seconds."""
        ...


@dataclass(frozen=True)
class Window:
    """A lag that begins anew every `seconds`: `offset` there, then `slope` seconds more for every second."""

    seconds: float
    slope: float
    offset: float = 0.0

    def lag(self, seconds: Values, seed: int = 0) -> Values:
        """How far back to read, in seconds, at the given times in seconds."""
        within = np.mod(seconds, self.seconds)
        return self.offset + self.slope * np.where(self.seconds - within < _ROUNDING, 0.0, within)


@dataclass(frozen=True)
class Stutter:
    """Pieces of `seconds`, each heard `times` times."""

    times: int
    seconds: float

    def lag(self, seconds: Values, seed: int) -> Values:
        """How far back to read, in seconds, at the given times in seconds."""
        within = np.mod(seconds + _ROUNDING, self.times * self.seconds)
        return np.asarray(np.floor(within / self.seconds) * self.seconds)


@dataclass(frozen=True)
class Grains:
    """Pieces of `size` seconds, each from somewhere in the last `spread` seconds."""

    size: float
    spread: float
    seed: int

    def lag(self, seconds: Values, seed: int) -> Values:
        """How far back to read, in seconds, at the given times in seconds."""
        index = np.floor((seconds + _ROUNDING) / self.size).astype(np.int64)
        return np.asarray(self.spread * uniform(keys("grain", (seed, self.seed), 1), index)[:, 0])


def held(gate: Pattern, cycles: Values, context: Context) -> Values:
    """For how many seconds, `(n,)`, a gate has been on (above 0) at `cycles`; 0 where it is off.

    It is looked at `STEPS` times a cycle, so the answer does not depend on which cycles are asked for together.
    """
    if not len(cycles):
        return np.zeros(0)
    steps = np.floor(cycles * STEPS).astype(np.int64)
    last = int(steps.max())
    first = int(steps.min())
    reach = STEPS // 4
    while True:
        low = first - reach
        on = _on(gate, np.arange(low, last + 1) / STEPS, context)
        # Long enough where something is off before whatever is asked for, or nothing older can be heard anyway.
        oldest = context.seconds(np.array([low / STEPS, first / STEPS]))
        if not on[: reach + 1].all() or oldest[1] - oldest[0] > LONGEST or reach > _FARTHEST:
            break
        reach *= 4
    places = np.arange(low, last + 1)
    begun = np.maximum.accumulate(np.where(on, low, places + 1))[steps - low]
    now = context.seconds(cycles)
    seconds = now - context.seconds(np.minimum(begun, steps) / STEPS)
    return np.where(on[steps - low] & _on(gate, cycles, context), np.clip(seconds, 0.0, LONGEST), 0.0)


def _on(gate: Pattern, cycles: Values, context: Context) -> NDArray[np.bool_]:
    values = gate.sample(cycles, context)
    return np.asarray((values if values.ndim == 1 else values[:, 0]) > 0)
