"""`live`: what enters a voice, encoded, as a term of an expression that the engine computes.

For each latent frame the engine computes `gain * live[now - lag] + bias`. An expression of `live` is therefore a gain,
a bias and a lag, each a pattern or a number:

    live * 1.4                   gain 1.4
    live + "choir"               bias choir
    lerp(live, "choir", x)       gain 1 - x, bias choir * x
    live.delay(0.5)              lag half a second

and, beside that, branches for what is no gain and bias of each dimension alone, each `amount * M(gain * live[now - lag]
+ bias)` with a mover `M` that was sent to the model's process (see `livevae.model.mover`):

    live.quantize_to("choir")    amount 1, M finds the nearest frame of choir
    live + live.delay(0.5)       amount 1, lag half a second, an M that leaves everything as it is
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any, Final, NoReturn

import numpy as np
from numpy.typing import ArrayLike

from livevae.errors import LivevaeError
from livevae.latent.branch import Branch, Control, heard
from livevae.latent.in_space import InSpace
from livevae.latent.in_time import InTime
from livevae.latent.movers import Between, Move, stays
from livevae.latent.reading import Reading, held
from livevae.latent.terms import Moved, Term, Values, added, same, sampled, term, times
from livevae.model.mover import MoverSpec
from livevae.pattern import Context, Pattern, is_patternable
from livevae.pattern.time import DEFAULT_CONTEXT

MOST_BRANCHES: Final = 4
"""Branches of one expression; while one fades into another there may be twice as many."""


@dataclass(frozen=True)
class LiveInput:
    """Inputs of the machine as what enters a voice: `channels` neighbours from `channel`, counted from 1."""

    channel: int = 1
    channels: int = 1


@dataclass(frozen=True, eq=False)
class LiveLatent(InTime, InSpace):
    """An expression of what enters the voice. Immutable; operators give new ones.

    `gain` and `bias` are numbers or patterns of numbers or vectors, `lag` is a number or a pattern in seconds,
    `readings` are lags that repeat, the last one outermost, `gate` holds all of them, and `moved` are the branches.
    """

    gain: Term = 1.0
    bias: Term = 0.0
    lag: Term = 0.0
    readings: tuple[Reading, ...] = ()
    gate: Pattern | None = None
    moved: tuple[Branch, ...] = ()

    __array_ufunc__ = None  # so that an array on the left of an operator leaves the work to this class

    def __post_init__(self) -> None:
        if len(self.moved) > MOST_BRANCHES:
            raise LivevaeError(f"live is moved in more than {MOST_BRANCHES} ways at once: use fewer in one voice.")

    def __bool__(self) -> NoReturn:
        raise TypeError("live is neither true nor false: it moves with what is played.")

    def __add__(self, other: object) -> LiveLatent:
        if isinstance(other, LiveLatent):
            return self._sum(other)
        return self.but(bias=added(self.bias, term(other))) if is_patternable(other) else NotImplemented

    def __radd__(self, other: object) -> LiveLatent:
        return self.but(bias=added(term(other), self.bias)) if is_patternable(other) else NotImplemented

    def __mul__(self, other: object) -> LiveLatent:
        if isinstance(other, LiveLatent):
            raise LivevaeError("live times live is not affine: the engine scales live by patterns and numbers only.")
        if not is_patternable(other):
            return NotImplemented
        factor = term(other)
        moved = tuple(replace(branch, amount=times(branch.amount, factor)) for branch in self.moved)
        # Nothing is read where the gain is 0, and nothing rests there that does not rest in the bias or a branch.
        gain = self.gain if self._unread and moved else times(self.gain, factor)
        return self.but(gain=gain, bias=times(self.bias, factor), moved=moved)

    __rmul__ = __mul__

    def __truediv__(self, other: object) -> LiveLatent:
        if isinstance(other, LiveLatent):
            self._not_affine()
        if not is_patternable(other):
            return NotImplemented
        divisor = term(other)
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
        return self + times(-1.0, term(other)) if is_patternable(other) else NotImplemented

    def __rsub__(self, other: object) -> LiveLatent:
        return (-self).__radd__(other)

    def _not_affine(self, *_: object) -> NoReturn:
        raise LivevaeError(
            "that is not affine in live: the engine computes live times a pattern plus a pattern, and delays."
        )

    __rtruediv__ = __pow__ = __rpow__ = __mod__ = __rmod__ = __abs__ = __matmul__ = _not_affine

    def but(self, **terms: Any) -> LiveLatent:
        """The same with other terms, by their names."""
        return LiveLatent(**{name: terms.get(name, getattr(self, name)) for name in _TERMS})

    @property
    def _unread(self) -> bool:
        """Whether the part of it that goes through no mover is nothing of what enters."""
        return isinstance(self.gain, float) and self.gain == 0.0

    def _sum(self, other: LiveLatent) -> LiveLatent:
        bias, moved = added(self.bias, other.bias), (*self.moved, *other.moved)
        if other._unread:
            return self.but(bias=bias, moved=moved)
        if self._unread:
            return other.but(bias=bias, moved=moved)
        if self.readings == other.readings and self.gate is other.gate and same(self.lag, other.lag):
            return self.but(gain=added(self.gain, other.gain), bias=bias, moved=moved)
        # A row reads at one place; what is read at another goes through a branch that moves nothing.
        read = LiveLatent(lag=other.lag, readings=other.readings, gate=other.gate)
        return self.but(bias=bias, moved=(*moved, Branch(other.gain, read, ())))

    def through(self, move: Move) -> LiveLatent:
        inside, before = self, ()
        if self.moved:
            branch, *others = self.moved
            if others or not self._unread or not stays(branch.amount) or not stays(self.bias):
                raise LivevaeError(
                    "what is added to or multiplied with live between two moves has to stay the same: "
                    "put what moves before the first or after the last, as in live.smooth(1).quantize_to('choir') + x."
                )
            between = () if same(branch.amount, 1.0) and same(self.bias, 0.0) else (Between(branch.amount, self.bias),)
            inside, before = branch.inside, (*branch.moves, *between)
        return LiveLatent(gain=0.0, moved=(Branch(1.0, inside, (*before, move)),))

    def _read(self, change: Callable[[LiveLatent], LiveLatent]) -> LiveLatent:
        moved = tuple(replace(branch, inside=change(branch.inside)) for branch in self.moved)
        return change(self).but(moved=moved)

    def uses_space(self) -> bool:
        """Whether it depends on the statistics of the model's space."""
        return any(part.uses_space() for part in self._patterns()) or any(
            branch.inside.uses_space() or any(move.uses_space() for move in branch.moves) for branch in self.moved
        )

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
        """Every name in it replaced by `lookup(name)`, as `Pattern.resolve` does."""
        return self._over_patterns(lambda pattern: pattern.resolve(lookup), lambda move: move.resolve(lookup))

    def names(self) -> frozenset[str]:
        """The names written anywhere in it."""
        own = [part.names() for part in self._patterns()]
        return frozenset[str]().union(
            *own, *(name for b in self.moved for name in (b.inside.names(), *(move.names() for move in b.moves)))
        )

    def _patterns(self) -> list[Pattern]:
        terms = [self.gain, self.bias, self.lag, self.gate, *(branch.amount for branch in self.moved)]
        return [each for each in terms if isinstance(each, Pattern)]

    def _over_patterns(
        self, change: Callable[[Pattern], Pattern], over: Callable[[Move], Move] = lambda move: move
    ) -> LiveLatent:
        def changed(part: Term) -> Term:
            return change(part) if isinstance(part, Pattern) else part

        moved = tuple(
            Branch(changed(b.amount), b.inside._over_patterns(change, over), tuple(over(move) for move in b.moves))
            for b in self.moved
        )
        gate = None if self.gate is None else change(self.gate)
        gain, bias, lag = changed(self.gain), changed(self.bias), changed(self.lag)
        return LiveLatent(gain, bias, lag, self.readings, gate, moved)

    # -- what the engine is told

    def control(self, cycles: Values, context: Context, dims: int, frame_rate: float) -> Control:
        """Gain, bias, lag and branches at `cycles` `(n,)` for a model of `dims` dimensions and `frame_rate` frames a
        second.

        Raises LivevaeError for vectors of another size and for names that were not resolved.
        """
        gain = sampled(self.gain, cycles, context, dims)
        bias = sampled(self.bias, cycles, context, dims)
        seconds = self._lag(cycles, context)
        silent = np.isnan(gain).any(axis=1) | np.isnan(bias).any(axis=1) | np.isnan(seconds)
        moved: dict[int, Moved] = {}
        for branch, key, _ in self._branches(dims, frame_rate, context):
            amount = sampled(branch.amount, cycles, context, dims)
            inside = branch.inside.control(cycles, context, dims, frame_rate)
            silent |= np.isnan(amount).any(axis=1) | inside.silent
            if key is None:
                silent[:] = True
            else:
                moved[key] = Moved(~silent, amount, inside.gain, inside.bias, inside.lag)
        gain[silent], bias[silent] = 0.0, 0.0
        for found in moved.values():
            found.there[silent] = False
            found.amount[silent] = 0.0
        lag = np.where(silent, 0.0, np.maximum(seconds, 0.0) * frame_rate)
        return Control(gain, bias, lag, silent, moved)

    def movers(self, context: Context, dims: int, frame_rate: float) -> dict[int, MoverSpec]:
        """The movers that its control names, by their keys; without those whose recordings are not there yet."""
        found = self._branches(dims, frame_rate, context)
        return {key: spec for _, key, spec in found if key is not None and spec is not None}

    def _branches(
        self, dims: int, frame_rate: float, context: Context
    ) -> list[tuple[Branch, int | None, MoverSpec | None]]:
        found: list[tuple[Branch, int | None, MoverSpec | None]] = []
        uses: dict[int, int] = {}
        for branch in self.moved:
            spec = branch.spec(dims, frame_rate, context)
            key = None
            if spec is not None:
                use = uses[spec.key()] = uses.get(spec.key(), -1) + 1
                key = spec.key(use)
            found.append((branch, key, spec))
        return found

    def _lag(self, cycles: Values, context: Context) -> Values:
        """How far back it reads, in seconds, `(n,)`."""
        lag = sampled(self.lag, cycles, context, 1)[:, 0]
        if self.gate is None and not self.readings:
            return lag
        now = context.seconds(cycles)
        place = now if self.gate is None else now - held(self.gate, cycles, context)
        for reading in reversed(self.readings):
            place = place - reading.lag(place, context.seed)
        return lag + (now - place)

    def of(self, frames: ArrayLike, rate: float = 1.0, context: Context = DEFAULT_CONTEXT) -> Values:
        """What it makes of latent frames `(n, D)` that enter at `rate` frames a second from second 0 on: `(n, D)`.

        For trying things out: cycles are two seconds, names have to be resolved. Raises LivevaeError for other shapes.

        >>> (live.delay(1) * 2).of([[1, 1], [2, 2], [3, 3]])
        array([[2., 2.],
               [2., 2.],
               [4., 4.]])
        """
        return heard(self, frames, rate, context)


_TERMS: Final = tuple(each.name for each in fields(LiveLatent))


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
