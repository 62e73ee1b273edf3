"""The autoencoder: filter bank, encoder, latent, decoder with waveform, loudness and noise heads. All of it causal."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from livevae.training.config import Shape
from livevae.training.layers import SLOPE, CausalConv, CausalUpsample, Residual
from livevae.training.pqmf import FilterBank

NOISE_TAPS = 16
LIFT = 100.0  # quiet sounds reach the encoder compressed, so that they count


class Encoder(nn.Module):
    """Bands (B, channels * bands, T) -> posterior mean and log variance, each (B, latents, T / prod(strides))."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.lift = LIFT
        self.latents = shape.latents
        widths = shape.encoder_widths
        layers: list[nn.Module] = [CausalConv(shape.streams, widths[0], 5)]
        for (narrow, wide), stride in zip(pairwise(widths), shape.strides, strict=True):
            layers += [
                Residual(narrow, 1),
                nn.LeakyReLU(SLOPE),
                CausalConv(narrow, wide, 2 * stride, stride=stride),
            ]
        layers += [nn.LeakyReLU(SLOPE), CausalConv(widths[-1], 2 * shape.latents, 3)]
        self.layers = nn.Sequential(*layers)

    def forward(self, bands: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_variance = self.layers(torch.log1p(bands.abs() * self.lift) * bands.sign()).chunk(2, 1)
        return mean, log_variance.clamp(-12.0, 4.0)


class NoiseHead(nn.Module):
    """White noise, split by a fixed filter bank inside every band, each part with its own level.

    Features (B, width, T) -> noise bands (B, channels * bands, T * stride). Every row of a batch hears the same white
    noise, drawn from torch's generator in the order of time: neither the batch nor the cutting into chunks changes what
    one row gets from a given seed.
    """

    filters: Tensor

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.bands = shape.streams
        self.splits = shape.noise_splits
        self.stride = shape.strides[0]
        levels = self.bands * shape.noise_splits
        self.levels = CausalConv(shape.decoder_widths[1], levels, 3)
        with torch.no_grad():
            self.levels.conv.weight.mul_(0.2)
            assert self.levels.conv.bias is not None
            self.levels.conv.bias.fill_(-3.0)
        self.register_buffer("filters", _noise_filters(shape.noise_splits).repeat(self.bands, 1, 1))

    def forward(self, features: Tensor) -> Tensor:
        levels = level(self.levels(features)).unsqueeze(3)
        steps = features.size(2) * self.stride
        white = (torch.rand([steps, self.bands], device=features.device) * 2.0 - 1.0).t().unsqueeze(0)
        parts = F.conv1d(F.pad(white, (NOISE_TAPS - 1, 0)), self.filters, groups=self.bands)
        shaped = levels * parts.view(1, levels.size(1), features.size(2), self.stride)
        return shaped.view(features.size(0), self.bands, self.splits, steps).sum(2)


class Decoder(nn.Module):
    """Latents (B, latents, T) -> bands (B, channels * bands, T * prod(strides))."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        widths = shape.decoder_widths
        self.enter = CausalConv(shape.latents, widths[-1], 3)
        stages: list[nn.Module] = []
        rows = list(zip(pairwise(widths), shape.strides, shape.decoder_dilations, strict=True))
        for (narrow, wide), stride, dilations in reversed(rows):
            units: list[nn.Module] = [Residual(narrow, dilation) for dilation in dilations]
            stages.append(nn.Sequential(nn.LeakyReLU(SLOPE), CausalUpsample(wide, narrow, stride), *units))
        self.slow = nn.Sequential(*stages[:-1])
        self.fast = stages[-1]
        self.noise = NoiseHead(shape)
        self.wave = CausalConv(widths[0], 2 * shape.streams, 5)
        with torch.no_grad():
            assert self.wave.conv.bias is not None
            self.wave.conv.weight.mul_(0.2)
            self.wave.conv.bias[shape.streams :] = -2.0

    def forward(self, latents: Tensor) -> Tensor:
        slow = self.slow(self.enter(latents))
        wave, loudness = self.wave(F.leaky_relu(self.fast(slow), SLOPE)).chunk(2, 1)
        noise: Tensor = self.noise(F.leaky_relu(slow, SLOPE))
        return torch.tanh(wave) * level(loudness) + noise


class Rebuilt(NamedTuple):
    """What training compares: audio (B, channels, n), its bands as made and as wanted, and the posterior they came
    through with the sample drawn from it.
    """

    audio: Tensor
    bands: Tensor
    wanted_bands: Tensor
    mean: Tensor
    log_variance: Tensor
    latents: Tensor


class Autoencoder(nn.Module):
    """Audio (B, channels, n) in -1..1 <-> latents (B, latents, n / ratio).

    `delay` samples lie between audio in and out.
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.bank = FilterBank(shape.bands)
        self.encoder = Encoder(shape)
        self.decoder = Decoder(shape)

    @property
    def delay(self) -> int:
        return self.bank.delay

    def forward(self, audio: Tensor, half: bool = False, chance: Tensor | None = None) -> Rebuilt:
        """Audio rebuilt from a sample of the posterior.

        `half` computes encoder and decoder in bfloat16; the filter bank stays exact, or the rounding of loud bands
        would drown quiet ones. `chance` (B, latents, frames) is what the sample is made of, normal draws; None draws.
        """
        bands = self.bank.split(audio)
        with torch.autocast(audio.device.type, torch.bfloat16, enabled=half):
            mean, log_variance = (part.float() for part in self.encoder(bands))
            chance = torch.randn_like(mean) if chance is None else chance
            latents = mean + chance * torch.exp(0.5 * log_variance)
            made = self.decoder(latents)
        made = made.float()
        return Rebuilt(self.bank.join(made), made, bands, mean, log_variance, latents)

    def reconstruct(self, audio: Tensor) -> Tensor:
        """Audio rebuilt from the posterior mean."""
        mean, _ = self.encoder(self.bank.split(audio))
        return self.bank.join(self.decoder(mean))


def level(x: Tensor) -> Tensor:
    """A loudness in 0..2, nearly exponential where it is quiet."""
    return 2.0 * torch.sigmoid(x).pow(2.3)


def _noise_filters(splits: int) -> Tensor:
    """`splits` equal band-pass filters that together cover a band, (splits, 1, NOISE_TAPS); white noise in -1..1 gives
    each an output of standard deviation 1."""
    times = np.arange(NOISE_TAPS) - (NOISE_TAPS - 1) / 2
    window = np.hanning(NOISE_TAPS + 2)[1:-1]
    centres = (2 * np.arange(splits)[:, None] + 1) * np.pi / (2 * splits)
    filters = np.cos(centres * times + np.pi / 4) * window
    filters *= np.sqrt(3.0 / np.sum(filters**2, axis=1, keepdims=True))
    return torch.tensor(filters[:, None], dtype=torch.float32)
