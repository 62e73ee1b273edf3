"""The library of recordings that subcommands play with: those that ship, encoded once and kept on disk."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from livevae.latent import Library, Take, Trajectory
    from livevae.model.info import ModelInfo


def shipped(*, patient: bool = False) -> Library:
    """A library that knows the recordings that ship, with its cache in the platform's folder for caches.

    A `patient` one waits for every encoding, as offline work must.
    """
    from platformdirs import user_cache_dir

    from livevae.latent import Encoder, Library
    from livevae.resources import sounds_dir

    class Patient(Library):
        def trajectory(self, ref: str | Take, model: ModelInfo, wait: bool) -> Trajectory | None:
            return super().trajectory(ref, model, True)

    library = (Patient if patient else Library)(Path(user_cache_dir("livevae", appauthor=False)), Encoder())
    library.add_folder(sounds_dir())
    return library
