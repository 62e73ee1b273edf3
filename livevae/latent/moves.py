"""The ways between points, for performers: on patterns as the pattern room has them, on `live` where that is affine."""

from __future__ import annotations

from typing import NoReturn

from livevae import pattern
from livevae.errors import LivevaeError
from livevae.latent.live import LiveLatent
from livevae.pattern import Pattern, reify


def lerp(a: object, b: object, amount: object) -> Pattern | LiveLatent:
    """The straight line from `a` (amount 0) to `b` (amount 1), or beyond; either may be `live`.

    Raises LivevaeError where the amount depends on `live`.
    """
    if isinstance(amount, LiveLatent):
        _refuse("lerp", "the amount is a number or a pattern")
    if not isinstance(a, LiveLatent) and not isinstance(b, LiveLatent):
        return pattern.lerp(a, b, amount)
    part = float(amount) if isinstance(amount, int | float) else reify(amount)
    return _side(a) * (1 - part) + _side(b) * part


def slerp(a: object, b: object, amount: object) -> Pattern:
    """The arc from `a` (amount 0) to `b` (amount 1) around the origin. Raises LivevaeError for `live`."""
    if any(isinstance(thing, LiveLatent) for thing in (a, b, amount)):
        _refuse("slerp", "an arc bends with what enters; use lerp")
    return pattern.slerp(a, b, amount)


def spline(*points: object, closed: bool = False) -> Pattern:
    """A smooth way through all the points in one cycle; `closed` goes on to the first.

    Raises LivevaeError for `live`.
    """
    if any(isinstance(thing, LiveLatent) for thing in points):
        _refuse("spline", "use lerp, or add live to the spline")
    return pattern.spline(*points, closed=closed)


def dim(index: int, movement: object, size: int | None = None) -> Pattern:
    """A vector that is zero in every dimension but one: `live + dim(2, 1.5)`. Raises LivevaeError for `live` in it."""
    if isinstance(movement, LiveLatent):
        _refuse("dim", "it moves one dimension by a number or a pattern; add it to live")
    return pattern.dim(index, movement, size)


def _side(thing: object) -> Pattern | LiveLatent:
    return thing if isinstance(thing, LiveLatent) else reify(thing)


def _refuse(name: str, advice: str) -> NoReturn:
    raise LivevaeError(f"{name} cannot take live there ({advice}): the engine computes live times a pattern plus one.")
