"""A learned way from the latents of one model to those of another: ridge regression over the same recordings.

A bridge is a model file of its own: the first one's encoder, the adapter, the second one's decoder. A voice plays it as
any other model: it hears as the first and sounds as the second.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from livevae.errors import LivevaeError
from livevae.latent.library import Library
from livevae.model.info import ModelInfo

Values = NDArray[np.float64]

SHIFTS: Final = range(-4, 5)
"""Frames by which the one encoder may be later than the other: the best of these is taken."""

PENALTIES: Final = tuple(10.0**power for power in range(-4, 4))
"""Ridge penalties that are tried, for inputs of spread 1, as a part of the number of frames."""

FEWEST: Final = 32
"""Frames below which nothing is learned."""

_HELD_OUT: Final = 5
"""Every fifth part of the frames judges what was learned from the others."""

_SECONDS: Final = 300.0
_WRITER: Final = "livevae.model.bridging"


@dataclass(frozen=True, eq=False)
class Adapter:
    """`weights @ x + offset`, `weights (E, D)`; `explained` is the part of the variance held out that it explains."""

    weights: Values
    offset: Values
    explained: float


@dataclass(frozen=True)
class Bridge:
    """A file that hears as one model and sounds as another, and how well the one says the other (1: in full)."""

    path: Path
    explained: float


def bridge(library: Library, first: ModelInfo, second: ModelInfo, recordings: Sequence[str], folder: Path) -> Bridge:
    """Learn the way from the latents of `first` to those of `second` from recordings, and write it to `folder`.

    Waits for what has to be encoded. Raises LivevaeError where the models cannot be joined or there is too little.
    """
    group = _group(first, second)
    inputs, outputs = [], []
    for name in recordings:
        pair = [library.trajectory(name, model, wait=True) for model in (first, second)]
        if pair[0] is not None and pair[1] is not None:
            inputs.append(grouped(pair[0].frames.astype(np.float64), group))
            outputs.append(pair[1].frames.astype(np.float64))
    learned = adapter(inputs, outputs)
    return Bridge(_written(first, second, learned, folder), learned.explained)


def grouped(frames: Values, group: int) -> Values:
    """Frames `(n, D)` as `(n // group, group * D)`: those that fall into one frame of the other model."""
    count = len(frames) // group
    return frames[: count * group].reshape(count, -1)


def adapter(inputs: Sequence[Values], outputs: Sequence[Values]) -> Adapter:
    """The ridge regression (Hoerl and Kennard 1970) from `inputs` `(n, D)` to `outputs` `(m, E)`, a pair a recording.

    Penalty and shift are those that explain most of the frames held out. Raises LivevaeError for too few frames.
    """
    best: Adapter | None = None
    for shift in sorted(SHIFTS, key=abs):
        pairs = [_shifted(x, y, shift) for x, y in zip(inputs, outputs, strict=True)]
        if not pairs or sum(len(x) for x, _ in pairs) < FEWEST:
            continue
        x, y = (np.concatenate(side) for side in zip(*pairs, strict=True))
        found = _ridge(x, y)
        if best is None or found.explained > best.explained + 1e-6:
            best = found
    if best is None:
        raise LivevaeError(f"a bridge is learned from {FEWEST} frames or more: give it longer or more recordings.")
    return best


def _shifted(x: Values, y: Values, shift: int) -> tuple[Values, Values]:
    x, y = x[max(0, -shift) :], y[max(0, shift) :]
    count = min(len(x), len(y))
    return x[:count], y[:count]


def _ridge(x: Values, y: Values) -> Adapter:
    parts = np.arange(len(x)) * _HELD_OUT * 4 // len(x) % _HELD_OUT
    judged = parts == _HELD_OUT - 1
    scores = [_explained(*_solved(x[~judged], y[~judged], penalty), x[judged], y[judged]) for penalty in PENALTIES]
    weights, offset = _solved(x, y, PENALTIES[int(np.argmax(scores))])
    return Adapter(weights, offset, max(scores))


def _solved(x: Values, y: Values, penalty: float) -> tuple[Values, Values]:
    centre, target = x.mean(axis=0), y.mean(axis=0)
    spread = x.std(axis=0)
    unit = (x - centre) / np.where(spread > 0, spread, 1.0)
    inner = unit.T @ unit + penalty * len(x) * np.eye(x.shape[1])
    weights = np.linalg.solve(inner, unit.T @ (y - target)).T / np.where(spread > 0, spread, 1.0)
    return weights, target - weights @ centre


def _explained(weights: Values, offset: Values, x: Values, y: Values) -> float:
    rest = np.square(y - x @ weights.T - offset).sum()
    return float(1.0 - rest / max(np.square(y - y.mean(axis=0)).sum(), 1e-12))


def _group(first: ModelInfo, second: ModelInfo) -> int:
    """How many frames of the first model fall into one of the second. Raises LivevaeError where they do not fit."""
    for model in (first, second):
        if not model.has_latents or model.discrete or model.sample_rate is None:
            raise LivevaeError(
                f"{model.name} cannot be an end of a bridge: it needs latents that are no codes, and a rate."
            )
    if first.sample_rate != second.sample_rate:
        raise LivevaeError(
            f"{first.name} runs at {first.sample_rate} Hz, {second.name} at {second.sample_rate}: "
            "a bridge needs one rate."
        )
    if second.ratio % first.ratio:
        raise LivevaeError(
            f"{first.name} has a frame every {first.ratio} samples, {second.name} every {second.ratio}: a bridge needs "
            "a second model whose frames are as long, or two, three ... times as long."
        )
    return second.ratio // first.ratio


def _written(first: ModelInfo, second: ModelInfo, learned: Adapter, folder: Path) -> Path:
    """The file of a bridge, written if it is not there, in a process of its own."""
    told = hashlib.sha256(f"{first.digest} {second.digest} {first.sample_rate}".encode())
    told.update(learned.weights.tobytes() + learned.offset.tobytes())
    out = folder / f"{first.name}-{second.name}-{told.hexdigest()[:12]}.ts"
    if out.exists():
        return out
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        arrays = Path(temporary) / "adapter.npz"
        np.savez(arrays, weights=learned.weights, offset=learned.offset)
        package = str(Path(__file__).parents[2])
        places = os.pathsep.join(place for place in (package, os.environ.get("PYTHONPATH", "")) if place)
        done = subprocess.run(
            [sys.executable, "-m", _WRITER, first.path, second.path, str(arrays), str(out), str(first.sample_rate)],
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": places},
        )
    if done.returncode:
        lines = done.stdout.strip().splitlines()
        text = json.loads(lines[-1])["error"] if lines else "the process that joins them ended"
        raise LivevaeError(f"{first.name} and {second.name}: {text}")
    return out
