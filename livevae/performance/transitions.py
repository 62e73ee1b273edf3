"""How a voice goes from what it plays to what it is given: the words for it.

A transition puts one more layer over those of a voice (see `layers` and `crossing`). It leaves them as they are up to
its beginning, and from its end on the new is heard alone, exactly.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

from livevae import latent
from livevae.errors import LivevaeError
from livevae.latent import LiveLatent
from livevae.pattern import Pattern
from livevae.performance.crossing import Anticipate, Clutch, Fade, Hold, JumpIn, Morph, Transition, Wash


def fade(cycles: float = 1) -> Transition:
    """Fade from the old to the new in `cycles`: every latent in a straight line, and the level where one is silent.

    >>> fade(4)
    fade(4)
    """
    return Fade(_length("fade", cycles))


jump: Final = JumpIn(0.0)
"""Cut to the new, without the short fade that a change has otherwise."""


def jump_in(cycles: float) -> Transition:
    """Go on with the old for so many cycles, then cut to the new.

    >>> jump_in(2)
    jump_in(2)
    """
    return JumpIn(_length("jump_in", cycles))


def morph(many: object = 1, weights: object = None) -> Transition | Pattern | LiveLatent:
    """With a number: travel from the old to the new within so many cycles on an arc through latent space.

    The arc keeps its distance from the middle (slerp, Shoemake 1985), where `fade` goes straight. With a list it is a
    mixture of places: `morph(["choir", "bell", "drum"], [1, 1, 2])`, by a weight for each (only their proportions
    matter) or by one number or pattern from 0 to 1 for the place along the list; any of them may be `live`.

    >>> morph(4)
    morph(4)
    """
    if weights is None and isinstance(many, int | float):
        return Morph(_length("morph", many))
    mixed: Pattern | LiveLatent = latent.morph(many, weights)
    return mixed


def hold(cycles: float = 1) -> Transition:
    """Hold the old still, as it is when the transition begins, for so many cycles, then cut to the new.

    >>> hold(2)
    hold(2)
    """
    return Hold(_length("hold", cycles))


def anticipate(cycles: float = 8) -> Transition:
    """Build up to the new: the beginning of the old is repeated, faster and faster, for so many cycles, then the new.

    The repeated part lasts one cycle (a quarter of `cycles` where that is less) for the first half of the time, half of
    that for half of the rest, and so on down to a sixteenth of a cycle.

    >>> anticipate(8)
    anticipate(8)
    """
    return Anticipate(_length("anticipate", cycles))


def clutch(cycles: float = 2) -> Transition:
    """Let the new come in event by event while the old falls away: by chance, and more and more of the new.

    Where neither has events the pieces are an eighth of a cycle. The same seed gives the same choice.

    >>> clutch(4)
    clutch(4)
    """
    return Clutch(_length("clutch", cycles))


def wash(change: Callable[[Any], object], cycles: float = 4) -> Transition:
    """Send the old through a change for so many cycles, then the new: `wash(lambda old: old.fast(2), 4)`.

    Raises LivevaeError where `change` is no function; where what it gives cannot be played the old stays.

    >>> wash(lambda old: old * 2, 4)
    wash(<lambda>, 4)
    """
    if not callable(change):
        raise LivevaeError(
            f"wash(change, cycles): change is a function, as in lambda old: old.fast(2), not {type(change).__name__}."
        )
    return Wash(change, _length("wash", cycles))


def as_transition(name: str, thing: object) -> Transition | None:
    """What may be set as a transition, None for none. Raises LivevaeError for anything else."""
    if thing is None or isinstance(thing, Transition):
        return thing
    if isinstance(thing, int | float) and not isinstance(thing, bool):
        raise LivevaeError(f"{name} takes a transition: write fade({thing:g}) or morph({thing:g}).")
    if callable(thing) and getattr(thing, "__name__", "") in (
        "fade",
        "jump_in",
        "morph",
        "hold",
        "anticipate",
        "clutch",
    ):
        raise LivevaeError(f"{name} takes a transition with its length, as in {getattr(thing, '__name__', '')}(2).")
    raise LivevaeError(f"{name} takes a transition such as fade(2), morph(4) or jump, not {type(thing).__name__}.")


def _length(name: str, cycles: object) -> float:
    if isinstance(cycles, bool) or not isinstance(cycles, int | float) or not math.isfinite(cycles) or cycles < 0:
        raise LivevaeError(f"{name}(cycles): give a number of cycles, 0 or more, not {cycles!r}.")
    return float(cycles)
