"""The `livevae` command with caches and state of its own, and small things to give it."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from support.command import RATE, Run, runner


@pytest.fixture
def livevae(tmp_path: Path) -> Run:
    """Run the command in a process of its own."""
    return runner(tmp_path)


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that gives back exactly what it is given, a frame for every 256 samples."""
    from support.models import identity, save

    return save(identity(256, RATE), tmp_path_factory.mktemp("models") / "same.ts")


@pytest.fixture(scope="session")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A quarter of a second of noise, too short for whole frames, in 24 bits."""
    sound = np.random.default_rng(1).uniform(-0.5, 0.5, 12_100)
    path = tmp_path_factory.mktemp("sounds") / "noise.wav"
    soundfile.write(path, sound, RATE, subtype="PCM_24")
    return path
