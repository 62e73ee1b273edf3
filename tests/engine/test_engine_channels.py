"""Outputs and inputs by number, and models with two channels."""

from collections.abc import Callable

import numpy as np
import pytest
import soundfile

from livevae.engine.effects import BUILT_IN, MASTER, WIDTH, Effect
from livevae.engine.frames import branch_width, neutral, sided, sides
from livevae.engine.interface import FileInput, Live, Silence
from livevae.errors import LivevaeError
from support.engines import noise, roughness, rows, sine

N = 9000


def effect(name, **values):
    return Effect(name, {key: values.get(key, known.default) for key, known in BUILT_IN[name].items()})


def first_generation(made):
    """Every rack hears the chain of generation 1 from the beginning."""

    def fill(rack, first, count):
        ticks = np.full((count, WIDTH), np.nan, np.float32)
        ticks[:, 0] = 1
        return ticks

    made.engine.attach_ticks(fill)


@pytest.fixture
def played(studio, models) -> Callable[..., object]:
    """`played(outputs=4, block=256, pan=0)`: input 1 through an identity, on the rack of voice 1."""

    def make(inputs=None, *, outputs=4, block=256, **how):
        made = studio(noise(N) if inputs is None else inputs, outputs=outputs, block=block)
        made.play(models("identity64"), Live(1), **how)
        made.engine.set_rack(0, 0)
        return made

    return make


def test_a_voice_goes_to_two_outputs_instead_of_the_master(played):
    straight = played(pan=0.5).run(N)
    made = played(pan=0.5)
    made.engine.set_outputs(0, (2, 3), 0)
    heard = made.run(N)
    assert np.abs(straight[:, :2]).max() > 0.1
    assert not straight[:, 2:].any()
    assert not heard[2000:, :2].any()
    assert np.array_equal(heard[2000:, 2:], straight[2000:, :2])


def test_one_output_gets_the_mean_of_both(played):
    straight = played(pan=0.5).run(N)
    made = played(pan=0.5)
    made.engine.set_outputs(0, (3,), 0)
    heard = made.run(N)
    assert np.array_equal(heard[2000:, 3], straight[2000:, :2].mean(axis=1, dtype=np.float32))
    assert not heard[2000:, :3].any()


@pytest.mark.parametrize("outputs", [(1, 0), (1, 2), (0,)])
def test_master_and_others_may_be_mixed(played, outputs):
    straight = played(pan=-0.3).run(N)[2000:]
    made = played(pan=-0.3)
    made.engine.set_outputs(0, outputs, 0)
    heard = made.run(N)[2000:]
    expected = np.zeros_like(heard)
    if len(outputs) == 1:
        expected[:, outputs[0]] = straight[:, :2].mean(axis=1, dtype=np.float32)
    else:
        expected[:, list(outputs)] = straight[:, :2]
    assert np.array_equal(heard, expected)


@pytest.mark.parametrize("chain", [(), (effect("gain", level=-6.0),), (effect("delay", time=0.01, mix=0.5),)])
def test_effects_go_with_the_voice_and_nothing_clicks_on_the_way(studio, models, chain):
    """A sine that moves there and back stays a sine: what one place loses the other gains."""

    def voice():
        made = studio(sine(40_000), outputs=4)
        made.play(models("identity64"), Live(1))
        made.engine.set_rack(0, 0)
        first_generation(made)
        made.engine.set_chain(0, 1, chain)
        return made

    straight = voice().run(36_000)
    assert np.abs(straight[4000:, :2]).max() > 0.2
    made = voice()
    made.engine.set_outputs(0, (2, 3), 12_000)
    pieces = [made.run(14_000)]
    made.engine.set_outputs(0, (0, 1), 22_000)
    pieces.append(made.run(22_000))
    sound = np.concatenate(pieces)
    assert np.allclose(sound[4000:36_000, :2] + sound[4000:36_000, 2:], straight[4000:, :2], atol=1e-6)
    assert not sound[11_000:16_000, :2].any()
    assert np.array_equal(sound[11_000:16_000, 2:], straight[11_000:16_000, :2])
    assert roughness(sound[4000:36_000]) < 1.5 * roughness(straight[4000:36_000])


@pytest.mark.parametrize("block", [100, 1024])
def test_the_block_changes_no_bit_of_a_move(played, block):
    def run(size):
        made = played(block=size)
        made.engine.set_outputs(0, (2, 3), 5000)
        made.engine.set_outputs(0, (3,), 6500)
        return made.run(N)

    assert np.array_equal(run(block), run(256))


def test_effects_of_the_master_and_recordings_are_of_the_first_two(played, tmp_path):
    made = played()
    first_generation(made)
    made.engine.set_chain(MASTER, 1, (effect("gain", level=-120.0),))
    made.engine.set_outputs(0, (2, 3), 0)
    made.engine.record(tmp_path / "take.wav")
    heard = made.run(N)
    made.engine.record(None)
    assert np.abs(heard[4000:, :2]).max() < 1e-5
    assert np.abs(heard[4000:, 2:]).max() > 0.1
    assert soundfile.info(tmp_path / "take.wav").channels == 2


def test_every_output_is_limited_and_metered_by_itself(studio, models):
    made = studio(sine(20_000, level=1.0), outputs=4)
    for slot, amp in ((0, 4.0), (1, 0.25)):
        made.play(models("identity64"), Live(1), slot=slot, amp=amp)
        made.engine.set_rack(slot, slot)
        made.engine.set_outputs(slot, (2 + slot,), 0)
    heard = made.run(15_000)
    assert np.abs(heard[4000:]).max() <= 1.0
    assert np.abs(heard[4000:, 2]).max() > 0.98
    assert np.abs(heard[4000:, 3]).max() == pytest.approx(0.25, abs=1e-3)
    peaks = made.engine.status().output_peaks
    assert peaks[:2] == (0.0, 0.0)
    assert peaks[2] > 0.9
    assert peaks[3] == pytest.approx(0.25, abs=0.02)


def test_outputs_that_are_not_rendered_are_not_heard(played):
    made = played(outputs=2)
    made.engine.set_outputs(0, (9, 15), 0)
    heard = made.run(N)
    assert heard.shape == (N, 2)
    assert not heard[2000:].any()


def test_a_panic_silences_every_output(played):
    made = played()
    made.engine.set_outputs(0, (2, 3), 0)
    assert made.run(4000)[2500:, 2:].any()
    made.engine.panic()
    made.fills[0] = lambda first, count: rows(64, count, amp=0.0)
    assert not made.run(N)[5000:].any()


def test_there_are_no_more_outputs_than_there_can_be(studio):
    with pytest.raises(LivevaeError, match="2 to 16"):
        studio(outputs=17)


def test_inputs_are_heard_by_their_numbers_up_to_sixteen(studio, models):
    inputs = np.stack([noise(N, seed) for seed in range(16)], axis=1)
    for channel in (5, 16):
        made = studio(inputs)
        info = made.play(models("identity64"), Live(channel))
        assert info.dims == 64
        assert np.array_equal(made.run(N)[1000:, 0], inputs[1000:, channel - 1])


# -- models with two channels


def alone(studio, models, source, **how):
    made = studio(np.stack([noise(N, 1), noise(N, 2)], axis=1))
    made.play(models("stereo"), source, **how)
    return made.run(N)


def test_a_stereo_model_gives_left_and_right(studio, models):
    both = alone(studio, models, Live(1, 2))
    one = alone(studio, models, Live(1))
    assert np.abs(both[4000:, 0] - both[4000:, 1]).max() > 0.01
    assert np.abs(both[4000:] - one[4000:]).max() > 1e-3


@pytest.mark.parametrize(("pan", "left", "right"), [(1.0, 0.0, 1.0), (-1.0, 1.0, 0.0)])
def test_pan_is_the_balance_of_a_stereo_model(studio, models, pan, left, right):
    centre = alone(studio, models, Live(1, 2))
    panned = alone(studio, models, Live(1, 2), pan=pan)
    assert np.allclose(panned[4000:], centre[4000:] * [left, right], atol=1e-6)


def test_a_stereo_file_enters_a_stereo_model_as_it_is(studio, models, tmp_path):
    sound = np.stack([noise(N, 1), noise(N, 2)], axis=1)
    soundfile.write(tmp_path / "both.wav", sound, 48000, subtype="FLOAT")
    from_file = alone(studio, models, FileInput(tmp_path / "both.wav"))
    assert np.abs(from_file[4000:, 0] - from_file[4000:, 1]).max() > 0.01


def test_without_an_input_a_stereo_model_still_has_two_sides(studio, models):
    heard = alone(studio, models, Silence(), bias=0.7)
    assert np.abs(heard[4000:, 0] - heard[4000:, 1]).max() > 1e-3


def test_the_dry_way_of_a_stereo_model_is_stereo(studio, models):
    made = studio(np.stack([noise(N, 1), np.zeros(N, np.float32)], axis=1))
    made.play(models("stereo"), Live(1, 2), mix=0.0)
    heard = made.run(N)
    assert np.abs(heard[4000:, 0]).max() > 0.1
    assert not heard[4000:, 1].any()


# -- wide frames: a voice that is decoded twice


def wide(dims, side, begin=0, end=1 << 30):
    """Rows that are wide from frame `begin` up to `end`: so much is added on the left and taken away on the right."""

    def fill(first, count):
        plain = rows(dims, count, gain=0.0, bias=0.4)
        frames = np.arange(first, first + count)
        there = (frames >= begin) & (frames < end)
        return sided(dims, plain, np.where(there[:, None], side, 0.0)) if there.any() else plain

    return fill


def test_left_and_right_are_the_same_model_with_other_latents(studio, models):
    """What is added on the left is taken away on the right, sample by sample as two voices would have it."""
    side = np.linspace(-0.3, 0.3, 4)
    made = studio()
    made.play(models("plain"), Silence(), fill=wide(4, side))
    both = made.run(N)

    def narrow(sign):
        def fill(first, count):
            found = rows(4, count, gain=0.0)
            found[:, 4:8] = 0.4 + sign * side
            return found

        other = studio()
        other.play(models("plain"), Silence(), fill=fill)
        return other.run(N)[:, 0]

    assert np.allclose(both[4000:, 0], narrow(1)[4000:], atol=1e-5)
    assert np.allclose(both[4000:, 1], narrow(-1)[4000:], atol=1e-5)
    assert np.abs(both[4000:, 0] - both[4000:, 1]).max() > 0.01


def test_it_costs_nothing_and_changes_no_bit_while_no_frame_is_wide(studio, models):
    made = studio()
    made.play(models("plain"), Silence(), fill=wide(4, np.full(4, 0.5), begin=1 << 20))
    there = made.run(N)
    other = studio()
    other.play(models("plain"), Silence(), fill=lambda first, count: rows(4, count, gain=0.0, bias=0.4))
    assert np.array_equal(there, other.run(N))


@pytest.mark.parametrize("kind", ["plain", "variational", "identity441"])
def test_becoming_wide_and_narrow_again_does_not_click(studio, models, kind):
    """The second row goes on as the first one is: with next to nothing between them the sound stays what it was."""
    made = studio()
    dims = made.engine.open_model(models(kind)).latent_size
    made.play(models(kind), Silence(), fill=wide(dims, np.full(dims, 1e-6), 40, 90))
    sound = made.run(12_000)
    other = studio()
    other.play(models(kind), Silence(), fill=wide(dims, np.zeros(dims), 0, 0))
    plain = other.run(12_000)
    if kind == "plain":
        assert np.abs(sound - plain).max() < 1e-4
    assert np.abs(sound[:, 0] - sound[:, 1]).max() > 0.0
    assert roughness(sound) < 2.0 * roughness(plain) + 1e-4


def test_wide_voices_share_a_model_with_others(studio, models):
    """Sixteen wide voices are all the rows there are; one more stays narrow."""
    made = studio()
    for slot in range(17):
        made.play(models("plain"), Silence(), slot=slot, fill=wide(4, np.full(4, 0.4)), amp=0.05)
    made.run(3000)
    (_, host), *_ = made.engine._hosts
    taken = [row for s in host._streams.values() for row in (s.row, s.twin_row) if row is not None]
    assert len(taken) == len(set(taken)) == 32
    assert made.run(2000).any()


@pytest.mark.parametrize("block", [64, 1024])
def test_the_block_changes_no_bit_of_a_wide_voice(studio, models, block):
    def run(size):
        made = studio(block=size)
        made.play(models("plain"), Silence(), fill=wide(4, np.full(4, 0.4), 20, 60))
        return made.run(N)

    assert np.array_equal(run(block), run(256))


def test_what_is_wide_is_found_in_rows_with_other_branches():
    plain = np.concatenate([neutral(3, 4), np.zeros((4, branch_width(3)), np.float32)], axis=1)
    plain[:, -1] = 7
    made = sided(3, plain, np.array([[0, 0, 0], [1, 2, 3], [0, 0, 0], [0, 0, 1]], np.float32))
    found = sides(3, made)
    assert found is not None
    assert found[1].tolist() == [False, True, False, True]
    assert found[0].tolist() == [[0, 0, 0], [1, 2, 3], [0, 0, 0], [0, 0, 1]]
    assert sides(3, plain) is None
    assert sides(3, neutral(3, 2)) is None
