"""How long a sound takes through a model: found by listening to what a train of bursts changes."""

from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional as F

from livevae.model.info import ModelInfo

BURSTS = 12
"""A model answers each noise a little sooner or later, and each place in its frame: their mean is what is played."""
BURST = 0.01
"""Seconds of a burst: short against any delay that matters, long enough to wake a model trained on music."""
APART = (0.015, 0.045)
"""Seconds of near silence between bursts, the shortest and the longest: never the same, so that one shift fits all."""
WINDOW = 0.002
"""Seconds over which a level is taken: the finest in which noise is one sound and not many."""
LONGEST = 1.2
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
    """Samples by which the level at the output follows that of bursts at the input.

    The model hears near silence twice, once with a train of bursts, with the same noise inside; the difference is the
    bursts' trace. The delay is the shift at which its level over time is most like the bursts' own. It is that of the
    middle of a sound: a model that answers an attack gradually begins to be heard earlier (the onset that BRAVE's
    authors measure, arXiv:2503.11562, comes about a millisecond before). Torch's random state is left as it was.
    """
    info = model.info
    rate = info.sample_rate or 48000
    step = info.ratio * max(1, CHUNK // info.ratio)
    generator = torch.Generator().manual_seed(1)
    train = _bursts(rate, generator)
    chunks = 1 + -(-(len(train) + int(LONGEST * rate)) // step)
    bursts = torch.zeros(chunks * step)
    bursts[step : step + len(train)] = train
    quiet = torch.randn(1, info.in_channels, chunks * step, generator=generator) * 1e-4
    with torch.random.fork_rng(devices=[]):
        trace = _difference(model, quiet, quiet + bursts, step)
    return _lag(trace, bursts, rate)


def _bursts(rate: int, generator: torch.Generator) -> Tensor:
    """Noise that swells and fades, at uneven distances."""
    length = max(16, int(BURST * rate))
    shape = 0.5 * torch.hann_window(length, periodic=False)
    shortest, longest = APART
    pauses = (shortest + (longest - shortest) * torch.rand(BURSTS, generator=generator)) * rate
    return torch.cat([F.pad(shape * torch.randn(length, generator=generator), (int(n), 0)) for n in pauses])


def _difference(model: Streams, quiet: Tensor, loud: Tensor, step: int) -> Tensor:
    outputs = []
    for audio in (quiet, loud):
        model.reset()
        pieces = []
        for index, at in enumerate(range(0, audio.shape[2], step)):
            model.seed(index)
            pieces.append(model.forward(audio[..., at : at + step]))
        outputs.append(torch.nan_to_num(torch.cat(pieces, 2)))
    return (outputs[1] - outputs[0])[0]


def _lag(trace: Tensor, bursts: Tensor, rate: int) -> int:
    """The shift of the bursts at which their level is most like that of the trace (channels, samples)."""
    if float(trace.square().sum()) < 1e-12:
        return 0
    size = 2 * len(bursts)
    heard, played = (torch.fft.rfft(_level(audio, rate), size) for audio in (trace, bursts.unsqueeze(0)))
    likeness = torch.fft.irfft(heard * played.conj(), size)
    return int(likeness[: int(LONGEST * rate)].argmax())


def _level(audio: Tensor, rate: int) -> Tensor:
    """The root mean square of all channels around each sample."""
    window = torch.hann_window(2 * (int(WINDOW * rate) // 2) + 3, periodic=False, dtype=torch.float64)
    energy = audio.to(torch.float64).square().sum(0)
    smooth = F.conv1d(energy.view(1, 1, -1), (window / window.sum()).view(1, 1, -1), padding="same")
    return smooth.clamp_min(0.0).sqrt().flatten()
