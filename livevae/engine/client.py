"""The live engine as the performer's side holds it: starts the processes, keeps them alive, feeds them."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from livevae.engine.effects import Chain, TickFill, chain_to_json, input_rack
from livevae.engine.feeder import Feeder
from livevae.engine.frames import MAX_SLOTS, Rows
from livevae.engine.hosts import Hosts, ModelHost
from livevae.engine.impulse import prepared_chain
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
    MEASURED,
    MUTED_UNTIL,
    NANS,
    PANICS,
    PEAK_LEFT,
    PEAK_RIGHT,
    RACK,
    SEQUENCE,
    SKIPPED,
    SLOT_LOAD,
    SLOT_PEAK,
    STARVED,
    XRUNS,
    Shared,
    fence,
)
from livevae.engine.measuring import Measured, rows_since
from livevae.engine.rpc import Message
from livevae.engine.spawn import Child, spawn
from livevae.engine.tick_feeder import TickFeeder
from livevae.errors import LivevaeError
from livevae.model.info import ModelInfo, file_digest
from livevae.model.mover import MoverSpec

START_TIMEOUT = 30.0
MOVERS = 16
"""Movers that a slot is kept ready for, those used last: more than all that can be heard at once."""
RESTARTS = 5
"""Deaths within a minute after which the engine is given up."""


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
        self._movers: dict[int, dict[int, MoverSpec]] = {}
        self._lock = threading.RLock()
        self._closing = False
        self._deaths: list[float] = []
        self._recording: Path | None = None
        self._feeder = Feeder(self._shared, lambda: self._slots)
        self._ticks = TickFeeder(self._shared, lambda: self.rate)
        self._chains: dict[int, tuple[int, Chain]] = {}
        self._heard: dict[int, Source] = {}
        self._routes: dict[int, tuple[int, ...]] = {}
        self._followed: tuple[int, ...] = ()
        self._answered = threading.Event()
        self._refused: str | None = None
        self._engine = self._spawn()
        self._hosts = Hosts(
            self._shared,
            self._feeder.fd,
            engine=lambda call, **arguments: self._engine.caller.call(call, **arguments),
            emit=self._emit,
            reopen=self._reopen,
            may_restart=self._may_restart,
            limits=lambda: (self.rate, self.block, self.options.threads),
        )
        self._hosts.prepare()
        self._await_start()

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
        self._ticks.refresh()

    def attach_ticks(self, fill: TickFill) -> None:
        self._ticks.attach(fill)

    def set_chain(self, rack: int, generation: int, chain: Chain) -> int:
        chain = prepared_chain(chain, self.rate)
        latency = self._engine.caller.call("chain", rack=rack, generation=generation, chain=chain_to_json(chain))
        self._chains[rack] = (generation, chain)
        self._ticks.add(rack)
        return int(latency)

    def set_rack(self, slot: int, rack: int | None) -> None:
        self._shared.slot_words[slot, RACK] = 0 if rack is None else rack + 1

    def set_outputs(self, voice: int, outputs: tuple[int, ...], at: int) -> None:
        if not all(0 <= output < self.outputs for output in outputs):
            wanted = ", ".join(str(output + 1) for output in outputs)
            raise LivevaeError(f"there is no output {wanted}: {self.outputs} are open; `--outputs` opens more")
        self._routes[voice] = outputs
        self._engine.caller.call("outputs", rack=voice, outputs=list(outputs), at=at)

    def hear(self, voice: int, source: Source) -> None:
        self._check(source)
        self._engine.caller.call("hear", rack=input_rack(voice), source=source_to_json(source))
        self._heard[voice] = source

    def follow(self, sources: Sequence[int]) -> None:
        self._engine.caller.call("follow", sources=list(sources))
        self._followed = tuple(sources)

    def measured(self, source: int, since: int) -> tuple[int, Measured]:
        count = int(self._shared.words[MEASURED + source])
        fence()
        return count, rows_since(self._shared.measures[source], count, since)

    @property
    def lag(self) -> float:
        """Seconds that it took of late, at the worst, until what changed was written for the engine to read."""
        return self._feeder.lag

    def tell_late(self, listener: Callable[[int, list[int], Rows], None]) -> None:
        """Call `listener(slot, frames, rows)` for frames that were read before they could be changed, as they were."""
        self._feeder.on_late = listener

    def open_model(self, path: Path, *, rate: int | None = None, chunk: int | None = None) -> ModelInfo:
        path = Path(path).expanduser().resolve()
        chunk = chunk or self.options.chunk
        opened = self._hosts.find(file_digest(path), rate, chunk)
        return (opened or self._hosts.open(path, rate, chunk)).info

    def open_slot(self, slot: int, model: str, source: Source) -> SlotInfo:
        if not 0 <= slot < MAX_SLOTS:
            raise LivevaeError(f"slot {slot} is outside 0 .. {MAX_SLOTS - 1}")
        self._check(source)
        with self._lock:
            self.close_slot(slot)
            return self._open(self._hosts.with_room(model), slot, source)

    def set_source(self, slot: int, source: Source) -> None:
        host = self._hosts.of(slot)
        if host is None:
            raise LivevaeError(f"slot {slot} is not open")
        self._check(source)
        host.call("source", slot=slot, source=source_to_json(source))
        host.slots[slot] = source

    def close_slot(self, slot: int) -> None:
        with self._lock:
            self._slots.pop(slot, None)
            self._movers.pop(slot, None)
            host = self._hosts.of(slot)
            if host is not None:
                del host.slots[slot]
                host.call("close", slot=slot)

    def add_mover(self, slot: int, key: int, spec: MoverSpec) -> None:
        with self._lock:
            known = self._movers.setdefault(slot, {})
            if key in known:
                known[key] = known.pop(key)  # the one used last is forgotten last
                return
            host = self._hosts.of(slot)
            if host is None:
                raise LivevaeError(f"slot {slot} is not open")
            drop = list(known)[: max(0, len(known) - MOVERS + 1)]
            host.add_mover(slot, key, spec, drop)
            self._movers[slot] = {**{old: known[old] for old in known if old not in drop}, key: spec}

    def reset(self, slot: int | None = None) -> None:
        for host in self._hosts.all():
            if slot is None or slot in host.slots:
                host.call("reset", slot=slot)

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
            skipped=int(words[:, SKIPPED].sum()),
            starved=int(words[:, STARVED].sum()),
            not_finite=int(words[:, NANS].sum()),
            peaks=(float(self._shared.floats[PEAK_LEFT]), float(self._shared.floats[PEAK_RIGHT])),
            output_peaks=tuple(self._shared.floats[PEAK_LEFT : PEAK_LEFT + self.outputs].tolist()),
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
        if self._closing:
            return
        self._closing = True
        self._engine.end()
        self._hosts.close()
        self._feeder.close()
        self._ticks.close()

    # Slots

    def _open(self, host: ModelHost, slot: int, source: Source) -> SlotInfo:
        opened = host.opened
        if opened is None:
            raise LivevaeError("the model is not open")
        info, grid = opened.info, opened.grid
        delay = grid.delay(self.block, opened.compute)
        made = SlotInfo.of(slot, info, grid.frame_rate, self.rate, delay + opened.resampling)
        for key, spec in self._movers.get(slot, {}).items():
            host.add_mover(slot, key, spec, tried=True)
        host.child.caller.call("slot", slot=slot, source=source_to_json(source), delay=delay)
        host.slots[slot] = source
        self._slots[slot] = made
        self._feeder.forget(slot)
        self._feeder.feed(slot, made)
        return made

    def _reopen(self, digest: str, slots: dict[int, Source]) -> None:
        with self._lock:
            for slot, source in slots.items():
                self._open(self._hosts.with_room(digest), slot, source)

    def _check(self, source: Source) -> None:
        if isinstance(source, Live) and not 1 <= source.channel <= max(self.inputs, 1):
            raise LivevaeError(
                f"live({source.channel}): {self.inputs} audio inputs are open; `--inputs` opens more, and `--in` "
                "chooses a device"
            )

    # The engine's process

    def _spawn(self) -> Child:
        self._answered.clear()
        return spawn(
            "engine", self._shared.fd, asdict(self.options), on_event=self._engine_event, on_gone=self._engine_gone
        )

    def _await_start(self) -> None:
        if not self._answered.wait(START_TIMEOUT):
            self._refused = f"the engine did not start within {START_TIMEOUT:g} seconds; `livevae doctor` says more"
        if self._refused is not None:
            self.close()
            raise LivevaeError(self._refused)

    def _engine_event(self, message: Message) -> None:
        kind = message.pop("event")
        if kind == "started":
            self.facts = message
            self._answered.set()
        elif kind == "refused":
            self._refused = message["message"]
            self._answered.set()
        elif kind == "effect":
            self._emit(Event("effect", message["message"], rack=message["rack"]))
        elif kind == "recorder":
            self._recording = None
            self._emit(Event("recorder", message["message"]))

    def _engine_gone(self) -> None:
        if self._closing or self._refused is not None:
            return
        if not self.facts:
            self._refused = "the engine's process ended while it started; `livevae doctor` says more"
            self._answered.set()
            return
        threading.Thread(target=self._revive, name="livevae-revive", daemon=True).start()

    def _revive(self) -> None:
        died = time.monotonic()
        if not self._may_restart("the audio engine ended"):
            return
        self._recording = None
        self._engine.process.wait()
        self._engine = self._spawn()
        if not self._answered.wait(START_TIMEOUT) or self._refused is not None:
            self._emit(Event("died", f"the audio engine could not be started again: {self._refused or 'no answer'}"))
            return
        self._hosts.introduce()
        self._restore_effects()
        self.refresh()
        self._emit(Event("restarted", f"the audio engine is back after {time.monotonic() - died:.1f} s"))

    def _restore_effects(self) -> None:
        """Build in a new engine what was in the old one."""
        with contextlib.suppress(LivevaeError):
            self.follow(self._followed)
        for voice, outputs in list(self._routes.items()):
            with contextlib.suppress(LivevaeError):
                self._engine.caller.call("outputs", rack=voice, outputs=list(outputs), at=self.now())
        for voice, source in list(self._heard.items()):
            with contextlib.suppress(LivevaeError):
                self._engine.caller.call("hear", rack=input_rack(voice), source=source_to_json(source))
        for rack, (generation, chain) in list(self._chains.items()):
            try:
                self._engine.caller.call("chain", rack=rack, generation=generation, chain=chain_to_json(chain))
            except LivevaeError as error:
                self._emit(Event("error", f"effects could not be built again: {error}"))

    def _may_restart(self, what: str) -> bool:
        now = time.monotonic()
        self._deaths = [death for death in self._deaths if now - death < 60.0] + [now]
        if self._closing:
            return False
        if len(self._deaths) > RESTARTS:
            self._emit(Event("died", f"{what} {RESTARTS} times in a minute and is not started again"))
            return False
        self._emit(Event("died", f"{what}; it is being started again"))
        return True

    def _emit(self, event: Event) -> None:
        listener = self.on_event
        if listener is not None:
            listener(event)
