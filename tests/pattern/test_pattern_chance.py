"""What is left to chance: repeatable, exact at both ends, and as often as it says."""

from collections import Counter
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livevae.errors import LivevaeError
from livevae.pattern import (
    Context,
    Pattern,
    cat,
    choose,
    choose_cycles,
    mini,
    perlin,
    point,
    pure,
    saw,
    seq,
    silence,
    sine,
    stack,
    wchoose,
    wchoose_cycles,
)

TIMES = (np.arange(-1500, 1500, 31) + 0.5) / 509
patterns = st.sampled_from(
    [
        mini("1 2 3 4"),
        mini("1*8"),
        mini("<1 2>(3,8) 5"),
        mini("1*4") + mini("10 20"),
        mini("1*6").fast("<1 2>"),
        seq(point(1, 2), point(3, 4)).fast(4),
        stack("1*4", "10*3"),
        seq(stack("1*4", "10*3"), 5).rev(),
        sine,
        mini("1 2") + perlin,
    ]
)
seeds = st.integers(-5, 50)
amounts = st.sampled_from([0, 0.1, 0.3, Fraction(1, 2), 0.9, 1, "0.2 0.8", "<0 1>"])
CHANCES = [
    lambda p, x, seed: p.degrade_by(x, seed),
    lambda p, x, seed: p.undegrade_by(x, seed),
    lambda p, x, seed: p.sometimes_by(x, lambda r: r * 2, seed),
    lambda p, x, seed: p.some_cycles(lambda r: r.rev(), x, seed),
    lambda p, x, seed: p.shuffle("<4 3>", seed),
    lambda p, x, seed: p.scramble(4, seed),
    lambda p, x, seed: choose_cycles(p, "7 8", seed=seed),
]
chances = st.sampled_from(CHANCES)


def same(a: np.ndarray, b: np.ndarray) -> None:
    np.testing.assert_allclose(*np.broadcast_arrays(a.T, b.T), rtol=1e-12, atol=1e-12)


def events(pattern: Pattern, begin: float = -2, end: float = 6, seed: int = 0) -> list:
    return pattern.query(begin, end, Context(seed))


def counted(pattern: Pattern, cycles: int = 400) -> Counter:
    return Counter(event.value for event in pattern.query(0, cycles))


@given(patterns, amounts, seeds, chances)
@settings(max_examples=40, deadline=None)
def test_chance_repeats_itself(p, x, seed, make) -> None:
    a, b = make(p, x, seed), make(p, x, seed)
    same(a.sample(TIMES), b.sample(TIMES))
    if not p.is_continuous:
        assert events(a) == events(b)


@given(patterns, amounts, seeds, chances, st.lists(st.integers(0, TIMES.size), max_size=3))
@settings(max_examples=40, deadline=None)
def test_chance_does_not_depend_on_blocks(p, x, seed, make, cuts) -> None:
    whole = make(p, x, seed).sample(TIMES)
    fresh = make(p, x, seed)
    edges = sorted({0, TIMES.size, *cuts})
    for a, b in reversed(list(pairwise(edges))):
        same(whole[a:b], fresh.sample(TIMES[a:b]))


@given(patterns, amounts, seeds, chances)
@settings(max_examples=40, deadline=None)
def test_samples_are_the_events(p, x, seed, make) -> None:
    pattern = make(p, x, seed)
    found = pattern.query(0, 3)
    if pattern.is_continuous or any(e.whole is None for e in found):
        return
    for time in (np.arange(0, 3 * 509, 37) + 0.5) / 509:
        here = [np.asarray(e.value) for e in found if e.part.begin <= time < e.part.end]
        alone = len(here) == 1 and not np.isnan(here[0]).any()
        sampled = pattern.sample([time])[0]
        if not here:
            assert np.isnan(sampled).all()
        elif alone and not _moves(p):
            np.testing.assert_allclose(np.broadcast_to(sampled, here[0].shape), here[0])


def _moves(p: Pattern) -> bool:
    a, b = p.sample([0.01, 0.02])
    return bool(np.any(a != b))


@given(patterns, seeds)
@settings(max_examples=40, deadline=None)
def test_amounts_of_zero_and_one_are_exact(p, seed) -> None:
    same(p.degrade_by(0, seed).sample(TIMES), p.sample(TIMES))
    assert np.isnan(p.degrade_by(1, seed).sample(TIMES)).all()
    same(p.sometimes_by(0, lambda r: r * 2, seed).sample(TIMES), p.sample(TIMES))
    same(p.sometimes_by(1, lambda r: r * 2, seed).sample(TIMES), (p * 2).sample(TIMES))
    same(p.some_cycles(lambda r: r.rev(), 1, seed).sample(TIMES), p.rev().sample(TIMES))


@given(patterns.filter(lambda p: not p.is_continuous), amounts, seeds)
@settings(max_examples=40, deadline=None)
def test_what_is_dropped_and_what_is_kept_are_everything_once(p, x, seed) -> None:
    kept, dropped = events(p.degrade_by(x, seed)), events(p.undegrade_by(x, seed))
    assert Counter(map(repr, kept)) + Counter(map(repr, dropped)) == Counter(map(repr, events(p)))


@given(st.integers(1, 12), seeds, st.integers(-4, 20))
@settings(max_examples=40, deadline=None)
def test_shuffle_plays_each_part_once_and_scramble_only_parts(n, seed, cycle) -> None:
    p = mini(" ".join(map(str, range(n))))
    shuffled = [e.value for e in p.shuffle(n, seed).query(cycle, cycle + 1)]
    assert sorted(shuffled) == list(range(n))
    scrambled = [e.value for e in p.scramble(n, seed).query(cycle, cycle + 1)]
    assert len(scrambled) == n
    assert set(scrambled) <= set(range(n))


def test_every_order_comes_up() -> None:
    p = mini("0 1 2").shuffle(3)
    orders = Counter(tuple(e.value for e in p.query(cycle, cycle + 1)) for cycle in range(600))
    assert len(orders) == 6
    assert min(orders.values()) > 60
    assert min(counted(mini("0 1 2").scramble(3)).values()) > 300


@pytest.mark.parametrize(
    ("name", "share"),
    [("sometimes", 0.5), ("often", 0.75), ("rarely", 0.25), ("almost_always", 0.9), ("almost_never", 0.1)],
)
def test_words_of_chance_happen_as_often_as_they_say(name: str, share: float) -> None:
    found = counted(getattr(mini("1*8"), name)(lambda p: p * 10))
    assert found[10] / 3200 == pytest.approx(share, abs=0.03)
    assert found[1] + found[10] == 3200


def test_sometimes_changes_the_time_of_the_chosen_events_alone() -> None:
    p = mini("0 1 2 3")
    late = p.sometimes_by(0.5, lambda r: r.late(Fraction(1, 16)), seed=1)
    steps = {e.whole.begin % 1 - Fraction(int(e.value), 4) for e in late.query(0, 8) if e.has_onset}
    assert steps == {Fraction(0), Fraction(1, 16)}


def test_always_never_and_the_cycles_that_are_chosen() -> None:
    p = mini("1 2")
    assert p.always(lambda r: r.rev()).query(0, 1) == p.rev().query(0, 1)
    assert p.never(lambda r: r.rev()).query(0, 1) == p.query(0, 1)
    firsts = [p.some_cycles(lambda r: r.rev()).query(c, c + 1)[0].value for c in range(400)]
    assert np.mean(firsts) == pytest.approx(1.5, abs=0.08)


def test_the_amount_is_read_at_the_onset() -> None:
    p = mini("1*8").degrade_by("0 1")
    assert [e.whole.begin for e in p.query(0, 1)] == [Fraction(i, 8) for i in range(4)]
    rising = mini("1*16").degrade_by(saw)
    halves = Counter(e.whole.begin % 1 < Fraction(1, 2) for e in rising.query(0, 200))
    assert halves[True] > 2 * halves[False] > 0
    assert mini("1 2").degrade_by("0 ~").query(0, 1) == [mini("1 2").query(0, 1)[0]]


def test_seeds_and_kinds_have_nothing_in_common() -> None:
    p = mini("1*16")

    def dropped(q: Pattern) -> set:
        return {e.whole.begin for e in q.query(0, 100)}

    one, two = dropped(p.degrade(seed=1)), dropped(p.degrade(seed=2))
    assert len(one & two) / 1600 == pytest.approx(0.25, abs=0.05)
    changed = {e.whole.begin for e in p.sometimes(lambda r: r * 2, seed=1).query(0, 100) if e.value == 2}
    assert len(one & changed) / 1600 == pytest.approx(0.25, abs=0.05)
    assert events(p.degrade(), seed=1) != events(p.degrade(), seed=2)


def test_of_layers_each_event_goes_alone() -> None:
    p = stack("1", "10*2").degrade_by(0.5)
    sums = {float(x) for x in np.nan_to_num(p.sample(np.arange(200) / 2 + 0.25))}
    assert sums == {0, 1, 10, 11}


def test_names_that_chance_hides_are_known_and_resolved() -> None:
    p = (mini("a b") + "c").degrade_by(0.3).sometimes(lambda r: r + "d")
    q = stack(p, choose("e", "f"), choose_cycles("g", "h").shuffle(2))
    assert q.names() == set("abcdefgh")
    found = q.resolve({name: i for i, name in enumerate("abcdefgh")}.__getitem__)
    assert np.isfinite(found.sample(TIMES)).all()
    late = mini("a b").sometimes_by("0.5 0.6", lambda r: r.late(0.25))
    assert late.names() == {"a", "b"}


def test_glides_go_on_between_chosen_and_other_events() -> None:
    p = mini("0 1 2 3").fast(4).sometimes(lambda r: r.fmap(lambda x: x * 10)).glide(0.05)
    values = p.sample(np.linspace(0, 1, 4000))
    assert np.abs(np.diff(values)).max() < 2


def test_choose_is_a_movement_and_is_read_at_events() -> None:
    assert choose(1, 2).is_continuous
    found = counted(mini("0*8") + choose(1, 2, 3))
    assert set(found) == {1, 2, 3}
    assert min(found.values()) > 950
    heavy = counted(mini("0*8") + wchoose((1, 3), (2, 1), (5, 0)))
    assert set(heavy) == {1, 2}
    assert heavy[1] / 3200 == pytest.approx(0.75, abs=0.03)
    assert choose("bell", "choir").query(0.5, 1)[0].value in ("bell", "choir")
    assert choose(point(1, 2), point(3, 4)).sample([0.1, 0.2]).shape == (2, 2)
    moving = choose(saw, saw + 10).sample(TIMES)
    same(moving - 10 * (moving >= 1), TIMES % 1)


def test_cycles_are_chosen_as_often_as_they_weigh() -> None:
    assert min(counted(choose_cycles(1, 2)).values()) > 160
    found = counted(wchoose_cycles((1, 9), ("2 2", 1)))
    assert found[1] / 400 == pytest.approx(0.9, abs=0.05)
    turns = choose_cycles("<1 2>", "<1 2>")
    assert events(turns) == events(mini("<1 2>"))


def test_choosing_among_nothing_and_one() -> None:
    assert choose().query(0, 1) == choose_cycles().query(0, 1) == silence.query(0, 1)
    assert choose_cycles("1 2").query(0, 1) == mini("1 2").query(0, 1)
    assert wchoose_cycles((1, 0), (2, 1)).query(0, 1) == pure(2).query(0, 1)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda p: p.degrade_by("bell"),
        lambda p: p.degrade(seed=0.5),
        lambda p: p.shuffle(0),
        lambda p: p.scramble(2.5),
        lambda p: p.sometimes_by(None, lambda r: r),
        lambda p: wchoose(1, 2),
        lambda p: wchoose((1, -1)),
        lambda p: choose_cycles(1, 2, seed="a"),
    ],
)
def test_wrong_chances_say_so(wrong) -> None:
    with pytest.raises(LivevaeError):
        wrong(mini("1 2"))


def test_a_recording_in_parts_goes_on_where_each_part_lies() -> None:
    class Ramp:
        dims = 2

        def at(self, seconds: np.ndarray) -> np.ndarray:
            return seconds[:, None] * np.array([1.0, 1.0])

    values = pure(Ramp()).shuffle(4).sample(np.array([0.0, 0.25, 0.5, 0.75]), Context.at(1))[:, 0]
    assert sorted(values) == [0.0, 0.25, 0.5, 0.75]
    assert cat(Ramp(), 1).degrade_by(0).sample([0.5], Context.at(1))[0, 0] == 0.5
