"""From settings to sound: which streams are open in the engine, and what each of their frames is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from livevae.engine.frames import MAX_SLOTS, Rows, neutral
from livevae.engine.interface import Engine, FileInput, FromSlot, Live, Silence, Source
from livevae.errors import LivevaeError
from livevae.latent import Library
from livevae.model.info import ModelInfo
from livevae.performance.clock import TempoMap
from livevae.performance.envelope import Envelope
from livevae.performance.expression import Expression, Moment, Scalar, check_index
from livevae.performance.part import GLIDE_SECONDS, IDLE_SECONDS, Part
from livevae.performance.quant import Quant
from livevae.performance.settings import VOICES, FromVoice, Implied, ModelRef, Settings, Timing, Value
from livevae.performance.track import Track

MODEL_FADE_SECONDS: Final = 0.25
"""The crossfade between the streams of two models."""

MARGIN_SECONDS: Final = 0.03
"""Nothing is made to start sooner than this after it was typed, so that its first frame is never late."""


class Stage:
    """Sixteen parts on an engine. `fill` is for the engine's feeder; all else is for one thread at a time.

    `failed(part, expression, error)` is told when something that was playing was taken back, `trouble(text)` of an
    input that cannot be had.
    """

    def __init__(
        self,
        engine: Engine,
        library: Library,
        tempo: TempoMap,
        default: ModelRef,
        seed: int,
        failed: Callable[[Part, Expression | Scalar, Exception], None],
        trouble: Callable[[str], None],
        margin: float = MARGIN_SECONDS,
    ) -> None:
        self.engine = engine
        self.default = default
        self.tempo = tempo
        self.parts = tuple(Part(index, tempo) for index in range(VOICES))
        self._library = library
        self._seed = seed
        self._failed = failed
        self._trouble = trouble
        self._margin = margin
        self._models: dict[tuple[ModelRef, int, int], ModelInfo] = {}
        self._tracks: dict[int, tuple[Part, Track]] = {}
        self._dims: dict[int, int] = {}
        self._lost: list[int] = []
        self._opening = threading.Lock()

    # -- time

    def second(self) -> float:
        """The engine's time in seconds."""
        return self.engine.now() / self.engine.rate

    def cycle(self) -> float:
        """The cycle that is reached now."""
        return self.tempo.cycle(self.second())

    def _earliest(self, parts: Sequence[Part]) -> float:
        """The first second that can still be changed for all of `parts`."""
        frames = [t.second(self.engine.consumed(t.slot)) for part in parts for t in part.tracks]
        return max([self.second(), *frames])

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
            return self._models[key]

    def check(self, expression: Expression | Scalar, model: ModelRef | None) -> None:
        """Evaluate what was assigned over the coming cycles. Raises what it raises; waits for its recordings."""
        info = self.model(model)
        rate = info.frame_rate if info.frame_rate is not None else self.engine.rate / info.ratio
        expression.check(self.cycle(), Moment.of(info, rate, self._library, self.tempo, self._seed, wait=True))

    def check_dim(self, index: int, value: Value, model: ModelRef | None) -> None:
        """Evaluate what was assigned to one dimension. Raises LivevaeError where the model has no such dimension."""
        check_index(index, self.model(model))
        self.check(Scalar(f"dim[{index}]", value), model)

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
        rate = track.info.frame_rate
        moment = Moment.of(track.model, rate, self._library, self.tempo, self._seed, wait=False)
        return part.rows(track, first, count, moment, self._failed)

    # -- changes

    def apply(
        self,
        old: Sequence[Settings],
        new: Sequence[Settings],
        timing: Mapping[int, Timing],
        cps: float | None = None,
    ) -> None:
        """Sound what changed between two settings of all voices.

        Raises LivevaeError, with nothing changed, where a stream cannot be opened.
        """
        opened = self._open(new)
        crossed = [part for part in self.parts if part.index in opened and part.tracks]
        for part, track in opened.values():
            part.tracks = (*part.tracks, track)
        if cps is not None and cps != self.tempo.cps:
            self.tempo.set(cps, self._earliest(self.parts))
        now = self._earliest(self.parts)
        solo = any(settings.solo for settings in new)
        for part, before, after in zip(self.parts, old, new, strict=True):
            self._play(part, before, after, now, timing.get(part.index, Timing()), part in crossed)
            part.audible(not after.muted and (after.solo or not solo), now)
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

    def _open_track(self, part: Part, wanted: Settings) -> Track:
        info = self.model(wanted.model)
        slot = self._free(part)
        self._dims[slot] = info.latent_size
        source = self._source(wanted, info)
        opening: Source = Silence() if isinstance(source, FromSlot) else source
        try:
            opened = self.engine.open_slot(slot, info.digest, opening)
        except BaseException:
            del self._dims[slot]
            raise
        track = Track(opened, info, self.engine.rate, self.tempo, Envelope.at(1.0))
        track.source = opening
        self._tracks = {**self._tracks, slot: (part, track)}
        return track

    def _free(self, part: Part) -> int:
        own = 2 * part.index
        free: list[int] = [slot for slot in [own, own + 1, *range(MAX_SLOTS)] if slot not in self._tracks]
        if not free:
            raise LivevaeError(f"{part.name}: too many models are being changed at once, try again in a second.")
        return free[0]

    def _play(self, part: Part, before: Settings, after: Settings, now: float, timing: Timing, crossed: bool) -> None:
        cycle = self.tempo.cycle(now)
        glide = GLIDE_SECONDS * self.tempo.cps
        changed = (before.z, before.dims) != (after.z, after.dims)
        start = Quant(timing.quant).start(self.tempo.cycle(now + self._margin))
        if crossed:
            # What is new may not fit the model that leaves, nor what is old the one that comes.
            part.leave(anew=changed)
            self._cross(part, float(self.tempo.seconds([start])[0]) if changed else now + self._margin, timing)
        if changed:
            fade = glide if timing.fade is None else timing.fade
            part.play(Expression.of(after), start, 0.0 if crossed else fade)
        # Nothing has to glide where nothing was heard before.
        part.levels(
            cycle,
            glide if before.sounding else 0.0,
            amp=None if before.amp == after.amp else Scalar("amp", after.amp),
            pan=None if before.pan == after.pan else Scalar("pan", after.pan),
            mix=None if before.mix == after.mix else Scalar("mix", after.mix),
        )

    def _cross(self, part: Part, second: float, timing: Timing) -> None:
        """Fade from all earlier streams of a part to its latest, once what that one plays from `second` on is heard."""
        *earlier, latest = part.tracks
        start = second + latest.delay
        length = MODEL_FADE_SECONDS
        if timing.fade is not None:
            length = max(GLIDE_SECONDS, timing.fade / self.tempo.cps)
        latest.fade = Envelope.at(0.0).to(1.0, start, length)
        for track in earlier:
            track.fade = track.fade.to(0.0, start, length)

    # -- inputs

    def _source(self, settings: Settings, info: ModelInfo) -> Source:
        wanted = settings.input
        if isinstance(wanted, Implied):
            expression = Expression.of(settings)
            uses_input = expression is not None and expression.uses_input
            wanted = Live(channels=max(1, info.in_channels)) if uses_input else None
        match wanted:
            case None:
                return Silence()
            case Live() | FileInput():
                return wanted
            case FromVoice():
                track = self.parts[wanted.index].track
                return Silence() if track is None else FromSlot(track.slot)

    def _route(self, new: Sequence[Settings]) -> None:
        """Give every stream the input it should have."""
        for part in self.parts:
            for track in part.tracks:
                source = self._source(new[part.index], track.model)
                if source != track.source:
                    track.source = source
                    try:
                        self.engine.set_source(track.slot, source)
                    except LivevaeError as error:
                        self._trouble(f"{part.name}.input: {error}")

    # -- upkeep

    def tick(self, settings: Sequence[Settings]) -> None:
        """Close streams that have failed or faded out, and forget what is over. A few times a second."""
        while self._lost:
            part, track = self._tracks.get(self._lost.pop(), (None, None))
            if part is not None and track is not None:
                part.tracks = tuple(kept for kept in part.tracks if kept is not track)
                self._close(track)
        closed = False
        for part in self.parts:
            if not part.tracks:
                continue
            past = min(t.second(self.engine.consumed(t.slot)) for t in part.tracks)
            part.settle(self.tempo.cycle(past - max(t.delay for t in part.tracks)))
            idle = part.idle_since()
            for track in part.tracks:
                faded = track.fade.target == 0.0 and track.fade.end < past
                quiet = idle is not None and self._over(idle, track) + IDLE_SECONDS < past
                if faded or quiet:
                    part.tracks = tuple(kept for kept in part.tracks if kept is not track)
                    self._close(track)
                    closed = True
        if closed:
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
        self._dims.pop(track.slot, None)
