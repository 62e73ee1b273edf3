"""What patterns carry: numbers, names, points, things that play; and how those combine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any, Protocol, TypeAlias, TypeGuard, runtime_checkable
from weakref import WeakSet

import numpy as np
import numpy.typing as npt

from livevae.errors import LivevaeError
from livevae.pattern.fit import Fit, Stretched
from livevae.pattern.time import Array, Context, Span


@runtime_checkable
class Playable(Protocol):
    """Something that unfolds from the onset of an event, such as a trajectory."""

    @property
    def dims(self) -> int:
        """The number of dimensions, D."""

    def at(self, seconds: Array) -> Array:
        """Values ``(n, D)`` at ``seconds (n,)`` after the onset; the last frame is held after the end."""


@dataclass(frozen=True, slots=True, eq=False)
class Sparse:
    """A vector whose size is not known yet: ``base`` in every dimension but those named in ``dims``.

    It takes the size of the first vector it is combined with. Arrays are ``(n,)`` in samples, ``()`` in events.
    """

    base: Array
    dims: Mapping[int, Array]

    def dense(self, size: int) -> Array:
        """The same values with ``size`` dimensions, ``(..., size)``; an index outside them is an error."""
        out = np.repeat(np.asarray(self.base)[..., None], size, axis=-1)
        for index, values in self.dims.items():
            if not 0 <= index < size:
                raise LivevaeError(f"dimension {index} does not exist: there are {size}, numbered 0 to {size - 1}.")
            out[..., index] = values
        return out

    def __getitem__(self, index: int) -> Array:
        return self.dims.get(index, self.base)


_STILL = (float, str, np.ndarray, Sparse)
"""What values are that do not unfold in time."""

Mask: TypeAlias = npt.NDArray[np.bool_]
Value: TypeAlias = "float | str | Array | Playable | Sparse"
Sampled: TypeAlias = "Array | Sparse"
Function: TypeAlias = Callable[..., Sampled]


@dataclass(frozen=True, slots=True, eq=False)
class Event:
    """A value and when it holds: ``part`` is the piece that was asked for, ``whole`` all of it.

    ``whole`` is None where a continuous pattern was asked for its value.
    """

    whole: Span | None
    part: Span
    value: Value

    @property
    def has_onset(self) -> bool:
        """Whether this piece contains the event's beginning."""
        return self.whole is not None and self.whole.begin == self.part.begin

    @property
    def extent(self) -> Span:
        """The whole, or the part of a continuous pattern."""
        return self.part if self.whole is None else self.whole

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Event):
            return NotImplemented
        return (self.whole, self.part) == (other.whole, other.part) and same(self.value, other.value)

    def __hash__(self) -> int:
        return hash((self.whole, self.part))

    def __repr__(self) -> str:
        shown = f"{self.value:g}" if isinstance(self.value, float) else str(self.value)
        if self.whole is None:
            return f"~({self.part.begin}>{self.part.end})|{shown}"
        before = f"{self.whole.begin}-" if self.whole.begin < self.part.begin else ""
        after = f"-{self.whole.end}" if self.part.end < self.whole.end else ""
        return f"{before}({self.part.begin}>{self.part.end}){after}|{shown}"


def same(a: Value, b: Value) -> bool:
    """Whether two values are equal: numbers, names and points by what they are, anything else by identity."""
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return isinstance(a, np.ndarray) and isinstance(b, np.ndarray) and np.array_equal(a, b, equal_nan=True)
    return a is b or (isinstance(a, float | str) and a == b)


def to_value(thing: object) -> Value:
    """A number as a float, a point as a read-only float64 vector, names and things that play as they are."""
    if isinstance(thing, str | Sparse):
        return thing
    if isinstance(thing, Real):
        return float(thing)
    if isinstance(thing, np.ndarray):
        if thing.ndim > 1 or thing.dtype.kind not in "fiub":
            raise LivevaeError(
                f"a point is a vector of numbers, shape (D,), not an array of {thing.dtype} of shape {thing.shape}."
            )
        if thing.ndim == 0:
            return float(thing)
        point = np.array(thing, dtype=np.float64)
        point.setflags(write=False)
        return point
    if plays(thing):
        return thing
    raise LivevaeError(
        f"a pattern cannot hold {type(thing).__name__}: give a number, a name, a vector or a trajectory."
    )


_PLAYING: WeakSet[type] = WeakSet()


def plays(thing: object) -> TypeGuard[Playable]:
    """Whether something unfolds in time. Python takes its time to find out, and so is asked once for each type."""
    if type(thing) in _PLAYING:
        return True
    if not isinstance(thing, Playable):
        return False
    _PLAYING.add(type(thing))
    return True


def unknown_name(name: str) -> LivevaeError:
    """The error for a name that nothing has turned into values."""
    return LivevaeError(f"unknown name '{name}': no recording of that name is known here.")


def check_sizes(sizes: Iterable[int]) -> int | None:
    """The one number of dimensions among ``sizes``, or None where there are none."""
    found = set(sizes)
    if len(found) > 1:
        raise LivevaeError(
            f"these have {' and '.join(map(str, sorted(found)))} dimensions: combine values of one model."
        )
    return found.pop() if found else None


def elementwise(function: Callable[..., Array], *samples: Sampled) -> Sampled:
    """``function`` over samples ``(n,)``, ``(n, D)`` or sparse, with numbers spread over all dimensions."""
    shape = getattr(samples[0], "shape", None) if samples else None
    if shape is not None and all(isinstance(s, np.ndarray) and s.shape == shape for s in samples):
        return function(*samples)
    size = check_sizes(s.shape[-1] for s in samples if isinstance(s, np.ndarray) and s.ndim == 2)
    if size is not None:
        return function(*(spread(s, size) for s in samples))
    sparse = [s for s in samples if isinstance(s, Sparse)]
    if not sparse:
        return function(*samples)
    indices = sorted({index for s in sparse for index in s.dims})
    return Sparse(
        function(*(s.base if isinstance(s, Sparse) else s for s in samples)),
        {i: function(*(s[i] if isinstance(s, Sparse) else s for s in samples)) for i in indices},
    )


def spread(sample: Sampled, size: int) -> Array:
    """A sample that broadcasts against ``(n, size)``."""
    if isinstance(sample, Sparse):
        return sample.dense(size)
    return sample if sample.ndim == 2 else sample[:, None]


def is_silent(sample: Sampled) -> Mask:
    """Which frames ``(n,)`` hold no value."""
    if isinstance(sample, Sparse):
        sample = np.stack([sample.base, *sample.dims.values()], axis=-1)
    silent: Mask = np.isnan(sample)
    return silent if silent.ndim == 1 else np.logical_or.reduce(silent, axis=1)


def merge(count: int, pieces: Sequence[tuple[npt.NDArray[Any], Sampled]]) -> Sampled:
    """Samples of ``count`` frames put together from pieces at given frames; NaN where there is none."""
    size = check_sizes(s.shape[-1] for _, s in pieces if isinstance(s, np.ndarray) and s.ndim == 2)
    if size is not None:
        out = np.full((count, size), np.nan)
        for index, sample in pieces:
            out[index] = spread(sample, size)
        return out
    named = sorted({i for _, s in pieces if isinstance(s, Sparse) for i in s.dims})
    base = np.full(count, np.nan)
    dims = {i: np.full(count, np.nan) for i in named}
    for index, sample in pieces:
        base[index] = sample.base if isinstance(sample, Sparse) else sample
        for i in named:
            dims[i][index] = sample[i] if isinstance(sample, Sparse) else sample
    return Sparse(base, dims) if named else base


def first_value(sample: Sampled) -> Value | None:
    """The value of a sample's first frame, None where it is silent."""
    if is_silent(sample)[0]:
        return None
    if isinstance(sample, Sparse):
        return Sparse(sample.base[0], {i: v[0] for i, v in sample.dims.items()})
    return float(sample[0]) if sample.ndim == 1 else sample[0]


def _frames(value: Value, seconds: Array) -> Sampled:
    """One value as samples at ``seconds (n,)`` after its onset."""
    if isinstance(value, str):
        raise unknown_name(value)
    if isinstance(value, float):
        return np.full(seconds.shape, value)
    if isinstance(value, np.ndarray):
        return np.broadcast_to(value, (seconds.size, value.size))
    if isinstance(value, Sparse):
        flat = np.zeros(seconds.shape)
        return Sparse(flat + value.base, {i: flat + v for i, v in value.dims.items()})
    return value.at(seconds)


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """Values combined where at least one of them plays: each ``lag`` is the seconds by which it began earlier."""

    function: Function
    parts: tuple[tuple[Value, float], ...]

    @property
    def dims(self) -> int:
        """The number of dimensions, D."""
        return int(self.at(np.zeros(1)).shape[1])

    def at(self, seconds: Array) -> Array:
        """Values ``(n, D)`` at ``seconds (n,)`` after the onset."""
        with np.errstate(all="ignore"):
            out = self.function(*(_frames(value, seconds + lag) for value, lag in self.parts))
        if isinstance(out, Sparse) or out.ndim != 2:
            raise LivevaeError("a combination of trajectories must give vectors.")
        return out


def combine(function: Function, events: Sequence[Event], context: Context) -> Value | None:
    """The value of ``function`` over what several events hold, counted from the first one's onset; None for silence."""
    values = [event.value for event in events]
    if not all(isinstance(value, _STILL) for value in values):
        extents = [event.extent for event in events]
        ends = np.array([[float(span.begin), float(span.end)] for span in extents]).T
        onsets = context.onset(*ends)
        lengths = np.abs(context.seconds(ends[1]) - context.seconds(ends[0])).tolist()
        values = [
            Stretched(value, length) if isinstance(value, Fit) else value
            for value, length in zip(values, lengths, strict=True)
        ]
        return Made(function, tuple(zip(values, (onsets[0] - onsets).tolist(), strict=True)))
    return first_value(function(*(_frames(value, np.zeros(1)) for value in values)))
