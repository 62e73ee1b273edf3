"""Pattern: an immutable function of cyclic time, with two faces, and the grammar of operators and methods around it."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from livevae.errors import LivevaeError
from livevae.pattern.align import Alignments
from livevae.pattern.chance import Chance
from livevae.pattern.cycles import Cycles
from livevae.pattern.events import Events
from livevae.pattern.frames import Frames
from livevae.pattern.glide import glide
from livevae.pattern.node import NOTHING, Lift, Node, Signal, Steps, constant
from livevae.pattern.operators import Operators
from livevae.pattern.shaping import Shaping
from livevae.pattern.slicing import Slicing
from livevae.pattern.spatial import Spatial
from livevae.pattern.time import DEFAULT_CONTEXT, Array, Context, Span, Time
from livevae.pattern.transform import Timing
from livevae.pattern.value import (
    Event,
    Function,
    Playable,
    Sampled,
    Sparse,
    check_sizes,
    elementwise,
    spread,
    to_value,
)


class Pattern(Operators, Cycles, Frames, Events, Slicing, Timing, Chance, Alignments, Shaping, Spatial):
    """An immutable function of time, in cycles.

    ``query`` gives exact events, ``sample`` gives the values of a block of times at once. A pattern is *discrete*
    where it has events (names, numbers, points, trajectories: their values are held until the next one), and
    *continuous* where it only has values (``sine``, ``perlin``). Operators work on the values at each moment and take
    the events of the left side.

    >>> mini("1 2").query(0, 1)
    [(0>1/2)|1, (1/2>1)|2]
    >>> (mini("1 2") + "10").sample(np.array([0.0, 0.25, 0.5]))
    array([11., 11., 12.])
    """

    __slots__ = ("__weakref__", "_node")

    _node: Node

    def __init__(self, node: Node) -> None:
        object.__setattr__(self, "_node", node)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"a pattern does not change: make a new one instead of setting .{name}.")

    def __bool__(self) -> NoReturn:
        raise TypeError(
            "a pattern is neither true nor false, its value moves in time: "
            "use p.when(test, change) to choose by cycle, or p.sample(cycles) for its values."
        )

    def __repr__(self) -> str:
        return f"<{'continuous' if self.is_continuous else 'discrete'} pattern at {id(self):#x}>"

    # -- the two faces

    @property
    def is_continuous(self) -> bool:
        """Whether the pattern has values but no events of its own."""
        return self._node.continuous

    def query(self, begin: Time | Span, end: Time | None = None, context: Context = DEFAULT_CONTEXT) -> list[Event]:
        """The events from ``begin`` to ``end`` in cycles, or within a span, with exact times.

        A continuous pattern gives one event without a whole: its value where the span begins.

        >>> mini("bell choir").fast(2).query(0.25, 0.75)
        [(1/4>1/2)|choir, (1/2>3/4)|bell]
        >>> saw.query(0.25, 1)
        [~(1/4>1)|0.25]
        """
        span = begin if isinstance(begin, Span) else Span.of(begin, begin if end is None else end)
        with np.errstate(all="ignore"):
            return self._node.query(span, context)

    def sample(self, cycles: npt.ArrayLike, context: Context | None = None) -> Array:
        """The values at ``cycles (n,)``: ``(n,)`` for numbers, ``(n, D)`` for vectors, NaN where there is no event.

        Raises LivevaeError where a name has not been resolved, where dimensions do not agree, and for ``dim`` alone.

        >>> mini("1 ~").sample([0.0, 0.5])
        array([ 1., nan])
        """
        times = np.atleast_1d(np.asarray(cycles, dtype=np.float64))
        if times.ndim != 1 or not np.isfinite(times).all():
            raise LivevaeError("the cycles to sample must be a row of finite numbers.")
        with np.errstate(all="ignore"):
            out = self._node.sample(times, DEFAULT_CONTEXT if context is None else context)
        if isinstance(out, Sparse):
            raise LivevaeError("dim() alone has no number of dimensions: add it to a vector, or use with_dims(n).")
        return out

    # -- values

    def fmap(self, function: Callable[[Any], object]) -> Pattern:
        """Every event's value replaced by ``function(value)``.

        Continuous and combined patterns have no single values: there the function is given arrays of them.

        >>> mini("1 2").fmap(lambda x: x * 10).query(0, 1)
        [(0>1/2)|10, (1/2>1)|20]
        """
        return Pattern(_mapped(self._node, function))

    def resolve(self, lookup: Callable[[str], object]) -> Pattern:
        """Every name, however deep in the expression, replaced by ``lookup(name)``: a trajectory, a point, a number.

        >>> mini("low high").resolve({"low": 0, "high": 1}.__getitem__).query(0, 1)
        [(0>1/2)|0, (1/2>1)|1]
        """

        def change(node: Node) -> Node:
            if not (node.held and node.words()):
                return node
            return _steps(node, lambda value: lookup(value) if isinstance(value, str) else value)

        return Pattern(self._node.over_leaves(change))

    def names(self) -> frozenset[str]:
        """The names written anywhere in the pattern.

        >>> sorted((mini("bell [choir ~]") + mini("drum")).names())
        ['bell', 'choir', 'drum']
        """
        return self._node.words()

    def with_dims(self, size: int) -> Pattern:
        """The pattern as vectors of ``size`` dimensions: numbers spread over all, ``dim`` settled, others checked.

        >>> (dim(1, 5) + 1).with_dims(3).sample([0.0])
        array([[1., 6., 1.]])
        """

        def densify(x: Sampled) -> Array:
            if isinstance(x, np.ndarray) and x.ndim == 2:
                check_sizes((x.shape[1], size))
                return x
            return np.repeat(x[:, None], size, axis=1) if isinstance(x, np.ndarray) else spread(x, size)

        return Pattern(Lift(densify, self._node))

    def glide(self, seconds: float) -> Pattern:
        """Between two events that touch, the value moves from the old to the new in ``seconds`` after the onset.

        An event shorter than that is moved into for as long as it lasts. Continuous patterns are not changed.

        >>> mini("0 1").glide(0.5).sample([0.5, 0.625, 0.75])
        array([0. , 0.5, 1. ])
        """
        if not (math.isfinite(seconds) and seconds >= 0):
            raise LivevaeError(f"glide({seconds!r}): the time must be zero or more seconds.")
        return self if seconds == 0 else Pattern(glide(self._node, seconds))

    # -- what the operators and the methods of time are built from

    @staticmethod
    def _made(node: Node) -> Pattern:
        return Pattern(node)

    @staticmethod
    def _reified(thing: object) -> Pattern:
        return reify(thing)

    def _lifted(self, function: Callable[..., Array], *others: object) -> Pattern:
        return lift(function, self, *others) if all(map(is_patternable, others)) else NotImplemented


def _mapped(node: Node, function: Callable[[Any], object]) -> Node:
    if node.held:
        words = (to_value(function(word)) for word in node.words())
        return _steps(node, function, frozenset(word for word in words if isinstance(word, str)))
    if node.combines:
        return Lift(lambda x: elementwise(lambda a: np.asarray(function(a), dtype=np.float64), x), node)
    return node.through(lambda part: _mapped(part, function))


def _steps(node: Node, function: Callable[[Any], object], words: frozenset[str] = frozenset()) -> Steps:
    """The events of a held node with the values that ``function`` makes of theirs; ``words`` are the names in them."""

    def find(span: Span, context: Context) -> list[Event]:
        return [Event(e.whole, e.part, to_value(function(e.value))) for e in node.query(span, context)]

    return Steps(find, words)


def lift(function: Callable[..., Array], *patterns: object) -> Pattern:
    """A numpy function of the values of patterns at each moment; it is given arrays that broadcast.

    >>> lift(np.maximum, mini("1 5"), 3).query(0, 1)
    [(0>1/2)|3, (1/2>1)|5]
    """
    return lift_frames(lambda *samples: elementwise(function, *samples), *patterns)


def lift_frames(function: Function, *patterns: object) -> Pattern:
    """As ``lift``, for functions of whole vectors: they are given ``(n,)``, ``(n, D)`` or ``Sparse`` as sampled."""
    return Pattern(Lift(function, *(reify(pattern)._node for pattern in patterns)))


def pure(value: object) -> Pattern:
    """One event a cycle with this value: a number, a name, a vector ``(D,)``, or something playable.

    >>> pure(3).query(0, 2)
    [(0>1)|3, (1>2)|3]
    """
    return Pattern(constant(to_value(value)))


silence = Pattern(NOTHING)
"""Nothing: no events, and no value at any time.

>>> silence.query(0, 4), silence.sample([0.0])
([], array([nan]))
"""


def is_patternable(thing: object) -> bool:
    """Whether ``reify`` knows what to do with something."""
    return isinstance(thing, Pattern | str | list | int | float | Fraction | np.number | np.ndarray | Playable)


def reify(thing: object) -> Pattern:
    """Anything a performer may type as a pattern: a pattern, mini-notation, a number, a vector, a trajectory, a list.

    >>> reify("1 2").query(0, 1) == reify([1, 2]).query(0, 1)
    True
    """
    if isinstance(thing, Pattern):
        return thing
    if isinstance(thing, str):
        from livevae.pattern.mini import mini  # built from this module, so it cannot be imported first

        return mini(thing)
    if isinstance(thing, list):
        from livevae.pattern.sequence import seq

        return seq(*thing)
    if callable(thing) and not is_patternable(thing):
        raise LivevaeError(
            f"{getattr(thing, '__name__', repr(thing))} is no pattern but something to call: "
            "a transformation such as fast(2) needs a pattern, as in 'bell' >> fast(2)."
        )
    if thing is None or not is_patternable(thing):
        raise LivevaeError(
            f"{type(thing).__name__} cannot be a pattern: give a pattern, a string of mini-notation, a number, "
            "a vector, a recording or a list of these."
        )
    return pure(thing)


def from_sampler(sampler: Callable[[Array, Context], Sampled]) -> Pattern:
    """A continuous pattern from ``sampler(cycles (n,), context) -> (n,) or (n, D)``; it is asked anew each time.

    >>> from_sampler(lambda cycles, context: cycles * 10).sample([0.5, 1.0])
    array([ 5., 10.])
    """
    return Pattern(Signal(sampler))


def signal(function: Callable[[Array], Array]) -> Pattern:
    """A continuous pattern from a function of the cycles alone.

    >>> signal(np.floor).sample([0.5, 1.5])
    array([0., 1.])
    """
    return Pattern(Signal(lambda cycles, context: function(cycles)))
