"""`livevae adapt`: the model that ships, fine-tuned to one's own recordings."""

from __future__ import annotations

import argparse
from pathlib import Path

from livevae.errors import LivevaeError
from livevae.resources import default_model
from livevae.training.command import names, perform
from livevae.training.config import NEVER, TrainConfig

_MINUTES = 10.0
_RATE = 5e-4
_BATCH = 4
_VALIDATE_EVERY = 200


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folders", type=Path, nargs="+", metavar="FOLDER", help="recordings, searched to any depth")
    parser.add_argument(
        "-m", "--model", type=Path, metavar="MODEL.ts", help="the model to begin from (else the one that ships)"
    )
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="MINE.ts", help="the model to write")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--minutes", type=float, metavar="M", help=f"how long, over all resumes ({_MINUTES:g})")
    length.add_argument("--steps", type=int, metavar="N", help="how many steps")
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoint beside the model, if any")
    parser.add_argument("--batch", type=int, default=_BATCH, metavar="N", help=f"segments in a step ({_BATCH})")
    parser.add_argument("--device", default="auto", help="auto (CUDA where there is one), cpu, cuda, cuda:1 ...")
    parser.add_argument("--threads", type=int, metavar="N", help="processor threads")
    parser.add_argument("--seed", type=int, default=0, metavar="K", help="of everything drawn at random")
    parser.add_argument(
        "--held-out", type=Path, metavar="FILE", help="names of recordings to measure with and not to learn, one a line"
    )
    parser.add_argument("--no-listening", action="store_true", help="keep no sounds and pictures of how it goes")


def run(arguments: argparse.Namespace) -> int:
    start = arguments.model.expanduser() if arguments.model else default_model()
    output = arguments.output.expanduser()
    if output.resolve() == start.resolve():
        raise LivevaeError(f"{output} is the model to begin from: give the adapted one another name.")
    minutes = arguments.minutes if arguments.minutes is not None or arguments.steps is not None else _MINUTES
    return perform(
        TrainConfig(
            folders=tuple(folder.expanduser() for folder in arguments.folders),
            output=output,
            start=start,
            steps=arguments.steps,
            minutes=minutes,
            resume=arguments.resume,
            seed=arguments.seed,
            batch=arguments.batch,
            device=arguments.device,
            threads=arguments.threads,
            # A folder of one's own is small, and all of it is wanted in the model.
            held_out=names(arguments.held_out) if arguments.held_out else (),
            rate=_RATE,
            beta_warm_up=0.0,
            adversarial_from=NEVER,
            validate_every=_VALIDATE_EVERY,
            listening=not arguments.no_listening,
        )
    )
