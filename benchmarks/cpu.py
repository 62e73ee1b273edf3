"""What a live voice costs beside its model, and what an engine costs in which nothing plays.

    python -m benchmarks.cpu [--seconds 10] [--model FILE] [--block 256] [--backend jack]

Processor seconds for each second of sound, of all processes of livevae together (the performer's side, the engine, the
model's host and the spare one), over those of a process that only calls `encode` and `decode` of the file as
`torch.jit.load` gives it, on the same chunks, at the same pace (`bare`) and as fast as it can (`bare_unpaced`).
Goals: a ratio of at most 1.15 to the paced loop, and an idle engine under 0.03 of a core.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from livevae.engine.client import LiveEngine
from livevae.engine.interface import EngineOptions, Live
from livevae.resources import default_model
from support.jackserver import jack_server
from support.processes import engine_children
from support.signals import filler, through

TICKS = os.sysconf("SC_CLK_TCK")


def family() -> dict[int, str]:
    """This process and its children, by process id, with what they are."""
    return {os.getpid(): "performer", **engine_children()}


def spent(pid: int) -> float:
    """Processor seconds of a process, all threads, so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def shares(seconds: float) -> dict[str, float]:
    """Processor seconds a second while `seconds` pass, by kind of process."""
    before = {pid: spent(pid) for pid in family()}
    began = time.monotonic()
    time.sleep(seconds)
    took = time.monotonic() - began
    found: dict[str, float] = {}
    for pid, kind in family().items():
        found[kind] = found.get(kind, 0.0) + (spent(pid) - before.get(pid, 0.0)) / took
    return {kind: round(share, 5) for kind, share in found.items()}


_BARE = """
import json, sys, time
import torch
path, chunk, rate, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4])
torch.set_num_threads(1)
torch.set_flush_denormal(True)
model = torch.jit.load(path).eval()
found = []
with torch.inference_mode():
    x = torch.randn(1, 1, chunk) * 0.1
    for _ in range(30):
        model.decode(model.encode(x))
    for paced in (True, False):
        due = time.monotonic()
        count = int(seconds * rate / chunk)
        began = time.process_time()
        for _ in range(count):
            model.decode(model.encode(x))
            due += chunk / rate
            if paced:
                time.sleep(max(0.0, due - time.monotonic()))
        found.append((time.process_time() - began) * rate / (count * chunk))
print(json.dumps(found))
"""


def bare(model: Path, chunk: int, rate: int, seconds: float) -> tuple[float, float]:
    """Processor seconds for a second of sound of the plain loop: (paced, as fast as it can)."""
    arguments = [str(model), str(chunk), str(rate), str(seconds)]
    environment = {**os.environ, "OMP_WAIT_POLICY": "PASSIVE"}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _BARE, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    paced, unpaced = json.loads(done.stdout)
    return paced, unpaced


def measure(path: Path, seconds: float, options: EngineOptions) -> dict[str, Any]:
    """All the figures for one model."""
    engine = LiveEngine.start(options)
    try:
        time.sleep(3.0)  # the spare host is still importing torch
        idle = shares(seconds)
        model = engine.open_model(path)
        time.sleep(3.0)
        opened = shares(seconds)
        first = bare(path, model.ratio, model.sample_rate or engine.rate, seconds / 2)
        engine.attach(filler({0: through(model.latent_size)}))
        engine.open_slot(0, model.digest, Live(1))
        time.sleep(1.0)
        before = engine.status()
        voice = shares(seconds)
        after = engine.status()
        engine.close_slot(0)
        second = bare(path, model.ratio, model.sample_rate or engine.rate, seconds / 2)
    finally:
        engine.close()
    paced, unpaced = ((a + b) / 2 for a, b in zip(first, second, strict=True))
    total = sum(voice.values())
    return {
        "model": path.name,
        "chunk": model.ratio,
        "backend": after.backend,
        "ratio": round(total / paced, 3),
        "ratio_unpaced": round(total / unpaced, 3),
        "ratio_goal": 1.15,
        "voice": voice,
        "bare": [round(each[0], 5) for each in (first, second)],
        "bare_unpaced": [round(each[1], 5) for each in (first, second)],
        "idle": round(sum(idle.values()), 5),
        "idle_goal": 0.03,
        "idle_by_process": idle,
        "model_open_and_silent": opened,
        "late": after.late - before.late,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10.0, help="length of each measurement")
    parser.add_argument("--model", type=Path, default=None, help="a .ts file; the default model without")
    parser.add_argument("--block", type=int, default=256)
    parser.add_argument("--backend", choices=("jack", "silent"), default="jack")
    arguments = parser.parse_args()
    with ExitStack() as stack:
        if arguments.backend == "jack":
            stack.enter_context(jack_server("livevae-cpu", arguments.block))
        options = EngineOptions(backend=arguments.backend, block=arguments.block, client_name="cpu")
        print(json.dumps(measure(arguments.model or default_model(), arguments.seconds, options)), flush=True)


if __name__ == "__main__":
    main()
