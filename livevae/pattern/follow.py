"""Following a pattern more slowly than it moves: the mean of the last seconds, and a limit to its speed.

Both look at what the pattern did before, on a lattice of times that is the same however time is cut into blocks, and
that neighbouring frames share: a block costs a few more frames, not many for each frame. In between, the pattern is
taken to stay as it was at the lattice point before; no frame knows of what comes after it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from livevae.errors import LivevaeError
from livevae.pattern.arguments import unheld
from livevae.pattern.join import joined
from livevae.pattern.node import Node
from livevae.pattern.time import Array, Context, Span
from livevae.pattern.value import Event, Sampled, elementwise, is_silent, merge

Ints = npt.NDArray[np.int64]
CELLS = 7
"""The lattice cells within the time a mean is taken of, about: their width is a power of two."""
CHORDS = 4
"""How often the way back along the chord is taken, to find a time in a tempo that changes; a steady one needs one."""
LONGEST = 60.0
"""Seconds: as far back as anything is looked at."""
NUDGE = 1.37
"""So that lengths that are powers of two, which are common, do not lie where the lattice becomes twice as fine."""


class Follower(Node):
    """A node followed in time. Its events are those of the node, with the values it moves to."""

    __slots__ = ("_node",)

    def __init__(self, node: Node) -> None:
        super().__init__(held=False, continuous=node.continuous)
        self._node = node

    def events(self, span: Span, context: Context) -> list[Event]:
        return self._node.query(span, context)

    def parts(self) -> Sequence[Node]:
        return (self._node,)

    def lattice(self, cycles: Array, widths: Array, context: Context) -> Sampled:
        """What ``follow`` gives on lattices about as wide as ``widths``, which are negative inside a reversal."""
        steps = np.ldexp(1.0, np.frexp(np.abs(widths) * NUDGE)[1] - 1)
        steps = np.where(widths < 0, -steps, steps)
        if cycles.size == 0:
            return self._node.sample(cycles, context)
        if (steps == steps[0]).all():
            return self.follow(cycles, widths, float(steps[0]), context)
        found = []
        for step in np.unique(steps).tolist():
            rows = np.flatnonzero(steps == step)
            found.append((rows, self.follow(cycles[rows], widths[rows], step, context)))
        return merge(cycles.size, found)

    def follow(self, cycles: Array, widths: Array, step: float, context: Context) -> Sampled:
        """The values at ``cycles`` from a lattice that is ``step`` cycles wide, about as wide as all ``widths``."""
        raise NotImplementedError

    def past(self, index: Ints, step: float, cycles: Array, context: Context) -> Sampled:
        """The node at lattice points, and after them at ``cycles``."""
        return self._node.sample(np.concatenate([index * step, cycles]), context)


def lengths(cycles: Array, seconds: Array | float, context: Context) -> Array:
    """How many cycles before each time ``seconds`` lie between; negative where time is heard backwards."""
    now = context.seconds(cycles)
    found = np.ones(cycles.shape)
    for _ in range(CHORDS):
        found = found * seconds / (now - context.seconds(cycles - found))
    return found


class Smooth(Follower):
    """The mean of the last ``seconds`` of a node."""

    __slots__ = ("_seconds",)

    def __init__(self, node: Node, seconds: float) -> None:
        super().__init__(node)
        self._seconds = seconds

    def flow(self, cycles: Array, context: Context) -> Sampled:
        return self.lattice(cycles, lengths(cycles, self._seconds, context) / CELLS, context)

    def follow(self, cycles: Array, widths: Array, step: float, context: Context) -> Sampled:
        cell = abs(step)
        times = cycles if step > 0 else -cycles
        begins = times - np.abs(widths) * CELLS
        first = np.floor(begins / cell).astype(np.int64)
        count = int((np.floor(times / cell).astype(np.int64) - first).max()) + 1
        index = _needed(first, count)
        sampled = self.past(index, step, cycles, context)
        sounding = ~is_silent(sampled)
        heard, present = sounding[: index.size], sounding[index.size :]
        left = (first[:, None] + np.arange(count)) * cell
        within = np.minimum(left + cell, times[:, None]) - np.maximum(left, begins[:, None])
        row = np.minimum(np.searchsorted(index, first)[:, None] + np.arange(count), index.size - 1)
        weights = np.maximum(within, 0.0) * heard[row]
        # Added up one after the other, so that the last digit does not depend on the number of frames.
        over = np.add.accumulate(weights, axis=1)[:, -1]
        shares = np.where(over[:, None] > 0, weights / over[:, None], 0.0)

        def mean(values: Array) -> Array:
            past, now = values[: index.size], values[index.size :]
            wide = now.ndim == 2
            if not heard.all():
                past = np.where(heard[:, None] if wide else heard, past, 0.0)
            total = np.zeros(now.shape)
            for cells in range(count):
                share = shares[:, cells, None] if wide else shares[:, cells]
                total += past[row[:, cells]] * share
            lone, silent = over <= 0, ~present
            if lone.any():
                total[lone] = now[lone]
            if silent.any():
                total[silent] = np.nan
            return total

        return elementwise(mean, sampled)

    def rebuilt(self, parts: Sequence[Node]) -> Node:
        return Smooth(parts[0], self._seconds)


def _needed(first: Ints, count: int) -> Ints:
    """The lattice points from each of ``first`` on, in order."""
    low, high = int(first.min()), int(first.max()) + count
    if high - low <= first.size * count:
        return np.arange(low, high)
    return np.unique((first[:, None] + np.arange(count)).ravel())


FINEST = 1 / 64
"""Seconds between the moments at which a limiter of speed looks at its pattern, or more where it is slow."""
TRAVEL = 4.0
"""How far a limiter of speed must be able to go before it forgets where it came from."""
STRETCH = 32
"""Lattice cells a limiter goes on with one beginning of its past, before it takes a later one."""
STRETCHES = 3
CROSSING = 4
"""From one beginning to the other it is crossed in the last of so many parts of a stretch."""
CHUNK = 8
"""Rows of the past that are gone through one by one, in all chunks at once."""


class Slew(Follower):
    """A node that rises by no more than ``up`` and falls by no more than ``down`` a second; infinity is no limit.

    The faster limit is applied to the pattern and the slower one to what comes of that. A rise limited to r is the
    infimum of x(s) + r * (t - s) over the past s, a fall the supremum of x(s) - r * (t - s); as running minima and
    maxima they need no step from frame to frame. The past begins at one of two places; from one to the next it is
    crossed, so that nothing jumps where more than it can hold would be remembered.
    """

    __slots__ = ("_down", "_up")

    def __init__(self, node: Node, up: float, down: float) -> None:
        super().__init__(node)
        self._up, self._down = up, down

    def flow(self, cycles: Array, context: Context) -> Sampled:
        slowest = min(self._up, self._down)
        seconds = float(max(FINEST, min(TRAVEL / slowest, LONGEST) / (STRETCH * STRETCHES)))
        return self.lattice(cycles, lengths(cycles, seconds, context), context)

    def follow(self, cycles: Array, widths: Array, step: float, context: Context) -> Sampled:
        cells = np.floor(cycles / step).astype(np.int64)
        stretch = cells // STRETCH
        if (stretch == stretch[0]).all():
            return self._within(int(stretch[0]), cells, cycles, step, context)
        found = []
        for number in np.unique(stretch).tolist():
            here = np.flatnonzero(stretch == number)
            found.append((here, self._within(number, cells[here], cycles[here], step, context)))
        return merge(cycles.size, found)

    def _within(self, stretch: int, cells: Ints, cycles: Array, step: float, context: Context) -> Sampled:
        begin = (stretch - STRETCHES) * STRETCH
        index = np.arange(begin, int(cells.max()) + 2)
        row = cells - begin
        seconds = context.seconds(index.astype(np.float64) * step)
        now = context.seconds(cycles) - seconds[0]
        ends = seconds[1:] - seconds[0]
        share = np.clip((cycles / step - stretch * STRETCH) / STRETCH * CROSSING - (CROSSING - 1), 0.0, 1.0)
        sampled = self.past(index[:-1], step, cycles, context)
        sign, up, down = (1.0, self._up, self._down) if self._up >= self._down else (-1.0, self._down, self._up)

        def limited(values: Array) -> Array:
            past, here = sign * values[: index.size - 1], sign * values[index.size - 1 :]
            found = _limit(past, ends, here, row, now, up, down)
            if share.any():
                later = _limit(past[STRETCH:], ends[STRETCH:], here, row - STRETCH, now, up, down)
                found += (share if here.ndim == 1 else share[:, None]) * (later - found)
            return sign * found

        return elementwise(limited, sampled)

    def rebuilt(self, parts: Sequence[Node]) -> Node:
        return Slew(parts[0], self._up, self._down)


def _limit(past: Array, ends: Array, here: Array, row: Ints, now: Array, up: float, down: float) -> Array:
    """Frames ``here`` at seconds ``now``, in the cells ``row`` of the ``past``, whose cells end at seconds ``ends``.

    ``up`` is no less than ``down``. Cells that are silent limit nothing.
    """
    if past.ndim == 2:
        ends, now = ends[:, None], now[:, None]
    silent = np.isnan(past)
    quiet = bool(silent.any())
    found = np.where(silent[row], here, past[row])
    risen = past
    if math.isfinite(up):
        rise = past - up * ends
        if quiet:
            rise[silent] = np.inf
        lowest = running_minimum(rise)
        found = np.minimum(found, lowest[row - 1] + up * now)
        risen = lowest + up * ends
    if math.isfinite(down):
        fall = risen + down * ends
        if quiet:
            fall[silent] = -np.inf
        found = np.maximum(found, _highest_before(fall, row) - down * now)
    return np.where(np.isnan(here), np.nan, found)


def _highest_before(values: Array, row: Ints) -> Array:
    """The highest of all the rows before each of ``row``, which lie close together."""
    low, high = int(row.min()), int(row.max())
    top = values[:low].max(axis=0, keepdims=True)
    highest: Array = np.maximum.accumulate(np.concatenate([top, values[low:high]]), axis=0)
    return highest[row - low]


def running_minimum(values: Array) -> Array:
    """The lowest of each row and all before it: row by row within chunks, then chunk by chunk, many rows at once."""
    if values.ndim == 1:
        return np.asarray(np.minimum.accumulate(values))
    count, size = values.shape
    chunks = np.full((-(-count // CHUNK), CHUNK, size), np.inf)
    out = chunks.reshape(-1, size)[:count]
    out[:] = values
    for within in range(1, CHUNK):
        np.minimum(chunks[:, within], chunks[:, within - 1], out=chunks[:, within])
    for number in range(1, len(chunks)):
        np.minimum(chunks[number], chunks[number - 1, -1], out=chunks[number])
    return out


def smoothed(node: Node, seconds: Node) -> Node:
    """``node`` smoothed over as many ``seconds`` as their events say."""

    def build(parts: Sequence[Node], length: object) -> Node:
        if not isinstance(length, float) or not 0 <= length <= LONGEST:
            raise LivevaeError(f"smooth({length}): the time must be from 0 to {LONGEST:g} seconds.")
        return Smooth(parts[0], length) if length > 0 else parts[0]

    return joined(build, [unheld(node)], [seconds])


def slewed(node: Node, up: Node, down: Node) -> Node:
    """``node`` with its speed limited as the events of ``up`` and ``down`` say."""

    def build(parts: Sequence[Node], rise: object, fall: object) -> Node:
        for speed in (rise, fall):
            if not isinstance(speed, float) or not speed > 0:
                raise LivevaeError(f"slew(): a speed must be above zero a second, not {speed}.")
        both = (float(speed) for speed in (rise, fall) if isinstance(speed, float))
        slew = Slew(parts[0], *both)
        return parts[0] if rise == fall == math.inf else slew

    return joined(build, [unheld(node)], [up, down])
