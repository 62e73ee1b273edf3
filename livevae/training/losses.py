"""What training minimises: a multiscale spectral distance after RAVE, and the latent's divergence from the prior."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

SCALES = (2048, 1024, 512, 256, 128)
LEVEL_WINDOW = 32  # steps of a band: about 11 ms
LEVEL_FLOOR = 1e-4
FLOOR = 3e-5  # magnitude below which spectra count as equal: about -90 dB of full-scale noise


def magnitudes(audio: Tensor, size: int) -> Tensor:
    """STFT magnitudes of (B, 1, n), window `size`, hop size / 4, as (B, bins, frames); white noise of rms 1 gives 1."""
    window = torch.hann_window(size, device=audio.device)
    window = window / window.square().sum().sqrt()
    spectrum = torch.stft(
        audio.squeeze(1), size, hop_length=size // 4, window=window, center=False, return_complex=True
    )
    return torch.view_as_real(spectrum).square().sum(-1).add(1e-12).sqrt()


def spectral_distance(made: Tensor, wanted: Tensor, scales: Sequence[int] = SCALES) -> Tensor:
    """Mean over scales of |S - S'| / |S| (a norm per row of the batch) plus the mean of |log S - log S'|.

    Both (B, 1, n) with n at least the largest scale; a scalar comes back.
    """
    total = made.new_zeros(())
    for size in scales:
        with torch.no_grad():
            target = magnitudes(wanted, size)
        guess = magnitudes(made, size)
        linear = (guess - target).square().sum((1, 2)).add(1e-8).sqrt() / (target.square().sum((1, 2)).sqrt() + 1e-2)
        logarithmic = (torch.log(guess + FLOOR) - torch.log(target + FLOOR)).abs().mean()
        total = total + linear.mean() + logarithmic
    return total / len(scales)


def level_distance(made: Tensor, wanted: Tensor) -> Tensor:
    """How far bands (B, bands, T) are from the levels they should have, in nepers, over windows of LEVEL_WINDOW steps.

    Spectra that cannot be matched bin by bin are cheapest when too quiet; this keeps their loudness. Half of it is the
    mean over the bands, the rest the level of all bands together.
    """
    first, second = (
        torch.nn.functional.avg_pool1d(bands.square(), LEVEL_WINDOW) + LEVEL_FLOOR**2 for bands in (made, wanted)
    )
    each = 0.5 * (first.log() - second.log()).abs().mean()
    total = 0.5 * (first.sum(1).log() - second.sum(1).log()).abs().mean()
    return 0.5 * each + total


def divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Kullback-Leibler divergence from a standard normal in nats per latent frame, meaned over batch and time."""
    return 0.5 * (mean.square() + log_variance.exp() - log_variance - 1.0).sum(1).mean()
