"""Cyclic time: exact spans of cycles, and the context that ties cycles to seconds and to a seed."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from numbers import Rational, Real
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from livevae.errors import LivevaeError

if TYPE_CHECKING:
    from livevae.pattern.space import Space

Array = npt.NDArray[np.float64]
Time = int | float | Fraction
Key: TypeAlias = "tuple[int, int, Space | None]"
"""What the events of a cycle hang on: the cycle, the seed, and where the sounds of the model lie."""

# Floats typed by a performer mean the simple ratio they round to: 0.1 is 1/10, 0.333333 is 1/3.
LARGEST_DENOMINATOR = 100_000
DEFAULT_CPS = 0.5
ONE = Fraction(1)


def fraction(value: object, what: str = "a time") -> Fraction:
    """The exact ratio a number means; floats become the nearest ratio of small numbers.

    >>> fraction(0.75), fraction(2)
    (Fraction(3, 4), Fraction(2, 1))
    """
    if isinstance(value, Rational):
        return Fraction(int(value.numerator), int(value.denominator))
    if isinstance(value, Real) and math.isfinite(value):
        return Fraction(float(value)).limit_denominator(LARGEST_DENOMINATOR)
    raise LivevaeError(f"{what} must be a finite number, not {value!r}.")


def as_float(time: Fraction) -> float:
    """The number nearest to an exact time: as ``float(time)``, which takes far longer to find that out.

    >>> as_float(Fraction(1, 4))
    0.25
    """
    return time.numerator / time.denominator


def _moved(time: Fraction, scale: Fraction, offset: Fraction) -> Fraction:
    """``time * scale + offset``, brought to its lowest terms once."""
    below = time.denominator * scale.denominator
    return Fraction(
        time.numerator * scale.numerator * offset.denominator + offset.numerator * below, below * offset.denominator
    )


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of cycles from ``begin`` up to, not including, ``end``; a moment where the two are equal."""

    begin: Fraction
    end: Fraction

    @classmethod
    def of(cls, begin: Time, end: Time) -> Span:
        """A span from two numbers.

        >>> Span.of(0, 0.5)
        Span(begin=Fraction(0, 1), end=Fraction(1, 2))
        """
        first, last = fraction(begin), fraction(end)
        if last < first:
            raise LivevaeError(f"a span must not end ({last}) before it begins ({first}).")
        return cls(first, last)

    @property
    def length(self) -> Fraction:
        """Cycles from begin to end."""
        return self.end - self.begin

    @property
    def midpoint(self) -> Fraction:
        """The cycle half way."""
        return (self.begin + self.end) / 2

    def cycles(self) -> list[Span]:
        """The span cut at whole cycles.

        >>> [str(s.begin) for s in Span.of(0.5, 2.5).cycles()]
        ['1/2', '1', '2']
        """
        if self.begin == self.end:
            return [self]
        cuts = [self.begin, *map(Fraction, range(math.floor(self.begin) + 1, math.ceil(self.end))), self.end]
        return [Span(a, b) for a, b in itertools.pairwise(cuts)]

    def overlap(self, other: Span) -> Span | None:
        """What two spans share, or None. A moment belongs to the span that begins at it, not to one ending there."""
        begin = self.begin if self.begin >= other.begin else other.begin
        end = self.end if self.end <= other.end else other.end
        if begin > end:
            return None
        if begin == end:
            for span in (self, other):
                if span.begin < span.end == begin:
                    return None
            if self.begin < self.end and other.begin < other.end:
                return None
        return Span(begin, end)

    def mapped(self, scale: Fraction, offset: Fraction) -> Span:
        """The span with every time t replaced by t * scale + offset; a negative scale swaps its ends."""
        if scale is ONE:
            return Span(self.begin + offset, self.end + offset)
        a, b = _moved(self.begin, scale, offset), _moved(self.end, scale, offset)
        return Span(a, b) if scale > 0 else Span(b, a)


def _default_seconds(cycles: Array) -> Array:
    return cycles / DEFAULT_CPS


@dataclass(frozen=True, slots=True)
class Context:
    """What a pattern is sampled in: the seed of its randomness, and the monotone map from cycles to seconds.

    ``backwards`` is set inside a reversal, where later cycles are heard earlier; ``space`` tells where the sounds of
    the model that plays lie, None where there is no model.
    """

    seed: int = 0
    seconds: Callable[[Array], Array] = field(default=_default_seconds)
    backwards: bool = False
    space: Space | None = None

    @classmethod
    def at(cls, cps: float, seed: int = 0) -> Context:
        """A steady tempo, in cycles per second.

        >>> Context.at(2).seconds(np.array([3.0]))
        array([1.5])
        """
        if not (math.isfinite(cps) and cps > 0):
            raise LivevaeError(f"a tempo must be above zero cycles a second, not {cps!r}.")
        return cls(seed, lambda cycles: cycles / cps)

    def mapped(self, scale: float, offset: float) -> Context:
        """The context seen from inside a time transformation where inner = outer * scale + offset.

        Seconds stay those of the performance, so that recordings keep their speed when a pattern is made faster.
        """
        outer = self.seconds
        backwards = self.backwards != (scale < 0)
        return Context(self.seed, lambda inner: outer((inner - offset) / scale), backwards, self.space)

    def key(self, cycle: int) -> Key:
        """What tells apart the events of a cycle that are kept for later."""
        return cycle, self.seed, self.space

    def onset(self, begin: Array, end: Array) -> Array:
        """Seconds at which spans are entered: at their end, seen from inside a reversal."""
        return self.seconds(end if self.backwards else begin)


DEFAULT_CONTEXT = Context()
