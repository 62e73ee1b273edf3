"""MIDI: the last value of every controller and note, from every port of the machine, and messages to send."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from types import TracebackType
from typing import Self

from livevae.control.messages import Change, Reader
from livevae.control.timeline import Timeline
from livevae.errors import LivevaeError
from livevae.helper import Helper, Message

__all__ = ["Change", "Midi"]

_RESTART_SECONDS = 1.0


class Midi:
    """All MIDI inputs of the machine. Opening them happens in a process of its own, so none can harm the performer.

    Ports are opened as they appear, known by name, and reopened when they come back; values stay as they were left.
    `on_change(change)` is called on another thread for every message that counts, `on_state()` when ports come and go.
    `timeline` holds what patterns read: its `clock` is to be set to the time from which a change can be heard.
    `on_clock(byte, second, beat)` is told of each message of the clock that `listen_clock` asks for, with the second
    (`time.monotonic`) at which it came; `beat` is the sixteenths of a song position.
    """

    def __init__(self) -> None:
        self.timeline = Timeline()
        self.on_change: Callable[[Change], None] | None = None
        self.on_state: Callable[[], None] | None = None
        self.on_clock: Callable[[int, float, int], None] | None = None
        self._reader = Reader()
        self._wanted: tuple[str, ...] = ()
        self._clock: str | None = None
        self._outputs: tuple[str, ...] = ()
        self._lock = threading.Lock()
        self._helper: Helper | None = None
        self._closed = threading.Event()
        self._values: dict[tuple[str, int, int, str], tuple[float, int]] = {}
        self._count = 0
        self._ports: tuple[str, ...] = ()
        self._problem: str | None = None
        self._ready = threading.Event()

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def open(self) -> None:
        """Start to listen; returns at once, ports appear within a second. Does nothing where it already listens."""
        with self._lock:
            if self._helper is None:
                self._closed.clear()
                self._start()

    def close(self) -> None:
        """Stop listening. Values stay."""
        with self._lock:
            self._closed.set()
            helper, self._helper = self._helper, None
            self._ports, self._outputs = (), ()
        if helper is not None:
            helper.close()

    def wait(self, seconds: float) -> bool:
        """Wait until the ports were looked at once; False where that took longer than `seconds`."""
        return self._ready.wait(seconds)

    @property
    def ports(self) -> tuple[str, ...]:
        """The names of the ports that are open."""
        return self._ports

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of the ports that messages can be sent to."""
        return self._outputs

    def output(self, part: str) -> str | None:
        """The port to send to that is meant by a part of its name, None while there is none such."""
        return next((name for name in self._outputs if part.lower() in name.lower()), None)

    @property
    def problem(self) -> str | None:
        """Why there is no MIDI, or what does not work, in a few words; None where all is well."""
        return self._problem

    def cc(self, number: int, channel: int | None = None, port: str | None = None, default: float = 0.0) -> float:
        """Where a controller stands, 0 to 1: the one moved last of those that fit, `default` before any was moved.

        `channel` counts from 1; `port` is a part of the port's name, in any case; None means any.
        """
        return self._last("cc", number, channel, port, default)

    def note(self, number: int, channel: int | None = None, port: str | None = None) -> float:
        """The velocity, 0 to 1, of a key that is held, 0 where it is not."""
        return self._last("note", number, channel, port, 0.0)

    @property
    def values(self) -> dict[tuple[str, int, int, str], float]:
        """Every value received: (kind, number, channel, port) -> 0 to 1."""
        with self._lock:
            return {key: value for key, (value, _) in self._values.items()}

    def want(self, outputs: Iterable[str]) -> None:
        """Hold open the outputs with one of these in their names, whenever they are there."""
        with self._lock:
            wanted = tuple(sorted(set(outputs)))
            if wanted == self._wanted:
                return
            self._wanted = wanted
        self._command({"wanted": wanted})

    def listen_clock(self, port: str | None) -> None:
        """Take the clock of the input with this in its name; None ends that."""
        self._clock = port
        self._command({"clock": port})

    def send(self, messages: Iterable[tuple[float, str, list[int]]]) -> None:
        """Send messages, each at a second (`time.monotonic`), to the wanted outputs with a name that it is part of."""
        lines = list(messages)
        if lines:
            self._command({"send": lines})

    def panic(self) -> None:
        """Let go of every key that is held, and of every note that was sent."""
        for change in self._reader.release():
            self._changed(change)
        self._command({"panic": True})

    def _command(self, message: Message) -> None:
        helper = self._helper
        if helper is not None:
            helper.send(message)

    def _last(self, kind: str, number: int, channel: int | None, port: str | None, default: float) -> float:
        with self._lock:
            fitting = [
                (count, value)
                for (k, n, c, p), (value, count) in self._values.items()
                if k == kind and n == number and channel in (None, c) and (port is None or port.lower() in p.lower())
            ]
        return max(fitting)[1] if fitting else default

    def _start(self) -> None:
        self._helper = Helper("livevae.control.ports", self._receive, self._ended)
        self._helper.send({"wanted": self._wanted})
        self._helper.send({"clock": self._clock})

    def _ended(self, code: int) -> None:
        """The process went away, with the MIDI system or by a fault in a driver: start another one, a little later."""
        self._state((), (), "the MIDI system went away")
        if self._closed.wait(_RESTART_SECONDS):
            return
        with self._lock:
            if self._closed.is_set():
                return
            try:
                self._start()
            except LivevaeError as error:
                self._problem = str(error)

    def _receive(self, message: Message) -> None:
        if "ports" in message:
            self._state(tuple(message["ports"]), tuple(message["outputs"]), message["problem"])
            return
        data = message["bytes"]
        if "at" in message:
            if self.on_clock is not None:
                self.on_clock(data[0], message["at"], data[1] + 128 * data[2] if len(data) == 3 else 0)
            return
        for change in self._reader.read(data, message["port"]):
            self._changed(change)

    def _changed(self, change: Change) -> None:
        key = (change.kind, change.number, change.channel, change.port)
        with self._lock:
            self._count += 1
            if change.kind != "port":
                self._values[key] = (change.value, self._count)
        change = replace(change, second=self.timeline.add(key, change.value))
        if self.on_change is not None:
            self.on_change(change)

    def _state(self, ports: tuple[str, ...], outputs: tuple[str, ...], problem: str | None) -> None:
        before, self._ports = self._ports, ports
        self._outputs, self._problem = outputs, problem
        for port in before:
            if port not in ports:
                # Nobody will let go of its keys any more.
                for change in (*self._reader.release(port), Change("port", 0, 0.0, 1, port)):
                    self._changed(change)
        for port in ports:
            if port not in before:
                self._changed(Change("port", 0, 1.0, 1, port))
        self._ready.set()
        if self.on_state is not None:
            self.on_state()
