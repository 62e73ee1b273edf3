"""Randomness: repeatable, uncorrelated, and there at any time."""

import numpy as np
import pytest

from livevae.errors import LivevaeError
from livevae.pattern import Context, Noise, perlin, rand, walk
from livevae.pattern.wander import reflect

TIMES = np.linspace(-500, 500, 4001) + 0.123
KINDS = [rand, perlin, walk(bounds=(0.0, 1.0))]


@pytest.mark.parametrize("kind", KINDS)
def test_values_lie_between_0_and_1_and_use_the_room(kind: Noise) -> None:
    found = kind.dims(4).sample(TIMES)
    assert found.shape == (len(TIMES), 4)
    assert kind.sample(TIMES).shape == (len(TIMES),)
    assert found.min() >= 0
    assert found.max() <= 1
    assert found.min() < 0.05
    assert found.max() > 0.95
    assert abs(found.mean() - 0.5) < 0.1


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_time_gives_the_same_value_in_any_order(kind: Noise) -> None:
    pattern = kind.dims(3)
    expected = pattern.sample(TIMES)
    order = np.random.default_rng(0).permutation(len(TIMES))
    np.testing.assert_array_equal(kind.dims(3).sample(TIMES[order]), expected[order])
    np.testing.assert_array_equal(np.concatenate([pattern.sample([t]) for t in TIMES[::400]]), expected[::400])


@pytest.mark.parametrize("kind", KINDS)
def test_the_first_dimensions_do_not_depend_on_how_many_there_are(kind: Noise) -> None:
    np.testing.assert_array_equal(kind.dims(2).sample(TIMES), kind.dims(5).sample(TIMES)[:, :2])
    np.testing.assert_array_equal(kind.sample(TIMES), kind.dims(5).sample(TIMES)[:, 0])


@pytest.mark.parametrize("kind", [rand, perlin])
def test_dimensions_seeds_and_kinds_have_nothing_in_common(kind: Noise) -> None:
    columns = [
        kind.dims(6).sample(TIMES),
        kind.seed(1).dims(6).sample(TIMES),
        kind.dims(6).sample(TIMES, Context(seed=1)),
        (perlin if kind is rand else rand).dims(6).sample(TIMES),
    ]
    correlation = np.corrcoef(np.concatenate(columns, axis=1).T)
    assert np.abs(correlation - np.eye(len(correlation))).max() < 0.15


def test_neighbouring_moments_of_rand_have_nothing_in_common() -> None:
    found = rand.sample(np.arange(20_000) / 375)
    assert abs(np.corrcoef(found[1:], found[:-1])[0, 1]) < 0.03
    counts = np.histogram(found, 10, (0, 1))[0]
    assert counts.min() > 1800
    assert counts.max() < 2200


def test_perlin_is_smooth_and_has_its_own_value_at_each_cycle() -> None:
    times = np.linspace(-3, 3, 6001)
    found = perlin.sample(times)
    assert np.abs(np.diff(found)).max() < 0.003
    assert len(set(perlin.sample(np.arange(-50.0, 50)))) == 100


def test_a_walk_goes_on_without_a_jump_and_within_its_bounds() -> None:
    times = np.linspace(-40, 40, 8001)
    found = walk(step=0.5, bounds=(-1, 2), dims=8, seed=3).sample(times)
    assert found.min() >= -1
    assert found.max() <= 2
    assert np.abs(np.diff(found, axis=0)).max() < 0.05
    np.testing.assert_array_equal(walk(bounds=(-1, 2)).sample([0.0]), [0.5])


@pytest.mark.parametrize("begin", [1, 1000, 10**9, -(10**6)])
def test_steps_of_a_walk_have_the_asked_size_wherever_it_is(begin: int) -> None:
    wide = walk(step=2.0, bounds=(-1e9, 1e9), dims=64).sample(np.arange(begin, begin + 200, dtype=float))
    steps = np.diff(wide, axis=0)
    assert abs(steps.std() - 2.0) < 0.1
    assert abs(steps.mean()) < 0.1
    assert abs(np.corrcoef(steps[1:].ravel(), steps[:-1].ravel())[0, 1]) < 0.05


def test_a_walk_strays_as_the_root_of_time() -> None:
    wide = walk(step=1.0, bounds=(-1e9, 1e9), dims=2000).sample([100.0, 10_000.0])
    np.testing.assert_allclose(wide.std(axis=1), [10, 100], rtol=0.1)


def test_reflection_folds_at_both_walls() -> None:
    np.testing.assert_allclose(reflect(np.array([-0.5, 0.25, 1.5, 2.25, 3.5]), 0, 1), [0.5, 0.25, 0.5, 0.25, 0.5])


@pytest.mark.parametrize(
    "make",
    [
        lambda: perlin.dims(0),
        lambda: perlin.dims(1.5),
        lambda: perlin.seed("a"),
        lambda: walk(step=-1),
        lambda: walk(bounds=(1, 1)),
        lambda: walk(bounds=(0, np.inf)),
        lambda: walk(dims=0),
    ],
)
def test_bad_arguments_are_errors(make: object) -> None:
    with pytest.raises(LivevaeError):
        make()  # type: ignore[operator]
