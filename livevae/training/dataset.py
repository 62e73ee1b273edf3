"""Recordings in memory."""

from __future__ import annotations

import time
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
"""Mono (n,), or stereo (2, n), in -1..1."""

_NAMES = "wav wave flac ogg oga opus mp3 aif aiff aifc caf au snd w64 rf64 wavex avr ircam sf nist sph paf pvf svx 8svx"
SUFFIXES = frozenset(f".{name}" for name in f"{_NAMES} iff voc wve xi sds mat htk mpc sd2".split())
SHORTEST = 1024  # samples; anything shorter is no recording
HELD_OUT_ONE_IN = 14
SILENCE = 1e-3  # of full scale, -60 dB: what stays under it is silence ...
REST = 0.3  # ... of which no more than so many seconds are kept in one place
TOLD_EVERY = 2.0  # seconds


@dataclass(frozen=True)
class Recordings:
    """Recordings at one rate by name, those to train on apart from those only measured."""

    training: dict[str, Audio]
    held_out: dict[str, Audio]
    skipped: tuple[str, ...]


def load_recordings(
    folders: Sequence[Path],
    sample_rate: int,
    held_out: Sequence[str] | None = None,
    report: Callable[[str], None] = print,
    channels: int = 1,
) -> Recordings:
    """Every recording under `folders` (files are taken too), as `channels` channels and resampled to `sample_rate`.

    `held_out` names recordings (stems) to keep from training; None holds out about one in 14 by a hash of the name.
    Long silences in what is trained on are cut short; what is held out stays as it is. Damaged, empty, silent and very
    short files are reported, one line each, and skipped.
    Raises LivevaeError when a folder is missing or nothing usable is found.
    """
    training: dict[str, Audio] = {}
    kept: dict[str, Audio] = {}
    skipped: list[str] = []
    paths = _find(folders)
    told = time.monotonic()
    for number, path in enumerate(paths):
        if time.monotonic() - told > TOLD_EVERY:
            report(f"Reading recordings: {number} of {len(paths)}")
            told = time.monotonic()
        out = path.stem in held_out if held_out is not None else _hash_holds_out(path.stem)
        try:
            audio = _load(path, sample_rate, channels)
            if not out:
                audio = without_silence(audio, sample_rate)
        except (soundfile.LibsndfileError, OSError, LivevaeError) as error:
            skipped.append(str(path))
            report(f"Skipped {path}: {error}")
            continue
        group = kept if out else training
        group[_free_name(path.stem, group)] = audio
    if not training and not kept:
        where = ", ".join(str(folder) for folder in folders)
        raise LivevaeError(f"There is no usable recording in {where}: give a folder with WAV, FLAC, OGG or MP3 files.")
    if not training:  # too few recordings to hold any out
        training, kept = {name: without_silence(audio, sample_rate) for name, audio in kept.items()}, {}
    return Recordings(training, kept, tuple(skipped))


def without_silence(audio: Audio, sample_rate: int) -> Audio:
    """The recording with each stretch under SILENCE cut to REST seconds. Raises LivevaeError where nothing is louder.

    What is kept of a stretch is its beginning, where a sound dies away, and as much as a frame before the next sound.
    """
    hop = sample_rate // 100
    peaks = np.abs(np.atleast_2d(audio)).max(0)
    frames = np.pad(peaks, (0, -len(peaks) % hop)).reshape(-1, hop).max(1)
    loud = np.flatnonzero(frames > SILENCE)
    if not len(loud):
        raise LivevaeError("It is silent.")
    last = np.maximum.accumulate(np.where(frames > SILENCE, np.arange(len(frames)), -len(frames)))
    since = np.arange(len(frames)) - last
    keep = since <= round(REST * 100)
    keep[np.maximum(loud - 1, 0)] = True
    return np.ascontiguousarray(audio[..., np.repeat(keep, hop)[: len(peaks)]])


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


def _load(path: Path, sample_rate: int, channels: int) -> Audio:
    audio, rate = soundfile.read(path, dtype="float32", always_2d=True)
    if not np.all(np.isfinite(audio)):
        raise LivevaeError("It holds values that are no numbers.")
    if channels == 1 or audio.shape[1] != channels:
        # More channels than two have no left and right that could be known: all of them sound from the middle.
        audio = np.repeat(audio.mean(1, keepdims=True), channels, 1)
    if rate != sample_rate:
        audio = soxr.resample(audio, rate, sample_rate).astype(np.float32)
    if len(audio) < SHORTEST:
        raise LivevaeError(f"It is too short ({len(audio) / sample_rate * 1000:.0f} ms).")
    return np.ascontiguousarray(audio[:, 0] if channels == 1 else audio.T)


def _hash_holds_out(name: str) -> bool:
    return zlib.crc32(name.encode()) % HELD_OUT_ONE_IN == 0


def _free_name(stem: str, taken: dict[str, Audio]) -> str:
    name, number = stem, 2
    while name in taken:
        name, number = f"{stem}-{number}", number + 1
    return name
