"""Arguments that are patterns: for each of their events, a node of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from livevae.pattern.hold import Recent
from livevae.pattern.node import Node
from livevae.pattern.pieces import Changing, Turn, Turns
from livevae.pattern.time import Context, Span
from livevae.pattern.value import Value
from livevae.pattern.variables import remembering

NODES_KEPT = 64

Build = Callable[..., Node]


class Join(Turns):
    """For every combination of the arguments' events ``build(parts, *values)``, within what those events share.

    The structure is that of the inner pattern, cut where an argument changes (Tidal's inner join). ``parts`` are the
    patterns that the built nodes are made from. ``layered`` says that they may sound at the same time, so that their
    samples add up.
    """

    __slots__ = ("_arguments", "_build", "_built", "_layered", "_parts")

    def __init__(self, build: Build, parts: Sequence[Node], arguments: Sequence[Node], layered: bool = False) -> None:
        held = not layered and all(part.held for part in parts)
        super().__init__(held, bool(parts) and all(part.continuous for part in parts))
        self._build, self._parts, self._arguments = build, tuple(parts), tuple(arguments)
        self._layered = layered
        self._built: Recent[tuple[Value, ...], Node] = Recent(NODES_KEPT)

    def lay(self, cycle: int, context: Context) -> Sequence[Turn]:
        spans: list[tuple[Span, tuple[Value, ...]]] = [(Span(Fraction(cycle), Fraction(cycle + 1)), ())]
        for argument in self._arguments:
            spans = [
                (event.part, (*values, event.value))
                for span, values in spans
                for event in argument.query(span, context)
            ]
        # Where events of an argument overlap, the one that begins last is meant from there on.
        turns: list[Turn] = []
        for span, values in sorted(spans, key=lambda found: found[0].begin):
            if turns and turns[-1][1] > span.begin:
                begin, _, node = turns.pop()
                if begin < span.begin:
                    turns.append((begin, span.begin, node))
            turns.append((span.begin, span.end, self._node(values)))
        return turns

    def _node(self, values: tuple[Value, ...]) -> Node:
        if all(isinstance(value, float | str) for value in values):
            return self._built.get(values, lambda: self._build(self._parts, *values))
        return self._build(self._parts, *values)

    def words(self) -> frozenset[str]:
        return frozenset().union(*(part.words() for part in self._parts))

    def parts(self) -> Sequence[Node]:
        return self._parts

    def through(self, change: Callable[[Node], Node]) -> Node:
        # What is built may hold more than the parts, such as names that the performer's own function brings in.
        return Changing(self, change)


def joined(build: Build, parts: Sequence[Node], arguments: Sequence[Node], layered: bool = False) -> Node:
    """``build(parts, *values)`` with the arguments' values, which may change in time; see ``Join``.

    It is built at once where no argument ever changes, so that a wrong value is an error when it is typed.
    """
    steady = [argument.steady for argument in arguments]
    if all(value is not None for value in steady):
        return build(tuple(parts), *steady)
    return Join(remembering(build), parts, arguments, layered)
