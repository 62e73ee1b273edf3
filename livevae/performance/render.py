"""A piece as a sound file: played by an engine without a clock, faster than real time and always the same."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
import soundfile
from numpy.typing import NDArray
from platformdirs import user_cache_dir

from livevae import control
from livevae.engine.frames import Rows
from livevae.engine.interface import Engine, Fill
from livevae.engine.offline import OfflineEngine
from livevae.engine.stand_in import read_input
from livevae.errors import LivevaeError
from livevae.latent import Encoder, Library
from livevae.latent.whole import whole
from livevae.performance.message import Message
from livevae.performance.performance import Performance
from livevae.performance.piece import Piece
from livevae.resources import default_model, sounds_dir

DEFAULT_CYCLES: Final = 16.0
_SUBTYPE: Final = "PCM_24"
_FORMATS: Final = (".wav", ".flac")

Audio = NDArray[np.float32]


def render(
    piece: Path,
    out: Path,
    *,
    seconds: float | None = None,
    cycles: float | None = None,
    start: str | None = None,
    seed: int = 0,
    model: Path | None = None,
    input: Path | None = None,  # noqa: A002 - what the performer calls it
    rate: int = 48000,
    block: int = 256,
    channels: int = 2,
    library: Library | None = None,
    on_message: Callable[[Message], None] | None = None,
    on_progress: Callable[[float], None] | None = None,
) -> float:
    """Play `piece` into the WAV or FLAC file `out` (24 bit, `rate` Hz) and give its length in seconds.

    The file is the master, outputs 1 and 2, or as many outputs as `channels` says (16; 8 in a FLAC file).

    It lasts `seconds`, or `cycles`; when neither is given as long as its form, and 16 cycles where that is not known.
    `start` is the cue at which it begins. `input` is a sound file that stands in for the
    microphone, from the beginning, once. The same piece, seed and files give the same samples on every run. Without a
    `library` the recordings that ship are known. Nothing is left at `out` when it fails. Raises LivevaeError where the
    piece, the model or a file does not work.
    """
    out = Path(out).expanduser()
    check_output(out)
    _check(seconds, cycles)
    if channels > 8 and out.suffix.lower() == ".flac":
        raise LivevaeError(f"a FLAC file holds 8 channels, not {channels}: render to a .wav file.")
    heard = None if input is None else read_input(Path(input).expanduser(), rate)
    engine = OfflineEngine(rate=rate, block=block, inputs=heard, outputs=channels, seed=seed)
    # A knob of this machine must not be heard in a file that is to be the same everywhere.
    control.use(None)
    with known_library(library) as known:
        performance = Performance(engine, known, default_model=model or default_model(), seed=seed, live=False)
        performance.on_message = on_message
        performance.alone()
        try:
            Piece(performance, piece).load(start)
            if cycles is None:
                cycles = performance.conductor.length()
            engine.on_block = Driver(engine, performance)
            # Asked again and again: the tempo may change on the way.
            length = partial(until, performance, seconds, cycles)
            _write(engine, out, length, rate, channels, on_progress)
            return length()
        finally:
            engine.close()
            performance.close()


class Driver:
    """Takes the place of the keeper: does what is planned, at times that do not depend on the size of a block.

    To be called with the engine's sample before each block, of at most `STEP` samples.
    """

    STEP: Final = 1024
    """Samples from one look to the next."""
    TICK: Final = 12 * STEP

    def __init__(self, engine: Engine, performance: Performance) -> None:
        self._engine = engine
        self._performance = performance
        self._ahead = _Ahead(performance.fill)
        self._ticks = _Ahead(performance.fill_ticks)
        self._next = 0
        engine.attach(self._ahead)
        engine.attach_ticks(self._ticks)

    def __call__(self, now: int) -> None:
        while self._next <= now:
            # One block may complete frames up to its end, and the next look is a step later.
            changed = self._performance.advance((self._next + 2 * self.STEP) / self._engine.rate)
            if self._next % self.TICK == 0:
                self._performance.tick()  # it closes what is silent, which changes nothing that is heard
            if changed:
                self._ahead.forget()
                self._ticks.forget()
            self._next += self.STEP


class _Ahead:
    """Rows of a performance, found for many frames at once instead of one by one; until something changes."""

    FRAMES: Final = 64

    def __init__(self, fill: Fill) -> None:
        self._fill = fill
        self._found: dict[int, tuple[int, Rows]] = {}

    def forget(self) -> None:
        """Ask again for what is still to come."""
        self._found.clear()

    def __call__(self, slot: int, first: int, count: int) -> Rows:
        start, rows = self._found.get(slot, (first, None))
        if rows is None or first < start or first + count > start + len(rows):
            start, rows = first, self._fill(slot, first, max(count, self.FRAMES))
            self._found[slot] = (start, rows)
        return rows[first - start : first - start + count].copy()


def until(performance: Performance, seconds: float | None, cycles: float | None) -> float:
    """The second at which it ends, as far as the tempo is known now."""
    if seconds is not None:
        return seconds
    return float(performance.clock.seconds([DEFAULT_CYCLES if cycles is None else cycles])[0])


def check_output(out: Path) -> None:
    """Raises LivevaeError unless sound can be written to this file."""
    if out.suffix.lower() not in _FORMATS:
        raise LivevaeError(f"a piece is rendered to a .wav or .flac file, not to {out.name!r}.")
    if not out.parent.is_dir():
        raise LivevaeError(f"there is no folder {out.parent}: make it first, or render elsewhere.")


def _check(seconds: float | None, cycles: float | None) -> None:
    if seconds is not None and cycles is not None:
        raise LivevaeError("give the length in seconds or in cycles, not in both.")
    for name, value in (("seconds", seconds), ("cycles", cycles)):
        if value is not None and not (math.isfinite(value) and value > 0):
            raise LivevaeError(f"the length in {name} must be a number above 0, not {value}.")


@contextmanager
def known_library(given: Library | None) -> Iterator[Library]:
    """`given`, or a library of the recordings that ship, for as long as it lasts."""
    if given is not None:
        yield given
        return
    library = Library(Path(user_cache_dir("livevae", appauthor=False)), Encoder())
    try:
        library.add_folder(sounds_dir())
        yield library
    finally:
        library.close()


def _write(
    engine: OfflineEngine,
    out: Path,
    length: Callable[[], float],
    rate: int,
    channels: int,
    on_progress: Callable[[float], None] | None,
) -> None:
    """Run the engine for `length()` seconds, one at a time, into a file that appears when it is whole."""
    with sound_file(out, rate, channels) as file:
        done = 0
        while (samples := round(length() * rate)) > done:
            count = min(rate, samples - done)
            file.write(np.clip(engine.run(count), -1.0, 1.0))
            done += count
            if on_progress is not None:
                on_progress(min(1.0, done / max(1, round(length() * rate))))


@contextmanager
def sound_file(out: Path, rate: int, channels: int) -> Iterator[soundfile.SoundFile]:
    """A WAV or FLAC file of 24 bits that appears when it is whole. Raises LivevaeError where it cannot be written."""
    try:
        with (
            whole(out) as part,
            soundfile.SoundFile(part, "w", rate, channels, _SUBTYPE, format=out.suffix[1:].upper()) as file,
        ):
            yield file
    # A short write, as on a full disk, is an AssertionError in soundfile.
    except (soundfile.LibsndfileError, OSError, AssertionError) as error:
        raise LivevaeError(f"{out} cannot be written: {str(error).rstrip('.') or 'the disk is full'}.") from None
