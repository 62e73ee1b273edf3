"""From one pattern to another, as pure functions of (now, old, new)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from livevae.errors import LivevaeError
from livevae.pattern.core import Pattern, reify
from livevae.pattern.node import Node
from livevae.pattern.time import Array, Context, Span, Time, fraction
from livevae.pattern.value import Event, Sampled, elementwise, is_silent


class _FadeNode(Node):
    __slots__ = ("_new", "_now", "_old", "weight")

    def __init__(self, now: Fraction, old: Node, new: Node, weight: Callable[[Array], Array]) -> None:
        super().__init__(held=False, continuous=old.continuous and new.continuous)
        self._now, self._old, self._new, self.weight = now, old, new, weight

    def events(self, span: Span, context: Context) -> list[Event]:
        turn = self._now
        if span.end <= turn and span.begin < turn:
            return self._old.query(span, context)
        if span.begin >= turn:
            return self._new.query(span, context)
        return self._old.query(Span(span.begin, turn), context) + self._new.query(Span(turn, span.end), context)

    def flow(self, cycles: Array, context: Context) -> Sampled:
        weight = self.weight(cycles)
        if (weight >= 1).all():
            return self._new.sample(cycles, context)
        old = self._old.sample(cycles, context)
        if (weight <= 0).all():
            return old
        new = self._new.sample(cycles, context)
        moving = (weight > 0) & (weight < 1)
        # Where one side is silent the other is heard as it is: what fades then is loudness, not the place.
        weight = np.where(moving & is_silent(old), 1.0, np.where(moving & is_silent(new), 0.0, weight))
        return elementwise(_cross, old, new, weight)

    def parts(self) -> Sequence[Node]:
        return (self._old, self._new)

    def rebuilt(self, parts: Sequence[Node]) -> Node:
        return _FadeNode(self._now, parts[0], parts[1], self.weight)


def _cross(old: Array, new: Array, weight: Array) -> Array:
    return np.where(weight >= 1, new, np.where(weight <= 0, old, old + weight * (new - old)))


class Fade(Pattern):
    """``old`` until ``now``, then a blend, then exactly ``new`` from ``now + cycles`` on.

    While they blend, a side that is silent leaves the other as it is; ``weight`` lets a voice fade its loudness.
    Its events are those of ``old`` before ``now`` and of ``new`` from then on.
    """

    __slots__ = ("_begin", "_length", "end")

    _begin: float
    _length: float
    end: float

    def __init__(self, now: Time, old: object, new: object, cycles: Time) -> None:
        begin, length = fraction(now, "now"), fraction(cycles, "the length of a fade")
        if length < 0:
            raise LivevaeError(f"a fade cannot take {length} cycles: give zero or more.")
        for name, value in (("_begin", float(begin)), ("_length", float(length)), ("end", float(begin + length))):
            object.__setattr__(self, name, value)
        super().__init__(_FadeNode(begin, reify(old)._node, reify(new)._node, self.weight))

    def weight(self, cycles: npt.ArrayLike) -> Array:
        """How much of ``new`` is heard at ``cycles (n,)``: 0 up to ``now``, 1 from the end on, smooth in between."""
        times = np.asarray(cycles, dtype=np.float64)
        if self._length == 0:
            return np.where(times >= self.end, 1.0, 0.0)
        progress = np.clip((times - self._begin) / self._length, 0.0, 1.0)
        return np.where(times >= self.end, 1.0, 0.5 - 0.5 * np.cos(np.pi * progress))


def fade(now: Time, old: object, new: object, cycles: Time) -> Fade:
    """A fade from ``old`` to ``new`` that begins at ``now`` and takes ``cycles``; 0 cuts.

    >>> fade(1, 0, 10, 2).sample([0.5, 1.0, 2.0, 3.0, 4.0])
    array([ 0.,  0.,  5., 10., 10.])
    """
    return Fade(now, old, new, cycles)
