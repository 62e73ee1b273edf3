"""A replay that is heard: into a sound file, faster than real time, or live."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np

from livevae.engine.interface import Engine
from livevae.engine.offline import LARGEST_BLOCK, OfflineEngine
from livevae.engine.stand_in import read_input
from livevae.errors import LivevaeError
from livevae.latent import Library
from livevae.performance.message import Message
from livevae.performance.performance import Performance
from livevae.performance.render import check_output, known_library, sound_file
from livevae.performance.replay import Replay, Script, check_models, replaying, script

AHEAD_SECONDS: Final = 0.5
"""A live replay begins so much later than it is started, so that its first frames are in time."""

_EARLY_SECONDS: Final = 0.1
"""Live, things are done so much before they are heard: what took the performer no time may take some now."""

Told = Callable[[Message], None]


def render_journal(
    journal: str | Path,
    out: str | Path,
    *,
    start: float = 0.0,
    end: float | None = None,
    input: Path | None = None,  # noqa: A002 - what the performer calls it
    library: Library | None = None,
    on_message: Told | None = None,
    on_progress: Callable[[float], None] | None = None,
    on_rows: Callable[[Replay, OfflineEngine], None] | None = None,
) -> float:
    """Play a journal into the WAV or FLAC file `out`, from second `start` to second `end`; gives the length in seconds.

    The control frames are those that were heard. `input` is a sound file that stands in for the microphone from the
    beginning of the performance on. `on_rows` is told of the engine before anything is played. Nothing is left at
    `out` when it fails. Raises LivevaeError where the journal, a model or a file does not work.
    """
    what = script(journal)
    first, last = _range(what, start, end)
    target = Path(out).expanduser().resolve()
    check_output(target)
    check_models(what)
    heard = None if input is None else read_input(Path(input).expanduser(), what.rate)
    block = min(int(what.start["block"]), LARGEST_BLOCK)
    engine = OfflineEngine(rate=what.rate, block=block, inputs=heard, seed=int(what.start["seed"]))
    try:
        with known_library(library) as known, replaying(what, engine, known, on_message=on_message) as (stage, replay):
            watch = _Inputs(stage, heard is not None)

            def block_begins(now: int) -> None:
                if replay.due(now):
                    watch()

            engine.on_block = block_begins
            if on_rows is not None:
                on_rows(replay, engine)
            _write(engine, target, first, last, what.rate, on_progress)
    finally:
        engine.close()
    return (last - first) / what.rate


def play_journal(
    journal: str | Path,
    engine: Engine,
    *,
    start: float = 0.0,
    end: float | None = None,
    library: Library | None = None,
    on_message: Told | None = None,
    on_second: Callable[[float, float], None] | None = None,
) -> None:
    """Play a journal on a live engine, from second `start` to second `end`; returns when it is over.

    What happened before `start` is done at once, so that everything stands as it did. `on_second(now, length)` is told
    how far it is. Raises LivevaeError where the journal, a model or a recording does not work.
    """
    what = script(journal)
    first, last = _range(what, start, end)
    if engine.rate != what.rate:
        raise LivevaeError(f"it was played at {what.rate} Hz, and this engine runs at {engine.rate}: add --rate.")
    check_models(what)
    with known_library(library) as known:
        # The models are opened before the time of the beginning is known.
        for entry in what.models.values():
            engine.open_model(Path(entry["path"]), rate=entry["rate"])
        shift = engine.now() / engine.rate + AHEAD_SECONDS - first / what.rate
        with replaying(what, engine, known, shift=shift, on_message=on_message) as (stage, replay):
            watch = _Inputs(stage, given=True)
            while (second := engine.now() / engine.rate - shift) < last / what.rate:
                if replay.due(round((second + shift + _EARLY_SECONDS) * what.rate)):
                    watch()
                    engine.refresh()
                if on_second is not None:
                    on_second(max(second, 0.0), what.seconds)
                time.sleep(0.01)
            stage.panic()


class _Inputs:
    """Tells once that a live input is heard which nobody recorded."""

    def __init__(self, stage: Performance, given: bool) -> None:
        self._stage = stage
        self._told = given

    def __call__(self) -> None:
        if not self._told and self._stage.hears_live:
            self._told = True
            said = "a live input was played, and its sound is not in the journal: give it with --input FILE."
            self._stage.report("warning", said)


def _range(what: Script, start: float, end: float | None) -> tuple[int, int]:
    """From which sample to which."""
    until = what.seconds if end is None else end
    for name, value in (("from", start), ("until", until)):
        if not (math.isfinite(value) and value >= 0):
            raise LivevaeError(f"--{name} is a number of seconds, 0 or more, not {value}.")
    if start >= until or start >= what.seconds:
        raise LivevaeError(f"there is nothing from {start:g} s to {until:g} s: it lasts {what.seconds:.1f} s.")
    return round(start * what.rate), round(until * what.rate)


def _write(
    engine: OfflineEngine, out: Path, first: int, last: int, rate: int, on_progress: Callable[[float], None] | None
) -> None:
    """Run the engine up to sample `last`, a second at a time, and write what comes from `first` on."""
    with sound_file(out, rate, 2) as file:
        done = 0
        while done < last:
            count = min(rate, (first if done < first else last) - done)
            sound = engine.run(count)
            if done >= first:
                file.write(np.clip(sound, -1.0, 1.0))
            done += count
            if on_progress is not None:
                on_progress(done / last)
