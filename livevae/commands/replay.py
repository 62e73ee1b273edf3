"""`livevae replay`: a performance once more, from its journal, live or into a sound file."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from livevae.commands.arguments import add_audio, moment, seconds
from livevae.commands.output import SOUND, check
from livevae.commands.progress import Progress
from livevae.errors import LivevaeError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "journal", type=Path, nargs="?", metavar="JOURNAL", help="the journal of a performance; the latest one without"
    )
    parser.add_argument("-o", "--output", type=Path, metavar="OUT.wav", help="render it into a WAV or FLAC file")
    parser.add_argument("--from", dest="start", type=moment, default=0.0, metavar="S", help="begin at this second")
    parser.add_argument("--until", dest="end", type=seconds, metavar="S", help="end at this second")
    parser.add_argument("--input", type=Path, metavar="FILE", help="what the live inputs heard, as a file")
    add_audio(parser)


def run(arguments: argparse.Namespace) -> int:
    journal = latest() if arguments.journal is None else arguments.journal.expanduser()
    if not journal.is_file():
        raise LivevaeError(f"there is no journal {journal}: they are kept in {latest_folder()}.")
    if arguments.output is None:
        if arguments.input is not None:
            raise LivevaeError("--input stands in for the live inputs of a file: add -o OUT.wav.")
        return _play(journal, arguments)
    target = check(arguments.output, tuple(SOUND))

    from livevae.performance.replayed import render_journal

    with Progress(f"replaying {journal.name}") as progress:
        render_journal(
            journal,
            target,
            start=arguments.start,
            end=arguments.end,
            input=None if arguments.input is None else arguments.input.expanduser().resolve(),
            on_message=lambda message: print(message, file=sys.stderr),
            on_progress=progress,
        )
    return 0


def latest_folder() -> Path:
    """Where journals are kept."""
    from livevae.performance.journal import journal_folder

    return journal_folder()


def latest() -> Path:
    """The journal that was begun last. Raises LivevaeError where there is none."""
    found = sorted(latest_folder().glob("*.jsonl"))
    if not found:
        raise LivevaeError(f"there is no journal in {latest_folder()} yet: play something first.")
    return found[-1]


def _play(journal: Path, arguments: argparse.Namespace) -> int:
    from livevae.commands.perform import banner, options
    from livevae.engine.client import LiveEngine
    from livevae.performance.replayed import play_journal

    engine = LiveEngine.start(options(arguments))
    try:
        print(banner(engine.status().backend, engine.rate, engine.block, engine.inputs), flush=True)
        with Progress(f"replaying {journal.name}") as progress:
            play_journal(
                journal,
                engine,
                start=arguments.start,
                end=arguments.end,
                on_message=lambda message: print(message, file=sys.stderr),
                on_second=lambda second, length: progress(min(1.0, second / length)),
            )
    finally:
        engine.close()
    return 0
