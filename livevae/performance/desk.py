"""What is set on all voices: changed in transactions that are applied as a whole, and the way back."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from livevae.engine.interface import Live
from livevae.errors import LivevaeError
from livevae.pattern import Pattern
from livevae.performance.clock import DEFAULT_BEATS
from livevae.performance.crossing import Transition
from livevae.performance.draft import ALL, Draft, FieldName, Snapshot
from livevae.performance.expression import Expression, Scalar
from livevae.performance.message import EvaluationError, Place, explain
from livevae.performance.models import Models
from livevae.performance.program import Program
from livevae.performance.settings import DEFAULTS, VOICES, ModelRef, Settings, Timing, Value
from livevae.performance.stage import Stage
from livevae.performance.track import narrow
from livevae.performance.transport import Common, Moves, Once
from livevae.performance.width import check_model

_UNDOS: Final = 200


class Desk:
    """The settings of sixteen voices and the tempo. Any thread may change them: one transaction follows the other.

    `warn` is told what the performer should know of a change that was made all the same.
    """

    def __init__(self, stage: Stage, models: Models, warn: Callable[[str], None]) -> None:
        self._stage = stage
        self._models = models
        self._warn = warn
        self._lock = threading.RLock()
        self._draft: Draft | None = None
        self._owner = 0
        self._now = Snapshot((DEFAULTS,) * VOICES, stage.tempo.cps, DEFAULT_BEATS)
        self._history: list[Snapshot] = []
        self._future: list[Snapshot] = []
        self._reverted: set[int] = set()
        self.program = Program()

    @property
    def now(self) -> Snapshot:
        """All settings as they were last applied."""
        return self._now

    @contextmanager
    def transaction(self, at: float | None = None, owner: object = None) -> Iterator[Draft]:
        """Collect changes, check each as it is made, and apply them together at the end; on an error none of them.

        They begin each by its own timing, or all at clock cycle `at`. What is planned in it belongs to `owner`. Inside
        another transaction it is part of that one.
        """
        with self._lock:
            if self._draft is not None:
                yield self._draft
                return
            self._take_over_reverted()
            now = self._now
            draft = Draft(now, list(now.voices), now.cps, now.beats, list(self._history), list(self._future))
            draft.at, draft.owner, draft.program, draft.common = at, owner, self.program, now.common
            self._draft, self._owner = draft, threading.get_ident()
            try:
                yield draft
                self._check_models(draft)
            finally:
                self._draft, self._owner = None, 0
            self._commit(draft)
            self.program = draft.program
            for done in draft.done:
                done()

    def _commit(self, draft: Draft) -> None:
        before, after = self._now, draft.snapshot
        if draft.remember and after == before and not draft.moves.moving:
            return
        try:
            was = Moves(before.cps, before.common)
            self._stage.apply(before.voices, after.voices, draft.timing, was, draft.moves)
        except LivevaeError as error:
            raise EvaluationError(explain(error)) from error
        self._now = after
        if draft.remember and after != before:
            draft.history.append(before)
            draft.future.clear()
        self._history, self._future = draft.history[-_UNDOS:], draft.future

    def next(self, quant: float) -> float:
        """The clock cycle at which a change with this quant begins, in this thread's transaction where there is one."""
        draft = self._draft
        if draft is not None and self._owner == threading.get_ident() and draft.at is not None:
            return draft.at
        return self._stage.next(quant)

    def count(self, clock: float) -> float:
        """What the performer counts at a clock cycle."""
        return self._stage.transport.musical.count(clock)

    def reverted(self, index: int) -> None:
        """What played on a voice failed and was taken back. Called on any thread, at any time."""
        self._reverted.add(index)

    def _take_over_reverted(self) -> None:
        """What was taken back while it played is no longer what is set."""
        while self._reverted:
            index = self._reverted.pop()
            voices = list(self._now.voices)
            voices[index] = self._stage.parts[index].current(voices[index])
            self._now = replace(self._now, voices=tuple(voices))

    def panic(self) -> None:
        """Silence now, whatever becomes of the transaction that this may be part of."""
        self._stage.panic()
        with self._lock:
            # Another transaction may have ended while this one waited for it.
            self._stage.silence()
            before = self._now
            silenced = tuple(replace(settings, z=None) for settings in before.voices)
            if silenced == before.voices:
                return
            self._now = replace(before, voices=silenced)
            self._history = [*self._history, before]
            draft = self._draft
            if draft is not None:
                draft.history.append(before)
                draft.silence(Timing(quant=0.0, fade=0.0))
                draft.start = draft.snapshot

    def tick(self) -> None:
        """Let the stage close what has fallen silent."""
        with self._lock:
            self._stage.tick(self._now.voices)

    def end(self, slots: Sequence[int]) -> None:
        """Let the stage close these streams."""
        with self._lock:
            self._stage.end(slots, self._now.voices)

    # -- what voices ask for

    def settings(self, index: int) -> Settings:
        """What is set on a voice: in this thread's transaction where there is one, else as it was last applied."""
        draft = self._draft
        if draft is not None and self._owner == threading.get_ident():
            return draft.voices[index]
        return self._now.voices[index]

    def look(self, index: int, dim: int) -> None:
        """A dimension was read, which says what a performer means by the value that it gave."""
        draft = self._draft
        if draft is not None and self._owner == threading.get_ident():
            draft.looks.append((index, dim))

    def looked(self, count: int) -> list[tuple[int, int]]:
        """The last `count` dimensions that were read in this thread's transaction, as far as there were so many."""
        draft = self._draft
        mine = draft is not None and self._owner == threading.get_ident()
        return draft.looks[-count:] if draft is not None and mine else []

    def set(self, index: int, name: FieldName, value: Any, timing: Timing | None = None) -> None:
        """Change one setting of a voice. Raises LivevaeError, with nothing changed, where it does not work."""
        with self.transaction() as draft:
            if name == "z" and value is not None:
                value = value.measured(draft.common.reference)
            settings = replace(draft.voices[index], **{name: value})
            match name:
                case "z":
                    self._check_sound(settings)
                    self._check_way(draft.voices[index], draft.common.transition, settings, timing)
                case "speed":
                    self._stage.check(Scalar(f"v{index + 1}.speed", value), settings.model)
                    self._check_sound(settings)
                    draft.timing.setdefault(index, Timing())
                case "amp" | "pan" | "mix" | "width":
                    self._stage.check(Scalar(f"v{index + 1}.{name}", value), settings.model)
                    if name == "width" and not narrow(Scalar("width", value)):
                        check_model(f"v{index + 1}.width", self._stage.model(settings.model))
                case "model":
                    # What it plays may be replaced in the same transaction, so the two are checked together in the end.
                    self._stage.model(value)
                    draft.other_model.add(index)
                case "input":
                    self._check_input(value)
                case "out":
                    self._check_outputs(index, value)
            draft.voices[index] = settings
            draft.touched.add((index, name))
            if timing is not None:
                draft.timing[index] = timing

    def set_dim(self, index: int, dim: int, value: Value | None) -> None:
        """Drive one dimension of a voice, or release it. Raises LivevaeError where it does not work."""
        with self.transaction() as draft:
            value = None if value is None else value.measured(draft.common.reference)
            settings = draft.voices[index].with_dim(dim, value)
            if value is not None:
                # Checked on its own, so that it is found wrong now even while the voice is silent.
                self._stage.check_dim(dim, value, settings.model)
            draft.voices[index] = settings
            draft.touched.add((index, dim))
            draft.timing.setdefault(index, Timing())

    def find_model(self, thing: object) -> ModelRef:
        """The model that is meant by a name from `models` or a path. Raises LivevaeError where there is none."""
        if not isinstance(thing, str | Path | ModelRef):
            raise LivevaeError(f"a model is named by a string or a path, not by {type(thing).__name__}.")
        return self._models(thing)

    def _check_sound(self, settings: Settings) -> None:
        expression = Expression.of(settings)
        if expression is not None:
            self._stage.check(expression, settings.model)

    def _check_way(self, old: Settings, usual: Transition | None, new: Settings, timing: Timing | None) -> None:
        """Raises where what plays is gone from in a way that does not work for it."""
        way = (timing or Timing()).transition or new.transition or usual
        before = Expression.of(old)
        if way is not None and before is not None:
            way.check(before, lambda expression: self._stage.check(expression, old.model))

    def free(self, cycle: float) -> int:
        """The last voice that has nothing to play from clock cycle `cycle` on. Raises LivevaeError where all have."""
        with self.transaction() as draft:
            for index in reversed(range(VOICES)):
                silent = self._stage.parts[index].silent(cycle)
                if draft.voices[index].z is None and index not in draft.onces and silent:
                    return index
        raise LivevaeError("all sixteen voices play: use one of them, as in v1.once(...).")

    def once(self, index: int, value: Value, cycles: float, timing: Timing) -> None:
        """Play something for so many cycles over what a voice plays. Raises LivevaeError where it does not work."""
        with self.transaction() as draft:
            value = value.measured(draft.common.reference)
            self._check_sound(replace(draft.voices[index], z=value))
            draft.onces[index] = Once(value, cycles, timing)

    @property
    def common(self) -> Common:
        """What holds for all voices: in this thread's transaction what it asks for, else as it was last applied."""
        draft = self._draft
        return draft.common if draft is not None and self._owner == threading.get_ident() else self._now.common

    def set_common(self, name: FieldName, value: Any) -> None:
        """Change what holds for all voices."""
        with self.transaction() as draft:
            draft.common = replace(draft.common, **{name: value})
            draft.touched.add((ALL, name))

    def check_pace(self, pace: Pattern) -> None:
        """Raises LivevaeError unless a pattern is a tempo."""
        self._stage.transport.check(pace, self._stage.second())

    def cps(self) -> float:
        """Cycles a second: in this thread's transaction what it asks for, else what runs now."""
        draft = self._draft
        mine = draft is not None and self._owner == threading.get_ident()
        if mine and draft is not None and draft.common.pace is None and (draft.asked or draft.cps != self._now.cps):
            return draft.cps
        return self._stage.tempo.cps_at(self._stage.second())

    def _check_models(self, draft: Draft) -> None:
        for index in draft.other_model:
            settings = draft.voices[index]
            try:
                self._check_sound(settings)
            except Exception as error:
                place: Place | None = None if settings.z is None else settings.z.place
                raise EvaluationError(f"v{index + 1}: {explain(error)}", place) from error

    def _check_input(self, value: object) -> None:
        if isinstance(value, Live):
            inputs = self._stage.engine.inputs
            if inputs == 0:
                self._warn("there is no audio input here: live is silent.")
            elif value.channel + value.channels - 1 > inputs:
                asked = f"{value.channel}" if value.channels == 1 else f"{value.channel}, {value.channels}"
                raise LivevaeError(
                    f"live({asked}): {inputs} audio inputs are open, counted from 1; livevae --inputs "
                    f"{min(16, value.channel + value.channels - 1)} opens more where the machine has them."
                )

    def _check_outputs(self, index: int, wanted: tuple[int, ...]) -> None:
        if max(wanted) > self._stage.engine.outputs:
            raise LivevaeError(
                f"v{index + 1}.out: {self._stage.engine.outputs} audio outputs are open, counted from 1; livevae "
                f"--outputs {max(wanted)} opens more where the machine has them."
            )
