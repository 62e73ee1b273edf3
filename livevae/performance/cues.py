"""What a performer types about form: cues, their order, going from one to the other, and what sets that off."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from livevae.errors import LivevaeError
from livevae.pattern import remembering
from livevae.performance.conductor import Conductor
from livevae.performance.desk import Desk
from livevae.performance.form import form_of
from livevae.performance.message import Place
from livevae.performance.outside import Listening
from livevae.performance.program import Action, Cue, Key, Trigger, check_bars
from livevae.performance.sections import CueStatus
from livevae.performance.triggers import Triggers, key_of

Section = TypeVar("Section", bound=Callable[[], object])


@dataclass(frozen=True, repr=False)
class Cues:
    """The cues by name with their bars, None until told, and where the performance is among them."""

    bars: dict[str, float | None]
    now: CueStatus | None = None

    def __iter__(self) -> Iterator[str]:
        return iter(self.bars)

    def __len__(self) -> int:
        return len(self.bars)

    def __contains__(self, name: object) -> bool:
        return name in self.bars

    def __repr__(self) -> str:
        if not self.bars:
            return 'no cues: make one with @cue("name", bars=16) over a function'
        width = max(map(len, self.bars))
        here = None if self.now is None else self.now.name
        following = None if self.now is None else self.now.next
        lines = []
        for name, bars in self.bars.items():
            mark = "▶" if name == here else "→" if name == following else " "
            lines.append(f"{mark} {name:<{width}}  {'until told' if bars is None else f'{bars:g} bars'}")
        return "\n".join(lines)


class Words:
    """The words of form, each a function that a performer may type."""

    def __init__(self, desk: Desk, conductor: Conductor, triggers: Triggers, listening: Listening, seed: int) -> None:
        self._desk = desk
        self._conductor = conductor
        self._triggers = triggers
        self._listening = listening
        self._seed = seed

    def cue(self, name: Any = None, bars: float | None = None) -> Any:
        """A section of a piece: put it over a function that sets voices, `@cue("build", bars=16)`.

        The function is called when the section begins. It has all that the piece sets outside of cues, and may set
        anything else for as long as it lasts: what it sets and the next section does not, returns to what the piece
        says. `bars` is its length in cycles, 1/8 or more; None lasts until `next_cue()`. Without a name the function's
        name is taken. Raises LivevaeError for a second cue of that name in a piece.

            @cue("build", bars=16)
            def build():
                v1.z = lerp("choir", "bell", saw.slow(16))
        """
        if callable(name):
            return self._define(name, name.__name__, None)
        if name is not None and (not isinstance(name, str) or not name):
            raise LivevaeError(f'a cue is named by a string, as in @cue("build", bars=16), not by {name!r}.')
        given = name or ""
        length = check_bars(given, bars)

        def define(function: Section) -> Section:
            return self._define(function, given or getattr(function, "__name__", ""), length)

        return define

    def form(
        self,
        *steps: Any,
        loop: bool = False,
        auto: bool = True,
        end: str = "hold",
        start: str | None = None,
        seed: int | None = None,
    ) -> None:
        """The order of the cues, each for its bars; without it they come in the order of their definition.

            form("intro", ("build", 2), "drop", loop=True)            one after the other, build twice, and again
            form({"intro": ["build", "drop"], "build": {"drop": 3, "intro": 1}}, start="intro", seed=5)
            form("by hand")                                           next_cue() or goto("name") leads

        A graph says what may follow each cue, weighted where numbers are given; chance decides by `seed`, the same on
        every run. `auto=False` plays any of them by hand. After the last cue it sounds on, with `end="hush"` it falls
        silent. Raises LivevaeError for names of cues that are not there.
        """
        given = form_of(*steps, loop=loop, auto=auto, end=end, start=start, seed=self._seed if seed is None else seed)
        with self._desk.transaction() as draft:
            draft.program = draft.program.with_form(given, draft.owner)
            if draft.owner is None:
                self._conductor.follow()

    def next_cue(self, quant: float = 1) -> None:
        """Go on to the next section on the next multiple of `quant` cycles; asked again before that, to the one after.

        Raises LivevaeError where the form ends here.
        """
        self._conductor.next(quant)

    def previous_cue(self, quant: float = 1) -> None:
        """Go back to the section before on the next multiple of `quant` cycles. Raises LivevaeError on the first."""
        self._conductor.previous(quant)

    def goto(self, name: str, quant: float = 1) -> None:
        """Go to a section on the next multiple of `quant` cycles; the form goes on from there.

        Raises LivevaeError for an unknown cue, with the nearest names.
        """
        self._conductor.goto(name, quant)

    def cues(self) -> Cues:
        """All cues with their bars, where the performance is (▶) and what comes next (→)."""
        return Cues(self._desk.program.bars, self._conductor.status())

    def on_note(self, number: int, action: Action | None, channel: int | None = None, port: str | None = None) -> None:
        """Have a note do something when it is pressed: `on_note(36, next_cue)`; None releases it.

        `channel` 1 to 16 and `port`, a part of the port's name, narrow it down. Raises LivevaeError for other numbers.
        """
        self._on("note", number, action, channel, port)

    def on_cc(self, number: int, action: Action | None, channel: int | None = None, port: str | None = None) -> None:
        """Have a pedal do something when it goes down, past the middle: `on_cc(64, next_cue)`; None releases it.

        `channel` 1 to 16 and `port`, a part of the port's name, narrow it down. Raises LivevaeError for other numbers.
        """
        self._on("cc", number, action, channel, port)

    def osc_listen(self, port: int | None = 7770, host: str | None = None, trust: bool = False) -> int | None:
        """Let other programs send OSC to this UDP port: `osc_listen()`; None closes it. Gives the port.

        They move `osc(...)` patterns, voices and cues; docs/osc.md lists the addresses. Programs on this machine alone
        are heard unless `host` is another address of it, as in `osc_listen(7770, host="0.0.0.0", trust=True)`: then
        everybody on that network can play along. It is closed with the performance. Raises LivevaeError where the port
        cannot be had.
        """
        return self._listening.listen(port, host, trust)

    def ask(self, action: Action, cause: str) -> None:
        """Have something done that a key or another program asks for; what goes wrong is told. Any thread."""
        self._triggers.do(action, cause)

    def _define(self, function: Section, name: str, bars: float | None) -> Section:
        try:
            inspect.signature(function).bind()
        except TypeError:
            raise LivevaeError(f"cue {name!r}: its function is called without arguments; give them defaults.") from None
        code = getattr(function, "__code__", None)
        place = None if code is None else Place(code.co_filename, code.co_firstlineno)
        with self._desk.transaction() as draft:
            draft.program = draft.program.with_cue(Cue(name, bars, remembering(function), place, draft.owner))
        return function

    def on_osc(self, address: str, action: Action | None) -> None:
        """Have a message of OSC do something when it brings 1/2 or more: `on_osc("/1/push1", next_cue)`.

        It must have brought less before, as a button does when it is let go; None releases it. Raises LivevaeError for
        an address that does not begin with "/", or begins with "/livevae/".
        """
        if not isinstance(address, str) or not address.startswith("/") or address.startswith("/livevae/"):
            raise LivevaeError(f'on_osc: give it an address of yours: on_osc("/1/push1", next_cue), not {address!r}.')
        self._on(address, 0, action, None, None)

    def _on(self, kind: str, number: int, action: Action | None, channel: int | None, port: str | None) -> None:
        if action is not None and not callable(action):
            call = f'on_osc("{kind}"' if kind.startswith("/") else f"on_{kind}({number}"
            word = call.partition("(")[0]
            raise LivevaeError(f"{word}: give it a function, as in {call}, next_cue), not {action!r}.")
        key = Key(kind, number, channel, port) if kind.startswith("/") else key_of(kind, number, channel, port)
        with self._desk.transaction() as draft:
            trigger = None if action is None else Trigger(remembering(action), draft.owner)
            draft.program = draft.program.with_trigger(key, trigger)


def routes(words: Words) -> list[Any]:
    """The OSC addresses about form, for `livevae.control.osc`."""
    from livevae.control.routes import Route

    def ask(action: Action) -> None:
        words.ask(action, "osc")

    return [
        Route("/livevae/cue/next", lambda: ask(words.next_cue), "bang", "goes on to the next cue"),
        Route("/livevae/cue/previous", lambda: ask(words.previous_cue), "bang", "goes back to the cue before"),
        Route("/livevae/cue/goto", lambda name: ask(partial(words.goto, name)), (str,), "goes to a cue by its name"),
    ]
