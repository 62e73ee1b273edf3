"""From one sound to the next: pure, and exact at both ends. Half a cycle a second, a frame lasts 10 ms."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livevae.errors import LivevaeError
from livevae.performance.crossing import Scene
from livevae.performance.expression import Expression
from livevae.performance.layers import Control, Layer, settled, sound
from livevae.performance.settings import Value
from livevae.performance.transitions import anticipate, clutch, fade, hold, jump, jump_in, morph, wash
from livevae.performance.ways import ROLL


def latents(function):
    return Expression(Value(function), {})


def evaluate(expression, cycles):
    values = expression.z.thing.sample(cycles)
    bias = np.repeat(values[:, None], 2, axis=1) if values.ndim == 1 else values
    known = ~np.isnan(bias).any(axis=1)
    zero = np.zeros_like(bias)
    return Control(zero, np.nan_to_num(bias), np.zeros(len(cycles)), known.astype(float), known)


def heard(layers, cycles):
    return sound(layers, np.asarray(cycles, float), 2, evaluate)


def pattern(low):
    from livevae.pattern import point, signal

    return signal(lambda cycles: cycles + low) * point(1, -2)


OLD, NEW = latents(pattern(0.0)), latents(pattern(50.0))
BASE = (Layer(OLD, float("-inf")),)
ways = st.one_of(
    st.builds(fade, st.floats(0, 9)),
    st.just(jump),
    st.builds(jump_in, st.floats(0, 9)),
    st.builds(morph, st.floats(0, 9)),
    st.builds(hold, st.floats(0, 9)),
    st.builds(anticipate, st.floats(0, 9)),
    st.builds(clutch, st.floats(0, 9)),
    st.builds(lambda cycles: wash(lambda old: old * 3, cycles), st.floats(0, 9)),
)


def length(way):
    return way.turn + (way.blend or 0.0)


@settings(max_examples=150, deadline=None)
@given(ways, st.floats(0, 5), st.integers(0, 9), st.floats(0, 0.1))
def test_every_transition_is_exact_at_both_ends(way, now, seed, glide):
    layers = way.layers(now, BASE, NEW, Scene(seed, glide))
    before, after = now - np.linspace(0.001, 3, 40), now + length(way) + 1e-9 + np.linspace(0, 4, 40)
    assert np.array_equal(heard(layers, before).bias, heard(BASE, before).bias)
    assert np.array_equal(heard(layers, after).bias, evaluate(NEW, after).bias)
    assert (heard(layers, np.linspace(now - 1, after[-1], 200)).gate == 1.0).all()


@settings(max_examples=100, deadline=None)
@given(ways, ways, st.floats(0, 4), st.integers(1, 59))
def test_blocks_do_not_matter_and_what_is_over_costs_nothing(one, other, wait, cut):
    layers = other.layers(1.0 + wait, one.layers(1.0, BASE, NEW, Scene()), OLD, Scene(3))
    cycles = np.linspace(0.0, 25.0, 60)
    whole, left, right = heard(layers, cycles), heard(layers, cycles[:cut]), heard(layers, cycles[cut:])
    assert np.array_equal(whole.bias, np.concatenate([left.bias, right.bias]))
    late = 1.0 + wait + length(other) + 1.0
    short = settled(layers, late)
    assert len(short) == 1
    asked = []

    def counted(expression, cycles):
        asked.append(expression)
        return evaluate(expression, cycles)

    assert np.array_equal(sound(layers, late + cycles, 2, counted).bias, sound(short, late + cycles, 2, evaluate).bias)
    assert asked == [OLD]


@settings(max_examples=60, deadline=None)
@given(ways, st.floats(0, 3))
def test_from_silence_and_to_silence(way, now):
    silent = (Layer(None, float("-inf")),)
    opened = way.layers(now, silent, NEW, Scene())
    end = now + length(way) + 1e-9
    assert (heard(opened, now - np.linspace(0.001, 2, 9)).gate == 0.0).all()
    assert np.array_equal(heard(opened, [end, end + 1]).bias, evaluate(NEW, np.array([end, end + 1])).bias)
    closed = way.layers(now, BASE, None, Scene())
    assert (heard(closed, now - np.linspace(0.001, 2, 9)).gate == 1.0).all()
    assert (heard(closed, [end, end + 1]).gate == 0.0).all()


def points(old, new):
    from livevae.pattern import point

    return (Layer(latents(point(*old)), float("-inf")),), latents(point(*new))


@given(st.floats(0.1, 5), st.floats(0.05, 3.0), st.floats(0, 1))
def test_a_morph_keeps_its_distance_from_the_middle(radius, angle, part):
    old, new = points((radius, 0.0), (radius * np.cos(angle), radius * np.sin(angle)))
    found = heard(morph(1).layers(0.0, old, new), [part]).bias[0]
    assert np.linalg.norm(found) == pytest.approx(radius)
    if 0 < part < 1:
        assert np.arctan2(found[1], found[0]) == pytest.approx(angle * part, abs=1e-6)


@pytest.mark.parametrize(("old", "new"), [((1, 0), (2, 0)), ((0, 0), (2, 2)), ((1, 1), (-1, -1))])
def test_a_morph_without_an_arc_is_straight(old, new):
    layers, end = points(old, new)
    found = heard(morph(1).layers(0.0, layers, end), [0.25]).bias[0]
    assert np.allclose(found, 0.75 * np.array(old) + 0.25 * np.array(new))


def test_hold_stands_still():
    found = heard(hold(2).layers(1.0, BASE, NEW), [0.5, 1.0, 1.7, 2.9, 3.0]).bias[:, 0]
    assert found.tolist() == [0.5, 1.0, 1.0, 1.0, 53.0]


def test_anticipate_repeats_the_beginning_faster_and_faster():
    cycles = np.arange(0, 9, 1 / 64)
    found = heard(anticipate(8).layers(0.0, BASE, NEW), cycles).bias[:, 0]
    loops = [(256, 1.0), (384, 0.5), (448, 0.25), (480, 0.125), (512, 0.0625)]
    starts = [0, *(end for end, _ in loops)]
    repeated = [cycles[start:end] % loop for start, (end, loop) in zip(starts, loops, strict=False)]
    expected = np.concatenate([*repeated, cycles[512:] + 50])
    assert np.allclose(found, expected)


@given(st.floats(0.01, 20), st.lists(st.floats(-1, 22), min_size=1))
def test_a_roll_stays_within_what_it_repeats(long, cycles):
    asked = np.array(cycles)
    found = ROLL.before(asked, 0.0, long)
    assert (found[asked >= 0] >= 0).all()
    assert (found[asked >= 0] <= min(1.0, long / 4) + 1e-12).all()
    assert np.array_equal(found[asked < 0], asked[asked < 0])


def test_wash_sends_the_old_through_a_change():
    found = heard(wash(lambda old: old * 3, 2).layers(1.0, BASE, NEW, Scene(glide=0.1)), [0.9, 1.5, 2.5, 3.0])
    assert np.allclose(found.bias[:, 0], [0.9, 4.5, 7.5, 53.0])


def test_clutch_changes_on_events_and_more_and_more_to_the_new():
    from livevae.pattern import mini

    old = (Layer(latents(mini("1 1 1 1")), float("-inf")),)
    cycles = np.arange(0, 32, 1 / 16)
    shares = []
    for seed in (*range(12), 0):
        found = heard(clutch(32).layers(0.0, old, latents(mini("2 2")), Scene(seed)), cycles).bias[:, 0]
        assert set(found) == {1.0, 2.0}
        assert (found.reshape(-1, 4) == found[::4, None]).all(), "whole events"
        shares.append(found == 2.0)
    share = np.mean(shares, axis=0)
    assert share[:128].mean() < 0.25
    assert 0.35 < share[192:320].mean() < 0.65
    assert share[384:].mean() > 0.75
    assert np.array_equal(shares[0], shares[-1]), "the same seed"


def test_voices_take_their_own_the_common_and_the_one_that_is_given(rig):
    rig.do("transition(fade(1)); group(v1, v2, v3, v4).play(0, quant=0, fade=0)")
    rig.run(0.1)
    rig.do("v2.transition = jump_in(1); v1.z = 1; v2.z = 1; v3.play(1, transition=hold(0.5)); v4.play(1, fade=2)")
    rig.run(8.0)
    bias = [rig.played(slot).bias[200:, 0] for slot in (0, 2, 4, 6)]
    assert np.allclose(bias[0][:201], np.arange(201) / 200, atol=1e-6)
    assert np.flatnonzero(bias[1])[0] == 200
    assert np.flatnonzero(bias[2])[0] == 100
    assert np.allclose(bias[3][:401], np.arange(401) / 400, atol=1e-6)
    assert all((part[400:] == 1).all() for part in bias)
    assert "transition=jump_in(1)" in repr(rig.do("v2"))


def test_undo_brings_transitions_back_and_is_quick_itself(rig):
    rig.do("v1.play(0, quant=0, fade=0)")
    rig.do("transition(fade(8)); v1.transition = fade(4); v1.z = 1")
    rig.run(1.0)
    rig.do("undo()")
    rig.run(1.0)
    assert rig.played().bias[-1, 0] == 0.0
    assert rig.do("v1.transition") is None
    rig.do("v1.z = 2")
    rig.run(2.2)
    assert rig.played().bias[-1, 0] == 2.0


def test_a_piece_that_no_longer_sets_the_common_one_releases_it(rig, tmp_path):
    from livevae.performance import Piece

    path = tmp_path / "song.py"
    path.write_text("transition(fade(4))\nswing(1/3, 2)\nv1.play(0, fade=0)")
    piece = Piece(rig.performance, path)
    piece.load()
    path.write_text("v1.play(0, fade=0)")
    piece.load()
    rig.run(0.1)
    rig.do("v1.z = 1")
    rig.run(2.2)
    assert rig.played().bias[-1, 0] == 1.0


WAYS = ["fade(2)", "morph(2)", "hold(2)", "anticipate(2)", "clutch(2)", "wash(lambda z: z * 2, 2)"]


@pytest.mark.parametrize("way", WAYS)
def test_an_error_on_the_way_keeps_the_old_sound(rig, way):
    rig.do("def wrong(cycles):\n    assert not (armed and (cycles > 1.5).any()), 'no'\n    return cycles * 0 + 5")
    rig.do("armed = False; v1.play(point(1, 2, 3, 4), quant=0, fade=0)")
    rig.run(0.1)
    rig.do(f"v1.play(signal(wrong), transition={way})")
    rig.do("armed = True")
    rig.run(9.0)
    assert {message.voice for message in rig.told} == {"v1"}
    assert rig.played().bias[-1].tolist() == [1, 2, 3, 4]
    assert (rig.played().amp > 0).all()


def test_a_wash_that_cannot_be_played_changes_nothing(rig):
    rig.do("v1.play(1, quant=0, fade=0)")
    for change in ("lambda z: z.nothing()", "lambda z: None", "lambda z: z + point(1, 2, 3)"):
        with pytest.raises(LivevaeError):
            rig.do(f"v1.play(2, transition=wash({change}, 2))")
    rig.run(3.0)
    assert (rig.played().bias == 1.0).all()


def test_live_goes_by_transitions_too(rig):
    rig.do("v1.play(live, quant=0, fade=0)")
    rig.run(0.1)
    rig.do("v1.play(live * 0.5 + 1, transition=morph(2))")
    rig.run(8.0)
    played = rig.played()
    first, last = played.frame(2.0), played.frame(6.0)
    assert (played.gain[: first + 1] == 1.0).all()
    assert (played.gain[last:] == 0.5).all()
    assert (np.diff(played.gain[first : last + 1], axis=0) < 0).all()
    rig.do("v1.play(live, transition=wash(lambda z: z * 2, 2))")
    rig.run(8.0)
    assert set(np.unique(rig.played().gain[last:])) >= {np.float32(0.5), np.float32(1.0)}


def test_a_change_of_model_takes_as_long_as_the_transition(rig):
    rig.do("v1.play(1, quant=0, fade=0)")
    rig.run(0.5)
    rig.do("v1.model = 'other'; v1.play(2, transition=jump_in(1))")
    rig.run(6.0)
    assert np.flatnonzero(rig.played(1).amp)[0] in (rig.played(1).frame(4.0), rig.played(1).frame(4.0) + 1)


@pytest.mark.parametrize(
    "line",
    ["fade(-1)", "morph('x')", "wash(2)", "v1.transition = 2", "v1.transition = fade", "v1.play(1, transition='fade')"],
)
def test_what_is_no_transition(rig, line):
    with pytest.raises(LivevaeError):
        rig.do(line)


def test_layers_do_not_grow(rig):
    rig.do("v1.play(0, quant=0, fade=0)")
    for number in range(12):
        rig.do(f"v1.play({number}, transition=morph(0.1))")
        rig.run(2.0)
        rig.performance.tick()
    part = rig.performance._stage.parts[0]
    rig.run(1.0)
    rig.performance.tick()
    assert len(part._sounding.z) == 1


@pytest.mark.parametrize(
    "way", ["fade(1)", "morph(1)", "clutch(1)", "anticipate(2)", "hold(1)", "jump_in(1)", "wash(rev, 1)"]
)
def test_every_transition_takes_combinations_of_recordings(rig, way: str) -> None:
    rig.do('v1.z = lerp("choir", "bell", saw) + "0 1"')
    rig.run(4.0)
    rig.do(f'v1.play(slerp("bell", "drum", "0.25 0.5") * 2, transition={way})')
    rig.run(12.0)
    rig.do(f'v1.play("choir", transition={way})')
    rig.run(12.0)
    assert not [message for message in rig.told if message.kind == "error"]
    np.testing.assert_allclose(rig.played().bias[-1], 1.0)
