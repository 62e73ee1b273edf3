"""What a model host makes of latents and control rows: an identity model, whose latents can be written and read."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from livevae.engine.frames import Rows, columns, neutral
from livevae.engine.host import Host
from livevae.engine.interface import Live
from livevae.engine.layout import MONO, Shared, read_ring, write_ring
from livevae.engine.timing import Grid
from livevae.latent import control_of
from livevae.model.moving import Mover
from livevae.model.runner import Model
from livevae.pattern import Context
from livevae.performance.branches import packed

Values = NDArray[np.float64]

FRAME_RATE = 100.0

UNHEARD = 64
"""Frames of 4 dimensions at the beginning that a stream fades in."""


class Asked:
    """Control rows from a function, cut as the host asks for them; `cuts` counts."""

    def __init__(self, fill: Callable[[int, int], Rows]) -> None:
        self._fill = fill
        self.cuts: list[int] = []

    def read(self, slot: int, first: int, count: int, dims: int) -> Rows:
        self.cuts.append(count)
        return self._fill(first, count)


def rows_of(expression: object, first: int, count: int, dims: int, context: Context) -> Rows:
    """The control rows of an expression of `live` at `FRAME_RATE`, a second being half a cycle; at full level."""
    cycles = np.arange(first, first + count) / FRAME_RATE / 2
    control = control_of(expression, cycles, context, dims, FRAME_RATE)  # type: ignore[arg-type]
    rows, at = neutral(dims, count), columns(dims)
    rows[:, at.gain], rows[:, at.bias], rows[:, at.lag] = control.gain, control.bias, control.lag
    rows[:, at.amp] = ~control.silent
    return np.concatenate([rows, packed(control.moved, dims, count, 1e4).astype(np.float32)], axis=1)


def decoded(
    model: Model,
    expression: object,
    entered: Values,
    context: Context,
    frames: int = 1,
    groups: tuple[int, ...] = (1,),
    steps: Iterable[int] = (),
    told: Callable[[int, str], None] = lambda slot, text: None,
    ahead: bool = False,
) -> tuple[Values, list[int]]:
    """The latents `(n, D)` that a host decodes where `entered` `(n, D)` were encoded, and how time was cut.

    A chunk has so many `frames`; the clock moves on by `steps` frames at a time, then by one. The expression is asked
    for the frames of each call of the model, or `ahead` for all of them at once.
    """
    count, dims = entered.shape
    grid = Grid(int(FRAME_RATE) * dims, int(FRAME_RATE) * dims, dims, frames)
    shared = Shared.create()
    if ahead:
        whole = rows_of(expression, 0, count, dims, context)
        asked = Asked(lambda first, n: whole[first : first + n])
    else:
        asked = Asked(lambda first, n: rows_of(expression, first, n, dims, context))
    host = Host(model, grid, shared, asked, threaded=False, groups=groups, on_trouble=told)
    try:
        host.open(0, Live(1), 0, 0)
        for key, spec in expression.movers(context, dims, FRAME_RATE).items():  # type: ignore[attr-defined]
            host.add_mover(0, key, Mover(spec))
        write_ring(shared.inputs[0], 0, entered.astype(np.float32).reshape(-1))
        clock, moves = 0, iter(steps)
        while clock < count:
            clock = min(count, clock + next(moves, 1))
            host.run(clock * dims)
        out = np.zeros(count // frames * frames * dims, np.float32)
        read_ring(shared.outputs[0, MONO], 0, out)
        return out.reshape(-1, dims).astype(np.float64), asked.cuts
    finally:
        host.close(0)
        shared.close()
