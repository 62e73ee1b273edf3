"""Shaping values: ranges, steps, smoothing, limits to speed, sampling and holding, envelopes of events."""

import math
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livevae.errors import LivevaeError
from livevae.pattern import (
    Context,
    Event,
    Pattern,
    Span,
    Sparse,
    cat,
    dim,
    from_sampler,
    isaw,
    perlin,
    point,
    pure,
    saw,
    seq,
    signal,
    silence,
    sine,
    square,
    stack,
)
from livevae.pattern.follow import running_minimum

D = 3
CPS = 0.7
CONTEXT = Context.at(CPS, seed=5)
TIMES = (np.arange(-2000, 2000, 37) + 0.5) / 509
ARGUMENT = cat(0.25, seq(0.5, 0.75))


class Rising:
    """A trajectory that rises for two seconds and stays."""

    dims = D

    def at(self, seconds: np.ndarray) -> np.ndarray:
        return np.clip(seconds, 0, 2)[:, None] * np.array([1.0, -2.0, 0.5])


NUMBERS = st.sampled_from([sine, saw, perlin, seq(0, 1), cat(0.25, seq(1, silence)), stack(seq(0, 1), saw)])
SOURCES = st.one_of(
    NUMBERS, st.sampled_from([perlin.dims(D), seq(point(1, 2, 3), 0), pure(Rising()), seq(Rising(), silence) + sine])
)
WAYS: list[Callable[[Pattern], Pattern]] = [
    lambda p: p.range(-1, sine),
    lambda p: p.rangex(1, 20),
    lambda p: p.bipolar(),
    lambda p: p.exp(ARGUMENT),
    lambda p: p.quantize(0.25),
    lambda p: p.quantize([0, 0.2, 1]),
    lambda p: p.smooth(0.3),
    lambda p: p.smooth(ARGUMENT),
    lambda p: p.slew(2),
    lambda p: p.slew(5, 0.5),
    lambda p: p.slew(ARGUMENT, math.inf),
    lambda p: p.hold(4),
    lambda p: p.hold(Fraction(3, 2)),
    lambda p: p.hold(cat(2, seq(3, 5))),
    lambda p: p.segment(4),
    lambda p: p.segment(Fraction(5, 3)),
    lambda p: p.segment(cat(2, seq(3, 5))),
    lambda p: p.segment(8).adsr(0.1, 0.1, 0.5, 0.2),
    lambda p: p.segment(2).adsr(ARGUMENT, sine, 0.5, 0.2),
]
factors = st.sampled_from([Fraction(1, 3), Fraction(2, 3), 1, Fraction(3, 2), 3])
shifts = st.sampled_from([Fraction(-5, 4), Fraction(-1, 3), 0, Fraction(1, 8), 1, Fraction(7, 3)])
laws = settings(max_examples=60, deadline=None)


@st.composite
def made(draw: st.DrawFn) -> Pattern:
    pattern = draw(SOURCES)
    for way in draw(st.lists(st.sampled_from(WAYS), min_size=1, max_size=2)):
        pattern = way(pattern)
    return pattern


def sampled(pattern: Pattern, times: np.ndarray = TIMES, context: Context = CONTEXT) -> np.ndarray:
    return pattern.with_dims(D).sample(times, context)


def equal(a: np.ndarray, b: np.ndarray) -> None:
    np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9)


@laws
@given(made(), st.lists(st.integers(1, len(TIMES) - 1), max_size=6))
def test_samples_do_not_depend_on_how_time_is_cut(pattern: Pattern, cuts: list[int]) -> None:
    for times in (TIMES, TIMES / 40):
        found = [sampled(pattern, block) for block in reversed(np.split(times, sorted(set(cuts))))]
        np.testing.assert_array_equal(np.concatenate(found[::-1]), sampled(pattern, times))


@laws
@given(made(), factors, shifts)
def test_time_can_be_changed_and_changed_back(pattern: Pattern, k: Fraction, shift: Fraction) -> None:
    for same in (pattern.fast(k).slow(k), pattern.late(shift).early(shift), pattern.rev().rev()):
        equal(sampled(same), sampled(pattern))


@laws
@given(made(), factors)
def test_fast_reads_the_same_values_sooner(pattern: Pattern, k: Fraction) -> None:
    scale = float(k)
    equal(sampled(pattern.fast(k)), sampled(pattern, TIMES * scale, Context.at(CPS * scale, seed=5)))


@laws
@given(made())
def test_resolving_names_changes_nothing_where_there_are_none(pattern: Pattern) -> None:
    assert pattern.names() == frozenset()
    np.testing.assert_array_equal(sampled(pattern.resolve(lambda name: 0)), sampled(pattern))


@laws
@given(SOURCES, st.sampled_from([1, 3, Fraction(3, 2), Fraction(7, 5), cat(2, seq(3, 5))]), factors)
def test_segments_are_exact_events_that_agree_with_their_samples(p: Pattern, times: object, k: Fraction) -> None:
    pattern = p.segment(times).fast(k)
    assert not pattern.is_continuous
    events = pattern.query(-2, 2, CONTEXT)
    for event in events:
        middle = np.array([float(event.part.midpoint)])
        value = event.value
        if hasattr(value, "at"):
            value = value.at(CONTEXT.seconds(middle) - CONTEXT.seconds(np.array([float(event.extent.begin)])))[0]
        equal(sampled(pattern, middle)[0], np.broadcast_to(np.asarray(value), D))
    heard = np.zeros(TIMES.shape, dtype=bool)
    for event in pattern.query(-4, 4, CONTEXT):
        heard |= (float(event.part.begin) <= TIMES) & (float(event.part.end) > TIMES)
    np.testing.assert_array_equal(np.isnan(sampled(pattern)).any(axis=1), ~heard)


def test_segments_have_the_value_at_their_beginning_and_exact_times() -> None:
    assert saw.segment(3).query(Fraction(1, 6), 1) == [
        Event(
            Span(Fraction(n, 3), Fraction(n + 1, 3)), Span(max(Fraction(n, 3), Fraction(1, 6)), Fraction(n + 1, 3)), v
        )
        for n, v in enumerate([0.0, 1 / 3, 2 / 3])
    ]
    assert [e.value for e in seq("bell", "choir").segment(4).query(0, 1)] == ["bell", "bell", "choir", "choir"]
    assert seq("bell", "choir").segment(4).names() == {"bell", "choir"}


@given(st.integers(1, 999), st.integers(1, 99), st.integers(-10_000, 10_000))
@settings(max_examples=200, deadline=None)
def test_a_step_holds_the_float_at_which_it_begins(up: int, down: int, step: int) -> None:
    rate = Fraction(up, down)
    begins = float(step / rate)
    clock = signal(lambda cycles: cycles)
    assert clock.hold(rate).sample([begins])[0] == pytest.approx(begins, abs=1e-9)
    assert clock.hold(rate).sample([np.nextafter(begins, -np.inf)])[0] == pytest.approx(
        float((step - 1) / rate), abs=1e-9
    )


def test_recordings_begin_again_with_every_segment() -> None:
    again = pure(Rising()).segment(4).sample([0.25, 0.3, 0.5], Context.at(1.0))
    np.testing.assert_allclose(again[:, 0], [0, 0.05, 0], atol=1e-12)


@pytest.mark.parametrize(
    "way", [lambda p: p.hold(4), lambda p: p.segment(4), lambda p: p.smooth(0.1), lambda p: p.slew(50)]
)
def test_a_knob_is_heard_when_it_is_moved(way: Callable[[Pattern], Pattern]) -> None:
    stands = {"at": 0.25}
    knob = way(from_sampler(lambda cycles, context: np.full(len(cycles), stands["at"])))
    assert knob.sample([0.4])[0] == pytest.approx(0.25)
    stands["at"] = 0.75
    assert knob.sample([0.4])[0] == pytest.approx(0.75)


def test_hold_is_continuous_and_segment_is_not() -> None:
    for source in (saw, seq(0, 1)):
        assert source.hold(3).is_continuous
        assert not source.segment(3).is_continuous
        np.testing.assert_array_equal(source.hold(3).sample(TIMES), source.segment(3).sample(TIMES))


def test_ranges() -> None:
    np.testing.assert_allclose(saw.rangex(20, 2000).sample([0.0, 0.5]), [20, 200])
    np.testing.assert_allclose(saw.rangex(-8, -2).sample([0.5]), [-4])
    np.testing.assert_allclose(saw.rangex(1, cat(4, 16)).sample([0.5, 1.5]), [2, 4])
    np.testing.assert_allclose(saw.bipolar().sample(TIMES), saw.range(-1, 1).sample(TIMES))
    assert seq(0, 1).bipolar().query(0, 1) == seq(-1, 1).query(0, 1)
    for curve in (-5, -1e-9, 0, 3, 8):
        bent = saw.exp(curve).sample(np.arange(101) / 101)
        assert bent[0] == 0
        assert (np.diff(bent) > 0).all()
        assert bent.max() < 1
    np.testing.assert_allclose(saw.exp(0).sample(TIMES), saw.sample(TIMES))
    np.testing.assert_allclose(1 - isaw.exp(-4).sample(TIMES), saw.exp(4).sample(TIMES))


def test_values_move_to_the_nearest_step() -> None:
    found = sine.range(-3, 3).quantize(0.5).sample(TIMES)
    np.testing.assert_array_equal(found * 2, np.round(found * 2))
    assert np.abs(found - sine.range(-3, 3).sample(TIMES)).max() <= 0.25
    scale = np.array([-2.5, 0.1, 0.2, 4])
    listed = sine.range(-3, 3).quantize(scale.tolist()[::-1]).sample(TIMES)
    nearest = scale[np.abs(sine.range(-3, 3).sample(TIMES)[:, None] - scale).argmin(axis=1)]
    np.testing.assert_array_equal(listed, nearest)
    np.testing.assert_array_equal(sine.quantize(0).sample(TIMES), sine.sample(TIMES))
    assert np.isnan(seq(1, silence).quantize([0, 1]).sample([0.75])[0])


@pytest.mark.parametrize("way", [lambda p: p.smooth(0.4), lambda p: p.slew(3), lambda p: p.slew(1, 20)])
def test_what_stands_still_is_left_as_it_is(way: Callable[[Pattern], Pattern]) -> None:
    equal(way(pure(0.7)).sample(TIMES), np.full(len(TIMES), 0.7))
    equal(way(pure(point(1, -2).query(0)[0].value)).sample([0.3]), np.array([[1, -2]]))


@pytest.mark.parametrize(
    "tempo",
    [lambda t: t / 0.5, lambda t: t / 3, lambda t: t + 0.3 * np.sin(t), lambda t: np.where(t < 5, t, 5 + (t - 5) * 3)],
)
@pytest.mark.parametrize("seconds", [0.05, 0.25, 1.3])
def test_a_jump_takes_as_long_as_it_is_smoothed(tempo: Callable[[np.ndarray], np.ndarray], seconds: float) -> None:
    context = replace(CONTEXT, seconds=tempo)
    jump = signal(lambda cycles: np.where(cycles < 5, 0.0, 1.0)).smooth(seconds)
    times = np.linspace(3, 9, 60_001)
    after = context.seconds(times) - context.seconds(np.array([5.0]))
    found = jump.sample(times, context)
    np.testing.assert_array_equal(found[after < 0], 0)
    np.testing.assert_allclose(found[after > 1.5 * seconds], 1)
    # The past is looked at some seven times within the time, so that it is late by no more than a part of it.
    assert np.abs(found - np.clip(after / seconds, 0, 1)).max() < 0.3
    assert np.abs(np.diff(found) / np.diff(after)).max() < 1.1 / seconds + 0.02 / np.diff(after).max()


def test_smoothing_never_jumps_and_never_leaves_what_it_smooths() -> None:
    times = np.linspace(0, 8, 40_001)
    found = square.fast(3).smooth(0.3).sample(times, Context.at(0.5))
    assert np.abs(np.diff(found)).max() < 2 * 0.0004 / 0.3
    assert found.min() >= 0
    assert found.max() <= 1 + 1e-12
    noise = perlin.fast(8)
    assert noise.smooth(1).sample(times).std() < 0.5 * noise.sample(times).std()


def test_silence_stays_where_it_is_and_is_left_out() -> None:
    broken = seq(0.5, silence)
    for way in (lambda p: p.smooth(0.6), lambda p: p.slew(0.1)):
        times = (np.arange(500) + 0.5) / 100
        found = way(broken).sample(times)
        np.testing.assert_array_equal(np.isnan(found), np.isnan(broken.sample(times)))
        np.testing.assert_allclose(found[~np.isnan(found)], 0.5)


def limiter(values: np.ndarray, seconds: np.ndarray, up: float, down: float) -> np.ndarray:
    """A limiter of speed, step by step."""
    found = [values[0]]
    for value, step in zip(values[1:], np.diff(seconds), strict=True):
        found.append(min(max(value, found[-1] - down * step), found[-1] + up * step))
    return np.array(found)


@pytest.mark.parametrize(("up", "down"), [(2.0, 2.0), (10.0, 0.5), (0.5, 10.0), (math.inf, 1.0), (1.0, math.inf)])
def test_slew_is_a_limiter_of_speed(up: float, down: float) -> None:
    context = Context.at(0.1)
    steps = seq(0, 1, 0.25, 0.75, 0)
    times = np.linspace(1, 4, 30_001)
    found = steps.slew(up, down).sample(times, context)
    expected = limiter(steps.sample(np.linspace(0, 4, 40_001)), context.seconds(np.linspace(0, 4, 40_001)), up, down)
    fastest = max(speed for speed in (up, down) if math.isfinite(speed))
    cell = max(1 / 64, 4 / min(up, down) / 96) * 1.4
    late = np.abs(found - expected[10_000:])
    assert np.mean(late > 1e-3) < 0.2 if math.isinf(max(up, down)) else late.max() <= fastest * cell + 1e-3
    speeds = np.diff(found) / np.diff(context.seconds(times))
    assert speeds.max() <= up * (1 + 1e-6)
    assert speeds.min() >= -down * (1 + 1e-6)


@pytest.mark.parametrize(("up", "down"), [(4.0, 4.0), (20.0, 2.0), (2.0, 20.0)])
def test_slew_keeps_its_speeds_whatever_it_follows(up: float, down: float) -> None:
    restless = perlin.dims(4).fast(20) + square.fast(3)
    times = np.linspace(0, 20, 60_001)
    context = Context.at(0.5)
    found = restless.slew(up, down).sample(times, context)
    speeds = np.diff(found, axis=0) / np.diff(context.seconds(times))[:, None]
    assert speeds.max() <= up * (1 + 1e-6)
    assert speeds.min() >= -down * (1 + 1e-6)
    assert found.min() >= 0
    assert found.max() <= 2


def test_slew_never_jumps_even_where_it_must_forget() -> None:
    far = signal(lambda cycles: np.where(cycles < 1, 0.0, 1000.0)).slew(1)
    times = np.linspace(0, 40, 200_001)
    found = far.sample(times, Context.at(0.5))
    assert np.abs(np.diff(found)).max() < 2
    assert found[-1] == 1000


def test_followers_go_forwards_inside_a_reversal() -> None:
    jump = signal(lambda cycles: np.where(cycles < 0.5, 1.0, 0.0))
    times = np.array([0.45, 0.55, 0.6, 0.9])
    for way in (lambda p: p.smooth(0.25), lambda p: p.slew(4)):
        np.testing.assert_allclose(way(jump).rev().sample(times, Context.at(0.5)), [0, 0.4, 0.8, 1], atol=0.15)


def test_dimensions_that_are_named_are_shaped_alone() -> None:
    for way in (lambda p: p.smooth(0.3), lambda p: p.slew(2), lambda p: p.hold(8), lambda p: p.segment(8)):
        (value,) = (
            event.value for event in way(dim(1, sine)).query(Fraction(1, 16), Fraction(1, 16) + Fraction(1, 32))
        )
        assert isinstance(value, Sparse)
        expected = way(sine).sample(TIMES)
        np.testing.assert_allclose((way(dim(1, sine)) + point(0, 0)).sample(TIMES)[:, 1], expected)


@pytest.mark.parametrize("shape", [(1, 2), (7, 3), (8, 1), (97, 5), (40,)])
def test_the_running_minimum_is_that_of_all_rows_before(shape: tuple[int, ...]) -> None:
    values = np.random.default_rng(0).standard_normal(shape)
    np.testing.assert_array_equal(running_minimum(values), np.minimum.accumulate(values, axis=0))


def test_envelopes_begin_with_every_event_and_end_with_it() -> None:
    events = seq("bell", silence, pure("choir").fast(2), "drum")
    envelope = events.adsr(0.05, 0.1, 0.5, 0.1)
    context = Context.at(0.5)
    for event in events.query(0, 3):
        begin, end = float(event.part.begin), float(event.part.end)
        at = [begin, begin + 0.025, begin + 0.075, end - 0.05, end - 0.025, end - 1e-9]
        np.testing.assert_allclose(envelope.sample(at, context), [0, 1, 0.5, 0.5, 0.25, 0], atol=1e-6)
    assert envelope.sample([0.3, 0.4]).tolist() == [0, 0]
    assert envelope.names() == frozenset()
    assert envelope.is_continuous


def test_envelopes_are_whole_where_events_are_long_or_short() -> None:
    long = pure(1).slow(3).adsr(1, 1, 0.5, 1)
    np.testing.assert_allclose(long.sample([0.25, 0.5, 1.0, 2.0, 2.75], Context.at(0.5)), [0.5, 1, 0.5, 0.5, 0.25])
    short = pure(1).fast(8).adsr(1, 1, 0.5, 2)
    np.testing.assert_allclose(short.sample(np.arange(5) / 32, Context.at(0.5)), [0, 1, 0.5, 0.25, 0], atol=1e-9)


def test_envelopes_of_what_is_combined_and_moved_in_time() -> None:
    context = Context.at(0.5)
    expected = pure(1).fast(2).adsr(0.2, 0.1, 0.5, 0.3).sample(TIMES, context)
    equal((pure("a").fast(2) + sine).adsr(0.2, 0.1, 0.5, 0.3).sample(TIMES, context), expected)
    equal(pure(1).adsr(0.2, 0.1, 0.5, 0.3).fast(2).sample(TIMES, context), expected)
    equal(pure(1).fast(2).adsr(0.2, 0.1, 0.5, 0.3).rev().sample(TIMES, context), expected)


@pytest.mark.parametrize(
    "make",
    [
        lambda: saw.range(0, math.nan),
        lambda: saw.range(0, None),
        lambda: saw.rangex(0, 1),
        lambda: saw.rangex(-1, 1),
        lambda: saw.quantize([]),
        lambda: saw.quantize(["a"]),
        lambda: saw.smooth(-1),
        lambda: saw.smooth(61),
        lambda: saw.smooth("x"),
        lambda: saw.slew(0),
        lambda: saw.slew(1, -1),
        lambda: saw.slew(None),
        lambda: saw.hold(0),
        lambda: saw.segment(-4),
        lambda: saw.segment("x"),
        lambda: saw.segment(cat(2, 0)).sample([1.5]),
        lambda: saw.adsr(),
    ],
)
def test_bad_arguments_are_errors(make: Callable[[], object]) -> None:
    with pytest.raises(LivevaeError):
        make()
