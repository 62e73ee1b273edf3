"""Methods that move a pattern within the latent space: by its statistics, by its dimensions, by recordings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from livevae.errors import LivevaeError
from livevae.pattern.given import Given, nearest
from livevae.pattern.measured import HIGH, INVERSE, LOW, MEAN, SPREAD, check_dimension, column, reads_space, stretched
from livevae.pattern.methods import Methods
from livevae.pattern.node import Lift, Node, constant
from livevae.pattern.time import Array
from livevae.pattern.value import Mask, Sampled, Sparse, elementwise

if TYPE_CHECKING:
    from livevae.pattern.core import Pattern

Rows = npt.NDArray[np.intp]


class Spatial(Methods):
    """Units of the model's space, limits, stretches, exchanges of dimensions, and the nearest recorded place.

    The statistics are those of the model that plays (``space()`` shows them); without one they are those that models
    are trained towards: mean 0, spread 1, range -3 to 3. What ``dim``, ``dims`` and ``orbit`` give is no place but a
    *movement*, which is added to one: it is scaled like a place, but never moved to the mean.
    """

    __slots__ = ()

    def uses_space(self) -> bool:
        """Whether its values depend on the statistics of the model's space.

        >>> point(1, 2).unit().uses_space(), point(1, 2).uses_space()
        (True, False)
        """
        return reads_space(self._node)

    def unit(self, offset: bool = False) -> Pattern:
        """From standard deviations to latents: 0 is the mean of the model's sounds, 1 lies one spread above it.

        So the same numbers mean the same for every model. A movement of single dimensions (``dim``, ``dims``,
        ``orbit``), or with ``offset`` anything, is scaled by the spread alone, to be added to a place.

        >>> loud = Context(space=Space.of([[0, 10], [4, 30]]))
        >>> point(0, 1).unit().sample([0], loud)
        array([[ 2., 30.]])
        >>> (point(5, 5) + dim(1, 0.5).unit()).sample([0], loud)
        array([[ 5., 10.]])
        """
        if offset:
            return self._made(Lift(stretched, self._node, SPREAD))
        return self._made(Lift(_unit, self._node, MEAN, SPREAD))

    def normalize(self, offset: bool = False) -> Pattern:
        """From latents to standard deviations, the inverse of ``unit``; a dimension that never moves gives 0.

        >>> loud = Context(space=Space.of([[0, 10], [4, 30]]))
        >>> point(2, 30).normalize().sample([0], loud)
        array([[0., 1.]])
        """
        if offset:
            return self._made(Lift(stretched, self._node, INVERSE))
        return self._made(Lift(_normal, self._node, MEAN, INVERSE))

    def clip(self, margin: object = 0.1) -> Pattern:
        """Kept within the recorded range of the model's sounds, widened on both sides by ``margin`` of its width.

        Of a movement of single dimensions only those are kept within it.

        >>> point(-9, 1, 9).clip().sample([0])
        array([[-3.6,  1. ,  3.6]])
        """
        return self._made(Lift(_clipped, self._node, LOW, HIGH, self._reified(margin)._node))

    def scale(self, by: object, around: object = "mean") -> Pattern:
        """The distance from the mean of the model's sounds multiplied by ``by``, or from another place, ``around``.

        ``by`` is a number or a pattern for all dimensions, a list with one for each, or a dictionary
        ``{dimension: factor}`` for some of them.

        >>> point(1, 2, 3).scale({0: 10, 2: 0.5}, around=0).sample([0])
        array([[10. ,  2. ,  1.5]])
        """
        return self._made(Lift(_scaled, self._node, factors(by, self._reified), self._place(around)))

    def mirror(self, *dims: int, around: object = "mean") -> Pattern:
        """Every dimension, or only those named, on the other side of the mean of the model's sounds, or of ``around``.

        >>> point(1, 2, 3).mirror(1, around=0).sample([0])
        array([[ 1., -2.,  3.]])
        """
        factor = factors(dict.fromkeys(dims, -1.0) if dims else -1.0, self._reified)
        return self._made(Lift(_scaled, self._node, factor, self._place(around)))

    def swap_dims(self, a: object, b: object) -> Pattern:
        """Dimensions ``a`` and ``b`` exchanged; which they are may be a pattern.

        >>> point(1, 2, 3).swap_dims(0, "1 2").sample([0, 0.5])
        array([[2., 1., 3.],
               [3., 2., 1.]])
        """
        return self._made(Lift(_swapped, self._node, *(self._dimension("swap_dims", x) for x in (a, b))))

    def reverse_latents(self) -> Pattern:
        """The order of the dimensions reversed: the first becomes the last.

        >>> point(1, 2, 3).reverse_latents().sample([0])
        array([[3., 2., 1.]])
        """
        return self._made(Lift(_reversed, self._node))

    def quantize_to(self, recordings: object) -> Pattern:
        """At each moment the nearest frame of a recording: wherever it moves, it is heard as something recorded.

        ``recordings`` is a name, or a pattern of names that change in time. Costs time with the length of the
        recording: about 1 % of a core for one of a minute, in 128 dimensions at 375 frames a second.

        >>> point(0.2, 0.9).quantize_to(point(0, 1)).sample([0])
        array([[0., 1.]])
        """
        return self._made(Given(nearest, (self._node, self._reified(recordings)._node), 1))

    def _place(self, around: object) -> Node:
        return MEAN if isinstance(around, str) and around == "mean" else self._reified(around)._node

    def _dimension(self, name: str, index: object) -> Node:
        if isinstance(index, int | float):
            index = checked_dimension(name, index)
        return self._reified(index)._node


def factors(by: object, reified: Callable[[object], Pattern]) -> Node:
    """What each dimension is multiplied by: a number or pattern, one for each in a list, or some in a dictionary."""
    if isinstance(by, Mapping):
        indices = [checked_dimension("scale", index) for index in by]
        if not indices:
            return constant(1.0)

        def some(*samples: Sampled) -> Sampled:
            numbers = [_number(sample, "scale") for sample in samples]
            return Sparse(np.ones(len(numbers[0])), dict(zip(indices, numbers, strict=True)))

        return Lift(some, *(reified(factor)._node for factor in by.values()))
    if isinstance(by, list | tuple):
        if not by:
            raise LivevaeError("scale() needs a factor for each dimension, or a number for all of them.")

        def each(*samples: Sampled) -> Array:
            return np.stack([_number(sample, "scale") for sample in samples], axis=1)

        return Lift(each, *(reified(factor)._node for factor in by))
    return reified(by)._node


def checked_dimension(name: str, index: object) -> int:
    """A dimension that somebody typed as its number. Raises LivevaeError for what is none."""
    if isinstance(index, bool) or not isinstance(index, int | np.integer) or index < 0:
        raise LivevaeError(f"{name}: dimensions are numbered 0, 1, 2 ..., {index!r} is none.")
    return int(index)


def _number(sample: Sampled, name: str) -> Array:
    if isinstance(sample, Sparse) or sample.ndim != 1:
        raise LivevaeError(f"{name}() takes numbers for its dimensions, not vectors.")
    return sample


def _unit(x: Sampled, mean: Sampled, spread: Sampled) -> Sampled:
    if isinstance(x, Sparse):
        return stretched(x, spread)
    return elementwise(lambda x, mean, spread: mean + spread * x, x, mean, spread)


def _normal(x: Sampled, mean: Sampled, inverse: Sampled) -> Sampled:
    return stretched(x if isinstance(x, Sparse) else elementwise(np.subtract, x, mean), inverse)


def _clipped(x: Sampled, low: Sampled, high: Sampled, margin: Sampled) -> Sampled:
    def kept(x: Array, low: Array, high: Array, margin: Array) -> Array:
        room = margin * (high - low)
        return np.minimum(np.maximum(x, low - room), high + room)

    if isinstance(x, Sparse):
        limits = (low, high, margin)
        return Sparse(x.base, {i: kept(values, *(column(each, i) for each in limits)) for i, values in x.dims.items()})
    return elementwise(kept, x, low, high, margin)


def _scaled(x: Sampled, factor: Sampled, centre: Sampled) -> Sampled:
    if isinstance(x, Sparse):
        return stretched(x, factor)
    # In this form a factor of 1 changes nothing, to the last bit.
    return elementwise(lambda x, factor, centre: x + (factor - 1) * (x - centre), x, factor, centre)


def _swapped(x: Sampled, a: Sampled, b: Sampled) -> Sampled:
    first, second = _number(a, "swap_dims"), _number(b, "swap_dims")
    silent = np.isnan(first) | np.isnan(second)
    one, other = (np.where(silent, 0, np.floor(side)).astype(np.intp) for side in (first, second))
    known = sorted({*np.unique(one).tolist(), *np.unique(other).tolist()})
    if isinstance(x, Sparse):
        known = sorted({*known, *x.dims})
        values = np.stack([np.broadcast_to(x[index], one.shape) for index in known], axis=1)
        moved = _exchanged(values, np.searchsorted(known, one), np.searchsorted(known, other), silent)
        return Sparse(np.where(silent, np.nan, x.base), dict(zip(known, moved.T, strict=True)))
    if x.ndim == 1:
        return np.where(silent, np.nan, x)
    for index in known:
        check_dimension(index, x.shape[1])
    return _exchanged(x.copy(), one, other, silent)


def _exchanged(values: Array, one: Rows, other: Rows, silent: Mask) -> Array:
    rows = np.arange(len(values))
    values[rows, one], values[rows, other] = values[rows, other], values[rows, one]
    values[silent] = np.nan
    return values


def _reversed(x: Sampled) -> Sampled:
    if isinstance(x, Sparse):
        raise LivevaeError("reverse_latents() of dim() alone has no number of dimensions: use with_dims(n).")
    return x[:, ::-1] if x.ndim == 2 else x
