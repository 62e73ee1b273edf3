"""MIDI messages: what each makes of the values, and the messages that say a value."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from livevae.errors import LivevaeError

PITCH_BEND: Final = 128
"""The number under which pitch bend counts as a controller."""

CHANNEL_PRESSURE: Final = 128
"""The number under which the pressure of a whole channel counts, beside that of each key."""

FINEST: Final = 16383.0
_COARSE: Final = 127.0

CLOCK, START, CONTINUE, STOP, POSITION = 0xF8, 0xFA, 0xFB, 0xFC, 0xF2
CLOCKED: Final = frozenset((CLOCK, START, CONTINUE, STOP, POSITION))
"""First bytes of the messages of MIDI clock."""


@dataclass(frozen=True)
class Kind:
    """What a value is of: `highest` number, and `fine` where it has 14 bits instead of 7."""

    name: str
    highest: int
    says: str
    fine: bool = False


KINDS: Final = {
    kind.name: kind
    for kind in (
        Kind("cc", PITCH_BEND, "a controller, 0 to 127"),
        Kind("cc14", 31, "a pair of controllers, n for the coarse and n + 32 for the fine part", True),
        Kind("nrpn", 16383, "a parameter that is not registered", True),
        Kind("rpn", 16383, "a registered parameter", True),
        Kind("note", 127, "a key, with its velocity while it is held"),
        Kind("pressure", CHANNEL_PRESSURE, "how hard a key, or the whole channel, is pressed"),
        Kind("program", 0, "the number of a program"),
    )
}
"""Everything that has a value, by name."""


@dataclass(frozen=True)
class Spec:
    """A message: the upper half of its first byte, how many bytes follow, and the kind of its value.

    `number` is the number of the value where the message does not say one.
    """

    status: int
    size: int
    kind: str
    number: int | None = None


MESSAGES: Final = {
    spec.status: spec
    for spec in (
        Spec(0x80, 2, "note"),
        Spec(0x90, 2, "note"),
        Spec(0xA0, 2, "pressure"),
        Spec(0xB0, 2, "cc"),
        Spec(0xC0, 1, "program", 0),
        Spec(0xD0, 1, "pressure", CHANNEL_PRESSURE),
        Spec(0xE0, 2, "cc", PITCH_BEND),
    )
}

_NOTE_OFF, _NOTE_ON, _POLY, _CONTROL, _PROGRAM, _CHANNEL, _BEND = MESSAGES
_DATA, _DATA_FINE, _INCREMENT, _DECREMENT = 6, 38, 96, 97
_SELECTS: Final = {98: ("nrpn", 0), 99: ("nrpn", 1), 100: ("rpn", 0), 101: ("rpn", 1)}
_NULL: Final = 16383
_ALL_OFF: Final = frozenset((120, 123))
"""All sound off, all notes off."""


@dataclass(frozen=True)
class Change:
    """A message that changed a value: its `kind` and number, the channel 1 to 16, the port's name.

    `value` is 0 to 1: the controller's position, or the velocity of a note that is held (0 when it is let go). The kind
    "port" is a port that came (1) or went (0). `second` is the time of the engine from which it is heard; minus
    infinity where nobody told the time.
    """

    kind: str
    number: int
    value: float
    channel: int
    port: str
    second: float = field(default=-math.inf, compare=False)


class _Wide:
    """A value in two parts of 7 bits. It is fine from its first fine part on, and never overshoots between the two."""

    def __init__(self) -> None:
        self._fine = False
        self._coarse: int | None = None
        self._low = 0

    def coarse(self, part: int) -> float:
        """The coarse part. Until the fine part comes the value is the nearest to where it was."""
        if self._fine and self._coarse is not None and part != self._coarse:
            self._low = 0 if part > self._coarse else 127
        self._coarse = part
        return self.value

    def fine(self, part: int) -> float:
        self._fine, self._low = True, part
        return self.value

    def step(self, by: int) -> float:
        """So many of the finest steps up or down."""
        whole = 128 * (self._coarse or 0) + (self._low if self._fine else 0)
        self._coarse, self._low = divmod(min(max(whole + by, 0), int(FINEST)), 128)
        self._fine = True
        return self.value

    @property
    def value(self) -> float:
        high = self._coarse or 0
        return (128 * high + self._low) / FINEST if self._fine else high / _COARSE

    @property
    def is_fine(self) -> bool:
        return self._fine


class Reader:
    """Messages in the order in which they come, as changes of values. Any thread; whatever comes, it never raises.

    It remembers which keys are held, the fine parts of values, and which parameter a channel has selected.

    >>> Reader().read([0xB0, 74, 127], "knobs") == (Change("cc", 74, 1.0, 1, "knobs"),)
    True
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[tuple[str, int], set[int]] = {}
        self._wide: dict[tuple[str, int, str, int], _Wide] = {}
        self._selected: dict[tuple[str, int], tuple[str, list[int | None]]] = {}

    def read(self, data: Sequence[int], port: str) -> tuple[Change, ...]:
        """What a message changes: nothing where it is no message about values."""
        spec = MESSAGES.get(data[0] & 0xF0) if data and 0 <= data[0] < 0xF0 else None
        if spec is None or len(data) != spec.size + 1 or not all(0 <= byte < 128 for byte in data[1:]):
            return ()
        channel, first = (data[0] & 0x0F) + 1, data[1]
        number = first if spec.number is None else spec.number
        with self._lock:
            if spec.status == _BEND:
                return (Change("cc", PITCH_BEND, (data[1] + 128 * data[2]) / FINEST, channel, port),)
            level = data[-1]
            if spec.kind == "note":
                level = self._key(port, channel, number, 0 if spec.status == _NOTE_OFF else level)
            change = Change(spec.kind, number, level / _COARSE, channel, port)
            return (change,) if spec.kind != "cc" else (change, *self._control(port, channel, number, level))

    def release(self, port: str | None = None, channel: int | None = None) -> tuple[Change, ...]:
        """Let go of every key that is held, of a port and channel or of all."""
        with self._lock:
            return self._release(port, channel)

    def _release(self, port: str | None, channel: int | None) -> tuple[Change, ...]:
        found = []
        for (p, c), held in self._held.items():
            if port in (None, p) and channel in (None, c):
                found += [Change("note", number, 0.0, c, p) for number in sorted(held)]
                held.clear()
        return tuple(found)

    def _key(self, port: str, channel: int, number: int, level: int) -> int:
        held = self._held.setdefault((port, channel), set())
        (held.add if level else held.discard)(number)
        return level

    def _control(self, port: str, channel: int, number: int, level: int) -> tuple[Change, ...]:
        """What a controller says beside its own value."""
        if number in _ALL_OFF:
            return self._release(port, channel)
        if number in _SELECTS:
            kind, place = _SELECTS[number]
            known, parts = self._selected.get((port, channel), (kind, [None, None]))
            parts = list(parts) if known == kind else [None, None]
            parts[place] = level
            self._selected[port, channel] = kind, parts
            return ()
        if number in (_DATA, _DATA_FINE, _INCREMENT, _DECREMENT):
            parameter = self._parameter(port, channel)
            if parameter is not None:
                return (self._entered(port, channel, number, level, parameter),)
        if number < 64:
            # Only those that have a fine part are worth a value of their own.
            key = (port, channel, "cc14", number % 32)
            wide = self._wide.get(key)
            if wide is None:
                wide = self._wide[key] = _Wide()
            value = wide.coarse(level) if number < 32 else wide.fine(level)
            return (Change("cc14", number % 32, value, channel, port),) if wide.is_fine else ()
        return ()

    def _parameter(self, port: str, channel: int) -> tuple[str, int] | None:
        """The parameter that a channel has selected."""
        kind, (low, high) = self._selected.get((port, channel), ("", [None, None]))
        if low is None or high is None or 128 * high + low == _NULL:
            return None
        return kind, 128 * high + low

    def _entered(self, port: str, channel: int, number: int, level: int, parameter: tuple[str, int]) -> Change:
        wide = self._wide.setdefault((port, channel, *parameter), _Wide())
        if number == _DATA:
            value = wide.coarse(level)
        elif number == _DATA_FINE:
            value = wide.fine(level)
        else:
            value = wide.step(max(level, 1) if number == _INCREMENT else -max(level, 1))
        return Change(*parameter, value, channel, port)


def encode(kind: str, number: int, value: float, channel: int = 1) -> list[list[int]]:
    """The messages that say a value from 0 to 1, as `Reader` reads them.

    >>> encode("cc", 74, 0.5, channel=2)
    [[177, 74, 64]]
    >>> encode("cc14", 1, 1.0)
    [[176, 1, 127], [176, 33, 127]]
    """
    level = min(max(value, 0.0), 1.0)
    high, low = divmod(round(level * FINEST), 128)
    coarse, last = round(level * _COARSE), channel - 1
    control = _CONTROL | last
    if kind == "note":
        return [[_NOTE_ON | last, number, max(coarse, 1)] if level else [_NOTE_OFF | last, number, 0]]
    if kind == "cc14":
        return [[control, number, high], [control, number + 32, low]]
    if kind in ("nrpn", "rpn"):
        fine, select = (98, 99) if kind == "nrpn" else (100, 101)
        chosen = [[control, select, number // 128], [control, fine, number % 128]]
        return [*chosen, [control, _DATA, high], [control, _DATA_FINE, low]]
    if kind == "program":
        return [[_PROGRAM | last, coarse]]
    if kind == "pressure":
        return [[_CHANNEL | last, coarse] if number == CHANNEL_PRESSURE else [_POLY | last, number, coarse]]
    return [[_BEND | last, low, high] if number == PITCH_BEND else [control, number, coarse]]


def check_number(kind: str, number: object) -> int:
    """The number of a value of this kind. Raises LivevaeError where there is none such."""
    highest = KINDS[kind].highest
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number <= highest:
        raise LivevaeError(f"there is no MIDI number {number!r} here: give 0 to {highest}.")
    return number


def check_channel(channel: object) -> int | None:
    """A channel, 1 to 16 or None. Raises LivevaeError for any other."""
    if channel is None:
        return None
    if isinstance(channel, bool) or not isinstance(channel, int) or not 1 <= channel <= 16:
        raise LivevaeError(f"there is no MIDI channel {channel!r}: channels are 1 to 16.")
    return channel


def check_port(port: object) -> str | None:
    """A part of a port's name, or None. Raises LivevaeError for anything else."""
    if port is None or isinstance(port, str):
        return port
    raise LivevaeError(f"a MIDI port is named by a part of its name, not by {port!r}.")
