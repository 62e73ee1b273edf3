"""What a voice sounds at a time: expressions laid over each other, each faded in from its own moment.

Everything here is a pure function of time, so the same frames come out however they are cut into blocks, and a fade
begins and ends exactly on its ends::

    bell  ────────────┐
    choir             └╲────────────     layers (bell from 0, choir from 3 with a fade of 1):
    cycle 0   1   2   3  4   5           bell until 3, choir from 4, blended in between
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from livevae.errors import LivevaeError
from livevae.performance import branches
from livevae.performance.branches import Branches

Floats = NDArray[np.float64]

SHORTEST_FADE: Final = 1e-9
"""Cycles; anything shorter is a step."""

_FALLBACKS: Final = 4
"""Earlier expressions a layer remembers, in case it fails."""

E = TypeVar("E")
E_co = TypeVar("E_co", covariant=True)


@dataclass(frozen=True, eq=False)
class Control:
    """What some frames sound: `gain` and `bias` `(n, D)`, `lag` `(n,)` in frames, `gate` `(n,)` from 0 silent to 1.

    Frames that are not `known` `(n,)` have no latents: their gate is 0 and their other numbers mean nothing. `moved` is
    what movers add, by their keys.
    """

    gain: Floats
    bias: Floats
    lag: Floats
    gate: Floats
    known: NDArray[np.bool_]
    moved: Branches = field(default_factory=dict)

    @classmethod
    def silence(cls, dims: int, count: int) -> Control:
        """`count` frames of nothing."""
        empty = np.zeros((count, dims))
        return cls(empty, empty, np.zeros(count), np.zeros(count), np.zeros(count, bool))

    @classmethod
    def gathered(cls, parts: Sequence[tuple[NDArray[np.intp], Control]]) -> Control:
        """Parts put together, each at its places among the frames."""
        order = np.argsort(np.concatenate([places for places, _ in parts]), kind="stable")

        def joined(name: str) -> Any:
            return np.concatenate([getattr(control, name) for _, control in parts])[order]

        moved = branches.gathered([(len(places), control.moved) for places, control in parts], order)
        return cls(joined("gain"), joined("bias"), joined("lag"), joined("gate"), joined("known"), moved)


class Way(Protocol):
    """How a layer comes in over the earlier ones, within `length` cycles from cycle `start`; pure functions of time."""

    def share(self, cycles: Floats, start: float, length: float) -> Floats:
        """How much of the layer there is, `(n,)`: exactly 0 up to `start`, exactly 1 from `start + length` on."""
        ...

    def before(self, cycles: Floats, start: float, length: float) -> Floats:
        """The cycles, `(n,)`, at which the earlier layers are heard meanwhile."""
        ...

    def mix(self, old: Control, new: Control, share: Floats, steps: bool) -> Control:
        """`share` of `new` in `old`; `steps` is for latents that are codes."""
        ...


@dataclass(frozen=True)
class Line:
    """Straight from the old numbers to the new ones."""

    def share(self, cycles: Floats, start: float, length: float) -> Floats:
        return weights(cycles, start, length)

    def before(self, cycles: Floats, start: float, length: float) -> Floats:
        return cycles

    def mix(self, old: Control, new: Control, share: Floats, steps: bool) -> Control:
        return blend(old, new, share, steps)


LINE: Final = Line()


@dataclass(frozen=True, eq=False)
class Layer(Generic[E_co]):
    """`expression` (None: silence) over all earlier layers, brought in during the `fade` cycles from cycle `start`.

    `fallback` holds the expressions it replaced, latest first; `way` is how it comes in. Nobody knew of it before cycle
    `since`, or thinks of it from cycle `until` on: frames outside are as if it were not there.
    """

    expression: E_co | None
    start: float
    fade: float = 0.0
    fallback: tuple[E_co, ...] = ()
    way: Way = LINE
    since: float = float("-inf")
    until: float = float("inf")

    @property
    def end(self) -> float:
        """The cycle from which it alone is heard."""
        return self.start + self.fade


Layers = tuple[Layer[E], ...]


class LayerFailed(Exception):
    """A layer's expression raised while it was played; the cause is the exception it raised."""

    def __init__(self, layer: Layer[object]) -> None:
        super().__init__("a layer failed")
        self.layer = layer


def weights(cycles: Floats, start: float, fade: float) -> Floats:
    """How much of the new there is: exactly 0 up to `start`, exactly 1 from `start + fade`, straight in between."""
    if fade < SHORTEST_FADE:
        return (cycles >= start).astype(np.float64)
    return np.clip((cycles - start) / fade, 0.0, 1.0)


def since(old: Layers[E], new: Layers[E], cycle: float) -> Layers[E]:
    """`new` instead of `old` from `cycle` on: before it all stays, also what rests before a layer that never begins."""
    stays = tuple(layer for layer in new if any(layer is kept for kept in old))
    dropped = (layer for layer in old if not any(layer is kept for kept in new))
    gone = tuple(replace(layer, until=min(layer.until, cycle)) for layer in dropped)
    made = tuple(replace(layer, since=cycle) for layer in new if not any(layer is kept for kept in old))
    return (*stays, *(layer for layer in gone if layer.since < layer.until <= layer.start), *made)


def then(layers: Layers[E], expression: E | None, start: float, fade: float, way: Way = LINE) -> Layers[E]:
    """`layers` followed by one more. What had not begun by `start` never will, but may still be fallen back to."""
    kept = tuple(layer for layer in layers if layer.start < start)
    return (*kept, Layer(expression, start, fade, replaced(layers), way))


def replaced(layers: Layers[E]) -> tuple[E, ...]:
    """What a layer over `layers` falls back to, latest first."""
    if not layers:
        return ()
    last = layers[-1]
    return ((() if last.expression is None else (last.expression,)) + last.fallback)[:_FALLBACKS]


def settled(layers: Layers[E], cycle: float) -> Layers[E]:
    """`layers` without those that are wholly covered by later ones at `cycle` and ever after."""
    first = 0
    for index, layer in enumerate(layers):
        if layer.end < cycle:
            first = index
    return layers[first:]


def without(layers: Layers[E], failed: Layer[object], held: E | None, cycle: float, fade: float) -> Layers[E]:
    """`layers` after `failed` failed: from `cycle` on the expression before it, faded in over `held`."""
    index = next((i for i, layer in enumerate(layers) if layer is failed), None)
    if index is None:
        return layers
    mine = layers[index]
    good = mine.fallback[0] if mine.fallback else None
    back = Layer(good, cycle, fade, mine.fallback[1:])
    return (Layer(held, cycle - 1.0), back, *(_forget(layer, mine) for layer in layers[index + 1 :]))


def _forget(layer: Layer[E], failed: Layer[E]) -> Layer[E]:
    kept = tuple(expression for expression in layer.fallback if expression is not failed.expression)
    return replace(layer, fallback=kept)


def sound(
    layers: Layers[E], cycles: Floats, dims: int, evaluate: Callable[[E, Floats], Control], steps: bool = False
) -> Control:
    """The control of `layers` at `cycles`. Raises LayerFailed where an expression raises.

    `steps` is for latents that are codes: they change half way through a fade instead of being blended.
    Before the first expression begins, its first latents are there already with the gate closed, so that the model has
    settled on them when the gate opens.
    """
    found = _sound(layers, cycles, evaluate, steps)
    return found if found is not None else Control.silence(dims, len(cycles))


def _sound(layers: Layers[E], cycles: Floats, evaluate: Callable[[E, Floats], Control], steps: bool) -> Control | None:
    """None where nothing has anything to play. Of what is wholly covered nothing is evaluated."""
    if not layers:
        return None
    *earlier, layer = layers
    unknown = (cycles < layer.since) | (cycles >= layer.until)
    if unknown.all():
        return _sound(tuple(earlier), cycles, evaluate, steps)
    if unknown.any():
        before = _sound(tuple(earlier), cycles[unknown], evaluate, steps)
        return _joined(unknown, before, _sound(layers, cycles[~unknown], evaluate, steps))
    share = layer.way.share(cycles, layer.start, layer.fade)
    old = None
    if not (share == 1.0).all():
        old = _sound(tuple(earlier), layer.way.before(cycles, layer.start, layer.fade), evaluate, steps)
    if layer.expression is None:
        if old is None:
            return None
        return replace(old, gate=old.gate * (1.0 - share), known=old.known & (share < 1.0))
    if old is not None and not share.any() and old.known.all():
        return old
    try:
        new = evaluate(layer.expression, np.maximum(cycles, layer.start))
    except Exception as error:
        raise LayerFailed(layer) from error
    if old is None:
        return replace(new, gate=new.gate * share)
    return layer.way.mix(old, new, share, steps)


def _joined(where: NDArray[np.bool_], a: Control | None, b: Control | None) -> Control | None:
    """`a` for the frames `where (n,)` is set, `b` for the others."""
    if a is None and b is None:
        return None
    dims = (a.gain if a is not None else b.gain if b is not None else np.zeros((0, 0))).shape[1]
    one = a if a is not None else Control.silence(dims, int(where.sum()))
    other = b if b is not None else Control.silence(dims, int((~where).sum()))

    def put(x: NDArray[Any], y: NDArray[Any]) -> NDArray[Any]:
        out = np.empty((len(where), *x.shape[1:]), x.dtype)
        out[where], out[~where] = x, y
        return out

    return Control(
        put(one.gain, other.gain),
        put(one.bias, other.bias),
        put(one.lag, other.lag),
        put(one.gate, other.gate),
        put(one.known, other.known),
        branches.put(where, one.moved, other.moved),
    )


def blend(old: Control, new: Control, share: Floats, steps: bool = False) -> Control:
    """`share` of `new` in `old`, straight in every number; a side that is silent lends its gate but no latents."""
    # What is wholly covered counts no more, or a fade that is over would still be told from one that was forgotten.
    there = old.known & (share < 1.0)
    moved = np.round(share) if steps else share
    latent = np.where(~there, 1.0, np.where(~new.known, 0.0, moved))
    column = latent[:, None]
    gain = _mix(old.gain, new.gain, column)
    bias = _mix(old.bias, new.bias, column)
    # A side that reads nothing of the input has no say in where the input is read.
    old_reads, new_reads = there & old.gain.any(axis=1), new.gain.any(axis=1)
    lag = _mix(old.lag, new.lag, np.where(~old_reads, 1.0, np.where(~new_reads, 0.0, latent)))
    through = branches.blended(old.moved, new.moved, latent)
    return Control(gain, bias, lag, _mix(old.gate, new.gate, share), there | new.known, through)


def _mix(old: Floats, new: Floats, share: Floats) -> Floats:
    return (1.0 - share) * old + share * new


def level(layers: Layers[E], cycles: Floats, evaluate: Callable[[E, Floats], Floats], empty: float) -> Floats:
    """One number a frame, `(n,)`: the values of the layers, faded into each other. Raises LayerFailed like `sound`."""
    value = np.full(len(cycles), empty)
    for index, layer in enumerate(layers):
        share = weights(cycles, layer.start, layer.fade) if index else np.ones(len(cycles))
        if not share.any():
            continue
        try:
            new = np.full(len(cycles), empty) if layer.expression is None else evaluate(layer.expression, cycles)
        except Exception as error:
            raise LayerFailed(layer) from error
        value = _mix(value, new, share)
    return value


def check_fade(fade: float | None) -> None:
    """Raises LivevaeError unless `fade` is None or a number of cycles, 0 or more."""
    if fade is None:
        return
    if isinstance(fade, bool) or not isinstance(fade, int | float) or not math.isfinite(fade) or fade < 0:
        raise LivevaeError(f"fade must be a number of cycles, 0 or more, not {fade!r}.")
