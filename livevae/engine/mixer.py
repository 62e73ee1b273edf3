"""What happens in every block, beside pyo: inputs into the ring, hosts woken, slots summed, gaps covered.

Runs inside pyo's audio callback: it allocates next to nothing, never waits and never raises.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from livevae.engine.cover import Cover
from livevae.engine.frames import MAX_SLOTS
from livevae.engine.layout import (
    ACTIVE,
    BLOCKS,
    CLOCK,
    COVERED,
    FIRST,
    LATE,
    LOAD_AUDIO,
    MONO,
    NEVER,
    OUTPUT_LENGTH,
    PANICS,
    PEAK_LEFT,
    READY,
    WRITTEN,
    Shared,
    fence,
    read_ring,
    write_ring,
)

if TYPE_CHECKING:
    from livevae.engine.racks import Racks

Audio = NDArray[np.float32]

_PEAK_FALL: Final = 0.4
"""Seconds in which a meter falls to a tenth."""


class Mixer:
    """The engine's clock and its sum of slots.

    `block()` is called once for each block of `size` samples at time `clock`, the start of the block that sounds next.
    `inputs` (channels, size) holds the block that was just captured, `captured` (outputs, size) what was just played,
    `bus` (outputs, size) takes the sum of the slots. The first two outputs are the master.
    """

    def __init__(self, shared: Shared, rate: int, size: int, inputs: Audio, captured: Audio, bus: Audio) -> None:
        self._shared = shared
        self.rate = rate
        self.size = size
        self.inputs = inputs
        self.captured = captured
        self.bus = bus
        self.clock = int(shared.words[CLOCK])
        self.wake: dict[int, Callable[[], None]] = {}
        self.on_captured: Callable[[Audio], None] | None = None
        self.racks: Racks | None = None
        self._woken: dict[int, int] = {}
        self._panics = int(shared.words[PANICS])
        self._silent_until = np.zeros(MAX_SLOTS, np.int64)
        self._covers = [Cover(2) for _ in range(MAX_SLOTS)]
        self._slot = np.zeros((2, size), np.float32)
        self._fall = 0.1 ** (size / rate / _PEAK_FALL)
        self._period = size / rate
        # Views and numbers that every block needs: in a cold cache each look-up counts.
        self._ring = shared.inputs[: len(inputs)]
        self._ready = shared.host_words[:, READY]
        self._active = shared.slot_words[:, ACTIVE]
        self._load = float(shared.floats[LOAD_AUDIO])
        self._peaks = [0.0] * len(captured)
        self._settled = rate // size
        self._unplayed = 0

    @property
    def idle(self) -> bool:
        """Whether no slot has been open for a second: there is nothing to play, to capture or to meter."""
        return self._unplayed > self._settled and not (self.racks is not None and self.racks.busy)

    def block(self) -> None:
        """Everything that is due for the block that begins at `clock`."""
        started = time.perf_counter()
        now = self.clock
        words = self._shared.words
        if len(self._ring):
            write_ring(self._ring, now - self.size, self.inputs)
        racks = self.racks if self.racks is not None and self.racks.busy else None
        if racks is not None:
            racks.take(now)
        fence()
        words[CLOCK] = now
        self._wake(now)
        if not self.idle:
            self._meter()
        if self.on_captured is not None:
            self.on_captured(self.captured)
        self._mix(now, racks)
        words[BLOCKS] += 1
        self.clock = now + self.size
        load = (time.perf_counter() - started) / self._period
        self._load += 0.02 * (load - self._load)
        self._shared.floats[LOAD_AUDIO] = self._load

    def _wake(self, now: int) -> None:
        for host, wake in self.wake.items():
            ready = int(self._ready[host])
            if ready <= now and ready != NEVER and self._woken.get(host) != ready:
                self._woken[host] = ready
                wake()

    def _meter(self) -> None:
        highest = np.maximum.reduce(self.captured, axis=1).tolist()
        lowest = np.minimum.reduce(self.captured, axis=1).tolist()
        for channel, before in enumerate(self._peaks):
            peak = max(highest[channel], -lowest[channel], before * self._fall)
            self._peaks[channel] = self._shared.floats[PEAK_LEFT + channel] = peak

    def _mix(self, now: int, racks: Racks | None) -> None:
        bus = self.bus
        bus[:] = 0.0
        panicked = int(self._shared.words[PANICS]) != self._panics
        active = self._active.nonzero()[0].tolist()
        self._unplayed = 0 if active else self._unplayed + 1
        if self._unplayed == self._settled + 1:
            self._peaks = [0.0] * len(bus)
            self._shared.floats[PEAK_LEFT : PEAK_LEFT + len(bus)] = 0.0
        for slot in active:
            to = None if racks is None else racks.target(slot)
            self._add(slot, now, bus[:2] if to is None else to)
        if racks is not None:
            racks.block(now, bus)
        if panicked:
            self._panics = int(self._shared.words[PANICS])
            bus *= np.linspace(1.0, 0.0, self.size, dtype=np.float32)
            # What was computed before the panic is still on its way for a chunk or two; it is not to be heard.
            self._silent_until[:] = self._shared.slot_words[:, WRITTEN]
            for held in self._covers:
                held.clear()

    def _add(self, slot: int, now: int, to: Audio) -> None:
        words = self._shared.slot_words[slot]
        first = max(int(words[FIRST]), int(self._silent_until[slot]))
        if now + self.size <= first:
            self._covers[slot].clear()
            return
        ahead = int(words[WRITTEN]) - now
        have = min(self.size, ahead) if 0 < ahead <= OUTPUT_LENGTH else 0
        block = self._slot
        read_ring(self._shared.outputs[slot, :MONO], now, block[:, :have])
        if first > now:
            block[:, : first - now] = 0.0
        if have == self.size:
            self._covers[slot].sound(block)
        else:
            words[LATE] += self._covers[slot].gap(block, have)
            words[COVERED] += self.size - have
        to += block
