"""Leaves that read where the sounds of the model lie: the bridge from ``Context.space`` to patterns."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from livevae.pattern.node import Node, Signal
from livevae.pattern.space import WIDEST, Space
from livevae.pattern.time import Array, Context
from livevae.pattern.value import Sampled, Sparse, elementwise


class SpaceSignal(Signal):
    """A leaf whose values come from the model's space. Whoever plays it has to know that space first."""

    __slots__ = ()


def reads_space(node: Node) -> bool:
    """Whether anything in a node needs the model's space."""
    seen: set[int] = set()
    waiting = [node]
    while waiting:
        found = waiting.pop()
        if isinstance(found, SpaceSignal):
            return True
        waiting += [part for part in found.parts() if id(part) not in seen]
        seen.update(map(id, found.parts()))
    return False


def _leaf(read: Callable[[Space], Array], prior: float) -> SpaceSignal:
    def sample(cycles: Array, context: Context) -> Array:
        if context.space is None:
            # One number for all dimensions: what is sampled without a model has no number of them.
            return np.full(cycles.shape, prior)
        values = read(context.space)
        return np.broadcast_to(values, (cycles.size, values.size))

    return SpaceSignal(sample)


MEAN = _leaf(lambda space: space.mean, 0.0)
SPREAD = _leaf(lambda space: space.spread, 1.0)
INVERSE = _leaf(lambda space: np.divide(1, space.spread, out=np.zeros(space.dims), where=space.spread > 0), 1.0)
"""From latents to standard deviations; 0 for a dimension that never moves."""
LOW = _leaf(lambda space: space.low, -WIDEST)
HIGH = _leaf(lambda space: space.high, WIDEST)


def stretched(x: Sampled, factor: Sampled) -> Sampled:
    """``x * factor``; the movement of a few dimensions stays one, and does not need to become a whole vector."""
    if (
        isinstance(x, Sparse)
        and not isinstance(factor, Sparse)
        and factor.ndim == 2
        and not np.nan_to_num(x.base).any()
    ):
        return Sparse(x.base, {index: values * column(factor, index) for index, values in x.dims.items()})
    return elementwise(np.multiply, x, factor)


def column(sample: Sampled, index: int) -> Array:
    """The values ``(n,)`` of one dimension; an index outside them is an error."""
    if isinstance(sample, Sparse):
        return sample[index]
    if sample.ndim == 1:
        return sample
    check_dimension(index, sample.shape[1])
    return sample[:, index]


def check_dimension(index: int, size: int) -> None:
    """Raises LivevaeError unless dimension ``index`` is one of ``size``."""
    Sparse(np.zeros(()), {index: np.zeros(())}).dense(size)
