"""Expressions of live: the control they give the engine is the affine function they say."""

import operator
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livevae.errors import LivevaeError
from livevae.latent import LiveInput, LiveLatent, Trajectory, control_of, lerp, live, slerp, spline
from livevae.latent import dim as live_dim
from livevae.pattern import Context, Pattern, mini, pure, saw, sine

D = 3
RATE = 20.0
CONTEXT = Context.at(0.5)  # a cycle is two seconds
CYCLES = np.arange(0, 2, 1 / 16)
CHOIR = Trajectory(np.arange(30, dtype=np.float32).reshape(10, D), 5.0, "choir")
INPUT = np.random.default_rng(3).normal(size=(len(CYCLES), D))


def heard(expression: object) -> np.ndarray:
    """What the engine would make of it: gain * live + bias, for expressions without lag."""
    assert isinstance(expression, LiveLatent | Pattern)
    control = control_of(expression.resolve(lambda name: CHOIR), CYCLES, CONTEXT, D, RATE)
    assert not control.lag.any()
    return np.where(control.silent[:, None], np.nan, control.gain * INPUT + control.bias)


def values(pattern: Pattern) -> np.ndarray:
    return pattern.resolve(lambda name: CHOIR).with_dims(D).sample(CYCLES, CONTEXT)


numbers = st.floats(-4, 4).map(lambda x: round(x, 3))
operands = st.one_of(
    numbers,
    st.sampled_from([sine, saw.range(-1, 1), mini("0 1 2"), mini("choir"), pure(np.array([1.0, -2.0, 0.5]))]),
)
steps = st.tuples(st.sampled_from([operator.add, operator.sub, operator.mul]), operands, st.booleans())


@given(st.lists(steps, min_size=1, max_size=5))
@settings(max_examples=60, deadline=None)
def test_it_computes_what_it_says(chain: list[tuple[Callable[[object, object], object], object, bool]]) -> None:
    expression: object = live
    expected = INPUT
    for operation, operand, left in chain:
        value = values(operand) if isinstance(operand, Pattern) else operand
        if left:
            expression, expected = operation(operand, expression), operation(value, expected)
        else:
            expression, expected = operation(expression, operand), operation(expected, value)
    np.testing.assert_allclose(heard(expression), expected, atol=1e-6)


def test_names_stand_on_either_side() -> None:
    choir = values(mini("choir"))
    np.testing.assert_allclose(heard(live + "choir"), INPUT + choir)
    np.testing.assert_allclose(heard("choir" + live), INPUT + choir)
    np.testing.assert_allclose(heard("choir" - live), choir - INPUT)
    np.testing.assert_allclose(heard("2" * live), 2 * INPUT)
    np.testing.assert_allclose(heard(live / 4), INPUT / 4)
    np.testing.assert_allclose(heard(live / mini("2 4")), INPUT / values(mini("2 4")))
    assert (0.5 * live + "choir").names() == {"choir"}


def test_a_point_stands_on_either_side() -> None:
    point = np.array([1.0, 2.0, 3.0])
    np.testing.assert_allclose(heard(point + live), INPUT + point)
    np.testing.assert_allclose(heard(point * live - point), INPUT * point - point)


def test_lerp_is_affine_on_either_side() -> None:
    choir, amount = values(mini("choir")), values(sine)
    np.testing.assert_allclose(heard(lerp(live, "choir", sine)), (1 - amount) * INPUT + amount * choir)
    np.testing.assert_allclose(heard(lerp("choir", live, 0.25)), 0.75 * choir + 0.25 * INPUT)
    np.testing.assert_allclose(heard(lerp(live, live * 2, 0.5)), 1.5 * INPUT)
    np.testing.assert_allclose(heard(lerp("choir", 0, 0.5)), 0.5 * choir)


def test_one_dimension_moves() -> None:
    expected = INPUT + np.array([0, 0, 1.5])
    np.testing.assert_allclose(heard(live + live_dim(2, 1.5)), expected)
    with pytest.raises(LivevaeError, match="dimension 7"):
        heard(live + live_dim(7, 1.5))


def test_live_terms_with_one_delay_add_up() -> None:
    delayed = live.delay(0.5)
    control = control_of(delayed + delayed * 2 - 1, CYCLES, CONTEXT, D, RATE)
    assert np.all(control.gain == 3)
    assert np.all(control.bias == -1)
    assert np.all(control.lag == 10)
    assert not control.moved


def test_delays_are_counted_in_frames_and_never_reach_the_future() -> None:
    control = control_of(live.delay(0.5).delay(mini("0.25 -3")), CYCLES, CONTEXT, D, RATE)
    assert np.unique(control.lag).tolist() == [0.0, 15.0]


def test_rests_are_silent() -> None:
    resting = control_of(live + mini("1 ~"), CYCLES, CONTEXT, D, RATE)
    np.testing.assert_array_equal(resting.silent, CYCLES % 1 >= 0.5)
    assert np.isfinite(resting.gain).all()
    assert np.isfinite(resting.bias).all()
    plain = control_of(mini("~ 1"), CYCLES, CONTEXT, D, RATE)
    np.testing.assert_array_equal(plain.silent, CYCLES % 1 < 0.5)
    assert not plain.gain.any()


def test_windows_read_slower_faster_backwards_or_not_at_all() -> None:
    seconds = np.arange(0, 2, 0.25)

    def read(expression: LiveLatent) -> list[float]:
        """The moment of the input that is heard at each second."""
        lag = control_of(expression, seconds / 2, CONTEXT, D, RATE).lag / RATE
        return (seconds - lag).tolist()

    assert read(live.stretch(2)) == [0, 0.125, 0.25, 0.375, 1, 1.125, 1.25, 1.375]
    assert read(live.stretch(0.5)) == [-1, -0.5, 0, 0.5, 0, 0.5, 1, 1.5]
    assert read(live.freeze(0.5)) == [0, 0, 0.5, 0.5, 1, 1, 1.5, 1.5]
    assert read(live.reverse()) == [0, -0.25, -0.5, -0.75, 1, 0.75, 0.5, 0.25]
    assert read(live.stretch(2).delay(1) * 3) == [-1, -0.875, -0.75, -0.625, 0, 0.125, 0.25, 0.375]


def test_patterns_in_it_take_time_transformations() -> None:
    np.testing.assert_allclose(heard((live + mini("1 2")).slow(2)), INPUT + values(mini("1 2").slow(2)))
    np.testing.assert_allclose(heard((live * saw).fast(3).late(0.25)), INPUT * values(saw.fast(3).late(0.25)))
    np.testing.assert_allclose(heard((live * saw).early(0.5)), INPUT * values(saw.early(0.5)))


def test_numbers_spread_over_all_dimensions_and_vectors_must_fit() -> None:
    np.testing.assert_array_equal(control_of(pure(2), CYCLES, CONTEXT, D, RATE).bias, np.full((len(CYCLES), D), 2.0))
    for expression in (pure(np.zeros(5)), live + np.zeros(5), live * np.ones(5)):
        with pytest.raises(LivevaeError, match=r"3.*5|5.*3"):
            control_of(expression, CYCLES, CONTEXT, D, RATE)


@pytest.mark.parametrize(
    ("attempt", "reason"),
    [
        (lambda: live * live, "live times live is not affine"),
        (lambda: live / live, "not affine"),
        (lambda: 1 / live, "not affine"),
        (lambda: live**2, "not affine"),
        (lambda: abs(live), "not affine"),
        (lambda: live / 0, "divided by 0"),
        (lambda: live.delay(-1), "future"),
        (lambda: live.stretch(0), "above 0"),
        (lambda: live.freeze(0), "above 0"),
        (lambda: live.freeze(sine).freeze(saw), "once"),
        (lambda: (live.smooth(1) * sine).smooth(1), "between two moves"),
        (lambda: live.delay(1) + live.delay(2) + live.delay(3) + live.delay(4) + live.delay(5) + live, "more than 4"),
        (lambda: live.stutter(0), "from 1"),
        (lambda: live.stutter(60, 1), "30 seconds"),
        (lambda: live.granulate(0.1, -1), "spread"),
        (lambda: live.granulate(0), "above 0"),
        (lambda: live.smooth(-1), "0 or more"),
        (lambda: live.route([1]), "dictionary"),
        (lambda: live.route({-1: 0}), "numbered"),
        (lambda: live.quantize_to(sine), "takes a recording"),
        (lambda: slerp(live, "choir", 0.5), "use lerp"),
        (lambda: spline("choir", live), "live"),
        (lambda: lerp("choir", "bell", live), "amount"),
        (lambda: live_dim(0, live), "dim cannot take live"),
        (lambda: live(0), "1 or more"),
        (lambda: live(1, 0), "1 or more"),
    ],
)
def test_what_the_engine_cannot_compute_is_refused_with_a_reason(attempt: Callable[[], object], reason: str) -> None:
    with pytest.raises(LivevaeError, match=reason):
        attempt()


def test_it_is_neither_true_nor_combined_with_just_anything() -> None:
    with pytest.raises(TypeError, match="neither true nor false"):
        bool(live)
    with pytest.raises(TypeError):
        live + object()  # type: ignore[operator]


def test_live_names_an_input() -> None:
    assert live(2) == LiveInput(2, 1)
    assert live.source(1, channels=2) == LiveInput(1, 2)
    assert not callable(live + 1)
