"""Methods that read the cycle in another frame of time: a part of it, several as one, bent or repeated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from livevae.errors import LivevaeError
from livevae.pattern.checks import part_of_cycle, whole
from livevae.pattern.node import NOTHING, Node
from livevae.pattern.pieces import Layout, Piece
from livevae.pattern.time import ONE, Context, fraction
from livevae.pattern.transform import Timing
from livevae.pattern.turns import by_turns, gliding, piecewise

if TYPE_CHECKING:
    from livevae.pattern.core import Pattern

Change = Callable[[Any], object]
ZERO = Fraction(0)


class Frames(Timing):
    """The cycle cut, stretched, squeezed, repeated and bent."""

    __slots__ = ()

    def inside(self, n: object, change: Change) -> Pattern:
        """``change`` for each ``n``-th of the cycle as if it were a cycle of its own.

        >>> show(mini("a b c d").inside(2, lambda p: p.rev()), 1)
        |b|a|d|c|
        """
        return self._framed("inside", n, change, lambda count: ONE / count)

    def outside(self, n: object, change: Change) -> Pattern:
        """``change`` for ``n`` cycles as if they were one.

        >>> show(mini("<a b c d>").outside(4, lambda p: p.rev()), 4)
        |d|c|b|a|
        """
        return self._framed("outside", n, change, lambda count: count)

    def _framed(self, name: str, n: object, change: Change, speed: Callable[[Fraction], Fraction]) -> Pattern:
        def changed(node: Node, pace: Fraction) -> Node:
            inner = self._reified(change(self._made(node.affine(pace, ZERO))))
            return inner._node.affine(ONE / pace, ZERO)

        def build(parts: Sequence[Node], value: object) -> Node:
            count = fraction(value, f"{name}(): the number of cycles")
            if count <= 0:
                raise LivevaeError(f"{name}({count}): the number of cycles must be above zero.")
            return changed(parts[0], speed(count))

        counts = self._reified(n)._node
        if counts.steady is not None:
            return self._made(build([self._node], counts.steady))
        # Changed once now, so that the names it brings in are known, and whether all of it is held.
        return self._joined(build, [self._node, changed(self._node, ONE)], n, make=gliding)

    def linger(self, amount: object) -> Pattern:
        """The first part of every cycle, ``amount`` of it, again and again; below 0 the last part. 0 is silence.

        >>> show(mini("a b c d").linger("<0.25 0.5>"), 2)
        |a|a|a|a|a|b|a|b|
        """

        def build(parts: Sequence[Node], value: object) -> Node:
            part = fraction(value, "linger(): the part of the cycle")
            if abs(part) > 1:
                raise LivevaeError(f"linger({part}): the part of the cycle must be from -1 to 1.")
            if part == 0:
                return NOTHING
            first, length = (ZERO if part > 0 else 1 + part), abs(part)

            def layout(cycle: int, context: Context) -> list[Piece]:
                return _repeated(cycle, ZERO, length, lambda index: first - index * length)

            return piecewise(parts, layout)

        return self._joined(build, [self._node], amount)

    def ribbon(self, offset: object, cycles: object) -> Pattern:
        """The stretch of ``cycles`` that begins at cycle ``offset``, again and again: chance repeats with it.

        >>> show(mini("<a b c d>").ribbon(1, 2), 4)
        |b|c|b|c|
        """

        def build(parts: Sequence[Node], start: object, length: object) -> Node:
            begin, long = fraction(start, "ribbon(): the offset"), fraction(length, "ribbon(): the length")
            if long <= 0:
                raise LivevaeError(f"ribbon(): a stretch of {long} cycles cannot repeat: give more than zero.")

            def layout(cycle: int, context: Context) -> list[Piece]:
                return _repeated(cycle, -cycle % long, long, lambda index: begin - cycle - index * long)

            return piecewise(parts, layout)

        return self._joined(build, [self._node], offset, cycles)

    def compress(self, begin: object, end: object) -> Pattern:
        """Every cycle squeezed between two times of the cycle, with silence around it.

        >>> show(mini("a b").compress(0.25, 0.75), 1)
        | |a|b  |
        """

        def build(parts: Sequence[Node], first: object, last: object) -> Node:
            a, b = part_of_cycle("compress", first, last)
            return piecewise(parts, _squeezed(a, b))

        return self._joined(build, [self._node], begin, end)

    def fastgap(self, factor: object) -> Pattern:
        """Every cycle ``factor`` times as fast but once only, with silence after it; 1 or less changes nothing.

        >>> show(mini("a b").fastgap(2), 1)
        |a|b    |
        """

        def build(parts: Sequence[Node], value: object) -> Node:
            times = fraction(value, "fastgap(): the factor")
            if times <= 0:
                return NOTHING
            return parts[0] if times <= 1 else piecewise(parts, _squeezed(ZERO, ONE / times))

        return self._joined(build, [self._node], factor)

    def zoom(self, begin: object, end: object) -> Pattern:
        """The part between two times of every cycle, stretched over the cycle.

        >>> show(mini("a b c d").zoom(0.25, 0.75), 1)
        |b|c|
        """

        def build(parts: Sequence[Node], first: object, last: object) -> Node:
            a, b = part_of_cycle("zoom", first, last)
            return by_turns(parts, lambda cycle: (0, b - a, cycle + a - cycle * (b - a)))

        return self._joined(build, [self._node], begin, end)

    def swing(self, amount: object = Fraction(1, 3), n: object = 4) -> Pattern:
        """In each ``n``-th of the cycle the second half comes later by ``amount`` of its length: 1/3 is a triplet.

        Time is bent, so that what came before lasts until then and movements swing too; below 0 it comes sooner.

        >>> show(mini("a b c d").swing(0.5, 2), 1)
        |a────|b|c────|d|
        """

        def build(parts: Sequence[Node], value: object, times: object) -> Node:
            late = fraction(value, "swing(): the amount")
            count = whole(times, "swing(): the number of parts")
            if not -1 < late < 1:
                raise LivevaeError(f"swing({late}): the amount must lie between -1 and 1.")
            half = Fraction(1, 2 * count)
            long, short = ONE / (1 + late), ONE / (1 - late)

            def layout(cycle: int, context: Context) -> list[Piece]:
                pieces = []
                for begin in (cycle + Fraction(index, count) for index in range(count)):
                    middle, end = begin + half * (1 + late), begin + 2 * half
                    pieces.append(Piece(begin, middle, 0, long, begin - begin * long))
                    pieces.append(Piece(middle, end, 0, short, end - end * short))
                return pieces

            return piecewise(parts, layout)

        return self._joined(build, [self._node], amount, n)


def _squeezed(begin: Fraction, end: Fraction) -> Layout:
    scale = ONE / (end - begin)

    def layout(cycle: int, context: Context) -> list[Piece]:
        return [Piece(cycle + begin, cycle + end, 0, scale, cycle - (cycle + begin) * scale)]

    return layout


def _repeated(cycle: int, first: Fraction, length: Fraction, read: Callable[[int], Fraction]) -> list[Piece]:
    """A cycle cut every ``length``, ``first`` after its beginning; ``read(index)`` is the offset of each piece."""
    begin, end = Fraction(cycle), Fraction(cycle + 1)
    pieces = []
    at, index = begin + first - length if first > 0 else begin, (-1 if first > 0 else 0)
    while at < end:
        pieces.append(Piece(max(at, begin), min(at + length, end), 0, ONE, read(index) - first))
        at, index = at + length, index + 1
    return pieces
