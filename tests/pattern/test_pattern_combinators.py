"""Laws that hold for every combinator of structure and time, alone and nested, with patterned arguments too."""

from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livevae.pattern import (
    Context,
    Event,
    Pattern,
    arrange,
    cat,
    lerp,
    mini,
    perlin,
    point,
    polymeter,
    pure,
    saw,
    seq,
    silence,
    sine,
    walk,
)

D = 3
CONTEXT = Context.at(0.7, seed=5)
# A prime number of times a cycle: never on the edge of an event, whose times are ratios of small numbers.
TIMES = (np.arange(-1500, 1500, 41) + 0.5) / 509
laws = settings(max_examples=15, deadline=None)


class Ramp:
    """A recording that rises for two seconds and stays."""

    dims = D

    def __init__(self, begin: float = 0.0, end: float = 2.0) -> None:
        self.begin, self.end = begin, end

    @property
    def seconds(self) -> float:
        return self.end - self.begin

    def at(self, seconds: np.ndarray) -> np.ndarray:
        place = np.clip(self.begin + seconds, self.begin, self.end)
        return place[:, None] * np.array([1.0, -2.0, 0.5])

    def slice(self, start: float, end: float) -> "Ramp":
        return Ramp(self.begin + start, self.begin + end)


WAYS: dict[str, Callable[[Pattern], Pattern]] = {
    "struct": lambda p: p.struct("t f [t t] <t f>"),
    "mask": lambda p: p.mask("1 0 1 <1 0>"),
    "ply": lambda p: p.ply(2),
    "ply patterned": lambda p: p.ply("<2 3>"),
    "every": lambda p: p.every(3, lambda q: q.rev(), 1),
    "every patterned": lambda p: p.every("<2 3>", lambda q: q.fast(2)),
    "when cycles": lambda p: p.when(lambda cycle: cycle % 2 == 1, lambda q: q.late(0.25)),
    "when truths": lambda p: p.when("t f <t f>", lambda q: q.rev()),
    "iter": lambda p: p.iter(4),
    "iter patterned": lambda p: p.iter("<4 3>"),
    "iter_back": lambda p: p.iter_back(3),
    "palindrome": lambda p: p.palindrome(),
    "within": lambda p: p.within(0.25, 0.75, lambda q: q.fast(2)),
    "chunk": lambda p: p.chunk(4, lambda q: q.rev()),
    "inside": lambda p: p.inside(2, lambda q: q.rev()),
    "inside patterned": lambda p: p.inside("<2 3>", lambda q: q.rev()),
    "outside": lambda p: p.outside(2, lambda q: q.iter(4)),
    "linger": lambda p: p.linger(0.25),
    "linger patterned": lambda p: p.linger("<0.25 -0.5 1>"),
    "ribbon": lambda p: p.ribbon(1, "<2 0.75>"),
    "compress": lambda p: p.compress(0.125, 0.75),
    "compress patterned": lambda p: p.compress("0 0.5", "1"),
    "fastgap": lambda p: p.fastgap(1.5),
    "zoom": lambda p: p.zoom("<0 0.25>", 0.75),
    "swing": lambda p: p.swing(0.25, "<2 4>"),
    "chop": lambda p: p.chop("<2 3>"),
    "striate": lambda p: p.striate("<2 3>"),
    "slice": lambda p: p.slice(4, "0 <2 -1>"),
    "splice": lambda p: p.splice("<4 2>", "0 1*2"),
    "fit": lambda p: p.fit(),
    "loop_at": lambda p: p.loop_at("<2 1>"),
    "arrange": lambda p: arrange((2, p), (Fraction(3, 2), "5 6")),
    "euclid": lambda p: p.euclid("<3 5>", 8),
}
LAYERED: dict[str, Callable[[Pattern], Pattern]] = {
    "superimpose": lambda p: p.superimpose(lambda q: q.fast(2)),
    "off": lambda p: p.off("<0.25 0.125>", lambda q: q + 1),
    "stutter": lambda p: p.stutter(3, 0.125),
    "echo": lambda p: p.echo(3, 0.25, 0.5),
    "polymeter": lambda p: polymeter((3, p), "1 2", steps="<4 3>"),
}
HELD = [
    *(mini(text) for text in ("1 2 3", "1 ~ 2*2", "<1 2 3> [4 5]", "1(3,8)", "<1 [2 3] ~>/2")),
    pure(Ramp()),
    seq(point(1, 2, 3), Ramp(), 2),
    cat(Ramp(), 1, silence),
]
OTHERS = [
    sine,
    perlin.dims(D),
    walk(dims=D).fast(3),
    mini("1 2 3") + sine,
    lerp(seq(Ramp(), 1), mini("<2 3> 4").rev(), 0.5),
    (mini("1 2") + saw).every(2, lambda p: p.rev()),
    seq(Ramp(), 1).glide(0.2),
]
ways = st.sampled_from(sorted(WAYS))
every_way = st.sampled_from(sorted(WAYS | LAYERED))
held, anything = st.sampled_from(HELD), st.sampled_from([*HELD, *OTHERS])


def sampled(pattern: Pattern, times: np.ndarray = TIMES) -> np.ndarray:
    return pattern.with_dims(D).sample(times, CONTEXT)


def through(pattern: Pattern, *names: str) -> Pattern:
    for name in names:
        pattern = (WAYS | LAYERED)[name](pattern)
    return pattern


def value_at(event: Event, time: float) -> np.ndarray:
    """What an event holds at a time within it."""
    value = event.value
    low, high = float(event.extent.begin), float(event.extent.end)
    if hasattr(value, "passed"):
        value = value.passed(np.array([(time - low) / (high - low)]))[0]
    elif hasattr(value, "at"):
        value = value.at(CONTEXT.seconds(np.array([time])) - CONTEXT.seconds(np.array([low])))[0]
    return np.broadcast_to(value, D)


@pytest.mark.parametrize("name", sorted(WAYS))
def test_held_patterns_stay_held_and_movements_stay_movements(name: str) -> None:
    assert all(through(pattern, name)._node.held for pattern in HELD)
    if name not in ("struct", "arrange"):
        assert through(sine, name).is_continuous


@laws
@given(held, ways, ways)
def test_samples_agree_with_events(pattern: Pattern, first: str, second: str) -> None:
    made = through(pattern, first, second)
    for cycle in range(-1, 3):
        events = made.query(cycle, cycle + 1, CONTEXT)
        for event in events:
            time = float(event.part.begin + event.part.length * Fraction(255, 509))
            covering = [e for e in events if float(e.part.begin) <= time < float(e.part.end)]
            last = max(covering, key=lambda e: e.extent.begin)
            if sum(e.extent.begin == last.extent.begin for e in covering) == 1:
                np.testing.assert_allclose(sampled(made, np.array([time]))[0], value_at(last, time), atol=1e-9)
        heard = np.zeros(TIMES.shape, dtype=bool)
        for event in events:
            heard |= (float(event.part.begin) <= TIMES) & (float(event.part.end) > TIMES)
        here = np.floor(TIMES) == cycle
        np.testing.assert_array_equal(np.isnan(sampled(made)).any(axis=1)[here], ~heard[here])


@laws
@given(anything, every_way, every_way, st.lists(st.integers(1, len(TIMES) - 1), max_size=5))
def test_samples_do_not_depend_on_how_time_is_cut(pattern: Pattern, first: str, second: str, cuts: list[int]) -> None:
    made = through(pattern, first, second)
    found = [sampled(made, block) for block in reversed(np.split(TIMES, sorted(cuts)))]
    np.testing.assert_array_equal(np.concatenate(found[::-1]), sampled(made))


@laws
@given(anything, every_way, every_way, st.sampled_from([Fraction(1, 3), Fraction(2, 3), 2, 3]))
def test_fast_and_slow_undo_each_other(pattern: Pattern, first: str, second: str, k: Fraction) -> None:
    made = through(pattern, first, second)
    for same in (made.fast(k).slow(k), made.slow(k).fast(k)):
        np.testing.assert_allclose(sampled(same), sampled(made), rtol=1e-9, atol=1e-9)


@laws
@given(anything, every_way, every_way)
def test_rev_twice_is_identity(pattern: Pattern, first: str, second: str) -> None:
    made = through(pattern, first, second)
    np.testing.assert_allclose(sampled(made.rev().rev()), sampled(made), rtol=1e-9, atol=1e-9)


@laws
@given(held, ways, ways, st.sampled_from([Fraction(1, 7), Fraction(5, 3), Fraction(-3, 4)]))
def test_the_events_of_a_span_are_those_of_its_cycles(pattern: Pattern, first: str, second: str, at: Fraction) -> None:
    made = through(pattern, first, second)

    def shown(events: list[Event]) -> list[tuple[object, ...]]:
        pieces = [Event(e.whole, part, e.value) for e in events for part in e.part.cycles()]
        return sorted(
            (e.part.begin, e.part.end, e.extent.begin, tuple(value_at(e, float(e.part.midpoint)).round(9)))
            for e in pieces
        )

    whole = shown(made.query(at, at + 2, CONTEXT))
    cuts = [at, at + Fraction(2, 5), *(c for c in (Fraction(n) for n in range(-2, 5)) if at < c < at + 2), at + 2]
    cuts = sorted(set(cuts))
    assert shown(made.query(cuts[0], cuts[-1], CONTEXT)) == whole
    apart = [event for a, b in pairwise(cuts) for event in made.query(a, b, CONTEXT)]
    assert sum(e.part.length for e in apart) == sum((row[1] - row[0] for row in whole), Fraction(0))


@pytest.mark.parametrize("name", sorted(WAYS | LAYERED))
def test_names_are_known_and_resolved_within(name: str) -> None:
    numbers = {"low": 1.0, "high": 2.0, "bell": 3.0}
    for pattern in (mini("low high"), mini("<low high>") + sine, mini("low high").glide(0.1)):
        made = through(pattern, name)
        assert {"low", "high"} <= made.names()
        resolved = made.resolve(lambda word: numbers[getattr(word, "name", str(word))])
        assert np.isfinite(sampled(resolved)).any()


@pytest.mark.parametrize("name", ["chop", "striate", "ply", "struct", "every", "linger patterned", "inside patterned"])
def test_glides_go_on_through(name: str) -> None:
    after, before = through(mini("0 1"), name).glide(0.3), through(mini("0 1").glide(0.3), name)
    values = sampled(after)
    assert ((values > 0.01) & (values < 0.99)).any()
    if name in ("every", "ply"):
        np.testing.assert_allclose(sampled(before), values)
