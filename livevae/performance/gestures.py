"""The gestures of a performance: their training in the background, and what a replay needs to know of them."""

from __future__ import annotations

import hashlib
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from livevae.errors import LivevaeError
from livevae.latent import Library
from livevae.latent.fitting import Examples, Fit, Fitter
from livevae.latent.maps import Map
from livevae.latent.whole import whole
from livevae.model.info import ModelInfo
from livevae.performance.desk import Desk
from livevae.performance.examples import Example, Scores
from livevae.performance.gesture import Gesture
from livevae.performance.journal import Entry
from livevae.performance.layers import Floats
from livevae.performance.message import Kind
from livevae.performance.present import Present
from livevae.performance.settings import ModelRef
from livevae.performance.stage import Stage
from livevae.performance.voice import Voice

_TOLD_SECONDS: Final = 2.0

Read = tuple[Floats, Floats, str]
"""An example as it was found: inputs, latents, and where those were taken from."""


class Gestures:
    """What the gestures of one performance share. `kind` is the class that a performer makes them of.

    `report(kind, text)` tells the performer, `log` writes to the journal, `keep` is the folder for maps that a replay
    needs, None where nothing is journalled. `live` is False where training is waited for.
    """

    def __init__(
        self,
        desk: Desk,
        stage: Stage,
        library: Library,
        voices: Sequence[Voice],
        report: Callable[[Kind, str], None],
        log: Callable[..., None],
        *,
        live: bool,
        keep: Path | None = None,
    ) -> None:
        self.present = Present(stage, library)
        self.reading = threading.RLock()
        self.fitter = Fitter()
        self.kind: type[Gesture] = type("Gesture", (Gesture,), {"_home": self, "__doc__": Gesture.__doc__})
        self._desk = desk
        self._stage = stage
        self._voices = tuple(voices)
        self._report = report
        self._log = log
        self._live = live
        self._keep = keep
        self._closed = False
        self._numbers = 0
        self._recorded: dict[tuple[int, str], deque[Entry]] | None = None
        self._shift = 0.0

    # -- what gestures ask for

    def number(self) -> int:
        """The number of a new gesture, counted from 1."""
        with self.reading:
            self._numbers += 1
            return self._numbers

    def voice(self, name: str) -> Voice | None:
        """A voice by its name."""
        return next((voice for voice in self._voices if str(voice) == name), None)

    def model_of(self, space: object) -> ModelRef | None:
        """The model that is meant by a voice or a name. Raises LivevaeError."""
        if space is None:
            return None
        if isinstance(space, Voice):
            return self._desk.settings(self._voices.index(space)).model
        if isinstance(space, str | Path):
            return self._desk.find_model(space)
        raise LivevaeError(f"space is a voice, as in Gesture(space=v1), or a model, not {type(space).__name__}.")

    def info(self, model: ModelRef | None) -> ModelInfo:
        """A model with latents. Raises LivevaeError."""
        info = self._stage.model(model)
        if not info.has_latents:
            raise LivevaeError(f"{info.name} has no latent space: there is nothing to learn.")
        return info

    def check_model(self, model: ModelRef | None, info: ModelInfo, name: str) -> None:
        """Raises LivevaeError where a model file has become another one."""
        now = self._stage.model(model)
        if now.digest != info.digest:
            raise LivevaeError(f"{name} was made with another {info.name}: make a new gesture for this one.")

    def sounded(self, voice: Voice) -> Floats:
        """The latents that a voice sounds now. Raises LivevaeError."""
        return self.present.sounded(self._voices.index(voice))

    def example(self, number: int, read: Callable[[], Read]) -> Read:
        """An example as `read` finds it now; in a replay as it was found."""
        entry = self._next(number, "example")
        found = read() if entry is None else (np.array(entry["x"]), np.array(entry["z"]), str(entry["source"]))
        x, z, source = found
        self._log("gesture", gesture=number, what="example", x=x.tolist(), z=z.tolist(), source=source)
        return found

    def expect_training(self) -> None:
        """Something is going to be trained: what does it is started, which takes seconds."""
        if self._live and self._recorded is None and self.fitter.pid is None:
            self.fitter.warm()

    def train(self, gesture: Gesture, asked: int, examples: tuple[Example, ...], kind: str, wait: bool) -> None:
        """Fit a map to examples and have the gesture play it."""
        if self._recorded is not None:
            self._replayed(gesture, asked, examples, kind)
            return
        if not self._live:
            self._work(gesture, asked, examples, kind, raising=True)
            return
        self._report("info", f"{gesture.name}: training on {_many(examples)}")
        arguments = (gesture, asked, examples, kind)
        work = threading.Thread(target=self._work, args=arguments, name=f"livevae {gesture.name}", daemon=True)
        work.start()
        if wait:
            work.join()

    def loaded(self, number: int, made: Map) -> Map:
        """A map from a file that plays at once; in a replay the one that was loaded then."""
        entry = self._next(number, "map")
        kept = None if entry is None else self._read(entry)
        chosen = made if kept is None else kept
        self._log_map(number, chosen, -math.inf)
        return chosen

    def close(self) -> None:
        """End what is trained."""
        self._closed = True
        self.fitter.close()

    # -- training

    def _work(
        self, gesture: Gesture, asked: int, examples: tuple[Example, ...], kind: str, raising: bool = False
    ) -> None:
        try:
            found = self._fit(gesture, asked, examples, kind)
        except LivevaeError as error:
            gesture._finish(asked)
            if raising:
                raise
            if not self._closed:
                self._report("error", f"{gesture.name}: {error}")
            return
        scores = Scores.of(found.scores, found.map.kind)
        if asked == gesture._asked and not self._closed:
            second = self._stage.earliest()
            gesture._install(found.map, second, scores)
            self._stage.engine.refresh()
            self._log_map(gesture._number, found.map, second)
            self._report("info", f"{gesture.name}: trained on {_many(examples)}: {scores}")
        gesture._finish(asked)

    def _fit(self, gesture: Gesture, asked: int, examples: tuple[Example, ...], kind: str) -> Fit:
        reference = self._desk.now.common.reference
        space = self._stage.measure(gesture._model, reference).space
        x, z = np.array([example.x for example in examples]), np.array([example.z for example in examples])
        told = time.monotonic()

        def progress(part: float) -> None:
            nonlocal told
            gesture._told(asked, part)
            now = time.monotonic()
            if part > 0.0 and now - told > _TOLD_SECONDS and asked == gesture._asked:
                told = now
                self._report("info", f"{gesture.name}: training {part:.0%}")

        wanted = Examples(x, z, space, gesture.ranges, gesture._info.discrete)
        return self.fitter.fit(wanted, kind, progress)

    # -- the journal

    def replay(self, entries: Iterable[Entry], shift: float) -> None:
        """Take examples and maps from what a journal says, everything `shift` seconds later."""
        self._recorded, self._shift = {}, shift
        for entry in entries:
            self._recorded.setdefault((int(entry["gesture"]), str(entry["what"])), deque()).append(entry)

    def _next(self, number: int, what: str) -> Entry | None:
        waiting = None if self._recorded is None else self._recorded.get((number, what))
        return waiting.popleft() if waiting else None

    def _replayed(self, gesture: Gesture, asked: int, examples: tuple[Example, ...], kind: str) -> None:
        """What was trained then is played from the second on from which it was: whatever became of this training."""
        entry = self._next(gesture._number, "map")
        if entry is not None:
            made = self._read(entry)
            if made is None:
                made = self._fit(gesture, asked, examples, kind).map
            second = -math.inf if entry["second"] is None else float(entry["second"]) + self._shift
            gesture._install(made, second, Scores())
        gesture._finish(asked)

    def _log_map(self, number: int, made: Map, second: float) -> None:
        where = None
        if self._keep is not None:
            data = made.to_bytes()
            path = self._keep / f"{hashlib.sha256(data).hexdigest()[:32]}.npz"
            try:
                self._keep.mkdir(parents=True, exist_ok=True)
                if not path.exists():
                    with whole(path) as part:
                        part.write_bytes(data)
                where = str(path)
            except OSError as error:
                self._report("warning", f"what was trained cannot be kept for a replay: {error.strerror or error}.")
        heard: Any = second if math.isfinite(second) else None
        self._log("gesture", gesture=number, what="map", second=heard, map=where)

    def _read(self, entry: Entry) -> Map | None:
        """A map that was kept; None, which is told, where it is not there."""
        try:
            return Map.from_bytes(Path(str(entry["map"])).read_bytes())
        except (OSError, LivevaeError):
            self._report("warning", f"what was trained at {entry['sample']} samples is not kept: it is trained again.")
            return None


def _many(examples: Sequence[Example]) -> str:
    return "1 example" if len(examples) == 1 else f"{len(examples)} examples"
