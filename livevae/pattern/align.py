"""Operators as methods that say whose events the result has: ``p.add(q)``, ``p.add.both(q)``, ``p.add.squeeze(q)``."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, overload

import numpy as np

from livevae.pattern.aligned import both, inside, left, marks, reset, restarted, right, squeezed
from livevae.pattern.node import Node
from livevae.pattern.operators import power
from livevae.pattern.time import Array
from livevae.pattern.value import Function, Sampled, elementwise

if TYPE_CHECKING:
    from livevae.pattern.core import Pattern


class Aligned:
    """An operator of a pattern, ``p.add``, with a method for each way in which events may meet.

    The values are the same in all ways in which time is not moved: those of both sides at each moment, silent where
    either is. Only the events differ.
    """

    def __init__(self, operator: Operator, pattern: Pattern) -> None:
        self._operator, self._pattern = operator, pattern
        self.__doc__ = operator.__doc__

    def __call__(self, other: object) -> Pattern:
        """With the events of the left side; the same as ``.left``."""
        return self.left(other)

    def left(self, other: object) -> Pattern:
        """The events of the left side, in which the right side is read.

        >>> show(mini("1 2").add.left("10 20 30"), 1)
        |11──────|22──────|
        """
        return self._met(other, left)

    def right(self, other: object) -> Pattern:
        """The events of the right side, in which the left side is read.

        >>> show(mini("1 2").add.right("10 20 30"), 1)
        |11───|21───|32───|
        """
        return self._met(other, right)

    def both(self, other: object) -> Pattern:
        """An event wherever one of the left side and one of the right side are heard together.

        >>> show(mini("1 2").add.both("10 20 30"), 1)
        |11───|21|22|32───|
        """
        return self._met(other, both)

    def squeeze(self, other: object) -> Pattern:
        """A whole cycle of the right side within each event of the left side.

        >>> show(mini("1 2").add.squeeze("10 20 30"), 1)
        |11|21|31|12|22|32|
        """
        return self._met(other, lambda f, a, b, chosen: inside(f, a, b, squeezed, chosen))

    def restart(self, other: object) -> Pattern:
        """The right side begins anew, from its first cycle, with each event of the left side.

        >>> show(mini("1 2").add.restart("10 20 30 40"), 1)
        |11|21|12|22|
        """
        return self._met(other, lambda f, a, b, chosen: inside(f, a, b, restarted, chosen))

    def reset(self, other: object) -> Pattern:
        """The right side goes back to the beginning of its cycle with each event of the left side.

        >>> show(mini("1 2").add.reset("<10 20> 30"), 2)
        |11|12|21|22|
        """
        return self._met(other, lambda f, a, b, chosen: inside(f, a, b, reset, chosen))

    def __repr__(self) -> str:
        return f"<{self._operator.name} of {self._pattern!r}>"

    def _met(self, other: object, how: Callable[[Function, Node, Node, int | None], Node]) -> Pattern:
        chosen = self._operator.chosen
        a, b = self._pattern._node, self._pattern._reified(other)._node
        # The side that only lends its events may hold names that nobody has recorded.
        a, b = marks(a) if chosen == 1 else a, marks(b) if chosen == 0 else b
        return self._pattern._made(how(self._operator.applied, a, b, chosen))


class Operator:
    """What ``Pattern.add`` and its like are: found on a pattern it is an ``Aligned``."""

    def __init__(self, name: str, function: Callable[..., Array], doc: str, chosen: int | None = None) -> None:
        self.name, self.function, self.chosen = name, function, chosen
        self.__doc__ = doc
        self.__signature__ = inspect.signature(Aligned.__call__)

    def __call__(self, pattern: Pattern, other: object) -> Pattern:
        """The method of a pattern, called on the class: ``Pattern.add(p, q)``."""
        return Aligned(self, pattern)(other)

    @overload
    def __get__(self, pattern: None, owner: type) -> Operator: ...

    @overload
    def __get__(self, pattern: Pattern, owner: type) -> Aligned: ...

    def __get__(self, pattern: Pattern | None, owner: type) -> Aligned | Operator:
        return self if pattern is None else Aligned(self, pattern)

    def applied(self, left: Sampled, right: Sampled) -> Sampled:
        """The operator on the samples of both sides."""
        return elementwise(self.function, left, right)


def _first(x: Array, y: Array) -> Array:
    return np.where(np.isnan(y), np.nan, x)


def _second(x: Array, y: Array) -> Array:
    return np.where(np.isnan(x), np.nan, y)


def _operator(name: str, function: Callable[..., Array], doc: str, example: str, chosen: int | None = None) -> Operator:
    ways = f"The events are those of the left side; {name}.right, .both, .squeeze, .restart and .reset say otherwise."
    return Operator(name, function, f"{doc}\n\n{ways}\n\n{example.strip()}\n", chosen)


class Alignments:
    """The operators by name, each with its ways to align events; see ``Aligned``."""

    __slots__ = ()

    add = _operator(
        "add",
        np.add,
        "The sum of two patterns, as p + q.",
        """
>>> show(mini("1 2").add.squeeze("0 10"), 1)
|1─|11|2─|12|
""",
    )
    sub = _operator(
        "sub",
        np.subtract,
        "The right side taken from the left, as p - q.",
        """
>>> show(mini("1 2").sub(1), 1)
|0|1|
""",
    )
    mul = _operator(
        "mul",
        np.multiply,
        "The product of two patterns, as p * q.",
        """
>>> show(mini("1 2").mul.right("10 1 10"), 1)
|10─|1──|20─|
""",
    )
    div = _operator(
        "div",
        np.divide,
        "The left side divided by the right, as p / q.",
        """
>>> show(mini("1 2").div(2), 1)
|0.5|1──|
""",
    )
    mod = _operator(
        "mod",
        np.mod,
        "What is left of a division, as p % q.",
        """
>>> show(mini("1 2 3 4").mod(3), 1)
|1|2|0|1|
""",
    )
    pow = _operator(
        "pow",
        power,
        "The left side to the power of the right, as p ** q.",
        """
>>> show(mini("1 2 3").pow(2), 1)
|1|4|9|
""",
    )
    keep = _operator(
        "keep",
        _first,
        "The values of the left side, where the right side is heard.",
        """
>>> show(mini("bell choir").keep.right("1 ~ 1 1"), 1)
|bell─      |choir|choir|
""",
        chosen=0,
    )
    put = _operator(
        "put",
        _second,
        "The values of the right side, where the left side is heard.",
        """
>>> show(mini("1 ~ 1 1").put("bell choir"), 1)
|bell─      |choir|choir|
""",
        chosen=1,
    )
