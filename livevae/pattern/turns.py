"""Nodes that take turns, with their glides going on from one to the next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from livevae.pattern.glide import Glide, glide
from livevae.pattern.node import Lift, Node, Stack
from livevae.pattern.pieces import Layout, Piece, Piecewise
from livevae.pattern.time import Context


def piecewise(parts: Sequence[Node], layout: Layout) -> Node:
    """Nodes that take turns; where all of them glide, from one to the next as well."""
    return spread_out(parts, lambda inner: Piecewise(inner, layout))


def spread_out(parts: Sequence[Node], make: Callable[[Sequence[Node]], Node]) -> Node:
    """``make(parts)`` for a change of time alone: of the same combination of nodes, it is made of each of them.

    T(f(p, q), f(r, s)) is f(T(p, r), T(q, s)), so that steps stay held however deep they lie.
    """
    first = parts[0]
    if type(first) is Lift and all(type(part) is Lift and part.function is first.function for part in parts):
        return _zipped(parts, make)
    if all(type(part) is Stack and len(part.parts()) == len(first.parts()) for part in parts):
        return _zipped(parts, make)
    return gliding(parts, make)


def _zipped(parts: Sequence[Node], make: Callable[[Sequence[Node]], Node]) -> Node:
    return parts[0].rebuilt(
        [spread_out(together, make) for together in zip(*(part.parts() for part in parts), strict=True)]
    )


def gliding(parts: Sequence[Node], make: Callable[[Sequence[Node]], Node]) -> Node:
    """``make(parts)``; where all of the parts glide, what is made of their steps glides instead."""
    times = {part.seconds if isinstance(part, Glide) else None for part in parts}
    if len(times) == 1 and None not in times:
        return glide(make([part.parts()[0] for part in parts]), times.pop() or 0.0)
    return make(parts)


def by_turns(nodes: Sequence[Node], read: Callable[[int], tuple[int, Fraction, Fraction]]) -> Node:
    """In each cycle one of several nodes: ``read(cycle)`` gives its number, and the scale and offset of its time."""

    def layout(cycle: int, context: Context) -> list[Piece]:
        return [Piece(Fraction(cycle), Fraction(cycle + 1), *read(cycle))]

    return piecewise(nodes, layout)
