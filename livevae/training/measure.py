"""How close a model's reconstructions come, beside what trivial baselines reach."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from livevae.training.dataset import Audio
from livevae.training.losses import SCALES, magnitudes
from livevae.training.pqmf import FilterBank
from livevae.training.vae import Autoencoder

FLOOR = 1e-4  # magnitude below which spectra count as equal: -80 dB of full-scale noise
NOISE_FRAME = 16  # band samples whose energy the noise baseline knows: 256 samples of audio, 16 bands


def log_spectral_distance(made: Audio, wanted: Audio) -> float:
    """Root mean square difference of the log spectra in dB: over bins, then meaned over frames, window sizes and
    channels."""
    first, second = np.atleast_2d(made), np.atleast_2d(wanted)
    size = min(first.shape[1], second.shape[1])
    pad = max(0, max(SCALES) - size)
    both = np.pad(np.concatenate([first[:, :size], second[:, :size]]), ((0, 0), (0, pad)))
    rows = torch.from_numpy(both).unsqueeze(1)
    totals = []
    for scale in SCALES:
        guess, target = (20 * torch.log10(magnitudes(rows, scale)[:, 0] + FLOOR)).chunk(2)
        totals.append((guess - target).square().mean(1).sqrt().mean())
    return float(torch.stack(totals).mean())


@torch.no_grad()
def rebuild(model: Autoencoder, audio: Audio, device: torch.device | None = None) -> Audio:
    """A recording through the model, its delay removed; as long as it came. The noise head draws from torch."""
    delay, samples = model.delay, audio.shape[-1]
    padded = _whole_frames(audio, delay, model.shape.ratio).to(device)
    rebuilt: NDArray[np.float32] = model.reconstruct(padded)[0].float().cpu().numpy()
    return rebuilt[:, delay : delay + samples].reshape(audio.shape)


@torch.no_grad()
def shaped_noise(audio: Audio, seed: int = 0) -> Audio:
    """The noise baseline: white noise given the recording's energy in 16 bands every 256 samples."""
    bank = FilterBank()
    hop = bank.bands * NOISE_FRAME
    length = -(-(len(audio) + bank.delay) // hop) * hop
    bands = bank.split(torch.from_numpy(np.pad(audio, (0, length - len(audio)))).view(1, 1, -1))
    frames = bands.view(1, bank.bands, -1, NOISE_FRAME)
    energy = frames.square().mean(3, keepdim=True).sqrt()
    noise = torch.randn(frames.shape, generator=torch.Generator().manual_seed(seed))
    joined: NDArray[np.float32] = bank.join((noise * energy).flatten(2))[0, 0].numpy()
    return joined[bank.delay : bank.delay + len(audio)]


def low_passed(audio: Audio, sample_rate: int, cutoff: float = 2000.0) -> Audio:
    """The low-pass baseline: nothing above `cutoff` Hz, everything below as it was."""
    spectrum = np.fft.rfft(audio)
    spectrum[np.fft.rfftfreq(len(audio), 1 / sample_rate) > cutoff] = 0
    return np.fft.irfft(spectrum, len(audio)).astype(np.float32)


def compare(model: Path, recordings: dict[str, Audio]) -> dict[str, dict[str, float]]:
    """Log-spectral distance in dB for each recording, and their "mean": of an exported model and of both baselines.

    The recordings are mono at the model's rate. The noise head draws from a fixed seed.
    """
    opened = open_exported(model)
    rate = int(opened.get_sample_rate())
    figures = {}
    for name, audio in recordings.items():
        for key, buffer in opened.named_buffers():
            if key.endswith("cache"):
                buffer.zero_()
        torch.manual_seed(0)
        figures[name] = {
            "model": log_spectral_distance(transform_exported(opened, audio), audio),
            "shaped noise": log_spectral_distance(shaped_noise(audio), audio),
            "low-passed": log_spectral_distance(low_passed(audio, rate), audio),
        }
    means = {kind: float(np.mean([row[kind] for row in figures.values()])) for kind in next(iter(figures.values()))}
    return figures | {"mean": means}


@torch.no_grad()
def transform_exported(opened: Any, audio: Audio) -> Audio:
    """A recording through an exported model from where its state stands, the model's delay removed."""
    delay, samples = int(opened.cumulative_delay), audio.shape[-1]
    made: NDArray[np.float32] = opened(_whole_frames(audio, delay, int(opened.encode_params[3])))[0].numpy()
    return made[:, delay : delay + samples].reshape(audio.shape)


def _whole_frames(audio: Audio, delay: int, ratio: int) -> torch.Tensor:
    """The recording as a batch of one (1, channels, n), with room for the delay and filled up to whole frames."""
    rows = np.atleast_2d(audio)
    return torch.from_numpy(np.pad(rows, ((0, 0), (0, delay + -(rows.shape[1] + delay) % ratio)))).unsqueeze(0)


def open_exported(path: Path) -> Any:
    """The TorchScript module in `path`, without torch's announcement that TorchScript is deprecated."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.jit.load(str(path))  # type: ignore[no-untyped-call]
