"""Where chains of effects are put: after each voice, before the master is heard, and before the input of each voice.

The audio thread calls `take`, `target` and `block`; everything else belongs to one thread that builds and lets go.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livevae.engine.building import build, kept, samples, watch
from livevae.engine.chains import CROSS_SECONDS, Ramp, Sounding, Table
from livevae.engine.effects import MASTER, RACKS, TICK, Chain
from livevae.engine.interface import Live, Source
from livevae.engine.lanes import Lanes
from livevae.engine.layout import PANICS, RACK, Shared, write_ring
from livevae.engine.patches import MASTER_PAIR, Outputs, Patch
from livevae.engine.rack import Rack
from livevae.engine.server import PyoServer, import_pyo
from livevae.engine.sources import Reader, reader_for
from livevae.errors import LivevaeError

Audio = NDArray[np.float32]

ListenLive = Callable[[int, int, Audio], None]
"""`listen(channel, time, out)` fills `out` (channels, n) with what the inputs from `channel` (1 ..) on hear."""


class Racks:
    """Every rack of an engine.

    `inputs` gives the live inputs in an engine without a device; with one, chains read the device's inputs themselves.
    """

    def __init__(
        self, shared: Shared, server: PyoServer, lanes: Lanes, *, listen: ListenLive | None = None, threaded: bool
    ) -> None:
        self._pyo = import_pyo()
        watch(self._pyo)
        self._shared = shared
        self._server = server
        self._lanes = lanes
        self._listen = listen
        self._threaded = threaded
        self.rate, self.size = server.rate, server.block
        self._racks: dict[int, Rack] = {}
        self._lock = threading.RLock()
        self._panics = int(shared.words[PANICS])
        self._taken = -1
        self.busy = False
        """Has any rack anything to do?"""
        self.on_trouble: Callable[[int, str], None] = lambda rack, text: None

    # -- the building side

    def set(self, number: int, generation: int, chain: Chain) -> int:
        """Make a chain ready for a rack; it is heard from the first tick whose row says `generation`.

        Gives its latency in samples. An empty chain is the straight way. One that is there already is not built again:
        chains with a higher generation that wait are given up. Raises LivevaeError where it cannot be built: then
        nothing changes.
        """
        with self._lock:
            rack = self._rack(number)
            made = next((one for one in rack.built if one.over is None and one.is_(generation, chain)), None)
            new = self._built(rack, generation, chain) if chain and made is None else None
            rack.wanted = (generation, chain)
            self._racks = {**self._racks, number: rack}
            self.busy = True
            if new is not None:
                self._arrive(rack, new)
            there = made or new
            return 0 if there is None else there.circuit.latency

    def route(self, number: int, outputs: Outputs, at: int) -> None:
        """Let what a voice's rack sounds go to these outputs from sample `at` on, its effects with it."""
        with self._lock:
            rack = self._rack(number)
            if number >= MASTER:
                raise LivevaeError(f"rack {number} has no outputs of its own.")
            if outputs == rack.patches.last:
                return
            made = self._patch(outputs, 0.0)
            # What plays meanwhile goes on where it goes now: to the master, where nothing was said yet.
            before = rack.patches.open or (self._patch(MASTER_PAIR, 1.0),)
            rack.patches.open = (*before, made)
            self._racks = {**self._racks, number: rack}
            self._wire(rack)
            self.busy = True
            rack.patches.arriving.append((at, made))

    def _patch(self, outputs: Outputs, level: float) -> Patch:
        with self._server.arranged(), kept() as objects:
            table = self._pyo.DataTable(self.size)
            return Patch(outputs, Table(samples(table), level), self._pyo.TableScan(table), objects)

    def hear(self, number: int, source: Source) -> None:
        """Feed an input rack. Raises LivevaeError where the source cannot be read: then nothing changes."""
        with self._lock:
            rack = self._rack(number)
            if number <= MASTER:
                raise LivevaeError(f"rack {number} has no input of its own.")
            if source == rack.source:
                return
            live = isinstance(source, Live)
            reader = None if live else reader_for(source, self._shared, self.rate, 2, threaded=self._threaded)
            left = rack.before
            # Before the other two: the audio thread may come in between, and then reads the same twice.
            rack.before, rack.entered, rack.reader, rack.source = (rack.source, rack.reader), None, reader, source
            if left is not None and left[1] is not None:
                left[1].close()
            self._racks = {**self._racks, number: rack}
            if rack.wanted[1] and self._listen is None:
                # A chain that reads the device is tied to its inputs: another source is another chain.
                self._arrive(rack, self._built(rack, *rack.wanted))

    def tend(self) -> None:
        """Let go of what has rung out, and bring back what a panic ended. A few times a second."""
        with self._lock:
            for rack in list(self._racks.values()):
                if rack.silenced and rack.wanted[1]:
                    rack.silenced = False
                    self._arrive(rack, self._built(rack, *rack.wanted))
                for text in [text for chain in rack.built for text in chain.troubles()]:
                    self.on_trouble(rack.number, text)
                over = rack.patches.over(self._taken)
                if over:
                    rack.patches.without(over)
                    self._wire(rack)
                    for patch in over:
                        self._server.drop(patch.objects)
                while rack.gone:
                    chain = rack.gone.popleft()
                    rack.built.remove(chain)
                    self._wire(rack)
                    self._server.drop(chain.objects)
            racks = self._racks.values()
            self.busy = any(
                r.built or r.wanted[1] or r.patches.open or not r.straight.still(self._taken) for r in racks
            )

    def _rack(self, number: int) -> Rack:
        if not 0 <= number < RACKS:
            raise LivevaeError(f"there is no rack {number}: they are numbered from 0 to {RACKS - 1}.")
        return self._racks.get(number) or Rack(number, self.size)

    def _arrive(self, rack: Rack, chain: Sounding) -> None:
        rack.built.append(chain)
        self._wire(rack)
        rack.arriving.append(chain)

    def close(self) -> list[Any]:
        """End what reads files; gives all objects, which must outlive the server."""
        with self._lock:
            for rack in self._racks.values():
                if rack.reader is not None:
                    rack.reader.close()
            racks = self._racks.values()
            held: list[Any] = [each for rack in racks for each in (*rack.built, *rack.patches.open)]
            self._racks = {}
            # They may lead back to an engine that holds this, and its memory until garbage is collected.
            self._listen = None
            self.on_trouble = lambda rack, text: None
            return held

    def _built(self, rack: Rack, generation: int, chain: Chain) -> Sounding:
        try:
            return self._build(rack, generation, chain)
        except LivevaeError as error:
            message = str(error)
        # Not that one itself: its traceback holds objects of pyo's, which must not outlive the server.
        raise LivevaeError(message)

    def _build(self, rack: Rack, generation: int, chain: Chain) -> Sounding:
        pyo, size = self._pyo, self.size
        with self._server.arranged(last=rack.number == MASTER), kept() as objects:
            try:
                levels = [pyo.DataTable(size) for _ in range(2)]
                entry, leaving = (Table(samples(table), 0.0) for table in levels)
                inlets: tuple[Audio, ...] = ()
                if rack.number == MASTER:
                    sound = self._server.voices
                elif self._reads_device(rack) and isinstance(rack.source, Live):
                    first, last = rack.source.channel - 1, max(0, len(self._server.inputs.array) - 1)
                    second = first + 1 if rack.source.channels > 1 else first
                    sound = pyo.Input(chnl=[min(first, last), min(second, last)])
                else:
                    tables = [pyo.DataTable(size) for _ in range(2)]
                    inlets = tuple(samples(table) for table in tables)
                    sound = pyo.TableScan(tables)
                entered = pyo.Sig(sound, mul=pyo.TableScan(levels[0]))
                circuit = build(pyo, chain, entered, self.rate, size)
                outlet = pyo.Sig(circuit.sound, mul=pyo.TableScan(levels[1]))
            except BaseException:
                self._server.drop(objects)
                raise
        return Sounding(generation, chain, circuit, objects, inlets, entry, leaving, outlet)

    def _wire(self, rack: Rack) -> None:
        """Let what its chains give be heard where it belongs."""
        if rack.number > MASTER:
            rack.tables = self._server.collect(rack.number, [chain.outlet for chain in rack.built])
        elif rack.number == MASTER:
            self._server.connect_master([chain.outlet for chain in rack.built])
        else:
            places = sorted(number for number in {*self._racks, rack.number} if number < MASTER)
            racks = [rack if number == rack.number else self._racks[number] for number in places]
            straight = [chain.outlet for each in racks if not each.patches.open for chain in each.built]
            patched = [
                ([chain.outlet for chain in each.built], [(patch.outputs, patch.scan) for patch in each.patches.open])
                for each in racks
                if each.patches.open and each.built
            ]
            self._server.connect_voices(straight, patched)

    # -- the audio side

    def target(self, slot: int) -> Audio | None:
        """Where the sound of a slot goes; None is straight to the master."""
        rack = self._racks.get(int(self._shared.slot_words[slot, RACK]) - 1)
        return None if rack is None else rack.sum

    def take(self, now: int) -> None:
        """Begin a block: what the chains of inputs gave in the block before goes to where models hear it."""
        if now == self._taken:
            return
        self._taken = now
        for number, rack in self._racks.items():
            rack.sum[:] = 0.0
            if number > MASTER and rack.tables:
                write_ring(self._shared.treated[number - MASTER - 1], now - self.size, np.stack(rack.tables))

    def block(self, now: int, bus: Audio) -> None:
        """Feed every chain with the block that begins at `now`; what passes by is added to `bus`."""
        panics = int(self._shared.words[PANICS])
        for rack in self._racks.values():
            self._follow(rack, now)
            if panics != self._panics:
                rack.silence(now, self.size, self.rate)
            if rack.number < MASTER:
                rack.patches.block(now, self.size, self.rate)
                self._pass(rack, now, bus)
            elif rack.number == MASTER:
                self._server.straight.ramp = rack.straight
                self._server.straight.block(now)
            else:
                self._read(rack, now)
            for chain in rack.sounding:
                chain.feed(now, rack.sum)
            for chain in rack.leaving:
                chain.finish(now, self.size, self.rate)
                if chain.done:
                    rack.leaving = tuple(kept for kept in rack.leaving if kept is not chain)
                    rack.gone.append(chain)
        self._panics = panics

    def _reads_device(self, rack: Rack) -> bool:
        return rack.number > MASTER and self._listen is None and isinstance(rack.source, Live)

    def _pass(self, rack: Rack, now: int, bus: Audio) -> None:
        moving = not rack.straight.still(now)
        if not moving and not rack.straight.target:
            return
        sound = rack.sum * rack.straight.levels(now, self.size) if moving else rack.sum
        if not rack.patches.open:
            bus[:2] += sound
        for patch in rack.patches.open:
            patch.add(sound, now, bus)

    def _read(self, rack: Rack, now: int) -> None:
        self._listened(rack.source, rack.reader, now, rack.sum)
        if rack.before is None:
            return
        if rack.entered is None:
            rack.entered = Ramp(0.0)
            rack.entered.to(1.0, now, int(CROSS_SECONDS * self.rate))
        old = np.zeros_like(rack.sum)
        self._listened(*rack.before, now, old)
        rack.sum[:] = old + (rack.sum - old) * rack.entered.levels(now, self.size)
        if rack.entered.still(now + self.size):
            _, reader = rack.before
            rack.before = None
            if reader is not None:
                reader.close()

    def _listened(self, source: Source, reader: Reader | None, now: int, out: Audio) -> None:
        if reader is not None:
            reader.read(now, out)
        elif isinstance(source, Live) and self._listen is not None:
            self._listen(source.channel, now, out[: source.channels])
            if source.channels == 1:
                out[1] = out[0]

    def _follow(self, rack: Rack, now: int) -> None:
        """Heed the rows of the ticks of this block: another chain, other parameters."""
        rack.admit()
        sounding = rack.sounding
        if not rack.waiting and rack.wanted[0] == rack.generation and not any(chain.moving for chain in sounding):
            return
        tick, end = now // TICK, now + self.size
        while tick * TICK < end:
            start = max(now, tick * TICK)
            row = self._lanes.row(rack.number, tick)
            if row is not None and start == tick * TICK:
                rack.switch(row, start, self.rate)
            count = min(end, (tick + 1) * TICK) - start
            for chain in (*rack.leaving, *(() if rack.current is None else (rack.current,))):
                if chain.moving:
                    chain.move(tick, row, start - now, start - tick * TICK, count)
            tick += 1
