"""The OSC port of a performance: opened only when somebody asks for it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from livevae.errors import LivevaeError

if TYPE_CHECKING:
    from livevae.control.osc import Osc, Other
    from livevae.control.routes import Route


class Listening:
    """At most one port. `routes` are asked for when it is opened, `complain` is told what cannot be understood.

    `other(address, values)` is given the messages that are for no route.
    """

    def __init__(
        self,
        routes: Callable[[], Iterable[Route]],
        complain: Callable[[str], None],
        other: Other | None = None,
    ) -> None:
        self._routes = routes
        self._complain = complain
        self._other = other
        self._lock = threading.Lock()
        self._osc: Osc | None = None
        self.deaf = False
        """Open no port whatever is asked for: what came in is known already, as in a replay."""

    def listen(self, port: int | None, host: str | None = None, trust: bool = False) -> int | None:
        """Listen on this port instead of the one before; None ends it, the same port again changes nothing.

        `host` is an address of this machine: without `trust` it is the loopback address, or refused. Gives the port.
        Raises LivevaeError, with the port before still open, where this one cannot be had.
        """
        from livevae.control.osc import LOOPBACK, Osc

        host = LOOPBACK if host in (None, "localhost") else host
        if not isinstance(host, str):
            raise LivevaeError(f'osc_listen: host is an address of this machine, as in "0.0.0.0", not {host!r}.')
        if not host.startswith("127.") and trust is not True:
            raise LivevaeError(
                f"osc_listen: whoever is on a network of {host} could play along, without a password: say trust=True."
            )

        if self.deaf:
            return port
        with self._lock:
            old = self._osc
            if old is not None and (old.port, old.host) == (port, host):
                return port
            if old is not None and old.port == port:
                # The same port of another address may not be had while this one is open.
                old.close()
            self._osc = None if port is None else Osc(self._routes(), self._complain, port, host, self._other)
            if self._osc is not None and not host.startswith("127."):
                self._complain(f"OSC: everybody on a network of {host} can play along now.")
            if old is not None:
                old.close()
            return None if self._osc is None else self._osc.port

    def close(self) -> None:
        """Listen no longer."""
        self.listen(None)
