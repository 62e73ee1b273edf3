"""A live engine in virtual time: rows are found ahead, written a little later, and read block by block."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from livevae.engine.frames import Rows, neutral, widened
from livevae.engine.interface import SlotInfo, Source
from support.doubles import RATE, RATIO, RecordingEngine

BACK = 10
"""Frames that were read already and are compared with what they should have been."""
AHEAD = 60
"""Frames that are filled at once."""


class VirtualEngine(RecordingEngine):
    """What `LiveEngine` does to control rows, without processes: each change is written `latency` samples later.

    `jitter` varies that, and a change that comes meanwhile waits for the one before. Frames are read from what was
    written last, when the clock has come to their end.
    """

    def __init__(self, latency: int = 60, jitter: int = 40, block: int = 256, **options: int) -> None:
        super().__init__(**options)
        self.block = block
        self.lag = (2 * (latency + jitter) + block) / RATE
        self._latency, self._jitter = latency, jitter
        self._random = np.random.default_rng(1)
        self._due: int | None = None
        self._again = False
        self._banks: dict[int, tuple[int, Rows]] = {}
        self.held = 0
        self._late: Callable[[int, list[int], Rows], None] | None = None

    def tell_late(self, listener: Callable[[int, list[int], Rows], None]) -> None:
        self._late = listener

    def refresh(self) -> None:
        if self._due is None:
            self._due = self.time + self._latency + int(self._random.integers(0, self._jitter + 1))
        else:
            self._again = True

    def open_slot(self, slot: int, model: str, source: Source) -> SlotInfo:
        info = super().open_slot(slot, model, source)
        self._banks[slot] = (self.consumed(slot), neutral(info.dims, AHEAD))
        return info

    def advance(self, seconds: float, chunk: int = 5) -> None:
        """Move the clock on, a block at a time."""
        end = self.time + round(seconds * RATE)
        while self.time < end:
            self.time += self.block
            if self._due is not None and self._due <= self.time:
                self._write()
                self._due = None
                if self._again:
                    self._again = False
                    self.refresh()
            for slot, opened in list(self.slots.items()):
                first = self.consumed(slot)
                count = self.time // RATIO - first
                if count > 0:
                    opened.rows.append(self._read(slot, first, count))

    def _write(self) -> None:
        assert self._fill is not None
        for slot in list(self.slots):
            first, (old_first, old) = self.consumed(slot), self._banks[slot]
            back = max(first - BACK, old_first)
            rows = self._fill(slot, back, first - back + AHEAD).copy()
            widest = max(old.shape[1], rows.shape[1])
            old, rows = widened(old, widest), widened(rows, widest)
            read = old[np.clip(np.arange(back, first) - old_first, 0, len(old) - 1)]
            late = np.flatnonzero((read != rows[: first - back]).any(axis=1))
            if len(late) and self._late is not None:
                self._late(slot, [int(back + at) for at in late], read[late])
                rows[late] = read[late]
            self._banks[slot] = (back, rows)

    def _read(self, slot: int, first: int, count: int) -> Rows:
        start, rows = self._banks[slot]
        if first + count - start > len(rows) // 2:
            self.refresh()
        at = np.arange(first, first + count) - start
        self.held += int((at >= len(rows)).sum())
        return rows[np.clip(at, 0, len(rows) - 1)]
