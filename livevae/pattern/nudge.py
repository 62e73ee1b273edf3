"""Moving a pattern by seconds instead of cycles."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from numbers import Real

import numpy as np

from livevae.errors import LivevaeError
from livevae.pattern.node import Node
from livevae.pattern.time import LARGEST_DENOMINATOR, Array, Context, Span
from livevae.pattern.value import Event, Sampled

MOST_SECONDS = 10.0

# Two times so far apart tell how fast cycles go by around them.
_STEP = 1 / 1024
# Each round of Newton's method passes one change of tempo; between changes one is enough.
_ROUNDS = 3


def moved(cycles: Array, seconds: float, context: Context) -> Array:
    """The cycles that come ``seconds`` after ``cycles``, at the tempo of the context."""
    target = context.seconds(cycles) + seconds
    found = cycles
    for _ in range(_ROUNDS):
        now = context.seconds(found)
        pace = (context.seconds(found + _STEP) - now) / _STEP
        found = found + (target - now) / pace
    return found


class Nudge(Node):
    """A node heard ``seconds`` later. It is not held, since where its events lie in the cycle hangs on the tempo."""

    __slots__ = ("_node", "_seconds")

    def __init__(self, node: Node, seconds: float) -> None:
        super().__init__(held=False, continuous=node.continuous)
        self._node, self._seconds = node, seconds

    def events(self, span: Span, context: Context) -> list[Event]:
        ends = moved(np.array([float(span.begin), float(span.end)]), -self._seconds, context)
        around = Span(Fraction(math.floor(ends.min()) - 1), Fraction(math.ceil(ends.max()) + 1))
        found = []
        for event in self._node.query(around, context):
            extent = event.extent
            whole = Span(self._outward(extent.begin, context), self._outward(extent.end, context))
            inner = Span(self._outward(event.part.begin, context), self._outward(event.part.end, context))
            part = inner.overlap(span)
            if part is not None:
                found.append(Event(whole, part, event.value))
        return found

    def _outward(self, time: Fraction, context: Context) -> Fraction:
        exact = Fraction(float(moved(np.array([float(time)]), self._seconds, context)[0]))
        return exact.limit_denominator(LARGEST_DENOMINATOR)

    def flow(self, cycles: Array, context: Context) -> Sampled:
        return self._node.sample(moved(cycles, -self._seconds, context), context)

    def parts(self) -> Sequence[Node]:
        return (self._node,)

    def rebuilt(self, parts: Sequence[Node]) -> Node:
        return nudged(parts, self._seconds)


def nudged(parts: Sequence[Node], seconds: object) -> Node:
    """The first of the parts, heard so many seconds later."""
    number = float(seconds) if isinstance(seconds, Real) else math.nan
    if not abs(number) <= MOST_SECONDS:
        raise LivevaeError(f"nudge({seconds!r}): the time must be a number of seconds, at most {MOST_SECONDS:g}.")
    return parts[0] if number == 0 else Nudge(parts[0], number)
