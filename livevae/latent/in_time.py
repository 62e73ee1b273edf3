"""What may be done to `live` in time: every way is a delay that moves, so the model's process reads at one place."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import numpy as np

from livevae.errors import LivevaeError
from livevae.latent.reading import LONGEST, Grains, Reading, Stutter, Window
from livevae.latent.terms import added, term

if TYPE_CHECKING:
    from livevae.latent.live import LiveLatent

MOST_TIMES: Final = 64


class InTime:
    """Delays, stretches, holds and repeats of what enters, of the last 30 seconds.

    They may be combined: `live.stretch(2).reverse()` is what is stretched, backwards. A delay adds to them, and
    `freeze` with a gate holds all the others, wherever it is written.
    """

    @abstractmethod
    def _read(self, change: Callable[[LiveLatent], LiveLatent]) -> LiveLatent:
        """With `change` made of every place where it reads what enters."""

    def delay(self, seconds: object) -> LiveLatent:
        """What entered `seconds` ago: a number, 0 or more, or a pattern (below 0 counts as 0).

        >>> live.delay(2).of([[0], [1], [2], [3]]).T
        array([[0., 0., 0., 1.]])
        """
        lag = term(seconds)
        if isinstance(lag, float) and not (math.isfinite(lag) and lag >= 0):
            raise LivevaeError(f"live.delay({lag:g}): the future cannot be heard, give 0 or more seconds.")
        return self._read(lambda live: live.but(lag=added(live.lag, lag)))

    def stretch(self, factor: float, window: float = 1.0) -> LiveLatent:
        """Read `factor` times as slowly (below 1: faster) inside windows of `window` seconds.

        At the end of each window the reading jumps to where it would have been: up to the present where it fell
        behind, and back into the past where it caught up.

        >>> live.stretch(2, window=4).of([[0], [1], [2], [3], [4]]).T
        array([[0. , 0.5, 1. , 1.5, 4. ]])
        """
        if not (math.isfinite(factor) and factor > 0):
            raise LivevaeError(
                f"live.stretch({factor}): the factor is a number above 0; live.reverse() turns it around."
            )
        slope = 1.0 - 1.0 / factor
        return self._reading(Window(_above("stretch", window), slope, max(0.0, -slope * window)))

    def freeze(self, gate: object = 1.0) -> LiveLatent:
        """Hold the sound while `gate`, a pattern or a knob, is above 0, and let it go on in the present after that.

        With a number, hold the frame that stands at the beginning of every so many seconds. One frame of latents that
        is held is a spectrum that is held: the model goes on sounding it. At most 30 seconds.

        >>> live.freeze(mini("0 1 1 0").slow(2)).of([[0], [1], [2], [3]]).T
        array([[0., 1., 1., 3.]])
        >>> live.freeze(2).of([[0], [1], [2], [3]]).T
        array([[0., 0., 2., 2.]])
        """
        if isinstance(gate, int | float | np.number):
            return self._reading(Window(_above("freeze", float(gate)), 1.0))
        pattern = term(gate)
        assert not isinstance(pattern, float)

        def held(live: LiveLatent) -> LiveLatent:
            if live.gate is not None:
                raise LivevaeError("live can be held by one gate only: freeze it once.")
            return live.but(gate=pattern)

        return self._read(held)

    def reverse(self, window: float = 1.0) -> LiveLatent:
        """What was played in the last `window` seconds, backwards, then the next.

        >>> live.reverse(3).of([[0], [1], [2], [3], [4], [5]]).T
        array([[0., 0., 0., 3., 2., 1.]])
        """
        return self._reading(Window(_above("reverse", window), 2.0))

    def stutter(self, times: int, seconds: float = 0.25) -> LiveLatent:
        """Hear a piece of `seconds` and then again, `times` times in all, then the next one after those.

        >>> live.stutter(3, 1).of([[0], [1], [2], [3], [4]]).T
        array([[0., 0., 0., 3., 3.]])
        """
        if isinstance(times, bool) or not isinstance(times, int) or not 1 <= times <= MOST_TIMES:
            raise LivevaeError(f"live.stutter({times!r}): how often is a whole number from 1 to {MOST_TIMES}.")
        if times * _above("stutter", seconds) > LONGEST:
            raise LivevaeError(f"live.stutter({times}, {seconds:g}): that is more than {LONGEST:g} seconds in all.")
        return self._reading(Stutter(times, float(seconds)))

    def granulate(self, size: float = 0.12, spread: float = 1.0, seed: int = 0) -> LiveLatent:
        """Grains of `size` seconds, each read forwards from somewhere in the last `spread` seconds, by chance.

        The same seed finds the same places again.

        >>> heard = live.granulate(4, 8).of([[float(second)] for second in range(16)])[8:, 0]
        >>> (heard[1:4] - heard[:3]).round(6), bool((heard <= range(8, 16)).all())
        (array([1., 1., 1.]), True)
        """
        if isinstance(spread, bool) or not isinstance(spread, int | float) or not 0 <= spread <= LONGEST:
            raise LivevaeError(f"live.granulate(): the spread is 0 to {LONGEST:g} seconds, not {spread!r}.")
        if isinstance(seed, bool) or not isinstance(seed, int):
            raise LivevaeError(f"live.granulate(): the seed is a whole number, not {seed!r}.")
        return self._reading(Grains(_above("granulate", size), float(spread), seed))

    def _reading(self, reading: Reading) -> LiveLatent:
        return self._read(lambda live: live.but(readings=(*live.readings, reading)))


def _above(name: str, seconds: float) -> float:
    wrong = isinstance(seconds, bool) or not isinstance(seconds, int | float)
    if wrong or not (math.isfinite(seconds) and seconds > 0):
        raise LivevaeError(f"live.{name}(): {seconds!r} seconds cannot be, give a number above 0.")
    return float(seconds)
