"""Choosing among events: by a test, and by chance."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import lru_cache

import numpy as np

from livevae.pattern.node import Lift, Node, Steps, constant
from livevae.pattern.noise import MOMENTS_PER_CYCLE, Bits, keys, uniform
from livevae.pattern.time import Array, Context, Span
from livevae.pattern.value import Event, elementwise

Keep = Callable[[Event, Context], bool]


def selected(node: Node, keep: Keep) -> Node:
    """The events for which ``keep(event, context)`` is true; where one is dropped there is silence.

    A continuous node is kept or dropped a cycle at a time.
    """
    source = constant(1.0) if node.continuous else node

    def find(span: Span, context: Context) -> list[Event]:
        return [event for event in source.query(span, context) if keep(event, context)]

    if node.held:
        return Steps(find, node.words())

    def marks(span: Span, context: Context) -> list[Event]:
        return [Event(event.whole, event.part, 1.0) for event in find(span, context)]

    return Lift(lambda values, kept: elementwise(_where, values, kept), node, Steps(marks))


def _where(values: Array, kept: Array) -> Array:
    return np.where(np.isnan(kept), np.nan, values)


@lru_cache(maxsize=256)
def _key(kind: str, context_seed: int, seed: int) -> Bits:
    return keys(kind, (context_seed, seed), 1)


def chances(kind: str, times: Sequence[Fraction | int], context: Context, seed: int = 0) -> list[float]:
    """A random number from 0 up to 1 for each time in cycles, the same whenever it is asked for.

    ``kind`` (of ``noise.KINDS``) and ``seed`` keep apart what should have nothing in common.
    """
    index = np.array([math.floor(time * MOMENTS_PER_CYCLE) for time in times], np.int64)
    return [float(number) for number in uniform(_key(kind, context.seed, seed), index)[:, 0]]


def chance(kind: str, event: Event, context: Context, seed: int = 0) -> float:
    """The random number of an event, by its onset; see ``chances``."""
    return chances(kind, [event.extent.begin], context, seed)[0]
