"""The MIDI outputs of the helper process: messages that wait for their second, and notes that are not left hanging."""

from __future__ import annotations

import contextlib
import heapq
import itertools
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import rtmidi

_EARLY_SECONDS: Final = 0.0002
"""A thread that sleeps wakes up late by about so much."""

_FAR_SECONDS: Final = 5.0
"""Nothing is planned further ahead: what says so is sent at once instead of being kept."""

REFUSALS: Final = (rtmidi.RtMidiError, RuntimeError, ValueError)
"""What a port raises that does not take what it is asked."""

_NOTES_OFF, _SOUND_OFF = 123, 120


class Outputs:
    """Sends each message when its second (`time.monotonic`) has come, on a thread of its own. Any thread.

    `wanted` are the parts of names, in lower case, of the ports that are held open.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.wanted: tuple[str, ...] = ()
        self._clock = clock
        self._open: dict[str, Any] = {}
        self._held: dict[tuple[str, int], set[int]] = {}
        self._waiting: list[tuple[float, int, str, list[int]]] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._closed = False
        self._thread: threading.Thread | None = None

    def scan(self, ports: Mapping[str, int], connect: Callable[[int], Any]) -> list[str]:
        """Open what is wanted and there, close what is not; gives the names of those that refused."""
        chosen = {name: index for name, index in ports.items() if any(_meant(part, name) for part in self.wanted)}
        refused = []
        for name in [name for name in self._open if name not in chosen]:
            with self._changed:
                if name in ports:
                    self._silence(name)
                port = self._open.pop(name)
                self._held = {key: notes for key, notes in self._held.items() if key[0] != name}
            shut(port)
        for name, index in chosen.items():
            if name not in self._open:
                try:
                    port = connect(index)
                except REFUSALS:
                    refused.append(name)
                    continue
                with self._changed:
                    self._open[name] = port
        return refused

    def send(self, messages: list[tuple[float, str, list[int]]]) -> None:
        """Send each message to every open port with a name that its own is part of, at its second or, if over, now."""
        with self._changed:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="livevae MIDI out", daemon=True)
                self._thread.start()
            latest = self._clock() + _FAR_SECONDS
            for at, port, data in messages:
                due = at if at <= latest else 0.0
                heapq.heappush(self._waiting, (due, next(self._numbers), port.lower(), data))
            self._changed.notify()

    def panic(self) -> None:
        """Forget what waits, but for the ticks of clocks, and end every note that was sent."""
        with self._changed:
            self._waiting = [waiting for waiting in self._waiting if waiting[3][0] >= 0xF0]
            heapq.heapify(self._waiting)
            for name in self._open:
                self._silence(name)

    def close(self) -> None:
        """End every note, and close all ports."""
        self.panic()
        with self._changed:
            self._closed = True
            self._changed.notify()
            ports, self._open = list(self._open.values()), {}
        for port in ports:
            shut(port)

    def due(self) -> float | None:
        """Send what is due; gives the seconds until the next message, None where there is none."""
        while self._waiting:
            left = self._waiting[0][0] - self._clock() - _EARLY_SECONDS
            if left > 0.0:
                return left
            _, _, part, data = heapq.heappop(self._waiting)
            for name, port in self._open.items():
                if _meant(part, name):
                    self._give(name, port, data)
        return None

    def _run(self) -> None:
        with self._changed:
            while not self._closed:
                self._changed.wait(self.due())

    def _give(self, name: str, port: Any, data: list[int]) -> None:
        # A device that is being unplugged refuses; the next look at the ports closes it.
        with contextlib.suppress(*REFUSALS):
            port.send_message(data)
        kind, channel = data[0] & 0xF0, data[0] & 0x0F
        if kind in (0x80, 0x90) and len(data) == 3:
            held = self._held.setdefault((name, channel), set())
            (held.add if kind == 0x90 and data[2] else held.discard)(data[1])

    def _silence(self, name: str) -> None:
        port = self._open[name]
        for (held_by, channel), notes in self._held.items():
            if held_by == name:
                for number in sorted(notes):
                    self._give(name, port, [0x80 | channel, number, 0])
                notes.clear()
                for control in (_NOTES_OFF, _SOUND_OFF):
                    self._give(name, port, [0xB0 | channel, control, 0])


def _meant(part: str, name: str) -> bool:
    """Is this the name of a port that is meant by a part of it? A port that gives back what it gets must be named."""
    return part in name.lower() and (part != "" or "midi through" not in name.lower())


def shut(port: Any) -> None:
    """Close a port for good."""
    port.close_port()
    port.delete()
