"""How a performance stands, as `status()` shows it and the toolbar draws it."""

from __future__ import annotations

from dataclasses import dataclass

from livevae.engine.interface import Status
from livevae.performance.cost import SHOWN, Cost
from livevae.performance.message import Message
from livevae.performance.sections import CueStatus


@dataclass(frozen=True)
class VoiceStatus:
    """A voice that has a stream. Delays in seconds; `model_delay` is None where the model does not tell."""

    name: str
    model: str
    buffering: float
    model_delay: float | None
    muted: bool
    failures: int = 0
    """How often something that it played failed and was taken back."""
    cost: Cost | None = None
    """What finding its frames costs; None before it was measured."""
    effects: float = 0.0
    """Seconds that the effects on its input and on what it plays add."""


@dataclass(frozen=True, repr=False)
class PerformanceStatus:
    """What a toolbar shows: musical time, the engine, the voices that have a stream, and the last message."""

    cycle: float
    cps: float
    bpm: float
    engine: Status
    voices: tuple[VoiceStatus, ...]
    message: Message | None
    cue: CueStatus | None = None
    beats: float = 4.0
    trainings: tuple[str, ...] = ()
    """What is being trained, in a few characters each."""

    def __repr__(self) -> str:
        engine = self.engine
        load = max(engine.load_audio, engine.load_inference)
        lines = [
            f"cycle {self.cycle:.2f}, {self.bpm:g} bpm, {engine.backend}, load {load:.0%}, "
            f"{engine.late} late, {engine.xruns} xruns"
        ]
        for voice in self.voices:
            inside = "unknown" if voice.model_delay is None else f"{voice.model_delay * 1000:.0f}"
            muted = f" + {voice.effects * 1000:.0f} of effects" if voice.effects else ""
            muted += ", muted" if voice.muted else ""
            if voice.cost is not None and voice.cost.share >= SHOWN:
                muted += f", costs {voice.cost}"
            if voice.failures:
                muted += f", taken back {voice.failures} times" if voice.failures > 1 else ", taken back once"
            lines.append(f"{voice.name}: {voice.model}, delay {voice.buffering * 1000:.0f} + {inside} ms{muted}")
        lines += [f"training {note}" for note in self.trainings]
        if self.message is not None:
            lines.append(str(self.message))
        return "\n".join(lines)
