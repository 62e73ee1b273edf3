"""The ways between places, for performers: on patterns as the pattern room has them, on `live` where that is affine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn

from livevae import pattern
from livevae.errors import LivevaeError
from livevae.latent.live import LiveLatent
from livevae.pattern import Pattern, reify
from livevae.pattern.curves import dims_gone_over, shares


def lerp(a: object, b: object, amount: object) -> Pattern | LiveLatent:
    """The straight line from `a` (amount 0) to `b` (amount 1), or beyond; either may be `live`.

    Raises LivevaeError where the amount depends on `live`.

    >>> lerp(0, 10, "0 0.5").sample([0, 0.5])
    array([0., 5.])
    """
    if isinstance(amount, LiveLatent):
        _refuse("lerp", "the amount is a number or a pattern")
    if not isinstance(a, LiveLatent) and not isinstance(b, LiveLatent):
        return pattern.lerp(a, b, amount)
    part = float(amount) if isinstance(amount, int | float) else reify(amount)
    return _side(a) * (1 - part) + _side(b) * part


def slerp(a: object, b: object, amount: object) -> Pattern:
    """The arc from `a` (amount 0) to `b` (amount 1) around the origin. Raises LivevaeError for `live`.

    >>> slerp(point(1, 0), point(0, 1), 0.5).sample([0]).round(3)
    array([[0.707, 0.707]])
    """
    if any(isinstance(thing, LiveLatent) for thing in (a, b, amount)):
        _refuse("slerp", "an arc bends with what enters; use lerp")
    return pattern.slerp(a, b, amount)


def spline(*points: object, closed: bool = False, kind: str = "catmull", at: object = None) -> Pattern:
    """A smooth way through all the points in one cycle; `closed` goes on to the first.

    `kind` is `"catmull"` (round) or `"monotone"` (never beyond the points). `at`, from 0 to 1, is where on the way it
    is, if that is not the part of the cycle gone by. Raises LivevaeError for `live`.

    >>> spline(0, 8, 0, kind="monotone", at="0.25 1").sample([0, 0.5])
    array([5., 0.])
    """
    _without_live("spline", *points, at)
    return pattern.spline(*points, closed=closed, kind=kind, at=at)


def bezier(*points: object, at: object = None) -> Pattern:
    """From the first point to the last in one cycle, drawn towards those between. Raises LivevaeError for `live`.

    `at`, from 0 to 1, is where on the way it is, if that is not the part of the cycle gone by.

    >>> bezier(0, 8, 0).sample([0, 0.25, 0.5])
    array([0., 3., 4.])
    """
    _without_live("bezier", *points, at)
    return pattern.bezier(*points, at=at)


def path(*waypoints: tuple[object, object], smooth: bool = True, loop: bool = True) -> Pattern:
    """A way through places at given cycles: `path((0, a), (2, b), (6, c))`.

    It begins again from the last time on, or stays there without `loop`; `smooth` goes round corners. Raises
    LivevaeError for `live`.

    >>> path((0, 0), (1, 10), (3, 0), smooth=False).sample([0.5, 1, 2])
    array([ 5., 10.,  5.])
    """
    _without_live("path", *(part for pair in waypoints if isinstance(pair, tuple | list) for part in pair))
    return pattern.path(*waypoints, smooth=smooth, loop=loop)


def morph(many: object, weights: object = None) -> Pattern | LiveLatent:
    """A mixture of places by their weights, or at a place along the list; any of them may be `live`.

    Only the proportions of weights matter, and each may be a pattern. Instead of a list, one number or pattern from 0
    to 1 is the place along the list. Raises LivevaeError where a weight depends on `live`.

    >>> morph([0, 10, 40], [1, 1, 2]).sample([0])
    array([22.5])
    """
    if weights is None:
        raise LivevaeError("morph() mixes a list of places by weights: morph([a, b, c], [1, 1, 2]).")
    if any(isinstance(thing, LiveLatent) for thing in (weights if isinstance(weights, list | tuple) else [weights])):
        _refuse("morph", "the weights are numbers or patterns")
    if not isinstance(many, list | tuple) or not any(isinstance(thing, LiveLatent) for thing in many):
        return pattern.morph(many, weights)
    places, parts = shares(many, weights)
    mixed = [_side(place) * part for place, part in zip(places, parts, strict=True)]
    return sum(mixed[1:], start=mixed[0])


def cross(a: object, b: object, amount: object) -> Pattern | LiveLatent:
    """Some dimensions of `b`, the rest of `a`: the first ones at a small amount, all at 1; either may be `live`.

    Raises LivevaeError where the amount depends on `live`.

    >>> cross(point(0, 0, 0, 0), point(8, 8, 8, 8), 0.375).sample([0])
    array([[8., 4., 0., 0.]])
    """
    if isinstance(amount, LiveLatent):
        _refuse("cross", "the amount is a number or a pattern")
    if not isinstance(a, LiveLatent) and not isinstance(b, LiveLatent):
        return pattern.cross(a, b, amount)
    return lerp(a, b, dims_gone_over(amount))


def dim(index: int, movement: object, size: int | None = None) -> Pattern:
    """A vector that is zero in every dimension but one: `live + dim(2, 1.5)`. Raises LivevaeError for `live` in it.

    >>> (point(1, 2, 3) + dim(1, 10)).sample([0])
    array([[ 1., 12.,  3.]])
    """
    if isinstance(movement, LiveLatent):
        _refuse("dim", "it moves one dimension by a number or a pattern; add it to live")
    return pattern.dim(index, movement, size)


def dims(movement: object, by: object = None, size: int | None = None) -> Pattern:
    """A vector that is zero but in some dimensions: `live + dims({0: sine, 3: perlin})`.

    `dims([0, 4], p)` moves them by a pattern of two numbers, or both by the same. Raises LivevaeError for `live` in it.

    >>> (point(1, 2, 3) + dims({0: 10, 2: 20})).sample([0])
    array([[11.,  2., 23.]])
    """
    moved = movement.values() if isinstance(movement, Mapping) else [by]
    if any(isinstance(thing, LiveLatent) for thing in moved):
        _refuse("dims", "it moves dimensions by numbers or patterns; add it to live")
    return pattern.dims(movement, by, size)


def _without_live(name: str, *things: object) -> None:
    if any(isinstance(thing, LiveLatent) for thing in things):
        _refuse(name, f"use lerp or morph, or add live to the {name}")


def _side(thing: object) -> Pattern | LiveLatent:
    return thing if isinstance(thing, LiveLatent) else reify(thing)


def _refuse(name: str, advice: str) -> NoReturn:
    raise LivevaeError(f"{name} cannot take live there ({advice}): the engine computes live times a pattern plus one.")
