"""`livevae plot`: a piece as a picture, without playing it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from livevae.commands.arguments import seconds
from livevae.commands.models import chosen
from livevae.commands.output import check
from livevae.commands.perform import existing_piece
from livevae.errors import LivevaeError

_PICTURES = (".png", ".svg", ".pdf")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("piece", type=Path, metavar="PIECE", help="the pattern file")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="OUT.png", help="a PNG, SVG or PDF file")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--seconds", type=seconds, metavar="S", help="how long, in seconds")
    length.add_argument("--cycles", type=seconds, metavar="N", help="how long, in cycles (default: the form, or 16)")
    parser.add_argument("--from", dest="start", metavar="CUE", help="the cue to begin at")
    parser.add_argument("--seed", type=int, default=0, metavar="K", help="of everything random (default: 0)")
    parser.add_argument("-m", "--model", type=Path, metavar="FILE", help="model file (.ts); the default model without")


def run(arguments: argparse.Namespace) -> int:
    target = check(arguments.output, _PICTURES)
    path, model = existing_piece(arguments.piece), chosen(arguments.model)

    from livevae.commands.drawing import draw
    from livevae.performance.render import known_library
    from livevae.performance.score import score

    with known_library(None) as library:
        found = score(
            path,
            library,
            model=model,
            seconds=arguments.seconds,
            cycles=arguments.cycles,
            start=arguments.start,
            seed=arguments.seed,
            on_message=lambda message: print(message, file=sys.stderr),
        )
    try:
        draw(found, target)
    except OSError as error:
        raise LivevaeError(f"cannot write {target}: {error.strerror or error}.") from None
    return 0
