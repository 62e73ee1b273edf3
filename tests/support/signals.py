"""Signals that can be predicted to the sample, the control rows that play them, and what is broken about them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import gcd
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from livevae.engine.frames import Rows, columns, neutral
from support.models import identity, save

RATE = 48000


@dataclass(frozen=True)
class Sine:
    """A sine of a whole number of hertz from the latents of an identity model of this ratio."""

    hertz: int
    ratio: int
    level: float
    pan: float = 0.0

    def rows(self) -> Rows:
        """Control rows of one period in frames, shape (period, width)."""
        period = RATE // gcd(RATE, self.hertz * self.ratio)
        samples = np.arange(period * self.ratio, dtype=np.int64)
        wave = np.sin(2 * np.pi * ((samples * self.hertz) % RATE) / RATE) * self.level
        rows = neutral(self.ratio, period)
        at = columns(self.ratio)
        rows[:, at.bias] = wave.reshape(period, self.ratio)
        rows[:, at.amp] = 1.0
        rows[:, at.pan] = self.pan
        return rows


def through(dims: int, *, mix: float = 1.0, pan: float = 0.0) -> Rows:
    """One row that lets a live input through unchanged, shape (1, width)."""
    rows = neutral(dims, 1)
    at = columns(dims)
    rows[:, at.gain] = 1.0
    rows[:, at.amp] = 1.0
    rows[:, at.mix] = mix
    rows[:, at.pan] = pan
    return rows


def filler(tables: Mapping[int, Rows]) -> Callable[[int, int, int], Rows]:
    """A fill that plays precomputed rows round and round, a table for each slot; as cheap as a fill can be."""

    def fill(slot: int, first: int, count: int) -> Rows:
        table = tables[slot]
        return table[np.arange(first, first + count) % len(table)]

    return fill


def identity_file(folder: Path, ratio: int) -> Path:
    """A model file that passes audio through in frames of `ratio` samples."""
    return save(identity(ratio), folder / f"identity{ratio}.ts")


def breaks(audio: NDArray[np.float32], hertz: int, level: float) -> list[int]:
    """Samples at which `audio` (samples,) is not the sine it was; those within 256 samples of another count once.

    Three neighbouring samples of a sine add up to nothing when weighted 1, -2 cos w, 1: what is left over is a break.
    A sine that is not there at all is one break at 0.
    """
    weight = 2 * np.cos(2 * np.pi * hertz / RATE)
    found: list[int] = []
    step = 1 << 20
    for start in range(0, len(audio), step):
        part = audio[max(0, start - 2) : start + step].astype(np.float64)
        rest = np.abs(part[2:] - weight * part[1:-1] + part[:-2])
        # Where the recorder itself was not run there is NaN, which is no number below the threshold.
        for at in np.flatnonzero(~(rest < 1e-3 * level)) + max(0, start - 2) + 2:
            if not found or at - found[-1] > 256:
                found.append(int(at))
    loud = int(np.count_nonzero(np.abs(np.nan_to_num(audio)) > 0.9 * level))
    return found if loud > len(audio) // 20 else [0, *found]


def noise(seconds: float, level: float = 0.3, seed: int = 0) -> NDArray[np.float32]:
    """White noise in -level .. level, shape (samples,)."""
    return np.random.default_rng(seed).uniform(-level, level, round(seconds * RATE)).astype(np.float32)


def lag_of(sound: NDArray[np.float32], inside: NDArray[np.float32]) -> int:
    """Where `sound` begins in `inside` (may be negative), by correlation."""
    size = 1 << (len(sound) + len(inside) - 1).bit_length()
    product = np.fft.rfft(np.nan_to_num(inside), size) * np.conj(np.fft.rfft(np.nan_to_num(sound), size))
    at = int(np.argmax(np.fft.irfft(product, size)))
    return at if at < len(inside) else at - size
