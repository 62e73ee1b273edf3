"""A model's process: waits for wake-ups, computes what is ready, answers the performer's side.

It is started before it is needed, with torch imported, and becomes the host of one model when it is told which.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from livevae.engine import realtime
from livevae.engine.controls import BankReader, wants_more
from livevae.engine.host import Host, group_sizes, resampling_delay
from livevae.engine.interface import source_from_json
from livevae.engine.layout import CLOCK, NEVER, READY, SLOT_LOAD, Shared
from livevae.engine.rpc import Message, Server
from livevae.engine.timing import Grid
from livevae.errors import LivevaeError
from livevae.model.mover import MoverSpec
from livevae.model.moving import Mover, playable
from livevae.model.opening import open_model
from livevae.model.runner import Model, quick_calls

LINGER = 0.5
"""Seconds for which a host goes on after the performer's side is gone, so that the engine can fade out."""
SPREAD = 1.25
"""A chunk may take so many times the median before it counts as a disturbance from outside."""


class HostProcess:
    """One model, its worker loop and its requests. `wake_fd` and `feed_fd` are pipes: to be woken, to ask for rows."""

    def __init__(self, connection: Server, shared: Shared, wake_fd: int, feed_fd: int) -> None:
        self._connection = connection
        self._shared = shared
        self._wake_read = wake_fd
        self._feed = feed_fd
        os.set_blocking(feed_fd, False)
        self._host: Host | None = None
        self._number = 0
        self._wake_self: Callable[[], None] = lambda: None
        self._jobs: deque[tuple[Callable[[], Any], Future[Any]]] = deque()
        self._running = True

    def handle(self, call: str, arguments: Message, fd: int | None) -> Any:
        """Answer one request of the performer's side."""
        if call == "open":
            if fd is None:
                raise LivevaeError("the host was given no pipe to wake itself")
            return self._open(arguments, fd)
        if self._host is None:
            raise LivevaeError(f"{call!r} before a model was opened")
        host = self._host
        match call:
            case "slot":
                source = source_from_json(arguments["source"])
                slot, delay = int(arguments["slot"]), int(arguments["delay"])
                return self._do(lambda: host.open(slot, source, delay, self._clock()))
            case "source":
                source = source_from_json(arguments["source"])
                return self._do(lambda: host.set_source(int(arguments["slot"]), source))
            case "mover":
                return self._add_mover(host, arguments, fd)
            case "close":
                return self._do(lambda: host.close(int(arguments["slot"])))
            case "reset":
                return self._do(lambda: host.reset(arguments["slot"]))
            case _:
                raise LivevaeError(f"the model host does not know {call!r}")

    def _open(self, arguments: Message, wake_write: int) -> dict[str, Any]:
        os.set_blocking(wake_write, False)

        def wake_self() -> None:
            with contextlib.suppress(OSError):
                os.write(wake_write, b"w")

        rate, block = int(arguments["rate"]), int(arguments["block"])
        model = open_model(
            Path(arguments["path"]), sample_rate=arguments["sample_rate"], threads=int(arguments["threads"])
        )
        model_rate = model.info.sample_rate
        if model_rate is None:
            raise LivevaeError(
                f"{arguments['path']} does not say its sample rate: give it with models(path, rate=48000)"
            )
        frames = max(1, -(-int(arguments["chunk"] or 0) // model.info.ratio))
        grid = Grid(rate, model_rate, model.info.ratio, frames)
        model.measure_delay()
        host = Host(
            model,
            grid,
            self._shared,
            BankReader(self._shared),
            threaded=True,
            groups=group_sizes(grid.chunk, rate, model_rate, block),
            on_nan=self._nan,
            on_trouble=self._trouble,
        )
        host.warm()
        realtime.prepare_process()
        threads = int(arguments["threads"])
        median, longest = _measured(model, frames, threads)
        self._number = int(arguments["host"])
        self._wake_self = wake_self
        self._host = host
        realtime.request_realtime(realtime.SERVICE_PRIORITY)
        threading.Thread(target=self._work, args=(threads,), name="livevae-model", daemon=True).start()
        return {
            "info": model.info.to_json(),
            "grid": asdict(grid),
            "compute": min(longest, SPREAD * median),
            "resampling": resampling_delay(rate, model_rate),
        }

    def _add_mover(self, host: Host, arguments: Message, fd: int | None) -> None:
        if fd is None:
            raise LivevaeError("the host was given no mover")
        with os.fdopen(fd, "rb") as file:
            file.seek(0)
            spec = MoverSpec.from_bytes(file.read())
        mover = Mover(spec) if arguments["tried"] else playable(spec, host.grid.frame_rate)
        slot, key, drop = int(arguments["slot"]), int(arguments["key"]), arguments["drop"]
        self._do(lambda: host.add_mover(slot, key, mover, drop))

    def _do(self, job: Callable[[], Any]) -> Any:
        """Have the worker do something between two chunks, and wait for it."""
        future: Future[Any] = Future()
        self._jobs.append((job, future))
        self._wake_self()
        return future.result(30.0)

    def _clock(self) -> int:
        return int(self._shared.words[CLOCK])

    def _work(self, threads: int) -> None:
        _prepare_thread(realtime.HOST_PRIORITY, threads)
        assert self._host is not None
        while self._running:
            with contextlib.suppress(InterruptedError):
                os.read(self._wake_read, 4096)
            try:
                self._step(self._host)
            except LivevaeError as error:
                self._fail(self._host, str(error))
            except Exception as error:  # a model may raise anything; the loop must live
                self._fail(self._host, f"{type(error).__name__}: {error}")

    def _step(self, host: Host) -> None:
        ready_words = self._shared.host_words[self._number]
        while True:
            self._run_jobs()
            started = time.perf_counter()
            with quick_calls():
                done = host.run(self._clock())
            ready = host.ready()
            ready_words[READY] = NEVER if ready is None else ready
            if done:
                self._note_load(host, (time.perf_counter() - started) / done)
                self._ask_for_rows(host)
            if not self._jobs and (ready is None or ready > self._clock()):
                return

    def _run_jobs(self) -> None:
        while self._jobs:
            job, future = self._jobs.popleft()
            try:
                future.set_result(job())
            except Exception as error:
                future.set_exception(error)

    def _note_load(self, host: Host, seconds: float) -> None:
        load = seconds * host.grid.model_rate / host.grid.chunk
        for slot in host.slots:
            words = self._shared.slot_floats[slot]
            words[SLOT_LOAD] += 0.1 * (load - words[SLOT_LOAD])

    def _ask_for_rows(self, host: Host) -> None:
        if any(wants_more(self._shared, slot) for slot in host.slots):
            with contextlib.suppress(OSError):
                os.write(self._feed, b"f")

    def _nan(self, slot: int) -> None:
        self._connection.event(event="nan", slot=slot, message="the model gave sound that is not finite: it was reset")

    def _trouble(self, slot: int, message: str) -> None:
        self._connection.event(event="mover", slot=slot, message=message)

    def _fail(self, host: Host, message: str) -> None:
        for slot in host.slots:
            self._connection.event(event="error", slot=slot, message=message)
            host.close(slot)
        self._shared.host_words[self._number, READY] = NEVER


def _prepare_thread(priority: int, threads: int) -> None:
    """Let the thread that calls this compute models: real time where allowed, and as the voices will be computed."""
    realtime.request_realtime(priority)
    # Both belong to the thread that computes: OpenMP gives a new one as many threads as there are processors.
    torch.set_num_threads(threads)
    torch.set_flush_denormal(True)


def _measured(model: Model, frames: int, threads: int) -> tuple[float, float]:
    """Seconds a chunk takes (median, longest): before ordinary processes, behind models that are playing."""
    priority = realtime.SERVICE_PRIORITY
    with ThreadPoolExecutor(1, initializer=_prepare_thread, initargs=(priority, threads)) as worker:
        return worker.submit(model.measure, frames, 1, 20).result()


def run(connection_fd: int, shared_fd: int, options: dict[str, Any]) -> int:
    """The life of a model host's process: until the performer's side hangs up."""
    connection = Server(socket.socket(fileno=connection_fd))
    process = HostProcess(connection, Shared(shared_fd), options["wake"], options["feed"])
    connection.event(event="started")
    connection.serve(process.handle)
    time.sleep(LINGER)
    return 0
