"""Rhythms imposed, events repeated, layers, and sequences of different lengths: what each combinator gives."""

from fractions import Fraction

import numpy as np
import pytest

from livevae.errors import LivevaeError
from livevae.pattern import Pattern, arrange, mini, perlin, point, polymeter, pure, rand, run, saw, scan, sine
from livevae.pattern.timeline import timeline


def line(pattern: Pattern, begin: float = 0, end: float = 1) -> str:
    """Events that begin within a span, as time:value, in order."""
    events = [e for e in pattern.query(begin, end) if e.has_onset]
    ordered = sorted(events, key=lambda e: (e.part.begin, str(e.value)))
    return " ".join(
        f"{e.part.begin}:{e.value:g}" if isinstance(e.value, float) else f"{e.part.begin}:{e.value}" for e in ordered
    )


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (mini("a").struct("t f t t"), "0:a 1/2:a 3/4:a"),
        (mini("a").struct("1 0 1(3,8)"), "0:a 2/3:a 19/24:a 11/12:a"),
        (mini("a b").struct("t*4"), "0:a 1/4:a 1/2:b 3/4:b"),
        (mini("a").struct("true FALSE x ~"), "0:a 1/2:a"),
        (mini("a").struct("0.5 -1 0"), "0:a 1/3:a"),
        (mini("a").struct("t(3,8)"), "0:a 3/8:a 3/4:a"),
        (saw.struct("t t t t"), "0:0 1/4:0.25 1/2:0.5 3/4:0.75"),
        (mini("a").struct([1, 0, 1]), "0:a 2/3:a"),
        (mini("a b c d").mask("t f"), "0:a 1/4:b"),
        (mini("a b c d").mask("1 0 1 ~"), "0:a 1/2:c"),
        (mini("a b").ply(2), "0:a 1/4:a 1/2:b 3/4:b"),
        (mini("a [b c]").ply("3"), "0:a 1/6:a 1/3:a 1/2:b 7/12:b 2/3:b 3/4:c 5/6:c 11/12:c"),
        (mini("a b").ply("2 3"), "0:a 1/4:a 1/2:b 2/3:b 5/6:b"),
        (mini("a").ply(1.5), "0:a 2/3:a"),
        (mini("a").ply(0), ""),
        (mini("a b").superimpose(lambda p: p.fast(2)), "0:a 0:a 1/4:b 1/2:a 1/2:b 3/4:b"),
        (mini("1 2").off(0.25, lambda p: p + 10), "0:1 1/4:11 1/2:2 3/4:12"),
        (mini("1 2").off("<0.25 0.125>", lambda p: p + 10).early(1), "0:1 1/8:11 1/2:2 5/8:12"),
        (mini("a ~ ~ ~").stutter(4, Fraction(1, 16)), "0:a 1/16:a 1/8:a 3/16:a"),
        (mini("8 ~ ~ ~").echo(3, 0.25, 0.5), "0:8 1/4:4 1/2:2"),
        (mini("1 ~ ~ ~").echo_with(3, 0.25, lambda p: p * 3), "0:1 1/4:3 1/2:9"),
        (run(4), "0:0 1/4:1 1/2:2 3/4:3"),
        (run("<4 2>").early(1), "0:0 1/2:1"),
        (run(1), "0:0"),
        (run(0), ""),
        (scan(3).early(2), "0:0 1/3:1 2/3:2"),
        (polymeter("a b c", "1 2"), "0:1 0:a 1/3:2 1/3:b 2/3:1 2/3:c"),
        (polymeter("a b c", "1 2").early(1), "0:2 0:a 1/3:1 1/3:b 2/3:2 2/3:c"),
        (polymeter("a b c", steps=4), "0:a 1/4:b 1/2:c 3/4:a"),
        (polymeter("a b c", steps=4).early(1), "0:b 1/4:c 1/2:a 3/4:b"),
        (polymeter(["a", "b c"], steps="4"), "0:a 1/4:b 3/8:c 1/2:a 3/4:b 7/8:c"),
        (polymeter("<a b>", steps=2), "0:a 1/2:b"),
        (polymeter((2, pure("a"))), "0:a"),
        (polymeter("a@3 b", steps=4), "0:a 3/4:b"),
        (arrange((1, "a"), (2, "b c")).early(2), "0:b 1/2:c"),
        (arrange((1, "<a b>"), (1, "c")).early(2), "0:b"),
        (arrange((0.5, "a*4"), (0.5, "b*4")), "0:a 1/4:a 1/2:b 3/4:b"),
    ],
)
def test_what_combinators_give(made: Pattern, expected: str) -> None:
    assert line(made) == expected


def test_struct_takes_the_value_at_each_moment_of_its_event() -> None:
    long = mini("a b").struct("t")
    assert [(e.whole.length, e.part.begin, e.value) for e in long.query(0, 1)] == [
        (1, 0, "a"),
        (1, Fraction(1, 2), "b"),
    ]


def test_struct_starts_recordings_anew_and_holds_movements() -> None:
    held = (pure(1) + sine * 0 + saw).struct("t*2")
    np.testing.assert_allclose(held.sample([0.0, 0.3, 0.5, 0.9]), [1, 1, 1.5, 1.5])
    assert not held.is_continuous
    truths = mini("a b").struct(rand.segment(8) > 0.5)
    assert 0 < len(truths.query(0, 1)) < 9


def test_truths_that_move_mask_but_have_no_rhythm() -> None:
    masked = pure(1).mask(saw > 0.5)
    assert np.isnan(masked.sample([0.2])).all()
    assert masked.sample([0.8]) == 1
    for make in (lambda: pure(1).struct(perlin > 0.5), lambda: pure(1).when(sine > 0.5, lambda p: p)):
        with pytest.raises(LivevaeError, match=r"use \.segment\(n\)"):
            make()


def test_a_mask_keeps_the_times_of_the_events_it_cuts() -> None:
    (cut,) = mini("a").mask("f t").query(0, 1)
    assert (cut.whole.begin, cut.part.begin) == (0, Fraction(1, 2))
    assert mini("1 2").mask("t t").query(0, 1) == mini("1 2").query(0, 1)
    assert len(pure(1).mask("[t ~, t]").query(0, 1)) == 1


def test_layers_add_up_where_both_sound() -> None:
    layered = point(1, 2).superimpose(lambda p: p * 10)
    np.testing.assert_array_equal(layered.sample([0.5]), [[11, 22]])
    np.testing.assert_array_equal(pure(1).mask("t f").superimpose(lambda p: p.late(0.5)).sample([0.1, 0.6]), [1, 1])


def test_polymeter_of_nothing_is_silence_and_of_one_is_itself() -> None:
    assert polymeter().query(0, 1) == []
    assert arrange().query(0, 1) == []
    assert timeline(polymeter("a b"), 1) == timeline("a b", 1)


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda: run(1.5), "whole number"),
        (lambda: run(-1), "whole number"),
        (lambda: mini("a").ply(-1), "0 to"),
        (lambda: mini("a").struct("maybe").query(0, 1), "neither true nor false"),
        (lambda: mini("a").mask("t bell").query(0, 1), "'bell'"),
        (lambda: arrange("a"), "pairs"),
        (lambda: arrange((0, "a")), "longer than zero"),
        (lambda: polymeter((0, "a")), "above zero"),
        (lambda: mini("a").stutter("<1 2>", 0.25), "cannot move"),
        (lambda: mini("a").echo(0, 0.25), "whole number"),
        (lambda: scan(0), "whole number"),
    ],
)
def test_what_makes_no_sense_is_an_error_that_says_so(make: object, problem: str) -> None:
    with pytest.raises(LivevaeError, match=problem):
        make()  # type: ignore[operator]
