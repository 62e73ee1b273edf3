"""Fitting maps to examples, by scikit-learn: for the process of `fitting_worker`, and for tests."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel
from sklearn.kernel_ridge import KernelRidge
from sklearn.model_selection import KFold, LeaveOneOut
from sklearn.neighbors import KNeighborsRegressor
from sklearn.neural_network import MLPRegressor

from livevae.latent.fitting import FEWEST, Examples, Fit, Score
from livevae.latent.maps import KINDS, MARGIN, Map, Values, evaluate, shares

Progress = Callable[[float], None]

_ALONE: Final = 24
"""Up to so many examples each is left out alone; of more a fifth at a time."""
_FOLDS: Final = 5
_MOST: Final = {"gp": 300, "rbf": 1000}
"""Kinds whose work grows with the cube of the number of examples are left out of a comparison of more than these."""

_WIDTHS: Final = (1.0, 2.0, 4.0)
"""Widths of radial basis functions that are compared, in mean distances from an example to its nearest neighbour."""
_USUAL_WIDTH: Final = 2.0
_RIDGE: Final = 1e-6
"""Weights grow no larger than the millionfold of the latents, so that rounding stays unheard."""
_HIDDEN: Final = 16
_DECAY: Final = 1e-3
_STEPS: Final = 1000
_OWN_LENGTHS: Final = 8
"""From so many examples on a Gaussian process finds a length for each input, not one for all."""


@dataclass(frozen=True)
class _Recipe:
    """One way to fit: `fit(unit, values)` gives a scikit-learn estimator, `arrays(model, unit, values)` what `maps`
    evaluates of it.
    """

    kind: str
    fit: Callable[[Values, Values], Any]
    arrays: Callable[[Any, Values, Values], dict[str, Values]]

    def fitted(self, unit: Values, values: Values) -> dict[str, Values]:
        """What `maps` evaluates of a fit."""
        return self.arrays(self.fit(unit, values), unit, values)


def fit(examples: Examples, kind: str, progress: Progress = lambda part: None) -> Fit:
    """The map that fits examples best, of one kind or of the best by cross-validation where `kind` is "auto".

    Each example is left out in turn (of many a fifth at a time) and predicted by the others; with fewer than four there
    is nothing to compare, and "auto" takes radial basis functions. Errors are root mean squares over all dimensions, in
    standard deviations of the space. Examples at the same place count as one, their mean.
    """
    frame, unit, values = _framed(examples)
    many = len(unit)
    if examples.held:
        recipes, chosen = [_nearest(1)], "knn"
    elif kind != "auto":
        recipes, chosen = list(_recipes(kind, unit, values, many >= FEWEST)), kind
    elif many < FEWEST:
        recipes, chosen = list(_recipes("rbf", unit, values, False)), "rbf"
    else:
        wanted = [name for name in KINDS if many <= _MOST.get(name, many)]
        recipes = [recipe for name in wanted for recipe in _recipes(name, unit, values, True)]
        chosen = ""
    splits = _splits(many) if many >= FEWEST else []
    steps, done = len(recipes) * (len(splits) + 1), 0
    best: dict[str, tuple[float, Map]] = {}
    for recipe in recipes:
        squares = []
        for kept, left in splits:
            arrays = recipe.fitted(unit[kept], values[kept])
            squares.append(np.square(evaluate(recipe.kind, arrays, unit[left]) - values[left]).ravel())
            done += 1
            progress(done / steps)
        between = float(np.sqrt(np.concatenate(squares).mean())) if squares else np.inf
        if recipe.kind not in best or between < best[recipe.kind][0]:
            best[recipe.kind] = between, Map(recipe.kind, arrays=recipe.fitted(unit, values), **frame)
        done += 1
        progress(done / steps)
    found = chosen or min(best, key=lambda name: best[name][0])
    scores = tuple(
        Score(name, between if np.isfinite(between) else None, _error(made, examples))
        for name, (between, made) in best.items()
    )
    return Fit(best[found][1], scores)


def _framed(examples: Examples) -> tuple[dict[str, Values], Values, Values]:
    """What all maps of these examples share, and the examples as they are fitted: inputs, and scaled latents."""
    x, z, space = examples.x, examples.z, examples.space
    low, high = (x.min(axis=0), x.max(axis=0)) if examples.ranges is None else examples.ranges.T
    least, most = z.min(axis=0), z.max(axis=0)
    beyond = np.zeros_like(least) if examples.held else MARGIN * (most - least)
    spread = np.maximum(space.spread, 1e-6)
    frame = {
        "low": np.array(low),
        "high": np.array(high),
        "centre": z.mean(axis=0),
        "scale": spread,
        "floor": np.maximum(least - beyond, np.minimum(space.low, least)),
        "ceiling": np.minimum(most + beyond, np.maximum(space.high, most)),
    }
    unit = Map("rbf", arrays={}, **frame).unit(x)
    places, which = np.unique(unit, axis=0, return_inverse=True)
    which = which.ravel()
    if examples.held:
        # Codes have no mean: of several at one place the first counts.
        merged = np.stack([z[np.flatnonzero(which == index)[0]] for index in range(len(places))])
    else:
        merged = np.stack([z[which == index].mean(axis=0) for index in range(len(places))])
    return frame, places, (merged - frame["centre"]) / spread


def _error(made: Map, examples: Examples) -> float:
    """How far a map is from its examples."""
    apart = (made(examples.x) - examples.z) / made.scale
    return float(np.sqrt(np.square(apart).mean()))


def _splits(many: int) -> list[tuple[Any, Any]]:
    way = LeaveOneOut() if many <= _ALONE else KFold(_FOLDS, shuffle=True, random_state=0)
    return list(way.split(np.zeros((many, 1))))


def _recipes(kind: str, unit: Values, values: Values, several: bool) -> Iterator[_Recipe]:
    """The ways to fit that are tried for a kind; one alone where there is nothing to choose between them by."""
    match kind:
        case "rbf":
            gap = _gap(unit)
            for width in _WIDTHS if several else (_USUAL_WIDTH,):
                yield _radial(1.0 / (2.0 * (width * gap) ** 2))
        case "gp":
            yield _process(unit, values)
        case "knn":
            # More than can be equally far away in a grid of examples, where it would hang on the last digit.
            yield _nearest(2 ** min(unit.shape[1], 6) + 2)
        case _:
            yield _network()


def _gap(unit: Values) -> float:
    """The mean distance from an example to its nearest neighbour; 1 where there is none."""
    if len(unit) < 2:
        return 1.0
    distances = np.sqrt(np.square(unit[:, None] - unit[None]).sum(axis=2))
    np.fill_diagonal(distances, np.inf)
    return float(distances.min(axis=1).mean())


def _radial(gamma: float) -> _Recipe:
    def arrays(model: Any, x: Values, y: Values) -> dict[str, Values]:
        return {"gamma": np.array(gamma), "places": x, "weights": model.dual_coef_}

    return _Recipe("rbf", lambda x, y: KernelRidge(alpha=_RIDGE, kernel="rbf", gamma=gamma).fit(x, y), arrays)


def _process(unit: Values, values: Values) -> _Recipe:
    """Its lengths and its noise are the most likely ones of all examples (Rasmussen and Williams 2006).

    A length is no shorter than what lies between neighbours: of a few examples that have nothing to do with each other
    the most likely map is their mean everywhere but at them, and a hand wants to go from one to the next. For the same
    reason a few are taken at their word, and noise is looked for in many only.
    """
    shortest = float(np.clip(_gap(unit), 0.05, 2.0))
    start = 2.0 * shortest
    lengths = np.full(unit.shape[1], start) if len(unit) >= _OWN_LENGTHS else start
    signal = ConstantKernel(1.0, (1e-2, 1e3)) * Matern(lengths, (shortest, 10.0), nu=2.5)
    kernel = signal + WhiteKernel(1e-5, (1e-6, 1e-4 if len(unit) <= _ALONE else 1e-1))
    likely = _quietly(lambda: GaussianProcessRegressor(kernel, random_state=0).fit(unit, values)).kernel_

    def arrays(model: Any, x: Values, y: Values) -> dict[str, Values]:
        kernel = model.kernel_.k1
        return {
            "variance": np.array(kernel.k1.constant_value),
            "lengths": np.full(unit.shape[1], kernel.k2.length_scale),
            "places": x,
            "weights": model.alpha_.reshape(y.shape),
        }

    return _Recipe("gp", lambda x, y: GaussianProcessRegressor(likely, optimizer=None).fit(x, y), arrays)


def _nearest(count: int) -> _Recipe:
    def fitted(x: Values, y: Values) -> Any:
        near = min(count, len(x))
        whole = near == len(x)
        weights = "uniform" if near == 1 else lambda distances: shares(np.asarray(distances), whole)
        return KNeighborsRegressor(near, weights=weights, algorithm="kd_tree").fit(x, y)

    def arrays(model: Any, x: Values, y: Values) -> dict[str, Values]:
        return {"count": np.array(float(model.n_neighbors)), "places": x, "values": y}

    return _Recipe("knn", fitted, arrays)


def _network() -> _Recipe:
    def fitted(x: Values, y: Values) -> Any:
        network = MLPRegressor(
            hidden_layer_sizes=(_HIDDEN,),
            activation="tanh",
            solver="lbfgs",
            alpha=_DECAY,
            max_iter=_STEPS,
            random_state=0,
        )
        return _quietly(lambda: network.fit(x, y[:, 0] if y.shape[1] == 1 else y))

    def arrays(model: Any, x: Values, y: Values) -> dict[str, Values]:
        weights = {f"weights{layer}": values for layer, values in enumerate(model.coefs_)}
        return weights | {f"bias{layer}": values for layer, values in enumerate(model.intercepts_)}

    return _Recipe("mlp", fitted, arrays)


def _quietly(work: Callable[[], Any]) -> Any:
    """Few examples often end a search at one of its limits, which is no news."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return work()
