"""Starting the processes that make the sound, with the descriptors they share."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from livevae.engine.rpc import Caller, Message


@dataclass
class Child:
    """A started process, the connection to it, and its answer to being started (an event named `started`)."""

    process: subprocess.Popen[bytes]
    caller: Caller

    def end(self, timeout: float = 3.0) -> None:
        """Hang up and wait; kill what does not end."""
        self.caller.close()
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def spawn(
    role: str,
    shared_fd: int,
    options: dict[str, Any],
    *,
    fds: tuple[int, ...] = (),
    on_event: Callable[[Message], None],
    on_gone: Callable[[], None],
) -> Child:
    """Start `python -m livevae.engine ROLE` with the shared mapping and further descriptors."""
    ours, theirs = socket.socketpair()
    environment = dict(os.environ)
    # One thread for each model call unless the performer asks for more; idle OpenMP threads must not spin.
    environment.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    environment.setdefault("OPENBLAS_NUM_THREADS", "1")
    environment.setdefault("PYO_GUI_WX", "0")
    command = [sys.executable, "-m", "livevae.engine", role, str(theirs.fileno()), str(shared_fd), json.dumps(options)]
    process = subprocess.Popen(
        command,
        pass_fds=(theirs.fileno(), shared_fd, *fds),
        stdin=subprocess.DEVNULL,
        env=environment,
        start_new_session=True,
    )
    theirs.close()
    return Child(process, Caller(ours, on_event, on_gone))
