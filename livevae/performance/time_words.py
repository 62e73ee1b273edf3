"""What a performer says about time: tempo, its patterns and ramps, nudges, jumps, swing, and the usual transition."""

from __future__ import annotations

import math
from typing import Any, Final, Protocol

from livevae.errors import LivevaeError
from livevae.pattern import Pattern
from livevae.performance.clock import check_cps, cps_of
from livevae.performance.crossing import Transition
from livevae.performance.desk import Desk
from livevae.performance.expression import as_pattern
from livevae.performance.musical import as_swing
from livevae.performance.quant import Quant
from livevae.performance.transitions import as_transition
from livevae.performance.transport import Jump

_LARGEST_NUDGE: Final = 60.0


class Log(Protocol):
    """`Performance.log`."""

    def __call__(self, kind: str, **facts: Any) -> None: ...


class TimeWords:
    """The words of musical time; each may be part of an evaluation, and is then heard together with the rest of it."""

    def __init__(self, desk: Desk, log: Log) -> None:
        self._desk = desk
        self._log = log

    def tempo(self, bpm: float | None = None, beats: float | None = None, over: float = 0) -> float:
        """Set the tempo in beats a minute, of which `beats` make a cycle; see `Performance.tempo`."""
        if isinstance(over, bool) or not isinstance(over, int | float) or not 0 <= over < math.inf:
            raise LivevaeError(f"tempo: over is a number of cycles, 0 or more, not {over!r}.")
        with self._desk.transaction() as draft:
            if beats is not None:
                cps_of(1.0, beats)
                draft.beats = float(beats)
            if bpm is not None:
                self._steady(cps_of(bpm, draft.beats), float(over))
            return self._desk.cps() * 60 * draft.beats

    def cps(self, cycles: object = None) -> float:
        """Set the tempo in cycles a second, a number or a pattern: `cps(0.5)`. Gives the cycles a second."""
        with self._desk.transaction():
            if isinstance(cycles, int | float) and not isinstance(cycles, bool):
                self._steady(check_cps(cycles), 0.0)
            elif cycles is not None:
                self._moving("cps", as_pattern("cps", cycles))
            return self._desk.cps()

    def bpm(self, beats: object = None) -> float:
        """Set the tempo in beats a minute, a number or a pattern: `bpm("<120 140>")`, `bpm(sine.range(90, 120))`.

        The tempo follows a pattern in steps of 1/16 cycle; a number ends that. `bpm(line(96, 140, 8))` counts from
        cycle 0; a ramp from now on is `tempo(140, over=8)`. Gives the beats a minute.
        """
        with self._desk.transaction() as draft:
            if isinstance(beats, int | float) and not isinstance(beats, bool):
                self._steady(cps_of(beats, draft.beats), 0.0)
            elif beats is not None:
                self._moving("bpm", as_pattern("bpm", beats) * (1.0 / 60.0 / draft.beats))
            return self._desk.cps() * 60 * draft.beats

    def nudge(self, seconds: float) -> None:
        """Push the whole performance ahead by so many seconds (below 0: back), by a tempo that differs for a cycle.

        The more there is to gain the more cycles it takes: it never runs more than a third faster or a fifth slower.
        """
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not abs(seconds) <= _LARGEST_NUDGE:
            raise LivevaeError(f"nudge(seconds): give a number of seconds from -60 to 60, not {seconds!r}.")
        with self._desk.transaction() as draft:
            draft.push += float(seconds)

    def set_cycle(self, cycle: float, quant: float = 1) -> None:
        """Count on from `cycle`: on the next multiple of `quant` cycles (0: now) all patterns jump there.

        Transitions, `after` and the form go on as they were planned.
        """
        if isinstance(cycle, bool) or not isinstance(cycle, int | float) or not math.isfinite(cycle):
            raise LivevaeError(f"set_cycle(cycle): give a number of cycles, not {cycle!r}.")
        Quant(quant)
        with self._desk.transaction() as draft:
            draft.jump = Jump(float(cycle), float(quant))

    def now(self, quant: float = 1) -> float:
        """The cycle at which what is typed now begins, on a multiple of `quant`: `fade_in(4).late(now())`.

        In the function of a cue it is the cycle at which the cue began, also when its piece is saved while it plays.
        """
        Quant(quant)
        with self._desk.transaction() as draft:
            if draft.since is not None:
                return draft.since
            if draft.jump is not None and draft.jump.at is None:
                return draft.jump.cycle
            return self._desk.count(self._desk.next(quant))

    def reset_cycles(self, quant: float = 1) -> None:
        """Begin again with cycle 0, on the next multiple of `quant` cycles (0: now)."""
        self.set_cycle(0, quant)

    def swing(self, amount: float = 1 / 3, n: float = 4) -> None:
        """Let all patterns swing: of each of `n` parts of a cycle the second half comes later, by `amount` of it.

        1/3 is the swing of triplets with eighths, 0 is none. It begins with the next cycle.
        """
        self._desk.set_common("swing", as_swing(amount, n))

    def transition(self, usual: Transition | None) -> None:
        """How every voice goes from what it plays to what it is given, where nothing else is said: a `fade(2)`.

        None is the fade of 40 ms. `v1.transition` and `v1.play(..., transition=...)` come before it.
        """
        self._desk.set_common("transition", as_transition("transition", usual))

    def _steady(self, cps: float, over: float) -> None:
        with self._desk.transaction() as draft:
            draft.cps, draft.over, draft.asked = cps, over, True
            draft.common = draft.common.at_pace(None)
            self._log("tempo", cps=cps, over=over)

    def _moving(self, name: str, pace: Pattern) -> None:
        try:
            self._desk.check_pace(pace)
        except LivevaeError as error:
            raise LivevaeError(f"{name}: {error}") from error
        with self._desk.transaction() as draft:
            draft.common, draft.over, draft.asked = draft.common.at_pace(pace), 0.0, False
            self._log("tempo", pattern=name)
