"""Notes, pedals and messages that set something off: found on their own threads, done on another one."""

from __future__ import annotations

import inspect
import queue
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from contextvars import ContextVar
from typing import Final

from livevae.control import Change
from livevae.errors import LivevaeError
from livevae.performance.message import located, ours
from livevae.performance.program import Action, Key, Program

CAUSE: Final[ContextVar[str]] = ContextVar("livevae_cause", default="typed")
"""What makes the performance change just now: typed, key, midi or osc; for the journal."""

PRESSED: Final = 0.5
"""A controller at or above this is a pedal that is down."""


class Triggers:
    """Does one thing after the other on a thread of its own, which begins with the first.

    `transaction` is what each is done in: it changes everything it means to, or nothing. `fail` is told where one
    raises. `at_once` are actions that wait for nobody, as they are transactions of their own.
    """

    def __init__(
        self,
        transaction: Callable[[], AbstractContextManager[object]],
        fail: Callable[[str], None],
        at_once: Callable[[Action], bool],
    ) -> None:
        self._transaction = transaction
        self._fail = fail
        self._at_once = at_once
        self._levels: dict[tuple[str, int, int, str], float] = {}
        self._waiting: queue.SimpleQueue[tuple[Action, str] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = False

    def changed(self, change: Change, program: Program) -> None:
        """A note or controller moved: whatever it newly presses is done. On any thread, and never for long."""
        where = (change.kind, change.number, change.channel, change.port)
        with self._lock:
            before = self._levels.get(where, 0.0)
            self._levels[where] = change.value
        if _down(change.kind, before) or not _down(change.kind, change.value):
            return
        for key, trigger in program.triggers.items():
            if key.fits(change):
                self.do(trigger.action, "midi")

    def do(self, action: Action, cause: str) -> None:
        """Have something done soon. Any thread."""
        with self._lock:
            if self._closed:
                return
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="livevae triggers", daemon=True)
                self._thread.start()
        self._waiting.put((action, cause))

    def settle(self, seconds: float) -> bool:
        """Wait until everything asked for so far is done; False where that takes longer than `seconds`."""
        done = threading.Event()
        self.do(done.set, "typed")
        return done.wait(seconds)

    def close(self) -> None:
        """Do nothing more; what is being done is waited for."""
        with self._lock:
            self._closed = True
            thread = self._thread
        self._waiting.put(None)
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def _run(self) -> None:
        while True:
            asked = self._waiting.get()
            if asked is None:
                return
            action, cause = asked
            token = CAUSE.set(cause)
            try:
                self._do(action)
            except Exception as error:
                self._fail(str(located(error, _file(action))))
            finally:
                CAUSE.reset(token)

    def _do(self, action: Action) -> None:
        if self._at_once(inspect.unwrap(action)):
            action()
            return
        with self._transaction():
            action()


def _down(kind: str, level: float) -> bool:
    return level > 0.0 if kind == "note" else level >= PRESSED


def _file(action: Action) -> str:
    """The performer's file that an action is written in; none for livevae's own functions."""
    code = getattr(inspect.unwrap(action), "__code__", None)
    file = str(getattr(code, "co_filename", ""))
    return "" if ours(file) else file


def key_of(kind: str, number: int, channel: int | None, port: str | None) -> Key:
    """A key. Raises LivevaeError for numbers and channels that MIDI does not have."""
    highest = 127 if kind == "note" else 128
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number <= highest:
        raise LivevaeError(f"on_{kind}: there is no MIDI number {number!r} here: give 0 to {highest}.")
    if channel is not None and (isinstance(channel, bool) or not isinstance(channel, int) or not 1 <= channel <= 16):
        raise LivevaeError(f"on_{kind}: there is no MIDI channel {channel!r}: channels are 1 to 16.")
    return Key(kind, number, channel, port)
