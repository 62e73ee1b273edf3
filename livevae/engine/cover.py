"""How a gap is covered so that it never clicks."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

Audio = NDArray[np.float32]

LENGTH: Final = 256
"""Samples over which the last sound is held and faded, and over which sound comes back."""


@lru_cache(maxsize=1)
def rise() -> Audio:
    """A raised-cosine ramp from 0 to 1 over `LENGTH` samples."""
    ramp: Audio = (0.5 - 0.5 * np.cos(np.pi * (np.arange(LENGTH) + 0.5) / LENGTH)).astype(np.float32)
    return ramp


class Cover:
    """Joins the blocks (channels, n) of one sound, of any length, where some are missing or do not fit together.

    The last sound is held (the same samples backwards) and faded, and what comes after it fades in.
    """

    def __init__(self, channels: int) -> None:
        self._last = np.zeros((channels, LENGTH), np.float32)
        self._tail = np.zeros((channels, LENGTH), np.float32)
        self._played = self._risen = LENGTH
        self._gap = False

    def clear(self) -> None:
        """Nothing sounded before: there is nothing to fade, and what comes next begins as it is."""
        self._last[:] = 0.0
        self._played = self._risen = LENGTH
        self._gap = False

    def cut(self) -> None:
        """What comes next does not continue what was."""
        self._tail = self._last[:, ::-1] * rise()[::-1]
        self._played = self._risen = 0

    def sound(self, block: Audio) -> None:
        """A block that is there, made to follow what was."""
        self._gap = False
        count = min(block.shape[1], LENGTH - self._risen)
        if count > 0:
            block[:, :count] *= rise()[self._risen : self._risen + count]
            self._risen += count
        self._fade_out(block)

    def gap(self, block: Audio, have: int = 0) -> bool:
        """Cover a block that is missing from sample `have` on; True where a gap begins.

        In a gap that is not over, what came too late to begin anew stays covered.
        """
        began = not self._gap
        if began:
            if have > 0:
                self.sound(block[:, :have])
            self.cut()
            self._gap = True
        else:
            have = 0
        block[:, have:] = 0.0
        self._fade_out(block[:, have:])
        return began

    def _fade_out(self, block: Audio) -> None:
        count = min(block.shape[1], LENGTH - self._played)
        if count > 0:
            block[:, :count] += self._tail[:, self._played : self._played + count]
            self._played += count
        kept = min(LENGTH, block.shape[1])
        if kept:
            self._last[:, :-kept] = self._last[:, kept:].copy()
            self._last[:, -kept:] = block[:, -kept:]
