"""Nodes that take turns, with their glides going on from one to the next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from livevae.pattern.glide import Glide
from livevae.pattern.node import Layout, Node, Piece, Piecewise
from livevae.pattern.time import Context


def piecewise(parts: Sequence[Node], layout: Layout) -> Node:
    """Nodes that take turns; where all of them glide, from one to the next as well."""
    times = {part.seconds if isinstance(part, Glide) else None for part in parts}
    if len(times) == 1 and None not in times:
        return Glide(Piecewise([part.parts()[0] for part in parts], layout), times.pop() or 0.0)
    return Piecewise(parts, layout)


def by_turns(nodes: Sequence[Node], read: Callable[[int], tuple[int, Fraction, Fraction]]) -> Node:
    """In each cycle one of several nodes: ``read(cycle)`` gives its number, and the scale and offset of its time."""

    def layout(cycle: int, context: Context) -> list[Piece]:
        return [Piece(Fraction(cycle), Fraction(cycle + 1), *read(cycle))]

    return piecewise(nodes, layout)
