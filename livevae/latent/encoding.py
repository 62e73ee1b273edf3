"""A recording through a model, block by block. Imports torch: for the encoder's process and for offline work."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np

from livevae.errors import LivevaeError
from livevae.latent.audio import Block, blocks, describe
from livevae.latent.cache import Job
from livevae.latent.npz import Encoded
from livevae.model.runner import Model
from livevae.model.stream import OFFLINE_SAMPLES, ChunkStream

_MARGIN = 4
"""Frames by which resampling may give more than the length says."""
SEED = 1
"""Variational models draw noise when they encode: a fixed seed makes an encoding repeatable."""


def encode_recording(job: Job, model: Model, progress: Callable[[float], None] | None = None) -> Encoded:
    """The recording (or its part) in the model's latent space, a frame for each `ratio` samples, the last one padded.

    A model with several inputs gets as many channels of the file. `progress` is told the part done, 0 to 1, after
    each chunk, and may raise to stop.

    Raises LivevaeError for models without latents or sample rate, for files that cannot be read, for silent
    recordings and where the model gives values that are not finite.
    """
    info = model.info
    if not info.has_latents:
        raise LivevaeError(f"{info.name} has no latent space: recordings need a model with encode and decode.")
    if info.sample_rate is None:
        raise LivevaeError(f"{info.name} does not say its sample rate: open it with rate=44100 or rate=48000.")
    lasts = describe(job.path).seconds
    seconds = max(0.0, min(lasts, lasts if job.end is None else job.end) - (job.start or 0.0))
    sound = blocks(
        job.path, info.sample_rate, channels=info.in_channels, channel=job.channel, start=job.start, end=job.end
    )
    # One array for all: small ones kept between a model's large temporary ones would fragment the memory of an hour.
    frames = np.empty((math.ceil(seconds * info.sample_rate / info.ratio) + _MARGIN, info.latent_size), np.float32)
    count = 0
    loudest = 0.0

    def heard() -> Iterator[Block]:
        nonlocal loudest
        for block in sound:
            loudest = max(loudest, float(np.abs(block).max()))
            yield block.T

    def report(samples: int) -> None:
        if progress is not None and info.sample_rate is not None:
            progress(min(samples / info.sample_rate / seconds, 1.0))

    model.seed(SEED)
    # Long chunks for every model: one that draws noise draws as much of it whatever the chunk.
    stream = ChunkStream(model, frames=max(1, OFFLINE_SAMPLES // info.ratio), progress=report)
    for z in stream.encode_all(heard()):
        if not np.isfinite(z).all():
            raise LivevaeError(f"{info.name} gives values that are not finite for {job.path}: try another model.")
        frames[count : count + len(z)] = z
        count += len(z)
    if loudest == 0.0:
        raise LivevaeError(f"{job.path} is silent: there is nothing to encode.")
    return Encoded(frames[:count], info.sample_rate, info.ratio)
