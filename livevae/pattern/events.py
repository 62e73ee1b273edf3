"""Methods that give a pattern other events, and that lay copies of it over it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from livevae.errors import LivevaeError
from livevae.pattern.checks import MOST_PARTS, discrete, true_stretches, truth, whole
from livevae.pattern.join import joined
from livevae.pattern.node import NOTHING, Lift, Node, Stack, Steps
from livevae.pattern.pieces import Piece
from livevae.pattern.restructure import replaced, split, structured
from livevae.pattern.time import Array, Context, Span, fraction
from livevae.pattern.transform import Timing
from livevae.pattern.turns import piecewise, spread_out
from livevae.pattern.value import Event, elementwise

if TYPE_CHECKING:
    from livevae.pattern.core import Pattern

Change = Callable[[Any], object]


class Events(Timing):
    """Rhythms imposed on a pattern, events repeated, and layers of the same pattern."""

    __slots__ = ()

    def struct(self, truths: object) -> Pattern:
        """The pattern's values in the rhythm of another: an event wherever ``truths`` is true.

        True are numbers other than 0 and the names ``t``, ``true`` and ``x``; false are 0, ``f``, ``false`` and
        silence. A recording begins anew with every event; what moves by itself is held from each onset on. Raises
        LivevaeError for truths that move without events, and for values that are neither true nor false.

        >>> show(mini("bell choir").struct("t f t [t t]"), 1)
        |bell───────            |choir──────|choir|choir|
        """
        steps = discrete(self._reified(truths)._node, "struct()")

        def find(span: Span, context: Context) -> list[Event]:
            return [event for event in steps.query(span, context) if truth(event.value, "struct()")]

        return self._made(structured(self._node, Steps(find), lambda _, value: value, movements=True))

    def mask(self, truths: object) -> Pattern:
        """The pattern where ``truths`` is true, and silence elsewhere; its events keep their own times.

        Truth values are those of ``struct``; here they may also move, as in ``perlin > 0.5``.

        >>> show(mini("1 2 3 4").mask("t f"), 1)
        |1|2    |
        """
        steps = self._reified(truths)._node
        if steps.continuous:
            return self._made(Lift(lambda x, kept: elementwise(_where, x, kept), self._node, steps))

        def layout(cycle: int, context: Context) -> list[Piece]:
            span = Span(Fraction(cycle), Fraction(cycle + 1))
            return [Piece(part.begin, part.end, 0) for part in true_stretches(steps, span, context, "mask()")]

        return self._made(piecewise([self._node], layout))

    def ply(self, n: object) -> Pattern:
        """Every event ``n`` times within its own time; 0 is silence. A recording begins anew each time.

        >>> show(mini("a b [c d]").ply("<2 3>"), 1)
        |a──|a──|b──|b──|c|c|d|d|
        """

        def build(parts: Sequence[Node], value: object) -> Node:
            times = fraction(value, "ply(): how often an event is played")
            if not 0 <= times <= MOST_PARTS:
                raise LivevaeError(f"ply({times}): an event can be played 0 to {MOST_PARTS} times.")
            if times == 0:
                return NOTHING
            ends = [min(Fraction(index) / times, Fraction(1)) for index in range(math.ceil(times) + 1)]
            return replaced(
                parts[0], lambda event: [split(event, ends[i], ends[i + 1], event.value) for i in range(len(ends) - 1)]
            )

        times = [self._reified(n)._node]
        return self._made(spread_out([self._node], lambda parts: joined(build, parts, times)))

    def superimpose(self, change: Change) -> Pattern:
        """The pattern with ``change(pattern)`` at the same time.

        As in ``stack`` the values add up where both sound: two latents give their sum, so change one into something
        to be added, such as a movement of one dimension, or let the two take turns with ``mask``.

        >>> show(mini("a b").superimpose(lambda p: p.fast(2)), 1)
        |a──|b──|
        |a|b|a|b|
        """
        return self._made(Stack([self._node, self._reified(change(self))._node]))

    def off(self, cycles: object, change: Change) -> Pattern:
        """The pattern with a changed copy at the same time that comes ``cycles`` later; see ``superimpose``.

        >>> show(mini("1 ~ ~ ~").off(0.25, lambda p: p + 10), 1)
        |1─|11      |
        """
        late = self.late(cycles)
        return self._made(Stack([self._node, self._reified(change(late))._node]))

    def stutter(self, n: object, cycles: object) -> Pattern:
        """The pattern ``n`` times, each ``cycles`` later than the one before; their values add up as in ``stack``.

        >>> show(mini("1 ~").stutter(2, 0.5), 1)
        |1|1|
        """
        return self.echo_with(n, cycles, lambda p: p)

    def echo(self, n: object, cycles: object, feedback: object = 0.5) -> Pattern:
        """The pattern ``n`` times, each ``cycles`` later and ``feedback`` times the value of the one before.

        >>> show(mini("8 ~ ~ ~").echo(3, 0.25, 0.5), 1)
        |8|4|2  |
        """
        amount = self._reified(feedback)
        return self.echo_with(n, cycles, lambda p: p * amount)

    def echo_with(self, n: object, cycles: object, change: Change) -> Pattern:
        """The pattern ``n`` times, each ``cycles`` later than the one before and changed once more.

        >>> show(mini("1 ~ ~ ~").echo_with(3, 0.25, lambda p: p + 1), 1)
        |1|2|3  |
        """
        if isinstance(n, Timing | str | list):
            raise LivevaeError("the number of echoes cannot move: give a whole number.")
        copies: list[Pattern] = [self._made(self._node)]
        for _ in range(whole(n, "the number of echoes", 1, 64) - 1):
            copies.append(self._reified(change(copies[-1].late(cycles))))
        return self._made(Stack([copy._node for copy in copies])) if len(copies) > 1 else copies[0]


def _where(values: Array, kept: Array) -> Array:
    return np.where((kept != 0) & ~np.isnan(kept), values, np.nan)
