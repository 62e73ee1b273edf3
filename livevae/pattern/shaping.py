"""Methods that shape values: their range, their steps, and how quickly they move."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from livevae.errors import LivevaeError
from livevae.pattern.arguments import bound, is_number
from livevae.pattern.follow import slewed, smoothed
from livevae.pattern.gate import Gate, adsr_level
from livevae.pattern.methods import Methods
from livevae.pattern.node import Lift, Node
from livevae.pattern.samplehold import sample_hold
from livevae.pattern.time import Array

if TYPE_CHECKING:
    from livevae.pattern.core import Pattern


class Shaping(Methods):
    """Ranges, steps, smoothing, sampling and holding, and an envelope for every event."""

    __slots__ = ()

    def _shaped(self, function: Callable[..., Array], *arguments: object) -> Pattern:
        """``function(values, *arguments)``, each argument a number or whatever else can be a pattern."""
        filled, moving = bound(function, arguments)
        return self._lifted(filled, *(self._reified(argument) for argument in moving))

    def range(self, low: object, high: object) -> Pattern:
        """Values from 0 to 1 spread from ``low`` to ``high``, which may be patterns or points too.

        >>> saw.range(-1, 1).sample([0.0, 0.25, 0.5])
        array([-1. , -0.5,  0. ])
        """
        return self._shaped(lambda x, lo, hi: lo + (hi - lo) * x, low, high)

    def rangex(self, low: object, high: object) -> Pattern:
        """Values from 0 to 1 spread from ``low`` to ``high`` by equal ratios, as pitches and times are heard.

        Both lie above zero, or both below it. They may be patterns.

        >>> saw.rangex(100, 400).sample([0.0, 0.5, 0.75]).round(1)
        array([100. , 200. , 282.8])
        """
        if is_number(low) and is_number(high) and not low * high > 0:  # type: ignore[operator]
            raise LivevaeError(f"rangex({low!r}, {high!r}): both ends must lie above zero, or both below it.")
        return self._shaped(lambda x, lo, hi: lo * np.power(hi / lo, x), low, high)

    def bipolar(self) -> Pattern:
        """Values from 0 to 1 spread from -1 to 1.

        >>> saw.bipolar().sample([0.0, 0.25, 0.5])
        array([-1. , -0.5,  0. ])
        """
        return self._shaped(lambda x: 2.0 * x - 1.0)

    def exp(self, curve: object = 4.0) -> Pattern:
        """Values from 0 to 1 bent along an exponential: 0 and 1 stay, what lies between is lower.

        ``curve`` says how much: it is the logarithm of how much steeper the end is than the beginning. 0 is straight,
        below zero the values between are higher. It may be a pattern.

        >>> saw.exp().sample([0.0, 0.5, 0.75]).round(3)
        array([0.   , 0.119, 0.356])
        """
        return self._shaped(bend, curve)

    def quantize(self, steps: object) -> Pattern:
        """Each value moved to the nearest multiple of ``steps``, or to the nearest number in a list.

        ``steps`` may be a pattern; where it is 0 nothing is moved.

        >>> saw.quantize(0.25).sample([0.1, 0.2, 0.5])
        array([0.  , 0.25, 0.5 ])
        >>> saw.quantize([0, 0.3, 1]).sample([0.1, 0.2, 0.9])
        array([0. , 0.3, 1. ])
        """
        if not isinstance(steps, list | tuple):
            return self._shaped(_nearest_multiple, steps)
        if not steps or not all(is_number(step) for step in steps):
            raise LivevaeError("quantize([...]): the list holds the numbers to move to, one or more.")
        scale = np.unique(np.array([float(step) for step in steps]))
        middles = (scale[1:] + scale[:-1]) / 2
        return self._shaped(lambda x: np.where(np.isnan(x), x, scale[np.searchsorted(middles, x, side="right")]))

    def smooth(self, seconds: object) -> Pattern:
        """The mean of the pattern over the last ``seconds``, 0 to 60: a jump takes so long and is a straight line.

        Steps, knobs and noise lose their edges; silence stays where it is and is left out of the mean. The past is
        looked at about ten times within that time. It depends on the moment alone, so that it sounds the same each
        time. ``seconds`` may be a pattern, which is looked at once for each of its events.

        >>> mini("0 1").smooth(0.5).sample([0.5, 0.625, 0.75])
        array([0. , 0.5, 1. ])
        """
        return self._made(smoothed(self._node, self._reified(seconds)._node))

    def slew(self, up: object, down: object | None = None) -> Pattern:
        """The pattern with its speed limited: it rises by ``up`` a second at most, and falls by ``down`` (or ``up``).

        Give ``math.inf`` for a direction that has no limit; either may be a pattern, looked at once for each of its
        events. What is reached is what a limiter would reach that follows the pattern; a bump or dip that is over
        before it was reached may be followed a little further. It looks back as long as a way of 4 takes, and no more
        than 60 seconds, and depends on the moment alone, so that it sounds the same each time.

        >>> mini("0 1").slew(2).sample([0.5, 0.625, 0.75]).round(3)
        array([0. , 0.5, 1. ])
        """
        limits = [self._limit(speed) for speed in (up, up if down is None else down)]
        return self._made(slewed(self._node, *limits))

    def _limit(self, speed: object) -> Node:
        return self._reified(speed)._node

    def hold(self, times: object) -> Pattern:
        """The value the pattern has ``times`` a cycle, held until the next time: continuous, but in steps.

        ``times`` need not be a whole number, and may be a pattern. Knobs in it are heard at each step.

        >>> saw.hold(4).sample([0.2, 0.25, 0.4])
        array([0.  , 0.25, 0.25])
        """
        return self._made(sample_hold("hold", self._node, self._reified(times)._node, stepped=False))

    def segment(self, times: object) -> Pattern:
        """``times`` events a cycle, each with the value the pattern has where it begins; it may be a pattern too.

        Names and recordings begin again with each of the events.

        >>> saw.segment(4).query(0, 1)
        [(0>1/4)|0, (1/4>1/2)|0.25, (1/2>3/4)|0.5, (3/4>1)|0.75]
        """
        return self._made(sample_hold("segment", self._node, self._reified(times)._node, stepped=True))

    def adsr(self, attack: object = 0.01, decay: object = 0.1, sustain: object = 0.7, release: object = 0.1) -> Pattern:
        """An envelope for every event: ``v1.amp = mini("bell(3,8)").adsr(0.01, 0.2, 0.5, 0.3)``.

        In each event it rises to 1 in ``attack`` seconds, falls to the level ``sustain`` in ``decay`` seconds, and
        falls to 0 in the last ``release`` seconds of the event; an event that is too short for these has them shortened
        alike. It is 0 where nothing sounds. It is a number whatever the events hold; each of the four may be a pattern.

        >>> mini("x ~").adsr(0.25, 0.25, 0.5, 0.25).sample([0.0, 0.125, 0.25, 0.4375, 0.75])
        array([0.  , 1.  , 0.5 , 0.25, 0.  ])
        """
        if self._node.continuous:
            raise LivevaeError("adsr(): a continuous pattern has no events: use adsr(...) alone, or segment(n) first.")
        filled, moving = bound(_gated, [attack, decay, sustain, release])
        gate = Gate(self.resolve(lambda name: 0.0)._node)
        return self._made(Lift(filled, gate, *(self._reified(argument)._node for argument in moving)))


def _gated(times: Array, *stages: Array | float) -> Array:
    since, until = times[:, 0], times[:, 1]
    return np.where(np.isnan(since), 0.0, adsr_level(since, until, *stages))


def bend(x: Array, curve: Array | float) -> Array:
    """0 to 1 along an exponential, as in SuperCollider's envelopes: above zero it begins slowly, below it quickly."""
    straight = np.abs(curve) < 1e-6
    steep = np.where(straight, 1.0, curve)
    return np.where(straight, x, np.expm1(steep * x) / np.expm1(steep))


def _nearest_multiple(x: Array, step: Array | float) -> Array:
    found: Array = np.floor(x / step + 0.5) * step
    return np.where(np.equal(step, 0), x, found)
