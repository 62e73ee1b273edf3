"""The checks that nn~'s own package makes of a module, on files: those named, or an untrained one of every preset.

    python -m pip install --no-deps nn_tilde==1.6.0 cached_conv==2.5.0
    python -m benchmarks.nn_tilde [MODEL.ts ...]

Without `--no-deps` pip refuses: nn_tilde 1.6.0 asks for torch 2.5 and nothing else, though it works with later ones. It
is therefore no part of the tests, which make the same checks by themselves (tests/support/nntilde.py). A file is put
into a module of nn_tilde's, whose `register_method` and `register_attribute` try it out with one row and with four, and
which is then scripted, saved and opened again.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import warnings
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import torch

from livevae.training.config import PRESETS
from livevae.training.export import export
from livevae.training.vae import Autoencoder


def holder(inner: Any) -> Any:
    """A module of nn_tilde's that passes everything on to the file; raises where one of its checks fails."""
    import cached_conv
    import nn_tilde

    cached_conv.MAX_BATCH_SIZE = 64  # or it would try single rows only

    class Held(nn_tilde.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(sr=inner.get_sample_rate())
            self.inner = inner
            for name in inner.get_methods():
                labels = {f"{side}_labels": getattr(inner, f"{name}_{side}_labels") for side in ("input", "output")}
                self.register_method(name, *getattr(inner, f"{name}_params").tolist(), **labels)
            for name in inner.get_attributes():
                self.register_attribute(name, getattr(inner, f"get_{name}")())
                assert torch.equal(getattr(self, f"{name}_params"), getattr(inner, f"{name}_params"))
            self.finish()

        @torch.jit.export
        def encode(self, x: torch.Tensor) -> torch.Tensor:
            return self.inner.encode(x)

        @torch.jit.export
        def decode(self, z: torch.Tensor) -> torch.Tensor:
            return self.inner.decode(z)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.inner.forward(x)

    return Held().eval()


def check(path: Path, folder: Path) -> list[str]:
    """Run nn_tilde's checks on a file; gives what its modules have and the file has not."""
    inner = torch.jit.load(str(path))
    made = folder / "held.ts"
    holder(inner).export_to_ts(str(made))
    theirs = torch.jit.load(str(made))
    return sorted(set(theirs._c._method_names()) - set(inner._c._method_names()))


def untrained(folder: Path) -> list[Path]:
    """An export of every preset, mono and stereo."""
    paths = []
    for name, channels in product(sorted(PRESETS), (1, 2)):
        torch.manual_seed(0)
        sound = 0.1 * np.random.default_rng(0).standard_normal((channels, 24000)).astype(np.float32)
        model = Autoencoder(replace(PRESETS[name].shape, channels=channels))
        paths.append(export(model, {"a": sound}, folder / f"{name}-{channels}.ts", 48000))
    return paths


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", type=Path, help="files to check (none: every preset, untrained)")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")  # TorchScript is announced as deprecated
    with tempfile.TemporaryDirectory() as folder:
        missing = {str(path): check(path, Path(folder)) for path in arguments.models or untrained(Path(folder))}
    print(json.dumps({"reached": not any(missing.values()), "missing": missing}))
    return int(any(missing.values()))


if __name__ == "__main__":
    raise SystemExit(main())
