"""Width and outputs of voices as they are typed: what is sent to the engine, and when."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from livevae.engine.frames import SIDE, branch_columns, sides, width
from livevae.errors import LivevaeError
from livevae.model.info import ModelInfo
from livevae.pattern import Context
from livevae.performance.render import render
from livevae.performance.width import can_be_wide, check_model, drift, weights
from support.doubles import RATE

D = 4


def side_of(rig, slot=0):
    """What is added on the left in each frame so far, `(n, D)`."""
    played = rig.played(slot).rows
    found = sides(D, played)
    return np.zeros((len(played), D), np.float32) if found is None else found[0]


def info(size=8, **others) -> ModelInfo:
    made = ModelInfo(
        path="m.ts", name="m", sample_rate=RATE, ratio=480, latent_size=size, full_latent_size=size, in_channels=1,
        out_channels=1, methods={},
    )  # fmt: skip
    return replace(made, **others)


# -- width


def test_a_voice_without_width_has_the_rows_it_always_had(rig):
    rig.do("v1.z = 1; v1.width = 0")
    rig.run(1.0)
    assert rig.played().rows.shape[1] == width(D)


def test_width_moves_the_free_dimensions_to_both_sides(rig):
    rig.do("v1.z = 1; v1.width = 0.5")
    rig.run(4.0)
    side = side_of(rig)[50:]
    assert not side[:, :2].any()
    assert (np.ptp(side[:, 2:], axis=0) > 0.3).all()
    assert np.abs(side).max() <= 0.5 * 2.0
    assert np.abs(np.diff(side, axis=0)).max() < 0.05
    assert rig.played().bias[50:] == pytest.approx(1.0)


def test_twice_the_width_is_twice_as_far(rig):
    rig.do("v1.z = 1; v1.width = 0.3; v2.z = 1; v2.width = 0.6")
    rig.run(2.0)
    rig.do("v1.width = 0.6")
    rig.run(2.0)
    side = side_of(rig)
    again = side_of(rig, 2)
    assert not np.allclose(side[-50:], again[-50:])  # every voice drifts in its own way
    (slow,) = {round(float(np.abs(side[-1]).max() > 0), 1)}
    assert slow == 1.0


def test_a_change_of_width_glides(rig):
    rig.do("v1.z = 1")
    rig.run(2.0)
    rig.do("v1.width = 1")
    rig.run(1.0)
    rig.do("v1.width = 0")
    rig.run(1.0)
    side = np.abs(side_of(rig)[:, 2:]).max(axis=1)
    inside = side[side > 0]
    assert len(inside)
    assert side[0] == side[-1] == 0.0
    # 40 ms are four frames here: no step is all of it.
    assert np.abs(np.diff(side)).max() < 0.5 * side.max()


def test_a_pattern_of_width_is_in_time(rig):
    rig.do("v1.z = 1; v1.width = '1 0'")
    rig.run(4.0)
    wide = np.abs(side_of(rig)).max(axis=1) > 0
    played = rig.played()
    assert wide[played.frame(0.1) : played.frame(0.9)].all()
    assert not wide[played.frame(1.1) : played.frame(1.9)].any()
    keys = played.rows[:, branch_columns(D, 0).mover]
    assert set(keys.tolist()) == {0.0, float(SIDE)}


def test_rows_do_not_depend_on_how_they_are_asked_for(rig):
    rig.do("v1.z = 1; v1.width = sine.range(0, 1)")
    rig.run(0.5)
    fill = rig.performance.fill
    whole = sides(D, fill(0, 60, 64))
    parts = [sides(D, fill(0, start, 8)) for start in range(60, 124, 8)]
    assert whole is not None
    assert np.array_equal(whole[0], np.concatenate([part[0] for part in parts if part is not None]))


def test_width_moves_with_live_and_its_movers(rig):
    rig.do("v1.z = live.smooth(0.1) + live; v1.width = 1")
    rig.run(1.0)
    keys = [rig.played().rows[50:, branch_columns(D, index).mover] for index in range(2)]
    assert (keys[0] > 0).all()
    assert (keys[1] == SIDE).all()


def test_undo_brings_the_width_back(rig):
    rig.do("v1.width = 0.5")
    rig.do("v1.width = sine")
    rig.do("undo()")
    assert rig.do("v1.width") == 0.5
    assert "width=0.5" in repr(rig.do("v1"))


@pytest.mark.parametrize(
    ("model", "text"),
    [
        (info(batched=False), "one row only"),
        (info(discrete=True), "no latents that could differ"),
        (info(0, has_latents=False), "no latents that could differ"),
    ],
)
def test_some_models_cannot_be_wide(model, text):
    assert not can_be_wide(model)
    with pytest.raises(LivevaeError, match=text):
        check_model("v1.width", model)


def test_a_model_without_latents_is_refused_with_a_reason(rig):
    rig.do("v1.model = 'effect_0'")
    with pytest.raises(LivevaeError, match=r"v1\.width: effect_0 has no latents that could differ"):
        rig.do("v1.width = 0.5")
    rig.do("v1.width = 0")


def test_the_dimensions_that_matter_most_stay():
    fidelity = [0.4, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 1.0]
    spread = [2.0, 1.5, 1.0, 0.5, 0.5, 0.5, 0.25, 0.25]
    found = weights(info(fidelity=fidelity, latent_std=spread))
    assert found.tolist() == [0.0, 0.0, 2.0, 1.0, 1.0, 1.0, 0.5, 0.5]
    assert weights(info(1)).tolist() == [2.0]
    assert weights(info(5)).tolist() == [0.0, 0.0, 0.0, 2.0, 2.0]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 15), st.floats(0, 1000), st.integers(0, 1000), st.integers(1, 40))
def test_the_drift_is_a_function_of_seed_and_time(voice, start, seed, count):
    model, cycles = info(), start + np.arange(40) / 16
    context = Context(seed, lambda cycles: cycles)
    whole = drift(model, voice, cycles, context)
    parts = [drift(model, voice, cycles[at : at + count], context) for at in range(0, 40, count)]
    assert np.array_equal(whole, np.concatenate(parts))
    assert (np.abs(whole) <= weights(model)).all()


def test_rendering_is_wide_and_always_the_same(tmp_path: Path):
    piece = tmp_path / "wide.py"
    piece.write_text("v1.z = 'choir'\nv1.width = '<0 0.8>'\n")
    sounds = []
    for block in (256, 100):
        render(piece, tmp_path / "wide.wav", cycles=1.5, block=block)
        sounds.append(soundfile.read(tmp_path / "wide.wav")[0])
    assert np.array_equal(*sounds)
    left, right = sounds[0].T
    cycle = len(left) // 3 * 2
    assert np.array_equal(left[: cycle - 4800], right[: cycle - 4800])
    assert np.abs(left[cycle + 4800 :] - right[cycle + 4800 :]).max() > 0.01


# -- outputs


def routes(rig):
    return [what for _, what in rig.engine.calls("set_outputs")]


@pytest.fixture
def four(rig):
    rig.engine.outputs = 4
    return rig


def test_a_voice_goes_to_outputs_by_their_numbers(four):
    four.do("v2.z = 1; v2.out = (3, 4)")
    four.do("v2.out = 4")
    assert [(voice, outputs) for voice, outputs, _ in routes(four)] == [(1, (2, 3)), (1, (3,))]
    assert four.do("v2.out") == 4
    assert "out=4" in repr(four.do("v2"))
    four.do("v2.out = None")
    assert routes(four)[-1][:2] == (1, (0, 1))
    assert four.do("v2.out") == (1, 2)


def test_it_changes_when_it_is_heard_and_in_a_cue_on_its_cycle(four):
    four.do("v1.z = 1")
    four.run(1.0)
    four.do("v1.out = 3")
    (_, _, soon) = routes(four)[-1]
    # It is heard 960 samples after its musical time.
    assert 960 <= soon - four.engine.time < 0.25 * RATE
    four.do("after(1.25, lambda: setattr(v1, 'out', 4), quant=1)")
    four.run(8.0)
    (voice, outputs, planned) = routes(four)[-1]
    assert (voice, outputs) == (0, (3,))
    # A cycle is two seconds; it was planned for a quarter after the beginning of one.
    assert (planned - 960) / RATE % 2.0 == pytest.approx(0.5, abs=1e-4)


def test_undo_brings_it_back_and_the_same_again_is_no_change(four):
    four.do("v1.out = (3, 4)")
    four.do("v1.out = [3, 4]")
    four.do("undo()")
    assert [outputs for _, outputs, _ in routes(four)] == [(2, 3), (0, 1)]


@pytest.mark.parametrize("wrong", ["0", "17", "(1, 1)", "(1, 2, 3)", "()", "'3'", "1.5", "True", "(3, None)"])
def test_what_is_no_output_is_refused(four, wrong):
    with pytest.raises(LivevaeError, match=r"v1\.out is an output from 1 to 16"):
        four.do(f"v1.out = {wrong}")
    assert routes(four) == []


def test_outputs_that_are_not_open_are_refused_with_what_to_do(four):
    with pytest.raises(LivevaeError, match=r"v1\.out: 4 audio outputs are open.*livevae --outputs 6"):
        four.do("v1.out = (5, 6)")
    with pytest.raises(LivevaeError, match=r"live\(5\): 2 audio inputs are open.*livevae --inputs 5"):
        four.do("v1.input = live(5)")
    with pytest.raises(LivevaeError, match=r"live\(2, 2\): 2 audio inputs"):
        four.do("v1.input = live(2, 2)")


def test_a_group_shares_or_deals_out_its_width(four):
    four.do("both = group(v1, v2); both.width = 0.5; both.out = (3, 4)")
    assert four.do("[v1.width, v2.width, v1.out, v2.out]") == [0.5, 0.5, (3, 4), (3, 4)]
    four.do("both.width = [0.1, 0.2]; both.out = [3, (2, 4)]")
    assert four.do("[both.width, both.out]") == [[0.1, 0.2], [3, (2, 4)]]


# -- the page


PAGE = (Path(__file__).parents[2] / "docs" / "channels.md").read_text(encoding="utf-8")


def test_every_line_of_the_page_plays(four):
    blocks = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    assert len(lines) >= 10
    four.do("v1.z = 1; v2.z = 2; v3.z = live; v4.z = live")
    for line in lines:
        four.do(line)
        four.run(0.3)
    assert four.told == []
    assert side_of(four).any()


def test_all_outputs_can_be_rendered(tmp_path: Path):
    piece = tmp_path / "places.py"
    piece.write_text("v1.z = 'choir'\nv1.out = (3, 4)\nv2.z = 'bell'\n")
    render(piece, tmp_path / "four.wav", seconds=1.5, channels=4)
    render(piece, tmp_path / "two.wav", seconds=1.5)
    four, two = (soundfile.read(tmp_path / name)[0] for name in ("four.wav", "two.wav"))
    assert (four.shape[1], two.shape[1]) == (4, 2)
    assert np.array_equal(four[:, :2], two)
    assert (np.abs(four).max(axis=0) > 0.01).all()
    with pytest.raises(LivevaeError, match="8 channels"):
        render(piece, tmp_path / "many.flac", seconds=1.0, channels=9)
