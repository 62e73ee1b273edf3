"""When which chain of effects sounds, and the numbers that move it, tick by tick."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from livevae.engine.effects import MASTER, TICK, VOICES, WIDTH, Chain, TickRows, input_rack
from livevae.engine.interface import Engine, Source, Treated
from livevae.errors import LivevaeError
from livevae.pattern import Context, Pattern
from livevae.performance.settings import Settings
from livevae.performance.transport import Transport
from livevae.performance.uses import Uses, as_chain

_KEPT: Final = 4

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Step:
    """From second `start` on, in musical time, a rack has the chain `generation`, moved by these patterns."""

    start: float
    generation: int
    chain: Chain
    moving: tuple[tuple[str, Pattern], ...]


_NOTHING: Final = Step(float("-inf"), 0, (), ())


@dataclass(frozen=True)
class Prepared:
    """A chain that was built for a rack and is to begin."""

    rack: int
    step: Step


class Board:
    """The racks of a performance. `fill` is for the engine's feeder; all else is for one thread at a time.

    `late(rack)` gives the seconds by which what a rack sounds is heard after its musical time. `failed(rack, name,
    error)` is told when a pattern fails: its parameter stays where it is.
    """

    def __init__(
        self,
        engine: Engine,
        transport: Transport,
        seed: int,
        late: Callable[[int], float],
        failed: Callable[[int, str, Exception], None],
    ) -> None:
        self._engine = engine
        self._transport = transport
        self._seed = seed
        self._late = late
        self._failed = failed
        self._steps: dict[int, tuple[Step, ...]] = {}
        self._generation = 0
        self._heard: dict[int, Source] = {}
        self._told: set[tuple[int, str]] = set()
        self._lock = threading.Lock()
        self._latencies: dict[int, float] = {}

    def prepare(self, rack: int, before: Uses, after: Uses) -> Prepared | None:
        """Build what is to come; None where nothing changes. Raises LivevaeError, with nothing changed."""
        if before == after:
            return None
        chain, moving = as_chain(after)
        last = self._steps.get(rack, (_NOTHING,))[-1]
        if chain == last.chain:
            # The same circuit: only what moves it is another pattern.
            return Prepared(rack, replace(last, moving=moving))
        self._generation += 1
        latency = self._engine.set_chain(rack, self._generation, chain)
        self._latencies[rack] = latency / self._engine.rate
        return Prepared(rack, Step(0.0, self._generation, chain, moving))

    def begin(self, prepared: Sequence[Prepared], second: float) -> None:
        """Let what was prepared begin at a second of musical time."""
        with self._lock:
            for each in prepared:
                steps = [step for step in self._steps.get(each.rack, (_NOTHING,)) if step.start < second]
                self._steps = {**self._steps, each.rack: (*steps, replace(each.step, start=second))[-_KEPT:]}
                self._told = {told for told in self._told if told[0] != each.rack}

    def prepared(self, old: Sequence[Settings], new: Sequence[Settings], master: tuple[Uses, Uses]) -> list[Prepared]:
        """Everything that changes between two settings of all voices and of the master. Raises LivevaeError."""
        wanted = [(index, a.fx, b.fx) for index, (a, b) in enumerate(zip(old, new, strict=True))]
        wanted += [
            (input_rack(index), a.input_fx, b.input_fx) for index, (a, b) in enumerate(zip(old, new, strict=True))
        ]
        wanted.append((MASTER, *master))
        found: list[Prepared] = []
        try:
            for rack, before, after in wanted:
                prepared = self.prepare(rack, before, after)
                found += [] if prepared is None else [prepared]
        except BaseException:
            self.cancel(found)
            raise
        return found

    def patch(self, voice: int, out: tuple[int, ...], second: float) -> None:
        """Let a voice go to other outputs, counted from 1, from a second of musical time on. Raises LivevaeError."""
        sample = round((second + self._late(voice)) * self._engine.rate)
        self._engine.set_outputs(voice, tuple(output - 1 for output in out), sample)

    def cancel(self, prepared: Sequence[Prepared]) -> None:
        """Give up what was prepared: the chains that sound are again those that are wanted."""
        for each in prepared:
            last = self._steps.get(each.rack, (_NOTHING,))[-1]
            with suppress(LivevaeError):
                latency = self._engine.set_chain(each.rack, last.generation, last.chain)
                self._latencies[each.rack] = latency / self._engine.rate

    def added(self, voice: int) -> float:
        """Seconds that the effects of a voice, before and after the model, add to its delay."""
        return self._latencies.get(voice, 0.0) + self._latencies.get(input_rack(voice), 0.0)

    def treated(self, voice: int, source: Source) -> Source:
        """What a voice hears instead of `source` where there are effects on its input."""
        if self._heard.get(voice) != source:
            self._engine.hear(voice, source)
            self._heard[voice] = source
        return Treated(voice)

    def fill(self, rack: int, first: int, count: int) -> TickRows:
        """The rows of a rack's ticks; never raises."""
        rate = self._engine.rate
        late = self._late(rack)
        starts = np.arange(first, first + count) * TICK / rate - late
        steps = self._steps.get(rack, (_NOTHING,))
        which = np.maximum(np.searchsorted([step.start for step in steps], starts, side="right") - 1, 0)
        rows = np.full((count, WIDTH), np.nan, np.float32)
        for index in np.unique(which).tolist():
            step, chosen = steps[index], np.flatnonzero(which == index)
            rows[chosen, 0] = step.generation
            for lane, (name, pattern) in enumerate(step.moving):
                # A lane is at its number when the tick is over.
                rows[chosen, lane + 1] = self._values(rack, name, pattern, starts[chosen] + TICK / rate, late)
        return rows

    def _values(self, rack: int, name: str, pattern: Pattern, seconds: Floats, late: float) -> Floats:
        transport = self._transport
        found = np.full(len(seconds), np.nan)
        try:
            transport.extend(float(seconds[-1]))
            cycles = transport.tempo.cycles(seconds)
            # Knobs stand as they do when it is heard.
            context = Context(self._seed, lambda cycles: transport.tempo.seconds(cycles) + late)
            for era, places in transport.musical.groups(cycles):
                chosen: Any = slice(None) if places is None else places
                here = context if era.plain else replace(context, seconds=era.seconds(context.seconds))
                values = pattern.sample(era.pattern(cycles[chosen]), here)
                found[chosen] = values[:, 0] if values.ndim == 2 else values
        except Exception as error:
            if (rack, name) not in self._told:
                self._told.add((rack, name))
                self._failed(rack, name, error)
            return np.full(len(seconds), np.nan)
        return found


def name_of(rack: int) -> str:
    """What the performer calls a rack."""
    if rack < VOICES:
        return f"v{rack + 1}.fx"
    return "master.fx" if rack == MASTER else f"v{rack - MASTER}.input_fx"
