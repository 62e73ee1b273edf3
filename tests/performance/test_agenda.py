"""Actions at later cycles: heard exactly on them, however time is cut. Half a cycle a second, a frame lasts 10 ms."""

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from livevae.errors import LivevaeError
from livevae.latent import Encoder, Library
from livevae.performance import Piece
from livevae.performance.render import render
from support import models


def onsets(played, value):
    return np.flatnonzero(played.bias[:, 0] == np.float32(value))[0]


@pytest.mark.parametrize("chunk", [1, 5, 37, 400])
def test_an_action_is_heard_exactly_on_its_cycle(rig, chunk):
    rig.do("v1.play(1, fade=0); after(1.25, lambda: v1.play(2, fade=0))")
    rig.run(4.0, chunk)
    played = rig.played()
    assert onsets(played, 2.0) == 250
    assert (played.bias[:250] == 1.0).all()


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 300), st.lists(st.integers(1, 200), min_size=1, max_size=6), st.integers(1, 90))
def test_actions_of_any_order_are_heard_exactly(rig, tmp_path_factory, typed, waits, chunk):
    rig = type(rig)(tmp_path_factory.mktemp("rig"))
    rig.do("v1.play(0, quant=0, fade=0)")
    rig.run(typed / 100, chunk)
    for number, wait in enumerate(waits, 1):
        rig.do(f"after({(wait - 0.5) / 200}, lambda: v1.play({number}, fade=0), quant=0)")
    rig.run(5.0, chunk)
    expected = np.zeros(typed + 500)
    for number, wait in sorted(enumerate(waits, 1), key=lambda pair: pair[1]):
        expected[typed + wait :] = number
    assert np.array_equal(rig.played().bias[:, 0], expected)
    assert rig.performance.agenda.items == ()


def test_levels_mutes_and_the_tempo_begin_on_it_too(rig):
    rig.do("v1.play('1', quant=0, fade=0); after(1, lambda: (setattr(v1, 'amp', 0.5), v2.solo(), tempo(240)))")
    rig.run(2.0)
    assert (rig.played().amp == 1.0).all()
    rig.run(1.0)
    played = rig.played()
    assert 0.0 < played.amp[201] < 1.0
    assert played.amp[210] == 0.0
    assert rig.performance.clock.cycle(3.0) == pytest.approx(2.0)


def test_it_counts_from_the_next_cycle_and_inside_an_action_from_that_action(rig):
    rig.run(0.5)
    rig.do("v1.play(1, fade=0)\ndef again():\n    v1.play(2, fade=0)\n    after(0.5, lambda: v1.play(3, fade=0))")
    rig.do("after(1, again)")
    rig.run(7.0)
    assert onsets(rig.played(), 2.0) == rig.played().frame(4.0)
    assert onsets(rig.played(), 3.0) == rig.played().frame(5.0)


def test_an_action_that_fails_changes_nothing_and_names_its_line(rig):
    rig.do("v1.play(1, fade=0)\nafter(1, lambda: (v1.play(2), v1.play(1 / 0)))", "song.py")
    rig.do("after(2, v2.mute)")
    rig.run(5.0)
    assert (rig.played().bias == 1.0).all()
    assert [str(message) for message in rig.told] == ["song.py:2: ZeroDivisionError: division by zero"]
    assert "muted" in repr(rig.do("v2"))


def test_a_method_that_fails_names_the_line_it_was_planned_on(rig):
    rig.do("v1.amp = 0.5\nafter(1, undo)\nafter(1, undo)", "song.py")
    rig.run(4.0)
    assert [str(message) for message in rig.told] == ["song.py:3: there is nothing to undo."]


def test_nothing_is_planned_by_an_evaluation_that_fails(rig):
    with pytest.raises(LivevaeError):
        rig.do("after(1, v1.mute); 1 / 0")
    assert rig.performance.agenda.items == ()


@pytest.mark.parametrize("word", ["hush()", "panic()", "performance.agenda.items[0].cancel()"])
def test_it_is_called_off(rig, word):
    rig.do("v1.play(1, fade=0); after(2, lambda: v1.play(2, fade=0))")
    rig.run(0.5)
    rig.do(word)
    rig.run(6.0)
    assert 2.0 not in rig.played().bias


def test_what_is_kept_outlives_hush(rig):
    rig.performance.agenda.at(2.0, lambda: rig.do("v1.play(2, fade=0)"), kept=True)
    rig.do("hush()")
    rig.run(5.0)
    assert np.flatnonzero(rig.played().amp)[0] == rig.played().frame(4.0)


def test_a_piece_that_is_read_again_plans_anew(rig, tmp_path):
    path = tmp_path / "song.py"
    path.write_text("v1.play(1, fade=0)\nafter(1, lambda: after(2, lambda: v1.play(2, fade=0)))")
    piece = Piece(rig.performance, path)
    piece.load()
    rig.do("after(4, lambda: v1.play(4, fade=0))")
    rig.run(3.0)
    path.write_text("v1.play(1, fade=0)\nafter(1, lambda: v1.play(3, fade=0))")
    piece.load()
    rig.run(7.0)
    played = rig.played()
    assert 2.0 not in played.bias
    assert onsets(played, 3.0) == 600
    assert onsets(played, 4.0) == 800


def test_undo_takes_back_what_an_action_did(rig):
    rig.do("v1.play(1, fade=0); after(1, lambda: v1.play(2, fade=0))")
    rig.run(3.0)
    rig.do("undo()")
    rig.run(1.0)
    played = rig.played()
    assert (played.bias[200:300] == 2.0).all()
    assert (played.bias[-50:] == 1.0).all()


def test_one_that_always_plans_the_next_does_not_stop_time(rig):
    rig.do("def again():\n    after(0, again)\nagain()")
    rig.run(0.5)
    assert rig.engine.time == 24000


@pytest.mark.parametrize("call", ["after(-1, v1.mute)", "after('x', v1.mute)", "after(1, 3)", "after(True, v1.mute)"])
def test_what_cannot_be_planned(rig, call):
    with pytest.raises(LivevaeError):
        rig.do(call)


def test_a_rendering_has_it_to_the_frame_on_every_run_and_for_every_block(tmp_path):
    model = models.save(models.identity(256), tmp_path / "identity.ts")
    source = (
        "tempo(240)\nv1.play(0.25, fade=0)\n"
        "def change():\n    v1.play(0.5, fade=0)\n    v2.play(perlin * 0.01, fade=0)\n    tempo(480)\n"
        "after(1, change)\nafter(2, lambda: v1.play(0.125, fade=0))\n"
    )
    (tmp_path / "song.py").write_text(source)
    library = Library(tmp_path / "cache", Encoder())
    try:
        sounds = []
        for block in (256, 64, 256):
            out = tmp_path / f"{len(sounds)}.wav"
            length = render(tmp_path / "song.py", out, model=model, library=library, cycles=3, block=block)
            assert length == 2.0
            sounds.append(soundfile.read(out, dtype="float32")[0])
    finally:
        library.close()
    assert len(sounds[0]) == 96000
    steps = np.flatnonzero(np.abs(np.diff(sounds[0][:, 0])) > 0.1)
    assert steps.tolist() == [48000 // 256 * 256 + 255, 72000 // 256 * 256 + 255]
    assert np.array_equal(sounds[0], sounds[1])
    assert np.array_equal(sounds[0], sounds[2])
