"""The page about effects: what it says to type is accepted and built, and its table is that of the engine."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from livevae.engine.effects import BUILT_IN
from livevae.engine.offline import OfflineEngine
from livevae.performance import Performance
from livevae.performance.fx import fx
from livevae.resources import default_model
from support.doubles import FakeLibrary

PAGE = (Path(__file__).parent.parent / "docs" / "effects.md").read_text(encoding="utf-8")


@pytest.fixture
def performance() -> Iterator[Performance]:
    engine = OfflineEngine(inputs=np.zeros(1000, np.float32))
    made = Performance(engine, FakeLibrary(choir=1.0, bell=2.0, drum=-1.0), default_model=default_model(), live=False)
    yield made
    made.close()
    engine.close()


def test_what_it_says_to_type_is_built_and_heard(performance: Performance) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert len(blocks) >= 2
    told: list[object] = []
    performance.on_message = told.append
    for block in blocks:
        performance.evaluate(block)
        out = performance.engine.run(24_000)
        assert np.isfinite(out).all()
        assert np.abs(out).max() > 0.001
    assert told == []


@pytest.mark.parametrize("name", BUILT_IN)
def test_its_table_names_every_parameter_with_its_usual_value(name: str) -> None:
    (row,) = re.findall(rf"^\| `fx\.{name}\(.*$", PAGE, re.MULTILINE)
    for parameter, known in BUILT_IN[name].items():
        assert parameter in row or known.unit == "file"
        if isinstance(known.default, float) and known.default not in (0.0, 1.0):
            assert f"{known.default:g}" in row
    assert callable(getattr(fx, name))
