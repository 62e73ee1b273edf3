"""From settings to sound: which streams are open in the engine, and what each of their frames is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from livevae.engine.effects import MASTER
from livevae.engine.frames import MAX_SLOTS, Rows, neutral
from livevae.engine.interface import Engine, FileInput, FromSlot, Live, Silence, Source
from livevae.errors import LivevaeError
from livevae.latent import Library, Measured, Reference, Spaces
from livevae.model.info import ModelInfo
from livevae.performance.board import Board, name_of
from livevae.performance.clock import TempoMap
from livevae.performance.cost import CHECK_SECONDS, Cost, Costs, TooSlow, afford, measured
from livevae.performance.crossing import Fade, Glide, Scene, Transition
from livevae.performance.envelope import Envelope
from livevae.performance.expression import Expression, Moment, Scalar, as_latents, check_index
from livevae.performance.layers import Floats
from livevae.performance.message import explain
from livevae.performance.part import GLIDE_SECONDS, IDLE_SECONDS, Failed, Part, Revert
from livevae.performance.settings import VOICES, FromVoice, Implied, ModelRef, Settings, Timing, Value
from livevae.performance.stamps import LONGEST_READY_SECONDS, READY_SECONDS, Stamps, Stream, horizon
from livevae.performance.track import Track
from livevae.performance.transport import Moves, Once, Transport

MODEL_FADE_SECONDS: Final = 0.25
"""The crossfade between the streams of two models."""

FOUND_AGAIN_SECONDS: Final = 0.25
"""Frames that were read so long ago may be asked for once more, to see whether a change came too late for them."""

MARGIN_SECONDS: Final = 0.03
"""Nothing is made to start sooner than this after it was typed, so that its first frame is never late."""


class Stage:
    """Sixteen parts on an engine. `fill` is for the engine's feeder; all else is for one thread at a time.

    `failed(part, expression, error, revert)` is told when something that was playing was taken back, `trouble(text)` of
    an input that cannot be had, or of a pattern that costs much.
    """

    def __init__(
        self,
        engine: Engine,
        library: Library,
        tempo: TempoMap,
        default: ModelRef,
        seed: int,
        failed: Failed,
        trouble: Callable[[str], None],
        margin: float = MARGIN_SECONDS,
    ) -> None:
        self.engine = engine
        self.default = default
        self.tempo = tempo
        self.parts = tuple(Part(index, tempo) for index in range(VOICES))
        self.knobs_moved = False
        self.transport = Transport(tempo, seed, self._lost_pace)
        self._library = library
        self._spaces = Spaces(library)
        self._seed = seed
        self._failed = failed
        self._trouble = trouble
        self.margin = margin
        self.paced = margin > 0.0
        """Is there a clock, so that frames must be found in time?"""
        self.stamps = Stamps()
        self.costs = Costs()
        self._models: dict[tuple[ModelRef, int, int], ModelInfo] = {}
        self._tracks: dict[int, tuple[Part, Track]] = {}
        self._dims: dict[int, int] = {}
        self._lost: list[int] = []
        self._opening = threading.Lock()
        self._lates: dict[int, float] = {}
        self.board = Board(engine, self.transport, seed, self._late, self._lost_effect)
        self.on_closed: Callable[[Sequence[int]], None] = lambda slots: None
        self.on_dear: Callable[[Part, Cost | None], None] = lambda part, cost: None
        self.on_model: Callable[[ModelRef, ModelInfo], None] = lambda ref, info: None

    # -- time

    def second(self) -> float:
        """The engine's time in seconds."""
        return self.engine.now() / self.engine.rate

    def cycle(self) -> float:
        """The cycle that is reached now."""
        return self.tempo.cycle(self.second())

    def next(self, quant: float) -> float:
        """The clock cycle at which a change with this quant, made now, would begin."""
        earliest = self.tempo.cycle(self.stamps.take(self._earliest(self.parts)) + self.margin)
        return self.transport.musical.next(quant, earliest)

    def count(self) -> float:
        """The cycle that is reached now as the performer counts."""
        return self.transport.musical.count(self.cycle())

    def advance(self, second: float) -> None:
        """Know a tempo that moves well beyond `second`."""
        self.transport.extend(second)

    def follow_knobs(self) -> bool:
        """Ask a pattern of tempo anew where a knob was moved since; True where there is one."""
        if not (self.knobs_moved and self.transport.moving):
            self.knobs_moved = False
            return False
        self.knobs_moved = False
        self.transport.again(self.stamps.take(self._earliest(self.parts)))
        self.engine.refresh()
        return True

    def _lost_pace(self, error: Exception) -> None:
        self._trouble(f"tempo: {explain(error)} (it stays as it is)")

    def second_of(self, cycle: float) -> float:
        """The second of the engine at which a clock cycle begins, as far as the tempo is known."""
        return float(self.tempo.seconds([cycle])[0])

    def _earliest(self, parts: Sequence[Part]) -> float:
        """The first second that can still be changed for all of `parts`."""
        return max(self.second(), horizon(self.engine, self._streams(parts), self.ready()))

    def earliest(self) -> float:
        """The first second that can still be changed for every stream."""
        return horizon(self.engine, self._streams(self.parts), self.ready())

    def _streams(self, parts: Sequence[Part]) -> list[Stream]:
        return [Stream(track.slot, track.second(1)) for part in parts for track in part.tracks]

    def ready(self) -> float:
        """Seconds until frames that are filled now can be read; 0 for an engine without a clock."""
        if not self.paced:
            return 0.0
        return min(READY_SECONDS + getattr(self.engine, "lag", 0.0), LONGEST_READY_SECONDS)

    # -- models and checks

    def model(self, ref: ModelRef | None) -> ModelInfo:
        """Open a model (the default for None) so that it is ready to sound. Raises LivevaeError."""
        wanted = self.default if ref is None else ref
        try:
            facts = wanted.path.stat()
        except OSError as error:
            raise LivevaeError(f"the model {wanted.path} cannot be read: {error.strerror or error}.") from None
        key = (wanted, facts.st_mtime_ns, facts.st_size)
        # The first voice may be typed while the default model is being opened ahead of it: it is opened once.
        with self._opening:
            if key not in self._models:
                self._models[key] = self.engine.open_model(wanted.path, rate=wanted.rate)
                self.on_model(wanted, self._models[key])
            return self._models[key]

    def check(self, expression: Expression | Scalar, model: ModelRef | None) -> None:
        """Evaluate what was assigned over the coming cycles. Raises what it raises; waits for its recordings."""
        moment = self.waiting(self.model(model))
        expression.check(self.count(), moment)
        if self.paced:
            evaluate = expression.control if isinstance(expression, Expression) else expression.values
            count = max(1, int(CHECK_SECONDS * moment.frame_rate))
            cycles = self.count() + np.arange(count, dtype=np.float64) * (self.tempo.cps / moment.frame_rate)
            remark = afford(lambda: evaluate(cycles, moment), count, 1.0 / moment.frame_rate)
            if remark is not None:
                self._trouble(remark)

    def waiting(self, info: ModelInfo) -> Moment:
        """What patterns are evaluated in before they are heard: it waits for recordings."""
        rate = info.frame_rate if info.frame_rate is not None else self.engine.rate / info.ratio
        return Moment.of(info, rate, self._library, self.tempo, self._seed, True, self._spaces)

    def present(self, model: ModelRef | None, after: float = 0.0) -> tuple[Floats, Moment]:
        """What patterns see of the moment from which a change made now is heard, or so many seconds `after` it:
        its cycle `(1,)`, and what they are evaluated in, which waits for recordings.
        """
        info = self.model(model)
        rate = info.frame_rate if info.frame_rate is not None else self.engine.rate / info.ratio
        clock = self.tempo.cycle(self.earliest() + after)
        era = self.transport.musical.at(clock)
        moment = Moment.of(info, rate, self._library, self.tempo, self._seed, True, self._spaces)
        return era.pattern(np.array([clock])), moment.within(era)

    def measure(self, model: ModelRef | None, reference: Reference | None) -> Measured:
        """The space of a model as some recordings measure it (None: as usual). Raises LivevaeError; waits for them."""
        return self._spaces.measure(self.model(model), reference)

    def check_dim(self, index: int, value: Value, model: ModelRef | None) -> None:
        """Evaluate what was assigned to one dimension. Raises LivevaeError where the model has no such dimension."""
        check_index(index, self.model(model))
        self.check(Scalar(f"dim[{index}]", value, dim=index), model)

    # -- the engine's side

    def part_of(self, slot: int) -> Part | None:
        """The part that uses a slot."""
        found = self._tracks.get(slot)
        return None if found is None else found[0]

    def fill(self, slot: int, first: int, count: int) -> Rows:
        """The control rows of a slot; never raises."""
        found = self._tracks.get(slot)
        if found is None:
            return neutral(self._dims.get(slot, 0), count)
        part, track = found
        self.transport.extend(track.second(first + count))
        moment = self.moment(track)

        def earliest() -> float:
            return horizon(self.engine, [Stream(slot, track.second(1))], self.ready())

        with measured() as timer:
            rows = part.rows(track, first, count, moment, self._failed, earliest)
        verdict = self.costs.add(slot, timer, count, track.second(1)) if self.paced else "fine"
        if verdict == "fine":
            return rows
        cost, newest = self.costs.of(slot), part.newest
        if verdict == "dear" or newest is None or newest.expression is None:
            self.on_dear(part, cost)
            return rows
        revert = part.take_back(track, first, newest, moment, earliest())
        self.costs.forget(slot)
        if isinstance(newest.expression, Expression):
            self._failed(part, newest.expression, TooSlow(f"too slow: {cost}"), revert)
        return part.rows(track, first, count, moment, self._failed, earliest)

    def moment(self, track: Track) -> Moment:
        """What a stream is evaluated in while it plays."""
        return Moment.of(track.model, track.info.frame_rate, self._library, self.tempo, self._seed, False, self._spaces)

    def revert(self, revert: Revert) -> Part | None:
        """Take back once more what was taken back in a performance that is played again; gives the part."""
        part, track = self._tracks.get(revert.slot, (None, None))
        if part is not None and track is not None:
            part.revert(track, self.engine.consumed(track.slot), revert, self.moment(track))
        return part

    # -- changes

    def apply(
        self,
        old: Sequence[Settings],
        new: Sequence[Settings],
        timing: Mapping[int, Timing],
        was: Moves,
        moves: Moves,
    ) -> None:
        """Sound what changed between two settings of all voices, each by its timing or all when `moves` says.

        Raises LivevaeError, with nothing changed, where a stream cannot be opened.
        """
        heard = moves.heard(new)
        opened = self._open(heard)
        try:
            self._give_movers(old, heard, opened)
            effects = self.board.prepared(old, new, (was.common.fx, moves.common.fx))
        except BaseException:
            for _, track in opened.values():
                self._close(track)
            raise
        crossed = [part for part in self.parts if part.index in opened and part.tracks]
        for part, track in opened.values():
            part.tracks = (*part.tracks, track)
        now = self.stamps.take(self._earliest(self.parts))
        for _, track in opened.values():
            track.begins = now
        at = moves.at
        begin = now if at is None else max(now, self.second_of(at))
        self.transport.apply(was, moves, begin, self.margin)
        self.board.begin(effects, begin if at is not None else begin + self.margin)
        for part, before, after in zip(self.parts, old, new, strict=True):
            if before.out != after.out:
                self._patch(part, after.out, begin if at is not None else begin + self.margin)
        solo = any(settings.solo for settings in new)
        for part, before, after in zip(self.parts, old, new, strict=True):
            when = timing.get(part.index, Timing())
            when = when if at is None else replace(when, at=at)
            usual = after.transition or moves.common.transition
            self._play(part, before, after, now, when, usual, part in crossed)
            part.audible(not after.muted and (after.solo or not solo), begin)
            part.nudge(after.nudge, begin)
            once = moves.onces.get(part.index)
            if once is not None:
                self._once(part, after, once, now, at)
        self._route(new)
        self.engine.refresh()

    def _open(self, new: Sequence[Settings]) -> dict[int, tuple[Part, Track]]:
        """Open the streams that the new settings need and that are not there; all or none."""
        opened: dict[int, tuple[Part, Track]] = {}
        try:
            for part in self.parts:
                wanted = new[part.index]
                if wanted.sounding and (
                    not part.tracks or self.model(wanted.model).digest != part.tracks[-1].model.digest
                ):
                    opened[part.index] = (part, self._open_track(part, wanted))
        except BaseException:
            for _, track in opened.values():
                self._close(track)
            raise
        return opened

    def _give_movers(
        self, old: Sequence[Settings], new: Sequence[Settings], opened: Mapping[int, tuple[Part, Track]]
    ) -> None:
        """Send the engine what moves latents in what is new, before anything names it. Raises LivevaeError."""
        for part, before, after in zip(self.parts, old, new, strict=True):
            expression = Expression.of(after)
            track = opened[part.index][1] if part.index in opened else part.track
            if expression is not None and track is not None and (part.index in opened or before.z != after.z):
                self._give(track, expression)

    def _give(self, track: Track, expression: Expression) -> None:
        for key, spec in expression.movers(self.moment(track)).items():
            self.engine.add_mover(track.slot, key, spec)

    def _open_track(self, part: Part, wanted: Settings) -> Track:
        info = self.model(wanted.model)
        slot = self._free(part)
        self._dims[slot] = info.latent_size
        source = self._heard(part, wanted, info)
        opening: Source = Silence() if isinstance(source, FromSlot) else source
        try:
            opened = self.engine.open_slot(slot, info.digest, opening)
        except BaseException:
            del self._dims[slot]
            raise
        self.engine.set_rack(slot, part.index)
        track = Track(opened, info, self.engine.rate, self.transport, Envelope.at(1.0), part.index)
        track.source = opening
        self._tracks = {**self._tracks, slot: (part, track)}
        return track

    def _free(self, part: Part) -> int:
        own = 2 * part.index
        free: list[int] = [slot for slot in [own, own + 1, *range(MAX_SLOTS)] if slot not in self._tracks]
        if not free:
            raise LivevaeError(f"{part.name}: too many models are being changed at once, try again in a second.")
        return free[0]

    def _play(
        self,
        part: Part,
        before: Settings,
        after: Settings,
        now: float,
        timing: Timing,
        usual: Transition | None,
        crossed: bool,
    ) -> None:
        cycle = self.tempo.cycle(now) if timing.at is None else max(timing.at, self.tempo.cycle(now))
        glide = GLIDE_SECONDS * self.tempo.cps_at(now)
        changed = (before.z, before.dims, before.speed) != (after.z, after.dims, after.speed)
        start = self._start(timing, now)
        way = timing.transition or (usual if timing.fade is None else Fade(timing.fade)) or Glide()
        if crossed:
            # What is new may not fit the model that leaves, nor what is old the one that comes.
            part.leave(anew=changed)
            start += way.turn
            self._cross(part, self.second_of(start) if changed else now + self.margin, way.blend)
            way = Fade(0.0)
        if changed:
            scene = Scene(self._seed, glide, self.transport.musical.at(start).shift)
            part.play(Expression.of(after), start, way, scene, self.tempo.cycle(now))
            self._give_on_the_way(part)
        # Nothing has to glide where nothing was heard before.
        part.levels(
            cycle,
            glide if before.sounding else 0.0,
            amp=None if before.amp == after.amp else Scalar("amp", after.amp),
            pan=None if before.pan == after.pan else Scalar("pan", after.pan),
            mix=None if before.mix == after.mix else Scalar("mix", after.mix),
            width=None if before.width == after.width else Scalar("width", after.width),
        )

    def _give_on_the_way(self, part: Part) -> None:
        """A transition may make something of what played, with moves of its own."""
        for expression in part.expressions:
            try:
                if part.track is not None:
                    self._give(part.track, expression)
            except LivevaeError as error:
                self._trouble(f"{part.name}: {error}")

    def _start(self, timing: Timing, now: float) -> float:
        """The clock cycle at which a change made at second `now` begins."""
        earliest = self.tempo.cycle(now + self.margin)
        return self.transport.musical.next(timing.quant, earliest) if timing.at is None else max(timing.at, earliest)

    def _once(self, part: Part, settings: Settings, once: Once, now: float, at: float | None) -> None:
        start = self._start(once.timing if at is None else replace(once.timing, at=at), now)
        # Its own first cycle is played.
        thing = as_latents(part.name, once.value.thing).late(start + self.transport.musical.at(start).shift)
        glide = min(GLIDE_SECONDS * self.tempo.cps_at(now), once.cycles / 2)
        expression = Expression(replace(once.value, thing=thing), settings.dims)
        part.once(expression, start, once.cycles, glide, self.tempo.cycle(now))

    def _cross(self, part: Part, second: float, blend: float | None) -> None:
        """Fade from all earlier streams of a part to its latest, once what that one plays from `second` on is heard."""
        *earlier, latest = part.tracks
        start = second + latest.delay
        length = MODEL_FADE_SECONDS
        if blend is not None:
            length = max(GLIDE_SECONDS, blend / self.tempo.cps_at(second))
        latest.fade = Envelope.at(0.0).to(1.0, start, length)
        for track in earlier:
            track.fade = track.fade.to(0.0, start, length)

    # -- inputs

    def _source(self, settings: Settings, info: ModelInfo) -> Source:
        wanted = settings.input
        if isinstance(wanted, Implied):
            expression = Expression.of(settings)
            uses_input = expression is not None and expression.uses_input
            # A model with two inputs hears both of the machine's, or its only one twice.
            wanted = Live(channels=max(1, min(info.in_channels, self.engine.inputs))) if uses_input else None
        match wanted:
            case None:
                return Silence()
            case Live() | FileInput():
                return wanted
            case FromVoice():
                track = self.parts[wanted.index].track
                return Silence() if track is None else FromSlot(track.slot)

    def _heard(self, part: Part, settings: Settings, info: ModelInfo) -> Source:
        """What a stream of a part hears: its source, after the effects on it."""
        source = self._source(settings, info)
        if not settings.input_fx or source == Silence():
            return source
        return self.board.treated(part.index, source)

    def _late(self, rack: int) -> float:
        """Seconds by which what a rack sounds is heard after its musical time."""
        if rack > MASTER:
            return 0.0
        parts = self.parts if rack == MASTER else (self.parts[rack],)
        tracks = [track for part in parts for track in part.tracks]
        if tracks:
            self._lates[rack] = max(track.info.buffering / self.engine.rate + track.delay for track in tracks)
        return self._lates.get(rack, 0.0)

    def _patch(self, part: Part, out: tuple[int, ...], second: float) -> None:
        try:
            self.board.patch(part.index, out, second)
        except LivevaeError as error:
            self._trouble(f"{part.name}.out: {error}")

    def _lost_effect(self, rack: int, name: str, error: Exception) -> None:
        self._trouble(f"{name_of(rack)}: {name}: {explain(error)} (it stays where it is)")

    def _route(self, new: Sequence[Settings]) -> None:
        """Give every stream the input it should have."""
        for part in self.parts:
            for track in part.tracks:
                source = self._heard(part, new[part.index], track.model)
                if source != track.source:
                    track.source = source
                    try:
                        self.engine.set_source(track.slot, source)
                    except LivevaeError as error:
                        self._trouble(f"{part.name}.input: {error}")

    # -- upkeep

    def tick(self, settings: Sequence[Settings]) -> None:
        """Close streams that have failed or faded out, and forget what is over. A few times a second."""
        self.settle()
        over: list[int] = []
        while self._lost:
            over.append(self._lost.pop())
        for part in self.parts:
            if not part.tracks:
                continue
            past = self._past(part)
            idle = part.idle_since()
            for track in part.tracks:
                faded = track.fade.target == 0.0 and track.fade.end < past
                quiet = idle is not None and self._over(idle, track) + IDLE_SECONDS < past
                if faded or quiet:
                    over.append(track.slot)
        if over:
            self.on_closed(over)
            self.end(over, settings)

    def settle(self) -> None:
        """Forget what cannot be heard any more."""
        for part in self.parts:
            if part.tracks:
                past = self._past(part) - max(t.delay for t in part.tracks) - FOUND_AGAIN_SECONDS
                part.settle(self.tempo.cycle(past))

    def _past(self, part: Part) -> float:
        """The second up to which all streams of a part were read."""
        return min(t.second(self.engine.consumed(t.slot)) for t in part.tracks)

    def end(self, slots: Sequence[int], settings: Sequence[Settings]) -> None:
        """Close streams; those that heard them get the input they should have."""
        for slot in slots:
            part, track = self._tracks.get(slot, (None, None))
            if part is not None and track is not None:
                part.tracks = tuple(kept for kept in part.tracks if kept is not track)
                self._close(track)
        self._route(settings)

    def _over(self, cycle: float, track: Track) -> float:
        if cycle == float("-inf"):
            return self.second() - IDLE_SECONDS - 1.0
        return float(self.tempo.seconds([cycle])[0]) + track.delay

    def lose(self, slot: int) -> None:
        """Give up a stream whose model failed; the next thing its voice is to play opens another one. On any thread.

        It is closed by the next `tick`: this may be the thread that brings the engine's answers.
        """
        self._lost.append(slot)

    def panic(self) -> None:
        """Silence now."""
        self.engine.panic()
        self.silence()
        self.engine.refresh()

    def silence(self) -> None:
        """Nothing plays any more, from the next frame on."""
        for part in self.parts:
            part.silence()

    def _close(self, track: Track) -> None:
        self._tracks = {slot: kept for slot, kept in self._tracks.items() if slot != track.slot}
        self.engine.close_slot(track.slot)
        self.costs.forget(track.slot)
        self._dims.pop(track.slot, None)
