"""Functions that are given a recording itself, and not only where it is at each moment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import partial
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from livevae.errors import LivevaeError
from livevae.pattern.fit import Fit
from livevae.pattern.hold import Recent, by_cycle, rows_at, segments
from livevae.pattern.node import CYCLES_KEPT, Node
from livevae.pattern.time import Array, Context, Key, Span
from livevae.pattern.value import (
    Event,
    Playable,
    Sampled,
    Sparse,
    Value,
    check_sizes,
    combine,
    elementwise,
    is_silent,
    merge,
    unknown_name,
)

Function = Callable[..., Sampled]

_TOLERANCE = 1e-7
"""How far single precision may be off, for each dimension, as a part of the squared lengths that are compared."""


class Given(Node):
    """``function(value, *samples)``, where ``value`` is what the part number ``given`` holds, a recording or a point,
    and ``samples`` are the values of the other parts at each moment. Its events are those of the first part.
    """

    combines = True

    __slots__ = ("_function", "_given", "_held", "_parts")

    def __init__(self, function: Function, parts: Sequence[Node], given: int) -> None:
        super().__init__(held=False, continuous=parts[0].continuous)
        self._function, self._parts, self._given = function, tuple(parts), given
        self._held: Recent[Key, tuple[Array, list[Event | None]]] = Recent(CYCLES_KEPT)

    def events(self, span: Span, context: Context) -> list[Event]:
        found = []
        for event in self._parts[0].query(span, context):
            for chosen in product(*(part.query(event.extent, context) for part in self._parts[1:])):
                shared: Span | None = event.part
                for other in chosen:
                    shared = shared and shared.overlap(other.part)
                together = [event, *chosen]
                function = partial(self._function, together.pop(self._given).value)
                value = None if shared is None else combine(function, together, context)
                if shared is not None and value is not None:
                    found.append(Event(event.whole, shared, value))
        return found

    def flow(self, cycles: Array, context: Context) -> Sampled:
        return by_cycle(cycles, lambda cycle, times: self._sample(cycle, times, context))

    def _sample(self, cycle: int, times: Array, context: Context) -> Sampled:
        others = [part for index, part in enumerate(self._parts) if index != self._given]
        begins, held = self._held.get(context.key(cycle), lambda: self._find(cycle, context))
        rows = rows_at(begins, times)
        pieces: list[tuple[npt.NDArray[Any], Sampled]] = []
        for row in np.unique(rows).tolist():
            event, here = held[row], rows == row
            if event is not None:
                samples = [part.sample(times[here], context) for part in others]
                pieces.append((here, self._function(event.value, *samples)))
        return merge(times.size, pieces)

    def _find(self, cycle: int, context: Context) -> tuple[Array, list[Event | None]]:
        span = Span(Fraction(cycle), Fraction(cycle + 1))
        return segments(self._parts[self._given].query(span, context), cycle)

    def affine(self, scale: Fraction, offset: Fraction) -> Node:
        return Given(self._function, [part.affine(scale, offset) for part in self._parts], self._given)

    def parts(self) -> Sequence[Node]:
        return self._parts

    def rebuilt(self, parts: Sequence[Node]) -> Node:
        return Given(self._function, parts, self._given)


def frames_of(value: Value, name: str) -> npt.NDArray[Any] | None:
    """The frames ``(n, D)`` of a recording or a point; None while a recording is still being encoded.

    Raises LivevaeError for anything else; ``name`` is what asked for them.
    """
    if isinstance(value, str):
        raise unknown_name(value)
    if isinstance(value, np.ndarray):
        return value[None]
    if isinstance(value, Fit):
        value = value.source
    frames = getattr(value, "frames", value)
    if frames is None or isinstance(frames, np.ndarray):
        return frames
    raise LivevaeError(f"{name} needs a recording by its name, such as {name}('bell'), not something made of several.")


class Nearest:
    """Frames ``(n, D)``, ready to be searched for those nearest to others."""

    def __init__(self, frames: npt.NDArray[Any]) -> None:
        self.frames = frames
        self._places = np.unique(frames, axis=0)
        coarse = self._places.astype(np.float32, copy=False)
        self._coarse = np.ascontiguousarray(coarse.T)
        self._halves = 0.5 * np.einsum("nd,nd->n", coarse, coarse)

    def to(self, places: Array) -> Array:
        """The nearest frame ``(n, D)`` to each of ``places (n, D)``; of several as near the first in their order.

        Single precision finds those that come into question, double precision decides, one place at a time: the answer
        for one place does not depend on those that are asked for with it.
        """
        scores = self._halves - places.astype(np.float32) @ self._coarse
        lengths = np.einsum("nd,nd->n", places, places) + 2 * float(self._halves.max())
        limit = scores.min(axis=1) + _TOLERANCE * places.shape[1] * lengths
        near = scores <= limit[:, None]
        chosen = near.argmax(axis=1)
        for row in np.flatnonzero(near.sum(axis=1) > 1).tolist():
            candidates = np.flatnonzero(near[row])
            distances = np.square(self._places[candidates].astype(np.float64) - places[row]).sum(axis=1)
            chosen[row] = candidates[distances.argmin()]
        found: Array = self._places[chosen].astype(np.float64)
        return found


_SEARCHED: Recent[int, Nearest] = Recent(16)
"""By the identity of their frames, which each entry keeps alive: the same recording is prepared once."""


def nearest(value: Value, x: Sampled) -> Sampled:
    """The frame of a recording that is nearest to each of ``x``; a number is a place, the same in every dimension."""
    if isinstance(value, float):
        return elementwise(lambda values: np.where(np.isnan(values), np.nan, value), x)
    frames = frames_of(value, "quantize_to")
    silent = is_silent(x)
    if frames is None:
        return np.full(silent.shape, np.nan)
    size = frames.shape[1]
    if isinstance(x, Sparse):
        places = x.dense(size)
    elif x.ndim == 1:
        places = np.repeat(x[:, None], size, axis=1)
    else:
        check_sizes((x.shape[1], size))
        places = x
    out = np.full((silent.size, size), np.nan)
    if len(frames) == 1:
        out[~silent] = frames
    else:
        out[~silent] = _SEARCHED.get(id(frames), lambda: Nearest(frames)).to(places[~silent])
    return out


def scrubbed(value: Value, seconds: Sampled) -> Sampled:
    """Where a recording is at ``seconds`` after its beginning; a point or a number is there always."""
    if isinstance(value, str):
        raise unknown_name(value)
    if isinstance(seconds, Sparse) or seconds.ndim != 1:
        raise LivevaeError("freeze() takes one number of seconds at a time, not a vector.")
    if isinstance(value, Sparse) or not isinstance(value, float | np.ndarray | Playable):
        raise LivevaeError("freeze() needs a recording or a point.")
    silent = np.isnan(seconds)
    if isinstance(value, float):
        return np.where(silent, np.nan, value)
    if isinstance(value, np.ndarray):
        return np.where(silent[:, None], np.nan, value)
    return np.where(silent[:, None], np.nan, value.at(np.where(silent, 0.0, np.maximum(seconds, 0.0))))
