"""Knobs as patterns: read when they are sampled, so that what is heard is where the knob stands."""

from __future__ import annotations

import math
import threading
import time

import numpy as np
from numpy.typing import NDArray

from livevae.control.midi import Midi
from livevae.errors import LivevaeError
from livevae.pattern import Context, Pattern, from_sampler

Values = NDArray[np.float64]


class _Default:
    """The Midi that patterns read; none until `use` is called."""

    midi: Midi | None = None


def use(midi: Midi | None) -> None:
    """Let every `cc` pattern read this Midi from now on; with None they stand at their defaults."""
    _Default.midi = midi


class _Smoothed:
    """Follows a value with a time constant, by the clock on the wall: a knob has no other time."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._value: float | None = None
        self._when = 0.0

    def follow(self, target: float, now: float) -> float:
        """Where the value has moved to by `now`."""
        with self._lock:
            if self._value is None:
                self._value = target
            else:
                self._value += (target - self._value) * (1.0 - math.exp(-(now - self._when) / self._seconds))
            self._when = now
            return self._value


def cc(
    number: int, channel: int | None = None, port: str | None = None, default: float = 0.0, smooth: float = 0.0
) -> Pattern:
    """A MIDI controller as a pattern from 0 to 1: `cc(74).range(-3, 3)`.

    `number` is 0 to 127, or 128 for pitch bend; `channel` 1 to 16 and `port`, a part of the port's name, narrow it
    down (None: any); `default` holds until it is first moved; `smooth` is a time constant in milliseconds.
    Raises LivevaeError for numbers outside these.
    """
    _check(number, 128, channel)
    if not 0.0 <= default <= 1.0:
        raise LivevaeError(f"cc({number}) goes from 0 to 1, so its default cannot be {default}: use .range(low, high).")
    if not (math.isfinite(smooth) and smooth >= 0):
        raise LivevaeError(f"cc({number}): smooth is a time in milliseconds, 0 or more, not {smooth}.")
    follower = _Smoothed(smooth / 1000.0) if smooth else None

    def sample(cycles: Values, context: Context) -> Values:
        midi = _Default.midi
        value = default if midi is None else midi.cc(number, channel, port, default)
        if follower is not None:
            value = follower.follow(value, time.monotonic())
        return np.full(len(cycles), value)

    return from_sampler(sample)


def note(number: int, channel: int | None = None, port: str | None = None) -> Pattern:
    """A key as a pattern: its velocity, 0 to 1, while it is held, and 0 while it is not.

    Raises LivevaeError for a key outside 0 to 127 or a channel outside 1 to 16.
    """
    _check(number, 127, channel)

    def sample(cycles: Values, context: Context) -> Values:
        midi = _Default.midi
        return np.full(len(cycles), 0.0 if midi is None else midi.note(number, channel, port))

    return from_sampler(sample)


def _check(number: int, highest: int, channel: int | None) -> None:
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number <= highest:
        raise LivevaeError(f"there is no MIDI number {number!r} here: give 0 to {highest}.")
    if channel is not None and not (isinstance(channel, int) and 1 <= channel <= 16):
        raise LivevaeError(f"there is no MIDI channel {channel!r}: channels are 1 to 16.")
