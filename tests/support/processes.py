"""The processes that this one started, found the way the system sees them."""

import os
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
