"""Continuous patterns: their ends, their ranges, and the laws of time they keep."""

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
    Pattern,
    adsr,
    brownian,
    cat,
    env,
    fade_in,
    fade_out,
    isaw,
    lfo,
    line,
    perlin,
    point,
    pulse,
    pure,
    ramp,
    rand,
    saw,
    seq,
    silence,
    sine,
    square,
    walk,
)

D = 3
CPS = 0.7
CONTEXT = Context.at(CPS, seed=5)
TIMES = (np.arange(-2000, 2000, 37) + 0.5) / 509
STEPS = cat(0.25, seq(0.5, 0.75))

MADE: dict[str, Pattern] = {
    "pulse": pulse,
    "pulse(width)": pulse(0.3),
    "pulse(pattern)": pulse(STEPS),
    "perlin(octaves)": perlin(octaves=4, dims=D),
    "perlin(patterns)": perlin(octaves=cat(1, 3), persistence=STEPS),
    "perlin together": perlin.dims(D, together=0.5),
    "rand": rand.dims(D),
    "walk": walk(0.5, (0, 2), dims=D),
    "walk(patterns)": walk(STEPS, (-1, sine + 1)),
    "brownian": brownian.dims(D),
    "brownian(pattern)": brownian(STEPS, dims=D, seed=4),
    "env": env([(0, 0), (0.25, 1), (1, 0.5), (1, 0.25), (1.5, 0)], curve=["smooth", 3, "linear", -2]),
    "env once": env([(0.5, 1), (4, 2)], curve="exp", once=True),
    "env of points": env([(0, point(1, 2, 3)), (0.5, 0), (2, saw)]),
    "env(patterned times)": env([(0, 0), (STEPS, 1), (1, saw)]),
    "adsr": adsr(),
    "adsr(patterns)": adsr(STEPS, 0.1, sine, "0.5"),
    "line": line(0, 1, 3),
    "line(patterns)": line(saw, point(1, 2, 3), cat(2, 3)),
    "ramp": ramp(3),
    "ramp(pattern)": ramp(cat(2, 3)),
    "fade_in": fade_in(2),
    "fade_out": fade_out(2, curve=3),
    "lfo": lfo(sine, 0.3),
    "lfo(pattern)": lfo(seq(1, 2, 3), cat(1, 2.5)),
}
factors = st.sampled_from([Fraction(1, 3), Fraction(2, 3), 1, Fraction(3, 2), 3])
shifts = st.sampled_from([Fraction(-5, 4), Fraction(-1, 3), 0, Fraction(1, 8), 1, Fraction(7, 3)])
patterns = st.sampled_from(list(MADE.values()))
laws = settings(max_examples=60, deadline=None)


def sampled(pattern: Pattern, times: np.ndarray = TIMES, context: Context = CONTEXT) -> np.ndarray:
    return pattern.sample(times, context)


def equal(a: np.ndarray, b: np.ndarray) -> None:
    np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9)


@laws
@given(patterns, st.lists(st.integers(1, len(TIMES) - 1), max_size=6))
def test_samples_do_not_depend_on_how_time_is_cut(pattern: Pattern, cuts: list[int]) -> None:
    blocks = np.split(TIMES, sorted(cuts))
    found = [sampled(pattern, block) for block in reversed(blocks)]
    np.testing.assert_array_equal(np.concatenate([block for block in found[::-1] if len(block)]), sampled(pattern))


@laws
@given(patterns, factors, shifts)
def test_time_can_be_changed_and_changed_back(pattern: Pattern, k: Fraction, shift: Fraction) -> None:
    for same in (
        pattern.fast(k).slow(k),
        pattern.late(shift).early(shift),
        pattern.rev().rev(),
        pattern.fast(k).late(shift).rev().rev().early(shift).slow(k),
    ):
        equal(sampled(same), sampled(pattern))


@laws
@given(patterns, factors)
def test_fast_reads_the_same_values_sooner(pattern: Pattern, k: Fraction) -> None:
    scale = float(k)
    equal(sampled(pattern.fast(k)), sampled(pattern, TIMES * scale, Context.at(CPS * scale, seed=5)))


@laws
@given(patterns, shifts)
def test_a_query_gives_the_value_at_the_onset(pattern: Pattern, begin: Fraction) -> None:
    begin = Fraction(begin) + Fraction(1, 509)
    (event,) = pattern.query(begin, begin + 1, CONTEXT)
    assert event.whole is None
    equal(np.asarray(event.value), sampled(pattern, np.array([float(begin)]))[0])


@pytest.mark.parametrize("name", MADE)
def test_values_are_always_there_and_resolving_names_changes_nothing(name: str) -> None:
    pattern = MADE[name]
    assert pattern.is_continuous
    assert np.isfinite(sampled(pattern)).all()
    np.testing.assert_array_equal(sampled(pattern.resolve(lambda name: 0)), sampled(pattern))


def test_names_in_what_is_moved_between_are_found_and_resolved() -> None:
    recordings = {"low": point(0, 0).query(0)[0].value, "high": point(2, 4).query(0)[0].value}
    for pattern in (
        line("low", "high", 2),
        env([(0, "low"), (2, "high")]),
        env([(0, "low"), (cat(2, 2), "high")]),
        lfo(seq("low", "high"), 0.5),
    ):
        assert pattern.names() == {"low", "high"}
        found = pattern.resolve(recordings.__getitem__)
        assert found.names() == frozenset()
        assert found.sample([1.0]).shape == (1, 2)


@pytest.mark.parametrize(
    ("pattern", "low", "high"),
    [
        (perlin(octaves=5, persistence=0.9).dims(8), 0, 1),
        (perlin.dims(8, together=0.6), 0, 1),
        (walk(0.7, (2, 3)).dims(8), 2, 3),
        (walk.dims(8, together=0.3), -1, 1),
        (adsr(sine, saw, 0.5, 0.9), 0, 1),
        (pulse(isaw), 0, 1),
    ],
)
def test_values_stay_within_their_range(pattern: Pattern, low: float, high: float) -> None:
    found = pattern.sample(np.linspace(-50, 50, 3001))
    assert low <= found.min() < found.max() <= high


def test_pulse_is_high_for_its_width() -> None:
    times = np.arange(1000) / 1000
    for width in (0.0, 0.1, 0.5, 1.0):
        assert pulse(width).sample(times).mean() == pytest.approx(width, abs=1e-9)
    np.testing.assert_array_equal(pulse.sample(times), 1 - square.sample(times))


def test_envelopes_reach_every_point_exactly() -> None:
    points = [(0, 0.1), (0.25, 0.7), (0.75, 0.2), (2, 0.9)]
    for curve in ("linear", "smooth", "exp", "hold", 5, -5, 0):
        way = env(points, curve=curve)
        held = env(points, curve=curve, once=True)
        for time, level in points:
            assert held.sample([float(time)])[0] == level
            assert way.sample([2 + float(time)])[0] == pytest.approx(level if time < 2 else 0.1, abs=1e-12)
        np.testing.assert_array_equal(held.sample([-5.0, 100.0]), [0.1, 0.9])


def test_curves_bend_the_way() -> None:
    middle = {
        curve: env([(0, 1), (1, 4)], curve=curve, once=True).sample([0.5])[0] for curve in ("linear", "exp", 3, -3)
    }
    assert middle["linear"] == 2.5
    assert middle["exp"] == pytest.approx(2)
    assert middle[3] == pytest.approx(1 + 3 * (math.exp(1.5) - 1) / (math.exp(3) - 1))
    assert middle[3] + middle[-3] == pytest.approx(5)
    assert env([(0, 1), (1, 4)], curve="hold", once=True).sample([0.99])[0] == 1


def test_two_points_at_the_same_time_are_a_jump() -> None:
    np.testing.assert_allclose(
        env([(0, 0), (0.5, 1), (0.5, 3), (1, 3)]).sample([0.25, 0.4999999, 0.5, 0.75]), [0.5, 1, 3, 3], atol=1e-6
    )


def test_lines_and_fades_are_exact_at_both_ends_and_stay_there() -> None:
    for pattern, before, after in ((line(0.1, 0.7, 3), 0.1, 0.7), (fade_in(3), 0, 1), (fade_out(3), 1, 0)):
        begun = pattern.late(57)
        np.testing.assert_array_equal(begun.sample([-1.0, 56.0, 57.0]), [before] * 3)
        np.testing.assert_array_equal(begun.sample([60.0, 61.0, 1e6]), [after] * 3)
    np.testing.assert_allclose(fade_in(3).sample(TIMES) + fade_out(3).sample(TIMES), 1)


def test_an_adsr_that_is_too_long_is_shortened_alike() -> None:
    np.testing.assert_allclose(adsr(2, 1, 0.5, 1).sample([0.25, 0.5, 0.75, 0.875]), [0.5, 1, 0.5, 0.25])
    np.testing.assert_array_equal(adsr(0, 0, 1, 0).sample([0.0, 0.5, 0.999]), [1, 1, 1])


def test_an_lfo_does_not_know_the_tempo() -> None:
    seconds = np.arange(100) / 31
    for cps in (0.25, 1.0, 3.0):
        equal(lfo(isaw, 0.6).sample(seconds * cps, Context.at(cps)), isaw.sample(seconds * 0.6))
    slowing = replace(CONTEXT, seconds=lambda cycles: cycles**3)
    equal(lfo(saw, 0.5).sample(np.array([0.5, 1.0, 1.25]), slowing), saw.sample(np.array([0.5, 1.0, 1.25]) ** 3 * 0.5))


def test_octaves_add_finer_movement_and_have_nothing_in_common() -> None:
    times = np.linspace(0, 400, 40_001)
    found = [perlin(octaves=n, persistence=0.8).sample(times) for n in (1, 3, 6)]
    roughness = [np.abs(np.diff(x)).mean() / x.std() for x in found]
    assert roughness[0] < roughness[1] < roughness[2]
    np.testing.assert_array_equal(found[0], perlin.sample(times))
    second = 1.8 * perlin(octaves=2, persistence=0.8).sample(times) - perlin.sample(times)
    assert abs(np.corrcoef(second, perlin.sample(times))[0, 1]) < 0.1


@pytest.mark.parametrize("kind", [perlin, rand, perlin(octaves=3), walk(1.5, (-1, 1))])
def test_dimensions_are_uncorrelated_unless_asked(kind: Pattern) -> None:
    times = np.arange(-1500, 1500) * 1.37
    for together in (0.0, 0.5, 0.9, 1.0):
        correlation = np.corrcoef(kind.dims(5, together=together).sample(times).T)  # type: ignore[attr-defined]
        apart = correlation[~np.eye(5, dtype=bool)]
        np.testing.assert_allclose(apart, together, atol=0.1)


@pytest.mark.parametrize("kind", [perlin(octaves=3), walk(0.3), brownian, brownian(0.2)])
def test_seeds_repeat_and_others_have_nothing_in_common(kind: Pattern) -> None:
    times = np.arange(-300, 300) * 1.37
    one, again, other = (kind.dims(4).seed(seed).sample(times) for seed in (1, 1, 2))  # type: ignore[attr-defined]
    np.testing.assert_array_equal(one, again)
    assert not np.isclose(one, other).all(axis=0).any()


def test_the_argument_of_a_walk_keeps_its_dimensions_and_seed() -> None:
    np.testing.assert_array_equal(walk(0.3, dims=4, seed=9).sample(TIMES), walk(0.3).seed(9).dims(4).sample(TIMES))
    np.testing.assert_array_equal(perlin(2, dims=4).sample(TIMES), perlin(2).dims(4).sample(TIMES))


def test_brownian_motion_strays_as_the_root_of_time_at_every_scale() -> None:
    motion = brownian(1.0, dims=600)
    np.testing.assert_allclose(motion.sample([0.0]), np.zeros((1, 600)))
    for begin, length in ((0.0, 0.25), (3.0, 1.0), (-70.0, 16.0), (0.0, 400.0)):
        moved = np.diff(motion.sample([begin, begin + length]), axis=0)
        assert moved.std() == pytest.approx(math.sqrt(length), rel=0.12)
    path = brownian(0.5).sample(np.linspace(-4, 4, 8001))
    assert np.abs(np.diff(path)).max() < 0.05


@pytest.mark.parametrize(
    "make",
    [
        lambda: pulse(math.inf),
        lambda: perlin(octaves=0),
        lambda: perlin(octaves=2.5),
        lambda: perlin(octaves=13),
        lambda: perlin.dims(3, together=1.5),
        lambda: walk(bounds=3),
        lambda: walk(bounds=(0, 1, 2)),
        lambda: brownian(step=-1),
        lambda: env([(0, 1)]),
        lambda: env([0, 1, 2]),
        lambda: env([(0, 0), (-1, 1)]),
        lambda: env([(0, 0), (0, 1)]),
        lambda: env([(0, 0), (1, 1)], curve="wavy"),
        lambda: env([(0, 0), (1, 1)], curve=["linear", "linear"]),
        lambda: env([(0, 0), (1, 1)], curve="exp"),
        lambda: env([(0, 0), ("x", 1)]).sample([0.5]),
        lambda: line(0, 1, 0),
        lambda: line(0, 1, 2, curve="exp"),
        lambda: fade_in(-1),
        lambda: ramp(-1),
        lambda: lfo(sine, 0),
        lambda: lfo(sine, "x"),
        lambda: lfo(None),
    ],
)
def test_bad_arguments_are_errors(make: Callable[[], object]) -> None:
    with pytest.raises(LivevaeError):
        make()


def test_a_silent_argument_is_silence() -> None:
    for pattern in (pulse(seq(0.5, silence)), lfo(sine, seq(1, silence)), line(0, pure(1), seq(2, silence))):
        found = pattern.sample([0.25, 0.75])
        assert not np.isnan(found[0])
        assert np.isnan(found[1])
