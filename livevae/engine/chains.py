"""A chain while it sounds: what goes into it, how it comes and goes, and its moving parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from livevae.engine.building import Circuit, LaneTable
from livevae.engine.effects import TICK, Chain, TickRows

Audio = NDArray[np.float32]

RISE_SECONDS: Final = 0.005
"""How long the input of a new chain takes to come in, before anything of the chain is heard."""
CROSS_SECONDS: Final = 0.03
"""How long the change from one chain to another takes."""
RELEASE_SECONDS: Final = 0.05
"""How long what is left of an old chain takes to fade when its time is over."""

_STEPS: Final = np.arange(1, TICK + 1, dtype=np.float64) / TICK


class Ramp:
    """A level that moves in straight lines; times are samples of the server."""

    def __init__(self, level: float) -> None:
        self._start, self._end = 0, 0
        self._from = self.target = level

    def to(self, level: float, start: int, length: int) -> None:
        """Move to `level` within `length` samples from `start` on, from where it is then."""
        now = self._at(start)
        self._start, self._end, self._from, self.target = start, start + max(1, length), now, level

    def still(self, time: int) -> bool:
        """Does it stay as it is from `time` on?"""
        return time >= self._end

    @property
    def end(self) -> int:
        """When it gets there."""
        return self._end

    def levels(self, time: int, count: int) -> Audio:
        """Its level at each of `count` samples from `time` on."""
        at = np.arange(time, time + count)
        share = np.clip((at - self._start) / max(1, self._end - self._start), 0.0, 1.0)
        return (self._from + (self.target - self._from) * share).astype(np.float32)

    def _at(self, time: int) -> float:
        if time >= self._end:
            return self.target
        share = max(0.0, (time - self._start) / (self._end - self._start))
        return self._from + (self.target - self._from) * share


class Table:
    """A level as pyo reads it: written while it moves, left alone while it does not."""

    def __init__(self, samples: Audio, level: float) -> None:
        self.ramp = Ramp(level)
        self._samples = samples
        self._samples[:] = level
        self._written = True

    def block(self, now: int) -> None:
        """Write the levels of the block that begins at `now`."""
        if self.ramp.still(now):
            if not self._written:
                self._samples[:] = self.ramp.target
                self._written = True
            return
        self._samples[:] = self.ramp.levels(now, len(self._samples))
        self._written = False


@dataclass
class Moving:
    """A lane on its way from the number of one tick to that of the next."""

    table: LaneTable
    before: float = 0.0
    now: float = 0.0
    begun: bool = False
    steady: bool = False

    def take(self, row: TickRows) -> None:
        """The number of a new tick; where there is none it stays."""
        wanted = float(row[self.table.column + 1])
        self.before = self.now
        if wanted == wanted:
            self.now = min(max(wanted, self.table.low), self.table.high)
        if not self.begun:
            self.begun, self.before = True, self.now

    def write(self, at: int, first: int, count: int) -> None:
        """Samples `at ..` of the block are samples `first ..` of the tick."""
        still = self.before == self.now
        if still and self.steady:
            return
        part = self.table.samples[at : at + count]
        if still:
            part[:] = self.now
            # The block may be longer than a tick: all of it has to hold the number before it is left alone.
            self.steady = count == len(self.table.samples)
        else:
            part[:] = self.before + (self.now - self.before) * _STEPS[first : first + count]
            self.steady = False


class Sounding:
    """A chain in a rack. `inlets` are what it reads (channels, block), empty where it reads a signal itself.

    `entry` is the level of its input, `exit` that of its output. `objects` is everything of pyo's that belongs to it.
    """

    def __init__(
        self,
        generation: int,
        chain: Chain,
        circuit: Circuit,
        objects: list[Any],
        inlets: tuple[Audio, ...],
        entry: Table,
        leaving: Table,
        outlet: Any,
    ) -> None:
        self.generation = generation
        self.chain = chain
        self.circuit = circuit
        self.objects = objects
        self.entry = entry
        self.exit = leaving
        self.outlet = outlet
        self.over: int | None = None
        self.done = False
        self._inlets = inlets
        self._empty = True
        self._lanes = [Moving(table) for table in circuit.lanes]
        self._tick = -1
        self._told: set[str] = set()

    def is_(self, generation: int, chain: Chain) -> bool:
        """Is it that chain of that generation?"""
        return self.generation == generation and self.chain == chain

    def begin(self, time: int, rate: int) -> None:
        """Be heard from `time` on: first it takes in sound, then it comes out."""
        rise = int(RISE_SECONDS * rate)
        self.entry.ramp.to(1.0, time, rise)
        self.exit.ramp.to(1.0, time + rise, int(CROSS_SECONDS * rate))

    def leave(self, time: int, rate: int) -> None:
        """Take in nothing more once what follows it comes out, and ring out."""
        self.entry.ramp.to(0.0, time + int(RISE_SECONDS * rate), int(CROSS_SECONDS * rate))
        self.over = self.entry.ramp.end + int(self.circuit.tail * rate)

    def end(self, time: int, seconds: float, rate: int) -> None:
        """Fade out what is left of it."""
        self.over = min(self.over or time, time)
        self.exit.ramp.to(0.0, time, int(seconds * rate))

    def finish(self, now: int, size: int, rate: int) -> None:
        """Fade out when its time is over, and be done when that has happened."""
        if self.over is None:
            return
        if now <= self.over < now + size and self.exit.ramp.target > 0.0:
            self.end(self.over, RELEASE_SECONDS, rate)
        if self.exit.ramp.target == 0.0 and self.exit.ramp.still(now):
            self.done = True

    def feed(self, now: int, sound: Audio) -> None:
        """Take in the block (channels, samples) that begins at `now`, unless it reads a signal itself."""
        self.entry.block(now)
        self.exit.block(now)
        if not self._inlets:
            return
        silent = self.entry.ramp.target == 0.0 and self.entry.ramp.still(now)
        if silent and self._empty:
            return
        for inlet, channel in zip(self._inlets, sound, strict=True):
            inlet[:] = 0.0 if silent else channel
        self._empty = silent

    def move(self, tick: int, row: TickRows | None, at: int, first: int, count: int) -> None:
        """Let its parameters move through a part of a tick; where it is leaving, or there is no row, they stay."""
        if tick != self._tick:
            self._tick = tick
            known = row is not None and self.over is None and int(row[0]) == self.generation
            for lane in self._lanes:
                if known and row is not None:
                    lane.take(row)
                else:
                    lane.before = lane.now
        for lane in self._lanes:
            if lane.begun:
                lane.write(at, first, count)

    def troubles(self) -> list[str]:
        """What is wrong with what it gives now, and was not told before."""
        if self.exit.ramp.target == 0.0:
            return []
        new = [text for text, finite in self.circuit.watched if text not in self._told and 0.0 in finite.get(all=True)]
        self._told.update(new)
        return new

    @property
    def moving(self) -> bool:
        """Has it parameters that patterns move, or that have not come to rest?"""
        return any(self.over is None or not lane.steady for lane in self._lanes)
