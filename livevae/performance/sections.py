"""What is known of the sections of a form while they are played."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from livevae.performance.agenda import Item
from livevae.performance.draft import Draft, Owned
from livevae.performance.form import Position
from livevae.performance.settings import Settings


@dataclass(frozen=True)
class Playing:
    """A section that has begun, or is about to, at clock cycle `start`; `end` None lasts until told."""

    position: Position
    start: float
    end: float | None = None


@dataclass(frozen=True)
class Planned:
    """The section that comes next, at clock cycle `start`; `cause` "form" where nobody asked for it."""

    position: Position
    start: float
    cause: str
    items: tuple[Item, ...]

    @property
    def alive(self) -> bool:
        """Will it really come?"""
        return not any(item.cancelled for item in self.items)


@dataclass(frozen=True)
class Made:
    """What the function of a cue did: the settings it made, what it changed for all voices, its plans' owner."""

    settings: frozenset[Owned]
    common: frozenset[str]
    token: object


@dataclass(frozen=True)
class CueStatus:
    """The section that is heard (None before the first), cycles left until the `next` one (None: until told)."""

    name: str | None
    left: float | None
    next: str | None


def value(voices: list[Settings], owned: Owned) -> Any:
    """What a setting or a dimension stood at among these voices."""
    index, name = owned
    return voices[index].dims.get(name) if isinstance(name, int) else getattr(voices[index], name)


def common(draft: Draft) -> dict[str, Any]:
    """What holds for all voices together: the tempo and its like."""
    snapshot = draft.snapshot
    return {f.name: getattr(snapshot, f.name) for f in fields(snapshot) if f.name != "voices"}
