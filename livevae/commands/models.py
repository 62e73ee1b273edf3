"""Opening the model that a subcommand works with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from livevae.errors import LivevaeError

if TYPE_CHECKING:
    from livevae.model import Model


def chosen(path: Path | None) -> Path:
    """The model file that was named, or the default model. Raises LivevaeError where there is no such file."""
    from livevae.resources import default_model

    if path is None:
        return default_model()
    path = path.expanduser()
    if not path.is_file():
        raise LivevaeError(f"there is no model {path}: check the name and the folder.")
    return path


def opened(path: Path | None, rate: int | None, *, latents: bool) -> Model:
    """The model, with a known sample rate.

    Raises LivevaeError where it cannot be opened, does not say its rate and none is given, or has no latent space
    although `latents` are needed.
    """
    from livevae.model import open_model

    model = open_model(chosen(path), sample_rate=rate)
    if model.info.sample_rate is None:
        raise LivevaeError(f"{model.info.name} does not say its sample rate: give it, such as --rate 48000.")
    if latents and not model.info.has_latents:
        raise LivevaeError(f"{model.info.name} has no latent space: take a model with encode and decode.")
    return model
