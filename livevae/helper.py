"""A helper process of livevae and the pipe to it: one JSON object a line, in both directions.

The helper is a module of this package, run as `python -m MODULE`. It ends when its standard input ends, so it never
outlives the process that started it. Used for work that may not share an interpreter with the performer: torch, and
MIDI drivers that can take a process down with them.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

from livevae.errors import LivevaeError

Message = dict[str, Any]

_STOP_SECONDS = 2.0

NICENESS = 10
"""Of a process that takes jobs: it gives way to the sound."""
IDLE_SECONDS = 300.0
"""How long such a process stays, with what it has loaded, when it has nothing to do."""


class Helper:
    """Runs `python -m module` and reads what it says on a thread of its own.

    `on_message` gets every JSON object the helper prints, `on_exit` its return code (negative: killed by that signal)
    when it ends without having been asked to. Both are called on the reading thread. Raises LivevaeError where no
    process can be started.
    """

    def __init__(
        self,
        module: str,
        on_message: Callable[[Message], None],
        on_exit: Callable[[int], None],
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._on_message = on_message
        self._on_exit = on_exit
        self._sending = threading.Lock()
        self._closing = False
        # A session of its own: Ctrl-C at the prompt is for the performer's process alone. The helper finds the
        # package where this process found it, whether it is installed or not.
        places = [str(Path(__file__).parent.parent), os.environ.get("PYTHONPATH", "")]
        path = os.pathsep.join(place for place in places if place)
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-m", module],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                env={**os.environ, **(environment or {}), "PYTHONPATH": path},
            )
        except OSError as error:
            raise LivevaeError(f"cannot start {sys.executable} for {module}: {error.strerror or error}.") from None
        threading.Thread(target=self._read, name=f"livevae {module}", daemon=True).start()

    @property
    def pid(self) -> int:
        """The helper's process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the helper still runs."""
        return self._process.poll() is None

    def send(self, message: Message) -> bool:
        """Give the helper one message; False where it is gone."""
        line = json.dumps(message).encode() + b"\n"
        assert self._process.stdin is not None
        with self._sending:
            try:
                self._process.stdin.write(line)
                self._process.stdin.flush()
            except (OSError, ValueError):
                return False
        return True

    def release(self) -> None:
        """Close the helper's input and do not wait: it ends by itself, and what it still says is heard."""
        self._closing = True
        assert self._process.stdin is not None
        with self._sending, contextlib.suppress(OSError):
            self._process.stdin.close()

    def close(self, at_once: bool = False) -> None:
        """End the helper: by closing its input, or `at_once` by a signal. Waits until it is gone."""
        if at_once:
            self._closing = True
            self._process.kill()
        self.release()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                with contextlib.suppress(ValueError):
                    self._on_message(json.loads(line))
        code = self._process.wait()
        if not self._closing:
            self._on_exit(code)


class Channel:
    """The helper's own end: reads messages from standard input and prints messages.

    Standard output is taken over when this is made: what libraries print goes to standard error instead.
    """

    def __init__(self) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        self._lock = threading.Lock()
        self._ends_itself = False
        self._out = os.fdopen(os.dup(1), "wb")
        os.dup2(2, 1)

    def send(self, message: Message) -> None:
        """Print one message. Where nobody listens any more the process ends, unless `listen` was told how it does."""
        line = json.dumps(message).encode() + b"\n"
        with self._lock:
            try:
                self._out.write(line)
                self._out.flush()
            except OSError:
                if not self._ends_itself:
                    os._exit(0)

    def listen(
        self,
        on_message: Callable[[Message], None],
        on_end: Callable[[], None] | None = None,
        patience: float = _STOP_SECONDS,
    ) -> None:
        """Read messages on a thread. When the input ends the process does so at once; or, where `on_end` is given,
        after that was called and has let the main thread come to its end, at the latest after `patience` seconds.
        """
        self._ends_itself = on_end is not None

        def read() -> None:
            for line in sys.stdin.buffer:
                on_message(json.loads(line))
            if on_end is not None:
                on_end()
                time.sleep(patience)
            os._exit(0)

        threading.Thread(target=read, name="livevae helper input", daemon=True).start()


class Cancelled(Exception):
    """The job that runs is not wanted any more: raised by what it tells its progress to."""


Progress = Callable[[float], None]


def serve(
    work: Callable[[Message, Progress], Message],
    failed: Callable[[Message, Exception], str],
    prepare: Callable[[], None] = lambda: None,
) -> NoReturn:
    """Be a helper process that takes jobs in turn: modest, until its input ends or there was nothing to do for long.

    A message `{"do": "cancel", "id": n}` takes back a job, any other one, with its `id`, is a job. It is answered by
    `{"id": n, "progress": part}` as often as `work(message, progress)` tells, then by what that gives, or by the
    sentence that `failed(message, error)` makes of an error. `prepare` takes its time while jobs are already heard.
    """
    os.nice(NICENESS)
    channel = Channel()
    jobs: queue.SimpleQueue[Message] = queue.SimpleQueue()
    cancelled: set[int] = set()

    def hear(message: Message) -> None:
        if message["do"] == "cancel":
            cancelled.add(message["id"])
        else:
            jobs.put(message)

    def do(message: Message) -> None:
        number = int(message["id"])

        def progress(part: float) -> None:
            if number in cancelled:
                raise Cancelled
            channel.send({"id": number, "progress": part})

        try:
            progress(0.0)
            answer = work(message, progress)
        except Cancelled:
            cancelled.discard(number)
        # Whatever one job does to the libraries below must not cost the jobs behind it.
        except Exception as error:
            channel.send({"id": number, "error": failed(message, error)})
        else:
            channel.send({"id": number, **answer})

    channel.listen(hear)
    prepare()
    with contextlib.suppress(queue.Empty):
        while True:
            do(jobs.get(timeout=IDLE_SECONDS))
    # Not through the interpreter's own ending, which cannot take standard input from the thread that reads it.
    os._exit(0)
