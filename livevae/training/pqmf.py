"""A cosine-modulated filter bank (pseudo-quadrature mirror filters) in polyphase form.

Splits audio into `bands` equal bands at 1/bands of its rate and joins them again. Both directions are one causal
convolution over blocks of `bands` samples.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

Array = NDArray[np.float64]

KAISER_BETA = 9.0


def prototype(bands: int, taps: int) -> Array:
    """The low-pass filter all bands are shifted from, shape (taps,): linear phase; taps a multiple of 2 * bands.

    A Kaiser window design, refined by Gauss-Newton steps towards power complementarity: the condition under which
    splitting and joining give the input back.
    """
    half = _kaiser_lowpass(bands, taps)[: taps // 2]
    for _ in range(20):
        error, slope = _complementarity(half, bands)
        half = half - np.linalg.lstsq(slope, error, rcond=1e-9)[0]
    return np.concatenate([half, half[::-1]])


def _kaiser_lowpass(bands: int, taps: int) -> Array:
    """The Kaiser-windowed low-pass filter closest to power complementarity, of energy 1 / (2 * bands)."""
    times = np.arange(taps) - (taps - 1) / 2
    window = np.kaiser(taps, KAISER_BETA)

    def filter_of(cutoff: float) -> Array:
        taps_now = np.sinc(cutoff * times) * window
        return np.asarray(taps_now / np.sqrt(2 * bands * np.sum(taps_now**2)))

    def distance(cutoff: float) -> float:
        return float(np.sum(_complementarity(filter_of(cutoff)[: taps // 2], bands)[0] ** 2))

    return filter_of(min(np.linspace(0.9, 1.5, 121) / (2 * bands), key=distance))


def _complementarity(half: Array, bands: int) -> tuple[Array, Array]:
    """How far the symmetric filter of first half `half` is from power complementarity, and the derivative of that.

    For each phase k < bands, the autocorrelations of the polyphase parts k and k + bands must sum to an impulse.
    """
    count = len(half)
    full = np.concatenate([half, half[::-1]]).reshape(-1, 2, bands)  # (blocks of 2 * bands, part, phase)
    where = np.concatenate([np.arange(count), np.arange(count)[::-1]]).reshape(full.shape)
    errors, slopes = [], []
    for lag in range(len(full)):
        early, late = full[: len(full) - lag], full[lag:]
        early_at, late_at = where[: len(full) - lag], where[lag:]
        for k in range(bands):
            errors.append(np.sum(early[:, :, k] * late[:, :, k]) - (0.5 / bands**2 if lag == 0 else 0.0))
            slope = np.zeros(count)
            np.add.at(slope, early_at[:, :, k], late[:, :, k])
            np.add.at(slope, late_at[:, :, k], early[:, :, k])
            slopes.append(slope)
    return np.array(errors), np.array(slopes)


class FilterBank(nn.Module):
    """Audio (B, channels, T) <-> bands (B, channels * bands, T / bands), those of the first channel first.

    `delay` samples pass through both; T is a multiple of bands.
    """

    analysis: Tensor
    synthesis: Tensor

    def __init__(self, bands: int = 16, taps: int = 192) -> None:
        super().__init__()
        self.bands = bands
        self.delay = taps - bands
        low_pass = prototype(bands, taps)
        times = np.arange(taps) - (taps - 1) / 2
        index = np.arange(bands)[:, None]
        phase = (2 * index + 1) * np.pi / (2 * bands) * times + (-1.0) ** index * np.pi / 4
        filters = 2 * np.sqrt(bands) * low_pass * np.cos(phase)
        blocks = taps // bands
        # Convolution layers correlate: the newest sample meets the last weight, so the impulse response is reversed.
        analysis = filters[:, ::-1].reshape(bands, blocks, bands).transpose(0, 2, 1)
        # The synthesis response is the analysis response reversed; output phase r of a block hears tap r + bands * j
        # of the block j steps ago.
        synthesis = filters[:, ::-1].reshape(bands, blocks, bands).transpose(2, 0, 1)[:, :, ::-1]
        self.register_buffer("analysis", torch.tensor(analysis.copy(), dtype=torch.float32))
        self.register_buffer("synthesis", torch.tensor(synthesis.copy(), dtype=torch.float32))
        self.past = blocks - 1

    def split(self, audio: Tensor) -> Tensor:
        rows, channels, steps = audio.size(0), audio.size(1), audio.size(2) // self.bands
        blocks = audio.reshape(rows * channels, steps, self.bands).transpose(1, 2)
        split = F.conv1d(F.pad(blocks, (self.past, 0)), self.analysis)
        return split.view(rows, channels * self.bands, steps)

    def join(self, bands: Tensor) -> Tensor:
        rows, channels, steps = bands.size(0), bands.size(1) // self.bands, bands.size(2)
        each = bands.reshape(rows * channels, self.bands, steps)
        phases = F.conv1d(F.pad(each, (self.past, 0)), self.synthesis)
        return phases.transpose(1, 2).reshape(rows, channels, steps * self.bands)
