"""How long the machine itself does not run what is due: a process for each CPU, of the highest real-time priority, that
only sleeps. On a virtual machine whose host is busy it wakes late, and then nothing at all can be in time there.

Run as a script by `Stalls`.
"""

import gc
import json
import os
import subprocess
import sys
import time
from types import TracebackType
from typing import Self

PERIOD = 0.002


class Stalls:
    """Watches while the context lasts; `found` then holds (time.monotonic, seconds late) of every late wake-up.

    `granted` is False where the system gives no real-time priority: the figures then say nothing.
    """

    def __init__(self, longer_than: float) -> None:
        self.found: list[tuple[float, float]] = []
        self.granted = True
        self._longer_than = longer_than
        self._watchers: list[subprocess.Popen[str]] = []

    def __enter__(self) -> Self:
        for cpu in sorted(os.sched_getaffinity(0)):
            watcher = subprocess.Popen(
                [sys.executable, __file__, str(cpu), str(self._longer_than)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
            self._watchers.append(watcher)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for watcher in self._watchers:
            out, _ = watcher.communicate("")
            answer = json.loads(out)
            self.granted = self.granted and answer["granted"]
            self.found += [(at, late) for at, late in answer["late"]]
        self.found.sort()


def main() -> None:
    import threading

    ended = threading.Event()

    def wait() -> None:
        sys.stdin.read()
        ended.set()

    threading.Thread(target=wait, daemon=True).start()
    os.sched_setaffinity(0, {int(sys.argv[1])})
    limit = float(sys.argv[2])
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(99))
        granted = True
    except PermissionError:
        granted = False
    gc.disable()
    late = []
    before = time.monotonic()
    while not ended.is_set():
        time.sleep(PERIOD)
        now = time.monotonic()
        if now - before - PERIOD > limit:
            late.append((now, now - before - PERIOD))
        before = now
    print(json.dumps({"granted": granted, "late": late}), flush=True)


if __name__ == "__main__":
    main()
