"""What a performer has set on a voice, as plain immutable values that can be compared, kept and brought back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from livevae.engine.interface import FileInput, Live
from livevae.performance.message import Place

if TYPE_CHECKING:
    from livevae.latent import Reference
    from livevae.performance.crossing import Transition
    from livevae.performance.uses import Uses

VOICES: Final = 16


@dataclass(frozen=True)
class ModelRef:
    """A model file, and the sample rate to assume where it says none."""

    path: Path
    rate: int | None = None


@dataclass(frozen=True)
class FromVoice:
    """What another voice plays, by its index from 0."""

    index: int


@dataclass(frozen=True)
class Implied:
    """Nobody chose an input: the microphone where the sound is made from `live`, else none."""


Input = Implied | Live | FileInput | FromVoice | None


@dataclass(frozen=True, eq=False)
class Value:
    """A pattern or number that was assigned, where, and how it was typed. Equal where thing and reference are."""

    thing: Any
    place: Place | None = None
    text: str = "pattern"
    reference: Reference | None = None
    """The recordings that its units were measured by when it was assigned."""

    @classmethod
    def typed(cls, typed: object, thing: Any, place: Place | None) -> Value:
        """What `typed` became; strings and numbers are shown as they were typed."""
        return cls(thing, place, repr(typed) if isinstance(typed, str | int | float) else "pattern")

    def measured(self, reference: Reference | None) -> Value:
        """The same, measured by these recordings, where it depends on such statistics at all."""
        uses_space = getattr(self.thing, "uses_space", None)
        return self if uses_space is None or not uses_space() else replace(self, reference=reference)

    def __str__(self) -> str:
        return f"{self.thing:g}" if isinstance(self.thing, int | float) else self.text

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Value):
            return NotImplemented
        if self.thing is other.thing:
            return self.reference is other.reference
        plain = (int, float, str)
        return isinstance(self.thing, plain) and isinstance(other.thing, plain) and self.thing == other.thing

    def __hash__(self) -> int:
        return hash(self.thing) if isinstance(self.thing, int | float | str) else id(self.thing)


_NO_DIMS: Final[Mapping[int, Value]] = MappingProxyType({})


@dataclass(frozen=True)
class Settings:
    """One voice. `z` is None while it is silent; `model` None takes the performance's default."""

    z: Value | None = None
    dims: Mapping[int, Value] = field(default_factory=lambda: _NO_DIMS)
    input: Input = Implied()
    amp: Value = Value(1.0)
    pan: Value = Value(0.0)
    mix: Value = Value(1.0)
    model: ModelRef | None = None
    muted: bool = False
    solo: bool = False
    transition: Transition | None = None
    speed: Value = Value(1.0)
    nudge: float = 0.0
    fx: Uses = ()
    input_fx: Uses = ()
    out: tuple[int, ...] = (1, 2)
    """Outputs of the machine, counted from 1."""
    width: Value = Value(0.0)

    def with_dim(self, index: int, value: Value | None) -> Settings:
        """The same with dimension `index` driven by `value`; None releases it."""
        dims = {key: kept for key, kept in self.dims.items() if key != index}
        if value is not None:
            dims[index] = value
        return replace(self, dims=MappingProxyType(dict(sorted(dims.items()))))

    @property
    def sounding(self) -> bool:
        """Is it given anything to play?"""
        return self.z is not None


DEFAULTS: Final = Settings()


@dataclass(frozen=True)
class Timing:
    """How a change of sound begins: on the next multiple of `quant` cycles, faded in over `fade` cycles.

    A `fade` of None is a short one that only keeps the change from clicking.
    """

    quant: float = 1.0
    fade: float | None = None
    at: float | None = None
    """An absolute clock cycle at which it begins instead of a multiple of `quant`."""
    transition: Transition | None = None
    """How it begins; None is a fade of `fade`, else what is usual for the voice, else for all voices."""
