"""Events found once a cycle, for whoever asks for a part of it again."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

from livevae.pattern.hold import Recent
from livevae.pattern.time import Context, Key, Span, as_float
from livevae.pattern.value import Event

# Floats of the exact times that a span is compared by lie closer to them than this, up to thousands of cycles.
_NEAR = 1e-6

_Cycle = list[tuple[float, float, Event]]


class Found:
    """The events of whole cycles, each found once; parts of a cycle are cut from them."""

    __slots__ = ("_cycles",)

    def __init__(self, room: int) -> None:
        self._cycles: Recent[Key, _Cycle] = Recent(room)

    def within(self, span: Span, context: Context, find: Callable[[Span], list[Event]]) -> list[Event]:
        """The events within a span, from ``find(cycle)``, which gives those of one whole cycle."""
        found: list[Event] = []
        for asked in span.cycles():
            cycle = math.floor(asked.begin)
            known = self._cycles.get(context.key(cycle), lambda cycle=cycle: _listed(find, cycle))  # type: ignore[misc]
            if asked.begin == cycle and asked.end == cycle + 1:
                found += [event for _, _, event in known]
            else:
                _cut(known, asked, found)
        return found


def _listed(find: Callable[[Span], list[Event]], cycle: int) -> _Cycle:
    events = find(Span(Fraction(cycle), Fraction(cycle + 1)))
    return [(as_float(event.part.begin), as_float(event.part.end), event) for event in events]


def _cut(known: _Cycle, asked: Span, found: list[Event]) -> None:
    """Add the pieces of events that lie within a span. Most of them are told by their floats, the others exactly."""
    low, high = as_float(asked.begin), as_float(asked.end)
    outer_low, outer_high, inner_low, inner_high = low - _NEAR, high + _NEAR, low + _NEAR, high - _NEAR
    for begin, end, event in known:
        if end < outer_low or begin > outer_high:
            continue
        if begin > inner_low and end < inner_high:
            found.append(event)
            continue
        part = event.part.overlap(asked)
        if part is not None:
            found.append(event if part == event.part else Event(event.whole, part, event.value))
