"""Shapes that repeat every cycle, from 0 to 1: slow them, shift them, and spread them with ``range``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from livevae.errors import LivevaeError
from livevae.pattern.arguments import CLOCK, bound, flowing
from livevae.pattern.core import Pattern, lift, reify, signal
from livevae.pattern.join import joined
from livevae.pattern.node import Node
from livevae.pattern.time import Array, Context
from livevae.pattern.value import Sampled

sine = signal(lambda t: 0.5 + 0.5 * np.sin(2 * np.pi * t))
"""A sine from 0 to 1, one period a cycle; it begins in the middle and rises.

>>> show(sine, 1)
|▅▆▇██████▇▆▅▄▃▂▁▁▁▁▁▁▂▃▄| 0.00428 to 0.996
"""
cosine = signal(lambda t: 0.5 + 0.5 * np.cos(2 * np.pi * t))
"""A sine from 0 to 1 that begins at its highest.

>>> cosine.sample([0.0, 0.25, 0.5]).round(3)
array([1. , 0.5, 0. ])
"""
saw = signal(lambda t: t - np.floor(t))
"""From 0 up to 1 in every cycle.

>>> saw.sample([0.0, 0.25, 1.0])
array([0.  , 0.25, 0.  ])
"""
isaw = signal(lambda t: 1.0 - (t - np.floor(t)))
"""From 1 down to 0 in every cycle.

>>> isaw.sample([0.0, 0.25, 1.0])
array([1.  , 0.75, 1.  ])
"""
tri = signal(lambda t: 1.0 - np.abs(2.0 * (t - np.floor(t)) - 1.0))
"""From 0 up to 1 and back, in straight lines.

>>> tri.sample([0.0, 0.25, 0.5, 0.75])
array([0. , 0.5, 1. , 0.5])
"""
square = signal(lambda t: np.where(t - np.floor(t) < 0.5, 0.0, 1.0))
"""0 in the first half of every cycle, 1 in the second.

>>> square.sample([0.0, 0.25, 0.5])
array([0., 0., 1.])
"""


class Pulse(Pattern):
    """1 in the first half of each cycle, 0 in the second: ``pulse``; or in another part of it: ``pulse(0.25)``.

    >>> pulse.sample([0.0, 0.25, 0.5])
    array([1., 1., 0.])
    """

    __slots__ = ()

    def __call__(self, width: object = 0.5) -> Pattern:
        """1 in the first ``width`` of each cycle, 0 to 1, then 0. It may be a pattern.

        >>> pulse(0.25).sample([0.0, 0.25, 0.5])
        array([1., 0., 0.])
        """
        filled, moving = bound(_pulse, [width])
        return lift(filled, Pattern(CLOCK), *moving)


def _pulse(cycles: Array, width: Array | float) -> Array:
    return np.where(np.isnan(width), np.nan, np.where(cycles - np.floor(cycles) < width, 1.0, 0.0))


pulse = Pulse(signal(lambda t: _pulse(t, 0.5))._node)
"""1 in the first half of every cycle, 0 in the second; ``pulse(width)`` in another part of it.

>>> pulse.sample([0.0, 0.25, 0.5]), pulse(0.25).sample([0.0, 0.25, 0.5])
(array([1., 1., 0.]), array([1., 0., 0.]))
"""


def ramp(cycles: object = 1) -> Pattern:
    """From 0 up to 1 in so many ``cycles``, again and again: ``saw.slow(cycles)``. It may be a pattern.

    >>> ramp(4).sample([0.0, 1.0, 3.0, 4.0])
    array([0.  , 0.25, 0.75, 0.  ])
    """
    return saw.slow(cycles)


class FreeRunning(Node):
    """A node read by the seconds of the performance: one cycle of it takes 1 / ``rate`` seconds, whatever the tempo."""

    __slots__ = ("_node", "_rate")

    def __init__(self, node: Node, rate: float) -> None:
        super().__init__(held=False, continuous=True)
        self._node, self._rate = node, rate

    def flow(self, cycles: Array, context: Context) -> Sampled:
        inner = replace(context, seconds=lambda own: own / self._rate, backwards=False)
        return self._node.sample(context.seconds(cycles) * self._rate, inner)

    def parts(self) -> Sequence[Node]:
        return (self._node,)

    def rebuilt(self, parts: Sequence[Node]) -> Node:
        return FreeRunning(parts[0], self._rate)


def lfo(shape: object = sine, rate: object = 1.0) -> Pattern:
    """A shape that repeats ``rate`` times a second from the beginning of the performance on, whatever the tempo.

    The shape may be any pattern: one cycle of it is what repeats. Since it runs by seconds, ``fast``, ``late`` or
    ``rev`` do not move it: do that to the shape, ``lfo(saw.rev(), 0.2)``. The rate may be a pattern, looked at once for
    each of its events: a new rate is counted from the beginning too, so that the shape may jump where it changes.

    >>> lfo(saw, 0.25).sample([0.0, 1.0, 2.0], Context.at(0.5))
    array([0. , 0.5, 0. ])
    """

    def build(parts: Sequence[Node], times: object) -> Node:
        if not isinstance(times, float) or not (np.isfinite(times) and times > 0):
            raise LivevaeError(f"lfo(rate={times}): the rate must be above zero, in times a second.")
        return FreeRunning(parts[0], times)

    return Pattern(joined(build, [flowing(reify(shape)._node)], [reify(rate)._node]))
