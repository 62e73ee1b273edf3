"""What is known of a model's latent space: where its sounds lie."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from livevae.pattern.time import Array

WIDEST = 3.0
"""Standard deviations from the mean to the ends of a range that nobody has measured."""


@dataclass(frozen=True, eq=False)
class Space:
    """The latents that sounds are encoded to: ``mean``, standard deviation ``spread``, and the recorded range from
    ``low`` to ``high``; each ``(D,)``."""

    mean: Array
    spread: Array
    low: Array
    high: Array

    @property
    def dims(self) -> int:
        """The number of dimensions, D."""
        return int(self.mean.size)

    @classmethod
    def of(cls, frames: npt.ArrayLike) -> Space:
        """The space that latent frames ``(n, D)`` were measured to fill.

        >>> Space.of([[0, 1], [2, 5]]).spread
        array([1., 2.])
        """
        values = np.asarray(frames, dtype=np.float64)
        return cls(values.mean(axis=0), values.std(axis=0), values.min(axis=0), values.max(axis=0))

    @classmethod
    def prior(cls, dims: int) -> Space:
        """What models are trained towards: mean 0 and spread 1 in every dimension, with a range of three spreads.

        >>> Space.prior(2).high
        array([3., 3.])
        """
        ones = np.ones(dims)
        return cls(0 * ones, ones, -WIDEST * ones, WIDEST * ones)

    def only(self, index: int) -> Space:
        """One dimension of it, as a space of its own; below 0 counts from the end.

        >>> Space.of([[0, 1], [2, 5]]).only(1).mean
        array([3.])
        """
        return Space(*(np.atleast_1d(values[index]) for values in (self.mean, self.spread, self.low, self.high)))
