"""What a knob can be mapped to: a dimension of a voice, or its amp, pan or mix."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from livevae.control import Knob
from livevae.errors import LivevaeError
from livevae.performance.desk import Desk
from livevae.performance.settings import DEFAULTS, VOICES, Settings, Timing, Value
from livevae.performance.voice import Dims, Voice, index_of

LEVELS: Final = {"amp": (0.0, 1.0), "pan": (-1.0, 1.0), "mix": (0.0, 1.0)}
"""The levels of a voice, with the range that a knob has over them."""

DIMENSION: Final = (-3.0, 3.0)
"""The range of a knob over a dimension: about all that the sounds of a model are in."""

_TEXT: Final = re.compile(r"v(\d+)\.(?:dim\[(\d+)\]|(amp|pan|mix))")


@dataclass(frozen=True)
class Target:
    """A voice by its index, and one of its dimensions by number or one of its levels by name."""

    voice: int
    what: int | str

    def __str__(self) -> str:
        return f"v{self.voice + 1}" + (f".dim[{self.what}]" if isinstance(self.what, int) else f".{self.what}")

    @classmethod
    def read(cls, text: object) -> Target:
        """A target as it is written, `v1.dim[3]`. Raises LivevaeError for what is none."""
        found = _TEXT.fullmatch(text) if isinstance(text, str) else None
        if found is None or not 1 <= int(found[1]) <= VOICES:
            raise LivevaeError(f"{text!r} is nothing that a knob can be mapped to: there are v1.dim[3] and v1.amp.")
        return cls(int(found[1]) - 1, found[3] or int(found[2]))

    @property
    def range(self) -> tuple[float, float]:
        """The range of a knob over it where no other is asked for."""
        return LEVELS[self.what] if isinstance(self.what, str) else DIMENSION

    def value(self, settings: Settings) -> Value | None:
        """What it is set to."""
        if isinstance(self.what, int):
            return settings.dims.get(self.what)
        found: Value = getattr(settings, self.what)
        return found

    def free(self, settings: Settings) -> bool:
        """Has nobody set it?"""
        value = self.value(settings)
        return value is None or (isinstance(self.what, str) and value == getattr(DEFAULTS, self.what))

    def set(self, desk: Desk, knob: Knob) -> None:
        """Give it to a knob, at once. Raises LivevaeError where there is no such dimension."""
        value = Value(knob, None, repr(knob))
        with desk.transaction() as draft:
            if isinstance(self.what, int):
                draft.timing.setdefault(self.voice, Timing(quant=0.0))
                desk.set_dim(self.voice, self.what, value)
            else:
                desk.set(self.voice, self.what, value)  # type: ignore[arg-type]


def targets(desk: Desk, things: Sequence[Any], dims: int | None) -> list[Target]:
    """What is meant by the arguments of `learn`: `(v1.dim, 0, 1)`, `(v1, 3, "amp")`, `(v1,)`, `(v1.dim[3],)`.

    `dims` is how many dimensions a voice has. Raises LivevaeError for anything else.
    """
    first, rest = things[0], things[1:]
    if isinstance(first, Voice | Dims):
        voice = index_of(first)
        chosen: Sequence[Any] = rest or range(dims or 0)
        for what in chosen:
            if isinstance(what, bool) or not (what in LEVELS if isinstance(what, str) else isinstance(what, int)):
                raise LivevaeError(f'learn(): name a dimension by its number, or "amp", "pan" or "mix", not {what!r}.')
        return [Target(voice, what) for what in chosen]
    # What `v1.dim[3]` stands at does not say where it came from; that it was just looked at does.
    looked = desk.looked(len(things))
    if len(looked) < len(things):
        raise LivevaeError(
            "learn() takes what a knob is to move: learn(v1.dim[3]), learn(v1.dim, 0, 1), learn(v1, 'amp')."
        )
    for (voice, dim), thing in zip(looked, things, strict=True):
        value = desk.settings(voice).dims.get(dim)
        if (None if value is None else value.thing) is not thing:
            raise LivevaeError("learn() takes what a knob is to move: learn(v1.dim[3]), learn(v1.dim, 0, 1).")
    return [Target(voice, dim) for voice, dim in looked]
