"""Movements to be added to a place: around it, away from it, and at random. ``take("bell") + orbit((0, 1), 0.5)``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from livevae.errors import LivevaeError
from livevae.pattern.continuous import saw
from livevae.pattern.core import Pattern, lift, lift_frames, reify
from livevae.pattern.hold import Recent
from livevae.pattern.measured import SPREAD
from livevae.pattern.node import Node, Signal
from livevae.pattern.noise import Noise, perlin, rand
from livevae.pattern.spatial import checked_dimension
from livevae.pattern.time import Array, Context
from livevae.pattern.value import Sampled, Sparse

# So that ``noise`` and ``jitter`` have nothing in common with ``perlin`` and ``rand`` of the same seed.
_APART = 7919


def dims(movement: object, pattern: object = None, size: int | None = None) -> Pattern:
    """A vector that is zero but in some dimensions: ``z + dims({0: sine, 3: perlin})``.

    ``dims([0, 4], p)`` moves the dimensions 0 and 4 by a pattern of two numbers, or both by the same number. As with
    ``dim`` it takes the number of dimensions of what it is combined with, or ``size``.

    >>> (point(1, 2, 3) + dims({0: 10, 2: "20 30"})).sample([0, 0.5])
    array([[11.,  2., 23.],
           [11.,  2., 33.]])
    >>> (point(1, 2, 3) + dims([2, 0], point(5, 7))).sample([0])
    array([[8., 2., 8.]])
    """
    if isinstance(movement, Mapping) and pattern is None:
        indices = [checked_dimension("dims", index) for index in movement]
        found = lift_frames(lambda *samples: _several(indices, samples), *movement.values()) if indices else reify(0)
    elif isinstance(movement, list | tuple) and pattern is not None:
        indices = [checked_dimension("dims", index) for index in movement]
        found = lift_frames(lambda sample: _columns(indices, sample), pattern)
    else:
        raise LivevaeError("dims() takes a dictionary, dims({0: sine, 3: perlin}), or a list and a pattern.")
    return found if size is None else found.with_dims(size)


def _several(indices: Sequence[int], samples: Sequence[Sampled]) -> Sparse:
    for sample in samples:
        if isinstance(sample, Sparse) or sample.ndim != 1:
            raise LivevaeError("dims() takes one number for each dimension, not vectors.")
    return Sparse(np.zeros(len(samples[0])), dict(zip(indices, samples, strict=True)))  # type: ignore[arg-type]


def _columns(indices: Sequence[int], sample: Sampled) -> Sparse:
    if isinstance(sample, Sparse) or (sample.ndim == 2 and sample.shape[1] != len(indices)):
        raise LivevaeError(f"dims({list(indices)}, ...) takes one number, or a vector of {len(indices)}.")
    columns = [sample] * len(indices) if sample.ndim == 1 else list(sample.T)
    return Sparse(np.zeros(len(sample)), dict(zip(indices, columns, strict=True)))


def orbit(dims: tuple[int, int] = (0, 1), radius: object = 1) -> Pattern:
    """A circle in two dimensions, once a cycle, to be added to a place: ``take("bell") + orbit((0, 1), 0.5).unit()``.

    It begins at ``radius`` in the first of them.

    >>> (point(0, 0, 9) + orbit((0, 1), 2)).sample([0, 0.25]).round(3)
    array([[2., 0., 9.],
           [0., 2., 9.]])
    """
    return lift_frames(_turned(dims, "orbit"), saw, radius)


def spiral(dims: tuple[int, int] = (0, 1), radius: object = 1, turns: object = 4) -> Pattern:
    """Out from the middle to ``radius`` and back again within a cycle, turning ``turns`` times, in two dimensions.

    >>> spiral((0, 1), 2, turns=3).with_dims(2).sample([0, 0.25, 0.5]).round(3) + 0
    array([[ 0.,  0.],
           [ 0., -1.],
           [-2.,  0.]])
    """
    out = lift(lambda x, radius: radius * (1 - np.abs(2 * x - 1)), saw, radius)
    return lift_frames(_turned(dims, "spiral"), lift(np.multiply, saw, turns), out)


def _turned(dims: object, name: str) -> _Turn:
    if not isinstance(dims, tuple | list) or len(dims) != 2 or dims[0] == dims[1]:
        raise LivevaeError(f"{name}() moves two different dimensions, such as {name}((0, 1)), not {dims!r}.")
    return _Turn(checked_dimension(name, dims[0]), checked_dimension(name, dims[1]), name)


class _Turn:
    """A place on a circle in two dimensions, from an angle in turns and a radius."""

    def __init__(self, first: int, second: int, name: str) -> None:
        self._first, self._second, self._name = first, second, name

    def __call__(self, turn: Sampled, radius: Sampled) -> Sampled:
        if isinstance(turn, Sparse) or isinstance(radius, Sparse) or turn.ndim + radius.ndim > 2:
            raise LivevaeError(f"{self._name}() takes numbers for its radius and its turns.")
        angle = 2 * np.pi * turn
        moved = {self._first: radius * np.cos(angle), self._second: radius * np.sin(angle)}
        return Sparse(np.where(np.isnan(angle + radius), np.nan, 0.0), moved)


def noise(amount: object = 0.1, seed: int = 0) -> Pattern:
    """A slow drift of all dimensions, each on its own, to be added to a place: ``take("bell") + noise(0.2)``.

    ``amount`` is the farthest it goes, in standard deviations of the model's space, so that it is heard alike with
    every model; about one move a cycle (``.fast(4)`` for four). Without a model it is one number.

    >>> (point(0, 0) + noise(0.5, seed=1)).sample([0.3], Context(space=Space.prior(2))).shape
    (1, 2)
    """
    moving = _Random(perlin, seed + _APART)
    return lift(_drift, Pattern(Signal(moving)), Pattern(SPREAD), amount)


def jitter(amount: object = 0.1, rate: object = 8, seed: int = 0) -> Pattern:
    """All dimensions thrown to a new place ``rate`` times a cycle, to be added: ``take("bell") + jitter(0.2, 16)``.

    ``amount`` is the farthest they are thrown, in standard deviations of the model's space. Without a model it is one
    number.

    >>> thrown = (point(0, 0) + jitter(0.5, 4)).sample([0.01, 0.24, 0.26], Context(space=Space.prior(2)))
    >>> bool((thrown[0] == thrown[1]).all()), bool((thrown[1] == thrown[2]).any())
    (True, False)
    """
    if isinstance(rate, int | float) and not rate > 0:
        raise LivevaeError(f"jitter(rate={rate!r}): the rate is a number above 0, in throws a cycle.")
    rates, thrown = reify(rate)._node, _Random(rand, seed + _APART)

    def sample(cycles: Array, context: Context) -> Array:
        often = rates.sample(cycles, context)
        if isinstance(often, Sparse) or often.ndim != 1:
            raise LivevaeError("jitter() takes one rate at a time, not a vector.")
        steps = np.floor(cycles * often) / often
        silent = ~np.isfinite(steps)
        found = thrown(np.where(silent, 0.0, steps), context)
        found[silent] = np.nan
        return found

    return lift(_drift, Pattern(Signal(sample)), Pattern(SPREAD), amount)


def _drift(x: Array, spread: Array, amount: Array) -> Array:
    return amount * spread * (2 * x - 1)


class _Random:
    """Random numbers from 0 to 1 for as many dimensions as the model's space has; one where there is no model."""

    def __init__(self, kind: Noise, seed: int) -> None:
        self._kind = kind.seed(seed)
        self._sized: Recent[int, Node] = Recent(4)

    def __call__(self, cycles: Array, context: Context) -> Array:
        if context.space is None:
            return np.array(self._kind._node.sample(cycles, context))
        size = context.space.dims
        return np.array(self._sized.get(size, lambda: self._kind.dims(size)._node).sample(cycles, context))
