"""One stream of a voice through a model: the control rows of its frames."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from livevae.engine.frames import Rows, columns, neutral
from livevae.engine.interface import Silence, SlotInfo, Source
from livevae.model.info import ModelInfo
from livevae.performance.clock import TempoMap
from livevae.performance.envelope import Envelope, Floats
from livevae.performance.expression import Expression, Held, Moment, Scalar
from livevae.performance.layers import Control, Layers, level, sound
from livevae.performance.memory import LARGEST, Memory

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
    audible: Envelope


class Track:
    """A slot of the engine while a voice uses it. `rows` is called by one thread, the engine's feeder.

    `leaving` is what it goes on playing while it fades out, and `fade` its level beside the voice's other stream, while
    the voice changes model. Rests, the ends of sounds and patterns on the levels are late by the delay inside the
    model, so that they meet what is heard.
    """

    def __init__(self, info: SlotInfo, model: ModelInfo, rate: int, tempo: TempoMap, fade: Envelope) -> None:
        self.info = info
        self.model = model
        self.fade = fade
        self.source: Source = Silence()
        self.leaving: Layers[Expression | Held] | None = None
        self.delay = (info.model_delay or 0) / rate
        self._tempo = tempo
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

    def rows(self, first: int, count: int, sounding: Sounding, moment: Moment) -> Rows:
        """Control rows `(count, 2 * D + 4)` of the frames from `first` on. Raises LayerFailed."""
        dims = self.info.dims
        seconds = np.arange(first, first + count, dtype=np.float64) * self._period
        cycles = self._tempo.cycles(seconds)
        heard = cycles if self.delay == 0 else self._tempo.cycles(seconds - self.delay)

        def latents(expression: Expression | Held, times: Floats) -> Control:
            return expression.control(times, moment)

        def levels(layers: Layers[Scalar], empty: float, low: float, high: float) -> Floats:
            def values(scalar: Scalar, _: Floats) -> Floats:
                found = scalar.values(heard, moment)
                return np.clip(np.where(np.isnan(found), empty, found), low, high)

            return level(layers, cycles, values, empty)

        amp = levels(sounding.amp, 0.0, 0.0, LARGEST)
        pan = levels(sounding.pan, 0.0, -1.0, 1.0)
        mix = levels(sounding.mix, 1.0, 0.0, 1.0)
        layers = sounding.z if self.leaving is None else self.leaving
        control = self.memory.add(first, sound(layers, cycles, dims, latents, self.model.discrete))
        rows, where = neutral(dims, count), columns(dims)
        rows[:, where.gain] = control.gain
        rows[:, where.bias] = control.bias
        rows[:, where.lag] = control.lag
        rows[:, where.amp] = amp * control.gate * sounding.audible.levels(seconds) * self.fade.levels(seconds)
        rows[:, where.pan] = pan
        rows[:, where.mix] = mix
        return rows
