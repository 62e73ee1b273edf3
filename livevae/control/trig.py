"""A pattern that begins anew whenever a key is struck."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from livevae.control.knobs import Knob
from livevae.control.reading import Values
from livevae.errors import LivevaeError
from livevae.pattern import Context, Pattern, reify
from livevae.pattern.node import Node
from livevae.pattern.value import Sampled, merge

Presses = Callable[[Values], tuple[Values, Values, NDArray[np.bool_]]]
"""At each second: when the last press was (minus infinity: never), how hard, and whether it is held."""

_STEPS = 80
_CLOSE = 1e-12


class Struck(Node):
    """A node that is heard from each press on, as if its cycle 0 were there; silent before the first.

    It is heard as long as the key is held, and for the first ``ring`` cycles in any case.
    """

    __slots__ = ("_node", "_presses", "_ring")

    def __init__(self, presses: Presses, node: Node, ring: float) -> None:
        super().__init__(held=False, continuous=True)
        self._presses, self._node, self._ring = presses, node, ring

    def flow(self, cycles: Values, context: Context) -> Sampled:
        onsets, _, down = self._presses(context.seconds(cycles))
        heard = []
        for onset in np.unique(onsets[np.isfinite(onsets)]).tolist():
            begin = cycle_at(context, onset)
            since = cycles - begin
            rows = (onsets == onset) & (down | (since < self._ring))
            if rows.any():
                inner = context.mapped(1.0, -begin)
                # Rounding must not put the first frame before the beginning.
                heard.append((rows, self._node.sample(np.maximum(since[rows], 0.0), inner)))
        return merge(cycles.size, heard)

    def parts(self) -> Sequence[Node]:
        return (self._node,)

    def rebuilt(self, parts: Sequence[Node]) -> Node:
        return Struck(self._presses, parts[0], self._ring)


def cycle_at(context: Context, second: float) -> float:
    """The cycle that is reached at a second: the same whichever frames ask for it."""

    def off(cycle: float) -> float:
        return float(context.seconds(np.array([cycle]))[0]) - second

    low, high = 0.0, 0.0
    reach = 1.0
    rising = off(1.0) > off(0.0)
    while (off(low) > 0) == rising and abs(off(low)) > _CLOSE and reach < 1e12:
        low, reach = -reach, 2 * reach
    reach = 1.0
    while (off(high) < 0) == rising and abs(off(high)) > _CLOSE and reach < 1e12:
        high, reach = reach, 2 * reach
    # Where the tempo is steady the first chord is exact; elsewhere the halves close in.
    below, above = off(low), off(high)
    for step in range(_STEPS):
        if low == high or below == above:
            break
        middle = low - below * (high - low) / (above - below) if step % 2 == 0 else (low + high) / 2
        here = off(middle)
        if abs(here) <= _CLOSE or high - low <= _CLOSE:
            return middle
        if (here < 0) == rising:
            low, below = middle, here
        else:
            high, above = middle, here
    return low if abs(below) <= abs(above) else high


def trig(key: Knob, thing: object, ring: float = 1) -> Pattern:
    """Something that begins anew whenever a key is struck: `v1.z = trig(note(36), take("drum"))`.

    `key` is a key, or a controller that is pressed when it comes past the middle. `thing`, anything that can be played,
    is heard from its own cycle 0 on for as long as the key is held, and in any case for its first `ring` cycles, so
    that pads ring out; with `ring=0` it stops when the key is let go. Otherwise there is silence. Raises LivevaeError
    for a key that is none.

    >>> trig(note(36), "bell choir").sample([0.0])
    array([nan])
    """
    if not isinstance(key, Knob) or key.reading.following is not None:
        raise LivevaeError(f"trig() takes a key or a knob first, as in trig(note(36), take('drum')), not {key!r}.")
    return struck(key.reading.pressed, thing, check_ring("trig", ring))


def check_ring(name: str, ring: float) -> float:
    """Raises LivevaeError unless it is a number of cycles."""
    if isinstance(ring, bool) or not isinstance(ring, int | float) or not ring >= 0 or math.isnan(ring):
        raise LivevaeError(f"{name}(ring={ring!r}): ring is a number of cycles, 0 or more.")
    return float(ring)


def struck(presses: Presses, thing: object, ring: float) -> Pattern:
    """The same for presses that are found otherwise."""
    return Pattern(Struck(presses, reify(thing)._node, ring))
