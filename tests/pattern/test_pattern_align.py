"""Whose events a combination has: facts of Tidal's alignments, and laws."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livevae.errors import LivevaeError
from livevae.pattern import Context, Event, Pattern, Span, mini, point, pure, saw, seq, silence, sine, stack

TIMES = (np.arange(-300, 600, 29) + 0.5) / 173
discrete = st.sampled_from(
    ["1", "1 2", "1 2 3", "<1 2> [3 ~]", "1(3,8)", "[1 2] 3@2", "1 <~ 5>(3,8,2)", "<1 2 3>/2"]
).map(mini)
anything = st.one_of(discrete, st.sampled_from([saw, sine.slow(3), mini("1 2") + saw, stack("1 2", "5"), pure(3)]))
WAYS = ["left", "right", "both", "squeeze", "restart", "reset"]
NAMES = {"add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide, "mod": np.mod, "pow": np.power}


def at(begin: str, end: str, value: float | str) -> Event:
    span = Span(Fraction(begin), Fraction(end))
    return Event(span, span, value)


def whole(pattern: Pattern, begin: int = 0, end: int = 1) -> list[Event]:
    """The events that begin, as wholes with their values."""
    return [Event(e.whole, e.whole, e.value) for e in pattern.query(begin, end) if e.has_onset and e.whole]


def same(a: np.ndarray, b: np.ndarray) -> None:
    np.testing.assert_allclose(*np.broadcast_arrays(a.T, b.T), rtol=1e-9, atol=1e-9)


def test_left_keeps_the_events_of_the_left_side_and_cuts_them() -> None:
    found = mini("1 2").add.left("10 20 30").query(0, 1)
    assert {e.whole for e in found} == {Span.of(0, Fraction(1, 2)), Span.of(Fraction(1, 2), 1)}
    assert [(str(e.part.begin), e.value) for e in found] == [("0", 11), ("1/3", 21), ("1/2", 22), ("2/3", 32)]
    assert mini("1 2").add("10 20 30").query(0, 1) == found == (mini("1 2") + "10 20 30").query(0, 1)


def test_right_keeps_the_events_of_the_right_side() -> None:
    assert whole(mini("1 2").add.right("10 20 30")) == [at("0", "1/3", 11), at("1/3", "2/3", 21), at("2/3", "1", 32)]


def test_both_has_an_event_wherever_two_overlap() -> None:
    assert whole(mini("1 2").add.both("10 20 30")) == [
        at("0", "1/3", 11),
        at("1/3", "1/2", 21),
        at("1/2", "2/3", 22),
        at("2/3", "1", 32),
    ]


def test_squeeze_puts_a_cycle_of_the_right_side_into_each_event() -> None:
    assert whole(mini("1 [2 3]").add.squeeze("10 20")) == [
        at("0", "1/4", 11),
        at("1/4", "1/2", 21),
        at("1/2", "5/8", 12),
        at("5/8", "3/4", 22),
        at("3/4", "7/8", 13),
        at("7/8", "1", 23),
    ]
    assert [e.value for e in mini("1 2").add.squeeze("<10 20>").query(0, 2)] == [11, 12, 21, 22]


def test_restart_begins_the_right_side_anew_and_reset_keeps_its_cycle() -> None:
    p = mini("1 2")
    assert whole(p.add.restart("10 20 30 40"), 3, 4) == [
        at("3", "13/4", 11),
        at("13/4", "7/2", 21),
        at("7/2", "15/4", 12),
        at("15/4", "4", 22),
    ]
    assert [e.value for e in p.add.restart("<10 20>").query(0, 2)] == [11, 12, 11, 12]
    assert [e.value for e in p.add.reset("<10 20>").query(0, 2)] == [11, 12, 21, 22]


def test_keep_and_put_pass_on_the_values_of_one_side() -> None:
    p = mini("bell choir")
    assert whole(p.keep.right("1*3")) == [at("0", "1/3", "bell"), at("1/3", "2/3", "bell"), at("2/3", "1", "choir")]
    assert whole(p.keep("1 ~")) == [at("0", "1/2", "bell")]
    assert whole(mini("1 ~ 1 1").put(p)) == [at("0", "1/4", "bell"), at("1/2", "3/4", "choir"), at("3/4", "1", "choir")]
    assert whole(p.put.squeeze("a b")) == [at(f"{i}/4", f"{i + 1}/4", "ab"[i % 2]) for i in range(4)]
    assert p.keep.right("x x").names() == {"bell", "choir"}
    assert mini("1 2").put("a").names() == {"a"}


def test_names_are_resolved_in_both_sides() -> None:
    lookup = {"a": 1, "b": 2, "c": 10, "d": 20}.__getitem__
    for way in WAYS:
        p = getattr(mini("a b").add, way)("c d")
        assert p.names() == set("abcd")
        assert p.resolve(lookup).query(0, 2) == getattr(mini("1 2").add, way)("10 20").query(0, 2)
    assert mini("a b").keep.right("x*4").resolve(lookup).query(0, 1) == mini("1 1 2 2").query(0, 1)


@given(anything, anything, st.sampled_from(sorted(NAMES)))
@settings(max_examples=40, deadline=None)
def test_ways_that_do_not_move_time_agree_on_the_values(p, q, name) -> None:
    a, b = p.sample(TIMES), q.sample(TIMES)
    with np.errstate(all="ignore"):
        expected = np.where(np.isnan(a) | np.isnan(b), np.nan, NAMES[name](a, b))
    for way in ("left", "right", "both"):
        same(getattr(getattr(p, name), way)(q).sample(TIMES), expected)
    same(getattr(p, name)(q).sample(TIMES), expected)


@given(discrete, discrete, st.sampled_from(["add", "mul", "keep", "put"]), st.sampled_from(WAYS))
@settings(max_examples=50, deadline=None)
def test_samples_are_the_events(p, q, name, way) -> None:
    made = getattr(getattr(p, name), way)(q)
    found = made.query(-1, 3)
    for time in (np.arange(-173, 3 * 173, 13) + 0.5) / 173:
        here = [e.value for e in found if e.part.begin <= time < e.part.end]
        assert len(here) < 2
        sampled = made.sample([time])[0]
        assert np.isnan(sampled) if not here else sampled == here[0]


@given(discrete, anything, st.sampled_from(WAYS), st.sampled_from([Fraction(1, 2), 2, 3]), st.integers(1, 40))
@settings(max_examples=40, deadline=None)
def test_alignment_moves_with_time_and_does_not_depend_on_blocks(p, q, way, k, cut) -> None:
    made = getattr(p.add, way)(q)
    same(made.fast(k).sample(TIMES), made.sample(TIMES * float(k)))
    fresh = getattr(p.add, way)(q)
    later = fresh.sample(TIMES[cut:])
    same(made.sample(TIMES), np.concatenate([fresh.sample(TIMES[:cut]), later]))
    same(made.rev().rev().sample(TIMES), made.sample(TIMES))


@given(discrete, anything, st.sampled_from(WAYS), st.sampled_from([Fraction(1, 4), Fraction(1, 3), Fraction(5, 8)]))
@settings(max_examples=40, deadline=None)
def test_pieces_of_a_query_are_the_whole_query(p, q, way, cut) -> None:
    made = getattr(p.add, way)(q)
    if made.is_continuous:
        return
    wholes = {(e.whole, repr(e.value)) for e in made.query(0, 2)}
    assert {(e.whole, repr(e.value)) for e in made.query(0, cut) + made.query(cut, 2)} == wholes


def test_a_continuous_side_adds_no_events() -> None:
    p = mini("1 2")
    assert p.add.both(saw).query(0, 1) == saw.add.both(p).query(0, 1) == (p + saw).query(0, 1)
    assert p.add.right(saw).is_continuous
    assert saw.add.squeeze(p).query(0, 1) == saw.add.right(p).query(0, 1)
    swept = p.add.squeeze(saw)
    same(swept.sample([0.0, 0.25, 0.5, 0.75]), np.array([1.0, 1.5, 2.0, 2.5]))
    assert [e.value for e in swept.query(0, 1)] == [1, 2]


def test_silence_and_vectors() -> None:
    for way in WAYS:
        assert getattr(mini("1 2").add, way)(silence).query(0, 1) == []
        assert np.isnan(getattr(silence.add, way)("1 2").sample([0.1])).all()
        moved = getattr(seq(point(1, 2), point(3, 4)).add, way)("10 10")
        assert moved.sample([0.1, 0.6]).tolist() == [[11, 12], [13, 14]]


class Ramp:
    dims = 2

    def at(self, seconds: np.ndarray) -> np.ndarray:
        return seconds[:, None] * np.array([1.0, 1.0])


@pytest.mark.parametrize("way", WAYS)
def test_recordings_play_from_their_own_onsets(way: str) -> None:
    context = Context.at(1)
    times = np.array([0.1, 0.4, 0.6, 0.9])
    made = getattr(mini("100 200").add, way)(pure(Ramp()))
    elapsed = {"squeeze": times % 0.5, "restart": times % 0.5, "reset": times % 0.5}.get(way, times)
    same(made.sample(times, context)[:, 0], elapsed + np.array([100, 100, 200, 200]))
    for event in made.query(0, 1, context):
        begin = float(event.extent.begin)
        inside = times[(times >= event.part.begin) & (times < event.part.end)]
        same(event.value.at(inside - begin), made.sample(inside, context))


def test_what_cannot_be_combined_says_so() -> None:
    with pytest.raises(LivevaeError):
        mini("1").add(None)
    assert "add" in repr(mini("1").add)
    assert Pattern.add(mini("1"), 2).query(0, 1) == pure(3).query(0, 1)
