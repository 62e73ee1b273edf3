"""Ways through several places: curves, timed paths, and mixtures. A place is a vector, a number, a recording or a
pattern; places may move while they are gone through."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np

from livevae.errors import LivevaeError
from livevae.pattern.continuous import saw
from livevae.pattern.core import Pattern, lift, lift_frames, reify, signal
from livevae.pattern.measured import MEAN
from livevae.pattern.time import Array, fraction
from livevae.pattern.value import Sampled, Sparse, check_sizes, elementwise, spread

KINDS = ("catmull", "monotone")


def spline(*points: object, closed: bool = False, kind: str = "catmull", at: object = None) -> Pattern:
    """A smooth way through all the points in one cycle; ``closed`` goes on to the first one again.

    ``kind`` is ``"catmull"`` (Catmull and Rom 1974: round, and a little beyond the points where it turns) or
    ``"monotone"`` (with the slopes limited as by Fritsch and Carlson 1980: each dimension stays between the points it
    moves between). ``at``, from 0 to 1, is where on the way it is, if that is not the part of the cycle gone by.

    >>> spline(0, 1, 0).sample([0.0, 0.25, 0.5])
    array([0.   , 0.625, 1.   ])
    >>> spline(0, 0, 1, 1, kind="monotone").sample([0.25, 0.5, 0.75]).round(3)
    array([0. , 0.5, 1. ])
    """
    _check_points("spline", points)
    if kind not in KINDS:
        raise LivevaeError(f"spline(kind={kind!r}): the kind is 'catmull' or 'monotone'.")
    stretches = len(points) if closed else len(points) - 1
    knots = np.arange(stretches + 1) / stretches

    def through(place: Array, *values: Array) -> Array:
        return _through(knots, _stacked(values), _part("spline", place), closed, kind == "monotone")

    return lift(through, saw if at is None else at, *points)


def bezier(*points: object, at: object = None) -> Pattern:
    """From the first point to the last in one cycle, drawn towards those between, which it does not reach (Bezier).

    ``at``, from 0 to 1, is where on the way it is, if that is not the part of the cycle gone by.

    >>> bezier(0, 8, 0).sample([0.0, 0.25, 0.5])
    array([0., 3., 4.])
    """
    _check_points("bezier", points)

    def between(place: Array, *values: Array) -> Array:
        x = _part("bezier", place)
        found = _stacked(values)
        while len(found) > 1:  # de Casteljau
            found = (1 - x) * found[:-1] + x * found[1:]
        curve: Array = found[0]
        return curve

    return lift(between, saw if at is None else at, *points)


def path(*waypoints: tuple[object, object], smooth: bool = True, loop: bool = True) -> Pattern:
    """A way through places at given times: ``path((0, a), (2, b), (6, c))`` reaches ``b`` in cycle 2.

    It begins again from the last time on, or stays there without ``loop``; where the first time is later than 0 it
    waits at the first place. ``smooth`` goes round corners (Catmull-Rom over the given times), else straight on.

    >>> path((0, 0), (1, 10), (3, 0), smooth=False).sample([0.5, 1, 2, 3.5])
    array([ 5., 10.,  5.,  5.])
    """
    if not all(isinstance(waypoint, tuple | list) and len(waypoint) == 2 for waypoint in waypoints):
        raise LivevaeError("path() takes pairs of a cycle and a place: path((0, a), (2, b)).")
    _check_points("path", waypoints)
    knots = np.array([float(fraction(time, "the time of a waypoint")) for time, _ in waypoints])
    if knots[0] < 0 or (np.diff(knots) <= 0).any():
        raise LivevaeError("path(): each waypoint comes later than the one before it, the first at 0 or later.")
    last = float(knots[-1])

    def through(place: Array, *values: Array) -> Array:
        stacked, inside = _stacked(values), np.clip(place, knots[0], last)
        return _through(knots, stacked, inside) if smooth else _along(knots, stacked, inside)

    clock = signal(lambda cycles: np.mod(cycles, last) if loop else cycles)
    return lift(through, clock, *(place for _, place in waypoints))


def morph(many: object, weights: object) -> Pattern:
    """A mixture of places: ``morph([a, b, c], [1, 1, 2])`` is a quarter ``a``, a quarter ``b`` and half ``c``.

    Each weight may be a pattern; below 0 counts as 0, and only their proportions matter (all 0: equal parts). Instead
    of a list, one number or pattern from 0 to 1 is the place along the list: 0 the first, 1 the last.

    >>> morph([0, 10, 40], [1, 1, 2]).sample([0])
    array([22.5])
    >>> morph([0, 10, 40], "0 0.25 0.5 1").sample([0, 0.25, 0.5, 0.75])
    array([ 0.,  5., 10., 40.])
    """
    places, parts = shares(many, weights)

    def mixed(*samples: Array) -> Array:
        terms = zip(samples[: len(places)], samples[len(places) :], strict=True)
        # A place without weight is not heard at all, not even as silence.
        return reduce(np.add, (np.where(share == 0, 0.0, share * place) for place, share in terms))

    return lift(mixed, *places, *parts)


def shares(many: object, weights: object) -> tuple[list[Any], list[Pattern]]:
    """The places of a mixture, and the share of each as a pattern; the shares add up to 1."""
    if not isinstance(many, list | tuple) or len(many) < 2:
        raise LivevaeError("morph() mixes a list of at least two places: morph([a, b, c], weights).")
    count = len(many)
    if isinstance(weights, list | tuple):
        if len(weights) != count:
            raise LivevaeError(f"morph() needs a weight for each of the {count} places, not {len(weights)}.")
        found = [reify(weight) for weight in weights]
        return list(many), [lift(_share_of(index), *found) for index in range(count)]
    along = reify(weights)

    def tent(index: int) -> Callable[[Array], Array]:
        return lambda x: np.maximum(0.0, 1 - np.abs(np.clip(x, 0, 1) * (count - 1) - index))

    return list(many), [lift(tent(index), along) for index in range(count)]


def _share_of(index: int) -> Callable[..., Array]:
    def share(*weights: Array) -> Array:
        parts = np.maximum(np.stack(np.broadcast_arrays(*weights)), 0.0)
        total = parts.sum(axis=0)
        found: Array = np.where(total > 0, parts[index] / np.where(total > 0, total, 1.0), 1 / len(parts))
        return found

    return share


def cross(a: object, b: object, amount: object) -> Pattern:
    """Some dimensions of ``b``, the rest of ``a``: the first ones at a small ``amount``, all of them at 1.

    As ``amount`` grows from 0, one dimension after the other goes over.

    >>> cross(point(0, 0, 0, 0), point(8, 8, 8, 8), 0.375).sample([0])
    array([[8., 4., 0., 0.]])
    """
    return lift_frames(_cross, a, b, amount)


def _cross(a: Sampled, b: Sampled, amount: Sampled) -> Sampled:
    size = check_sizes(s.shape[1] for s in (a, b) if isinstance(s, np.ndarray) and s.ndim == 2)
    if isinstance(amount, Sparse) or amount.ndim != 1:
        raise LivevaeError("cross(): the amount is one number at a time, from 0 to 1.")
    if size is None:
        if isinstance(a, Sparse) or isinstance(b, Sparse):
            raise LivevaeError("cross() of dim() alone has no number of dimensions: use with_dims(n).")
        return elementwise(_over, a, b, np.clip(amount, 0, 1))
    return _over(spread(a, size), spread(b, size), _gone_over(amount, size))


def _gone_over(amount: Array, size: int) -> Array:
    """How far each of ``size`` dimensions has gone over, ``(n, size)``, from 0 to 1."""
    return np.clip(amount[:, None] * size - np.arange(size), 0, 1)


def dims_gone_over(amount: object) -> Pattern:
    """For ``cross`` at an amount, how far each dimension of the model that plays has gone over, from 0 to 1."""

    def weights(amount: Sampled, mean: Sampled) -> Array:
        if isinstance(amount, Sparse) or amount.ndim != 1:
            raise LivevaeError("cross(): the amount is one number at a time, from 0 to 1.")
        size = mean.shape[1] if isinstance(mean, np.ndarray) and mean.ndim == 2 else 1
        return _gone_over(amount, size)

    return lift_frames(weights, amount, Pattern(MEAN))


def _over(a: Array, b: Array, share: Array) -> Array:
    return np.where(share <= 0, a, np.where(share >= 1, b, (1 - share) * a + share * b))


def _check_points(name: str, points: tuple[object, ...]) -> None:
    if len(points) < 2:
        raise LivevaeError(f"{name}() needs at least two points.")


def _part(name: str, place: Array) -> Array:
    """Where on the way one is, from 0 to 1, ``(n,)`` or ``(n, 1)``."""
    if place.ndim == 2 and place.shape[1] != 1:
        raise LivevaeError(f"{name}(at=...) takes one number at a time, from 0 to 1, not a vector.")
    return np.clip(place, 0, 1)


def _stacked(values: tuple[Array, ...]) -> Array:
    return np.stack(np.broadcast_arrays(*values))


def _stretch(knots: Array, place: Array) -> tuple[Any, Array]:
    """Between which knots each place lies, and how far along, from 0 to 1."""
    index = np.clip(np.searchsorted(knots, place, side="right") - 1, 0, len(knots) - 2)
    return index, (place - knots[index]) / (knots[index + 1] - knots[index])


def _along(knots: Array, values: Array, place: Array) -> Array:
    index, x = _stretch(knots, place)
    row, frame = index.reshape(-1), np.arange(place.shape[0])
    line: Array = (1 - x) * values[row, frame] + x * values[row + 1, frame]
    return line


def _through(knots: Array, values: Array, place: Array, closed: bool = False, monotone: bool = False) -> Array:
    """The cubic through ``values (m, n, ...)``, which stand at ``knots``, where ``place (n, ...)`` says.

    Its slope at a knot is that of the parabola through the knot and its neighbours, which for knots at equal
    distances is Catmull and Rom's; a monotone one has it limited to three times the slope of the gentler side.
    """
    if closed:
        around = np.concatenate([values[-1:], values, values[:2]])
        steps = np.diff(knots)
        steps = np.concatenate([steps[-1:], steps, steps[:1]])
    else:
        # Beyond each end lies the reflection of its neighbour, so that two points give a straight line.
        ends = 2 * values[:1] - values[1:2], 2 * values[-1:] - values[-2:-1]
        around = np.concatenate([ends[0], values, ends[1]])
        steps = np.diff(knots)
        steps = np.concatenate([steps[:1], steps, steps[-1:]])
    index, x = _stretch(knots, place)
    row, frame = index.reshape(-1), np.arange(place.shape[0])
    p0, p1, p2, p3 = (around[row + k, frame] for k in range(4))
    h0, h1, h2 = (steps[index + k] for k in range(3))
    before, here, after = (p1 - p0) / h0, (p2 - p1) / h1, (p3 - p2) / h2
    leaving = (h1 * before + h0 * here) / (h0 + h1)
    arriving = (h2 * here + h1 * after) / (h1 + h2)
    if monotone:
        leaving, arriving = _limited(leaving, before, here), _limited(arriving, here, after)
    leaving, arriving, rise = h1 * leaving, h1 * arriving, p2 - p1
    curve: Array = p1 + x * (leaving + x * (3 * rise - 2 * leaving - arriving + x * (leaving + arriving - 2 * rise)))
    if monotone:
        # The cubic stays between its ends; what rounding adds to that is taken away.
        curve = np.minimum(np.maximum(curve, np.minimum(p1, p2)), np.maximum(p1, p2))
    return np.where(x >= 1, p2, curve)


def _limited(slope: Array, before: Array, after: Array) -> Array:
    """Within the region in which Fritsch and Carlson show that a cubic does not overshoot; flat where it turns."""
    gentler = 3 * np.minimum(np.abs(before), np.abs(after))
    return np.where(before * after > 0, np.clip(slope, -gentler, gentler), 0.0)
