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
from livevae.training.config import PRESETS, TrainConfig

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


def run(arguments: argparse.Namespace) -> int:
    folders = [folder.expanduser() for folder in arguments.folders]
    output = arguments.output.expanduser()
    held_out = _names(arguments.held_out) if arguments.held_out else None
    config = TrainConfig(
        folders=tuple(folders),
        output=output,
        preset=arguments.preset,
        steps=arguments.steps,
        minutes=arguments.minutes,
        resume=arguments.resume,
        seed=arguments.seed,
        batch=arguments.batch,
        device=arguments.device,
        threads=arguments.threads,
        held_out=held_out,
    )
    # Threads that spin while they wait lose more than they gain when other programs share the processor.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    from livevae.training.trainer import TrainingStopped, train

    with _signals() as received:
        try:
            path = train(config, report=_say, stop=lambda: bool(received))
        except TrainingStopped as stopped:
            _say(str(stopped))
            return _STOPPED
    _say(f"{path} is ready.")
    return 0


def _say(line: str) -> None:
    print(line, flush=True)


def _names(file: Path) -> tuple[str, ...]:
    try:
        text = file.expanduser().read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise LivevaeError(f"The list of held-out recordings {file} cannot be read: {error}.") from error
    return tuple(text.split())


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
