"""The reference page holds every word, and is what the program itself says."""

from pathlib import Path

import pytest

from livevae.commands.reference import words
from livevae.pattern import pure
from livevae.repl.reference import Entry, entries, missing, page

PAGE = Path(__file__).parent.parent / "docs" / "reference.md"


@pytest.fixture(scope="module")
def found() -> list[Entry]:
    return entries(words())


def test_nothing_is_undocumented(found: list[Entry]) -> None:
    assert missing(found) == []


def test_the_page_is_made_from_what_the_program_says_now(found: list[Entry]) -> None:
    assert PAGE.read_text(encoding="utf-8") == page(found), "livevae reference -o docs/reference.md"


def test_what_is_not_documented_is_reported() -> None:
    def bare() -> None: ...

    def without_example() -> None:
        """Something is written."""

    without_example.__module__ = "livevae.pattern.core"
    reported = missing(entries({"bare": bare, "shown": without_example, "unnamed": pure(1)}))
    assert [line.partition(": ")[2] for line in reported] == [
        "bare is not documented",
        "unnamed is not documented",
        "shown shows no example",
    ]


def test_every_word_has_an_entry(found: list[Entry]) -> None:
    text = PAGE.read_text(encoding="utf-8")
    for entry in found:
        assert f"### `{entry.name}" in text
