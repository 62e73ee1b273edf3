"""What movers add to latents, by the movers' keys: put together, blended, and as it follows a control row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from livevae.engine.frames import MAX_MOVED, branch_width
from livevae.latent.terms import Moved

Floats = NDArray[np.float64]
Branches = Mapping[int, Moved]

_NOTHING: Final[Branches] = {}


def gathered(parts: Sequence[tuple[int, Branches]], order: NDArray[np.intp]) -> Branches:
    """Parts of so many frames each, one after the other, then as `order` says."""
    found = {}
    for key, like in {key: moved for _, branches in parts for key, moved in branches.items()}.items():
        dims = like.amount.shape[1]
        pieces = [branches.get(key) or Moved.absent(dims, count) for count, branches in parts]
        found[key] = Moved(*(np.concatenate(column) for column in zip(*pieces, strict=True))).at(order)
    return found


def put(where: NDArray[np.bool_], a: Branches, b: Branches) -> Branches:
    """`a` for the frames `where` `(n,)` is set, `b` for the others."""
    order = np.empty(len(where), np.intp)
    count = int(where.sum())
    order[where], order[~where] = np.arange(count), np.arange(count, len(where))
    return gathered([(count, a), (len(where) - count, b)], order) if a or b else _NOTHING


def blended(old: Branches, new: Branches, share: Floats) -> Branches:
    """`share` `(n,)` of `new` in `old`. What goes through the same mover in both is blended before it."""
    found = {}
    for key in {**old, **new}:
        ours, theirs = old.get(key), new.get(key)
        like = ours or theirs
        assert like is not None
        absent = Moved.absent(like.amount.shape[1], len(share))
        one, other = ours or absent, theirs or absent
        left, right = one.there & (share < 1.0), other.there & (share > 0.0)
        if not (left | right).any():
            continue
        amounts = (1.0 - share)[:, None] * np.where(left[:, None], one.amount, 0.0)
        amounts = amounts + share[:, None] * np.where(right[:, None], other.amount, 0.0)
        inside = np.where(~left, 1.0, np.where(~right, 0.0, share))
        column = inside[:, None]
        found[key] = Moved(
            left | right,
            amounts,
            (1.0 - column) * one.gain + column * other.gain,
            (1.0 - column) * one.bias + column * other.bias,
            (1.0 - inside) * one.lag + inside * other.lag,
        )
    return found


def packed(branches: Branches, dims: int, count: int, largest: float) -> Floats:
    """The branches of `count` frames as they follow their control rows, `(count, k * (3 * D + 2))`.

    A frame has those that are there, by their keys and whatever the frames beside it have. Numbers are finite and not
    above `largest`.
    """
    if not branches:
        return np.zeros((count, 0))
    size = branch_width(dims)
    out = np.zeros((count, min(MAX_MOVED, len(branches)), size))
    filled = np.zeros(count, np.intp)
    for key in sorted(branches):
        moved = branches[key]
        at = np.flatnonzero(moved.there & (filled < MAX_MOVED))
        values = np.concatenate([moved.amount, moved.gain, moved.bias, np.maximum(moved.lag, 0.0)[:, None]], axis=1)[at]
        values = np.clip(np.nan_to_num(values, posinf=largest, neginf=-largest), -largest, largest)
        out[at, filled[at], :-1] = values
        out[at, filled[at], -1] = key
        filled[at] += 1
    return out.reshape(count, -1)


def unpacked(row: Floats, dims: int) -> Branches:
    """The branches of one frame, as they follow its control row."""
    found = {}
    for branch in row.reshape(-1, branch_width(dims)):
        key = int(branch[-1])
        if key:
            amount, gain, bias = (branch[None, part * dims : (part + 1) * dims].copy() for part in range(3))
            found[key] = Moved(np.ones(1, bool), amount, gain, bias, branch[-2:-1].copy())
    return found
