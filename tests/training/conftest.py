"""What all tests of training share."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch

from livevae.training import TrainConfig
from livevae.training.config import Shape
from livevae.training.export import export
from livevae.training.vae import Autoencoder


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """One torch thread: these models are small, and threads that wait for each other are slow on a busy machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
    torch.set_flush_denormal(False)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recordings")
    time_axis = np.arange(48000) / 48000
    random = np.random.default_rng(0)
    for index in range(4):
        tone = np.sin(2 * np.pi * 110 * 2**index * time_axis) * np.exp(-3 * time_axis)
        soundfile.write(path / f"tone-{index}.wav", 0.4 * tone + 0.02 * random.standard_normal(48000), 48000)
    return path


@pytest.fixture(scope="session")
def plan(folder: Path) -> Callable[..., TrainConfig]:
    """Makes the settings of a quick run over `folder` to an output file, with some of them changed."""

    def settings(output: Path, **changes: Any) -> TrainConfig:
        usual = {
            "folders": (folder,),
            "preset": "tiny",
            "steps": 6,
            "held_out": ("tone-3",),
            "device": "cpu",
            "threads": 1,
            "save_every": 1e9,
            "listening": False,
        }
        return TrainConfig(output=output, **(usual | changes))

    return settings


@pytest.fixture(scope="session")
def untrained(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Shape], tuple[Autoencoder, Path]]:
    """Makes a model of that shape, as it is before training, and its export; once for each shape."""
    made: dict[Shape, tuple[Autoencoder, Path]] = {}

    def make(shape: Shape) -> tuple[Autoencoder, Path]:
        if shape not in made:
            torch.manual_seed(1)
            model = Autoencoder(shape)
            sound = 0.1 * np.random.default_rng(0).standard_normal((shape.channels, 24000)).astype(np.float32)
            made[shape] = model, export(model, {"a": sound}, tmp_path_factory.mktemp("untrained") / "m.ts", 48000)
        return made[shape]

    return make
