"""A learned map beside the model: what the performer plays, in latents, leads it."""

from __future__ import annotations

import numpy as np

from livevae.errors import LivevaeError
from livevae.latent.live import LiveLatent
from livevae.latent.maps import Map
from livevae.latent.movers import Given
from livevae.model.mover import Stage


def led(live: LiveLatent, learned: Map) -> LiveLatent:
    """The latents that a map gives for the first dimensions of `live`, as many as it has inputs.

    It runs in the process of the model, frame by frame, and never leaves the range of its examples. Raises LivevaeError
    where the map is no perceptron.
    """
    if learned.kind != "mlp":
        raise LivevaeError(f"a map of kind {learned.kind!r} does not run beside the model: train it with kind='mlp'.")
    return live.through(Given(perceptron(learned))).through(Given(limits(learned)))


def perceptron(learned: Map) -> Stage:
    """The map as one perceptron on frames `(D,)`: the ranges of its inputs and outputs are taken into its weights."""
    arrays = {name: np.array(values, np.float64) for name, values in learned.arrays.items()}
    last = len(arrays) // 2 - 1
    width = np.where(learned.high > learned.low, learned.high - learned.low, 1.0)
    gain, shift = 2.0 / width, -2.0 * learned.low / width - 1.0
    first = arrays["weights0"]
    arrays["bias0"] = arrays["bias0"] + shift @ first
    weights = np.zeros((max(learned.dims, learned.inputs), first.shape[1]))
    weights[: learned.inputs] = gain[:, None] * first
    arrays["weights0"] = weights
    arrays[f"weights{last}"] = arrays[f"weights{last}"] * learned.scale
    arrays[f"bias{last}"] = arrays[f"bias{last}"] * learned.scale + learned.centre
    return Stage("mlp", arrays)


def limits(learned: Map) -> Stage:
    """Where the map ends."""
    return Stage("limit", {"low": learned.floor, "high": learned.ceiling})
