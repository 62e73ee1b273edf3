"""One training that goes on beside the performance, in a process of its own."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

from livevae.errors import LivevaeError
from livevae.helper import Helper, Message
from livevae.performance.message import Kind
from livevae.training.config import TrainConfig
from livevae.training.record import Record, plain

_PROCESS: Final = "livevae.training.background"
_ONE: Final = dict.fromkeys(("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_MEASURED: Final = re.compile(r"(.+)-\d{6,}")

State = Literal["waiting", "starting", "reading", "training", "writing", "stopping", "ready", "stopped", "failed"]
_RUNS: Final = frozenset({"starting", "reading", "training", "writing", "stopping"})


@dataclass(frozen=True)
class Standing:
    """How a training stands. `minutes` it has trained, over all resumes; `left`, those that it will take, None while
    that is not known; `distance` in dB from recordings, as it was measured last; `text` is what else there is to say.
    """

    state: State = "waiting"
    step: int = 0
    minutes: float = 0.0
    done: float = 0.0
    left: float | None = None
    distance: float | None = None
    text: str = ""


class Training:
    """A model that is being trained while you play: `mine = train("~/sounds", "mine")`. It says how it stands.

    `.stop()` saves it and ends it, `.hear()` gives what it sounds like so far. Where it stands is also in `.state`,
    `.step`, `.minutes` (trained so far), `.left` (minutes to come), `.distance` (dB from the recordings, as it was
    measured last) and `.path` (the model, once it is ready).
    """

    def __init__(self, name: str, config: TrainConfig, call: str, report: Callable[[Kind, str], None]) -> None:
        """`call` is what is typed to go on with it."""
        self.name = name
        self.config = config
        self.call = call
        self._report = report
        self._standing = Standing()
        self._helper: Helper | None = None
        self._ended = threading.Event()
        self._left = False

    # -- how it stands

    @property
    def state(self) -> State:
        """starting, reading, training, writing or stopping; then ready, stopped or failed."""
        return self._standing.state

    @property
    def runs(self) -> bool:
        """Does it go on?"""
        return self._standing.state in _RUNS

    @property
    def step(self) -> int:
        """Steps made so far."""
        return self._standing.step

    @property
    def minutes(self) -> float:
        """Minutes trained so far, over all times that it was gone on with."""
        return self._standing.minutes

    @property
    def left(self) -> float | None:
        """Minutes to come; None while that is not known."""
        return self._standing.left

    @property
    def distance(self) -> float | None:
        """How far its sound is from the recordings, in dB, as it was measured last; None before that."""
        return self._standing.distance

    @property
    def path(self) -> Path:
        """The model file, there once it is ready."""
        return self.config.output

    @property
    def note(self) -> str:
        """A few characters for the toolbar."""
        now = self._standing
        how = f"{now.done:.0%}" if now.state == "training" else now.state
        return f"{self.name} {how}" + ("" if now.distance is None else f" {now.distance:.1f} dB")

    def __repr__(self) -> str:
        now = self._standing
        match now.state:
            case "waiting":
                return f"{self.name}: nothing is trained"
            case "reading":
                return f"{self.name}: {now.text[:1].lower()}{now.text[1:]}"
            case "starting" | "writing" | "stopping":
                return f"{self.name}: {'writing the model' if now.state == 'writing' else now.state}"
            case "training":
                return f"{self.name}: {self._far()}" + _rest(now)
            case "ready":
                return f'{self.name} is ready: v1.model = "{self.name}"' + _measured(now)
            case "stopped":
                if not now.step:
                    return f"{self.name}: stopped before it began"
                return f"{self.name}: stopped at {_spell(now.minutes)}{_measured(now)}: {self.call} goes on from there"
            case "failed":
                return f"{self.name}: {now.text}"

    # -- what a performer asks of it

    def stop(self) -> None:
        """Save what it has learned so far, and end it. The same `train(...)` goes on from there."""
        helper = self._helper
        if helper is None or not self.runs or self.state == "stopping":
            return
        self._standing = replace(self._standing, state="stopping", text="")
        helper.send({"do": "stop"})

    def hear(self) -> list[Path]:
        """Sound files to listen to: some recordings as they are, and each as the model makes it so far.

        They are made whenever it is measured, with pictures of their spectra beside them. Raises LivevaeError before
        there are any.
        """
        folder = self.config.folder
        found: list[Path] = []
        for before in sorted(folder.glob("*-before.flac")):
            stem = before.stem.removesuffix("-before")
            made = [
                path for path in folder.glob("*.flac") if (match := _MEASURED.fullmatch(path.stem)) and match[1] == stem
            ]
            found += [before, *sorted(made)[-1:]]
        if not found:
            raise LivevaeError(f"{self.name} has made no sound yet: it does when it is measured, every few minutes.")
        return found

    # -- the process

    def begin(self, gentle: bool) -> None:
        """Start it. `gentle` lets everything else on the machine come first. Raises LivevaeError."""
        threads = str(self.config.threads or 1)
        self._standing = replace(self._standing, state="starting")
        self._helper = Helper(_PROCESS, self._hear, self._gone, {"OMP_NUM_THREADS": threads, **_ONE})
        self._helper.send({"do": "train", "config": plain(self.config), "gentle": gentle})
        begins = "goes on" if self.config.checkpoint.exists() else "begins"
        self._report("info", f"{self.name}: training {begins}, {_spell_goal(self.config)} in all")

    def take_over(self, record: Record) -> None:
        """It stands as a record of it says: done, or stopped."""
        state: State = "ready" if record.done else "stopped"
        self._standing = Standing(state, record.step, record.minutes, float(record.done), None, record.distance)

    def release(self) -> None:
        """Ask it to save and to end, since the performance ends; `finish` waits for that."""
        if self._helper is not None and self.runs:
            self._left = True
            self._helper.release()

    def finish(self, seconds: float) -> None:
        """Wait so many seconds until it has ended, which it also does when nobody waits, and say how to go on."""
        if not self._left:
            return
        ended = self._ended.wait(seconds)
        if ended and self.state != "stopped":
            self._report("error" if self.state == "failed" else "info", repr(self))
        elif self.step:
            saved = "is saved" if ended else "is being saved"
            self._report("info", f"{self.name} {saved} at {_spell(self.minutes)}: {self.call} goes on from there")

    @property
    def pid(self) -> int | None:
        """Its process id; None while there is no process."""
        return self._helper.pid if self._helper is not None and self._helper.alive else None

    def _hear(self, message: Message) -> None:
        now = self._standing
        stopping = now.state == "stopping"
        match message["is"]:
            case "reading":
                self._standing = now if stopping else replace(now, state="reading", text=str(message["text"]))
            case "begun":
                self._tell_skipped(message["skipped"])
            case "training" | "writing" as state:
                facts = {name: message[name] for name in ("step", "minutes", "done", "left", "distance")}
                self._standing = Standing("stopping" if stopping else state, **facts)
            case "measured":
                when = f"after {_spell(now.minutes)}" if now.step else "before it learns"
                self._tell("info", f"{self.name}: {now.distance:.1f} dB {when}")
            case "trouble":
                self._tell("warning", f"{self.name}: {message['text']}")
            case _:
                self._end(message)

    def _end(self, message: Message) -> None:
        state: State = message["is"]
        self._standing = replace(self._standing, state=state, left=None, text=str(message.get("text", "")))
        if self._helper is not None:
            self._helper.release()
        self._tell("error" if state == "failed" else "info", repr(self))
        self._ended.set()

    def _gone(self, code: int) -> None:
        """The process ended by itself, in the midst of it."""
        if self.runs:
            why = "was killed" if code < 0 else f"ended with code {code}"
            text = f"its process {why}: {self.call} goes on from what was saved last."
            self._end({"is": "failed", "text": text})

    def _tell_skipped(self, skipped: list[str]) -> None:
        if skipped:
            many = "1 file is" if len(skipped) == 1 else f"{len(skipped)} files are"
            more = "" if len(skipped) == 1 else ", ..."
            self._tell("warning", f"{self.name}: {many} not used: {skipped[0].rstrip('.')}{more}")

    def _tell(self, kind: Kind, text: str) -> None:
        if not self._left:
            self._report(kind, text)

    def _far(self) -> str:
        now, config = self._standing, self.config
        if config.minutes is not None:
            made = now.minutes * 60 if config.minutes < 2 else now.minutes
            return f"{made:.0f} of {_spell(config.minutes)}, step {now.step}"
        return f"step {now.step} of {config.goal}"


class TrainingList(Sequence[Training]):
    """Trainings, in the order in which they began; by number, or by the name of the model."""

    def __init__(self, trainings: Sequence[Training]) -> None:
        self._trainings = tuple(trainings)

    def __getitem__(self, which: int | str | slice) -> Any:
        if not isinstance(which, str):
            return self._trainings[which]
        for training in self._trainings:
            if training.name == which:
                return training
        names = ", ".join(training.name for training in self._trainings) or "none"
        raise LivevaeError(f"there is no training {which!r}: there are {names}.")

    def __len__(self) -> int:
        return len(self._trainings)

    def __iter__(self) -> Iterator[Training]:
        return iter(self._trainings)

    def __repr__(self) -> str:
        return "\n".join(map(repr, self)) or 'nothing is trained: train("~/sounds", "mine") begins'


def _rest(now: Standing) -> str:
    left = "" if now.left is None else f", {_spell(now.left)} left"
    return ("" if now.distance is None else f", {now.distance:.1f} dB from the recordings") + left


def _measured(now: Standing) -> str:
    return "" if now.distance is None else f" ({now.distance:.1f} dB from the recordings)"


def _spell(minutes: float) -> str:
    """A length for reading: whole minutes, and seconds below two.

    >>> _spell(0.5), _spell(6.2)
    ('30 s', '6 min')
    """
    return f"{minutes * 60:.0f} s" if minutes < 2 else f"{minutes:.0f} min"


def _spell_goal(config: TrainConfig) -> str:
    return f"{config.goal} steps" if config.minutes is None else _spell(config.minutes)
