"""What arguments mean: whole numbers, parts of a cycle, and truth values."""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction
from numbers import Real

from livevae.errors import LivevaeError
from livevae.pattern.node import Node
from livevae.pattern.time import Context, Span, fraction
from livevae.pattern.value import Value

MOST_PARTS = 1024
"""More parts of a cycle, or of an event, than can be heard, and few enough for a slip of the finger to be harmless."""

_TRUE, _FALSE = ("t", "true", "x"), ("f", "false")


def whole(value: object, what: str, low: int = 1, high: int = MOST_PARTS) -> int:
    """A whole number from ``low`` to ``high``, or an error that begins with ``what``."""
    number = float(value) if isinstance(value, Real) else math.nan
    if low <= number <= high and number.is_integer():
        return int(number)
    raise LivevaeError(f"{what} must be a whole number from {low} to {high}, not {_shown(value)}.")


def part_of_cycle(name: str, begin: object, end: object) -> tuple[Fraction, Fraction]:
    """Two places within a cycle, one after the other, or an error."""
    first, last = fraction(begin, f"{name}(): the beginning"), fraction(end, f"{name}(): the end")
    if not 0 <= first < last <= 1:
        raise LivevaeError(
            f"{name}({first}, {last}): the part must lie within the cycle, from 0 to 1, and end after it begins."
        )
    return first, last


def truth(value: Value, name: str) -> bool:
    """Whether a value means yes: a number other than zero, ``t``, ``true`` or ``x``; not 0, ``f`` or ``false``."""
    if isinstance(value, float):
        return value == value and value != 0
    word = value.lower() if isinstance(value, str) else ""
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    raise LivevaeError(f"{name}: {_shown(value)} is neither true nor false: write t and f, or 1 and 0.")


def discrete(node: Node, name: str) -> Node:
    """A node that has events, or an error."""
    if node.continuous:
        raise LivevaeError(f"{name} needs steps of true and false, not a movement: use .segment(n) on it.")
    return node


def true_stretches(truths: Node, span: Span, context: Context, name: str) -> list[Span]:
    """Where a pattern of truth values is true, in order; stretches that overlap are one."""
    found = sorted(
        (event.part for event in truths.query(span, context) if truth(event.value, name)), key=lambda part: part.begin
    )
    return list(_merged(found))


def _merged(spans: Iterable[Span]) -> Iterable[Span]:
    last: Span | None = None
    for span in spans:
        if last is not None and span.begin < last.end:
            last = Span(last.begin, max(last.end, span.end))
            continue
        if last is not None:
            yield last
        last = span
    if last is not None:
        yield last


def _shown(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else repr(value)
