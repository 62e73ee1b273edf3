"""Knobs and keys as patterns: each frame has the value that the knob had at its second, so that a replay is what was
played.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

from livevae.control.messages import CHANNEL_PRESSURE, PITCH_BEND, check_channel, check_number, check_port
from livevae.control.reading import ENCODINGS, Encoder, Pickup, Reading, Values, Where
from livevae.control.timeline import LONGEST_SMOOTH
from livevae.errors import LivevaeError
from livevae.pattern import Context, Pattern
from livevae.pattern.node import Signal

_STEP: Final = 1 / 127
_MOST_CURVE: Final = 20.0


class KnobNode(Signal):
    """A leaf that reads a control."""

    __slots__ = ("reading",)

    def __init__(self, reading: Reading) -> None:
        def sample(cycles: Values, context: Context) -> Values:
            return reading.values(context.seconds(cycles))

        super().__init__(sample)
        self.reading = reading


class Knob(Pattern):
    """A control as a pattern: where it stands, from 0 to 1, unless it is asked for something else.

    All that a pattern can do, a knob can do as well; and some things that only a knob can.
    """

    __slots__ = ("reading",)

    reading: Reading
    """Which control, and how it is read."""

    def __init__(self, reading: Reading) -> None:
        super().__init__(KnobNode(reading))
        object.__setattr__(self, "reading", reading)
        reading.begin()

    def range(self, low: object, high: object) -> Pattern:
        """Its values spread from `low` to `high`, which may be patterns or points too.

        >>> cc(74).range(-3, 3)
        cc(74).range(-3, 3)
        """
        if _number(low) and _number(high) and self.reading.low is None:
            return Knob(replace(self.reading, low=float(low), high=float(high)))  # type: ignore[arg-type]
        return super().range(low, high)

    def curve(self, amount: float) -> Knob:
        """Bent: 0 is straight, above it there is more room low down on the knob, below it high up. 4 is much.

        As `.exp`, it is the logarithm of how much steeper the end is than the beginning; up to 20 either way.

        >>> cc(74, default=0.5).curve(4).sample([0.0]).round(3)
        array([0.119])
        """
        self._plain("curve")
        if not _number(amount) or not abs(amount) <= _MOST_CURVE:
            raise LivevaeError(f"curve({amount!r}): give a number from -20 to 20; 0 is straight.")
        return Knob(replace(self.reading, curve=float(amount)))

    def smooth(self, milliseconds: object) -> Pattern:
        """It follows the knob with a time constant in milliseconds, up to 5000: steps are not heard any more.

        Of patterns that are no knobs `.smooth` takes seconds, up to 60, and is a mean.

        >>> cc(74).smooth(50)
        cc(74, smooth=50)
        """
        return Knob(replace(self.reading, smooth=_smooth(str(self), milliseconds)))

    def relative(self, encoding: str = "twos", step: float = _STEP) -> Knob:
        """For an endless encoder, which says by how much it is turned: a position that stays between 0 and 1.

        It begins at the knob's `default` where this is first asked for, and goes on from where it is when a piece is
        read again. `encoding` is "twos" (two's complement: 1 is a step to the right and 127 one to the left), "offset"
        (65 and 63) or "signed" (1 and 65); `step` is how far one step goes, 1/127 unless told otherwise.

        >>> cc(16, default=0.5).relative().sample([0.0])
        array([0.5])
        """
        self._plain("relative")
        if encoding not in ENCODINGS:
            raise LivevaeError(f'relative({encoding!r}): an encoding is "twos", "offset" or "signed".')
        if not _number(step) or not 0 < step <= 1:
            raise LivevaeError(f"relative(step={step!r}): a step is a number above 0, up to 1.")
        return Knob(replace(self.reading, following=Encoder(encoding, float(step), self.reading.default)))

    def pickup(self, value: float | None = None) -> Knob:
        """Nothing jumps: the knob takes over when it passes the value that is in force.

        That is `value` (0 to 1); without one it is where the knob stands, or its `default` where that is not known.
        It is asked to meet it again when its port was unplugged; not when a piece is read again.

        >>> cc(74).pickup(0.25).sample([0.0])
        array([0.25])
        """
        self._plain("pickup")
        if value is not None and not (_number(value) and 0 <= value <= 1):
            raise LivevaeError(f"pickup({value!r}): give a number from 0 to 1, before any range.")
        wanted = None if value is None else float(value)
        return Knob(replace(self.reading, following=Pickup(wanted, self.reading.default)))

    def toggle(self) -> Knob:
        """1 after a press, 0 after the next one: a button that stays. A press is past the middle, or a note.

        >>> cc(64).toggle().sample([0.0])
        array([0.])
        """
        self._plain("toggle")
        return Knob(replace(self.reading, look="toggle"))

    def momentary(self) -> Knob:
        """1 while it is past the middle, or held, and 0 while it is not.

        >>> note(36).momentary().sample([0.0])
        array([0.])
        """
        self._plain("momentary")
        return Knob(replace(self.reading, look="gate"))

    def _plain(self, name: str) -> None:
        if self.reading.low is not None:
            raise LivevaeError(f".{name}() belongs before the range: cc(74).{name}(...).range(-3, 3).")

    def __repr__(self) -> str:
        return described(self.reading)


def cc(
    number: int, channel: int | None = None, port: str | None = None, default: float = 0.0, smooth: float = 0.0
) -> Knob:
    """A MIDI controller as a pattern from 0 to 1: `cc(74).range(-3, 3)`.

    `number` is 0 to 127, or 128 for pitch bend; `channel` 1 to 16 and `port`, a part of the port's name, narrow it
    down (None: any); `default` holds until it is first moved; `smooth` is a time constant in milliseconds, up to 5000.
    Raises LivevaeError for numbers outside these.

    >>> cc(74, default=0.5).range(-3, 3).sample([0.0])
    array([0.])
    """
    return _knob("cc", number, channel, port, default, smooth)


def cc14(
    number: int, channel: int | None = None, port: str | None = None, default: float = 0.0, smooth: float = 0.0
) -> Knob:
    """A controller of 14 bits: `number`, 0 to 31, is its coarse half, and the fine one is 32 above. Else as `cc`.

    A device that never sends the fine half is read as it is.

    >>> cc14(1).range(-3, 3).sample([0.0])
    array([-3.])
    """
    return _knob("cc14", number, channel, port, default, smooth)


def nrpn(
    number: int, channel: int | None = None, port: str | None = None, default: float = 0.0, smooth: float = 0.0
) -> Knob:
    """A parameter that is not registered (NRPN), 0 to 16383, with 14 bits where the device sends them. Else as `cc`.

    >>> nrpn(1000, default=1).sample([0.0])
    array([1.])
    """
    return _knob("nrpn", number, channel, port, default, smooth)


def note(number: int, channel: int | None = None, port: str | None = None) -> Knob:
    """A key as a pattern: its velocity, 0 to 1, while it is held, and 0 while it is not.

    Raises LivevaeError for a key outside 0 to 127 or a channel outside 1 to 16.

    >>> note(60).sample([0.0])
    array([0.])
    """
    return _knob("note", number, channel, port)


def velocity(number: int | None = None, channel: int | None = None, port: str | None = None) -> Knob:
    """How hard a key was last struck, 0 to 1; it stays when the key is let go. Without a number of any key.

    >>> velocity().range(0.2, 1).sample([0.0])
    array([0.2])
    """
    return _knob("note", number, channel, port, look="velocity")


def gate(number: int | None = None, channel: int | None = None, port: str | None = None) -> Knob:
    """1 while a key is held, 0 while it is not. Without a number while any is.

    >>> gate(36).sample([0.0])
    array([0.])
    """
    return _knob("note", number, channel, port, look="gate")


def bend(channel: int | None = None, port: str | None = None) -> Knob:
    """The pitch bend wheel, from -1 to 1, 0 where it rests.

    >>> bend().sample([0.0])
    array([0.])
    """
    return _knob("cc", PITCH_BEND, channel, port, look="bend")


def pressure(number: int | None = None, channel: int | None = None, port: str | None = None) -> Knob:
    """How hard the keys of a channel are pressed after they were struck, 0 to 1; with a number that key alone.

    Keyboards send one or the other: channel pressure or polyphonic aftertouch.

    >>> pressure(60).sample([0.0])
    array([0.])
    """
    return _knob("pressure", CHANNEL_PRESSURE if number is None else number, channel, port)


def program(channel: int | None = None, port: str | None = None, default: int = 0) -> Knob:
    """The number of the program that was chosen last, 0 to 127.

    >>> program(default=4).sample([0.0])
    array([4.])
    """
    if isinstance(default, bool) or not isinstance(default, int) or not 0 <= default <= 127:
        raise LivevaeError(f"a program is a whole number from 0 to 127, not {default!r}.")
    knob = _knob("program", 0, channel, port, look="program")
    return Knob(replace(knob.reading, default=float(default)))


def _knob(
    kind: str,
    number: int | None,
    channel: int | None,
    port: str | None,
    default: float = 0.0,
    smooth: object = 0.0,
    look: str = "level",
) -> Knob:
    if number is not None or look == "level":
        check_number(kind, number)
    name = f"{kind}({number})"
    if not _number(default) or not 0.0 <= default <= 1.0:
        raise LivevaeError(f"{name} goes from 0 to 1, so its default cannot be {default}: use .range(low, high).")
    where = Where(kind, number, check_channel(channel), check_port(port))
    return Knob(Reading(where, float(default), _smooth(name, smooth), look))  # type: ignore[arg-type]


def _smooth(name: str, milliseconds: object) -> float:
    if _number(milliseconds) and 0 <= milliseconds <= 1000 * LONGEST_SMOOTH:  # type: ignore[operator]
        return float(milliseconds) / 1000.0  # type: ignore[arg-type]
    raise LivevaeError(f"{name}: smooth is a time in milliseconds from 0 to 5000, not {milliseconds}.")


def _number(thing: object) -> bool:
    return isinstance(thing, int | float) and not isinstance(thing, bool) and math.isfinite(thing)


def described(reading: Reading) -> str:
    """A reading as it is typed."""
    where, look = reading.where, reading.look
    word, number = where.kind, where.number
    if look == "velocity":
        word = look
    elif look in ("bend", "program"):
        word, number = look, None
    elif look == "gate" and word == "note" and number is None:
        word = "gate"
    elif word == "pressure" and number == CHANNEL_PRESSURE:
        number = None
    arguments = [] if number is None else [str(number)]
    arguments += [f"channel={where.channel}"] if where.channel is not None else []
    arguments += [f'port="{where.port}"'] if where.port is not None else []
    arguments += [f"default={reading.default:g}"] if reading.default else []
    arguments += [f"smooth={reading.smooth * 1000:g}"] if reading.smooth else []
    text = f"{word}({', '.join(arguments)})"
    if look == "toggle":
        text += ".toggle()"
    elif look == "gate" and word != "gate":
        text += ".momentary()"
    following = reading.following
    if isinstance(following, Encoder):
        step = "" if following.step == _STEP else f", step={following.step:g}"
        text += f'.relative("{following.encoding}"{step})'
    elif isinstance(following, Pickup):
        text += f".pickup({'' if following.value is None else format(following.value, 'g')})"
    text += f".curve({reading.curve:g})" if reading.curve else ""
    if reading.low is not None and reading.high is not None:
        text += f".range({reading.low:g}, {reading.high:g})"
    return text
