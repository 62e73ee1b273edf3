"""Several voices as one: `chorus = group(v1, v2, v3)`, and the words that act on some voices or on all."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import numpy as np

from livevae.errors import LivevaeError
from livevae.performance.crossing import Transition
from livevae.performance.settings import Timing
from livevae.performance.voice import Voice, desk_of, play_once

_CHAINS: Final = ("fx", "input_fx")
_LISTS: Final = (list, tuple, type(None))
_ASSIGNED: Final = (
    "z", "input", "amp", "pan", "mix", "model", "transition", "speed", "nudge", "fx", "input_fx", "out", "width"
)  # fmt: skip


class GroupDims:
    """Single dimensions of all voices of a group: `chorus.dim[2] = sine`."""

    def __init__(self, voices: tuple[Voice, ...]) -> None:
        self._voices = voices

    def __getitem__(self, dim: int) -> list[Any]:
        return [voice.dim[dim] for voice in self._voices]

    def __setitem__(self, dim: int, thing: object) -> None:
        _each(self._voices, f".dim[{dim}]", thing, lambda voice, part: voice.dim.__setitem__(dim, part))

    def __delitem__(self, dim: int) -> None:
        self[dim] = None

    def __repr__(self) -> str:
        return "\n".join(f"{voice}.dim: {voice.dim!r}" for voice in self._voices)


class Group:
    """Voices that are set together: `chorus.amp = 0.5`, `chorus.play("bell", transition=fade(2))`, `chorus.mute()`.

    What is set goes to every voice; a list with one thing for each voice is dealt out (`chorus.z = ["bell", "drum"]`;
    a list of numbers for `z` means what it means for one voice, and goes to each). Either all of it happens or, on an
    error, nothing. A group may hold groups, and has its voices in order: `len(chorus)`, `chorus[0]`, `for v in chorus`.
    """

    __slots__ = ("_voices", "dim")

    dim: GroupDims
    """Single dimensions of all its voices."""

    _voices: tuple[Voice, ...]

    def __init__(self, *voices: Voice | Group) -> None:
        object.__setattr__(self, "_voices", members("group", voices))
        object.__setattr__(self, "dim", GroupDims(self._voices))

    @property
    def z(self) -> list[Any]:
        """What each of them plays; set it to play the same on all, or a list to deal out."""
        return [voice.z for voice in self._voices]

    @property
    def amp(self) -> list[Any]:
        """The level of each."""
        return [voice.amp for voice in self._voices]

    @property
    def pan(self) -> list[Any]:
        """The place of each, from -1 to 1: `chorus.pan = [-1, 0, 1]`."""
        return [voice.pan for voice in self._voices]

    @property
    def mix(self) -> list[Any]:
        """From 0 (the input as it is) to 1 (the model), of each."""
        return [voice.mix for voice in self._voices]

    @property
    def fx(self) -> list[Any]:
        """The effects on what each of them plays; a list is set on all, a list of lists dealt out."""
        return [voice.fx for voice in self._voices]

    @property
    def input_fx(self) -> list[Any]:
        """The effects on what each of them listens to; set like `fx`."""
        return [voice.input_fx for voice in self._voices]

    @property
    def input(self) -> list[Any]:
        """What each of them listens to."""
        return [voice.input for voice in self._voices]

    @property
    def model(self) -> list[Any]:
        """The model of each."""
        return [voice.model for voice in self._voices]

    @property
    def out(self) -> list[Any]:
        """The outputs each goes to: a number or a pair `(3, 4)` is set on all, a list dealt out."""
        return [voice.out for voice in self._voices]

    @property
    def width(self) -> list[Any]:
        """How far left and right of each differ, from 0 to 1."""
        return [voice.width for voice in self._voices]

    @property
    def transition(self) -> list[Any]:
        """How each goes from what it plays to what it is given, where nothing else is said."""
        return [voice.transition for voice in self._voices]

    @property
    def speed(self) -> list[Any]:
        """How many times faster than the performance each runs."""
        return [voice.speed for voice in self._voices]

    @property
    def nudge(self) -> list[Any]:
        """Seconds by which each is late."""
        return [voice.nudge for voice in self._voices]

    def play(
        self, pattern: object, quant: float = 1, fade: float | None = None, transition: Transition | None = None
    ) -> Group:
        """Play `pattern` on all of them, or one of a list on each; see a voice's `play`."""
        _each(self._voices, ".play", pattern, lambda voice, part: voice.play(part, quant, fade, transition), whole=True)
        return self

    def once(self, pattern: object, quant: float = 1, cycles: float = 1) -> Group:
        """Play the first cycle of `pattern` once on all of them; see a voice's `once`."""
        _each(self._voices, ".once", pattern, lambda voice, part: voice.once(part, quant, cycles), whole=True)
        return self

    def stop(self, quant: float = 1, fade: float | None = None, transition: Transition | None = None) -> Group:
        """Let all of them fall silent on the next multiple of `quant` cycles, by a fade or a transition."""
        return self.play(None, quant, fade, transition)

    def mute(self) -> Group:
        """Silence them; they play on unheard until `unmute()`."""
        return self._do(Voice.mute)

    def unmute(self) -> Group:
        """Let them be heard again."""
        return self._do(Voice.unmute)

    def solo(self) -> Group:
        """Hear these voices, and others that are solo, alone."""
        return self._do(Voice.solo)

    def unsolo(self) -> Group:
        """End their solo."""
        return self._do(Voice.unsolo)

    def _do(self, action: Callable[[Voice], object]) -> Group:
        _each(self._voices, "", None, lambda voice, _: action(voice))
        return self

    def __len__(self) -> int:
        return len(self._voices)

    def __iter__(self) -> Iterator[Voice]:
        return iter(self._voices)

    def __getitem__(self, index: int) -> Voice:
        return self._voices[index]

    def __contains__(self, voice: object) -> bool:
        return voice in self._voices

    def __setattr__(self, name: str, value: object) -> None:
        if name not in _ASSIGNED:
            raise LivevaeError(self._unknown(name))
        if name in _CHAINS and isinstance(value, list | tuple) and not any(isinstance(one, _LISTS) for one in value):
            # A list of effects is one chain, for all of them; a list of lists is dealt out.
            value = [value] * len(self._voices)
        if name == "out" and isinstance(value, tuple):
            value = [value] * len(self._voices)  # two outputs, for all of them; a list is dealt out
        deal: Callable[[Voice, object], None] = lambda voice, part: setattr(voice, name, part)  # noqa: E731
        _each(self._voices, f".{name}", value, deal, whole=name == "z")

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(self._unknown(name))

    def _unknown(self, name: str) -> str:
        if name == "dim":
            return "a group's dim is set one dimension at a time: .dim[0] = ..."
        near = difflib.get_close_matches(name, [public for public in dir(Group) if not public.startswith("_")], n=2)
        return f"a group has no {name!r}: " + (f"did you mean {' or '.join(near)}?" if near else "see help(group).")

    def __repr__(self) -> str:
        return f"group({', '.join(str(voice) for voice in self._voices)})"


def members(name: str, voices: Sequence[Voice | Group]) -> tuple[Voice, ...]:
    """The voices that are meant, each once and in order. Raises LivevaeError for what is no voice, and for none."""
    found: dict[Voice, None] = {}
    for thing in voices:
        if not isinstance(thing, Voice | Group):
            raise LivevaeError(
                f"{name}(...) takes voices and groups, as in {name}(v1, v2), not {type(thing).__name__}."
            )
        found |= dict.fromkeys(thing if isinstance(thing, Group) else (thing,))
    if not found:
        raise LivevaeError(f"{name}() needs voices: {name}(v1, v2).")
    return tuple(found)


def _each(
    voices: tuple[Voice, ...],
    name: str,
    thing: object,
    change: Callable[[Voice, Any], object],
    whole: bool = False,
) -> None:
    """Change all voices in one transaction, each by its part of what is given. Raises LivevaeError, nothing changed."""
    parts = _dealt(voices, name, thing, whole)
    with desk_of(voices[0]).transaction():
        for voice, part in zip(voices, parts, strict=True):
            change(voice, part)


def _dealt(voices: tuple[Voice, ...], name: str, thing: object, whole: bool) -> Sequence[object]:
    numbers = isinstance(thing, list | tuple) and all(isinstance(part, int | float | np.number) for part in thing)
    if not isinstance(thing, list | tuple) or (whole and numbers):
        return [thing] * len(voices)
    if len(thing) != len(voices):
        raise LivevaeError(
            f"the group has {len(voices)} voices, and {name} was given {len(thing)} things: give as many."
        )
    return thing


class VoiceWords:
    """Words that act on the voices they are given, or on all."""

    def __init__(self, voices: tuple[Voice, ...]) -> None:
        self._voices = voices

    def group(self, *voices: Voice | Group) -> Group:
        """Several voices as one: `chorus = group(v1, v2, v3)`, then `chorus.amp = 0.5`, `chorus.play("bell")`."""
        return Group(*voices)

    def mute(self, *voices: Voice | Group) -> None:
        """Silence voices; they play on unheard. `mute()` silences all."""
        self._do("mute", voices, Voice.mute)

    def unmute(self, *voices: Voice | Group) -> None:
        """Let voices be heard again; `unmute()` lets all."""
        self._do("unmute", voices, Voice.unmute)

    def solo(self, *voices: Voice | Group) -> None:
        """Hear these voices, and others that are solo, alone."""
        members("solo", voices)
        self._do("solo", voices, Voice.solo)

    def unsolo(self, *voices: Voice | Group) -> None:
        """End the solo of voices; `unsolo()` ends every one."""
        self._do("unsolo", voices, Voice.unsolo)

    def once(self, pattern: object, quant: float = 1, cycles: float = 1) -> Voice:
        """Play the first cycle of `pattern` once, on the last voice that plays nothing (v16, v15, ...).

        Gives the voice. It begins on the next multiple of `quant` cycles (0: now); with `cycles` it is as many of its
        cycles. On a voice of your choice it is `v1.once(...)`. Raises LivevaeError where all sixteen play.
        """
        desk = desk_of(self._voices[0])
        with desk.transaction():
            start = desk.next(quant)
            voice = self._voices[desk.free(start)]
            play_once(voice, pattern, cycles, Timing(at=start))
            return voice

    def _do(self, name: str, voices: Sequence[Voice | Group], action: Callable[[Voice], object]) -> None:
        chosen = members(name, voices) if voices else self._voices
        _each(chosen, "", None, lambda voice, _: action(voice))


def words(voices: tuple[Voice, ...]) -> dict[str, Any]:
    """The words by name."""
    made = VoiceWords(voices)
    return {name: getattr(made, name) for name in ("group", "mute", "once", "solo", "unmute", "unsolo")}
