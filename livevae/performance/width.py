"""Width: left and right of a voice drift apart in the dimensions of a model that matter least."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from livevae.errors import LivevaeError
from livevae.model.info import ModelInfo
from livevae.pattern import Context, Pattern, perlin
from livevae.performance.layers import Floats

KEPT: Final = 0.6
"""The dimensions that together explain so much of a model's recordings are the same on both sides."""

REACH: Final = 2.0
"""Standard deviations of a dimension that full width may add and take away."""

SEEDS: Final = 1 << 20
"""Apart from every seed that a performer would choose."""


def check_model(name: str, model: ModelInfo) -> None:
    """Raises LivevaeError where a model cannot be decoded twice at once, a little different."""
    if not can_be_wide(model):
        why = "has no latents that could differ" if not model.has_latents or model.discrete else "plays one row only"
        raise LivevaeError(f"{name}: {model.name} {why}; leave its width at 0, and use pan or fx.")


def can_be_wide(model: ModelInfo) -> bool:
    """Can a model be decoded twice at once, a little different?"""
    return model.batched and model.has_latents and not model.discrete and model.latent_size > 0


def weights(model: ModelInfo) -> Floats:
    """How far each dimension goes to either side at full width, `(D,)`: 0 for those that matter most."""
    return np.array(_weights(model.latent_size, tuple(model.fidelity), tuple(model.latent_std)))


@lru_cache(maxsize=64)
def _weights(size: int, fidelity: tuple[float, ...], spread: tuple[float, ...]) -> tuple[float, ...]:
    reach = np.array(spread) if len(spread) == size else np.ones(size)
    # What is explained by the dimensions before each one; without numbers, half of them are taken to matter.
    before = np.array((0.0, *fidelity[:-1])) if len(fidelity) == size else np.arange(size) / max(1, size) * 2 * KEPT
    free = before >= KEPT
    free[size - 1] = True
    return tuple((REACH * reach * free).tolist())


@lru_cache(maxsize=64)
def _drift(voice: int, size: int) -> Pattern:
    """Smooth noise that is another one in every voice; always the same object, as it keeps what it has found."""
    return perlin.seed(SEEDS + voice).dims(size)


def drift(model: ModelInfo, voice: int, cycles: Floats, context: Context) -> NDArray[np.float64]:
    """What full width adds on the left and takes away on the right at `cycles`, `(n, D)`.

    Smooth noise in each free dimension, with a place to go to in every cycle: a pure function of the seed and of
    musical time, so that it is the same however it is asked for.
    """
    return (2.0 * _drift(voice, model.latent_size).sample(cycles, context) - 1.0) * weights(model)
