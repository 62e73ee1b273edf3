"""What can be heard and seen of a run while it goes."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from livevae.training import TrainConfig, train
from livevae.training.listening import Listening

PNG = b"\x89PNG"


def test_a_run_leaves_sounds_and_pictures_in_its_folder(plan: Callable[..., TrainConfig], tmp_path: Path) -> None:
    train(plan(tmp_path / "m.ts", steps=2, validate_every=1, listening=True), report=lambda line: None)
    names = {path.name for path in (tmp_path / "m-run").iterdir()}
    assert names >= {f"tone-3-{what}" for what in ("before.flac", "000001.flac", "000002.flac", "000002.png")}
    assert (tmp_path / "m-run" / "tone-3-000002.png").read_bytes().startswith(PNG)
    before, after = (soundfile.read(tmp_path / "m-run" / f"tone-3-{what}.flac")[0] for what in ("before", "000002"))
    assert len(before) == len(after) == 48000


def test_long_and_stereo_sounds_are_kept_in_part(tmp_path: Path) -> None:
    audio = np.random.default_rng(0).uniform(-1, 1, (2, 10 * 8000)).astype(np.float32)
    listening = Listening(tmp_path, 8000)
    listening.sound(3, "wide", audio, 2 * audio)
    assert listening.failed is None
    info = soundfile.info(tmp_path / "wide-000003.flac")
    assert (info.channels, info.frames) == (2, 8 * 8000)


def test_a_folder_that_cannot_be_written_is_no_reason_to_stop(tmp_path: Path) -> None:
    (tmp_path / "m-run").write_text("in the way")
    listening = Listening(tmp_path / "m-run", 8000)
    for _ in range(2):
        listening.sound(1, "a", np.zeros(8000, np.float32), np.zeros(8000, np.float32))
    assert isinstance(listening.failed, OSError)


@pytest.mark.parametrize("installed", [True, False])
def test_tensorboard_gets_the_figures_where_it_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, installed: bool
) -> None:
    written: list[tuple[str, float, int]] = []

    class Writer:
        def __init__(self, folder: str) -> None:
            assert folder == str(tmp_path)

        def add_scalar(self, name: str, value: float, step: int) -> None:
            written.append((name, value, step))

        def close(self) -> None:
            written.append(("closed", 0.0, 0))

    board = SimpleNamespace(SummaryWriter=Writer) if installed else None  # None: importing it fails
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", board)
    listening = Listening(tmp_path, 8000)
    listening.figures(5, {"level": 0.5})
    listening.close()
    assert written == ([("level", 0.5, 5), ("closed", 0.0, 0)] if installed else [])
