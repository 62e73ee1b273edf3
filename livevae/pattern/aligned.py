"""Two patterns combined with the structure of one, of the other, or of both."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import pairwise

import numpy as np

from livevae.pattern.hold import Recent, stretches
from livevae.pattern.node import NOTHING, Affine, Node, Steps
from livevae.pattern.pieces import Turn, Turns
from livevae.pattern.time import ONE, Array, Context, Span
from livevae.pattern.value import Event, Function, Sampled, Value, combine

READINGS_KEPT = 64

Met = tuple[Span | None, Span, Event, Event]
"""Where a new event lies as a whole and in part, and the events of the left and of the right it is made of."""

Reading = Callable[[Span], tuple[Fraction, Fraction]]
"""The scale and offset at which the right side is read within an event of the left."""


def squeezed(whole: Span) -> tuple[Fraction, Fraction]:
    """A whole cycle within the event: of the same number as the cycle the event begins in."""
    scale = ONE / whole.length
    return scale, math.floor(whole.begin) - whole.begin * scale


def restarted(whole: Span) -> tuple[Fraction, Fraction]:
    """From cycle 0 at the onset."""
    return ONE, -whole.begin


def reset(whole: Span) -> tuple[Fraction, Fraction]:
    """From the beginning of the cycle at the onset."""
    return ONE, math.floor(whole.begin) - whole.begin


class Meeting(Node):
    """A function of the values of two nodes at each moment. Whose events they are is for ``meet`` to say.

    ``chosen`` tells which of the two gives the value of an event where the function only passes one on, so that
    names, too, can be passed on.
    """

    combines = True

    __slots__ = ("_chosen", "_function", "_parts")

    def __init__(self, function: Function, parts: Sequence[Node], chosen: int | None, continuous: bool) -> None:
        super().__init__(held=False, continuous=continuous)
        self._function, self._parts, self._chosen = function, tuple(parts), chosen

    def meet(self, span: Span, context: Context) -> Iterator[Met]:
        """The events that meet within a span."""
        raise NotImplementedError

    def events(self, span: Span, context: Context) -> list[Event]:
        found = []
        for whole, part, left, right in self.meet(span, context):
            value = self._value(Event(whole, part, 0.0), (left, right), context)
            if value is not None:
                found.append(Event(whole, part, value))
        return found

    def _value(self, made: Event, met: tuple[Event, Event], context: Context) -> Value | None:
        if self._chosen is None:
            return combine(lambda _, *values: self._function(*values), (made, *met), context)
        event = met[self._chosen]
        return event.value if isinstance(event.value, str) else combine(lambda _, x: x, (made, event), context)

    def flow(self, cycles: Array, context: Context) -> Sampled:
        return self._function(*[part.sample(cycles, context) for part in self._parts])

    def affine(self, scale: Fraction, offset: Fraction) -> Node:
        return self.rebuilt([part.affine(scale, offset) for part in self._parts])

    def parts(self) -> Sequence[Node]:
        return self._parts

    def rebuilt(self, parts: Sequence[Node]) -> Node:
        return type(self)(self._function, parts, self._chosen, self.continuous)


class Left(Meeting):
    """The events of the left side, cut where the right side changes."""

    def meet(self, span: Span, context: Context) -> Iterator[Met]:
        left, right = self._parts
        for a in left.query(span, context):
            for b in right.query(a.extent, context):
                part = a.part.overlap(b.part)
                if part is not None:
                    yield a.whole, part, a, b


class Right(Meeting):
    """The events of the right side, cut where the left side changes."""

    def meet(self, span: Span, context: Context) -> Iterator[Met]:
        left, right = self._parts
        for b in right.query(span, context):
            for a in left.query(b.extent, context):
                part = b.part.overlap(a.part)
                if part is not None:
                    yield b.whole, part, a, b


class Both(Meeting):
    """What events of both sides share is an event."""

    def meet(self, span: Span, context: Context) -> Iterator[Met]:
        left, right = self._parts
        for a in left.query(span, context):
            for b in right.query(a.part, context):
                yield _common(a, b), b.part, a, b


class Inside(Meeting):
    """Within each event of the left side the right side is heard anew, with its own events."""

    __slots__ = ("_inner", "_reading")

    def __init__(self, function: Function, parts: Sequence[Node], chosen: int | None, reading: Reading) -> None:
        super().__init__(function, parts, chosen, continuous=False)
        self._reading = reading
        self._inner = _Inner(parts[0], parts[1], reading)

    def meet(self, span: Span, context: Context) -> Iterator[Met]:
        for a in self._parts[0].query(span, context):
            # What has no events is read at the onset, as by every operator.
            for b in self._inner.read(a).query(a.extent if self._inner.continuous else a.part, context):
                yield _common(a, b), a.part if b.whole is None else b.part, a, b

    def flow(self, cycles: Array, context: Context) -> Sampled:
        return self._function(self._parts[0].sample(cycles, context), self._inner.sample(cycles, context))

    def affine(self, scale: Fraction, offset: Fraction) -> Node:
        return Node.affine(self, scale, offset)

    def rebuilt(self, parts: Sequence[Node]) -> Node:
        return Inside(self._function, parts, self._chosen, self._reading)


class _Reading(Affine):
    """A node read within one event. It has no tables of its own: those of the node serve all readings."""

    __slots__ = ("_ends",)

    def __init__(self, node: Node, whole: Span, scale: Fraction, offset: Fraction) -> None:
        super().__init__(node, scale, offset)
        self.held = False
        inner = whole.mapped(scale, offset)
        self._ends = float(inner.begin), np.nextafter(float(inner.end), -np.inf)

    def flow(self, cycles: Array, context: Context) -> Sampled:
        scale, offset = self._floats
        # A rounding error must not reach back into what was heard before the event.
        inner = np.clip(cycles * scale + offset, *self._ends)
        return self._node.sample(inner, context.mapped(scale, offset))


class _Inner(Turns):
    """One node, read anew within each event of another."""

    __slots__ = ("_frames", "_node", "_read", "_reading")

    def __init__(self, frames: Node, node: Node, reading: Reading) -> None:
        super().__init__(held=False, continuous=node.continuous)
        self._frames, self._node, self._reading = frames, node, reading
        self._read: Recent[Span, Node] = Recent(READINGS_KEPT)

    def read(self, frame: Event) -> Node:
        """The node as it is heard within an event; nothing within one that takes no time."""
        whole = frame.extent
        if whole.length == 0:
            return NOTHING
        return self._read.get(whole, lambda: _Reading(self._node, whole, *self._reading(whole)))

    def lay(self, cycle: int, context: Context) -> Sequence[Turn]:
        end = Fraction(cycle + 1)
        begins, held = stretches(self._frames.query(Span(Fraction(cycle), end), context), cycle)
        return [
            (begin, until, self.read(frame))
            for (begin, until), frame in zip(pairwise([*begins, end]), held, strict=True)
            if frame is not None
        ]


def _common(a: Event, b: Event) -> Span | None:
    """What two events share of their wholes, or the whole of the one that has one."""
    if a.whole is None or b.whole is None:
        return a.whole or b.whole
    return a.whole.overlap(b.whole)


def marks(node: Node) -> Node:
    """The events of a held node without what they hold, so that names in them need no recordings."""
    if not node.held:
        return node
    return Steps(lambda span, context: [Event(e.whole, e.part, 1.0) for e in node.query(span, context)])


def left(function: Function, a: Node, b: Node, chosen: int | None = None) -> Node:
    """``function`` of two nodes with the events of the first."""
    return Left(function, (a, b), chosen, a.continuous)


def right(function: Function, a: Node, b: Node, chosen: int | None = None) -> Node:
    """``function`` of two nodes with the events of the second."""
    return Right(function, (a, b), chosen, b.continuous)


def both(function: Function, a: Node, b: Node, chosen: int | None = None) -> Node:
    """``function`` of two nodes with an event wherever two of theirs overlap; a continuous one adds no events."""
    if a.continuous:
        return right(function, a, b, chosen)
    return left(function, a, b, chosen) if b.continuous else Both(function, (a, b), chosen, False)


def inside(function: Function, a: Node, b: Node, reading: Reading, chosen: int | None = None) -> Node:
    """``function`` of two nodes, the second read anew in each event of the first; as ``right`` where that has none."""
    return right(function, a, b, chosen) if a.continuous else Inside(function, (a, b), chosen, reading)
