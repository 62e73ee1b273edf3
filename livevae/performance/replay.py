"""A performance from its journal: the same lines at the same moments, and every frame as it was."""

from __future__ import annotations

import contextlib
import io
import math
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from livevae import control
from livevae.control import Change, Timeline, inbox
from livevae.engine.frames import Rows
from livevae.engine.interface import Engine
from livevae.errors import LivevaeError
from livevae.latent import Library
from livevae.model.info import file_digest
from livevae.performance.form import Position
from livevae.performance.journal import Entry, read_journal
from livevae.performance.message import Message
from livevae.performance.part import Revert
from livevae.performance.performance import Performance
from livevae.performance.piece import Piece
from livevae.performance.stamps import Recorded

AFTER_SECONDS: Final = 2.0
"""What is still played after the last entry of a journal that does not say where it ends."""

SETTLE_SECONDS: Final = 1.0

_DRIVERS: Final = {"evaluate": "prompt", "piece": "piece", "advance": "agenda", "error": "prompt", "clock": "clock"}
"""What changes a performance by itself, and as whom: its changes were written down before it."""

_DONE: Final = frozenset(_DRIVERS) | {"control", "osc", "panic", "close", "revert", "plan", "engine"}


@dataclass
class Script:
    """A journal as what is to be done: `events` are `(sample, entry)` in order, `stamps` the seconds of each role."""

    start: Entry
    events: list[tuple[int, Entry]] = field(default_factory=list)
    stamps: dict[str, list[float]] = field(default_factory=dict)
    models: dict[str, Entry] = field(default_factory=dict)
    gestures: list[Entry] = field(default_factory=list)
    maps: list[Entry] = field(default_factory=list)
    samples: int = 0
    late: dict[int, dict[int, Rows]] = field(default_factory=dict)
    """Rows of frames as they were read, by slot and frame, where a change came too late for them."""

    @property
    def rate(self) -> int:
        """Samples a second."""
        return int(self.start["rate"])

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return self.samples / self.rate


def script(path: str | Path) -> Script:
    """Read a journal. Raises LivevaeError where it is none, or does not say how it began."""
    entries = read_journal(path)
    start = entries[0]
    if start["kind"] != "start":
        raise LivevaeError(f"{path} does not say how it began: it was written by an earlier livevae.")
    if sum(entry["kind"] == "start" for entry in entries) > 1:
        raise LivevaeError(f"{path} holds more than one performance: cut it before the second line of kind start.")
    made = Script(start)
    begun: dict[str, int] = {}
    placed: list[tuple[int, int, Entry]] = []
    for index, entry in enumerate(entries):
        kind = entry["kind"]
        if kind == "apply":
            made.stamps.setdefault(entry["by"], []).append(float(entry["now"]))
            begun.setdefault(entry["by"], index)
        elif kind == "late":
            known = made.late.setdefault(int(entry["slot"]), {})
            for frame, row in zip(entry["frames"], np.array(entry["rows"], np.float32), strict=True):
                known.setdefault(int(frame), row)
        elif kind == "model":
            made.models[entry["path"]] = entry
        elif kind == "gesture":
            made.gestures.append(entry)
        elif kind == "midimap":
            made.maps.append(entry)
        elif kind in _DONE:
            # What it changed was heard before it was written down that it was done.
            first = begun.pop(_DRIVERS[kind], index) if kind in _DRIVERS else index
            placed.append((first, index, entry))
    made.events = [(int(entries[first]["sample"]), entry) for first, _, entry in sorted(placed, key=lambda p: p[:2])]
    last = entries[-1]
    rest = 0.0 if last["kind"] == "end" else AFTER_SECONDS
    made.samples = max(int(entry["sample"]) for entry in entries) + round(rest * made.rate)
    return made


class Knobs:
    """The controls of a performance that is played again."""

    def __init__(self) -> None:
        self._timeline = Timeline()

    @property
    def timeline(self) -> Timeline:
        """What patterns read."""
        return self._timeline


class Replay:
    """Does what a script says, on a performance that has been made for it, with everything `shift` seconds later.

    `due(sample)` does all that happened up to that sample of the engine, before any frame is computed for it.
    """

    def __init__(self, performance: Performance, what: Script, shift: float = 0.0) -> None:
        self._performance = performance
        self._shift = shift
        self._events = deque(what.events)
        self._late = round(shift * what.rate)
        self._read_late = {} if shift else what.late
        self._pieces: dict[str, Piece] = {}
        self._settled = 0
        self._rate = what.rate
        self.knobs = Knobs()
        self._stamps = Recorded()
        for role, seconds in what.stamps.items():
            self._stamps.give(role, [second + shift for second in seconds])
        performance.replayed(self._stamps, float(what.start["margin"]))
        performance.gestures.replay(what.gestures, shift)
        performance.midi.learning.replay(what.maps)
        self.knobs.timeline.stamp = performance.stamp
        if shift:
            performance.clock.begin(shift)
        performance.names |= {"wait": lambda seconds: None}

    def fill(self, slot: int, first: int, count: int) -> Rows:
        """The control rows of a performance that is not shifted, as they were read."""
        rows = self._performance.fill(slot, first, count)
        late = self._read_late.get(slot)
        if late:
            for frame in late.keys() & set(range(first, first + count)):
                if late[frame].shape == rows[frame - first].shape:
                    rows[frame - first] = late[frame]
        return rows

    @property
    def done(self) -> bool:
        """Has everything been done?"""
        return not self._events

    @property
    def missing(self) -> int:
        """Changes whose moment is not in the journal."""
        return self._stamps.missing

    @property
    def next(self) -> int | None:
        """The sample of what comes next."""
        return self._events[0][0] + self._late if self._events else None

    def due(self, sample: int) -> bool:
        """Do what happened up to `sample`; True where anything was done."""
        did = False
        while self._events and self._events[0][0] + self._late <= sample:
            self._do(self._events.popleft()[1])
            did = True
        if sample - self._settled >= SETTLE_SECONDS * self._rate:
            self._settled = sample
            self._performance.settle()
        return did

    def _do(self, entry: Entry) -> None:
        performance, kind = self._performance, entry["kind"]
        if kind == "evaluate" or (kind == "error" and str(entry["file"]).startswith("<")):
            self._evaluate(entry)
        elif kind == "piece":
            self._read(entry)
        elif kind == "clock":
            performance.midi.clock.replay(entry)
            performance.settle()
        elif kind == "control":
            self._control(entry)
        elif kind == "osc":
            performance.remote.again(entry["address"], entry["arguments"])
        elif kind == "advance":
            performance.advance(float(entry["until"]) + self._shift)
        elif kind == "panic" and entry.get("by") is None:
            performance.panic()
        elif kind == "close":
            performance.end_streams([int(slot) for slot in entry["slots"]])
        elif kind == "revert":
            moved = int(entry["frame"])
            performance.take_back(Revert(int(entry["slot"]), moved, str(entry["level"]), int(entry["place"])))
        elif kind == "plan" and entry["reason"] in ("key", "osc"):
            where = Position(entry["name"], int(entry["place"]), int(entry["count"]))
            performance.conductor.replan(where, float(entry["start"]), str(entry["reason"]))
        elif kind == "engine":
            told = f"{entry['message']}: what was not heard then is heard in the replay."
            performance.report("info", f"{self._at(entry)}: {told}")

    def _evaluate(self, entry: Entry) -> None:
        if entry["file"] == "<action>":
            return
        try:
            # What was printed then was read then.
            with contextlib.redirect_stdout(io.StringIO()):
                self._performance.evaluate(entry["source"], entry["file"])
        except LivevaeError as error:
            if entry["kind"] == "evaluate":
                self._performance.report("error", f"{self._at(entry)}, what worked then fails now: {error}")
        except SystemExit:
            return

    def _read(self, entry: Entry) -> None:
        path = str(entry["file"])
        piece = self._pieces.setdefault(path, Piece(self._performance, path))
        texts = {path: entry["source"], **entry.get("included", {})}
        try:
            piece.replay({Path(name): text for name, text in texts.items()}, entry.get("start"))
        except LivevaeError as error:
            self._performance.report("error", f"{self._at(entry)}, what worked then fails now: {error}")

    def _control(self, entry: Entry) -> None:
        second = -math.inf if entry["second"] is None else float(entry["second"]) + self._shift
        change = Change(
            entry["control"], int(entry["number"]), float(entry["value"]), int(entry["channel"]), entry["port"], second
        )
        if change.port == inbox.PORT:
            self._performance.inbox.take(change)
        else:
            self.knobs.timeline.add((change.kind, change.number, change.channel, change.port), change.value, second)
        self._performance.control_changed(change)
        self._performance.settle()

    def _at(self, entry: Entry) -> str:
        return f"at {entry['sample'] / self._rate:.1f} s"


@contextlib.contextmanager
def replaying(
    what: Script,
    engine: Engine,
    library: Library,
    *,
    shift: float = 0.0,
    on_message: Callable[[Message], None] | None = None,
) -> Iterator[tuple[Performance, Replay]]:
    """A performance made for a script: its model, recordings, seed and folder, and knobs that only the journal moves.

    Raises LivevaeError where a model cannot be opened.
    """
    start = what.start
    with contextlib.ExitStack() as stack:
        if Path(start["folder"]).is_dir():
            stack.enter_context(contextlib.chdir(start["folder"]))
        performance = _Replaying(
            engine, library, default_model=Path(start["model"]), seed=int(start["seed"]), live=False
        )
        stack.callback(performance.close)
        performance.on_message = on_message
        _know(performance, library, start["recordings"])
        replay = Replay(performance, what, shift)
        stack.callback(control.use, None)
        control.use(replay.knobs)
        # Opening a model takes time, which a replay does not have: all of them are opened first.
        for entry in what.models.values():
            engine.open_model(Path(entry["path"]), rate=entry["rate"])
        performance.prepare()
        engine.attach(replay.fill)
        yield performance, replay


class _Replaying(Performance):
    """A performance that writes no recordings of its own and hears nothing from outside."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.alone()
        self.ears.deaf = True

    def record(self, path: str | Path | None = "take.flac") -> Path | None:
        return None

    def stop_recording(self) -> None:
        return None


def check_models(what: Script) -> None:
    """Raises LivevaeError unless every model is there and as it was."""
    for path in dict.fromkeys([what.start["model"], *what.models]):
        if not Path(path).is_file():
            raise LivevaeError(f"the model {path} was played and is not there any more: put it back.")
        entry = what.models.get(path)
        if entry is not None and file_digest(Path(path)) != entry["digest"]:
            raise LivevaeError(f"the model {path} is not the one that was played: it has changed since.")


def _know(performance: Performance, library: Library, recordings: dict[str, str]) -> None:
    missing: list[str] = []
    for name, path in recordings.items():
        try:
            library.add(path, name)
        except LivevaeError:
            missing.append(name)
    if missing:
        performance.report("warning", f"recordings that are not there any more: {', '.join(missing)}.")
