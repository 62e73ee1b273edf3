"""What a training run is told. No torch here: the command line reads it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from pathlib import Path

from livevae.errors import LivevaeError

RATIOS = (128, 256, 512, 1024, 2048)
REGULARISATIONS = ("kl", "mmd", "js", "alpha", "none")
LARGEST_BETA = 4.0
NEVER = 1.0  # the share of the run from which no second stage is left


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
    channels: int = 1

    @property
    def ratio(self) -> int:
        """Samples in one latent frame."""
        return self.bands * prod(self.strides)

    @property
    def streams(self) -> int:
        """Bands of all channels together: what encoder and decoder see."""
        return self.bands * self.channels

    def at_ratio(self, ratio: int) -> Shape:
        """The same model with `ratio` (one of RATIOS) samples in a latent frame, its strides as even as can be."""
        octaves = (ratio // self.bands).bit_length() - 1
        depth = len(self.strides)
        each = [(octaves + index) // depth for index in range(depth)]  # the larger strides where steps are fewer
        return replace(self, strides=tuple(2**octave for octave in each))


@dataclass(frozen=True)
class Preset:
    """A model's sizes with the batch it trains well on: `batch` segments of `frames` latent frames, `rate` for Adam.

    adversarial_from: the share of the run after which the second stage begins.
    level_windows: steps of the bands over which their levels are compared; short ones keep attacks from coming late.
    """

    shape: Shape
    batch: int
    frames: int
    rate: float
    steps: int
    adversarial_from: float = NEVER
    level_windows: tuple[int, ...] = (32,)


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
    "base": Preset(Shape(), batch=8, frames=48, rate=1e-3, steps=60000, adversarial_from=0.6),
    "low-latency": Preset(
        Shape(
            strides=(2, 2, 2),
            encoder_widths=(32, 64, 96, 128),
            decoder_widths=(64, 128, 192, 224),
            latents=16,
        ),
        batch=4,
        frames=384,
        rate=1e-3,
        steps=15000,
        adversarial_from=0.8,
        level_windows=(4, 8, 32),
    ),
}


@dataclass(frozen=True)
class TrainConfig:
    """A training run.

    folders: recordings, searched to any depth. output: the `.ts` to write; the checkpoint lies beside it, and what can
    be listened to while it trains in the folder `<name>-run`.
    steps or minutes: when it is done (neither: the preset's steps; minutes count training time over all resumes).
    held_out: names (stems) of recordings kept for validation, None for about one in 14 by a hash of the name.
    batch: segments in a step over all processes, None for the preset's number: fewer make more steps of less each in
    the same time. device: "auto" (CUDA where there is one), "cpu", "cuda" ... threads: torch threads, None for torch's
    choice. half: compute convolutions in bfloat16. save_every, validate_every: seconds and steps.
    latents, ratio, channels: the size of the latent space, samples in a latent frame, 1 or 2 (stereo).
    regularisation: one of REGULARISATIONS; beta: its weight, 0 to 4, reached after `beta_warm_up` of the run.
    adversarial_from: share of the run (0 to 1) after which the second stage begins; 1 for never, None for the preset's.
    patience: end after so many validations without a better one, and export the best. pitch: largest change of pitch
    in training, in semitones. start: an exported model to go on from; sizes, latents and sample rate are then its own.
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
    level_weight: float = 0.7
    save_every: float = 120.0
    validate_every: int = 1000
    latents: int | None = None
    ratio: int | None = None
    channels: int = 1
    regularisation: str = "kl"
    beta: float = 1.0
    beta_warm_up: float = 0.2
    adversarial_from: float | None = None
    patience: int | None = None
    pitch: float = 0.5
    listening: bool = True
    start: Path | None = None
    rate: float | None = None

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
        if self.ratio is not None and self.ratio not in RATIOS:
            raise LivevaeError(f"The ratio cannot be {self.ratio}: choose one of {', '.join(map(str, RATIOS))}.")
        if self.validate_every < 1:
            raise LivevaeError("Validations are some steps apart: give a positive --validate-every.")
        if self.latents is not None and not 1 <= self.latents <= 256:
            raise LivevaeError(f"A latent space of {self.latents} dimensions cannot be: give 1 to 256.")
        if self.channels not in (1, 2):
            raise LivevaeError(f"A model has 1 channel or 2, not {self.channels}.")
        if self.regularisation not in REGULARISATIONS:
            raise LivevaeError(
                f"There is no regularisation {self.regularisation!r}: choose one of {', '.join(REGULARISATIONS)}."
            )
        if not 0 <= self.beta <= LARGEST_BETA:
            raise LivevaeError(f"A beta of {self.beta:g} cannot be: give 0 to {LARGEST_BETA:g}.")
        if not 0 <= self.beta_warm_up <= 1:
            raise LivevaeError("The warm-up of beta is a share of the run: give 0 to 1.")
        if self.adversarial_from is not None and not 0 <= self.adversarial_from <= NEVER:
            raise LivevaeError("The second stage begins at a share of the run: give 0 to 1, where 1 is never.")
        if self.patience is not None and self.patience < 1:
            raise LivevaeError("Patience is a number of validations: give 1 or more.")
        if not 0 <= self.pitch <= 12:
            raise LivevaeError("The largest change of pitch is in semitones: give 0 to 12.")

    @property
    def sizes(self) -> Preset:
        return PRESETS[self.preset]

    @property
    def shape(self) -> Shape:
        """The sizes of the model: the preset's, with what was asked for otherwise."""
        shape = replace(self.sizes.shape, channels=self.channels)
        if self.latents is not None:
            shape = replace(shape, latents=self.latents)
        return shape if self.ratio is None else shape.at_ratio(self.ratio)

    def segment(self, shape: Shape) -> int:
        """Samples in a training segment: as long as the preset's, in whole latent frames of `shape`."""
        return max(1, self.sizes.frames * self.sizes.shape.ratio // shape.ratio) * shape.ratio

    @property
    def checkpoint(self) -> Path:
        return self.output.with_suffix(".checkpoint")

    @property
    def folder(self) -> Path:
        """Where what can be heard and seen of the run is put."""
        return self.output.with_name(f"{self.output.stem}-run")

    @property
    def goal(self) -> int:
        """Steps to make; meaningless when `minutes` is set."""
        return self.steps if self.steps is not None else self.sizes.steps

    @property
    def stage_two(self) -> float:
        """The share of the run after which the second stage begins."""
        return self.sizes.adversarial_from if self.adversarial_from is None else self.adversarial_from
