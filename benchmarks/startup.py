"""From `livevae` to the prompt, and on to a default model that is ready to sound.

    python -m benchmarks.startup [--runs 3] [--audio silent]

Starts the command on a terminal of its own, again and again, and reads what it writes. `prompt` is when the prompt
stands with its toolbar, `model` when the default model is open, as a line that was typed at once says. The same runs
time `python -c "import torch"`, which says how fast the machine is just then. Goals: 4 s, and 2 s more.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

import pexpect

# Typed as soon as there is a prompt: opens the default model, or waits until whoever does so already has done it.
_LINE = "performance.prepare(); print('model', 'is', 'open')"
_READY = "model is open"
_TOOLBAR = " bpm "
"""Drawn after the prompt itself."""
_WHERE_IS_THE_CURSOR = "\x1b\\[6n"


def torch_seconds() -> float:
    """How long a fresh process takes to import torch."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import torch"], check=True)
    return time.perf_counter() - began


def start(audio: str) -> tuple[float, float]:
    """Seconds until the prompt, and until the model is ready, of one start."""
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "TERM": "xterm", "HOME": home, "XDG_CACHE_HOME": home, "XDG_STATE_HOME": home}
        began = time.perf_counter()
        session = pexpect.spawn(
            sys.executable,
            ["-m", "livevae", "--audio", audio],
            env=environment,
            dimensions=(40, 120),
            encoding="utf-8",
            timeout=60,
        )
        try:
            _expect(session, _TOOLBAR)
            prompt = time.perf_counter() - began
            session.send(_LINE + "\r")
            _expect(session, _READY)
            ready = time.perf_counter() - began
            _expect(session, _TOOLBAR)
            session.sendcontrol("d")
            session.expect(pexpect.EOF)
        finally:
            session.close(force=True)
    return prompt, ready


def _expect(session: pexpect.spawn, text: str) -> None:
    """Read on until `text`, and say where the cursor is, as real terminals do."""
    while session.expect([_WHERE_IS_THE_CURSOR, text]) == 0:
        session.send("\x1b[1;1R")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--audio", default="silent", help="backend; `jack` needs a running server")
    arguments = parser.parse_args()
    start(arguments.audio)  # a warm disk
    found = [(*start(arguments.audio), torch_seconds()) for _ in range(arguments.runs)]
    prompt, ready, torch = (statistics.median(column) for column in zip(*found, strict=True))
    print(
        json.dumps(
            {
                "prompt_seconds": round(prompt, 2),
                "model_seconds": round(ready, 2),
                "import_torch_seconds": round(torch, 2),
                "prompt_over_import_torch": round(prompt / torch, 2),
                "model_over_import_torch": round(ready / torch, 2),
                "goals": {"prompt_seconds": 4.0, "model_seconds": 6.0},
                "runs": [[round(value, 2) for value in run] for run in found],
            }
        ),
        flush=True,
    )


if __name__ == "__main__":
    main()
