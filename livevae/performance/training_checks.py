"""What a performer asks of a training: which of it can be seen to be wrong at once, and how it is typed again."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from livevae.errors import LivevaeError
from livevae.training.adapting import BATCH, MINUTES
from livevae.training.config import TrainConfig
from livevae.training.finding import SUFFIXES
from livevae.training.record import Record

TRAIN_MINUTES: Final[float] = 60

_MOST_FILES: Final = 5000
"""Looked at while the performer waits; what is further down is found by the training itself."""
_SHAPING: Final = ("preset", "latents", "ratio", "regularisation", "beta", "patience", "seed")


def spare_cores() -> int:
    """How many threads a training takes: fewer than half the cores, since two often share what computes."""
    mine = getattr(os, "sched_getaffinity", None)
    cores = len(mine(0)) if mine is not None else os.cpu_count() or 1
    return max(1, cores // 2 - 1)


def call_of(config: TrainConfig, default: Path) -> str:
    """What a performer types for a run; `default` is the model that `adapt` goes on from without being told.

    >>> call_of(TrainConfig((Path("sounds"),), Path("mine.ts"), "tiny", minutes=5), Path("default.ts"))
    'train("sounds", "mine", minutes=5, preset="tiny")'
    """
    word, usual = ("train", TRAIN_MINUTES) if config.start is None else ("adapt", MINUTES)
    folders = [_short(folder) for folder in config.folders]
    words = [json.dumps(folders[0] if len(folders) == 1 else folders), json.dumps(config.output.stem)]
    if config.minutes is None:
        words.append(f"steps={config.steps}")
    elif config.minutes != usual:
        words.append(f"minutes={config.minutes:g}")
    if config.start is not None and config.start != default:
        words.append(f"model={json.dumps(_short(config.start))}")
    plain = TrainConfig(config.folders, config.output)
    words += [
        f"{name}={json.dumps(getattr(config, name))}"
        for name in _SHAPING
        if getattr(config, name) != getattr(plain, name)
    ]
    if config.batch not in (None, BATCH if config.start is not None else None):
        words.append(f"batch={config.batch}")
    if config.channels == 2:
        words.append("stereo=True")
    if config.held_out:
        words.append(f"held_out={json.dumps(list(config.held_out))}")
    return f"{word}({', '.join(words)})"


def _short(path: Path) -> str:
    home = Path.home()
    return f"~/{path.relative_to(home)}" if path != home and path.is_relative_to(home) else str(path)


def check_recordings(folders: Sequence[Path]) -> None:
    """Raises LivevaeError where there is no folder, or, as far as that is soon seen, no sound file in them."""
    for folder in folders:
        if not folder.exists():
            raise LivevaeError(f"there is no folder {folder}: give the one that holds your recordings.")
    looked = 0
    for folder in folders:
        if folder.is_file():
            return
        for _, _, files in os.walk(folder, followlinks=True):
            looked += len(files) + 1
            if looked > _MOST_FILES or any(Path(name).suffix.lower() in SUFFIXES for name in files):
                return
    where = ", ".join(map(str, folders))
    raise LivevaeError(f"there is no sound file in {where}: give a folder with WAV, FLAC, OGG or MP3 files.")


def check_unchanged(name: str, record: Record | None, config: TrainConfig) -> None:
    """Raises LivevaeError where a run that was begun is another one than is asked for now."""
    other = {} if record is None else record.differs(config)
    if "start" in other:
        begun = "by train()" if other["start"] is None else f"from {Path(other['start']).name} by adapt()"
        raise LivevaeError(f"{name} was begun {begun}: go on like that, or choose another name.")
    if other:
        was = ", ".join(f"{what}={json.dumps(value)}" for what, value in other.items())
        raise LivevaeError(f"{name} was begun with {was}: go on like that, or choose another name.")


def number(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise LivevaeError(f"{name} is a number, not {value!r}.")
    return float(value)


def whole_number(name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise LivevaeError(f"{name} is a whole number of 1 or more, not {value!r}.")
    return value


def names_of(names: object) -> tuple[str, ...]:
    if isinstance(names, str) or not isinstance(names, Sequence) or not all(isinstance(name, str) for name in names):
        raise LivevaeError(f'held_out is a list of names of recordings, as in ["choir", "bell"], not {names!r}.')
    return tuple(names)
