"""What the performer's side may ask of an engine, live or offline. No torch and no pyo in here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from livevae.engine.effects import Chain, TickFill
from livevae.engine.frames import Rows
from livevae.engine.measuring import Measured
from livevae.model.info import ModelInfo
from livevae.model.mover import MoverSpec

Fill = Callable[[int, int, int], Rows]
"""`fill(slot, first, count)` gives the control rows of frames `first .. first + count`. It never raises or blocks."""

Backend = Literal["auto", "jack", "portaudio", "coreaudio", "silent"]


@dataclass(frozen=True)
class Silence:
    """No input: the slot skips `encode`."""


@dataclass(frozen=True)
class Live:
    """Audio inputs of the machine, counted from 1; `channels` neighbours feed a model with several inputs."""

    channel: int = 1
    channels: int = 1


@dataclass(frozen=True)
class FileInput:
    """A sound file played into the slot, from `start` seconds, again and again when `loop` is set."""

    path: Path
    loop: bool = True
    start: float = 0.0


@dataclass(frozen=True)
class FromSlot:
    """What another slot plays (before its pan), as input."""

    slot: int


@dataclass(frozen=True)
class Treated:
    """The input of a voice (counted from 0) after the effects on it; see `Engine.hear`."""

    voice: int


Source = Silence | Live | FileInput | FromSlot | Treated


def source_to_json(source: Source) -> dict[str, Any]:
    """A source as plain data for another process."""
    match source:
        case Silence():
            return {"kind": "silence"}
        case Live(channel, channels):
            return {"kind": "live", "channel": channel, "channels": channels}
        case FileInput(path, loop, start):
            return {"kind": "file", "path": str(path), "loop": loop, "start": start}
        case FromSlot(slot):
            return {"kind": "slot", "slot": slot}
        case Treated(voice):
            return {"kind": "treated", "voice": voice}


def source_from_json(data: Mapping[str, Any]) -> Source:
    """The source that `source_to_json` wrote."""
    match data["kind"]:
        case "live":
            return Live(int(data["channel"]), int(data["channels"]))
        case "file":
            return FileInput(Path(data["path"]), bool(data["loop"]), float(data["start"]))
        case "slot":
            return FromSlot(int(data["slot"]))
        case "treated":
            return Treated(int(data["voice"]))
        case _:
            return Silence()


@dataclass(frozen=True)
class EngineOptions:
    """How to open the engine. Devices are names or numbers; None takes the system's default.

    There may be up to 16 inputs (0 for none), and from 2, the master, up to 16 outputs. The channels of the sound file
    `input_file`, played again and again, stand in for the inputs of the machine.
    """

    backend: Backend = "auto"
    rate: int = 48000
    block: int = 256
    input_device: str | None = None
    output_device: str | None = None
    input_channels: int = 2
    output_channels: int = 2
    input_file: str | None = None
    chunk: int | None = None
    threads: int = 1
    client_name: str = "livevae"


@dataclass(frozen=True)
class SlotInfo:
    """A stream through a model.

    `dims` latent dimensions at `frame_rate` Hz; `ratio` model samples a frame at `model_rate` Hz. `buffering` is the
    constant delay from input to output in samples of the server; `model_delay` that inside the model (None: unknown).
    """

    slot: int
    model: str
    dims: int
    frame_rate: float
    ratio: int
    model_rate: int
    buffering: int
    model_delay: int | None
    has_latents: bool = True

    @classmethod
    def of(cls, slot: int, info: ModelInfo, frame_rate: float, rate: int, buffering: int) -> SlotInfo:
        """What a slot of the model is, on a server at `rate` Hz."""
        model_rate = round(frame_rate * info.ratio)
        inside = info.delay_samples
        return cls(
            slot=slot,
            model=info.digest,
            dims=info.latent_size if "decode" in info.methods else 0,
            frame_rate=frame_rate,
            ratio=info.ratio,
            model_rate=model_rate,
            buffering=buffering,
            model_delay=None if inside is None else round(inside * rate / model_rate),
            has_latents=info.has_latents,
        )


@dataclass(frozen=True)
class Status:
    """The engine at one moment. Loads are fractions of real time; peaks are linear (1.0 is full scale).

    `peaks` are those of the master, which is outputs 1 and 2, `output_peaks` those of every output that is open.

    `late` counts chunks that came too late and `covered` the samples that were bridged for them; `skipped` chunks were
    given up by a hopelessly late model; `starved` samples a file did not deliver; `not_finite` chunks were muted.
    """

    clock: int = 0
    load_audio: float = 0.0
    load_inference: float = 0.0
    late: int = 0
    xruns: int = 0
    covered: int = 0
    skipped: int = 0
    starved: int = 0
    not_finite: int = 0
    peaks: tuple[float, float] = (0.0, 0.0)
    output_peaks: tuple[float, ...] = ()
    slot_peaks: tuple[float, ...] = ()
    recording: str | None = None
    backend: str = "silent"
    realtime: bool = False
    messages: tuple[str, ...] = field(default=())


EventKind = Literal["late", "nan", "error", "recorder", "died", "restarted", "device", "message", "mover", "effect"]


@dataclass(frozen=True)
class Event:
    """Something the engine has to tell; `slot` and `rack` are None where it concerns neither."""

    kind: EventKind
    message: str
    slot: int | None = None
    rack: int | None = None


class Engine(Protocol):
    """Sound. Times are samples at the server's rate since the engine started, frames count from the same moment."""

    on_event: Callable[[Event], None] | None

    @property
    def rate(self) -> int:
        """Samples a second of the server."""
        ...

    @property
    def block(self) -> int:
        """Samples the audio server computes at once."""
        ...

    @property
    def inputs(self) -> int:
        """Audio inputs that can be heard."""
        ...

    @property
    def outputs(self) -> int:
        """Audio outputs that are open."""
        ...

    def attach(self, fill: Fill) -> None:
        """Ask `fill` for the control rows from now on."""
        ...

    def refresh(self) -> None:
        """Something changed (a line, a knob): fill again from the next frame that is not consumed. Any thread."""
        ...

    def open_model(self, path: Path, *, rate: int | None = None, chunk: int | None = None) -> ModelInfo:
        """Open a model so that it is ready to sound when this returns. `rate` answers for files that say none."""
        ...

    def open_slot(self, slot: int, model: str, source: Source) -> SlotInfo:
        """Start a stream through the model with digest `model`; computing begins with the next chunk."""
        ...

    def set_source(self, slot: int, source: Source) -> None:
        """Feed the slot from elsewhere."""
        ...

    def close_slot(self, slot: int) -> None:
        """Stop a stream. Without a click only where its amplitude is 0 already."""
        ...

    def add_mover(self, slot: int, key: int, spec: MoverSpec) -> None:
        """Let the control rows of a slot name a mover by its key (see `frames`); known ones cost nothing.

        Raises LivevaeError, with nothing changed, where it does not fit the model or takes too long.
        """
        ...

    def reset(self, slot: int | None = None) -> None:
        """Forget what a stream (or every stream) still holds of earlier sound."""
        ...

    def panic(self) -> None:
        """Silence within milliseconds; every stream is reset and its amplitude held at 0 until it is filled anew."""
        ...

    def attach_ticks(self, fill: TickFill) -> None:
        """Ask `fill` for the rows that move effects from now on; see `effects.WIDTH`."""
        ...

    def set_chain(self, rack: int, generation: int, chain: Chain) -> int:
        """Build a chain of effects, to be heard from the first tick whose row begins with `generation`.

        Gives its latency in samples. An empty chain is none. Raises LivevaeError, with nothing changed, where it cannot
        be built; an error in a performer's function names its file and line.
        """
        ...

    def set_rack(self, slot: int, rack: int | None) -> None:
        """Let a slot sound through a rack; None is straight to the master."""
        ...

    def set_outputs(self, voice: int, outputs: tuple[int, ...], at: int) -> None:
        """Let a voice (counted from 0), with its effects, go to these outputs from sample `at` on.

        Outputs are counted from 0: two take left and right, one takes the mean of both. (0, 1) is the master, where
        every voice goes until this is called. Raises LivevaeError where there are no such outputs.
        """
        ...

    def hear(self, voice: int, source: Source) -> None:
        """What the effects on the input of a voice (counted from 0) treat; the slot then takes `Treated(voice)`."""
        ...

    def follow(self, sources: Sequence[int]) -> None:
        """Measure these and no others: audio inputs counted from 0, voices from `measuring.INPUTS` on."""
        ...

    def measured(self, source: int, since: int) -> tuple[int, Measured]:
        """How many rows were written of a source that was followed, and those from number `since` on."""
        ...

    def now(self) -> int:
        """The time at which the next block begins."""
        ...

    def consumed(self, slot: int) -> int:
        """The next latent frame of the slot that the engine will read."""
        ...

    def status(self) -> Status:
        """Clock, loads, counts and peaks."""
        ...

    def record(self, path: Path | None) -> None:
        """Write the master output to a WAV or FLAC file; None ends the recording."""
        ...

    def close(self) -> None:
        """Fade out and stop."""
        ...
