"""MIDI input: the last value of every controller and note, from every port of the machine."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from livevae.errors import LivevaeError
from livevae.helper import Helper, Message

_NOTE_OFF, _NOTE_ON, _CONTROL, _PITCH_BEND = 0x80, 0x90, 0xB0, 0xE0
_RESTART_SECONDS = 1.0
PITCH_BEND = 128
"""The number under which pitch bend counts as a controller."""


@dataclass(frozen=True)
class Change:
    """A message that changed a value: `kind` "cc" or "note", its number, the channel 1 to 16, the port's name.

    `value` is 0 to 1: the controller's position, or the velocity of a note that is held (0 when it is let go).
    """

    kind: str
    number: int
    value: float
    channel: int
    port: str


class Midi:
    """All MIDI inputs of the machine. Opening them happens in a process of its own, so none can harm the performer.

    Ports are opened as they appear, known by name, and reopened when they come back; values stay as they were left.
    `on_change(change)` is called on another thread for every message that counts, `on_state()` when ports come and go.
    """

    def __init__(self) -> None:
        self.on_change: Callable[[Change], None] | None = None
        self.on_state: Callable[[], None] | None = None
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
            self._ports = ()
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

    def _ended(self, code: int) -> None:
        """The process went away, with the MIDI system or by a fault in a driver: start another one, a little later."""
        self._state((), "the MIDI system went away")
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
            self._state(tuple(message["ports"]), message["problem"])
            return
        change = parse(message["bytes"], message["port"])
        if change is None:
            return
        with self._lock:
            self._count += 1
            key = (change.kind, change.number, change.channel, change.port)
            self._values[key] = (change.value, self._count)
        if self.on_change is not None:
            self.on_change(change)

    def _state(self, ports: tuple[str, ...], problem: str | None) -> None:
        self._ports, self._problem = ports, problem
        self._ready.set()
        if self.on_state is not None:
            self.on_state()


def parse(data: list[int], port: str) -> Change | None:
    """What a MIDI message changes, None for messages that are neither controller, note nor pitch bend.

    >>> parse([0xB0, 74, 127], "knobs")
    Change(kind='cc', number=74, value=1.0, channel=1, port='knobs')
    """
    if len(data) != 3:
        return None
    kind, channel = data[0] & 0xF0, (data[0] & 0x0F) + 1
    number, value = data[1], data[2] / 127.0
    if kind == _CONTROL:
        return Change("cc", number, value, channel, port)
    if kind == _NOTE_ON:
        return Change("note", number, value, channel, port)
    if kind == _NOTE_OFF:
        return Change("note", number, 0.0, channel, port)
    if kind == _PITCH_BEND:
        return Change("cc", PITCH_BEND, (data[1] + 128 * data[2]) / 16383.0, channel, port)
    return None
