"""Model files for the engine's tests, built once."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from livevae.engine import offline
from livevae.model import Model, open_model
from support.effects import broken, counter, effect, generator
from support.engines import Bench, Studio
from support.models import identity, save, vae

BUILDERS = {
    "identity": lambda: identity(256),
    "identity64": lambda: identity(64),
    "identity441": lambda: identity(64, 44100),
    "plain": vae,
    "variational": lambda: vae("variational"),
    "discrete": lambda: vae("discrete"),
    "stereo": lambda: vae(inputs=2, outputs=2),
    "effect": effect,
    "counter": counter,
    "generator": generator,
    "nan": lambda: broken("nan"),
}


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """`models(kind)` gives the path of a model of that kind, made when it is first asked for."""
    folder = tmp_path_factory.mktemp("engine-models")

    def path(kind: str) -> Path:
        file = folder / f"{kind}.ts"
        return file if file.exists() else save(BUILDERS[kind](), file)

    return path


@pytest.fixture(scope="session")
def opened_once() -> Callable[..., Model]:
    """`open_model` that opens each file once in a test session: trying a model out takes longer than playing it."""
    kept: dict[tuple[Path, int | None], Model] = {}

    def open_once(path: Path, *, sample_rate: int | None = None, threads: int = 1) -> Model:
        key = (Path(path), sample_rate)
        if key not in kept:
            model = kept[key] = open_model(path, sample_rate=sample_rate, threads=threads)
            if model.info.sample_rate is not None:
                delay = model.measure_delay()
                model.measure_delay = lambda: delay  # type: ignore[method-assign]
        kept[key].reset()
        return kept[key]

    return open_once


@pytest.fixture
def studio(opened_once, monkeypatch) -> Iterator[Callable[..., Studio]]:
    """`studio(inputs=, block=, seed=)` gives an offline engine; closed at the latest when the test ends."""
    opened: list[Studio] = []
    monkeypatch.setattr(offline, "open_model", opened_once)

    def make(inputs: np.ndarray | None = None, **options: int) -> Studio:
        while opened:
            opened.pop().engine.close()
        opened.append(Studio(inputs, **options))
        return opened[-1]

    yield make
    while opened:
        opened.pop().engine.close()


@pytest.fixture
def bench() -> Iterator[Callable[..., Bench]]:
    """`bench(size=, inputs=)` gives a mixer with a clock that the test moves."""
    opened: list[Bench] = []

    def make(**options: int) -> Bench:
        opened.append(Bench(**options))
        return opened[-1]

    yield make
    for each in opened:
        each.close()


@pytest.fixture(autouse=True)
def _denormals_as_they_were() -> Iterator[None]:
    yield
    torch.set_flush_denormal(False)
