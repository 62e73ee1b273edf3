"""Sampling and holding: a pattern looked at so many times a cycle."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from livevae.errors import LivevaeError
from livevae.pattern.arguments import stepping, unheld
from livevae.pattern.join import joined
from livevae.pattern.node import Node
from livevae.pattern.time import Array, Context, Span, fraction
from livevae.pattern.value import Event, Sampled, elementwise, first_value


class SampleHold(Node):
    """A node looked at ``rate`` times a cycle, its value held in between; ``stepped`` makes each an event.

    A held node gives events that begin anew with each step, so that recordings start again. What any other node gives
    is asked for with every block, so that a knob in it is still heard.
    """

    __slots__ = ("_node", "_rate", "_ratio", "_stepped")

    def __init__(self, node: Node, rate: Fraction, stepped: bool) -> None:
        super().__init__(held=stepped and node.held, continuous=not stepped)
        self._node, self._rate, self._stepped = node, rate, stepped
        self._ratio = float(rate.numerator), float(rate.denominator)

    def events(self, span: Span, context: Context) -> list[Event]:
        first = math.floor(span.begin * self._rate)
        last = max(first + 1, math.ceil(span.end * self._rate))
        found = []
        for step in range(first, last):
            whole = Span(step / self._rate, (step + 1) / self._rate)
            part = whole.overlap(span)
            for value in self._values(whole.begin, context) if part is not None else []:
                found.append(Event(whole, part, value))  # type: ignore[arg-type]
        return found

    def _values(self, at: Fraction, context: Context) -> list[object]:
        if self._node.held:
            return [event.value for event in self._node.query(Span(at, at), context)]
        value = first_value(self._node.sample(np.array([float(at)]), context))
        return [] if value is None else [value]

    def flow(self, cycles: Array, context: Context) -> Sampled:
        begins, row = np.unique(self.begins(cycles), return_inverse=True)
        return elementwise(lambda values: values[row], self._node.sample(begins, context))

    def begins(self, cycles: Array) -> Array:
        """Where the step that holds each time begins: the same numbers as of the exact times of the events."""
        up, down = self._ratio
        index = np.floor(cycles * up / down)
        index -= index * down / up > cycles
        index += (index + 1) * down / up <= cycles
        return np.asarray(index * down / up)

    def parts(self) -> Sequence[Node]:
        return (self._node,)

    def rebuilt(self, parts: Sequence[Node]) -> Node:
        return SampleHold(parts[0], self._rate, self._stepped)


def sample_hold(name: str, node: Node, rate: Node, stepped: bool) -> Node:
    """``node`` looked at as often as ``rate`` says, which may change in time."""

    def build(parts: Sequence[Node], times: object) -> Node:
        exact = fraction(times, f"{name}(): the number of steps a cycle")
        if exact <= 0:
            raise LivevaeError(f"{name}({exact}): the number of steps a cycle must be above zero.")
        return SampleHold(parts[0], exact, stepped)

    if rate.steady is not None:
        return joined(build, [node], [rate])
    if stepped:
        return joined(build, [node if node.held else stepping(node)], [rate])
    return joined(build, [unheld(node)], [rate])
