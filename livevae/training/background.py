"""A training beside a performance: `python -m livevae.training.background`, started by the performer's side.

It gives way to everything else, says how it stands as JSON lines, and saves and ends when it is told to or when its
input ends, so that it never outlives the performance for long.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import queue
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from livevae.errors import LivevaeError
from livevae.helper import Channel, Message
from livevae.training.config import TrainConfig
from livevae.training.record import Record, config_of, plain, write

if TYPE_CHECKING:
    from livevae.training.run import Run

LAST_SECONDS: Final = 90.0
"""How long a training may take to save, or to write its model, when nobody is there any more."""

_TOLD_SECONDS: Final = 0.5
_USUAL: Final = ("step ", "Resumed ", "Writing the model", "The model came ")
"""How lines begin that say what is told by numbers already."""
_SKIPPED: Final = "Skipped "
_TROUBLE: Final = ("To be held out", "The recordings are not")
"""How lines begin that are worth telling although nothing is trained yet."""


def give_way() -> None:
    """Let everything else on this machine come first: processor, and memory where it runs out."""
    with contextlib.suppress(OSError):
        os.nice(19)
    idle = getattr(os, "SCHED_IDLE", None)
    if idle is not None:
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, idle, os.sched_param(0))
    # Where the kernel shares processors between sessions, priorities count within this one alone, and its share is
    # said here. And it is better to lose a training than the sound.
    for name, value in (("autogroup", "19"), ("oom_score_adj", "1000")):
        with contextlib.suppress(OSError):
            Path(f"/proc/self/{name}").write_text(value)


def hurry() -> None:
    """Take the usual share again, as far as the system lets a process have it back: somebody waits for the end."""
    with contextlib.suppress(OSError):
        Path("/proc/self/autogroup").write_text("0")
    setter = getattr(os, "sched_setscheduler", None)
    if setter is not None:
        with contextlib.suppress(OSError):
            setter(os.getpid(), os.SCHED_OTHER, os.sched_param(0))


class Background:
    """One training, told to a channel."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._jobs: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self._stop = threading.Event()
        self._begun = False
        self._told = 0.0
        self._rows = 0
        self._skipped: list[str] = []
        self._record: Record | None = None

    def hear(self, message: Message) -> None:
        """A job, or the wish that it end."""
        if message["do"] == "train":
            self._jobs.put(message)
        else:
            self.end()

    def end(self) -> None:
        """Save and end. What has not begun has nothing to save."""
        self._stop.set()
        self._jobs.put(None)
        if not self._begun:
            self._channel.send({"is": "stopped"})
            os._exit(0)

    def leave(self) -> None:
        """The performance is over: save and end soon."""
        hurry()
        self.end()

    def work(self) -> None:
        """Do the one job there will be."""
        message = self._jobs.get()
        if message is None:
            return
        if message["gentle"]:
            give_way()
        try:
            config = config_of(message["config"])
            with _alone(config.output, config.folder):
                self._train(config)
        except LivevaeError as error:
            self._channel.send({"is": "failed", "text": str(error)})
        # Whatever libraries raise (memory that runs out, a device that is lost) is to be told.
        except Exception as error:
            text = " ".join(str(error).split())
            self._channel.send({"is": "failed", "text": f"training failed ({type(error).__name__}: {text})."})

    def _train(self, config: TrainConfig) -> None:
        # Threads that spin while they wait lose more than they gain when other programs share the processor.
        os.environ.setdefault("OMP_WAIT_POLICY", "passive")
        from livevae.training.trainer import TrainingStopped, train

        self._record = Record(plain(config))
        try:
            path = train(config, self._say, self._stop.is_set, self._watch)
        except TrainingStopped:
            if self._begun:
                write(config.folder, self._record)
            self._channel.send({"is": "stopped"})
            return
        record = self._record
        write(config.folder, Record(record.asked, record.minutes, record.step, record.distance, done=True))
        self._channel.send({"is": "ready", "path": str(path)})

    def _watch(self, run: Run) -> None:
        """How it stands, at most twice a second; each validation."""
        progress = run.progress
        minutes, now = progress.seconds / 60, time.monotonic()
        assert self._record is not None
        distance = progress.history[-1]["log_spectral_distance"] if progress.history else None
        self._record = Record(self._record.asked, minutes, progress.step, distance)
        if not self._begun:
            self._begun = True
            self._rows = len(progress.history)
            write(run.config.folder, self._record)
            self._channel.send({"is": "begun", "skipped": self._skipped})
        if now - self._told > _TOLD_SECONDS or run.over or len(progress.history) > self._rows:
            self._told = now
            left = minutes * (1.0 / run.done - 1.0) if run.done > 0 else None
            facts: dict[str, Any] = {"step": progress.step, "minutes": minutes, "done": run.done, "left": left}
            self._channel.send({"is": "writing" if run.over else "training", "distance": distance, **facts})
        if len(progress.history) > self._rows:
            self._rows = len(progress.history)
            self._channel.send({"is": "measured"})

    def _say(self, line: str) -> None:
        if line.startswith(_SKIPPED):
            self._skipped.append(line.removeprefix(_SKIPPED))
        elif not self._begun and not line.startswith((*_USUAL, *_TROUBLE)):
            self._channel.send({"is": "reading", "text": line})
        elif not line.startswith(_USUAL):
            self._channel.send({"is": "trouble", "text": line})


@contextlib.contextmanager
def _alone(output: Path, folder: Path) -> Iterator[None]:
    """Raises LivevaeError where another process trains the same model. The lock goes with the process."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise LivevaeError(f"{folder} cannot be made: {error.strerror or error}.") from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise LivevaeError(f"{output.stem} is being trained by another livevae: let that end first.") from None
    try:
        yield
    finally:
        os.close(handle)


def main() -> None:
    """Be the process."""
    channel = Channel()
    background = Background(channel)
    # The end of the input counts at once, however long what runs just now may take to notice.
    channel.listen(background.hear, background.leave, LAST_SECONDS)
    # On a thread of its own: a handler that waited for what it interrupts would wait for ever.
    signal.signal(signal.SIGTERM, lambda number, frame: threading.Thread(target=background.end).start())
    background.work()
    # Not through the interpreter's own ending, which cannot take standard input from the thread that reads it.
    os._exit(0)


if __name__ == "__main__":
    main()
