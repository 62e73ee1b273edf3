"""The parts patterns are built from. Each has two faces: exact events, and samples of a block of times.

A node made only of discrete leaves is *held*: its samples are its events, found once a cycle. Every other node passes
whole blocks of times down to its parts. Nothing here is changed after it is made.

Time transformations reach through combinations to their parts, T(f(p, q)) = f(T(p), T(q)), so that the discrete
parts of any expression stay held.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import reduce
from itertools import product
from typing import ClassVar

import numpy as np

from livevae.errors import LivevaeError
from livevae.pattern.found import Found
from livevae.pattern.hold import Recent, Table, by_cycle
from livevae.pattern.time import ONE, Array, Context, Key, Span
from livevae.pattern.value import (
    Event,
    Function,
    Sampled,
    Sparse,
    Value,
    combine,
    elementwise,
    first_value,
    is_silent,
)

CYCLES_KEPT = 16


class Node:
    """A function of time. ``held``: sampled by its events. ``continuous``: queried by its samples.

    ``combines`` is set where values are made that no part holds; ``steady`` is the one value of a constant;
    ``moves`` says that there is nothing in it that has events.
    """

    combines: ClassVar[bool] = False
    steady: Value | None = None
    moves: bool = False

    __slots__ = ("_tables", "continuous", "held")

    def __init__(self, held: bool, continuous: bool) -> None:
        self.held = held
        self.continuous = continuous
        self._tables: Recent[Key, Table] = Recent(CYCLES_KEPT)

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

        return self._tables.get(context.key(cycle), make)

    def affine(self, scale: Fraction, offset: Fraction) -> Node:
        """This node read at t * scale + offset instead of t."""
        return self if scale == 1 and offset == 0 else Affine(self, scale, offset)

    def over_leaves(self, change: Callable[[Node], Node]) -> Node:
        """The same construction over changed leaves: held nodes and continuous sources."""
        if self.held or not self.parts():
            return change(self)
        return self.through(lambda part: part.over_leaves(change))

    def over_heard(self, change: Callable[[Node], Node]) -> Node:
        """As ``over_leaves``, for a change that hangs on when things happen: it is done in the time of this node."""
        if self.held or not self.parts():
            return change(self)
        return self.through(lambda part: part.over_heard(change))

    def through(self, change: Callable[[Node], Node]) -> Node:
        """The same construction of changed parts."""
        return self.rebuilt([change(part) for part in self.parts()])

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

    __slots__ = ("_find", "_found", "_words")

    def __init__(self, find: Callable[[Span, Context], list[Event]], words: frozenset[str] = frozenset()) -> None:
        super().__init__(held=True, continuous=False)
        self._find = find
        self._found = Found(CYCLES_KEPT)
        self._words = words

    def events(self, span: Span, context: Context) -> list[Event]:
        return self._found.within(span, context, lambda cycle: self._find(cycle, context))

    def words(self) -> frozenset[str]:
        return self._words


class Constant(Steps):
    """The same value in every cycle."""

    __slots__ = ("steady",)

    def __init__(self, find: Callable[[Span, Context], list[Event]], value: Value) -> None:
        super().__init__(find, frozenset([value]) if isinstance(value, str) else frozenset())
        self.steady = value

    def events(self, span: Span, context: Context) -> list[Event]:
        return [event for cycle in span.cycles() for event in self._find(cycle, context)]


class Signal(Node):
    """A continuous leaf, from a function of a block of times."""

    combines = True
    moves = True

    __slots__ = ("_sampler",)

    def __init__(self, sampler: Callable[[Array, Context], Sampled]) -> None:
        super().__init__(held=False, continuous=True)
        self._sampler = sampler

    def flow(self, cycles: Array, context: Context) -> Sampled:
        return self._sampler(cycles, context)


class Affine(Node):
    """A node read at another speed, from another time, or backwards."""

    __slots__ = ("_back", "_floats", "_node", "_offset", "_scale", "moves")

    def __init__(self, node: Node, scale: Fraction, offset: Fraction) -> None:
        super().__init__(node.held, node.continuous)
        # Most are shifts alone, and times are mapped faster by the very ONE.
        self._node, self._scale, self._offset = node, ONE if scale == 1 else scale, offset
        self.moves = node.moves
        self._floats = float(scale), float(offset)
        self._back: tuple[Fraction, Fraction] | None = None

    def events(self, span: Span, context: Context) -> list[Event]:
        inner = self._node.query(span.mapped(self._scale, self._offset), context.mapped(*self._floats))
        found = [self.outward(event) for event in inner]
        return found if self._scale > 0 else found[::-1]

    def outward(self, event: Event) -> Event:
        """An event of the node that is read, as it is seen from outside."""
        back = self._back
        if back is None:
            scale, offset = self._scale, self._offset
            back = self._back = (ONE, -offset) if scale is ONE else (ONE / scale, -offset / scale)
        part = event.part.mapped(*back)
        if event.whole is None or event.whole is event.part or event.whole == event.part:
            return Event(event.whole and part, part, event.value)
        return Event(event.whole.mapped(*back), part, event.value)

    def outside(self, context: Context) -> Context:
        """The context outside, from that of the node that is read."""
        scale, offset = self._floats
        return context.mapped(1 / scale, -offset / scale)

    def flow(self, cycles: Array, context: Context) -> Sampled:
        scale, offset = self._floats
        return self._node.sample(cycles * scale + offset, context.mapped(scale, offset))

    def affine(self, scale: Fraction, offset: Fraction) -> Node:
        return self._node.affine(self._scale * scale, self._scale * offset + self._offset)

    def over_heard(self, change: Callable[[Node], Node]) -> Node:
        if self.held or self.moves:
            return change(self)
        scale, offset = self._scale, self._offset

        def within(leaf: Node) -> Node:
            return change(leaf.affine(scale, offset)).affine(ONE / scale, -offset / scale)

        return self._node.over_heard(within).affine(scale, offset)

    def parts(self) -> Sequence[Node]:
        return (self._node,)

    def rebuilt(self, parts: Sequence[Node]) -> Node:
        return parts[0].affine(self._scale, self._offset)


class Lift(Node):
    """A function of the values of its parts at each moment. Its events have the structure of the first part."""

    combines = True

    __slots__ = ("_parts", "function")

    def __init__(self, function: Function, *parts: Node) -> None:
        super().__init__(held=False, continuous=parts[0].continuous)
        self.function = function
        self._parts = parts

    def events(self, span: Span, context: Context) -> list[Event]:
        found = []
        for event in self._parts[0].query(span, context):
            # A movement that is silent where the event begins is read where the event is first heard.
            others = [
                part.query(event.extent, context) or (part.query(event.part, context) if part.continuous else [])
                for part in self._parts[1:]
            ]
            for chosen in product(*others):
                part = _shared([event.part, *(other.part for other in chosen)])
                value = None if part is None else combine(self.function, (event, *chosen), context)
                if part is not None and value is not None:
                    found.append(Event(event.whole, part, value))
        return found

    def flow(self, cycles: Array, context: Context) -> Sampled:
        return self.function(*[part.sample(cycles, context) for part in self._parts])

    def affine(self, scale: Fraction, offset: Fraction) -> Node:
        return Lift(self.function, *(part.affine(scale, offset) for part in self._parts))

    def parts(self) -> Sequence[Node]:
        return self._parts

    def rebuilt(self, parts: Sequence[Node]) -> Node:
        return Lift(self.function, *parts)


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
    total = elementwise(np.add, a, b)
    # One sum tells of any silence among thousands of numbers.
    if not (isinstance(total, Sparse) or np.isnan(total.sum())):
        return total
    if not is_silent(a).any() and not is_silent(b).any():
        return total
    return elementwise(_add_sounding, a, b)


NOTHING = Steps(lambda span, context: [])


def constant(value: Value) -> Steps:
    """One event a cycle that holds ``value``."""

    def find(span: Span, context: Context) -> list[Event]:
        cycle = Fraction(math.floor(span.begin))
        return [Event(Span(cycle, cycle + 1), span, value)]

    return Constant(find, value)
