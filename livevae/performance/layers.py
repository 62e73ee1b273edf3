"""What a voice sounds at a time: expressions laid over each other, each faded in from its own moment.

Everything here is a pure function of time, so the same frames come out however they are cut into blocks, and a fade
begins and ends exactly on its ends::

    bell  ────────────┐
    choir             └╲────────────     layers (bell from 0, choir from 3 with a fade of 1):
    cycle 0   1   2   3  4   5           bell until 3, choir from 4, blended in between
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from livevae.errors import LivevaeError

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

    Frames that are not `known` `(n,)` have no latents: their gate is 0 and their other numbers mean nothing.
    """

    gain: Floats
    bias: Floats
    lag: Floats
    gate: Floats
    known: NDArray[np.bool_]

    @classmethod
    def silence(cls, dims: int, count: int) -> Control:
        """`count` frames of nothing."""
        empty = np.zeros((count, dims))
        return cls(empty, empty, np.zeros(count), np.zeros(count), np.zeros(count, bool))


@dataclass(frozen=True, eq=False)
class Layer(Generic[E_co]):
    """`expression` (None: silence) over all earlier layers, faded in during the `fade` cycles from cycle `start`.

    `fallback` holds the expressions it replaced, latest first.
    """

    expression: E_co | None
    start: float
    fade: float = 0.0
    fallback: tuple[E_co, ...] = ()


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


def then(layers: Layers[E], expression: E | None, start: float, fade: float) -> Layers[E]:
    """`layers` followed by one more. What had not begun by `start` never will, but may still be fallen back to."""
    kept = tuple(layer for layer in layers if layer.start < start)
    fallback: tuple[E, ...] = ()
    if layers:
        last = layers[-1]
        fallback = (() if last.expression is None else (last.expression,)) + last.fallback
    return (*kept, Layer(expression, start, fade, fallback[:_FALLBACKS]))


def settled(layers: Layers[E], cycle: float) -> Layers[E]:
    """`layers` without those that are wholly covered by later ones at `cycle` and ever after."""
    first = 0
    for index, layer in enumerate(layers):
        if layer.start + layer.fade < cycle:
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
    return Layer(layer.expression, layer.start, layer.fade, kept)


def sound(
    layers: Layers[E], cycles: Floats, dims: int, evaluate: Callable[[E, Floats], Control], steps: bool = False
) -> Control:
    """The control of `layers` at `cycles`. Raises LayerFailed where an expression raises.

    `steps` is for latents that are codes: they change half way through a fade instead of being blended.
    Before the first expression begins, its first latents are there already with the gate closed, so that the model has
    settled on them when the gate opens.
    """
    count = len(cycles)
    control: Control | None = None
    for layer in layers:
        share = weights(cycles, layer.start, layer.fade)
        if layer.expression is None:
            if control is not None:
                gate, known = control.gate * (1.0 - share), control.known & (share < 1.0)
                control = Control(control.gain, control.bias, control.lag, gate, known)
            continue
        if control is not None and not share.any() and control.known.all():
            continue
        try:
            new = evaluate(layer.expression, np.maximum(cycles, layer.start))
        except Exception as error:
            raise LayerFailed(layer) from error
        if control is None:
            control = Control(new.gain, new.bias, new.lag, new.gate * share, new.known)
        elif (share == 1.0).all():
            control = new
        else:
            control = blend(control, new, share, steps)
    return control if control is not None else Control.silence(dims, count)


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
    old_reads, new_reads = old.gain.any(axis=1), new.gain.any(axis=1)
    lag = _mix(old.lag, new.lag, np.where(~old_reads, 1.0, np.where(~new_reads, 0.0, latent)))
    return Control(gain, bias, lag, _mix(old.gate, new.gate, share), there | new.known)


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
