"""`livevae render`: a piece as a sound file, the same bit for bit on every run."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from livevae.commands.arguments import outputs, rate, seconds
from livevae.commands.models import chosen
from livevae.commands.output import SOUND, check
from livevae.commands.perform import existing_piece
from livevae.commands.progress import Progress

CYCLES = 16
"""How long a piece without a form that ends is rendered unless it is told."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("piece", type=Path, metavar="PIECE", help="the pattern file to play")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="OUT.wav", help="a WAV or FLAC file")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--seconds", type=seconds, metavar="S", help="how long, in seconds")
    length.add_argument(
        "--cycles", type=seconds, metavar="N", help=f"how long, in cycles (default: the form's length, else {CYCLES})"
    )
    parser.add_argument("--from", dest="start", metavar="CUE", help="begin at this cue of the piece")
    parser.add_argument(
        "--channels", type=outputs, default=2, metavar="N", help="outputs to write; the first two are the master"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="K", help="of everything random (default: 0)")
    parser.add_argument("-m", "--model", type=Path, metavar="FILE", help="model file (.ts); the default model without")
    parser.add_argument("--input", type=Path, metavar="FILE", help="a recording in place of the live inputs")
    parser.add_argument("--rate", type=rate, default=48000, metavar="HZ", help="sample rate (default: %(default)s)")


def run(arguments: argparse.Namespace) -> int:
    target = check(arguments.output, tuple(SOUND))
    path, model = existing_piece(arguments.piece), chosen(arguments.model)

    from livevae.performance.render import render

    with Progress(f"rendering {path.name}") as progress:
        render(
            path,
            target,
            seconds=arguments.seconds,
            cycles=arguments.cycles,
            start=arguments.start,
            seed=arguments.seed,
            model=model,
            input=None if arguments.input is None else arguments.input.expanduser(),
            rate=arguments.rate,
            channels=arguments.channels,
            on_message=lambda message: print(message, file=sys.stderr),
            on_progress=progress,
        )
    return 0
