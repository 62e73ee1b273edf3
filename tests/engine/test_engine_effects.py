"""Effects: each does what it says, to the sample and to the decibel; chains change without a click."""

import math
import threading

import numpy as np
import pytest
import soundfile

from livevae.engine.effects import (
    BUILT_IN,
    LANES,
    MASTER,
    RACKS,
    TICK,
    WIDTH,
    Code,
    Effect,
    Lane,
    chain_from_json,
    chain_to_json,
    input_rack,
)
from livevae.engine.impulse import prepared, read_impulse
from livevae.engine.interface import FileInput, FromSlot, Live, Silence, Treated, source_from_json, source_to_json
from livevae.engine.realtime import flush_denormals
from livevae.errors import LivevaeError
from support.engines import RATE, noise, roughness, sine

SETTLED = 12_000
"""Samples after which a chain that was there from the beginning is heard alone."""


def effect(name, **values):
    """A built-in effect with its usual parameters but for those given."""
    return Effect(name, {key: values.get(key, known.default) for key, known in BUILT_IN[name].items()})


def own(source, tail=0.1, line=1, **values):
    """An effect by a function called `own`."""
    return Effect("own", values, Code(source, "piece.py", line, {"LEVEL": 0.25}, tail))


def db(number):
    return 20 * math.log10(max(float(number), 1e-12))


def loudness(audio):
    return db(np.sqrt(np.mean(np.square(audio, dtype=np.float64))))


class Board:
    """Rows for racks: `chains` by generation, `lanes(rack, tick)` for the numbers."""

    def __init__(self, studio, models, audio, **options):
        self.made = studio(audio, **options)
        self.engine = self.made.engine
        self.models = models
        self.generation = lambda rack, tick: 1
        self.lanes = lambda rack, tick: []
        self.engine.attach_ticks(self.fill)

    def fill(self, rack, first, count):
        rows = np.full((count, WIDTH), np.nan, np.float32)
        for row, tick in zip(rows, range(first, first + count), strict=True):
            numbers = self.lanes(rack, tick)
            row[0], row[1 : 1 + len(numbers)] = self.generation(rack, tick), numbers
        return rows

    def voice(self, rack=0, source=None, **how):
        self.made.play(self.models("identity"), source or Live(1), **how)
        self.engine.set_rack(how.get("slot", 0), rack)


@pytest.fixture
def through(studio, models):
    """`through(chain, audio)` gives what a voice sounds through a chain, and the chain's latency."""

    def run(chain, audio, rack=0, lanes=lambda rack, tick: [], samples=None, **options):
        board = Board(studio, models, audio, **options)
        board.lanes = lanes
        latency = board.engine.set_chain(rack, 1, tuple(chain))
        board.voice()
        return board.made.run(samples or len(audio)), latency

    return run


# -- the chain


def test_a_chain_on_a_voice_the_master_or_an_input_treats_it(studio, models):
    audio = sine(24_000, 440.0, 0.3)
    half = (effect("gain", level=db(0.5)),)
    for rack in (0, MASTER, input_rack(3)):
        board = Board(studio, models, audio)
        if rack == input_rack(3):
            board.engine.hear(3, Live(1))
        board.engine.set_chain(rack, 1, half)
        board.voice(source=Treated(3) if rack == input_rack(3) else Live(1))
        out = board.made.run(len(audio))
        assert np.abs(out[SETTLED:, 0] - audio[SETTLED:] / 2).max() < 1e-6, rack


def test_effects_on_a_file_and_on_another_voice_as_input(studio, models, tmp_path):
    audio = sine(24_000, 330.0, 0.4)
    soundfile.write(tmp_path / "in.wav", audio, RATE, subtype="FLOAT")
    half = (effect("gain", level=db(0.5)),)
    for source in (FileInput(tmp_path / "in.wav"), FromSlot(1)):
        board = Board(studio, models, audio)
        if isinstance(source, FromSlot):
            board.made.play(models("identity"), Live(1), slot=1, pan=-1.0)
        board.engine.hear(0, source)
        board.engine.set_chain(input_rack(0), 1, half)
        board.voice(source=Treated(0), pan=1.0)
        right = board.made.run(16_000)[:, 1]
        assert np.abs(right[SETTLED:]).max() == pytest.approx(0.2, abs=1e-3)


def test_what_an_input_with_effects_hears_changes_without_a_click(studio, models, tmp_path):
    audio = sine(60_000, 200.0, 0.3)
    soundfile.write(tmp_path / "in.wav", sine(60_000, 300.0, 0.3), RATE, subtype="FLOAT")
    board = Board(studio, models, audio)
    board.engine.hear(0, Live(1))
    board.engine.set_chain(input_rack(0), 1, (effect("gain", level=0.0),))
    board.voice(source=Treated(0))
    pieces = [board.made.run(SETTLED)]
    for source in (FileInput(tmp_path / "in.wav"), Silence(), Live(1)):
        board.engine.hear(0, source)
        pieces.append(board.made.run(SETTLED))
    out = np.concatenate(pieces)
    assert roughness(out[5000:]) < 1.5 * roughness(sine(RATE, 300.0, 0.3))
    assert np.abs(out[-2000:]).max() == pytest.approx(0.3, abs=0.01)


def test_a_voice_beside_one_with_effects_is_not_touched(studio, models):
    audio = noise(16_000)
    board = Board(studio, models, audio)
    board.engine.set_chain(5, 1, (effect("gain", level=-120.0),))
    board.voice(rack=None)
    assert np.array_equal(board.made.run(16_000)[512:, 0], audio[512:])


def test_effects_come_in_their_order_and_take_stereo(through):
    audio = sine(24_000, 200.0, 0.5)
    limited = through([effect("gain", level=12.0), effect("limiter", ceiling=-12.0)], audio)[0]
    louder = through([effect("limiter", ceiling=-12.0), effect("gain", level=6.0)], audio)[0]
    assert db(np.abs(limited).max()) == pytest.approx(-12.0, abs=0.01)
    assert db(np.abs(louder[SETTLED:]).max()) == pytest.approx(-6.0, abs=0.1)
    assert np.array_equal(limited[:, 0], limited[:, 1])


def test_chains_and_sources_travel_as_plain_data():
    chain = (effect("delay", mix=Lane(3)), own("def own(sound):\n    return sound\n", amount=0.5))
    assert chain_from_json(chain_to_json(chain)) == chain
    assert source_from_json(source_to_json(Treated(4))) == Treated(4)


# -- exactness


SCENE = (
    effect("eq", low=-6.0, high=Lane(0)),
    effect("compressor"),
    effect("pitch", semitones=5.0, mix=0.5),
    effect("chorus"),
    effect("delay", time=0.05),
    effect("reverb", mix=Lane(1)),
    effect("distortion", drive=6.0),
    effect("limiter"),
)


def sway(rack, tick):
    return [4 * math.sin(tick / 7), 0.5 + 0.5 * math.sin(tick / 11)]


def test_two_runs_give_the_same_bits(through):
    audio = noise(16_000)
    once, again = (through(SCENE, audio, lanes=sway)[0] for _ in range(2))
    assert np.array_equal(once, again)
    assert np.abs(once).max() > 0.1


@pytest.mark.parametrize("block", [64, 100, 1024])
def test_the_block_changes_no_bit_of_a_chain_and_its_changes(studio, models, block):
    audio = noise(24_000)

    def run(size):
        board = Board(studio, models, audio, block=size)
        board.lanes = sway
        board.generation = lambda rack, tick: 1 if tick < 40 else 2
        board.engine.set_chain(0, 1, SCENE[:1] + SCENE[3:5])
        board.engine.set_chain(0, 2, SCENE[5:])
        board.voice()
        return board.made.run(len(audio))

    assert np.array_equal(run(256), run(block))


# -- each effect


@pytest.mark.parametrize(("band", "frequency"), [("low", 40.0), ("mid", 1000.0), ("high", 14_000.0)])
@pytest.mark.parametrize("level", [-12.0, 6.0])
def test_eq_raises_and_lowers_its_band(through, band, frequency, level):
    audio = sine(36_000, frequency, 0.2)
    out = through([effect("eq", **{band: level})], audio)[0]
    assert loudness(out[SETTLED:]) - loudness(audio[SETTLED:]) == pytest.approx(level, abs=0.6)


@pytest.mark.parametrize(("name", "frequency", "lost"), [
    ("highpass", 1000.0, -3.0), ("highpass", 250.0, -24.0), ("lowpass", 1000.0, -3.0), ("lowpass", 4000.0, -24.4),
])  # fmt: skip
def test_filters_fall_by_twelve_decibels_an_octave(through, name, frequency, lost):
    audio = sine(36_000, frequency, 0.3)
    out = through([effect(name, frequency=1000.0)], audio)[0]
    assert loudness(out[SETTLED:]) - loudness(audio[SETTLED:]) == pytest.approx(lost, abs=0.6)


@pytest.mark.parametrize(("time", "samples"), [(0.3, 14_400), (0.0125, 600), (0.1001, 4805)])
def test_delay_is_exact_to_the_sample(through, time, samples):
    audio = np.zeros(60_000, np.float32)
    audio[SETTLED] = 0.5
    out, latency = through([effect("delay", time=time, feedback=0.5, mix=0.5)], audio)
    assert latency == 0
    # Single precision may put a thousandth of a repeat on the sample beside it.
    found = np.flatnonzero(np.abs(out[: SETTLED + 3 * samples - 2, 0]) > 1e-3)
    assert found.tolist() == [SETTLED, SETTLED + samples, SETTLED + 2 * samples]
    assert out[found, 0] == pytest.approx([0.25, 0.25, 0.125], rel=3e-3)


def test_gate_opens_and_closes(through):
    audio = sine(72_000, 300.0, 0.5)
    audio[24_000:48_000] *= 10 ** (-60 / 20)
    out = through([effect("gate", threshold=-40.0)], audio)[0][:, 0]
    assert np.abs(out[15_000:23_000]).max() == pytest.approx(0.5, abs=0.01)
    assert db(np.abs(out[36_000:47_000]).max()) < -75
    assert np.abs(out[52_000:]).max() == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize(("level", "given"), [(-30.0, -30.0), (-12.0, -18.0), (-4.0, -16.0)])
def test_compressor_keeps_its_ratio(through, level, given):
    # A square wave is as loud at each of its samples.
    audio = (10 ** (level / 20) * np.sign(sine(36_000, 200.0, 1.0) + 1e-9)).astype(np.float32)
    out = through([effect("compressor", threshold=-20.0, ratio=4.0)], audio)[0]
    assert db(np.abs(out[24_000:]).max()) == pytest.approx(given, abs=0.2)


def test_limiter_never_passes_its_ceiling_and_leaves_the_rest_alone(through):
    audio = noise(24_000, level=0.99)
    audio[18_000:] *= 0.2
    out = through([effect("limiter", ceiling=-6.0, release=0.02)], audio)[0][:, 0]
    assert np.abs(out).max() <= 10 ** (-6 / 20) + 1e-6
    assert np.array_equal(out[23_000:], audio[23_000:])


@pytest.mark.parametrize("semitones", [-12.0, 7.0, 12.0])
def test_pitch_moves_by_semitones(through, semitones):
    audio = sine(72_000, 440.0, 0.3)
    out, latency = through([effect("pitch", semitones=semitones, window=0.2)], audio)
    assert latency == 4800
    part = out[20_000:, 0] * np.hanning(52_000)
    spectrum = np.abs(np.fft.rfft(part)) ** 2
    mean = (spectrum * np.arange(len(spectrum))).sum() / spectrum.sum() * RATE / 52_000
    assert mean / 440.0 == pytest.approx(2 ** (semitones / 12), rel=0.01)


def test_pitch_at_no_semitones_is_the_sound_itself_and_dry_is_as_late_as_wet(through):
    audio = noise(24_000)
    for mix in (0.0, 0.5, 1.0):
        out, latency = through([effect("pitch", semitones=0.0, mix=mix)], audio)
        late = audio[SETTLED - latency : 24_000 - latency]
        # The read heads lie two samples behind their place, so that they never come before the sound.
        shift = np.correlate(out[SETTLED:, 0], late[20:-20], "valid").argmax() - 20
        assert abs(shift) <= 2


def test_reverb_dies_away_and_fills_both_sides(through):
    audio = np.zeros(96_000, np.float32)
    audio[SETTLED : SETTLED + 2000] = noise(2000)
    out = through([effect("reverb", size=0.7, mix=1.0)], audio)[0]
    levels = [loudness(out[SETTLED + start : SETTLED + start + 6000]) for start in range(6000, 78_000, 12_000)]
    falls = np.diff(levels)
    assert levels[0] > -50
    assert (falls < -3).all()
    assert abs(np.corrcoef(out[20_000:60_000].T)[0, 1]) < 0.3


def test_convolve_is_the_convolution_with_the_file_as_loud_as_it_came(through, tmp_path):
    length = 30_000
    decay = np.exp(-np.arange(length) / 5000)[:, None]
    impulse = (np.random.default_rng(3).normal(size=(length, 2)) * decay).astype(np.float32)
    soundfile.write(tmp_path / "hall.wav", impulse, RATE, subtype="FLOAT")
    audio = np.zeros(60_000, np.float32)
    audio[SETTLED:] = noise(60_000 - SETTLED)
    out, latency = through([effect("convolve", file=str(tmp_path / "hall.wav"), mix=1.0)], audio)
    kernel = read_impulse(tmp_path / "hall.wav", RATE)
    for channel in range(2):
        wanted = np.convolve(audio, kernel[:, channel])[: 60_000 - latency]
        error = out[latency:, channel] - wanted
        assert loudness(error) < loudness(wanted) - 30
    assert loudness(out[40_000:]) == pytest.approx(loudness(audio[40_000:]), abs=1.0)
    dry, _ = through([effect("convolve", file=str(tmp_path / "hall.wav"), mix=0.0)], audio)
    assert np.array_equal(dry[SETTLED:, 0], audio[SETTLED - latency : 60_000 - latency])


def test_an_impulse_response_is_resampled_and_cut_where_it_is_silent(tmp_path):
    sound = np.zeros(44_100, np.float32)
    sound[4410:8820] = noise(4410)
    soundfile.write(tmp_path / "room.flac", sound, 44_100)
    assert len(read_impulse(tmp_path / "room.flac", RATE)) == pytest.approx(4800, rel=0.05)
    assert prepared(tmp_path / "room.flac", RATE) == prepared(tmp_path / "room.flac", RATE)
    soundfile.write(tmp_path / "nothing.wav", np.zeros(100), RATE)
    (tmp_path / "text.wav").write_text("no sound")
    for name, what in (("nothing.wav", "silent"), ("text.wav", "cannot be read"), ("missing.wav", "cannot be read")):
        with pytest.raises(LivevaeError, match=what):
            prepared(tmp_path / name, RATE)


def test_chorus_and_distortion_change_the_sound(through):
    audio = sine(48_000, 440.0, 0.3)
    spectrum = np.abs(np.fft.rfft(through([effect("distortion", drive=30.0)], audio)[0][24_000:, 0]))
    clean = np.abs(np.fft.rfft(audio[24_000:]))
    assert spectrum[660] / spectrum[220] > 0.2
    assert clean[660] / clean[220] < 1e-3
    wide = through([effect("chorus")], audio)[0]
    assert np.abs(wide[SETTLED:, 0] - wide[SETTLED:, 1]).max() > 0.05
    assert roughness(wide[SETTLED:]) < 2 * roughness(audio)


@pytest.mark.parametrize("name", ["delay", "reverb", "chorus", "distortion"])
def test_mix_at_nothing_is_the_sound_as_it_was(through, name):
    audio = noise(20_000)
    assert np.array_equal(through([effect(name, mix=0.0)], audio)[0][SETTLED:, 0], audio[SETTLED:])


@pytest.mark.parametrize("name", [name for name in BUILT_IN if name != "convolve"])
def test_every_parameter_that_may_move_can_be_moved_through_its_range(through, name):
    moving = {key: known for key, known in BUILT_IN[name].items() if known.moves}
    lanes = {key: Lane(number) for number, key in enumerate(moving)}

    def numbers(rack, tick):
        share = 0.5 + 0.6 * math.sin(tick / 9)
        return [known.low + (known.high - known.low) * share for known in moving.values()]

    out = through([effect(name, **lanes), effect("limiter")], noise(24_000), lanes=numbers)[0]
    assert np.isfinite(out).all()


# -- parameters that move


def test_a_parameter_arrives_in_time_and_in_a_line(through):
    audio = np.full(36_000, 0.5, np.float32)
    step = 80
    out = through([effect("gain", level=Lane(2))], audio, lanes=lambda r, t: [0, 0, -20.0 if t < step else 0.0])[0]
    start = step * TICK - 4096
    assert out[start - 1, 0] == pytest.approx(0.05, rel=1e-5)
    assert db(out[start + TICK // 2 - 1, 0] / 0.5) == pytest.approx(-10.0, abs=0.01)
    assert out[start + TICK - 1, 0] == pytest.approx(0.5, rel=1e-6)
    assert np.abs(np.diff(out[SETTLED:, 0])).max() < 0.5 / TICK * 3


def test_a_parameter_stays_where_it_is_in_a_rest_and_within_its_range(through):
    audio = np.full(30_000, 0.1, np.float32)
    numbers = {0: -20.0, 70: math.nan, 90: 1000.0}
    out = through(
        [effect("gain", level=Lane(0)), effect("gain", level=-40.0)],
        audio,
        lanes=lambda r, t: [numbers[max(key for key in numbers if key <= t)]],
    )[0][:, 0]
    assert out[80 * TICK - 4096] == pytest.approx(1e-4, rel=1e-4)
    assert out[29_000] == pytest.approx(0.1, rel=1e-4)


# -- changes


CHAINS = (
    (effect("delay", time=0.05, feedback=0.6, mix=0.4),),
    (effect("eq", low=-6.0), effect("reverb", mix=0.3)),
    (),
    (effect("chorus"),),
    (effect("gain", level=-3.0),),
)


def test_changing_a_chain_does_not_click_and_what_rang_out_is_released(studio, models):
    audio = sine(200_000, 200.0, 0.3)
    board = Board(studio, models, audio)
    board.voice()
    for generation, chain in enumerate(CHAINS, 1):
        board.engine.set_chain(0, generation, chain)
    board.generation = lambda rack, tick: min(1 + tick // 80, len(CHAINS))
    out = board.made.run(len(audio))
    assert roughness(out[2000:]) < 2.5 * roughness(audio)
    before = len(board.engine._server._server._server.getStreams())
    board.made.run(48_000 * 8)
    assert len(board.engine._server._server._server.getStreams()) < before


def test_the_old_chain_rings_out(studio, models):
    audio = np.zeros(60_000, np.float32)
    audio[SETTLED] = 0.5
    board = Board(studio, models, audio)
    board.voice()
    board.engine.set_chain(0, 1, (effect("delay", time=0.5, feedback=0.0, mix=1.0),))
    board.engine.set_chain(0, 2, ())
    change = (SETTLED + 4096) // TICK + 10
    board.generation = lambda rack, tick: 1 if tick < change else 2
    out = board.made.run(len(audio))
    assert np.flatnonzero(np.abs(out[:, 0]) > 0.01).tolist() == [SETTLED + 24_000]


def test_many_changes_leave_nothing_behind(studio, models):
    board = Board(studio, models, noise(400_000))
    board.voice()
    now = [0]
    board.generation = lambda rack, tick: now[0]
    chains = (
        (own("def own(sound):\n    return (sound * 0.5 + sound) * 0.3 - sound * LEVEL\n"),),
        (effect("gain", level=-3.0),),
        (),
        (effect("pitch", semitones=3.0), effect("limiter")),
    )
    counts = []
    for generation in range(1, 41):
        board.engine.set_chain(0, generation, chains[generation % 4])
        now[0] = generation
        assert np.isfinite(board.made.run(6000)).all()
        counts.append(len(board.engine._server._server._server.getStreams()))
    assert max(counts[30:]) <= max(counts[4:12])


def test_a_chain_that_is_there_is_not_built_again_and_what_waited_after_it_is_given_up(studio, models):
    audio = sine(60_000, 200.0, 0.3)
    board = Board(studio, models, audio)
    board.voice()
    half = (effect("gain", level=db(0.5)),)
    board.engine.set_chain(0, 1, half)
    board.made.run(SETTLED)
    (rack,) = board.engine._racks._racks.values()
    sounding = rack.current
    board.engine.set_chain(0, 2, (effect("delay"),))
    board.made.run(1000)
    assert len(rack.built) == 2
    board.engine.set_chain(0, 1, half)
    board.made.run(20_000)
    assert rack.built == [sounding]
    assert np.abs(board.made.run(5000)[:, 0] - audio[SETTLED + 21_000 : SETTLED + 26_000] / 2).max() < 1e-6
    board.engine.panic()
    board.made.run(10_000)
    assert np.abs(board.made.run(5000)).max() == pytest.approx(0.15, abs=0.01)


def test_panic_ends_what_rings_and_brings_the_chain_back_empty(studio, models):
    audio = np.zeros(120_000, np.float32)
    audio[SETTLED : SETTLED + 4000] = noise(4000)
    audio[90_000:] = noise(30_000)
    board = Board(studio, models, audio)
    board.voice()
    board.engine.set_chain(0, 1, (effect("delay", time=0.1, feedback=0.9, mix=0.5),))
    assert np.abs(board.made.run(40_000)[30_000:]).max() > 0.02
    board.engine.panic()
    out = board.made.run(80_000)
    assert not out[1000:40_000].any()
    assert np.abs(out[60_000:]).max() > 0.1


# -- the performer's own


def test_a_function_of_pyo_objects_is_an_effect(through):
    audio = sine(24_000, 440.0, 0.3)
    source = "def own(sound, amount=1):\n    low = sound * LEVEL\n    return low * amount + fx.gain(sound, -120)\n"
    out = through([own(source, amount=2.0)], audio)[0]
    assert np.abs(out[SETTLED:, 0] - audio[SETTLED:] / 2).max() < 1e-5
    mono = through([own("def own(sound):\n    return pyo.Sig(sound[0])\n")], audio)[0]
    assert np.array_equal(mono[SETTLED:, 1], audio[SETTLED:])
    moved = through([own(source, amount=Lane(0))], audio, lanes=lambda r, t: [2.0])[0]
    assert np.abs(moved[SETTLED:, 0] - audio[SETTLED:] / 2).max() < 1e-5


@pytest.mark.parametrize(("source", "said"), [
    ("def own(sound):\n    low = 1\n    return pyo.Nothing(sound)\n", r"piece\.py:12: own: AttributeError: .*Nothing"),
    ("def own(sound):\n    return sound +\n", r"piece\.py:11: own: SyntaxError: invalid syntax"),
    ("def own(sound):\n    return 3\n", r"piece\.py:10: own gave int: an effect returns a pyo object"),
    ("def own(sound, amount):\n    return sound\n", r"piece\.py:10: own: TypeError"),
    ("def own(sound):\n    return fx.reverb(sound, length=3)\n", r"piece\.py:11: own: TypeError: fx\.reverb takes"),
    ("def own(sound):\n    return fx.echo(sound)\n", r"piece\.py:11: own: AttributeError: fx has no 'echo'"),
    ("def own(sound):\n    return fx.pitch(sound)\n", r"piece\.py:11: own: TypeError: fx\.pitch needs semitones"),
])  # fmt: skip
def test_an_error_names_its_line_and_the_old_chain_plays_on(studio, models, source, said):
    audio = sine(48_000, 440.0, 0.3)
    board = Board(studio, models, audio)
    board.voice()
    board.engine.set_chain(0, 1, (effect("gain", level=db(0.5)),))
    board.made.run(SETTLED)
    with pytest.raises(LivevaeError, match=said):
        board.engine.set_chain(0, 2, (effect("gain", level=0.0), own(source, line=10)))
    assert np.abs(board.made.run(10_000)[:, 0] - audio[SETTLED : SETTLED + 10_000] / 2).max() < 1e-6


def test_what_is_no_number_is_silence_and_is_told_once(studio, models):
    board = Board(studio, models, noise(60_000))
    board.voice()
    board.engine.set_chain(0, 1, (own("def own(sound):\n    return pyo.Pow(sound * 0 - 1, 0.5)\n"),))
    out = board.made.run(40_000)
    assert np.isfinite(out).all()
    assert not out[SETTLED:].any()
    assert [(event.kind, event.rack) for event in board.made.events] == [("effect", 0)]
    board.generation = lambda rack, tick: 2
    board.engine.set_chain(0, 2, ())
    assert np.abs(board.made.run(12_000)[9000:]).max() > 0.1


def test_what_is_asked_for_wrongly_is_refused(studio, models):
    engine = Board(studio, models, noise(1000)).engine
    with pytest.raises(LivevaeError, match="no effect 'nothing'"):
        engine.set_chain(0, 1, (Effect("nothing", {}),))
    with pytest.raises(LivevaeError, match="no rack"):
        engine.set_chain(RACKS, 1, ())
    with pytest.raises(LivevaeError, match="cannot be read"):
        engine.hear(0, FileInput(prepared.__code__.co_filename))
    engine.hear(0, Silence())
    assert LANES >= 24


def test_numbers_too_small_for_full_precision_can_be_made_nothing():
    small, found = np.full(4, 1e-36, np.float32), []

    def work():
        before = (small * np.float32(1e-4)).all()
        found.append((flush_denormals(), before, (small * np.float32(1e-4)).any()))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    known, before, after = found[0]
    assert before
    assert after == (not known)
    # Other threads are as they were.
    assert (small * np.float32(1e-4)).all()
