"""Effects as they are typed: checked at once, sent as a chain, moved by patterns in musical time."""

import doctest

import numpy as np
import pytest
import soundfile

from livevae.engine.effects import MASTER, TICK, Lane, input_rack
from livevae.engine.interface import FileInput, FromSlot, Live, Treated
from livevae.performance import fx as effects
from livevae.performance.message import EvaluationError
from support.doubles import RATE


def chains(rig):
    """The chains that the engine was asked to build: (rack, names of the effects)."""
    return [(rack, [effect.name for effect in chain]) for _, (rack, _, chain) in rig.engine.calls("set_chain")]


def ticks(rig, rack, second, seconds):
    """Rows of a rack from a second of the engine on."""
    return rig.engine.ticks(rack, round(second * RATE / TICK), round(seconds * RATE / TICK))


def test_examples():
    assert doctest.testmod(effects).failed == 0


def test_effects_go_to_the_rack_of_their_place(rig):
    rig.do("v2.z = 1; v2.fx = [fx.eq(low=-3), fx.delay(0.25)]; v3.input_fx = fx.gate(-45); master.fx = [fx.limiter()]")
    assert chains(rig) == [(1, ["eq", "delay"]), (input_rack(2), ["gate"]), (MASTER, ["limiter"])]
    (_, (_, _, chain)), *_ = rig.engine.calls("set_chain")
    assert chain[1].values == {"time": 0.25, "feedback": 0.4, "mix": 0.3, "tone": 20000.0}
    assert [what for _, what in rig.engine.calls("set_rack")] == [(2, 1)]
    assert "fx=[fx.eq(low=-3.0" in repr(rig.do("v2"))
    assert repr(rig.do("master.fx")) == "[fx.limiter(ceiling=-1.0, release=0.15)]"


def test_none_takes_effects_away_and_undo_brings_them_back(rig):
    rig.do("v1.fx = [fx.chorus()]")
    rig.do("v1.fx = None")
    rig.do("undo()")
    assert chains(rig) == [(0, ["chorus"]), (0, []), (0, ["chorus"])]
    generations = [generation for _, (_, generation, _) in rig.engine.calls("set_chain")]
    assert generations == sorted(set(generations))


def test_the_same_chain_typed_again_is_not_built_again(rig):
    rig.do("v1.fx = [fx.delay(0.3), fx.reverb(mix=sine)]")
    rig.do("v1.fx = [fx.delay(0.3), fx.reverb(mix=saw)]")
    assert len(chains(rig)) == 1
    rig.run(1.0)
    assert not np.array_equal(ticks(rig, 0, 0.0, 1.0), ticks(rig, 0, 1.0, 1.0))
    rig.do("v1.fx = [fx.delay(0.4), fx.reverb(mix=saw)]")
    assert len(chains(rig)) == 2


def test_patterns_move_parameters_in_time_with_what_is_heard(rig):
    # Two seconds a cycle; what is heard is 960 samples late.
    rig.do("v1.z = 1; v1.fx = [fx.gain('<-20 0>'), fx.reverb(mix=saw.range(0, 0.5))]")
    ((_, (_, generation, chain)),) = rig.engine.calls("set_chain")
    assert (chain[0].values["level"], chain[1].values["mix"]) == (Lane(0), Lane(1))
    rows = ticks(rig, 0, 0.0, 4.0)
    seconds = (np.arange(len(rows)) + 1) * TICK / RATE - 960 / RATE
    sounding = seconds > 0.03
    assert (rows[sounding, 0] == generation).all()
    assert np.array_equal(rows[sounding, 1], np.where(seconds[sounding] % 4 < 2, -20.0, 0.0))
    assert rows[sounding, 2] == pytest.approx(0.5 * (seconds[sounding] / 2 % 1), abs=1e-4)


def test_rows_do_not_depend_on_how_they_are_asked_for(rig):
    rig.do("v1.z = 1; v1.fx = [fx.reverb(size=perlin, mix=saw.fast(3))]; tempo(97)")
    rig.run(2.0)
    rig.do("v1.fx = [fx.gain(sine)]")
    whole = rig.engine.ticks(0, 0, 900)
    pieces = [rig.engine.ticks(0, start, 30) for start in range(0, 900, 30)]
    assert np.array_equal(whole, np.concatenate(pieces), equal_nan=True)
    assert len(np.unique(whole[:, 0])) == 3


def test_a_change_at_a_cycle_begins_at_that_cycle(rig):
    rig.do("v1.z = 1")
    rig.run(0.5)
    rig.do("after(1, lambda: setattr(v1, 'fx', [fx.chorus()]))")
    rig.run(4.0)
    rows = ticks(rig, 0, 0.0, 5.0)
    changed = np.flatnonzero(np.diff(rows[:, 0]))
    # The next cycle is at 2 s, one later 4 s.
    assert (changed + 1).tolist() == [-(-(4 * RATE + 960) // TICK)]


def test_an_input_with_effects_is_heard_after_them(rig, tmp_path):
    soundfile.write(tmp_path / "rain.wav", np.zeros(100), RATE)
    rig.do("v3.input = live(2); v3.z = live; v3.input_fx = [fx.highpass(80), fx.pitch(-12)]")
    assert [what for _, what in rig.engine.calls("hear")] == [(2, Live(2))]
    (slot,) = rig.engine.slots
    assert rig.engine.slots[slot].source == Treated(2)
    rig.do(f"v3.input = file({str(tmp_path / 'rain.wav')!r})")
    assert isinstance(rig.engine.calls("hear")[-1][1][1], FileInput)
    rig.do("v1.z = 1; v3.input = v1")
    assert rig.engine.calls("hear")[-1][1] == (2, FromSlot(0))
    rig.do("v3.input_fx = None")
    assert rig.engine.slots[slot].source == FromSlot(0)


def test_a_group_has_one_chain_for_all_or_one_for_each(rig):
    rig.do("group(v1, v2, v3).fx = [fx.gain(-3), fx.chorus()]")
    assert chains(rig) == [(voice, ["gain", "chorus"]) for voice in range(3)]
    rig.do("group(v1, v2).input_fx = [[fx.gain(-3)], None]")
    assert chains(rig)[3:] == [(input_rack(0), ["gain"])]
    assert [[use.name for use in uses] for uses in rig.do("group(v1, v2).input_fx")] == [["gain"], []]


def test_the_delay_that_effects_add_is_shown(rig, monkeypatch):
    monkeypatch.setattr(rig.engine, "set_chain", lambda rack, generation, chain: 1440)
    rig.do("v1.z = 1; v1.fx = [fx.pitch(3)]; v1.input_fx = [fx.pitch(-3)]")
    assert rig.performance.status().voices[0].effects == 0.06
    assert "+ 60 of effects" in repr(rig.performance.status())


SHIMMER = """
depth = 0.25

@fx(tail=4)
def shimmer(sound, amount=0.5):
    return pyo.Freeverb(fx.pitch(sound, 12) * amount * depth + sound)

v2.fx = [shimmer(amount=cc(5)), shimmer(0.75), shimmer()]
"""


def test_a_function_is_sent_as_its_text_with_the_numbers_around_it(rig):
    rig.do(SHIMMER)
    ((_, (rack, _, chain)),) = rig.engine.calls("set_chain")
    assert rack == 1
    assert [dict(effect.values) for effect in chain] == [{"amount": Lane(0)}, {"amount": 0.75}, {}]
    code = chain[0].code
    assert code.source.splitlines()[0] == "def shimmer(sound, amount=0.5):"
    assert (code.file, code.line, code.tail, code.constants) == ("<repl>", 5, 4.0, {"depth": 0.25})


def test_a_function_inside_of_another_is_sent_without_its_indentation(rig):
    rig.do("def make():\n    @fx\n    def soft(sound):\n        return sound * 0.5\n    return soft()\nv1.fx = make()")
    ((_, (_, _, chain)),) = rig.engine.calls("set_chain")
    assert chain[0].code.source == "def soft(sound):\n    return sound * 0.5\n"
    assert chain[0].code.line == 3


@pytest.mark.parametrize(("line", "said"), [
    ("v1.fx = 3", "takes a list of effects"),
    ("v1.fx = [fx.delay]", "takes a list of effects"),
    ("v1.fx = [fx.delay(9)]", r"fx.delay: time is 0.001 to 4 \(s\), not 9"),
    ("v1.fx = [fx.pitch(1, window='0.1 0.2')]", "which no pattern can move"),
    ("v1.fx = [fx.gain('choir')]", "not recordings"),
    ("v1.fx = [fx.gain(point(1, 2))]", "one number at a time, and this has 2"),
    ("v1.fx = [fx.gain(True)]", "takes a pattern"),
    ("v1.fx = [fx.convolve(3)]", "name a sound file"),
    ("v1.fx = [fx.gain(sine)] * 25", "at most 24 may move"),
    ("@fx\ndef f(): return 1", "needs the sound"),
    ("@fx\ndef f(sound): return sound\nv1.fx = [f]", r"write f\(\)"),
    ("@fx\ndef f(sound, a): return sound\nv1.fx = [f(1, 2)]", "too many positional"),
    ("fx(3)", "stands before a function"),
    ("fx(tail=99)", "tail is 0 to 30"),
    ("master.amp = 1", "there is master.fx"),
    ("v1.effects = []", "did you mean fx"),
])  # fmt: skip
def test_what_is_wrong_is_said_and_changes_nothing(rig, line, said):
    with pytest.raises(EvaluationError, match=said):
        rig.do(line)
    assert chains(rig) == []


def test_an_error_of_the_engine_changes_nothing(rig, monkeypatch):
    rig.do("v1.z = 1; v1.fx = [fx.chorus()]")

    def refuse(rack, generation, chain):
        raise effects.LivevaeError("<repl>:2: f: NameError: no such thing")

    monkeypatch.setattr(rig.engine, "set_chain", refuse)
    with pytest.raises(EvaluationError, match=r"<repl>:2: f: NameError"):
        rig.do("@fx\ndef f(sound): return nothing\nv1.fx = [f()]; v1.amp = 0.5")
    assert rig.do("v1.amp") == 1.0
    assert [use.name for use in rig.do("v1.fx")] == ["chorus"]


def test_chains_that_were_built_beside_one_that_cannot_be_are_given_up(rig, monkeypatch):
    rig.do("v1.z = 1; v1.fx = [fx.chorus()]")
    build = rig.engine.set_chain

    def refuse(rack, generation, chain):
        if rack == 1:
            raise effects.LivevaeError("no")
        return build(rack, generation, chain)

    monkeypatch.setattr(rig.engine, "set_chain", refuse)
    with pytest.raises(EvaluationError, match="no"):
        rig.do("v1.fx = [fx.delay()]; v2.fx = [fx.delay()]")
    made = [what for _, what in rig.engine.calls("set_chain")]
    assert [chain[0].name for _, _, chain in made] == ["chorus", "delay", "chorus"]
    assert made[0] == made[2]
    assert (ticks(rig, 0, 2.0, 1.0)[:, 0] == made[0][1]).all()


def test_a_pattern_that_fails_later_leaves_its_parameter_where_it_is_and_is_told_once(rig):
    rig.do("late = signal(lambda t: np.ones(len(t)) if np.max(t) < 100 else 1 / 0)\nv1.z = 1; v1.fx = [fx.gain(late)]")
    rows = ticks(rig, 0, 300.0, 1.0)
    again = ticks(rig, 0, 301.0, 1.0)
    assert np.isnan(rows[:, 1]).all()
    assert np.isnan(again[:, 1]).all()
    assert [message.text for message in rig.told if "v1.fx" in message.text] != []
    assert len(rig.told) == 1


def test_a_piece_that_no_longer_sets_effects_takes_them_away(rig, tmp_path):
    from livevae.performance import Piece

    path = tmp_path / "piece.py"
    path.write_text("v1.z = 1\nv1.fx = [fx.delay()]\nmaster.fx = [fx.limiter()]\n")
    piece = Piece(rig.performance, path)
    piece.load()
    path.write_text("v1.z = 1\n")
    piece.load()
    assert chains(rig) == [(0, ["delay"]), (MASTER, ["limiter"]), (0, []), (MASTER, [])]
