"""Laws that hold for every pattern, over generated ones: whatever a performer may type, as deep as it goes."""

import hashlib
import inspect
import os
import re
import subprocess
import sys
from collections import Counter
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import livevae.pattern
from livevae.errors import LivevaeError
from livevae.pattern import Context, Event, Fit, Pattern, Playable, Span, Sparse, Take, fade, stack, transformations
from support.patterns import (
    CONTEXT,
    CPS,
    EVERY_WAY,
    MOVEMENTS,
    OVERLAPPING,
    PLACES,
    SPACE,
    STEPS,
    TIMES,
    D,
    anything,
    filled,
    lookup,
    made,
    moving,
    rows,
    stepped,
    written,
)

# What cannot be heard, and what numpy thinks odd, are mistakes here.
pytestmark = pytest.mark.filterwarnings("error")
TESTS = Path(__file__).parents[1]

factors = st.sampled_from([Fraction(1, 3), Fraction(1, 2), Fraction(2, 3), 1, Fraction(3, 2), 2, 3])
shifts = st.sampled_from([Fraction(-5, 4), Fraction(-1, 3), 0, Fraction(1, 8), Fraction(1, 2), 1, Fraction(7, 3)])
laws = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


def sampled(pattern: Pattern, times: np.ndarray = TIMES, context: Context = CONTEXT) -> np.ndarray:
    return pattern.with_dims(D).sample(times, context)


def equal(a: np.ndarray, b: np.ndarray) -> None:
    np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-8)


def value_at(event: Event, time: float) -> np.ndarray:
    """What an event holds at a time within it."""
    value, low, high = event.value, float(event.extent.begin), float(event.extent.end)
    if isinstance(value, Fit):
        value = value.passed(np.array([(time - low) / (high - low)]))[0]
    elif isinstance(value, Sparse):
        value = value.dense(D)
    elif not isinstance(value, np.ndarray) and isinstance(value, Playable):
        value = value.at(CONTEXT.seconds(np.array([time])) - CONTEXT.seconds(np.array([low])))[0]
    return np.broadcast_to(value, D)


def shown(events: list[Event]) -> Counter[tuple[object, ...]]:
    """Events to be compared whatever their order; numbers to eight digits; things that play by what they play first."""

    def value(event: Event) -> object:
        return tuple((np.round(value_at(event, float(event.part.midpoint)), 8) + 0.0).tolist())

    return Counter((event.whole, event.part, value(event)) for event in events)


def cut(events: list[Event]) -> list[Event]:
    return [Event(e.whole, part, e.value) for e in events for part in e.part.cycles()]


# -- the vocabulary


def test_the_generated_patterns_use_every_word() -> None:
    """A word that is new must be given to the laws."""
    texts = " ".join([*EVERY_WAY.values(), *STEPS, *MOVEMENTS, *PLACES, "pure(bell)"])
    used = set(re.findall(r"[A-Za-z_]+", texts))
    methods = {
        name
        for name, method in inspect.getmembers(Pattern, inspect.isfunction)
        if not name.startswith("_") and method.__annotations__.get("return") == "Pattern"
    }
    # What only programs use: to make patterns, and to look at them.
    made_by_programs = {"from_sampler", "signal", "reify", "resolve", "mini", "fraction"}
    words = {
        name
        for name in livevae.pattern.__all__
        if name[0].islower()
        and not name.startswith(("is_", "euclid_steps", "show", "timeline", "transformations", "variables", "rememb"))
    }
    assert (methods | words | set(transformations())) - used - made_by_programs == set()


# -- time


@laws
@given(anything, factors)
def test_fast_and_slow_undo_each_other(text: str, k: Fraction) -> None:
    pattern = made(text)
    for same in (pattern.fast(k).slow(k), pattern.slow(k).fast(k)):
        equal(sampled(same), sampled(pattern))


@laws
@given(stepped, factors)
def test_fast_and_slow_give_the_same_events_again(text: str, k: Fraction) -> None:
    pattern = made(text)
    for same in (pattern.fast(k).slow(k), pattern.slow(k).fast(k)):
        assert shown(cut(same.query(-1, 2, CONTEXT))) == shown(cut(pattern.query(-1, 2, CONTEXT)))


@laws
@given(anything, factors)
def test_fast_reads_the_same_values_sooner(text: str, k: Fraction) -> None:
    # What runs by seconds alone keeps its own time, and what is compared must lie at the very same moments.
    assume("lfo" not in text)
    pattern, scale = made(text), float(k)
    slower = Context(CONTEXT.seed, lambda cycles: cycles / (CPS * scale), False, SPACE)
    found = sampled(pattern.fast(k))
    expected = sampled(pattern, TIMES * scale, slower)
    equal(found, expected)


@laws
@given(anything)
def test_rev_twice_is_identity(text: str) -> None:
    # Of events that overlap the one that begins last is heard, and backwards that is another one.
    assume(not any(re.search(rf"\b{word}\b", text) for word in OVERLAPPING))
    pattern = made(text)
    equal(sampled(pattern.rev().rev()), sampled(pattern))


@laws
@given(stepped)
def test_rev_twice_has_the_same_events(text: str) -> None:
    pattern = made(text)
    assert shown(cut(pattern.rev().rev().query(-1, 2, CONTEXT))) == shown(cut(pattern.query(-1, 2, CONTEXT)))


@laws
@given(anything, shifts)
def test_late_and_early_undo_each_other(text: str, shift: Fraction) -> None:
    pattern = made(text)
    for same in (pattern.late(shift).early(shift), pattern.early(shift).late(shift)):
        equal(sampled(same), sampled(pattern))


# -- the two faces


@laws
@given(anything, st.lists(st.integers(1, len(TIMES) - 1), max_size=6))
def test_samples_do_not_depend_on_how_time_is_cut(text: str, cuts: list[int]) -> None:
    # Walked backwards and by another pattern of the same text, so that nothing can lean on what was asked before.
    other = made(text)
    found = [sampled(other, block) for block in reversed(np.split(TIMES, sorted(cuts)))]
    np.testing.assert_array_equal(np.concatenate(found[::-1]), sampled(made(text)))


@laws
@given(stepped)
def test_samples_agree_with_events(text: str) -> None:
    pattern = made(text)
    events = pattern.query(-1, 3, CONTEXT)
    times = [float(event.part.begin + event.part.length * Fraction(255, 509)) for event in events]
    found = sampled(pattern, np.array(times)) if times else np.empty((0, D))
    for time, values in zip(times, found, strict=True):
        heard = [value_at(e, time) for e in events if float(e.part.begin) <= time < float(e.part.end)]
        # Where events overlap, one of them is heard.
        assert any(np.allclose(values, value, rtol=1e-8, atol=1e-8, equal_nan=True) for value in heard)


@laws
@given(stepped)
def test_samples_are_silent_where_there_is_no_event(text: str) -> None:
    pattern = made(text)
    events = pattern.query(-4, 4, CONTEXT)
    heard = np.zeros(TIMES.shape, dtype=bool)
    for event in events:
        heard |= (float(event.part.begin) <= TIMES) & (float(event.part.end) > TIMES)
    np.testing.assert_array_equal(np.isnan(sampled(pattern)).any(axis=1), ~heard)


@laws
@given(moving, shifts)
def test_a_continuous_pattern_has_one_event_with_its_value_at_the_onset(text: str, begin: Fraction) -> None:
    pattern, begin = made(text), Fraction(begin) + Fraction(1, 509)
    assume(pattern.is_continuous)
    expected = sampled(pattern, np.array([float(begin)]))[0]
    events = pattern.query(begin, begin + 1, CONTEXT)
    assert [(event.whole, event.part) for event in events] == [(None, Span(begin, begin + 1))] * len(events)
    for event in events:
        equal(np.broadcast_to(event.value, D), expected)
    assert len(events) == (0 if np.isnan(expected).any() else 1)


@laws
@given(stepped, shifts, st.integers(1, 3))
def test_the_events_of_a_span_are_those_of_its_cycles(text: str, begin: Fraction, length: int) -> None:
    pattern = made(text)
    span = Span(Fraction(begin), Fraction(begin) + length + Fraction(1, 3))
    apart = [event for cycle in span.cycles() for event in pattern.query(cycle, context=CONTEXT)]
    assert shown(cut(pattern.query(span, context=CONTEXT))) == shown(cut(apart))


@laws
@given(anything, shifts)
def test_events_lie_within_what_was_asked_and_within_their_wholes(text: str, begin: Fraction) -> None:
    span = Span(Fraction(begin), Fraction(begin) + 2)
    for event in made(text).query(span, context=CONTEXT):
        assert span.begin <= event.part.begin < event.part.end <= span.end
        assert event.extent.begin <= event.part.begin
        assert event.part.end <= event.extent.end


@laws
@given(rows)
def test_a_row_plays_one_event_at_a_time(text: str) -> None:
    parts = sorted((event.part for event in made(text).query(-1, 2, CONTEXT)), key=lambda part: part.begin)
    assert all(a.end <= b.begin for a, b in pairwise(parts))


@laws
@given(anything)
def test_values_are_finite_or_silent(text: str) -> None:
    values = sampled(made(text))
    assert values.shape == (len(TIMES), D)
    assert not np.isinf(values).any()


@laws
@given(anything, anything)
def test_a_stack_is_the_sum_of_what_sounds(first: str, second: str) -> None:
    a, b = sampled(made(first)), sampled(made(second))
    together = np.where(np.isnan(a) & np.isnan(b), np.nan, np.nan_to_num(a) + np.nan_to_num(b))
    equal(sampled(stack(made(first).with_dims(D), made(second).with_dims(D))), together)


# -- chance


def seeded(seed: int) -> Context:
    return Context(seed, CONTEXT.seconds, False, SPACE)


@laws
@given(anything, st.integers(0, 3))
def test_the_same_seed_gives_the_same_samples_and_no_other_seed_lingers(text: str, seed: int) -> None:
    pattern = made(text)
    sampled(pattern, context=seeded(seed + 1))
    np.testing.assert_array_equal(sampled(pattern, context=seeded(seed)), sampled(made(text), context=seeded(seed)))


RANDOM = [
    "rand",
    "perlin",
    "perlin(octaves=3).dims(D)",
    "walk",
    "brownian",
    "noise(1)",
    "jitter(1, 8)",
    "choose(1, 2, 3)",
    "wchoose((1, 2), (2, 3))",
    "choose_cycles(1, 2, 3)",
    "wchoose_cycles((1, 2), (2, 3))",
    "run(8).degrade()",
    "run(8).undegrade_by(0.5)",
    "run(8).sometimes(lambda p: p + 100)",
    "run(8).some_cycles(lambda p: p + 100)",
    "run(8).shuffle(8)",
    "run(8).scramble(8)",
    "mini('1*8?')",
    "mini('[1 | 2 | 3]*8')",
]


@pytest.mark.parametrize("text", RANDOM)
def test_another_seed_gives_other_samples(text: str) -> None:
    found = [sampled(made(text), context=seeded(seed)) for seed in range(3)]
    assert not any(np.array_equal(a, b, equal_nan=True) for a, b in pairwise(found))


# -- names, sizes, glides and fades


@laws
@given(anything)
def test_names_are_all_that_must_be_known(text: str) -> None:
    pattern = written(text)
    asked: set[str] = set()

    def asking(word: str) -> object:
        asked.add(Take.of(word).name)
        return lookup(word)

    resolved = pattern.resolve(asking)
    sampled(resolved)
    resolved.query(-1, 2, CONTEXT)
    assert asked <= {Take.of(word).name for word in pattern.names()}
    assert resolved.names() == frozenset()


def test_names_that_a_function_makes_are_known() -> None:
    pattern = written("mini('low <choir 1>').fmap(lambda x: 'high' if x == 'low' else x)")
    assert pattern.names() == {"high", "choir"}
    np.testing.assert_array_equal(pattern.resolve(lambda word: len(word)).sample([0.1, 0.6, 1.6]), [4, 5, 1])


@pytest.mark.parametrize(
    "text",
    [
        "perlin.dims(D).quantize_to('bell').splice(2, '1 0')",
        "perlin.dims(D).quantize_to('<bell choir>').fit()",
        "perlin.dims(D).quantize_to('low high')",
        "(mini('0 1') + perlin.dims(D)).quantize_to('<bell choir>').adsr(0.01, 0.1, 0.5, 0.2)",
    ],
)
def test_what_is_looked_for_in_recordings_may_be_cut_and_given_an_envelope(text: str) -> None:
    assert np.isfinite(sampled(made(text))).all()


@laws
@given(anything)
def test_resolving_again_changes_nothing(text: str) -> None:
    pattern = made(text)
    np.testing.assert_array_equal(sampled(pattern.resolve(lambda name: 0)), sampled(pattern))


@laws
@given(anything)
def test_dimensions_are_settled_once_for_all(text: str) -> None:
    pattern = made(text)
    wide = sampled(pattern)
    np.testing.assert_array_equal(sampled(pattern.with_dims(D)), wide)
    try:
        plain = pattern.sample(TIMES, CONTEXT)
    except LivevaeError as error:
        assert re.search(r"dim\(\)|one dimension alone", str(error))  # noqa: PT017 - the law allows that error alone
        return
    np.testing.assert_array_equal(np.broadcast_to(plain.reshape(len(TIMES), -1), wide.shape), wide)
    if plain.ndim == 2:
        with pytest.raises(LivevaeError, match="dimensions"):
            pattern.with_dims(D + 1).sample(TIMES, CONTEXT)


@laws
@given(rows, st.sampled_from([0.01, 0.1, 0.4]))
def test_a_glide_arrives_at_what_it_glides_to(text: str, seconds: float) -> None:
    pattern = made(text)
    plain, gliding = sampled(pattern), sampled(pattern.glide(seconds))
    np.testing.assert_array_equal(np.isnan(plain), np.isnan(gliding))
    arrived = np.zeros(TIMES.shape, dtype=bool)
    for event in pattern.query(-4, 4, CONTEXT):
        later = CONTEXT.seconds(TIMES) >= CONTEXT.seconds(np.array([float(event.extent.begin)])) + seconds
        arrived |= later & (float(event.part.begin) <= TIMES) & (float(event.part.end) > TIMES)
    if re.search("rev|palindrome", text) is None:  # backwards in time, a glide lies before the onset
        np.testing.assert_array_equal(gliding[arrived], plain[arrived])


@laws
@given(anything, anything, shifts, factors)
def test_a_fade_begins_and_ends_exactly(first: str, second: str, now: Fraction, length: Fraction) -> None:
    old, new = made(first), made(second)
    fading = fade(now, old, new, length)
    begin, end = float(now), float(Fraction(now) + Fraction(length))
    before, after = TIMES[begin >= TIMES], np.append(TIMES[end <= TIMES], end)
    np.testing.assert_array_equal(sampled(fading, np.append(before, begin)), sampled(old, np.append(before, begin)))
    np.testing.assert_array_equal(sampled(fading, after), sampled(new, after))


# -- anywhere and at any time


def digests() -> list[str]:
    """What one pattern of each way sounds like, in a few characters."""
    found = []
    for name, way in sorted(EVERY_WAY.items()):
        text = filled(
            way, "(mini('1 <2 bell>') + perlin.dims(D))", lambda: "mini('high 1?')", lambda choice: choice[-1]
        )
        values = sampled(made(text)) + 0.0
        found.append(f"{name} {hashlib.sha256(values.tobytes()).hexdigest()[:16]}")
    return found


def test_samples_are_the_same_in_every_process() -> None:
    program = "from test_pattern_laws import digests; print(*digests(), sep='\\n')"
    paths = [TESTS.parent, TESTS, TESTS / "pattern"]
    told = [
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(map(str, paths))},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.splitlines()
        for seed in ("1", "2")
    ]
    assert told[0] == told[1] == digests()
