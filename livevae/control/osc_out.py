"""OSC out: messages to another program, alone or in bundles with a time."""

from __future__ import annotations

import math
import socket
from collections.abc import Iterable, Sequence
from typing import Final

from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

from livevae.errors import LivevaeError

Argument = float | int | str | bool
Sent = tuple[str, Sequence[Argument]]
"""An address and what a message to it brings."""

LARGEST: Final = 8192
"""Bytes of a bundle: more of it is sent as several."""


class Target:
    """Where messages go: a UDP port of a machine. Nothing is ever waited for, and nobody needs to be there.

    Raises LivevaeError for a host that is not known, and for a port that is none.

    >>> with Target("127.0.0.1", 9000) as target:
    ...     target.send("/fader", [0.5])
    """

    def __init__(self, host: str, port: int) -> None:
        if isinstance(port, bool) or not isinstance(port, int) or not 1 <= port <= 65_535:
            raise LivevaeError(f"an OSC port is a whole number from 1 to 65535, not {port!r}.")
        try:
            found = socket.getaddrinfo(host, port, socket.AF_INET, socket.SOCK_DGRAM)
        except (OSError, TypeError, UnicodeError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise LivevaeError(f"OSC cannot be sent to {host!r}: {reason}.") from None
        self.host, self.port = host, port
        self._to = found[0][4]
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    def __enter__(self) -> Target:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Send nothing more."""
        self._socket.close()

    def send(self, address: str, values: Sequence[Argument], at: float | None = None) -> None:
        """Send one message, or, with a time (seconds since 1970), a bundle of one that says when it is meant for.

        Raises OSError where the network is away.
        """
        made = message(address, values)
        if at is None:
            self._socket.sendto(made.dgram, self._to)
        else:
            self._bundle([made], at)

    def send_all(self, messages: Iterable[Sent]) -> None:
        """Send messages that belong together, in as few bundles as they fit in. Raises OSError."""
        made: list[OscMessage] = []
        size = 0
        for address, values in messages:
            one = message(address, values)
            if made and size + len(one.dgram) > LARGEST:
                self._bundle(made)
                made, size = [], 0
            made.append(one)
            size += len(one.dgram) + 4
        if made:
            self._bundle(made)

    def _bundle(self, messages: Sequence[OscMessage], at: float | None = None) -> None:
        bundle = OscBundleBuilder(IMMEDIATELY if at is None else at)  # type: ignore[arg-type] # it takes fractions as well
        for each in messages:
            bundle.add_content(each)
        self._socket.sendto(bundle.build().dgram, self._to)


def message(address: str, values: Sequence[Argument]) -> OscMessage:
    """An OSC message: numbers are 32-bit floats, whole ones that are ints 32-bit ints, texts are texts.

    >>> message("/x", [1.5, "a"]).params
    [1.5, 'a']
    """
    built = OscMessageBuilder(address)
    for value in values:
        if isinstance(value, bool):
            built.add_arg(value, OscMessageBuilder.ARG_TYPE_TRUE if value else OscMessageBuilder.ARG_TYPE_FALSE)
        elif isinstance(value, int) and -(2**31) <= value < 2**31:
            built.add_arg(value, OscMessageBuilder.ARG_TYPE_INT)
        elif isinstance(value, str):
            built.add_arg(value, OscMessageBuilder.ARG_TYPE_STRING)
        else:
            number = float(value)
            built.add_arg(number if math.isfinite(number) else 0.0, OscMessageBuilder.ARG_TYPE_FLOAT)
    return built.build()


def check_address(word: str, address: object) -> str:
    """An address to send to. Raises LivevaeError for what is none."""
    if not isinstance(address, str) or not address.startswith("/") or not _PLAIN.isdisjoint(address):
        raise LivevaeError(f'{word}: give it an address, as in "/fader/1", not {address!r}.')
    return address


_PLAIN: Final = frozenset(" #*,?[]{}")
