"""A score shows what a piece does: voices, cues and latents, at the times at which they are heard."""

from pathlib import Path

import numpy as np
import pytest

from livevae.errors import LivevaeError
from livevae.model.info import ModelInfo
from livevae.performance.score import Score, score
from support.doubles import FakeLibrary

PIECE = """
tempo(60)                       # a cycle is four seconds
v3.z = point(1, 2, 3, 4)        # the base
v3.amp = 0.5

@cue("intro", bars=2)
def intro():
    v1.z = "choir ~"

@cue("end", bars=1)
def end():
    v2.z = lerp("choir", "bell", 0.5)   # between
"""


def described(path: Path, rate: int | None) -> ModelInfo:
    return ModelInfo(
        path=str(path), name=path.stem, sample_rate=48000, ratio=480, latent_size=4, full_latent_size=4, in_channels=1,
        out_channels=1, methods={"decode": [4, 480, 1, 1]}, digest="it", has_latents=True,
    )  # fmt: skip


@pytest.fixture
def drawn(tmp_path: Path) -> Score:
    (tmp_path / "piece.py").write_text(PIECE)
    (tmp_path / "model.ts").write_bytes(b"model")
    return score(
        tmp_path / "piece.py", FakeLibrary(choir=1.0, bell=2.0), model=tmp_path / "model.ts", describe_model=described
    )


def test_it_lasts_as_long_as_the_form_and_shows_its_cues(drawn: Score) -> None:
    assert drawn.seconds == pytest.approx(12.0)
    assert [(cue.name, round(cue.second, 1)) for cue in drawn.cues] == [("intro", 0.0), ("end", 8.0)]
    assert drawn.cycles.tolist() == pytest.approx([0.0, 4.0, 8.0, 12.0])


def test_every_voice_that_is_heard_is_there_with_its_latents_and_level(drawn: Score) -> None:
    first, second, base = drawn.parts
    assert [part.name for part in drawn.parts] == ["v1", "v2", "v3"]
    np.testing.assert_allclose(base.latents[-1], [1, 2, 3, 4])
    np.testing.assert_allclose(base.level[100:], 0.5)
    heard = first.level > 0.9
    assert np.allclose(first.latents[heard & (first.seconds < 8)], 1.0)
    assert not heard[(first.seconds > 2.2) & (first.seconds < 3.9)].any()
    assert not heard[first.seconds > 8.2].any()
    np.testing.assert_allclose(second.latents[(second.seconds > 8.2) & (second.level > 0.9)], 1.5)


def test_it_says_what_was_typed_and_when_it_begins(drawn: Score) -> None:
    marks = {part.name: [(mark.name, round(mark.second, 1)) for mark in part.marks] for part in drawn.parts}
    assert marks == {
        "v1": [("'choir ~'", 0.0)],
        "v2": [('lerp("choir", "bell", 0.5)', 8.0)],
        "v3": [("point(1, 2, 3, 4)", 0.0)],
    }


def test_a_piece_that_does_not_work_is_refused(tmp_path: Path) -> None:
    (tmp_path / "piece.py").write_text("v1.z = lerp(1)")
    (tmp_path / "model.ts").write_bytes(b"model")
    with pytest.raises(LivevaeError, match=r"piece\.py:1"):
        score(tmp_path / "piece.py", FakeLibrary(), model=tmp_path / "model.ts", describe_model=described)
