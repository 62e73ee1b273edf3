"""What the reader of mini-notation makes: a step, and how many events there may be in a cycle of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from livevae.errors import LivevaeError
from livevae.pattern.core import Pattern, pure
from livevae.pattern.sequence import timecat
from livevae.pattern.value import Value

MOST_EVENTS = 2048
"""In one cycle: more than can be heard, and enough to stop a slip of the finger from stopping time."""
MOST_STEPS = 8192
"""Counted with every copy: what takes a fraction of a second to make a pattern of."""
MOST_DEPTH = 64
"""Constructions within each other: far from where Python gives up."""
_CYCLES_COUNTED = 4


@dataclass(frozen=True, slots=True)
class Step:
    """A step: its pattern, and what is known of it without asking.

    ``events`` is the most that a cycle of it can hold, ``numbers`` what is written in it, ``depth`` how many
    constructions lie in each other, ``size`` of how many steps it is made, ``random`` whether chance has a part in it.
    """

    pattern: Pattern
    events: int = 1
    numbers: tuple[float, ...] = ()
    weight: float = 1.0
    depth: int = 1
    size: int = 1
    random: bool = False

    def __post_init__(self) -> None:
        """Raise LivevaeError for what is more than can be played."""
        if self.events > MOST_EVENTS:
            raise LivevaeError(f"more than {MOST_EVENTS} events in one cycle")
        if self.size > MOST_STEPS:
            raise LivevaeError(f"more than {MOST_STEPS} steps")
        if self.depth > MOST_DEPTH:
            raise LivevaeError(f"more than {MOST_DEPTH} signs and brackets that act on each other")

    @property
    def steady(self) -> Value | None:
        """The one value of a step that never changes."""
        return self.pattern._node.steady

    @property
    def argument(self) -> Pattern | float:
        """The step as an argument: a number, where it never changes."""
        return self.steady if isinstance(self.steady, float) else self.pattern


def number_step(number: float) -> Step:
    """A step of one number."""
    return Step(pure(number), numbers=(number,))


def foreign(pattern: Pattern) -> Step:
    """A pattern from elsewhere as a step; its first cycles tell how much is in it."""
    if isinstance(pattern._node.steady, float):
        return number_step(pattern._node.steady)
    if pattern.is_continuous:
        return Step(pattern)
    named = bool(pattern.names())
    try:
        known = pattern.resolve(lambda name: 0.0) if named else pattern
        cycles = [known.query(cycle, cycle + 1) for cycle in range(_CYCLES_COUNTED)]
    except LivevaeError:
        # It needs what is known only where it plays, such as the space of a model.
        return Step(pattern)
    numbers = dict.fromkeys(event.value for events in cycles for event in events if isinstance(event.value, float))
    return Step(pattern, max(1, *map(len, cycles)), () if named else tuple(numbers))


def made_of(
    steps: Sequence[Step], pattern: Pattern, events: int, numbers: tuple[float, ...] | None = None, random: bool = False
) -> Step:
    """A step made of others; ``numbers`` are theirs, where nothing else is said."""
    theirs = dict.fromkeys(number for step in steps for number in step.numbers)
    return Step(
        pattern,
        max(1, events),
        tuple(theirs) if numbers is None else numbers,
        depth=1 + max((step.depth for step in steps), default=0),
        size=sum(step.size for step in steps) + 1,
        random=random or any(step.random for step in steps),
    )


def changed(step: Step, arguments: Sequence[Step], pattern: Pattern, events: int) -> Step:
    """A step that something with arguments was done to: its numbers and its length stay."""
    return replace(made_of([step, *arguments], pattern, events, step.numbers), weight=step.weight)


def row(steps: Sequence[Step]) -> Pattern:
    """Steps in a row within one cycle, by their weights."""
    return timecat(*((step.weight, step.pattern) for step in steps))


def in_row(steps: Sequence[Step]) -> Step:
    """The step that steps in a row are together."""
    if len(steps) == 1:
        return replace(steps[0], weight=1.0)
    return made_of(steps, row(steps), sum(step.events for step in steps))


def cycles_touched(rate: Fraction) -> int:
    """How many cycles of a pattern lie at most, in part, in one cycle of it at ``rate`` times its speed.

    >>> cycles_touched(Fraction(2)), cycles_touched(Fraction(1, 2)), cycles_touched(Fraction(3, 2))
    (2, 1, 3)
    """
    if rate.denominator == 1:
        return int(rate)
    return 1 if rate.numerator == 1 else math.ceil(rate) + 1


def cuts(*arguments: Step) -> int:
    """How many pieces a cycle may be cut into where these change."""
    return sum(argument.events for argument in arguments if argument.steady is None)


def exact(number: float) -> Fraction:
    """The simple ratio that a number which was typed means."""
    return Fraction(number).limit_denominator(10**6)
