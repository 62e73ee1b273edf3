"""The terms of an expression of `live`: numbers and patterns, and what they are at given times."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from livevae.pattern import Context, Pattern, reify

Values = NDArray[np.float64]
Mask = NDArray[np.bool_]
Term = float | Pattern


class Moved(NamedTuple):
    """What is added through a mover: `amount * M(gain * live[now - lag] + bias)` where it is `there`.

    `there` and `lag` are `(n,)`, the others `(n, D)`; `lag` is in frames.
    """

    there: Mask
    amount: Values
    gain: Values
    bias: Values
    lag: Values

    def at(self, places: NDArray[np.intp] | Mask) -> Moved:
        """The same at some of the frames."""
        return Moved(self.there[places], self.amount[places], self.gain[places], self.bias[places], self.lag[places])

    @classmethod
    def absent(cls, dims: int, count: int) -> Moved:
        """`count` frames in which it is not there."""
        empty = np.zeros((count, dims))
        return cls(np.zeros(count, bool), empty, empty, empty, np.zeros(count))


def term(thing: object) -> Term:
    """A plain number as a float, anything else as a pattern."""
    if isinstance(thing, int | float | np.number):
        return float(thing)
    return reify(thing)


def same(a: Term, b: Term) -> bool:
    """Whether two terms are known to be the same."""
    return a is b or (isinstance(a, float) and isinstance(b, float) and a == b)


def added(a: Term, b: Term) -> Term:
    """The sum of two terms; 0 adds nothing."""
    if isinstance(a, float) and a == 0.0:
        return b
    return a if isinstance(b, float) and b == 0.0 else a + b


def times(a: Term, b: Term) -> Term:
    """The product of two terms. Nothing is left out for a factor of 0: a pattern's rests stay rests."""
    if isinstance(a, float) and a == 1.0:
        return b
    return a if isinstance(b, float) and b == 1.0 else a * b


def sampled(term: Term, cycles: Values, context: Context, dims: int) -> Values:
    """The values of a term, a new array `(n, dims)`."""
    if isinstance(term, float):
        return np.full((len(cycles), dims), term)
    return np.array(term.with_dims(dims).sample(cycles, context))
