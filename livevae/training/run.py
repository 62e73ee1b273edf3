"""One model being trained: its steps, its two stages, and everything a checkpoint needs."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from livevae.errors import LivevaeError
from livevae.training.adversary import Opponent
from livevae.training.checkpoint import kept_shape, load_checkpoint, save_checkpoint
from livevae.training.config import NEVER, TrainConfig
from livevae.training.dataset import Recordings
from livevae.training.losses import level_distance, spectral_distance
from livevae.training.parallel import Crew
from livevae.training.regularisation import NATS, REGULARISERS
from livevae.training.segments import Segments
from livevae.training.vae import Autoencoder

WARM_UP_STEPS = 200
ADAPTING_WARM_UP_STEPS = 50
DECAY_FROM = 0.5  # of the run: the rate is constant before, and falls along a cosine after
FINAL_RATE = 0.02
SECOND_STAGE_RATE = 0.3  # of what the first stage would have
LARGEST_GRADIENT = 2.0
AVERAGING = 0.999
JUDGED_EVERY = 2  # steps of the decoder for one of the judges
FOOLING_WEIGHT = 0.05
MATCHING_WEIGHT = 0.5


class Losses(NamedTuple):
    """Of a step: spectral distance, distance in level (nepers), divergence of the latent (nats), size of the gradient;
    in the second stage also the judges' loss and the distance between features."""

    distance: float
    level: float
    divergence: float
    gradient: float
    judges: float = 0.0
    matching: float = 0.0


@dataclass
class Progress:
    """Where a run stands; kept in its checkpoint. `sums` and `summed` are the losses since the last validation."""

    step: int = 0
    seconds: float = 0.0
    history: list[dict[str, float]] = field(default_factory=list)
    sums: list[float] = field(default_factory=lambda: [0.0] * len(Losses._fields))
    summed: int = 0
    best: float = math.inf
    worse: int = 0


class Run:
    """A model being trained, by this process alone or by a crew of them."""

    def __init__(
        self,
        config: TrainConfig,
        recordings: Recordings,
        device: torch.device,
        crew: Crew | None = None,
        start: Autoencoder | None = None,
    ) -> None:
        """`start` is a model to go on from, whose sizes then count; None begins anew with those of `config`."""
        self.config = config
        self.device = device
        self.crew = crew or Crew()
        self.shape = start.shape if start is not None else config.shape
        self.batch = config.batch or config.sizes.batch
        self.rate = config.rate or config.sizes.rate
        segment = config.segment(self.shape)
        self.frames = segment // self.shape.ratio
        self.recordings = recordings.digest
        self.same_recordings = True
        self.segments = Segments(recordings.training, segment, config.sample_rate, config.pitch)
        torch.manual_seed(config.seed)
        self.random = np.random.default_rng(config.seed)
        self.model = Autoencoder(self.shape).to(device)
        if start is not None:
            self.model.load_state_dict(start.state_dict())
        self.averaged = Autoencoder(self.shape).to(device).requires_grad_(False)
        self.averaged.load_state_dict(self.model.state_dict())
        self.optimiser = torch.optim.Adam(self.model.parameters(), self.rate, betas=(0.9, 0.99))
        self.opponent: Opponent | None = None
        self.best: dict[str, Tensor] | None = None
        self.progress = Progress()

    @property
    def done(self) -> float:
        """How much of the run is done, 0 to 1."""
        if self.config.minutes is not None:
            return min(1.0, self.progress.seconds / (60 * self.config.minutes))
        return min(1.0, self.progress.step / self.config.goal)

    @property
    def over(self) -> bool:
        """Whether it is done, or has been getting no better for longer than `patience`."""
        patience = self.config.patience
        return self.done >= 1.0 or (patience is not None and self.progress.worse >= patience)

    def step(self) -> Losses:
        """One step of the optimiser."""
        config = self.config
        if self.opponent is None and config.stage_two < NEVER and self.done >= config.stage_two:
            self._begin_second_stage()
        for group in self.optimiser.param_groups:
            group["lr"] = self._rate()
        drawn = torch.from_numpy(self.segments.draw(self.batch, self.random))
        chance = torch.randn(self.batch, self.shape.latents, self.frames, device=self.device)
        audio = self.crew.share(drawn).to(self.device)
        made = self.model(audio, config.half, self.crew.share(chance))
        distance = spectral_distance(made.audio, delayed(audio, self.model.delay))
        level = level_distance(made.bands, made.wanted_bands, config.sizes.level_windows)
        loss = distance + config.level_weight * level
        judges = matching = spread = loss.new_zeros(())
        if self.opponent is None:
            spread = REGULARISERS[config.regularisation](made.mean, made.log_variance, made.latents)
            loss = loss + self._beta() * NATS * spread
        else:
            if self.progress.step % JUDGED_EVERY == 0:
                judges = self.opponent.loss(made.bands.detach(), made.wanted_bands, config.half)
                self.crew.mean_gradients(self.opponent.parameters(), judges)
                self.opponent.learn()
            fooling, matching = self.opponent.opinion(made.bands, made.wanted_bands, config.half)
            loss = loss + FOOLING_WEIGHT * fooling + MATCHING_WEIGHT * matching
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        values = self.crew.mean_gradients(self.model.parameters(), distance, level, spread, judges, matching)
        size = torch.nn.utils.clip_grad_norm_(self.model.parameters(), LARGEST_GRADIENT)
        if torch.isfinite(size):
            self.optimiser.step()
        self._average()
        self.progress.step += 1
        # The judges' loss is there in one step of JUDGED_EVERY, so that the mean over steps is theirs.
        first, second, third, verdict, features = values
        losses = Losses(first, second, third, float(size), verdict * JUDGED_EVERY, features)
        self.progress.sums = [total + value for total, value in zip(self.progress.sums, losses, strict=True)]
        self.progress.summed += 1
        return losses

    def note(self, distance: float) -> dict[str, float]:
        """Keep what a validation found, in dB, with the mean losses since the one before; gives that row."""
        progress = self.progress
        row = {"step": progress.step, "log_spectral_distance": distance}
        if progress.summed:
            means = [total / progress.summed for total in progress.sums]
            row |= dict(zip(Losses._fields, means, strict=True))
        progress.history.append(row)
        progress.sums, progress.summed = [0.0] * len(Losses._fields), 0
        if distance < progress.best:
            progress.best, progress.worse = distance, 0
            if self.config.patience is not None:
                self.best = {name: value.clone() for name, value in self.averaged.state_dict().items()}
        else:
            progress.worse += 1
        return row

    def finished(self) -> Autoencoder:
        """The model to export: the averaged one, or the best that was measured where `patience` looks for it."""
        if self.best is not None:
            self.averaged.load_state_dict(self.best)
        return self.averaged

    def save(self) -> None:
        """Write the checkpoint; the one before stays whole until the new one is. Raises LivevaeError on a full disk."""
        save_checkpoint(
            self.config.checkpoint,
            {
                "preset": self.config.preset,
                "shape": asdict(self.shape),
                "model": self.model.state_dict(),
                "averaged": self.averaged.state_dict(),
                "best": self.best,
                "optimiser": self.optimiser.state_dict(),
                "opponent": None if self.opponent is None else self.opponent.state_dict(),
                "progress": asdict(self.progress),
                "recordings": self.recordings,
                "numpy_random": self.random.bit_generator.state,
                "torch_random": torch.get_rng_state(),
                "cuda_random": [torch.cuda.get_rng_state(self.device)] if self.device.type == "cuda" else [],
            },
        )

    def restore(self) -> None:
        """Take up where the checkpoint stands. Raises LivevaeError when it is damaged or of another size.

        `same_recordings` then says whether they are those that it was trained on, as far as the checkpoint knows them.
        """
        kept = load_checkpoint(self.config.checkpoint)
        if kept_shape(kept) != self.shape:
            raise LivevaeError(
                f"{self.config.checkpoint} holds a model of other sizes, of the preset {kept['preset']!r}: resume with "
                f"--preset {kept['preset']} and the sizes it was begun with."
            )
        self.model.load_state_dict(kept["model"])
        self.averaged.load_state_dict(kept["averaged"])
        self.optimiser.load_state_dict(kept["optimiser"])
        self.best = kept.get("best")
        if kept.get("opponent") is not None:
            self._meet_the_opponent().load_state_dict(kept["opponent"])
        self.progress = Progress(**kept["progress"])
        self.same_recordings = kept.get("recordings", self.recordings) == self.recordings
        self.random.bit_generator.state = kept["numpy_random"]
        torch.set_rng_state(kept["torch_random"])
        if self.device.type == "cuda" and kept["cuda_random"]:
            torch.cuda.set_rng_state(kept["cuda_random"][0], self.device)

    def line(self, recent: Losses) -> str:
        """How it goes, in one line."""
        progress = self.progress
        left = progress.seconds * (1 / max(self.done, 1e-9) - 1)
        first = f"divergence {recent.divergence:.1f} nats"
        second = f"judges {recent.judges:.3f}  features {recent.matching:.3f}"
        return (
            f"step {progress.step}  distance {recent.distance:.4f}  level {recent.level:.3f}  "
            f"{second if self.opponent else first}  gradient {recent.gradient:.2f}  "
            f"{progress.seconds / progress.step:.3f} s a step  {left / 60:.1f} min left"
        )

    def _begin_second_stage(self) -> None:
        # What is exported is the average: the decoder goes on from it, with the latents of the encoder it came with.
        self.model.load_state_dict(self.averaged.state_dict())
        self._meet_the_opponent()
        self.progress.best, self.progress.worse = math.inf, 0  # the second stage is no better by this measure alone

    def _meet_the_opponent(self) -> Opponent:
        self.model.encoder.requires_grad_(False)
        self.opponent = Opponent(self.shape.streams, self.device)
        return self.opponent

    def _rate(self) -> float:
        warm_up = WARM_UP_STEPS if self.config.start is None else ADAPTING_WARM_UP_STEPS
        warm = min(1.0, (self.progress.step + 1) / warm_up)
        late = max(0.0, (self.done - DECAY_FROM) / (1 - DECAY_FROM))
        stage = 1.0 if self.opponent is None else SECOND_STAGE_RATE
        return self.rate * stage * warm * (FINAL_RATE + (1 - FINAL_RATE) * 0.5 * (1 + math.cos(math.pi * late)))

    def _beta(self) -> float:
        warm_up = self.config.beta_warm_up
        return self.config.beta * (min(1.0, self.done / warm_up) if warm_up > 0 else 1.0)

    @torch.no_grad()
    def _average(self) -> None:
        # Early on the average follows closely, so that a short run exports what it learned.
        keep = min(AVERAGING, (1 + self.progress.step) / (10 + self.progress.step))
        for kept, fresh in zip(self.averaged.parameters(), self.model.parameters(), strict=True):
            kept.lerp_(fresh, 1 - keep)


def delayed(audio: Tensor, samples: int) -> Tensor:
    """(B, channels, n) moved `samples` later, silence before it."""
    return torch.nn.functional.pad(audio, (samples, 0))[..., : audio.size(-1)]
