"""The thread that keeps the control banks filled ahead of the engine."""

from __future__ import annotations

import contextlib
import os
import select
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from livevae.engine.controls import BankWriter, wants_more
from livevae.engine.frames import Rows, branches, joined, trimmed, widened
from livevae.engine.interface import Fill, SlotInfo
from livevae.engine.layout import CONSUMED, MAX_FRAMES, Shared

AHEAD = 1.0
"""Seconds of control frames written ahead, again when half of them are consumed: a performer's side that stalls for
half a second, as one long call at the prompt on a busy machine may make it, is not heard."""
AFTER_CHANGE = 0.5
"""Seconds found anew when something changed, which may be with every movement of a knob."""
AT_ONCE = 0.12
"""Seconds of them that are found first, for every slot, so that what changed is heard soon in all."""
BACK = 0.1
"""Seconds of frames that were read already and are compared with what they should have been."""
SHORTEST = 0.004
"""Seconds between two fills: a flood of knob movements costs no more than that."""
FORGETTING = 0.98
"""How much of the worst of late remains with every change."""
PIECE_SECONDS = 0.04
"""Time that finding frames may take before it is another slot's turn: one dear pattern does not starve the others."""


@dataclass
class _Run:
    """What was written for a slot: rows from frame `first` on, of which those from `fresh` on are out of date."""

    first: int
    rows: Rows
    fresh: int
    cost: float = 0.0
    """Seconds a frame."""

    @property
    def end(self) -> int:
        return self.first + len(self.rows)


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
        self._asked: float | None = None
        self.lag = 0.0
        """Seconds from a change to its frames being written, at the worst of late."""
        self._running = True
        self._lock = threading.Lock()
        self._runs: dict[int, _Run] = {}
        self._wanted: dict[int, float] = {}
        self.on_late: Callable[[int, list[int], Rows], None] | None = None
        """Told, by slot, of frames that were read before they could be changed, and of what was read (n, width)."""
        self._thread = threading.Thread(target=self._run, name="livevae-feeder", daemon=True)
        self._thread.start()

    def attach(self, fill: Fill) -> None:
        """Ask `fill` for rows from now on."""
        self._fill = fill
        self.refresh()

    def refresh(self) -> None:
        """Fill every slot again from its next frame. Cheap; any thread."""
        if self._asked is None:
            self._asked = time.perf_counter()
        self._changed = True
        with contextlib.suppress(OSError):
            os.write(self.fd, b"r")

    def feed(self, slot: int, info: SlotInfo, ahead: float = AHEAD) -> None:
        """Fill one slot for `ahead` seconds now, in the caller's thread; what was written for later stays."""
        fill = self._fill
        if fill is None:
            return
        with self._lock:
            old = self._runs.get(slot)
            first = int(self._shared.slot_words[slot, CONSUMED])
            # What changed may have been meant for frames that were read in the meantime: they are found once more.
            back = first if old is None else min(max(first - int(BACK * info.frame_rate), old.first), first)
            count = min(MAX_FRAMES, first - back + int(ahead * info.frame_rate) + self._chunk(info))
            found, cost = self._found(fill, slot, back, count)
            fresh = back + len(found)
            if old is not None and _alike(info, old.rows, found):
                # As wide as what was written for the same frames, so that they can be compared.
                found = widened(found, trimmed(info.dims, old.rows[max(0, back - old.first) :]).shape[1])
                if old.first <= fresh < old.end:
                    found = joined([found, trimmed(info.dims, old.rows[fresh - old.first :])])[:MAX_FRAMES]
            self._publish(slot, _Run(back, found, fresh, cost), old)

    def forget(self, slot: int) -> None:
        """A new stream begins in this slot: nothing that was written for an earlier one counts."""
        with self._lock:
            self._runs.pop(slot, None)

    def _extend(self, slot: int, info: SlotInfo, ahead: float) -> None:
        """Find a piece more of what is missing until there are `ahead` seconds."""
        fill, old = self._fill, self._runs.get(slot)
        if fill is None or old is None:
            return
        with self._lock:
            first = int(self._shared.slot_words[slot, CONSUMED])
            begin = max(old.first, min(first - int(BACK * info.frame_rate), old.fresh))
            if first > old.fresh:
                # It was too late even for what is read now: begin anew there.
                begin, old = first, _Run(first, old.rows[:0], first, old.cost)
            most = min(first + int(ahead * info.frame_rate) + self._chunk(info), begin + MAX_FRAMES) - old.fresh
            count = min(most, max(1, int(PIECE_SECONDS / old.cost)) if old.cost > 0.0 else most)
            if count <= 0:
                return
            found, cost = self._found(fill, slot, old.fresh, count)
            kept, later = old.rows[begin - old.first : old.fresh - old.first], old.rows[old.fresh + count - old.first :]
            rows = widened(joined([part for part in (kept, found, later) if len(part)]), old.rows.shape[1])[:MAX_FRAMES]
            self._publish(slot, _Run(begin, rows, old.fresh + count, cost), old)

    def _lacks(self, slot: int, info: SlotInfo, ahead: float) -> float:
        """Seconds that are missing until there are `ahead` seconds; 0 or less where nothing is."""
        run = self._runs.get(slot)
        if run is None:
            return 0.0
        first = int(self._shared.slot_words[slot, CONSUMED])
        begin = max(run.first, min(first - int(BACK * info.frame_rate), run.fresh))
        wanted = min(first + int(ahead * info.frame_rate), begin + MAX_FRAMES)
        return (wanted - run.fresh) / info.frame_rate

    @staticmethod
    def _chunk(info: SlotInfo) -> int:
        return 1 + int(0.1 * info.frame_rate)

    def _found(self, fill: Fill, slot: int, first: int, count: int) -> tuple[Rows, float]:
        begun = time.perf_counter()
        rows = fill(slot, first, count)
        return rows, (time.perf_counter() - begun) / count

    def _publish(self, slot: int, run: _Run, old: _Run | None) -> None:
        first = int(self._shared.slot_words[slot, CONSUMED])
        read = self._writer.write(slot, run.first, run.rows, first + max(1, (run.end - first) // 2))
        self._runs[slot] = run
        if old is not None:
            self._compare(slot, run.first, run.rows[: max(0, read - run.first)], old.first, old.rows)

    def _compare(self, slot: int, first: int, rows: Rows, old_first: int, old: Rows) -> None:
        """Tell of frames that are to be other ones than those that were read already."""
        if self.on_late is None or not len(rows) or not len(old) or old.shape[1] > rows.shape[1]:
            return
        read = widened(old, rows.shape[1])[np.clip(np.arange(first, first + len(rows)) - old_first, 0, len(old) - 1)]
        late = np.flatnonzero((read != rows).any(axis=1))
        if len(late):
            self.on_late(slot, [int(first + at) for at in late], read[late])
            # They are known now as what they were; the next comparison must find the same.
            rows[late] = read[late]

    def close(self) -> None:
        """End the thread."""
        self._running = False
        self.refresh()
        self._thread.join(2.0)

    def _run(self) -> None:
        lacking = False
        while self._running:
            ready, _, _ = select.select([self._read], [], [], 0.0 if lacking else 1.0)
            if ready:
                os.read(self._read, 4096)
            slots = dict(self._slots())
            changed, self._changed = self._changed, False
            asked, self._asked = self._asked, None
            if changed:
                for slot, info in slots.items():
                    self.feed(slot, info, AT_ONCE)
                    self._wanted[slot] = max(AFTER_CHANGE, self._wanted.get(slot, 0.0))
                if asked is not None and slots:
                    self.lag = max(time.perf_counter() - asked, self.lag * FORGETTING)
                time.sleep(SHORTEST)
            for slot in slots:
                if wants_more(self._shared, slot):
                    self._wanted[slot] = AHEAD
            lacking = self._go_on(slots)

    def _go_on(self, slots: Mapping[int, SlotInfo]) -> bool:
        """Find a piece for the slot that has least; False where all have enough."""
        lacks: dict[int, float] = {}
        for slot, info in slots.items():
            if slot not in self._runs:
                self.feed(slot, info)
            lacks[slot] = self._lacks(slot, info, self._wanted.get(slot, 0.0))
            if lacks[slot] <= 0.0:
                self._wanted.pop(slot, None)
        most = max(lacks, key=lacks.__getitem__, default=None)
        if most is None or lacks[most] <= 0.0:
            return False
        self._extend(most, slots[most], self._wanted[most])
        return True


def _alike(info: SlotInfo, *rows: Rows) -> bool:
    """Are all of them rows for this stream, and none of what was in its slot before?"""
    return all(branches(info.dims, each.shape[1]) is not None for each in rows)
