"""Patterns drawn as text: events as steps along a line, movement as a curve of blocks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from livevae.errors import LivevaeError
from livevae.pattern.core import Pattern, reify
from livevae.pattern.take import Take
from livevae.pattern.time import Array, Context, Span, Time, fraction
from livevae.pattern.value import Event, Sparse, Value

MOST_CELLS = 96
"""The finest grid, in cells a cycle, on which every event gets its exact place; beyond it places are rounded."""
MOST_CYCLES = 64
"""The longest stretch that is drawn."""
MOST_DIMS = 8
"""The dimensions of a vector that are drawn; the others are counted."""
WIDTH = 78
_LEVELS = "▁▂▃▄▅▆▇█"


def timeline(
    pattern: object, cycles: Time = 2, start: Time = 0, width: int = 78, context: Context | None = None
) -> str:
    """The pattern from cycle ``start`` on as lines of text.

    Discrete patterns are steps: a name stands where its event begins and ``─`` for as long as it lasts, a space is
    silence, ``|`` begins a cycle; what sounds at the same time lies on lines of its own. What is too long for one line
    has a line for each cycle. Continuous patterns are curves with their lowest and highest value, one line for each
    dimension.

    >>> print(timeline("bell [choir drum]", 1))
    |bell───────|choir|drum─|
    """
    span = Span.of(start, fraction(start) + fraction(cycles, "the number of cycles to show"))
    if span.length <= 0:
        raise LivevaeError(f"there is nothing to show in {cycles} cycles: give a number above 0.")
    made = reify(pattern)
    where = Context() if context is None else context
    if made.is_continuous:
        return curve(made, span, where, width)
    return steps(made.query(span, context=where), span, width)


def show(pattern: object, cycles: Time = 2, start: Time = 0) -> None:
    """Print the pattern from cycle ``start`` on as a timeline, or as curves where it is continuous; see ``timeline``.

    >>> show("bell choir", 1)
    |bell─|choir|
    """
    print(timeline(pattern, cycles, start))


def steps(events: Sequence[Event], span: Span, width: int) -> str:
    """Events as rows of text; as few rows as keep them apart."""
    rows: list[list[Event]] = []
    for event in sorted(events, key=lambda event: (event.part.begin, event.extent.begin)):
        if event.part.begin == event.part.end:
            continue
        free = next((row for row in rows if row[-1].part.end <= event.part.begin), None)
        if free is None:
            rows.append([event])
        else:
            free.append(event)
    cells = _grid([event for row in rows for event in row], span)
    room = _room(rows, cells)
    if cells * room * float(span.length) > width and span.length > 1:
        # A line, or several, for each cycle: so that names stay whole as long as they can.
        return "\n".join(steps(_within(events, cycle), cycle, width) for cycle in span.cycles())
    if cells * room * float(span.length) > width:
        # Too long for exact steps: an even grid as fine as the line allows.
        cells, room = max(1, int(width / float(span.length))), 1
    return "\n".join(_row(row, span, cells, room) for row in rows or [[]])


def _within(events: Sequence[Event], span: Span) -> list[Event]:
    """The pieces of events that lie within a span."""
    shared = [(event, event.part.overlap(span)) for event in events]
    return [Event(event.whole, part, event.value) for event, part in shared if part is not None]


def _grid(events: Sequence[Event], span: Span) -> int:
    times = [span.begin, span.end] + [time for event in events for time in (event.part.begin, event.part.end)]
    return min(math.lcm(*(time.denominator for time in times)), MOST_CELLS)


def _room(rows: Sequence[Sequence[Event]], cells: int) -> int:
    """Characters a cell, so that every name has room and a separator before it."""
    needed = [
        math.ceil(Fraction(len(label(event)) + 1) / max(event.part.length * cells, Fraction(1)))
        for row in rows
        for event in row
    ]
    return max([*needed, 2])


def _row(events: Sequence[Event], span: Span, cells: int, room: int) -> str:
    def column(time: Fraction) -> int:
        return round((time - span.begin) * cells * room)

    line = [" "] * column(span.end)
    for cycle in range(math.ceil(span.begin), math.ceil(span.end)):
        line[column(Fraction(cycle))] = "|"
    for event in events:
        first, last = column(event.part.begin), column(event.part.end)
        drawn = ("|" + label(event)) if event.has_onset else ("─" if line[first] == " " else line[first])
        text = drawn.ljust(last - first, "─")[: max(last - first, 1)]
        line[first : first + len(text)] = text
    return "".join(line) + "|"


def label(event: Event) -> str:
    """What an event holds, in a few characters."""
    return value_label(event.value)


def value_label(value: Value) -> str:
    """A value in a few characters: names and numbers as they are, points with their first numbers.

    >>> value_label(np.array([1.0, 2.5, 3.0, 4.0]))
    '(1 2.5 …4)'
    """
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, np.ndarray):
        return "(" + " ".join(f"{x:.3g}" for x in value[:2]) + (f" …{value.size})" if value.size > 2 else ")")
    if isinstance(value, Sparse):
        return " ".join(f"[{index}]{float(part):.3g}" for index, part in value.dims.items())
    if isinstance(value, Take):
        return value.label
    return str(value) if isinstance(value, str) else (getattr(value, "name", "") or type(value).__name__.lower())


def curve(pattern: Pattern, span: Span, context: Context, width: int = WIDTH) -> str:
    """Values as rows of blocks, one for each dimension, between the lowest and the highest of the row."""
    count = max(8, min(width - 24, int(24 * float(span.length))))
    times = float(span.begin) + (np.arange(count) + 0.5) * float(span.length) / count
    values = pattern.sample(times, context)
    columns = values[:, None] if values.ndim == 1 else values
    lines = [_curve(columns[:, index], span, times) for index in range(min(columns.shape[1], MOST_DIMS))]
    if columns.shape[1] > MOST_DIMS:
        lines.append(f"… and {columns.shape[1] - MOST_DIMS} dimensions more")
    return "\n".join(lines)


def _curve(values: Array, span: Span, times: Array) -> str:
    heard = values[~np.isnan(values)]
    if heard.size == 0:
        return f"|{' ' * values.size}| silence"
    low, high = float(heard.min()), float(heard.max())
    levels = np.zeros(values.size) if high == low else (values - low) / (high - low)
    blocks = "".join(" " if np.isnan(x) else _LEVELS[min(7, int(x * 8))] for x in levels)
    drawn = "".join(
        ("|" if index and math.floor(times[index]) != math.floor(times[index - 1]) else "") + block
        for index, block in enumerate(blocks)
    )
    return f"|{drawn}| {low:.3g} to {high:.3g}"
