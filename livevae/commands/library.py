"""The library of recordings that subcommands play with: those that ship, encoded once and kept on disk."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from livevae.latent import Library


def shipped() -> Library:
    """A library that knows the recordings that ship, with its cache in the platform's folder for caches."""
    from platformdirs import user_cache_dir

    from livevae.latent import Encoder, Library
    from livevae.resources import sounds_dir

    library = Library(Path(user_cache_dir("livevae", appauthor=False)), Encoder())
    library.add_folder(sounds_dir())
    return library
