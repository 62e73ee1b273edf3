"""A model and the slots that stream through it: whatever is ready at a given server time is computed.

Used by the model host's process, which waits for wake-ups, and by the offline engine, which calls `run` itself. Voices
that share the model are rows of one batched call.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

import numpy as np
import torch

from livevae.engine.controls import BankReader, Controls
from livevae.engine.frames import Rows, columns, sides
from livevae.engine.interface import Source
from livevae.engine.layout import ACTIVE, OUTPUT_LENGTH, PANICS, SKIPPED, Shared
from livevae.engine.movers import Movers
from livevae.engine.sources import Reader, reader_for
from livevae.engine.stream import Stream
from livevae.engine.timing import Grid
from livevae.errors import LivevaeError
from livevae.model.moving import Mover
from livevae.model.resample import RealTimeResampler
from livevae.model.runner import Model

BATCHES: Final = (1, 2, 4, 8, 16, 32)
"""Batch sizes that are warmed and used; rows beyond the voices compute silence, which costs next to nothing."""
HOPELESS: Final = 8
"""Chunks of lag beyond which the host gives up what it missed and goes on with the present."""
PATIENCE: Final = 8192
"""Samples of the server that are never given up: one block may complete many short chunks at once."""


def resampling_delay(rate: int, model_rate: int) -> int:
    """What the resamplers to the model and back add to the buffering delay, in server samples; 0 at equal rates."""
    if rate == model_rate:
        return 0
    to_model = RealTimeResampler(rate, model_rate).latency
    return -(-to_model * rate // model_rate) + RealTimeResampler(model_rate, rate).latency


def group_sizes(chunk: int, rate: int, model_rate: int, block: int) -> tuple[int, ...]:
    """How many chunks may be computed in one call: as many as one block of the server can complete."""
    most = max(1, -(-block * model_rate // (chunk * rate)))
    return tuple(sorted({1, most, max(1, most - 1)}))


LONGEST: Final = OUTPUT_LENGTH // 2
"""Samples that a chunk and the delay may take together, so that the rings hold all that is still to be heard."""


class Host:
    """The slots of one model. Not thread safe: `run` and the changes of slots belong to one thread."""

    def __init__(
        self,
        model: Model,
        grid: Grid,
        shared: Shared,
        controls: Controls,
        *,
        threaded: bool,
        groups: tuple[int, ...] = (1,),
        on_nan: Callable[[int], None] = lambda slot: None,
        on_trouble: Callable[[int, str], None] = lambda slot, text: None,
    ) -> None:
        self.model = model
        self.grid = grid
        self._shared = shared
        self._controls = controls
        self._threaded = threaded
        self._groups = groups
        self._on_nan = on_nan
        self._on_trouble = on_trouble
        self._streams: dict[int, Stream] = {}
        self._waiting: dict[int, Movers] = {}
        self._next = 0
        self._panics = int(shared.words[PANICS])
        info = model.info
        self._dims = info.latent_size if "decode" in info.methods and info.latent_size else 0
        self._encodes = bool(info.in_channels) and (not self._dims or "encode" in info.methods)
        most = max(groups)
        rows = BATCHES[-1] if info.batched else 1
        self._x = np.zeros((rows, max(1, info.in_channels), grid.chunk * most), np.float32)
        self._z = np.zeros((rows, self._dims, grid.frames * most), np.float32)
        delay_inside = info.delay_samples or 0
        self._dry_delay = round(delay_inside * grid.rate / grid.model_rate) + resampling_delay(
            grid.rate, grid.model_rate
        )

    @property
    def slots(self) -> tuple[int, ...]:
        """The slots that stream through this model."""
        return tuple(self._streams)

    def warm(self, batches: tuple[int, ...] = BATCHES) -> None:
        """Call every shape that may occur, so that none is slow when it is heard; then forget."""
        rows = batches if self.model.info.batched else (1,)
        self.model.warm(rows, [self.grid.frames * group for group in self._groups])

    def open(self, slot: int, source: Source, delay: int, time: int) -> None:
        """Start a stream in `slot` with the next chunk, heard `delay` samples after its input.

        Raises LivevaeError where the source cannot be read or no row of the model is free.
        """
        span = self.grid.start(1) + delay
        if span > LONGEST:
            raise LivevaeError(
                f"{self.model.info.name} computes {self.grid.chunk} samples at once: that is more than the engine holds"
            )
        reader = self._reader(source)
        self.close(slot)
        if not self._streams:
            self._next = max(self._next, self.grid.complete(time))
        row = self._free_row("row")
        info = self.model.info
        stream = Stream(
            slot=slot,
            shared=self._shared,
            grid=self.grid,
            dims=self._dims,
            in_channels=info.in_channels,
            out_channels=info.out_channels,
            delay=delay,
            dry_delay=self._dry_delay,
            row=row,
            first_chunk=self._next,
            discrete=info.discrete,
            told=partial(self._on_trouble, slot),
        )
        self._streams[slot] = stream
        waiting = self._waiting.pop(slot, None)
        if waiting is not None:
            stream.movers.take(waiting)
        stream.reader = reader
        self._attach(stream, reader)
        self._forget(stream)
        if isinstance(self._controls, BankReader):
            self._controls.forget(slot)
        self._shared.slot_words[slot, SKIPPED] = 0
        self._shared.slot_words[slot, ACTIVE] = 1

    def set_source(self, slot: int, source: Source) -> None:
        """Feed the slot from elsewhere. Raises LivevaeError where the source cannot be read: then nothing changes."""
        stream = self._streams.get(slot)
        if stream is not None:
            reader = self._reader(source)
            stream.hear(reader)
            self._attach(stream, reader)

    def add_mover(self, slot: int, key: int, mover: Mover, drop: Sequence[int] = ()) -> None:
        """Let the rows of a slot name a mover, and forget those that they will not name again.

        For a slot that is not open it waits until it is. Raises LivevaeError where it does not fit the model: then
        nothing changes.
        """
        stream = self._streams.get(slot)
        movers = self._waiting.setdefault(slot, Movers(self._dims)) if stream is None else stream.movers
        movers.add(key, mover)
        for old in drop:
            movers.drop(old)

    def close(self, slot: int) -> None:
        """End the stream in `slot`."""
        self._shared.slot_words[slot, ACTIVE] = 0
        stream = self._streams.pop(slot, None)
        if stream is not None:
            stream.close()

    def reset(self, slot: int | None = None) -> None:
        """Forget what the stream (or every stream) holds of earlier sound."""
        for stream in self._streams.values():
            if slot is None or stream.slot == slot:
                self._forget(stream)
                stream.cut()

    def ready(self) -> int | None:
        """The server time from which there is something to compute; None while no slot is open."""
        return self.grid.ready(self._next) if self._streams else None

    def run(self, time: int) -> int:
        """Compute every chunk whose input is complete at server time `time`; gives the number of chunks."""
        self._heed_panic()
        complete = self.grid.complete(time)
        if not self._streams:
            self._next = max(self._next, complete)
            return 0
        if complete - self._next > HOPELESS and time - self.grid.ready(self._next) > PATIENCE:
            missed = complete - self._next - 1
            self._next += missed
            for stream in self._streams.values():
                stream.skip_to(self._next)
                self._shared.slot_words[stream.slot, SKIPPED] += missed
        done = 0
        while self._next < complete:
            count = max(size for size in self._groups if size <= complete - self._next)
            self._compute(count)
            self._next += count
            done += count
        return done

    def _compute(self, count: int) -> None:
        streams = list(self._streams.values())
        first = self._next * self.grid.frames
        samples = self.grid.chunk * count
        rows = {s.slot: self._controls.read(s.slot, first, self.grid.frames * count, self._dims) for s in streams}
        for stream in streams:
            self._widen(stream, rows[stream.slot])
        hearing = [s for s in streams if s.encode_row is not None or not self._dims]
        for stream in streams:
            if stream.encode_row is None and self._dims:
                stream.take_nothing(self._next, count)
        heard = self._hear(hearing, count, samples) if self._encodes else None
        y = self._decode(streams, rows, first, count, heard) if self._dims else self._effect(heard, samples)
        if self._heed_panic():
            for held in rows.values():
                held[:, columns(self._dims).amp] = 0.0
        for stream in hearing:
            if stream.reader is None:
                stream.encode_row = None  # its input has faded out
        for stream in streams:
            other = None if stream.twin_row is None else y[stream.twin_row]
            if not stream.emit(self._next, count, y[stream.row], rows[stream.slot], other):
                self._forget(stream)
                self._on_nan(stream.slot)

    def _hear(self, hearing: list[Stream], count: int, samples: int) -> torch.Tensor | None:
        """The input of those streams, gathered, at their encode rows (for an effect: at their rows)."""
        if not hearing:
            return None
        at = [s.encode_row if self._dims and s.encode_row is not None else s.row for s in hearing]
        x = self._x[: _batch(max(at)), :, :samples]
        x[:] = 0.0
        for stream, row in zip(hearing, at, strict=True):
            stream.take_input(self._next, count, x[row])
        return torch.from_numpy(np.ascontiguousarray(x))

    def _decode(
        self, streams: list[Stream], rows: dict[int, Rows], first: int, count: int, heard: torch.Tensor | None
    ) -> np.ndarray:
        live = None
        if heard is not None:
            live = self.model.encode(heard).numpy()
            finite = np.isfinite(live).all(axis=(1, 2))
            if not finite.all():
                live = np.nan_to_num(live, nan=0.0, posinf=0.0, neginf=0.0)
                self.model.reset(np.flatnonzero(~finite).tolist(), part="encode")
        last = max(max(s.row, s.row if s.twin_row is None else s.twin_row) for s in streams)
        z = self._z[: _batch(last), :, : self.grid.frames * count]
        z[:] = 0.0
        for s in streams:
            own = None if live is None or s.encode_row is None else live[s.encode_row].T
            z[s.row] = s.latents(first, rows[s.slot], own)
            if s.twin_row is not None:
                z[s.twin_row] = z[s.row]
                wide = sides(self._dims, rows[s.slot])
                if wide is not None:
                    z[s.row] += wide[0].T
                    z[s.twin_row] -= wide[0].T
        y: np.ndarray = self.model.decode(torch.from_numpy(np.ascontiguousarray(z))).numpy()
        return y

    def _widen(self, stream: Stream, rows: Rows) -> None:
        """Give a stream a second row while its frames are wide: it begins as the first one is."""
        wide = self.model.info.batched and sides(self._dims, rows) is not None
        if wide and stream.twin_row is None:
            stream.twin_row = self._other_row()
            if stream.twin_row is not None:
                self.model.copy(stream.row, stream.twin_row, part="decode")
        elif not wide and not stream.wide:
            stream.twin_row = None

    def _other_row(self) -> int | None:
        try:
            return self._free_row("row")
        except LivevaeError:
            return None  # it stays as narrow as it was

    def _effect(self, heard: torch.Tensor | None, samples: int) -> np.ndarray:
        if heard is None:
            raise LivevaeError(f"{self.model.info.name} takes no audio and no latents")
        y: np.ndarray = self.model.forward(heard).numpy()
        return y

    def _reader(self, source: Source) -> Reader | None:
        channels = max(1, self.model.info.in_channels)
        return reader_for(source, self._shared, self.grid.rate, channels, threaded=self._threaded)

    def _attach(self, stream: Stream, reader: Reader | None) -> None:
        if not self._dims:
            return
        if reader is not None and self._encodes and stream.encode_row is None:
            stream.listen(self._free_row("encode_row"), self._next)
            self.model.reset([stream.encode_row or 0], part="encode")

    def _free_row(self, kind: str) -> int:
        taken = {getattr(s, kind) for s in self._streams.values()}
        if kind == "row":
            taken |= {s.twin_row for s in self._streams.values()}
        free = [row for row in range(len(self._x)) if row not in taken]
        if not free:
            raise LivevaeError(f"{self.model.info.name} has no room for another voice")
        return free[0]

    def _heed_panic(self) -> bool:
        """Forget everything where the performer called for silence since this was last asked."""
        panics = int(self._shared.words[PANICS])
        if panics == self._panics:
            return False
        self._panics = panics
        for stream in self._streams.values():
            self._forget(stream)
            stream.silence()
        return True

    def _forget(self, stream: Stream) -> None:
        part = "decode" if self._dims else None
        if self.model.info.batched:
            self.model.reset([stream.row], part=part)
            if stream.twin_row is not None:
                self.model.reset([stream.twin_row], part=part)
            if stream.encode_row is not None:
                self.model.reset([stream.encode_row], part="encode")
        else:
            self.model.reset()


def _batch(last_row: int) -> int:
    """The smallest warmed batch that holds row `last_row`."""
    return next(size for size in BATCHES if size > last_row)
