"""Model hosts beside a mixer, in virtual time: in step, too late, hopelessly late, panicking."""

import numpy as np
import pytest

from livevae.engine.controls import BankReader, BankWriter
from livevae.engine.host import Host, group_sizes
from livevae.engine.interface import Live
from livevae.engine.layout import LATE, MUTED_UNTIL, PANICS, SEQUENCE, SKIPPED, WRITTEN
from livevae.engine.timing import Grid
from livevae.errors import LivevaeError
from support.engines import RATE, noise, roughness, rows, sine

SMOOTH = 2.2 * 0.5 * 2 * np.pi * 200 / RATE


class Stage:
    """One voice of an identity model on a bench, fed from `audio`."""

    def __init__(self, bench, model, audio, size=256, groups=(1,), slots=1):
        self.bench = bench(size=size)
        self.audio = audio
        self.grid = Grid(RATE, RATE, model.info.ratio, 1)
        self.nans = []
        self.reader = BankReader(self.bench.shared)
        self.host = Host(
            model, self.grid, self.bench.shared, self.reader, threaded=False, groups=groups, on_nan=self.nans.append
        )
        self.bench.hosts.append(self.host)
        self.writer = BankWriter(self.bench.shared)
        self.delay = self.grid.delay(size, 0.0)
        for slot in range(slots):
            self.host.open(slot, Live(1), self.delay, self.bench.mixer.clock)
            self.fill(slot)

    def fill(self, slot=0, **how):
        self.writer.write(slot, 0, rows(self.host.model.info.latent_size, 2, **how), 0)

    def play(self, blocks, compute=True):
        """(samples,) of what is heard on the left."""
        heard = []
        for _ in range(blocks):
            at = self.bench.mixer.clock - self.bench.size
            part = self.audio[max(0, at) : max(0, at + self.bench.size)]
            self.bench.input[:] = 0.0
            self.bench.input[0, : len(part)] = part
            # The mixer puts the input into the ring and wakes the hosts; what they compute is there for the next block.
            heard.append(self.bench.block(compute=False)[0])
            if compute:
                self.host.run(self.bench.clock)
        return np.concatenate(heard)

    @property
    def words(self):
        return self.bench.shared.slot_words[0]


@pytest.fixture(scope="module")
def model(models, opened_once):
    return opened_once(models("identity64"))


@pytest.fixture
def stage(bench, model):
    return lambda audio, **how: Stage(bench, model, audio, **how)


@pytest.mark.parametrize("size", [64, 100, 256, 1024])
def test_a_host_that_is_woken_in_time_is_never_late(stage, size):
    audio = noise(40_000)
    made = stage(audio, size=size)
    out = made.play(30_000 // size)
    assert made.words[LATE] == 0
    assert np.array_equal(out[made.delay + 512 :], audio[512 : len(out) - made.delay])


def test_the_delay_is_constant_to_the_sample(stage):
    clicks = np.zeros(60_000, np.float32)
    places = np.array([3000, 10_001, 20_002, 33_333, 47_777])
    clicks[places] = 0.5
    made = stage(clicks)
    out = made.play(220)
    assert np.flatnonzero(out).tolist() == (places + made.delay).tolist()


@pytest.mark.parametrize("groups", [(1, 3, 4), (1, 2), (1, 16)])
def test_chunks_computed_together_sound_as_one_by_one(stage, models, opened_once, bench, groups):
    audio = noise(30_000)
    plain = opened_once(models("plain"))

    def render(groups):
        return Stage(bench, plain, audio, size=1024, groups=groups).play(24)

    together, apart = render(groups), render((1,))
    assert np.allclose(together, apart, atol=1e-5)
    assert np.abs(apart).max() > 0.01


def test_groups_are_what_a_block_can_complete():
    assert group_sizes(64, 48000, 48000, 256) == (1, 3, 4)
    assert group_sizes(2048, 48000, 48000, 256) == (1,)
    assert group_sizes(64, 48000, 44100, 256) == (1, 3, 4)
    assert max(group_sizes(100, 44100, 48000, 256)) * 100 >= 256 * 48000 / 44100 - 100


@pytest.mark.parametrize("late", [3, 5, 20, 400])
def test_a_host_that_stalls_is_covered_counted_and_comes_back_in_time(stage, late):
    tone = sine(200_000, 200.0, 0.5)
    made = stage(tone)
    heard = [made.play(40), made.play(late, compute=False), made.play(60)]
    out = np.concatenate(heard)
    assert roughness(out[1500:]) < SMOOTH
    assert made.words[LATE] == 1
    tail = 40 * 256
    expected = tone[len(out) - tail - made.delay : len(out) - made.delay]
    assert np.array_equal(out[-tail:], expected)


def test_what_is_hopelessly_late_is_given_up_and_counted(stage):
    made = stage(sine(200_000, 200.0, 0.5))
    made.play(20)
    before = made.host.ready()
    made.play(100, compute=False)
    assert made.host.run(made.bench.clock) == 1
    assert made.words[SKIPPED] == made.grid.complete(made.bench.clock) - made.grid.complete(before)
    assert made.host.run(made.bench.clock) == 0


def test_a_ring_that_went_round_while_the_host_slept_is_not_heard(stage):
    audio = sine(300_000, 200.0, 0.5)
    made = stage(audio)
    made.play(300)
    audio[70_000:] = 0.0
    silent = made.play(300, compute=False)
    assert not silent[2048:].any()
    assert not made.play(60).any()


def test_a_jump_with_no_slot_open_costs_nothing(stage):
    made = stage(noise(1000), slots=0)
    assert made.host.run(10_000_000) == 0
    assert made.host.ready() is None
    made.host.open(0, Live(1), made.delay, 10_000_000)
    assert made.host.ready() > 10_000_000
    assert made.words[WRITTEN] >= 10_000_000


def panic(made):
    made.words[MUTED_UNTIL] = made.words[SEQUENCE]
    made.bench.shared.words[PANICS] += 1


def test_after_a_panic_a_voice_is_silent_until_it_is_filled_anew(stage):
    tone = sine(200_000, 200.0, 0.5)
    made = stage(tone)
    before = made.play(40)
    panic(made)
    during, after = made.play(1), made.play(100)
    assert not after.any()
    made.fill(amp=0.8)
    back = made.play(100)
    out = np.concatenate([before, during, after, back])
    assert roughness(out[1500:]) < SMOOTH + 4 * 0.5 / 256
    assert np.allclose(back[-5000:], 0.8 * tone[len(out) - 5000 - made.delay : len(out) - made.delay], atol=1e-6)


def test_a_panic_while_a_chunk_is_computed_silences_that_chunk(stage):
    made = stage(np.full(200_000, 0.5, np.float32))
    made.play(40)
    decode, armed = made.host.model.decode, [True]

    def panicking(z):
        if armed:
            armed.clear()
            panic(made)
            made.bench.block(compute=False)
        return decode(z)

    made.host.model.decode = panicking
    try:
        made.play(1)
    finally:
        del made.host.model.decode
    assert not armed
    assert not made.play(50).any()


def test_a_reset_forgets_a_stream_but_not_its_level(stage):
    tone = sine(100_000, 200.0, 0.5)
    made = stage(tone)
    made.play(40)
    made.host.reset(0)
    out = made.play(60)
    assert np.array_equal(out[-5000:], tone[100 * 256 - 5000 - made.delay : 100 * 256 - made.delay])


def test_a_slot_opened_again_does_not_sound_with_the_level_of_its_predecessor(stage):
    made = stage(noise(100_000))
    made.play(40)
    made.host.close(0)
    made.play(1)
    made.host.open(0, Live(1), made.delay, made.bench.clock)
    assert not made.play(20).any()
    made.fill()
    assert made.play(20).any()


def test_a_model_that_holds_one_stream_refuses_a_second(bench, models, opened_once):
    counter = opened_once(models("counter"), sample_rate=RATE)
    made = Stage(bench, counter, noise(1000))
    with pytest.raises(LivevaeError, match="no room"):
        made.host.open(1, Live(1), made.delay, 0)
    assert made.host.slots == (0,)


def test_as_many_voices_as_there_are_slots_share_one_model(bench, model):
    audio = noise(10_000, level=0.01)
    made = Stage(bench, model, audio, slots=32)
    out = made.play(30)
    assert np.allclose(out[made.delay + 512 :], 32 * audio[512 : len(out) - made.delay], atol=1e-5)


def test_a_chunk_too_long_for_the_rings_is_refused(studio, models):
    session = studio(noise(1000))
    info = session.engine.open_model(models("identity"), chunk=40_000)
    with pytest.raises(LivevaeError, match=r"computes 40192 samples at once"):
        session.engine.open_slot(0, info.digest, Live(1))
