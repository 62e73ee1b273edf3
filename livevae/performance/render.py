"""A piece as a sound file: played by an engine without a clock, faster than real time and always the same."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray
from platformdirs import user_cache_dir

from livevae import control
from livevae.engine.frames import Rows
from livevae.engine.interface import Fill
from livevae.engine.offline import OfflineEngine
from livevae.errors import LivevaeError
from livevae.latent import Encoder, Library
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
    seed: int = 0,
    model: Path | None = None,
    input: Path | None = None,  # noqa: A002 - what the performer calls it
    rate: int = 48000,
    block: int = 256,
    library: Library | None = None,
    on_message: Callable[[Message], None] | None = None,
    on_progress: Callable[[float], None] | None = None,
) -> float:
    """Play `piece` into the WAV or FLAC file `out` (24 bit, stereo, `rate` Hz) and give its length in seconds.

    It lasts `seconds`, or `cycles` (16 when neither is given). `input` is a sound file that stands in for the
    microphone, from the beginning, once. The same piece, seed and files give the same samples on every run. Without a
    `library` the recordings that ship are known. Nothing is left at `out` when it fails. Raises LivevaeError where the
    piece, the model or a file does not work.
    """
    out = Path(out).expanduser()
    _check(out, seconds, cycles)
    heard = None if input is None else _read(Path(input).expanduser(), rate)
    engine = OfflineEngine(rate=rate, block=block, inputs=heard, seed=seed)
    # A knob of this machine must not be heard in a file that is to be the same everywhere.
    control.use(None)
    with _library(library) as known:
        performance = Performance(engine, known, default_model=model or default_model(), seed=seed, live=False)
        performance.on_message = on_message
        try:
            Piece(performance, piece).load()
            engine.attach(_Ahead(performance.fill))
            length = seconds if seconds is not None else _until(performance, cycles)
            _write(engine, out, round(length * rate), rate, on_progress)
        finally:
            engine.close()
            performance.close()
    return length


class _Ahead:
    """Rows of a performance in which nothing changes any more, found for many frames at once instead of one by one."""

    FRAMES: Final = 64

    def __init__(self, fill: Fill) -> None:
        self._fill = fill
        self._found: dict[int, tuple[int, Rows]] = {}

    def __call__(self, slot: int, first: int, count: int) -> Rows:
        start, rows = self._found.get(slot, (first, None))
        if rows is None or first < start or first + count > start + len(rows):
            start, rows = first, self._fill(slot, first, max(count, self.FRAMES))
            self._found[slot] = (start, rows)
        return rows[first - start : first - start + count].copy()


def _until(performance: Performance, cycles: float | None) -> float:
    return float(performance.clock.seconds([DEFAULT_CYCLES if cycles is None else cycles])[0])


def _check(out: Path, seconds: float | None, cycles: float | None) -> None:
    if out.suffix.lower() not in _FORMATS:
        raise LivevaeError(f"a piece is rendered to a .wav or .flac file, not to {out.name!r}.")
    if not out.parent.is_dir():
        raise LivevaeError(f"there is no folder {out.parent}: make it first, or render elsewhere.")
    if seconds is not None and cycles is not None:
        raise LivevaeError("give the length in seconds or in cycles, not in both.")
    for name, value in (("seconds", seconds), ("cycles", cycles)):
        if value is not None and not (math.isfinite(value) and value > 0):
            raise LivevaeError(f"the length in {name} must be a number above 0, not {value}.")


@contextmanager
def _library(given: Library | None) -> Iterator[Library]:
    if given is not None:
        yield given
        return
    library = Library(Path(user_cache_dir("livevae", appauthor=False)), Encoder())
    try:
        library.add_folder(sounds_dir())
        yield library
    finally:
        library.close()


def _read(path: Path, rate: int) -> Audio:
    """A sound file as `(samples, channels)` at `rate` Hz."""
    try:
        sound, own = soundfile.read(path, dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, OSError):
        raise LivevaeError(f"the input {path} cannot be read as sound: name a WAV, FLAC, OGG or MP3 file.") from None
    if own != rate:
        sound = soxr.resample(sound, own, rate)
    return np.asarray(sound, np.float32)


def _write(
    engine: OfflineEngine, out: Path, samples: int, rate: int, on_progress: Callable[[float], None] | None
) -> None:
    """Run the engine for so many samples, a second at a time, into a file that appears when it is whole."""
    part = out.with_name(f".{out.stem}.part{out.suffix}")
    try:
        with soundfile.SoundFile(part, "w", rate, 2, _SUBTYPE) as file:
            done = 0
            while done < samples:
                count = min(rate, samples - done)
                file.write(np.clip(engine.run(count), -1.0, 1.0))
                done += count
                if on_progress is not None:
                    on_progress(done / samples)
        part.replace(out)
    # A short write, as on a full disk, is an AssertionError in soundfile.
    except (soundfile.LibsndfileError, OSError, AssertionError) as error:
        raise LivevaeError(f"{out} cannot be written: {str(error).rstrip('.') or 'the disk is full'}.") from None
    finally:
        part.unlink(missing_ok=True)
