"""`livevae encode`: a recording as latent frames."""

from __future__ import annotations

import argparse
from pathlib import Path

from livevae.commands.arguments import add_model, count, moment
from livevae.commands.models import opened
from livevae.commands.output import check
from livevae.commands.progress import Progress


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("recording", type=Path, metavar="RECORDING", help="any sound file that libsndfile reads")
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="OUT.npz", help="arrays z, rate, sample_rate, ratio"
    )
    add_model(parser)
    parser.add_argument("--channel", type=count, metavar="N", help="one channel, from 1, instead of the mix of all")
    parser.add_argument("--start", type=moment, metavar="S", help="begin at this second")
    parser.add_argument("--end", type=moment, metavar="S", help="end at this second")


def run(arguments: argparse.Namespace) -> int:
    target = check(arguments.output, (".npz",))

    from livevae.latent import audio, npz
    from livevae.latent.cache import Job

    recording = arguments.recording.expanduser()
    audio.describe(recording)
    model = opened(arguments.model, arguments.rate, latents=True)

    from livevae.latent.encoding import encode_recording

    job = Job(recording, arguments.channel, arguments.start, arguments.end)
    with Progress(f"encoding {recording.name}") as progress:
        npz.save(target, encode_recording(job, model, progress))
    return 0
