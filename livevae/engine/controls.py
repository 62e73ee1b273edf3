"""Control rows across processes: two banks a slot, the newer one published by a sequence number.

The performer's side writes a whole run of future frames into the bank that is not current and then raises the slot's
sequence. The model host copies what it consumes and looks at the sequence again, so it never uses a torn run.
"""

from __future__ import annotations

from typing import Final, Protocol

import numpy as np

from livevae.engine.frames import Rows, branches, columns, neutral
from livevae.engine.layout import (
    BANK_WORDS,
    CONSUMED,
    MAX_FRAMES,
    MUTED_UNTIL,
    SEQUENCE,
    USED,
    Shared,
    fence,
)

ATTEMPTS: Final = 8
"""Copies tried before the last row is held instead: the writer publishes at most one run in a few milliseconds."""


class Controls(Protocol):
    """Where a model host reads the control rows of the frames it is about to compute."""

    def read(self, slot: int, first: int, count: int, dims: int) -> Rows:
        """Rows of frames `first .. first + count`, `(count, 2 * dims + 4)` and branches; never raises or blocks."""
        ...


class BankWriter:
    """The performer's side of a slot's control banks."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared

    def write(self, slot: int, first: int, rows: Rows, wake_at: int) -> int:
        """Publish rows for frames from `first` on; the reader asks for more once it has consumed frame `wake_at`.

        Gives the first frame that was not read before.
        """
        rows = rows[: min(MAX_FRAMES, self._shared.banks.shape[2] // rows.shape[1])]
        words = self._shared.slot_words[slot]
        sequence = int(words[SEQUENCE]) + 1
        bank = sequence & 1
        at = BANK_WORDS + 4 * bank
        count, columns_ = rows.shape
        self._shared.banks[slot, bank, : count * columns_] = rows.reshape(-1)
        words[at : at + 4] = (first, count, wake_at, columns_)
        fence()
        before = int(words[CONSUMED])
        words[SEQUENCE] = sequence
        fence()
        after = int(words[CONSUMED])
        return before if words[USED] == sequence else after


class BankReader:
    """The model host's side: newest rows, the last one held where there is none."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._last: dict[int, Rows] = {}

    def forget(self, slot: int) -> None:
        """Hold nothing of an earlier stream in this slot: it is muted until rows are written anew."""
        self._last.pop(slot, None)
        words = self._shared.slot_words[slot]
        words[MUTED_UNTIL] = words[SEQUENCE]

    def read(self, slot: int, first: int, count: int, dims: int) -> Rows:
        words = self._shared.slot_words[slot]
        for _ in range(ATTEMPTS):
            sequence = int(words[SEQUENCE])
            fence()
            rows = self._copy(slot, sequence, first, count, dims)
            fence()
            # One run later the writer may already be at work on the bank that was copied.
            if int(words[SEQUENCE]) == sequence:
                break
        else:
            rows = self._held(slot, dims, count)
        if sequence <= words[MUTED_UNTIL]:
            rows[:, columns(dims).amp] = 0.0
        self._last[slot] = rows[-1:].copy()
        words[USED] = sequence
        words[CONSUMED] = first + count
        return rows

    def _copy(self, slot: int, sequence: int, first: int, count: int, dims: int) -> Rows:
        words = self._shared.slot_words[slot]
        bank = sequence & 1
        at = BANK_WORDS + 4 * bank
        start, have, _, columns_ = (int(word) for word in words[at : at + 4])
        if sequence == 0 or branches(dims, columns_) is None or have <= 0:
            return self._held(slot, dims, count)
        rows = self._shared.banks[slot, bank, : have * columns_].reshape(have, columns_)
        offset = first - start
        if offset >= 0 and offset + count <= have:
            return rows[offset : offset + count].copy()
        if offset < 0 and offset + count <= 0:
            return self._held(slot, dims, count)
        return rows[np.clip(np.arange(offset, offset + count), 0, have - 1)].copy()

    def _held(self, slot: int, dims: int, count: int) -> Rows:
        last = self._last.get(slot)
        if last is None or branches(dims, last.shape[1]) is None:
            return neutral(dims, count)
        return np.repeat(last, count, axis=0)


def wants_more(shared: Shared, slot: int) -> bool:
    """Has the reader come to the frame at which the writer asked to be woken?"""
    words = shared.slot_words[slot]
    at = BANK_WORDS + 4 * (int(words[SEQUENCE]) & 1)
    return bool(words[CONSUMED] >= words[at + 2])
