"""Places taken from recordings: the point one moves around, and one frame of it."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from livevae.errors import LivevaeError
from livevae.pattern.core import Pattern, pure, reify
from livevae.pattern.given import Given, frames_of, scrubbed
from livevae.pattern.node import Node, Steps
from livevae.pattern.take import Take
from livevae.pattern.time import Context, Span
from livevae.pattern.value import Event, Playable, Value

origin = pure(0.0)
"""The middle of the coordinates, 0 in every dimension. The middle of a model's sounds is ``origin.unit()``."""


def mean(recordings: object) -> Pattern:
    """The point that a recording moves around: the mean of its frames. A name, or a pattern of names.

    >>> show(mean("bell choir"), 1)
    |bell(still=mean)─|choir(still=mean)|
    """
    return _still(recordings, "mean", _middle)


def freeze(recordings: object, at: object = 0.0) -> Pattern:
    """One frame of a recording, held: the one ``at`` seconds after its beginning (or that of the slice that plays).

    ``at`` may be a pattern: ``freeze("bell", at=sine * 2)`` goes back and forth through the first two seconds.

    >>> freeze("bell", at=0.5).query(0, 1)
    [(0>1)|bell(still=0.5)]
    """
    if isinstance(at, int | float) and not isinstance(at, bool):
        if not (math.isfinite(at) and at >= 0):
            raise LivevaeError(f"freeze(at={at!r}): give seconds after the beginning, 0 or more.")
        moment = np.array([float(at)])
        return _still(recordings, float(at), lambda value: value.at(moment)[0])
    return Pattern(Given(scrubbed, (reify(recordings)._node, reify(at)._node), 0))


def _middle(value: Playable) -> Value:
    frames = frames_of(value, "mean")
    if frames is None:
        raise LivevaeError("mean() needs a recording that has been encoded.")
    return np.asarray(frames.mean(axis=0), np.float64)


def _still(recordings: object, still: str | float, point: Callable[[Playable], Value]) -> Pattern:
    """Every recording in a pattern, by name or as it is, replaced by one point of it."""

    def change(value: Value) -> Value:
        if isinstance(value, str):
            return Take.of(value).but(still=still)
        return value if isinstance(value, float | np.ndarray) or not isinstance(value, Playable) else point(value)

    def changed(leaf: Node) -> Node:
        if not leaf.held:
            return leaf

        def find(span: Span, context: Context) -> list[Event]:
            return [Event(event.whole, event.part, change(event.value)) for event in leaf.query(span, context)]

        return Steps(find, frozenset(Take.of(word).but(still=still) for word in leaf.words()))

    return Pattern(reify(recordings)._node.over_leaves(changed))
