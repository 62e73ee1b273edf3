"""What audio this machine has, asked in a process of its own: `python -m livevae.commands.probe` prints JSON.

Audio libraries may print, hang or crash when they look for devices; whoever asks loses nothing by it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

PARTS = ("jack", "portaudio")
_TIMEOUT = 15.0


def probe(part: str) -> dict[str, Any]:
    """One of `PARTS`, found by a fresh process; `{"error": reason}` where that fails."""
    package = str(Path(__file__).resolve().parents[2])
    paths = os.pathsep.join(filter(None, [package, os.environ.get("PYTHONPATH", "")]))
    try:
        done = subprocess.run(
            [sys.executable, "-m", "livevae.commands.probe", part],
            capture_output=True,
            timeout=_TIMEOUT,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": paths},
        )
        found = json.loads(done.stdout.splitlines()[-1])
    except subprocess.TimeoutExpired:
        return {"error": f"no answer within {_TIMEOUT:.0f} s"}
    except (OSError, ValueError, IndexError):
        return {"error": "looking for devices failed"}
    return found if isinstance(found, dict) else {"error": "looking for devices failed"}


def jack() -> dict[str, Any]:
    """The JACK server that runs, if any: its rate, block and the ports of its sound card."""
    from livevae.engine.devices import find_jack

    server = find_jack()
    if server is None:
        return {"running": False}
    return {
        "running": True,
        "rate": server.rate,
        "block": server.block,
        "inputs": list(server.inputs),
        "outputs": list(server.outputs),
    }


def portaudio() -> dict[str, Any]:
    """The inputs and outputs that PortAudio sees, with the numbers by which they are chosen."""
    from livevae.engine.server import import_pyo

    pyo = import_pyo()
    inputs, outputs = pyo.pa_get_devices_infos()
    return {"inputs": _devices(inputs), "outputs": _devices(outputs)}


def _devices(found: dict[int, dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {"index": int(index), "name": str(facts["name"]), "rate": int(facts["default sr"])}
        for index, facts in sorted(found.items())
    ]


def main() -> int:
    """Print what the part named by the first argument is."""
    found = {"jack": jack, "portaudio": portaudio}[sys.argv[1]]()
    print(json.dumps(found), flush=True)
    # Some drivers hang or crash while their libraries are unloaded.
    os._exit(0)


if __name__ == "__main__":
    main()
