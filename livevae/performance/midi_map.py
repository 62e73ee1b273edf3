"""The map of knobs: which control moves what, as a table and as a file."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from platformdirs import user_config_dir

from livevae.control import Knob
from livevae.control.knobs import KnobNode, described
from livevae.control.messages import KINDS, check_channel, check_number, check_port
from livevae.control.reading import ENCODINGS, Encoder, Pickup, Reading, Where
from livevae.errors import LivevaeError
from livevae.latent.whole import whole
from livevae.pattern import Pattern
from livevae.pattern.node import Node
from livevae.performance.midi_targets import LEVELS, Target
from livevae.performance.settings import Settings

_END: Final = np.array([np.finfo(np.float64).max])
"""A second after all that was moved."""

_HEADINGS: Final = ("control", "port", "moves", "range", "now")
_LOOKS: Final = ("level", "velocity", "gate", "toggle", "bend", "program")


@dataclass(frozen=True)
class Row:
    """A control that moves something. `whole` is False where it is a part of a pattern."""

    reading: Reading
    target: str
    whole: bool
    now: float


@dataclass(frozen=True, repr=False)
class MidiMap:
    """All controls and what they move."""

    rows: tuple[Row, ...]

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        if not self.rows:
            return "no knobs are mapped: learn(v1.dim[0]), then touch one; or v1.dim[0] = cc(74).range(-3, 3)"
        lines = [_HEADINGS, *(_cells(row) for row in self.rows)]
        widths = [max(len(line[column]) for line in lines) for column in range(len(_HEADINGS))]
        return "\n".join(
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
        )


def _cells(row: Row) -> tuple[str, ...]:
    reading = row.reading
    plain = replace(reading, where=replace(reading.where, port=None), low=None, high=None, default=0.0, smooth=0.0)
    spread = "0 to 1" if reading.low is None else f"{reading.low:g} to {reading.high:g}"
    port = "any" if reading.where.port is None else reading.where.port
    return described(plain), port, row.target, spread if row.whole else "in a pattern", f"{row.now:.2f}"


def mapped(voices: Sequence[Settings]) -> MidiMap:
    """What the knobs move that are in the settings of all voices."""
    rows: list[Row] = []
    for index, settings in enumerate(voices):
        places: list[tuple[str, Any]] = [] if settings.z is None else [(f"v{index + 1}.z", settings.z)]
        places += [(str(Target(index, dim)), value) for dim, value in settings.dims.items()]
        places += [(str(Target(index, name)), getattr(settings, name)) for name in (*LEVELS, "speed")]
        for target, value in places:
            whole = isinstance(value.thing, Knob)
            rows += [Row(reading, target, whole, _now(reading)) for reading in knobs_in(value.thing)]
    return MidiMap(tuple(rows))


def knobs_in(thing: object) -> list[Reading]:
    """The controls that are read anywhere in a pattern."""
    if not isinstance(thing, Pattern):
        return []
    found: dict[Reading, None] = {}
    waiting: list[Node] = [thing._node]
    seen: set[int] = set()
    while waiting:
        node = waiting.pop()
        if id(node) not in seen:
            seen.add(id(node))
            if isinstance(node, KnobNode):
                found[node.reading] = None
            waiting += node.parts()
    return list(found)


def _now(reading: Reading) -> float:
    return float(reading.values(_END)[0])


# -- files


def map_folder() -> Path:
    """Where maps are kept that have a name only: `livevae/midi` under the platform's folder for settings."""
    return Path(user_config_dir("livevae", appauthor=False)) / "midi"


def map_path(name: object) -> Path:
    """The file of a map: a name alone is one in the folder of maps. Raises LivevaeError for what is no name."""
    if not isinstance(name, str | Path) or not str(name):
        raise LivevaeError(f'a map is named by its file, as in save_map("nano.toml"), not by {name!r}.')
    path = Path(name).expanduser()
    if path.suffix == "":
        path = path.with_suffix(".toml")
    return path if path.is_absolute() or path.parent != Path() else map_folder() / path


def to_text(rows: Sequence[Row]) -> str:
    """The rows that a file can hold, as TOML."""
    parts = ["# A map of knobs, written by livevae's save_map.\n"]
    for row in rows:
        reading, where = row.reading, row.reading.where
        facts: dict[str, Any] = {"target": row.target, "control": where.kind, "number": where.number}
        facts |= {
            "channel": where.channel,
            "port": where.port,
            "look": reading.look if reading.look != "level" else None,
        }
        facts |= {"low": reading.low, "high": reading.high, "curve": reading.curve or None}
        facts |= {"smooth": reading.smooth or None, "default": _level(reading)}
        following = reading.following
        if isinstance(following, Encoder):
            facts |= {"relative": following.encoding, "step": following.step}
        elif isinstance(following, Pickup):
            facts |= {"pickup": True}
        parts.append(
            "\n[[map]]\n" + "".join(f"{key} = {_toml(value)}\n" for key, value in facts.items() if value is not None)
        )
    return "".join(parts)


def _level(reading: Reading) -> float:
    """Where it stands now: what it begins with when the map is loaded."""
    return round(float(reading.level(_END)[0]), 6)


def _toml(value: object) -> str:
    # Strings, booleans and numbers are written in JSON as in TOML.
    return json.dumps(value, ensure_ascii=False)


def from_text(text: str, name: str, port: str | None = None) -> list[tuple[Target, Knob]]:
    """What a file says; with a `port` only what is for that one. Raises LivevaeError for one that is no map."""
    rows = _tables(text, name)
    try:
        return [_row(row) for row in rows if port is None or _is_for(row, port)]
    except (LivevaeError, KeyError, TypeError, ValueError, AttributeError) as error:
        said = f"a row has no {error}" if isinstance(error, KeyError) else str(error).rstrip(".")
        raise LivevaeError(f"{name} is no map: {said}.") from None


def kept_for(port: str, complain: Callable[[str], None]) -> str:
    """All maps among the settings that have a row for this port, as one text. Files that are no maps are told of."""
    folder = map_folder()
    parts = []
    for path in sorted(folder.glob("*.toml")) if folder.is_dir() else ():
        try:
            text = read(path)
            if any(_is_for(row, port) for row in _tables(text, path.name)):
                parts.append(text)
        except LivevaeError as error:
            complain(str(error))
    return "\n".join(parts)


def _tables(text: str, name: str) -> list[Any]:
    try:
        rows = tomllib.loads(text).get("map", [])
    except tomllib.TOMLDecodeError as error:
        raise LivevaeError(f"{name} is no map: {error}.") from None
    if not isinstance(rows, list):
        raise LivevaeError(f"{name} is no map: it needs [[map]] tables.")
    return rows


def _is_for(row: Any, port: str) -> bool:
    named = row.get("port") if isinstance(row, dict) else None
    return isinstance(named, str) and named.lower() in port.lower()


def _row(row: dict[str, Any]) -> tuple[Target, Knob]:
    kind, look = row["control"], row.get("look", "level")
    if kind not in KINDS or look not in _LOOKS:
        raise LivevaeError(f"there is no control {kind!r} to be read as {look!r}")
    number = check_number(kind, row["number"]) if "number" in row else None
    where = Where(kind, number, check_channel(row.get("channel")), check_port(row.get("port")))
    default = float(row.get("default", 0.0))
    following: Encoder | Pickup | None = None
    if "relative" in row:
        if row["relative"] not in ENCODINGS:
            raise LivevaeError(f"there is no encoding {row['relative']!r}")
        following = Encoder(row["relative"], float(row.get("step", 1 / 127)), default)
    elif row.get("pickup"):
        following = Pickup(default, default)
    low, high = (None if row.get(end) is None else float(row[end]) for end in ("low", "high"))
    curve, smooth = float(row.get("curve", 0.0)), float(row.get("smooth", 0.0))
    reading = Reading(where, default, min(max(smooth, 0.0), 5.0), look, following, curve, low, high)
    return Target.read(row["target"]), Knob(reading)


def write(path: Path, text: str) -> None:
    """Write a file as a whole or not at all. Raises LivevaeError where that does not work."""
    try:
        if path.parent == map_folder():
            path.parent.mkdir(parents=True, exist_ok=True)
        with whole(path) as part:
            part.write_text(text, encoding="utf-8")
    except OSError as error:
        raise LivevaeError(f"the map {path} cannot be written: {error.strerror or error}.") from None


def read(path: Path) -> str:
    """The text of a file. Raises LivevaeError where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise LivevaeError(f"the map {path} cannot be read: {reason}.") from None
