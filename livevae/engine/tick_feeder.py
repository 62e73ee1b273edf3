"""The thread that keeps the rows of moving effects written ahead of the engine."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from livevae.engine.effects import TICK, TickFill
from livevae.engine.lanes import LaneWriter
from livevae.engine.layout import MAX_TICKS, Shared

AHEAD = 1.0
"""Seconds of ticks that are written ahead."""
AT_ONCE = 0.15
"""Seconds of them that are found first when something changed."""
SHORTEST = 0.008
"""Seconds between two changes that are heeded."""


class TickFeeder:
    """Writes the rows of racks that hold a chain. Its thread begins with the first of them."""

    def __init__(self, shared: Shared, rate: Callable[[], int]) -> None:
        self._rate = rate
        self._writer = LaneWriter(shared)
        self._fill: TickFill | None = None
        self._racks: frozenset[int] = frozenset()
        self._wake = threading.Event()
        self._changed = False
        self._running = True
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def attach(self, fill: TickFill) -> None:
        """Ask `fill` for rows from now on."""
        self._fill = fill
        self.refresh()

    def add(self, rack: int) -> None:
        """Keep the rows of a rack written from now on."""
        self._racks = self._racks | {rack}
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="livevae-ticks", daemon=True)
            self._thread.start()
        self.refresh()

    def refresh(self) -> None:
        """Something changed: write anew from the next tick on. Cheap; any thread."""
        self._changed = True
        self._wake.set()

    def close(self) -> None:
        """End the thread."""
        self._running = False
        self._wake.set()
        if self._thread is not None:
            self._thread.join(2.0)

    def _run(self) -> None:
        while self._running:
            self._wake.wait(AHEAD / 4)
            self._wake.clear()
            changed, self._changed = self._changed, False
            if changed:
                for rack in self._racks:
                    self._write(rack, AT_ONCE)
            for rack in self._racks:
                if changed or self._writer.left(rack) < AHEAD / 2 * self._rate() / TICK:
                    self._write(rack, AHEAD)
            if changed:
                time.sleep(SHORTEST)

    def _write(self, rack: int, seconds: float) -> None:
        if self._fill is None:
            return
        with self._lock:
            first = self._writer.next()
            count = min(MAX_TICKS, int(seconds * self._rate() / TICK) + 1)
            self._writer.write(rack, first, self._fill(rack, first, count))
