"""Envelopes: ways through given values at given times, once or again and again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise
from numbers import Real

import numpy as np

from livevae.errors import LivevaeError
from livevae.pattern.arguments import CLOCK, bound, flowing, is_number
from livevae.pattern.core import Pattern, lift, reify
from livevae.pattern.gate import adsr_level
from livevae.pattern.join import joined
from livevae.pattern.node import Lift, Node
from livevae.pattern.shaping import bend
from livevae.pattern.time import Array, fraction
from livevae.pattern.value import elementwise

CURVES = ("linear", "smooth", "exp", "hold")
Curve = str | float


def env(points: Sequence[tuple[object, object]], curve: object = "linear", once: bool = False) -> Pattern:
    """A way through ``points``, each ``(cycle, value)``, that begins again after the last one's cycle.

    With ``once`` the last value is held; before the first one its value is held. Two points at the same time are a
    jump. ``curve`` says how to move from each point to the next, one for all or a list with one for each stretch:
    "linear", "smooth" (without edges), "exp" (by equal ratios, between values on the same side of zero), "hold" (jump
    at the end), or a number that bends the way as SuperCollider's envelopes do: above zero it begins slowly, below it
    quickly, 0 is straight. Values may be points and patterns; times may be patterns too.

    It is counted from cycle 0: to begin at cycle 57, shift it by ``.late(57)``.

    >>> env([(0, 0), (0.25, 1), (1, 0)]).sample([0.0, 0.125, 0.25, 0.625, 1.125])
    array([0. , 0.5, 1. , 0.5, 0.5])
    >>> env([(0, 1), (4, 100)], curve="exp", once=True).sample([0.0, 2.0, 9.0])
    array([  1.,  10., 100.])
    """
    if not isinstance(points, list | tuple) or not all(isinstance(p, list | tuple) and len(p) == 2 for p in points):
        raise LivevaeError("env() takes a list of points, each (cycle, value): env([(0, 0), (0.25, 1), (1, 0)]).")
    if len(points) < 2:
        raise LivevaeError("env() needs at least two points.")
    curves = _curves(curve, len(points) - 1)
    levels = [level for _, level in points]
    if all(is_number(level) for level in levels):
        _check_ratios(levels, curves)
    times = [reify(time)._node for time, _ in points]

    def way(*cycles: object) -> tuple[Callable[..., Array], list[object]]:
        exact = [fraction(cycle, "a time in env()") for cycle in cycles]
        if any(b < a for a, b in pairwise(exact)):
            raise LivevaeError(f"env(): the times {', '.join(map(str, exact))} must not go back.")
        if not once and exact[-1] <= 0:
            raise LivevaeError("env(): the last time must be above 0, since all begins again there, unless once=True.")
        return _way(exact, levels, curves, once)

    if all(time.steady is not None for time in times):
        function, moving = way(*(time.steady for time in times))
        return lift(function, Pattern(CLOCK), *moving)

    patterns = [reify(level) for level in levels if not isinstance(level, Real)]

    def build(parts: Sequence[Node], *cycles: object) -> Node:
        function, _ = way(*cycles)
        return Lift(lambda *samples: elementwise(function, *samples), *parts)

    return Pattern(joined(build, [CLOCK, *(flowing(pattern._node) for pattern in patterns)], times))


def _curves(curve: object, stretches: int) -> list[Curve]:
    curves = list(curve) if isinstance(curve, list | tuple) else [curve] * stretches
    if len(curves) != stretches:
        raise LivevaeError(f"env() has {stretches} stretches between its points, but {len(curves)} curves.")
    return [_curve(one) for one in curves]


def _curve(curve: object) -> Curve:
    if isinstance(curve, Real) and is_number(curve):
        return float(curve)
    if not isinstance(curve, str) or curve not in CURVES:
        raise LivevaeError(f"curve={curve!r}: a curve is one of {', '.join(CURVES)}, or a number.")
    return curve


def _check_ratios(levels: Sequence[object], curves: Sequence[Curve]) -> None:
    for (a, b), curve in zip(pairwise(levels), curves, strict=True):
        if curve == "exp" and not a * b > 0:  # type: ignore[operator]
            raise LivevaeError(f'env(): "exp" cannot go from {a} to {b}, both must lie on the same side of zero.')


def _way(
    times: list[Fraction], levels: Sequence[object], curves: Sequence[Curve], once: bool
) -> tuple[Callable[..., Array], list[object]]:
    """A function of the time and of the levels that move, and these levels."""
    starts = np.array([float(time) for time in times])
    lengths = np.maximum(np.diff(starts), 1e-300)
    length = float(times[-1])

    def through(cycles: Array, *values: Array | float) -> Array:
        place = cycles if once else cycles - np.floor(cycles / length) * length
        stretch = np.clip(np.searchsorted(starts, place, side="right") - 1, 0, len(lengths) - 1).reshape(place.shape)
        part = np.clip((place - starts[stretch]) / lengths[stretch], 0.0, 1.0)
        found: Array | None = None
        for number in np.unique(stretch).tolist():
            here = _move(values[number], values[number + 1], part, curves[number])
            found = here if found is None else np.where(stretch == number, here, found)
        # Which points are near depends on the block, and so must not decide how many dimensions there are.
        shape = np.broadcast_shapes(place.shape, *map(np.shape, values))
        return np.zeros(shape) if found is None else np.broadcast_to(found, shape)

    return bound(through, levels)


def _move(a: Array | float, b: Array | float, part: Array, curve: Curve) -> Array:
    """From ``a`` to ``b``, exactly at both ends."""
    if curve == "exp":
        ratios = np.multiply(a, b) > 0
        found = np.where(ratios, a * np.power(np.where(ratios, np.divide(b, a), 1.0), part), a + (b - a) * part)
    else:
        found = a + (b - a) * _progress(part, curve)
    return np.where(part >= 1, b, found)


def _progress(part: Array, curve: Curve) -> Array:
    if isinstance(curve, float):
        return bend(part, curve)
    if curve == "smooth":
        return 0.5 - 0.5 * np.cos(np.pi * part)
    return part if curve == "linear" else np.where(part >= 1, 1.0, 0.0)


def adsr(attack: object = 0.1, decay: object = 0.2, sustain: object = 0.5, release: object = 0.3) -> Pattern:
    """An envelope for every cycle: up to 1, down to ``sustain``, which it holds, and down to 0 at the end.

    ``attack``, ``decay`` and ``release`` are parts of the cycle; together longer than one, they are shortened alike.
    Each may be a pattern. For an envelope on every event, in seconds, see the method: ``p.adsr(...)``.

    >>> adsr(0.25, 0.25, 0.5, 0.25).sample([0.0, 0.125, 0.25, 0.5, 0.75, 0.875])
    array([0.  , 0.5 , 1.  , 0.5 , 0.5 , 0.25])
    """

    def level(cycles: Array, *stages: Array | float) -> Array:
        phase = cycles - np.floor(cycles)
        return adsr_level(phase, 1.0 - phase, *stages)

    filled, moving = bound(level, [attack, decay, sustain, release])
    return lift(filled, Pattern(CLOCK), *moving)


def line(start: object, end: object, cycles: object = 1, curve: object = "linear") -> Pattern:
    """From ``start`` at cycle 0 to ``end`` after so many ``cycles``, where it stays: ``line(0, 1, 8).late(57)``.

    It is counted from cycle 0; ``.late(n)`` lets it begin at cycle n. The ends may be points and patterns, the number
    of cycles may be a pattern, and the curve is one of those of ``env``.

    >>> line(2, 4, 8).sample([-1.0, 0.0, 4.0, 8.0, 100.0])
    array([2., 2., 3., 4., 4.])
    """
    kind = _curve(curve)
    if is_number(cycles) and not cycles > 0:  # type: ignore[operator]
        raise LivevaeError(f"line(cycles={cycles!r}): the number of cycles must be above zero.")
    if is_number(start) and is_number(end):
        _check_ratios([start, end], [kind])

    def through(time: Array, first: Array | float, last: Array | float, length: Array | float) -> Array:
        return np.broadcast_arrays(_move(first, last, np.clip(time / length, 0.0, 1.0), kind), time)[0]

    filled, moving = bound(through, [start, end, cycles])
    return lift(filled, Pattern(CLOCK), *moving)


def fade_in(cycles: object = 4, curve: object = "smooth") -> Pattern:
    """From 0 at cycle 0 to 1 after so many ``cycles``, where it stays: ``v1.amp = fade_in(8).late(57) * 0.8``.

    ``.late(n)`` lets it begin at cycle n; the curve is one of those of ``env``.

    >>> fade_in(8).sample([-1.0, 0.0, 4.0, 8.0, 100.0])
    array([0. , 0. , 0.5, 1. , 1. ])
    """
    return line(0.0, 1.0, cycles, curve)


def fade_out(cycles: object = 4, curve: object = "smooth") -> Pattern:
    """From 1 at cycle 0 to 0 after so many ``cycles``, where it stays; see ``fade_in``.

    >>> fade_out(8).sample([-1.0, 0.0, 4.0, 8.0, 100.0])
    array([1. , 1. , 0.5, 0. , 0. ])
    """
    return line(1.0, 0.0, cycles, curve)
