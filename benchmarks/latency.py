"""The delay of a live voice, measured with impulses through an identity model, for several chunks and blocks.

    python -m benchmarks.latency [--seconds 4] [--blocks 64 256 1024] [--chunks 256 1024 2048]

A JACK client plays impulses into livevae; another one records them as they were sent and as they come back. Player,
livevae and recorder are a chain without a loop, so JACK runs them in this order within one cycle: what the player sends
reaches the recorder directly at a delay of 0, which the first recorded channel shows, and all that the second channel
is later is livevae's. The voice is heard twice, once wet and once as bypass (`mix` 0): both must be equally late.
A block that JACK drops takes time away from what is on its way, so a run with xruns or late chunks is made again, up to
three times.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livevae.engine.client import LiveEngine
from livevae.engine.interface import EngineOptions, Live
from support.jackprobe import Probe
from support.jackserver import jack_server
from support.signals import RATE, filler, identity_file, through

TRIES = 3


def measured(audio: NDArray[np.float32], level: float) -> list[int]:
    """How many samples each impulse in row 1 is later than in row 0; empty where one is missing."""
    sent, back = (np.flatnonzero(np.abs(np.nan_to_num(row)) > level / 2) for row in audio)
    # The last ones may have been cut off on their way.
    return [int(delay) for delay in back - sent[: len(back)]] if 0 < len(back) <= len(sent) else []


def one(chunk: int, block: int, seconds: float, folder: Path) -> dict[str, Any]:
    """The delays of a voice through the identity of ratio `chunk`."""
    # One impulse at a time is on its way, at no multiple of block or chunk.
    distance = 3 * chunk + 4 * block + 1237
    send = np.zeros(int(seconds * RATE), np.float32)
    send[distance :: distance + 1] = 0.5
    engine = LiveEngine.start(EngineOptions(backend="jack", block=block, client_name="latency"))
    found: dict[str, list[int]] = {}
    xruns = 0
    try:
        model = engine.open_model(identity_file(folder, chunk))
        for name, rows in (("wet", through(chunk)), ("bypass", through(chunk, mix=0.0))):
            engine.attach(filler({0: rows}))
            info = engine.open_slot(0, model.digest, Live(1))
            time.sleep(0.5)
            with Probe(folder, ["self", "latency:output_1"], send, ["latency:input_1"]) as probe:
                time.sleep(seconds + 0.3)
                heard = probe.stop()
            found[name] = measured(heard.audio, 0.5)
            xruns = max(xruns + heard.xruns, engine.status().xruns)
            engine.close_slot(0)
        late = engine.status().late
    finally:
        engine.close()
    return {
        "chunk": chunk,
        "block": block,
        "measured": sorted(set(found["wet"])),
        "bypass": sorted(set(found["bypass"])),
        "impulses": len(found["wet"]),
        "predicted": info.buffering,
        "goal": chunk + 2 * block,
        "late": late,
        "xruns": xruns,
        "constant": len(set(found["wet"])) == 1,
    }


def steady(chunk: int, block: int, seconds: float, folder: Path) -> dict[str, Any]:
    """`one`, again where the machine interfered."""
    for attempt in range(1, TRIES + 1):
        run = one(chunk, block, seconds, folder) | {"tries": attempt}
        if not run["late"] and not run["xruns"]:
            break
    return run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=4.0, help="length of each run")
    parser.add_argument("--blocks", type=int, nargs="+", default=[64, 256, 1024])
    parser.add_argument("--chunks", type=int, nargs="+", default=[256, 1024, 2048])
    arguments = parser.parse_args()
    runs = []
    for block in arguments.blocks:
        with tempfile.TemporaryDirectory() as folder, jack_server("livevae-latency", block):
            runs += [steady(chunk, block, arguments.seconds, Path(folder)) for chunk in arguments.chunks]
    reached = all(
        run["measured"] == run["bypass"] == [run["predicted"]] and run["predicted"] <= run["goal"] for run in runs
    )
    print(json.dumps({"rate": RATE, "reached": reached, "runs": runs}), flush=True)


if __name__ == "__main__":
    main()
