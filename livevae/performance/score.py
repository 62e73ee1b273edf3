"""What a piece does, voice by voice and dimension by dimension, found without making a sound."""

from __future__ import annotations

import ast
import linecache
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from livevae import control
from livevae.engine.dry import DryEngine, DrySlot
from livevae.engine.frames import columns
from livevae.latent import Library
from livevae.model.info import ModelInfo
from livevae.performance.envelope import Floats
from livevae.performance.expression import Expression
from livevae.performance.message import Message
from livevae.performance.performance import Performance
from livevae.performance.piece import Piece
from livevae.performance.render import Driver, until

QUIET: Final = 1e-4
"""An amplitude below this is silence."""


@dataclass(frozen=True)
class Mark:
    """Something with a name that begins at a second: a cue, or what a voice was given to play."""

    second: float
    name: str


@dataclass(frozen=True, eq=False)
class Part:
    """A voice: the second of each frame `(n,)`, its latents `(n, D)` and gain on the input `(n,)`, its level `(n,)`."""

    name: str
    seconds: Floats
    latents: Floats
    gain: Floats
    level: Floats
    marks: tuple[Mark, ...] = ()

    @property
    def sounding(self) -> bool:
        """Whether it is heard at all."""
        return bool((self.level > QUIET).any())


@dataclass(frozen=True, eq=False)
class Score:
    """A piece of `seconds` seconds: its voices, its cues, and the second at which every whole cycle begins."""

    title: str
    seconds: float
    parts: tuple[Part, ...]
    cues: tuple[Mark, ...]
    cycles: Floats


def parts_of(slots: Sequence[DrySlot], marks: dict[str, list[Mark]]) -> tuple[Part, ...]:
    """The voices that used these streams, each with its own streams one after the other; silent ones are left out."""
    found: dict[int, list[DrySlot]] = {}
    for slot in slots:
        if slot.count:
            found.setdefault(slot.slot // 2, []).append(slot)
    parts = [_part(index, found[index], marks.get(f"v{index + 1}", [])) for index in sorted(found)]
    return tuple(part for part in parts if part.sounding)


def _part(index: int, slots: list[DrySlot], marks: list[Mark]) -> Part:
    ordered = sorted(slots, key=lambda slot: slot.first / slot.info.frame_rate)
    dims = max(slot.info.dims for slot in ordered)
    seconds, latents, gain, level = [], [], [], []
    for slot in ordered:
        rows, where = slot.rows, columns(slot.info.dims)
        seconds.append((slot.first + np.arange(len(rows))) / slot.info.frame_rate)
        padded = np.full((len(rows), dims), np.nan)
        padded[:, : slot.info.dims] = rows[:, where.bias]
        latents.append(padded)
        gains = np.abs(rows[:, where.gain])
        gain.append(gains.max(axis=1) if slot.info.dims else np.zeros(len(rows)))
        level.append(rows[:, where.amp])
    return Part(
        f"v{index + 1}",
        np.concatenate(seconds),
        np.concatenate(latents),
        np.concatenate(gain).astype(np.float64),
        np.concatenate(level).astype(np.float64),
        tuple(marks),
    )


def score(
    piece: Path,
    library: Library,
    *,
    model: Path,
    seconds: float | None = None,
    cycles: float | None = None,
    start: str | None = None,
    seed: int = 0,
    describe_model: Callable[[Path, int | None], ModelInfo] | None = None,
    on_message: Callable[[Message], None] | None = None,
) -> Score:
    """Play `piece` without sound and give what its voices do: the frames that `render` would decode.

    It lasts `seconds`, or `cycles`, or as long as its form (16 cycles where that is not known), from the cue `start`
    on. Raises LivevaeError where the piece does not work.
    """
    engine = DryEngine(describe_model)
    control.use(None)
    performance = Performance(engine, library, default_model=model, seed=seed, live=False)
    performance.alone()
    performance.on_message = on_message
    try:
        Piece(performance, piece).load(start)
        wanted = performance.conductor.length() if cycles is None else cycles
        drive, watch = Driver(engine, performance), _Watch(performance)
        # Asked again and again: the tempo may change on the way.
        while engine.now() < until(performance, seconds, wanted) * engine.rate:
            drive(engine.now())
            watch.look()
            engine.run(Driver.STEP)
        length = until(performance, seconds, wanted)
        bars = performance.clock.seconds(np.arange(0.0, performance.clock.cycle(length) + 1e-9))
        slots = [*engine.closed, *engine.slots.values()]
        return Score(Path(piece).stem, length, parts_of(slots, watch.marks), tuple(watch.cues), bars)
    finally:
        performance.close()


class _Watch:
    """Notes when a cue begins, and when a voice is given something else to play."""

    def __init__(self, performance: Performance) -> None:
        self.cues: list[Mark] = []
        self.marks: dict[str, list[Mark]] = {}
        self._performance = performance
        self._given: dict[str, object] = {}

    def look(self) -> None:
        """Once before each step."""
        now = self._performance.engine.now() / self._performance.engine.rate
        status = self._performance.conductor.status()
        if status is not None and status.name is not None and (not self.cues or self.cues[-1].name != status.name):
            self.cues.append(Mark(now, status.name))
        for part in self._performance.parts:
            given, cycle = part.latest
            if given is self._given.get(part.name):
                continue
            self._given[part.name] = given
            if isinstance(given, Expression):
                second = max(0.0, float(self._performance.clock.seconds([max(cycle, 0.0)])[0]))
                self.marks.setdefault(part.name, []).append(Mark(second, typed(given)))


def typed(expression: Expression) -> str:
    """What the performer typed for a voice: a string or number as it is, else the line of their text."""
    value = expression.z
    if value.text != "pattern" or value.place is None:
        return value.text
    line = linecache.getline(value.place.file, value.place.line).strip()
    return _given(line) or str(value.place)


def _given(line: str) -> str:
    """What stands to the right of an assignment, or first in the brackets of a call."""
    try:
        (statement,) = ast.parse(line).body
    except (SyntaxError, ValueError):
        return line  # a part of a longer statement
    match statement:
        case ast.Assign(value=value):
            return ast.get_source_segment(line, value) or line
        case ast.Expr(value=ast.Call(args=[first, *_])):
            return ast.get_source_segment(line, first) or line
    return line
