"""A piece looked at without playing it: what is wrong with it, what is never reached, and what its frames cost."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from livevae import control
from livevae.engine.dry import DryEngine
from livevae.engine.frames import Rows, columns
from livevae.errors import LivevaeError
from livevae.latent import Encoder, Library, Trajectory
from livevae.latent.audio import describe
from livevae.latent.cache import Job
from livevae.latent.npz import Encoded
from livevae.model.info import ModelInfo
from livevae.pattern import Take
from livevae.performance.cost import TOTAL_REVERTS, VOICE_WARNS
from livevae.performance.form import Form
from livevae.performance.message import EvaluationError, Kind, Message, Place, caller
from livevae.performance.performance import Performance
from livevae.performance.piece import Piece
from livevae.performance.program import Program

STEP_SECONDS: Final = 0.5
"""Frames are asked for as live: about so many seconds at once."""

_MOST_SECONDS: Final = 8.0
"""Of each cue that are tried."""

_UNKNOWN_SECONDS: Final = 4.0


@dataclass(frozen=True)
class Finding:
    """Something to tell about a piece, and the line that it is about where there is one."""

    kind: Kind
    text: str
    place: Place | None = None

    def __str__(self) -> str:
        return self.text if self.place is None else f"{self.place}: {self.text}"


@dataclass(frozen=True)
class VoiceCost:
    """What a frame of a voice costs in a section (None: outside of cues): seconds, and the part of real time."""

    cue: str | None
    voice: str
    frame: float
    share: float


@dataclass(frozen=True)
class Checked:
    """What was found. `cues` maps names to bars, `starts` to the cycles at which the form first comes to them."""

    findings: tuple[Finding, ...]
    costs: tuple[VoiceCost, ...]
    cues: dict[str, float | None]
    starts: dict[str, float]
    length: float | None

    @property
    def good(self) -> bool:
        """Can it be played as it is written?"""
        return not any(finding.kind == "error" for finding in self.findings)


class StandIns(Library):
    """Recordings that are known by name and length, but never encoded: noise of the model's own size stands for them.

    Unknown names are noted, once for each line that asks for them, and stood for as well, so that all are found.
    """

    def __init__(self, known: Library, folder: Path) -> None:
        super().__init__(folder, Encoder())
        self.unknown: list[Finding] = []
        for name in known.names():
            self.add(known.path(name), name)

    def trajectory(self, ref: str | Take, model: ModelInfo, wait: bool) -> Trajectory | None:
        name = ref.name if isinstance(ref, Take) else ref
        try:
            self.path(name)
        except LivevaeError as error:
            place = caller()
            if place is not None and place.file.endswith(".py"):
                found = Finding("error", str(error), place)
                if found not in self.unknown:
                    self.unknown.append(found)
            return Trajectory(_noise(model, _UNKNOWN_SECONDS), _rate(model), name)
        return super().trajectory(ref, model, wait)

    def _encoded(self, job: Job, model: ModelInfo, name: str, only_cached: bool = False) -> Encoded | None:
        return Encoded(_noise(model, describe(job.path).seconds), round(model.sample_rate or 48000), model.ratio)


def _rate(model: ModelInfo) -> float:
    return (model.sample_rate or 48000) / model.ratio


def _noise(model: ModelInfo, seconds: float) -> np.ndarray:
    frames = max(2, round(seconds * _rate(model)))
    return np.random.default_rng(0).standard_normal((frames, model.latent_size)).astype(np.float32)


def check(
    path: Path,
    library: Library,
    folder: Path,
    *,
    model: Path,
    seed: int = 0,
    describe_model: Callable[[Path, int | None], ModelInfo] | None = None,
) -> Checked:
    """Read `path` and each of its cues on an engine that makes no sound. `folder` is for what it would keep on disk.

    The recordings of `library` are known by name and are not encoded; those that the piece adds itself neither. Costs
    are processor time of this machine, with noise of the right size in place of recordings.
    """
    known = StandIns(library, folder)
    engine = DryEngine(describe_model)
    control.use(None)
    performance = Performance(engine, known, default_model=model, seed=seed, live=False)
    performance.alone()
    looker = _Looker(performance, engine, known)
    try:
        return looker.look(path)
    finally:
        performance.close()
        known.close()


class _Looker:
    def __init__(self, performance: Performance, engine: DryEngine, known: StandIns) -> None:
        self._performance = performance
        self._engine = engine
        self._known = known
        self._findings: list[Finding] = []
        self._spent: dict[int, tuple[float, int]] = {}
        performance.on_message = self._told
        performance.conductor.waits = True
        engine.attach(self._timed)

    def look(self, path: Path) -> Checked:
        """Everything that can be found out about the piece."""
        with self._noting():
            Piece(self._performance, path).load()
        program = self._performance.program
        costs: list[VoiceCost] = []
        if not self._findings:
            costs += self._costs(None, _MOST_SECONDS)
            for name, bars in program.bars.items():
                costs += self._cue(name, bars)
        starts = _starts(program)
        findings = [*self._known.unknown, *self._findings]
        findings += [
            Finding("warning", f"the cue {name!r} is never reached by the form", program.cues[name].place)
            for name in program.form.never_reached(program.cues)
        ]
        length = program.form.length(program.bars)
        return Checked((*findings, *_dear(costs)), tuple(costs), program.bars, starts, length)

    def _cue(self, name: str, bars: float | None) -> list[VoiceCost]:
        performance = self._performance
        before = len(self._findings)
        performance.words.goto(name, quant=0)
        performance.advance()
        if len(self._findings) > before:
            return []
        seconds = _MOST_SECONDS if bars is None else min(_MOST_SECONDS, bars / performance.clock.cps)
        return self._costs(name, seconds)

    def _costs(self, cue: str | None, seconds: float) -> list[VoiceCost]:
        """Let time pass until what was before has faded out, then measure."""
        self._run(STEP_SECONDS)
        self._performance.tick()
        self._spent.clear()
        self._run(max(seconds, STEP_SECONDS))
        found: dict[str, VoiceCost] = {}
        for slot, (spent, frames) in self._spent.items():
            stream = self._engine.slots.get(slot)
            if stream is None or not frames or not stream.rows[-frames:, columns(stream.info.dims).amp].any():
                continue
            frame = spent / frames
            cost = VoiceCost(cue, f"v{slot // 2 + 1}", frame, frame * stream.info.frame_rate)
            found[cost.voice] = cost
        return sorted(found.values(), key=lambda cost: int(cost.voice[1:]))

    def _run(self, seconds: float) -> None:
        rate = self._engine.rate
        left = round(seconds * rate)
        while left > 0:
            step = min(left, round(STEP_SECONDS * rate))
            self._performance.advance((self._engine.now() + step) / rate)
            self._engine.run(step)
            left -= step

    def _timed(self, slot: int, first: int, count: int) -> Rows:
        start = time.thread_time()
        rows = self._performance.fill(slot, first, count)
        spent, frames = self._spent.get(slot, (0.0, 0))
        self._spent[slot] = (spent + time.thread_time() - start, frames + count)
        return rows

    def _told(self, message: Message) -> None:
        if message.kind != "info":
            finding = _placed(Finding(message.kind, message.text, message.place))
            if finding not in self._findings:
                self._findings.append(finding)

    @contextmanager
    def _noting(self) -> Iterator[None]:
        try:
            yield
        except EvaluationError as error:
            self._findings.append(_placed(Finding("error", str(error), error.place)))
        except LivevaeError as error:
            self._findings.append(Finding("error", str(error)))


def _placed(finding: Finding) -> Finding:
    """The same with its place taken out of the text."""
    place = finding.place
    if place is None:
        head, _, rest = finding.text.partition(": ")
        file, _, line = head.rpartition(":")
        if not (file and line.isdigit()):
            return finding
        place = Place(file, int(line))
        return Finding(finding.kind, rest, place)
    return replace(finding, text=finding.text.removeprefix(f"{place}: "))


def _starts(program: Program) -> dict[str, float]:
    form: Form = program.form
    starts = {}
    for name in program.cues:
        try:
            starts[name] = form.start_of(name, program.bars)[1]
        except LivevaeError:
            continue  # one that is never reached has no start
    return starts


def _dear(costs: list[VoiceCost]) -> list[Finding]:
    """What costs so much that it would be told, or taken back, while it plays."""
    found = []
    for cost in costs:
        if cost.share >= VOICE_WARNS:
            where = "" if cost.cue is None else f" in {cost.cue!r}"
            found.append(Finding("warning", f"{cost.voice}{where} takes {cost.share:.0%} of real time on this machine"))
    for cue in dict.fromkeys(cost.cue for cost in costs):
        total = sum(cost.share for cost in costs if cost.cue == cue)
        if total >= TOTAL_REVERTS:
            where = "the piece" if cue is None else f"the cue {cue!r}"
            found.append(Finding("error", f"{where} takes {total:.0%} of real time on this machine: too much to play"))
    return found
