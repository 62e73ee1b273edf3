"""Impulse responses, prepared by the performer's side so that the engine's process has nothing long to do."""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from livevae.engine.effects import Chain
from livevae.errors import LivevaeError

HEAD: Final = 256
"""Samples by which convolved sound is late: the partitions of the first piece."""
FIRST: Final = 3 * HEAD
"""Samples in the first piece; the rest is computed in partitions four times as long, and meets it without a gap."""
PIECE: Final = 12288
"""Samples in each further piece: none takes the engine long to take in."""
LONGEST: Final = 10.0
"""Seconds of a file that are used."""


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    # In memory where that is possible: the engine reads them while it holds the interpreter.
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    return tempfile.TemporaryDirectory(prefix="livevae-impulses-", dir=memory)


def read_impulse(path: Path, rate: int) -> NDArray[np.float32]:
    """The file as `(n, 2)` at `rate` Hz, as loud as its input on average, less the silence at its ends.

    Raises LivevaeError where it cannot be read or is silent.
    """
    try:
        sound, own = soundfile.read(path, dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, OSError) as error:
        raise LivevaeError(f"the impulse response {path} cannot be read as sound ({error}).") from None
    sound = sound[:, [0, min(1, sound.shape[1] - 1)]]
    if own != rate:
        sound = soxr.resample(sound, own, rate)
    loud = np.abs(sound).max(axis=1) if len(sound) else np.zeros(0)
    heard = np.flatnonzero(loud > 1e-4 * loud.max(initial=0.0))
    if not len(heard):
        raise LivevaeError(f"the impulse response {path} is silent.")
    sound = sound[heard[0] : min(heard[-1] + 1, heard[0] + int(LONGEST * rate))]
    # White noise comes out as loud as it went in.
    energy = float(np.sqrt((sound.astype(np.float64) ** 2).sum(axis=0).mean()))
    return np.ascontiguousarray(sound / energy, np.float32)


def prepared(path: str | Path, rate: int) -> Path:
    """A folder with the pieces of an impulse response as the engine takes them in. Raises LivevaeError."""
    file = Path(path).expanduser().resolve()
    try:
        stamp = file.stat().st_mtime_ns
    except OSError as error:
        raise LivevaeError(f"the impulse response {path} cannot be read: {error.strerror or error}.") from None
    return _prepared(file, stamp, rate)


@cache
def _prepared(file: Path, stamp: int, rate: int) -> Path:
    sound = read_impulse(file, rate)
    folder = Path(tempfile.mkdtemp(dir=_folder().name))
    starts = [0, *range(FIRST, len(sound), PIECE)]
    for number, (start, end) in enumerate(zip(starts, [*starts[1:], len(sound)], strict=True)):
        soundfile.write(folder / f"{number:04}.wav", sound[start:end], rate, subtype="FLOAT")
    return folder


def prepared_chain(chain: Chain, rate: int) -> Chain:
    """The same chain with its impulse responses prepared. Raises LivevaeError."""
    made = []
    for effect in chain:
        file = effect.values.get("file")
        if effect.code is None and isinstance(file, str) and effect.name == "convolve":
            effect = replace(effect, values={**effect.values, "file": str(prepared(file, rate))})
        made.append(effect)
    return tuple(made)
