"""The model hosts as the performer's side holds them: one process a model, a spare one, and their revival."""

from __future__ import annotations

import contextlib
import os
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from livevae.engine.interface import Event, Source
from livevae.engine.layout import MAX_HOSTS, NEVER, READY, Shared
from livevae.engine.rpc import Gone, Message
from livevae.engine.spawn import Child, spawn
from livevae.engine.timing import Grid
from livevae.errors import LivevaeError
from livevae.model.info import ModelInfo
from livevae.model.mover import MoverSpec

OPEN_TIMEOUT = 300.0
"""Seconds that opening and warming a model may take."""


@dataclass(frozen=True)
class Opened:
    """What a host has opened. `compute` is seconds a chunk; `resampling` is delay in server samples."""

    path: Path
    rate: int | None
    chunk: int | None
    info: ModelInfo
    grid: Grid
    compute: float
    resampling: int


@dataclass
class ModelHost:
    """A process with torch imported: spare until it has opened a model. `wake` is the pipe that wakes it."""

    number: int
    child: Child
    wake: int
    opened: Opened | None = None
    slots: dict[int, Source] = field(default_factory=dict)

    def call(self, name: str, **arguments: Any) -> None:
        """Ask, and do not mind where the host is gone: its successor is told anew. Raises its LivevaeErrors."""
        try:
            self.child.caller.call(name, **arguments)
        except Gone:
            return

    def add_mover(self, slot: int, key: int, spec: MoverSpec, drop: Sequence[int] = (), *, tried: bool = False) -> None:
        """Give a slot a mover, `tried` where it played already, so that its cost is known to be fine.

        Where the host is gone its successor is told anew. Raises its LivevaeErrors.
        """
        with tempfile.TemporaryFile() as file:
            # Recordings may be long: they travel as a file, so that the host need not read them as text.
            file.write(spec.to_bytes())
            file.flush()
            with contextlib.suppress(Gone):
                self.child.caller.call("mover", fd=file.fileno(), slot=slot, key=key, drop=list(drop), tried=tried)

    def dispose(self) -> None:
        """End the process."""
        self.child.end()
        os.close(self.wake)


class Hosts:
    """Every model that is open.

    `engine` asks the engine's process; `emit` tells the performer; `reopen(digest, slots)` is called when a host came
    back and its slots have to be opened again; `limits()` gives (rate, block, threads) of the server.
    """

    def __init__(
        self,
        shared: Shared,
        feed: int,
        *,
        engine: Callable[..., Any],
        emit: Callable[[Event], None],
        reopen: Callable[[str, dict[int, Source]], None],
        may_restart: Callable[[str], bool],
        limits: Callable[[], tuple[int, int, int]],
    ) -> None:
        self._shared = shared
        self._feed = feed
        self._engine = engine
        self._emit = emit
        self._reopen = reopen
        self._may_restart = may_restart
        self._limits = limits
        self._hosts: dict[int, ModelHost] = {}
        self._numbers: set[int] = set()
        self._lock = threading.RLock()
        self._closing = False
        self._spare: ModelHost | None = None

    def prepare(self) -> None:
        """Have a spare process, so that the next model opens quickly."""
        with self._lock:
            if self._spare is None and not self._closing:
                self._spare = self._spawn()

    def find(self, digest: str, rate: int | None, chunk: int | None) -> Opened | None:
        """A model that is open already, at that answer for its rate and with that chunk."""
        for host in list(self._hosts.values()):
            opened = host.opened
            if opened is not None and (opened.info.digest, opened.rate, opened.chunk) == (digest, rate, chunk):
                return opened
        return None

    def open(self, path: Path, rate: int | None, chunk: int | None) -> Opened:
        """Open a model in a process of its own. Raises LivevaeError where it cannot be opened; the sound goes on."""
        with self._lock:
            spare = self._spare is not None and self._spare.child.process.poll() is None
            if self._spare is not None and spare:
                host, self._spare = self._spare, None
            else:
                host = self._spawn()
        server_rate, block, threads = self._limits()
        try:
            answer = host.child.caller.call(
                "open",
                timeout=OPEN_TIMEOUT,
                fd=host.wake,
                host=host.number,
                path=str(path),
                sample_rate=rate,
                chunk=chunk,
                rate=server_rate,
                block=block,
                threads=threads,
            )
        except Gone:
            self._dispose(host)
            if spare:
                # It may have been dying with others already, and nobody knew; a new one tells whether it is the file.
                return self.open(path, rate, chunk)
            self.prepare()
            raise LivevaeError(f"{path}: opening this model ended its process; the file may be damaged") from None
        except LivevaeError:
            with self._lock:
                if self._spare is None:
                    self._spare, host = host, None  # type: ignore[assignment]
            if host is not None:
                self._dispose(host)
            raise
        info, grid = ModelInfo.from_json(answer["info"]), Grid(**answer["grid"])
        opened = Opened(path, rate, chunk, info, grid, float(answer["compute"]), int(answer["resampling"]))
        with self._lock:
            host.opened = opened
            self._hosts[host.number] = host
            self._introduce(host)
        self.prepare()
        return opened

    def with_room(self, digest: str) -> ModelHost:
        """A host of the model that can take another slot; a model whose streams cannot share gets another process."""
        hosts = [h for h in list(self._hosts.values()) if h.opened is not None and h.opened.info.digest == digest]
        if not hosts:
            raise LivevaeError("this model is not open")
        for host in hosts:
            if host.opened is not None and (host.opened.info.batched or not host.slots):
                return host
        like = hosts[0].opened
        assert like is not None
        self.open(like.path, like.rate, like.chunk)
        return self.with_room(digest)

    def of(self, slot: int) -> ModelHost | None:
        """The host that a slot streams through."""
        return next((host for host in list(self._hosts.values()) if slot in host.slots), None)

    def all(self) -> list[ModelHost]:
        """Every host with an open model."""
        return list(self._hosts.values())

    def introduce(self) -> None:
        """Tell a new engine process about every host."""
        with self._lock:
            for host in self._hosts.values():
                self._introduce(host)

    def close(self) -> None:
        """End every process; to be called when the engine's has ended, so that nothing is heard any more."""
        self._closing = True
        with self._lock:
            spare = [self._spare] if self._spare is not None else []
            for host in [*self._hosts.values(), *spare]:
                # There is nothing to save in them, and one that still imports torch would be waited for.
                host.child.process.kill()
            for host in [*self._hosts.values(), *spare]:
                host.dispose()
            self._hosts.clear()
            self._spare = None

    def _introduce(self, host: ModelHost) -> None:
        # Where the engine is gone as well, its successor is told about every host.
        with contextlib.suppress(Gone):
            self._engine("host", fd=host.wake, host=host.number)

    def _dispose(self, host: ModelHost) -> None:
        host.dispose()
        self._numbers.discard(host.number)

    def _spawn(self) -> ModelHost:
        number = self._take_number()
        wake_read, wake_write = os.pipe()
        holder: list[ModelHost] = []

        def on_event(message: Message) -> None:
            if message["event"] != "started":
                self._emit(Event(message["event"], message["message"], message.get("slot")))

        child = spawn(
            "host",
            self._shared.fd,
            {"wake": wake_read, "feed": self._feed},
            fds=(wake_read, self._feed),
            on_event=on_event,
            on_gone=lambda: self._gone(holder[0]) if holder else None,
        )
        os.close(wake_read)
        host = ModelHost(number, child, wake_write)
        holder.append(host)
        return host

    def _take_number(self) -> int:
        free = [number for number in range(MAX_HOSTS) if number not in self._numbers]
        if not free:
            raise LivevaeError(f"{MAX_HOSTS} models are open: that is all there is room for")
        self._numbers.add(free[0])
        return free[0]

    def _gone(self, host: ModelHost) -> None:
        if not self._closing:
            threading.Thread(target=self._bury, args=(host,), name="livevae-revive", daemon=True).start()

    def _bury(self, dead: ModelHost) -> None:
        with self._lock:
            if self._spare is dead:
                self._spare = None
                self._dispose(dead)
            if self._hosts.get(dead.number) is not dead:
                return
            del self._hosts[dead.number]
            self._shared.host_words[dead.number, READY] = NEVER
            with contextlib.suppress(Gone):
                self._engine("forget", host=dead.number)
            self._dispose(dead)
        opened = dead.opened
        if opened is None or not self._may_restart(f"the process of model {opened.info.name} ended"):
            return
        died = time.monotonic()
        try:
            self.open(opened.path, opened.rate, opened.chunk)
            self._reopen(opened.info.digest, dead.slots)
        except LivevaeError as error:
            self._emit(Event("died", f"model {opened.info.name} could not be opened again: {error}"))
            return
        self._emit(Event("restarted", f"model {opened.info.name} is back after {time.monotonic() - died:.1f} s"))
