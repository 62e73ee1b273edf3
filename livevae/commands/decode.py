"""`livevae decode`: latent frames as sound."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from livevae.commands.arguments import add_model
from livevae.commands.models import opened
from livevae.commands.output import SOUND, SoundOutput, check
from livevae.commands.progress import Progress
from livevae.errors import LivevaeError

_SEED = 1
"""Models that fill missing dimensions with noise give the same file every time."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("frames", type=Path, metavar="IN.npz", help="what `livevae encode` wrote")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="OUT.wav", help="a WAV or FLAC file")
    add_model(parser)


def run(arguments: argparse.Namespace) -> int:
    target = check(arguments.output, tuple(SOUND))

    from livevae.latent import npz

    encoded = npz.load(arguments.frames.expanduser())
    model = opened(arguments.model, arguments.rate, latents=True)
    info = model.info
    assert info.sample_rate is not None
    if encoded.z.shape[1] != info.latent_size:
        raise LivevaeError(
            f"{arguments.frames} has {encoded.z.shape[1]} dimensions and {info.name} takes {info.latent_size}: "
            "decode with the model that encoded it."
        )
    if (encoded.sample_rate, encoded.ratio) != (info.sample_rate, info.ratio):
        was, now = encoded.rate, info.sample_rate / info.ratio
        print(f"note: made for {was:.2f} frames a second, {info.name} plays {now:.2f}.", file=sys.stderr)

    import numpy as np

    from livevae.model import ChunkStream

    model.seed(_SEED)
    done = 0
    with (
        SoundOutput(target, info.sample_rate, info.out_channels) as sound,
        Progress(f"decoding {arguments.frames.name}") as progress,
    ):
        for block in ChunkStream(model).decode_all([encoded.z]):
            if not np.isfinite(block).all():
                raise LivevaeError(f"{info.name} gives values that are not finite for {arguments.frames}.")
            sound.write(block)
            done += len(block)
            progress(done / (len(encoded.z) * info.ratio))
    return 0
