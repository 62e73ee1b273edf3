import os
from pathlib import Path

import numpy as np
import pytest

from livevae.errors import LivevaeError
from livevae.performance import EvaluationError, Keeper, Piece


class Editor:
    """Saves a file so that every save has its own time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._time = 1_000_000_000

    def save(self, text: str) -> None:
        self.path.write_text(text)
        self._time += 1
        os.utime(self.path, (self._time, self._time))


@pytest.fixture
def editor(tmp_path):
    return Editor(tmp_path / "song.py")


def settle(piece):
    """Look as often as a keeper does until a save has been taken."""
    return any(piece.poll() for _ in range(3))


def test_a_piece_plays_and_its_names_are_known_at_the_prompt(rig, editor):
    editor.save("def loud(): return 0.5\nv1.play('choir', fade=0)\nv1.amp = loud()\ntempo(240)\n")
    Piece(rig.performance, editor.path).load()
    rig.run(1.0)
    assert rig.played().bias[-1, 0] == 1.0
    assert rig.do("loud()") == 0.5
    assert rig.do("tempo()") == 240


def test_saving_it_again_replaces_what_it_owned_and_releases_the_rest(rig, editor):
    editor.save("v1.play('choir', fade=0)\nv1.amp = 0.5\nv1.dim[0] = 9\nv2.play('bell', fade=0)\n")
    piece = Piece(rig.performance, editor.path)
    piece.load()
    rig.do("v3.play('drum', fade=0); v1.pan = -1")
    rig.run(0.5)
    assert not settle(piece)
    editor.save("v1.play('drum', fade=0)\n")
    assert settle(piece)
    rig.run(4.0)
    assert rig.played(0).bias[-1].tolist() == [-1.0] * 4
    assert (rig.played(0).amp[-1], rig.played(0).pan[-1]) == (1.0, -1.0)
    assert rig.played(2).amp[-1] == 0.0
    assert np.abs(np.diff(rig.played(2).amp)).max() < 0.05, "with a fade"
    assert rig.played(4).amp[-1] == 1.0, "what the prompt set is not the piece's"
    assert [message.kind for message in rig.told] == ["info"]


def test_a_version_with_an_error_changes_nothing_and_says_where(rig, editor):
    editor.save("v1.play('choir', fade=0)\n")
    piece = Piece(rig.performance, editor.path)
    piece.load()
    rig.run(0.5)
    for text, said in (
        ("v1.z = 'bell'\nv2.z = 'coir'\n", "song.py:2: there is no recording 'coir'"),
        ("v1.z = (\n", "song.py:1: '(' was never closed"),
        ("v1.z = 'bell'\ndef f():\n    raise ValueError('no')\nf()\n", "song.py:3: ValueError: no"),
    ):
        editor.save(text)
        assert not settle(piece)
        assert str(rig.told[-1]).startswith(said)
    assert len(rig.told) == 3
    rig.run(4.0)
    assert (rig.played().bias == 1.0).all()
    assert list(rig.engine.slots) == [0]
    editor.save("v1.play('bell', fade=0)\n")
    assert settle(piece)
    rig.run(4.0)
    assert rig.played().bias[-1, 0] == 2.0


def test_a_file_that_vanishes_plays_on_and_may_come_back(rig, editor):
    text = "v1.play('choir', fade=0)\n"
    editor.save(text)
    piece = Piece(rig.performance, editor.path)
    piece.load()
    editor.path.unlink()
    assert not settle(piece)
    rig.run(1.0)
    assert (rig.played().amp == 1.0).all()
    assert [str(message) for message in rig.told] == ["song.py is gone; what it played goes on."]
    editor.save(text)
    assert not settle(piece), "the same text changes nothing"
    editor.save("v1.play('bell', quant=0, fade=0)\n")
    assert settle(piece)
    rig.run(1.0)
    assert rig.played().bias[-1, 0] == 2.0


def test_a_reload_that_says_the_same_is_not_heard(rig, editor, tmp_path):
    (tmp_path / "rain.wav").write_bytes(b"")
    import soundfile

    soundfile.write(tmp_path / "rain.wav", np.zeros(100), 8000)
    text = "v1.input = file(__file__.replace('song.py', 'rain.wav'))\nv1.play(live + 'choir <bell drum>' + perlin)\n"
    editor.save(text)
    piece = Piece(rig.performance, editor.path)
    piece.load()
    rig.run(1.5)
    editor.save(text + "\n# a comment\n")
    assert settle(piece)
    rig.run(4.5)
    (tmp_path / "again").mkdir()
    again = type(rig)(tmp_path / "again")
    Piece(again.performance, editor.path).load()
    again.run(6.0)
    assert np.allclose(rig.played().rows, again.played().rows, atol=1e-6)
    assert len(rig.engine.calls("set_source")) == len(again.engine.calls("set_source"))


def test_half_a_file_is_not_read(rig, editor):
    editor.save("v1.play('choir', fade=0)\n")
    piece = Piece(rig.performance, editor.path)
    piece.load()
    editor.save("v1.play('bel")
    assert not piece.poll()
    editor.save("v1.play('bell', fade=0)\n")
    assert not piece.poll()
    assert piece.poll()
    assert [message.kind for message in rig.told] == ["info"]


def test_loading_what_is_not_there_or_wrong(rig, editor, tmp_path):
    with pytest.raises(LivevaeError, match="cannot be read"):
        Piece(rig.performance, tmp_path / "none.py").load()
    editor.path.write_bytes(b"\xff\xfe")
    with pytest.raises(LivevaeError, match="UTF-8"):
        Piece(rig.performance, editor.path).load()
    editor.save("v1.z = nothing\n")
    with pytest.raises(EvaluationError, match=r"song.py:1: NameError"):
        Piece(rig.performance, editor.path).load()
    assert not rig.engine.slots


def test_a_keeper_reads_what_is_saved_and_ends(rig, editor):
    editor.save("v1.z = 'choir'\n")
    piece = Piece(rig.performance, editor.path)
    piece.load()
    import threading

    read = threading.Event()
    rig.performance.on_message = lambda message: read.set()
    keeper = Keeper(rig.performance, piece).start()
    editor.save("v1.z = 'bell'\n")
    assert read.wait(20)
    keeper.close()
    assert str(rig.performance.messages[-1]) == "song.py was read again."


def test_undo_takes_back_a_reload(rig, editor):
    editor.save("v1.play('choir', fade=0)\n")
    piece = Piece(rig.performance, editor.path)
    piece.load()
    rig.run(0.5)
    editor.save("v1.play('bell', quant=0, fade=0)\n")
    assert settle(piece)
    rig.do("undo()")
    rig.run(1.0)
    assert rig.played().bias[-1, 0] == 1.0


def test_a_piece_cannot_end_the_performance(rig, editor):
    editor.save("v1.z = 'choir'\nraise SystemExit\n")
    with pytest.raises(EvaluationError, match="cannot end"):
        Piece(rig.performance, editor.path).load()
    assert not rig.engine.slots


def test_a_version_with_an_error_is_tried_again_when_it_is_saved_again(rig, editor):
    editor.save("v1.z = 'gong'\n")
    piece = Piece(rig.performance, editor.path)
    with pytest.raises(EvaluationError, match="gong"):
        piece.load()
    rig.library.points["gong"] = 5.0
    assert not settle(piece)
    editor.save("v1.z = 'gong'\n")
    assert settle(piece)
    rig.run(1.0)
    assert rig.played().bias[-1, 0] == 5.0


def test_a_piece_gives_back_the_model_it_chose(rig, editor):
    editor.save("v1.model = 'other'\nv1.play('choir', fade=0)\n")
    piece = Piece(rig.performance, editor.path)
    piece.load()
    rig.run(0.5)
    editor.save("v1.play('choir', fade=0)\n")
    assert settle(piece)
    rig.run(3.0)
    rig.performance.tick()
    (slot,) = rig.engine.slots.values()
    assert [name for _, name in rig.engine.calls("open_model")] == ["other.ts", "default.ts"]
    assert slot.info.model != rig.engine.closed[0][1].info.model
