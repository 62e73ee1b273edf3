"""What is done to an expression of `live` where that is not affine in each dimension: stages for the model's process.

A move says what a performer wants, for any model; its `stage` is that for one model, as plain data.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from livevae.errors import LivevaeError
from livevae.model.mover import Stage
from livevae.pattern import Context, Pattern, Space
from livevae.pattern.given import frames_of
from livevae.pattern.measured import SpaceSignal
from livevae.pattern.node import Lift, Node
from livevae.pattern.value import Sparse

Values = NDArray[np.float64]

MOST_NUMBERS: Final = 1 << 20
"""Of recordings with more numbers than this, frames are left out evenly: what is nearest is found within a frame."""


class Move(ABC):
    """One step beyond gain, bias and delay. Immutable."""

    @abstractmethod
    def stage(self, dims: int, frame_rate: float, context: Context) -> Stage | None:
        """The step for a model of `dims` dimensions and `frame_rate` frames a second.

        None as long as a recording is being encoded. Raises LivevaeError where it does not fit the model.
        """

    def names(self) -> frozenset[str]:
        """The names of recordings in it."""
        return frozenset()

    def resolve(self, lookup: Callable[[str], object]) -> Move:
        """The same with `lookup(name)` for every name."""
        return self

    def uses_space(self) -> bool:
        """Whether it depends on the statistics of the model's space."""
        return False


@dataclass(frozen=True, eq=False)
class Smooth(Move):
    """A one-pole low-pass with a time constant in seconds, for all dimensions."""

    seconds: float

    def stage(self, dims: int, frame_rate: float, context: Context) -> Stage:
        keep = np.exp(-1.0 / (self.seconds * frame_rate)) if self.seconds > 0 else 0.0
        return Stage("smooth", {"keep": np.full(dims, keep)})


@dataclass(frozen=True, eq=False)
class Route(Move):
    """Dimensions from other ones: `pairs` says where each that is named comes from; `backwards` reverses all."""

    pairs: Mapping[int, int]
    backwards: bool = False

    def stage(self, dims: int, frame_rate: float, context: Context) -> Stage:
        source = np.arange(dims)
        for into, out in self.pairs.items():
            for index in (into, out):
                if not 0 <= index < dims:
                    raise LivevaeError(f"dimension {index} does not exist: there are {dims}, numbered 0 to {dims - 1}.")
            source[into] = out
        return Stage("route", {"source": source[::-1].copy() if self.backwards else source})


@dataclass(frozen=True, eq=False)
class Limit(Move):
    """Within the recorded range of the model's sounds, widened on both sides by `margin` of its width."""

    margin: float

    def stage(self, dims: int, frame_rate: float, context: Context) -> Stage:
        space = context.space or Space.prior(dims)
        room = self.margin * (space.high - space.low)
        return Stage("limit", {"low": space.low - room, "high": space.high + room})

    def uses_space(self) -> bool:
        return True


@dataclass(frozen=True, eq=False)
class Nearest(Move):
    """As far as `amount` says to the nearest frame of `recordings`: names, or what they were resolved to."""

    recordings: tuple[Any, ...]
    amount: float = 1.0

    def stage(self, dims: int, frame_rate: float, context: Context) -> Stage | None:
        parts = [frames_of(each, "quantize_to") for each in self.recordings]
        known = [part for part in parts if part is not None]
        if len(known) < len(parts):
            return None
        for part in known:
            if part.shape[1] != dims:
                raise LivevaeError(f"quantize_to: a recording of {part.shape[1]} dimensions does not fit {dims}.")
        points = np.concatenate(known).astype(np.float32)
        step = -(-points.size // MOST_NUMBERS)
        return Stage("nearest", {"points": points[::step], "amount": np.array([self.amount])})

    def names(self) -> frozenset[str]:
        return frozenset(str(each) for each in self.recordings if isinstance(each, str))

    def resolve(self, lookup: Callable[[str], object]) -> Move:
        return replace(self, recordings=tuple(lookup(x) if isinstance(x, str) else x for x in self.recordings))


@dataclass(frozen=True, eq=False)
class Between(Move):
    """Multiplied and added to between two moves, by numbers, points and statistics that stay the same."""

    gain: float | Pattern
    bias: float | Pattern

    def stage(self, dims: int, frame_rate: float, context: Context) -> Stage:
        return Stage("affine", {"gain": _still(self.gain, dims, context), "bias": _still(self.bias, dims, context)})

    def uses_space(self) -> bool:
        return any(part.uses_space() for part in (self.gain, self.bias) if isinstance(part, Pattern))


@dataclass(frozen=True, eq=False)
class Given(Move):
    """A stage that was made for one size of latents, such as a learned map."""

    made: Stage

    def stage(self, dims: int, frame_rate: float, context: Context) -> Stage:
        if self.made.outputs(dims) != dims:
            raise LivevaeError(f"a map to {self.made.outputs(dims)} dimensions does not fit a model of {dims}.")
        return self.made


def stays(term: float | Pattern) -> bool:
    """Whether a number or pattern is the same at all times."""
    return isinstance(term, float) or _stays(term._node)


def _stays(node: Node) -> bool:
    if isinstance(node, Lift):
        return all(_stays(part) for part in node.parts())
    return isinstance(node.steady, float | np.ndarray | Sparse) or isinstance(node, SpaceSignal)


def _still(term: float | Pattern, dims: int, context: Context) -> Values:
    if isinstance(term, float):
        return np.full(dims, term)
    value: Values = np.array(term.with_dims(dims).sample(np.zeros(1), context))[0]
    if np.isnan(value).any():
        raise LivevaeError("what is between two moves of live has no rests: put it after them.")
    return value
