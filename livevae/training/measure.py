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
CONTRAST_SIZE = 2048
CONTRAST_SHARE = 0.1  # of an octave's bins that are its peaks, and as many that are its valleys
PITCH_SIZE = 8192
PITCHES = (80.0, 4000.0)  # Hz between which the strongest partial is looked for
TONAL = 0.3  # of the energy between them that lies within a semitone of it, where a frame has a pitch
HEARD = 1e-3  # root mean square below which a frame is silent
FEWEST_FRAMES = 3


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


def contrast_distance(made: Audio, wanted: Audio) -> float:
    """How much flatter, or sharper, spectra are than they should be, in dB: 0 where they are as sharp, more for blur.

    For each octave of each frame, its contrast: the level of its highest tenth of bins over that of its lowest
    (spectral contrast; Jiang et al., "Music type classification by spectral contrast feature", ICME 2002). Of the two
    distributions of it over time the Wasserstein distance, meaned over octaves. Moving either sound in time, or turning
    it up, changes nothing: what this hears is noise where tones were, and the other way round.
    """
    size = min(made.shape[-1], wanted.shape[-1])
    first, second = (np.sort(_contrasts(np.atleast_2d(audio)[:, :size]), axis=-1) for audio in (made, wanted))
    return float(np.mean(np.abs(first - second)))


def level_difference(made: Audio, wanted: Audio) -> float:
    """How many dB louder `made` is than `wanted`, root mean square."""
    first, second = (float(np.sqrt(np.mean(np.square(audio, dtype=np.float64)))) for audio in (made, wanted))
    return 20 * float(np.log10(max(first, 1e-9) / max(second, 1e-9)))


def pitch_kept(made: Audio, wanted: Audio, sample_rate: int) -> float | None:
    """The share of frames (0 to 1) whose strongest partial is within a semitone of what it was; both are mono.

    Looked at are the frames of `wanted` that have a pitch: enough of their energy between 80 Hz and 4 kHz lies around
    one partial. None where they are too few to say.
    """
    size = min(len(made), len(wanted))
    pitches, shares, levels = _partials(wanted[:size], sample_rate)
    tonal = (shares > TONAL) & (levels > HEARD)
    if np.sum(tonal) < FEWEST_FRAMES:
        return None
    found = _partials(made[:size], sample_rate)[0]
    return float(np.mean(np.abs(12 * np.log2(found[tonal] / pitches[tonal])) <= 1.0))


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
        figures[name] = {
            "model": log_spectral_distance(rebuild_exported(opened, audio), audio),
            "shaped noise": log_spectral_distance(shaped_noise(audio), audio),
            "low-passed": log_spectral_distance(low_passed(audio, rate), audio),
        }
    means = {kind: float(np.mean([row[kind] for row in figures.values()])) for kind in next(iter(figures.values()))}
    return figures | {"mean": means}


def rebuild_exported(opened: Any, audio: Audio) -> Audio:
    """`transform_exported` from silence, whatever was heard before, and with the same noise every time."""
    for key, buffer in opened.named_buffers():
        if key.endswith("cache"):
            buffer.zero_()
    torch.manual_seed(0)
    return transform_exported(opened, audio)


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


def _contrasts(rows: Audio) -> NDArray[np.floating[Any]]:
    """Contrast in dB of each octave and frame of (channels, n), as (channels, octaves, frames)."""
    padded = np.pad(rows, ((0, 0), (0, max(0, CONTRAST_SIZE - rows.shape[1]))))
    spectra = magnitudes(torch.from_numpy(padded).unsqueeze(1), CONTRAST_SIZE)[:, 0].numpy()
    levels = 20 * np.log10(spectra + FLOOR)
    octaves = []
    low = 8  # bins: 188 Hz at 48 kHz
    while low < CONTRAST_SIZE // 2:
        bins = np.sort(levels[:, low : 2 * low], axis=1)
        few = max(1, round(CONTRAST_SHARE * low))
        octaves.append(bins[:, -few:].mean(1) - bins[:, :few].mean(1))
        low *= 2
    return np.stack(octaves, 1)


def _partials(
    audio: Audio, sample_rate: int
) -> tuple[NDArray[np.floating[Any]], NDArray[np.floating[Any]], NDArray[np.floating[Any]]]:
    """For each frame the frequency of its strongest partial, the share of the energy around it, and its level."""
    padded = np.pad(audio, (0, max(0, PITCH_SIZE - len(audio))))
    frames = np.lib.stride_tricks.sliding_window_view(padded, PITCH_SIZE)[:: PITCH_SIZE // 2]
    powers = np.square(np.abs(np.fft.rfft(frames * np.hanning(PITCH_SIZE), axis=1)))
    hertz = np.fft.rfftfreq(PITCH_SIZE, 1 / sample_rate)
    inside = np.flatnonzero((hertz >= PITCHES[0]) & (hertz <= PITCHES[1]))
    wider = slice(inside[0] - 1, inside[-1] + 2)  # so that each bin that may be a peak has a neighbour on either side
    hertz, powers = hertz[wider], powers[:, wider] + 1e-12
    peaks = 1 + powers[:, 1:-1].argmax(1)
    left, top, right = (np.log(np.take_along_axis(powers, peaks[:, None] + step, 1)[:, 0]) for step in (-1, 0, 1))
    # A parabola through the three bins: the lowest notes are less than a bin apart.
    bend = left - 2 * top + right
    steps = np.where(bend < 0, 0.5 * (left - right) / np.minimum(bend, -1e-9), 0.0).clip(-0.5, 0.5)
    pitches = hertz[peaks] + steps * (hertz[1] - hertz[0])
    near = np.abs(12 * np.log2(hertz / pitches[:, None])) <= 1.0
    shares = np.sum(powers, axis=1, where=near) / powers.sum(1)
    return pitches, shares, np.sqrt(np.mean(np.square(frames), axis=1))
