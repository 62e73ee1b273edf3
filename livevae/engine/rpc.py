"""Requests and answers between the performer's side and its processes: one JSON object a line over a socket.

A request is `{"id": n, "call": name, ...}` and may carry one file descriptor; its answer is `{"id": n, "ok": value}` or
`{"id": n, "error": sentence}`. Lines without an id are events, which only the served side sends.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from livevae.errors import LivevaeError

Message = dict[str, Any]


class Gone(LivevaeError):
    """The process at the other end is not there any more."""


class Caller:
    """The asking side. `on_event(message)` and `on_gone()` are called from the receiving thread."""

    def __init__(self, connection: socket.socket, on_event: Callable[[Message], None], on_gone: Callable[[], None]):
        self._socket = connection
        self._on_event = on_event
        self._on_gone = on_gone
        self._ids = itertools.count(1)
        self._waiting: dict[int, Future[Any]] = {}
        self._lock = threading.Lock()
        self._open = True
        threading.Thread(target=self._receive, name="livevae-rpc", daemon=True).start()

    def call(self, name: str, *, timeout: float = 30.0, fd: int | None = None, **arguments: Any) -> Any:
        """Ask and wait for the answer. Raises LivevaeError with the other side's sentence, or Gone."""
        future = self.send(name, fd=fd, **arguments)
        try:
            return future.result(timeout)
        except TimeoutError:
            raise Gone(f"no answer to {name!r} within {timeout:g} seconds") from None

    def send(self, name: str, *, fd: int | None = None, **arguments: Any) -> Future[Any]:
        """Ask without waiting."""
        future: Future[Any] = Future()
        number = next(self._ids)
        data = json.dumps({"id": number, "call": name, "fd": fd is not None, **arguments}).encode() + b"\n"
        with self._lock:
            if not self._open:
                future.set_exception(Gone(f"cannot ask for {name!r}: the process ended"))
                return future
            self._waiting[number] = future
            try:
                if fd is None:
                    self._socket.sendall(data)
                else:
                    sent = socket.send_fds(self._socket, [data], [fd])
                    self._socket.sendall(data[sent:])
            except OSError:
                self._waiting.pop(number, None)
                future.set_exception(Gone(f"cannot ask for {name!r}: the process ended"))
        return future

    def close(self) -> None:
        """Hang up; the served side takes that as the end."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def _receive(self) -> None:
        with contextlib.suppress(OSError), self._socket.makefile("rb") as lines:
            for line in lines:
                self._take(json.loads(line))
        with self._lock:
            self._open = False
            waiting, self._waiting = self._waiting, {}
        for future in waiting.values():
            future.set_exception(Gone("the process ended"))
        self._socket.close()
        self._on_gone()

    def _take(self, message: Message) -> None:
        future = self._waiting.pop(message.get("id", 0), None)
        if future is None:
            self._on_event(message)
        elif "error" in message:
            future.set_exception(LivevaeError(message["error"]))
        else:
            future.set_result(message.get("ok"))


class Server:
    """The answering side: `serve` reads requests until the other side hangs up."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._lock = threading.Lock()

    def event(self, **message: Any) -> None:
        """Tell something nobody asked for; lost where nobody listens any more."""
        self._write(message)

    def serve(self, handle: Callable[[str, Message, int | None], Any]) -> None:
        """Answer each request with what `handle(call, arguments, fd)` gives, or with its LivevaeError."""
        buffer = b""
        fds: list[int] = []
        while True:
            try:
                data, passed, _, _ = socket.recv_fds(self._socket, 1 << 16, 4)
            except OSError:
                return
            if not data:
                return
            fds += passed
            *lines, buffer = (buffer + data).split(b"\n")
            for line in lines:
                request = json.loads(line)
                fd = fds.pop(0) if request.get("fd") and fds else None
                self._write(self._answer(request, handle, fd))

    def _answer(self, request: Message, handle: Callable[[str, Message, int | None], Any], fd: int | None) -> Message:
        number = request.pop("id")
        try:
            return {"id": number, "ok": handle(request.pop("call"), request, fd)}
        except LivevaeError as error:
            return {"id": number, "error": str(error)}
        except Exception as error:  # an answer must come, whatever went wrong
            return {"id": number, "error": f"{type(error).__name__}: {error}"}

    def _write(self, message: Message) -> None:
        data = json.dumps(message).encode() + b"\n"
        with self._lock, contextlib.suppress(OSError):
            self._socket.sendall(data)
