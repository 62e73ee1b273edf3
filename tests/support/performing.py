"""A performance as a performer has it: an engine in real time, a library, and the keeper that looks after both."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from livevae.engine.client import LiveEngine
from livevae.engine.interface import EngineOptions
from livevae.latent import Encoder, Library
from livevae.performance import Keeper, Performance
from livevae.resources import default_model, sounds_dir


@contextmanager
def performing(backend: str, library: Any, model: Path) -> Iterator[Performance]:
    """A performance on an engine of that backend."""
    engine = LiveEngine.start(EngineOptions(backend=backend))
    made = Performance(engine, library, default_model=model)
    keeper = Keeper(made).start()
    yield made
    keeper.close()
    made.close()
    engine.close()


@contextmanager
def performing_what_ships(backend: str, cache: Path) -> Iterator[Performance]:
    """The same with the recordings and the default model that ship."""
    library = Library(cache, Encoder())
    library.add_folder(sounds_dir())
    with performing(backend, library, default_model()) as made:
        yield made
    library.close()
