"""What the engine is given, frame by frame. The tempo is half a cycle a second, a frame lasts 10 ms."""

import numpy as np
import pytest

from livevae.engine.interface import Event, FileInput, FromSlot, Live, Silence
from livevae.errors import LivevaeError
from livevae.performance.part import GLIDE_SECONDS, IDLE_SECONDS
from livevae.performance.stage import MODEL_FADE_SECONDS

GLIDE_FRAMES = round(GLIDE_SECONDS * 100)


def test_a_piece_that_is_loaded_first_begins_at_the_first_frame(rig):
    rig.do("v1.play('choir bell', fade=0)")
    rig.run(4.0)
    played = rig.played()
    assert (played.amp == 1.0).all()
    assert np.array_equal(played.bias[:, 0], np.tile(np.repeat([1.0, 2.0], 100), 2))
    assert (played.gain == 0.0).all()


def test_what_is_typed_is_heard_on_the_next_cycle_to_the_frame(rig):
    rig.run(0.5)
    rig.do("v1.play('choir', fade=0)")
    rig.run(3.0)
    played = rig.played()
    start = played.frame(2.0)
    assert (played.amp[:start] == 0.0).all()
    assert (played.amp[start:] == 1.0).all()
    assert (played.bias == 1.0).all(), "the model settles on the first sound before its gate opens"


@pytest.mark.parametrize(("quant", "second"), [(0, 0.5), (0.25, 0.5), (0.5, 1.0), (1, 2.0), (4, 8.0)])
def test_quant(rig, quant, second):
    rig.run(0.5)
    rig.do(f"v1.play('choir', quant={quant}, fade=0)")
    rig.run(8.0)
    assert np.flatnonzero(rig.played().amp)[0] == rig.played().frame(second)


def test_a_fade_is_exact_at_both_ends(rig):
    rig.do("v1.play(2, fade=0)")
    rig.run(0.5)
    rig.do("v1.play(4, fade=1)")
    rig.run(4.5)
    played = rig.played()
    first, last = played.frame(2.0), played.frame(4.0)
    assert (played.bias[: first + 1] == 2.0).all()
    assert (played.bias[last:] == 4.0).all()
    assert np.allclose(played.bias[first : last + 1, 0], np.linspace(2.0, 4.0, 201), atol=1e-6)
    assert (played.amp == 1.0).all()


def test_without_a_fade_there_still_is_a_short_one(rig):
    rig.do("v1.z = 'choir'")
    rig.run(1.0)
    amp = rig.played().amp
    assert amp[0] == 0.0
    assert amp[GLIDE_FRAMES] == 1.0
    assert (np.diff(amp[: GLIDE_FRAMES + 1]) > 0).all()


def test_chunks_do_not_matter(rig, tmp_path):
    source = "v1.z = 'choir ~ bell [drum ~]'; v1.amp = '0.5 1'; v1.pan = sine.range(-1, 1); v1.dim[0] = perlin"
    rig.do(source)
    rig.run(1.3, chunk=1)
    rig.run(2.7, chunk=37)
    (tmp_path / "again").mkdir()
    again = type(rig)(tmp_path / "again")
    again.do(source)
    again.run(4.0, chunk=100)
    assert np.array_equal(rig.played().rows, again.played().rows)


def test_rests_close_the_gate_and_hold_the_latents(rig):
    rig.do("v1.play('choir ~', fade=0)")
    rig.run(2.0)
    played = rig.played()
    assert (played.amp[:100] == 1.0).all()
    assert (played.amp[100:] == 0.0).all()
    assert (played.bias == 1.0).all()


def test_a_gate_is_late_by_the_delay_inside_the_model(late_rig):
    late_rig.do("v1.play('choir ~', fade=0)")
    late_rig.run(2.0)
    played = late_rig.played()
    assert np.array_equal(np.flatnonzero(played.amp), np.arange(10, 110))
    assert (played.bias == 1.0).all()


def test_patterned_levels_meet_what_is_heard(late_rig):
    late_rig.do("v1.play('choir', fade=0); v1.amp = '0.25 0.5'")
    late_rig.run(2.0)
    assert np.flatnonzero(late_rig.played().amp == 0.5)[0] == 110


def test_levels_move_at_once_without_a_jump(rig):
    rig.do("v1.play(1, fade=0)")
    rig.run(0.5)
    rig.do("v1.amp = 0.2; v1.pan = -1; v1.mix = 0")
    rig.run(0.5)
    played = rig.played()
    for values, before, after in ((played.amp, 1.0, 0.2), (played.pan, 0.0, -1.0), (played.mix, 1.0, 0.0)):
        assert values[50] == pytest.approx(before)
        assert values[50 + GLIDE_FRAMES] == pytest.approx(after)
        assert np.abs(np.diff(values)).max() < 1.01 * abs(before - after) / GLIDE_FRAMES


def test_levels_stay_within_their_ranges(rig):
    rig.do("v1.z = 1; v1.amp = '-1 ~'; v1.pan = 9; v1.mix = '2 -3'")
    rig.run(2.0)
    played = rig.played()
    assert (played.amp == 0.0).all()
    assert (played.pan[10:] == 1.0).all()
    assert set(played.mix[10:]) == {0.0, 1.0}


def test_a_dimension_is_driven_over_the_rest(rig):
    rig.do("v1.dim[2] = '5 ~'; v1.play('choir', fade=0)")
    rig.run(2.0)
    played = rig.played()
    assert played.bias[0].tolist() == [1.0, 1.0, 5.0, 1.0]
    assert played.bias[150].tolist() == [1.0, 1.0, 1.0, 1.0]
    rig.do("v1.dim[2] = None")
    rig.run(4.0)
    assert rig.played().bias[-150].tolist() == [1.0, 1.0, 1.0, 1.0]


def test_live_is_affine_and_listens_to_the_first_input(rig):
    rig.do("v1.play(live.delay(0.05) * 2 + 1, fade=0); v1.dim[1] = 7")
    rig.run(3.0)
    played = rig.played()
    assert played.gain[-1].tolist() == [2.0, 0.0, 2.0, 2.0]
    assert played.bias[-1].tolist() == [1.0, 7.0, 1.0, 1.0]
    assert played.lag[-1] == pytest.approx(5.0)
    assert rig.engine.slots[0].source == Live(1, 1)


def test_inputs(rig, tmp_path):
    import soundfile

    soundfile.write(tmp_path / "rain.wav", np.zeros(100), 8000)
    rig.do("v1.z = live; v1.input = live(2)")
    assert rig.engine.slots[0].source == Live(2, 1)
    rig.do(f"v1.input = file({str(tmp_path / 'rain.wav')!r}, loop=False)")
    assert rig.engine.slots[0].source == FileInput(tmp_path / "rain.wav", loop=False)
    rig.do("v1.input = None")
    assert rig.engine.slots[0].source == Silence()
    rig.do("v1.input = v2")
    assert rig.engine.slots[0].source == Silence()
    rig.do("v2.z = 'choir'")
    assert rig.engine.slots[0].source == FromSlot(2)


def test_mute_and_solo(rig):
    rig.do("v1.play(1, fade=0); v2.play(2, fade=0)")
    rig.run(0.5)
    rig.do("v1.mute()")
    rig.run(0.5)
    rig.do("v1.unmute(); v1.solo()")
    rig.run(0.5)
    rig.do("v1.unsolo()")
    rig.run(0.5)
    one, two = rig.played(0).amp, rig.played(2).amp
    assert [one[40], one[90], one[140], one[190]] == [1.0, 0.0, 1.0, 1.0]
    assert [two[40], two[90], two[140], two[190]] == [1.0, 1.0, 0.0, 1.0]
    assert np.abs(np.diff(one)).max() <= 1.01 / GLIDE_FRAMES


def test_a_change_of_tempo_keeps_the_phase(rig):
    rig.do("v1.play(saw, fade=0)")
    rig.run(1.0)
    rig.do("tempo(480)")
    rig.run(0.45)
    played = rig.played().bias[:, 0]
    assert np.allclose(played[:100], np.arange(100) / 200, atol=1e-6)
    assert np.allclose(played[100:125], 0.5 + np.arange(25) / 50, atol=1e-6)


def test_hush_is_quantised_and_fades(rig):
    rig.do("v1.play(1, fade=0); v2.play(2, fade=0)")
    rig.run(1.0)
    rig.do("hush(fade=0.5)")
    rig.run(3.0)
    for slot in (0, 2):
        amp = rig.played(slot).amp
        assert (amp[:201] == 1.0).all()
        assert amp[250] == pytest.approx(0.5)
        assert (amp[300:] == 0.0).all()
    assert rig.do("v1.z") is None


def test_panic_is_silence_from_the_next_frame_on(late_rig):
    late_rig.do("v1.play(1, fade=0)")
    late_rig.run(1.0)
    late_rig.do("panic()")
    late_rig.run(1.0)
    assert late_rig.engine.calls("panic")[0][0] == 48000
    assert (late_rig.played().amp[100:] == 0.0).all()
    late_rig.do("undo()")
    late_rig.run(1.0)
    assert late_rig.played().amp[-1] == 1.0


def test_a_silent_voice_gives_its_stream_back_and_takes_it_again(rig):
    rig.do("v1.play('choir', fade=0)")
    rig.run(2.0)
    rig.do("v1.stop(fade=0)")
    rig.run(IDLE_SECONDS - 0.2)
    rig.performance.tick()
    assert 0 in rig.engine.slots
    rig.run(1.0)
    rig.performance.tick()
    assert rig.engine.slots == {}
    assert rig.played().amp[-1] == 0.0
    rig.do("v1.play('bell', fade=0)")
    rig.run(2.0)
    assert rig.played().bias[-1, 0] == 2.0
    assert rig.played().amp[-1] == 1.0


def test_a_voice_that_only_rests_keeps_its_stream(rig):
    rig.do("v1.z = '~'")
    rig.run(10.0)
    rig.performance.tick()
    assert list(rig.engine.slots) == [0]


def test_a_change_of_model_is_a_crossfade_of_two_streams(rig):
    rig.do("v1.play('choir', fade=0)")
    rig.run(1.0)
    rig.do("v1.model = 'wide_8'")
    rig.run(1.0)
    old, new = rig.played(0), rig.played(1)
    both = old.amp[100:] + new.amp
    assert np.allclose(both, 1.0, atol=1e-6)
    assert old.amp[100] == 1.0
    assert old.amp[100 + round(MODEL_FADE_SECONDS * 100)] == 0.0
    assert new.bias.shape[1] == 8
    assert (new.bias == 1.0).all()
    rig.performance.tick()
    assert list(rig.engine.slots) == [1]


def test_a_model_with_a_delay_is_faded_in_when_its_sound_has_come(late_rig):
    late_rig.do("v1.play('choir', fade=0)")
    late_rig.run(1.0)
    late_rig.do("v1.model = 'other'")
    late_rig.run(1.0)
    assert np.allclose(late_rig.played(0).amp[100:] + late_rig.played(1).amp, 1.0, atol=1e-6)
    assert (late_rig.played(1).amp[:11] == 0.0).all()


def test_models_that_are_changed_faster_than_they_fade(rig):
    rig.do("v1.play('choir', fade=0)")
    for name in ("wide_8", "other", "wide_8", "default"):
        rig.run(0.1)
        rig.do(f"v1.model = {name!r}")
    rig.run(1.0)
    rig.performance.tick()
    assert len(rig.engine.slots) == 1
    assert rig.played(next(iter(rig.engine.slots))).amp[-1] == 1.0


def test_an_effect_without_latents_plays_what_enters(rig):
    rig.do("v1.model = 'effect_0'; v1.play(live, fade=0)")
    rig.run(1.0)
    assert (rig.played().amp == 1.0).all()
    with pytest.raises(LivevaeError, match="no latent space"):
        rig.do("v1.z = 'choir'")


def test_a_recording_on_its_way_is_silent_and_then_there(rig):
    rig.library.missing.add("bell")
    rig.do("v1.play('bell', fade=0)")
    assert ("bell", True) in rig.library.asked, "an assignment waits for what it needs"
    rig.run(0.5)
    rig.library.missing.clear()
    rig.run(0.5)
    amp = rig.played().amp
    assert amp[0] == 0.0
    assert amp[-1] == 1.0


def test_levels_of_voices_that_listen_to_each_other_survive_a_closed_stream(rig):
    rig.do("v1.z = 'choir'; v2.z = live; v2.input = v1")
    rig.run(0.5)
    rig.do("v1.stop()")
    rig.run(6.0)
    rig.performance.tick()
    assert rig.engine.slots[2].source == Silence()
    rig.do("v1.z = 'bell'")
    assert rig.engine.slots[2].source == FromSlot(0)


def test_a_model_and_what_fits_only_it_come_together(rig):
    rig.do("v1.play(point(1, 2, 3, 4), fade=0)")
    rig.run(0.5)
    with pytest.raises(LivevaeError, match="v1"):
        rig.do("v1.model = 'wide_8'")
    rig.do("v1.model = 'wide_8'\nv1.z = np.arange(8) + 1")
    rig.run(2.5)
    old, new = rig.played(0), rig.played(1)
    assert not rig.told
    assert np.allclose(old.amp[50:] + new.amp, 1.0, atol=1e-6)
    assert (old.bias == [1, 2, 3, 4]).all()
    assert (new.bias == np.arange(8) + 1).all()
    assert old.amp[200] == 1.0, "on the cycle, as everything that is assigned"
    assert old.amp[200 + round(MODEL_FADE_SECONDS * 100)] == 0.0
    rig.do("undo()")
    rig.run(1.0)
    rig.performance.tick()
    (slot,) = rig.engine.slots
    assert rig.played(slot).bias[-1].tolist() == [1, 2, 3, 4]
    assert rig.played(slot).amp[-1] == 1.0


def test_an_input_that_cannot_be_had_is_told(rig):
    def refuse(slot, source):
        raise LivevaeError("the disk is gone")

    rig.do("v1.z = live; v2.z = 'choir'")
    rig.engine.set_source = refuse
    rig.do("v1.input = v2")
    assert [str(message) for message in rig.told] == ["v1.input: the disk is gone"]


def test_a_stream_whose_model_failed_is_given_up_and_opened_anew_by_the_next_line(rig):
    rig.do("v1.z = 'bell'")
    rig.run(1.0)
    rig.engine.on_event(Event("error", "the model failed", 0))
    assert rig.told[-1].voice == "v1"
    rig.performance.tick()
    assert 0 not in rig.engine.slots
    rig.do("v1.z = 'choir'")
    assert 0 in rig.engine.slots
