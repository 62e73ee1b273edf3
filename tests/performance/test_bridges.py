"""A bridge as a performer types it."""

from pathlib import Path

import numpy as np
import pytest

from livevae.engine.dry import DryEngine
from livevae.errors import LivevaeError
from livevae.latent import Trajectory
from livevae.model import ModelInfo
from livevae.performance import Performance
from support.models import identity, save


class Recorded:
    """A library in which every model hears the same twelve seconds of numbers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.on_ready = self.on_progress = None

    def names(self) -> list[str]:
        return ["choir"]

    def trajectory(self, name: str, model: ModelInfo, wait: bool) -> Trajectory:
        if name != "choir":
            raise LivevaeError(f"there is no recording {name!r}")
        frames = np.random.default_rng(1).normal(size=(12 * 48000 // 256, 256))
        return Trajectory(frames.reshape(-1, model.latent_size)[:2250], 48000 / model.ratio, name)

    def shipped(self, model: ModelInfo) -> list[Trajectory]:
        return [self.trajectory("choir", model, True)]


@pytest.fixture
def stage(tmp_path: Path):
    for name in ("first", "second"):
        save(identity(256), tmp_path / f"{name}.ts")
    save(identity(128), tmp_path / "finer.ts")
    engine = DryEngine()
    made = Performance(engine, Recorded(tmp_path / "cache"), default_model=tmp_path / "first.ts", live=False)
    made.told = []  # type: ignore[attr-defined]
    made.on_message = made.told.append  # type: ignore[attr-defined]
    yield engine, made
    made.close()


def test_a_voice_plays_through_a_bridge(stage) -> None:
    engine, performance = stage
    performance.evaluate("adapter = bridge('first', 'second')\nv3.model = adapter\nv3.z = live * 1.4", "<repl>")
    (slot,) = engine.slots.values()
    assert slot.info.dims == 256
    assert slot.info.ratio == 256
    assert any("second follows first to 100%" in str(message) for message in performance.told)
    before = list((performance.library.folder / "bridges").iterdir())
    performance.evaluate("v4.model = bridge('first', 'second', ['choir']); v4.z = live", "<repl>")
    assert list((performance.library.folder / "bridges").iterdir()) == before
    assert len({slot.info.model for slot in engine.slots.values()}) == 1


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("bridge('first', 'nothing')", "no model 'nothing'"),
        ("bridge('first', 'finer')", "times as long"),
        ("bridge('first', 'second', ['bell'])", "no recording 'bell'"),
        ("bridge('first', 'second', [])", "longer or more"),
    ],
)
def test_what_does_not_go_together_is_said(stage, line: str, reason: str) -> None:
    _, performance = stage
    with pytest.raises(LivevaeError, match=reason):
        performance.evaluate(f"v1.model = {line}", "<repl>")
