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


def tail(last: Audio) -> Audio:
    """What to play after `last` (channels, n) broke off: the same samples backwards, faded out over `LENGTH`."""
    held = last[:, ::-1][:, :LENGTH]
    if held.shape[1] < LENGTH:
        held = np.pad(held, ((0, 0), (0, LENGTH - held.shape[1])))
    faded: Audio = held * rise()[::-1]
    return faded
