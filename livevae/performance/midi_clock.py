"""MIDI clock that comes in: tempo and place of another machine, followed without jumps."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from livevae.control.messages import CLOCK, CONTINUE, POSITION, START, STOP
from livevae.errors import LivevaeError
from livevae.performance.desk import Desk
from livevae.performance.journal import Entry
from livevae.performance.message import Kind
from livevae.performance.midi_streams import PPQN
from livevae.performance.program import Action
from livevae.performance.pulse import ClockFilter, EngineClock
from livevae.performance.stage import Stage
from livevae.performance.stamps import acting_as
from livevae.performance.transport import Jump
from livevae.performance.triggers import Triggers

SIXTEENTH: Final = 6
"""Ticks in a sixteenth, which song positions count."""

LOOK_SECONDS: Final = 0.5
"""The tempo is corrected no more often than this."""

_CATCH_SECONDS: Final = 2.0
_MOST_BENT: Final = 0.04
_DEAD: Final = 3e-4
_DEAD_SECONDS: Final = 0.001
_JUMP_SECONDS: Final = 0.06


@dataclass(frozen=True)
class Follow:
    """Which clock is followed: a part of its port's name, how many seconds ahead of it, and what it sets off."""

    port: str
    ahead: float = 0.0
    start: Action | None = None
    stop: Action | None = None


class ClockIn:
    """Follows a clock on a thread of its own: tempo always, and its place from its start on."""

    def __init__(
        self,
        desk: Desk,
        stage: Stage,
        triggers: Triggers,
        report: Callable[[Kind, str], None],
        log: Callable[..., None],
    ) -> None:
        self._desk, self._stage, self._triggers, self._report, self._log = desk, stage, triggers, report, log
        self._waiting: queue.SimpleQueue[tuple[int, float, int] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self.follow: Follow | None = None
        self._engine = EngineClock(stage.second)
        self._reset()

    def _reset(self) -> None:
        self._filter = ClockFilter()
        self._placed = False
        self._position = 0
        self._begin: int | None = None
        self._looked = float("-inf")

    def use(self, follow: Follow | None) -> None:
        """Follow another clock, or none: the tempo then stays."""
        if follow is not None and self.follow is not None and follow.port == self.follow.port:
            self.follow = follow
            return
        self.follow = follow
        self._waiting.put((0, 0.0, 0))

    def receive(self, byte: int, moment: float, beat: int) -> None:
        """A message of the clock came. On the thread that reads MIDI; never waits."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="livevae MIDI clock", daemon=True)
            self._thread.start()
        self._waiting.put((byte, moment, beat))

    def close(self) -> None:
        """Follow no longer."""
        self.follow = None
        if self._thread is not None:
            self._waiting.put(None)
            self._thread.join()
            self._thread = None

    @property
    def bpm(self) -> float | None:
        """The tempo of the clock, None while there is none."""
        return None if self.follow is None else self._filter.bpm

    def _run(self) -> None:
        while (message := self._waiting.get()) is not None:
            if self.follow is not None:
                try:
                    self._message(*message)
                except LivevaeError as error:
                    self._report("error", f"MIDI clock: {error}")

    def _message(self, byte: int, moment: float, beat: int) -> None:
        if byte == 0:
            self._reset()
        elif byte == CLOCK:
            self._tick(moment)
        elif byte == POSITION:
            self._position = beat * SIXTEENTH
        elif byte in (START, CONTINUE):
            self._begin = 0 if byte == START else self._position
        elif byte == STOP:
            # The place at which it stopped is where a `continue` goes on.
            self._position = self._filter.count + 1
            self._happened("stop")

    def _tick(self, moment: float) -> None:
        now = self._engine.look()
        self._filter.add(self._engine.second(moment))
        if self._begin is not None:
            self._filter.restart(self._begin + 1)
            self._begin, self._placed = None, True
            self._change(self._place)
            self._happened("start")
            self._looked = now
        elif now - self._looked >= LOOK_SECONDS and self._filter.bpm is not None:
            self._looked = now
            self._change(self._steer)

    def _change(self, how: Callable[[], dict[str, Any]]) -> None:
        with acting_as("clock"):
            with self._desk.transaction():
                facts = how()
                if facts:
                    self._do(facts)
            if facts:
                self._log("clock", **facts)

    def _place(self) -> dict[str, Any]:
        """Count from where the clock is."""
        assert self.follow is not None
        per_cycle = PPQN * self._desk.now.beats
        cps = self._cps() or self._stage.tempo.cps
        second = self._stage.second() + self._stage.margin + _JUMP_SECONDS
        at = self._stage.tempo.cycle(second)
        last = self._filter.at(self._filter.count) if self._filter.bpm is not None else self._engine.look()
        place = self._filter.count / per_cycle + (second + self.follow.ahead - last) * cps
        return {"cps": cps, "jump": place, "at": at}

    def _steer(self) -> dict[str, Any]:
        """The tempo with which place and tempo of the clock are met; nothing where they are already."""
        cps = self._cps()
        if cps is None or self.follow is None:
            return {}
        second = self._stage.earliest()
        place = self._filter.tick(second + self.follow.ahead) / (PPQN * self._desk.now.beats)
        off = place - self._desk.count(self._stage.tempo.cycle(second))
        if not self._placed:
            # Nobody said where its bars begin: the nearest beat is met.
            beat = 1.0 / self._desk.now.beats
            off = (off + beat / 2) % beat - beat / 2
        if abs(off) / cps < _DEAD_SECONDS:
            off = 0.0
        bent = cps + min(max(off / _CATCH_SECONDS, -_MOST_BENT * cps), _MOST_BENT * cps)
        running = self._stage.tempo.cps_at(second)
        return {} if abs(bent - running) < _DEAD * running else {"cps": bent}

    def _cps(self) -> float | None:
        bpm = self._filter.bpm
        return None if bpm is None else bpm / 60.0 / self._desk.now.beats

    def _do(self, facts: dict[str, Any]) -> None:
        with self._desk.transaction() as draft:
            draft.cps, draft.over, draft.asked = facts["cps"], 0.0, True
            draft.common = draft.common.at_pace(None)
            if "jump" in facts:
                draft.jump = Jump(facts["jump"], 0.0, facts["at"])
            # Another machine's tempo is nothing that a performer would undo.
            draft.carry()

    def _happened(self, what: str) -> None:
        action = None if self.follow is None else getattr(self.follow, what)
        if action is not None:
            self._log("clock", what=what)
            self._triggers.do(action, "midi")

    def replay(self, entry: Entry) -> None:
        """Do once more what a journal says."""
        if "what" in entry:
            action = None if self.follow is None else getattr(self.follow, entry["what"])
            if action is not None:
                self._triggers.do(action, "midi")
            return
        with acting_as("clock"), self._desk.transaction():
            self._do({key: entry[key] for key in ("cps", "jump", "at") if key in entry})


def action_of(name: str, action: object) -> Action | None:
    """Raises LivevaeError unless it can be called, or is None."""
    if action is not None and not callable(action):
        raise LivevaeError(f"clock_in: {name} is a function, as in {name}=hush, not {action!r}.")
    return None if action is None else partial(action)
