"""The cycles that patterns see: clock cycles, which only go forward, with jumps and swing laid over them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from livevae.errors import LivevaeError
from livevae.performance.quant import Quant

Floats = NDArray[np.float64]

_REMEMBERED: Final = 256


@dataclass(frozen=True)
class Swing:
    """Of each `1/parts` of a cycle the second half comes later, by `amount` of that half."""

    amount: float
    parts: float

    def pattern(self, cycles: Floats) -> Floats:
        """What patterns see at cycles that are heard."""
        slices = np.floor(cycles * self.parts)
        phase = cycles * self.parts - slices
        middle = (1.0 + self.amount) / 2.0
        moved = np.where(phase < middle, phase * (0.5 / middle), 1.0 - (1.0 - phase) * (0.5 / (1.0 - middle)))
        return np.asarray((slices + moved) / self.parts)

    def heard(self, cycles: Floats) -> Floats:
        """When the cycles that patterns see are heard: the inverse of `pattern`."""
        slices = np.floor(cycles * self.parts)
        phase = cycles * self.parts - slices
        middle = (1.0 + self.amount) / 2.0
        moved = np.where(phase < 0.5, phase * (middle / 0.5), 1.0 - (1.0 - phase) * ((1.0 - middle) / 0.5))
        return np.asarray((slices + moved) / self.parts)


def as_swing(amount: object, parts: object) -> Swing | None:
    """A swing, None where `amount` is 0. Raises LivevaeError for what cannot be one."""
    if isinstance(amount, bool) or not isinstance(amount, int | float) or not -1.0 < amount < 1.0:
        raise LivevaeError(f"swing(amount): give a number between -1 and 1 such as 1/3, or 0 for none, not {amount!r}.")
    if isinstance(parts, bool) or not isinstance(parts, int | float) or not math.isfinite(parts) or parts <= 0:
        raise LivevaeError(f"swing(amount, n): n is how many parts of a cycle swing, above 0, not {parts!r}.")
    return Swing(float(amount), float(parts)) if amount else None


@dataclass(frozen=True)
class Era:
    """From clock cycle `start` on patterns see clock cycles plus `shift`, with a swing."""

    start: float = float("-inf")
    shift: float = 0.0
    swing: Swing | None = None

    @property
    def plain(self) -> bool:
        """Do patterns see the clock's own cycles?"""
        return self.shift == 0.0 and self.swing is None

    def pattern(self, cycles: Floats) -> Floats:
        """What patterns see at clock cycles."""
        shifted = cycles + self.shift
        return shifted if self.swing is None else self.swing.pattern(shifted)

    def clock(self, cycles: Floats) -> Floats:
        """The clock cycles at which patterns see `cycles`."""
        return (cycles if self.swing is None else self.swing.heard(cycles)) - self.shift

    def seconds(self, inner: Callable[[Floats], Floats]) -> Callable[[Floats], Floats]:
        """The second of what patterns see as cycles, where `inner` gives that of clock cycles."""
        return inner if self.plain else lambda cycles: inner(self.clock(cycles))


class Musical:
    """The eras of a performance, by clock cycle. Reading is safe from any thread while another one changes them."""

    def __init__(self) -> None:
        self._eras: tuple[Era, ...] = (Era(),)

    def at(self, clock: float) -> Era:
        """The era of a clock cycle."""
        return next((era for era in reversed(self._eras) if era.start <= clock), self._eras[0])

    def count(self, clock: float) -> float:
        """The cycle that the performer counts at a clock cycle: with jumps, without swing."""
        return clock + self.at(clock).shift

    def next(self, quant: float, earliest: float) -> float:
        """The first clock cycle at or after `earliest` that is a multiple of `quant` as the performer counts."""
        found = earliest
        eras = self._eras
        for era, following in zip(eras, (*eras[1:], None), strict=True):
            end = math.inf if following is None else following.start
            if end <= earliest:
                continue
            shift = era.shift
            found = max(earliest, era.start)
            # Without a shift this is exact, and with one as exact as floats are.
            start = Quant(quant).start(found + shift) - shift if shift else Quant(quant).start(found)
            if start < end:
                return max(start, found)
            found = end
        return found

    def change(self, era: Era) -> None:
        """Begin an era; those that were to begin at the same time or later never do."""
        kept = tuple(old for old in self._eras if old.start < era.start)
        self._eras = (*kept[-_REMEMBERED:], era) if kept else (era,)

    def groups(self, cycles: Floats) -> Iterator[tuple[Era, NDArray[np.intp] | None]]:
        """The eras that clock cycles `(n,)` lie in, each with the places of its cycles; None is all of them."""
        eras = self._eras
        if len(eras) == 1:
            yield eras[0], None
            return
        which = np.maximum(np.searchsorted(np.array([era.start for era in eras]), cycles, side="right") - 1, 0)
        present = np.unique(which)
        for index in present.tolist():
            yield eras[index], None if len(present) == 1 else np.flatnonzero(which == index)
