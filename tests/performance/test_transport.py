"""Musical time in virtual time: half a cycle a second to begin with, a frame lasts 10 ms."""

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from livevae.control import Change
from livevae.errors import LivevaeError
from livevae.latent import Encoder, Library
from livevae.pattern import reify, sine
from livevae.performance.clock import TempoMap
from livevae.performance.musical import Swing
from livevae.performance.render import render
from livevae.performance.transport import Common, Moves, Transport
from support import models

CYCLES = "v1.play(signal(lambda cycles: cycles), quant=0, fade=0)"
"""A voice whose latents are the cycle that its patterns see."""


def seen(rig, slot=0):
    return rig.played(slot).bias[:, 0].astype(float)


def ran(steps, pieces):
    """A tempo map after changes, extended in pieces."""

    def failed(error):
        raise error

    transport = Transport(TempoMap(0.5), 0, failed)
    was = Moves(0.5)
    for second, moves in steps:
        transport.apply(was, moves, second, 0.0)
        was = moves
        for piece in pieces:
            transport.extend(second + piece)
    return transport


tempos = st.floats(0.05, 4.0)
plans = st.lists(
    st.tuples(
        st.floats(0.05, 8.0),
        st.one_of(
            st.builds(lambda cps, over: Moves(cps, over=over, asked=True), tempos, st.floats(0, 12)),
            st.builds(
                lambda low, high: Moves(0.5, Common(pace=sine.range(min(low, high), max(low, high)))), tempos, tempos
            ),
            st.builds(lambda push: Moves(0.5, push=push), st.floats(-3.0, 3.0)),
        ),
    ),
    min_size=1,
    max_size=5,
)


def timed(plan):
    steps, second = [], 0.0
    for wait, moves in plan:
        second += wait
        steps.append((second, moves))
    return steps


@settings(max_examples=60, deadline=None)
@given(plans)
def test_no_change_of_tempo_jumps_or_goes_back(plan):
    steps = timed(plan)
    tempo = ran(steps, []).tempo
    seconds = np.linspace(0.0, steps[-1][0] + 3.0, 4001)
    cycles = tempo.cycles(seconds)
    largest = max(segment.cps for segment in tempo.segments)
    assert (np.diff(cycles) > 0).all()
    assert np.diff(cycles).max() <= largest * (seconds[1] - seconds[0]) * (1 + 1e-9)
    assert np.allclose(tempo.seconds(cycles), seconds, rtol=1e-9, atol=1e-9)


@settings(max_examples=30, deadline=None)
@given(tempos, tempos, st.lists(st.floats(0.0, 20.0), max_size=8))
def test_a_pattern_of_tempo_does_not_depend_on_when_it_is_laid(low, high, pieces):
    pace = sine.range(min(low, high), max(low, high))
    steps = [(0.3, Moves(0.5, Common(pace=pace)))]
    seconds = np.linspace(0.0, 22.0, 500)
    one, other = ran(steps, [22.0]), ran(steps, [*sorted(pieces), 22.0])
    assert np.array_equal(one.tempo.cycles(seconds), other.tempo.cycles(seconds))


def test_a_tempo_follows_its_pattern_on_the_lattice():
    tempo = ran([(0.0, Moves(0.5, Common(pace=reify("<1 2>"))))], [4.0]).tempo
    assert tempo.cycle(1.0) == 1.0
    assert tempo.cycle(1.5) == 2.0
    assert tempo.cycle(2.5) == 3.0


def test_a_tempo_that_rests_goes_on_as_it_was():
    tempo = ran([(0.0, Moves(0.5, Common(pace=reify("1 ~ 2 ~"))))], [4.0]).tempo
    assert [segment.cps for segment in tempo.segments[:16]] == [1.0] * 8 + [2.0] * 8


def test_a_glide_is_exact_at_both_ends(rig):
    rig.do(f"{CYCLES}; tempo(120, over=0)")
    rig.run(2.0)
    rig.do("tempo(240, over=3)")
    clock = rig.performance.clock
    assert clock.cps_at(2.0) == pytest.approx(0.5, rel=0.02)
    end = float(clock.seconds([4.0])[0])
    assert clock.cycle(2.0) == 1.0
    assert clock.cps_at(end + 1e-9) == 1.0
    assert clock.cps_at(end - 1e-9) < 1.0
    assert end - 2.0 == pytest.approx(2 * 3 * np.log(2), rel=1e-3), "the time a straight line in cycles takes"
    rig.run(6.0)
    assert np.allclose(seen(rig), clock.cycles(np.arange(800) / 100), atol=1e-6)
    assert rig.do("tempo()") == 240


def test_a_glide_is_ended_by_the_tempo_it_goes_to(rig):
    rig.do("tempo(240, over=8)")
    rig.run(1.0)
    rig.do("tempo(240)")
    assert rig.performance.clock.cps_at(1.01) == 1.0


@pytest.mark.parametrize(("line", "cps"), [("cps(1)", 1.0), ("bpm(120)", 0.5), ("tempo(120, beats=3)", 2 / 3)])
def test_steady_words(rig, line, cps):
    rig.do(line)
    assert rig.performance.clock.cps == pytest.approx(cps)


def test_bpm_by_a_pattern_and_back_by_undo(rig):
    rig.do(CYCLES)
    rig.do("bpm('<240 480>')")
    rig.run(1.5)
    assert rig.performance.cycle() == pytest.approx(2.0)
    assert rig.performance.status().bpm == pytest.approx(240.0)
    rig.do("undo()")
    before = rig.performance.cycle()
    rig.run(2.0)
    assert rig.performance.cycle() - before == pytest.approx(1.0)
    rig.do("redo()")
    rig.run(0.5)
    assert rig.performance.status().bpm in (pytest.approx(240.0), pytest.approx(480.0))
    assert (np.diff(seen(rig)) > 0).all()


def test_the_engine_is_not_told_again_and_again_while_the_tempo_moves(rig):
    rig.do(f"{CYCLES}; bpm(sine.range(60, 240).slow(4))")
    told = len(rig.engine.calls("refresh"))
    rig.run(20.0)
    assert len(rig.engine.calls("refresh")) == told
    assert (np.diff(seen(rig)) > 0).all()


def test_a_tempo_that_fails_while_it_plays_stays_as_it_is(rig):
    rig.do("def wrong(cycles):\n    if cycles.max() > 30:\n        raise ValueError('no')\n    return cycles * 0 + 1")
    rig.do(f"{CYCLES}; cps(signal(wrong))")
    rig.run(40.0)
    assert [message.text for message in rig.told] == ["tempo: ValueError: no (it stays as it is)"]
    assert rig.performance.cycle() == pytest.approx(40.0)


@pytest.mark.parametrize("seconds", [0.3, -0.3, 1.7, -1.7])
def test_a_nudge_moves_all_by_so_much_and_no_more(rig, seconds):
    rig.do(CYCLES)
    rig.run(1.0)
    rig.do(f"nudge({seconds})")
    rig.run(20.0)
    assert rig.performance.cycle() == pytest.approx((21.0 + seconds) * 0.5)
    speeds = np.diff(seen(rig)) * 100
    assert speeds.min() > 0.5 * 0.79
    assert speeds.max() < 0.5 * 1.34
    assert speeds[-1] == pytest.approx(0.5, abs=1e-3)


def test_a_knob_in_the_tempo_is_followed(rig):
    value = [0.5]
    rig.performance.names["knob"] = lambda cycles: cycles * 0 + value[0]
    rig.do(f"{CYCLES}; cps(signal(knob))")
    rig.run(2.0)
    value[0] = 1.0
    rig.performance.control_changed(Change("cc", 74, 1.0, 1, "port"))
    rig.run(2.0)
    assert rig.performance.cycle() == pytest.approx(3.0, abs=0.06)
    assert np.diff(seen(rig)).max() < 0.0101


def test_a_nudge_of_a_moving_tempo(rig):
    rig.do(f"{CYCLES}; cps(sine.range(0.4, 0.6).slow(3))")
    plain = ran([(0.0, Moves(0.5, Common(pace=sine.range(0.4, 0.6).slow(3))))], [40.0])
    rig.run(1.0)
    rig.do("nudge(0.4)")
    rig.run(20.0)
    here = rig.performance.clock.seconds([9.0])[0]
    assert plain.tempo.seconds([9.0])[0] - here == pytest.approx(0.4)


def test_set_cycle_jumps_on_the_next_cycle(rig):
    rig.do(CYCLES)
    rig.run(0.5)
    rig.do("set_cycle(16)")
    rig.run(3.5)
    expected = np.arange(400) / 200
    expected[200:] += 15.0
    assert np.allclose(seen(rig), expected, atol=1e-5)
    assert rig.performance.cycle() == pytest.approx(17.0)


def test_a_jump_at_once_and_back_to_the_beginning(rig):
    rig.do("set_cycle(7.25, quant=0)")
    rig.do(CYCLES)
    rig.run(1.0)
    rig.do("reset_cycles(quant=0)")
    rig.run(1.0)
    assert seen(rig)[0] == 7.25
    assert seen(rig)[99] == pytest.approx(7.745)
    assert seen(rig)[100] == 0.0


def test_quant_counts_as_the_performer_does_and_plans_stay(rig):
    rig.do("v1.play(1, quant=0, fade=0); set_cycle(0.5, quant=0); after(3, lambda: v1.play(3, fade=0))")
    rig.run(0.2)
    rig.do("v1.play(2, fade=0)")
    rig.run(0.2)
    rig.do("set_cycle(100, quant=0)")
    rig.run(8.0)
    played = seen(rig)
    assert np.flatnonzero(played == 2)[0] == 100
    assert np.flatnonzero(played == 3)[0] == 600


def test_a_moving_tempo_jumps_along(rig):
    rig.do(f"{CYCLES}; bpm('<120 240 480>')")
    rig.run(1.0)
    rig.do("set_cycle(2)")
    rig.run(1.25)
    assert rig.performance.status().bpm == pytest.approx(480.0)
    rig.run(0.25 + 2.0)
    assert rig.performance.cycle() == pytest.approx(4.0)


def test_a_ramp_of_tempo(rig):
    rig.do(f"{CYCLES}; bpm(line(120, 240, 4))")
    rig.run(12.0)
    assert rig.performance.status().bpm == pytest.approx(240.0)
    assert (np.diff(seen(rig)) > 0).all()


def test_a_fade_goes_on_through_a_jump(rig):
    rig.do("v1.play(0, quant=0, fade=0)")
    rig.run(0.1)
    rig.do("v1.play(1, quant=0, fade=2)")
    rig.run(1.0)
    rig.do("set_cycle(40, quant=0)")
    rig.run(4.0)
    assert np.allclose(seen(rig)[10:411], np.arange(401) / 400, atol=1e-6)


def test_events_meet_the_seconds_of_their_era(rig):
    rig.do("set_cycle(8.0, quant=0); v1.play(signal(lambda cycles: cycles).late('0.5'), quant=0, fade=0)")
    rig.run(1.0)
    assert np.allclose(seen(rig), 7.5 + np.arange(100) / 200, atol=1e-6)


@given(st.floats(-0.9, 0.9), st.integers(1, 8), st.lists(st.floats(-20, 20), min_size=1, max_size=20))
def test_swing_keeps_its_slices_and_can_be_undone(amount, parts, cycles):
    swing = Swing(amount, parts)
    there = np.array(sorted(cycles))
    assert np.allclose(swing.heard(swing.pattern(there)), there, atol=1e-9)
    assert (np.diff(swing.pattern(there)) >= -1e-12).all()
    edges = np.arange(-8, 8) / parts
    assert np.allclose(swing.pattern(edges), edges, atol=1e-12)


def test_swing_delays_every_second_part(rig):
    rig.do("v1.play('0 1 2 3', quant=0, fade=0)")
    rig.do("swing(1/3, 2)")
    rig.run(4.0)
    changes = np.flatnonzero(np.diff(seen(rig))) + 1
    assert changes.tolist() == [67, 100, 167, 200, 267, 300, 367]
    rig.do("undo()")
    rig.run(2.0)
    assert (np.flatnonzero(np.diff(seen(rig)[400:])) + 1).tolist() == [50, 100, 150]


@pytest.mark.parametrize(("speed", "expected"), [("2", 2.0), ("'<2>'", 2.0), ("0.5", 0.5)])
def test_a_voice_has_a_speed_of_its_own(rig, speed, expected):
    rig.do(f"v1.speed = {speed}; {CYCLES}; v1.dim[1] = signal(lambda cycles: cycles * 10)")
    rig.run(4.0)
    assert np.allclose(seen(rig), np.arange(400) / 200 * expected, atol=1e-5)
    assert np.allclose(rig.played().bias[:, 1], np.arange(400) / 20 * expected, atol=1e-4)


def test_a_change_of_speed_is_heard_on_the_next_cycle_and_undone(rig):
    rig.do("v1.transition = jump")
    rig.do(CYCLES)
    rig.run(0.5)
    rig.do("v1.speed = 2")
    rig.run(3.5)
    assert seen(rig)[199] == pytest.approx(0.995)
    assert seen(rig)[200] == pytest.approx(2.0)
    rig.do("undo()")
    rig.run(1.0)
    assert seen(rig)[-1] == pytest.approx(2.495)
    assert rig.do("v1.speed") == 1.0


def test_a_voice_is_nudged_without_a_jump(rig):
    rig.do(f"{CYCLES}; v2.play(signal(lambda cycles: cycles), quant=0, fade=0)")
    rig.run(1.0)
    rig.do("v2.nudge = 0.1")
    rig.run(2.0)
    assert seen(rig)[-1] - seen(rig, 2)[-1] == pytest.approx(0.05)
    steps = np.diff(seen(rig, 2)) * 200
    assert steps.min() > 0.5
    assert steps[-1] == pytest.approx(1.0, abs=1e-2)


@pytest.mark.parametrize(
    "line",
    [
        "cps(0)",
        "bpm(-3)",
        "bpm('<0 120>')",
        "bpm(silence)",
        "cps(point(1, 2))",
        "tempo(120, over=-1)",
        "nudge(100)",
        "nudge('x')",
        "set_cycle('x')",
        "set_cycle(1, quant=-1)",
        "swing(1.5)",
        "swing(0.3, 0)",
        "v1.speed = 0",
        "v1.speed = 'choir'",
        "v1.nudge = 2",
        "transition(2)",
        "bpm(live)",
    ],
)
def test_what_time_cannot_do_changes_nothing(rig, line):
    before = rig.performance.clock.segments
    with pytest.raises(LivevaeError):
        rig.do(line)
    assert rig.performance.clock.segments == before
    rig.run(1.0)
    assert not rig.told


def test_a_rendering_is_the_same_for_every_block_and_lasts_as_the_tempo_has_it(tmp_path):
    model = models.save(models.identity(256), tmp_path / "identity.ts")
    (tmp_path / "song.py").write_text(
        "bpm('<240 480>')\nv1.play(signal(lambda cycles: cycles / 10), fade=0)\nafter(2, lambda: set_cycle(0))\n"
    )
    library = Library(tmp_path / "cache", Encoder())
    try:
        sounds = []
        for block in (256, 64):
            length = render(
                tmp_path / "song.py", tmp_path / "o.wav", model=model, library=library, cycles=3, block=block
            )
            assert length == pytest.approx(2.5)
            sounds.append(soundfile.read(tmp_path / "o.wav", dtype="float32")[0])
    finally:
        library.close()
    assert np.array_equal(*sounds)
    assert sounds[0][47000, 0] == pytest.approx(47000 / 48000 / 10, abs=1e-3)
    assert sounds[0][71000, 0] == pytest.approx((1 + (71000 - 48000) / 24000) / 10, abs=2e-3)
    assert sounds[0][73000, 0] == pytest.approx((73000 - 72000) / 48000 / 10, abs=1e-3)
