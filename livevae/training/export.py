"""A trained autoencoder as a TorchScript file in nn~'s module format, streaming from silence."""

import copy
import os
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from livevae.errors import LivevaeError
from livevae.training.dataset import Audio
from livevae.training.edges import chunk_sizes
from livevae.training.measure import open_exported
from livevae.training.streaming import StreamBank, StreamDecoder, StreamEncoder
from livevae.training.vae import Autoencoder

FLOAT_ATTRIBUTE = 2  # nn~'s code for the type of an attribute
PIECE = 60  # seconds encoded at once for the statistics
MEASURED = 3600  # seconds encoded for them at most
LARGEST_DIFFERENCE = 1e-4  # between a stream cut into chunks and the graph that was trained
CHECKED_FRAMES = 16
PATTERNS = ((1,), (2,), (3,), (16,), (1, 3, 2, 5, 4))  # latent frames in a chunk


@dataclass(frozen=True)
class Statistics:
    """Of the posterior means over the training data. `latent_pca` has the components as rows, the widest first.

    latent_pca (D, D) and latent_mean (D,) turn encoder output into latents; fidelity (D,) is the share of the variance
    that the first dimensions explain, cumulated; latent_std, latent_min, latent_max (D,) are of the finished latents.
    """

    latent_pca: Tensor
    latent_mean: Tensor
    fidelity: Tensor
    latent_std: Tensor
    latent_min: Tensor
    latent_max: Tensor


class StreamingModule(nn.Module):
    """What the file holds: encode, decode and forward on (batch, channels, steps), up to 64 rows, each a stream.

    encode: audio (B, channels, n) -> latents (B, D, n / ratio), the posterior mean in the order of explained variance.
    decode: latents (B, D, f) -> audio (B, channels, f * ratio). forward: one after the other. reset: all streams
    forget, as if the file had just been opened.
    The attribute `noise` (0 and up, 1 as trained) scales the noise head; at 0, decode draws no audible randomness.
    """

    latent_pca: Tensor
    latent_mean: Tensor
    centre: Tensor

    def __init__(self, model: Autoencoder, statistics: Statistics, sample_rate: int) -> None:
        super().__init__()
        self.bank = StreamBank(model.bank, model.shape.channels)
        self.encoder = StreamEncoder(model.encoder)
        self.decoder = StreamDecoder(model.decoder)
        latents, ratio, channels = model.shape.latents, model.shape.ratio, model.shape.channels
        self.sr = sample_rate
        self.latent_size = latents
        self.full_latent_size = latents
        self.cumulative_delay = model.delay
        for name, value in vars(statistics).items():
            self.register_buffer(name, value.float())
        # What the latents are at a posterior mean of 0, so that ordering them is one product with a sum.
        self.register_buffer("centre", (-statistics.latent_pca @ statistics.latent_mean).float())
        self.noise = 1.0
        self.register_buffer("noise_params", torch.tensor([FLOAT_ATTRIBUTE]))
        names = [f"latent {index}" for index in range(latents)]
        sides = ["audio"] if channels == 1 else ["left", "right"]
        self._describe("encode", [channels, 1, latents, ratio], sides, names)
        self._describe("decode", [latents, ratio, channels, 1], names, sides)
        self._describe("forward", [channels, 1, channels, 1], sides, sides)

    def _describe(self, method: str, numbers: list[int], inputs: list[str], outputs: list[str]) -> None:
        self.register_buffer(f"{method}_params", torch.tensor(numbers))
        setattr(self, f"{method}_input_labels", inputs)
        setattr(self, f"{method}_output_labels", outputs)

    @torch.jit.export
    def encode(self, x: Tensor) -> Tensor:
        mean = self.encoder(self.bank.split(x))
        latents = torch.addmm(self.centre, mean.view(-1, self.latent_size), self.latent_pca.t())
        return latents.view(x.size(0), -1, self.latent_size).transpose(1, 2)

    @torch.jit.export
    def decode(self, z: Tensor) -> Tensor:
        latents = torch.addmm(self.latent_mean, z.transpose(1, 2).reshape(-1, self.latent_size), self.latent_pca)
        return self.bank.join(self.decoder(latents.view(z.size(0), -1, self.latent_size), self.noise))

    def forward(self, x: Tensor) -> Tensor:
        return self.decode(self.encode(x))

    @torch.jit.export
    def reset(self) -> None:
        for module in self.modules():
            if hasattr(module, "cache"):
                module.cache.zero_()  # type: ignore[operator]

    @torch.jit.export
    def get_methods(self) -> list[str]:
        return ["encode", "decode", "forward"]

    @torch.jit.export
    def get_attributes(self) -> list[str]:
        return ["noise"]

    @torch.jit.export
    def get_noise(self) -> tuple[float]:
        """nn~ reads a tuple of as many values as `noise_params` has types."""
        return (self.noise,)

    @torch.jit.export
    def set_noise(self, noise: float) -> int:
        if noise < 0.0:
            return -1
        self.noise = noise
        return 0

    @torch.jit.export
    def get_buffer_attributes(self) -> list[str]:
        """None: the file takes no sound of a host's buffers, and the three methods for them do nothing."""
        names: list[str] = []
        return names

    @torch.jit.export
    def set_buffer_attribute(self, buffer_name: str, buffer: Tensor, sr: int) -> int:
        return -1

    @torch.jit.export
    def clear_buffer_attribute(self, buffer_name: str) -> int:
        return -1

    @torch.jit.export
    def is_buffer_empty(self, buffer_name: str) -> bool:
        return True

    @torch.jit.export
    def get_sample_rate(self) -> int:
        return self.sr

    @torch.jit.export
    def set_sample_rate(self, sample_rate: int) -> int:
        """The model works at one rate; a host that runs at another must resample."""
        return 0 if sample_rate == self.sr else -1


@torch.no_grad()
def latent_statistics(model: Autoencoder, recordings: dict[str, Audio], sample_rate: int) -> Statistics:
    """Encode the recordings (at `sample_rate`) and find the principal axes of what comes out."""
    device = model.bank.analysis.device
    means = []
    for piece in _pieces(recordings, PIECE * sample_rate // model.shape.ratio * model.shape.ratio, model.shape.ratio):
        mean, _ = model.encoder(model.bank.split(torch.from_numpy(piece).unsqueeze(0).to(device)))
        means.append(mean[0].t().double().cpu())
    frames = torch.cat(means)
    centre = frames.mean(0)
    covariance = (frames - centre).t() @ (frames - centre) / len(frames)
    variances, vectors = torch.linalg.eigh(covariance)
    axes = vectors.flip(1).t()
    strongest = axes.gather(1, axes.abs().argmax(1, keepdim=True))
    axes = axes * strongest.sign()  # an axis has no sign of its own: its largest weight is positive
    variances = variances.flip(0).clamp_min(0.0)
    latents = (frames - centre) @ axes.t()
    return Statistics(
        latent_pca=axes,
        latent_mean=centre,
        fidelity=variances.cumsum(0) / variances.sum().clamp_min(1e-12),
        latent_std=latents.std(0, correction=0),
        latent_min=latents.amin(0),
        latent_max=latents.amax(0),
    )


def _pieces(recordings: dict[str, Audio], longest: int, ratio: int) -> Iterator[Audio]:
    """All recordings in pieces of `longest`, filled up to whole frames; of more than MEASURED, pieces from all over."""
    rows = [np.atleast_2d(audio) for audio in recordings.values()]
    places = [(row, start) for row in rows for start in range(0, row.shape[1], longest)]
    most = MEASURED * longest // PIECE
    for row, start in places[:: -(-sum(row.shape[1] for row in rows) // most) or 1]:
        piece = row[:, start : start + longest]  # only now is it read, where recordings are mapped from a file
        yield np.ascontiguousarray(np.pad(piece, ((0, 0), (0, -piece.shape[1] % ratio))))


def export(model: Autoencoder, recordings: dict[str, Audio], path: Path, sample_rate: int) -> Path:
    """Write `model` to `path` for nn~ and livevae, its latents ordered by what they explain of `recordings`.

    The file appears only when complete and checked: reopened, its streams equal the graph that was trained.
    Raises LivevaeError when the check fails or the file cannot be written.
    """
    finished = copy.deepcopy(model).cpu()
    statistics = latent_statistics(finished, recordings, sample_rate)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(path.name + ".new")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # TorchScript is announced as deprecated; hosts need it
            torch.jit.save(torch.jit.script(StreamingModule(finished, statistics, sample_rate)), str(beside))
    except (RuntimeError, OSError) as error:
        beside.unlink(missing_ok=True)
        raise LivevaeError(f"The model cannot be written to {path}: check the folder and the space left.") from error
    difference = stream_difference(beside, finished, statistics)
    if not difference < LARGEST_DIFFERENCE:
        beside.unlink()
        raise LivevaeError(
            f"The exported model streams wrongly (difference {difference:.1e}): its training may have diverged, "
            "train again with another --seed."
        )
    os.replace(beside, path)
    return path


@torch.no_grad()
def stream_difference(path: Path, model: Autoencoder, statistics: Statistics) -> float:
    """The largest difference between the graph that was trained and the file in chunks of all PATTERNS, over encode
    and decode."""
    shape = model.shape
    audio = 0.3 * torch.randn(
        1, shape.channels, CHECKED_FRAMES * shape.ratio, generator=torch.Generator().manual_seed(0)
    )
    mean, _ = model.encoder(model.bank.split(audio))
    axes, centre = statistics.latent_pca.float(), statistics.latent_mean.float()
    torch.manual_seed(0)  # the noise head draws the same however the stream is cut
    wanted = (F.linear(mean.transpose(1, 2) - centre, axes).transpose(1, 2), model.bank.join(model.decoder(mean)))
    opened = open_exported(path)
    return max(
        float((got - whole).abs().max())
        for pattern in PATTERNS
        for got, whole in zip(_in_chunks(opened, audio, pattern), wanted, strict=True)
    )


def _in_chunks(opened: Any, audio: Tensor, pattern: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """Latents and audio of an open model that was reset, as many latent frames at a time as the pattern says, over and
    over."""
    opened.reset()
    ratio = int(opened.encode_params[3])
    sizes = chunk_sizes(CHECKED_FRAMES, pattern)
    torch.manual_seed(0)
    latents = torch.cat([opened.encode(part) for part in torch.split(audio, [size * ratio for size in sizes], 2)], 2)
    return latents, torch.cat([opened.decode(part) for part in torch.split(latents, sizes, 2)], 2)
