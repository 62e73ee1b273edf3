"""The same voices without a clock: one process, no threads, the same sound bit for bit on every run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from soundfile import LibsndfileError, SoundFile

from livevae.engine.effects import TICK, Chain, TickFill, input_rack
from livevae.engine.frames import Rows, neutral
from livevae.engine.host import Host, resampling_delay
from livevae.engine.impulse import prepared_chain
from livevae.engine.interface import EngineOptions, Event, Fill, Live, SlotInfo, Source, Status
from livevae.engine.lanes import AskedLanes
from livevae.engine.layout import (
    CLOCK,
    CONSUMED,
    MAX_INPUTS,
    MAX_OUTPUTS,
    MEASURED,
    PANICS,
    PEAK_LEFT,
    PEAK_RIGHT,
    RACK,
    SLOT_PEAK,
    Shared,
    write_ring,
)
from livevae.engine.measures import Measures
from livevae.engine.measuring import Measured, rows_since
from livevae.engine.mixer import Mixer
from livevae.engine.racks import Racks
from livevae.engine.recorder import open_sound, write_sound
from livevae.engine.server import PyoServer
from livevae.engine.timing import Grid
from livevae.errors import LivevaeError
from livevae.model.info import ModelInfo, file_digest
from livevae.model.mover import MoverSpec
from livevae.model.moving import Mover
from livevae.model.opening import open_model
from livevae.model.runner import Model, flushed_denormals

Audio = NDArray[np.float32]

DELAY = 4096
"""Buffering delay of every slot (server samples) unless a model needs more; removed from what `run` gives."""
LARGEST_BLOCK = 1024
_TENDED = 16 * TICK
"""Samples between two looks for effects that have rung out."""


class OfflineEngine:
    """Renders as fast as the machine can. See `interface.Engine`; `run` takes the place of a clock.

    `inputs` (samples, channels) or (samples,) stands in for the audio inputs of the machine, silence after its end.
    `outputs` are what `run` gives: the first two are the master, and voices on others are not heard.

    Sound does not depend on `block`. `seed` fixes the noise that models draw. Only one offline engine can be open in a
    process at a time (pyo has one server).
    """

    def __init__(
        self,
        *,
        rate: int = 48000,
        block: int = 256,
        inputs: Audio | None = None,
        outputs: int = 2,
        seed: int = 0,
        threads: int = 1,
    ) -> None:
        if not 2 <= outputs <= MAX_OUTPUTS:
            raise LivevaeError(f"{outputs} outputs: there are from 2 to {MAX_OUTPUTS}")
        if not 1 <= block <= LARGEST_BLOCK:
            raise LivevaeError(f"a block of {block} samples is outside 1 .. {LARGEST_BLOCK}")
        self.on_event: Callable[[Event], None] | None = None
        self.on_block: Callable[[int], None] | None = None
        """Called with the time at which a block begins, before anything is computed for it: what changes, changes here.
        """
        self.outputs = MAX_OUTPUTS
        self._threads = threads
        self._input = np.zeros((0, 1), np.float32) if inputs is None else np.asarray(inputs, np.float32)
        if self._input.ndim == 1:
            self._input = self._input[:, None]
        self.inputs = MAX_INPUTS
        self._shared = Shared.create()
        self._server = PyoServer("manual", EngineOptions(rate=rate, block=block, output_channels=outputs))
        self.rate, self.block = self._server.rate, self._server.block
        captured = np.zeros((min(MAX_INPUTS, self._input.shape[1]), block), np.float32)
        self._mixer = Mixer(
            self._shared, self.rate, block, captured, self._server.captured.array, self._server.bus.array
        )
        self._mixer.on_captured = self._take
        self._lanes = AskedLanes()
        self._racks = Racks(self._shared, self._server, self._lanes, listen=self._hear_input, threaded=False)
        self._racks.on_trouble = self._effect_failed
        self._mixer.racks = self._racks
        self._measures = Measures(self._shared, self._server, threaded=False)
        self._fill: Fill | None = None
        self._models: dict[str, tuple[Model, Grid]] = {}
        self._hosts: list[tuple[str, Host]] = []
        self._slots: dict[int, tuple[Host, SlotInfo]] = {}
        self._delay = DELAY
        self._out: list[Audio] = []
        self._kept = 0
        self._to_skip: int | None = None
        self._recording: tuple[Path, SoundFile] | None = None
        torch.manual_seed(seed)
        self._failure: BaseException | None = None
        self._server.start(self._block)

    def attach(self, fill: Fill) -> None:
        self._fill = fill

    def attach_ticks(self, fill: TickFill) -> None:
        self._lanes.fill = fill

    def set_chain(self, rack: int, generation: int, chain: Chain) -> int:
        return self._racks.set(rack, generation, prepared_chain(chain, self.rate))

    def set_rack(self, slot: int, rack: int | None) -> None:
        self._shared.slot_words[slot, RACK] = 0 if rack is None else rack + 1

    def set_outputs(self, voice: int, outputs: tuple[int, ...], at: int) -> None:
        self._racks.route(voice, outputs, at)

    def hear(self, voice: int, source: Source) -> None:
        self._racks.hear(input_rack(voice), source)

    def refresh(self) -> None:
        """Nothing to do: rows are asked for when they are consumed."""

    def open_model(self, path: Path, *, rate: int | None = None, chunk: int | None = None) -> ModelInfo:
        path = Path(path).expanduser()
        digest = file_digest(path)
        opened = self._models.get(digest)
        if opened is not None:
            return opened[0].info
        state = torch.get_rng_state()
        model = open_model(path, sample_rate=rate, threads=self._threads)
        model.measure_delay()
        torch.set_rng_state(state)
        model_rate = model.info.sample_rate
        if model_rate is None:
            raise LivevaeError(f"{path} does not say its sample rate: give it with rate=48000")
        grid = Grid(self.rate, model_rate, model.info.ratio, max(1, -(-(chunk or 0) // model.info.ratio)))
        needed = grid.delay(LARGEST_BLOCK, 0.0) + resampling_delay(self.rate, model_rate)
        if self._to_skip is None:
            self._delay = max(self._delay, needed)
        elif needed > self._delay:
            raise LivevaeError(f"{path}: open models with long chunks before the rendering begins")
        self._models[model.info.digest] = (model, grid)
        return model.info

    def open_slot(self, slot: int, model: str, source: Source) -> SlotInfo:
        opened, grid = self._models[model]
        self.close_slot(slot)
        if isinstance(source, Live) and source.channel < 1:
            raise LivevaeError(f"live({source.channel}): inputs are counted from 1")
        host = self._host_with_room(model, opened, grid)
        resampling = resampling_delay(self.rate, grid.model_rate)
        host.open(slot, source, self._delay - resampling, self._mixer.clock)
        made = SlotInfo.of(slot, opened.info, grid.frame_rate, self.rate, self._delay)
        self._slots[slot] = (host, made)
        return made

    def set_source(self, slot: int, source: Source) -> None:
        if slot not in self._slots:
            raise LivevaeError(f"slot {slot} is not open")
        self._slots[slot][0].set_source(slot, source)

    def close_slot(self, slot: int) -> None:
        host, _ = self._slots.pop(slot, (None, None))
        if host is not None:
            host.close(slot)

    def add_mover(self, slot: int, key: int, spec: MoverSpec) -> None:
        if slot not in self._slots:
            raise LivevaeError(f"slot {slot} is not open")
        self._slots[slot][0].add_mover(slot, key, Mover(spec))

    def reset(self, slot: int | None = None) -> None:
        for _, host in self._hosts:
            host.reset(slot)

    def panic(self) -> None:
        self._shared.words[PANICS] += 1

    def follow(self, sources: Sequence[int]) -> None:
        self._measures.follow(sources)

    def measured(self, source: int, since: int) -> tuple[int, Measured]:
        count = int(self._shared.words[MEASURED + source])
        return count, rows_since(self._shared.measures[source], count, since)

    def now(self) -> int:
        return self._mixer.clock

    def consumed(self, slot: int) -> int:
        return int(self._shared.slot_words[slot, CONSUMED])

    def status(self) -> Status:
        floats = self._shared.floats
        return Status(
            clock=self.now(),
            peaks=(float(floats[PEAK_LEFT]), float(floats[PEAK_RIGHT])),
            output_peaks=tuple(floats[PEAK_LEFT : PEAK_LEFT + len(self._mixer.bus)].tolist()),
            slot_peaks=tuple(float(peak) for peak in self._shared.slot_floats[:, SLOT_PEAK]),
            recording=None if self._recording is None else str(self._recording[0]),
            backend="offline",
        )

    def record(self, path: Path | None) -> None:
        if self._recording is not None:
            _, file = self._recording
            self._recording = None
            file.close()
        if path is not None:
            self._recording = (Path(path), open_sound(Path(path), self.rate, 2))

    def run(self, samples: int) -> Audio:
        """Render the next `samples` samples, shape (samples, outputs), the buffering delay already removed."""
        if self._to_skip is None:
            # What the master plays is captured one block later.
            self._to_skip = self._delay + self.block
        with flushed_denormals():
            while self._kept < samples:
                self._server.process()
                if self._failure is not None:
                    raise self._failure
        audio = np.concatenate(self._out, axis=1) if self._out else np.zeros((len(self._mixer.bus), 0), np.float32)
        self._out = [audio[:, samples:]]
        self._kept -= samples
        if self._recording is not None:
            self._record(*self._recording, audio[:2, :samples])
        return np.ascontiguousarray(audio[:, :samples].T)

    def close(self) -> None:
        self.record(None)
        self._server.stop([self._racks.close(), self._measures.close()])
        self._hosts.clear()
        self._slots.clear()
        self._models.clear()
        self.on_block = None
        self._lanes.fill = None
        self._mixer.on_captured = None  # it leads back here, and would keep the mapping until garbage is collected
        self._shared.close()

    # Controls: rows are asked for at the moment they are consumed.

    def read(self, slot: int, first: int, count: int, dims: int) -> Rows:
        self._shared.slot_words[slot, CONSUMED] = first + count
        if self._fill is None:
            return neutral(dims, count)
        return self._fill(slot, first, count)

    def _block(self) -> None:
        """Called by pyo, which prints what its callbacks raise and goes on: `run` raises it instead."""
        if self._failure is None:
            try:
                self._compute()
            except BaseException as error:
                self._failure = error

    def _compute(self) -> None:
        now = self._mixer.clock
        inputs = self._mixer.inputs
        inputs[:] = 0.0
        part = self._input[max(0, now - self.block) : max(0, now)].T
        inputs[:, : part.shape[1]] = part
        self._measures.block(now, inputs)
        if self.on_block is not None:
            self.on_block(now)
        self._server.captured.pull()
        # At times that do not depend on the size of a block.
        if now // _TENDED != (now - self.block) // _TENDED:
            self._racks.tend()
        if self._racks.busy:
            self._racks.take(now)
        # The same order as live: what is complete now is computed before this block sounds.
        write_ring(self._shared.inputs[: len(inputs)], now - self.block, inputs)
        self._shared.words[CLOCK] = now
        for _, host in self._hosts:
            host.run(now)
        self._mixer.block()
        self._server.bus.push()

    def _hear_input(self, channel: int, time: int, out: Audio) -> None:
        out[:] = 0.0
        heard = self._input[time : time + out.shape[1], channel - 1 : channel - 1 + len(out)].T
        out[: len(heard), : heard.shape[1]] = heard

    def _take(self, block: Audio) -> None:
        if self._to_skip is None:
            return
        skipped = min(self._to_skip, block.shape[1])
        self._to_skip -= skipped
        if skipped < block.shape[1]:
            self._out.append(block[:, skipped:].copy())
            self._kept += block.shape[1] - skipped

    def _record(self, path: Path, file: SoundFile, audio: Audio) -> None:
        try:
            write_sound(file, audio)
        except (LibsndfileError, OSError) as error:
            self._recording = None
            if self.on_event is not None:
                self.on_event(Event("recorder", f"recording to {path} ended: {error}"))

    def _host_with_room(self, digest: str, model: Model, grid: Grid) -> Host:
        for own, host in self._hosts:
            if own == digest and (model.info.batched or not host.slots):
                return host
        used = any(own == digest for own, _ in self._hosts)
        host = Host(
            model.instance() if used else model,
            grid,
            self._shared,
            self,
            threaded=False,
            on_nan=self._nan,
            on_trouble=self._trouble,
        )
        self._hosts.append((digest, host))
        return host

    def _trouble(self, slot: int, message: str) -> None:
        if self.on_event is not None:
            self.on_event(Event("mover", message, slot))

    def _effect_failed(self, rack: int, message: str) -> None:
        if self.on_event is not None:
            self.on_event(Event("effect", message, rack=rack))

    def _nan(self, slot: int) -> None:
        if self.on_event is not None:
            self.on_event(Event("nan", "the model gave sound that is not finite: it was reset", slot))
