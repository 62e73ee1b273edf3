"""Recordings in memory, and random segments of them."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from livevae.errors import LivevaeError

Audio = NDArray[np.float32]

SUFFIXES = frozenset({".wav", ".flac", ".ogg", ".aif", ".aiff", ".mp3", ".opus", ".caf", ".au"})
GAP = 0.15  # seconds of silence after each recording, so that endings and rests are learned
SHORTEST = 1024  # samples; anything shorter is no recording
HELD_OUT_ONE_IN = 14


@dataclass(frozen=True)
class Recordings:
    """Mono recordings at one rate by name, those to train on apart from those only measured."""

    training: dict[str, Audio]
    held_out: dict[str, Audio]
    skipped: tuple[str, ...]


def load_recordings(
    folders: Sequence[Path],
    sample_rate: int,
    held_out: Sequence[str] | None = None,
    report: Callable[[str], None] = print,
) -> Recordings:
    """Every recording under `folders` (files are taken too), mixed to mono and resampled to `sample_rate`.

    `held_out` names recordings (stems) to keep from training; None holds out about one in 14 by a hash of the name.
    Damaged, empty and very short files are reported, one line each, and skipped.
    Raises LivevaeError when a folder is missing or nothing usable is found.
    """
    training: dict[str, Audio] = {}
    kept: dict[str, Audio] = {}
    skipped: list[str] = []
    for path in _find(folders):
        try:
            audio = _load(path, sample_rate)
        except (soundfile.LibsndfileError, OSError, LivevaeError) as error:
            skipped.append(str(path))
            report(f"Skipped {path}: {error}")
            continue
        out = path.stem in held_out if held_out is not None else _hash_holds_out(path.stem)
        group = kept if out else training
        group[_free_name(path.stem, group)] = audio
    if not training and not kept:
        where = ", ".join(str(folder) for folder in folders)
        raise LivevaeError(f"There is no usable recording in {where}: give a folder with WAV, FLAC, OGG or MP3 files.")
    if not training:  # too few recordings to hold any out
        training, kept = kept, {}
    return Recordings(training, kept, tuple(skipped))


class Segments:
    """Random, varied segments of a set of recordings. All randomness comes from the generator passed in."""

    def __init__(self, recordings: dict[str, Audio], length: int, sample_rate: int) -> None:
        """`length` in samples. Raises LivevaeError when all recordings together are shorter than one segment."""
        gap = np.zeros(int(GAP * sample_rate), np.float32)
        total = sum(len(audio) for audio in recordings.values())
        if total < length:
            raise LivevaeError(
                f"The recordings are too short to train on: {total / sample_rate:.2f} s in all, "
                f"and one training segment is {length / sample_rate:.2f} s; add more or longer recordings."
            )
        self._audio = np.concatenate([part for audio in recordings.values() for part in (audio, gap)])
        self.length = length
        self.seconds = total / sample_rate

    def draw(self, count: int, random: np.random.Generator) -> Audio:
        """`count` segments as (count, 1, length) in -1..1, each with its own gain, polarity and phase distortion."""
        batch = np.empty((count, 1, self.length), np.float32)
        for row in batch:
            start = int(random.integers(0, len(self._audio) - self.length + 1))
            row[0] = _vary(self._audio[start : start + self.length], random)
        return batch


def _vary(audio: Audio, random: np.random.Generator) -> Audio:
    """The same sound to the ear: an all-pass filter at a random frequency, a gain of -12 to +3 dB, either polarity."""
    gain = 10 ** (random.uniform(-12, 3) / 20) * random.choice([-1.0, 1.0])
    if random.random() < 0.8:
        audio = _all_pass(audio, float(np.exp(random.uniform(np.log(0.002), np.log(2.0)))), random.uniform(0.3, 0.97))
    peak = float(np.max(np.abs(audio)))
    if peak * abs(gain) > 1.0:
        gain = np.sign(gain) / peak
    return audio * np.float32(gain)


def _all_pass(audio: Audio, angle: float, radius: float) -> Audio:
    """A second-order all-pass filter with its poles at `radius` and +-`angle` (radians a sample)."""
    size = len(audio) + 2048  # room for the filter's tail, so that it does not wrap to the front
    delay = np.exp(-2j * np.pi * np.arange(size // 2 + 1) / size)
    first, second = -2 * radius * np.cos(angle), radius**2
    response = (second + first * delay + delay**2) / (1 + first * delay + second * delay**2)
    return np.fft.irfft(np.fft.rfft(audio, size) * response, size)[: len(audio)].astype(np.float32)


def _find(folders: Sequence[Path]) -> list[Path]:
    found: list[Path] = []
    for folder in folders:
        if folder.is_dir():
            found += sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
        elif folder.is_file():
            found.append(folder)
        else:
            raise LivevaeError(f"There is no folder {folder}: give the folder that holds your recordings.")
    return found


def _load(path: Path, sample_rate: int) -> Audio:
    audio, rate = soundfile.read(path, dtype="float32", always_2d=True)
    mono = np.ascontiguousarray(audio.mean(1))
    if not np.all(np.isfinite(mono)):
        raise LivevaeError("It holds values that are no numbers.")
    if rate != sample_rate:
        mono = soxr.resample(mono, rate, sample_rate).astype(np.float32)
    if len(mono) < SHORTEST:
        raise LivevaeError(f"It is too short ({len(mono) / sample_rate * 1000:.0f} ms).")
    return mono


def _hash_holds_out(name: str) -> bool:
    return zlib.crc32(name.encode()) % HELD_OUT_ONE_IN == 0


def _free_name(stem: str, taken: dict[str, Audio]) -> str:
    name, number = stem, 2
    while name in taken:
        name, number = f"{stem}-{number}", number + 1
    return name
