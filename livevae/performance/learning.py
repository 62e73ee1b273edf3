"""Mapping by touch: the next knob that is moved drives what waits for one. And maps of controllers that are kept."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from livevae.control import Change, Knob
from livevae.control.patterns import current
from livevae.control.reading import ENCODINGS, Encoder, Pickup, Reading, Where
from livevae.errors import LivevaeError
from livevae.performance.desk import Desk
from livevae.performance.journal import Entry
from livevae.performance.message import Kind
from livevae.performance.midi_map import MidiMap, from_text, kept_for, map_path, mapped, read, to_text, write
from livevae.performance.midi_targets import Target, targets
from livevae.performance.touches import Control, Touches
from livevae.performance.triggers import Triggers


@dataclass(frozen=True)
class Wish:
    """What waits for a knob, and how that is to be read."""

    target: Target
    low: float
    high: float
    curve: float
    relative: str | None
    pickup: bool


class Learning:
    """The words about maps of knobs. `changed` is to be told of every change that comes in, on any thread.

    `dims(voice)` is how many dimensions a voice has; `keep` writes to the journal.
    """

    def __init__(
        self,
        desk: Desk,
        triggers: Triggers,
        dims: Callable[[int], int],
        report: Callable[[Kind, str], None],
        log: Callable[..., None],
    ) -> None:
        self._desk = desk
        self._triggers = triggers
        self._dims = dims
        self._report = report
        self._log = log
        self._lock = threading.Lock()
        self._touches = Touches()
        self._wishes: deque[Wish] = deque()
        self._used: set[Control] = set()
        self._from = float("-inf")
        self._recorded: dict[str, deque[str]] | None = None

    def learn(
        self,
        *things: Any,
        low: float | None = None,
        high: float | None = None,
        curve: float = 0.0,
        relative: str | None = None,
        pickup: bool = False,
    ) -> None:
        """Map knobs by touching them: `learn(v1.dim[3])`, then turn a knob.

            learn(v1.dim[3])              the next knob that is moved drives dimension 3
            learn(v1.dim, 0, 1, 2)        the next three knobs, one after the other
            learn(v1)                     a knob for each dimension, in a row
            learn(v1, "amp", "pan")       its levels
            learn()                       v1, every dimension that nothing drives yet
            learn(None)                   no more, whatever still waits

        From `low` to `high` it moves: -3 to 3 over a dimension unless told otherwise, all there is over a level.
        `curve` bends it as `.curve` does, `relative` is the encoding of an endless encoder ("twos", "offset" or
        "signed"), and with `pickup` it takes over when it meets what its default is. It is heard at once, and
        `undo()` takes back one knob after the other. `midimap()` shows what is mapped. Raises LivevaeError for what a
        knob cannot move.
        """
        if things == (None,) and not self._desk.looked(1):
            wanted: list[Target] = []
        elif things:
            first = targets(self._desk, things, None)
            wanted = first or targets(self._desk, things, self._dims(targets(self._desk, (*things, 0), None)[0].voice))
        else:
            free = self._desk.settings(0)
            wanted = [target for target in (Target(0, d) for d in range(self._dims(0))) if target.free(free)]
            if not wanted:
                raise LivevaeError(
                    "learn(): something drives every dimension of v1: name another voice, as in learn(v2)."
                )
        wishes = [self._wish(target, low, high, curve, relative, pickup) for target in wanted]
        with self._desk.transaction() as draft:
            draft.done.append(partial(self._begin, wishes))

    def midimap(self) -> MidiMap:
        """All knobs and what they move, as a table: those that were learned, and those in patterns that were typed."""
        voices = [self._desk.settings(index) for index in range(len(self._desk.now.voices))]
        return mapped(voices)

    def save_map(self, path: str | Path) -> Path:
        """Keep the map of knobs in a file: `save_map("nano.toml")`. Gives the file.

        A name alone is a file among livevae's settings: what was kept there is loaded again, as far as nothing else
        was set by then, whenever a controller of that name appears. The values at which the knobs stand are kept too.
        Knobs that are part of a larger pattern are not: they are in your piece. Raises LivevaeError where nothing is
        mapped, and where the file cannot be written.
        """
        rows = [row for row in self.midimap() if row.whole and row.target.partition(".")[2] not in ("z", "speed")]
        if not rows:
            raise LivevaeError("save_map(): no knob is mapped: learn(v1.dim[0]) first, and touch one.")
        where = map_path(path)
        if self._recorded is None:
            write(where, to_text(rows))
        return where

    def load_map(self, path: str | Path) -> MidiMap:
        """Map knobs as they were when `save_map` wrote that file: `load_map("nano.toml")`. Gives the map.

        The controller may be plugged in later. Until a knob is moved it stands at the value that was kept. Raises
        LivevaeError, with nothing changed, where the file or a dimension in it is not there.
        """
        where = map_path(path)
        text = self._text(str(where), lambda: read(where))
        rows = from_text(text, where.name)
        with self._desk.transaction():
            for target, knob in rows:
                target.set(self._desk, knob)
            return self.midimap()

    # -- what comes in

    def changed(self, change: Change) -> None:
        """A control moved, or a port came. On any thread, and never for long."""
        if change.kind == "port":
            if change.value:
                self._triggers.do(partial(self._appeared, change.port), "midi")
            return
        with self._lock:
            control = self._touches.touched(change)
            if control is None or not self._wishes or not change.second > self._from or control in self._used:
                return
            self._used.add(control)
            wish = self._wishes.popleft()
            following = self._wishes[0] if self._wishes else None
            # The next one waits for a knob that moves from here on.
            self._touches.begin()
        self._triggers.do(partial(self._map, wish, control, change.value, following), "midi")

    def replay(self, entries: Iterable[Entry]) -> None:
        """Take maps from a journal instead of from files."""
        recorded: dict[str, deque[str]] = {}
        for entry in entries:
            recorded.setdefault(str(entry["file"]), deque()).append(str(entry["text"]))
        self._recorded = recorded

    def _wish(
        self, target: Target, low: float | None, high: float | None, curve: float, relative: str | None, pickup: bool
    ) -> Wish:
        if relative is not None and relative not in ENCODINGS:
            raise LivevaeError(f'learn(relative={relative!r}): an encoding is "twos", "offset" or "signed".')
        lowest, highest = target.range
        for end in (low, high, curve):
            if end is not None and (isinstance(end, bool) or not isinstance(end, int | float)):
                raise LivevaeError(f"learn(): low, high and curve are numbers, not {end!r}.")
        if isinstance(target.what, int) and not 0 <= target.what < self._dims(target.voice):
            many = self._dims(target.voice)
            raise LivevaeError(f"{target}: the model has {many} dimensions, from 0 to {many - 1}.")
        spread = lowest if low is None else float(low), highest if high is None else float(high)
        return Wish(target, *spread, float(curve), relative, bool(pickup))

    def _begin(self, wishes: list[Wish]) -> None:
        timeline = current()
        second = float("-inf") if timeline is None else timeline.mark()
        with self._lock:
            if not wishes or not self._wishes:
                self._wishes, self._used, self._from = deque(), set(), second
                self._touches.begin()
            self._wishes.extend(wishes)
            first = self._wishes[0] if self._wishes else None
        self._ask(first)

    def _ask(self, wish: Wish | None) -> None:
        if wish is not None:
            self._report("info", f"touch a knob for {wish.target}")

    def _map(self, wish: Wish, control: Control, value: float, following: Wish | None) -> None:
        kind, number, channel, port = control
        where = Where(kind, number, channel, port)
        followed: Encoder | Pickup | None = None
        if wish.relative is not None:
            # What an endless encoder says is no place: it begins in the middle.
            value = 0.5
            followed = Encoder(wish.relative, 1 / 127, value)
        elif wish.pickup:
            followed = Pickup(None, value)
        reading = Reading(
            where, value if wish.relative else 0.0, 0.0, "level", followed, wish.curve, wish.low, wish.high
        )
        knob = Knob(reading)
        wish.target.set(self._desk, knob)
        self._report("info", f"{wish.target} = {knob!r}")
        self._ask(following)

    def _appeared(self, port: str) -> None:
        """A controller is there: what was kept for it is mapped, as far as nobody has set anything else."""
        found: list[tuple[Target, Knob]] = []
        text = self._text(f"port {port}", lambda: kept_for(port, partial(self._report, "warning")))
        for target, knob in from_text(text, f"a map for {port}", port):
            if target.free(self._desk.settings(target.voice)):
                found.append((target, knob))
        for target, knob in found:
            target.set(self._desk, knob)
        if found:
            self._report("info", f"{port}: {len(found)} knobs are mapped as they were kept")

    def _text(self, file: str, make: Callable[[], str]) -> str:
        """The text of a map, as it is now or as a journal says that it was."""
        if self._recorded is not None:
            kept = self._recorded.get(file)
            return kept.popleft() if kept else ""
        text = make()
        # Also where there is none: a replay goes through them in order.
        self._log("midimap", file=file, text=text)
        return text
