"""The thread that keeps the control banks filled ahead of the engine."""

from __future__ import annotations

import contextlib
import os
import select
import threading
import time
from collections.abc import Callable, Mapping

from livevae.engine.controls import BankWriter, wants_more
from livevae.engine.frames import Rows
from livevae.engine.interface import Fill, SlotInfo
from livevae.engine.layout import CONSUMED, MAX_FRAMES, Shared

AHEAD = 1.0
"""Seconds of control frames written ahead, again when half of them are consumed: a performer's side that stalls for
half a second, as one long call at the prompt on a busy machine may make it, is not heard."""
AFTER_CHANGE = 0.5
"""Seconds written ahead when something changed, which may be with every movement of a knob."""
SHORTEST = 0.004
"""Seconds between two fills: a flood of knob movements costs no more than that."""


class Feeder:
    """Fills the banks of open slots when a host asks for more or something changed.

    `fd` is the writing end that hosts wake the feeder through.
    """

    def __init__(self, shared: Shared, slots: Callable[[], Mapping[int, SlotInfo]]) -> None:
        self._shared = shared
        self._slots = slots
        self._writer = BankWriter(shared)
        self._fill: Fill | None = None
        self._read, self.fd = os.pipe()
        os.set_blocking(self.fd, False)
        self._changed = False
        self._running = True
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="livevae-feeder", daemon=True)
        self._thread.start()

    def attach(self, fill: Fill) -> None:
        """Ask `fill` for rows from now on."""
        self._fill = fill
        self.refresh()

    def refresh(self) -> None:
        """Fill every slot again from its next frame. Cheap; any thread."""
        self._changed = True
        with contextlib.suppress(OSError):
            os.write(self.fd, b"r")

    def feed(self, slot: int, info: SlotInfo, ahead: float = AHEAD) -> None:
        """Fill one slot for `ahead` seconds now, in the caller's thread."""
        fill = self._fill
        if fill is None:
            return
        with self._lock:
            chunk = 1 + int(0.1 * info.frame_rate)
            count = min(MAX_FRAMES, int(ahead * info.frame_rate) + chunk)
            first = int(self._shared.slot_words[slot, CONSUMED])
            rows: Rows = fill(slot, first, count)
            self._writer.write(slot, first, rows, first + count // 2)

    def close(self) -> None:
        """End the thread."""
        self._running = False
        self.refresh()
        self._thread.join(2.0)

    def _run(self) -> None:
        while self._running:
            ready, _, _ = select.select([self._read], [], [], 1.0)
            if ready:
                os.read(self._read, 4096)
            changed, self._changed = self._changed, False
            for slot, info in list(self._slots().items()):
                if changed or wants_more(self._shared, slot):
                    self.feed(slot, info, AFTER_CHANGE if changed else AHEAD)
            if changed:
                time.sleep(SHORTEST)
