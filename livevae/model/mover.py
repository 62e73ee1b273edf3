"""What moves latents between an input and the decoder, as plain data: kinds of stages and their arrays. No torch.

A mover is described where the performer is and computed where the model is, so it travels: `to_bytes`, `from_bytes`.

| kind | arrays | frame `x (D,)` becomes |
|---|---|---|
| `smooth` | `keep (D,)` | `keep * before + (1 - keep) * x`: a one-pole low-pass over frames |
| `route` | `source (E,)`, whole numbers | `x[source]`, 0 where the source is below 0 |
| `affine` | `gain (D,)`, `bias (D,)` | `gain * x + bias` |
| `matrix` | `weights (E, D)`, `offset (E,)` | `weights @ x + offset` |
| `nearest` | `points (K, D)`, `amount (1,)` | as far from `x` to the nearest point as `amount` says |
| `limit` | `low (D,)`, `high (D,)` | `x` kept between both |
| `mlp` | `weights0 (D, H)`, `bias0 (H,)`, `weights1` ... | a perceptron with tanh in all layers but the last |
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from livevae.errors import LivevaeError

Arrays = Mapping[str, NDArray[Any]]

KEYS: Final = 1 << 24
"""Keys are whole numbers from 1 below this: so that single precision holds them exactly."""


@dataclass(frozen=True, eq=False)
class Stage:
    """One step of a mover: its kind and its arrays, see the module."""

    kind: str
    arrays: Arrays

    def outputs(self, inputs: int) -> int:
        """How many numbers it makes of a frame of `inputs`. Raises LivevaeError where it does not fit."""
        try:
            found = _SIZES[self.kind](self.arrays)
        except (KeyError, IndexError, ValueError):
            names = ", ".join(self.arrays) or "no arrays"
            raise LivevaeError(f"a mover of kind {self.kind!r} with {names} cannot be.") from None
        taken, given = found
        if taken not in (-1, inputs):
            raise LivevaeError(f"a {self.kind} mover for {taken} dimensions does not fit {inputs}.")
        if self.kind == "route" and self.arrays["source"].max(initial=-1) >= inputs:
            highest = self.arrays["source"].max()
            raise LivevaeError(f"dimension {highest} does not exist: there are {inputs}, numbered 0 to {inputs - 1}.")
        return inputs if given == -1 else given


@dataclass(frozen=True, eq=False)
class MoverSpec:
    """Stages, one after the other, for frames of `dims` numbers; none leaves them as they are.

    Raises LivevaeError where the stages do not fit each other, or hold numbers that are not finite.
    """

    dims: int
    stages: tuple[Stage, ...] = ()

    def __post_init__(self) -> None:
        size = self.dims
        for stage in self.stages:
            if not all(np.isfinite(values).all() for values in stage.arrays.values()):
                raise LivevaeError(f"a {stage.kind} mover holds numbers that are not finite.")
            size = stage.outputs(size)

    @property
    def outputs(self) -> int:
        """How many numbers it makes of a frame."""
        size = self.dims
        for stage in self.stages:
            size = stage.outputs(size)
        return size

    def key(self, use: int = 0) -> int:
        """What tells it from others, 1 to `KEYS` - 1: found from what it is, so that the same is known again.

        Several uses of the same mover within one expression hold different sounds: `use` counts them.
        """
        data = hashlib.sha256(self._digest + use.to_bytes(4, "big")).digest()
        return 1 + int.from_bytes(data[:8], "big") % (KEYS - 1)

    @cached_property
    def _digest(self) -> bytes:
        return hashlib.sha256(self.to_bytes()).digest()

    def to_bytes(self) -> bytes:
        """An .npz file; the same mover gives the same bytes."""
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
            kinds = {"dims": self.dims, "kinds": [stage.kind for stage in self.stages]}
            archive.writestr(zipfile.ZipInfo("mover.json"), json.dumps(kinds))
            for index, stage in enumerate(self.stages):
                for name, values in sorted(stage.arrays.items()):
                    held = io.BytesIO()
                    np.lib.format.write_array(held, np.ascontiguousarray(values), allow_pickle=False)
                    archive.writestr(zipfile.ZipInfo(f"{index}/{name}.npy"), held.getvalue())
        return file.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> MoverSpec:
        """The mover that `to_bytes` wrote. Raises LivevaeError for anything else."""
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                head = json.loads(archive.read("mover.json"))
                arrays: list[dict[str, NDArray[Any]]] = [{} for _ in head["kinds"]]
                for entry in archive.namelist():
                    if entry.endswith(".npy"):
                        index, _, name = entry.removesuffix(".npy").partition("/")
                        held = io.BytesIO(archive.read(entry))
                        arrays[int(index)][name] = np.lib.format.read_array(held, allow_pickle=False)
            stages = tuple(Stage(kind, values) for kind, values in zip(head["kinds"], arrays, strict=True))
            return cls(int(head["dims"]), stages)
        except (zipfile.BadZipFile, ValueError, KeyError, IndexError, TypeError, EOFError):
            raise LivevaeError("these bytes describe no mover.") from None


def _vectors(arrays: Arrays, *names: str) -> tuple[int, int]:
    sizes = {arrays[name].shape for name in names}
    if len(sizes) != 1:
        raise ValueError
    (size,) = sizes.pop()
    return size, -1


def _matrix(arrays: Arrays) -> tuple[int, int]:
    given, taken = arrays["weights"].shape
    if arrays["offset"].shape != (given,):
        raise ValueError
    return taken, given


def _route(arrays: Arrays) -> tuple[int, int]:
    source = arrays["source"]
    (given,) = source.shape
    return -1, given


def _nearest(arrays: Arrays) -> tuple[int, int]:
    count, size = arrays["points"].shape
    if count == 0 or arrays["amount"].shape != (1,):
        raise ValueError
    return size, -1


def _mlp(arrays: Arrays) -> tuple[int, int]:
    layers = len(arrays) // 2
    taken, given = arrays["weights0"].shape
    for layer in range(layers):
        inputs, outputs = arrays[f"weights{layer}"].shape
        if (layer and inputs != given) or arrays[f"bias{layer}"].shape != (outputs,):
            raise ValueError
        given = outputs
    return taken, given


_SIZES: Final = {
    "smooth": lambda arrays: _vectors(arrays, "keep"),
    "route": _route,
    "affine": lambda arrays: _vectors(arrays, "gain", "bias"),
    "matrix": _matrix,
    "nearest": _nearest,
    "limit": lambda arrays: _vectors(arrays, "low", "high"),
    "mlp": _mlp,
}
"""How many numbers a stage takes and gives; -1 is any."""
