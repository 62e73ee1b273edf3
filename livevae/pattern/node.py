"""The parts patterns are built from. Each has two faces: exact events, and samples of a block of times.

A node made only of discrete leaves is *held*: its samples are its events, found once a cycle. Every other node passes
whole blocks of times down to its parts. Nothing here is changed after it is made.

Time transformations reach through combinations to their parts, T(f(p, q)) = f(T(p), T(q)), so that the discrete
parts of any expression stay held.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from itertools import product
from typing import ClassVar

import numpy as np

from livevae.errors import LivevaeError
from livevae.pattern.hold import Recent, Table, by_cycle
from livevae.pattern.time import Array, Context, Span
from livevae.pattern.value import (
    Event,
    Function,
    Mask,
    Sampled,
    Value,
    combine,
    elementwise,
    first_value,
    is_silent,
    merge,
)

CYCLES_KEPT = 16
ONE = Fraction(1)


class Node:
    """A function of time. ``held``: sampled by its events. ``continuous``: queried by its samples.

    ``combines`` is set where values are made that no part holds; ``steady`` is the one value of a constant.
    """

    combines: ClassVar[bool] = False
    steady: Value | None = None

    __slots__ = ("_tables", "continuous", "held")

    def __init__(self, held: bool, continuous: bool) -> None:
        self.held = held
        self.continuous = continuous
        self._tables: Recent[tuple[int, int], Table] = Recent(CYCLES_KEPT)

    def query(self, span: Span, context: Context) -> list[Event]:
        """The events within a span; of a continuous node one, holding its value where the span begins."""
        if not self.continuous:
            return self.events(span, context)
        value = first_value(self.sample(np.array([float(span.begin)]), context))
        return [] if value is None else [Event(None, span, value)]

    def sample(self, cycles: Array, context: Context) -> Sampled:
        """Values at a block of times."""
        if not self.held:
            return self.flow(cycles, context)
        return by_cycle(cycles, lambda cycle, times: self._table(cycle, context).sample(times, context))

    def _table(self, cycle: int, context: Context) -> Table:
        def make() -> Table:
            return Table.of(self.query(Span(Fraction(cycle), Fraction(cycle + 1)), context), cycle)

        return self._tables.get((cycle, context.seed), make)

    def affine(self, scale: Fraction, offset: Fraction) -> Node:
        """This node read at t * scale + offset instead of t."""
        return self if scale == 1 and offset == 0 else Affine(self, scale, offset)

    def over_leaves(self, change: Callable[[Node], Node]) -> Node:
        """The same construction over changed leaves: held nodes and continuous sources."""
        if self.held or not self.parts():
            return change(self)
        return self.rebuilt([part.over_leaves(change) for part in self.parts()])

    def words(self) -> frozenset[str]:
        """The names this node may hold, as far as they are written in it."""
        return frozenset().union(*(part.words() for part in self.parts()))

    def parts(self) -> Sequence[Node]:
        """The nodes this one is made of."""
        return ()

    def rebuilt(self, parts: Sequence[Node]) -> Node:
        """The same construction of other parts, as many as it has."""
        return self

    def events(self, span: Span, context: Context) -> list[Event]:
        """The events of a node that is not continuous."""
        raise NotImplementedError

    def flow(self, cycles: Array, context: Context) -> Sampled:
        """The samples of a node that is not held."""
        raise NotImplementedError


class Steps(Node):
    """A discrete leaf, from a function that gives the events of a span lying within one cycle."""

    __slots__ = ("_find", "_words")

    def __init__(self, find: Callable[[Span, Context], list[Event]], words: frozenset[str] = frozenset()) -> None:
        super().__init__(held=True, continuous=False)
        self._find = find
        self._words = words

    def events(self, span: Span, context: Context) -> list[Event]:
        return [event for cycle in span.cycles() for event in self._find(cycle, context)]

    def words(self) -> frozenset[str]:
        return self._words


class Constant(Steps):
    """The same value in every cycle."""

    __slots__ = ("steady",)

    def __init__(self, find: Callable[[Span, Context], list[Event]], value: Value) -> None:
        super().__init__(find, frozenset([value]) if isinstance(value, str) else frozenset())
        self.steady = value


class Signal(Node):
    """A continuous leaf, from a function of a block of times."""

    combines = True

    __slots__ = ("_sampler",)

    def __init__(self, sampler: Callable[[Array, Context], Sampled]) -> None:
        super().__init__(held=False, continuous=True)
        self._sampler = sampler

    def flow(self, cycles: Array, context: Context) -> Sampled:
        return self._sampler(cycles, context)


class Affine(Node):
    """A node read at another speed, from another time, or backwards."""

    __slots__ = ("_floats", "_node", "_offset", "_scale")

    def __init__(self, node: Node, scale: Fraction, offset: Fraction) -> None:
        super().__init__(node.held, node.continuous)
        self._node, self._scale, self._offset = node, scale, offset
        self._floats = float(scale), float(offset)

    def events(self, span: Span, context: Context) -> list[Event]:
        back, shift = ONE / self._scale, -self._offset / self._scale
        inner = self._node.query(span.mapped(self._scale, self._offset), context.mapped(*self._floats))
        found = [Event(e.whole and e.whole.mapped(back, shift), e.part.mapped(back, shift), e.value) for e in inner]
        return found if self._scale > 0 else found[::-1]

    def flow(self, cycles: Array, context: Context) -> Sampled:
        scale, offset = self._floats
        return self._node.sample(cycles * scale + offset, context.mapped(scale, offset))

    def affine(self, scale: Fraction, offset: Fraction) -> Node:
        return self._node.affine(self._scale * scale, self._scale * offset + self._offset)

    def parts(self) -> Sequence[Node]:
        return (self._node,)

    def rebuilt(self, parts: Sequence[Node]) -> Node:
        return parts[0].affine(self._scale, self._offset)


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

    __slots__ = ("_laid",)

    def __init__(self, held: bool, continuous: bool) -> None:
        super().__init__(held, continuous)
        self._laid: Recent[tuple[int, int], Sequence[Turn]] = Recent(CYCLES_KEPT)

    def lay(self, cycle: int, context: Context) -> Sequence[Turn]:
        """The turns of a cycle."""
        raise NotImplementedError

    def _lay(self, cycle: int, context: Context) -> Sequence[Turn]:
        return self._laid.get((cycle, context.seed), lambda: self.lay(cycle, context))

    def events(self, span: Span, context: Context) -> list[Event]:
        found: list[Event] = []
        for cycle in span.cycles():
            for begin, end, node in self._lay(math.floor(cycle.begin), context):
                shared = cycle.overlap(Span(begin, end))
                if shared is not None:
                    found += node.query(shared, context)
        return found

    def flow(self, cycles: Array, context: Context) -> Sampled:
        def sample(cycle: int, times: Array) -> Sampled:
            out: list[tuple[Mask, Sampled]] = []
            for begin, end, node in self._lay(cycle, context):
                here = (times >= float(begin)) & (times < float(end))
                if here.all():
                    return node.sample(times, context)
                if here.any():
                    out.append((here, node.sample(times[here], context)))
            return merge(times.size, out)

        return by_cycle(cycles, sample)


class Piecewise(Turns):
    """Nodes that take turns. ``layout`` gives the pieces of a cycle, in order, none overlapping."""

    __slots__ = ("_layout", "_parts")

    def __init__(self, parts: Sequence[Node], layout: Layout) -> None:
        super().__init__(all(part.held for part in parts), all(part.continuous for part in parts))
        self._parts = tuple(parts)
        self._layout = layout

    def lay(self, cycle: int, context: Context) -> Sequence[Turn]:
        return [
            (piece.begin, piece.end, self._parts[piece.index].affine(piece.scale, piece.offset))
            for piece in self._layout(cycle, context)
        ]

    def parts(self) -> Sequence[Node]:
        return self._parts

    def rebuilt(self, parts: Sequence[Node]) -> Node:
        return Piecewise(parts, self._layout)


class Lift(Node):
    """A function of the values of its parts at each moment. Its events have the structure of the first part."""

    combines = True

    __slots__ = ("_function", "_parts")

    def __init__(self, function: Function, *parts: Node) -> None:
        super().__init__(held=False, continuous=parts[0].continuous)
        self._function = function
        self._parts = parts

    def events(self, span: Span, context: Context) -> list[Event]:
        found = []
        for event in self._parts[0].query(span, context):
            others = [part.query(event.extent, context) for part in self._parts[1:]]
            for chosen in product(*others):
                part = _shared([event.part, *(other.part for other in chosen)])
                value = None if part is None else combine(self._function, (event, *chosen), context)
                if part is not None and value is not None:
                    found.append(Event(event.whole, part, value))
        return found

    def flow(self, cycles: Array, context: Context) -> Sampled:
        return self._function(*[part.sample(cycles, context) for part in self._parts])

    def affine(self, scale: Fraction, offset: Fraction) -> Node:
        return Lift(self._function, *(part.affine(scale, offset) for part in self._parts))

    def parts(self) -> Sequence[Node]:
        return self._parts

    def rebuilt(self, parts: Sequence[Node]) -> Node:
        return Lift(self._function, *parts)


def _shared(spans: Sequence[Span]) -> Span | None:
    shared: Span | None = spans[0]
    for span in spans[1:]:
        shared = shared and shared.overlap(span)
    return shared


class Stack(Node):
    """Nodes at the same time: the union of their events, the sum of their values; silent ones add nothing."""

    __slots__ = ("_parts",)

    def __init__(self, parts: Sequence[Node]) -> None:
        if not parts:
            raise LivevaeError("stack() needs at least one pattern.")
        super().__init__(held=False, continuous=all(part.continuous for part in parts))
        self._parts = tuple(parts)

    def events(self, span: Span, context: Context) -> list[Event]:
        return [event for part in self._parts for event in part.query(span, context)]

    def flow(self, cycles: Array, context: Context) -> Sampled:
        return reduce(_sum, (part.sample(cycles, context) for part in self._parts))

    def affine(self, scale: Fraction, offset: Fraction) -> Node:
        return Stack([part.affine(scale, offset) for part in self._parts])

    def parts(self) -> Sequence[Node]:
        return self._parts

    def rebuilt(self, parts: Sequence[Node]) -> Node:
        return Stack(parts)


def _add_sounding(a: Array, b: Array) -> Array:
    return np.where(np.isnan(b), a, np.where(np.isnan(a), b, a + b))


def _sum(a: Sampled, b: Sampled) -> Sampled:
    if not is_silent(a).any() and not is_silent(b).any():
        return elementwise(np.add, a, b)
    return elementwise(_add_sounding, a, b)


NOTHING = Steps(lambda span, context: [])


def constant(value: Value) -> Steps:
    """One event a cycle that holds ``value``."""

    def find(span: Span, context: Context) -> list[Event]:
        cycle = Fraction(math.floor(span.begin))
        return [Event(Span(cycle, cycle + 1), span, value)]

    return Constant(find, value)
