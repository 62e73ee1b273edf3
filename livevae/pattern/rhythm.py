"""Euclidean rhythms."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from livevae.errors import LivevaeError
from livevae.pattern.pieces import Piece
from livevae.pattern.time import Span


def euclid_steps(k: object, n: object, rot: object = 0) -> list[bool]:
    """Which of ``n`` steps sound when ``k`` are spread as evenly as they go (Bjorklund's algorithm).

    >>> "".join("x" if on else "." for on in euclid_steps(5, 8))
    'x.xx.xx.'
    """
    numbers = [int(x) for x in (k, n, rot) if isinstance(x, int | float | np.integer) and x == x // 1]
    if len(numbers) < 3 or not 1 <= numbers[1] <= 1024 or abs(numbers[0]) > numbers[1]:
        raise LivevaeError(
            f"a Euclidean rhythm ({_shown(k)},{_shown(n)},{_shown(rot)}) needs whole numbers: "
            "1 to 1024 steps, and no more beats than steps."
        )
    beats, count, turn = numbers
    heads, tails = [[True]] * abs(beats), [[False]] * (count - abs(beats))
    while min(len(heads), len(tails)) > 1:
        pairs = min(len(heads), len(tails))
        rest = heads[pairs:] or tails[pairs:]
        heads, tails = [a + b for a, b in zip(heads, tails, strict=False)], rest
    steps = [on == (beats >= 0) for group in heads + tails for on in group]
    return steps[turn % count :] + steps[: turn % count]


def _shown(number: object) -> str:
    return f"{number:g}" if isinstance(number, float) else str(number)


def euclid_pieces(cycle: int, within: Span, steps: list[bool]) -> list[Piece]:
    """The sounding steps of a cycle, as far as they lie within a span."""
    count = len(steps)
    pieces = []
    for index in (index for index, on in enumerate(steps) if on):
        step = Span(cycle + Fraction(index, count), cycle + Fraction(index + 1, count))
        heard = step.overlap(within)
        if heard is not None:
            pieces.append(Piece(heard.begin, heard.end, 0, Fraction(count), cycle - step.begin * count))
    return pieces
