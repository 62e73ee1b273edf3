"""`livevae train`: a model of one's own from recordings."""

from __future__ import annotations

import argparse
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from livevae.errors import LivevaeError
from livevae.training.config import PRESETS, RATIOS, REGULARISATIONS, TrainConfig

_STOPPED = 130


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folders", type=Path, nargs="+", metavar="FOLDER", help="recordings, searched to any depth")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="MODEL.ts", help="the model to write")
    parser.add_argument("--preset", choices=sorted(PRESETS), default="small", help="the size of the model")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--steps", type=int, metavar="N", help="how many steps to train")
    length.add_argument("--minutes", type=float, metavar="M", help="how long to train, over all resumes")
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoint beside the model, if any")
    parser.add_argument("--batch", type=int, metavar="N", help="segments in a step; fewer make quicker, rougher steps")
    parser.add_argument("--device", default="auto", help="auto (CUDA where there is one), cpu, cuda, cuda:1 ...")
    parser.add_argument("--threads", type=int, metavar="N", help="processor threads")
    parser.add_argument("--seed", type=int, default=0, metavar="K", help="of everything drawn at random")
    parser.add_argument(
        "--held-out",
        type=Path,
        metavar="FILE",
        help="names of recordings to measure with and not to train on, one a line (else about one in 14)",
    )
    parser.add_argument("--latents", type=int, metavar="D", help="dimensions of the latent space")
    parser.add_argument("--ratio", type=int, choices=RATIOS, help="samples in a latent frame; fewer mean less delay")
    parser.add_argument("--stereo", action="store_true", help="a model of two channels")
    parser.add_argument(
        "--regularisation", choices=REGULARISATIONS, default="kl", help="what keeps the latent space smooth (kl)"
    )
    parser.add_argument("--beta", type=float, default=1.0, metavar="B", help="how much of it, 0 to 4 (1)")
    parser.add_argument(
        "--beta-warm-up", type=float, default=0.2, metavar="SHARE", help="of the run, over which beta grows (0.2)"
    )
    parser.add_argument(
        "--adversarial-from",
        type=float,
        metavar="SHARE",
        help="of the run, after which judges refine the decoder; 1 is never (else as the preset has it)",
    )
    parser.add_argument(
        "--patience", type=int, metavar="N", help="end after N validations without a better one, and keep the best"
    )
    parser.add_argument(
        "--validate-every", type=int, default=1000, metavar="N", help="steps between validations (1000)"
    )
    parser.add_argument("--pitch", type=float, default=0.5, metavar="S", help="largest change of pitch in semitones")
    parser.add_argument("--no-listening", action="store_true", help="keep no sounds and pictures of how it goes")


def run(arguments: argparse.Namespace) -> int:
    return perform(
        TrainConfig(
            folders=tuple(folder.expanduser() for folder in arguments.folders),
            output=arguments.output.expanduser(),
            preset=arguments.preset,
            steps=arguments.steps,
            minutes=arguments.minutes,
            resume=arguments.resume,
            seed=arguments.seed,
            batch=arguments.batch,
            device=arguments.device,
            threads=arguments.threads,
            held_out=names(arguments.held_out) if arguments.held_out else None,
            latents=arguments.latents,
            ratio=arguments.ratio,
            channels=2 if arguments.stereo else 1,
            regularisation=arguments.regularisation,
            beta=arguments.beta,
            beta_warm_up=arguments.beta_warm_up,
            adversarial_from=arguments.adversarial_from,
            patience=arguments.patience,
            validate_every=arguments.validate_every,
            pitch=arguments.pitch,
            listening=not arguments.no_listening,
        )
    )


def perform(config: TrainConfig) -> int:
    """Train as told, with what happens on standard output; gives the exit code."""
    # Threads that spin while they wait lose more than they gain when other programs share the processor.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    from livevae.training.trainer import TrainingStopped, train

    leads = os.environ.get("RANK", "0") == "0"
    with _signals() as received:
        try:
            path = train(config, report=_say, stop=lambda: bool(received))
        except TrainingStopped as stopped:
            if leads:
                _say(str(stopped))
            return _STOPPED
    if leads:
        _say(f"{path} is ready.")
    return 0


def names(file: Path) -> tuple[str, ...]:
    """The names in a list of recordings. Raises LivevaeError where it cannot be read."""
    try:
        text = file.expanduser().read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise LivevaeError(f"The list of held-out recordings {file} cannot be read: {error}.") from error
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def _say(line: str) -> None:
    print(line, flush=True)


@contextmanager
def _signals() -> Iterator[list[int]]:
    """Collect SIGTERM and Ctrl-C, so that training ends between two steps; the second Ctrl-C interrupts at once."""
    received: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        received.append(number)
        if number == signal.SIGINT:
            signal.signal(signal.SIGINT, before[signal.SIGINT])

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in before:
        signal.signal(number, note)
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
