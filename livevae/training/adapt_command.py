"""`livevae adapt`: the model that ships, fine-tuned to one's own recordings."""

from __future__ import annotations

import argparse
from pathlib import Path

from livevae.resources import default_model
from livevae.training.adapting import BATCH, MINUTES, adapting
from livevae.training.command import names, perform


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folders", type=Path, nargs="+", metavar="FOLDER", help="recordings, searched to any depth")
    parser.add_argument(
        "-m", "--model", type=Path, metavar="MODEL.ts", help="the model to begin from (else the one that ships)"
    )
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="MINE.ts", help="the model to write")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--minutes", type=float, metavar="M", help=f"how long, over all resumes ({MINUTES:g})")
    length.add_argument("--steps", type=int, metavar="N", help="how many steps")
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoint beside the model, if any")
    parser.add_argument("--batch", type=int, default=BATCH, metavar="N", help=f"segments in a step ({BATCH})")
    parser.add_argument("--device", default="auto", help="auto (CUDA where there is one), cpu, cuda, cuda:1 ...")
    parser.add_argument("--threads", type=int, metavar="N", help="processor threads")
    parser.add_argument("--seed", type=int, default=0, metavar="K", help="of everything drawn at random")
    parser.add_argument(
        "--held-out", type=Path, metavar="FILE", help="names of recordings to measure with and not to learn, one a line"
    )
    parser.add_argument("--no-listening", action="store_true", help="keep no sounds and pictures of how it goes")


def run(arguments: argparse.Namespace) -> int:
    start = arguments.model.expanduser() if arguments.model else default_model()
    return perform(
        adapting(
            tuple(folder.expanduser() for folder in arguments.folders),
            arguments.output.expanduser(),
            start,
            steps=arguments.steps,
            minutes=arguments.minutes,
            held_out=names(arguments.held_out) if arguments.held_out else (),
            resume=arguments.resume,
            seed=arguments.seed,
            batch=arguments.batch,
            device=arguments.device,
            threads=arguments.threads,
            listening=not arguments.no_listening,
        )
    )
