"""Patterns chosen among by chance: at each moment, or cycle by cycle."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from fractions import Fraction
from itertools import accumulate

import numpy as np
import numpy.typing as npt

from livevae.errors import LivevaeError
from livevae.pattern.core import Pattern, reify, silence
from livevae.pattern.hashing import MOMENTS_PER_CYCLE, keys, uniform
from livevae.pattern.node import Node
from livevae.pattern.pick import chances, checked_seed
from livevae.pattern.pieces import Piece
from livevae.pattern.time import Array, Context, Span
from livevae.pattern.turns import piecewise
from livevae.pattern.value import Event, Sampled, merge


class _Choice(Node):
    """At each moment one of several nodes, by chance; ``shares`` are where each one's part of 0 to 1 ends."""

    __slots__ = ("_parts", "_seed", "_shares")

    def __init__(self, parts: Sequence[Node], shares: Sequence[float], seed: int) -> None:
        super().__init__(held=False, continuous=True)
        self._parts, self._shares, self._seed = tuple(parts), np.array(shares), seed

    def query(self, span: Span, context: Context) -> list[Event]:
        part = self._parts[int(self._chosen(np.array([float(span.begin)]), context)[0])]
        return [Event(None, span, event.value) for event in part.query(Span(span.begin, span.begin), context)]

    def flow(self, cycles: Array, context: Context) -> Sampled:
        chosen = self._chosen(cycles, context)
        heard = [(chosen == index, part) for index, part in enumerate(self._parts)]
        return merge(cycles.size, [(here, part.sample(cycles[here], context)) for here, part in heard if here.any()])

    def _chosen(self, cycles: Array, context: Context) -> npt.NDArray[np.intp]:
        index = np.floor(cycles * MOMENTS_PER_CYCLE).astype(np.int64)
        numbers = uniform(keys("choose", (context.seed, self._seed), 1), index)[:, 0]
        return np.minimum(self._shares.searchsorted(numbers, side="right"), len(self._parts) - 1)

    def parts(self) -> Sequence[Node]:
        return self._parts

    def rebuilt(self, parts: Sequence[Node]) -> Node:
        return _Choice(parts, self._shares.tolist(), self._seed)


def choose(*values: object, seed: int = 0) -> Pattern:
    """At each moment one of the values by chance, a continuous pattern as ``rand`` is.

    ``segment`` makes steps of it; on the right of an operator it is read at each event of the left side.

    >>> show(mini("0*4") + choose(1, 2, 3), 1)
    |1|1|2|2|
    """
    return wchoose(*((value, 1) for value in values), seed=seed)


def wchoose(*weighted: tuple[object, float], seed: int = 0) -> Pattern:
    """As ``choose``, with pairs ``(value, weight)``: one of weight 3 is chosen three times as often as one of 1.

    >>> show(mini("0*4") + wchoose((1, 9), (2, 1)), 1)
    |1|1|1|1|
    """
    nodes, shares = _shares("wchoose", weighted)
    return Pattern(_Choice(nodes, shares, checked_seed(seed))) if nodes else silence


def choose_cycles(*patterns: object, seed: int = 0) -> Pattern:
    """In each cycle one of the patterns by chance.

    >>> show(choose_cycles("bell", "choir drum"), 4)
    |bell───────|choir|drum─|bell───────|bell───────|
    """
    return wchoose_cycles(*((pattern, 1) for pattern in patterns), seed=seed)


def wchoose_cycles(*weighted: tuple[object, float], seed: int = 0) -> Pattern:
    """As ``choose_cycles``, with pairs ``(pattern, weight)``.

    >>> show(wchoose_cycles(("bell", 3), ("choir drum", 1)), 4)
    |bell───────|choir|drum─|bell───────|bell───────|
    """
    nodes, shares = _shares("wchoose_cycles", weighted)
    number = checked_seed(seed)
    if len(nodes) < 2:
        return Pattern(nodes[0]) if nodes else silence

    def layout(cycle: int, context: Context) -> list[Piece]:
        begin = Fraction(cycle)
        index = bisect_right(shares, chances("choose cycles", [begin], context, number)[0])
        return [Piece(begin, begin + 1, min(index, len(nodes) - 1))]

    return Pattern(piecewise(nodes, layout))


def _shares(name: str, weighted: Sequence[tuple[object, float]]) -> tuple[list[Node], list[float]]:
    """The nodes that may be chosen, and where each one's share of 0 to 1 ends."""
    if any(not isinstance(pair, tuple) or len(pair) != 2 for pair in weighted):
        raise LivevaeError(f"{name}() takes pairs, a pattern and its weight: {name}(('bell', 3), ('choir', 1)).")
    chosen = [(reify(pattern)._node, _weight(weight)) for pattern, weight in weighted]
    nodes, weights = [node for node, weight in chosen if weight > 0], [weight for _, weight in chosen if weight > 0]
    return nodes, [end / sum(weights) for end in accumulate(weights)]


def _weight(weight: object) -> float:
    if not isinstance(weight, int | float | Fraction | np.number) or not 0 <= weight < math.inf:
        raise LivevaeError(f"a weight is a number, zero or more, not {weight!r}.")
    return float(weight)


randcat, wrandcat = choose_cycles, wchoose_cycles
