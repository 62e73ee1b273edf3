"""An engine that makes no sound: it consumes control rows as a real one does, and keeps them to be looked at."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from livevae.engine.effects import Chain, TickFill
from livevae.engine.frames import Rows, joined, width
from livevae.engine.impulse import prepared_chain
from livevae.engine.interface import Event, Fill, SlotInfo, Source, Status
from livevae.engine.layout import MAX_INPUTS, MAX_OUTPUTS
from livevae.engine.measuring import COLUMNS, Measured
from livevae.errors import LivevaeError
from livevae.model.info import ModelInfo, file_digest
from livevae.model.mover import MoverSpec


@dataclass
class DrySlot:
    """A stream: what it is, the frame it was opened at, and every row it has consumed since."""

    slot: int
    info: SlotInfo
    source: Source
    first: int
    taken: list[Rows] = field(default_factory=list)
    movers: dict[int, MoverSpec] = field(default_factory=dict)
    count: int = 0
    """Frames consumed so far."""

    def take(self, rows: Rows) -> None:
        """Consume the next frames."""
        self.taken.append(rows)
        self.count += len(rows)

    @property
    def rows(self) -> Rows:
        """What it consumed, `(frames, 2 * D + 4)`; see `frames.columns`."""
        return joined(self.taken) if self.taken else np.zeros((0, width(self.info.dims)), np.float32)


class DryEngine:
    """See `interface.Engine`. `run` moves its clock; no model computes, so hours pass in seconds.

    `slots` are the open streams, `closed` those that were closed, each with its rows. Models are opened to be
    described only, each in `describe(path, rate) -> ModelInfo`.
    """

    def __init__(
        self, describe: Callable[[Path, int | None], ModelInfo] | None = None, *, rate: int = 48000, block: int = 256
    ) -> None:
        self.rate, self.block, self.inputs, self.outputs = rate, block, MAX_INPUTS, MAX_OUTPUTS
        self.on_event: Callable[[Event], None] | None = None
        self.slots: dict[int, DrySlot] = {}
        self.closed: list[DrySlot] = []
        self._describe = _opened if describe is None else describe
        self._models: dict[str, ModelInfo] = {}
        self._fill: Fill | None = None
        self._time = 0

    def attach(self, fill: Fill) -> None:
        self._fill = fill

    def attach_ticks(self, fill: TickFill) -> None:
        """Nothing to do: there are no effects."""

    def set_chain(self, rack: int, generation: int, chain: Chain) -> int:
        prepared_chain(chain, self.rate)  # a file that cannot be read is to be found here too
        return 0

    def set_rack(self, slot: int, rack: int | None) -> None:
        """Nothing to do: there are no effects."""

    def set_outputs(self, voice: int, outputs: tuple[int, ...], at: int) -> None:
        """Nothing to do: there is no sound."""

    def hear(self, voice: int, source: Source) -> None:
        """Nothing to do: there is no sound."""

    def refresh(self) -> None:
        """Nothing to do: rows are asked for when they are consumed."""

    def open_model(self, path: Path, *, rate: int | None = None, chunk: int | None = None) -> ModelInfo:
        digest = file_digest(Path(path).expanduser())
        if digest not in self._models:
            info = self._describe(Path(path).expanduser(), rate)
            if info.sample_rate is None:
                raise LivevaeError(f"{path} does not say its sample rate: give it with rate=48000")
            self._models[digest] = self._models[info.digest] = info
        return self._models[digest]

    def open_slot(self, slot: int, model: str, source: Source) -> SlotInfo:
        self.close_slot(slot)
        info = self._models[model]
        frame_rate = (info.sample_rate or self.rate) / info.ratio
        made = SlotInfo.of(slot, info, frame_rate, self.rate, 0)
        self.slots[slot] = DrySlot(slot, made, source, math.ceil(self._time / self.rate * frame_rate))
        return made

    def set_source(self, slot: int, source: Source) -> None:
        self.slots[slot].source = source

    def close_slot(self, slot: int) -> None:
        found = self.slots.pop(slot, None)
        if found is not None:
            self.closed.append(found)

    def add_mover(self, slot: int, key: int, spec: MoverSpec) -> None:
        self.slots[slot].movers[key] = spec

    def reset(self, slot: int | None = None) -> None:
        """Nothing to do: there is no state."""

    def panic(self) -> None:
        """Nothing to do: there is no sound."""

    def follow(self, sources: Sequence[int]) -> None:
        """Nothing to do: there is no sound."""

    def measured(self, source: int, since: int) -> tuple[int, Measured]:
        return 0, np.zeros((0, COLUMNS))

    def now(self) -> int:
        return self._time

    def consumed(self, slot: int) -> int:
        found = self.slots[slot]
        return found.first + found.count

    def status(self) -> Status:
        return Status(clock=self._time, backend="offline")

    def record(self, path: Path | None) -> None:
        if path is not None:
            raise LivevaeError(f"nothing is heard here, so {path} cannot be recorded: render the piece instead.")

    def close(self) -> None:
        """Nothing is open."""

    def run(self, samples: int) -> None:
        """Let `samples` samples pass: every stream consumes the frames that are complete by then."""
        self._time += samples
        for slot, stream in list(self.slots.items()):
            due = int(self._time / self.rate * stream.info.frame_rate) - self.consumed(slot)
            if due > 0 and self._fill is not None:
                stream.take(self._fill(slot, self.consumed(slot), due))


def _opened(path: Path, rate: int | None) -> ModelInfo:
    from livevae.model.opening import open_model  # torch, and only where a file is really looked at

    return open_model(path, sample_rate=rate, fast=False).info
