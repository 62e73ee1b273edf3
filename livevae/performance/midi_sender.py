"""The thread that sends: patterns, clocks, and where knobs stand, a little ahead of when it is heard."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from livevae.control import Midi
from livevae.control.messages import encode
from livevae.performance.desk import Desk
from livevae.performance.message import Kind, explain
from livevae.performance.midi_map import mapped
from livevae.performance.midi_streams import Sent, Stream, StreamKey, Ticks, Timed
from livevae.performance.pulse import EngineClock
from livevae.performance.stage import Stage

AHEAD_SECONDS: Final = 0.15
"""Messages are given away so long before they are heard."""

PERIOD: Final = 0.02
_FEEDBACK_SECONDS: Final = 0.04
_STALE_SECONDS: Final = 1.0


class Sender:
    """Sends through `midi` what is asked for, from the first time on that anything is.

    `streams()` are the patterns to be sent, by what there can be only one of.
    """

    def __init__(
        self,
        desk: Desk,
        stage: Stage,
        seed: int,
        streams: Callable[[], Mapping[StreamKey, Stream]],
        report: Callable[[Kind, str], None],
    ) -> None:
        self._desk, self._stage, self._seed = desk, stage, seed
        self._streams, self._report = streams, report
        self._lock = threading.RLock()
        self.midi: Midi | None = None
        self._clocks: dict[str, Ticks] = {}
        self._feedback: tuple[str, ...] = ()
        self._sent: dict[Stream, Sent] = {}
        self._until = float("-inf")
        self._levels: dict[tuple[str, int, int, str], list[list[int]]] = {}
        self._engine = EngineClock(stage.second)
        self._thread: threading.Thread | None = None
        self._closing = threading.Event()
        self._fed = 0.0
        self._last_wanted: dict[str, float] = {}
        self._silenced: set[Stream] = set()

    def clock(self, port: str, on: bool) -> None:
        """Send a clock to a port, or no longer."""
        with self._lock:
            if on and port not in self._clocks:
                self._clocks[port] = Ticks(self._stage.transport)
            elif not on and port in self._clocks:
                self._give(port, self._clocks.pop(port).stopped(self._until))
        self.wake()

    @property
    def clocks(self) -> tuple[str, ...]:
        """The ports that get a clock."""
        return tuple(self._clocks)

    def feed(self, ports: tuple[str, ...]) -> None:
        """Tell these ports where their knobs stand."""
        with self._lock:
            self._feedback = ports
            self._levels.clear()
        self.wake()

    def heard(self, kind: str, number: int, value: float, channel: int, port: str) -> None:
        """A knob said where it stands: it need not be told."""
        midi = self.midi
        if self._feedback and midi is not None:
            output = _output(midi, port)
            if output is not None:
                self._levels[kind, number, channel, output] = encode(kind, number, value, channel)

    def gone(self) -> None:
        """A controller went, and forgets what it was told."""
        self._levels = {}

    def wake(self) -> None:
        """There may be something to send."""
        with self._lock:
            if self._thread is None and self.midi is not None and self._wanted():
                self._thread = threading.Thread(target=self._run, name="livevae MIDI sender", daemon=True)
                self._thread.start()

    def hush(self) -> None:
        """Let go of every note, and strike no more until something else is to be sent."""
        with self._lock:
            for stream, sent in self._sent.items():
                # Not sooner than what was given away already: a note that is let go before it is struck would hang.
                self._give(stream.port, sent.finish(self._until))
            self._silenced = {stream for stream in self._streams().values() if stream.kind == "note"}

    def close(self) -> None:
        """Send nothing more, after the end of every note and clock."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join()
            for port in list(self._clocks):
                self.clock(port, False)

    def step(self) -> None:
        """Send what is heard within the next moment."""
        now = self._engine.look()
        midi = self.midi
        if midi is None:
            return
        with self._lock:
            # What ends a note or a clock is still on its way when nothing else is wanted any more.
            self._last_wanted |= dict.fromkeys(self._wanted(), now)
            self._last_wanted = {part: at for part, at in self._last_wanted.items() if now - at < _STALE_SECONDS}
            midi.want(self._last_wanted)
            begin, end = max(self._until, now), now + AHEAD_SECONDS
            if begin > end or now - self._until > _STALE_SECONDS:
                begin = now
            self._until = end
            self._follow_streams(begin, end)
            beats = self._desk.now.beats
            for port, ticks in self._clocks.items():
                self._give(port, ticks.between(begin, end, beats))
            if self._feedback and abs(now - self._fed) >= _FEEDBACK_SECONDS:
                self._fed = now
                self._feed(midi, now)

    def _run(self) -> None:
        while not self._closing.wait(PERIOD):
            try:
                self.step()
            except Exception as error:
                # Whatever cannot be sent, the next moment is tried.
                self._report("error", f"MIDI out: {explain(error)}")
                self._closing.wait(_STALE_SECONDS)

    def _wanted(self) -> set[str]:
        return {*self._clocks, *self._feedback, *(stream.port for stream in self._streams().values())}

    def _follow_streams(self, begin: float, end: float) -> None:
        wanted = set(self._streams().values()) - self._silenced
        for stream in [stream for stream in self._sent if stream not in wanted]:
            self._give(stream.port, self._sent.pop(stream).finish(begin))
        for stream in wanted:
            if stream not in self._sent:
                self._sent[stream] = Sent(stream, self._stage.transport, self._seed)
            self._give(stream.port, self._sent[stream].between(begin, end))

    def _feed(self, midi: Midi, now: float) -> None:
        voices = self._desk.now.voices
        for row in mapped(voices):
            reading = row.reading
            where = reading.where
            if where.port is None or where.number is None or reading.look not in ("level", "toggle"):
                continue
            if not any(part.lower() in where.port.lower() for part in self._feedback):
                continue
            channel = where.channel or 1
            output = _output(midi, where.port)
            if output is None:
                continue
            key = where.kind, where.number, channel, output
            messages = encode(where.kind, where.number, float(reading.level(np.array([now]))[0]), channel)
            if self._levels.get(key) != messages:
                self._levels[key] = messages
                midi.send([(0.0, output, data) for data in messages])

    def _give(self, port: str, timed: list[Timed]) -> None:
        if self.midi is not None and timed:
            self.midi.send([(self._engine.moment(second), port, data) for second, data in timed])


def _output(midi: Midi, port: str) -> str | None:
    """The output of a controller: the one that is called as its input, at least up to the colon."""
    return midi.output(port) or midi.output(port.partition(":")[0])
