"""What is set on all voices: changed in transactions that are applied as a whole, and the way back."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from livevae.engine.interface import Live
from livevae.errors import LivevaeError
from livevae.performance.clock import DEFAULT_BEATS
from livevae.performance.draft import Draft, FieldName, Snapshot
from livevae.performance.expression import Expression, Scalar
from livevae.performance.message import EvaluationError, Place, explain
from livevae.performance.models import Models
from livevae.performance.settings import DEFAULTS, VOICES, ModelRef, Settings, Timing, Value
from livevae.performance.stage import Stage

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

    @property
    def now(self) -> Snapshot:
        """All settings as they were last applied."""
        return self._now

    @contextmanager
    def transaction(self) -> Iterator[Draft]:
        """Collect changes, check each as it is made, and apply them together at the end; on an error none of them.

        Inside another one it is part of it.
        """
        with self._lock:
            if self._draft is not None:
                yield self._draft
                return
            self._take_over_reverted()
            now = self._now
            draft = Draft(now, list(now.voices), now.cps, now.beats, list(self._history), list(self._future))
            self._draft, self._owner = draft, threading.get_ident()
            try:
                yield draft
                self._check_models(draft)
            finally:
                self._draft, self._owner = None, 0
            self._commit(draft)

    def _commit(self, draft: Draft) -> None:
        before, after = self._now, draft.snapshot
        if draft.remember and after == before:
            return
        try:
            self._stage.apply(before.voices, after.voices, draft.timing, draft.cps)
        except LivevaeError as error:
            raise EvaluationError(explain(error)) from error
        self._now = after
        if draft.remember:
            draft.history.append(before)
            draft.future.clear()
        self._history, self._future = draft.history[-_UNDOS:], draft.future

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

    # -- what voices ask for

    def settings(self, index: int) -> Settings:
        """What is set on a voice: in this thread's transaction where there is one, else as it was last applied."""
        draft = self._draft
        if draft is not None and self._owner == threading.get_ident():
            return draft.voices[index]
        return self._now.voices[index]

    def set(self, index: int, name: FieldName, value: Any, timing: Timing | None = None) -> None:
        """Change one setting of a voice. Raises LivevaeError, with nothing changed, where it does not work."""
        with self.transaction() as draft:
            settings = replace(draft.voices[index], **{name: value})
            match name:
                case "z":
                    self._check_sound(settings)
                case "amp" | "pan" | "mix":
                    self._stage.check(Scalar(f"v{index + 1}.{name}", value), settings.model)
                case "model":
                    # What it plays may be replaced in the same transaction, so the two are checked together in the end.
                    self._stage.model(value)
                    draft.other_model.add(index)
                case "input":
                    self._check_input(value)
            draft.voices[index] = settings
            draft.touched.add((index, name))
            if timing is not None:
                draft.timing[index] = timing

    def set_dim(self, index: int, dim: int, value: Value | None) -> None:
        """Drive one dimension of a voice, or release it. Raises LivevaeError where it does not work."""
        with self.transaction() as draft:
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
            elif value.channel > inputs:
                raise LivevaeError(f"live({value.channel}): this machine has {inputs} audio inputs, counted from 1.")
