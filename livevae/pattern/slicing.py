"""Methods that cut the recordings in a pattern into slices, and fit them to their events."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from livevae.errors import LivevaeError
from livevae.pattern.checks import discrete, whole
from livevae.pattern.fit import Fit, Lasting
from livevae.pattern.join import joined
from livevae.pattern.node import Node, Steps
from livevae.pattern.pieces import Piece
from livevae.pattern.restructure import replaced, split, structured
from livevae.pattern.time import Context, Span, fraction
from livevae.pattern.transform import Timing
from livevae.pattern.turns import piecewise, spread_out
from livevae.pattern.value import Event, Value

if TYPE_CHECKING:
    from livevae.pattern.core import Pattern


class Slicing(Timing):
    """Recordings in slices. Numbers and points, which have no length, stay as they are."""

    __slots__ = ()

    def chop(self, n: object) -> Pattern:
        """Every event as ``n`` events that play its recording slice by slice, at its own speed.

        >>> show(mini("bell").chop(2), 1)
        |bell:0:2|bell:1:2|
        """

        def build(parts: Sequence[Node], value: object) -> Node:
            count = whole(value, "chop(): the number of slices")
            cuts = [Fraction(index, count) for index in range(count + 1)]

            def chopped(event: Event) -> list[Event]:
                return [split(event, a, b, part_of(event.value, a, b)) for a, b in pairwise(cuts)]

            return replaced(parts[0], chopped)

        return self._sliced(build, n)

    def striate(self, n: object) -> Pattern:
        """The cycle ``n`` times as fast, and so the first slice of every recording, then the second of every one.

        >>> show(mini("a b").striate(2), 1)
        |a:0:2|b:0:2|a:1:2|b:1:2|
        """

        def build(parts: Sequence[Node], value: object) -> Node:
            count = whole(value, "striate(): the number of slices")
            nodes = [_each(parts[0], _slicer(count, index)) for index in range(count)]

            def layout(cycle: int, context: Context) -> list[Piece]:
                begins = [cycle + Fraction(index, count) for index in range(count)]
                return [
                    Piece(begin, begin + Fraction(1, count), index, Fraction(count), cycle - begin * count)
                    for index, begin in enumerate(begins)
                ]

            return piecewise(nodes, layout)

        return self._sliced(build, n)

    def slice(self, n: object, indices: object) -> Pattern:
        """Of recordings cut into ``n`` slices those with these numbers, in the rhythm of ``indices``.

        They count from 0 and go around: -1 is the last. Each plays at its own speed.

        >>> show(mini("bell").slice(4, "0 2"), 1)
        |bell:0:4|bell:2:4|
        """
        return self._by_index("slice", n, indices, part_of)

    def splice(self, n: object, indices: object) -> Pattern:
        """As ``slice``, and each slice lasts exactly as long as its event, whatever the tempo.

        >>> show(mini("bell").splice(2, "1 0"), 1)
        |bell:1:2|bell:0:2|
        """
        return self._by_index("splice", n, indices, lambda value, a, b: fitted(part_of(value, a, b)))

    def _by_index(
        self, name: str, n: object, indices: object, cut: Callable[[Value, Fraction, Fraction], Value]
    ) -> Pattern:
        counts = discrete(self._reified(n)._node, f"{name}()")
        numbers = discrete(self._reified(indices)._node, f"{name}()")
        if counts.steady is not None:
            whole(counts.steady, f"{name}(): the number of slices")

        def find(span: Span, context: Context) -> list[Event]:
            found = []
            for index in numbers.query(span, context):
                for count in counts.query(index.part, context):
                    slices = whole(count.value, f"{name}(): the number of slices")
                    number = whole(index.value, f"{name}(): the number of a slice", -(2**31), 2**31) % slices
                    ends = np.array([number, number + 1]) / slices
                    found.append(Event(index.whole, count.part, ends))
            return found

        def choose(ends: Value, value: Value) -> Value:
            assert isinstance(ends, np.ndarray)
            return cut(value, fraction(ends[0]), fraction(ends[1]))

        return self._made(structured(self._node, Steps(find), choose, movements=False))

    def fit(self) -> Pattern:
        """Every recording lasts exactly as long as its event, whatever the tempo.

        >>> show(mini("bell choir").fit(), 1)
        |bell─|choir|
        """
        return self._made(_each(self._node, fitted))

    def loop_at(self, cycles: object) -> Pattern:
        """The pattern stretched over ``cycles``, with recordings that last exactly as long as their events.

        One recording alone becomes a loop of so many cycles; chop it to play with its parts.

        >>> show(mini("bell").loop_at(2).chop(2), 2)
        |bell:0:2|bell:1:2|
        """
        return self.slow(cycles).fit()

    def _sliced(self, build: Callable[..., Node], n: object) -> Pattern:
        counts = self._reified(n)._node
        return self._made(spread_out([self._node], lambda parts: joined(build, parts, [counts])))


def part_of(value: Value, begin: Fraction, end: Fraction) -> Value:
    """The part of what plays between two fractions of it; anything else as it is."""
    if isinstance(value, str):
        return _part_of_take(value, begin, end)
    if isinstance(value, Fit):
        inner = part_of(value.source, begin, end)
        return Fit(inner) if isinstance(inner, Lasting) else value
    if isinstance(value, Lasting):
        cut = getattr(value, "slice", None)
        if cut is None:
            raise LivevaeError(f"{type(value).__name__} cannot be cut into slices: use a recording.")
        part: Value = cut(float(begin) * value.seconds, float(end) * value.seconds)
        return part
    return value


@lru_cache(maxsize=4096)
def _part_of_take(value: str, begin: Fraction, end: Fraction) -> str:
    # Takes are equal where they say the same.
    from livevae.pattern.take import Take  # built from Pattern, whose methods these are

    return Take.of(value).part(begin, end)


def fitted(value: Value) -> Value:
    """What plays, made to last as long as its event; anything else as it is."""
    if isinstance(value, str):
        from livevae.pattern.take import Take  # built from Pattern, whose methods these are

        return Take.of(value).but(fit=True)
    return Fit(value) if isinstance(value, Lasting) and not isinstance(value, Fit) else value


def _slicer(count: int, index: int) -> Callable[[Value], Value]:
    return lambda value: part_of(value, Fraction(index, count), Fraction(index + 1, count))


def _each(node: Node, change: Callable[[Value], Value]) -> Node:
    return replaced(node, lambda event: [Event(event.whole, event.part, change(event.value))])
