"""The kinds of transitions: how each lays what is new over the layers of a voice. Pure functions of (now, old, new)."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

import numpy as np

from livevae.errors import LivevaeError
from livevae.pattern import Context, Pattern
from livevae.pattern.pick import chances
from livevae.performance.expression import Expression, Held
from livevae.performance.layers import Layer, Layers, replaced, then
from livevae.performance.ways import ARC, ROLL, STILL, Cells

Sounds = Layers[Expression | Held]

_GRAIN: Final = 8
"""Parts of a cycle that a clutch chooses from where a pattern has no events."""


@dataclass(frozen=True)
class Scene:
    """What a transition may need to know of the performance: its seed, the cycles of a click-free glide, and what is
    added to a clock cycle to get the cycle that patterns see."""

    seed: int = 0
    glide: float = 0.0
    shift: float = 0.0


@dataclass(frozen=True)
class Transition:
    """A way from what a voice plays to what comes next: `v1.play("bell", transition=morph(4))`.

    Set `v1.transition`, or `transition(...)` for all voices, for the one that is used where none is given.
    """

    @property
    def turn(self) -> float:
        """Cycles after its beginning at which the new begins to be heard."""
        return 0.0

    @property
    def blend(self) -> float | None:
        """Cycles in which the new comes in from then on; None is the shortest that does not click."""
        return None

    def layers(self, now: float, old: Sounds, new: Expression | None, scene: Scene = Scene()) -> Sounds:
        """`old` with `new` (None: silence) over it, beginning at clock cycle `now`."""
        raise NotImplementedError

    def check(self, old: Expression, check: Callable[[Expression], None]) -> None:
        """Raises what would be raised where `old` is gone from this way; `check` evaluates an expression."""


@dataclass(frozen=True)
class Fade(Transition):
    """Straight from the old to the new within `cycles`."""

    cycles: float

    @property
    def blend(self) -> float | None:
        return self.cycles

    def layers(self, now: float, old: Sounds, new: Expression | None, scene: Scene = Scene()) -> Sounds:
        return then(old, new, now, self.cycles)

    def __repr__(self) -> str:
        return f"fade({self.cycles:g})"


@dataclass(frozen=True)
class Glide(Transition):
    """The shortest fade that does not click: what is done where nothing else is asked for."""

    def layers(self, now: float, old: Sounds, new: Expression | None, scene: Scene = Scene()) -> Sounds:
        return then(old, new, now, scene.glide)

    def __repr__(self) -> str:
        return "glide"


@dataclass(frozen=True)
class JumpIn(Transition):
    """The old for `cycles` more, then a cut to the new; `jump` cuts at once."""

    cycles: float

    @property
    def turn(self) -> float:
        return self.cycles

    def layers(self, now: float, old: Sounds, new: Expression | None, scene: Scene = Scene()) -> Sounds:
        return then(old, new, now + self.cycles, 0.0)

    def __call__(self) -> JumpIn:
        """Itself: `jump` and `jump()` are the same."""
        return self

    def __repr__(self) -> str:
        return f"jump_in({self.cycles:g})" if self.cycles else "jump"


@dataclass(frozen=True)
class Morph(Transition):
    """On an arc through latent space from the old to the new within `cycles`."""

    cycles: float

    @property
    def blend(self) -> float | None:
        return self.cycles

    def layers(self, now: float, old: Sounds, new: Expression | None, scene: Scene = Scene()) -> Sounds:
        return then(old, new, now, self.cycles, ARC)

    def __repr__(self) -> str:
        return f"morph({self.cycles:g})"


@dataclass(frozen=True)
class Hold(Transition):
    """The old held still for `cycles`, then a cut to the new."""

    cycles: float

    @property
    def turn(self) -> float:
        return self.cycles

    def layers(self, now: float, old: Sounds, new: Expression | None, scene: Scene = Scene()) -> Sounds:
        return then(old, new, now, self.cycles, STILL)

    def __repr__(self) -> str:
        return f"hold({self.cycles:g})"


@dataclass(frozen=True)
class Anticipate(Transition):
    """The beginning of the old, repeated faster and faster for `cycles`, then the new."""

    cycles: float

    @property
    def turn(self) -> float:
        return self.cycles

    def layers(self, now: float, old: Sounds, new: Expression | None, scene: Scene = Scene()) -> Sounds:
        return then(old, new, now, self.cycles, ROLL)

    def __repr__(self) -> str:
        return f"anticipate({self.cycles:g})"


@dataclass(frozen=True)
class Clutch(Transition):
    """The new comes in event by event, by chance, within `cycles`."""

    cycles: float

    @property
    def blend(self) -> float | None:
        return self.cycles

    def layers(self, now: float, old: Sounds, new: Expression | None, scene: Scene = Scene()) -> Sounds:
        last = old[-1].expression if old else None
        things = [side.z.thing for side in (last, new) if isinstance(side, Expression)]
        begin, end = now + scene.shift, now + scene.shift + self.cycles
        cuts = _cuts(things, begin, end)
        edges = np.array([*cuts, end])
        middles = (np.maximum(edges[:-1], begin) + edges[1:]) / 2
        drawn = chances("clutch", [Fraction(cut) for cut in cuts], Context(scene.seed))
        chosen = np.array(drawn) < (middles - begin) / max(self.cycles, 1e-9)
        cells = Cells(tuple(float(cut) - scene.shift for cut in cuts), tuple(bool(choice) for choice in chosen))
        return then(old, new, now, self.cycles, cells)

    def __repr__(self) -> str:
        return f"clutch({self.cycles:g})"


@dataclass(frozen=True)
class Wash(Transition):
    """The old sent through `change` for `cycles`, then the new."""

    change: Callable[[Any], object]
    cycles: float

    @property
    def turn(self) -> float:
        return self.cycles

    def layers(self, now: float, old: Sounds, new: Expression | None, scene: Scene = Scene()) -> Sounds:
        glide = min(scene.glide, self.cycles / 2)
        last = old[-1].expression if old else None
        washed = old
        if isinstance(last, Expression) and self.cycles:
            washed = then(old, last.changed(self.change), now, glide)
        # What was changed on the way is nothing to go back to.
        return (*washed, Layer(new, now + self.cycles - glide, glide, replaced(old)))

    def check(self, old: Expression, check: Callable[[Expression], None]) -> None:
        check(old.changed(self.change))

    def __repr__(self) -> str:
        return f"wash({getattr(self.change, '__name__', 'change')}, {self.cycles:g})"


def _onsets(pattern: Pattern, begin: float, end: float) -> set[float]:
    """Where its events begin; what stands for names counts for nothing, as only their times are asked for."""
    try:
        events = pattern.resolve(lambda name: 0.0).query(begin, end)
    except LivevaeError:
        return set()  # events that cannot be known without a model
    return {float(event.whole.begin) for event in events if event.whole is not None}


def _cuts(things: list[Any], begin: float, end: float) -> list[float]:
    """Where events of `things` begin from `begin` on, in order; where there are none, an even grid."""
    found: set[float] = set()
    for thing in things:
        if isinstance(thing, Pattern) and end > begin:
            found |= _onsets(thing, begin, end)
    inner = sorted(cut for cut in found if begin < cut < end)
    if not inner:
        first = math.floor(begin * _GRAIN)
        inner = [cell / _GRAIN for cell in range(first + 1, math.ceil(end * _GRAIN))]
    return [begin, *inner]
