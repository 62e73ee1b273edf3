"""The processes that this one started, found the way the system sees them."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


def engine_children() -> dict[int, str]:
    """Process ids of the engine and the model hosts that this process started, with their role: engine or host."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            words = (entry / "cmdline").read_text().split("\0")
        except OSError:  # it ended meanwhile
            continue
        if parent == os.getpid() and "livevae.engine" in words:
            found[int(entry.name)] = words[words.index("livevae.engine") + 1]
    return found


@contextmanager
def crew(
    script: str, *arguments: str | Path, others: Mapping[str, str] | None = None, size: int = 2
) -> Iterator[list[subprocess.Popen[str]]]:
    """Processes that run a script as `torchrun --nproc-per-node SIZE` would start them; none outlives the context.

    `others` are added to their environment.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [sys.executable, "-W", "ignore", "-c", script, *map(str, arguments)]
    processes = []
    try:
        for rank in range(size):
            told = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": size}
            told |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
            environment = os.environ | {name: str(value) for name, value in told.items()} | dict(others or {})
            processes.append(
                subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            )
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.wait()
