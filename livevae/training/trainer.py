"""The training loop: segments in, a checkpoint that survives anything, a model out."""

from __future__ import annotations

import math
import os
import pickle
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from livevae.errors import LivevaeError
from livevae.model.runner import flushed_denormals
from livevae.training.config import TrainConfig
from livevae.training.dataset import Recordings, Segments, load_recordings
from livevae.training.export import export
from livevae.training.losses import divergence, level_distance, spectral_distance
from livevae.training.measure import log_spectral_distance, rebuild
from livevae.training.vae import Autoencoder

WARM_UP_STEPS = 200
DECAY_FROM = 0.5  # of the run: the rate is constant before, and falls along a cosine after
FINAL_RATE = 0.02
DIVERGENCE_WARM_UP = 0.2  # of the run
LARGEST_GRADIENT = 2.0
AVERAGING = 0.999
REPORT_EVERY = 15.0  # seconds


class TrainingStopped(LivevaeError):
    """Training was asked to stop and left a checkpoint to resume from."""


@dataclass
class Progress:
    """Where a run stands; kept in its checkpoint."""

    step: int = 0
    seconds: float = 0.0
    history: list[dict[str, float]] = field(default_factory=list)


@flushed_denormals()
def train(config: TrainConfig, report: Callable[[str], None] = print, stop: Callable[[], bool] = lambda: False) -> Path:
    """Train a model, export it to `config.output` and return that path.

    Where `stop` turns true, the run saves its checkpoint and raises TrainingStopped; a run killed outright resumes
    from the checkpoint before. Raises LivevaeError for unusable recordings or a checkpoint that does not fit.
    """
    if config.threads is not None:
        torch.set_num_threads(config.threads)
    recordings = load_recordings(config.folders, config.sample_rate, config.held_out, report)
    run = Run(config, recordings)
    report(
        f"{len(recordings.training)} recordings ({run.segments.seconds:.0f} s), {len(recordings.held_out)} held out, "
        f"{sum(p.numel() for p in run.model.parameters()) / 1e6:.2f} M parameters on {run.device}"
    )
    if config.checkpoint.exists():
        if not config.resume:
            raise LivevaeError(f"{config.checkpoint} holds an earlier run: add --resume to go on, or delete it.")
        run.restore()
        report(f"Resumed at step {run.progress.step}")
    run.loop(report, stop)
    report("Exporting.")
    return export(run.averaged, recordings.training, config.output, config.sample_rate)


class Run:
    """A model being trained, with everything a checkpoint needs."""

    def __init__(self, config: TrainConfig, recordings: Recordings) -> None:
        self.config = config
        self.sizes = config.sizes
        self.device = choose_device(config.device)
        self.held_out = recordings.held_out
        shape = self.sizes.shape
        self.segments = Segments(recordings.training, self.sizes.frames * shape.ratio, config.sample_rate)
        torch.manual_seed(config.seed)
        self.random = np.random.default_rng(config.seed)
        self.model = Autoencoder(shape).to(self.device)
        self.averaged = Autoencoder(shape).to(self.device).requires_grad_(False)
        self.averaged.load_state_dict(self.model.state_dict())
        self.optimiser = torch.optim.Adam(self.model.parameters(), self.sizes.rate, betas=(0.9, 0.99))
        self.progress = Progress()

    @property
    def done(self) -> float:
        """How much of the run is done, 0 to 1."""
        if self.config.minutes is not None:
            return min(1.0, self.progress.seconds / (60 * self.config.minutes))
        return min(1.0, self.progress.step / self.config.goal)

    def loop(self, report: Callable[[str], None], stop: Callable[[], bool]) -> None:
        began = reported = saved = time.monotonic()
        before = self.progress.seconds
        recent: list[list[float]] = []
        while self.done < 1.0:
            recent.append(self.step())
            now = time.monotonic()
            self.progress.seconds = before + now - began
            if self.progress.step % self.config.validate_every == 0:
                self.validate(report)
            if now - reported > REPORT_EVERY or self.done >= 1.0:
                report(self._line(np.mean(recent, axis=0)))
                recent, reported = [], now
            if stop():
                self.save()
                raise TrainingStopped(
                    f"Stopped at step {self.progress.step}: the same command with --resume goes on from here."
                )
            if now - saved > self.config.save_every:
                self.save()
                saved = now
        self.validate(report)
        self.save()

    def step(self) -> list[float]:
        """One step of the optimiser; gives (spectral distance, level distance, divergence, gradient norm)."""
        rate = self.sizes.rate * self._rate_factor()
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        audio = torch.from_numpy(self.segments.draw(self.config.batch or self.sizes.batch, self.random)).to(self.device)
        made = self.model(audio, self.config.half)
        distance = spectral_distance(made.audio, delayed(audio, self.model.delay))
        level = level_distance(made.bands, made.wanted_bands)
        spread = divergence(made.mean, made.log_variance)
        weight = self.config.divergence_weight * min(1.0, self.done / DIVERGENCE_WARM_UP)
        loss = distance + self.config.level_weight * level + weight * spread
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        size = torch.nn.utils.clip_grad_norm_(self.model.parameters(), LARGEST_GRADIENT)
        if torch.isfinite(size):
            self.optimiser.step()
        self._average()
        self.progress.step += 1
        return [distance.item(), level.item(), spread.item(), size.item()]

    def validate(self, report: Callable[[str], None]) -> None:
        """Note and report the log-spectral distance, in dB, of the averaged model on the held-out recordings."""
        if not self.held_out:
            return
        distances = [
            log_spectral_distance(rebuild(self.averaged, audio, self.device), audio) for audio in self.held_out.values()
        ]
        self.progress.history.append({"step": self.progress.step, "log_spectral_distance": float(np.mean(distances))})
        report(f"step {self.progress.step}: {np.mean(distances):.2f} dB from the held-out recordings")

    def save(self) -> None:
        """Write the checkpoint; the one before stays whole until the new one is."""
        path = self.config.checkpoint
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(path.name + ".new")
        torch.save(
            {
                "preset": self.config.preset,
                "model": self.model.state_dict(),
                "averaged": self.averaged.state_dict(),
                "optimiser": self.optimiser.state_dict(),
                "progress": vars(self.progress),
                "numpy_random": self.random.bit_generator.state,
                "torch_random": torch.get_rng_state(),
                "cuda_random": torch.cuda.get_rng_state_all() if self.device.type == "cuda" else [],
            },
            beside,
        )
        with open(beside, "rb") as written:
            os.fsync(written.fileno())
        os.replace(beside, path)

    def restore(self) -> None:
        """Take up where the checkpoint stands. Raises LivevaeError when it is damaged or of another preset."""
        kept = load_checkpoint(self.config.checkpoint)
        if kept["preset"] != self.config.preset:
            raise LivevaeError(
                f"{self.config.checkpoint} is of the preset {kept['preset']!r}: resume with --preset {kept['preset']}."
            )
        self.model.load_state_dict(kept["model"])
        self.averaged.load_state_dict(kept["averaged"])
        self.optimiser.load_state_dict(kept["optimiser"])
        self.progress = Progress(**kept["progress"])
        self.random.bit_generator.state = kept["numpy_random"]
        torch.set_rng_state(kept["torch_random"])
        if self.device.type == "cuda" and kept["cuda_random"]:
            torch.cuda.set_rng_state_all(kept["cuda_random"])

    def _rate_factor(self) -> float:
        warm = min(1.0, (self.progress.step + 1) / WARM_UP_STEPS)
        late = max(0.0, (self.done - DECAY_FROM) / (1 - DECAY_FROM))
        return warm * (FINAL_RATE + (1 - FINAL_RATE) * 0.5 * (1 + math.cos(math.pi * late)))

    @torch.no_grad()
    def _average(self) -> None:
        # Early on the average follows closely, so that a short run exports what it learned.
        keep = min(AVERAGING, (1 + self.progress.step) / (10 + self.progress.step))
        for kept, fresh in zip(self.averaged.parameters(), self.model.parameters(), strict=True):
            kept.lerp_(fresh, 1 - keep)

    def _line(self, recent: Any) -> str:
        distance, level, spread, size = (float(value) for value in recent)
        left = self.progress.seconds * (1 / max(self.done, 1e-9) - 1)
        return (
            f"step {self.progress.step}  distance {distance:.4f}  level {level:.3f}  "
            f"divergence {spread:.1f} nats  gradient {size:.2f}  "
            f"{self.progress.seconds / self.progress.step:.3f} s a step  {left / 60:.1f} min left"
        )


def load_checkpoint(path: Path) -> dict[str, Any]:
    """A checkpoint's contents. Raises LivevaeError when the file is damaged."""
    try:
        if not zipfile.is_zipfile(path):
            raise OSError("it is no archive")
        kept: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, OSError, pickle.UnpicklingError) as error:
        raise LivevaeError(f"The checkpoint {path} cannot be read: delete it and train anew.") from error
    return kept


def choose_device(name: str) -> torch.device:
    """The device of that name; "auto" is CUDA where there is one. Raises LivevaeError when it is not there."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise LivevaeError(f"The device {name!r} is not available here: use --device cpu.") from error
    return device


def delayed(audio: Tensor, samples: int) -> Tensor:
    """(B, 1, n) moved `samples` later, silence before it."""
    return torch.nn.functional.pad(audio, (samples, 0))[..., : audio.size(-1)]
