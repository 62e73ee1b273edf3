"""What a performance writes down beside what is typed, so that it can be replayed frame by frame."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Final

from livevae import __version__
from livevae.engine.frames import Rows
from livevae.engine.interface import Engine
from livevae.latent import Library
from livevae.model.info import ModelInfo
from livevae.performance.part import Revert
from livevae.performance.settings import ModelRef
from livevae.performance.stage import Stage
from livevae.performance.stamps import Stamps

MARK_SECONDS: Final = 5.0
"""How often the time is written down when nothing happens, so that a journal of a killed process knows its length."""

Log = Callable[..., None]


class Chronicle:
    """Listens to a stage and writes with `log(kind, **facts)`.

    `start` is the first entry: the machine, the model, the seed, the recordings, and where relative paths begin.
    """

    def __init__(self, log: Log, engine: Engine, library: Library, stage: Stage, seed: int) -> None:
        self._log = log
        self._marked = time.monotonic()
        log(
            "start",
            version=__version__,
            rate=engine.rate,
            block=engine.block,
            inputs=engine.inputs,
            seed=seed,
            margin=stage.margin,
            model=str(stage.default.path),
            model_rate=stage.default.rate,
            folder=os.getcwd(),
            recordings=_recordings(library),
        )
        stage.stamps = Stamps(lambda by, second: log("apply", by=by, now=second))
        stage.on_closed = lambda slots: log("close", slots=list(slots))
        stage.on_model = self._opened
        tell_late = getattr(engine, "tell_late", None)
        if tell_late is not None:
            tell_late(self._late)

    def reverted(self, voice: str, revert: Revert | None, message: str) -> None:
        """Something was taken back while it played."""
        if revert is not None:
            self._log("revert", voice=voice, message=message, **asdict(revert))

    def mark(self) -> None:
        """Write the time down now and then; to be called a few times a second."""
        now = time.monotonic()
        if now - self._marked >= MARK_SECONDS:
            self._marked = now
            self._log("time")

    def end(self) -> None:
        """The performance ends here."""
        self._log("end")

    def _late(self, slot: int, frames: list[int], rows: Rows) -> None:
        """Frames that were read before a change could reach them: a replay takes them as they were."""
        # Shortest decimals that give the same float32 again.
        exact = [[float(str(number)) for number in row] for row in rows]
        self._log("late", later=True, slot=slot, frames=frames, rows=exact)

    def _opened(self, ref: ModelRef, info: ModelInfo) -> None:
        self._log("model", path=str(ref.path), rate=ref.rate, digest=info.digest)


def _recordings(library: Library) -> dict[str, Any]:
    path = getattr(library, "path", None)
    return {} if path is None else {name: str(path(name)) for name in library.names()}
