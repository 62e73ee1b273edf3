"""The page about live input: everything on it can be typed, and gives what it shows."""

import doctest
import re
from pathlib import Path
from typing import Any

import pytest

import livevae.pattern
from livevae.errors import LivevaeError
from livevae.latent import live
from livevae.latent.live import MOST_BRANCHES

PAGE = (Path(__file__).parents[2] / "docs" / "live-input.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """The fenced blocks of a language, each with its last line ended."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


TYPED = [block for block in blocks("python") if ">>>" not in block and "bridge(" not in block]
"""What a bridge needs are two models: it is tried where there are some, in `test_bridges`."""
LINES = [line for block in TYPED for line in block.splitlines()]


def test_every_line_plays(rig) -> None:
    assert len(LINES) >= 30
    (rig.folder / "take.wav").touch()
    for line in LINES:
        rig.do(line)
        rig.run(0.3)
    assert rig.told == []
    assert rig.played(4).rows.any()


def test_every_example_gives_what_it_shows() -> None:
    names: dict[str, Any] = {name: getattr(livevae.pattern, name) for name in livevae.pattern.__all__} | {"live": live}
    source = "\n".join(block for block in blocks("python") if ">>>" in block)
    test = doctest.DocTestParser().get_doctest(source, names, "live-input.md", None, None)
    assert len(test.examples) >= 4
    report: list[str] = []
    doctest.DocTestRunner(verbose=False).run(test, out=report.append)
    assert not report, "".join(report)


def test_the_error_it_shows_is_what_is_said(rig) -> None:
    (shown,) = blocks("text")
    line, text = shown.removeprefix(">>> ").rstrip("\n").split("\n")
    with pytest.raises(LivevaeError) as caught:
        rig.do(line)
    assert text in str(caught.value)


def test_every_way_of_moving_live_is_on_it() -> None:
    space = [name for name in vars(livevae.latent.in_space.InSpace) if not name.startswith("_") and name != "through"]
    time = [name for name in vars(livevae.latent.in_time.InTime) if not name.startswith("_")]
    assert [name for name in (*space, *time) if f"`{name}`" not in PAGE and f".{name}(" not in PAGE] == []
    assert {4: "four"}[MOST_BRANCHES] in PAGE
