"""What happens in every block: sums, gaps, meters, panic, inputs in time."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from livevae.engine.cover import LENGTH
from livevae.engine.layout import (
    ACTIVE,
    COVERED,
    FIRST,
    LATE,
    LOAD_AUDIO,
    OUTPUT_LENGTH,
    PANICS,
    PEAK_LEFT,
    PEAK_RIGHT,
    READY,
    WRITTEN,
    write_ring,
)
from support.engines import Bench, noise, roughness, sine

LEVEL = 0.5
FREQUENCY = 200.0
SMOOTH = 2.2 * LEVEL * 2 * np.pi * FREQUENCY / 48000
"""No smoothly covered sine of that level is rougher: turning back at a gap doubles its slope."""
SIZES = [64, 100, 256, 1024]


def sound(bench: Bench, slot: int, audio: np.ndarray, first: int = 0, written: int | None = None) -> None:
    """`audio` (samples,) on both sides of a slot from time `first` on."""
    write_ring(bench.shared.outputs[slot], first, np.stack([audio, audio, audio]))
    words = bench.shared.slot_words[slot]
    words[FIRST], words[WRITTEN], words[ACTIVE] = first, first + len(audio) if written is None else written, 1


def test_slots_are_summed_to_the_sample(bench):
    made = bench()
    one, two = noise(2560, 1), noise(2000, 2)
    sound(made, 3, one)
    sound(made, 7, two, first=560)
    out = made.blocks(10)
    expected = one.copy()
    expected[560:] += two
    assert np.array_equal(out, np.stack([expected, expected]))


def test_inputs_land_in_the_ring_at_the_time_they_were_captured(bench):
    made = bench(inputs=2)
    captured = np.stack([noise(25600, 1), noise(25600, 2)])
    for at in range(0, 25600, made.size):
        # While the block at `clock` is prepared, the one before it has just been captured.
        made.input[:] = captured[:, at : at + made.size]
        made.block()
    assert np.array_equal(made.shared.inputs[:2, : 25600 - made.size], captured[:, made.size :])


def test_the_clock_goes_on_by_blocks_and_from_where_it_was(bench):
    made = bench(size=100)
    made.blocks(7)
    assert made.clock == 600
    assert made.mixer.clock == 700


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("missing", [64, 300, 5000])
@pytest.mark.parametrize("at", [4096, 4219])
def test_a_gap_is_covered_without_a_click(bench, size, missing, at):
    made = bench(size=size)
    tone = sine(24000, FREQUENCY, LEVEL)
    sound(made, 0, tone, written=at)
    words = made.shared.slot_words[0]
    heard = []
    while made.mixer.clock < 20000:
        if made.mixer.clock >= at + missing:
            words[WRITTEN] = 24000
        heard.append(made.block())
    out = np.concatenate(heard, axis=1)
    assert roughness(out.T) < SMOOTH
    assert np.array_equal(out[0, :at], tone[:at])
    back = -(-(at + missing) // size) * size + LENGTH
    assert np.array_equal(out[0, back + LENGTH :], tone[back + LENGTH : out.shape[1]])
    silent = out[0, at + LENGTH : at + missing]
    assert not silent.any()
    assert words[LATE] == 1
    assert words[COVERED] >= missing


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    size=st.sampled_from(SIZES),
    waits=st.lists(st.tuples(st.integers(1, 3000), st.integers(1, 3000)), min_size=1, max_size=5),
)
def test_whatever_comes_when_there_is_never_a_click(bench, size, waits):
    made = bench(size=size)
    tone = sine(OUTPUT_LENGTH, FREQUENCY, LEVEL)
    sound(made, 0, tone, written=2000)
    words = made.shared.slot_words[0]
    heard = []
    for missing, there in waits:
        until = made.mixer.clock + missing + 2000
        while made.mixer.clock < until:
            heard.append(made.block())
        words[WRITTEN] = made.mixer.clock + there
    for _ in range(3000 // size + 2):
        heard.append(made.block())
    out = np.concatenate(heard, axis=1)
    assert roughness(out.T) < SMOOTH
    assert np.abs(out).max() <= 2 * LEVEL


def test_a_gap_is_counted_once_however_long(bench):
    made = bench()
    sound(made, 0, sine(40000), written=1000)
    words = made.shared.slot_words[0]
    made.blocks(40)
    assert words[LATE] == 1
    assert words[COVERED] == 40 * 256 - 1000
    words[WRITTEN] = 20000
    made.blocks(20)
    assert words[LATE] == 1
    words[WRITTEN] = made.mixer.clock
    made.blocks(5)
    assert words[LATE] == 2


def test_a_slot_that_has_not_begun_is_silent_and_not_late(bench):
    made = bench()
    made.shared.outputs[:] = 1.0
    sound(made, 0, noise(1000), first=10_100)
    out = made.blocks(40)
    assert not out[:, :10_100].any()
    assert out[:, 10_100:].any()
    assert made.shared.slot_words[0, LATE] == 0


def test_a_slot_that_is_late_from_its_first_sample_does_not_play_what_lay_in_its_ring(bench):
    made = bench()
    sound(made, 0, noise(1000), first=1100)
    made.shared.outputs[0] = 1.0
    made.shared.slot_words[0, WRITTEN] = 1100
    assert not made.blocks(10).any()
    assert made.shared.slot_words[0, LATE] == 1


def test_meters_rise_at_once_and_fall_slowly(bench):
    made = bench()
    made.captured[0], made.captured[1] = 0.25, -0.75
    made.mixer.block()
    floats = made.shared.floats
    assert floats[PEAK_LEFT] == 0.25
    assert floats[PEAK_RIGHT] == 0.75
    made.captured[:] = 0.0
    fallen = []
    for _ in range(100):
        made.mixer.block()
        fallen.append(float(floats[PEAK_RIGHT]))
    assert all(0.9 < b / a < 1.0 for a, b in pairwise(fallen))
    assert fallen[-1] < 0.1
    assert floats[LOAD_AUDIO] > 0.0


def test_what_the_master_played_is_handed_on(bench):
    made = bench()
    taken = []
    made.mixer.on_captured = lambda block: taken.append(block.copy())
    tone = noise(2560)
    sound(made, 0, tone)
    made.blocks(10)
    assert np.array_equal(np.concatenate(taken, axis=1)[0], np.concatenate([np.zeros(256), tone[:-256]]))


@pytest.mark.parametrize("size", SIZES)
def test_panic_is_silence_within_one_block_without_a_click(bench, size):
    made = bench(size=size)
    tone = sine(30000, FREQUENCY, LEVEL)
    sound(made, 0, tone)
    before = made.blocks(3)
    made.shared.words[PANICS] += 1
    during, after = made.block(), made.blocks(20)
    assert not after.any()
    assert abs(during[0, -1]) < LEVEL * 0.05
    steepest = LEVEL / size + LEVEL * 2 * np.pi * FREQUENCY / 48000
    assert roughness(np.concatenate([before, during, after], axis=1).T) < 2.2 * steepest
    assert made.shared.slot_words[0, LATE] == 0


def test_after_a_panic_what_was_already_computed_is_never_heard_and_the_rest_is(bench):
    made = bench()
    sound(made, 0, np.full(5000, 0.5, np.float32))
    made.blocks(2)
    made.shared.words[PANICS] += 1
    made.block()
    write_ring(made.shared.outputs[0], 5000, np.full((3, 5000), 0.25, np.float32))
    made.shared.slot_words[0, WRITTEN] = 10_000
    start = made.mixer.clock
    out = made.blocks(30)[0]
    assert not out[: 5000 - start].any()
    assert (out[5000 - start :][:2000] == 0.25).all()


def test_a_host_is_woken_once_for_what_is_ready(bench):
    made = bench()
    woken = []
    made.mixer.wake[4] = lambda: woken.append(made.clock)
    made.blocks(3)
    assert woken == []
    made.shared.host_words[4, READY] = 1000
    made.blocks(5)
    assert woken == [1024]
    made.shared.host_words[4, READY] = 2500
    made.blocks(5)
    assert woken == [1024, 2560]
