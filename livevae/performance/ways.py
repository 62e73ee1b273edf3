"""Ways in which a layer comes in over the earlier ones, beside the straight line: pure functions of time.

Each is exact at both ends: up to its start the old is heard as it is, from its end on the new alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from livevae.performance.layers import SHORTEST_FADE, Control, Floats, Line, blend, weights

NEARLY_PARALLEL: Final = 1.0 - 1e-9
_SHORTEST_LOOP: Final = 1.0 / 16.0
_LONGEST_LOOP: Final = 1.0


@dataclass(frozen=True)
class Arc(Line):
    """Along the arc between the two latents around the origin (Shoemake 1985); everything else is straight."""

    def mix(self, old: Control, new: Control, share: Floats, steps: bool) -> Control:
        found = blend(old, new, share, steps)
        inside = old.known & new.known & (share > 0.0) & (share < 1.0)
        if steps or not inside.any():
            return found
        bias = found.bias.copy()
        bias[inside] = _arc(old.bias[inside], new.bias[inside], share[inside, None])
        return replace(found, bias=bias)


def _arc(old: Floats, new: Floats, share: Floats) -> Floats:
    lengths = np.linalg.norm(old, axis=1) * np.linalg.norm(new, axis=1)
    cosine = np.einsum("nd,nd->n", old, new) / np.where(lengths > 0.0, lengths, 1.0)
    curved = ((lengths > 0.0) & (np.abs(cosine) < NEARLY_PARALLEL))[:, None]
    angle = np.arccos(np.where(curved[:, 0], cosine, 0.0))[:, None]
    over = np.sin(angle)
    left = np.where(curved, np.sin((1.0 - share) * angle) / over, 1.0 - share)
    right = np.where(curved, np.sin(share * angle) / over, share)
    return np.asarray(left * old + right * new)


@dataclass(frozen=True)
class Cut(Line):
    """The old goes on up to the end; there it is cut."""

    def share(self, cycles: Floats, start: float, length: float) -> Floats:
        return weights(cycles, start + length, 0.0)


@dataclass(frozen=True)
class Still(Cut):
    """The old is held as it is at the start."""

    def before(self, cycles: Floats, start: float, length: float) -> Floats:
        return np.minimum(cycles, start)


@dataclass(frozen=True)
class Roll(Cut):
    """The old repeats its first cycle from the start on, then half of it, a quarter, ... each for half of the rest."""

    def before(self, cycles: Floats, start: float, length: float) -> Floats:
        if length < SHORTEST_FADE:
            return cycles
        since = np.clip(cycles - start, 0.0, length)
        loop = min(_LONGEST_LOOP, length / 4.0)
        most = max(0.0, np.floor(np.log2(loop / _SHORTEST_LOOP)))
        left = np.maximum(1.0 - since / length, 2.0 ** -(most + 1.0))
        halvings = np.clip(np.floor(-np.log2(left)), 0.0, most)
        begun = length * (1.0 - 2.0**-halvings)
        return np.where(cycles < start, cycles, start + np.mod(since - begun, loop * 2.0**-halvings))


@dataclass(frozen=True)
class Cells(Line):
    """Pieces of time, each from one of `cuts` on: where `chosen` the new is heard, else the old."""

    cuts: tuple[float, ...]
    chosen: tuple[bool, ...]

    def share(self, cycles: Floats, start: float, length: float) -> Floats:
        cell = np.clip(np.searchsorted(np.array(self.cuts), cycles, side="right") - 1, 0, len(self.cuts) - 1)
        picked = np.array(self.chosen, np.float64)[cell]
        inside = np.where(cycles <= start, 0.0, picked)
        return np.where(cycles >= start + length, 1.0, inside)


ARC: Final = Arc()
STILL: Final = Still()
ROLL: Final = Roll()
