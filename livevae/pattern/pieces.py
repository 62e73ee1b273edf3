"""Nodes that take turns: what is heard when, cycle by cycle."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

import numpy as np

from livevae.pattern.found import Found
from livevae.pattern.hold import Recent, by_cycle
from livevae.pattern.node import CYCLES_KEPT, Node
from livevae.pattern.time import ONE, Array, Context, Key, Span
from livevae.pattern.value import (
    Event,
    Mask,
    Sampled,
    merge,
)


@dataclass(frozen=True, slots=True)
class Piece:
    """From ``begin`` to ``end``, part number ``index`` is heard, read at t * scale + offset."""

    begin: Fraction
    end: Fraction
    index: int
    scale: Fraction = ONE
    offset: Fraction = Fraction(0)


Layout = Callable[[int, Context], Sequence[Piece]]


Turn = tuple[Fraction, Fraction, Node]
"""From one time to another, this node is heard."""


class Turns(Node):
    """Nodes that take turns: ``lay`` gives the turns of a cycle, in order, none overlapping."""

    __slots__ = ("_edges", "_found", "_laid")

    def __init__(self, held: bool, continuous: bool) -> None:
        super().__init__(held, continuous)
        self._found = Found(CYCLES_KEPT)
        self._laid: Recent[Key, Sequence[Turn]] = Recent(CYCLES_KEPT)
        self._edges: Recent[Key, tuple[Array, Array]] = Recent(CYCLES_KEPT)

    def lay(self, cycle: int, context: Context) -> Sequence[Turn]:
        """The turns of a cycle."""
        raise NotImplementedError

    def _lay(self, cycle: int, context: Context) -> Sequence[Turn]:
        return self._laid.get(context.key(cycle), lambda: self.lay(cycle, context))

    def over_heard(self, change: Callable[[Node], Node]) -> Node:
        return change(self) if self.held or self.moves else Changing(self, lambda node: node.over_heard(change))

    def events(self, span: Span, context: Context) -> list[Event]:
        if self.held:
            return self._found.within(span, context, lambda cycle: self._query(cycle, context))
        return [event for cycle in span.cycles() for event in self._query(cycle, context)]

    def _query(self, span: Span, context: Context) -> list[Event]:
        found: list[Event] = []
        for begin, end, node in self._lay(math.floor(span.begin), context):
            shared = span.overlap(Span(begin, end))
            if shared is not None:
                found += node.query(shared, context)
        return found

    def flow(self, cycles: Array, context: Context) -> Sampled:
        def sample(cycle: int, times: Array) -> Sampled:
            turns = self._lay(cycle, context)
            begins, ends = self._edges.get(context.key(cycle), lambda: _edges(turns))
            rows = begins.searchsorted(times, side="right") - 1
            first = int(rows[0])
            if (rows.size == 1 or (rows == first).all()) and (first < 0 or (times < ends[first]).all()):
                return merge(times.size, []) if first < 0 else turns[first][2].sample(times, context)
            rows[times >= ends[rows]] = -1
            heard: list[tuple[Mask, Sampled]] = []
            for row in np.unique(rows).tolist():
                if row >= 0:
                    here = rows == row
                    heard.append((here, turns[row][2].sample(times[here], context)))
            return merge(times.size, heard)

        return by_cycle(cycles, sample)


def _edges(turns: Sequence[Turn]) -> tuple[Array, Array]:
    """Where turns begin and end, as floats."""
    return np.array([float(begin) for begin, _, _ in turns]), np.array([float(end) for _, end, _ in turns])


class Changing(Turns):
    """The turns of another node, each changed as it comes."""

    __slots__ = ("_change", "_changed", "_node")

    def __init__(self, node: Turns, change: Callable[[Node], Node]) -> None:
        # What makes events of one movement makes them of all: the first part tells, and the others can wait.
        super().__init__(held=False, continuous=node.continuous and change(node.parts()[0]).continuous)
        self._node, self._change = node, change
        self._changed: Recent[Node, Node] = Recent(CYCLES_KEPT)

    def lay(self, cycle: int, context: Context) -> Sequence[Turn]:
        return [
            (begin, end, self._changed.get(node, partial(self._change, node)))
            for begin, end, node in self._node.lay(cycle, context)
        ]

    def parts(self) -> Sequence[Node]:
        return [self._change(part) for part in self._node.parts()]

    def through(self, change: Callable[[Node], Node]) -> Node:
        return Changing(self, change)


class Piecewise(Turns):
    """Nodes that take turns. ``layout`` gives the pieces of a cycle, in order, none overlapping.

    ``steps`` is their number where they were written one after the other, None elsewhere.
    """

    __slots__ = ("_layout", "_parts", "moves", "steps")

    def __init__(self, parts: Sequence[Node], layout: Layout, steps: Fraction | None = None) -> None:
        super().__init__(all(part.held for part in parts), all(part.continuous for part in parts))
        self._parts = tuple(parts)
        self._layout = layout
        self.moves = all(part.moves for part in parts)
        self.steps = steps

    def lay(self, cycle: int, context: Context) -> Sequence[Turn]:
        return [
            (piece.begin, piece.end, self._parts[piece.index].affine(piece.scale, piece.offset))
            for piece in self._layout(cycle, context)
        ]

    def parts(self) -> Sequence[Node]:
        return self._parts

    def rebuilt(self, parts: Sequence[Node]) -> Node:
        return Piecewise(parts, self._layout, self.steps)
