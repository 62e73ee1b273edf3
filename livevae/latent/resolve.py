"""From the names in a pattern to trajectories in one model's latent space."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from livevae.errors import LivevaeError
from livevae.latent.library import Library
from livevae.latent.trajectory import Frames, Trajectory
from livevae.model.info import ModelInfo
from livevae.pattern import Fit, Take

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

    @property
    def seconds(self) -> float:
        """How long it lasts; 0 as long as there is none."""
        trajectory = self._known()
        return 0.0 if trajectory is None else trajectory.seconds

    def at(self, seconds: Values) -> Values:
        """As `Trajectory.at`, NaN as long as there is none. Raises LivevaeError where encoding failed."""
        trajectory = self._known()
        return np.full((np.size(seconds), self.dims), np.nan) if trajectory is None else trajectory.at(seconds)

    @property
    def frames(self) -> Frames | None:
        """All of its frames `(frames, D)`, None until there are some. Raises LivevaeError where encoding failed."""
        trajectory = self._known()
        return None if trajectory is None else trajectory.frames

    def _known(self) -> Trajectory | None:
        if self._trajectory is None:
            self._trajectory = self._library.trajectory(self._ref, self._model, wait=False)
        return self._trajectory


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
        found = library.trajectory(value, model, wait=True) if wait else Awaited(library, value, model)
        return Fit(found) if isinstance(value, Take) and value.fit and found is not None else found

    return resolve
