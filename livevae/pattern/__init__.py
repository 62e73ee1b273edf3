"""When: pure functions of cyclic time, for numbers, names, points and trajectories.

Everything a performer types that moves is a ``Pattern``. This room knows nothing of sound: it needs numpy alone.
"""

from livevae.pattern.continuous import cosine, isaw, saw, sine, square, tri
from livevae.pattern.core import (
    Pattern,
    from_sampler,
    is_patternable,
    lift,
    lift_frames,
    pure,
    reify,
    signal,
    silence,
)
from livevae.pattern.mini import mini
from livevae.pattern.noise import Noise, perlin, rand, walk
from livevae.pattern.rhythm import euclid_steps
from livevae.pattern.sequence import cat, fastcat, seq, slowcat, stack, timecat
from livevae.pattern.space import Space
from livevae.pattern.take import Take, take
from livevae.pattern.time import Context, Span, fraction
from livevae.pattern.timeline import show, timeline
from livevae.pattern.transition import Fade, fade
from livevae.pattern.value import Event, Playable, Sparse, Value
from livevae.pattern.vector import dim, lerp, point, slerp, spline

__all__ = [
    "Context",
    "Event",
    "Fade",
    "Noise",
    "Pattern",
    "Playable",
    "Space",
    "Span",
    "Sparse",
    "Take",
    "Value",
    "cat",
    "cosine",
    "dim",
    "euclid_steps",
    "fade",
    "fastcat",
    "fraction",
    "from_sampler",
    "is_patternable",
    "isaw",
    "lerp",
    "lift",
    "lift_frames",
    "mini",
    "perlin",
    "point",
    "pure",
    "rand",
    "reify",
    "saw",
    "seq",
    "show",
    "signal",
    "silence",
    "sine",
    "slerp",
    "slowcat",
    "spline",
    "square",
    "stack",
    "take",
    "timecat",
    "timeline",
    "tri",
    "walk",
]
