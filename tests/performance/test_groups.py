"""Several voices as one, and the words that act on some of them or on all."""

import numpy as np
import pytest

from livevae.errors import LivevaeError
from livevae.performance.transitions import fade


def test_what_is_set_goes_to_every_voice(rig):
    rig.do("chorus = group(v1, v2, v3); chorus.z = 'bell'; chorus.amp = 0.5")
    rig.do("chorus.dim[2] = 4; chorus.pan = [-1, 0, 1]")
    assert [rig.do(f"v{n}.amp") for n in (1, 2, 3, 4)] == [0.5, 0.5, 0.5, 1.0]
    assert [rig.do(f"v{n}.pan") for n in (1, 2, 3)] == [-1, 0, 1]
    rig.run(1.0)
    for slot in (0, 2, 4):
        assert rig.played(slot).bias[-1].tolist() == [2.0, 2.0, 4.0, 2.0]
    assert rig.do("[chorus.amp, len(chorus), chorus[1], v2 in chorus, [str(v) for v in chorus]]") == [
        [0.5] * 3, 3, rig.do("v2"), True, ["v1", "v2", "v3"],
    ]  # fmt: skip


def test_a_list_is_dealt_out_and_numbers_to_play_are_not(rig):
    rig.do("duo = group(v1, v2); duo.z = ['bell', 'drum']")
    rig.run(0.5)
    assert [rig.played(slot).bias[-1, 0] for slot in (0, 2)] == [2.0, -1.0]
    rig.do("duo.play([1, 2, 3, 4], quant=0, fade=0)")
    rig.run(0.5)
    assert [rig.played(slot).bias[-1].tolist() for slot in (0, 2)] == [[2.0] * 4] * 2, "the second of four steps"


def test_groups_of_groups_hold_each_voice_once(rig):
    rig.do("a = group(v1, v2); b = group(a, v2, v5)")
    assert repr(rig.do("b")) == "group(v1, v2, v5)"


def test_either_all_of_it_happens_or_nothing(rig):
    with pytest.raises(LivevaeError):
        rig.do("group(v1, v2).z = ['bell', 'nobody']")
    assert rig.do("v1.z") is None


def test_undo_takes_back_what_a_group_did_at_once(rig):
    rig.do("chorus = group(v1, v2); chorus.amp = 0.5")
    rig.do("chorus.amp = 0.2; chorus.mute(); chorus.transition = fade(2)")
    rig.do("undo()")
    assert rig.do("chorus.amp") == [0.5, 0.5]
    assert rig.do("chorus.transition") == [None, None]
    assert "muted" not in repr(rig.do("v1"))
    rig.do("redo()")
    assert rig.do("chorus.transition") == [fade(2), fade(2)]


def test_mute_and_solo_act_on_some_or_on_all(rig):
    def heard():
        rig.run(0.5)
        return [bool(rig.played(slot).amp[-1]) for slot in (0, 2, 4)]

    rig.do("for voice in (v1, v2, v3):\n    voice.play(1, quant=0, fade=0)")
    rig.do("mute(v1, group(v2))")
    assert heard() == [False, False, True]
    rig.do("unmute(v1)")
    assert heard() == [True, False, True]
    rig.do("mute()")
    assert heard() == [False, False, False]
    rig.do("unmute(); solo(v2)")
    assert heard() == [False, True, False]
    rig.do("group(v1, v3).solo()")
    assert heard() == [True, True, True]
    rig.do("unsolo()")
    assert heard() == [True, True, True]


def test_once_is_heard_for_its_cycle_and_returns(rig):
    rig.do("v1.transition = jump; v1.play('choir', quant=0)")
    rig.run(0.5)
    rig.do("v1.once('<[drum bell] drum>')")
    before = rig.do("v1.z")
    rig.run(6.0)
    bias = rig.played().bias[:, 0]
    assert (bias[:200] == 1.0).all()
    assert (bias[205:300] == -1.0).all()
    assert (bias[300:400] == 2.0).all()
    assert (bias[405:] == 1.0).all()
    assert rig.do("v1.z") is before
    rig.do("undo()")
    assert rig.do("v1.z") is None


def test_once_on_the_last_free_voice(rig):
    rig.do("v16.play('choir', fade=0)")
    assert rig.do("once('drum', cycles=2)") == rig.do("v15")
    assert rig.do("once('bell', quant=4)") == rig.do("v14")
    rig.run(8.0)
    drum = rig.played(28)
    assert (drum.bias[5:] == -1.0).all()
    assert (drum.amp[10:400] > 0).all()
    assert (drum.amp[410:] == 0).all()
    rig.performance.tick()
    rig.run(4.0)
    rig.performance.tick()
    assert 28 not in rig.engine.slots
    assert rig.do("once('drum')") == rig.do("v15")


def test_a_change_while_once_plays_wins(rig):
    rig.do("v1.play('choir', quant=0, fade=0)")
    rig.do("v1.once('drum', quant=0, cycles=4)")
    rig.run(1.0)
    rig.do("v1.play('bell', quant=0, fade=0)")
    rig.run(9.0)
    assert (rig.played().bias[100:] == 2.0).all()


def test_once_that_fails_returns_early(rig):
    rig.do("def wrong(cycles):\n    assert not (armed and (cycles % 1 > 0.5).any()), 'no'\n    return cycles")
    rig.do("armed = False; v1.play('choir', quant=0, fade=0)")
    rig.do("v1.once(signal(wrong), quant=1)")
    rig.do("armed = True")
    rig.run(6.0)
    assert [message.voice for message in rig.told] == ["v1"]
    assert (rig.played().bias[-100:] == 1.0).all()
    assert rig.do("v1.z") is not None


@pytest.mark.parametrize(
    "line",
    [
        "group()",
        "group(v1, 2)",
        "solo()",
        "mute('v1')",
        "group(v1, v2).amp = [1, 2, 3]",
        "group(v1).volume = 1",
        "group(v1).dim = 2",
        "v1.once('bell', cycles=0)",
        "v1.once(live)",
        "once('nobody')",
        "v1.play(1, fade=1, transition=fade(1))",
    ],
)
def test_what_cannot_be(rig, line):
    with pytest.raises(LivevaeError):
        rig.do(line)


def test_all_voices_playing_leaves_none_for_once(rig):
    rig.do("group(*performance.voices).z = 1")
    with pytest.raises(LivevaeError, match="all sixteen voices play"):
        rig.do("once('bell')")
    assert np.all([voice.z is not None for voice in rig.performance.voices])
