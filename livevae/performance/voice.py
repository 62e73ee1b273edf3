"""A voice as the performer types it: `v1.z = "choir bell"`, `v1.amp = 0.5`, `v1.mute()`."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from livevae.engine.interface import FileInput, Live
from livevae.engine.layout import MAX_OUTPUTS
from livevae.errors import LivevaeError
from livevae.latent import LiveLatent
from livevae.latent.live import LiveInput, live
from livevae.performance.crossing import Transition
from livevae.performance.desk import Desk
from livevae.performance.draft import FieldName
from livevae.performance.expression import as_latents, as_pattern
from livevae.performance.fx import as_uses
from livevae.performance.layers import check_fade
from livevae.performance.message import caller
from livevae.performance.quant import Quant
from livevae.performance.settings import DEFAULTS, FromVoice, Implied, Input, Settings, Timing, Value
from livevae.performance.transitions import as_transition
from livevae.performance.uses import Use


class Dims:
    """Single dimensions of a voice: `v1.dim[3] = cc(74).range(-3, 3)`, and None to release one."""

    def __init__(self, desk: Desk, index: int) -> None:
        self._desk = desk
        self._index = index

    def __getitem__(self, dim: int) -> Any:
        found = self._desk.settings(self._index).dims.get(self._number(dim))
        self._desk.look(self._index, dim)
        return None if found is None else found.thing

    def __setitem__(self, dim: int, thing: object) -> None:
        number = self._number(dim)
        name = f"v{self._index + 1}.dim[{number}]"
        value = None if thing is None else Value.typed(thing, as_pattern(name, thing), caller())
        self._desk.set_dim(self._index, number, value)

    def __delitem__(self, dim: int) -> None:
        self[dim] = None

    def __iter__(self) -> Iterator[int]:
        return iter(self._desk.settings(self._index).dims)

    def __repr__(self) -> str:
        dims = self._desk.settings(self._index).dims
        return "{" + ", ".join(f"{dim}: {value}" for dim, value in dims.items()) + "}"

    @staticmethod
    def _number(dim: object) -> int:
        if isinstance(dim, bool) or not isinstance(dim, int):
            raise LivevaeError(f"a dimension is a whole number, as in .dim[3], not {dim!r}.")
        return dim


class Voice:
    """One stream through a model: input -> encode -> latents -> decode -> level, pan -> out.

    A change of `z` or `dim` is heard on the next cycle, with a fade of 40 ms; `amp`, `pan` and `mix` move to their new
    values within 40 ms at once. Numbers, strings of mini-notation and patterns may be assigned to all of these.
    """

    __slots__ = ("_desk", "_index", "dim")

    dim: Dims
    """Single dimensions, over whatever `z` says."""

    def __init__(self, desk: Desk, index: int) -> None:
        object.__setattr__(self, "_desk", desk)
        object.__setattr__(self, "_index", index)
        object.__setattr__(self, "dim", Dims(desk, index))

    _desk: Desk
    _index: int

    # -- what it plays

    @property
    def z(self) -> Any:
        """The latents it plays: a pattern, a name, a point, an expression of `live`; None is silence."""
        value = self._settings.z
        return None if value is None else value.thing

    @z.setter
    def z(self, thing: object) -> None:
        self._play(thing, None)

    def play(
        self, pattern: object, quant: float = 1, fade: float | None = None, transition: Transition | None = None
    ) -> Voice:
        """Play `pattern` from the next multiple of `quant` cycles on (0: now), faded in over `fade` cycles.

        A `transition` such as `morph(4)` is another way to get there. Without either it is that of `v1.transition`,
        else that of `transition(...)`, else a fade of 40 ms. Raises LivevaeError where the pattern does not fit the
        model.
        """
        Quant(quant)
        check_fade(fade)
        if fade is not None and transition is not None:
            raise LivevaeError(f"{self}.play takes a fade or a transition, not both.")
        self._play(pattern, Timing(quant, fade, transition=as_transition("transition", transition)))
        return self

    def stop(self, quant: float = 1, fade: float | None = None, transition: Transition | None = None) -> Voice:
        """Fall silent on the next multiple of `quant` cycles, within `fade` cycles or by a transition."""
        return self.play(None, quant, fade, transition)

    def once(self, pattern: object, quant: float = 1, cycles: float = 1) -> Voice:
        """Play the first cycle of `pattern` once, from the next multiple of `quant` cycles on, then what was there.

        With `cycles` it is as many of its cycles. What is set on the voice stays as it is: there is nothing to undo.
        """
        Quant(quant)
        play_once(self, pattern, cycles, Timing(quant))
        return self

    def _play(self, thing: object, timing: Timing | None) -> None:
        value = None if thing is None else Value.typed(thing, as_latents(f"{self}.z", thing), caller())
        self._desk.set(self._index, "z", value, timing or Timing())

    # -- how it sounds

    @property
    def amp(self) -> Any:
        """Its level, linear: 1 leaves it as the model gives it, 0 is silence."""
        return self._settings.amp.thing

    @amp.setter
    def amp(self, thing: object) -> None:
        self._level("amp", thing)

    @property
    def pan(self) -> Any:
        """From -1 (left) over 0 to 1 (right)."""
        return self._settings.pan.thing

    @pan.setter
    def pan(self, thing: object) -> None:
        self._level("pan", thing)

    @property
    def mix(self) -> Any:
        """From 0 (the input as it is) to 1 (the model)."""
        return self._settings.mix.thing

    @mix.setter
    def mix(self, thing: object) -> None:
        self._level("mix", thing)

    def _level(self, name: FieldName, thing: object) -> None:
        full = f"{self}.{name}"
        kept = thing if isinstance(thing, int | float) and not isinstance(thing, bool) else as_pattern(full, thing)
        self._desk.set(self._index, name, Value.typed(thing, kept, caller()))

    @property
    def fx(self) -> Sequence[Use]:
        """The effects on what it plays: `v1.fx = [fx.delay(0.3), fx.reverb(0.8)]`; None for none. At once."""
        return list(self._settings.fx)

    @fx.setter
    def fx(self, thing: object) -> None:
        self._desk.set(self._index, "fx", as_uses(f"{self}.fx", thing))

    @property
    def input_fx(self) -> Sequence[Use]:
        """The effects on what it listens to, before the model: `v3.input_fx = [fx.highpass(80), fx.gate(-50)]`."""
        return list(self._settings.input_fx)

    @input_fx.setter
    def input_fx(self, thing: object) -> None:
        self._desk.set(self._index, "input_fx", as_uses(f"{self}.input_fx", thing))

    @property
    def out(self) -> int | tuple[int, ...]:
        """The outputs of the machine it goes to: `v1.out = (3, 4)` left and right, `v1.out = 3` both; None for 1 and 2.

        There are as many as `livevae --outputs N` opens, 16 at most. Its `fx` go with it; `master.fx` and recordings
        are of outputs 1 and 2. It changes at once, without a click.
        """
        out = self._settings.out
        return out[0] if len(out) == 1 else out

    @out.setter
    def out(self, thing: object) -> None:
        self._desk.set(self._index, "out", as_outputs(f"{self}.out", thing))

    @property
    def width(self) -> Any:
        """How far left and right differ, from 0 (not at all) to 1: `v1.width = 0.5`, a number or a pattern.

        The model then decodes twice, with the dimensions of least weight moved slowly to either side. It costs what one
        voice more of the same model costs, and nothing at 0.
        """
        return self._settings.width.thing

    @width.setter
    def width(self, thing: object) -> None:
        self._level("width", thing)

    # -- how it moves in time

    @property
    def transition(self) -> Transition | None:
        """How it goes from what it plays to what it is given, where nothing else is said: `v1.transition = fade(2)`."""
        return self._settings.transition

    @transition.setter
    def transition(self, thing: object) -> None:
        self._desk.set(self._index, "transition", as_transition(f"{self}.transition", thing))

    @property
    def speed(self) -> Any:
        """How many times faster than the performance `z` and `dim` run: 2 is twice as fast. A number or a pattern."""
        return self._settings.speed.thing

    @speed.setter
    def speed(self, thing: object) -> None:
        name = f"{self}.speed"
        if isinstance(thing, int | float) and not isinstance(thing, bool) and not 0 < thing < math.inf:
            raise LivevaeError(f"{name} is a number above 0 or a pattern of them, not {thing!r}.")
        self._level("speed", thing)

    @property
    def nudge(self) -> float:
        """Seconds by which it is late; below 0 it is early. At most one second."""
        return self._settings.nudge

    @nudge.setter
    def nudge(self, seconds: object) -> None:
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not -1 <= seconds <= 1:
            raise LivevaeError(f"{self}.nudge is a number of seconds from -1 to 1, not {seconds!r}.")
        self._desk.set(self._index, "nudge", float(seconds))

    # -- where it comes from

    @property
    def input(self) -> Input | Voice:
        """What it listens to: `live(1)`, `file("rain.wav")`, another voice, None for nothing."""
        value = self._settings.input
        return Voice(self._desk, value.index) if isinstance(value, FromVoice) else value

    @input.setter  # noqa: A003 - the property above is meant
    def input(self, thing: object) -> None:
        self._desk.set(self._index, "input", self._as_input(thing))

    def _as_input(self, thing: object) -> Input:
        match thing:
            case None | Live() | FileInput() | Implied():
                return thing
            case LiveInput():
                return Live(thing.channel, thing.channels)
            case Voice():
                if thing._index == self._index:
                    raise LivevaeError(f"{self} cannot listen to itself: give it another voice, live(1) or a file.")
                return FromVoice(thing._index)
            case LiveLatent() if thing is live:
                return Live()
            case str() | Path():
                raise LivevaeError(f"{self}.input: to play a file, write file({str(thing)!r}).")
        raise LivevaeError(f"{self}.input takes live(1), file(...), another voice or None, not {type(thing).__name__}.")

    @property
    def model(self) -> Path | None:
        """The model it plays through, None for the default one; assign a name from `models` or a path."""
        ref = self._settings.model
        return None if ref is None else ref.path

    @model.setter
    def model(self, thing: object) -> None:
        self._desk.set(self._index, "model", None if thing is None else self._desk.find_model(thing))

    # -- whether it is heard

    def mute(self) -> Voice:
        """Silence it; it plays on unheard until `unmute()`."""
        self._desk.set(self._index, "muted", True)
        return self

    def unmute(self) -> Voice:
        """Let it be heard again."""
        self._desk.set(self._index, "muted", False)
        return self

    def solo(self) -> Voice:
        """Hear this voice, and the others that are solo, alone."""
        self._desk.set(self._index, "solo", True)
        return self

    def unsolo(self) -> Voice:
        """End its solo."""
        self._desk.set(self._index, "solo", False)
        return self

    # -- Python's side

    @property
    def _settings(self) -> Settings:
        return self._desk.settings(self._index)

    def __setattr__(self, name: str, value: object) -> None:
        if name not in _ASSIGNED:
            raise LivevaeError(_unknown(str(self), name, list(_ASSIGNED)))
        object.__setattr__(self, name, value)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(_unknown(str(self), name, [public for public in dir(Voice) if not public.startswith("_")]))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Voice) and (other._desk, other._index) == (self._desk, self._index)

    def __hash__(self) -> int:
        return hash((id(self._desk), self._index))

    def __str__(self) -> str:
        return f"v{self._index + 1}"

    def __repr__(self) -> str:
        now = self._settings
        where = "" if now.z is None or now.z.place is None else f" ({now.z.place})"
        parts = [f"z={now.z}{where}"]
        parts += [f"dim[{dim}]={value}" for dim, value in now.dims.items()]
        parts += [f"amp={now.amp}", f"pan={now.pan}", f"mix={now.mix}"]
        if not isinstance(now.input, Implied):
            parts.append(f"input={self.input if isinstance(now.input, FromVoice) else now.input}")
        if now.model is not None:
            parts.append(f"model={now.model.path.stem}")
        if now.speed != DEFAULTS.speed:
            parts.append(f"speed={now.speed}")
        parts += [f"{name}={list(uses)}" for name, uses in (("fx", now.fx), ("input_fx", now.input_fx)) if uses]
        if now.out != DEFAULTS.out:
            parts.append(f"out={self.out}")
        if now.width != DEFAULTS.width:
            parts.append(f"width={now.width}")
        if now.nudge:
            parts.append(f"nudge={now.nudge:g}")
        if now.transition is not None:
            parts.append(f"transition={now.transition}")
        parts += [word for word, on in (("muted", now.muted), ("solo", now.solo)) if on]
        return f"{self}: " + ", ".join(parts)


def desk_of(voice: Voice) -> Desk:
    """Where the settings of a voice are kept."""
    return voice._desk


def index_of(thing: Voice | Dims) -> int:
    """The number of a voice, or of that whose dimensions these are, from 0."""
    return thing._index


def play(voice: Voice, thing: object, timing: Timing) -> None:
    """Play something with a timing of its own. Raises LivevaeError where it does not fit the model."""
    voice._play(thing, timing)


def play_once(voice: Voice, pattern: object, cycles: float, timing: Timing) -> None:
    """Play so many cycles of a pattern over whatever the voice plays. Raises LivevaeError where that does not work."""
    if isinstance(cycles, bool) or not isinstance(cycles, int | float) or not 0 < cycles < math.inf:
        raise LivevaeError(f"{voice}.once: cycles is a number above 0, not {cycles!r}.")
    value = Value.typed(pattern, as_pattern(f"{voice}.once", pattern), caller())
    voice._desk.once(voice._index, value, float(cycles), timing)


_ASSIGNED: Final = (
    "z", "input", "amp", "pan", "mix", "model", "transition", "speed", "nudge", "fx", "input_fx", "out", "width"
)  # fmt: skip


def as_outputs(name: str, thing: object) -> tuple[int, ...]:
    """Outputs counted from 1, one or two; None is the master. Raises LivevaeError for anything else."""
    if thing is None:
        return DEFAULTS.out
    wanted = thing if isinstance(thing, tuple | list) else (thing,)
    numbers = tuple(n for n in wanted if isinstance(n, int) and not isinstance(n, bool) and 1 <= n <= MAX_OUTPUTS)
    if len(numbers) != len(wanted) or len(set(numbers)) != len(numbers) or not 1 <= len(numbers) <= 2:
        raise LivevaeError(
            f"{name} is an output from 1 to {MAX_OUTPUTS}, two different ones as in (3, 4), or None for the master, "
            f"not {thing!r}."
        )
    return numbers


_MEANT: Final = {
    "vol": "amp", "volume": "amp", "gain": "amp", "level": "amp", "dry": "mix", "wet": "mix", "latent": "z",
    "pattern": "z", "dims": "dim", "source": "input", "effects": "fx",
    "output": "out", "outputs": "out", "channel": "out", "channels": "out", "spread": "width", "stereo": "width",
}  # fmt: skip


def _unknown(voice: str, name: str, known: list[str]) -> str:
    if name == "dim":
        return f"{voice}.dim is set one dimension at a time: {voice}.dim[0] = ..."
    meant = _MEANT.get(name.lower())
    near = [meant] if meant is not None else difflib.get_close_matches(name, known, n=2)
    advice = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(known)}."
    return f"{voice} has no {name!r}: {advice}"
