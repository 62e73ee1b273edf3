"""The performer's end of the process that encodes recordings.

The performer's process never imports torch, and voices that play share neither an interpreter nor a model with the
encoding. Messages are JSON lines; the frames themselves go through the cache's files.
"""

from __future__ import annotations

import itertools
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from livevae.errors import LivevaeError
from livevae.helper import Helper, Message
from livevae.latent.cache import Job
from livevae.model.info import ModelInfo

_ATTEMPTS = 2


@dataclass
class _Task:
    """An encoding somebody waits for."""

    message: Message
    progress: Callable[[float], None] | None
    done: threading.Event = field(default_factory=threading.Event)
    attempts: int = 0
    error: str | None = None


class Encoder:
    """Encodes in a process of its own, which starts with the first job, works through them one by one, ends when it
    has had nothing to do for minutes, and is started again when it died. Any thread may use it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._helper: Helper | None = None
        self._tasks: dict[int, _Task] = {}
        self._numbers = itertools.count()
        self._closed = False

    @property
    def pid(self) -> int | None:
        """The process id, None while there is no process."""
        helper = self._helper
        return helper.pid if helper is not None and helper.alive else None

    def encode(self, job: Job, model: ModelInfo, target: Path, progress: Callable[[float], None] | None = None) -> None:
        """Encode into the file `target`; returns when it is written.

        `progress` is called with the part done, 0 to 1, on the encoder's thread. An exception in the waiting thread,
        such as Ctrl-C, cancels the job. Raises LivevaeError where the recording or the model is at fault, where the
        encoder was closed, or where its process died twice over this job.
        """
        number = next(self._numbers)
        message: Message = {
            "do": "encode",
            "id": number,
            "recording": str(job.path),
            "channel": job.channel,
            "start": job.start,
            "end": job.end,
            "model": model.path,
            "digest": model.digest,
            "rate": model.sample_rate,
            "target": str(target),
        }
        task = _Task(message, progress)
        with self._lock:
            if self._closed:
                raise LivevaeError("encoding has ended: livevae is closing.")
            self._tasks[number] = task
            self._send(task)
        try:
            task.done.wait()
        finally:
            with self._lock:
                self._tasks.pop(number, None)
                if not task.done.is_set() and self._helper is not None:
                    self._helper.send({"do": "cancel", "id": number})
        if task.error is not None:
            raise LivevaeError(task.error)

    def cancel(self) -> None:
        """Give up everything that is waiting; whoever waits for it gets a LivevaeError."""
        with self._lock:
            tasks = list(self._tasks.items())
            for number, task in tasks:
                if self._helper is not None:
                    self._helper.send({"do": "cancel", "id": number})
                self._end(task, f"encoding {task.message['recording']} was cancelled.")

    def close(self) -> None:
        """Cancel everything and end the process."""
        self.cancel()
        with self._lock:
            self._closed = True
            helper, self._helper = self._helper, None
        if helper is not None:
            helper.close(at_once=True)

    def _send(self, task: _Task) -> None:
        """Hand a job to the process, starting one where there is none. With the lock held."""
        if self._helper is None:
            self._helper = Helper("livevae.latent.worker", self._receive, self._ended)
        # A process that has just died takes nothing: its end, which is about to be told, starts the next one.
        if self._helper.send(task.message):
            task.attempts += 1

    def _receive(self, message: Message) -> None:
        with self._lock:
            task = self._tasks.get(message["id"])
        if task is None:
            return
        if "progress" not in message:
            self._end(task, message.get("error"))
        elif task.progress is not None:
            try:
                task.progress(message["progress"])
            # Whatever goes wrong in there ends this job, not the thread that serves all of them.
            except Exception as error:
                self._end(task, f"encoding {task.message['recording']} was stopped ({error}).")

    def _ended(self, code: int) -> None:
        """The process is gone: its jobs are handed to a new one, unless they have met this before."""
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
        with self._lock:
            self._helper = None
            if self._closed:
                return
            for task in self._tasks.values():
                if task.done.is_set():
                    continue
                if task.attempts >= _ATTEMPTS:
                    recording, model = task.message["recording"], task.message["model"]
                    self._end(task, f"the encoder {how} over {recording} with {model}: try another model.")
                else:
                    self._resend(task)

    def _resend(self, task: _Task) -> None:
        try:
            self._send(task)
        except LivevaeError as error:
            self._end(task, str(error))

    @staticmethod
    def _end(task: _Task, error: str | None) -> None:
        task.error = error
        task.done.set()
