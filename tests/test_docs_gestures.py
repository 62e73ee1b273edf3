"""The page about gestures: everything that it says to type is accepted, one line after the other, while time passes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from livevae.latent.maps import KINDS
from livevae.performance import Performance
from support.doubles import FakeLibrary, RecordingEngine

PAGE = (Path(__file__).parent.parent / "docs" / "gestures.md").read_text(encoding="utf-8")


@pytest.fixture
def performance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Performance]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "default.ts").write_text("a model")
    library = FakeLibrary(choir=1.0, bell=2.0, drum=-1.0)
    made = Performance(RecordingEngine(), library, default_model=tmp_path / "default.ts", live=False)
    yield made
    made.close()


def test_every_line_is_accepted_and_heard(performance: Performance, tmp_path: Path) -> None:
    source = "\n".join(re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
    lines = [ast.unparse(statement) for statement in ast.parse(source).body]
    assert len(lines) > 20
    for line in lines:
        performance.evaluate(line)
        performance.engine.advance(1.1)
    hand, other = performance.names["hand"], performance.names["other"]
    assert (tmp_path / "hand.json").exists()
    assert np.array_equal(other.map(5), hand.map(5))
    assert hand.errors[0].kind == "mlp"
    heard = np.concatenate(performance.engine.slots[2].rows)[-1, 4:8]
    assert heard == pytest.approx(other.at(0, 0), abs=1e-6)


def test_it_shows_the_kinds_there_are_and_a_picture_that_is_there() -> None:
    assert re.findall(r'^\| `"(\w+)"`', PAGE, re.MULTILINE) == list(KINDS)
    (table,) = re.findall(r"^```text\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert {line.split()[0] for line in table.splitlines()[1:]} == set(KINDS)
    for picture in re.findall(r"!\[.*?\]\((.*?)\)", PAGE):
        assert (Path(__file__).parent.parent / "docs" / picture).is_file()
