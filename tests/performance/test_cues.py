"""Pieces with form, in virtual time: two cycles last four seconds, and a frame is a hundredth of one."""

import os
import threading
from pathlib import Path

import numpy as np
import pytest

from livevae.control import Change
from livevae.errors import LivevaeError
from livevae.performance import EvaluationError, Piece

CPS = 0.5
PIECE = """
tempo(120)
v1.play('choir', fade=0)
v1.amp = 0.5

@cue("intro", bars=2)
def intro():
    v2.play('bell', fade=0)

@cue("build", bars=3)
def build():
    v1.amp = 0.25
    v3.play('drum', fade=0)

@cue("drop", bars=1)
def drop():
    v1.play('drum', fade=0)
"""


class Stagehand:
    """A piece that is saved, loaded, and saved again."""

    def __init__(self, rig) -> None:
        self.rig = rig
        self.file: Path = rig.folder / "song.py"
        self.piece = Piece(rig.performance, self.file)
        self._time = 1_000_000_000

    def save(self, text: str, name: str = "song.py") -> Path:
        path = self.file.with_name(name)
        path.write_text(text)
        self._time += 1
        os.utime(path, (self._time, self._time))
        return path

    def load(self, text: str = PIECE, start: str | None = None) -> None:
        self.save(text)
        self.piece.load(start)

    def reload(self, text: str) -> bool:
        self.save(text)
        return any(self.piece.poll() for _ in range(3))

    def heard(self, voice: int) -> np.ndarray:
        """What a voice played in every frame from the beginning: the number its latents are, NaN while it is silent."""
        found = np.full(self.rig.engine.time // 480, np.nan)
        slots = [(n, s) for n, s in [*self.rig.engine.closed, *self.rig.engine.slots.items()] if n // 2 == voice - 1]
        for number, _ in slots:
            played = self.rig.played(number)
            where = slice(played.first, played.first + len(played.rows))
            found[where] = np.where(played.amp > 0, played.bias[:, 0], np.nan)
        return found

    def begins(self, voice: int, value: float) -> int:
        """The frame from which a voice plays this."""
        return int(np.flatnonzero(self.heard(voice) == value)[0])

    def level(self, voice: int) -> np.ndarray:
        return self.rig.played(2 * voice - 2).amp

    @property
    def now(self) -> tuple[str | None, float | None, str | None]:
        status = self.rig.performance.conductor.status()
        left = None if status.left is None else round(status.left, 6)
        return status.name, left, status.next

    @property
    def said(self) -> list[str]:
        return [str(message) for message in self.rig.told]


@pytest.fixture
def song(rig):
    return Stagehand(rig)


def test_sections_follow_each_other_on_their_exact_frames(song, rig):
    song.load()
    assert song.now == ("intro", 2.0, "build")
    rig.run(16)
    assert song.begins(2, 2.0) == 0
    assert song.begins(3, -1.0) == 400, "build begins with cycle 2, at the fourth second"
    assert song.begins(1, -1.0) == 1000, "drop begins with cycle 5"
    assert song.now == ("drop", None, None)
    assert not song.said


@pytest.mark.parametrize("chunk", [1, 7, 50])
def test_the_frames_do_not_depend_on_how_time_is_cut(song, rig, chunk):
    song.load()
    rig.run(16, chunk)
    assert (song.begins(3, -1.0), song.begins(1, -1.0)) == (400, 1000)


def test_a_section_has_what_the_piece_sets_and_gives_back_what_it_set(song, rig):
    song.load()
    rig.run(16)
    amp = song.level(1)
    assert np.allclose(amp[100:395], 0.5)
    assert np.allclose(amp[420:995], 0.25)
    assert np.allclose(amp[1020:], 0.5), "back to the base"
    assert np.allclose(amp[400], 0.5, atol=0.1)
    assert song.heard(2)[399] == 2.0
    assert np.isnan(song.heard(2)[420:]).all(), "nobody set it but the section"
    assert song.heard(1)[999] == 1.0


def test_what_the_performer_typed_stays_through_a_change_of_cue(song, rig):
    song.load()
    rig.run(1)
    rig.do("v4.play('choir', quant=0, fade=0); v1.pan = -0.5")
    rig.run(15)
    assert song.heard(4)[-1] == 1.0
    assert rig.played(0).pan[-1] == -0.5


def test_undo_takes_back_what_was_typed_and_not_the_cue(song, rig):
    song.load()
    rig.run(1)
    rig.do("v4.play('choir', quant=0, fade=0)")
    rig.run(4)
    assert song.now[0] == "build"
    rig.do("undo()")
    rig.run(1)
    assert np.isnan(song.heard(4)[-1])
    assert song.heard(3)[-1] == -1.0, "the section plays on"
    assert song.now[0] == "build"
    rig.do("redo()")
    rig.run(1)
    assert song.heard(4)[-1] == 1.0


def test_going_on_by_hand_is_quantised_and_journalled(song, rig, monkeypatch):
    logged = []
    monkeypatch.setattr(rig.performance.conductor, "_log", lambda kind, **facts: logged.append((kind, facts)))
    song.load()
    rig.run(1)
    rig.do("next_cue()")
    assert song.now == ("intro", 0.5, "build")
    rig.run(3)
    assert song.begins(3, -1.0) == 200
    assert song.now == ("build", 2.0, "drop"), "it has its own length from there"
    rig.do("goto('intro', quant=0.5)")
    rig.run(2)
    assert song.now[0] == "intro"
    facts = [(f["name"], f["start"], f["reason"]) for kind, f in logged if kind == "cue"]
    assert facts == [("intro", 0.0, "piece"), ("build", 1.0, "typed"), ("intro", 2.0, "typed")]


def test_asking_twice_goes_two_further_and_previous_goes_back(song, rig):
    song.load()
    rig.run(0.5)
    rig.do("next_cue()")
    rig.do("next_cue()")
    rig.run(2)
    assert song.now[0] == "drop"
    assert np.isnan(song.heard(3)).all(), "build never began"
    rig.do("previous_cue()")
    rig.run(2)
    assert song.now[0] == "build"
    rig.do("previous_cue()")
    rig.run(2)
    with pytest.raises(EvaluationError, match="no cue before this one"):
        rig.do("previous_cue()")


def test_a_form_by_hand_waits(song, rig):
    song.load(PIECE + "form('by hand')\n")
    rig.run(4)
    assert rig.performance.conductor.status() is None
    assert np.isnan(song.heard(2)).all()
    assert song.heard(1)[-1] == 1.0
    rig.do("next_cue()")
    rig.run(20)
    assert song.now == ("intro", None, "build")
    rig.do("goto('drop', quant=0)")
    rig.run(1)
    assert song.now == ("drop", None, None)
    with pytest.raises(EvaluationError, match="the form ends with 'drop'"):
        rig.do("next_cue()")


def test_a_cue_without_bars_lasts_until_told_and_the_form_goes_on_from_it(song, rig):
    song.load("@cue\ndef free(): v1.play('choir', fade=0)\n@cue(bars=1)\ndef then(): v1.play('bell', fade=0)\n")
    rig.run(30)
    assert song.now == ("free", None, "then")
    rig.do("next_cue()")
    rig.run(1)
    assert song.now[0] == "then"


def test_a_loop_goes_round_and_a_repeat_begins_anew(song, rig):
    song.load(
        "count = []\n"
        "@cue('a', bars=1)\ndef a():\n    count.append('a')\n    v1.play('choir', fade=0)\n"
        "@cue('b', bars=1)\ndef b():\n    count.append('b')\n    v1.play('bell', fade=0)\n"
        "form(('a', 2), 'b', loop=True)\n"
    )
    rig.run(2 * 8 + 1)
    assert rig.do("count") == list("aabaabaab")
    heard = song.heard(1)[: 2 * 8 * 100]
    assert [heard[100 + 200 * bar] for bar in range(8)] == [1.0, 1.0, 2.0, 1.0, 1.0, 2.0, 1.0, 1.0]


def test_a_graph_takes_the_same_way_every_time(rig, tmp_path):
    from livevae.performance.form import form_of

    song = Stagehand(rig)
    ways = {"intro": ["build", "drop"], "build": ["drop", "intro"], "drop": ["intro", "build"]}
    song.load(PIECE + f"form({ways!r}, seed=4)\n")
    walk = form_of(ways, seed=4).walk()
    bars = {"intro": 2, "build": 3, "drop": 1}
    for _ in range(5):
        name = next(walk).name
        assert song.now[0] == name
        rig.run(bars[name] / CPS)
    rig.do("previous_cue()")
    assert song.now[2] is not None


def test_a_form_that_ends_with_a_hush(song, rig):
    song.load(PIECE + "form('intro', end='hush')\n")
    rig.run(3.9)
    assert song.heard(1)[-1] == 1.0
    assert song.now[0] == "intro"
    rig.run(2)
    assert np.isnan(song.heard(1)[451:]).all()
    assert song.heard(1)[399] == 1.0


def test_a_cue_that_fails_changes_nothing_and_the_form_goes_on(song, rig):
    song.load(PIECE.replace("    v1.amp = 0.25\n", "    v1.amp = 0.25\n    v1.ampp = 3\n"))
    rig.run(9)
    assert song.said == ["song.py:13: v1 has no 'ampp': did you mean amp?"]
    assert np.allclose(song.level(1)[-100:], 0.5), "not the half of it"
    assert song.heard(2)[-1] == 2.0, "the section before sounds on"
    assert song.now[0] == "build"
    rig.run(2)
    assert (song.begins(1, -1.0), song.now[0]) == (1000, "drop")
    assert np.isnan(song.heard(2)[1020:]).all()


def test_a_cue_cannot_end_the_performance(song, rig):
    song.load(PIECE.replace("    v1.amp = 0.25\n", "    exit()\n"))
    rig.run(5)
    assert "cannot end the performance" in song.said[0]
    assert song.now[0] == "build"


def test_saving_keeps_the_cue_and_its_countdown(song, rig):
    song.load()
    rig.run(5)
    assert song.now == ("build", 2.5, "drop")
    assert song.reload(PIECE.replace("v1.amp = 0.25", "v1.amp = 0.75").replace("bars=1", "bars=2"))
    assert song.now == ("build", 2.5, "drop")
    rig.run(2)
    assert np.allclose(song.level(1)[-50:], 0.75)
    rig.run(4)
    assert song.now == ("drop", None, None) or song.now[0] == "drop"
    assert song.begins(1, -1.0) == 1000


def test_saving_a_longer_or_shorter_cue_moves_its_end(song, rig):
    song.load()
    rig.run(5)
    assert song.reload(PIECE.replace("bars=3", "bars=5"))
    assert song.now == ("build", 4.5, "drop")
    assert song.reload(PIECE.replace("bars=3", "bars=0.25"))
    assert song.now == ("build", 0.5, "drop"), "it is over: on the next bar"


def test_saving_without_the_cue_that_plays(song, rig):
    song.load()
    rig.run(5)
    without = PIECE.replace('@cue("build", bars=3)', "")
    assert song.reload(without + "form('intro', 'drop')\n")
    assert "the cue 'build' is gone; what it played goes on." in song.said
    rig.run(1)
    assert song.heard(3)[-1] == -1.0
    assert np.allclose(song.level(1)[-50:], 0.25)
    rig.run(4.5)
    assert song.now[0] == "drop"
    assert np.isnan(song.heard(3)[-1])


def test_a_piece_with_an_error_in_its_cue_is_not_taken(song, rig):
    song.load()
    rig.run(5)
    assert not song.reload(PIECE.replace("v1.amp = 0.25", "v1.amp = 0.1; nothing"))
    assert "song.py:12: NameError" in song.said[0]
    rig.run(1)
    assert np.allclose(song.level(1)[-50:], 0.25)
    assert song.now[0] == "build"
    assert song.reload(PIECE.replace("v1.amp = 0.25", "v1.amp = 0.125"))
    rig.run(3)
    assert np.allclose(song.level(1)[-50:], 0.125)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("form('intro', 'biuld')", "the form asks for 'biuld', and there is no such cue: did you mean build"),
        ("@cue('intro', bars=1)\ndef again(): pass", "there are two cues 'intro', the first at song.py:6"),
        ("@cue('x', bars=0)\ndef x(): pass", "bars is a number of 1/8 or more"),
        ("@cue('x', bars=True)\ndef x(): pass", "bars is a number"),
        ("@cue(3)\ndef x(): pass", "named by a string"),
        ("@cue('x')\ndef x(a): pass", "called without arguments"),
        ("@cue('x')\ndef x(): next_cue()\nform('x')", "cannot go on while it begins"),
        ("on_note(200, next_cue)", "no MIDI number 200"),
        ("on_note(36, 3)", "give it a function"),
        ("on_cc(64, next_cue, channel=0)", "no MIDI channel 0"),
    ],
)
def test_what_cannot_be_is_told(song, rig, text, said):
    with pytest.raises(LivevaeError) as error:
        song.load(PIECE + text + "\n")
    assert said in str(error.value)
    assert not rig.engine.slots


def test_unknown_cues_are_told_with_the_nearest(song, rig):
    song.load()
    with pytest.raises(EvaluationError, match="there is no cue 'biuld': did you mean build"):
        rig.do("goto('biuld')")
    with pytest.raises(EvaluationError, match="'nothing'"):
        rig.do("form('nothing')")
    rig.run(5)
    assert song.now[0] == "build"


def test_a_form_typed_at_the_prompt_takes_over(song, rig):
    song.load()
    rig.run(1)
    rig.do("form('intro', 'drop')")
    assert song.now == ("intro", 1.5, "drop")
    rig.do("form('by hand')")
    assert song.now == ("intro", None, "build")


def test_cues_typed_at_the_prompt_play_with_a_form(rig):
    rig.do("@cue('a', bars=1)\ndef a(): v1.play('choir', fade=0)")
    rig.run(0.5)
    assert rig.performance.conductor.status() is None
    rig.do("form(loop=True)")
    rig.run(3)
    assert rig.performance.conductor.status().name == "a"
    assert rig.played().bias[-1, 0] == 1.0


def test_hush_stops_the_form_until_it_is_told_to_go_on(song, rig):
    song.load()
    rig.run(1)
    rig.do("hush()")
    rig.run(20)
    assert song.now[:2] == ("intro", None)
    assert np.isnan(song.heard(1)[-1])
    rig.do("next_cue()")
    rig.run(2)
    assert song.now[0] == "build"
    assert song.heard(3)[-1] == -1.0


def test_what_a_cue_plans_is_off_when_the_next_one_begins(song, rig):
    song.load(PIECE.replace("v2.play('bell', fade=0)", "after(1.5, lambda: v2.play('drum', fade=0))"))
    rig.run(0.5)
    rig.do("next_cue()")
    rig.run(6)
    assert np.isnan(song.heard(2)).all()


def test_rehearsal_begins_at_a_cue(song, rig):
    song.load(PIECE.replace("v3.play('drum', fade=0)", "v3.play(signal(lambda t: t + 0), fade=0)"), start="build")
    assert song.now[0] == "build"
    rig.run(1)
    assert song.heard(3)[0] == pytest.approx(2.0), "musical time is that of the performance"
    rig.run(5.5)
    assert song.now[0] == "drop"
    with pytest.raises(LivevaeError, match="there is no cue 'biuld': did you mean build"):
        song.load(PIECE, start="biuld")


def pressed(number, value, kind="note", channel=1, port="Pads"):
    return Change(kind, number, value, channel, port)


def test_notes_and_pedals_go_on_once_each_time_they_go_down(song, rig):
    song.load(PIECE + "form('by hand')\npresses = []\non_cc(64, lambda: presses.append(1))\non_note(36, next_cue)\n")
    performance, triggers = rig.performance, rig.performance._triggers
    for value in (0.1, 0.6, 0.9, 1.0, 0.2, 0.7):
        performance.control_changed(pressed(64, value, "cc"))
    assert triggers.settle(20)
    assert rig.do("presses") == [1, 1]
    performance.control_changed(pressed(36, 0.01))
    performance.control_changed(pressed(36, 0.0))
    performance.control_changed(pressed(37, 1.0))
    assert triggers.settle(20)
    rig.run(2)
    assert song.now[0] == "intro"


def test_triggers_narrowed_down_released_and_of_the_piece(song, rig):
    song.load("hits = []\non_note(36, lambda: hits.append('any'))\non_note(36, lambda: hits.append('two'), 2, 'pad')\n")
    triggers = rig.performance._triggers

    def press(channel, port="Pads"):
        rig.performance.control_changed(pressed(36, 1.0, channel=channel, port=port))
        rig.performance.control_changed(pressed(36, 0.0, channel=channel, port=port))
        assert triggers.settle(20)

    press(1)
    press(2)
    press(2, "Keys")
    assert rig.do("hits") == ["any", "any", "two", "any"]
    rig.do("hits.clear(); on_note(36, None)")
    press(2)
    assert rig.do("hits") == ["two"]
    assert song.reload("hits = []\n")
    press(2)
    assert rig.do("hits") == []


def test_an_action_that_fails_is_told_and_changes_nothing(song, rig):
    song.load("v1.amp = 0.5\ndef wrong():\n    v1.amp = 1\n    v1.pann = 3\non_note(1, wrong)\non_note(2, next_cue)\n")
    for number in (1, 2):
        rig.performance.control_changed(pressed(number, 1.0))
        assert rig.performance._triggers.settle(20)
    assert song.said[0] == "song.py:4: v1 has no 'pann': did you mean pan?"
    assert song.said[1].startswith("there are no cues")
    assert rig.do("v1.amp") == 0.5


def test_actions_run_one_after_the_other_off_the_thread_that_asks(song, rig):
    song.load("import threading\nseen = []\non_note(1, lambda: seen.append(threading.current_thread().name))\n")
    rig.performance.control_changed(pressed(1, 1.0))
    assert rig.performance._triggers.settle(20)
    assert rig.do("seen") == ["livevae triggers"]
    rig.performance.close()
    assert "livevae triggers" not in [thread.name for thread in threading.enumerate()]


def test_osc_leads_through_the_form_on_a_port_that_is_asked_for(song, rig):
    from pythonosc.udp_client import SimpleUDPClient

    heard = threading.Event()
    rig.performance.on_message = lambda message: (rig.told.append(message), heard.set())
    song.load(PIECE + "form('by hand')\nport = osc_listen(0)\n")
    port = rig.do("port")
    assert rig.do(f"osc_listen({port})") == port
    client = SimpleUDPClient("127.0.0.1", port)
    client.send_message("/livevae/cue/goto", "dorp")
    assert heard.wait(20)
    assert song.said == ["there is no cue 'dorp': did you mean drop?"]
    heard.clear()
    client.send_message("/livevae/cue/goto", "drop")
    client.send_message("/livevae/nothing", [])
    assert heard.wait(20)
    assert rig.performance._triggers.settle(20)
    rig.run(2)
    assert song.now[0] == "drop"
    rig.performance.close()
    assert "livevae osc" not in [thread.name for thread in threading.enumerate()]


def test_the_list_of_cues_shows_where_the_performance_is(song, rig):
    assert repr(rig.do("cues()")).startswith("no cues: make one")
    song.load(PIECE + "@cue\ndef free(): pass\n")
    rig.run(5)
    assert list(rig.do("cues()")) == ["intro", "build", "drop", "free"]
    assert repr(rig.do("cues()")).splitlines() == [
        "  intro  2 bars",
        "▶ build  3 bars",
        "→ drop   1 bars",
        "  free   until told",
    ]


MOVING = """
tempo(120)
@cue("still", bars=2)
def still():
    v1.play(point(0, 0, 0, 0), fade=0)

@cue("rise", bars=4)
def rise():
    v1.play(line(0, 4, 4).late(now()) + point(0, 0, 0, 0), fade=0)
"""


def test_time_can_be_counted_from_where_a_cue_begins_also_after_it_was_saved(song, rig):
    song.load(MOVING)
    rig.run(8.0)
    before = song.heard(1)
    np.testing.assert_allclose(before[400:800], np.arange(400) / 200, atol=1e-9)
    song.reload(MOVING + "\nv2.amp = 0.5\n")
    rig.run(4.0)
    np.testing.assert_allclose(song.heard(1)[400:1200], np.arange(800) / 200, atol=1e-9)


def test_rehearsal_counts_from_the_cue_as_the_performance_does(song, rig):
    rig.run(3.0)
    song.load(MOVING, start="rise")
    rig.run(5.0)
    assert rig.do("performance.cycle()") == pytest.approx(4.0)
    np.testing.assert_allclose(song.heard(1)[400:800], np.arange(400) / 200, atol=1e-9)


def test_a_form_begins_with_cycle_0_whenever_it_is_read(song, rig):
    rig.run(6.5)
    song.load(MOVING)
    rig.run(2.5)
    assert rig.do("performance.cycle()") == pytest.approx(0.5)
    assert rig.do("now()") == 1.0
    assert rig.do("now(4)") == 4.0
