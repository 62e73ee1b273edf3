"""Two models as one: the encoder of the first, a linear adapter, the decoder of the second.

Run as `python -m livevae.model.bridging ENCODER DECODER ADAPTER.npz OUT.ts`: it holds the interpreter for seconds.
`ADAPTER.npz` holds `weights (E, D * k)` and `offset (E,)`: each frame of the second model comes from `k` of the first.
"""

import json
import os
import sys
import warnings
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from livevae.errors import LivevaeError
from livevae.model import describe
from livevae.model.archive import FAILURES, Module, check_archive, load_archive

_STATISTICS = ("latent_std", "latent_min", "latent_max")


class Bridged(nn.Module):
    """encode: audio -> latents of the second model; decode: those -> audio; forward: one after the other."""

    weights: Tensor
    offset: Tensor

    def __init__(self, encoder: Module, decoder: Module, weights: Tensor, offset: Tensor, sample_rate: int) -> None:
        super().__init__()
        taken, given = describe.methods(encoder)["encode"], describe.methods(decoder)["decode"]
        ratio, finer = given[1] // given[3], taken[3] // taken[1]
        self.encoder = encoder
        self.decoder = decoder
        self.sr = sample_rate
        self.group = ratio // finer
        self.latent_size = given[0]
        self.full_latent_size = given[0]
        self.register_buffer("weights", weights)
        self.register_buffer("offset", offset)
        self.register_buffer("encode_params", torch.tensor([taken[0], 1, given[0], ratio]))
        self.register_buffer("decode_params", torch.tensor([given[0], ratio, given[2], 1]))
        self.register_buffer("forward_params", torch.tensor([taken[0], 1, given[2], 1]))
        known = describe.statistics(decoder)
        for name in _STATISTICS:
            if len(known.get(name, [])) == given[0]:
                self.register_buffer(name, torch.tensor(known[name]))

    @torch.jit.export
    def encode(self, x: Tensor) -> Tensor:
        z = self.encoder.encode(x)
        grouped = z.reshape(z.size(0), z.size(1), -1, self.group).permute(0, 2, 3, 1).flatten(2)
        return F.linear(grouped, self.weights, self.offset).transpose(1, 2)

    @torch.jit.export
    def decode(self, z: Tensor) -> Tensor:
        y: Tensor = self.decoder.decode(z)
        return y

    def forward(self, x: Tensor) -> Tensor:
        return self.decode(self.encode(x))

    @torch.jit.export
    def get_methods(self) -> list[str]:
        return ["encode", "decode", "forward"]


def write_bridge(encoder: Path, decoder: Path, adapter: Path, out: Path, sample_rate: int) -> None:
    """Write the two models as one TorchScript file. Raises LivevaeError where they cannot be joined."""
    for path in (encoder, decoder):
        check_archive(path)
    with np.load(adapter, allow_pickle=False) as arrays:
        weights, offset = (torch.from_numpy(arrays[name].astype(np.float32)) for name in ("weights", "offset"))
    made = Bridged(load_archive(encoder), load_archive(decoder), weights, offset, sample_rate)
    target = out.with_name(f"{out.name}.{os.getpid()}.part")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.jit.save(torch.jit.script(made.eval()), str(target))
    except (*FAILURES, ValueError, TypeError) as error:
        target.unlink(missing_ok=True)
        raise LivevaeError(f"{encoder.name} and {decoder.name} cannot be joined: {error}") from None
    target.replace(out)


def main(arguments: list[str]) -> int:
    """Write what the arguments name; what is wrong is printed as one JSON line."""
    encoder, decoder, adapter, out = map(Path, arguments[:4])
    try:
        write_bridge(encoder, decoder, adapter, out, int(arguments[4]))
    except LivevaeError as error:
        print(json.dumps({"error": str(error)}))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
