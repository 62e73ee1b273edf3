"""An engine that makes no sound consumes rows exactly as they fall due."""

from pathlib import Path

import numpy as np
import pytest

from livevae.engine.dry import DryEngine
from livevae.engine.effects import Effect
from livevae.engine.frames import neutral
from livevae.engine.interface import Silence
from livevae.errors import LivevaeError
from livevae.model.info import ModelInfo


def described(path: Path, rate: int | None) -> ModelInfo:
    return ModelInfo(
        path=str(path), name=path.stem, sample_rate=rate, ratio=480, latent_size=3, full_latent_size=3, in_channels=1,
        out_channels=1, methods={"decode": [3, 480, 1, 1]}, digest="it",
    )  # fmt: skip


@pytest.fixture
def model(tmp_path: Path) -> Path:
    file = tmp_path / "model.ts"
    file.write_bytes(b"a model")
    return file


def test_every_frame_is_asked_for_once_and_in_order(model: Path) -> None:
    engine = DryEngine(described)
    asked: list[tuple[int, int, int]] = []

    def fill(slot: int, first: int, count: int) -> np.ndarray:
        asked.append((slot, first, count))
        rows = neutral(3, count)
        rows[:, -3] = np.arange(first, first + count)
        return rows

    engine.attach(fill)
    engine.open_slot(4, engine.open_model(model, rate=48000).digest, Silence())
    for samples in (479, 1, 4800, 100, 48000):
        engine.run(samples)
    assert engine.slots[4].rows[:, -3].tolist() == list(range(engine.now() // 480))
    assert [first for _, first, _ in asked] == np.cumsum([0, *(count for *_, count in asked)])[:-1].tolist()


def test_a_stream_begins_with_the_next_whole_frame_and_is_kept_when_it_is_closed(model: Path) -> None:
    engine = DryEngine(described)
    engine.attach(lambda slot, first, count: neutral(3, count))
    digest = engine.open_model(model, rate=48000).digest
    engine.run(700)
    engine.open_slot(0, digest, Silence())
    assert engine.consumed(0) == 2
    engine.run(960)
    engine.close_slot(0)
    assert [slot.count for slot in engine.closed] == [1]


def test_what_needs_sound_is_refused(model: Path, tmp_path: Path) -> None:
    engine = DryEngine(described)
    with pytest.raises(LivevaeError, match="does not say its sample rate"):
        engine.open_model(model)
    with pytest.raises(LivevaeError, match="cannot be recorded"):
        engine.record(tmp_path / "x.wav")


def test_effects_are_only_looked_at(tmp_path):
    engine = DryEngine()
    assert engine.set_chain(0, 1, (Effect("reverb", {}),)) == 0
    with pytest.raises(LivevaeError, match="cannot be read"):
        engine.set_chain(0, 2, (Effect("convolve", {"file": str(tmp_path / "missing.wav")}),))
