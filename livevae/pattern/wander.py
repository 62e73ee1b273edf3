"""Random walks: where they stand at any time, without taking the steps before it."""

from __future__ import annotations

import math

import numpy as np

from livevae.errors import LivevaeError
from livevae.pattern.arguments import is_number
from livevae.pattern.hashing import Bits, Ints, normal
from livevae.pattern.noise import Make, Noise, Source, sampled, shaped
from livevae.pattern.time import Array, Context

GRAIN = 16
"""Steps a cycle of brownian motion; between them it is straight."""


def _place(index: int, key: Bits) -> Array:
    """Where a walk of steps of spread 1 stands after ``index`` steps, ``(D,)``, without taking them.

    Each power of two is reached from the one before it, and what lies between two known places from the middle
    between them: every place needs one random number of its own, so any place costs the logarithm of its index.
    """
    if index == 0:
        return np.zeros(key.size)
    octave = index.bit_length()
    low, high = 2 ** (octave - 1), 2**octave
    middles = []
    while low != index:
        middle = (low + high) // 2
        middles.append((middle, high - low))
        low, high = (middle, high) if index >= middle else (low, middle)
    powers = [2**n for n in range(octave + 1)]
    drawn = normal(key, np.array(powers + [middle for middle, _ in middles]))
    spreads = np.sqrt([1.0, *powers[:-1]])[:, None]
    places = np.cumsum(drawn[: octave + 1] * spreads, axis=0)
    below, above = places[-2], places[-1]
    for (middle, length), step in zip(middles, drawn[octave + 1 :], strict=True):
        between = (below + above) / 2 + math.sqrt(length) / 2 * step
        below, above = (between, above) if index >= middle else (below, between)
    return np.asarray(below)


def _wandering(kind: str, grain: int) -> Make:
    """A walk from 0 of steps of spread 1 a cycle, each taken in ``grain`` smaller ones."""

    def sample(cycles: Array, context: Context, source: Source) -> Array:
        def place(index: int) -> Array:
            return _place(abs(index), source.key(kind if index >= 0 else f"{kind} back", context))

        def places(index: Ints) -> Array:
            return source.places(index, context, place)

        before, after, part = source.between(cycles * grain, context, places)
        return (before + (after - before) * part) / math.sqrt(grain)

    return sampled(sample)


def reflect(values: Array, low: Array | float, high: Array | float) -> Array:
    """Values folded back at two walls as often as it takes to lie between them."""
    width = high - low
    folded: Array = width - np.abs(np.mod(values - low, 2 * width) - width) + low
    return np.clip(folded, low, high)


_WALK, _BROWNIAN = _wandering("walk", 1), _wandering("brownian", GRAIN)


def _stepping(name: str, step: object) -> object:
    if is_number(step) and step < 0:  # type: ignore[operator]
        raise LivevaeError(f"{name}(step={step!r}): give a step of 0 or more.")
    return step


def _walk(step: object, bounds: tuple[object, object]) -> Make:
    if not isinstance(bounds, tuple | list) or len(bounds) != 2:
        raise LivevaeError(f"walk(bounds={bounds!r}): give the bounds as (low, high).")
    low, high = bounds
    if is_number(low) and is_number(high) and not low < high:  # type: ignore[operator]
        raise LivevaeError(f"walk(bounds={bounds!r}): the lower bound must lie below the upper one.")

    def folded(place: Array, size: Array | float, floor: Array | float, ceiling: Array | float) -> Array:
        return reflect((floor + ceiling) / 2 + size * place, floor, ceiling)

    return shaped(_WALK, folded, [_stepping("walk", step), low, high])


def _brownian(step: object) -> Make:
    return shaped(_BROWNIAN, np.multiply, [_stepping("brownian", step)])


class Walk(Noise):
    """A random walk between walls, from -1 to 1 unless told otherwise: ``walk``, or ``walk(0.5, (0, 1))``.

    >>> walk.sample([0.0])
    array([0.])
    """

    __slots__ = ()

    def __call__(
        self,
        step: object = 0.25,
        bounds: tuple[object, object] = (-1.0, 1.0),
        dims: int | None = None,
        seed: int | None = None,
    ) -> Noise:
        """One step of about ``step`` each cycle, straight in between, turned back at the ``bounds``.

        It begins half way between them at cycle 0, is the same each time for one seed, and may be asked for any time.
        A step that changes stretches the whole way; it and the bounds may be patterns.

        >>> walk(dims=2).sample([0.0])
        array([[0., 0.]])
        """
        return self._with(_walk(step, bounds), dims, seed)


class Brownian(Noise):
    """Brownian motion from 0, restless at every scale, without walls: ``brownian``, or ``brownian(step=0.1)``.

    It strays as the root of time, by about ``step`` in one cycle and twice that in four: use ``walk`` to stay near.

    >>> brownian.sample([0.0])
    array([0.])
    """

    __slots__ = ()

    def __call__(self, step: object = 0.25, dims: int | None = None, seed: int | None = None) -> Noise:
        """Brownian motion that strays by about ``step``, which may be a pattern, in one cycle.

        >>> brownian(0.1, dims=2).sample([0.0])
        array([[0., 0.]])
        """
        return self._with(_brownian(step), dims, seed)


walk = Walk(_walk(0.25, (-1.0, 1.0)))
"""A random walk between -1 and 1; ``walk(step, bounds)`` has other steps and walls.

>>> walk.sample([0.0]), walk(step=0.5, bounds=(0, 8)).sample([0.0])
(array([0.]), array([4.]))
"""
brownian = Brownian(_brownian(0.25))
"""A random walk without walls, in fine steps: it strays as far as it happens to, and begins at 0.

>>> brownian.sample([0.0]), brownian(step=2, dims=3).sample([1.5]).shape
(array([0.]), (1, 3))
"""
