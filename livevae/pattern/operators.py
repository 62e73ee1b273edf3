"""Operators between patterns, numbers, vectors and whatever else can be a pattern."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from livevae.pattern.time import Array

if TYPE_CHECKING:
    from livevae.pattern.core import Pattern


class Operators:
    """``+ - * / % **`` and negation, each a numpy function of the values at each moment."""

    __slots__ = ()
    __array_ufunc__: ClassVar[None] = None  # so that an array on the left of an operator leaves the work to the pattern

    @abstractmethod
    def _lifted(self, function: Callable[..., Array], *others: object) -> Pattern:
        """A function of this pattern's values and others'; NotImplemented where another cannot be a pattern."""

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
        return self._lifted(np.power, other)

    def __rpow__(self, other: object) -> Pattern:
        return self._lifted(_swapped(np.power), other)

    def __neg__(self) -> Pattern:
        return self._lifted(np.negative)

    def __abs__(self) -> Pattern:
        return self._lifted(np.abs)


def _swapped(function: Callable[..., Array]) -> Callable[..., Array]:
    """So that a pattern on the right of a number still gives the structure."""
    return lambda x, y: function(y, x)
