"""Patterns in a row and at the same time."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import accumulate, pairwise

from livevae.errors import LivevaeError
from livevae.pattern.core import Pattern, reify, silence
from livevae.pattern.node import Stack
from livevae.pattern.pieces import Layout, Piece, Piecewise
from livevae.pattern.time import ONE, Context, Time, fraction
from livevae.pattern.turns import by_turns, gliding


def cat(*patterns: object) -> Pattern:
    """One pattern after another, a cycle of each.

    >>> cat("bell", "choir drum").query(0, 2)
    [(0>1)|bell, (1>3/2)|choir, (3/2>2)|drum]
    """
    parts = [reify(pattern) for pattern in patterns]
    count = len(parts)
    if count < 2:
        return parts[0] if parts else silence
    nodes = [part._node for part in parts]
    return Pattern(by_turns(nodes, lambda cycle: (cycle % count, ONE, Fraction(cycle // count - cycle))))


def seq(*patterns: object) -> Pattern:
    """Patterns in a row, all within one cycle.

    >>> seq("bell", "choir", 3).query(0, 1)
    [(0>1/3)|bell, (1/3>2/3)|choir, (2/3>1)|3]
    """
    return timecat(*((1, pattern) for pattern in patterns))


def timecat(*weighted: tuple[Time, object]) -> Pattern:
    """Patterns in a row within one cycle, each as long as its weight among all.

    >>> timecat((3, "bell"), (1, "choir")).query(0, 1)
    [(0>3/4)|bell, (3/4>1)|choir]
    """
    if len(weighted) < 2:
        return reify(weighted[0][1]) if weighted else silence
    weights = [fraction(weight, "a weight") for weight, _ in weighted]
    if min(weights) <= 0:
        raise LivevaeError("a weight must be above zero.")
    total = sum(weights, Fraction(0))
    ends = [end / total for end in accumulate(weights, initial=Fraction(0))]
    nodes = [reify(pattern)._node for _, pattern in weighted]
    return Pattern(gliding(nodes, lambda parts: Piecewise(parts, steps_layout(ends), total)))


def steps_layout(ends: Sequence[Fraction]) -> Layout:
    """Each part's whole cycle squeezed between two of ``ends``, in every cycle."""
    steps = [(index, a, b, 1 / (b - a)) for index, (a, b) in enumerate(pairwise(ends))]

    def layout(cycle: int, context: Context) -> list[Piece]:
        return [Piece(cycle + a, cycle + b, i, scale, cycle - (cycle + a) * scale) for i, a, b, scale in steps]

    return layout


def stack(*patterns: object, weights: list[object] | None = None) -> Pattern:
    """Patterns at the same time: all their events; the sum of their values, each times its weight.

    A pair ``(weight, pattern)`` gives a weight, as does ``weights=[...]``; a weight may be a pattern.
    Silent patterns add nothing, and the sum is silent only where all are.

    >>> stack((0.5, "4"), "1 ~").sample([0.0, 0.5])
    array([3., 2.])
    """
    if weights is not None:
        if len(weights) != len(patterns):
            raise LivevaeError(f"stack() was given {len(patterns)} patterns but {len(weights)} weights.")
        patterns = tuple(zip(weights, patterns, strict=True))
    parts = []
    for pattern in patterns:
        if isinstance(pattern, tuple):
            if len(pattern) != 2:
                raise LivevaeError("stack() takes patterns, or pairs of (weight, pattern).")
            parts.append(reify(pattern[1]) * reify(pattern[0]))
        else:
            parts.append(reify(pattern))
    if len(parts) < 2:
        return parts[0] if parts else silence
    return Pattern(Stack([part._node for part in parts]))


slowcat, fastcat = cat, seq
