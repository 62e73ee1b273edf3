"""One voice through a model: what comes out is what the control rows say of what went in."""

import numpy as np
import pytest
import soundfile
import torch

from livevae.engine.frames import columns
from livevae.engine.interface import FileInput, FromSlot, Live, Silence
from livevae.errors import LivevaeError
from livevae.model import open_model
from livevae.model.resample import StreamResampler
from support.engines import RATE, noise, roughness, rows, sine

START = 512
"""Samples in which a voice has come in: a frame of the largest ratio used here, and the fade."""
N = 16_000


def encoded(path, audio):
    """The latents (frames, D) of a whole sound."""
    model = open_model(path)
    return model.encode(torch.from_numpy(np.atleast_2d(audio)[None].copy()))[0].numpy().T


def decoded(path, z):
    """The sound (channels, samples) of latents (frames, D)."""
    model = open_model(path)
    return model.decode(torch.from_numpy(z.T[None].astype(np.float32)))[0].numpy()


def test_an_identity_model_passes_every_bit(models, studio):
    audio = noise(N)
    made = studio(audio)
    made.play(models("identity"))
    out = made.run(N)
    assert np.array_equal(out[START:], np.stack([audio, audio], axis=1)[START:])


@pytest.mark.parametrize("pan", [-1.0, -0.4, 0.0, 0.7, 1.0])
def test_pan_is_even_in_the_centre_and_lets_the_other_side_fall_as_equal_power(models, studio, pan):
    audio = noise(8000)
    made = studio(audio)
    made.play(models("identity"), pan=pan, amp=0.5)
    out = made.run(8000)[START:]
    angle = (pan + 1) * np.pi / 4
    law = 0.5 * np.minimum(1.0, np.sqrt(2) * np.array([np.cos(angle), np.sin(angle)]))
    assert np.allclose(out, audio[START:, None] * law, atol=1e-6)


@pytest.mark.parametrize("kind", ["identity", "plain"])
def test_the_dry_sound_is_the_input_to_the_bit_and_as_late_as_the_model(models, studio, kind):
    audio = noise(N)
    made = studio(audio)
    info = made.play(models(kind), mix=0.0)
    out = made.run(N)[:, 0]
    late = info.model_delay
    assert np.array_equal(out[START:], audio[START - late : N - late])


def test_dry_and_wet_meet_in_time(models, studio):
    audio = noise(N)
    made = studio(audio)
    made.play(models("identity"), mix=0.37)
    assert np.allclose(made.run(N)[START:, 0], audio[START:], atol=1e-6)


def test_mix_is_a_weighted_sum(models, studio):
    audio = noise(N)
    made = studio(audio)
    made.play(models("identity"), mix=0.25, gain=-1.0)
    assert np.allclose(made.run(N)[START:, 0], 0.5 * audio[START:], atol=1e-6)


def test_amplitude_moves_in_a_line_through_each_frame(models, studio):
    values = np.array([0.2, 1.0, 0.0, 0.5, 0.5, 2.0, *[0.3] * 90])

    def fill(first, count):
        made = rows(256, count)
        made[:, columns(256).amp] = values[first : first + count]
        return made

    made = studio(np.full(N, 0.25, np.float32))
    made.play(models("identity"), fill=fill)
    out = made.run(20 * 256)[:, 0]
    edges = np.arange(len(values) + 1) * 256
    expected = 0.25 * np.interp(np.arange(20 * 256), edges, [0.0, *values])
    assert np.allclose(out[256:], expected[256:], atol=1e-6)


LAGS = [0.0, 3.0, 2.5, 7.25]


@pytest.mark.parametrize("lag", LAGS)
@pytest.mark.parametrize("chunk", [None, 1024])
def test_latents_are_gain_times_live_with_a_lag_plus_bias(models, studio, lag, chunk):
    path = models("plain")
    audio = noise(N)
    rng = np.random.default_rng(3)
    frames = N // 64
    gain, bias = rng.normal(size=(2, frames, 4)).astype(np.float32)

    def fill(first, count):
        made = rows(4, count, lag=lag)
        at = columns(4)
        inside = np.arange(first, first + count) % frames
        made[:, at.gain], made[:, at.bias] = gain[inside], bias[inside]
        return made

    live = encoded(path, audio)
    at = np.clip(np.arange(frames) - lag, 0, None)
    low, part = np.floor(at).astype(int), (at % 1)[:, None]
    z = gain * (live[low] * (1 - part) + live[np.minimum(low + 1, frames - 1)] * part) + bias
    expected = decoded(path, z)[0]

    made = studio(audio)
    made.engine.open_model(path, chunk=chunk)
    made.play(path, fill=fill)
    assert np.allclose(made.run(N)[START:, 0], expected[START:], atol=2e-5)


def test_a_model_without_encoder_sounds_from_its_bias_alone(models, studio):
    path = models("generator")
    made = studio()
    with pytest.raises(LivevaeError, match="sample rate"):
        made.engine.open_model(path)
    z = np.random.default_rng(1).normal(size=(400, 3)).astype(np.float32)

    def fill(first, count):
        row = rows(3, count, gain=0.0, amp=0.25)
        row[:, columns(3).bias] = z[np.arange(first, first + count) % 400]
        return row

    made.play(path, Silence(), fill=fill)
    assert np.allclose(made.run(9600)[START:, 0], 0.25 * decoded(path, z)[0][START:9600], atol=1e-5)


def test_an_effect_needs_no_latents(models, studio):
    audio = noise(N)
    made = studio(audio)
    info = made.play(models("effect"))
    assert (info.dims, info.has_latents) == (0, False)
    out = made.run(N)[START:]
    heard = audio[START - 100 : -100]
    assert np.allclose(out, np.stack([heard, -0.5 * heard], axis=1), atol=1e-6)


def test_a_stereo_model_hears_two_inputs_and_plays_two_sides(models, studio):
    path = models("stereo")
    audio = np.stack([noise(N, 1), noise(N, 2)], axis=1)
    made = studio(audio)
    made.play(path, Live(1, 2))
    expected = decoded(path, encoded(path, audio.T))
    assert np.allclose(made.run(N)[START:], expected.T[START:], atol=2e-5)


def test_codes_are_rounded(models, studio):
    def sound(bias):
        made = studio()
        made.play(models("discrete"), Silence(), gain=0.0, bias=bias)
        return made.run(8000)

    assert np.array_equal(sound(5.4), sound(5.0))
    assert not np.allclose(sound(5.6), sound(5.0), atol=1e-3)


@pytest.mark.parametrize("mix", [1.0, 0.5, 0.0])
def test_a_model_at_another_rate_keeps_a_sine_as_it_is(models, studio, mix):
    tone = sine(N, 997.0, 0.5)
    made = studio(tone)
    info = made.play(models("identity441"), mix=mix)
    assert info.model_rate == 44100
    out = made.run(N)[4000:-4000, 0]
    heard = np.abs(np.fft.rfft(out * np.hanning(len(out)))).max()
    given = np.abs(np.fft.rfft(tone[4000:-4000] * np.hanning(len(out)))).max()
    assert heard == pytest.approx(given, rel=0.02 if mix == 0.5 else 0.005)
    assert roughness(out) == pytest.approx(roughness(tone), rel=0.03)


@pytest.mark.parametrize("rate", [44100, 96000])
def test_a_resampled_voice_is_never_late_or_early_by_more_than_a_sample(models, studio, rate):
    tone = sine(N, 500.0, 0.5, rate)
    made = studio(tone, rate=rate)
    info = made.play(models("identity64"))
    out = made.run(N)[4000:12_000, 0]
    shifts = range(-40, 41)
    errors = [float(np.abs(out - tone[4000 + s : 12_000 + s]).max()) for s in shifts]
    assert abs(shifts[int(np.argmin(errors))]) <= 2
    assert info.buffering == pytest.approx(made.engine._delay, abs=1)


def wav(path, audio, rate=RATE):
    soundfile.write(path, audio, rate, subtype="FLOAT")
    return path


def test_a_file_plays_from_its_start_again_and_again(models, studio, tmp_path):
    audio = noise(3000)
    made = studio()
    made.play(models("identity"), FileInput(wav(tmp_path / "a.wav", audio), loop=True, start=0.01))
    out = made.run(12_000)[:, 0]
    expected = np.tile(audio, 5)[480:12_480]
    assert np.allclose(out[START:], expected[START:], atol=1e-6)


def test_a_file_that_does_not_loop_ends_in_silence(models, studio, tmp_path):
    audio = noise(3000)
    made = studio()
    made.play(models("identity"), FileInput(wav(tmp_path / "a.wav", audio), loop=False))
    out = made.run(12_000)[:, 0]
    assert np.allclose(out[START:3000], audio[START:], atol=1e-6)
    assert not out[3000:].any()


def test_a_file_of_two_channels_at_another_rate_is_mixed_and_resampled(models, studio, tmp_path):
    one, two = sine(22050, 441.0, 0.4, 44100), sine(22050, 882.0, 0.2, 44100)
    made = studio()
    made.play(models("identity"), FileInput(wav(tmp_path / "a.wav", np.stack([one, two], 1), 44100), loop=False))
    expected = StreamResampler(44100, RATE).process((one + two) / 2)[:, 0]
    out = made.run(20_000)[:, 0]
    assert np.allclose(out[START:], expected[START:20_000], atol=1e-5)


@pytest.mark.parametrize("content", [None, b"no sound at all"])
def test_a_file_that_cannot_be_read_is_refused_and_the_slot_goes_on(models, studio, tmp_path, content):
    path = tmp_path / "a.wav"
    if content is not None:
        path.write_bytes(content)
    audio = noise(8000)
    made = studio(audio)
    made.play(models("identity"))
    with pytest.raises(LivevaeError, match=r"a\.wav"):
        made.engine.set_source(0, FileInput(path))
    assert np.array_equal(made.run(8000)[START:, 0], audio[START:])


def test_an_empty_file_is_refused(models, studio, tmp_path):
    made = studio()
    with pytest.raises(LivevaeError, match="no sound"):
        made.play(models("identity"), FileInput(wav(tmp_path / "a.wav", np.zeros((0, 1)))))


def test_another_slot_is_an_input_and_silence_when_it_ends(models, studio):
    audio = noise(100_000)
    made = studio(audio)
    late = made.play(models("identity"), pan=-1.0).buffering
    made.play(models("identity"), FromSlot(0), slot=1, pan=1.0)
    out = made.run(N)
    assert np.allclose(out[START:, 0], audio[START:N], atol=1e-6)
    begun = late + START
    assert np.allclose(out[begun:, 1], audio[START : N - late], atol=1e-6)
    made.engine.close_slot(0)
    after = made.run(80_000)
    assert not after[2 * late + START :].any()


@pytest.mark.parametrize("source", [FromSlot(-1), FromSlot(32), Live(0), Live(17)])
def test_inputs_that_are_not_there_are_refused(models, studio, source):
    made = studio(noise(100))
    with pytest.raises(LivevaeError):
        made.play(models("identity"), source)


def test_without_a_source_neither_wet_nor_dry_sounds_of_what_was_there(models, studio):
    made = studio(noise(N))
    made.play(models("identity"), mix=0.5)
    made.run(N)
    made.engine.set_source(0, Silence())
    after = made.run(160_000)
    assert not after[8192:].any()


def test_a_source_can_come_later(models, studio):
    audio = noise(60_000)
    made = studio(audio)
    made.play(models("identity"), Silence())
    assert not made.run(10_000).any()
    made.engine.set_source(0, Live(1))
    out = made.run(50_000)[:, 0]
    assert np.array_equal(out[20_000:], audio[30_000:])


def test_setting_the_source_of_a_closed_slot_says_so(studio):
    with pytest.raises(LivevaeError, match="slot 5 is not open"):
        studio().engine.set_source(5, Silence())


@pytest.mark.parametrize(("kind", "amp"), [("plain", 1.0), ("counter", 1e-6)])
def test_voices_together_sound_as_each_alone(models, studio, kind, amp):
    """Rows of one call where the model allows it; the counter, whose output grows, has an instance for each."""
    audio = np.stack([noise(N, seed) for seed in range(3)], axis=1)

    def render(*voices):
        made = studio(audio)
        for slot in voices:
            made.play(models(kind), Live(slot + 1), slot=slot, pan=slot - 1.0, amp=amp)
        return made.run(N)

    together = render(0, 1, 2)
    apart = sum(render(slot) for slot in range(3))
    assert np.allclose(together, apart, atol=2e-5)
    assert np.abs(together).max() > 0.01


def test_the_noise_of_models_is_fixed_by_the_seed(models, studio):
    path = models("variational")

    def render(seed):
        made = studio(noise(8000), seed=seed)
        made.play(path)
        return made.run(8000)

    assert np.array_equal(render(1), render(1))
    assert not np.array_equal(render(1), render(2))


@pytest.mark.parametrize("at", [9600, 9600 + 64])
def test_sound_that_is_not_finite_is_covered_told_and_over(models, studio, at):
    audio = np.full(N, 0.5, np.float32)
    audio[at] = 5.0
    made = studio(audio)
    made.play(models("nan"))
    out = made.run(N)
    assert np.isfinite(out).all()
    assert [(event.kind, event.slot) for event in made.events] == [("nan", 0)]
    assert roughness(out[START:]) < 0.01
    assert np.array_equal(out[at + 1024 :], np.full((N - at - 1024, 2), 0.5, np.float32))


def test_a_long_stretch_that_is_not_finite_fades_to_silence_and_comes_back(models, studio):
    audio = np.full(N, 0.5, np.float32)
    audio[6400:12800] = 5.0
    made = studio(audio)
    made.play(models("nan"))
    out = made.run(N)
    assert len(made.events) == 100
    assert roughness(out[START:]) < 0.01
    assert not out[6400 + 256 : 12800].any()
    assert (out[12800 + 512 :] == 0.5).all()


def test_a_voice_that_is_not_finite_leaves_the_others_alone(models, studio):
    audio = noise(N)

    def render(poison):
        def poisoned(first, count):
            made = rows(4, count, amp=0.0)
            if poison and first <= 100 < first + count:
                made[100 - first, columns(4).bias] = np.nan
            return made

        made = studio(audio)
        made.play(models("plain"), slot=0)
        made.play(models("plain"), slot=1, fill=poisoned)
        return made.run(N), made.events

    (clean, none), (out, events) = render(False), render(True)
    assert none == []
    assert {event.slot for event in events} == {1}
    assert 1 <= len(events) <= 5
    assert np.array_equal(out, clean)


def test_input_that_is_not_finite_poisons_one_voice_for_a_moment(models, studio):
    audio = np.stack([noise(N, 1), noise(N, 2)], axis=1)

    def render(bad):
        heard = audio.copy()
        heard[4800, 1] = np.nan if bad else heard[4800, 1]
        made = studio(heard)
        made.play(models("plain"), Live(1), slot=0, pan=-1.0)
        made.play(models("plain"), Live(2), slot=1, pan=1.0)
        return made.run(N)

    clean, out = render(False), render(True)
    assert np.isfinite(out).all()
    assert np.allclose(out[:, 0], clean[:, 0], atol=1e-6)
    assert np.allclose(out[-8000:, 1], clean[-8000:, 1], atol=1e-5)


def test_a_reset_in_full_sound_does_not_click(models, studio):
    tone = sine(60_000, 200.0, 0.5)
    made = studio(tone)
    made.play(models("identity64"))
    out = [made.run(10_000)]
    made.engine.reset(0)
    out.append(made.run(10_000))
    made.engine.reset()
    out.append(made.run(20_000))
    heard = np.concatenate(out)
    assert roughness(heard[START:]) < 2.2 * 0.5 * 2 * np.pi * 200 / RATE
    assert np.array_equal(heard[-8000:, 0], tone[32_000:40_000])


def test_a_model_is_changed_by_a_crossfade_of_two_slots(models, studio):
    """Amplitudes that sum to one: an input that both models pass as it is must not be touched by the change."""
    audio = noise(N, level=0.5)

    def fade(dims, ratio, rising):
        def fill(first, count):
            made = rows(dims, count)
            ends = np.arange(first + 1, first + count + 1) * ratio
            level = np.clip((ends - 8192) / 4096, 0.0, 1.0)
            made[:, columns(dims).amp] = level if rising else 1 - level
            return made

        return fill

    made = studio(audio)
    made.play(models("identity"), slot=0, fill=fade(256, 256, False))
    made.play(models("identity64"), slot=1, fill=fade(64, 64, True))
    out = made.run(N)[:, 0]
    assert np.allclose(out[START:], audio[START:], atol=1e-6)


def test_panic_silences_what_was_on_its_way(models, studio):
    made = studio(sine(90_000))
    made.play(models("identity"))
    made.run(10_000)
    made.engine.panic()
    after = made.run(60_000)
    silent = np.flatnonzero(~np.abs(after).any(axis=1))
    assert len(silent) > 2000
    assert np.abs(after[-1000:]).max() > 0.4


def test_two_models_need_not_agree_on_rate_ratio_or_chunk(models, studio):
    audio = noise(N)

    def render(*kinds):
        made = studio(audio)
        for slot, kind in enumerate(kinds):
            made.play(models(kind), slot=slot)
        return made.run(N)

    both = render("identity", "plain")
    assert np.allclose(both, render("identity") + render("plain"), atol=1e-5)
