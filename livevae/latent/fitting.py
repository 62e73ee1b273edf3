"""The performer's end of the process that fits maps to examples.

The performer's process never imports scikit-learn: that takes seconds, and what it computes would keep the interpreter.
Messages are JSON lines, with arrays as base64 of .npz files.
"""

from __future__ import annotations

import base64
import binascii
import io
import itertools
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from livevae.errors import LivevaeError
from livevae.helper import Helper, Message
from livevae.latent.maps import Map, Values
from livevae.pattern import Space

FEWEST: Final = 4
"""With fewer examples there is nothing to compare kinds of maps by."""

_ATTEMPTS: Final = 2
_CLOSING: Final = "training has ended: livevae is closing."
_ONE_THREAD: Final = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


@dataclass(frozen=True, eq=False)
class Examples:
    """Inputs `x` `(n, I)` and the latents `z` `(n, D)` they should give, in the space of a model.

    `ranges` `(I, 2)` are the lowest and highest of each input, None for those of the examples. The latents of a `held`
    model are codes, which have no mean.
    """

    x: Values
    z: Values
    space: Space
    ranges: Values | None = None
    held: bool = False


@dataclass(frozen=True)
class Score:
    """How well a kind of map does: its error `between` examples (those that were left out; None where that was not
    tried) and `at` them, in standard deviations of the space.
    """

    kind: str
    between: float | None
    at: float


@dataclass(frozen=True, eq=False)
class Fit:
    """A map, and how all kinds that were tried did."""

    map: Map
    scores: tuple[Score, ...]


@dataclass
class _Task:
    """A fit somebody waits for."""

    progress: Callable[[float], None]
    generation: int
    done: threading.Event = field(default_factory=threading.Event)
    answer: Message = field(default_factory=dict)

    def end(self, answer: Message) -> None:
        """Give the answer to who waits for it; the first one counts."""
        if not self.done.is_set():
            self.answer = answer
            self.done.set()


class Fitter:
    """Fits maps in a process of its own, which ends when it has had nothing to do for minutes. For any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._helper: Helper | None = None
        self._tasks: dict[int, _Task] = {}
        self._numbers = itertools.count()
        self._generation = 0
        self._closed = False

    @property
    def pid(self) -> int | None:
        """The process id, None while there is no process."""
        helper = self._helper
        return helper.pid if helper is not None and helper.alive else None

    def warm(self) -> None:
        """Start the process, which takes seconds, before it is needed. Returns at once; raises LivevaeError."""
        with self._lock:
            self._started()

    def fit(self, examples: Examples, kind: str, progress: Callable[[float], None] = lambda part: None) -> Fit:
        """The map of a kind, or with "auto" of the best one; returns when it is found.

        `progress` is called with the part done, 0 to 1, on another thread. Raises LivevaeError where the process ended
        twice over it, or was closed meanwhile.
        """
        packed_examples = _text(_packed(examples))
        for _ in range(_ATTEMPTS):
            answer = self._ask({"do": "fit", "kind": kind, "examples": packed_examples}, progress)
            if "ended" not in answer:
                break
        else:
            raise LivevaeError(f"the process that trains ended with code {answer['ended']}: train again.")
        if "error" in answer:
            raise LivevaeError(answer["error"])
        return Fit(Map.from_bytes(_bytes(answer["map"])), tuple(Score(*row) for row in answer["scores"]))

    def _ask(self, message: Message, progress: Callable[[float], None]) -> Message:
        """The answer of the process, `{"ended": code}` where it ended over it. What ends the waiting cancels it."""
        number = next(self._numbers)
        with self._lock:
            helper = self._started()
            task = self._tasks[number] = _Task(progress, self._generation)
        try:
            # One that has just ended takes nothing: its end, which is about to be told, answers.
            helper.send({**message, "id": number})
            task.done.wait()
        finally:
            with self._lock:
                self._tasks.pop(number, None)
            if not task.done.is_set():
                helper.send({"do": "cancel", "id": number})
        return task.answer

    def close(self) -> None:
        """Give up what is waiting, whose threads get a LivevaeError, and end the process."""
        with self._lock:
            self._closed = True
            helper, self._helper = self._helper, None
            waiting = list(self._tasks.values())
        for task in waiting:
            task.end({"error": _CLOSING})
        if helper is not None:
            helper.close(at_once=True)

    def _started(self) -> Helper:
        """The process. With the lock held."""
        if self._closed:
            raise LivevaeError(_CLOSING)
        if self._helper is None:
            self._generation += 1
            ended = partial(self._ended, self._generation)
            self._helper = Helper("livevae.latent.fitting_worker", self._receive, ended, _ONE_THREAD)
        return self._helper

    def _receive(self, message: Message) -> None:
        with self._lock:
            task = self._tasks.get(message["id"])
        if task is None:
            return
        if "progress" in message:
            task.progress(float(message["progress"]))
            return
        task.end(message)

    def _ended(self, generation: int, code: int) -> None:
        with self._lock:
            if generation == self._generation:
                self._helper = None
            lost = [task for task in self._tasks.values() if task.generation == generation]
        for task in lost:
            task.end({"ended": code})


def examples_of(message: Message) -> Examples:
    """The examples in a message of `Fitter`."""
    arrays = unpacked(_bytes(message["examples"]))
    space = Space(arrays["mean"], arrays["spread"], arrays["space_low"], arrays["space_high"])
    return Examples(arrays["x"], arrays["z"], space, arrays.get("ranges"), bool(arrays["held"]))


def answer_of(found: Fit) -> Message:
    """The answer of the process to `Fitter`."""
    scores = [[score.kind, score.between, score.at] for score in found.scores]
    return {"map": _text(found.map.to_bytes()), "scores": scores}


def unpacked(data: bytes) -> dict[str, NDArray[Any]]:
    """The arrays of an .npz file."""
    with np.load(io.BytesIO(data), allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def packed(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Arrays as an .npz file."""
    file = io.BytesIO()
    np.savez(file, **dict(arrays))  # type: ignore[arg-type]
    return file.getvalue()


def _packed(examples: Examples) -> bytes:
    space = examples.space
    arrays = {"x": examples.x, "z": examples.z, "mean": space.mean, "spread": space.spread}
    arrays |= {"space_low": space.low, "space_high": space.high, "held": np.array(examples.held)}
    return packed(arrays if examples.ranges is None else {**arrays, "ranges": examples.ranges})


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise LivevaeError("the process that trains gave no map: train again.") from None
