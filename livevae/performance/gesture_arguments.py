"""What a gesture may be made with."""

from __future__ import annotations

import numpy as np

from livevae.errors import LivevaeError
from livevae.latent import maps
from livevae.performance.layers import Floats

MOST_INPUTS = 16


def count_of(inputs: object) -> int:
    """How many numbers a gesture takes. Raises LivevaeError."""
    if isinstance(inputs, bool) or not isinstance(inputs, int) or not 1 <= inputs <= MOST_INPUTS:
        raise LivevaeError(f"Gesture(inputs={inputs!r}): it takes 1 to {MOST_INPUTS} numbers.")
    return inputs


def kind_of(kind: object) -> str:
    """A kind of map, or "auto". Raises LivevaeError."""
    if kind != "auto" and kind not in maps.KINDS:
        raise LivevaeError(f"there is no kind of map {kind!r}: take auto, {', '.join(maps.KINDS)}.")
    return str(kind)


def ranges_of(ranges: object, inputs: int) -> Floats | None:
    """The lowest and highest of each input, `(I, 2)`. Raises LivevaeError."""
    if ranges is None:
        return None
    try:
        pairs = np.array(ranges, np.float64)
    except (TypeError, ValueError):
        pairs = np.zeros(0)
    if pairs.shape == (2,):
        pairs = np.tile(pairs, (inputs, 1))
    if pairs.shape != (inputs, 2) or not np.isfinite(pairs).all() or (pairs[:, 0] >= pairs[:, 1]).any():
        raise LivevaeError(
            f"ranges={ranges!r}: give the lowest and the highest of the inputs, as in (0, 1), or a pair for each."
        )
    return pairs
