"""A piece in several files."""

import os

import pytest

from livevae.errors import LivevaeError
from livevae.performance import EvaluationError, Piece


class Desk:
    """Saves files so that every save has its own time."""

    def __init__(self, rig) -> None:
        self.folder = rig.folder / "work"
        (self.folder / "parts").mkdir(parents=True)
        self.piece = Piece(rig.performance, self.folder / "song.py")
        self._time = 1_000_000_000

    def save(self, name: str, text: str) -> None:
        path = self.folder / name
        path.write_text(text)
        self._time += 1
        os.utime(path, (self._time, self._time))

    def settle(self) -> bool:
        return any(self.piece.poll() for _ in range(3))


@pytest.fixture
def desk(rig):
    return Desk(rig)


def test_what_is_included_is_as_if_it_stood_there(rig, desk):
    desk.save("song.py", "level = 0.5\ninclude('parts/voices.py')\nv1.pan = side\n")
    desk.save("parts/voices.py", "include('more.py')\nv1.play('choir', fade=0)\nv1.amp = level\nside = -1\n")
    desk.save("parts/more.py", "v2.play('bell', fade=0)\n")
    desk.piece.load()
    rig.run(0.5)
    assert rig.played(0).bias[-1, 0] == 1.0
    assert (rig.played(0).amp[-1], rig.played(0).pan[-1]) == (0.5, -1.0)
    assert rig.played(2).bias[-1, 0] == 2.0
    assert rig.do("side") == -1, "its names are known at the prompt"


def test_saving_any_file_reads_the_whole_piece_again(rig, desk):
    desk.save("song.py", "v1.play('choir', fade=0)\ninclude('other.py')\n")
    desk.save("other.py", "v2.play('bell', fade=0)\nv3.play('drum', fade=0)\n")
    desk.piece.load()
    rig.run(0.5)
    assert not desk.settle()
    desk.save("other.py", "v2.play('choir', fade=0)\n")
    assert desk.settle()
    assert str(rig.told[-1]) == "other.py was read again."
    rig.run(4.0)
    assert rig.played(2).bias[-1, 0] == 1.0
    assert rig.played(4).amp[-1] == 0.0, "what no file of the piece sets any more is released"
    assert rig.played(0).amp[-1] == 1.0
    assert not desk.settle()


def test_a_file_that_is_no_longer_included_is_not_watched(rig, desk):
    desk.save("song.py", "include('other.py')\n")
    desk.save("other.py", "v1.z = 'choir'\n")
    desk.piece.load()
    desk.save("song.py", "v1.z = 'bell'\n")
    assert desk.settle()
    desk.save("other.py", "nothing at all\n")
    assert not desk.settle()
    assert [message.kind for message in rig.told] == ["info"]


def test_an_error_in_a_file_names_that_file_and_saving_it_well_is_enough(rig, desk):
    desk.save("song.py", "v1.play('choir', fade=0)\ninclude('other.py')\n")
    desk.save("other.py", "\nv2.z = gnog\n")
    with pytest.raises(EvaluationError, match=r"^other.py:2: NameError"):
        desk.piece.load()
    assert not rig.engine.slots, "nothing of the piece is heard"
    desk.save("other.py", "\nv2.z = 'bell'\n")
    assert desk.settle()
    rig.run(0.5)
    assert set(rig.engine.slots) == {0, 2}


def test_a_file_that_is_missing_is_told_and_read_when_it_comes(rig, desk):
    desk.save("song.py", "v1.play('choir', fade=0)\ninclude('other.py')\n")
    with pytest.raises(EvaluationError, match=r"song.py:2: the piece .*other.py cannot be read"):
        desk.piece.load()
    assert not desk.settle()
    desk.save("other.py", "v2.z = 'bell'\n")
    assert desk.settle()


def test_files_that_include_each_other_are_told(rig, desk):
    desk.save("song.py", "include('other.py')\n")
    desk.save("other.py", "include('song.py')\n")
    with pytest.raises(EvaluationError, match=r"other.py:1: song.py includes itself"):
        desk.piece.load()


def test_including_later_than_the_piece_is_read_is_told(rig, desk):
    desk.save("other.py", "v1.z = 'choir'\n")
    desk.save("song.py", "@cue('a', bars=1)\ndef a(): include('other.py')\nform('by hand')\n")
    desk.piece.load()
    rig.do("next_cue(quant=0)")
    rig.run(0.5)
    assert "belongs at the top of a piece" in str(rig.told[-1])


def test_a_file_that_goes_away_is_told_once_and_plays_on(rig, desk):
    desk.save("song.py", "include('other.py')\n")
    desk.save("other.py", "v1.play('choir', fade=0)\n")
    desk.piece.load()
    (desk.folder / "other.py").unlink()
    assert not desk.settle()
    assert [str(message) for message in rig.told] == ["other.py is gone; what it played goes on."]
    rig.run(0.5)
    assert rig.played().bias[-1, 0] == 1.0
    desk.save("other.py", "v1.play('bell', fade=0)\n")
    assert desk.settle()


def test_cues_may_stand_in_other_files(rig, desk):
    desk.save("song.py", "include('cues.py')\nform('a', 'b')\n")
    desk.save(
        "cues.py", "@cue('a', bars=1)\ndef a(): v1.play('choir', fade=0)\n@cue('b', bars=1)\ndef b(): v1.z = nix\n"
    )
    desk.piece.load()
    rig.run(3.0)
    assert str(rig.told[-1]).startswith("cues.py:4: NameError")
    desk.save("song.py", "include('cues.py')\ninclude('cues.py')\n")
    with pytest.raises(LivevaeError, match=r"^cues.py:1: there are two cues 'a', the first at cues.py:1"):
        desk.piece.load()
