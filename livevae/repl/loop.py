"""A performance from its first input to its last: typed on a terminal, or read from a script."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from platformdirs import user_state_dir

from livevae.performance.cost import SHOWN
from livevae.performance.status import PerformanceStatus
from livevae.repl.prompt import Prompt, history
from livevae.repl.session import Session
from livevae.repl.statements import Feeder, Statement
from livevae.repl.toolbar import Readings

TYPED = "<input>"
SCRIPT = "<stdin>"


def history_path() -> Path:
    """Where typed inputs are kept: `livevae/history` under the platform's folder for state."""
    return Path(user_state_dir("livevae", appauthor=False)) / "history"


def readings(status: PerformanceStatus, error: str | None, encoding: Mapping[str, float]) -> Readings:
    """What the toolbar shows of a status. With several voices, the longest delays; `encoding` maps names to parts."""
    cue = status.cue
    delays = [voice.buffering for voice in status.voices]
    inside = [voice.model_delay for voice in status.voices if voice.model_delay is not None]
    work = [*(f"encoding {name} {part:.0%}" for name, part in encoding.items()), *status.trainings]
    costs = [(voice.cost.share, voice.name) for voice in status.voices if voice.cost is not None]
    share, dearest = max(costs, default=(0.0, ""))
    return Readings(
        dear=f"{dearest} {share:.0%}" if share >= SHOWN else None,
        cycle=status.cycle,
        bpm=status.bpm,
        load_audio=status.engine.load_audio,
        load_inference=status.engine.load_inference,
        late=status.engine.late,
        xruns=status.engine.xruns,
        buffering=1000 * max(delays) if delays else None,
        model=1000 * max(inside) if inside else None,
        peaks=status.engine.peaks,
        recording=status.engine.recording,
        error=error,
        note=", ".join(work) or None,
        cue=None if cue is None else cue.name,
        left=None if cue is None else cue.left,
        beats=status.beats,
        following=None if cue is None else cue.next,
    )


def perform(session: Session) -> int:
    """Read from the terminal until Ctrl-D, evaluating each input. Gives the exit code."""
    performance = session.performance
    prompt = Prompt(
        namespace=lambda: performance.names,
        recordings=performance.library.names,
        readings=lambda: readings(performance.status(), session.error, performance.library.progress()),
        past=history(history_path()),
        actions={
            "f4": lambda: performance.words.ask(performance.words.previous_cue, "key"),
            "f5": lambda: performance.words.ask(performance.words.next_cue, "key"),
        },
    )
    while True:
        try:
            source = prompt.read()
        except KeyboardInterrupt:
            continue
        except EOFError:
            return 0
        if source:
            session.evaluate(source, TYPED)


def play_script(session: Session, lines: Iterable[str]) -> int:
    """Evaluate statements in order, each as soon as its last line has come; 1 at the first error, else 0."""
    feeder = Feeder()
    for line in lines:
        if not _all_well(session, feeder.push(line)):
            return 1
    return 0 if _all_well(session, feeder.finish()) else 1


def _all_well(session: Session, statements: list[Statement]) -> bool:
    return all(session.evaluate(statement.padded, SCRIPT) for statement in statements)
