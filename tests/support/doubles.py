"""An engine without sound and a library without models, for tests of the performer's side in virtual time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from livevae.engine.effects import Chain, TickFill
from livevae.engine.frames import Rows, branches, columns, joined, width
from livevae.engine.interface import Event, Fill, SlotInfo, Source, Status
from livevae.engine.measuring import COLUMNS, Measured
from livevae.errors import LivevaeError
from livevae.latent import Trajectory
from livevae.model.info import ModelInfo, file_digest
from livevae.model.mover import MoverSpec

RATE = 48000
RATIO = 480


@dataclass
class Slot:
    """An open slot and every row it has consumed."""

    info: SlotInfo
    source: Source
    first: int
    rows: list[Rows]
    movers: dict[int, MoverSpec] = field(default_factory=dict)


class RecordingEngine:
    """Implements the Engine protocol on a clock that `advance` moves; logs every call with its time in samples.

    Every model has 4 dimensions and 100 frames a second, so that frames, seconds and cycles meet on round numbers.
    """

    def __init__(self, dims: int = 4, inputs: int = 2, model_delay: int | None = None) -> None:
        self.rate, self.block, self.inputs, self.outputs = RATE, 480, inputs, 2
        self.on_event: Callable[[Event], None] | None = None
        self.log: list[tuple[int, str, Any]] = []
        self.slots: dict[int, Slot] = {}
        self.closed: list[tuple[int, Slot]] = []
        self.time = 0
        self.dims = {"": dims}
        self.refuse: str | None = None
        self.refuse_movers: str | None = None
        self._fill: Fill | None = None
        self._model_delay = model_delay

    def attach(self, fill: Fill) -> None:
        self._fill = fill

    def refresh(self) -> None:
        self._note("refresh")

    def attach_ticks(self, fill: TickFill) -> None:
        self.ticks = fill

    def set_chain(self, rack: int, generation: int, chain: Chain) -> int:
        self._note("set_chain", (rack, generation, chain))
        return 0

    def set_rack(self, slot: int, rack: int | None) -> None:
        self._note("set_rack", (slot, rack))

    def set_outputs(self, voice: int, outputs: tuple[int, ...], at: int) -> None:
        self._note("set_outputs", (voice, outputs, at))

    def hear(self, voice: int, source: Source) -> None:
        self._note("hear", (voice, source))

    def open_model(self, path: Path, *, rate: int | None = None, chunk: int | None = None) -> ModelInfo:
        if "damaged" in path.name:
            raise LivevaeError(f"{path.name} is damaged")
        self._note("open_model", path.name)
        dims = int(path.stem.rpartition("_")[2]) if "_" in path.stem else self.dims[""]
        return ModelInfo(
            path=str(path),
            name=path.stem,
            sample_rate=RATE,
            ratio=RATIO,
            latent_size=dims,
            full_latent_size=dims,
            in_channels=1,
            out_channels=1,
            methods={},
            digest=f"{dims}:{file_digest(path)}",
            has_latents=dims > 0,
        )

    def open_slot(self, slot: int, model: str, source: Source) -> SlotInfo:
        if self.refuse is not None:
            raise LivevaeError(self.refuse)
        self._note("open_slot", (slot, source))
        dims = int(model.partition(":")[0])
        info = SlotInfo(slot, model, dims, RATE / RATIO, RATIO, RATE, 960, self._model_delay, dims > 0)
        self.slots[slot] = Slot(info, source, self.time // RATIO, [])
        return info

    def set_source(self, slot: int, source: Source) -> None:
        self._note("set_source", (slot, source))
        self.slots[slot].source = source

    def close_slot(self, slot: int) -> None:
        self._note("close_slot", slot)
        self.closed.append((slot, self.slots.pop(slot)))

    def add_mover(self, slot: int, key: int, spec: MoverSpec) -> None:
        if self.refuse_movers is not None:
            raise LivevaeError(self.refuse_movers)
        self.slots[slot].movers[key] = spec

    def reset(self, slot: int | None = None) -> None:
        self._note("reset", slot)

    def panic(self) -> None:
        self._note("panic")

    def follow(self, sources: Sequence[int]) -> None:
        self._note("follow", tuple(sources))

    def measured(self, source: int, since: int) -> tuple[int, Measured]:
        return 0, np.zeros((0, COLUMNS))

    def now(self) -> int:
        return self.time

    def consumed(self, slot: int) -> int:
        opened = self.slots[slot]
        return opened.first + sum(len(rows) for rows in opened.rows)

    def status(self) -> Status:
        return Status(clock=self.time)

    def record(self, path: Path | None) -> None:
        self._note("record", path)

    def close(self) -> None:
        self._note("close")

    def advance(self, seconds: float, chunk: int = 5) -> None:
        """Move the clock on and consume the frames that pass, `chunk` at a time."""
        assert self._fill is not None
        end = self.time + round(seconds * RATE)
        while self.time < end:
            self.time = min(end, self.time + chunk * RATIO)
            for slot, opened in list(self.slots.items()):
                first = self.consumed(slot)
                count = self.time // RATIO - first
                if count > 0:
                    rows = self._fill(slot, first, count)
                    assert len(rows) == count
                    assert branches(opened.info.dims, rows.shape[1]) is not None
                    assert rows.dtype == np.float32
                    assert np.isfinite(rows).all()
                    opened.rows.append(rows.copy())

    def calls(self, name: str) -> list[tuple[int, Any]]:
        """When a call was made, and with what."""
        return [(time, what) for time, called, what in self.log if called == name]

    def _note(self, name: str, what: Any = None) -> None:
        self.log.append((self.time, name, what))


class Played:
    """What one slot of a RecordingEngine consumed, by name and by second."""

    def __init__(self, slot: Slot) -> None:
        self.first = slot.first
        self.rows = joined(slot.rows) if slot.rows else np.zeros((0, width(slot.info.dims)), np.float32)
        at = columns(slot.info.dims)
        self.gain, self.bias = self.rows[:, at.gain], self.rows[:, at.bias]
        self.lag, self.amp = self.rows[:, at.lag], self.rows[:, at.amp]
        self.pan, self.mix = self.rows[:, at.pan], self.rows[:, at.mix]

    def frame(self, second: float) -> int:
        """Which row stands for this second."""
        return round(second * RATE / RATIO) - self.first


class FakeLibrary:
    """Recordings that are a point: `names` maps each to the number that all of its latents are. Those that ship have
    the mean 10 and the spread 2."""

    def __init__(self, **names: float) -> None:
        self.points = dict(names)
        self.asked: list[tuple[str, bool]] = []
        self.missing: set[str] = set()
        self.on_ready: Callable[[str], None] | None = None
        self.on_progress: Callable[[str, float], None] | None = None

    def names(self) -> list[str]:
        return sorted(self.points)

    def trajectory(self, ref: str, model: ModelInfo, wait: bool) -> Trajectory | None:
        name = getattr(ref, "name", str(ref))
        self.asked.append((name, wait))
        if name not in self.points:
            raise LivevaeError(f"there is no recording {name!r}: add some with recordings(folder).")
        if name in self.missing and not wait:
            return None
        frames = np.full((50, model.latent_size), self.points[name], np.float32)
        return Trajectory(frames, RATE / RATIO, name)

    def shipped(self, model: ModelInfo) -> Iterator[Trajectory]:
        self.asked.append(("shipped", True))
        for number in (8.0, 12.0):
            yield Trajectory(np.full((50, model.latent_size), number, np.float32), RATE / RATIO)
