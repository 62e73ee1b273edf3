"""Where the sounds of a model lie in its latent space, so that numbers mean the same for every model."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np

from livevae.errors import LivevaeError
from livevae.latent import statistics
from livevae.latent.library import Library
from livevae.model.info import ModelInfo
from livevae.pattern import Space


@dataclass(frozen=True, eq=False)
class Reference:
    """Recordings that a performer has chosen to measure spaces by. Choosing the same names again measures anew."""

    names: tuple[str, ...]


@dataclass(frozen=True, eq=False, repr=False)
class Measured:
    """A model's space, and where its numbers come from."""

    space: Space
    model: str
    source: str

    def __repr__(self) -> str:
        space = self.space
        lines = [f"{self.model}: {space.dims} dimensions, {self.source}", "  dim    mean  spread     low    high"]
        columns = np.stack([space.mean, space.spread, space.low, space.high], axis=1)
        lines += [f"{index:5}{''.join(f'{value:8.2f}' for value in row)}" for index, row in enumerate(columns)]
        return "\n".join(lines)


class Spaces:
    """The spaces of models, each measured once and fixed from then on, so that nothing that plays is moved by it.

    A space is measured by the recordings that a performer chose. Without a choice its numbers are those of the training
    that are stored with the model; of a model without them, those of the recordings that ship with livevae, encoded by
    it; and where it cannot encode, those that models are trained towards: mean 0 and spread 1. Any thread may ask.
    """

    def __init__(self, library: Library) -> None:
        self._library = library
        self._lock = threading.Lock()
        self._found: dict[tuple[str, int | None, Reference | None], Measured] = {}
        self._priors: dict[int, Space] = {}

    def known(self, model: ModelInfo, reference: Reference | None = None) -> Space:
        """The space of a model without waiting: the prior as long as it has not been measured."""
        found = self._found.get((model.digest, model.sample_rate, reference))
        if found is not None:
            return found.space
        with self._lock:
            return self._priors.setdefault(model.latent_size, Space.prior(model.latent_size))

    def measure(self, model: ModelInfo, reference: Reference | None = None) -> Measured:
        """The space of a model; recordings that it has not met are encoded first, which is waited for.

        Raises LivevaeError for models without latents, and where a recording is unknown or cannot be encoded.
        """
        key = model.digest, model.sample_rate, reference
        found = self._found.get(key)
        if found is None:
            made = self._make(model, reference)
            with self._lock:
                found = self._found.setdefault(key, made)
        return found

    def _make(self, model: ModelInfo, reference: Reference | None) -> Measured:
        if not model.has_latents:
            raise LivevaeError(f"{model.name} has no latent space: nothing of it can be measured.")
        if reference is not None:
            found = (self._library.trajectory(name, model, wait=True) for name in reference.names)
            frames = statistics.frames([trajectory for trajectory in found if trajectory is not None])
            return Measured(Space.of(frames), model.name, f"measured by {', '.join(reference.names)}")
        stored = _stored(model)
        if stored is not None:
            return Measured(stored, model.name, "of its training")
        if model.sample_rate is None:
            return Measured(self.known(model), model.name, "assumed: without a sample rate it cannot encode")
        frames = statistics.frames(list(self._library.shipped(model)))
        return Measured(Space.of(frames), model.name, "measured by the recordings that ship with livevae")


def _stored(model: ModelInfo) -> Space | None:
    """The statistics in a model file of livevae's, whose latents are centred; other files say nothing of spreads."""
    numbers = [np.array(values) for values in (model.latent_std, model.latent_min, model.latent_max)]
    if any(values.shape != (model.latent_size,) or not np.isfinite(values).all() for values in numbers):
        return None
    return Space(np.zeros(model.latent_size), *numbers)
