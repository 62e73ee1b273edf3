"""`live`: what enters a voice, encoded, as a term of an affine expression that the engine computes.

For each latent frame the engine computes `gain * live[now - lag] + bias`. An expression of `live` is therefore a gain,
a bias and a lag, each a pattern or a number:

    live * 1.4                   gain 1.4
    live + "choir"               bias choir
    lerp(live, "choir", x)       gain 1 - x, bias choir * x
    live.delay(0.5)              lag half a second
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, NoReturn

import numpy as np
from numpy.typing import NDArray

from livevae.errors import LivevaeError
from livevae.pattern import Context, Pattern, is_patternable, reify

Values = NDArray[np.float64]
Term = float | Pattern


class Control(NamedTuple):
    """What the engine needs for `n` latent frames: `gain` and `bias` `(n, D)`, `lag` `(n,)` in frames, 0 or more.

    Where `silent` `(n,)` is set the expression has no value; gain, bias and lag are 0 there.
    """

    gain: Values
    bias: Values
    lag: Values
    silent: NDArray[np.bool_]


@dataclass(frozen=True)
class LiveInput:
    """Inputs of the machine as what enters a voice: `channels` neighbours from `channel`, counted from 1."""

    channel: int = 1
    channels: int = 1


@dataclass(frozen=True)
class Window:
    """A lag that begins anew every `seconds`: `offset` there, then `slope` seconds more for every second."""

    seconds: float
    slope: float
    offset: float = 0.0

    def lag(self, seconds: Values) -> Values:
        """How far back to read, in seconds, at the given times in seconds."""
        return self.offset + self.slope * np.mod(seconds, self.seconds)


@dataclass(frozen=True, eq=False)
class LiveLatent:
    """An affine expression of what enters the voice. Immutable; operators give new ones.

    `gain` and `bias` are numbers or patterns of numbers or vectors, `lag` is a number or a pattern in seconds, and
    `window` a lag that repeats, from `stretch`, `freeze` or `reverse`.
    """

    gain: Term = 1.0
    bias: Term = 0.0
    lag: Term = 0.0
    window: Window | None = None

    __array_ufunc__ = None  # so that an array on the left of an operator leaves the work to this class

    def __bool__(self) -> NoReturn:
        raise TypeError("live is neither true nor false: it moves with what is played.")

    def __add__(self, other: object) -> LiveLatent:
        if isinstance(other, LiveLatent):
            if self.window != other.window or not _same(self.lag, other.lag):
                raise LivevaeError("two delays of live cannot be added: the engine reads the input at one moment only.")
            return self._with(gain=_sum(self.gain, other.gain), bias=_sum(self.bias, other.bias))
        return self._with(bias=_sum(self.bias, _term(other))) if is_patternable(other) else NotImplemented

    def __radd__(self, other: object) -> LiveLatent:
        return self._with(bias=_sum(_term(other), self.bias)) if is_patternable(other) else NotImplemented

    def __mul__(self, other: object) -> LiveLatent:
        if isinstance(other, LiveLatent):
            raise LivevaeError("live times live is not affine: the engine scales live by patterns and numbers only.")
        if not is_patternable(other):
            return NotImplemented
        factor = _term(other)
        return self._with(gain=_product(self.gain, factor), bias=_product(self.bias, factor))

    __rmul__ = __mul__

    def __truediv__(self, other: object) -> LiveLatent:
        if isinstance(other, LiveLatent):
            self._not_affine()
        if not is_patternable(other):
            return NotImplemented
        divisor = _term(other)
        if isinstance(divisor, float) and divisor == 0.0:
            raise LivevaeError("live cannot be divided by 0.")
        return self * (1.0 / divisor)

    def __neg__(self) -> LiveLatent:
        return self * -1.0

    def __pos__(self) -> LiveLatent:
        return self

    def __sub__(self, other: object) -> LiveLatent:
        if isinstance(other, LiveLatent):
            return self + -other
        return self + _product(-1.0, _term(other)) if is_patternable(other) else NotImplemented

    def __rsub__(self, other: object) -> LiveLatent:
        return (-self).__radd__(other)

    def _not_affine(self, *_: object) -> NoReturn:
        raise LivevaeError(
            "that is not affine in live: the engine computes live times a pattern plus a pattern, and delays."
        )

    __rtruediv__ = __pow__ = __rpow__ = __mod__ = __rmod__ = __abs__ = __matmul__ = _not_affine

    def delay(self, seconds: object) -> LiveLatent:
        """What entered `seconds` ago: a number, 0 or more, or a pattern (below 0 counts as 0)."""
        lag = _term(seconds)
        if isinstance(lag, float) and not (math.isfinite(lag) and lag >= 0):
            raise LivevaeError(f"live.delay({lag:g}): the future cannot be heard, give 0 or more seconds.")
        return self._with(lag=_sum(self.lag, lag))

    def stretch(self, factor: float, window: float = 1.0) -> LiveLatent:
        """Read `factor` times as slowly (below 1: faster) inside windows of `window` seconds.

        At the end of each window the reading jumps to where it would have been: up to the present where it fell
        behind, and back into the past where it caught up.
        """
        if not (math.isfinite(factor) and factor > 0):
            raise LivevaeError(
                f"live.stretch({factor}): the factor is a number above 0; live.reverse() turns it around."
            )
        slope = 1.0 - 1.0 / factor
        return self._windowed(window, slope, max(0.0, -slope * window))

    def freeze(self, window: float = 1.0) -> LiveLatent:
        """Hold the frame that stands at the beginning of every `window` seconds."""
        return self._windowed(window, 1.0)

    def reverse(self, window: float = 1.0) -> LiveLatent:
        """What was played in the last `window` seconds, backwards, then the next."""
        return self._windowed(window, 2.0)

    def _windowed(self, seconds: float, slope: float, offset: float = 0.0) -> LiveLatent:
        if self.window is not None:
            raise LivevaeError("live can be stretched, frozen or reversed once: the engine reads at one moment only.")
        if not (math.isfinite(seconds) and seconds > 0):
            raise LivevaeError(f"a window of {seconds} seconds cannot be: give a number above 0.")
        return self._with(window=Window(seconds, slope, offset))

    def fast(self, factor: object) -> LiveLatent:
        """The patterns in it `factor` times as fast; what enters stays as it is."""
        return self._over_patterns(lambda pattern: pattern.fast(factor))

    def slow(self, factor: object) -> LiveLatent:
        """The patterns in it stretched `factor` times; what enters stays as it is."""
        return self._over_patterns(lambda pattern: pattern.slow(factor))

    def early(self, cycles: object) -> LiveLatent:
        """The patterns in it `cycles` sooner."""
        return self._over_patterns(lambda pattern: pattern.early(cycles))

    def late(self, cycles: object) -> LiveLatent:
        """The patterns in it `cycles` later."""
        return self._over_patterns(lambda pattern: pattern.late(cycles))

    def resolve(self, lookup: Callable[[str], object]) -> LiveLatent:
        """Every name in its patterns replaced by `lookup(name)`, as `Pattern.resolve` does."""
        return self._over_patterns(lambda pattern: pattern.resolve(lookup))

    def names(self) -> frozenset[str]:
        """The names written anywhere in its patterns."""
        parts = (part.names() for part in (self.gain, self.bias, self.lag) if isinstance(part, Pattern))
        return frozenset[str]().union(*parts)

    def _with(
        self, gain: Term | None = None, bias: Term | None = None, lag: Term | None = None, window: Window | None = None
    ) -> LiveLatent:
        return LiveLatent(
            self.gain if gain is None else gain,
            self.bias if bias is None else bias,
            self.lag if lag is None else lag,
            window or self.window,
        )

    def _over_patterns(self, change: Callable[[Pattern], Pattern]) -> LiveLatent:
        gain, bias, lag = (change(p) if isinstance(p, Pattern) else p for p in (self.gain, self.bias, self.lag))
        return self._with(gain=gain, bias=bias, lag=lag)

    def control(self, cycles: Values, context: Context, dims: int, frame_rate: float) -> Control:
        """Gain, bias and lag at `cycles` `(n,)` for a model of `dims` dimensions and `frame_rate` frames a second.

        Raises LivevaeError for vectors of another size and for names that were not resolved.
        """
        gain = _sampled(self.gain, cycles, context, dims)
        bias = _sampled(self.bias, cycles, context, dims)
        seconds = _sampled(self.lag, cycles, context, 1)[:, 0]
        if self.window is not None:
            seconds = seconds + self.window.lag(context.seconds(cycles))
        silent = np.isnan(gain).any(axis=1) | np.isnan(bias).any(axis=1) | np.isnan(seconds)
        gain[silent], bias[silent] = 0.0, 0.0
        lag = np.where(silent, 0.0, np.maximum(seconds, 0.0) * frame_rate)
        return Control(gain, bias, lag, silent)


class _Live(LiveLatent):
    """`live` itself: an expression, and a function that names an input."""

    def __call__(self, channel: int = 1, channels: int = 1) -> LiveInput:
        """An input of the machine, counted from 1, for `voice.input`; `channels` neighbours for a stereo model."""
        for what, value in (("channel", channel), ("channels", channels)):
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise LivevaeError(f"live({channel!r}, {channels!r}): {what} is a whole number, 1 or more.")
        return LiveInput(channel, channels)

    source = __call__

    def __repr__(self) -> str:
        return "live"


live = _Live()
"""What enters the voice. `live(1)` is input 1 of the machine."""


def control_of(expr: LiveLatent | Pattern, cycles: Values, context: Context, dims: int, frame_rate: float) -> Control:
    """Gain, bias and lag of an expression, of `live` or a plain pattern (which has no gain), as `LiveLatent.control`.

    Numbers spread over all `dims` dimensions. Raises LivevaeError where vectors have another size.
    """
    expression = expr if isinstance(expr, LiveLatent) else LiveLatent(gain=0.0, bias=expr)
    return expression.control(cycles, context, dims, frame_rate)


def _term(thing: object) -> Term:
    """A plain number as a float, anything else as a pattern."""
    if isinstance(thing, int | float | np.number):
        return float(thing)
    return reify(thing)


def _same(a: Term, b: Term) -> bool:
    return a is b or (isinstance(a, float) and isinstance(b, float) and a == b)


def _sum(a: Term, b: Term) -> Term:
    if isinstance(a, float) and a == 0.0:
        return b
    return a if isinstance(b, float) and b == 0.0 else a + b


def _product(a: Term, b: Term) -> Term:
    # Nothing is left out for a factor of 0: a pattern's rests stay rests.
    if isinstance(a, float) and a == 1.0:
        return b
    return a if isinstance(b, float) and b == 1.0 else a * b


def _sampled(term: Term, cycles: Values, context: Context, dims: int) -> Values:
    """The values of a term, a new array `(n, dims)`."""
    if isinstance(term, float):
        return np.full((len(cycles), dims), term)
    return np.array(term.with_dims(dims).sample(cycles, context))
