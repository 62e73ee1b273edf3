"""What training minimises of the difference between sounds: a multiscale spectral distance after RAVE, and levels."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

SCALES = (2048, 1024, 512, 256, 128)
LEVEL_WINDOWS = (32,)  # steps of a band: about 11 ms
LEVEL_FLOOR = 1e-4
FLOOR = 3e-5  # magnitude below which spectra count as equal: about -90 dB of full-scale noise


def magnitudes(audio: Tensor, size: int) -> Tensor:
    """STFT magnitudes of (B, V, n), window `size`, hop size / 4, as (B, V, bins, frames); white noise of rms 1 gives
    1."""
    window = torch.hann_window(size, device=audio.device)
    window = window / window.square().sum().sqrt()
    spectrum = torch.stft(
        audio.flatten(0, 1), size, hop_length=size // 4, window=window, center=False, return_complex=True
    )
    levels = torch.view_as_real(spectrum).square().sum(-1).add(1e-12).sqrt()
    return levels.view(*audio.shape[:2], *levels.shape[1:])


def spectral_distance(made: Tensor, wanted: Tensor, scales: Sequence[int] = SCALES) -> Tensor:
    """Mean over scales of |S - S'| / |S| (a norm per row of the batch) plus the mean of |log S - log S'|.

    Both (B, channels, n) with n at least the largest scale; a scalar comes back. Of stereo, left, right, their sum and
    their difference are compared, so that the image counts.
    """
    made, wanted = _views(made), _views(wanted)
    total = made.new_zeros(())
    for size in scales:
        with torch.no_grad():
            target = magnitudes(wanted, size)
        guess = magnitudes(made, size)
        whole = target.square().sum((1, 2, 3)).sqrt() + 1e-2
        linear = (guess - target).square().sum((1, 2, 3)).add(1e-8).sqrt() / whole
        logarithmic = (torch.log(guess + FLOOR) - torch.log(target + FLOOR)).abs().mean()
        total = total + linear.mean() + logarithmic
    return total / len(scales)


def level_distance(made: Tensor, wanted: Tensor, windows: Sequence[int] = LEVEL_WINDOWS) -> Tensor:
    """How far bands (B, bands, T) are from the levels they should have, in nepers, meaned over `windows`: steps of T.

    Spectra that cannot be matched bin by bin are cheapest when too quiet; this keeps their loudness, and short windows
    keep attacks where they were. Half of it is the mean over the bands, the rest the level of all bands together.
    """
    powers = made.square(), wanted.square()
    distance = made.new_zeros(())
    for window in windows:
        first, second = (torch.nn.functional.avg_pool1d(power, window) + LEVEL_FLOOR**2 for power in powers)
        each = 0.5 * (first.log() - second.log()).abs().mean()
        total = 0.5 * (first.sum(1).log() - second.sum(1).log()).abs().mean()
        distance = distance + 0.5 * each + total
    return distance / len(windows)


def _views(audio: Tensor) -> Tensor:
    """What of (B, channels, n) is compared, as (B, views, n)."""
    if audio.size(1) == 1:
        return audio
    left, right = audio[:, :1], audio[:, 1:]
    return torch.cat([left, right, (left + right) * 0.5**0.5, (left - right) * 0.5**0.5], 1)
