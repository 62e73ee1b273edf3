"""Every word that is offered to those who come from another language exists."""

import re
from pathlib import Path

from livevae.commands.reference import words
from livevae.pattern import Pattern, pure
from livevae.performance import Voice

PAGE = (Path(__file__).parent.parent / "docs" / "tidal.md").read_text()
PYTHON = {"v1", "v2", "v16", "transition", "bars", "offset", "over", "f", "p", "q", "t", "test", "x"}


def rows() -> list[str]:
    """The middle column of the table: how it is written here."""
    lines = [line.replace("\\|", "/") for line in PAGE.splitlines() if line.startswith("| `")]
    return [line.split("|")[2] for line in lines]


def test_every_word_of_the_table_exists() -> None:
    known = words()
    assert len(rows()) > 25
    for row in rows():
        for code in re.findall(r"`([^`]*)`", row):
            bare = re.sub(r'"[^"]*"', "", code)
            for dot, name in re.findall(r"(\.?)\b([a-z_][a-z_0-9]*)\b", bare):
                if name in PYTHON or code.startswith("livevae"):
                    continue
                member = any(hasattr(owner, name) for owner in (Pattern, Voice, pure(1).add))
                assert member if dot else (name in known or member), (code, name)


def test_no_cell_is_empty() -> None:
    assert all(re.search(r"`[^`]+`", row) for row in rows())
