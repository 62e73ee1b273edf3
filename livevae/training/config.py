"""What a training run is told. No torch here: the command line reads it."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from pathlib import Path

from livevae.errors import LivevaeError


@dataclass(frozen=True)
class Shape:
    """The sizes of a model. Widths and dilations run from the bands' rate down to the latent rate."""

    bands: int = 16
    strides: tuple[int, ...] = (4, 4, 4)
    encoder_widths: tuple[int, ...] = (48, 96, 160, 192)
    decoder_widths: tuple[int, ...] = (64, 128, 192, 256)
    decoder_dilations: tuple[tuple[int, ...], ...] = ((1, 3), (1, 3, 9), (1, 3))
    latents: int = 16
    noise_splits: int = 4

    @property
    def ratio(self) -> int:
        """Samples in one latent frame."""
        return self.bands * prod(self.strides)


@dataclass(frozen=True)
class Preset:
    """A model's sizes with the batch it trains well on: `batch` segments of `frames` latent frames, `rate` for Adam."""

    shape: Shape
    batch: int
    frames: int
    rate: float
    steps: int


PRESETS = {
    "tiny": Preset(
        Shape(
            encoder_widths=(16, 24, 32, 48),
            decoder_widths=(24, 32, 48, 64),
            decoder_dilations=((1,), (1, 3), (1,)),
            latents=8,
        ),
        batch=4,
        frames=16,
        rate=2e-3,
        steps=2000,
    ),
    "small": Preset(Shape(), batch=8, frames=48, rate=1e-3, steps=15000),
}


@dataclass(frozen=True)
class TrainConfig:
    """A training run.

    folders: recordings, searched to any depth. output: the `.ts` to write; the checkpoint lies beside it.
    steps or minutes: when it is done (neither: the preset's steps; minutes count training time over all resumes).
    held_out: names (stems) of recordings kept for validation, None for about one in 14 by a hash of the name.
    batch: segments in a step, None for the preset's number: fewer make more steps of less each in the same time.
    device: "auto" (CUDA where there is one), "cpu", "cuda" ... threads: torch threads, None for torch's choice.
    half: compute convolutions in bfloat16. save_every, validate_every: seconds and steps.
    """

    folders: tuple[Path, ...]
    output: Path
    preset: str = "small"
    steps: int | None = None
    minutes: float | None = None
    resume: bool = False
    seed: int = 0
    batch: int | None = None
    device: str = "auto"
    threads: int | None = None
    half: bool = True
    sample_rate: int = 48000
    held_out: tuple[str, ...] | None = None
    divergence_weight: float = 5e-4
    level_weight: float = 0.7
    save_every: float = 120.0
    validate_every: int = 1000

    def __post_init__(self) -> None:
        if self.preset not in PRESETS:
            raise LivevaeError(f"There is no preset {self.preset!r}: choose one of {', '.join(PRESETS)}.")
        if self.output.suffix != ".ts":
            raise LivevaeError(f"A model's file name ends in .ts: write {self.output.with_suffix('.ts')}.")
        if self.steps is not None and self.minutes is not None:
            raise LivevaeError("Give --steps or --minutes, not both.")
        if (self.steps is not None and self.steps < 1) or (self.minutes is not None and not self.minutes > 0):
            raise LivevaeError("Training needs at least one step: give a positive number of steps or minutes.")
        if self.batch is not None and self.batch < 1:
            raise LivevaeError("A step needs at least one segment: give a positive --batch.")

    @property
    def sizes(self) -> Preset:
        return PRESETS[self.preset]

    @property
    def checkpoint(self) -> Path:
        return self.output.with_suffix(".checkpoint")

    @property
    def goal(self) -> int:
        """Steps to make; meaningless when `minutes` is set."""
        return self.steps if self.steps is not None else self.sizes.steps
