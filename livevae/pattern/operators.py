"""Operators between patterns, numbers, vectors and whatever else can be a pattern."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt

from livevae.errors import LivevaeError
from livevae.pattern.methods import Methods
from livevae.pattern.time import Array

if TYPE_CHECKING:
    from livevae.pattern.core import Pattern


class Operators(Methods):
    """Arithmetic, comparisons and masks, each a numpy function of the values at each moment.

    The events are those of the left side, or of the pattern where only one side is one. Where either side is silent
    the result is silent. A mask is a pattern of 1 (true) and 0 (false); any number but 0 counts as true.

    >>> show(mini("1 2 3 4") * 10 + "5 0", 1)
    |15|25|30|40|
    >>> show((mini("1 2 3 4") > 2) & "1 0 1 1", 1)
    |0|0|1|1|
    """

    __slots__ = ()
    __array_ufunc__: ClassVar[None] = None  # so that an array on the left of an operator leaves the work to the pattern

    def __add__(self, other: object) -> Pattern:
        return self._lifted(np.add, other)

    def __radd__(self, other: object) -> Pattern:
        return self._lifted(_swapped(np.add), other)

    def __sub__(self, other: object) -> Pattern:
        return self._lifted(np.subtract, other)

    def __rsub__(self, other: object) -> Pattern:
        return self._lifted(_swapped(np.subtract), other)

    def __mul__(self, other: object) -> Pattern:
        return self._lifted(np.multiply, other)

    def __rmul__(self, other: object) -> Pattern:
        return self._lifted(_swapped(np.multiply), other)

    def __truediv__(self, other: object) -> Pattern:
        return self._lifted(np.divide, other)

    def __rtruediv__(self, other: object) -> Pattern:
        return self._lifted(_swapped(np.divide), other)

    def __mod__(self, other: object) -> Pattern:
        return self._lifted(np.mod, other)

    def __rmod__(self, other: object) -> Pattern:
        return self._lifted(_swapped(np.mod), other)

    def __pow__(self, other: object) -> Pattern:
        return self._lifted(power, other)

    def __rpow__(self, other: object) -> Pattern:
        return self._lifted(_swapped(power), other)

    def __neg__(self) -> Pattern:
        return self._lifted(np.negative)

    def __abs__(self) -> Pattern:
        return self._lifted(np.abs)

    # -- comparisons, and what is made of them

    def __lt__(self, other: object) -> Pattern:
        return self._lifted(_compared(np.less), other)

    def __le__(self, other: object) -> Pattern:
        return self._lifted(_compared(np.less_equal), other)

    def __gt__(self, other: object) -> Pattern:
        return self._lifted(_compared(np.greater), other)

    def __ge__(self, other: object) -> Pattern:
        return self._lifted(_compared(np.greater_equal), other)

    def eq(self, other: object) -> Pattern:
        """A mask: 1 where the values are equal, 0 where not. (``==`` asks whether two patterns are one object.)

        >>> show(mini("1 2 3").eq(2), 1)
        |0|1|0|
        """
        return self._method("eq", _compared(np.equal), other)

    def ne(self, other: object) -> Pattern:
        """A mask: 1 where the values differ, 0 where not.

        >>> show(mini("1 2 3").ne(2), 1)
        |1|0|1|
        """
        return self._method("ne", _compared(np.not_equal), other)

    def __and__(self, other: object) -> Pattern:
        return self._lifted(_compared(np.logical_and), other)

    def __rand__(self, other: object) -> Pattern:
        return self._lifted(_swapped(_compared(np.logical_and)), other)

    def __or__(self, other: object) -> Pattern:
        return self._lifted(_compared(np.logical_or), other)

    def __ror__(self, other: object) -> Pattern:
        return self._lifted(_swapped(_compared(np.logical_or)), other)

    def __invert__(self) -> Pattern:
        return self._lifted(_compared(np.logical_not))

    # -- transformations

    def __rshift__(self, change: Callable[[Any], object]) -> Pattern:
        """``change(pattern)``: ``mini("bell choir") >> fast(2) >> rev``."""
        if not callable(change):
            raise LivevaeError(f"{change!r} is no transformation: give a function of a pattern, as in p >> fast(2).")
        return self._reified(change(self))

    # -- functions of the values

    def floor(self) -> Pattern:
        """The whole number at or below each value.

        >>> show(mini("1.2 -1.2").floor(), 1)
        |1─|-2|
        """
        return self._lifted(np.floor)

    def ceil(self) -> Pattern:
        """The whole number at or above each value.

        >>> show(mini("1.2 -1.2").ceil(), 1)
        |2─|-1|
        """
        return self._lifted(np.ceil)

    def round(self, digits: int = 0) -> Pattern:
        """The nearest whole number, or the nearest number of so many ``digits`` behind the point.

        >>> show(mini("1.26 -1.2").round(1), 1)
        |1.3─|-1.2|
        """
        if not isinstance(digits, int):
            raise LivevaeError(f"round({digits!r}): the number of digits is a whole number.")

        def rounded(x: Array) -> Array:
            return np.round(x, digits)

        return self._lifted(rounded)

    def abs(self) -> Pattern:
        """Each value without its sign.

        >>> show(mini("1 -2").abs(), 1)
        |1|2|
        """
        return self._lifted(np.abs)

    def sign(self) -> Pattern:
        """-1 where a value is below zero, 1 where it is above, 0 where it is zero.

        >>> show(mini("3 -2 0").sign(), 1)
        |1─|-1|0─|
        """
        return self._lifted(np.sign)

    def sqrt(self) -> Pattern:
        """The square root; values below zero are silent.

        >>> show(mini("4 9").sqrt(), 1)
        |2|3|
        """
        return self._lifted(np.sqrt)

    def log(self) -> Pattern:
        """The natural logarithm; values of zero or less are silent.

        >>> show(mini("1 10").log(), 1)
        |0────|2.303|
        """
        return self._lifted(lambda x: np.log(np.where(x > 0, x, np.nan)))

    def sin(self) -> Pattern:
        """The sine of each value, in radians.

        >>> show(mini("0 1").sin(), 1)
        |0─────|0.8415|
        """
        return self._lifted(np.sin)

    def cos(self) -> Pattern:
        """The cosine of each value, in radians.

        >>> show(mini("0 1").cos(), 1)
        |1─────|0.5403|
        """
        return self._lifted(np.cos)

    def tanh(self) -> Pattern:
        """Each value bent softly into -1 to 1; small ones stay as they are.

        >>> show(mini("0.1 5").tanh(), 1)
        |0.09967|0.9999─|
        """
        return self._lifted(np.tanh)

    def at_least(self, low: object) -> Pattern:
        """The values, or ``low`` where they are below it.

        >>> show(mini("1 5").at_least(3), 1)
        |3|5|
        """
        return self._method("at_least", np.maximum, low)

    def at_most(self, high: object) -> Pattern:
        """The values, or ``high`` where they are above it.

        >>> show(mini("1 5").at_most(3), 1)
        |1|3|
        """
        return self._method("at_most", np.minimum, high)

    def clamp(self, low: object, high: object) -> Pattern:
        """The values, held between ``low`` and ``high``, which may be patterns or points.

        >>> show(mini("-5 0.5 5").clamp(0, 1), 1)
        |0──|0.5|1──|
        """
        return self._method("clamp", lambda x, a, b: np.minimum(np.maximum(x, a), b), low, high)

    def fold(self, low: object, high: object) -> Pattern:
        """Values beyond ``low`` or ``high`` are mirrored there, as often as needed to come to lie between the two.

        >>> show(mini("0.5 1.25 2.5").fold(0, 1), 1)
        |0.5─|0.75|0.5─|
        """
        return self._method("fold", folded, low, high)

    def wrap(self, low: object, high: object) -> Pattern:
        """Values at ``high`` begin again at ``low``, as often as needed to come to lie between the two.

        >>> show(mini("0.5 1.25 2.5 -0.25").wrap(0, 1), 1)
        |0.5─|0.25|0.5─|0.75|
        """
        return self._method("wrap", wrapped, low, high)

    def _method(self, name: str, function: Callable[..., Array], *others: object) -> Pattern:
        """As ``_lifted``, where another that cannot be a pattern is an error of this method."""
        found = self._lifted(function, *others)
        if found is NotImplemented:
            shown = ", ".join(type(other).__name__ for other in others)
            raise LivevaeError(f"{name}() takes numbers, vectors or patterns, not {shown}.")
        return found


def power(x: Array, y: Array) -> Array:
    """``x ** y``; NaN where either is. (To numpy, 1 to the power of NaN is 1.)"""
    return np.where(np.isnan(x) | np.isnan(y), np.nan, np.power(x, y))


def folded(x: Array, low: Array, high: Array) -> Array:
    """``x`` mirrored at ``low`` and ``high`` until it lies between them."""
    width = high - low
    back = np.mod(x - low, 2 * width)
    return np.where(width == 0, low + 0 * x, low + np.minimum(back, 2 * width - back))


def wrapped(x: Array, low: Array, high: Array) -> Array:
    """``x`` moved by whole widths until it lies from ``low`` up to ``high``."""
    return np.where(high == low, low + 0 * x, low + np.mod(x - low, high - low))


def _compared(test: Callable[..., npt.NDArray[np.bool_]]) -> Callable[..., Array]:
    """1 where the test holds, 0 where not, NaN where a value is."""

    def compare(*values: Array) -> Array:
        silent = reduce(np.logical_or, (np.isnan(x) for x in values))
        return np.where(silent, np.nan, test(*values))

    return compare


def _swapped(function: Callable[..., Array]) -> Callable[..., Array]:
    """So that a pattern on the right of a number still gives the structure."""
    return lambda x, y: function(y, x)
