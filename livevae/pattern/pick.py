"""Choosing among events: by a test, and by chance."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import lru_cache

import numpy as np

from livevae.errors import LivevaeError
from livevae.pattern.aligned import Meeting, marks
from livevae.pattern.follow import Slew, Smooth
from livevae.pattern.given import Given
from livevae.pattern.glide import Glide
from livevae.pattern.hashing import MOMENTS_PER_CYCLE, Bits, keys, uniform
from livevae.pattern.node import Affine, Lift, Node, Stack, Steps, constant
from livevae.pattern.pieces import Turn, Turns
from livevae.pattern.samplehold import SampleHold
from livevae.pattern.time import Array, Context, Span
from livevae.pattern.value import Event, Sampled, is_silent, merge

Keep = Callable[[Event, Context], bool]


def selected(node: Node, keep: Keep) -> Node:
    """The events for which ``keep(event, context)`` is true; where one is dropped there is silence.

    ``keep`` goes by the time of an event alone, not by its value. A continuous node is kept or dropped a cycle at a
    time. Layers and turns are chosen among one by one, so that of events that overlap each goes alone.
    """
    if node.held:
        return Steps(lambda span, context: _kept(node, keep, span, context), node.words())
    if isinstance(node, Stack):
        return Stack([selected(part, keep) for part in node.parts()])
    if isinstance(node, Glide):
        return node.rebuilt([selected(part, keep) for part in node.parts()])
    if isinstance(node, Affine):
        inner = [selected(part, lambda e, c: keep(node.outward(e), node.outside(c))) for part in node.parts()]
        return node.rebuilt(inner)
    return _Turns(node, keep) if isinstance(node, Turns) else _Marked(node, keep)


def _kept(node: Node, keep: Keep, span: Span, context: Context) -> list[Event]:
    return [event for event in node.query(span, context) if keep(event, context)]


class _Turns(Turns):
    """Turns of which each is chosen among."""

    __slots__ = ("_keep", "_node")

    def __init__(self, node: Turns, keep: Keep) -> None:
        super().__init__(held=False, continuous=node.continuous)
        self._node, self._keep = node, keep

    def lay(self, cycle: int, context: Context) -> Sequence[Turn]:
        return [(begin, end, selected(node, self._keep)) for begin, end, node in self._node.lay(cycle, context)]

    def parts(self) -> Sequence[Node]:
        return (self._node,)

    def rebuilt(self, parts: Sequence[Node]) -> Node:
        return selected(parts[0], self._keep)


class _Marked(Node):
    """Values made of several nodes, heard only where an event of theirs is kept."""

    __slots__ = ("_keep", "_node", "marks")

    def __init__(self, node: Node, keep: Keep) -> None:
        super().__init__(held=False, continuous=node.continuous)
        self._node, self._keep = node, keep
        source = constant(1.0) if node.continuous else _timed(node)

        def find(span: Span, context: Context) -> list[Event]:
            return [Event(event.whole, event.part, 1.0) for event in _kept(source, keep, span, context)]

        self.marks = Steps(find)

    def events(self, span: Span, context: Context) -> list[Event]:
        return _kept(self._node, self._keep, span, context)

    def flow(self, cycles: Array, context: Context) -> Sampled:
        silent = is_silent(self.marks.sample(cycles, context))
        if not silent.any():
            return self._node.sample(cycles, context)
        heard = ~silent
        return merge(cycles.size, [(heard, self._node.sample(cycles[heard], context))] if heard.any() else [])

    def parts(self) -> Sequence[Node]:
        return (self._node,)

    def rebuilt(self, parts: Sequence[Node]) -> Node:
        return selected(parts[0], self._keep)


def _timed(node: Node) -> Node:
    """The node that gives a combination its events: theirs are as long, and need not be worked out."""
    if node.held or node.continuous:
        return marks(node)
    if isinstance(node, _Marked):
        return node.marks
    if isinstance(node, _FIRST):
        return _timed(node.parts()[0])
    return node.through(_timed) if isinstance(node, _ALIKE) else node


_FIRST = (Lift, Given, Glide, Smooth, Slew)
_ALIKE = (Turns, Affine, Stack, Meeting, SampleHold)


def checked_seed(seed: object) -> int:
    """A whole number that keeps random patterns apart, or an error."""
    if not isinstance(seed, int | np.integer) or isinstance(seed, bool):
        raise LivevaeError(f"seed={seed!r}: a seed is a whole number.")
    return int(seed)


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
