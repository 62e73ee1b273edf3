"""Moving between vectors, and moving one dimension of a vector: what needs only numpy."""

from __future__ import annotations

import numpy as np

from livevae.errors import LivevaeError
from livevae.pattern.core import Pattern, lift, lift_frames, pure, reify
from livevae.pattern.time import Array
from livevae.pattern.value import Sampled, Sparse, check_sizes, elementwise, spread

# Two directions closer than this (as a cosine) have no arc between them worth following: a straight line is as good.
NEARLY_PARALLEL = 0.9995


def point(*values: object) -> Pattern:
    """A vector from its numbers; each may be a pattern.

    >>> point(1, saw).sample([0.0, 0.5])
    array([[1. , 0. ],
           [1. , 0.5]])
    """
    if not values:
        raise LivevaeError("point() needs at least one number.")
    patterns = [reify(value) for value in values]
    if not any(isinstance(value, Pattern | str | list) for value in values):
        return pure(np.array([pattern.query(0)[0].value for pattern in patterns], dtype=np.float64))
    return lift_frames(_columns, *patterns)


def _columns(*samples: Sampled) -> Array:
    return np.stack([_numbers(sample, "point()") for sample in samples], axis=1)


def _numbers(sample: Sampled, where: str) -> Array:
    if isinstance(sample, Sparse) or sample.ndim != 1:
        raise LivevaeError(f"{where} takes numbers for its dimensions, not vectors.")
    return sample


def dim(index: int, pattern: object, size: int | None = None) -> Pattern:
    """A vector that is zero in every dimension but one: ``z + dim(3, saw)`` moves dimension 3 of z alone.

    It takes the number of dimensions of what it is combined with, or ``size``; on its own, ``with_dims`` gives it one.

    >>> (point(1, 2, 3) + dim(1, 10)).sample([0.0])
    array([[ 1., 12.,  3.]])
    """
    if not isinstance(index, int | np.integer) or index < 0:
        raise LivevaeError(f"dim({index!r}, ...): dimensions are numbered 0, 1, 2 ...")
    at = int(index)

    def one(sample: Sampled) -> Sampled:
        values = _numbers(sample, f"dim({at}, ...)")
        return Sparse(np.zeros(values.shape), {at: values})

    found = lift_frames(one, pattern)
    return found if size is None else found.with_dims(size)


def lerp(a: object, b: object, amount: object) -> Pattern:
    """The straight line from ``a`` (amount 0) to ``b`` (amount 1), or beyond them.

    >>> lerp(point(0, 10), point(1, 20), 0.5).sample([0.0])
    array([[ 0.5, 15. ]])
    """
    return lift(_lerp, a, b, amount)


def _lerp(a: Array, b: Array, amount: Array) -> Array:
    return (1 - amount) * a + amount * b


def slerp(a: object, b: object, amount: object) -> Pattern:
    """The arc from ``a`` (amount 0) to ``b`` (amount 1) around the origin (Shoemake 1985).

    Where the two point the same way or opposite ways, or one is zero, it is the straight line.

    >>> slerp(point(1, 0), point(0, 1), 0.5).sample([0.0]).round(3)
    array([[0.707, 0.707]])
    """
    return lift_frames(_slerp, a, b, amount)


def _slerp(a: Sampled, b: Sampled, amount: Sampled) -> Sampled:
    size = check_sizes(s.shape[1] for s in (a, b, amount) if isinstance(s, np.ndarray) and s.ndim == 2)
    if size is None:
        if isinstance(a, Sparse) or isinstance(b, Sparse):
            raise LivevaeError("slerp() of dim() alone has no number of dimensions: use with_dims(n).")
        return elementwise(_lerp, a, b, amount)
    start, finish, t = (spread(sample, size) for sample in (a, b, amount))
    one, other = (
        side if side.shape[1] == size else np.broadcast_to(side, (len(side), size)) for side in (start, finish)
    )
    lengths = np.sqrt(np.einsum("nd,nd->n", one, one) * np.einsum("nd,nd->n", other, other))
    cosine = np.einsum("nd,nd->n", one, other) / lengths
    curved = (np.abs(cosine) < NEARLY_PARALLEL)[:, None]
    angle = np.arccos(np.where(curved[:, 0], cosine, 0.0))[:, None]
    over = np.sin(angle)
    left = np.where(curved, np.sin((1 - t) * angle) / over, 1 - t)
    right = np.where(curved, np.sin(t * angle) / over, t)
    return left * start + right * finish
