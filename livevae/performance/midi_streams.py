"""Patterns as MIDI messages: what is to be sent, and when it is heard."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final

import numpy as np

from livevae.control.messages import KINDS, encode
from livevae.errors import LivevaeError
from livevae.pattern import Context, Pattern

if TYPE_CHECKING:
    from livevae.performance.transport import Transport

PPQN: Final = 24
"""Ticks of MIDI clock in a beat."""

STEP_SECONDS: Final = 0.005
"""A controller is sent no more often than this."""

_SHORTEST: Final = 0.002
"""Seconds before a note that is struck again at which it is let go."""

StreamKey = tuple[str, int, int, str]
"""What of a port there can be only one of: a kind, a number and a channel."""

Timed = tuple[float, list[int]]
"""The second of the engine at which a message is heard, and its bytes."""


@dataclass(frozen=True, eq=False)
class Stream:
    """A pattern that is sent: as a `kind` of value with a number, or, where that is "note", each event as a note.

    `port` is a part of the name of where it goes. `level` is how hard notes are struck, `owner` the piece it is from.
    """

    pattern: Pattern
    kind: str
    number: int
    channel: int
    port: str
    level: Pattern
    owner: object = None

    @property
    def key(self) -> StreamKey:
        """What there can be only one of."""
        return self.kind, self.number, self.channel, self.port


class Sent:
    """What is sent for one stream, from one second to the next; it remembers what was sent last."""

    def __init__(self, stream: Stream, transport: Transport, seed: int) -> None:
        self.stream = stream
        self._transport = transport
        self._seed = seed
        self._last: list[list[int]] | None = None
        self._held: dict[int, float] = {}

    def between(self, begin: float, end: float) -> list[Timed]:
        """The messages from one second of the engine to another, in order. Raises what the pattern raises."""
        return self._notes(begin, end) if self.stream.kind == "note" else self._values(begin, end)

    def finish(self, second: float) -> list[Timed]:
        """Let go of every note."""
        held, self._held = self._held, {}
        return [(second, data) for number in held for data in self._message(number, 0.0)]

    def _values(self, begin: float, end: float) -> list[Timed]:
        stream = self.stream
        seconds = np.arange(math.ceil(begin / STEP_SECONDS), math.ceil(end / STEP_SECONDS)) * STEP_SECONDS
        sampled = self._sampled(stream.pattern, seconds)
        found: list[Timed] = []
        for second, value in zip(seconds.tolist(), sampled.tolist(), strict=True):
            if math.isnan(value):
                continue
            level = value / 127 if stream.kind == "program" else (value + 1) / 2 if stream.number == 128 else value
            messages = encode(stream.kind, stream.number, level, stream.channel)
            if messages != self._last:
                self._last = messages
                found += [(second, data) for data in messages]
        return found

    def _notes(self, begin: float, end: float) -> list[Timed]:
        found: list[Timed] = []
        transport = self._transport
        cycles = transport.tempo.cycles(np.array([begin, end]))
        for era, _ in transport.musical.groups(cycles[:1]):
            context = Context(self._seed, era.seconds(transport.tempo.seconds))
            first, last = era.pattern(cycles).tolist()
            if last <= first:
                continue
            for event in self.stream.pattern.query(Fraction(first), Fraction(last), context):
                if event.whole is None or not first <= event.whole.begin < last or not isinstance(event.value, float):
                    continue
                number = round(event.value)
                if not 0 <= number <= 127:
                    continue
                on, off = context.seconds(np.array([float(event.whole.begin), float(event.whole.end)])).tolist()
                level = float(self.stream.level.sample([float(event.whole.begin)], context)[0])
                if number in self._held:
                    found += [
                        (min(self._held.pop(number), on - _SHORTEST), data) for data in self._message(number, 0.0)
                    ]
                found += [(on, data) for data in self._message(number, min(max(level, 1 / 127), 1.0))]
                self._held[number] = max(off - _SHORTEST, on + _SHORTEST)
        for number in [number for number, off in self._held.items() if off < end]:
            found += [(self._held.pop(number), data) for data in self._message(number, 0.0)]
        return sorted(found, key=lambda timed: timed[0])

    def _message(self, number: int, level: float) -> list[list[int]]:
        return encode("note", number, level, self.stream.channel)

    def _sampled(self, pattern: Pattern, seconds: np.ndarray) -> np.ndarray:
        transport = self._transport
        cycles = transport.tempo.cycles(seconds)
        values = np.full(len(seconds), np.nan)
        for era, places in transport.musical.groups(cycles) if len(cycles) else ():
            chosen = cycles if places is None else cycles[places]
            sampled = pattern.sample(era.pattern(chosen), Context(self._seed, era.seconds(transport.tempo.seconds)))
            if sampled.ndim != 1:
                raise LivevaeError(f"midi_out sends one number at a time, and this has {sampled.shape[1]} dimensions.")
            values[slice(None) if places is None else places] = sampled
        return values


class Ticks:
    """The ticks of a clock that goes out, and where the performance is."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._next: int | None = None
        self._shift: float | None = None
        self._started = False

    def between(self, begin: float, end: float, beats: float) -> list[Timed]:
        """The messages from one second of the engine to another, in order; the place is said where it jumped."""
        transport = self._transport
        first, last = transport.tempo.cycles(np.array([begin, end])).tolist()
        shift = transport.musical.at(first).shift
        per_cycle = PPQN * beats
        if self._shift != shift or self._next is None:
            self._shift, self._next, self._started = shift, math.ceil((first + shift) * per_cycle), False
        found: list[Timed] = []
        while True:
            cycle = self._next / per_cycle - shift
            if cycle >= last:
                return found
            second = max(begin, float(transport.tempo.seconds([cycle])[0]))
            if not self._started and self._next >= 0 and self._next % 6 == 0:
                self._started = True
                found += [(second, data) for data in _placed(self._next // 6)]
            found.append((second, [0xF8]))
            self._next += 1

    def stopped(self, second: float) -> list[Timed]:
        """The clock stops."""
        return [(second, [0xFC])]


def _placed(sixteenths: int) -> Iterable[list[int]]:
    """Begin at a place: song positions count up to 16383 sixteenths."""
    if sixteenths == 0:
        return ([0xFA],)
    place = sixteenths % 16384
    return ([0xFC], [0xF2, place % 128, place // 128], [0xFB])


def stream_of(
    pattern: Pattern, cc: object, kind: object, channel: object, port: str, level: Pattern, owner: object
) -> Stream:
    """What `midi_out` was asked for. Raises LivevaeError for what there is not."""
    if cc is not None and kind is not None:
        raise LivevaeError("midi_out() sends a controller or something else, not both: leave out cc or kind.")
    chosen = "cc" if cc is not None else "note" if kind is None else kind
    number: object = cc
    if isinstance(chosen, tuple) and len(chosen) == 2:
        chosen, number = chosen
    if chosen == "bend":
        chosen, number = "cc", 128
    if chosen not in KINDS:
        raise LivevaeError(f'midi_out(kind={kind!r}): there are "note", "bend", "pressure", "program", ("nrpn", 1000).')
    number = {"note": 0, "program": 0, "pressure": 128}.get(str(chosen), number) if number is None else number
    highest = KINDS[str(chosen)].highest
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number <= highest:
        raise LivevaeError(f"midi_out: there is no MIDI number {number!r} here: give 0 to {highest}.")
    if isinstance(channel, bool) or not isinstance(channel, int) or not 1 <= channel <= 16:
        raise LivevaeError(f"midi_out: there is no MIDI channel {channel!r}: channels are 1 to 16.")
    return Stream(pattern, str(chosen), number, channel, port, level, owner)
