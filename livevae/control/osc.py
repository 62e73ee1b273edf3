"""OSC in: messages from other programs, each address with what it sets off, each bundle at its time."""

from __future__ import annotations

import heapq
import socket
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from itertools import count
from typing import Any, Final, Self

from pythonosc import osc_message, osc_packet

from livevae.control.routes import Route, Table
from livevae.errors import LivevaeError

LOOPBACK: Final = "127.0.0.1"
PORT: Final = 7770
"""Where livevae listens unless it is told another port."""

LATEST_SECONDS: Final = 60.0
"""The time of a bundle can lie so far ahead; further away it is taken for a clock that is wrong."""

Other = Callable[[str, Sequence[Any]], None]

_LARGEST: Final = 65_536
_MOST_WAITING: Final = 10_000
_SAID_AGAIN_SECONDS: Final = 10.0
_MOST_SAID: Final = 256


class Osc:
    """Listens to UDP from the moment it is made until `close`, on a thread of its own.

    `port` 0 takes a free one; `host` is the address of this machine to listen on: the loopback address is heard by
    nobody but programs on this machine, "0.0.0.0" is every network it is on. Actions are called on that thread, one
    after the other: messages as they come, those of a bundle at its time. `other(address, values)` is given what no
    route stands for. Whatever cannot be understood, and whatever an action raises as LivevaeError, goes to `complain`,
    the same sentence at most once in ten seconds. Raises LivevaeError where the port cannot be had.

    >>> heard = []
    >>> with Osc([Route("/livevae/cue/goto", heard.append, (str,))], print, port=0) as osc:
    ...     osc.port > 0
    True
    """

    def __init__(
        self,
        routes: Iterable[Route],
        complain: Callable[[str], None],
        port: int = PORT,
        host: str = LOOPBACK,
        other: Other | None = None,
    ) -> None:
        self._table = Table(routes)
        self._tell = complain
        self._other = other
        self._said: dict[str, float] = {}
        self._waiting: list[tuple[float, int, osc_message.OscMessage]] = []
        self._order = count()
        self._closing = False
        self._socket = bound(host, port)
        self.host = host
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._listen, name="livevae osc", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Listen no longer; the port is free when this returns. Bundles that still wait for their time are dropped."""
        self._closing = True
        # An empty message to oneself ends the wait for the next one, on every system alike.
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as knock:
            knock.sendto(b"", (LOOPBACK if self.host == "0.0.0.0" else self.host, self.port))
        if threading.current_thread() is not self._thread:
            self._thread.join()
        self._socket.close()

    def _listen(self) -> None:
        while not self._closing:
            self._do_due()
            try:
                # Closed by one of the actions meanwhile.
                if self._closing:
                    return
                self._socket.settimeout(max(1e-4, self._waiting[0][0] - time.time()) if self._waiting else None)
                data, sender = self._socket.recvfrom(_LARGEST)
            except TimeoutError:
                continue
            except OSError as error:
                if self._closing:
                    return
                self._complain(f"OSC on port {self.port}: {error.strerror or error}.")
                continue
            if data:
                self._receive(data, sender)

    def _receive(self, data: bytes, sender: tuple[str, int]) -> None:
        try:
            messages = osc_packet.OscPacket(data).messages
        # What a damaged packet raises inside python-osc depends on where it is damaged.
        except (osc_packet.ParseError, osc_message.ParseError, ValueError, IndexError, RecursionError):
            self._complain(f"OSC: what came from port {sender[1]} is no OSC message.")
            return
        now = time.time()
        for timed in messages:
            if timed.time <= now:
                self._do(timed.message)
            elif timed.time > now + LATEST_SECONDS or len(self._waiting) >= _MOST_WAITING:
                ahead = f"{timed.time - now:.0f} s ahead"
                self._complain(f"OSC: a bundle is {ahead}, and was dropped: is the clock of its sender right?")
            else:
                heapq.heappush(self._waiting, (timed.time, next(self._order), timed.message))

    def _do_due(self) -> None:
        while self._waiting and self._waiting[0][0] <= time.time() and not self._closing:
            self._do(heapq.heappop(self._waiting)[2])

    def _do(self, message: osc_message.OscMessage) -> None:
        try:
            found = self._table.find(message.address)
            if found:
                for route, address, words in found:
                    arguments = route.arguments(message.params, address)
                    if arguments is not None:
                        route.action(*words, *arguments)
            elif self._other is not None and not message.address.startswith("/livevae/"):
                self._other(message.address, message.params)
            else:
                raise LivevaeError(self._table.advice(message.address))
        except LivevaeError as error:
            self._complain(str(error))
        except Exception as error:
            # Whatever one message does, the next one is heard.
            self._complain(f"OSC {message.address}: {type(error).__name__}: {error}.")

    def _complain(self, text: str) -> None:
        now = time.monotonic()
        if now - self._said.get(text, -_SAID_AGAIN_SECONDS) < _SAID_AGAIN_SECONDS:
            return
        if len(self._said) >= _MOST_SAID:
            self._said.clear()
        self._said[text] = now
        self._tell(text)


def bound(host: str, port: int) -> socket.socket:
    """A UDP socket on an address of this machine. Raises LivevaeError where it cannot be had."""
    if isinstance(port, bool) or not isinstance(port, int) or not 0 <= port <= 65_535:
        raise LivevaeError(f"an OSC port is a whole number up to 65535, not {port!r}.")
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        made.bind((host, port))
    except (OSError, TypeError) as error:
        made.close()
        reason = getattr(error, "strerror", None) or str(error)
        where = f"port {port}" if host == LOOPBACK else f"{host}, port {port}"
        raise LivevaeError(f"OSC cannot listen on {where} ({reason}): choose another port.") from None
    return made
