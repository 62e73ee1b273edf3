"""Between two recordings, from plain Python: encode both, walk from one to the other, decode.

    python examples/between.py OUT.wav

Uses the model and latent rooms alone: no engine, no prompt.
"""

import sys

import numpy as np
import soundfile

from livevae.latent import Trajectory, audio
from livevae.model import decode_offline, encode_offline, open_model
from livevae.pattern import Context, lerp, pure, saw
from livevae.resources import default_model, sounds_dir

SECONDS = 4.0


def main(out: str) -> None:
    model = open_model(default_model())
    rate, ratio = model.info.sample_rate or 48000, model.info.ratio

    def recording(name: str) -> Trajectory:
        sound = (block.T for block in audio.blocks(sounds_dir() / f"{name}.flac", rate))
        return Trajectory(np.concatenate(list(encode_offline(model, sound))), rate / ratio, name)

    path = lerp(pure(recording("choir")), pure(recording("bell")), saw)
    # One cycle lasts SECONDS; its latent frames are sampled at once.
    frames = round(SECONDS * rate / ratio)
    latents = path.sample(np.arange(frames) / frames, Context.at(cps=1 / SECONDS))
    soundfile.write(out, decode_offline(model, latents.astype(np.float32)), rate)


if __name__ == "__main__":
    main(sys.argv[1])
