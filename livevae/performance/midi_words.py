"""What a performer says about MIDI beyond knobs and keys as patterns: maps, clocks, and what is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from livevae import control
from livevae.control import Change, Midi
from livevae.control.messages import check_port
from livevae.errors import LivevaeError
from livevae.performance.desk import Desk
from livevae.performance.expression import as_pattern
from livevae.performance.keyboard import keys
from livevae.performance.learning import Learning
from livevae.performance.message import Kind
from livevae.performance.midi_clock import ClockIn, Follow, action_of
from livevae.performance.midi_sender import Sender
from livevae.performance.midi_streams import stream_of
from livevae.performance.program import Action
from livevae.performance.stage import Stage
from livevae.performance.triggers import Triggers

_MOST_AHEAD: Final = 1000.0


class MidiWords:
    """The words of MIDI, each a function that a performer may type."""

    def __init__(
        self,
        desk: Desk,
        stage: Stage,
        triggers: Triggers,
        seed: int,
        report: Callable[[Kind, str], None],
        log: Callable[..., None],
    ) -> None:
        self._desk, self._stage = desk, stage
        self._midi: Midi | None = None
        self.learning = Learning(desk, triggers, self._dims, report, log)
        self.clock = ClockIn(desk, stage, triggers, report, log)
        self.sender = Sender(desk, stage, seed, lambda: desk.program.streams, report)
        self.keys = keys
        self.learn = self.learning.learn
        self.midimap = self.learning.midimap
        self.save_map = self.learning.save_map
        self.load_map = self.learning.load_map

    @contextmanager
    def attached(self, midi: Midi, changed: Callable[[Change], None]) -> Iterator[None]:
        """While it lasts patterns read this MIDI, its clock is heard, and messages go out by it.

        `changed` is told of every change, on any thread.
        """
        midi.timeline.clock = self._stage.earliest
        midi.timeline.stamp = lambda second: self._stage.stamps.take(second)
        midi.on_clock = self.clock.receive
        midi.on_change = changed
        control.use(midi)
        self._midi = self.sender.midi = midi
        self._listen()
        self.sender.wake()
        try:
            yield
        finally:
            self.clock.close()
            self.sender.close()
            self._midi = self.sender.midi = None
            midi.on_change = midi.on_clock = None
            control.use(None)

    def changed(self, change: Change) -> None:
        """A control moved, or a port came or went. On any thread, and never for long."""
        self.learning.changed(change)
        if change.kind == "port":
            if not change.value:
                self.sender.gone()
        else:
            self.sender.heard(change.kind, change.number, change.value, change.channel, change.port)

    def panic(self) -> None:
        """Let go of every note, in and out."""
        self.sender.hush()
        if self._midi is not None:
            self._midi.panic()

    # -- clocks

    def clock_in(
        self,
        port: str | None = "",
        ahead: float = 0.0,
        start: Action | None = None,
        stop: Action | None = None,
    ) -> float | None:
        """Follow the MIDI clock of another machine: `clock_in("drum")`; `clock_in(None)` no longer.

        `port` is a part of the port's name. The tempo is met within a beat or two, without a jump of the sound; when
        the other one starts, or goes on from a place in its song, the cycles are counted from there. When it stops,
        the performance goes on at its tempo, unless `stop` is a function that does something, such as `stop=hush`;
        `start` is called when it starts. `ahead` is how many milliseconds to run ahead of it, against the delay of a
        model. Gives the beats a minute of the clock, None before it is known. Raises LivevaeError for other arguments.
        """
        name = check_port(port)
        if isinstance(ahead, bool) or not isinstance(ahead, int | float) or not abs(ahead) <= _MOST_AHEAD:
            raise LivevaeError(f"clock_in(ahead={ahead!r}): give milliseconds, from -1000 to 1000.")
        actions = action_of("start", start), action_of("stop", stop)
        follow = None if name is None else Follow(name.lower(), ahead / 1000.0, *actions)
        with self._desk.transaction() as draft:
            draft.done.append(lambda: self._follow(follow))
        return self.clock.bpm

    def clock_out(self, port: str | None = "", on: bool = True) -> tuple[str, ...]:
        """Send a MIDI clock: `clock_out("drum")`, and no longer with `clock_out("drum", on=False)`.

        `port` is a part of the name of the port that it goes to. It is told the place in the song, start and stop, and
        again when `set_cycle` jumps. `clock_out(None)` ends all. Gives what the ports that get one are called.
        """
        name = check_port(port)
        for each in self.sender.clocks if name is None else (name,):
            self.sender.clock(each, on and name is not None)
        return self.sender.clocks

    # -- what goes out

    def midi_out(
        self,
        pattern: Any,
        cc: int | None = None,
        channel: int = 1,
        port: str = "",
        kind: str | tuple[str, int] | None = None,
        velocity: Any = 0.8,
    ) -> None:
        """Send a pattern to other instruments, in time with what is heard:

            midi_out(sine.slow(4), cc=74, port="synth")             a controller, from a pattern of 0 to 1
            midi_out("60 [64 67]", port="synth")                    notes, one for each event
            midi_out("36*8", velocity=perlin, port="drum")          how hard they are struck, 0 to 1
            midi_out(tri.range(-1, 1), kind="bend")                 also "pressure", "program", ("nrpn", 1000)
            midi_out(None, cc=74, port="synth")                     no longer

        `channel` is 1 to 16, `port` a part of the name of a port that takes messages ("" means all). A controller is
        sent at most 200 times a second, and only where it changes. Notes are events with a number from 0 to 127, and
        `hush()` and `panic()` end them. What a piece sends ends when the piece is read again. Raises LivevaeError for
        what is no pattern of numbers, and for numbers and channels that MIDI does not have.
        """
        if not isinstance(port, str):
            raise LivevaeError(f"midi_out: a port is named by a part of its name, not by {port!r}.")
        with self._desk.transaction() as draft:
            found = as_pattern("midi_out", 0 if pattern is None else pattern)
            level = as_pattern("midi_out(velocity)", velocity)
            stream = stream_of(found, cc, kind, channel, port, level, draft.owner)
            if pattern is not None and stream.kind == "note" and found.is_continuous:
                raise LivevaeError("midi_out sends the events of a pattern as notes, and this has none: give a cc.")
            draft.program = draft.program.with_stream(stream.key, None if pattern is None else stream)
            draft.done.append(self.sender.wake)

    def feedback(self, *ports: str) -> None:
        """Show controllers where their knobs stand: LED rings, lit buttons, faders with motors.

        `feedback("nano")` tells every port with that in its name, through the output of the same name, whenever a knob
        that is mapped stands elsewhere than it was last turned to: after `load_map` and `undo`, and with `.pickup()`,
        `.toggle()` and `.relative()`. `feedback()` tells none.
        """
        for port in ports:
            if not isinstance(port, str) or not port:
                raise LivevaeError(f"feedback() takes parts of names of ports, not {port!r}.")
        self.sender.feed(ports)

    # -- the other side

    def _follow(self, follow: Follow | None) -> None:
        self.clock.use(follow)
        self._listen()

    def _listen(self) -> None:
        if self._midi is not None:
            self._midi.listen_clock(None if self.clock.follow is None else self.clock.follow.port)

    def _dims(self, voice: int) -> int:
        return self._stage.model(self._desk.settings(voice).model).latent_size
