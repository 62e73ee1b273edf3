"""`livevae transform`: a recording through a model, sample for sample what a live voice gives at unity gain.

The buffering that a live voice needs is left out, and so is its fade-in; the delay inside the model stays.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from livevae.commands.arguments import add_model, count
from livevae.commands.models import opened
from livevae.commands.output import SOUND, SoundOutput, check
from livevae.commands.progress import Progress
from livevae.errors import LivevaeError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from livevae.model import Model

    Audio = NDArray[np.float32]

_SEED = 1
"""Models that draw noise give the same file every time."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("recording", type=Path, metavar="IN", help="any sound file that libsndfile reads")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="OUT.wav", help="a WAV or FLAC file")
    add_model(parser)
    parser.add_argument("--channel", type=count, metavar="N", help="one channel, from 1, instead of the mix of all")


def run(arguments: argparse.Namespace) -> int:
    target = check(arguments.output, tuple(SOUND))

    from livevae.latent import audio

    recording = arguments.recording.expanduser()
    facts = audio.describe(recording)
    model = opened(arguments.model, arguments.rate, latents=False)
    if not model.info.in_channels or not model.info.out_channels:
        raise LivevaeError(f"{model.info.name} does not turn sound into sound: take a model with encode and decode.")
    length = round(facts.seconds * facts.rate)
    with (
        SoundOutput(target, facts.rate, model.info.out_channels) as sound,
        Progress(f"transforming {recording.name}") as progress,
    ):
        done = 0
        for block in transformed(model, recording, facts.rate, arguments.channel):
            kept = block[: length - done]
            sound.write(kept)
            done += len(kept)
            progress(done / length)
    return 0


def transformed(model: Model, recording: Path, rate: int, channel: int | None) -> Iterator[Audio]:
    """The recording through the model, in blocks `(n, out_channels)` at `rate` Hz, at least as long as it was.

    Raises LivevaeError where the file cannot be read or the model gives values that are not finite.
    """
    import numpy as np

    from livevae.latent import audio
    from livevae.model import ChunkStream, StreamResampler

    info = model.info
    assert info.sample_rate is not None
    blocks = audio.blocks(recording, info.sample_rate, channels=info.in_channels, channel=channel)
    back = None if rate == info.sample_rate else StreamResampler(info.sample_rate, rate, info.out_channels)
    model.seed(_SEED)
    for block in ChunkStream(model).transform_all(block.T for block in blocks):
        if not np.isfinite(block).all():
            raise LivevaeError(f"{info.name} gives values that are not finite for {recording}: try another model.")
        yield block if back is None else back.process(block)
    if back is not None:
        yield back.flush()
