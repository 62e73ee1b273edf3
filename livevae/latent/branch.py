"""What an expression of `live` asks of the engine, and its parts that go through movers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from livevae.errors import LivevaeError
from livevae.latent.movers import Move
from livevae.latent.terms import Mask, Moved, Term, Values
from livevae.model.mover import MoverSpec
from livevae.model.moving import Mover
from livevae.pattern import Context, Space

if TYPE_CHECKING:
    from livevae.latent.live import LiveLatent


class Control(NamedTuple):
    """What the engine needs for `n` latent frames: `gain` and `bias` `(n, D)`, `lag` `(n,)` in frames, 0 or more.

    Where `silent` `(n,)` is set the expression has no value; gain, bias and lag are 0 there. `moved` is what is added
    through movers, by their keys.
    """

    gain: Values
    bias: Values
    lag: Values
    silent: Mask
    moved: Mapping[int, Moved]


@dataclass(frozen=True, eq=False)
class Branch:
    """`amount` times what `moves`, one after the other, make of an expression without branches."""

    amount: Term
    inside: LiveLatent
    moves: tuple[Move, ...]
    _specs: dict[tuple[int, float], tuple[Space | None, MoverSpec]] = field(default_factory=dict, init=False)

    def spec(self, dims: int, frame_rate: float, context: Context) -> MoverSpec | None:
        """For a model; None as long as a recording is not there. Raises LivevaeError where a move does not fit."""
        known = self._specs.get((dims, frame_rate))
        if known is not None and known[0] is context.space:
            return known[1]
        found = [move.stage(dims, frame_rate, context) for move in self.moves]
        stages = tuple(stage for stage in found if stage is not None)
        if len(stages) < len(found):
            return None
        made = MoverSpec(dims, stages)
        self._specs[dims, frame_rate] = context.space, made
        return made


def heard(expression: LiveLatent, frames: ArrayLike, rate: float, context: Context) -> Values:
    """What an expression makes of latent frames, as `LiveLatent.of` says."""
    entered = np.asarray(frames, np.float64)
    if entered.ndim != 2 or not entered.size:
        raise LivevaeError(f"live.of() takes latent frames of shape (frames, dimensions), not {entered.shape}.")
    count, dims = entered.shape
    if context.space is None:
        context = replace(context, space=Space.prior(dims))
    seconds = np.arange(count) / rate
    cycle = np.arange(0.0, 1e4)
    cycles = np.interp(seconds, context.seconds(cycle), cycle)
    control = expression.control(cycles, context, dims, rate)

    def read(lag: Values) -> Values:
        at = np.clip(np.arange(count) - lag, 0, count - 1)
        low = np.floor(at).astype(np.intp)
        high, part = np.minimum(low + 1, count - 1), (at - low)[:, None]
        return np.asarray(entered[low] * (1 - part) + entered[high] * part)

    found = control.gain * read(control.lag) + control.bias
    for key, spec in expression.movers(context, dims, rate).items():
        _, amount, gain, bias, lag = control.moved[key]
        inside = (gain * read(lag) + bias).astype(np.float32)
        found += amount * Mover(spec).move(0, inside)
    found[control.silent] = np.nan
    return np.asarray(found)
