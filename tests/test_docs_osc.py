"""The page about OSC, Link and following: its table is made from the addresses there are, its lines are accepted."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from livevae.performance import Performance
from livevae.performance.osc_table import table, undocumented
from support.doubles import FakeLibrary, RecordingEngine

PAGE = (Path(__file__).parent.parent / "docs" / "osc.md").read_text(encoding="utf-8")


class Quiet(RecordingEngine):
    """An engine of which nothing is measured."""

    def follow(self, sources: list[int]) -> None:
        pass

    def measured(self, source: int, since: int) -> tuple[int, list[float]]:
        return 0, []


@pytest.fixture
def performance(tmp_path: Path) -> Iterator[Performance]:
    (tmp_path / "default.ts").write_text("a model")
    library = FakeLibrary(choir=1.0, bell=2.0, drum=-1.0)
    made = Performance(Quiet(), library, default_model=tmp_path / "default.ts", live=False)
    made.alone()
    yield made
    made.close()


def test_every_address_is_documented_and_the_table_is_up_to_date(performance: Performance) -> None:
    routes = performance.routes()
    assert undocumented(routes) == []
    shown = PAGE.partition("<!-- addresses -->\n")[2].partition("\n<!-- end -->")[0]
    assert shown.strip() == table(routes)


def test_every_line_is_accepted(performance: Performance) -> None:
    source = "\n".join(re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
    lines = [ast.unparse(statement) for statement in ast.parse(source).body]
    assert len(lines) > 20
    for line in lines:
        performance.evaluate(line)
        performance.advance(performance.second())
        performance.engine.advance(0.6)
    assert [message.text for message in performance.messages if message.kind == "error"] == []


def test_what_is_sent_is_what_the_page_says(performance: Performance) -> None:
    performance.evaluate("v1.z = point(1, 2, 3, 4); osc_send(latents=[v1])")
    performance.engine.advance(3.0)
    report = performance.sending._report
    assert report is not None
    sent = {address for address, _ in performance.sending.facts(report)}
    said = set(re.findall(r"^\| `(/livevae/[^`]*)`", PAGE.partition("## What is sent")[2], re.MULTILINE))
    assert sent <= said
    assert said - sent == {"/livevae/cue"}, "there is no form here"
