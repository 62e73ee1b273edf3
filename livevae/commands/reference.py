"""`livevae reference`: every word of the language on one page."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from livevae.commands.output import check
from livevae.errors import LivevaeError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-o", "--output", type=Path, metavar="OUT.md", help="a Markdown file; the terminal without")
    parser.add_argument("--missing", action="store_true", help="list only what is not documented")


def run(arguments: argparse.Namespace) -> int:
    from livevae.repl.reference import entries, missing, page

    found = entries(words())
    lacking = missing(found)
    if arguments.missing:
        print("\n".join(lacking))
        return 2 if lacking else 0
    if lacking:
        print("\n".join(lacking), file=sys.stderr)
    if arguments.output is None:
        print(page(found), end="")
        return 0
    target = check(arguments.output, (".md",))
    try:
        target.write_text(page(found), encoding="utf-8")
    except OSError as error:
        raise LivevaeError(f"cannot write {target}: {error.strerror or error}.") from None
    return 0


def words() -> dict[str, object]:
    """The names that a performer may type, on an engine that makes no sound."""
    import tempfile

    from livevae.engine.dry import DryEngine
    from livevae.latent import Encoder, Library
    from livevae.performance.performance import Performance
    from livevae.repl.session import Session
    from livevae.resources import default_model

    with tempfile.TemporaryDirectory() as folder:
        library = Library(Path(folder), Encoder())
        performance = Performance(DryEngine(), library, default_model=default_model(), live=False)
        try:
            return dict(Session(performance).performance.names)
        finally:
            performance.close()
            library.close()
