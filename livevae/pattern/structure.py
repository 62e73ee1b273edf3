"""Patterns in a row that are not all of one length, and patterns that count."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from fractions import Fraction
from itertools import accumulate

from livevae.errors import LivevaeError
from livevae.pattern.checks import whole
from livevae.pattern.core import Pattern, reify, silence
from livevae.pattern.join import joined
from livevae.pattern.node import Node, constant
from livevae.pattern.pieces import Piece, Piecewise
from livevae.pattern.sequence import seq, stack, steps_layout
from livevae.pattern.time import ONE, Context, Time, fraction
from livevae.pattern.turns import piecewise

MOST_NUMBERS = 1024


def polymeter(*patterns: object, steps: object = None) -> Pattern:
    """Sequences of different lengths at the same time, whose steps have the same length: ``steps`` a cycle.

    Without ``steps`` it is as many as the first sequence has. A sequence is a list or mini-notation; for any other
    pattern the pair ``(count, pattern)`` says how many steps its cycle is counted as. ``steps`` may be a pattern.

    >>> show(polymeter("a b c", "1 2"), 2)
    |a|b|c|a|b|c|
    |1|2|1|2|1|2|
    """
    if not patterns:
        return silence
    counted = [_counted(pattern) for pattern in patterns]
    pace = counted[0][0] if steps is None else steps
    return stack(*(pattern.slow(count).fast(pace) for count, pattern in counted))


def _counted(sequence: object) -> tuple[Fraction, Pattern]:
    """How many steps a cycle of a sequence has, and its pattern."""
    if isinstance(sequence, tuple):
        if len(sequence) != 2:
            raise LivevaeError("polymeter() takes sequences, or pairs of (number of steps, pattern).")
        count = fraction(sequence[0], "the number of steps")
        if count <= 0:
            raise LivevaeError(f"polymeter(): a sequence cannot have {count} steps: give a number above zero.")
        return count, reify(sequence[1])
    pattern = reify(sequence)
    if isinstance(sequence, list):
        return Fraction(max(1, len(sequence))), pattern
    return step_count(pattern), pattern


def step_count(pattern: Pattern) -> Fraction:
    """The steps that a pattern was written in, with their weights; 1 where it is no sequence.

    >>> step_count(mini("a b@2 c"))
    Fraction(4, 1)
    """
    node = pattern._node
    return node.steps if isinstance(node, Piecewise) and node.steps is not None else ONE


def arrange(*sections: tuple[Time, object]) -> Pattern:
    """Patterns one after another, each for its number of cycles, and then from the start again.

    Each goes on where it stopped when its turn comes again.

    >>> show(arrange((2, "bell"), (1, "choir drum")), 3)
    |bell───────|bell───────|choir|drum─|
    """
    if any(not isinstance(section, tuple) or len(section) != 2 for section in sections):
        raise LivevaeError("arrange() takes pairs of (cycles, pattern): arrange((4, intro), (8, 'bell choir')).")
    lengths = [fraction(length, "the length of a section") for length, _ in sections]
    if not sections:
        return silence
    if min(lengths) <= 0:
        raise LivevaeError("arrange(): a section must be longer than zero cycles.")
    begins = list(accumulate(lengths, initial=Fraction(0)))
    total = begins.pop()

    def layout(cycle: int, context: Context) -> list[Piece]:
        pieces = []
        at, end = Fraction(cycle), Fraction(cycle + 1)
        while at < end:
            turn = math.floor(at / total)
            index = bisect_right(begins, at - turn * total) - 1
            begin = turn * total + begins[index]
            until = min(end, begin + lengths[index])
            pieces.append(Piece(at, until, index, ONE, turn * lengths[index] - begin))
            at = until
        return pieces

    return Pattern(piecewise([reify(pattern)._node for _, pattern in sections], layout))


def run(n: object) -> Pattern:
    """The numbers from 0 up to, not including, ``n`` in a cycle; ``n`` may be a pattern.

    >>> show(run("<4 2>"), 2)
    |0|1|2|3|0──|1──|
    """

    def build(parts: Sequence[Node], value: object) -> Node:
        return _counting(range(whole(value, "run(): how far to count", 0, MOST_NUMBERS)))

    return Pattern(joined(build, [], [reify(n)._node]))


def scan(n: object) -> Pattern:
    """One number more in every cycle: ``0``, then ``0 1``, up to ``run(n)``, and from the start again.

    >>> show(scan(3), 3)
    |0──────────|0────|1────|0──|1──|2──|
    """

    def build(parts: Sequence[Node], value: object) -> Node:
        count = whole(value, "scan(): how far to count", 1, 64)
        nodes = [_counting(range(index + 1)) for index in range(count)]

        def layout(cycle: int, context: Context) -> list[Piece]:
            return [Piece(Fraction(cycle), Fraction(cycle + 1), cycle % count)]

        return piecewise(nodes, layout)

    return Pattern(joined(build, [], [reify(n)._node]))


def _counting(numbers: Sequence[int]) -> Node:
    if len(numbers) < 2:
        return seq(*numbers)._node
    ends = [Fraction(index, len(numbers)) for index in range(len(numbers) + 1)]
    return Piecewise([constant(float(number)) for number in numbers], steps_layout(ends))
