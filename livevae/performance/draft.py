"""Changes that are collected before any of them is heard: all are applied together, or none."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from livevae.errors import LivevaeError
from livevae.performance.settings import DEFAULTS, Settings, Timing

FieldName = Literal["z", "input", "amp", "pan", "mix", "model", "muted", "solo"]

Owned = tuple[int, FieldName | int]
"""A voice by its index, and one of its settings by name or one of its dimensions by number."""


@dataclass(frozen=True)
class Snapshot:
    """All voices and the tempo at one moment."""

    voices: tuple[Settings, ...]
    cps: float
    beats: float


@dataclass
class Draft:
    """What an evaluation has asked for so far, from `start` on. `history` and `future` are what undo and redo go to."""

    start: Snapshot
    voices: list[Settings]
    cps: float
    beats: float
    history: list[Snapshot]
    future: list[Snapshot]
    timing: dict[int, Timing] = field(default_factory=dict)
    touched: set[Owned] = field(default_factory=set)
    other_model: set[int] = field(default_factory=set)
    remember: bool = True

    @property
    def snapshot(self) -> Snapshot:
        """What it would leave behind now."""
        return Snapshot(tuple(self.voices), self.cps, self.beats)

    def silence(self, timing: Timing) -> None:
        """Give no voice anything to play."""
        for index, settings in enumerate(self.voices):
            if settings.z is not None:
                self.voices[index] = replace(settings, z=None)
                self.timing[index] = timing

    def release(self, owned: set[Owned], timing: Timing) -> None:
        """Bring settings back to what they were before anybody set them."""
        for index, name in owned:
            old = self.voices[index]
            if isinstance(name, int):
                self.voices[index] = old.with_dim(name, None)
            else:
                self.voices[index] = replace(old, **{name: getattr(DEFAULTS, name)})
                if name == "model":
                    self.other_model.add(index)
            self.timing[index] = timing

    def undo(self) -> None:
        """Go back to before the last change, this evaluation's own where it made one already.

        Raises LivevaeError where there is none.
        """
        if self.snapshot != self.start:
            self.history.append(self.start)
        self._step(self.history, self.future, "undo")

    def redo(self) -> None:
        """Take back an undo. Raises LivevaeError where there is none."""
        self._step(self.future, self.history, "redo")

    def _step(self, source: list[Snapshot], other: list[Snapshot], name: str) -> None:
        if not source:
            raise LivevaeError(f"there is nothing to {name}.")
        other.append(self.snapshot)
        wanted = source.pop()
        self.voices, self.cps, self.beats = list(wanted.voices), wanted.cps, wanted.beats
        self.remember = False
        self.timing = {index: Timing(quant=0.0) for index in range(len(self.voices))}
