"""One voice as it sounds: its layers and the streams it uses. What the performer set on it is in `settings`."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from livevae.engine.frames import Rows, neutral
from livevae.performance.clock import TempoMap
from livevae.performance.envelope import Envelope
from livevae.performance.expression import Expression, Held, Moment, Scalar
from livevae.performance.layers import Layer, LayerFailed, Layers, settled, then, without
from livevae.performance.settings import DEFAULTS, Settings, Value
from livevae.performance.track import Sounding, Track

GLIDE_SECONDS: Final = 0.04
"""The fade that keeps a change from clicking: of a sound, a level, a mute."""

IDLE_SECONDS: Final = 2.0
"""A stream that has been silent for so long is closed."""

_MOST_REVERTS: Final = 8

Failed = Callable[["Part", Expression | Scalar, Exception], None]


class Part:
    """The sound of one voice. The feeder calls `rows`, the performer's thread everything else."""

    def __init__(self, index: int, tempo: TempoMap) -> None:
        self.index = index
        self.tracks: tuple[Track, ...] = ()
        self._tempo = tempo
        self._lock = threading.Lock()
        never = float("-inf")
        self._sounding = Sounding(
            z=(Layer(None, never),),
            amp=(Layer(Scalar("amp", DEFAULTS.amp), never),),
            pan=(Layer(Scalar("pan", DEFAULTS.pan), never),),
            mix=(Layer(Scalar("mix", DEFAULTS.mix), never),),
            audible=Envelope.at(1.0),
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
            settings = replace(settings, z=last.z, dims=last.dims)
        elif settings.z is not None:
            settings = replace(settings, z=None)
        return replace(settings, amp=_value(now.amp), pan=_value(now.pan), mix=_value(now.mix))

    @property
    def track(self) -> Track | None:
        """The stream that remains when every crossfade is over."""
        return self.tracks[-1] if self.tracks else None

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

    def play(self, expression: Expression | None, start: float, fade: float) -> None:
        """Sound `expression` (None: nothing) from cycle `start` on, faded in over `fade` cycles."""
        with self._lock:
            self._sounding = replace(self._sounding, z=then(self._sounding.z, expression, start, fade))

    def levels(
        self, start: float, fade: float, amp: Scalar | None = None, pan: Scalar | None = None, mix: Scalar | None = None
    ) -> None:
        """Move those levels that are given, from cycle `start` on within `fade` cycles."""
        with self._lock:
            old = self._sounding
            self._sounding = replace(
                old,
                amp=old.amp if amp is None else then(old.amp, amp, start, fade),
                pan=old.pan if pan is None else then(old.pan, pan, start, fade),
                mix=old.mix if mix is None else then(old.mix, mix, start, fade),
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
            )

    def idle_since(self) -> float | None:
        """The cycle at which it fell silent for good; None while it has anything to play."""
        layers = self._sounding.z
        if any(layer.expression is not None for layer in layers):
            return None
        return layers[-1].start + layers[-1].fade

    def rows(self, track: Track, first: int, count: int, moment: Moment, failed: Failed) -> Rows:
        """The control rows of one of its tracks. What fails is taken back and told to `failed`; never raises."""
        for _ in range(_MOST_REVERTS):
            try:
                return track.rows(first, count, self._sounding, moment)
            except LayerFailed as failure:
                self._revert(track, first, failure.layer)
                cause = failure.__cause__
                culprit = failure.layer.expression
                if isinstance(cause, Exception) and isinstance(culprit, Expression | Scalar):
                    failed(self, culprit, cause)
        return neutral(track.info.dims, count)

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
            )


def _value(layers: Layers[Scalar]) -> Value:
    """What was assigned to a level last."""
    return next(layer.expression.value for layer in reversed(layers) if layer.expression is not None)
