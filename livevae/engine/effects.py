"""Chains of effects as plain data: what the performer's side asks for and the engine's process builds.

A parameter of an effect is a number that stays, or a lane: one of `LANES` columns of numbers that the performer's side
sends for each tick of `TICK` samples, and through which the parameter moves in straight lines.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

VOICES: Final = 16
MASTER: Final = VOICES
"""The rack that everything passes before it is limited and heard."""
RACKS: Final = 2 * VOICES + 1
"""Places for chains: after each voice (0 to 15), before everything is heard (16), before each voice (17 to 32)."""

TICK: Final = 256
"""Samples between two numbers of a lane."""
LANES: Final = 24
"""Parameters of a chain that may move."""
WIDTH: Final = LANES + 1
"""Numbers of a tick: which chain they are for (its generation, 0 for none), then the lanes."""

TickRows = NDArray[np.float32]

TickFill = Callable[[int, int, int], TickRows]
"""`fill(rack, first, count)` gives the rows, `(count, WIDTH)`, of ticks `first .. first + count`. It never raises."""

LONGEST_TAIL: Final = 30.0
"""Seconds after which a chain that was replaced is let go of, whatever it still sounds."""


def input_rack(voice: int) -> int:
    """The rack through which the input of a voice (counted from 0) passes."""
    return MASTER + 1 + voice


@dataclass(frozen=True)
class Lane:
    """A parameter that moves as column `column` of the rows says."""

    column: int


@dataclass(frozen=True)
class Code:
    """A function that builds an effect: its text, beginning in line `line` of `file`, and numbers and texts it uses."""

    source: str
    file: str
    line: int
    constants: Mapping[str, Any] = field(default_factory=dict)
    tail: float = 10.0


@dataclass(frozen=True)
class Effect:
    """One effect of a chain: one of `BUILT_IN` by its name, or the function `name` that `code` defines."""

    name: str
    values: Mapping[str, float | str | Lane]
    code: Code | None = None


Chain = tuple[Effect, ...]


def chain_to_json(chain: Sequence[Effect]) -> list[dict[str, Any]]:
    """A chain as plain data for another process."""
    return [
        {
            "name": effect.name,
            "values": {
                key: {"lane": value.column} if isinstance(value, Lane) else value
                for key, value in effect.values.items()
            },
            "code": None if effect.code is None else asdict(effect.code),
        }
        for effect in chain
    ]


def chain_from_json(data: Sequence[Mapping[str, Any]]) -> Chain:
    """The chain that `chain_to_json` wrote."""
    return tuple(
        Effect(
            one["name"],
            {
                key: Lane(int(value["lane"])) if isinstance(value, dict) else value
                for key, value in one["values"].items()
            },
            None if one["code"] is None else Code(**one["code"]),
        )
        for one in data
    )


@dataclass(frozen=True)
class Parameter:
    """A number of an effect: where it stands when nothing is said, its range and unit; whether a pattern may move it.

    A `default` of None must be given. A `unit` of "file" is a path.
    """

    default: float | str | None
    low: float
    high: float
    unit: str
    moves: bool = True


def _share(default: float) -> Parameter:
    return Parameter(default, 0.0, 1.0, "0 to 1")


def _level(default: float | None, low: float, high: float) -> Parameter:
    return Parameter(default, low, high, "dB")


def _hertz(default: float | None) -> Parameter:
    return Parameter(default, 10.0, 20000.0, "Hz")


def _seconds(default: float, low: float, high: float, moves: bool = True) -> Parameter:
    return Parameter(default, low, high, "s", moves)


BUILT_IN: Final[Mapping[str, Mapping[str, Parameter]]] = {
    "gain": {"level": _level(None, -120.0, 40.0)},
    "highpass": {"frequency": _hertz(80.0)},
    "lowpass": {"frequency": _hertz(8000.0)},
    "eq": {
        "low": _level(0.0, -40.0, 20.0),
        "mid": _level(0.0, -40.0, 20.0),
        "high": _level(0.0, -40.0, 20.0),
        "low_frequency": _hertz(200.0),
        "mid_frequency": _hertz(1000.0),
        "high_frequency": _hertz(4000.0),
        "width": Parameter(1.0, 0.1, 20.0, "Q of the middle"),
    },
    "gate": {
        "threshold": _level(-50.0, -100.0, 0.0),
        "attack": _seconds(0.005, 0.0005, 1.0),
        "release": _seconds(0.1, 0.001, 5.0),
    },
    "compressor": {
        "threshold": _level(-20.0, -80.0, 0.0),
        "ratio": Parameter(4.0, 1.0, 100.0, "to 1"),
        "attack": _seconds(0.01, 0.0005, 1.0),
        "release": _seconds(0.1, 0.001, 5.0),
        "makeup": _level(0.0, -20.0, 40.0),
    },
    "limiter": {"ceiling": _level(-1.0, -40.0, 0.0), "release": _seconds(0.15, 0.001, 5.0, moves=False)},
    "pitch": {
        "semitones": Parameter(None, -24.0, 24.0, "semitones"),
        "mix": _share(1.0),
        "window": _seconds(0.06, 0.01, 0.5, moves=False),
    },
    "delay": {
        "time": _seconds(0.3, 0.001, 4.0),
        "feedback": Parameter(0.4, 0.0, 0.98, "0 to 0.98"),
        "mix": _share(0.3),
        "tone": _hertz(20000.0),
    },
    "reverb": {"size": _share(0.7), "damp": _share(0.5), "mix": _share(0.3), "predelay": _seconds(0.0, 0.0, 0.5)},
    "convolve": {"file": Parameter(None, 0.0, 0.0, "file", moves=False), "mix": _share(0.3)},
    "chorus": {
        "rate": Parameter(0.8, 0.01, 10.0, "Hz"),
        "depth": _share(0.5),
        "mix": _share(0.5),
    },
    "distortion": {"drive": _level(12.0, 0.0, 60.0), "tone": _hertz(12000.0), "mix": _share(1.0)},
}
"""Every effect that there is, and its parameters in the order in which they are given."""
