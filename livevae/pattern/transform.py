"""Methods that move a pattern in time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from livevae.errors import LivevaeError
from livevae.pattern.join import joined
from livevae.pattern.methods import Methods
from livevae.pattern.node import NOTHING, Node
from livevae.pattern.nudge import nudged
from livevae.pattern.pieces import Piece
from livevae.pattern.rhythm import euclid_pieces, euclid_steps
from livevae.pattern.time import ONE, Context, Span, fraction
from livevae.pattern.turns import by_turns, piecewise, spread_out

if TYPE_CHECKING:
    from livevae.pattern.core import Pattern


class Timing(Methods):
    """Faster and slower, sooner and later, backwards, and in Euclidean steps."""

    __slots__ = ()

    def fast(self, factor: object) -> Pattern:
        """The pattern ``factor`` times as fast; 0 is silence. Recordings keep their own speed.

        >>> mini("bell").fast(2).query(0, 1)
        [(0>1/2)|bell, (1/2>1)|bell]
        """
        return self._timed("fast", factor, lambda k: None if k == 0 else (k, Fraction(0)))

    def slow(self, factor: object) -> Pattern:
        """The pattern stretched ``factor`` times; 0 is silence.

        >>> mini("bell choir").slow(2).query(0, 2)
        [(0>1)|bell, (1>2)|choir]
        """
        return self._timed("slow", factor, lambda k: None if k == 0 else (ONE / k, Fraction(0)))

    def early(self, cycles: object) -> Pattern:
        """The pattern shifted to begin ``cycles`` sooner.

        >>> mini("bell choir").early(0.5).query(0, 1)
        [(0>1/2)|choir, (1/2>1)|bell]
        """
        return self._timed("", cycles, lambda shift: (ONE, shift))

    def late(self, cycles: object) -> Pattern:
        """The pattern shifted to begin ``cycles`` later.

        >>> mini("bell choir").late(0.25).query(0, 1)
        [-1/4-(0>1/4)|choir, (1/4>3/4)|bell, (3/4>1)-5/4|choir]
        """
        return self._timed("", cycles, lambda shift: (ONE, -shift))

    def nudge(self, seconds: object) -> Pattern:
        """The pattern so many seconds later, or sooner below 0, whatever the tempo: by feel, not by the beat.

        The seconds may be a pattern; each of its events moves what is heard while it lasts.

        >>> mini("1 2").nudge(0.25).sample([0.0, 0.1, 0.5, 0.7])
        array([2., 2., 1., 2.])
        """
        return self._made(joined(nudged, [self._node], [self._reified(seconds)._node]))

    def _timed(
        self, name: str, amount: object, reading: Callable[[Fraction], tuple[Fraction, Fraction] | None]
    ) -> Pattern:
        """The pattern read at another time; an amount that is itself a pattern holds for as long as its events."""

        def checked(value: object) -> tuple[Fraction, Fraction] | None:
            exact = fraction(value, "a factor" if name else "a number of cycles")
            if name and exact < 0:
                raise LivevaeError(f"{name}({exact}): the factor must be zero or more; use .rev() to play backwards.")
            return reading(exact)

        if not isinstance(amount, Timing | str | list):
            found = checked(amount)
            return self._made(NOTHING if found is None else self._node.affine(*found))

        amounts = self._reified(amount)._node

        def layout(cycle: int, context: Context) -> list[Piece]:
            pieces = []
            for event in amounts.query(Span(Fraction(cycle), Fraction(cycle + 1)), context):
                found = checked(event.value)
                if found is not None:
                    pieces.append(Piece(event.part.begin, event.part.end, 0, *found))
            return pieces

        return self._made(piecewise([self._node], layout))

    def _joined(
        self,
        build: Callable[..., Node],
        parts: Sequence[Node],
        *arguments: object,
        make: Callable[[Sequence[Node], Callable[[Sequence[Node]], Node]], Node] = spread_out,
    ) -> Pattern:
        """The pattern of ``build(parts, *arguments)``; ``make`` is ``gliding`` for more than a change of time."""
        nodes = [self._reified(argument)._node for argument in arguments]
        return self._made(make(parts, lambda inner: joined(build, inner, nodes)))

    def rev(self) -> Pattern:
        """Every cycle backwards. Recordings still play forwards, from their new onsets.

        >>> mini("a b [c d]").rev().query(0, 1)
        [(0>1/6)|d, (1/6>1/3)|c, (1/3>2/3)|b, (2/3>1)|a]
        """
        return self._made(by_turns([self._node], lambda cycle: (0, Fraction(-1), Fraction(2 * cycle + 1))))

    def euclid(self, k: object, n: object, rot: object = 0) -> Pattern:
        """The pattern in ``k`` of ``n`` equal steps, spread as evenly as they go, turned left by ``rot`` steps.

        A negative ``k`` plays in the steps that would have been silent. Each may be a pattern.

        >>> [str(e.part.begin) for e in mini("1").euclid(3, 8).query(0, 1)]
        ['0', '3/8', '3/4']
        """
        if not any(isinstance(x, Timing | str | list) for x in (k, n, rot)):
            euclid_steps(k, n, rot)  # a wrong rhythm is an error now, not when it is first heard
        beats, steps, turns = (self._reified(x)._node for x in (k, n, rot))

        def layout(cycle: int, context: Context) -> list[Piece]:
            pieces = []
            for a in beats.query(Span(Fraction(cycle), Fraction(cycle + 1)), context):
                for b in steps.query(a.part, context):
                    for c in turns.query(b.part, context):
                        pieces += euclid_pieces(cycle, c.part, euclid_steps(a.value, b.value, c.value))
            return pieces

        return self._made(piecewise([self._node], layout))
