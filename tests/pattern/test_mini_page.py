"""The page about mini-notation: every example in it gives the timeline that it shows."""

import doctest
import re
from pathlib import Path
from typing import Any

import pytest
from lark import Lark

import livevae.pattern
from livevae.errors import LivevaeError
from livevae.pattern import mini, variables

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "mini-notation.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """The fenced blocks of a language, each with its last line ended."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_every_example_gives_its_timeline() -> None:
    names: dict[str, Any] = {name: getattr(livevae.pattern, name) for name in livevae.pattern.__all__}
    source = "\n".join(blocks("python"))
    test = doctest.DocTestParser().get_doctest(source, names, "mini-notation.md", None, None)
    assert len(test.examples) == PAGE.count(">>> ") > 40
    assert all(example.want for example in test.examples if "show(" in example.source)
    with variables(test.globs):
        report: list[str] = []
        doctest.DocTestRunner(verbose=False).run(test, out=report.append, clear_globs=False)
    assert not report, "".join(report)


def test_the_error_it_shows_is_what_is_said() -> None:
    (shown,) = blocks("text")
    with pytest.raises(LivevaeError) as caught:
        mini("bell [choir drum")
    assert shown == f"{caught.value}\n"


def test_every_sign_of_the_grammar_has_a_section() -> None:
    grammar = (ROOT / "livevae" / "pattern" / "mini.lark").read_text(encoding="utf-8")
    rules = {str(rule.origin.name) for rule in Lark(grammar, parser="lalr").rules}
    shown = {
        "group": "### `[ ]`",
        "turns": "### `< >`",
        "meter": "### `{ }` and `%`",
        "layers": "### `,`",
        "choice": "### `|`",
        "range": "## Ranges: `..`",
        "slice": "## Parts of a recording: `:`",
        "faster": "### `*` and `/`",
        "slower": "### `*` and `/`",
        "weight": "### `@` and `_`",
        "euclid": "## Rhythms: `(beats,steps,turn)`",
    }
    plain = {"start", "body", "sequence", "item", "step", "term", "modifier", "factor", "argument"}
    assert {rule for rule in rules if not rule.startswith("_")} == plain | set(shown)
    signs = ["### `.`", "### `!`", "### `?`", "### `~` and `-`", "## Variables: `^`"]
    for heading in [*shown.values(), *signs]:
        assert f"\n{heading}" in PAGE, heading
