"""When: pure functions of cyclic time, for numbers, names, points and trajectories.

Everything a performer types that moves is a ``Pattern``. This room knows nothing of sound: it needs numpy alone.
"""

from livevae.pattern.choice import choose, choose_cycles, randcat, wchoose, wchoose_cycles, wrandcat
from livevae.pattern.continuous import cosine, isaw, lfo, pulse, ramp, saw, sine, square, tri
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
from livevae.pattern.curves import bezier, cross, morph, path, spline
from livevae.pattern.envelope import adsr, env, fade_in, fade_out, line
from livevae.pattern.fit import Fit
from livevae.pattern.mini import mini
from livevae.pattern.movement import dims, jitter, noise, orbit, spiral
from livevae.pattern.noise import Noise, perlin, rand
from livevae.pattern.place import freeze, mean, origin
from livevae.pattern.rhythm import euclid_steps
from livevae.pattern.sequence import cat, fastcat, seq, slowcat, stack, timecat
from livevae.pattern.space import Space
from livevae.pattern.structure import arrange, polymeter, run, scan
from livevae.pattern.take import Take, take
from livevae.pattern.time import Context, Span, fraction
from livevae.pattern.timeline import show, timeline
from livevae.pattern.transformations import Transformation, transformations
from livevae.pattern.transition import Fade, fade
from livevae.pattern.value import Event, Playable, Sparse, Value
from livevae.pattern.variables import remembering, variables
from livevae.pattern.vector import dim, lerp, point, slerp
from livevae.pattern.wander import brownian, walk

__all__ = [
    "Context",
    "Event",
    "Fade",
    "Fit",
    "Noise",
    "Pattern",
    "Playable",
    "Space",
    "Span",
    "Sparse",
    "Take",
    "Transformation",
    "Value",
    "adsr",
    "arrange",
    "bezier",
    "brownian",
    "cat",
    "choose",
    "choose_cycles",
    "cosine",
    "cross",
    "dim",
    "dims",
    "env",
    "euclid_steps",
    "fade",
    "fade_in",
    "fade_out",
    "fastcat",
    "fraction",
    "freeze",
    "from_sampler",
    "is_patternable",
    "isaw",
    "jitter",
    "lerp",
    "lfo",
    "lift",
    "lift_frames",
    "line",
    "mean",
    "mini",
    "morph",
    "noise",
    "orbit",
    "origin",
    "path",
    "perlin",
    "point",
    "polymeter",
    "pulse",
    "pure",
    "ramp",
    "rand",
    "randcat",
    "reify",
    "remembering",
    "run",
    "saw",
    "scan",
    "seq",
    "show",
    "signal",
    "silence",
    "sine",
    "slerp",
    "slowcat",
    "spiral",
    "spline",
    "square",
    "stack",
    "take",
    "timecat",
    "timeline",
    "transformations",
    "tri",
    "variables",
    "walk",
    "wchoose",
    "wchoose_cycles",
    "wrandcat",
]
