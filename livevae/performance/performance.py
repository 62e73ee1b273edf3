"""A performance: voices on an engine, what was typed at them, and the way back."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from livevae.control import Change
from livevae.engine.interface import Engine, Event, Fill, Status
from livevae.errors import LivevaeError
from livevae.latent import Library, Trajectory
from livevae.performance.clock import TempoMap, cps_of
from livevae.performance.desk import Desk
from livevae.performance.draft import Draft
from livevae.performance.evaluation import run
from livevae.performance.expression import Expression, Scalar
from livevae.performance.journal import Journal
from livevae.performance.message import EvaluationError, Kind, Message, Place, explain
from livevae.performance.models import Models
from livevae.performance.namespace import namespace
from livevae.performance.part import Part
from livevae.performance.settings import VOICES, ModelRef, Timing
from livevae.performance.stage import MARGIN_SECONDS, Stage
from livevae.performance.voice import Voice

HUSH_FADE: Final = 0.25
"""Cycles in which everything falls silent, and in which a piece releases what it no longer sets."""

_PROGRESS_SECONDS: Final = 2.0
_MESSAGES: Final = 100


@dataclass(frozen=True)
class VoiceStatus:
    """A voice that has a stream. Delays in seconds; `model_delay` is None where the model does not tell."""

    name: str
    model: str
    buffering: float
    model_delay: float | None
    muted: bool


@dataclass(frozen=True, repr=False)
class PerformanceStatus:
    """What a toolbar shows: musical time, the engine, the voices that have a stream, and the last message."""

    cycle: float
    cps: float
    bpm: float
    engine: Status
    voices: tuple[VoiceStatus, ...]
    message: Message | None

    def __repr__(self) -> str:
        engine = self.engine
        load = max(engine.load_audio, engine.load_inference)
        lines = [
            f"cycle {self.cycle:.2f}, {self.bpm:g} bpm, {engine.backend}, load {load:.0%}, "
            f"{engine.late} late, {engine.xruns} xruns"
        ]
        for voice in self.voices:
            inside = "unknown" if voice.model_delay is None else f"{voice.model_delay * 1000:.0f}"
            muted = ", muted" if voice.muted else ""
            lines.append(f"{voice.name}: {voice.model}, delay {voice.buffering * 1000:.0f} + {inside} ms{muted}")
        if self.message is not None:
            lines.append(str(self.message))
        return "\n".join(lines)


class Performance:
    """The performer's side. Any thread may evaluate or set voices: changes are applied one after the other.

    `engine` is attached and asked to open `default_model` when a voice first needs it. `seed` fixes everything random.
    `live` is False for an engine without a clock: then changes need no margin, and nothing is done ahead of time.
    `on_message` is called, on any thread, with everything the performer should be told.
    """

    def __init__(
        self,
        engine: Engine,
        library: Library,
        *,
        default_model: Path,
        seed: int = 0,
        models: Models | None = None,
        journal: Journal | None = None,
        live: bool = True,
    ) -> None:
        self.engine = engine
        self.library = library
        self.clock = TempoMap()
        self.models = Models([default_model.parent]) if models is None else models
        self.messages: deque[Message] = deque(maxlen=_MESSAGES)
        self.on_message: Callable[[Message], None] | None = None
        self._journal = journal
        self._live = live
        self._closed = False
        self._told_progress = time.monotonic()
        margin = MARGIN_SECONDS if live else 0.0
        warn = partial(self.report, "warning")
        default = ModelRef(Path(default_model))
        self._stage = Stage(engine, library, self.clock, default, seed, self._failed, warn, margin)
        self._desk = Desk(self._stage, self.models, warn)
        self.voices = tuple(Voice(self._desk, index) for index in range(VOICES))
        engine.on_event = self._engine_event
        engine.attach(self.fill)
        library.on_ready = lambda name: engine.refresh()
        library.on_progress = self._encoding
        self.names = namespace(self)

    @property
    def fill(self) -> Fill:
        """The control rows of a slot's frames, as the engine asks for them."""
        return self._stage.fill

    # -- evaluation

    def evaluate(self, source: str, filename: str = "<repl>") -> object:
        """Run what was typed; gives its value. All that it changes is heard together, or, on an error, nothing.

        Raises EvaluationError, whose message is `file:line: what was wrong`.
        """
        if source.strip() == "panic()":
            # Whatever else is being evaluated elsewhere must not keep the performer waiting for silence.
            self._stage.panic()
        try:
            with self.transaction():
                value = run(source, filename, self.names)
        except EvaluationError as error:
            self.log("error", source=source, file=filename, message=str(error))
            raise
        self.log("evaluate", source=source, file=filename)
        return value

    def transaction(self) -> AbstractContextManager[Draft]:
        """Collect changes and apply them together at the end, or, on an error, none of them."""
        return self._desk.transaction()

    # -- everything at once

    def tempo(self, bpm: float | None = None, beats: float | None = None) -> float:
        """Set the tempo: `beats` beats make a cycle (4 unless told otherwise). Gives the beats a minute."""
        with self.transaction() as draft:
            if beats is not None:
                cps_of(1.0, beats)
                draft.beats = float(beats)
            if bpm is not None:
                draft.cps = cps_of(bpm, draft.beats)
            if bpm is not None and draft.cps != self.clock.cps:
                self.log("tempo", cps=draft.cps)
            return draft.cps * 60 * draft.beats

    def hush(self, quant: float = 1, fade: float = HUSH_FADE) -> None:
        """Let every voice fall silent on the next multiple of `quant` cycles, within `fade` cycles."""
        with self.transaction() as draft:
            draft.silence(Timing(quant, fade))

    def panic(self) -> None:
        """Silence now, within milliseconds. `undo()` brings back what played."""
        self._desk.panic()
        self.log("panic")

    def undo(self) -> None:
        """Go back to before the last evaluation that changed a voice or the tempo; again to go further."""
        with self.transaction() as draft:
            draft.undo()

    def redo(self) -> None:
        """Take back the last undo."""
        with self.transaction() as draft:
            draft.redo()

    # -- recording and recordings

    def record(self, path: str | Path | None = "take.flac") -> Path | None:
        """Write what is heard to a WAV or FLAC file; None ends the recording. Gives the file.

        A file that is there already is kept: a number is added to the name of the new one.
        """
        if path is None:
            self.engine.record(None)
            self.log("record", path=None)
            return None
        wanted = Path(path).expanduser().resolve()
        if wanted.suffix.lower() not in (".wav", ".flac"):
            raise LivevaeError(f"a recording is a .wav or .flac file, not {wanted.name!r}.")
        if not wanted.parent.is_dir():
            raise LivevaeError(f"there is no folder {wanted.parent}: make it first, or record elsewhere.")
        free, number = wanted, 2
        while free.exists():
            free, number = wanted.with_stem(f"{wanted.stem}-{number}"), number + 1
        self.engine.record(free)
        self.log("record", path=str(free))
        return free

    def stop_recording(self) -> None:
        """End the recording."""
        self.record(None)

    def recordings(self, folder: str | Path) -> list[str]:
        """Every sound file of a folder becomes a name; they are encoded in the background, or when first used."""
        names = self.library.add_folder(folder)
        if self._live:
            work = threading.Thread(target=self._encode_all, args=(names,), name="livevae recordings", daemon=True)
            work.start()
        return names

    def encode(self, path: str | Path, name: str | None = None) -> Trajectory:
        """Encode one sound file through the default model and give its trajectory; its name is known from then on."""
        known = self.library.add(path, name)
        trajectory = self.library.trajectory(known, self._stage.model(None), wait=True)
        assert trajectory is not None
        return trajectory

    def _encode_all(self, names: list[str]) -> None:
        for name in names:
            if self._closed:
                return
            try:
                self.library.trajectory(name, self._stage.model(None), wait=True)
            except LivevaeError as error:
                # What is interrupted by the end of the performance is no news.
                if not self._closed:
                    self.report("warning", str(error))

    # -- being told

    def report(self, kind: Kind, text: str, voice: str | None = None, place: Place | None = None) -> None:
        """Tell the performer something, on any thread."""
        message = Message(kind, text, voice, place)
        self.messages.append(message)
        if self.on_message is not None:
            self.on_message(message)

    def log(self, kind: str, **facts: Any) -> None:
        """Write to the journal, where there is one."""
        if self._journal is not None:
            self._journal.write(kind, sample=self.engine.now(), cycle=self._stage.cycle(), **facts)

    def status(self) -> PerformanceStatus:
        """Musical time, loads, voices and the last message."""
        rate, now = self.engine.rate, self._desk.now
        voices = tuple(
            VoiceStatus(
                part.name,
                part.tracks[-1].model.name,
                part.tracks[-1].info.buffering / rate,
                None if part.tracks[-1].info.model_delay is None else part.tracks[-1].delay,
                now.voices[part.index].muted,
            )
            for part in self._stage.parts
            if part.tracks
        )
        last = self.messages[-1] if self.messages else None
        bpm = now.cps * 60 * now.beats
        return PerformanceStatus(self._stage.cycle(), now.cps, bpm, self.engine.status(), voices, last)

    def cycle(self) -> float:
        """The cycle that is reached now."""
        return self._stage.cycle()

    def tick(self) -> None:
        """Close streams that have fallen silent or failed; to be called a few times a second."""
        self._desk.tick()

    def prepare(self) -> None:
        """Open the default model now instead of when the first voice needs it. Raises LivevaeError."""
        self._stage.model(None)

    def close(self) -> None:
        """End what goes on in the background, and the journal. Engine and library are closed by those who made them."""
        self._closed = True
        if self._journal is not None:
            self._journal.close()

    def control_changed(self, change: Change) -> None:
        """A knob was moved: it is heard from the next frame on, and goes into the journal. On any thread."""
        self.engine.refresh()
        facts = asdict(change)
        self.log("control", control=facts.pop("kind"), **facts)

    def _failed(self, part: Part, what: Expression | Scalar, error: Exception) -> None:
        self._desk.reverted(part.index)
        name = f".{what.name}" if isinstance(what, Scalar) else ""
        self.report("error", f"{explain(error)} (back to what played before)", f"{part.name}{name}", what.place)

    def _encoding(self, name: str, part: float) -> None:
        """Told on long work, and not too often."""
        now = time.monotonic()
        if part < 1.0 and now - self._told_progress > _PROGRESS_SECONDS:
            self._told_progress = now
            self.report("info", f"encoding {name}: {part:.0%}")

    def _engine_event(self, event: Event) -> None:
        kind: Kind = "info" if event.kind in ("restarted", "message") else "warning"
        part = None if event.slot is None else self._stage.part_of(event.slot)
        voice = None if part is None else part.name
        if event.kind == "error" and event.slot is not None:
            self._stage.lose(event.slot)
        self.report("error" if event.kind in ("died", "error") else kind, event.message, voice)
