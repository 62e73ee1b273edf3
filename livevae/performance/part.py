"""One voice as it sounds: its layers and the streams it uses. What the performer set on it is in `settings`."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from livevae.engine.frames import Rows, joined, neutral
from livevae.performance.clock import TempoMap
from livevae.performance.crossing import Scene, Transition
from livevae.performance.envelope import Envelope
from livevae.performance.expression import Expression, Held, Moment, Scalar
from livevae.performance.layers import Layer, LayerFailed, Layers, replaced, settled, since, then, without
from livevae.performance.settings import DEFAULTS, Settings, Value
from livevae.performance.track import Kept, Sounding, Track

GLIDE_SECONDS: Final = 0.04
"""The fade that keeps a change from clicking: of a sound, a level, a mute."""

NUDGE_SECONDS: Final = 0.25
"""How long a voice takes to get as early or late as it is told, beside the time that it gains or loses."""

IDLE_SECONDS: Final = 2.0
"""A stream that has been silent for so long is closed."""

KEPT_SECONDS: Final = 0.15
_MOST_REVERTS: Final = 8


@dataclass(frozen=True)
class Revert:
    """Something that was taken back on a stream: from which frame on, on which level (`z`, `amp`, `leaving` ...), and
    the place of its layer, counted from the end (-1 is the last).
    """

    slot: int
    frame: int
    level: str
    place: int


Failed = Callable[["Part", Expression | Scalar, Exception, Revert | None], None]


class Part:
    """The sound of one voice. The feeder calls `rows`, the performer's thread everything else."""

    def __init__(self, index: int, tempo: TempoMap) -> None:
        self.index = index
        self.tracks: tuple[Track, ...] = ()
        self.failures = 0
        self._tempo = tempo
        self._lock = threading.Lock()
        never = float("-inf")
        self._sounding = Sounding(
            z=(Layer(None, never),),
            amp=(Layer(Scalar("amp", DEFAULTS.amp), never),),
            pan=(Layer(Scalar("pan", DEFAULTS.pan), never),),
            mix=(Layer(Scalar("mix", DEFAULTS.mix), never),),
            width=(Layer(Scalar("width", DEFAULTS.width), never),),
            audible=Envelope.at(1.0),
            nudge=Envelope.at(0.0),
        )

    @property
    def name(self) -> str:
        """What the performer calls it: v1 to v16."""
        return f"v{self.index + 1}"

    def current(self, settings: Settings) -> Settings:
        """`settings` with what really sounds: less what failed and was taken back."""
        now = self._sounding
        last = now.z[-1].expression
        if isinstance(last, Expression):
            settings = replace(settings, z=last.z, dims=last.dims, speed=last.speed)
        elif settings.z is not None:
            settings = replace(settings, z=None)
        amp, pan, mix, width = (_value(each) for each in (now.amp, now.pan, now.mix, now.width))
        return replace(settings, amp=amp, pan=pan, mix=mix, width=width)

    @property
    def track(self) -> Track | None:
        """The stream that remains when every crossfade is over."""
        return self.tracks[-1] if self.tracks else None

    @property
    def latest(self) -> tuple[Expression | Held | None, float]:
        """What was given to it last (None: silence), and the clock cycle at which that begins."""
        layer = self._sounding.z[-1]
        return layer.expression, layer.start

    @property
    def expressions(self) -> tuple[Expression, ...]:
        """What is in its layers, those that fade out as well."""
        return tuple(layer.expression for layer in self._sounding.z if isinstance(layer.expression, Expression))

    def leave(self, anew: bool) -> None:
        """Let all streams but the latest go on with what they play now while they fade out.

        With `anew` the latest one begins with silence instead of what was played so far.
        """
        with self._lock:
            old = self._sounding
            for track in self.tracks[:-1]:
                if track.leaving is None:
                    track.leaving = old.z
            if anew:
                self._sounding = replace(old, z=(Layer(None, float("-inf")),))

    def play(self, expression: Expression | None, start: float, way: Transition, scene: Scene, now: float) -> None:
        """Sound `expression` (None: nothing) by a transition that begins at cycle `start`; all before `now` stays."""
        with self._lock:
            old = self._sounding.z
            z = since(old, way.layers(start, old, expression, scene), now)
            self._sounding = replace(self._sounding, z=z)

    def once(self, expression: Expression, start: float, cycles: float, glide: float, now: float) -> None:
        """Sound `expression` for so many cycles from `start` on, then again what was there."""
        with self._lock:
            old = self._sounding.z
            z = then(old, expression, start, glide)
            back = Layer(old[-1].expression, start + cycles, glide, replaced(old))
            self._sounding = replace(self._sounding, z=since(old, (*z, back), now))

    def nudge(self, seconds: float, second: float) -> None:
        """Be so many seconds late (below 0: early), from `second` on; it gets there without a jump."""
        with self._lock:
            if self._sounding.nudge.target != seconds:
                moved = self._sounding.nudge.to(seconds, second, NUDGE_SECONDS)
                self._sounding = replace(self._sounding, nudge=moved)

    def levels(
        self,
        start: float,
        fade: float,
        amp: Scalar | None = None,
        pan: Scalar | None = None,
        mix: Scalar | None = None,
        width: Scalar | None = None,
    ) -> None:
        """Move those levels that are given, from cycle `start` on within `fade` cycles."""
        with self._lock:
            old = self._sounding
            self._sounding = replace(
                old,
                amp=old.amp if amp is None else then(old.amp, amp, start, fade),
                pan=old.pan if pan is None else then(old.pan, pan, start, fade),
                mix=old.mix if mix is None else then(old.mix, mix, start, fade),
                width=old.width if width is None else then(old.width, width, start, fade),
            )

    def audible(self, audible: bool, second: float) -> None:
        """Be heard or not, from `second` on."""
        level = float(audible)
        with self._lock:
            if self._sounding.audible.target != level:
                moved = self._sounding.audible.to(level, second, GLIDE_SECONDS)
                self._sounding = replace(self._sounding, audible=moved)

    def silence(self) -> None:
        """Nothing at all, from this moment on (panic)."""
        with self._lock:
            self._sounding = replace(self._sounding, z=(Layer(None, float("-inf")),))
            for track in self.tracks:
                track.memory.forget()
                track.kept = Kept(0, track.kept.rows[:0])

    def settle(self, cycle: float) -> None:
        """Forget what cannot be heard any more at `cycle` or later."""
        with self._lock:
            old = self._sounding
            self._sounding = replace(
                old,
                z=settled(old.z, cycle),
                amp=settled(old.amp, cycle),
                pan=settled(old.pan, cycle),
                mix=settled(old.mix, cycle),
                width=settled(old.width, cycle),
            )

    def silent(self, cycle: float) -> bool:
        """Has it nothing to play from clock cycle `cycle` on?"""
        last = self._sounding.z[-1]
        return last.expression is None and last.end <= cycle

    def idle_since(self) -> float | None:
        """The cycle at which it fell silent for good; None while it has anything to play."""
        layers = self._sounding.z
        if any(layer.expression is not None for layer in layers):
            return None
        return layers[-1].end

    def rows(
        self,
        track: Track,
        first: int,
        count: int,
        moment: Moment,
        failed: Failed,
        earliest: Callable[[], float] = lambda: float("-inf"),
    ) -> Rows:
        """The control rows of one of its tracks. What fails is taken back and told to `failed`; never raises.

        It is taken back from second `earliest()` on where it can be played until then, else from frame `first` on.
        """
        for _ in range(_MOST_REVERTS):
            try:
                return self._rows(track, first, count, moment)
            except LayerFailed as failure:
                cause = failure.__cause__
                culprit = failure.layer.expression
                revert = self.take_back(track, first, failure.layer, moment, earliest())
                if isinstance(cause, Exception) and isinstance(culprit, Expression | Scalar):
                    failed(self, culprit, cause, revert)
        return neutral(track.info.dims, count)

    def _rows(self, track: Track, first: int, count: int, moment: Moment) -> Rows:
        kept = track.kept.get(first, count)
        if len(kept) == count:
            return kept
        rest = track.rows(first + len(kept), count - len(kept), self._sounding, moment)
        return joined([kept, rest]) if len(kept) else rest

    @property
    def newest(self) -> Layer[Expression | Held] | None:
        """The layer of what was assigned to it last; None while it has nothing to play."""
        last = self._sounding.z[-1]
        return last if isinstance(last.expression, Expression) else None

    def take_back(
        self, track: Track, first: int, layer: Layer[object], moment: Moment, earliest: float
    ) -> Revert | None:
        """Go back to what sounded before `layer`; gives what that was. None where the layer is there no more."""
        where = _place(self._all(track), layer)
        if where is None:
            return None
        frame = max(first, track.frame(max(earliest, 0.0)))
        return self.revert(track, first, Revert(track.slot, frame, *where), moment)

    def revert(self, track: Track, first: int, revert: Revert, moment: Moment) -> Revert:
        """Take back what `revert` says, from its frame on; frames from `first` up to it stay as they are.

        Gives what was done: from `first` on where those frames cannot be played.
        """
        layers = dict(self._all(track))[revert.level]
        if not -len(layers) <= revert.place < 0:
            return revert
        if revert.frame > first:
            try:
                # With some that were read already: they may be asked for once more.
                begin = max(track.frame(track.begins), first - track.frame(KEPT_SECONDS))
                begin = min(begin, first)
                track.kept = Kept(begin, self._rows(track, begin, revert.frame - begin, moment))
            except LayerFailed:
                revert = replace(revert, frame=first)
        self._revert(track, revert.frame, layers[revert.place])
        self.failures += 1
        return revert

    def _all(self, track: Track) -> list[tuple[str, Layers[Any]]]:
        now = self._sounding
        leaving = [] if track.leaving is None else [("leaving", track.leaving)]
        return [*leaving, ("z", now.z), ("amp", now.amp), ("pan", now.pan), ("mix", now.mix), ("width", now.width)]

    def _revert(self, track: Track, first: int, layer: Layer[object]) -> None:
        """Go back to what sounded before `layer`, gliding from what was heard last."""
        cycle = self._tempo.cycle(track.second(first))
        heard = track.memory.last(first)
        with self._lock:
            old = self._sounding
            held = None if heard is None else Held(heard)
            glide = GLIDE_SECONDS * self._tempo.cps
            if track.leaving is not None:
                track.leaving = without(track.leaving, layer, held, cycle, glide)
            self._sounding = replace(
                old,
                z=without(old.z, layer, held, cycle, glide),
                amp=without(old.amp, layer, None, cycle, 0.0),
                pan=without(old.pan, layer, None, cycle, 0.0),
                mix=without(old.mix, layer, None, cycle, 0.0),
                width=without(old.width, layer, None, cycle, 0.0),
            )


def _place(levels: list[tuple[str, Layers[Any]]], wanted: Layer[object]) -> tuple[str, int] | None:
    """On which level a layer is, and its place from the end."""
    for level, layers in levels:
        for index, layer in enumerate(layers):
            if layer is wanted:
                return level, index - len(layers)
    return None


def _value(layers: Layers[Scalar]) -> Value:
    """What was assigned to a level last."""
    return next(layer.expression.value for layer in reversed(layers) if layer.expression is not None)
