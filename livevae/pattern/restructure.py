"""Nodes with other events: those of another pattern, several for one, some of them, or some of each of two."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction

import numpy as np

from livevae.pattern.hold import Recent, by_cycle, rows_at, segments
from livevae.pattern.node import CYCLES_KEPT, Node, Stack, Steps
from livevae.pattern.time import Array, Context, Key, Span
from livevae.pattern.value import Event, Sampled, Value, elementwise, first_value

Choose = Callable[[Value, Value], Value]


def replaced(node: Node, change: Callable[[Event], Iterable[Event]]) -> Node:
    """Every event replaced by others that lie within its whole; movements stay as they are.

    What ``change`` gives is cut to the part of the event that was asked for.
    """

    def of(leaf: Node) -> Node:
        if not leaf.held:
            return leaf

        def find(span: Span, context: Context) -> list[Event]:
            found = []
            for event in leaf.query(span, context):
                for new in change(event):
                    part = new.part.overlap(event.part)
                    if part is not None:
                        found.append(Event(new.whole, part, new.value))
            return found

        return Steps(find, leaf.words())

    return node.over_leaves(of)


def structured(node: Node, structure: Node, choose: Choose, movements: bool) -> Node:
    """The values of ``node`` in the events of ``structure``: ``choose(of structure, of node)``, from each onset on.

    With ``movements`` whatever moves by itself is held from each of those onsets on, as its value there.
    """

    def of(leaf: Node) -> Node:
        if leaf.held:
            return Steps(lambda span, context: _imposed(leaf, structure, choose, span, context), leaf.words())
        return AtOnset(leaf, structure) if leaf.continuous and movements else leaf

    return node.over_heard(of)


def _imposed(leaf: Node, structure: Node, choose: Choose, span: Span, context: Context) -> list[Event]:
    found = []
    for event in structure.query(span, context):
        for held in leaf.query(event.extent, context):
            part = event.part.overlap(held.part)
            if part is not None:
                found.append(Event(event.whole, part, choose(event.value, held.value)))
    return found


class AtOnset(Node):
    """A movement that is looked at where each event of another node begins, and held while it lasts.

    It is asked for with every block, so that a knob in it is still heard in the events to come.
    """

    __slots__ = ("_node", "_onsets", "_structure")

    def __init__(self, node: Node, structure: Node) -> None:
        super().__init__(held=False, continuous=False)
        self._node, self._structure = node, structure
        self._onsets: Recent[Key, tuple[Array, Array]] = Recent(CYCLES_KEPT)

    def events(self, span: Span, context: Context) -> list[Event]:
        found = []
        for event in self._structure.query(span, context):
            value = first_value(self._node.sample(np.array([float(event.extent.begin)]), context))
            if value is not None:
                found.append(Event(event.whole, event.part, value))
        return found

    def flow(self, cycles: Array, context: Context) -> Sampled:
        def onsets(cycle: int, times: Array) -> Array:
            begins, found = self._onsets.get(context.key(cycle), lambda: self._find(cycle, context))
            return found[rows_at(begins, times)]

        begun = by_cycle(cycles, onsets)
        assert isinstance(begun, np.ndarray)
        silent = np.isnan(begun)
        if not silent.any():
            return self._node.sample(begun, context)
        values = self._node.sample(np.where(silent, cycles, begun), context)
        return elementwise(_blanked, values, np.where(silent, np.nan, 0.0))

    def _find(self, cycle: int, context: Context) -> tuple[Array, Array]:
        span = Span(Fraction(cycle), Fraction(cycle + 1))
        begins, held = segments(self._structure.query(span, context), cycle)
        return begins, np.array([np.nan if event is None else float(event.extent.begin) for event in held])

    def parts(self) -> tuple[Node, ...]:
        return (self._node,)

    def rebuilt(self, parts: Iterable[Node]) -> Node:
        (part,) = parts
        return AtOnset(part, self._structure)


def _blanked(values: Array, silence: Array) -> Array:
    return values + silence


def united(a: Node, b: Node) -> Node:
    """The events of both; of held ones one row, of which the event that began last is heard."""
    if not (a.held and b.held):
        return Stack([a, b])

    def find(span: Span, context: Context) -> list[Event]:
        return sorted(a.query(span, context) + b.query(span, context), key=lambda event: event.part.begin)

    return Steps(find, a.words() | b.words())


def split(event: Event, begin: Fraction, end: Fraction, value: Value) -> Event:
    """The piece of an event between two fractions of its whole, as an event of its own."""
    extent = event.extent
    whole = Span(extent.begin + extent.length * begin, extent.begin + extent.length * end)
    return Event(whole, whole, value)
