"""The live engine as the performer's side holds it: starts the processes, keeps them alive, feeds them."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from livevae.engine.feeder import Feeder
from livevae.engine.frames import MAX_SLOTS
from livevae.engine.interface import (
    EngineOptions,
    Event,
    Fill,
    Live,
    SlotInfo,
    Source,
    Status,
    source_to_json,
)
from livevae.engine.layout import (
    CLOCK,
    CONSUMED,
    COVERED,
    LATE,
    LOAD_AUDIO,
    MAX_HOSTS,
    MUTED_UNTIL,
    NEVER,
    PANICS,
    PEAK_LEFT,
    PEAK_RIGHT,
    READY,
    SEQUENCE,
    SLOT_LOAD,
    SLOT_PEAK,
    XRUNS,
    Shared,
)
from livevae.engine.rpc import Gone, Message
from livevae.engine.spawn import Child, spawn
from livevae.engine.timing import Grid
from livevae.errors import LivevaeError
from livevae.model.info import ModelInfo, file_digest

START_TIMEOUT = 30.0
RESTARTS = 5
"""Deaths within a minute after which the engine is given up."""


@dataclass
class _Host:
    """A model's process: its number, what it opened, and the slots that stream through it."""

    number: int
    child: Child
    wake: int
    started: threading.Event
    path: Path | None = None
    rate: int | None = None
    chunk: int | None = None
    info: ModelInfo | None = None
    grid: Grid | None = None
    compute: float = 0.0
    resampling: int = 0
    slots: dict[int, Source] = field(default_factory=dict)


class LiveEngine:
    """Sound on this machine's audio device, or against a silent clock. See `interface.Engine`.

    `facts` says what was opened: backend, rate, block, inputs, outputs, realtime, message.
    """

    def __init__(self, options: EngineOptions) -> None:
        self.options = options
        self.on_event: Callable[[Event], None] | None = None
        self.facts: dict[str, Any] = {}
        self._shared = Shared.create()
        self._slots: dict[int, SlotInfo] = {}
        self._hosts: dict[int, _Host] = {}
        self._spare: _Host | None = None
        self._lock = threading.RLock()
        self._closing = False
        self._deaths: list[float] = []
        self._recording: Path | None = None
        self._late_seen = 0
        self._feeder = Feeder(self._shared, lambda: self._slots)
        self._ready = threading.Event()
        self._refused: str | None = None
        self._engine = self._spawn_engine()
        self._spare = self._spawn_host()
        self._await_engine()

    @classmethod
    def start(cls, options: EngineOptions | None = None) -> LiveEngine:
        """Start the engine and open the audio device. Raises LivevaeError where a device asked for does not open."""
        return cls(options or EngineOptions())

    @property
    def rate(self) -> int:
        """Samples a second of the server."""
        return int(self.facts["rate"])

    @property
    def block(self) -> int:
        """Samples the audio server computes at once."""
        return int(self.facts["block"])

    @property
    def inputs(self) -> int:
        """Audio inputs that are open."""
        return int(self.facts["inputs"])

    @property
    def outputs(self) -> int:
        """Audio outputs that are open."""
        return int(self.facts["outputs"])

    def attach(self, fill: Fill) -> None:
        self._feeder.attach(fill)

    def refresh(self) -> None:
        self._feeder.refresh()

    def open_model(self, path: Path, *, rate: int | None = None, chunk: int | None = None) -> ModelInfo:
        path = Path(path).expanduser().resolve()
        digest = file_digest(path)
        with self._lock:
            for host in self._hosts.values():
                same = (host.rate, host.chunk) == (rate, chunk or self.options.chunk)
                if host.info is not None and host.info.digest == digest and same:
                    return host.info
        return self._open_host(path, rate, chunk or self.options.chunk)

    def open_slot(self, slot: int, model: str, source: Source) -> SlotInfo:
        if not 0 <= slot < MAX_SLOTS:
            raise LivevaeError(f"slot {slot} is outside 0 .. {MAX_SLOTS - 1}")
        with self._lock:
            self.close_slot(slot)
            host = self._host_with_room(model)
            return self._open_slot(host, slot, source)

    def set_source(self, slot: int, source: Source) -> None:
        host = self._host_of(slot)
        if host is None:
            raise LivevaeError(f"slot {slot} is not open")
        self._check_source(source)
        host.child.caller.call("source", slot=slot, source=source_to_json(source))
        host.slots[slot] = source

    def close_slot(self, slot: int) -> None:
        with self._lock:
            host = self._host_of(slot)
            self._slots.pop(slot, None)
            if host is not None:
                host.slots.pop(slot, None)
                self._tell(host, "close", slot=slot)

    def reset(self, slot: int | None = None) -> None:
        for host in list(self._hosts.values()):
            if slot is None or slot in host.slots:
                self._tell(host, "reset", slot=slot)

    def panic(self) -> None:
        words = self._shared.slot_words
        words[:, MUTED_UNTIL] = words[:, SEQUENCE]
        self._shared.words[PANICS] += 1

    def now(self) -> int:
        return int(self._shared.words[CLOCK])

    def consumed(self, slot: int) -> int:
        return int(self._shared.slot_words[slot, CONSUMED])

    def status(self) -> Status:
        words, floats = self._shared.slot_words, self._shared.slot_floats
        slots = list(self._slots)
        return Status(
            clock=self.now(),
            load_audio=float(self._shared.floats[LOAD_AUDIO]),
            load_inference=max((float(floats[slot, SLOT_LOAD]) for slot in slots), default=0.0),
            late=int(words[:, LATE].sum()),
            xruns=int(self._shared.words[XRUNS]),
            covered=int(words[:, COVERED].sum()),
            peaks=(float(self._shared.floats[PEAK_LEFT]), float(self._shared.floats[PEAK_RIGHT])),
            slot_peaks=tuple(float(peak) for peak in floats[:, SLOT_PEAK]),
            recording=None if self._recording is None else str(self._recording),
            backend=str(self.facts["backend"]),
            realtime=bool(self.facts["realtime"]),
            messages=(str(self.facts["message"]),) if self.facts["message"] else (),
        )

    def record(self, path: Path | None) -> None:
        target = None if path is None else Path(path).expanduser().absolute()
        self._engine.caller.call("record", path=None if target is None else str(target))
        self._recording = target

    def close(self) -> None:
        self._closing = True
        self._engine.end()
        with self._lock:
            for host in [*self._hosts.values(), *([self._spare] if self._spare else [])]:
                host.child.end()
        self._feeder.close()

    # Processes

    def _spawn_engine(self) -> Child:
        self._ready.clear()
        return spawn(
            "engine",
            self._shared.fd,
            asdict(self.options),
            on_event=self._engine_event,
            on_gone=self._engine_gone,
        )

    def _await_engine(self) -> None:
        if not self._ready.wait(START_TIMEOUT):
            self._closing = True
            self.close()
            raise LivevaeError("the engine did not start within 30 seconds; `livevae doctor` says more")
        if self._refused is not None:
            refused = self._refused
            self.close()
            raise LivevaeError(refused)

    def _engine_event(self, message: Message) -> None:
        kind = message.pop("event")
        if kind == "started":
            self.facts = message
            self._ready.set()
        elif kind == "refused":
            self._refused = message["message"]
            self._closing = self._closing or not self.facts
            self._ready.set()
        elif kind == "recorder":
            self._recording = None
            self._emit(Event("recorder", message["message"]))

    def _engine_gone(self) -> None:
        if self._closing:
            return
        if not self.facts:
            self._refused = self._refused or "the engine's process ended while it started; `livevae doctor` says more"
            self._closing = True
            self._ready.set()
            return
        threading.Thread(target=self._revive_engine, name="livevae-revive", daemon=True).start()

    def _revive_engine(self) -> None:
        died = time.monotonic()
        if not self._may_restart(died, "the audio engine ended"):
            return
        self._recording = None
        self._engine.process.wait()
        self._engine = self._spawn_engine()
        if not self._ready.wait(START_TIMEOUT) or self._refused is not None or self._closing:
            self._emit(Event("died", f"the audio engine could not be started again: {self._refused or 'no answer'}"))
            return
        with self._lock:
            for host in self._hosts.values():
                self._introduce(host)
        self._feeder.refresh()
        self._emit(Event("restarted", f"the audio engine is back after {time.monotonic() - died:.1f} s"))

    def _spawn_host(self) -> _Host:
        wake_read, wake_write = os.pipe()
        started = threading.Event()
        holder: list[_Host] = []

        def on_event(message: Message) -> None:
            if message["event"] == "started":
                started.set()
            else:
                self._emit(Event(message["event"], message["message"], message.get("slot")))

        child = spawn(
            "host",
            self._shared.fd,
            {"wake": wake_read, "feed": self._feeder.fd},
            fds=(wake_read, self._feeder.fd),
            on_event=on_event,
            on_gone=lambda: self._host_gone(holder[0]) if holder else None,
        )
        os.close(wake_read)
        host = _Host(self._free_number(), child, wake_write, started)
        holder.append(host)
        return host

    def _free_number(self) -> int:
        taken = set(self._hosts) | ({self._spare.number} if self._spare else set())
        free = [number for number in range(MAX_HOSTS) if number not in taken]
        if not free:
            raise LivevaeError(f"{MAX_HOSTS} models are open: that is all there is room for")
        return free[0]

    def _open_host(self, path: Path, rate: int | None, chunk: int | None) -> ModelInfo:
        with self._lock:
            host, self._spare = self._spare or self._spawn_host(), None
        try:
            answer = host.child.caller.call(
                "open",
                timeout=300.0,
                fd=host.wake,
                host=host.number,
                path=str(path),
                sample_rate=rate,
                chunk=chunk,
                rate=self.rate,
                block=self.block,
                threads=self.options.threads,
            )
        except Gone:
            host.child.end()
            self._respare(host)
            raise LivevaeError(f"{path}: opening this model ended its process; the file may be damaged") from None
        except LivevaeError:
            self._spare = host
            raise
        host.path, host.rate, host.chunk = path, rate, chunk
        host.info = ModelInfo.from_json(answer["info"])
        host.grid = Grid(**answer["grid"])
        host.compute, host.resampling = float(answer["compute"]), int(answer["resampling"])
        with self._lock:
            self._hosts[host.number] = host
            self._introduce(host)
        self._respare(None)
        return host.info

    def _respare(self, dead: _Host | None) -> None:
        """Keep one process with torch imported, so that the next model opens quickly."""
        if dead is not None:
            os.close(dead.wake)
        with self._lock:
            if self._spare is None and not self._closing:
                self._spare = self._spawn_host()

    def _introduce(self, host: _Host) -> None:
        self._engine.caller.call("host", fd=host.wake, host=host.number)

    def _host_gone(self, host: _Host) -> None:
        if self._closing or host.number not in self._hosts:
            return
        threading.Thread(target=self._revive_host, args=(host,), name="livevae-revive", daemon=True).start()

    def _revive_host(self, dead: _Host) -> None:
        name = dead.info.name if dead.info is not None else "a model"
        died = time.monotonic()
        with self._lock:
            self._hosts.pop(dead.number, None)
            self._shared.host_words[dead.number, READY] = NEVER
        if not self._may_restart(died, f"the process of model {name} ended") or dead.path is None:
            return
        try:
            self._engine.caller.call("forget", host=dead.number)
            info = self._open_host(dead.path, dead.rate, dead.chunk)
            with self._lock:
                for slot, source in dead.slots.items():
                    self._open_slot(self._host_with_room(info.digest), slot, source)
        except LivevaeError as error:
            self._emit(Event("died", f"model {name} could not be opened again: {error}"))
            return
        self._emit(Event("restarted", f"model {name} is back after {time.monotonic() - died:.1f} s"))

    def _may_restart(self, now: float, what: str) -> bool:
        self._deaths = [death for death in self._deaths if now - death < 60.0] + [now]
        if len(self._deaths) > RESTARTS:
            self._emit(Event("died", f"{what} {RESTARTS} times in a minute and is not started again"))
            return False
        self._emit(Event("died", f"{what}; it is being started again"))
        return True

    # Slots

    def _open_slot(self, host: _Host, slot: int, source: Source) -> SlotInfo:
        info, grid = host.info, host.grid
        if info is None or grid is None:
            raise LivevaeError("the model is not open")
        self._check_source(source)
        delay = grid.delay(self.block, host.compute)
        opened = SlotInfo(
            slot=slot,
            model=info.digest,
            dims=info.latent_size if "decode" in info.methods else 0,
            frame_rate=grid.frame_rate,
            ratio=grid.ratio,
            model_rate=grid.model_rate,
            buffering=delay + host.resampling,
            model_delay=None if info.delay_samples is None else round(info.delay_samples * self.rate / grid.model_rate),
            has_latents=info.has_latents,
        )
        host.child.caller.call("slot", slot=slot, source=source_to_json(source), delay=delay)
        host.slots[slot] = source
        self._slots[slot] = opened
        self._feeder.feed(slot, opened)
        return opened

    def _check_source(self, source: Source) -> None:
        if not isinstance(source, Live):
            return
        last = source.channel + source.channels - 1
        if source.channel < 1 or last > max(self.inputs, 1):
            raise LivevaeError(f"live({source.channel}): {self.inputs} audio inputs are open; `--in` chooses a device")

    def _host_with_room(self, digest: str) -> _Host:
        hosts = [h for h in self._hosts.values() if h.info is not None and h.info.digest == digest]
        if not hosts:
            raise LivevaeError("this model is not open")
        for host in hosts:
            if host.info is not None and (host.info.batched or not host.slots):
                return host
        like = hosts[0]
        assert like.path is not None
        self._open_host(like.path, like.rate, like.chunk)
        return self._host_with_room(digest)

    def _host_of(self, slot: int) -> _Host | None:
        return next((host for host in self._hosts.values() if slot in host.slots), None)

    def _tell(self, host: _Host, call: str, **arguments: Any) -> None:
        """Ask a host and do not mind where it is gone: its successor starts without what was to be ended."""
        try:
            host.child.caller.call(call, **arguments)
        except Gone:
            return

    def _emit(self, event: Event) -> None:
        listener = self.on_event
        if listener is not None:
            listener(event)
