"""`livevae check`: pieces looked at without playing them."""

import json
from pathlib import Path

import pytest

from support.command import Run

SONG = """
v1.z = "choir"
@cue("intro", bars=4)
def intro():
    v2.z = lerp("bell", "choir", sine.slow(4))

@cue("spare", bars=2)
def spare(): v1.z = "wind"

@cue("end", bars=4)
def end(): v3.z = "metal*4"

form("intro", "end")
"""


@pytest.fixture
def look(livevae: Run, tmp_path: Path):
    def run(text: str, *options: str):
        (tmp_path / "song.py").write_text(text)
        done = livevae("check", tmp_path / "song.py", "--json", *options)
        return done.returncode, json.loads(done.stdout), done.stderr

    return run


def test_a_good_piece_says_its_form_and_what_each_voice_costs(look) -> None:
    code, found, errors = look(SONG)
    assert (code, errors, found["good"], found["length"]) == (0, "", True, 8.0)
    assert [(cue["name"], cue["bars"], cue["start"]) for cue in found["cues"]] == [
        ("intro", 4.0, 0.0),
        ("spare", 2.0, None),
        ("end", 4.0, 4.0),
    ]
    voices = {(cost["cue"], cost["voice"]) for cost in found["costs"]}
    assert voices == {(None, "v1"), ("intro", "v1"), ("intro", "v2"), ("spare", "v1"), ("end", "v1"), ("end", "v3")}
    assert all(0 < cost["share"] < 1 for cost in found["costs"])
    (finding,) = found["findings"]
    assert (finding["kind"], finding["line"]) == ("warning", 7)
    assert "'spare' is never reached" in finding["text"]


def test_all_that_is_wrong_is_found_at_once_with_its_line(look) -> None:
    text = SONG.replace('"bell", ', '"blel", ').replace('"wind"', '"wnd"').replace('v3.z = "metal*4"', "v3.amp = nix")
    code, found, _ = look(text)
    told = {(finding["line"], finding["kind"]): finding["text"] for finding in found["findings"]}
    assert code == 2
    assert "no recording 'blel': did you mean bell" in told[5, "error"]
    assert "no recording 'wnd': did you mean wind" in told[8, "error"]
    assert "NameError" in told[11, "error"]
    assert {Path(finding["file"]).name for finding in found["findings"]} == {"song.py"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("v1.z = (", "never closed"),
        ("v1.z = 'choir'\nv1.dim[99] = 1", "dimensions, numbered from 0 to"),
        (SONG + "form('intro', 'edn')", "asks for 'edn', and there is no such cue: did you mean end"),
        ("include('none.py')", "cannot be read"),
    ],
)
def test_what_cannot_be_played_is_an_error(look, text: str, said: str) -> None:
    code, found, _ = look(text)
    assert code == 2
    assert not found["good"]
    assert said in found["findings"][0]["text"]
    assert found["findings"][0]["line"] is not None or "asks for" in said


def test_for_reading(livevae: Run, tmp_path: Path) -> None:
    (tmp_path / "song.py").write_text(SONG)
    done = livevae("check", tmp_path / "song.py")
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert lines[0] == "song.py: plays"
    assert "song.py:7: the cue 'spare' is never reached by the form" in lines[1]
    assert any("intro" in line and "from 0, 4 bars" in line and "v2" in line for line in lines)
    assert lines[-1] == "  8 bars in all"


def test_the_pieces_that_ship_are_fine(livevae: Run) -> None:
    from livevae.resources import patterns_dir

    done = livevae("check", *sorted(patterns_dir().glob("*.py")))
    assert done.returncode == 0, done.stdout
    assert "error" not in done.stdout


def test_a_piece_that_is_not_there(livevae: Run) -> None:
    done = livevae("check", "none.py")
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
