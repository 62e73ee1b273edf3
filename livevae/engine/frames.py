"""Control rows: what the performer's side tells the engine for each latent frame of a slot.

A row is `2 * D + 4` float32 numbers::

    gain[D]  bias[D]  lag  amp  pan  mix

and the engine computes, for frame `n` of a slot with encoded input `live`::

    z[n] = gain[n] * live[n - lag[n]] + bias[n]
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float32]

MAX_SLOTS: Final = 32
"""Streams the engine can hold: 16 voices, each of which needs a second one while it changes model."""


@dataclass(frozen=True)
class Columns:
    """Where each quantity of a control row lies.

    `gain` and `bias` are slices of D columns; `lag` (latent frames into the past, >= 0), `amp` (linear gain, >= 0),
    `pan` (-1 left .. 1 right) and `mix` (0 dry .. 1 model) are single columns.
    """

    gain: slice
    bias: slice
    lag: int
    amp: int
    pan: int
    mix: int


def width(dims: int) -> int:
    """Numbers in one control row of a slot with `dims` latent dimensions."""
    return 2 * dims + 4


@lru_cache(maxsize=64)
def columns(dims: int) -> Columns:
    """The columns of a control row of a slot with `dims` latent dimensions."""
    last = 2 * dims
    return Columns(slice(0, dims), slice(dims, last), last, last + 1, last + 2, last + 3)


def neutral(dims: int, count: int) -> Rows:
    """`count` silent rows, shape `(count, 2 * dims + 4)`: no gain, no bias, amplitude 0, centre, all model."""
    rows = np.zeros((count, width(dims)), np.float32)
    rows[:, columns(dims).mix] = 1.0
    return rows
