"""Number arguments, each a plain number or a pattern."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from numbers import Real

from livevae.errors import LivevaeError
from livevae.pattern.node import Lift, Node, Signal, constant
from livevae.pattern.time import Array

CLOCK = Signal(lambda cycles, context: cycles)
"""The time itself, in cycles."""


def is_number(thing: object) -> bool:
    """Whether an argument stays as it is. A number that is not finite is an error."""
    if not isinstance(thing, Real):
        return False
    if not math.isfinite(thing):
        raise LivevaeError(f"{thing!r} is not a number that can be heard: give a finite one.")
    return True


def bound(function: Callable[..., Array], arguments: Sequence[object]) -> tuple[Callable[..., Array], list[object]]:
    """``function(*samples, *arguments)`` with the plain numbers filled in, and the arguments that are still missing.

    Numbers that do not move need not be looked up for every block.
    """
    fixed = [float(argument) if is_number(argument) else None for argument in arguments]  # type: ignore[arg-type]
    moving = [argument for argument, number in zip(arguments, fixed, strict=True) if number is None]

    def filled(*samples: Array) -> Array:
        first = len(samples) - len(moving)
        rest = iter(samples[first:])
        return function(*samples[:first], *(next(rest) if number is None else number for number in fixed))

    return filled, moving


def unheld(node: Node) -> Node:
    """The same node, sampled as a movement and not by its events."""
    return Lift(lambda values: values, node)


def flowing(node: Node) -> Node:
    """The values of a node without its events: a continuous one."""
    return Lift(lambda cycles, values: values, CLOCK, node)


def stepping(node: Node) -> Node:
    """The values of a node that is to be cut into events: a discrete one."""
    return Lift(lambda mark, values: values, constant(1.0), node)
