"""A performance on an engine without sound, in virtual time."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from livevae.performance import Message, Performance
from support.doubles import RATE, RATIO, FakeLibrary, Played, RecordingEngine


class Rig:
    """An engine, a library and a performance on them, with what the performer was told."""

    def __init__(self, folder: Path, **engine: int) -> None:
        self.folder = folder
        for name in ("default.ts", "other.ts", "wide_8.ts", "effect_0.ts", "damaged.ts"):
            (folder / name).write_text(name)
        self.engine = RecordingEngine(**engine)
        self.library = FakeLibrary(choir=1.0, bell=2.0, drum=-1.0)
        self.performance = Performance(self.engine, self.library, default_model=folder / "default.ts", live=False)
        self.told: list[Message] = []
        self.performance.on_message = self.told.append

    def do(self, source: str, filename: str = "<repl>") -> object:
        """Evaluate, as at the prompt."""
        return self.performance.evaluate(source, filename)

    def run(self, seconds: float, chunk: int = 5) -> None:
        """Let time pass."""
        end = self.engine.time + round(seconds * RATE)
        while self.engine.time < end:
            until = min(end, self.engine.time + chunk * RATIO)
            self.performance.advance(until / RATE)
            self.engine.advance((until - self.engine.time) / RATE, chunk)

    def played(self, slot: int = 0) -> Played:
        """What a slot has played so far."""
        opened = self.engine.slots.get(slot)
        if opened is None:
            opened = next(closed for number, closed in reversed(self.engine.closed) if number == slot)
        return Played(opened)


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path)
    yield made
    made.performance.close()


@pytest.fixture
def late_rig(tmp_path: Path) -> Iterator[Rig]:
    """With a model whose sound comes out 0.1 s after its latents went in."""
    made = Rig(tmp_path, model_delay=4800)
    yield made
    made.performance.close()
