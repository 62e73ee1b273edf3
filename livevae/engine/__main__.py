"""`python -m livevae.engine ROLE CONNECTION SHARED OPTIONS`: a process that the performer's side starts.

ROLE is `engine` or `host`; the numbers are inherited file descriptors, OPTIONS is JSON.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys

from livevae.engine.interface import EngineOptions


def main() -> int:
    role, connection, shared, options = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), json.loads(sys.argv[4])
    # Ctrl-C at the prompt is the performer's; these processes end when their connection does.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if role == "engine":
        from livevae.engine.process import run

        return run(connection, shared, EngineOptions(**options))
    from livevae.engine.host_process import run as run_host

    return run_host(connection, shared, options)


if __name__ == "__main__":
    status = 1
    with contextlib.suppress(KeyboardInterrupt):
        status = main()
    sys.stdout.flush()
    # Audio libraries and torch may hang or crash in their own clean-up; there is nothing left to save here.
    os._exit(status)
