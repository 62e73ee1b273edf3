"""Movers at work: frames in, frames out, with what they remember of earlier ones.

Plain numpy: making TorchScript of a mover holds the interpreter for longer than a chunk lasts, while the model beside
it has to sound. Every frame is computed by itself, so the result does not depend on how time is cut into chunks.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from livevae.errors import LivevaeError
from livevae.model.mover import Arrays, MoverSpec, Stage

Frames = NDArray[np.float32]

LARGEST: Final = 1e4
"""Latents beyond this are nonsense that a model must not be given."""

SHARE: Final = 0.25
"""The part of the time of a frame that a mover may take at most."""

Step = Callable[[Frames, bool], Frames]
"""`step(frames (n, D), anew)` gives frames `(n, E)`; `anew` where they do not follow what it was given before."""


class Mover:
    """A mover with its memory, for one stream. Raises LivevaeError for kinds of stages that do not exist."""

    def __init__(self, spec: MoverSpec) -> None:
        self.spec = spec
        self.failures = 0
        """Frames that were not finite and for which the last good one was held."""
        self._steps: tuple[Step, ...] = tuple(_step(stage) for stage in spec.stages)
        self._next: int | None = None
        self._last = np.zeros(spec.outputs, np.float32)

    def move(self, first: int, frames: Frames) -> Frames:
        """Frames `(n, D)` from absolute index `first` on, moved, `(n, E)`; always finite.

        Where they do not follow those of the last call, it begins anew, without a memory.
        """
        moved = frames
        with np.errstate(over="ignore", invalid="ignore"):
            for step in self._steps:
                moved = step(moved, first != self._next)
        self._next = first + len(frames)
        wrong = ~np.isfinite(moved).all(axis=1)
        if wrong.any():
            self.failures += int(wrong.sum())
            self._next = None  # what it remembers is spoilt
            moved = moved.copy()
            good = np.maximum.accumulate(np.where(wrong, -1, np.arange(len(moved))))
            moved[wrong] = np.where((good < 0)[:, None], self._last, moved[good])[wrong]
        limited: Frames = np.clip(moved, -LARGEST, LARGEST).astype(np.float32, copy=False)
        self._last = limited[-1]
        return limited

    def seconds(self) -> float:
        """What a frame costs, at the least of a few tries."""
        frames = np.zeros((1, self.spec.dims), np.float32)
        trial, best = Mover(self.spec), float("inf")
        for index in range(5):
            begun = time.perf_counter()
            trial.move(index, frames)
            best = min(best, time.perf_counter() - begun)
        return best


def playable(spec: MoverSpec, frame_rate: float) -> Mover:
    """A mover that was tried. Raises LivevaeError where it would take too long for `frame_rate` frames a second."""
    mover = Mover(spec)
    part = mover.seconds() * frame_rate
    if part > SHARE:
        kinds = ", ".join(stage.kind for stage in spec.stages)
        raise LivevaeError(
            f"moving live like that ({kinds}) would take {part:.0%} of the time: use shorter recordings or fewer steps."
        )
    return mover


def _step(stage: Stage) -> Step:
    if stage.kind not in _STEPS:
        raise LivevaeError(f"there is no mover of kind {stage.kind!r}: there are {', '.join(_STEPS)}.")
    return _STEPS[stage.kind](stage.arrays)


class _Smooth:
    """A one-pole low-pass over frames, with its state in double precision."""

    def __init__(self, arrays: Arrays) -> None:
        self._keep = np.asarray(arrays["keep"], np.float64)
        self._state = np.zeros(self._keep.shape)

    def __call__(self, frames: Frames, anew: bool) -> Frames:
        out = np.empty_like(frames)
        if anew:
            self._state = frames[0].astype(np.float64)
        state, keep = self._state, self._keep
        for index, frame in enumerate(frames):
            state = frame + keep * (state - frame)
            out[index] = state
        self._state = state
        return out


def _route(arrays: Arrays) -> Step:
    source = np.asarray(arrays["source"], np.intp)
    empty = source < 0

    def step(frames: Frames, _: bool) -> Frames:
        out = frames[:, source]
        out[:, empty] = 0.0
        return out

    return step


def _affine(arrays: Arrays) -> Step:
    gain, bias = _single(arrays["gain"]), _single(arrays["bias"])
    return lambda frames, _: np.asarray(gain * frames + bias)


def _matrix(arrays: Arrays) -> Step:
    weights, offset = np.ascontiguousarray(_single(arrays["weights"]).T), _single(arrays["offset"])
    return lambda frames, _: _product(frames, weights) + offset


def _limit(arrays: Arrays) -> Step:
    low, high = _single(arrays["low"]), _single(arrays["high"])
    return lambda frames, _: np.asarray(np.minimum(np.maximum(frames, low), high))


def _nearest(arrays: Arrays) -> Step:
    points = np.ascontiguousarray(_single(arrays["points"]))
    across = np.ascontiguousarray(points.T)
    halves = 0.5 * np.einsum("kd,kd->k", points, points, dtype=np.float64).astype(np.float32)
    amount = np.float32(arrays["amount"][0])

    def step(frames: Frames, _: bool) -> Frames:
        chosen = points[(halves - _product(frames, across)).argmin(axis=1)]
        return chosen if amount == 1.0 else np.asarray(frames + amount * (chosen - frames))

    return step


def _mlp(arrays: Arrays) -> Step:
    layers = [(_single(arrays[f"weights{at}"]), _single(arrays[f"bias{at}"])) for at in range(len(arrays) // 2)]

    def step(frames: Frames, _: bool) -> Frames:
        for index, (weights, bias) in enumerate(layers):
            frames = _product(frames, weights) + bias
            if index < len(layers) - 1:
                frames = np.tanh(frames)
        return frames

    return step


def _single(values: NDArray[np.generic]) -> Frames:
    return np.ascontiguousarray(values, np.float32)


def _product(frames: Frames, matrix: Frames) -> Frames:
    """Frames `(n, k)` times a matrix `(k, m)`, each frame by itself: its last bit does not depend on its neighbours."""
    return np.asarray(np.matmul(frames[:, None, :], matrix)[:, 0, :], np.float32)


_STEPS: Final[dict[str, Callable[[Arrays], Step]]] = {
    "smooth": _Smooth,
    "route": _route,
    "affine": _affine,
    "matrix": _matrix,
    "nearest": _nearest,
    "limit": _limit,
    "mlp": _mlp,
}
