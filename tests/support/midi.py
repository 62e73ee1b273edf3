"""MIDI without ports: what comes in is said by a test, and what goes out is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from livevae.control import Midi
from livevae.helper import Message
from livevae.performance import Performance


class Wire:
    """Stands in for the process that holds the ports."""

    last: Wire

    def __init__(self, module: str, on_message: Callable[[Message], None], on_exit: Callable[[int], None]) -> None:
        self.on_message = on_message
        self.sent: list[Message] = []
        self.ports: list[str] = []
        Wire.last = self

    def send(self, message: Message) -> bool:
        self.sent.append(message)
        return True

    def close(self) -> None:
        pass

    def plug(self, *ports: str, outputs: tuple[str, ...] = ()) -> None:
        """These ports are there, and no others."""
        self.ports = list(ports)
        self.on_message({"ports": self.ports, "outputs": list(outputs), "problem": None})

    def play(self, *data: int, port: str = "nano") -> None:
        self.on_message({"port": port, "bytes": list(data)})

    def clock(self, *data: int, at: float, port: str = "drum") -> None:
        self.on_message({"port": port, "bytes": list(data), "at": at})

    def out(self) -> list[tuple[float, str, list[int]]]:
        """Every message to be sent, in the order in which it was asked for."""
        return [line for message in self.sent for line in message.get("send", [])]


@contextmanager
def wired(performance: Performance, monkeypatch: pytest.MonkeyPatch) -> Iterator[Wire]:
    """A performance that hears a wire."""
    monkeypatch.setattr("livevae.control.midi.Helper", Wire)
    with Midi() as midi, performance.midi.attached(midi, performance.control_changed):
        yield Wire.last
