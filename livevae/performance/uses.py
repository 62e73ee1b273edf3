"""Effects with their parameters, as they are set on a voice, and the chain that they are for the engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from livevae.engine.effects import LANES, Chain, Code, Effect, Lane
from livevae.errors import LivevaeError
from livevae.pattern import Context, Pattern
from livevae.performance.expression import as_pattern
from livevae.performance.message import Place


@dataclass(frozen=True, eq=False)
class Use:
    """An effect with its parameters: numbers, texts, and patterns that move them."""

    name: str
    values: Mapping[str, float | str | Pattern]
    code: Code | None = None
    place: Place | None = None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Use):
            return NotImplemented
        same = (self.name, self.code, set(self.values)) == (other.name, other.code, set(other.values))
        # Patterns are told apart by who they are: their own `==` makes another pattern.
        return same and all(_same(value, other.values[key]) for key, value in self.values.items())

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        shown = (f"{key}={'pattern' if isinstance(v, Pattern) else repr(v)}" for key, v in self.values.items())
        return f"fx.{self.name}({', '.join(shown)})" if self.code is None else f"{self.name}({', '.join(shown)})"


def _same(one: object, other: object) -> bool:
    if isinstance(one, Pattern) or isinstance(other, Pattern):
        return one is other
    return one == other


Uses = tuple[Use, ...]


def as_chain(uses: Uses) -> tuple[Chain, tuple[tuple[str, Pattern], ...]]:
    """A chain for the engine, and the patterns that move it, lane by lane, each with its name.

    Raises LivevaeError where there are too many of them.
    """
    made: list[Effect] = []
    moving: list[tuple[str, Pattern]] = []
    for use in uses:
        values: dict[str, float | str | Lane] = {}
        for key, value in use.values.items():
            if isinstance(value, Pattern):
                values[key] = Lane(len(moving))
                moving.append((f"{use.name} {key}", value))
            else:
                values[key] = value
        made.append(Effect(use.name, values, use.code))
    if len(moving) > LANES:
        raise LivevaeError(f"{len(moving)} parameters of one chain are patterns: at most {LANES} may move.")
    return tuple(made), tuple(moving)


def as_parameter(name: str, thing: object) -> float | Pattern:
    """A number, or a pattern that moves it, from what a performer may type. Raises LivevaeError for anything else."""
    if isinstance(thing, int | float) and not isinstance(thing, bool):
        return float(thing)
    pattern = as_pattern(name, thing)
    if pattern.names():
        raise LivevaeError(f"{name} takes a number or a pattern of numbers, not recordings.")
    found = pattern.sample(np.arange(64) / 4.0, Context())
    if found.ndim == 2 and found.shape[1] != 1:
        raise LivevaeError(f"{name} takes one number at a time, and this has {found.shape[1]} dimensions.")
    return pattern
