"""What is kept beside a model about how it is being trained: what was asked for, and how far it has come.

No torch here: the prompt reads it to know what it would go on with. It is a JSON file in the run's folder.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from livevae.errors import LivevaeError
from livevae.training.config import TrainConfig

_FILE = "training.json"
_SIZES = ("preset", "latents", "ratio", "channels", "start")
"""What a checkpoint cannot be resumed with when it is another."""
_BY_THE_WAY = ("resume", "device", "threads", "half", "save_every", "validate_every", "listening")
"""What makes no other model, or hardly."""


@dataclass(frozen=True)
class Record:
    """What was asked for (`plain` of a config) and how far it has come: minutes, steps, distance in dB where that was
    measured, and whether it is done.
    """

    asked: Mapping[str, Any]
    minutes: float = 0.0
    step: int = 0
    distance: float | None = None
    done: bool = False

    def differs(self, config: TrainConfig) -> dict[str, Any]:
        """Why it cannot be gone on with as `config` wants it: what was asked for then, by name. Empty where it can."""
        wanted = plain(config)
        return {name: self.asked.get(name) for name in _SIZES if self.asked.get(name) != wanted[name]}

    def fulfils(self, config: TrainConfig) -> bool:
        """Is this what `config` wants, and done?"""
        return self.done and _essence(self.asked) == _essence(plain(config))


def same(first: TrainConfig, second: TrainConfig) -> bool:
    """Do both make the same model?"""
    return _essence(plain(first)) == _essence(plain(second))


def plain(config: TrainConfig) -> dict[str, Any]:
    """A config as what JSON can hold."""
    facts: dict[str, Any] = json.loads(json.dumps(asdict(config), default=str))
    return facts


def config_of(facts: Mapping[str, Any]) -> TrainConfig:
    """The config that `plain` gave these facts of. Raises LivevaeError for settings that cannot be."""
    held_out, start = facts["held_out"], facts["start"]
    paths = {
        "folders": tuple(map(Path, facts["folders"])),
        "output": Path(facts["output"]),
        "held_out": None if held_out is None else tuple(held_out),
        "start": None if start is None else Path(start),
    }
    return TrainConfig(**{**facts, **paths})


def read(folder: Path) -> Record | None:
    """The record in a run's folder; None where there is none that can be read."""
    try:
        return Record(**json.loads((folder / _FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def write(folder: Path, record: Record) -> None:
    """Keep a record, whole or not at all. Raises LivevaeError where it cannot be written."""
    part = folder / f".{_FILE}.new"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps(asdict(record), indent=1), encoding="utf-8")
        os.replace(part, folder / _FILE)
    except OSError as error:
        raise LivevaeError(f"{folder} cannot be written to: {error.strerror or error}.") from None


def _essence(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if name not in _BY_THE_WAY}
