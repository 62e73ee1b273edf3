"""Where: trajectories, the library of recordings, and expressions of live sound in latent space.

Encoding happens in a process of its own; nothing here imports torch, but for `encoding` and `worker` in it.
"""

from livevae.latent.branch import Control
from livevae.latent.cache import Cache, Job
from livevae.latent.encoder import Encoder
from livevae.latent.library import Library
from livevae.latent.live import LiveInput, LiveLatent, control_of, live
from livevae.latent.moves import bezier, cross, dim, dims, lerp, morph, path, slerp, spline
from livevae.latent.npz import Encoded
from livevae.latent.resolve import resolver
from livevae.latent.spaces import Measured, Reference, Spaces
from livevae.latent.trajectory import Trajectory
from livevae.pattern import Take, take

__all__ = [
    "Cache",
    "Control",
    "Encoded",
    "Encoder",
    "Job",
    "Library",
    "LiveInput",
    "LiveLatent",
    "Measured",
    "Reference",
    "Spaces",
    "Take",
    "Trajectory",
    "bezier",
    "control_of",
    "cross",
    "dim",
    "dims",
    "lerp",
    "live",
    "morph",
    "path",
    "resolver",
    "slerp",
    "spline",
    "take",
]
