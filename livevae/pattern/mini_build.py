"""What the signs of mini-notation do to steps. All raise LivevaeError, without a column, for what makes no sense."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from livevae.errors import LivevaeError
from livevae.pattern.core import Pattern, pure, silence
from livevae.pattern.join import joined
from livevae.pattern.mini_step import (
    MOST_EVENTS,
    Step,
    changed,
    cuts,
    cycles_touched,
    exact,
    in_row,
    made_of,
    number_step,
    row,
)
from livevae.pattern.node import Node, Steps
from livevae.pattern.pick import chance, chances, selected
from livevae.pattern.pieces import Piece
from livevae.pattern.rhythm import euclid_steps
from livevae.pattern.sequence import stack, timecat
from livevae.pattern.take import Take
from livevae.pattern.time import Context, Span
from livevae.pattern.turns import piecewise
from livevae.pattern.value import Event

PARTS = number_step(8.0)
"""Into how many parts `bell:2` cuts a recording."""
MOST_PARTS = 1024


def together(lines: Sequence[Step]) -> Step:
    """Lines at the same time."""
    return made_of(lines, stack(*(line.pattern for line in lines)), sum(line.events for line in lines))


def either(lines: Sequence[Step], seed: int) -> Step:
    """In each cycle one of several lines, by chance."""
    count = len(lines)

    def layout(cycle: int, context: Context) -> list[Piece]:
        (number,) = chances("either", [cycle], context, seed)
        return [Piece(Fraction(cycle), Fraction(cycle + 1), int(number * count))]

    pattern = Pattern(piecewise([line.pattern._node for line in lines], layout))
    return made_of(lines, pattern, max(line.events for line in lines), random=True)


def turns(steps: Sequence[Step]) -> Step:
    """One step in each cycle."""
    if not steps:
        return in_row(steps)
    whole = all(step.weight % 1 == 0 for step in steps)
    events = max(step.events for step in steps) if whole else sum(step.events for step in steps)
    return made_of(steps, row(steps).slow(length(steps)), events)


def meter(steps: Sequence[Step], rate: Step) -> Step:
    """``rate`` of the steps in each cycle."""
    size = length(steps)
    slow = made_of(steps, row(steps).slow(size), 1)
    cycles = max((cycles_touched(exact(number) / exact(size)) for number in rate.numbers), default=1) + cuts(rate)
    events = sum(step.events for step in steps) * cycles
    return changed(slow, [rate], slow.pattern.fast(rate.argument), events)


def length(steps: Sequence[Step]) -> float:
    """How long steps are together, in steps."""
    return sum(step.weight for step in steps)


def weighted(step: Step, weight: float) -> Step:
    """A step of another length."""
    if not 1e-3 <= weight <= 1e3:
        raise LivevaeError(f"a step's length must be 0.001 to 1000, not {weight:g}")
    return replace(step, weight=weight)


def sped(step: Step, factor: Step, slower: bool) -> Step:
    """A step that is ``factor`` times as fast, or as slow; 0 is silence."""
    check_bounds(factor, "a factor", 0, MOST_EVENTS)
    wanted = [exact(number) for number in factor.numbers if number > 0]
    cycles = max((cycles_touched(1 / rate if slower and rate else rate) for rate in wanted), default=1) + cuts(factor)
    pattern = step.pattern.slow(factor.argument) if slower else step.pattern.fast(factor.argument)
    return changed(step, [factor], pattern, step.events * cycles)


def rhythm(step: Step, arguments: Sequence[Step]) -> Step:
    """A step in a Euclidean rhythm: beats, steps and, if there is a third, turn."""
    if all(argument.numbers for argument in arguments):
        _check_rhythms(*(argument.numbers for argument in arguments))
    pattern = step.pattern.euclid(*(argument.argument for argument in arguments))
    count = int(max(arguments[1].numbers, default=1))
    return changed(step, arguments, pattern, step.events * (count + 2 * cuts(*arguments)))


def _check_rhythms(beats: tuple[float, ...], counts: tuple[float, ...], turned: tuple[float, ...] = (0,)) -> None:
    """Raise for a rhythm that could come about and is impossible, while there is a column to point at."""
    most = max(beats, key=abs)
    for count in counts:
        euclid_steps(most, count)
    for beat in beats:
        for turn in (min(turned), *turned):
            euclid_steps(beat, max(counts), turn)


def left_out(step: Step, odds: float, seed: int) -> Step:
    """A step whose events are each left out by chance; ``odds`` of 1 leaves out all."""
    if odds > 1:
        raise LivevaeError(f"after ? stands how likely a step is left out, 0 to 1, not {odds:g}")
    node = selected(step.pattern._node, lambda event, context: chance("maybe", event, context, seed) >= odds)
    # Layers are chosen among one by one, and so is everything that they are made of.
    depth = step.depth + 1 if step.pattern._node.held else 2 * step.depth
    return replace(step, pattern=Pattern(node), depth=depth, random=True)


def counted(first: float, last: float) -> list[float]:
    """Whole steps from one number as far as another, upwards or downwards.

    >>> counted(0, 2), counted(1, -1)
    ([0, 1, 2], [1, 0, -1])
    """
    step = 1 if last >= first else -1
    return [first + step * index for index in range(math.floor(abs(last - first) + 1e-9) + 1)]


def ranging(first: Step, last: Step) -> Step:
    """``counted`` numbers, between two that may change, as one step."""
    longest = max((abs(a - b) for a in first.numbers for b in last.numbers), default=0.0)
    if longest * len(first.numbers) >= MOST_EVENTS:
        raise LivevaeError(f"more than {MOST_EVENTS} events in one cycle")

    def build(parts: Sequence[Node], *ends: object) -> Node:
        a, b = (float(str(end)) for end in ends)
        if abs(a - b) >= MOST_EVENTS:
            raise LivevaeError(f"a range from {a:g} to {b:g} has more than {MOST_EVENTS} steps.")
        return timecat(*((1, number) for number in counted(a, b)))._node

    # What is built has no parts of its own; silence stands for them, as something that has events.
    node = joined(build, [silence._node], [first.pattern._node, last.pattern._node])
    reached = (max(last.numbers), min(last.numbers)) if last.numbers else ()
    numbers = dict.fromkeys(number for a in first.numbers for b in reached for number in counted(a, b))
    return made_of([first, last], Pattern(node), int(longest) + 1 + 2 * cuts(first, last), tuple(numbers))


def part_of(name: Take, index: float, count: float) -> Take:
    """Part ``index`` of ``count`` equal parts of a recording; after the last comes the first again.

    >>> part_of(Take("bell"), 9, 8)
    'bell(first=1/8, last=1/4)'
    """
    parts = max(1, math.floor(count))
    begin = math.floor(index) % parts
    return name.part(Fraction(begin, parts), Fraction(begin + 1, parts))


def sliced(name: str, index: Step, count: Step = PARTS) -> Step:
    """``part_of`` a recording, with the events of ``index``."""
    check_bounds(count, "a number of parts", 1, MOST_PARTS)
    odd = [number for step in (index, count) for number in step.numbers if number % 1]
    if odd:
        raise LivevaeError(f"the parts of a recording are counted in whole numbers, not {odd[0]:g}")
    if len(index.numbers) * len(count.numbers) > MOST_EVENTS:
        raise LivevaeError(f"more than {MOST_EVENTS} parts of one recording")
    if not name.replace("_", "a").isalnum():
        raise LivevaeError(f"{name!r} cannot be the name of a recording")
    whole = Take(name)
    if isinstance(index.steady, float) and isinstance(count.steady, float):
        return Step(pure(part_of(whole, index.steady, count.steady)))
    words = frozenset(part_of(whole, number, of) for number in index.numbers for of in count.numbers)

    def find(span: Span, context: Context) -> list[Event]:
        return [
            Event(event.whole, of.part, part_of(whole, float(str(event.value)), float(str(of.value))))
            for event in index.pattern.query(span, context=context)
            for of in count.pattern.query(event.part, context=context)
        ]

    made = Pattern(Steps(find, words or frozenset([whole])))
    return made_of([index, count], made, index.events * (1 + cuts(count)), ())


def check_bounds(step: Step, what: str, least: float, most: float) -> None:
    """Raise LivevaeError for numbers out of bounds."""
    wrong = [number for number in step.numbers if not least <= number <= most]
    if wrong:
        raise LivevaeError(f"{what} must be {least:g} to {most:g}, not {wrong[0]:g}")
