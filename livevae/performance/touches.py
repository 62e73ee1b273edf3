"""Which knob is moved on purpose, among all that controllers say."""

from __future__ import annotations

from typing import Final

from livevae.control import Change
from livevae.control.messages import PITCH_BEND

MOVED: Final = 0.02
"""A knob that has gone so far is touched; less may be the noise of a fader."""

TURNED: Final = 3
"""So many messages that say the same are an endless encoder that is turned."""

PAIRED: Final = 2
"""So many times a fine part has to follow its coarse one before the two are taken for one controller."""

_NO_KNOBS: Final = frozenset({6, 38, 96, 97, 98, 99, 100, 101, *range(120, 128)})
"""Controllers that only say something about others, or about the whole channel."""

_LEARNED: Final = ("cc", "cc14", "nrpn", "rpn")

Control = tuple[str, int, int, str]
"""Kind, number, channel and port."""


class Touches:
    """Which control is moved on purpose."""

    def __init__(self) -> None:
        self._known: dict[Control, float] = {}
        self._base: dict[Control, float] = {}
        self._same: dict[Control, int] = {}
        self._ripe: set[Control] = set()
        self._pairs: dict[Control, int] = {}
        self._last: Control | None = None

    def begin(self) -> None:
        """From now on they count."""
        self._base, self._same, self._ripe = dict(self._known), {}, set()

    def touched(self, change: Change) -> Control | None:
        """The control that this change shows to be moved, None where it does not."""
        control = (change.kind, change.number, change.channel, change.port)
        if change.kind not in _LEARNED:
            return None
        before, self._known[control] = self._known.get(control), change.value
        if change.kind == "cc":
            self._pair(control)
            self._last = control
            if change.number in _NO_KNOBS or change.number == PITCH_BEND or self._is_fine(control):
                return None
        base = self._base.setdefault(control, change.value)
        self._same[control] = self._same.get(control, 0) + 1 if before == change.value else 0
        if abs(change.value - base) < MOVED and self._same[control] < TURNED:
            return None
        kind, number, channel, port = control
        if kind == "cc14" and self._pairs.get(("cc", number, channel, port), 0) < PAIRED:
            return None
        if kind == "cc" and number < 32 and (control not in self._ripe or self._pairs.get(control, 0) >= PAIRED):
            # Its fine part may be on its way: then it is the two of them.
            self._ripe.add(control)
            return None
        return control

    def _pair(self, control: Control) -> None:
        """Fine parts follow their coarse ones; buttons with such numbers come alone."""
        kind, number, channel, port = control
        if 32 <= number < 64:
            coarse = (kind, number - 32, channel, port)
            self._pairs[coarse] = self._pairs.get(coarse, 0) + 1 if self._last == coarse else 0

    def _is_fine(self, control: Control) -> bool:
        kind, number, channel, port = control
        return 32 <= number < 64 and self._pairs.get((kind, number - 32, channel, port), 0) > 0
