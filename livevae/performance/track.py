"""One stream of a voice through a model: the control rows of its frames."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from livevae.engine.frames import Rows, columns, joined, neutral, sided, trimmed
from livevae.engine.interface import Silence, SlotInfo, Source
from livevae.model.info import ModelInfo
from livevae.performance.envelope import Envelope, Floats
from livevae.performance.expression import Expression, Held, Moment, Scalar
from livevae.performance.layers import Control, Layers, level, sound
from livevae.performance.memory import LARGEST, Memory
from livevae.performance.transport import Transport
from livevae.performance.width import can_be_wide, drift

GATE_SECONDS: Final = 0.008
"""How long a gate takes to open or close where frames are shorter than this; else one frame."""

_REMEMBERED_SECONDS: Final = 4.0
"""Frames remembered behind the newest one: more than the engine ever holds in advance."""


@dataclass(frozen=True, eq=False)
class Sounding:
    """What a voice sounds: the layers of its latents and of its levels, and whether it is audible (mute, solo)."""

    z: Layers[Expression | Held]
    amp: Layers[Scalar]
    pan: Layers[Scalar]
    mix: Layers[Scalar]
    width: Layers[Scalar]
    audible: Envelope
    nudge: Envelope


@dataclass(frozen=True, eq=False)
class Kept:
    """Rows of the frames from `first` on that stay as they are, whatever is taken back after them."""

    first: int
    rows: Rows

    def get(self, first: int, count: int) -> Rows:
        """Those of `count` frames from `first` on that are kept, none or more."""
        start = first - self.first
        return self.rows[start : start + count].copy() if start >= 0 else self.rows[:0]


class Track:
    """A slot of the engine while a voice uses it. `rows` is called by one thread, the engine's feeder.

    Before second `begins` it is silent. While the voice changes model, `leaving` is what it goes on playing while it
    fades out, and `fade` its level beside the voice's other stream. Rests, the ends of sounds and patterns on the
    levels are late by the delay inside the model, so that they meet what is heard.
    """

    def __init__(
        self, info: SlotInfo, model: ModelInfo, rate: int, transport: Transport, fade: Envelope, voice: int = 0
    ) -> None:
        self.info = info
        self.model = model
        self.fade = fade
        self.voice = voice
        self.begins = 0.0
        self.kept = Kept(0, neutral(info.dims, 0))
        self.source: Source = Silence()
        self.leaving: Layers[Expression | Held] | None = None
        self.delay = (info.model_delay or 0) / rate
        self._tempo = transport.tempo
        self._musical = transport.musical
        self._period = info.ratio / info.model_rate
        shift, taps = round(self.delay / self._period), max(1, round(GATE_SECONDS / self._period))
        self.memory = Memory(info.dims, int(_REMEMBERED_SECONDS / self._period), shift, taps)

    @property
    def slot(self) -> int:
        """The engine's number of this stream."""
        return self.info.slot

    def second(self, frame: float) -> float:
        """When a latent frame begins."""
        return frame * self._period

    def frame(self, second: float) -> int:
        """The first latent frame that begins at `second` or later."""
        return math.ceil(second / self._period - 1e-6)

    def rows(self, first: int, count: int, sounding: Sounding, moment: Moment) -> Rows:
        """Control rows `(count, 2 * D + 4)`, and branches, of the frames from `first` on. Raises LayerFailed."""
        early = min(count, max(0, self.frame(self.begins) - first))
        if early == 0:
            return self._sounded(first, count, sounding, moment)
        silent = neutral(self.info.dims, early)
        if early == count:
            return silent
        return joined([silent, self._sounded(first + early, count - early, sounding, moment)])

    def _sounded(self, first: int, count: int, sounding: Sounding, moment: Moment) -> Rows:
        dims = self.info.dims
        seconds = np.arange(first, first + count, dtype=np.float64) * self._period
        nudged = seconds - sounding.nudge.levels(seconds)
        cycles = self._tempo.cycles(nudged)
        heard = cycles if self.delay == 0 else self._tempo.cycles(nudged - self.delay)
        moment = moment.late(sounding.nudge.target)
        levelled = moment.late(self.delay)

        def latents(expression: Expression | Held, times: Floats) -> Control:
            parts = []
            for era, places in self._musical.groups(times):
                inside = times if places is None else times[places]
                found = expression.control(era.pattern(inside), moment.within(era))
                if places is None:
                    return found
                parts.append((places, found))
            return Control.gathered(parts)

        def levels(
            layers: Layers[Scalar], empty: float, low: float, high: float, at: Floats = heard, seen: Moment = levelled
        ) -> Floats:
            def values(scalar: Scalar, _: Floats) -> Floats:
                found = np.empty(count)
                for era, places in self._musical.groups(at):
                    chosen = slice(None) if places is None else places
                    found[chosen] = scalar.values(era.pattern(at[chosen]), seen.within(era))
                return np.clip(np.where(np.isnan(found), empty, found), low, high)

            return level(layers, cycles, values, empty)

        amp = levels(sounding.amp, 0.0, 0.0, LARGEST)
        pan = levels(sounding.pan, 0.0, -1.0, 1.0)
        mix = levels(sounding.mix, 1.0, 0.0, 1.0)
        layers = sounding.z if self.leaving is None else self.leaving
        control, following = self.memory.add(first, sound(layers, cycles, dims, latents, self.model.discrete))
        rows, where = neutral(dims, count), columns(dims)
        rows[:, where.gain] = control.gain
        rows[:, where.bias] = control.bias
        rows[:, where.lag] = control.lag
        rows[:, where.amp] = amp * control.gate * sounding.audible.levels(seconds) * self.fade.levels(seconds)
        rows[:, where.pan] = pan
        rows[:, where.mix] = mix
        whole = trimmed(dims, np.concatenate([rows, following.astype(np.float32)], axis=1))
        if not can_be_wide(self.model) or all(narrow(layer.expression) for layer in sounding.width):
            return whole
        wide = levels(sounding.width, 0.0, 0.0, 1.0, cycles, moment)
        return sided(dims, whole, self._sides(cycles, wide, moment)) if wide.any() else whole

    def _sides(self, cycles: Floats, wide: Floats, moment: Moment) -> Rows:
        """What is added on the left and taken away on the right, `(n, D)`, exactly nothing where it is not wide."""
        found = np.zeros((len(cycles), self.info.dims))
        for era, places in self._musical.groups(cycles):
            chosen = slice(None) if places is None else places
            context = moment.within(era).context
            found[chosen] = drift(self.model, self.voice, era.pattern(cycles[chosen]), context)
        return (found * wide[:, None]).astype(np.float32)


def narrow(scalar: Scalar | None) -> bool:
    """Is a width 0, whenever it is asked?"""
    thing = None if scalar is None else scalar.value.thing
    return thing is None or (isinstance(thing, int | float) and thing <= 0)
