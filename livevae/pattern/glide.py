"""Gliding: between two events the value moves from the old one to the new one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from livevae.pattern.hold import Recent, Track, by_cycle, rows_at, segments
from livevae.pattern.node import CYCLES_KEPT, Node
from livevae.pattern.time import Array, Context, Key, Span
from livevae.pattern.value import Event, Mask, Sampled, elementwise


@dataclass(frozen=True, slots=True)
class _Turns:
    """One cycle of events, beside the events that touch them: those before, and those after."""

    begins: Array
    now: Track
    before: Track
    after: Track
    follows: Mask
    precedes: Mask


class Glide(Node):
    """A held node whose value moves for ``seconds`` from each onset, along a raised cosine.

    An event shorter than that is moved into for as long as it lasts, so that the value never jumps.
    """

    __slots__ = ("_node", "_turns", "seconds")

    def __init__(self, node: Node, seconds: float) -> None:
        super().__init__(held=False, continuous=False)
        self._node = node
        self.seconds = seconds
        self._turns: Recent[Key, _Turns] = Recent(CYCLES_KEPT)

    def events(self, span: Span, context: Context) -> list[Event]:
        return self._node.query(span, context)

    def flow(self, cycles: Array, context: Context) -> Sampled:
        return by_cycle(cycles, lambda cycle, times: self._sample(cycle, times, context))

    def _sample(self, cycle: int, times: Array, context: Context) -> Sampled:
        turns = self._turns.get(context.key(cycle), lambda: self._find(cycle, context))
        old, moving = (turns.after, turns.precedes) if context.backwards else (turns.before, turns.follows)
        rows = rows_at(turns.begins, times)
        new = turns.now.sample(rows, times, context)
        if not moving[rows].any():
            return new
        low, high = context.seconds(turns.now.low[rows]), context.seconds(turns.now.high[rows])
        length = np.minimum(self.seconds, np.abs(high - low))
        progress = (context.seconds(times) - np.minimum(low, high)) / length
        weight = np.where(moving[rows] & (progress < 1), 0.5 - 0.5 * np.cos(np.pi * np.maximum(progress, 0)), 1.0)
        gliding = np.flatnonzero(weight < 1)
        if gliding.size == 0:
            return new
        left = old.sample(rows[gliding], times[gliding], context)
        if left.shape[1:] != new.shape[1:]:
            return elementwise(_blend, new, old.sample(rows, times, context), weight)
        share = weight[gliding]
        out = np.array(new)
        out[gliding] = _blend(new[gliding], left, share[:, None] if out.ndim == 2 else share)
        return out

    def _find(self, cycle: int, context: Context) -> _Turns:
        start = Fraction(cycle)
        begins, held = segments(self._node.query(Span(start, start + 1), context), cycle)
        around = self._node.query(Span(start - 1, start + 2), context)
        ending = {event.part.end: event for event in around}
        starting = {event.part.begin: event for event in reversed(around)}
        before: list[Event | None] = []
        after: list[Event | None] = []
        for event in held:
            if event is None:
                before.append(None)
                after.append(None)
                continue
            at, end = event.extent.begin, event.extent.end
            if at <= start - 1:
                ending.update({e.part.end: e for e in self._node.query(Span(at - 1, at), context)})
            if end >= start + 2:
                starting.update({e.part.begin: e for e in self._node.query(Span(end, end + 1), context)})
            before.append(ending.get(at))
            after.append(starting.get(end))
        return _Turns(begins, Track.of(held), Track.of(before), Track.of(after), _known(before), _known(after))

    def affine(self, scale: Fraction, offset: Fraction) -> Node:
        return Glide(self._node.affine(scale, offset), self.seconds)

    def parts(self) -> Sequence[Node]:
        return (self._node,)

    def rebuilt(self, parts: Sequence[Node]) -> Node:
        return glide(parts[0], self.seconds)


def _known(events: Sequence[Event | None]) -> Mask:
    return np.array([event is not None for event in events])


def _blend(new: Array, old: Array, weight: Array) -> Array:
    return np.where(weight < 1, np.where(np.isnan(old), new, old + weight * (new - old)), new)


def glide(node: Node, seconds: float) -> Node:
    """``node`` with every discrete leaf gliding; a leaf that glides already takes the new time."""

    def change(leaf: Node) -> Node:
        return Glide(leaf, seconds) if leaf.held else leaf

    if isinstance(node, Glide):
        return Glide(node.parts()[0], seconds)
    return node.over_leaves(change)
