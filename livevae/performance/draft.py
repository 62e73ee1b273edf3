"""Changes that are collected before any of them is heard: all are applied together, or none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final, Literal

from livevae.errors import LivevaeError
from livevae.performance.crossing import Glide
from livevae.performance.program import Program
from livevae.performance.settings import DEFAULTS, Settings, Timing
from livevae.performance.transport import NOTHING_COMMON, Common, Jump, Moves, Once

ALL: Final = -1
"""Stands for all voices where a setting is owned."""

FieldName = Literal[
    "z",
    "input",
    "amp",
    "pan",
    "mix",
    "model",
    "muted",
    "solo",
    "transition",
    "speed",
    "nudge",
    "swing",
    "reference",
    "fx",
    "input_fx",
    "out",
    "width",
]

Owned = tuple[int, FieldName | int]
"""A voice by its index, and one of its settings by name or one of its dimensions by number."""


@dataclass(frozen=True)
class Snapshot:
    """All voices and the tempo at one moment."""

    voices: tuple[Settings, ...]
    cps: float
    beats: float
    common: Common = NOTHING_COMMON


_NOTHING: Final[Mapping[Owned, Any]] = {}


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
    at: float | None = None
    """The clock cycle at which all of it begins; None: each change by its own timing."""
    since: float | None = None
    """The cycle, as the performer counts, at which the section began whose function is being called."""
    owner: object = None
    """Whose plans are made in it: the piece that is being read; None is the prompt."""
    looks: list[tuple[int, int]] = field(default_factory=list)
    """Dimensions that were read, by voice and number, in order."""
    done: list[Callable[[], None]] = field(default_factory=list)
    """What is called once it has been applied."""
    program: Program = field(default_factory=Program)
    """Cues, form and triggers. They are no part of a snapshot: undo changes what sounds, not what is laid down."""
    common: Common = NOTHING_COMMON
    over: float = 0.0
    """Cycles in which the tempo is reached."""
    push: float = 0.0
    jump: Jump | None = None
    asked: bool = False
    onces: dict[int, Once] = field(default_factory=dict)

    @property
    def snapshot(self) -> Snapshot:
        """What it would leave behind now."""
        return Snapshot(tuple(self.voices), self.cps, self.beats, self.common)

    @property
    def moves(self) -> Moves:
        """What it does to musical time."""
        return Moves(self.cps, self.common, self.at, self.over, self.push, self.jump, self.asked, self.onces)

    def silence(self, timing: Timing) -> None:
        """Give no voice anything to play."""
        for index, settings in enumerate(self.voices):
            if settings.z is not None:
                self.voices[index] = replace(settings, z=None)
                self.timing[index] = timing

    def value(self, owned: Owned) -> Any:
        """What a setting or a dimension stands at."""
        index, name = owned
        if index == ALL:
            return getattr(self.common, str(name))
        settings = self.voices[index]
        return settings.dims.get(name) if isinstance(name, int) else getattr(settings, name)

    def release(self, owned: set[Owned], timing: Timing, base: Mapping[Owned, Any] = _NOTHING) -> None:
        """Bring settings back to what `base` says they are, else to what they were before anybody set them."""
        for index, name in owned:
            if index == ALL:
                wanted = base.get((index, name), getattr(NOTHING_COMMON, str(name)))
                self.common = replace(self.common, **{str(name): wanted})
                continue
            old = self.voices[index]
            if isinstance(name, int):
                self.voices[index] = old.with_dim(name, base.get((index, name)))
            else:
                self.voices[index] = replace(old, **{name: base.get((index, name), getattr(DEFAULTS, name))})
                if name == "model":
                    self.other_model.add(index)
            self.timing[index] = timing

    def carry(self) -> None:
        """Let what has changed so far be part of all that undo and redo go to: they take back the rest, never this."""
        after = self.snapshot
        self.remember = False
        self.history = _distinct([carried(kept, self.start, after) for kept in self.history], after)
        self.future = _distinct([carried(kept, self.start, after) for kept in self.future], after)

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
        self.common, self.over, self.asked = wanted.common, 0.0, False
        self.remember = False
        self.timing = {index: Timing(quant=0.0, transition=Glide()) for index in range(len(self.voices))}


def carried(kept: Snapshot, before: Snapshot, after: Snapshot) -> Snapshot:
    """`kept` with every setting that differs between `before` and `after` as it is in `after`."""
    voices = list(kept.voices)
    for index, (old, new) in enumerate(zip(before.voices, after.voices, strict=True)):
        moved = {f.name: getattr(new, f.name) for f in fields(new) if getattr(old, f.name) != getattr(new, f.name)}
        dims = moved.pop("dims", None)
        voices[index] = replace(voices[index], **moved)
        if dims is not None:
            for dim in {*old.dims, *new.dims}:
                if old.dims.get(dim) != new.dims.get(dim):
                    voices[index] = voices[index].with_dim(dim, new.dims.get(dim))
    moved = {f.name: getattr(after, f.name) for f in fields(after) if getattr(before, f.name) != getattr(after, f.name)}
    return replace(kept, **{**moved, "voices": tuple(voices)})


def _distinct(steps: list[Snapshot], last: Snapshot) -> list[Snapshot]:
    """Without those that are the same as the step after them, of which `last` comes after all."""
    kept: list[Snapshot] = []
    for step, following in zip(steps, [*steps, last][1:], strict=True):
        if step != following:
            kept.append(step)
    return kept
