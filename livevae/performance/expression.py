"""What was assigned to a voice, evaluated for the frames of a model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final

import numpy as np

from livevae.errors import LivevaeError
from livevae.latent import Library, LiveLatent, Reference, Spaces, control_of, resolver
from livevae.latent.live import LiveInput
from livevae.model.info import ModelInfo
from livevae.model.mover import MoverSpec
from livevae.pattern import Context, Pattern, Space, is_patternable, reify
from livevae.performance.clock import TempoMap
from livevae.performance.layers import Control, Floats
from livevae.performance.message import Place
from livevae.performance.musical import Era
from livevae.performance.settings import DEFAULTS, Settings, Value

_CHECKED_CYCLES: Final = 16
_CHECKED_PER_CYCLE: Final = 64
_RESOLVED: Final = 4


NORMAL: Final = DEFAULTS.speed


@dataclass(frozen=True, eq=False)
class Moment:
    """What an expression is evaluated in: a model, its recordings, the tempo and the seed."""

    model: ModelInfo
    frame_rate: float
    context: Context
    lookup: Callable[[object], object]
    waits: bool
    spaces: Spaces

    @classmethod
    def of(
        cls,
        model: ModelInfo,
        frame_rate: float,
        library: Library,
        tempo: TempoMap,
        seed: int,
        wait: bool,
        spaces: Spaces,
    ) -> Moment:
        """With `wait` recordings are encoded and spaces measured at once, else what is not encoded yet is silent."""
        return cls(model, frame_rate, Context(seed, tempo.seconds), resolver(library, model, wait), wait, spaces)

    def placed(self, reference: Reference | None, dim: int | None = None) -> Moment:
        """The same where it is known where the model's sounds lie: all, or in one dimension alone."""
        if self.waits:
            space = self.spaces.measure(self.model, reference).space
        else:
            space = self.spaces.known(self.model, reference)
        return replace(self, context=replace(self.context, space=space if dim is None else _only(space, dim)))

    def late(self, seconds: float) -> Moment:
        """The same for what is heard so many seconds after the latents it belongs to: knobs stand as they do then."""
        if seconds == 0.0:
            return self
        inner = self.context.seconds
        return replace(self, context=replace(self.context, seconds=lambda cycles: inner(cycles) + seconds))

    def within(self, era: Era) -> Moment:
        """The same as patterns see it in an era."""
        if era.plain:
            return self
        return replace(self, context=replace(self.context, seconds=era.seconds(self.context.seconds)))


@lru_cache(maxsize=1024)
def _only(space: Space, dim: int) -> Space:
    """One dimension of a space; always the same object, as what patterns keep for later hangs on it."""
    return space.only(dim)


class _Resolved:
    """A pattern, or an expression of `live`, with its names replaced by trajectories; kept for a few models."""

    def __init__(self, thing: Any) -> None:
        self.thing = thing
        self.uses_space: bool = thing.uses_space()
        self._names: frozenset[str] = thing.names()
        self._kept: dict[tuple[str, int | None], Any] = {}

    def within(self, moment: Moment) -> Any:
        """The same without names. Raises LivevaeError for names nobody knows."""
        if not self._names:
            return self.thing
        if moment.waits:
            # Every name now, and not only those of the cycles that are tried.
            for name in sorted(self._names):
                moment.lookup(name)
            return self.thing.resolve(moment.lookup)
        key = moment.model.digest, moment.model.sample_rate
        if key not in self._kept:
            while len(self._kept) >= _RESOLVED:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = self.thing.resolve(moment.lookup)
        return self._kept[key]


class Expression:
    """The latents of a voice: what was assigned to `z`, and over it what was assigned to single dimensions."""

    def __init__(self, z: Value, dims: Mapping[int, Value], speed: Value = NORMAL) -> None:
        self.z = z
        self.dims = dims
        self.speed = speed
        self.uses_input = isinstance(z.thing, LiveLatent)
        self._z = _Resolved(_sped(as_latents("z", z.thing), speed))
        self._dims = tuple((index, Scalar(f"dim[{index}]", value, speed, index)) for index, value in dims.items())

    @classmethod
    def of(cls, settings: Settings) -> Expression | None:
        """The expression of a voice's settings, None where it is silent."""
        return None if settings.z is None else cls(settings.z, settings.dims, settings.speed)

    def changed(self, change: Callable[[Any], object]) -> Expression:
        """The same with `change` made of what was assigned to `z`. Raises what that raises, and LivevaeError."""
        thing = as_latents("what is played meanwhile", change(as_latents("z", self.z.thing)))
        return Expression(replace(self.z, thing=thing), self.dims, self.speed)

    @property
    def place(self) -> Place | None:
        """Where its latents were assigned."""
        return self.z.place

    def control(self, cycles: Floats, moment: Moment) -> Control:
        """Its gain, bias, lag and gate at `cycles`. Raises LivevaeError where it does not fit the model."""
        model, count = moment.model, len(cycles)
        if not model.has_latents:
            return self._effect(model, count)
        here = moment.placed(self.z.reference) if self._z.uses_space else moment
        found = control_of(self._z.within(moment), cycles, here.context, model.latent_size, moment.frame_rate)
        known = ~found.silent
        for index, scalar in self._dims:
            check_index(index, model)
            values = scalar.values(cycles, moment)
            driven = ~np.isnan(values)
            found.gain[driven, index] = 0.0
            found.bias[driven, index] = values[driven]
            for moved in found.moved.values():
                moved.amount[driven, index] = 0.0
        return Control(found.gain, found.bias, found.lag, known.astype(np.float64), known, found.moved)

    def movers(self, moment: Moment) -> dict[int, MoverSpec]:
        """The movers that its control names, by their keys. Raises LivevaeError where it does not fit the model."""
        thing = self._z.within(moment)
        if not isinstance(thing, LiveLatent) or not thing.moved or not moment.model.has_latents:
            return {}
        here = moment.placed(self.z.reference) if self._z.uses_space else moment
        return thing.movers(here.context, moment.model.latent_size, moment.frame_rate)

    def _effect(self, model: ModelInfo, count: int) -> Control:
        if not self.uses_input or self._dims:
            raise LivevaeError(f"{model.name} has no latent space: play it with .z = live.")
        empty = np.zeros((count, model.latent_size))
        return Control(empty, empty, np.zeros(count), np.ones(count), np.ones(count, bool))

    def check(self, cycle: float, moment: Moment) -> None:
        """Evaluate it over the cycles after `cycle`. Raises what it raises."""
        self.control(_sampled_cycles(cycle), moment)


class Held:
    """Latents that stay: what was heard when an expression failed."""

    def __init__(self, heard: Control) -> None:
        self._heard = heard

    def control(self, cycles: Floats, moment: Moment) -> Control:
        """The same for every frame."""
        count = len(cycles)
        if self._heard.gain.shape[1] != moment.model.latent_size:
            return Control.silence(moment.model.latent_size, count)
        row = np.zeros(count, np.intp)
        heard = self._heard
        moved = {key: each.at(row) for key, each in heard.moved.items()}
        return Control(heard.gain[row], heard.bias[row], heard.lag[row], heard.gate[row], heard.known[row], moved)


class Scalar:
    """One number a frame: an amplitude, a pan position, a mix, or one dimension `dim` of the latents."""

    def __init__(self, name: str, value: Value, speed: Value = NORMAL, dim: int | None = None) -> None:
        self.name = name
        self.value = value
        self._thing = _Resolved(_sped(as_pattern(name, value.thing), speed))
        self._dim = dim

    @property
    def place(self) -> Place | None:
        """Where it was assigned."""
        return self.value.place

    def values(self, cycles: Floats, moment: Moment) -> Floats:
        """Its values at `cycles`, `(n,)`, NaN where it rests. Raises LivevaeError where they are vectors."""
        here = moment
        if self._dim is not None and self._thing.uses_space:
            here = moment.placed(self.value.reference, self._dim)
        values: Floats = self._thing.within(moment).sample(cycles, here.context)
        if values.ndim == 2 and values.shape[1] == 1:
            values = values[:, 0]
        if values.ndim != 1:
            raise LivevaeError(f"{self.name} takes one number at a time, and this has {values.shape[1]} dimensions.")
        return values

    def check(self, cycle: float, moment: Moment) -> None:
        """Evaluate it over the cycles after `cycle`. Raises what it raises."""
        self.values(_sampled_cycles(cycle), moment)


def _sped(thing: Any, speed: Value) -> Any:
    return thing if speed == NORMAL else thing.fast(speed.thing)


def as_latents(name: str, thing: object) -> Pattern | LiveLatent:
    """What may be assigned to `z`, as a pattern or an expression of `live`. Raises LivevaeError for anything else."""
    if isinstance(thing, LiveLatent):
        return thing
    if isinstance(thing, LiveInput):
        raise LivevaeError(f"{name}: live({thing.channel}) is an input: set .input to it, and .z to live.")
    return as_pattern(name, thing)


def as_pattern(name: str, thing: object) -> Pattern:
    """A pattern of numbers or points from what a performer may type. Raises LivevaeError for anything else."""
    if isinstance(thing, LiveLatent):
        raise LivevaeError(f"{name} takes a number or a pattern: live can only be heard through .z.")
    if isinstance(thing, bool) or not is_patternable(thing):
        raise LivevaeError(f"{name} takes a pattern, a string, a number or a point, not {type(thing).__name__}.")
    return reify(thing)


def check_index(index: int, model: ModelInfo) -> None:
    """Raises LivevaeError unless the model has a dimension `index`; below 0 counts from the end."""
    size = model.latent_size
    if not -size <= index < size:
        raise LivevaeError(f"dim[{index}]: {model.name} has {size} dimensions, numbered from 0 to {size - 1}.")


def _sampled_cycles(cycle: float) -> Floats:
    count = _CHECKED_CYCLES * _CHECKED_PER_CYCLE
    return np.asarray(np.floor(cycle) + np.arange(count) / _CHECKED_PER_CYCLE, np.float64)
