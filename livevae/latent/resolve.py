"""From the names in a pattern to trajectories in one model's latent space."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from livevae.errors import LivevaeError
from livevae.latent.library import Library
from livevae.latent.trajectory import Trajectory
from livevae.model.info import ModelInfo
from livevae.pattern import Take

Values = NDArray[np.float64]


class Awaited:
    """A recording that may still be on its way through the model: silent until it is there."""

    def __init__(self, library: Library, ref: str | Take, model: ModelInfo) -> None:
        self._library = library
        self._ref = ref
        self._model = model
        self._trajectory = library.trajectory(ref, model, wait=False)

    @property
    def dims(self) -> int:
        """The number of dimensions, D."""
        return self._model.latent_size

    def at(self, seconds: Values) -> Values:
        """As `Trajectory.at`, NaN as long as there is none. Raises LivevaeError where encoding failed."""
        if self._trajectory is None:
            self._trajectory = self._library.trajectory(self._ref, self._model, wait=False)
        if self._trajectory is None:
            return np.full((np.size(seconds), self.dims), np.nan)
        return self._trajectory.at(seconds)


def resolver(library: Library, model: ModelInfo, wait: bool) -> Callable[[object], object]:
    """A function from names and takes to trajectories for this model; other values pass through.

    With `wait` it encodes what is missing and returns when that is done. Without, it returns at once: what is missing
    is silent until the background has encoded it. Raises LivevaeError for unknown names and recordings that cannot be
    encoded, and for trajectories of another size than the model's.
    """

    def resolve(value: object) -> object:
        if isinstance(value, Trajectory):
            if value.dims != model.latent_size:
                raise LivevaeError(
                    f"{value!r} does not fit {model.name}, which has {model.latent_size} dimensions: encode it again."
                )
            return value
        if not isinstance(value, str):
            return value
        if wait:
            return library.trajectory(value, model, wait=True)
        return Awaited(library, value, model)

    return resolve
