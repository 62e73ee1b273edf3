"""The `livevae` command as other programs see it."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RATE = 48000

Run = Callable[..., subprocess.CompletedProcess[str]]


def environment(folder: Path) -> dict[str, str]:
    """The environment of a command whose caches, state and history are kept in `folder`."""
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "XDG_CACHE_HOME": str(folder / "cache"),
        "XDG_DATA_HOME": str(folder / "data"),
        "XDG_STATE_HOME": str(folder / "state"),
    }


def runner(folder: Path) -> Run:
    """A function that runs `livevae` with arguments and gives what it did; `script` is its standard input."""

    def run(*arguments: str | Path, script: str = "") -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "livevae", *map(str, arguments)]
        return subprocess.run(
            command, input=script, capture_output=True, text=True, timeout=120, env=environment(folder)
        )

    return run
