"""What came in by address, as patterns: each frame has the value that held at its second, live and in a replay."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from livevae.control.midi import Change
from livevae.control.routes import is_number
from livevae.control.timeline import LONGEST_SMOOTH, Timeline
from livevae.errors import LivevaeError
from livevae.pattern import Context, Pattern, from_sampler

Values = NDArray[np.float64]

PORT: Final = "osc"
"""What stands for the port in a change that came in by address."""

_MOST_ADDRESSES: Final = 4096
_MOST_VALUES: Final = 1024


class Inbox:
    """Values by address. `told(change)` is called for each that comes: its kind is the address, its number the place
    of the value in the message. Any thread.

    >>> inbox = Inbox()
    >>> x = inbox.osc("/x", default=0.5)
    >>> x.sample([0.0])
    array([0.5])
    >>> inbox.receive("/x", [0.25])
    >>> x.sample([0.0])
    array([0.25])
    """

    def __init__(self, told: Callable[[Change], None] = lambda change: None) -> None:
        self.timeline = Timeline()
        self._told = told
        self._known: set[tuple[str, int]] = set()
        self._lock = threading.Lock()

    def receive(self, address: str, values: Sequence[Any]) -> None:
        """A message came. Raises LivevaeError where it brings anything but numbers."""
        numbers = [float(value) for value in values if isinstance(value, bool) or is_number(value)]
        if len(numbers) != len(values) or not 0 < len(numbers) <= _MOST_VALUES:
            brought = ", ".join(map(repr, values)) or "nothing"
            raise LivevaeError(f"OSC {address}: a pattern is moved by numbers, not by {brought[:80]}.")
        for place, number in enumerate(numbers):
            key = (address, place)
            if key not in self._known:
                with self._lock:
                    if len(self._known) >= _MOST_ADDRESSES:
                        raise LivevaeError(f"OSC {address}: there are {_MOST_ADDRESSES} addresses already.")
                    self._known.add(key)
            self._told(self.take(Change(address, place, number, 0, PORT)))

    def take(self, change: Change) -> Change:
        """Let a change hold from its second on (minus infinity: from now); gives it with its second."""
        source = (change.kind, change.number, change.channel, change.port)
        second = self.timeline.add(source, change.value, change.second if math.isfinite(change.second) else None)
        return Change(change.kind, change.number, change.value, change.channel, change.port, second)

    def osc(
        self,
        address: str,
        default: float | Sequence[float] = 0.0,
        size: int | None = None,
        smooth: float = 0.0,
        place: int = 0,
    ) -> Pattern:
        """What the last OSC message to an address said, as a pattern: `v1.dim[3] = osc("/1/fader1").range(-3, 3)`.

        Its numbers are as they were sent; `default` holds until the first one came. With `size` it is a point of so
        many dimensions, the numbers of one message: `osc("/xy", size=2)`; `place` is how many numbers of the message
        come before: `osc("/xy", place=1)` is the second. `smooth` is a time constant in milliseconds, up to 5000.
        Other programs send them once `osc_listen()` was typed. Raises LivevaeError for an address that does not begin
        with "/", and for other numbers.
        """
        if not isinstance(address, str) or not address.startswith("/") or len(address) < 2:
            raise LivevaeError(f'osc() takes an address, as in osc("/fader/1"), not {address!r}.')
        if not _WILD.isdisjoint(address):
            raise LivevaeError(f"osc({address!r}): an address that is listened to has no wildcards and no spaces.")
        if size is not None and (isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= _MOST_VALUES):
            raise LivevaeError(f"osc({address!r}): size is a whole number from 1 to {_MOST_VALUES}, not {size!r}.")
        if not (is_number(smooth) and 0 <= smooth <= 1000 * LONGEST_SMOOTH):
            raise LivevaeError(f"osc({address!r}): smooth is a time in milliseconds from 0 to 5000, not {smooth!r}.")
        if isinstance(place, bool) or not isinstance(place, int) or not 0 <= place < _MOST_VALUES:
            raise LivevaeError(f"osc({address!r}): place is a whole number from 0 on, not {place!r}.")
        rest = _defaults(address, default, size)
        return self.reading(address, rest if size is not None else rest[0], smooth, place)

    def reading(self, address: str, default: float | Sequence[float], smooth: float = 0.0, first: int = 0) -> Pattern:
        """The pattern of an address: a number at a time, or as many as there are defaults. `smooth` in milliseconds."""
        timeline, constant = self.timeline, smooth / 1000.0

        def one(seconds: Values, place: int, rest: float) -> Values:
            return timeline.values(address, first + place, seconds, default=rest, smooth=constant)

        def sample(cycles: Values, context: Context) -> Values:
            seconds = context.seconds(cycles)
            if isinstance(default, int | float):
                return one(seconds, 0, default)
            return np.stack([one(seconds, place, rest) for place, rest in enumerate(default)], axis=1)

        return from_sampler(sample)


_WILD: Final = frozenset(" #*,?[]{}")


def _defaults(address: str, default: object, size: int | None) -> list[float]:
    given = list(default) if isinstance(default, Sequence) and not isinstance(default, str) else [default]
    if not all(map(is_number, given)):
        raise LivevaeError(f"osc({address!r}): default is a number, or one for each of its values, not {default!r}.")
    numbers = [float(value) for value in given if isinstance(value, int | float)]
    if len(numbers) == 1:
        return numbers * (size or 1)
    if len(numbers) != size:
        raise LivevaeError(f"osc({address!r}): there are {len(numbers)} defaults; give size={len(numbers)}.")
    return numbers
