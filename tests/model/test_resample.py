"""Streams at another sample rate."""

import numpy as np
import pytest
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from livevae.errors import LivevaeError
from livevae.model import RealTimeResampler, StreamResampler

RATES = [(48000, 44100), (44100, 48000), (48000, 24000), (16000, 48000)]
rates = st.sampled_from(RATES)
blocks = st.lists(st.integers(1, 3000), min_size=3, max_size=20)


def sound(samples: int, channels: int = 1) -> np.ndarray:
    """Noise without the highest octave, so that every rate can carry it."""
    noise = np.random.default_rng(2).normal(0, 0.2, (samples, channels))
    return soxr.resample(noise[::4], 1, 4)[:samples].astype(np.float32) if samples > 64 else noise.astype(np.float32)


@settings(max_examples=20, deadline=None)
@given(rate=rates, sizes=blocks, channels=st.integers(1, 2))
def test_a_stream_equals_one_shot(rate, sizes, channels):
    x = sound(sum(sizes), channels)
    stream = StreamResampler(*rate, channels)
    pieces = [stream.process(block) for block in np.split(x, np.cumsum(sizes)[:-1])]
    got = np.concatenate([*pieces, stream.flush()])
    expected = soxr.resample(x, *rate).reshape(-1, channels)
    assert got.shape == expected.shape
    np.testing.assert_allclose(got, expected, atol=1e-5)


def test_a_flushed_stream_begins_again():
    stream = StreamResampler(48000, 44100)
    x = sound(10000)
    first = np.concatenate([stream.process(x), stream.flush()])
    again = np.concatenate([stream.process(x), stream.flush()])
    np.testing.assert_array_equal(first, again)


@settings(max_examples=25, deadline=None)
@given(rate=rates, sizes=blocks)
def test_what_is_due_can_always_be_pulled(rate, sizes):
    """The output is the converted input, `latency` samples late to the sample, and never starves."""
    source, target = rate
    stream = RealTimeResampler(source, target)
    x = sound(sum(sizes))
    pulled, pushed, count = [], 0, 0
    for block in np.split(x, np.cumsum(sizes)[:-1]):
        stream.push(block)
        pushed += len(block)
        due = pushed * target // source - count
        assert stream.available >= due
        pulled.append(stream.pull(due))
        count += due
    assert stream.starved == 0
    got = np.concatenate(pulled)
    expected = np.concatenate([np.zeros((stream.latency, 1)), soxr.resample(x, source, target)])[: len(got)]
    trusted = max(0, len(got) - 2000)  # near its end, the one-shot conversion hears silence where the stream waits
    np.testing.assert_allclose(got[:trusted], expected[:trusted], atol=1e-4)


@pytest.mark.parametrize(("source", "target"), RATES)
@pytest.mark.parametrize("block", [64, 256, 1024])
def test_it_never_starves_over_minutes_of_audio_blocks(source, target, block):
    stream = RealTimeResampler(source, target)
    silence = np.zeros((block, 1), np.float32)
    pushed = count = 0
    while pushed < 8 * source:
        stream.push(silence)
        pushed += block
        due = pushed * target // source - count
        stream.pull(due)
        count += due
    assert stream.starved == 0


def test_equal_rates_cost_nothing():
    stream = RealTimeResampler(48000, 48000, 2)
    x = sound(1000, 2)
    stream.push(x)
    assert stream.latency == 0
    np.testing.assert_array_equal(stream.pull(1000), x)


def test_pulling_too_early_gives_silence_and_is_counted():
    stream = RealTimeResampler(48000, 44100)
    stream.push(np.ones(100, np.float32))
    got = stream.pull(stream.available + 50)
    assert stream.starved == 50
    assert not got[-50:].any()
    stream.clear()
    assert (stream.available, stream.starved) == (stream.latency, 0)


def test_what_cannot_be_converted_is_refused():
    with pytest.raises(LivevaeError, match="both rates"):
        StreamResampler(0, 48000)
    with pytest.raises(LivevaeError, match="1 or more"):
        StreamResampler(44100, 48000, 0)
    with pytest.raises(LivevaeError, match="2 channels, not 3"):
        StreamResampler(44100, 48000, 2).process(np.zeros((10, 3), np.float32))
