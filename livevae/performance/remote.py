"""What other programs may do to a performance by OSC: the table of addresses, and what each sets off.

What moves all the time (a level, a dimension, a point) is assigned once, as the pattern of its address; from then on a
message moves the pattern alone, as `osc(...)` does. Everything else is a change like one that is typed. Nothing here
runs code that a message brings: texts are mini-notation, or names of what the performer has.
"""

from __future__ import annotations

import keyword
import math
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from livevae.control.inbox import Inbox
from livevae.errors import LivevaeError
from livevae.latent.live import LiveInput
from livevae.pattern import Pattern, variables
from livevae.performance.message import explain

if TYPE_CHECKING:
    from livevae.control.routes import Route
    from livevae.performance.performance import Performance
    from livevae.performance.program import Action
    from livevae.performance.voice import Voice

VAR: Final = "/livevae/var/"
"""What stands before the name of a variable."""

AGAIN_SECONDS: Final = 1.0
"""So long after a fader could not be assigned its messages are not tried again, nor told of."""

Numbers = tuple[float, ...]

_CALL: Final = compile("action()", "<osc>", "exec")


class Remote:
    """The addresses of a performance. `again(address, arguments)` does once more what a journal says was done."""

    def __init__(self, performance: Performance, inbox: Inbox) -> None:
        self._performance = performance
        self._inbox = inbox
        self._patterns: dict[tuple[str, int], Pattern] = {}
        self._held: dict[str, float] = {}
        """Until when the pattern of an address is not assigned again: while it is being, and where that failed."""

    def routes(self) -> list[Route]:
        """All of them, for `livevae.control.osc`."""
        from livevae.control.routes import Route

        change = self._change
        faders = [
            Route(f"/livevae/v{{voice}}/{name}", partial(self._level, name), (float,), says)
            for name, says in _FADERS.items()
        ]
        return [
            *faders,
            Route(
                "/livevae/v{voice}/dim/{dim}", self._dim, "number or nothing", "drives a dimension; nothing: lets go"
            ),
            Route("/livevae/v{voice}/z", self._z, "text or numbers", "plays mini-notation, or a point: all dimensions"),
            change("/livevae/v{voice}/stop", "bang", "silence from the next cycle on"),
            change("/livevae/v{voice}/mute", "switch", "plays on unheard"),
            change("/livevae/v{voice}/solo", "switch", "heard alone, with others that are"),
            change("/livevae/v{voice}/nudge", (float,), "seconds by which it is late"),
            change("/livevae/v{voice}/model", (str,), "a name from `models`; no path"),
            change("/livevae/v{voice}/out", "numbers", "the outputs it goes to, from 1: one, or left and right"),
            change("/livevae/v{voice}/input", (float,), "the audio input; 0 is none"),
            Route("/livevae/var/{name}", self._var, "text or number", "moves `var(name)`; a text is `^name`"),
            change("/livevae/tempo", (float,), "beats a minute"),
            change("/livevae/nudge", (float,), "seconds by which all is pushed ahead"),
            change("/livevae/hush", "bang", "silence from the next cycle on"),
            change("/livevae/panic", "bang", "silence now"),
            change("/livevae/undo", "bang", "as `undo()`"),
            change("/livevae/redo", "bang", "as `redo()`"),
            change("/livevae/record", "switch", "`record()` to take.flac, or its end"),
        ]

    def again(self, address: str, arguments: Sequence[Any]) -> None:
        """Do what was written down as kind `osc`; returns when it is done."""
        self._performance.words.ask(self._marked(address, tuple(arguments)), "osc")
        self._performance.settle()

    def change(self, address: str, *arguments: Any) -> None:
        """Have a change made and written down, as if a message had asked for it. Any thread."""
        action = self._marked(address, arguments)
        self._performance.log("osc", later=True, address=address, arguments=list(arguments))
        self._performance.words.ask(action, "osc")

    def var(self, name: str, default: float = 0.0, smooth: float = 0.0) -> Pattern:
        """A number that other programs set by name, as a pattern: `v1.amp = var("level", 0.5)`.

        The OSC message `/livevae/var/level` sets it; `default` holds until the first. `smooth` is a time constant in
        milliseconds. Raises LivevaeError for a name that is none.
        """
        if not isinstance(name, str) or not name.isidentifier():
            raise LivevaeError(f'var() takes a name, as in var("level"), not {name!r}.')
        return self._inbox.osc(VAR + name, default, smooth=smooth)

    # -- messages

    def _change(self, address: str, takes: Any, says: str) -> Route:
        """An address whose messages are changes like those that are typed."""
        from livevae.control.routes import Route

        places = address.count("{")

        def received(*given: Any) -> None:
            self.change(address.format(voice=given[0] if places else None), *given[places:])

        return Route(address, received, takes, says)

    def _level(self, name: str, voice: int, value: float) -> None:
        self._moved(f"/livevae/v{voice}/{name}", (value,), lambda: getattr(self._voice(voice), name))

    def _dim(self, voice: int, dim: int, value: float | None) -> None:
        address = f"/livevae/v{voice}/dim/{dim}"
        if value is None:
            self.change(address, 0)
        else:
            self._moved(address, (value,), lambda: self._voice(voice).dim[dim])

    def _z(self, voice: int, what: str | Numbers) -> None:
        address = f"/livevae/v{voice}/z"
        if isinstance(what, str):
            self.change(address, what)
        else:
            self._moved(address, what, lambda: self._voice(voice).z)

    def _var(self, name: str, value: str | float) -> None:
        if isinstance(value, str):
            self._check_name(name)
            self.change(VAR + name, value)
        else:
            self._inbox.receive(VAR + name, (value,))

    def _moved(self, address: str, values: Numbers, stands: Callable[[], object]) -> None:
        self._inbox.receive(address, values)
        if stands() is self._pattern(address, len(values)) or self._held.get(address, 0.0) > time.monotonic():
            return
        self._held[address] = math.inf
        self.change(address, len(values))

    # -- what they do

    def _marked(self, address: str, arguments: tuple[Any, ...]) -> Action:
        """What a message does, as a function that says which message it was where it fails."""
        action = self._action(address, arguments)
        names = self._performance.names
        if action == self._performance.panic:
            # As it is, so that it waits for nobody.
            return action

        def marked() -> None:
            held = 0.0
            try:
                with variables(names):
                    # As a text of its own, so that what it assigns is known by this place.
                    exec(_CALL, {"action": action})
            except Exception as error:
                held = time.monotonic() + AGAIN_SECONDS
                raise LivevaeError(f"OSC {address}: {explain(error)}") from error
            finally:
                if address in self._held:
                    self._held[address] = held

        return marked

    def _action(self, address: str, arguments: tuple[Any, ...]) -> Action:
        """What a message does. The pattern of an address is meant where `arguments` says its size."""
        parts = address.split("/")[2:]
        performance = self._performance
        value = arguments[0] if arguments else None
        match parts:
            case ["tempo"]:
                return partial(performance.time.tempo, value)
            case ["nudge"]:
                return partial(performance.time.nudge, float(arguments[0]))
            case ["link", "tempo"]:
                return partial(self._link_tempo, float(arguments[0]), float(arguments[1]))
            case ["link", "nudge"]:
                return partial(performance.time.nudge, float(arguments[0]))
            case ["link", "stop"]:
                return performance.hush
            case ["record"]:
                return partial(performance.record, "take.flac" if value else None)
            case ["panic"]:
                return performance.panic
            case ["hush" | "undo" | "redo" as name]:
                return partial(getattr(performance, name))
            case ["var", name]:
                return partial(performance.names.__setitem__, name, value)
            case [voice, *rest]:
                return self._voice_action(self._voice(int(voice[1:])), address, rest, value)
        raise LivevaeError(f"OSC: there is no {address}.")

    def _link_tempo(self, bpm: float, over: float) -> None:
        """What others do is not taken back by `undo`."""
        with self._performance.transaction() as draft:
            self._performance.time.tempo(bpm, over=over)
            draft.carry()

    def _voice_action(self, voice: Voice, address: str, rest: list[str], value: Any) -> Action:
        match rest:
            case ["dim", dim]:
                return partial(voice.dim.__setitem__, int(dim), self._pattern(address, 1) if value else None)
            case ["z"] if isinstance(value, str):
                return partial(setattr, voice, "z", value)
            case ["z"]:
                return partial(voice.play, self._pattern(address, value), 0)
            case ["stop"]:
                return partial(voice.stop)
            case ["mute"]:
                return voice.mute if value else voice.unmute
            case ["solo"]:
                return voice.solo if value else voice.unsolo
            case ["nudge"]:
                return partial(setattr, voice, "nudge", value)
            case ["out"]:
                return partial(setattr, voice, "out", _channels(value))
            case ["model"]:
                # A model is a program: only those that the performer put where models are.
                if value not in self._performance.models:
                    raise LivevaeError(f"OSC {address}: there is no model {value!r} in `models`; paths are not taken.")
                return partial(setattr, voice, "model", value)
            case ["input"]:
                channel = int(value)
                if channel != value or channel < 0:
                    raise LivevaeError(
                        f"OSC {address}: inputs are counted from 1, and 0 is none; there is no {value:g}."
                    )
                return partial(setattr, voice, "input", LiveInput(channel) if channel else None)
            case [name] if name in _FADERS:
                return partial(setattr, voice, name, self._pattern(address, 1))
        raise LivevaeError(f"OSC: there is no {address}.")

    def _pattern(self, address: str, size: int) -> Pattern:
        """The pattern that follows an address; always the same one."""
        key = (address, size)
        if key not in self._patterns:
            point = address.endswith("/z")
            self._patterns[key] = self._inbox.reading(address, [0.0] * size if point else 0.0)
        return self._patterns[key]

    def _voice(self, number: int) -> Voice:
        return self._performance.voices[number - 1]

    def _check_name(self, name: str) -> None:
        taken = self._performance.names.get(name)
        if not name.isidentifier() or keyword.iskeyword(name) or not isinstance(taken, str | None):
            raise LivevaeError(
                f"OSC {VAR}{name}: a text is given to a name of your own that holds a text, or none yet."
            )


def _channels(numbers: Sequence[float]) -> tuple[float, ...]:
    """Whole numbers as such; others are refused where they are set."""
    return tuple(int(number) if number == int(number) else number for number in numbers)


_FADERS: Final = {
    "amp": "its level, linear: 1 is as the model gives it",
    "pan": "from -1 (left) to 1 (right)",
    "mix": "from 0 (the input as it is) to 1 (the model)",
    "width": "how far left and right differ, from 0 to 1",
    "speed": "how many times faster it runs",
}
