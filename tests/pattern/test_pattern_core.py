"""Patterns: their two faces, what they hold, operators, time, and what happens with bad input."""

import math
from fractions import Fraction

import numpy as np
import pytest

from livevae.errors import LivevaeError
from livevae.pattern import (
    Context,
    Event,
    Pattern,
    Playable,
    Span,
    cat,
    euclid_steps,
    from_sampler,
    lift,
    mini,
    pure,
    reify,
    saw,
    seq,
    silence,
    sine,
    square,
    stack,
    timecat,
)
from livevae.pattern.hold import segments


class Line:
    """A trajectory of two dimensions whose values are the seconds since its onset, up to an end."""

    dims = 2

    def __init__(self, slope: float = 1.0, end: float = 100.0) -> None:
        self.slope, self.end = slope, end

    def at(self, seconds: np.ndarray) -> np.ndarray:
        return np.repeat(np.minimum(seconds, self.end)[:, None], 2, axis=1) * self.slope


SECOND_PER_CYCLE = Context.at(1.0)


def values(pattern: Pattern, begin: float = 0, end: float = 1) -> list[object]:
    return [event.value for event in pattern.query(begin, end)]


def onsets(pattern: Pattern, begin: float = 0, end: float = 1) -> list[Fraction]:
    return [event.part.begin for event in pattern.query(begin, end) if event.has_onset]


# -- faces


def test_query_takes_a_span_or_two_numbers_or_a_moment() -> None:
    pattern = mini("1 2")
    assert pattern.query(Span.of(0.5, 1)) == pattern.query(Fraction(1, 2), 1) == pattern.query(0.5, 1.0)
    (event,) = pattern.query(0.5)
    assert (event.whole, event.part, event.value) == (Span.of(0.5, 1), Span.of(0.5, 0.5), 2.0)


def test_pieces_of_events_know_their_wholes_and_whether_they_hold_the_onset() -> None:
    first, second = pure(1).query(0.5, 1.5)
    assert (first.whole, first.part, first.has_onset) == (Span.of(0, 1), Span.of(0.5, 1), False)
    assert (second.whole, second.part, second.has_onset) == (Span.of(1, 2), Span.of(1, 1.5), True)


def test_events_are_equal_where_times_and_values_are() -> None:
    assert pure(np.array([1.0, 2.0])).query(0, 1) == pure(np.array([1, 2])).query(0, 1)
    assert pure(1).query(0, 1) != pure(2).query(0, 1)
    assert pure(1).query(0, 1) != pure("1 ").query(0, 1)
    assert Event(None, Span.of(0, 1), 1.0) != Event(Span.of(0, 1), Span.of(0, 1), 1.0)


def test_a_sample_takes_any_order_of_times_negative_and_none_at_all() -> None:
    pattern = mini("<1 2 3>")
    np.testing.assert_array_equal(pattern.sample([2.5, 0.5, -0.5, 1.5]), [3, 1, 3, 2])
    assert pattern.sample([]).shape == (0,)
    assert pattern.with_dims(4).sample([]).shape == (0, 4)
    np.testing.assert_array_equal(pattern.sample(0.5), [1])


@pytest.mark.parametrize("cycles", [[[1.0, 2.0]], [np.nan], [np.inf]])
def test_a_sample_of_no_time_is_an_error(cycles: object) -> None:
    with pytest.raises(LivevaeError, match="finite"):
        mini("1").sample(cycles)


def test_continuous_patterns_have_one_event_without_a_whole() -> None:
    assert saw.is_continuous
    assert not mini("1").is_continuous
    assert saw.query(0.25, 2) == [Event(None, Span.of(0.25, 2), 0.25)]


def test_cats_of_continuous_patterns_take_turns() -> None:
    np.testing.assert_allclose(cat(saw, square).sample([0.25, 1.25, 2.75, 3.75]), [0.25, 0, 0.75, 1])
    np.testing.assert_allclose(seq(saw, 7, silence).sample([0.25, 0.5, 0.9]), [0.75, 7, np.nan])


def test_where_events_overlap_the_one_that_began_last_is_held() -> None:
    long, short = Span.of(0, 1), Span.of(0.25, 0.5)
    begins, held = segments([Event(long, long, 1.0), Event(short, short, 2.0)], 0)
    np.testing.assert_array_equal(begins, [0, 0.25, 0.5])
    assert [event.value for event in held if event is not None] == [1.0, 2.0, 1.0]


# -- identity


def test_patterns_do_not_change() -> None:
    with pytest.raises(AttributeError, match="make a new one"):
        sine.value = 1  # type: ignore[attr-defined]


def test_patterns_are_equal_to_themselves_alone_and_hashable() -> None:
    a, b = pure(1), pure(1)
    assert a == a
    assert a != b
    assert len({a, b, a}) == 2


def test_truth_of_a_pattern_is_an_error_with_advice() -> None:
    with pytest.raises(TypeError, match=r"p\.when"):
        bool(sine)


# -- values


def test_rests_are_silent_and_zero_is_not() -> None:
    found = mini("0 ~").sample([0.0, 0.5])
    assert found[0] == 0
    assert np.isnan(found[1])
    assert values(mini("0 ~")) == [0.0]


def test_points_and_numbers_share_a_pattern() -> None:
    pattern = seq(np.array([1, 2, 3]), 5, silence)
    np.testing.assert_array_equal(pattern.sample([0.0, 0.4, 0.7]), [[1, 2, 3], [5, 5, 5], [np.nan] * 3])


def test_points_do_not_change_with_the_array_they_came_from() -> None:
    array = np.array([1.0, 2.0])
    pattern = pure(array)
    array[:] = 9
    np.testing.assert_array_equal(pattern.sample([0.0]), [[1, 2]])


def test_sampling_a_name_is_an_error_that_says_which() -> None:
    with pytest.raises(LivevaeError, match="unknown name 'bell'"):
        mini("1 bell").sample([0.0])


@pytest.mark.parametrize("pattern", [seq(np.zeros(2), np.zeros(3)), pure(np.zeros(2)) + np.zeros(3)])
def test_different_numbers_of_dimensions_are_an_error_that_says_both(pattern: Pattern) -> None:
    with pytest.raises(LivevaeError, match="2 and 3"):
        pattern.sample([0.0])


@pytest.mark.parametrize("thing", [None, {}, object(), np.zeros((2, 3)), np.array(["a"])])
def test_what_cannot_be_a_pattern_is_an_error(thing: object) -> None:
    with pytest.raises(LivevaeError):
        reify(thing)


def test_a_trajectory_restarts_at_the_onset_of_its_event() -> None:
    assert isinstance(Line(), Playable)
    pattern = seq(Line(), 5, Line())
    found = pattern.sample([0.0, 0.25, 0.4, 2 / 3 + 0.1, 1.25], SECOND_PER_CYCLE)[:, 0]
    np.testing.assert_allclose(found, [0, 0.25, 5, 0.1, 0.25])


def test_a_trajectory_keeps_its_speed_whatever_the_pattern_does() -> None:
    times = np.array([0.1, 0.3, 0.4])
    still = pure(Line()) + 0 * saw
    for pattern in (pure(Line()).fast(4), still.fast(4), cat(still, Line()).fast(8).slow(2).early(2)):
        np.testing.assert_allclose(pattern.sample(times, Context.at(0.5))[:, 0], (times % 0.25) * 2)


def test_a_reversed_pattern_plays_its_trajectories_forwards() -> None:
    for pattern in (cat(Line(), saw).fast(2), seq(Line(), Line()) + saw * 0, stack(seq(Line(), Line()))):
        assert math.isclose(pattern.rev().sample([0.6], SECOND_PER_CYCLE).ravel()[0], 0.1)


def test_a_long_event_plays_on_over_cycles() -> None:
    pattern = cat(Line(), 0).slow(4)
    np.testing.assert_allclose(pattern.sample([0.5, 3.5], SECOND_PER_CYCLE)[:, 0], [0.5, 3.5])


def test_trajectories_are_combined_as_they_move() -> None:
    pattern = pure(Line(3)) - pure(Line(1)).fast(2)
    times = np.array([0.1, 0.6, 0.9])
    expected = 3 * times - times % 0.5
    np.testing.assert_allclose(pattern.sample(times, SECOND_PER_CYCLE)[:, 0], expected)
    for event in pattern.query(0, 1, SECOND_PER_CYCLE):
        assert isinstance(event.value, Playable)
        assert event.value.dims == 2
        here = (times >= event.part.begin) & (times < event.part.end)
        np.testing.assert_allclose(event.value.at(times[here])[:, 0], expected[here])


def test_fmap_changes_values_and_keeps_times() -> None:
    doubled = mini("1 ~ 2").fmap(lambda x: 2 * x)
    assert values(doubled) == [2.0, 4.0]
    np.testing.assert_array_equal(doubled.sample([0.0, 0.4, 0.7]), [2, np.nan, 4])
    np.testing.assert_allclose(saw.fmap(np.sqrt).sample([0.25]), [0.5])
    both = stack("a b", mini("c").glide(1)).fmap(lambda name: "abc".index(name))
    np.testing.assert_array_equal(both.sample([0.0, 0.5]), [2, 3])
    with pytest.raises(LivevaeError, match="dict"):
        mini("1").fmap(lambda x: {}).query(0, 1)


def test_names_are_resolved_however_deep() -> None:
    pattern = (
        stack(mini("a b").fast(2).rev() + 1, cat(mini("c") * sine, saw)).every(2, lambda p: p - mini("d")).glide(1)
    )
    assert pattern.names() == {"a", "b", "c", "d"}
    found = pattern.resolve(lambda name: "abcd".index(name))
    assert not found.names()
    assert np.isfinite(found.sample(np.linspace(0, 3.9, 50))).all()


def test_with_dims_gives_vectors_and_checks_them() -> None:
    np.testing.assert_array_equal(mini("1 ~").with_dims(2).sample([0.0, 0.5]), [[1, 1], [np.nan, np.nan]])
    with pytest.raises(LivevaeError, match="2 and 3"):
        pure(np.zeros(2)).with_dims(3).sample([0.0])


# -- operators


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (mini("5") + 2, 7), (2 + mini("5"), 7), (mini("5") - 2, 3), (2 - mini("5"), -3), (mini("5") * 2, 10),
        (2 * mini("5"), 10), (mini("5") / 2, 2.5), (2 / mini("5"), 0.4), (mini("5") % 2, 1), (7 % mini("5"), 2),
        (mini("5") ** 2, 25), (2 ** mini("5"), 32), (-mini("5"), -5), (abs(mini("-5")), 5), (mini("5") + "1", 6),
        (np.float64(2) * mini("5"), 10), (Fraction(1, 2) * mini("5"), 2.5), (lift(np.minimum, 3, "5"), 3),
    ],
)  # fmt: skip
def test_operators(pattern: Pattern, expected: float) -> None:
    np.testing.assert_allclose(pattern.sample([0.3]), [expected])
    assert values(pattern) == [pytest.approx(expected)]


def test_an_array_on_the_left_is_a_point() -> None:
    found = np.array([1.0, 2.0]) - saw
    assert isinstance(found, Pattern)
    np.testing.assert_allclose(found.sample([0.25]), [[0.75, 1.75]])


def test_structure_comes_from_the_left() -> None:
    assert onsets(mini("1 2") + mini("10 20 30")) == [0, Fraction(1, 2)]
    assert (mini("1") + mini("10 20")).query(0, 1) == [
        Event(Span.of(0, 1), Span.of(0, 0.5), 11.0),
        Event(Span.of(0, 1), Span.of(0.5, 1), 21.0),
    ]
    assert onsets(0.5 * mini("1 2 3")) == [0, Fraction(1, 3), Fraction(2, 3)]


def test_a_discrete_pattern_meets_a_continuous_one_at_its_onsets() -> None:
    assert (mini("1 2") + saw).query(0, 1) == [
        Event(Span.of(0, 0.5), Span.of(0, 0.5), 1.0),
        Event(Span.of(0.5, 1), Span.of(0.5, 1), 2.5),
    ]


def test_what_is_no_pattern_is_left_to_the_other_operand() -> None:
    class Other:
        def __radd__(self, pattern: Pattern) -> str:
            return "other"

    assert sine + Other() == "other"
    with pytest.raises(TypeError):
        sine + object()


def test_dividing_by_zero_is_quiet() -> None:
    assert np.isinf((pure(1) / 0).sample([0.0])[0])


# -- time


def test_factors_are_simple_ratios() -> None:
    assert onsets(mini("1").fast(1.5), 0, 2) == [0, Fraction(2, 3), Fraction(4, 3)]
    assert onsets(mini("1").fast(0.1), 0, 30) == [0, 10, 20]
    assert onsets(mini("1").slow(Fraction(1, 3))) == [0, Fraction(1, 3), Fraction(2, 3)]


@pytest.mark.parametrize("name", ["fast", "slow"])
def test_a_factor_of_zero_is_silence_and_less_is_an_error(name: str) -> None:
    assert getattr(mini("1"), name)(0).query(0, 4) == []
    assert np.isnan(getattr(saw, name)(0).sample([0.5])).all()
    for bad in (-1, math.nan, math.inf, None, "a"):
        with pytest.raises(LivevaeError):
            getattr(mini("1"), name)(bad).query(0, 1)


def test_amounts_may_be_patterns() -> None:
    assert len(mini("1").fast("<1 2 4>").query(0, 3)) == 7
    assert onsets(mini("1").late("<0 0.25>"), 1, 2) == [Fraction(5, 4)]
    np.testing.assert_allclose(saw.fast("<1 2>").sample([0.25, 1.25]), [0.25, 0.5])
    assert len(mini("1").euclid("<3 5>", 8).query(0, 2)) == 8


def test_every_and_when() -> None:
    assert [len(mini("1").every(3, lambda p: p.fast(2)).query(c, c + 1)) for c in range(-3, 4)] == [2, 1, 1, 2, 1, 1, 2]
    assert values(mini("1").every(2, lambda p: 5), 0, 2) == [5.0, 1.0]
    np.testing.assert_allclose(saw.every(2, lambda p: 1 - p).sample([0.25, 1.25]), [0.75, 0.25])
    for n in (0, -1, 1.5):
        with pytest.raises(LivevaeError):
            mini("1").every(n, lambda p: p)  # type: ignore[arg-type]


def test_range_takes_patterns_and_points() -> None:
    np.testing.assert_allclose(saw.range(1, mini("<2 3>")).sample([0.5, 1.5]), [1.5, 2])
    np.testing.assert_allclose(saw.range(np.array([0, 10]), np.array([2, 20])).sample([0.5]), [[1, 15]])


@pytest.mark.parametrize(
    ("args", "steps"),
    [
        ((1, 1), "x"), ((0, 4), "...."), ((4, 4), "xxxx"), ((1, 4), "x..."), ((3, 8), "x..x..x."), ((2, 5), "x.x.."),
        ((5, 8), "x.xx.xx."), ((4, 9), "x.x.x.x.."), ((7, 12), "x.xx.x.xx.x."), ((5, 16), "x..x..x..x..x..."),
        ((3, 8, 2), ".x..x.x."), ((3, 8, -1), ".x..x..x"), ((-3, 8), ".xx.xx.x"), ((3, 4), "xxx."),
    ],
)  # fmt: skip
def test_euclidean_rhythms(args: tuple[int, ...], steps: str) -> None:
    assert "".join("x" if on else "." for on in euclid_steps(*args)) == steps


@pytest.mark.parametrize("args", [(9, 8), (1, 0), (1, -1), (1.5, 8), ("a", 8), (1, 5000)])
def test_impossible_rhythms_are_errors(args: tuple[object, object]) -> None:
    with pytest.raises(LivevaeError):
        mini("1").euclid(*args).query(0, 1)


# -- in a row, and at the same time


def test_cat_takes_each_pattern_from_its_own_next_cycle() -> None:
    assert values(cat("<1 2>", "<3 4>"), 0, 4) == [1.0, 3.0, 2.0, 4.0]
    assert cat().query(0, 4) == seq().query(0, 4) == stack().query(0, 4) == []


def test_timecat_gives_each_its_share() -> None:
    assert onsets(timecat((1, "1"), (2, "2 3"), (1, "4"))) == [0, Fraction(1, 4), Fraction(1, 2), Fraction(3, 4)]
    for weight in (0, -1):
        with pytest.raises(LivevaeError, match="above zero"):
            timecat((weight, 1), (1, 2))


def test_stack_is_a_weighted_sum_of_what_sounds() -> None:
    np.testing.assert_allclose(stack((0.25, "4"), (saw, 2)).sample([0.5]), [2])
    np.testing.assert_allclose(stack("4", "2", weights=[0.5, saw]).sample([0.5]), [3])
    np.testing.assert_array_equal(stack("1 ~ ~", "10 20 ~").sample([0.0, 0.4, 0.7]), [11, 20, np.nan])
    np.testing.assert_array_equal(stack(np.array([1, 2]), "~ 3").sample([0.0, 0.5]), [[1, 2], [4, 5]])
    assert len(stack("1 2", "a b c").query(0, 1)) == 5
    with pytest.raises(LivevaeError, match="weights"):
        stack("1", "2", weights=[1])
    with pytest.raises(LivevaeError, match="pairs"):
        stack((1, 2, 3), "1")


# -- gliding


def test_a_glide_moves_from_one_event_to_the_next_exactly() -> None:
    found = mini("0 10").glide(0.25).sample([0.5, 0.625, 0.75, 0.9], SECOND_PER_CYCLE)
    np.testing.assert_allclose(found, [0, 5, 10, 10], atol=1e-12)
    assert found[0] == 0
    assert found[2] == 10


def test_a_glide_crosses_cycles_and_starts_afresh_after_a_rest() -> None:
    np.testing.assert_allclose(mini("<0 10>").glide(0.5).sample([1.0, 1.25, 2.25], SECOND_PER_CYCLE), [0, 5, 5])
    np.testing.assert_allclose(mini("0 ~ 10").glide(0.5).sample([2 / 3, 0.5], SECOND_PER_CYCLE), [10, np.nan])
    np.testing.assert_allclose(mini("<0 10>/3").glide(2).sample([4.0, 5.5], SECOND_PER_CYCLE), [5, 10])


def test_a_glide_longer_than_its_event_arrives_in_time() -> None:
    times = np.linspace(0, 2, 4001)
    found = mini("0 10 3 7").glide(5).sample(times, SECOND_PER_CYCLE)
    assert np.abs(np.diff(found)).max() < 0.1


def test_trajectories_glide_while_both_play_on() -> None:
    found = seq(Line(0), Line(1)).glide(0.25).sample([0.5, 0.625, 0.75], SECOND_PER_CYCLE)
    np.testing.assert_allclose(found[:, 0], [0, 0.0625, 0.25], atol=1e-12)


def test_a_glide_reaches_through_operators_and_leaves_continuous_patterns() -> None:
    moved = (mini("0 10") + saw).glide(0.25)
    np.testing.assert_allclose(moved.sample([0.625], SECOND_PER_CYCLE), [5.625])
    np.testing.assert_array_equal(sine.glide(1).sample([0.3]), sine.sample([0.3]))


def test_a_glide_within_transformations_joins_their_cycles() -> None:
    moved = mini("0 10").glide(0.25).every(2, lambda p: p.rev())
    # 10 0 | 0 10 | 10 0: the last one glides up to what was heard before it, and on from there.
    np.testing.assert_allclose(moved.sample([0.625, 1.0, 1.625, 2.125], SECOND_PER_CYCLE), [5, 0, 5, 10], atol=1e-12)


def test_the_last_glide_wins_and_none_is_none() -> None:
    np.testing.assert_allclose(mini("0 10").glide(5).glide(0.25).sample([0.75], SECOND_PER_CYCLE), [10])
    assert mini("0 10").glide(0).sample([0.5])[0] == 10
    for bad in (-1, math.nan):
        with pytest.raises(LivevaeError, match="glide"):
            mini("1").glide(bad)


# -- context


def test_samplers_see_cycles_and_context() -> None:
    pattern = from_sampler(lambda cycles, context: cycles + context.seed).late(1)
    np.testing.assert_array_equal(pattern.sample([3.0], Context.at(1, seed=10)), [12])


@pytest.mark.parametrize("cps", [0, -1, math.inf, math.nan])
def test_a_tempo_must_move(cps: float) -> None:
    with pytest.raises(LivevaeError, match="tempo"):
        Context.at(cps)


def test_spans_overlap_as_half_open_stretches() -> None:
    assert Span.of(0, 1).overlap(Span.of(0.5, 2)) == Span.of(0.5, 1)
    assert Span.of(0, 1).overlap(Span.of(1, 2)) is None
    assert Span.of(0, 1).overlap(Span.of(1, 1)) is None
    assert Span.of(0, 1).overlap(Span.of(0, 0)) == Span.of(0, 0)
    assert Span.of(1, 1).overlap(Span.of(1, 1)) == Span.of(1, 1)
    with pytest.raises(LivevaeError, match="before it begins"):
        Span.of(1, 0)
