"""Changes of musical time: tempo, ramps and patterns of it, a nudge, a jump, swing.

A tempo that moves is laid as steps on a lattice of cycles, each as fast as the pattern is at its middle. So the map
from seconds to cycles is exact and without jumps, the same live and offline, and nothing has to be done on time.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from livevae.errors import LivevaeError
from livevae.latent import Reference
from livevae.pattern import Context, Pattern
from livevae.performance.clock import TempoMap
from livevae.performance.crossing import Transition
from livevae.performance.musical import Era, Musical, Swing
from livevae.performance.settings import Settings, Timing, Value

if TYPE_CHECKING:
    from livevae.performance.uses import Uses

LATTICE: Final = 16
"""Steps of a moving tempo in a cycle."""

LAID_SECONDS: Final = 2.0
"""A moving tempo is known so far ahead of the newest frame that is asked for."""

SLOWEST, FASTEST = 1e-3, 64.0
"""Cycles a second that a pattern of tempo can reach."""

_MOST_STEPS: Final = 1024
_MOST_PUSHED: Final = 0.25
_CHECKED_CYCLES: Final = 16


@dataclass(frozen=True)
class Common:
    """What holds for all voices beside the steady tempo: a pattern of cycles a second, swing, the usual transition,
    and the recordings that spaces are measured by."""

    pace: Pattern | None = None
    swing: Swing | None = None
    transition: Transition | None = None
    reference: Reference | None = None
    fx: Uses = ()
    """The effects that everything passes."""

    def at_pace(self, pace: Pattern | None) -> Common:
        """The same with another pattern of tempo."""
        return replace(self, pace=pace)


NOTHING_COMMON: Final = Common()


@dataclass(frozen=True)
class Once:
    """A pattern that is played for so many cycles over whatever a voice plays."""

    value: Value
    cycles: float
    timing: Timing


@dataclass(frozen=True)
class Jump:
    """Count on from `cycle`, on the next multiple of `quant` cycles or at clock cycle `at`."""

    cycle: float
    quant: float = 1.0
    at: float | None = None


@dataclass(frozen=True)
class Moves:
    """What a transaction does to musical time, and how voices change in it.

    All begins at clock cycle `at` (None: as soon as it can); the tempo glides `over` cycles; `push` is in seconds.
    """

    cps: float | None = None
    common: Common = NOTHING_COMMON
    at: float | None = None
    over: float = 0.0
    push: float = 0.0
    jump: Jump | None = None
    asked: bool = False
    """Was the steady tempo asked for, though it may be the one that a glide goes to already?"""
    onces: Mapping[int, Once] = field(default_factory=dict)

    def heard(self, voices: Sequence[Settings]) -> list[Settings]:
        """Settings of all voices with what is played once where nothing else is."""
        heard = list(voices)
        for index, once in self.onces.items():
            if not heard[index].sounding:
                heard[index] = replace(heard[index], z=once.value)
        return heard

    @property
    def moving(self) -> bool:
        """Is there anything in it that is not a setting?"""
        return bool(self.push or self.onces or self.jump is not None or self.asked)


class Transport:
    """Musical time of a performance. `failed(error)` is told when a pattern of tempo raised; the tempo then stays."""

    def __init__(self, tempo: TempoMap, seed: int, failed: Callable[[Exception], None]) -> None:
        self.tempo = tempo
        self.musical = Musical()
        self._seed = seed
        self._failed = failed
        self._lock = threading.RLock()
        self._pace: Pattern | None = None
        self._next = 0
        """The lattice point up to which the tempo is laid, while it follows a pattern."""

    def apply(self, before: Moves, after: Moves, second: float, margin: float) -> None:
        """Change what differs, from `second` of the engine on; a jump not before `margin` seconds later."""
        with self._lock:
            self.extend(second)
            if after.common.pace is not before.common.pace:
                if after.common.pace is not None:
                    self._follow(after.common.pace, second)
                else:
                    self._steady(after.cps or self.tempo.cps_at(second), after.over, second)
            elif (after.asked or after.cps != before.cps) and after.cps is not None and after.common.pace is None:
                self._steady(after.cps, after.over, second)
            if after.push:
                self._push(after.push, second)
            earliest = self.tempo.cycle(second)
            if after.common.swing != before.common.swing:
                start = self.musical.next(1.0, earliest) if after.at is None else max(after.at, earliest)
                self.musical.change(Era(start, self.musical.at(start).shift, after.common.swing))
            if after.jump is not None:
                jump = after.jump
                at = after.at if jump.at is None else jump.at
                start = self.musical.next(jump.quant, self.tempo.cycle(second + margin)) if at is None else at
                self.musical.change(Era(max(start, earliest), jump.cycle - start, after.common.swing))
            if self._pace is not None and (after.jump is not None or after.common.swing != before.common.swing):
                self.again(second)

    def extend(self, until: float) -> None:
        """Lay a tempo that follows a pattern up to some seconds after second `until` of the engine. Any thread."""
        pace = self._pace
        if pace is None:
            return
        with self._lock:
            while self._pace is not None and self._laid() < until + LAID_SECONDS:
                self._lay(self._next, self._next + LATTICE)

    @property
    def moving(self) -> bool:
        """Does the tempo follow a pattern?"""
        return self._pace is not None

    def again(self, second: float) -> None:
        """Ask a pattern of tempo anew from `second` on: a knob in it was moved."""
        with self._lock:
            if self._pace is not None:
                self._follow(self._pace, second)

    def check(self, pace: Pattern, second: float) -> None:
        """Raises LivevaeError unless a pattern is a tempo in the cycles after `second`."""
        cells = np.arange(_CHECKED_CYCLES * LATTICE)
        values = self._values(pace, math.floor(self.tempo.cycle(second)) + (cells + 0.5) / LATTICE)
        wrong = values[~np.isnan(values) & ((values < SLOWEST) | (values > FASTEST))]
        if len(wrong):
            raise LivevaeError(f"a tempo must be above 0, and this pattern reaches {wrong[0]:.4g} cycles a second.")
        if np.isnan(values).all():
            raise LivevaeError("a pattern of tempo must have a value somewhere, and this is silent.")

    # -- ways of running

    def _steady(self, cps: float, over: float, second: float) -> None:
        self._pace = None
        begin, old = self.tempo.cycle(second), self.tempo.cps_at(second)
        if over <= 0.0:
            self.tempo.set(cps, second)
            return
        steps = min(_MOST_STEPS, math.ceil(over * LATTICE))
        parts = np.arange(steps + 1) / steps
        middles = (np.arange(steps) + 0.5) / steps
        self.tempo.lay(second, begin + over * parts, np.concatenate([old + (cps - old) * middles, [cps]]))

    def _follow(self, pace: Pattern, second: float) -> None:
        begin = self.tempo.cycle(second)
        first = math.floor(begin * LATTICE)
        self._pace = pace
        cps = self._sampled(pace, np.array([(first + 0.5) / LATTICE]), self.tempo.cps_at(second))
        if cps is None:
            return
        self.tempo.lay(second, [begin], cps)
        self._next = first + 1
        self.extend(second)

    def _laid(self) -> float:
        return float(self.tempo.seconds([self._next / LATTICE])[0])

    def _lay(self, first: int, last: int) -> None:
        assert self._pace is not None
        at = self._laid()
        cps = self._sampled(self._pace, (np.arange(first, last) + 0.5) / LATTICE, self.tempo.cps)
        if cps is None:
            return
        self.tempo.lay(at, np.arange(first, last) / LATTICE, cps)
        self._next = last

    def _sampled(self, pace: Pattern, cycles: np.ndarray, last: float) -> np.ndarray | None:
        """Cycles a second at clock cycles; where the pattern rests the value before it. None where it raised."""
        try:
            values = self._values(pace, cycles)
        except Exception as error:
            self._pace = None
            self._failed(error)
            return None
        values = np.clip(values, SLOWEST, FASTEST)
        known = np.concatenate([[last], values])
        source = np.maximum.accumulate(np.where(np.isnan(known), 0, np.arange(len(known))))
        return np.asarray(known[source][1:])

    def _values(self, pace: Pattern, cycles: np.ndarray) -> np.ndarray:
        values = np.empty(len(cycles))
        for era, places in self.musical.groups(cycles):
            chosen = cycles if places is None else cycles[places]
            context = Context(self._seed, era.seconds(self.tempo.seconds))
            found = pace.sample(era.pattern(chosen), context)
            if found.ndim != 1:
                raise LivevaeError(f"a tempo is one number at a time, and this has {found.shape[1]} dimensions.")
            values[slice(None) if places is None else places] = found
        return values

    def _push(self, seconds: float, second: float) -> None:
        """Run faster (or, below 0, slower) for a cycle, or for so many that nobody trips, until it is ahead."""
        begin, cycles = self.tempo.cycle(second), 1.0
        while True:
            if self._pace is not None:
                self._lay(self._next, max(self._next, math.ceil((begin + cycles) * LATTICE)) + 1)
            lasts = float(self.tempo.seconds([begin + cycles])[0]) - second
            if abs(seconds) <= lasts * _MOST_PUSHED:
                break
            cycles *= 2.0
        end = begin + cycles
        segments = self.tempo.segments
        inner = [segment.cycle for segment in segments if begin < segment.cycle and segment.cycle != end]
        edges = np.array(sorted([begin, end, *inner]))
        speeds = np.array([self.tempo.cps_at(float(at)) for at in self.tempo.seconds(edges)])
        speeds[edges < end] *= lasts / (lasts - seconds)
        self.tempo.lay(second, edges, speeds)
