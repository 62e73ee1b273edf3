"""What patterns can do within the latent space, for expressions of `live`."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from livevae.errors import LivevaeError
from livevae.latent.movers import Limit, Move, Nearest, Route, Smooth
from livevae.pattern import Pattern, reify
from livevae.pattern.curves import dims_gone_over
from livevae.pattern.measured import INVERSE, MEAN, SPREAD
from livevae.pattern.spatial import checked_dimension, factors
from livevae.pattern.value import Sparse

if TYPE_CHECKING:
    from livevae.latent.live import LiveLatent


class InSpace:
    """Units of the model's space, stretches, mirrors and mixtures; and moves, which the engine computes apart."""

    @abstractmethod
    def __mul__(self, other: object) -> LiveLatent: ...

    @abstractmethod
    def __sub__(self, other: object) -> LiveLatent: ...

    def scale(self, by: object, around: object = "mean") -> LiveLatent:
        """The distance from the mean of the model's sounds, or from `around`, multiplied, as `Pattern.scale` does."""
        factor = Pattern(factors(by, reify))
        place = Pattern(MEAN) if isinstance(around, str) and around == "mean" else reify(around)
        return self * factor + place * (1 - factor)

    def mirror(self, *dims: int, around: object = "mean") -> LiveLatent:
        """Every dimension, or only those named, on the other side of the mean of the model's sounds or of `around`."""
        return self.scale(dict.fromkeys(dims, -1.0) if dims else -1.0, around)

    def unit(self) -> LiveLatent:
        """From standard deviations of the model's space to latents, as `Pattern.unit` does."""
        return self * Pattern(SPREAD) + Pattern(MEAN)

    def normalize(self) -> LiveLatent:
        """From latents to standard deviations of the model's space, as `Pattern.normalize` does."""
        return (self - Pattern(MEAN)) * Pattern(INVERSE)

    def exaggerate(self, amount: object) -> LiveLatent:
        """Away from the mean of the model's sounds: 1 leaves it as it is, 2 is twice as far, 0 is the mean.

        As `scale`, it takes a number or pattern, a list with one for each dimension, or `{dimension: amount}`.

        >>> live.exaggerate({0: 2, 2: 0}).of([[1, 1, 1]])
        array([[2., 1., 0.]])
        """
        return self.scale(amount)

    def cross(self, other: object, amount: object) -> LiveLatent:
        """Some dimensions of a recording or place, the rest of what enters: the first ones at a small amount, all at 1.

        >>> live.cross(point(8, 8, 8), 0.5).of([[1, 1, 1]])
        array([[8. , 4.5, 1. ]])
        """
        part = dims_gone_over(amount)
        return self * (1 - part) + reify(other) * part

    # -- by movers: what is no gain and bias for each dimension

    @abstractmethod
    def through(self, move: Move) -> LiveLatent:
        """What a move makes of it, in the model's process, before it is decoded."""

    def smooth(self, seconds: float) -> LiveLatent:
        """Every dimension follows slowly: a one-pole low-pass with this time constant, which begins where it is used.

        >>> live.smooth(1).of([[0], [1], [1], [1]]).round(3).T
        array([[0.   , 0.632, 0.865, 0.95 ]])
        """
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds < math.inf:
            raise LivevaeError(f"live.smooth({seconds!r}): give a number of seconds, 0 or more.")
        return self.through(Smooth(float(seconds)))

    def route(self, pairs: Mapping[int, int]) -> LiveLatent:
        """Dimensions taken from others: `live.route({0: 3, 1: 0})` moves 0 as 3 moves, and 1 as 0 does.

        >>> live.route({0: 2}).of([[1, 2, 3]])
        array([[3., 2., 3.]])
        """
        if not isinstance(pairs, Mapping):
            raise LivevaeError("live.route() takes a dictionary: {0: 3} moves dimension 0 as 3 moves.")
        numbers = {checked_dimension("route", a): checked_dimension("route", b) for a, b in pairs.items()}
        return self.through(Route(numbers))

    def swap_dims(self, a: int, b: int) -> LiveLatent:
        """Dimensions `a` and `b` exchanged; for what enters they are numbers.

        >>> live.swap_dims(0, 1).of([[1, 2, 3]])
        array([[2., 1., 3.]])
        """
        one, other = checked_dimension("swap_dims", a), checked_dimension("swap_dims", b)
        return self.through(Route({one: other, other: one}))

    def reverse_latents(self) -> LiveLatent:
        """The order of the dimensions reversed: the first becomes the last.

        >>> live.reverse_latents().of([[1, 2, 3]])
        array([[3., 2., 1.]])
        """
        return self.through(Route({}, backwards=True))

    def clip(self, margin: float = 0.1) -> LiveLatent:
        """Kept within the recorded range of the model's sounds, widened on both sides by `margin` of its width.

        >>> live.clip().of([[9, -9, 1]]).round(1)
        array([[ 3.6, -3.6,  1. ]])
        """
        if isinstance(margin, bool) or not isinstance(margin, int | float) or not math.isfinite(margin):
            raise LivevaeError(f"live.clip({margin!r}): for what enters, the margin is a number.")
        return self.through(Limit(float(margin)))

    def quantize_to(self, recordings: object, amount: object = 1) -> LiveLatent:
        """At each moment the nearest frame of a recording, or of all in a list; `amount` is how far it goes there.

        The amount may be a pattern or a knob. Very long recordings are searched in steps (2 ** 20 numbers at most).

        >>> live.quantize_to([point(0, 0, 0), point(9, 9, 9)], 0.5).of([[8, 8, 8]])
        array([[8.5, 8.5, 8.5]])
        """
        found = _recordings(recordings)
        if isinstance(amount, int | float | np.number):
            return self.through(Nearest(found, float(amount)))
        part = reify(amount)
        return self * (1 - part) + self.through(Nearest(found)) * part


def _recordings(things: object) -> tuple[object, ...]:
    values = [reify(thing)._node.steady for thing in (things if isinstance(things, list | tuple) else [things])]
    if not values or any(value is None or isinstance(value, float | Sparse) for value in values):
        raise LivevaeError(
            "live.quantize_to() takes a recording or a list of them: live.quantize_to(['choir', 'bell'])."
        )
    return tuple(values)
