"""The page about MIDI: everything that it says to type is accepted, one line after the other, while time passes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from livevae.control.messages import encode
from livevae.performance import Performance
from support.doubles import FakeLibrary, RecordingEngine
from support.midi import Wire, wired

PAGE = (Path(__file__).parent.parent / "docs" / "midi.md").read_text(encoding="utf-8")


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Performance, Wire]]:
    monkeypatch.setattr("livevae.performance.midi_map.user_config_dir", lambda *a, **k: str(tmp_path))
    (tmp_path / "default.ts").write_text("a model")
    library = FakeLibrary(choir=1.0, bell=2.0, drum=-1.0)
    made = Performance(RecordingEngine(), library, default_model=tmp_path / "default.ts", live=False)
    with wired(made, monkeypatch) as wire:
        wire.plug("nano", "drum", outputs=("nano", "drum", "synth"))
        yield made, wire
    made.close()


def test_every_line_is_accepted_and_heard(stage: tuple[Performance, Wire]) -> None:
    performance, wire = stage
    errors = []
    performance.on_message = lambda message: errors.append(str(message)) if message.kind == "error" else None
    source = "\n".join(re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
    lines = [ast.unparse(statement) for statement in ast.parse(source).body]
    assert len(lines) == 30
    for number, line in enumerate(lines):
        performance.evaluate(line)
        for knob in range(66 + 3 * number % 30, 66 + 3 * number % 30 + 3):
            for value in (0.0, 0.5, 1.0):
                for data in encode("cc", knob, value):
                    wire.play(*data)
        wire.play(0x90, 36, 100)
        performance.settle()
        performance.engine.advance(0.2)  # type: ignore[attr-defined]
        wire.play(0x80, 36, 0)
    assert errors == []
    assert {3, 0, 1, 2} <= set(performance.voices[0].dim)
    assert performance.engine.slots[0].rows  # type: ignore[attr-defined]


def test_the_table_names_every_word_that_reads_a_control(stage: tuple[Performance, Wire]) -> None:
    words = set(re.findall(r"^\| `(\w+)\(", PAGE, re.MULTILINE))
    assert words == {"bend", "cc", "cc14", "gate", "note", "nrpn", "pressure", "program", "velocity"}
    assert words < set(stage[0].names)
