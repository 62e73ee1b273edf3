"""A performance: voices on an engine, what was typed at them, and the way back."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any, Final

from livevae.control import Change
from livevae.control.inbox import PORT, Inbox
from livevae.control.routes import Route
from livevae.engine.effects import TickFill
from livevae.engine.interface import Engine, Event, Fill, Live
from livevae.errors import LivevaeError
from livevae.latent import Library, Measured, Reference, Trajectory
from livevae.latent.bridge import bridge
from livevae.performance.agenda import Agenda, Item
from livevae.performance.board import name_of
from livevae.performance.chronicle import Chronicle
from livevae.performance.clock import TempoMap
from livevae.performance.conductor import Conductor
from livevae.performance.cost import Cost
from livevae.performance.cues import Words, routes
from livevae.performance.desk import Desk
from livevae.performance.draft import Draft, Snapshot
from livevae.performance.ears import Ears
from livevae.performance.evaluation import run
from livevae.performance.expression import Expression, Scalar
from livevae.performance.fx import Master
from livevae.performance.gestures import Gestures
from livevae.performance.journal import Journal
from livevae.performance.linking import Linking
from livevae.performance.message import EvaluationError, Kind, Message, Place, explain
from livevae.performance.midi_words import MidiWords
from livevae.performance.models import Models
from livevae.performance.musical import Era
from livevae.performance.namespace import namespace
from livevae.performance.outside import Listening
from livevae.performance.part import Part, Revert
from livevae.performance.program import Program
from livevae.performance.remote import Remote
from livevae.performance.sending import Sending
from livevae.performance.settings import VOICES, ModelRef, Timing
from livevae.performance.showing import shower
from livevae.performance.stage import MARGIN_SECONDS, Stage
from livevae.performance.stamps import Stamps, acting_as, role
from livevae.performance.status import PerformanceStatus, VoiceStatus
from livevae.performance.time_words import TimeWords
from livevae.performance.trainings import Trainings
from livevae.performance.triggers import Triggers
from livevae.performance.voice import Voice
from livevae.resources import own_models_dir

HUSH_FADE: Final = 0.25
"""Cycles in which everything falls silent, and in which a piece releases what it no longer sets."""

_PROGRESS_SECONDS: Final = 2.0
_MESSAGES: Final = 100
_DEAR_SECONDS: Final = 10.0


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
        self.models = Models([own_models_dir(), default_model.parent]) if models is None else models
        self.messages: deque[Message] = deque(maxlen=_MESSAGES)
        self.on_message: Callable[[Message], None] | None = None
        self._journal = journal
        self._live = live
        self.seed = seed
        self._closed = False
        self._told_progress = time.monotonic()
        margin = MARGIN_SECONDS if live else 0.0
        warn = partial(self.report, "warning")
        default = ModelRef(Path(default_model))
        self._stage = Stage(engine, library, self.clock, default, seed, self._failed, warn, margin)
        self._desk = Desk(self._stage, self.models, warn)
        self.time = TimeWords(self._desk, self.log)
        self.agenda = Agenda(self._desk, self._stage.second_of, self._action_failed)
        self.conductor = Conductor(self._desk, self.agenda, self._stage.cycle, self.log, self.report, self.advance)
        self._triggers = Triggers(self.transaction, partial(self.report, "error"), lambda action: action == self.panic)
        self.inbox = Inbox(self.control_changed)
        self.inbox.timeline.clock = self.control_second
        self.remote = Remote(self, self.inbox)
        self.ears = Ears(engine, self.inbox, self.control_changed, live)
        self._listening = Listening(self.routes, warn, self.inbox.receive)
        self.sending = Sending(self)
        self.linking = Linking(self, live=live)
        self.words = Words(self._desk, self.conductor, self._triggers, self._listening, seed)
        self.midi = MidiWords(self._desk, self._stage, self._triggers, seed, self.report, self.log)
        self.voices = tuple(Voice(self._desk, index) for index in range(VOICES))
        self.gestures = Gestures(
            self._desk,
            self._stage,
            library,
            self.voices,
            self.report,
            self.log,
            live=live,
            keep=None if journal is None else journal.path.parent / "gestures",
        )
        self.training = Trainings(self._desk, self.models, default.path, self.report, live=live)
        engine.on_event = self._engine_event
        self.master = Master(lambda: self._desk.common.fx, lambda uses: self._desk.set_common("fx", uses))
        engine.attach(self.fill)
        engine.attach_ticks(self.fill_ticks)
        library.on_ready = lambda name: engine.refresh()
        library.on_progress = self._encoding
        self.show = shower(self._stage)
        self.names = namespace(self)
        self._dear: dict[str, float] = {}
        self._stage.on_dear = self._dearly
        self._chronicle = None
        if journal is not None:
            self._chronicle = Chronicle(self.log, engine, library, self._stage, seed)

    @property
    def fill(self) -> Fill:
        """The control rows of a slot's frames, as the engine asks for them."""
        return self._stage.fill

    @property
    def fill_ticks(self) -> TickFill:
        """The numbers that move the effects of a rack, as the engine asks for them."""
        return self._stage.board.fill

    @property
    def program(self) -> Program:
        """Cues, form and triggers as they are laid down."""
        return self._desk.program

    # -- evaluation

    def evaluate(self, source: str, filename: str = "<repl>") -> object:
        """Run what was typed; gives its value. All that it changes is heard together, or, on an error, nothing.

        Raises EvaluationError, whose message is `file:line: what was wrong`.
        """
        if source.strip() == "panic()":
            # Whatever else is being evaluated elsewhere must not keep the performer waiting for silence.
            self._stage.panic()
            self.midi.panic()
        with acting_as("prompt"):
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

    def tempo(self, bpm: float | None = None, beats: float | None = None, over: float = 0) -> float:
        """Set the tempo: `beats` beats make a cycle (4 unless told otherwise). Gives the beats a minute.

        With `over` it gets there in a straight line within so many cycles.
        """
        return self.time.tempo(bpm, beats, over)

    def hush(self, quant: float = 1, fade: float = HUSH_FADE) -> None:
        """Let every voice fall silent on the next multiple of `quant` cycles, within `fade` cycles.

        What `after` planned is called off.
        """
        with self.transaction() as draft:
            draft.silence(Timing(quant, fade))
            # First of all: what this transaction plans itself, after it, stays.
            draft.done[:0] = [self.agenda.clear, self.sending.end_outs, self.midi.sender.hush]

    def panic(self) -> None:
        """Silence now, within milliseconds. `undo()` brings back what played."""
        self.agenda.clear()
        self.sending.end_outs()
        self.midi.panic()
        self._desk.panic()
        self.log("panic", by=role())

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

    def measure(self, *names: str) -> Measured:
        """Let units be measured by these recordings: `measure("choir", "voice")`. Without a name: as usual again.

        It holds for what is assigned from then on; what plays stays where it is. Gives the space of the default model,
        as `space()` does. Raises LivevaeError where a recording is unknown or cannot be encoded.
        """
        if not all(isinstance(name, str) for name in names):
            raise LivevaeError('measure() takes the names of recordings: measure("choir", "voice").')
        reference = Reference(names) if names else None
        with self.transaction():
            found = self._stage.measure(None, reference)
            self._desk.set_common("reference", reference)
        return found

    def space(self, model: str | Path | None = None) -> Measured:
        """Where the sounds of a model lie in its latent space: mean, spread and range of each dimension.

        Of the default model, or of one from `models`. These numbers are what `.unit()`, `.clip()` and `.scale()` go by.
        """
        with self.transaction() as draft:
            ref = None if model is None else self._desk.find_model(model)
            return self._stage.measure(ref, draft.common.reference)

    def bridge(self, first: str | Path, second: str | Path, recordings: Sequence[str] | None = None) -> ModelRef:
        """A model that hears as `first` and sounds as `second`: `v3.model = bridge("voice", "strings", ["choir"])`.

        Between their latents lies a linear way that is learned from recordings, by their names (all that are known),
        which is told how well it fits. Waits for what has to be encoded; the next time it is there at once. The
        latents are those of `second`. Raises LivevaeError where two models or so few recordings do not go together.
        """
        chosen = self.library.names() if recordings is None else list(recordings)
        ends = [self._stage.model(self._desk.find_model(name)) for name in (first, second)]
        made = bridge(self.library, ends[0], ends[1], chosen, self.library.folder / "bridges")
        self.report("info", f"bridge: {ends[1].name} follows {ends[0].name} to {max(0.0, made.explained):.0%}")
        return ModelRef(made.path)

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
                part.failures,
                self._stage.costs.of(part.tracks[-1].slot),
                self._stage.board.added(part.index),
            )
            for part in self._stage.parts
            if part.tracks
        )
        last = self.messages[-1] if self.messages else None
        cps = self.clock.cps_at(self._stage.second())
        bpm = cps * 60 * now.beats
        return PerformanceStatus(
            self._stage.count(),
            cps,
            bpm,
            self.engine.status(),
            voices,
            last,
            self.conductor.status(),
            now.beats,
            self.training.notes(),
        )

    def cycle(self) -> float:
        """The cycle that is reached now, as the performer counts."""
        return self._stage.count()

    def tick(self) -> None:
        """Close streams that have fallen silent or failed; to be called a few times a second, unlike `advance`."""
        self._desk.tick()
        if self._chronicle is not None:
            self._chronicle.mark()

    def end_streams(self, slots: Sequence[int]) -> None:
        """Close streams that were closed in a performance that is played again."""
        self._desk.end(slots)

    def take_back(self, revert: Revert) -> None:
        """Take back what failed, or was too slow, in a performance that is played again."""
        part = self._stage.revert(revert)
        if part is not None:
            self._desk.reverted(part.index)

    def replayed(self, stamps: Stamps, margin: float) -> None:
        """Let each change be heard from the second that `stamps` give, beginning `margin` seconds after it."""
        self._stage.stamps, self._stage.margin = stamps, margin

    def stamp(self, earliest: float) -> float:
        """The second of something that could count from `earliest` on: it is written down, or as it was."""
        return self._stage.stamps.take(earliest)

    def settle(self, seconds: float = 10.0) -> None:
        """Wait until what notes and pedals set off is done, and forget what is heard no more."""
        self._triggers.settle(seconds)
        self._stage.settle()

    @property
    def hears_live(self) -> bool:
        """Does any voice listen to an audio input of the machine?"""
        return any(isinstance(track.source, Live) for part in self._stage.parts for track in part.tracks)

    def control_second(self) -> float:
        """The second of the engine from which a knob that is moved now is heard, in time for every stream."""
        return self._stage.earliest()

    def advance(self, until: float | None = None) -> bool:
        """Do what is planned and due: live every few hundredths of a second, offline before frames are computed.

        `until` is the second of the engine up to which frames will be asked for; None is now. True where something may
        have changed.
        """
        second = self._stage.second() if until is None else until
        self._stage.advance(second)
        heard = not self._live and self.ears.poll()
        with acting_as("agenda"):
            again = self._stage.follow_knobs()
            done = self.agenda.run(second) or again
            if done:
                self.log("advance", until=second)
        return done or heard

    def after(self, cycles: float, action: Callable[[], object], quant: float = 1) -> Item:
        """Do something later: `after(8, lambda: v1.stop())`. All that it changes begins exactly then.

        It counts from the next multiple of `quant` cycles (0: from now), within another action from that action.
        `.cancel()` on what it gives, `hush()` and `panic()` call it off, and so does a piece that is read again.
        """
        if isinstance(cycles, bool) or not isinstance(cycles, int | float) or not cycles >= 0:
            raise LivevaeError(f"after(cycles, action): cycles is a number, 0 or more, not {cycles!r}.")
        return self.agenda.at(self.agenda.next(quant) + cycles, action)

    def routes(self) -> list[Route]:
        """The OSC addresses there are, and what each sets off."""
        return [*self.remote.routes(), *routes(self.words)]

    def alone(self) -> None:
        """Neither hear nor tell other programs anything by OSC or Link, whatever is asked for: as in a rendering."""
        self._listening.deaf = self.sending.deaf = self.linking.deaf = True

    def second(self) -> float:
        """The second of the engine that is reached now."""
        return self._stage.second()

    @property
    def settled(self) -> Snapshot:
        """All settings as they were last applied."""
        return self._desk.now

    @property
    def buffering(self) -> float:
        """Seconds from the moment at which a frame is read until it is heard, of the first voice that has a stream."""
        return next((part.tracks[-1].info.buffering / self.engine.rate for part in self.parts if part.tracks), 0.0)

    def era(self, cycle: float) -> Era:
        """What patterns see at a clock cycle."""
        return self._stage.transport.musical.at(cycle)

    @property
    def parts(self) -> tuple[Part, ...]:
        """The voices as they sound."""
        return self._stage.parts

    def prepare(self) -> None:
        """Open the default model now instead of when the first voice needs it. Raises LivevaeError."""
        self._stage.model(None)

    def close(self) -> None:
        """End what goes on in the background, and the journal. Engine and library are closed by those who made them."""
        self._closed = True
        self.training.release()
        self._listening.close()
        self.sending.close()
        self.linking.close()
        self.ears.close()
        self._triggers.close()
        self.gestures.close()
        self.training.close()
        if self._journal is not None and self._chronicle is not None:
            self._chronicle.end()
            self._journal.close()

    def control_changed(self, change: Change) -> None:
        """A knob was moved: it is heard from the next frame on, and goes into the journal. On any thread."""
        self.engine.refresh()
        self._stage.knobs_moved = True
        self._triggers.changed(change, self._desk.program)
        if change.port != PORT:
            self.midi.changed(change)
        second = change.second if math.isfinite(change.second) else None
        facts = {"number": change.number, "value": change.value, "channel": change.channel, "port": change.port}
        self.log("control", later=True, control=change.kind, **facts, second=second)

    def _action_failed(self, item: Item, error: EvaluationError) -> None:
        """A planned action raised: it changed nothing."""
        self.log("error", source=item.name, file="<action>", message=str(error))
        self.report("error", str(error))

    def _failed(self, part: Part, what: Expression | Scalar, error: Exception, revert: Revert | None) -> None:
        self._desk.reverted(part.index)
        name = f".{what.name}" if isinstance(what, Scalar) else ""
        text = f"{explain(error)} (back to what played before)"
        if self._chronicle is not None:
            self._chronicle.reverted(part.name, revert, text)
        self.report("error", text, f"{part.name}{name}", what.place)

    def _dearly(self, part: Part, cost: Cost | None) -> None:
        """Told now and then, while it lasts."""
        now = time.monotonic()
        newest = part.newest
        if cost is None or now - self._dear.get(part.name, -_DEAR_SECONDS) < _DEAR_SECONDS:
            return
        self._dear[part.name] = now
        place = newest.expression.place if newest is not None and isinstance(newest.expression, Expression) else None
        self.report("warning", f"costs {cost}", part.name, place)

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
        if event.rack is not None:
            voice = name_of(event.rack)
        if event.kind in ("died", "restarted"):
            self.log("engine", what=event.kind, message=event.message)
        if event.kind == "error" and event.slot is not None:
            self._stage.lose(event.slot)
        self.report("error" if event.kind in ("died", "error") else kind, event.message, voice)
