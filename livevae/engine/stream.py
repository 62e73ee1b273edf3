"""One slot inside a model host: its input, its latent history and its way to the output ring."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livevae.engine.cover import LENGTH, Cover, rise
from livevae.engine.frames import Rows, columns, sides
from livevae.engine.layout import (
    CONSUMED,
    FIRST,
    INPUT_LENGTH,
    LEFT,
    MONO,
    NANS,
    RIGHT,
    SLOT_PEAK,
    STARVED,
    WRITTEN,
    Shared,
    fence,
    read_ring,
    write_ring,
)
from livevae.engine.movers import Movers
from livevae.engine.sources import Reader
from livevae.engine.timing import Grid
from livevae.model.resample import RealTimeResampler

Audio = NDArray[np.float32]

Level = float | Audio
"""A level of some samples: one number for all of them, or one for each."""

HISTORY_SECONDS = 30.0


class History:
    """The latest latent frames of an encoded input, read with a lag in frames (linear between two frames)."""

    def __init__(self, dims: int, frame_rate: float) -> None:
        self._length = max(64, min(16384, int(HISTORY_SECONDS * frame_rate)))
        self._frames = np.zeros((self._length, dims), np.float32)
        self._first: int | None = None
        self._end = 0

    def append(self, first: int, frames: Audio) -> None:
        """Frames (n, D) whose first has the absolute index `first`."""
        if self._first is None or first != self._end:
            self._first = first
        self._frames[np.arange(first, first + len(frames)) % self._length] = frames
        self._end = first + len(frames)

    def read(self, at: NDArray[np.float64]) -> Audio:
        """Frames at absolute positions `at` (n,), shape (n, D); positions outside what is held take the nearest."""
        if self._first is None:
            return np.zeros((len(at), self._frames.shape[1]), np.float32)
        oldest = max(self._first, self._end - self._length)
        at = np.clip(at, oldest, self._end - 1)
        low = np.floor(at).astype(np.int64)
        high = np.minimum(low + 1, self._end - 1)
        weight = (at - low).astype(np.float32)[:, None]
        below, above = self._frames[low % self._length], self._frames[high % self._length]
        between: Audio = below * (1 - weight) + above * weight
        return between


@dataclass
class Stream:
    """The state of a slot between two chunks. Times are server samples, `delay` the constant buffering delay."""

    slot: int
    shared: Shared
    grid: Grid
    dims: int
    in_channels: int
    out_channels: int
    delay: int
    dry_delay: int
    row: int
    first_chunk: int
    encode_row: int | None = None
    twin_row: int | None = None
    """A second row of the decoder, for the right side of wide frames."""
    reader: Reader | None = None
    history: History = field(init=False)
    movers: Movers = field(init=False)
    discrete: bool = False
    told: Callable[[str], None] = lambda text: None

    def __post_init__(self) -> None:
        grid = self.grid
        self.history = History(self.dims, grid.frame_rate)
        self.movers = Movers(self.dims, self.told)
        start = grid.start(self.first_chunk)
        self._in = start
        self._first = self.first_chunk
        self._out = self._origin = start + self.delay
        self._edges = np.array([float(self._out)])
        self._levels = np.array([[0.0], [0.0], [1.0], [0.0]])
        self._dry = np.zeros((max(1, min(2, self.in_channels)), INPUT_LENGTH), np.float32)
        self._cover = Cover(3)
        self._cover.cut()
        self._to_model: RealTimeResampler | None = None
        self._from_model: RealTimeResampler | None = None
        if grid.rate != grid.model_rate:
            self._to_model = RealTimeResampler(grid.rate, grid.model_rate, max(1, self.in_channels))
            # With a channel for the twin, which could not join later without a gap.
            self._from_model = RealTimeResampler(grid.model_rate, grid.rate, self.out_channels + 1)
        self._leaving: Reader | None = None
        self._switching = False
        words = self.shared.slot_words[self.slot]
        words[CONSUMED] = self.first_chunk * grid.frames
        words[FIRST] = words[WRITTEN] = self._out

    @property
    def wide(self) -> bool:
        """Is its twin still heard?"""
        return bool(self._levels[3, -1] > 0.0)

    def listen(self, encode_row: int, chunk: int) -> None:
        """Take input from now on, from chunk `chunk`, encoded as row `encode_row`."""
        self.encode_row = encode_row
        self._in = self.grid.start(chunk)
        if self._to_model is not None:
            self._to_model = RealTimeResampler(self.grid.rate, self.grid.model_rate, max(1, self.in_channels))

    def hear(self, reader: Reader | None) -> None:
        """Take input from `reader`; what was heard before is faded out over it with the next chunk."""
        if self._leaving is not None:
            self._leaving.close()
        self._leaving, self.reader = self.reader, reader
        self._switching = True

    def close(self) -> None:
        """Let go of the sources."""
        for reader in (self.reader, self._leaving):
            if reader is not None:
                reader.close()

    def skip_to(self, chunk: int) -> None:
        """Give up what lies before a chunk: the host was too late to be of use there."""
        start = self.grid.start(chunk)
        self._in = max(self._in, start)
        self._first = chunk
        self._out = self._origin = start + self.delay
        self._edges = np.array([float(self._out)])
        self._levels = self._levels[:, -1:]
        self._cover.clear()
        self._cover.cut()
        # The ring holds nothing of what was given up: the mixer is not to look there.
        self.shared.slot_words[self.slot, FIRST] = self._out

    def cut(self) -> None:
        """What sounds next does not continue what was: fade from one to the other."""
        self._cover.cut()

    def silence(self) -> None:
        """Begin again from nothing: what sounds next rises from silence to its own amplitude."""
        self._levels = self._levels[:, -1:] * np.array([[0.0], [1.0], [1.0], [1.0]])
        self._edges = self._edges[-1:]
        self._cover.clear()
        self._cover.cut()

    def take_input(self, chunk: int, count: int, out: Audio) -> None:
        """The next `count` chunks of input at the model's rate into `out` (in_channels, samples)."""
        end = self.grid.ready(chunk + count - 1)
        samples = end - self._in
        block = np.zeros((len(out), samples), np.float32)
        if self.reader is not None:
            self.reader.read(self._in, block)
            self.shared.slot_words[self.slot, STARVED] = self.reader.starved
        if self._switching:
            self._switch(block)
        write_ring(self._dry, self._in, block[: len(self._dry)])
        self._in = end
        if self._to_model is None:
            out[:] = block
        else:
            self._to_model.push(block.T)
            out[:] = self._to_model.pull(out.shape[1]).T

    def take_nothing(self, chunk: int, count: int) -> None:
        """No input for the next `count` chunks: what the dry path holds of it is silence."""
        end = self.grid.ready(chunk + count - 1)
        write_ring(self._dry, self._in, np.zeros((len(self._dry), end - self._in), np.float32))
        self._in = end

    def _switch(self, block: Audio) -> None:
        """Fade a new source in over the one it replaces."""
        self._switching = False
        count = min(LENGTH, block.shape[1])
        ramp = rise()[:count]
        block[:, :count] *= ramp
        if self._leaving is not None:
            old = np.zeros((len(block), count), np.float32)
            self._leaving.read(self._in, old)
            block[:, :count] += old * (1.0 - ramp)
            self._leaving.close()
            self._leaving = None

    def latents(self, first: int, rows: Rows, live: Audio | None) -> Audio:
        """`gain * live[n - lag] + bias`, and the branches, for frames from `first` on, shape (D, n)."""
        at = columns(self.dims)
        z = rows[:, at.bias]
        if live is not None:
            self.history.append(first, live)
            lag = rows[:, at.lag]
            if lag.any():
                live = self._lagging(first, lag)
            z = rows[:, at.gain] * live + z
        moved = self.movers.moved(first, rows, None if live is None else self._lagging)
        if moved is not None:
            z = z + moved
        if self.discrete:
            z = np.rint(z)
        return z.T

    def _lagging(self, first: int, lags: NDArray[np.floating[Any]]) -> Audio:
        return self.history.read(np.arange(first, first + len(lags), dtype=np.float64) - lags)

    def emit(self, chunk: int, count: int, wet: Audio, rows: Rows, twin: Audio | None = None) -> bool:
        """Send model output (channels, samples) on its way. False where it was not finite and was covered instead.

        `twin` is what the model gave for the right side, where there is such a row.
        """
        grid = self.grid
        if twin is not None:
            wet = np.concatenate([wet, twin[-1:]])
        finite = bool(np.isfinite(wet).all())
        if not finite:
            wet = np.zeros_like(wet)
            self.shared.slot_words[self.slot, NANS] += 1
        if self._from_model is not None:
            if twin is None:
                wet = np.concatenate([wet, wet[-1:]])
            self._from_model.push(wet.T)
            due = self._origin + (chunk + count - self._first) * grid.chunk * grid.rate // grid.model_rate
            wet = np.ascontiguousarray(self._from_model.pull(due - self._out).T)
        self._finish(self._mixed(chunk, count, wet, rows), finite)
        return finite

    def _mixed(self, chunk: int, count: int, wet: Audio, rows: Rows) -> Audio:
        """Left, right and the sum before pan, (3, samples), with the levels of the rows."""
        start, samples = self._out, wet.shape[1]
        amp, pan, mix, wide = self._levels_of(chunk, count, rows, start, samples)
        out = np.empty((3, samples), np.float32)
        left, right = wet[0], wet[min(2, self.out_channels) - 1]
        if isinstance(wide, np.ndarray) or wide > 0.0:
            other = wet[-1]
            right = right + wide * (other - right)
        if isinstance(mix, np.ndarray) or mix < 1.0:
            dry = np.zeros((len(self._dry), samples), np.float32)
            read_ring(self._dry, start - self.delay - self.dry_delay, dry)
            left = mix * left + (1 - mix) * dry[0]
            right = mix * right + (1 - mix) * dry[-1]
        to_left, to_right = _balance(pan)
        np.multiply(left, amp * to_left, out=out[LEFT])
        np.multiply(right, amp * to_right, out=out[RIGHT])
        if left is right:
            np.multiply(left, amp, out=out[MONO])
        else:
            np.multiply(left + right, 0.5 * amp, out=out[MONO])
        return out

    def _levels_of(
        self, chunk: int, count: int, rows: Rows, start: int, samples: int
    ) -> tuple[Level, Level, Level, Level]:
        """Amp, pan, mix and how much of the twin is heard: a number each while they stay, else one for each sample.

        Each frame moves in a line from the frame before to its own value.
        """
        at = columns(self.dims)
        levels = np.zeros((4, len(rows)))
        levels[:3] = rows[:, at.amp : at.mix + 1].T
        sided = None if self.twin_row is None else sides(self.dims, rows)
        if sided is not None:
            levels[3] = sided[1]
        if self._levels.shape[1] == 1 and (levels == self._levels).all():
            amp, pan, mix, wide = self._levels[:, 0].tolist()
            self._edges = self._edges[-1:]
            return amp, pan, mix, wide
        frames = self.grid.frames * count
        begin, end = self.grid.start(chunk) + self.delay, self.grid.start(chunk + count) + self.delay
        edges = np.linspace(begin, end, frames + 1)
        old = self._edges < begin
        xs = np.concatenate([self._edges[old], edges])
        ys = np.concatenate([self._levels[:, old], self._levels[:, -1:], levels], axis=1)
        times = np.arange(start, start + samples, dtype=np.float64)
        amps, pans, mixes = (np.interp(times, xs, y).astype(np.float32) for y in ys[:3])
        wides: Level = np.interp(times, xs, ys[3]).astype(np.float32) if ys[3].any() else 0.0
        keep = xs >= begin - 4096
        self._edges, self._levels = xs[keep], ys[:, keep]
        if (self._levels == self._levels[:, -1:]).all():
            self._edges, self._levels = self._edges[-1:], self._levels[:, -1:]
        return amps, pans, mixes, wides

    def _finish(self, out: Audio, finite: bool) -> None:
        samples = out.shape[1]
        if samples == 0:
            return
        if finite:
            self._cover.sound(out)
        else:
            self._cover.gap(out)
        write_ring(self.shared.outputs[self.slot], self._out, out)
        self._out += samples
        mono = out[MONO]
        self.shared.slot_floats[self.slot, SLOT_PEAK] = max(float(mono.max()), -float(mono.min()))
        fence()
        self.shared.slot_words[self.slot, WRITTEN] = self._out


def _balance(pan: Level) -> tuple[Level, Level]:
    """Gains of left and right: 0 dB in the centre; away from a side, that side falls as in the equal-power law."""
    if isinstance(pan, np.ndarray):
        angle = (pan + 1.0) * (np.pi / 4)
        to_left: Audio = np.minimum(1.0, np.sqrt(2.0) * np.cos(angle))
        to_right: Audio = np.minimum(1.0, np.sqrt(2.0) * np.sin(angle))
        return to_left, to_right
    if pan == 0.0:
        return 1.0, 1.0
    turn = (pan + 1.0) * (math.pi / 4)
    return min(1.0, math.sqrt(2.0) * math.cos(turn)), min(1.0, math.sqrt(2.0) * math.sin(turn))
