"""Learned maps from a few numbers to latents: plain arrays, evaluated in blocks by numpy alone.

What fits them is in `regression`, in a process of its own. Each frame is computed by itself, so that its last digit
does not depend on the frames that are asked for with it.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from livevae.errors import LivevaeError

Values = NDArray[np.float64]
Arrays = Mapping[str, Values]

MARGIN: Final = 0.1
"""How far beyond its examples a map goes, as a part of their range: of the inputs, and of each latent dimension."""

_HERE: Final = 1e-9
"""A distance at which one is at an example, where the inputs go from -1 to 1."""


@dataclass(frozen=True, eq=False)
class Map:
    """From inputs `(n, I)` to latents `(n, D)`.

    Inputs are limited to their range from `low` to `high` and a tenth of it beyond both, and go into the function of
    its `kind` as -1 to 1; what that gives is multiplied by `scale`, added to `centre`, and limited to `floor` and
    `ceiling`. `arrays` are what was fitted.
    """

    kind: str
    low: Values
    high: Values
    centre: Values
    scale: Values
    floor: Values
    ceiling: Values
    arrays: Arrays

    def __post_init__(self) -> None:
        # In one order of memory, on which the last digit hangs: so a map that was saved is the same as before.
        ordered = {name: np.array(values, np.float64, order="C") for name, values in self.arrays.items()}
        object.__setattr__(self, "arrays", ordered)

    @property
    def inputs(self) -> int:
        """How many numbers it takes."""
        return int(self.low.size)

    @property
    def dims(self) -> int:
        """The size `D` of a point."""
        return int(self.centre.size)

    def __call__(self, inputs: ArrayLike) -> Values:
        """The latents `(n, D)` at inputs `(n, I)`; NaN where an input is. Raises LivevaeError for other shapes."""
        x = np.asarray(inputs, np.float64)
        if x.ndim != 2 or x.shape[1] != self.inputs:
            raise LivevaeError(f"this map takes inputs of shape (n, {self.inputs}), not {x.shape}.")
        silent: NDArray[np.bool_] = np.logical_or.reduce(np.isnan(x), axis=1)
        unit = self.unit(np.where(silent[:, None], self.low, x))
        found = self.centre + self.scale * evaluate(self.kind, self.arrays, unit)
        out: Values = np.clip(found, self.floor, self.ceiling)
        out[silent] = np.nan
        return out

    def unit(self, inputs: Values) -> Values:
        """Inputs `(n, I)` as -1 to 1 over their range, limited to a tenth of it beyond both ends."""
        width = np.where(self.high > self.low, self.high - self.low, 1.0)
        return np.asarray(np.clip((inputs - self.low) / width, -MARGIN, 1.0 + MARGIN) * 2.0 - 1.0)

    def to_bytes(self) -> bytes:
        """The arrays of an .npz file; the same map gives the same bytes."""
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
            for name, values in sorted(self.to_arrays().items()):
                held = io.BytesIO()
                np.lib.format.write_array(held, np.array(values, order="C"), allow_pickle=False)
                # With a date of their own: otherwise two maps that are the same would differ in the second of writing.
                archive.writestr(zipfile.ZipInfo(f"{name}.npy"), held.getvalue())
        return file.getvalue()

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Everything it is, as arrays by name; `from_arrays` makes the map of them again."""
        fitted = {f"fit_{name}": values for name, values in self.arrays.items()}
        return {"kind": np.array(self.kind), **{name: getattr(self, name) for name in _FRAME}, **fitted}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Map:
        """The map of what `to_arrays` gave. Raises LivevaeError for anything else."""
        try:
            kind = str(arrays["kind"])
            frame = {name: np.asarray(arrays[name], np.float64) for name in _FRAME}
            fitted = {
                name.removeprefix("fit_"): np.asarray(values, np.float64)
                for name, values in arrays.items()
                if name.startswith("fit_")
            }
            made = cls(kind, arrays=fitted, **frame)
            whole = all(np.isfinite(values).all() for values in (*frame.values(), *fitted.values()))
            sound = whole and made(made.low[None]).shape == (1, made.dims)
        except (KeyError, ValueError, IndexError, TypeError, LivevaeError):
            sound = False
        if not sound:
            raise LivevaeError("these arrays are no map of a gesture: train it again.")
        return made

    @classmethod
    def from_bytes(cls, data: bytes) -> Map:
        """The map that `to_bytes` wrote. Raises LivevaeError for anything else."""
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as archive:
                arrays = {name: archive[name] for name in archive.files}
        except (OSError, ValueError, EOFError, zipfile.BadZipFile, AttributeError):
            raise LivevaeError("this is no map of a gesture: train it again.") from None
        return cls.from_arrays(arrays)

    @property
    def digest(self) -> str:
        """SHA-256 of what it is, in hexadecimal."""
        return hashlib.sha256(self.to_bytes()).hexdigest()


_FRAME: Final = ("low", "high", "centre", "scale", "floor", "ceiling")


def evaluate(kind: str, arrays: Arrays, unit: Values) -> Values:
    """What a fitted function of a kind gives at inputs `(n, I)` from -1 to 1: `(n, D)`, before scaling and limits."""
    if kind not in _KINDS:
        raise LivevaeError(f"there is no kind of map {kind!r}: there are {', '.join(_KINDS)}.")
    return _KINDS[kind](arrays, unit)


def product(rows: Values, matrix: Values) -> Values:
    """Rows `(n, k)` times a matrix `(k, m)`, each row by itself."""
    return np.asarray(np.matmul(np.ascontiguousarray(rows)[:, None, :], matrix)[:, 0, :])


def _squares(unit: Values, places: Values) -> Values:
    """Squared distances `(n, k)` from each input to each of the places `(k, I)`."""
    total = np.zeros((len(unit), len(places)))
    for column in range(places.shape[1]):
        total += np.square(unit[:, column, None] - places[None, :, column])
    return total


def _mlp(arrays: Arrays, unit: Values) -> Values:
    """A multi-layer perceptron with hyperbolic tangents."""
    layers = len(arrays) // 2
    for layer in range(layers):
        unit = product(unit, arrays[f"weights{layer}"]) + arrays[f"bias{layer}"]
        if layer < layers - 1:
            unit = np.tanh(unit)
    return unit


def _rbf(arrays: Arrays, unit: Values) -> Values:
    """Gaussian radial basis functions around the examples."""
    return product(np.exp(-arrays["gamma"] * _squares(unit, arrays["places"])), arrays["weights"])


def _gp(arrays: Arrays, unit: Values) -> Values:
    """The mean of a Gaussian process with a Matérn kernel of smoothness 5/2."""
    lengths = arrays["lengths"]
    distances = np.sqrt(5.0 * _squares(unit / lengths, arrays["places"] / lengths))
    kernel = arrays["variance"] * (1.0 + distances + np.square(distances) / 3.0) * np.exp(-distances)
    return product(kernel, arrays["weights"])


def _knn(arrays: Arrays, unit: Values) -> Values:
    """The nearest examples, weighted as `shares` says."""
    places, count = arrays["places"], int(arrays["count"])
    squares = _squares(unit, places)
    if count == 1:
        return np.asarray(arrays["values"][squares.argmin(axis=1)])
    chosen = np.argpartition(squares, count - 1, axis=1)[:, :count] if count < len(places) else None
    if chosen is None:
        weights = shares(np.sqrt(squares), whole=True)
        return product(weights, arrays["values"])
    weights = shares(np.sqrt(np.take_along_axis(squares, chosen, axis=1)), whole=False)
    return np.asarray(np.matmul(weights[:, None, :], arrays["values"][chosen])[:, 0, :])


def shares(distances: Values, whole: bool) -> Values:
    """How much each of the nearest examples counts, by its distance `(n, k)`; the sum of a row is 1.

    Inverse squared distances (Shepard 1968) where these are the `whole` of the examples. Else the farthest counts
    nothing and the others by how much nearer they are (Franke and Little), so that nothing jumps where another example
    becomes one of the nearest. At an example it counts alone.
    """
    near = np.maximum(distances, _HERE)
    inverse = 1.0 / near
    if not whole:
        inverse = inverse - 1.0 / near.max(axis=1, keepdims=True)
    here = distances <= _HERE
    weights = np.where(here.any(axis=1, keepdims=True), here.astype(np.float64), np.square(inverse))
    total = np.add.accumulate(weights, axis=1)[:, -1:]
    even = 1.0 / weights.shape[1]
    return np.asarray(np.where(total > 0.0, weights / np.where(total > 0.0, total, 1.0), even))


_KINDS: Final[Mapping[str, Callable[[Arrays, Values], Values]]] = {"rbf": _rbf, "gp": _gp, "knn": _knn, "mlp": _mlp}

KINDS: Final = tuple(_KINDS)
"""Radial basis functions, a Gaussian process, the nearest examples, a neural network."""
