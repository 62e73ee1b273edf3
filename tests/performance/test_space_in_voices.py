"""Units of the model's space in what voices play: measured when typed, fixed while it plays, the same offline."""

from pathlib import Path

import numpy as np
import pytest

from livevae.errors import LivevaeError
from livevae.latent import Encoder, Library
from livevae.performance.piece import Piece
from livevae.performance.render import render
from support import models


def asked(rig) -> list[str]:
    return [name for name, _ in rig.library.asked]


def test_units_are_those_of_the_recordings_that_ship(rig):
    rig.do("v1.play(point(0, 1, -1, 0.5).unit(), fade=0)")
    rig.run(1.0)
    assert np.array_equal(rig.played().bias[-1], [10.0, 12.0, 8.0, 11.0])
    assert asked(rig) == ["shipped"]
    rig.do("v2.play(pure(2).unit(), fade=0)")
    assert asked(rig) == ["shipped"], "once for each model"


def test_nothing_is_measured_for_what_does_not_need_it(rig):
    rig.do("v1.z = point(1, 2, 3, 4).scale(2, around=0) + orbit()\nv2.amp = pure(0.5).unit()\nv2.z = 'choir'")
    rig.run(3.0)
    assert "shipped" not in asked(rig)
    assert rig.played(2).amp[-1] == 0.5, "levels have no space: numbers stay what they are"


def test_one_dimension_goes_by_its_own_spread(rig):
    rig.do("v1.play('choir', fade=0)\nv1.dim[2] = pure(1).unit()")
    rig.run(3.0)
    assert np.array_equal(rig.played().bias[-1], [1.0, 1.0, 12.0, 1.0])
    rig.do("v1.dim[2] = sine.range(-1, 1).unit()")
    rig.run(4.0)
    heard = rig.played().bias[:, 2]
    assert heard.min() == pytest.approx(8.0, abs=0.01)
    assert heard.max() == pytest.approx(12.0, abs=0.01)


def test_measuring_moves_what_is_assigned_from_then_on_and_nothing_that_plays(rig):
    rig.do("v1.play(pure(0).unit(), fade=0)")
    rig.run(1.0)
    shown = rig.do("measure('choir', 'bell')")
    assert "measured by choir, bell" in repr(shown)
    assert rig.do("space()") is shown
    rig.run(3.0)
    assert (rig.played().bias == 10.0).all()
    rig.do("v1.play(pure(1).unit(), quant=0, fade=0)")
    rig.run(1.0)
    assert np.array_equal(rig.played().bias[-1], [2.0] * 4), "mean 1.5, spread 0.5"
    rig.do("undo()")
    rig.run(1.0)
    assert (rig.played().bias[-1] == 10.0).all()
    rig.do("undo()")
    assert "ship" in repr(rig.do("space()"))


def test_measuring_holds_within_its_own_evaluation_and_not_when_that_fails(rig):
    rig.do("measure('drum')\nv1.play(pure(3).unit(), fade=0)")
    rig.run(1.0)
    assert (rig.played().bias == -1.0).all()
    for source in ("measure('choir')\n1 / 0", "measure('nobody')", "measure(3)"):
        with pytest.raises(LivevaeError):
            rig.do(source)
    assert "measured by drum" in repr(rig.do("space()"))
    rig.do("measure()")
    assert "ship" in repr(rig.do("space()"))


def test_every_model_has_its_own_space(rig):
    rig.do("v1.play(origin.unit() + dim(3, 1), fade=0)")
    rig.do("v1.model = 'wide_8'")
    rig.run(3.0)
    assert np.array_equal(rig.played(1).bias[-1], [10, 10, 10, 11, 10, 10, 10, 10])
    assert asked(rig).count("shipped") == 2
    assert rig.do("space('wide_8')").space.dims == 8
    assert rig.do("space()").space.dims == 4


def test_a_measured_piece_lets_go_of_its_reference(rig, tmp_path):
    (tmp_path / "song.py").write_text("measure('bell')\nv1.z = pure(0).unit()")
    piece = Piece(rig.performance, tmp_path / "song.py")
    piece.load()
    assert "measured by bell" in repr(rig.do("space()"))
    (tmp_path / "song.py").write_text("v1.z = pure(0).unit()")
    piece.load()
    assert "ship" in repr(rig.do("space()"))


def test_the_same_frames_however_they_are_asked_for(rig, late_rig):
    source = """
v1.play((take('bell') + noise(0.3) + jitter(0.1, 3)).clip(), quant=0, fade=0)
v2.play(path((0, 'choir'), (0.5, origin.unit()), (1, mean('bell'))), quant=0, fade=0)
v3.play(lerp(live, 'choir', saw).scale({1: 2}), quant=0, fade=0)
"""
    rig.do(source)
    late_rig.do(source)
    rig.run(3.0, chunk=1)
    late_rig.run(3.0, chunk=17)
    for slot in (0, 2, 4):
        assert np.array_equal(rig.played(slot).bias, late_rig.played(slot).bias)
        assert np.array_equal(rig.played(slot).gain, late_rig.played(slot).gain)


def test_morph_is_a_transition_or_a_mixture(rig):
    rig.do("v1.play(morph(['choir', 'bell'], [1, 3]), fade=0)")
    rig.run(1.0)
    assert (rig.played().bias == 1.75).all()
    rig.do("v1.play('drum', transition=morph(1))")
    rig.run(5.0)
    assert (rig.played().bias[-1] == -1.0).all()
    with pytest.raises(LivevaeError, match="weights"):
        rig.do("morph(['choir', 'bell'])")


def test_what_is_searched_for_is_known_before_it_plays(rig):
    rig.do("v1.play(point(0.4, 1.4, 1.9, 0.2).quantize_to('choir bell'), fade=0)")
    assert ("choir", True) in rig.library.asked
    assert ("bell", True) in rig.library.asked
    rig.run(2.0)
    assert rig.played().bias[0].tolist() == [1.0] * 4
    assert rig.played().bias[-1].tolist() == [2.0] * 4
    with pytest.raises(LivevaeError, match="no recording 'nobody'"):
        rig.do("v1.z = pure(1).quantize_to('nobody')")


def test_a_piece_in_units_renders_alike_every_time(tmp_path: Path) -> None:
    model = models.save(models.identity(4096), tmp_path / "identity.ts")
    (tmp_path / "song.py").write_text("v1.play(perlin.range(-1, 1).unit() + noise(0.5), quant=0, fade=0)")
    for name in ("one", "two"):
        library = Library(tmp_path / name, Encoder())
        render(tmp_path / "song.py", tmp_path / f"{name}.wav", model=model, library=library, seconds=1.0)
        library.close()
    written = (tmp_path / "one.wav").read_bytes()
    assert (tmp_path / "two.wav").read_bytes() == written
    assert np.frombuffer(written[-30000:], np.uint8).std() > 0
