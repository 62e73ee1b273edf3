"""Laws that hold for every pattern, over generated ones."""

from collections import Counter
from collections.abc import Callable
from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from livevae.pattern import (
    Context,
    Event,
    Pattern,
    Span,
    Sparse,
    cat,
    cosine,
    dim,
    fade,
    lerp,
    mini,
    perlin,
    point,
    pure,
    saw,
    seq,
    silence,
    sine,
    slerp,
    spline,
    square,
    stack,
    timecat,
    tri,
    walk,
)

D = 3
CPS = 0.7
CONTEXT = Context.at(CPS, seed=5)
# A prime number of times a cycle: never on the edge of an event, whose times are ratios of small numbers.
TIMES = (np.arange(-2000, 2000, 37) + 0.5) / 509


class Ramp:
    """A trajectory that rises for two seconds and stays."""

    dims = D

    def at(self, seconds: np.ndarray) -> np.ndarray:
        return np.clip(seconds, 0, 2)[:, None] * np.array([1.0, -2.0, 0.5])


factors = st.sampled_from([Fraction(1, 3), Fraction(1, 2), Fraction(2, 3), 1, Fraction(3, 2), 2, 3])
shifts = st.sampled_from([Fraction(-5, 4), Fraction(-1, 3), 0, Fraction(1, 8), Fraction(1, 2), 1, Fraction(7, 3)])
notation = st.sampled_from(
    ["1", "1 2 3", "1 ~ 2", "<1 2 3>", "1*2 <2 3>", "1(3,8)", "[1 2] 3@2", "4 _ 2!2", "<1 [2 ~]>/2", "1 <~ 5>(3,8,2)"]
)
leaves = st.one_of(
    notation.map(mini),
    st.sampled_from([pure(2), silence, pure(Ramp()), point(1, 2, 3), seq(point(1, 0, 0), Ramp()), cat(Ramp(), 1)]),
)
sources = st.sampled_from(
    [sine, cosine, saw, tri, square, perlin, perlin.dims(D), walk(dims=D), spline(point(1, 2, 3), 0, 5, closed=True)]
)


# Moved in time alone: still one event at a time.
TIMED = [
    lambda p, q, k, s: p.fast(k),
    lambda p, q, k, s: p.slow(k),
    lambda p, q, k, s: p.late(s),
    lambda p, q, k, s: p.rev(),
    lambda p, q, k, s: p.fast("<1 2>"),
    lambda p, q, k, s: p.every(2, lambda r: r.rev().fast(2)),
    lambda p, q, k, s: p.euclid(3, 5, 1),
    lambda p, q, k, s: seq(p, q),
    lambda p, q, k, s: cat(p, q, p),
    lambda p, q, k, s: timecat((1, p), (2, q)),
]
# Made of values, with the events of the first.
COMBINED = [
    *TIMED,
    lambda p, q, k, s: p - q,
    lambda p, q, k, s: p * q + 1,
    lambda p, q, k, s: lerp(p, q, 0.25),
    lambda p, q, k, s: 0.5 * p,
]
# Made in any way.
MIXED = [
    *COMBINED,
    lambda p, q, k, s: stack(p, q),
    lambda p, q, k, s: slerp(p.with_dims(D), q, sine),
    lambda p, q, k, s: p.glide(0.3),
    lambda p, q, k, s: p + dim(1, saw),
    lambda p, q, k, s: fade(s, p, q, k),
]
Way = Callable[[Pattern, Pattern, Fraction, Fraction], Pattern]


@st.composite
def made(draw: st.DrawFn, ways: list[Way], roots: st.SearchStrategy[Pattern]) -> Pattern:
    """A pattern made of others in up to four ways."""
    pattern = draw(roots)
    for way in draw(st.lists(st.sampled_from(ways), max_size=4)):
        pattern = way(pattern, draw(roots), draw(factors), draw(shifts))
    return pattern


steps = made(COMBINED, leaves)
continuous = made([*TIMED, lambda p, q, k, s: p - q], sources)
anything = made(MIXED, st.one_of(leaves, sources))
laws = settings(max_examples=40, deadline=None)


def sampled(pattern: Pattern, times: np.ndarray = TIMES, context: Context = CONTEXT) -> np.ndarray:
    return pattern.with_dims(D).sample(times, context)


def equal(a: np.ndarray, b: np.ndarray) -> None:
    np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9)


def shown(events: list[Event]) -> Counter[tuple[object, ...]]:
    """Events to be compared whatever their order; numbers to nine digits; things that play by what they play first."""

    def value(event: Event) -> object:
        held = event.value.dense(D) if isinstance(event.value, Sparse) else event.value
        rows = held.at(np.array([0.1])) if hasattr(held, "at") else np.atleast_1d(held)
        return tuple(np.round(np.asarray(rows, dtype=float), 9).ravel().tolist())

    return Counter((event.whole, event.part, value(event)) for event in events)


def cut(events: list[Event]) -> list[Event]:
    return [Event(e.whole, part, e.value) for e in events for part in e.part.cycles()]


@laws
@given(anything, factors)
def test_fast_and_slow_undo_each_other(pattern: Pattern, k: Fraction) -> None:
    for same in (pattern.fast(k).slow(k), pattern.slow(k).fast(k)):
        equal(sampled(same), sampled(pattern))
        assert shown(same.query(-1, 2, CONTEXT)) == shown(pattern.query(-1, 2, CONTEXT))


@laws
@given(anything, factors)
def test_fast_reads_the_same_values_sooner(pattern: Pattern, k: Fraction) -> None:
    scale = float(k)
    equal(sampled(pattern.fast(k)), sampled(pattern, TIMES * scale, Context.at(CPS * scale, seed=5)))


@laws
@given(anything)
def test_rev_twice_is_identity(pattern: Pattern) -> None:
    equal(sampled(pattern.rev().rev()), sampled(pattern))


@laws
@given(steps)
def test_rev_twice_has_the_same_events(pattern: Pattern) -> None:
    assert shown(cut(pattern.rev().rev().query(-1, 2, CONTEXT))) == shown(cut(pattern.query(-1, 2, CONTEXT)))


@laws
@given(anything, shifts)
def test_late_and_early_undo_each_other(pattern: Pattern, shift: Fraction) -> None:
    for same in (pattern.late(shift).early(shift), pattern.early(shift).late(shift)):
        equal(sampled(same), sampled(pattern))
        assert shown(same.query(-1, 2, CONTEXT)) == shown(pattern.query(-1, 2, CONTEXT))


@laws
@given(anything, st.lists(st.integers(1, len(TIMES) - 1), max_size=6))
def test_samples_do_not_depend_on_how_time_is_cut(pattern: Pattern, cuts: list[int]) -> None:
    blocks = np.split(TIMES, sorted(cuts))
    # Walked backwards, so that nothing can lean on what was asked before.
    found = [sampled(pattern, block) for block in reversed(blocks)]
    np.testing.assert_array_equal(np.concatenate(found[::-1]), sampled(pattern))


@laws
@given(steps)
def test_samples_agree_with_events(pattern: Pattern) -> None:
    for event in pattern.query(-1, 3, CONTEXT):
        middle = np.array([float(event.part.midpoint)])
        value = event.value
        if hasattr(value, "at"):
            value = value.at(CONTEXT.seconds(middle) - CONTEXT.seconds(np.array([float(event.extent.begin)])))[0]
        equal(sampled(pattern, middle)[0], np.broadcast_to(value, D))


@laws
@given(steps)
def test_samples_are_silent_where_there_is_no_event(pattern: Pattern) -> None:
    events = pattern.query(-4, 4, CONTEXT)
    heard = np.zeros(TIMES.shape, dtype=bool)
    for event in events:
        heard |= (float(event.part.begin) <= TIMES) & (float(event.part.end) > TIMES)
    np.testing.assert_array_equal(np.isnan(sampled(pattern)).any(axis=1), ~heard)


@laws
@given(continuous, shifts)
def test_a_continuous_pattern_has_one_event_with_its_value_at_the_onset(pattern: Pattern, begin: Fraction) -> None:
    begin = Fraction(begin) + Fraction(1, 509)
    expected = sampled(pattern, np.array([float(begin)]))[0]
    events = pattern.query(begin, begin + 1, CONTEXT)
    assert [(event.whole, event.part) for event in events] == [(None, Span(begin, begin + 1))] * len(events)
    for event in events:
        equal(np.broadcast_to(event.value, D), expected)
    assert len(events) == (0 if np.isnan(expected).any() else 1)


@laws
@given(steps, shifts, st.integers(1, 3))
def test_the_events_of_a_span_are_those_of_its_cycles(pattern: Pattern, begin: Fraction, length: int) -> None:
    span = Span(Fraction(begin), Fraction(begin) + length + Fraction(1, 3))
    apart = [event for cycle in span.cycles() for event in pattern.query(cycle, context=CONTEXT)]
    assert shown(cut(pattern.query(span, context=CONTEXT))) == shown(apart)


@laws
@given(steps, shifts)
def test_events_lie_within_what_was_asked_and_within_their_wholes(pattern: Pattern, begin: Fraction) -> None:
    span = Span(Fraction(begin), Fraction(begin) + 2)
    for event in pattern.query(span):
        assert span.begin <= event.part.begin < event.part.end <= span.end
        assert event.extent.begin <= event.part.begin
        assert event.part.end <= event.extent.end


@laws
@given(anything, anything, shifts, factors)
def test_a_fade_begins_and_ends_exactly(old: Pattern, new: Pattern, now: Fraction, length: Fraction) -> None:
    fading = fade(now, old, new, length)
    begin, end = float(now), float(Fraction(now) + Fraction(length))
    before, after = TIMES[begin >= TIMES], np.append(TIMES[end <= TIMES], end)
    np.testing.assert_array_equal(sampled(fading, np.append(before, begin)), sampled(old, np.append(before, begin)))
    np.testing.assert_array_equal(sampled(fading, after), sampled(new, after))


@laws
@given(anything)
def test_names_and_numbers_alike_survive_resolving(pattern: Pattern) -> None:
    np.testing.assert_array_equal(sampled(pattern.resolve(lambda name: 0)), sampled(pattern))
