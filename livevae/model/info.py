"""What a model is, as plain data: readable by every room, and importable without torch."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from livevae.errors import LivevaeError


@dataclass(frozen=True)
class ModelInfo:
    """The description of one model file.

    `ratio` is the number of audio samples, at the model's rate, that one latent frame stands for; audio handed to the
    model is always a multiple of it. For a model without latents it is the smallest power of two, 64 or more, at which
    its audio method gives back as many samples as it took.
    """

    path: str
    name: str
    sample_rate: int | None
    """Hz, or None where the file does not say and nobody else did."""
    ratio: int
    latent_size: int
    """How many numbers `decode` takes for each frame; 0 for a model without latents."""
    full_latent_size: int
    """Size of the latent space before the file was cropped to its most useful dimensions."""
    in_channels: int
    """Audio channels of `encode` (or of the effect), found by trying; 0 where the model takes no audio."""
    out_channels: int
    """Audio channels that really come out; 0 where the model gives no audio."""
    methods: dict[str, list[int]]
    """Usable methods: name -> [input channels, input ratio, output channels, output ratio]; ratio 1 is audio rate."""
    attributes: dict[str, Any] = field(default_factory=dict)
    parameters: int = 0
    discrete: bool = False
    """The latents are codebook indices: hold them, never interpolate."""
    has_latents: bool = True
    """The model has both `encode` and `decode`."""
    batched: bool = True
    """Rows of a batch are independent streams. Where False, every stream needs its own `Model.instance()`."""
    max_rows: int | None = None
    """Most rows in one batch: None for no limit (a model without state), 1 where `batched` is False."""
    deterministic: bool = True
    """The same input gives the same output whatever torch's seed; False where the model draws noise."""
    fidelity: list[float] = field(default_factory=list)
    """Explained variance, cumulated over the latent dimensions; empty where the file does not say."""
    latent_mean: list[float] = field(default_factory=list)
    latent_std: list[float] = field(default_factory=list)
    latent_min: list[float] = field(default_factory=list)
    latent_max: list[float] = field(default_factory=list)
    digest: str = ""
    """SHA-256 of the file's content, in hexadecimal."""
    delay_samples: int | None = None
    """Delay inside the model from input to output, in samples at the model's rate; None until measured."""
    rewritten: bool = False
    """The convolutions were replaced by faster ones that were measured to be equal."""

    @property
    def frame_rate(self) -> float | None:
        """Latent frames in a second, or None where the sample rate is unknown."""
        return None if self.sample_rate is None else self.sample_rate / self.ratio

    def to_json(self) -> dict[str, Any]:
        """The same facts as a dictionary that `json` can write."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "ModelInfo":
        """The description that `to_json` wrote; keys of other versions are ignored. Raises LivevaeError for others."""
        known = {f.name for f in fields(cls)}
        try:
            return cls(**{key: value for key, value in data.items() if key in known})
        except TypeError:
            raise LivevaeError("this is no model description: write it with `livevae info MODEL --json`.") from None


def file_digest(path: str | Path) -> str:
    """SHA-256 of a file's content, read in pieces. Raises LivevaeError where the file cannot be read."""
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise LivevaeError(f"cannot read {path}: {error.strerror or error}.") from None
