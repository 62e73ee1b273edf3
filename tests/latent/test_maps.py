"""Maps from inputs to latents: as scikit-learn fitted them, within bounds, each frame by itself."""

from __future__ import annotations

import doctest
import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_limits

from livevae.errors import LivevaeError
from livevae.latent import maps, regression
from livevae.latent.fitting import Examples, Fit, Fitter
from livevae.latent.maps import KINDS, MARGIN, Map, evaluate
from livevae.latent.succession import FADE_SECONDS, blended
from livevae.pattern import Space

SEEDS = st.integers(0, 10_000)


def smooth(x: np.ndarray, dims: int, seed: int = 0) -> np.ndarray:
    """A smooth way from inputs to latents."""
    random = np.random.default_rng(seed)
    waves = np.sin(x @ random.normal(0, 2, (x.shape[1], 5)) + random.uniform(0, 6, 5))
    return waves @ random.normal(0, 0.6, (5, dims))


def examples(count: int, inputs: int = 2, dims: int = 8, seed: int = 0, **options: object) -> Examples:
    x = np.random.default_rng(seed).uniform(0, 1, (count, inputs))
    return Examples(x, smooth(x, dims, seed), Space.prior(dims), **options)  # type: ignore[arg-type]


@settings(max_examples=15, deadline=None)
@given(SEEDS, st.sampled_from(KINDS), st.integers(1, 4), st.integers(1, 30), st.integers(1, 5))
def test_numpy_gives_what_scikit_learn_predicts(seed: int, kind: str, inputs: int, count: int, dims: int) -> None:
    random = np.random.default_rng(seed)
    unit, values = random.uniform(-1, 1, (count, inputs)), random.normal(0, 1, (count, dims))
    asked = np.concatenate([random.uniform(-1.2, 1.2, (40, inputs)), unit])
    for recipe in regression._recipes(kind, unit, values, True):
        model = recipe.fit(unit, values)
        found = evaluate(kind, recipe.arrays(model, unit, values), asked)
        assert found == pytest.approx(model.predict(asked).reshape(len(asked), dims), abs=1e-6)


@settings(max_examples=25, deadline=None)
@given(SEEDS, st.sampled_from(KINDS), st.integers(1, 200), st.data())
def test_a_frame_does_not_depend_on_those_asked_for_with_it(
    seed: int, kind: str, cut: int, data: st.DataObject
) -> None:
    made = MAPS[kind]
    x = np.random.default_rng(seed).uniform(-0.5, 1.5, (200, 2))
    whole = made(x)
    assert np.array_equal(np.concatenate([made(x[:cut]), made(x[cut:])]), whole)
    one = data.draw(st.integers(0, 199))
    assert np.array_equal(made(x[one : one + 1])[0], whole[one])


@settings(max_examples=25, deadline=None)
@given(SEEDS, st.sampled_from(KINDS), st.floats(0.1, 1e9))
def test_nothing_leaves_the_range_of_the_examples_by_more_than_a_tenth(seed: int, kind: str, far: float) -> None:
    made = MAPS[kind]
    found = made(np.random.default_rng(seed).uniform(-far, far, (50, 2)))
    low, high = TEN.z.min(axis=0), TEN.z.max(axis=0)
    beyond = MARGIN * (high - low) + 1e-12
    assert ((found >= low - beyond) & (found <= high + beyond)).all()


def test_a_map_stays_within_the_models_space_unless_examples_lie_outside() -> None:
    x, z = np.array([[0.0], [1.0]]), np.array([[-1.0, 0.0], [1.0, 9.0]])
    made = regression.fit(Examples(x, z, Space.of([[-1, -1], [1, 1]])), "rbf").map
    assert made.floor == pytest.approx([-1.0, -0.9])
    assert made.ceiling == pytest.approx([1.0, 9.0])


@settings(max_examples=25, deadline=None)
@given(SEEDS, st.sampled_from(KINDS))
def test_a_small_step_of_a_knob_is_a_small_step_of_the_sound(seed: int, kind: str) -> None:
    made = MAPS[kind]
    random = np.random.default_rng(seed)
    ends = random.uniform(-0.2, 1.2, (2, 1, 2))
    way = ends[0] + np.linspace(0, 1, 2001)[:, None] * (ends[1] - ends[0])
    assert np.abs(np.diff(made(way), axis=0)).max() < 0.05


@pytest.mark.parametrize("count", [1, 2, 3, 5, 10])
@pytest.mark.parametrize(("kind", "error"), [("rbf", 1e-4), ("knn", 1e-9), ("gp", 1e-2), ("mlp", 5e-2)])
def test_a_few_examples_are_met(kind: str, error: float, count: int) -> None:
    given = examples(count, seed=count)
    found = regression.fit(given, kind)
    assert np.abs(found.map(given.x) - given.z).max() < error
    assert found.scores[0].at < error
    assert (found.scores[0].between is None) == (count < 4)


def test_between_two_examples_it_goes_from_one_to_the_other() -> None:
    given = Examples(np.array([[0.0], [1.0]]), np.array([[-1.0, 2.0], [1.0, 2.0]]), Space.prior(2))
    made = regression.fit(given, "auto").map
    way = made(np.linspace(0, 1, 50)[:, None])
    assert (np.diff(way[:, 0]) > 0).all()
    assert way[25, 0] == pytest.approx(0.0, abs=0.1)
    assert way[:, 1] == pytest.approx(2.0)


def test_the_best_kind_is_the_one_that_predicts_what_it_was_not_shown() -> None:
    found = regression.fit(examples(12), "auto")
    scores = {score.kind: score for score in found.scores}
    assert set(scores) == set(KINDS)
    assert scores[found.map.kind].between == min(score.between for score in found.scores if score.between is not None)
    held_out = np.random.default_rng(9).uniform(0.1, 0.9, (300, 2))
    error = np.sqrt(np.square(found.map(held_out) - smooth(held_out, 8)).mean())
    assert error < 0.3 * smooth(held_out, 8).std()


def test_many_examples_are_learned_too() -> None:
    parts: list[float] = []
    found = regression.fit(examples(400), "auto", parts.append)
    assert {score.kind for score in found.scores} == {"rbf", "knn", "mlp"}
    assert min(score.between or 0.0 for score in found.scores) < 0.05
    assert parts == sorted(parts)
    assert parts[-1] == 1.0


def test_examples_at_one_place_are_their_mean() -> None:
    x = np.array([[0.0], [0.0], [1.0]])
    given = Examples(x, np.array([[1.0], [3.0], [7.0]]), Space.prior(1))
    for kind in KINDS:
        assert regression.fit(given, kind).map([[0.0]])[0, 0] == pytest.approx(2.0, abs=0.05)


def test_codes_are_never_mixed() -> None:
    given = Examples(np.array([[0.0], [1.0]]), np.array([[3.0, 8.0], [200.0, 5.0]]), Space.prior(2), held=True)
    made = regression.fit(given, "auto").map
    codes = np.unique(made(np.linspace(-1, 2, 100)[:, None]), axis=0)
    assert codes.tolist() == [[3.0, 8.0], [200.0, 5.0]]


def test_given_ranges_are_what_the_inputs_are_limited_to() -> None:
    made = regression.fit(examples(6, ranges=np.array([[0.0, 1.0], [-1.0, 3.0]])), "rbf").map
    assert made.low.tolist() == [0.0, -1.0]
    assert np.array_equal(made([[1.1, 3.4]]), made([[50.0, 50.0]]))
    assert not np.array_equal(made([[1.0, 3.0]]), made([[50.0, 50.0]]))


def test_where_an_input_rests_nothing_sounds() -> None:
    found = MAPS["rbf"]([[0.5, np.nan], [0.5, 0.5]])
    assert np.isnan(found[0]).all()
    assert np.isfinite(found[1]).all()


def test_other_shapes_are_refused() -> None:
    with pytest.raises(LivevaeError, match=r"inputs of shape \(n, 2\), not \(1, 3\)"):
        MAPS["rbf"]([[0.0, 0.0, 0.0]])


@pytest.mark.parametrize("kind", KINDS)
def test_a_map_is_the_same_after_its_way_through_bytes(kind: str) -> None:
    made = MAPS[kind]
    again = Map.from_bytes(made.to_bytes())
    asked = np.random.default_rng(0).uniform(0, 1, (20, 2))
    assert np.array_equal(again(asked), made(asked))
    assert again.digest == made.digest


@pytest.mark.parametrize("damage", [lambda data: b"", lambda data: data[:-60], lambda data: b"x" * 100])
def test_damaged_bytes_are_no_map(damage) -> None:
    with pytest.raises(LivevaeError, match="no map of a gesture"):
        Map.from_bytes(damage(MAPS["rbf"].to_bytes()))


def test_arrays_that_do_not_fit_together_are_no_map() -> None:
    arrays = MAPS["rbf"].to_arrays()
    for name, wrong in (("centre", np.zeros(3)), ("kind", np.array("tree")), ("low", np.full(2, np.nan))):
        with pytest.raises(LivevaeError, match="no map of a gesture"):
            Map.from_arrays({**arrays, name: wrong})


def test_one_map_goes_over_to_the_next_without_a_jump() -> None:
    first, second = (regression.fit(examples(5, seed=seed), "rbf").map for seed in (1, 2))
    seconds = np.linspace(0, 4, 4001)
    x = np.full((len(seconds), 2), 0.5)
    installed = ((1.0, first), (2.0, second))
    found = blended(installed, x, seconds, 8, False)
    assert np.isnan(found[seconds < 1.0]).all()
    assert np.array_equal(found[(seconds >= 1.0) & (seconds <= 2.0)][0], first(x)[0])
    assert np.array_equal(found[seconds >= 2.0 + FADE_SECONDS + 1e-9][0], second(x)[0])
    apart = np.abs(second(x)[0] - first(x)[0]).max()
    assert np.abs(np.diff(found[seconds >= 1.0], axis=0)).max() < 2 * apart * 0.001 / FADE_SECONDS
    parts = [blended(installed, x[cut], seconds[cut], 8, False) for cut in np.array_split(np.arange(4001), 37)]
    assert np.array_equal(np.concatenate(parts), found, equal_nan=True)


def test_codes_change_at_once() -> None:
    first, second = (
        regression.fit(Examples(np.zeros((1, 1)), np.full((1, 2), code), Space.prior(2), held=True), "auto").map
        for code in (3.0, 9.0)
    )
    seconds = np.linspace(0, 2, 201)
    found = blended(((-np.inf, first), (1.0, second)), np.zeros((201, 1)), seconds, 2, True)
    assert np.unique(found).tolist() == [3.0, 9.0]


@pytest.fixture(scope="module")
def fitter() -> Iterator[Fitter]:
    made = Fitter()
    yield made
    made.close()
    assert made.pid is None


def test_the_process_finds_the_same_map(fitter: Fitter) -> None:
    parts: list[float] = []
    found = fitter.fit(TEN, "auto", parts.append)
    here = regression.fit(TEN, "auto")
    assert found.map.kind == here.map.kind
    assert found.map(TEN.x) == pytest.approx(here.map(TEN.x), abs=1e-6)
    assert [score.kind for score in found.scores] == [score.kind for score in here.scores]
    assert parts[0] == 0.0
    assert parts[-1] == 1.0


def test_what_cannot_be_fitted_is_told_and_the_next_one_is_fitted(fitter: Fitter) -> None:
    with pytest.raises(LivevaeError, match="training failed"):
        fitter.fit(Examples(TEN.x, TEN.z[:, :3], TEN.space), "rbf")
    assert isinstance(fitter.fit(TEN, "knn"), Fit)


def test_what_kills_the_process_is_tried_once_more_and_then_told(fitter: Fitter) -> None:
    fitter.fit(TEN, "knn")
    killed: set[int] = set()

    def kill(times: int) -> None:
        pid = fitter.pid
        if pid is not None and len(killed | {pid}) <= times:
            killed.add(pid)
            os.kill(pid, signal.SIGKILL)

    with pytest.raises(LivevaeError, match="ended with code -9: train again"):
        fitter.fit(TEN, "auto", lambda part: kill(2))
    assert len(killed) == 2
    assert fitter.fit(TEN, "knn").map.kind == "knn"


def test_a_fitter_that_is_closed_fits_no_more() -> None:
    made = Fitter()
    made.close()
    with pytest.raises(LivevaeError, match="livevae is closing"):
        made.fit(TEN, "rbf")


def test_the_performers_process_never_imports_scikit_learn() -> None:
    code = (
        "import sys, numpy as np, livevae.repl.loop\n"
        "from livevae.latent.fitting import Examples, Fitter\n"
        "from livevae.pattern import Space\n"
        "fitter = Fitter()\n"
        "found = fitter.fit(Examples(np.eye(2), np.eye(2), Space.prior(2)), 'rbf')\n"
        "found.map(np.eye(2))\n"
        "fitter.close()\n"
        "print([name for name in ('sklearn', 'scipy', 'torch') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_examples_in_the_documentation_hold() -> None:
    assert doctest.testmod(maps).failed == 0


# On a busy machine many threads over small matrices wait for each other.
threadpool_limits(1)
TEN = examples(10)
MAPS = {kind: regression.fit(TEN, kind).map for kind in KINDS}
