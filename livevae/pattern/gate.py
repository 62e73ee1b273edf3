"""The envelope of every event: where in its event each moment lies, and how loud it is there."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from livevae.pattern.hold import Recent, by_cycle, rows_at, segments
from livevae.pattern.node import CYCLES_KEPT, Node
from livevae.pattern.time import Array, Context, Key, Span
from livevae.pattern.value import Sampled

Rows = tuple[Array, Array, Array]
"""Where the stretches of a cycle begin, and where the whole of the event of each begins and ends; NaN for none."""


class Gate(Node):
    """The seconds since the onset of the event that sounds, and those until it ends: ``(n, 2)``, NaN in silence.

    Only the times of the events matter, so that their names need not be known.
    """

    __slots__ = ("_node", "_rows")

    def __init__(self, node: Node) -> None:
        super().__init__(held=False, continuous=True)
        self._node = node
        self._rows: Recent[Key, Rows] = Recent(CYCLES_KEPT)

    def flow(self, cycles: Array, context: Context) -> Sampled:
        return by_cycle(cycles, lambda cycle, times: self._sample(cycle, times, context))

    def _sample(self, cycle: int, times: Array, context: Context) -> Array:
        begins, low, high = self._rows.get(context.key(cycle), lambda: self._find(cycle, context))
        row = rows_at(begins, times)
        now, one, other = context.seconds(times), context.seconds(low[row]), context.seconds(high[row])
        return np.stack([now - np.minimum(one, other), np.maximum(one, other) - now], axis=1)

    def _find(self, cycle: int, context: Context) -> Rows:
        begins, held = segments(self._node.query(Span(Fraction(cycle), Fraction(cycle + 1)), context), cycle)
        spans = [None if event is None else event.extent for event in held]
        return (
            begins,
            np.array([np.nan if span is None else float(span.begin) for span in spans]),
            np.array([np.nan if span is None else float(span.end) for span in spans]),
        )


def adsr_level(
    since: Array,
    until: Array,
    attack: Array | float,
    decay: Array | float,
    sustain: Array | float,
    release: Array | float,
) -> Array:
    """The level of an envelope ``since`` its beginning and ``until`` its end; shortened where it is too long."""
    attack, decay, release = (np.maximum(time, 0.0) for time in (attack, decay, release))
    fit = np.minimum(1.0, (since + until) / np.maximum(attack + decay + release, 1e-12))
    attack, decay, release = attack * fit, decay * fit, release * fit
    rise = np.where(since < attack, since / attack, 1.0)
    fall = np.where(decay > 0, np.clip((since - attack) / decay, 0.0, 1.0), since >= attack)
    level = np.where(since < attack, rise, 1.0 + (sustain - 1.0) * fall)
    return np.where(until < release, sustain * until / release, level)
