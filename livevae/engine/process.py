"""The engine's process: opens the audio device, runs the mixer in pyo's callback, answers the performer's side."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from livevae.engine import realtime
from livevae.engine.devices import XrunCounter, candidates
from livevae.engine.effects import chain_from_json
from livevae.engine.interface import EngineOptions, source_from_json
from livevae.engine.lanes import LaneReader
from livevae.engine.layout import XRUNS, Shared
from livevae.engine.measures import Measures
from livevae.engine.mixer import Mixer
from livevae.engine.racks import Racks
from livevae.engine.recorder import Recorder
from livevae.engine.rpc import Message, Server
from livevae.engine.server import FADE_SECONDS, PyoServer
from livevae.errors import LivevaeError

TEND_SECONDS = 0.05
"""How often effects that have rung out are looked for."""


class EngineProcess:
    """Everything that lives in the engine's process between its start and the end of its connection."""

    def __init__(self, connection: Server, shared: Shared, options: EngineOptions) -> None:
        self._connection = connection
        self._shared = shared
        # Before any device opens: the threads of audio libraries inherit it.
        self._realtime = realtime.request_realtime(realtime.SERVICE_PRIORITY)
        self._server, self._message = open_server(options)
        self._silent = self._server.backend == "manual"
        self._mixer = Mixer(
            shared,
            self._server.rate,
            self._server.block,
            self._server.inputs.array,
            self._server.captured.array,
            self._server.bus.array,
        )
        self._racks = Racks(shared, self._server, LaneReader(shared), threaded=True)
        self._racks.on_trouble = self._effect_failed
        self._mixer.racks = self._racks
        self._measures = Measures(shared, self._server)
        self._tender = threading.Thread(target=self._tend, name="livevae-racks", daemon=True)
        self._recorder = Recorder(self._server.rate, self._recording_ended)
        self._mixer.on_captured = self._recorder.take
        self._xruns = XrunCounter(f"{options.client_name}-xruns") if self._server.backend == "jack" else None
        self._xruns_before = int(shared.words[XRUNS])
        self._running = True
        self._clock: threading.Thread | None = None

    def start(self) -> dict[str, Any]:
        """Let the sound begin; gives what the performer's side needs to know."""
        realtime.prepare_process()
        self._server.start(self._block)
        self._tender.start()
        if self._silent:
            self._clock = threading.Thread(target=self._run_clock, name="livevae-clock", daemon=True)
            self._clock.start()
        return {
            "backend": "silent" if self._silent else self._server.backend,
            "rate": self._server.rate,
            "block": self._server.block,
            "inputs": len(self._server.inputs.array),
            "outputs": len(self._server.bus.array),
            "realtime": self._realtime,
            "message": self._message,
        }

    def handle(self, call: str, arguments: Message, fd: int | None) -> Any:
        """Answer one request of the performer's side."""
        match call:
            case "host" if fd is not None:
                os.set_blocking(fd, False)
                # Replaced, not changed: the audio thread may be walking through it.
                self._mixer.wake = {**self._mixer.wake, int(arguments["host"]): _waker(fd)}
                return None
            case "forget":
                number = int(arguments["host"])
                self._mixer.wake = {host: wake for host, wake in self._mixer.wake.items() if host != number}
                return None
            case "chain":
                chain = chain_from_json(arguments["chain"])
                return self._racks.set(int(arguments["rack"]), int(arguments["generation"]), chain)
            case "outputs":
                outputs = tuple(int(output) for output in arguments["outputs"])
                self._racks.route(int(arguments["rack"]), outputs, int(arguments["at"]))
                return None
            case "hear":
                self._racks.hear(int(arguments["rack"]), source_from_json(arguments["source"]))
                return None
            case "follow":
                self._measures.follow(int(source) for source in arguments["sources"])
                return None
            case "record":
                if arguments["path"] is None:
                    self._recorder.stop()
                else:
                    self._recorder.start(Path(arguments["path"]))
                return None
            case _:
                raise LivevaeError(f"the engine does not know {call!r}")

    def stop(self) -> None:
        """Fade out, finish the recording and let go of the device."""
        self._server.fade(0.0)
        time.sleep(2 * FADE_SECONDS)
        self._recorder.stop()
        self._running = False
        if self._clock is not None:
            self._clock.join()
        self._tender.join()
        self._server.stop([self._racks.close(), self._measures.close()])
        if self._xruns is not None:
            self._xruns.close()

    def _block(self) -> None:
        self._server.inputs.pull()
        idle = self._mixer.idle
        if not idle:
            self._server.captured.pull()
        self._measures.block(self._mixer.clock, self._mixer.inputs)
        self._mixer.block()
        if not (idle and self._mixer.idle):
            self._server.bus.push()
        if self._xruns is not None:
            self._shared.words[XRUNS] = self._xruns_before + self._xruns.count

    def _tend(self) -> None:
        while self._running:
            time.sleep(TEND_SECONDS)
            self._racks.tend()

    def _run_clock(self) -> None:
        """Without a device: one block after the other, at the times at which a device would ask for them."""
        realtime.request_realtime(realtime.AUDIO_PRIORITY)
        period = self._server.block / self._server.rate
        due = time.perf_counter()
        while self._running:
            self._server.process()
            due += period
            wait = due - time.perf_counter()
            if wait > 0:
                time.sleep(wait)
            elif wait < -1.0:
                due = time.perf_counter()

    def _effect_failed(self, rack: int, message: str) -> None:
        self._connection.event(event="effect", rack=rack, message=message)

    def _recording_ended(self, message: str) -> None:
        self._connection.event(event="recorder", message=message)


def open_server(options: EngineOptions) -> tuple[PyoServer, str]:
    """The first backend that opens, and a sentence for the performer where it is not the one they would expect.

    Where a device has no input, its output is opened alone. Raises LivevaeError where a backend that was asked for by
    name does not open.
    """
    reasons = []
    for backend in candidates(options.backend):
        if backend == "silent":
            message = "" if options.backend == "silent" else "no audio device: running against a silent clock"
            return PyoServer("manual", options), message
        for tried in (options, _without_input(options)):
            try:
                with _quiet_stderr():
                    server = PyoServer(backend, tried)
            except (LivevaeError, RuntimeError, OSError) as error:
                reasons.append(f"{backend}: {error}")
                continue
            return server, "" if tried is options else "no audio input: only the output is open"
    raise LivevaeError(
        f"no audio through {options.backend!r} ({'; '.join(reasons)}); `livevae devices` shows what is there"
    )


def _without_input(options: EngineOptions) -> EngineOptions:
    return replace(options, input_channels=0, input_device=None)


def _waker(fd: int) -> Callable[[], None]:
    def wake() -> None:
        with contextlib.suppress(OSError):
            os.write(fd, b"w")

    return wake


@contextlib.contextmanager
def _quiet_stderr() -> Any:
    """Audio libraries chatter on the terminal while they look for devices; that would draw over the prompt."""
    saved = os.dup(2)
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, 2)
    try:
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(sink)


def run(connection_fd: int, shared_fd: int, options: EngineOptions) -> int:
    """The life of the engine's process: until the performer's side hangs up."""
    connection = Server(socket.socket(fileno=connection_fd))
    shared = Shared(shared_fd)
    try:
        engine = EngineProcess(connection, shared, options)
        facts = engine.start()
    except LivevaeError as error:
        connection.event(event="refused", message=str(error))
        return 1
    connection.event(event="started", **facts)
    connection.serve(engine.handle)
    engine.stop()
    return 0
