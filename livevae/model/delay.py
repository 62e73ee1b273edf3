"""How long a sound takes through a model: found by listening to what a burst changes."""

from typing import Protocol

import torch
from torch import Tensor

from livevae.model.info import ModelInfo

BURST = 0.02
"""Seconds of the burst: short against any delay that matters, long enough to wake a model trained on music."""
LONGEST = 1.5
"""Seconds after which nothing more is expected (RAVE v1 takes 0.7)."""
CHUNK = 8192
"""Samples of one call: a long chunk takes less time for each sample."""


class Streams(Protocol):
    """What is needed of a model."""

    info: ModelInfo

    def forward(self, x: Tensor) -> Tensor: ...

    def reset(self) -> None: ...

    def seed(self, number: int) -> None: ...


def find_delay(model: Streams) -> int:
    """Samples by which the output's energy lags behind a burst at the input.

    The model hears near silence twice, once with the burst, with the same noise inside; the difference is the burst's
    trace, whose energy is matched against the burst's own. Torch's random state is left as it was.
    """
    info = model.info
    rate = info.sample_rate or 48000
    step = info.ratio * max(1, CHUNK // info.ratio)
    length = max(16, int(BURST * rate))
    start = step
    total = start + int(LONGEST * rate)
    chunks = -(-total // step)
    generator = torch.Generator().manual_seed(1)
    quiet = torch.randn(1, info.in_channels, chunks * step, generator=generator) * 1e-4
    loud = quiet.clone()
    shape = torch.hann_window(length, periodic=False) * torch.randn(length, generator=generator)
    loud[..., start : start + length] += shape * 0.5
    with torch.random.fork_rng(devices=[]):
        trace = _difference(model, quiet, loud, step)
    return _lag(trace, (shape * shape).to(torch.float64), start)


def _difference(model: Streams, quiet: Tensor, loud: Tensor, step: int) -> Tensor:
    outputs = []
    for audio in (quiet, loud):
        model.reset()
        pieces = []
        for index, at in enumerate(range(0, audio.shape[2], step)):
            model.seed(index)
            pieces.append(model.forward(audio[..., at : at + step]))
        outputs.append(torch.nan_to_num(torch.cat(pieces, 2)))
    return (outputs[1] - outputs[0])[0].to(torch.float64)


def _lag(trace: Tensor, burst: Tensor, start: int) -> int:
    """The shift at which the burst's energy covers most of the trace's energy."""
    energy = (trace * trace).sum(0)
    if float(energy.sum()) < 1e-12:
        return 0
    size = energy.shape[0] + burst.shape[0]
    match = torch.fft.irfft(torch.fft.rfft(energy, size) * torch.fft.rfft(burst, size).conj(), size)
    return max(0, int(match[: energy.shape[0]].argmax()) - start)
