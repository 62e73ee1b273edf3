"""`livevae devices`: the audio devices and MIDI ports of this machine."""

from __future__ import annotations

import argparse
import json
from typing import Any

_MIDI_SECONDS = 5.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    found = survey()
    print(json.dumps(found) if arguments.json else "\n".join(described(found)))
    return 0


def survey() -> dict[str, Any]:
    """`jack`, `portaudio` and `midi`, each as plain data; what cannot be asked holds an `error`."""
    from livevae.commands.probe import PARTS, probe

    return {**{part: probe(part) for part in PARTS}, "midi": midi()}


def midi() -> dict[str, Any]:
    """The MIDI inputs that are open to livevae, its outputs, and what is wrong with MIDI, if anything is."""
    from livevae.control.midi import Midi

    with Midi() as inputs:
        if not inputs.wait(_MIDI_SECONDS):
            return {"ports": [], "error": f"no answer within {_MIDI_SECONDS:.0f} s"}
        return {"ports": list(inputs.ports), "outputs": list(inputs.outputs), "error": inputs.problem}


def described(found: dict[str, Any]) -> list[str]:
    """What `survey` found, for reading."""
    return [*_jack(found["jack"]), *_portaudio(found["portaudio"]), *_midi(found["midi"])]


def _jack(found: dict[str, Any]) -> list[str]:
    if "error" in found:
        return [f"JACK: {found['error']}"]
    if not found["running"]:
        return ["JACK: no server is running"]
    heading = f"JACK: running at {found['rate']} Hz, {found['block']} samples a block"
    return [heading, *(f"  in   {name}" for name in found["inputs"]), *(f"  out  {name}" for name in found["outputs"])]


def _portaudio(found: dict[str, Any]) -> list[str]:
    if "error" in found:
        return [f"PortAudio: {found['error']}"]
    lines = [
        f"  {kind:<4} {device['index']}: {device['name']}, {device['rate']} Hz"
        for kind, devices in (("in", found["inputs"]), ("out", found["outputs"]))
        for device in devices
    ]
    return ["PortAudio:", *lines] if lines else ["PortAudio: no devices"]


def _midi(found: dict[str, Any]) -> list[str]:
    heading = "MIDI:" if found["ports"] else "MIDI: no ports"
    if found["error"]:
        heading = f"MIDI: {found['error']}"
    outputs = (f"  out  {name}" for name in found.get("outputs", []))
    return [heading, *(f"  in   {name}" for name in found["ports"]), *outputs]
