"""Which outputs of the machine the sound of a voice goes to, and how it gets from one to another without a click."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from livevae.engine.chains import CROSS_SECONDS, Table

Audio = NDArray[np.float32]

Outputs = tuple[int, ...]
"""Outputs of the machine counted from 0: two for left and right, one for the mean of both."""

MASTER_PAIR: Final[Outputs] = (0, 1)
APART: Final = 1024
"""Samples from the end of one change to the next: a block that begins the one holds nothing of the other any more."""


@dataclass(eq=False)
class Patch:
    """A way from a rack to outputs, as loud as `level` says; `scan` is that level for pyo, `objects` all of its own."""

    outputs: Outputs
    level: Table
    scan: Any
    objects: list[Any]

    def add(self, sound: Audio, now: int, bus: Audio) -> None:
        """Add `sound` (2, samples), the block that begins at `now`, to the outputs of `bus` (channels, samples)."""
        ramp = self.level.ramp
        if ramp.still(now):
            if ramp.target == 0.0:
                return
        else:
            sound = sound * ramp.levels(now, sound.shape[1])
        if len(self.outputs) == 1:
            sound = 0.5 * (sound[:1] + sound[1:])
        for output, channel in zip(self.outputs, sound, strict=True):
            if output < len(bus):
                bus[output] += channel


class Patches:
    """The ways of one rack; none is the straight way to the master.

    The audio thread calls `block`, and reads `open`; the building side adds to `arriving` and calls `over`.
    """

    def __init__(self) -> None:
        self.open: tuple[Patch, ...] = ()
        self.arriving: deque[tuple[int, Patch]] = deque()
        self._busy_until = 0

    @property
    def last(self) -> Outputs:
        """Where the sound goes once all changes are over."""
        if self.arriving:
            return self.arriving[-1][1].outputs
        return next((patch.outputs for patch in self.open if patch.level.ramp.target), MASTER_PAIR)

    def block(self, now: int, size: int, rate: int) -> None:
        """Begin the changes that are due in the block at `now`; one waits until the one before it is over."""
        if self.arriving:
            at, patch = self.arriving[0]
            start = max(at, now, self._busy_until)
            if start < now + size:
                length = int(CROSS_SECONDS * rate)
                for other in self.open:
                    if other is not patch and other.level.ramp.target:
                        other.level.ramp.to(0.0, start, length)
                patch.level.ramp.to(1.0, start, length)
                self._busy_until = start + length + APART
                self.arriving.popleft()
        for patch in self.open:
            patch.level.block(now)

    def over(self, now: int) -> list[Patch]:
        """Those that are not heard any more; all of them where the sound goes to the master again."""
        waiting = [patch for _, patch in list(self.arriving)]
        if waiting or now < self._busy_until:
            return []
        gone = [patch for patch in self.open if not patch.level.ramp.target]
        kept = [patch for patch in self.open if patch not in gone]
        return list(self.open) if [patch.outputs for patch in kept] == [MASTER_PAIR] else gone

    def without(self, gone: Sequence[Patch]) -> None:
        """Let go of ways."""
        self.open = tuple(patch for patch in self.open if patch not in gone)
