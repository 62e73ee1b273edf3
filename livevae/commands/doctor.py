"""`livevae doctor`: what audio, MIDI and scheduling this machine gives, measured on the real engine."""

from __future__ import annotations

import argparse
import json
import platform
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from livevae import __version__
from livevae.commands.arguments import add_audio, seconds
from livevae.commands.models import chosen

if TYPE_CHECKING:
    from livevae.engine.frames import Rows
    from livevae.engine.interface import EngineOptions

_QUIET = 0.001
"""-60 dB: the microphone goes through the model, but nothing feeds back."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--seconds", type=seconds, default=5.0, metavar="N", help="how long (default: %(default)g)")
    parser.add_argument("-m", "--model", type=Path, metavar="FILE", help="model file (.ts); the default model without")
    add_audio(parser)


def run(arguments: argparse.Namespace) -> int:
    from livevae.commands.devices import survey
    from livevae.commands.perform import options

    model = chosen(arguments.model)
    found = {**measured(options(arguments), model, arguments.seconds), "devices": survey()}
    print(json.dumps(found) if arguments.json else "\n".join(described(found)))
    return 0


def measured(options: EngineOptions, model: Path, lasts: float) -> dict[str, Any]:
    """Play one quiet voice of `model` on the live inputs for `lasts` seconds; gives what was seen, as plain data.

    Raises LivevaeError where the device or the model cannot be opened.
    """
    from livevae.engine.client import LiveEngine
    from livevae.engine.interface import Live, Silence
    from livevae.engine.realtime import advice

    engine = LiveEngine.start(options)
    try:
        info = engine.open_model(model)
        source = Live(1, max(1, info.in_channels)) if engine.inputs >= max(1, info.in_channels) else Silence()
        slot = engine.open_slot(0, info.digest, source)
        engine.attach(lambda number, first, frames: _quiet(slot.dims, frames))
        engine.refresh()
        before = engine.status()
        time.sleep(lasts)
        after = engine.status()
    finally:
        engine.close()
    inside = slot.model_delay
    return {
        "livevae": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "backend": after.backend,
        "message": " ".join(after.messages),
        "rate": engine.rate,
        "block": engine.block,
        "inputs": engine.inputs,
        "outputs": engine.outputs,
        "realtime": after.realtime,
        "advice": [] if after.realtime else [advice()],
        "model": info.name,
        "seconds": lasts,
        "xruns": after.xruns - before.xruns,
        "late": after.late - before.late,
        "load_audio": round(after.load_audio, 4),
        "load_inference": round(after.load_inference, 4),
        "buffering_samples": slot.buffering,
        "buffering_ms": round(1000 * slot.buffering / engine.rate, 2),
        "model_delay_samples": inside,
        "model_delay_ms": None if inside is None else round(1000 * inside / engine.rate, 2),
    }


def described(found: dict[str, Any]) -> list[str]:
    """What `measured` and `survey` found, for reading."""
    from livevae.commands import devices

    inside = "unknown" if found["model_delay_ms"] is None else _delay(found, "model_delay")
    sound = "no audio device: a silent clock" if found["backend"] == "silent" else found["backend"]
    rows = [
        ("livevae", f"{found['livevae']}, Python {found['python']}, {found['platform']}"),
        ("audio", f"{sound}, {found['rate']} Hz, {found['block']} samples a block"),
        ("channels", f"{found['inputs']} in, {found['outputs']} out"),
        ("real time", "granted" if found["realtime"] else "refused"),
        ("measured", f"one voice of model {found['model']} for {found['seconds']:g} s"),
        ("xruns", str(found["xruns"])),
        ("late chunks", str(found["late"])),
        ("load", f"audio {found['load_audio']:.1%}, inference {found['load_inference']:.1%}"),
        ("buffering", _delay(found, "buffering")),
        ("model delay", inside),
    ]
    lines = [f"{name:<12} {value}" for name, value in rows]
    lines += [f"note: {text}" for text in [found["message"], *found["advice"]] if text]
    return [*lines, *devices.described(found["devices"])]


def _delay(found: dict[str, Any], name: str) -> str:
    return f"{found[f'{name}_samples']} samples, {found[f'{name}_ms']:g} ms"


def _quiet(dims: int, frames: int) -> Rows:
    """The input as it is, hardly audible."""
    from livevae.engine.frames import columns, neutral

    rows, where = neutral(dims, frames), columns(dims)
    rows[:, where.gain] = 1.0
    rows[:, where.amp] = _QUIET
    return rows
