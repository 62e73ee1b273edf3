"""Moves of live in a voice: what the engine is sent, and how one becomes another."""

import numpy as np
import pytest

from livevae.engine.frames import branch_columns, branches, columns, width
from livevae.model.moving import Mover

D = 4
AT = branch_columns(D, 0)


def keys(rig, slot=0):
    """The movers that each row of a slot names, as sets."""
    rows = rig.played(slot).rows
    count = branches(D, rows.shape[1])
    return [{int(row[branch_columns(D, i).mover]) for i in range(count)} - {0} for row in rows]


def test_a_mover_is_there_before_a_row_names_it(rig):
    rig.do("v1.z = live.quantize_to('choir') * 0.5 + 2")
    (key,) = rig.engine.slots[0].movers
    assert not rig.engine.slots[0].rows
    rig.run(3.0)
    played = rig.played()
    assert keys(rig)[-1] == {key}
    row = played.rows[-1]
    np.testing.assert_array_equal(row[AT.amount], 0.5)
    np.testing.assert_array_equal(row[AT.gain], 1.0)
    np.testing.assert_array_equal(played.bias[-1], 2.0)
    assert not played.gain[-1].any()
    moved = Mover(rig.engine.slots[0].movers[key]).move(0, np.full((1, D), 7, np.float32))
    np.testing.assert_array_equal(moved, 1.0)


def test_moves_come_in_and_go_straight(rig):
    rig.do("v1.z = live")
    rig.run(2.0)
    rig.do("v1.play(live.smooth(0.5), fade=1, quant=0)")
    rig.run(4.0)
    rig.do("v1.play(live, fade=1, quant=0)")
    rig.run(4.0)
    played = rig.played()
    amount = played.rows[:, AT.amount] * (played.rows[:, AT.mover] != 0)[:, None]
    np.testing.assert_allclose(played.gain + amount, 1.0, atol=1e-6)
    assert np.abs(np.diff(amount[:, 0])).max() < 0.02
    assert amount[:, 0].max() == 1.0
    assert not amount[-1].any()


def test_the_same_mover_goes_on_where_only_something_else_changes(rig):
    rig.do("v1.z = live.smooth(0.5)")
    rig.run(3.0)
    rig.do("v1.z = live.smooth(0.5) + 1")
    rig.run(3.0)
    assert len(rig.engine.slots[0].movers) == 1
    rows = rig.played().rows
    heard = rows[rows[:, columns(D).amp] > 0]
    np.testing.assert_allclose(heard[:, AT.amount], 1.0, atol=1e-6)
    assert len(set(heard[:, AT.mover])) == 1


def test_between_two_moves_both_are_heard(rig):
    rig.do("v1.z = live.smooth(0.5)")
    rig.run(2.0)
    rig.do("v1.play(live.reverse_latents(), fade=1, quant=0)")
    rig.run(1.0)
    rig.run(3.0)
    named = keys(rig)
    assert {len(each) for each in named[250:]} >= {1, 2}
    assert named[-1] != named[150]


def test_a_mover_that_is_refused_changes_nothing(rig):
    rig.do("v1.z = 'choir'")
    rig.run(2.0)
    rig.engine.refuse_movers = "it would take 90% of the time"
    with pytest.raises(Exception, match="90%"):
        rig.do("v1.z = live.smooth(1); v2.z = live.clip()")
    rig.run(2.0)
    assert sorted(rig.engine.slots) == [0]
    np.testing.assert_array_equal(rig.played().bias[-1], 1.0)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("v1.z = live.route({0: 9})", "dimension 9"),
        ("v1.z = live.quantize_to('nobody')", "nobody"),
        ("v1.z = live.quantize_to('choir bell')", "takes a recording"),
    ],
)
def test_what_does_not_fit_is_said_before_it_plays(rig, line, reason):
    with pytest.raises(Exception, match=reason):
        rig.do(line)
    assert not rig.engine.slots


def test_a_dimension_that_is_driven_is_not_moved(rig):
    rig.do("v1.z = live.smooth(1); v1.dim[2] = 0.5")
    rig.run(2.0)
    row = rig.played().rows[-1]
    np.testing.assert_array_equal(row[AT.amount], [1, 1, 0, 1])
    assert row[columns(D).bias].tolist() == [0, 0, 0.5, 0]


def test_another_model_is_sent_its_own(rig):
    rig.do("v1.z = live.quantize_to('choir')")
    rig.run(1.0)
    rig.do(f"v1.model = {str(rig.folder / 'wide_8.ts')!r}")
    rig.run(3.0)
    slot = max(rig.engine.slots)
    (found,) = rig.engine.slots[slot].movers.values()
    assert found.dims == 8


def test_rests_hold_what_was_moved(rig):
    rig.do("v1.z = live.smooth(1) * '1 ~'")
    rig.run(6.0)
    played = rig.played()
    rests = played.rows[300:][played.amp[300:] == 0.0]
    assert len(rests) > 50
    np.testing.assert_array_equal(rests[:, AT.amount], 1.0)


def test_rows_are_as_narrow_as_before_when_moves_are_over(rig):
    rig.do("v1.z = live.smooth(1)")
    rig.run(2.0)
    rig.do("v1.z = live")
    rig.run(6.0)
    assert rig.engine.slots[0].rows[-1].shape[1] == width(D)


def test_a_transition_may_move_what_leaves(rig):
    rig.do("v1.z = live")
    rig.run(2.0)
    rig.do("v1.play('bell', transition=wash(lambda z: z.smooth(1), 1), quant=0)")
    assert len(rig.engine.slots[0].movers) == 1
    rig.run(1.0)
    assert any(keys(rig))
    rig.run(4.0)
    np.testing.assert_array_equal(rig.played().bias[-1], 2.0)
    assert rig.told == []
