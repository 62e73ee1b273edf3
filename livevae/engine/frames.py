"""Control rows: what the performer's side tells the engine for each latent frame of a slot.

A row is `2 * D + 4` float32 numbers::

    gain[D]  bias[D]  lag  amp  pan  mix

and the engine computes, for frame `n` of a slot with encoded input `live`::

    z[n] = gain[n] * live[n - lag[n]] + bias[n]

A row may go on with branches, of `3 * D + 2` numbers each::

    amount[D]  gain[D]  bias[D]  lag  mover

Each adds `amount[n] * M(gain[n] * live[n - lag[n]] + bias[n])` to `z[n]`, where `M` is the mover that the slot has
under the key `mover`; a key of 0 is no branch. A branch with the key `SIDE` makes the frame wide: it is decoded twice,
left as `z[n] + bias[n]` and right as `z[n] - bias[n]`.
"""

from __future__ import annotations

from collections.abc import Sequence
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


@dataclass(frozen=True)
class BranchColumns:
    """Where each quantity of a branch lies in a control row: `amount`, `gain` and `bias` are slices of D columns."""

    amount: slice
    gain: slice
    bias: slice
    lag: int
    mover: int


MAX_MOVED: Final = 8
"""Branches with movers that one row can have: those of two expressions while one fades into the other."""
MAX_BRANCHES: Final = MAX_MOVED + 1
"""Branches that one row can have, with the one that makes it wide."""
SIDE: Final = -1
"""The key of a branch that holds what is added on the left and taken away on the right."""


def width(dims: int, branches: int = 0) -> int:
    """Numbers in one control row of a slot with `dims` latent dimensions."""
    return 2 * dims + 4 + branches * branch_width(dims)


def branch_width(dims: int) -> int:
    """Numbers in one branch of a control row."""
    return 3 * dims + 2


def branches(dims: int, columns_: int) -> int | None:
    """How many branches rows of so many columns have; None where they are no rows for `dims` dimensions."""
    found, rest = divmod(columns_ - width(dims), branch_width(dims))
    return found if rest == 0 and 0 <= found <= MAX_BRANCHES else None


@lru_cache(maxsize=64)
def columns(dims: int) -> Columns:
    """The columns of a control row of a slot with `dims` latent dimensions."""
    last = 2 * dims
    return Columns(slice(0, dims), slice(dims, last), last, last + 1, last + 2, last + 3)


@lru_cache(maxsize=256)
def branch_columns(dims: int, index: int) -> BranchColumns:
    """The columns of branch `index` in a control row of a slot with `dims` latent dimensions."""
    at = width(dims, index)
    gain, bias, lag = at + dims, at + 2 * dims, at + 3 * dims
    return BranchColumns(slice(at, gain), slice(gain, bias), slice(bias, lag), lag, lag + 1)


def widened(rows: Rows, columns_: int) -> Rows:
    """The rows with empty branches up to so many columns; as they are where they have as many."""
    missing = columns_ - rows.shape[1]
    return rows if missing <= 0 else np.pad(rows, ((0, 0), (0, missing)))


def trimmed(dims: int, rows: Rows) -> Rows:
    """The rows without the last branches where none of them has any there."""
    count = branches(dims, rows.shape[1]) or 0
    while count and not rows[:, branch_columns(dims, count - 1).mover].any():
        count -= 1
    return rows[:, : width(dims, count)]


def sided(dims: int, rows: Rows, side: Rows) -> Rows:
    """The rows with a branch more: what is added on the left and taken away on the right, `(n, D)`, 0 where nothing."""
    branch = np.zeros((len(rows), branch_width(dims)), np.float32)
    branch[:, dims * 2 : dims * 3] = side
    branch[:, -1] = np.where(side.any(axis=1), SIDE, 0)
    return np.concatenate([rows, branch], axis=1)


def sides(dims: int, rows: Rows) -> tuple[Rows, NDArray[np.bool_]] | None:
    """What is added on the left, `(n, D)`, and which frames are wide, `(n,)`; None where none is."""
    count = branches(dims, rows.shape[1]) or 0
    found: tuple[Rows, NDArray[np.bool_]] | None = None
    for index in range(count):
        at = branch_columns(dims, index)
        wide = rows[:, at.mover] == SIDE
        if wide.any():
            side, before = found or (np.zeros((len(rows), dims), np.float32), np.zeros(len(rows), bool))
            found = np.where(wide[:, None], rows[:, at.bias], side), before | wide
    return found


def joined(parts: Sequence[Rows]) -> Rows:
    """Rows one after the other; those with fewer branches get empty ones. `parts` are of the same dimensions."""
    widest = max(part.shape[1] for part in parts)
    return parts[0] if len(parts) == 1 else np.concatenate([widened(part, widest) for part in parts])


def neutral(dims: int, count: int) -> Rows:
    """`count` silent rows, shape `(count, 2 * dims + 4)`: no gain, no bias, amplitude 0, centre, all model."""
    rows = np.zeros((count, width(dims)), np.float32)
    rows[:, columns(dims).mix] = 1.0
    return rows
