"""Changes by cycle and by part of the cycle: what each combinator gives."""

from fractions import Fraction

import numpy as np
import pytest

from livevae.errors import LivevaeError
from livevae.pattern import Context, Pattern, cat, mini, perlin, pure, saw, seq, sine

SEED = Context.at(0.5, seed=3)


def steps(pattern: Pattern, cycles: int = 1, start: int = 0) -> str:
    """The names of the events that begin in each cycle, in order; cycles are kept apart by |."""
    rows = []
    for cycle in range(start, start + cycles):
        events = sorted((e for e in pattern.query(cycle, cycle + 1) if e.has_onset), key=lambda e: e.part.begin)
        rows.append(" ".join(f"{e.value:g}" if isinstance(e.value, float) else str(e.value) for e in events))
    return "|".join(rows)


def onsets(pattern: Pattern) -> list[str]:
    return [str(e.part.begin) for e in pattern.query(0, 1) if e.has_onset]


@pytest.mark.parametrize(
    ("made", "cycles", "expected"),
    [
        (mini("a b").every(3, lambda p: p.rev()), 4, "b a|a b|a b|b a"),
        (mini("a b").every(3, lambda p: p.rev(), 1), 3, "a b|b a|a b"),
        (mini("a b").every("<2 3>", lambda p: p.rev()), 4, "b a|a b|b a|b a"),
        (mini("a b").when(lambda cycle: cycle == 1, lambda p: p.rev()), 2, "a b|b a"),
        (mini("a b").when("<t f>", lambda p: p.rev()), 2, "b a|a b"),
        (mini("a b c d").when("f t", lambda p: p.rev()), 1, "a b b a"),
        (mini("a b c d").when("~ 1", lambda p: "x x x x"), 1, "a b x x"),
        (mini("a b c d").iter(4), 5, "a b c d|b c d a|c d a b|d a b c|a b c d"),
        (mini("a b c d").iter_back(4), 3, "a b c d|d a b c|c d a b"),
        (mini("a b c d").iter("<4 2>"), 2, "a b c d|c d a b"),
        (mini("a b c").palindrome(), 4, "a b c|c b a|a b c|c b a"),
        (mini("<a b>").palindrome(), 4, "a|a|b|b"),
        (mini("a b c d").within(0, 0.5, lambda p: p.fast(2)), 1, "a b c d c d"),
        (mini("1 2 3 4").within(0.5, 1, lambda p: p + 10), 1, "1 2 13 14"),
        (mini("1 2 3 4").within("<0 0.5>", 1, lambda p: p + 10), 2, "11 12 13 14|1 2 13 14"),
        (mini("1 2 3 4").chunk(4, lambda p: p + 10), 5, "11 2 3 4|1 12 3 4|1 2 13 4|1 2 3 14|11 2 3 4"),
        (mini("1 2 3 4").chunk_back(4, lambda p: p + 10), 2, "1 2 3 14|1 2 13 4"),
        (mini("1 2 3 4").chunk("<4 2>", lambda p: p + 10), 2, "11 2 3 4|1 2 13 14"),
        (mini("a b c d").inside(2, lambda p: p.rev()), 1, "b a d c"),
        (mini("a b c d").inside("<1 2>", lambda p: p.rev()), 2, "d c b a|b a d c"),
        (mini("<a b c d>").outside(4, lambda p: p.rev()), 4, "d|c|b|a"),
        (mini("a b c d").linger(0.25), 1, "a a a a"),
        (mini("a b c d").linger(0.5), 1, "a b a b"),
        (mini("a b c d").linger(-0.25), 1, "d d d d"),
        (mini("<[a b] [c d]>").linger(0.5), 2, "a a|c c"),
        (mini("a b c d").linger("<1 0.25>"), 2, "a b c d|a a a a"),
        (mini("a b").linger(0), 1, ""),
        (mini("<a b c d>").ribbon(1, 2), 5, "b|c|b|c|b"),
        (mini("a b c d").ribbon(0.25, 0.5), 1, "b c b c"),
        (mini("<a b c>").ribbon(0, 1.5), 3, "a|b a|b"),
        (mini("a b").compress(0.25, 0.75), 1, "a b"),
        (mini("a b").fastgap(2), 1, "a b"),
        (mini("a b").fastgap(0.5), 1, "a b"),
        (mini("a b").fastgap(0), 1, ""),
        (mini("a b c d").zoom(0.25, 0.75), 1, "b c"),
        (mini("<[a b] [c d]>").zoom(0.5, 1), 2, "b|d"),
        (mini("a*4").every(2, lambda p: p.every(4, lambda q: q.fast(2))), 1, "a a a a a a a a"),
    ],
)
def test_what_is_heard_in_each_cycle(made: Pattern, cycles: int, expected: str) -> None:
    assert steps(made, cycles) == expected


def test_cycles_before_the_first_follow_the_same_rule() -> None:
    assert steps(mini("a b").every(3, lambda p: p.rev()), 4, -3) == "b a|a b|a b|b a"
    assert steps(mini("a b c d").iter(4), 2, -1) == "d a b c|a b c d"
    assert steps(mini("<a b c d>").ribbon(1, 2), 3, -2) == "b|c|b"


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (mini("a b").compress(0.25, 0.75), ["1/4", "1/2"]),
        (mini("a b").fastgap(4), ["0", "1/8"]),
        (mini("a b").fastgap("<4 2>").early(1), ["0", "1/4"]),
        (mini("a*8").swing(Fraction(1, 3), 4), ["0", "1/6", "1/4", "5/12", "1/2", "2/3", "3/4", "11/12"]),
        (mini("a*4").swing(0.5, 2), ["0", "3/8", "1/2", "7/8"]),
        (mini("a*4").swing(0, 2), ["0", "1/4", "1/2", "3/4"]),
        (mini("a*4").swing(-0.5, 2), ["0", "1/8", "1/2", "5/8"]),
        (mini("a*4").swing("0 0.5", 2), ["0", "1/4", "1/2", "7/8"]),
    ],
)
def test_when_events_begin(made: Pattern, expected: list[str]) -> None:
    assert onsets(made) == expected


def test_movements_are_cut_by_time_and_events_by_their_onset() -> None:
    np.testing.assert_allclose(saw.within(0.5, 1, lambda p: p + 1).sample([0.25, 0.75]), [0.25, 1.75])
    np.testing.assert_allclose(saw.chunk(2, lambda p: p * 0).sample([0.25, 0.75, 1.25, 1.75]), [0, 0.75, 0.25, 0])
    (event,) = mini("a").within(0.5, 1, lambda p: p.fast(2)).query(0, 0.5)
    assert event.whole.length == 1
    np.testing.assert_allclose(saw.linger(0.5).sample([0.25, 0.75, 1.25]), [0.25, 0.25, 0.25])
    np.testing.assert_allclose(saw.swing(0.5, 1).sample([0.75]), [0.5])


def test_a_ribbon_repeats_chance() -> None:
    loop = perlin.ribbon(3, 2)
    times = np.linspace(0.01, 1.99, 40)
    np.testing.assert_allclose(loop.sample(times, SEED), loop.sample(times + 4, SEED))
    np.testing.assert_allclose(loop.sample(times, SEED), perlin.sample(times + 3, SEED))


@pytest.mark.parametrize("cps", [0.5, 2.0])
def test_nudging_moves_by_seconds_at_any_tempo(cps: float) -> None:
    context = Context.at(cps)
    nudged = mini("1 2").nudge(0.1)
    assert [float(e.whole.begin) for e in nudged.query(0, 0.9, context)] == pytest.approx(
        [-0.5 + 0.1 * cps, 0.1 * cps, 0.5 + 0.1 * cps]
    )
    just = np.array([0.1 * cps - 0.001, 0.1 * cps + 0.001])
    np.testing.assert_array_equal(nudged.sample(just, context), [2, 1])
    np.testing.assert_allclose(saw.nudge(-0.1).sample([0.2], context), 0.2 + 0.1 * cps)
    assert mini("1 2").nudge(0).query(0, 1) == mini("1 2").query(0, 1)


def test_nudging_by_a_pattern_and_over_a_change_of_tempo() -> None:
    def seconds(cycles: np.ndarray) -> np.ndarray:
        return np.where(cycles < 1, cycles, 1 + (cycles - 1) * 3)

    context = Context(0, seconds)
    found = saw.nudge(0.3).sample([0.5, 1.05, 1.5], context)
    np.testing.assert_allclose(found, [0.2, 0.85, 0.4])
    ahead = saw.nudge(-0.3).sample([0.5, 0.85], context)
    np.testing.assert_allclose(ahead, [0.8, 0.05], atol=1e-9)
    uneven = mini("1*4").nudge("0 0.1")
    assert [float(e.part.begin) for e in uneven.query(0, 1, Context.at(1)) if e.has_onset] == [0.0, 0.25, 0.6, 0.85]


def test_nudged_recordings_play_from_their_new_onset() -> None:
    class Clock:
        dims = 1

        def at(self, seconds: np.ndarray) -> np.ndarray:
            return seconds[:, None]

    moved = pure(Clock()).nudge(0.2)
    np.testing.assert_allclose(moved.sample([0.5], Context.at(1)), [[0.3]])


def test_glides_go_on_from_one_cycle_to_the_next() -> None:
    moving = mini("0 10").glide(0.2).every(2, lambda p: p.rev())
    values = moving.sample(np.linspace(0.5, 2, 400, endpoint=False) + 1e-6)
    assert np.abs(np.diff(values)).max() < 1


def test_functions_may_bring_in_what_they_like() -> None:
    assert mini("a").inside("<1 2>", lambda p: cat(p, "bell")).names() == {"a", "bell"}
    found = mini("a").inside("<1 2>", lambda p: seq(p, "bell")).resolve({"a": 1, "bell": 2}.__getitem__)
    np.testing.assert_array_equal(found.sample([0.1, 0.6]), [1, 2])
    mixed = (mini("a") + sine * 0).inside("<1 2>", lambda p: seq(p, "bell")).resolve({"a": 1, "bell": 2}.__getitem__)
    np.testing.assert_array_equal(mixed.sample([0.1, 0.6]), [1, 2])


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda p: p.every(0, abs), "every"),
        (lambda p: p.every(1.5, abs), "whole number"),
        (lambda p: p.iter(0), "iter"),
        (lambda p: p.iter("0").query(0, 1), "iter"),
        (lambda p: p.chunk(-1, abs), "chunk"),
        (lambda p: p.within(0.5, 0.25, abs), "within"),
        (lambda p: p.compress(-0.5, 1), "compress"),
        (lambda p: p.zoom(0.5, 0.5), "zoom"),
        (lambda p: p.inside(0, abs), "inside"),
        (lambda p: p.outside(-1, abs), "outside"),
        (lambda p: p.linger(2), "linger"),
        (lambda p: p.ribbon(0, 0), "ribbon"),
        (lambda p: p.swing(1, 4), "swing"),
        (lambda p: p.swing(0.5, 0), "swing"),
        (lambda p: p.nudge(11), "nudge"),
        (lambda p: p.nudge("bell").query(0, 1), "nudge"),
        (lambda p: p.when("a b", abs).query(0, 1), "neither true nor false"),
    ],
)
def test_what_makes_no_sense_is_an_error_that_says_so(make: object, problem: str) -> None:
    with pytest.raises(LivevaeError, match=problem):
        make(mini("1 2"))  # type: ignore[operator]
