"""What a performer may type: voices, patterns, and the words that act on all voices."""

from __future__ import annotations

import builtins
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from livevae import control, latent, pattern
from livevae.performance.inputs import file

if TYPE_CHECKING:
    from livevae.performance.performance import Performance

_PATTERN = (
    "cat", "cosine", "fastcat", "isaw", "lift", "mini", "perlin", "point", "pure", "rand", "saw", "seq", "signal",
    "silence", "sine", "slowcat", "square", "stack", "timecat", "tri", "walk",
)  # fmt: skip
_LATENT = ("dim", "lerp", "live", "slerp", "spline", "take")
_CONTROL = ("cc", "note")
_PERFORMANCE = (
    "encode", "hush", "models", "panic", "record", "recordings", "redo", "status", "stop_recording", "tempo", "undo",
)  # fmt: skip


def namespace(performance: Performance) -> dict[str, Any]:
    """A new dictionary of every name a performer may type."""
    names: dict[str, Any] = {"__name__": "__livevae__", "__builtins__": builtins}
    for room, chosen in ((pattern, _PATTERN), (latent, _LATENT), (control, _CONTROL), (performance, _PERFORMANCE)):
        names |= {name: getattr(room, name) for name in chosen}
    names |= {str(voice): voice for voice in performance.voices}
    names |= {"file": file, "np": np, "math": math, "performance": performance}
    return names
