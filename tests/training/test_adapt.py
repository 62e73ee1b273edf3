"""Going on from an exported model: its weights come back exactly, and a few steps fit it to other recordings."""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from livevae.cli import main
from livevae.errors import LivevaeError
from livevae.resources import default_model
from livevae.training import adapt_command
from livevae.training.config import PRESETS
from livevae.training.export import export
from livevae.training.measure import open_exported
from livevae.training.recover import recover
from livevae.training.vae import Autoencoder

pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")


def test_what_was_exported_comes_back(tmp_path: Path) -> None:
    torch.manual_seed(4)
    shape = replace(
        PRESETS["tiny"].shape.at_ratio(256), decoder_dilations=((1, 3), (1,), (3, 1)), latents=3, channels=2
    )
    model = Autoencoder(shape)
    path = export(
        model,
        {"a": np.random.default_rng(0).standard_normal((2, 20000)).astype(np.float32) * 0.1},
        tmp_path / "m.ts",
        48000,
    )
    again, rate = recover(path)
    assert rate == 48000
    assert again.shape == shape
    wanted = model.state_dict()
    last = f"encoder.layers.{len(model.encoder.layers) - 1}."
    for name, value in again.state_dict().items():
        part = slice(3) if name.startswith(last) else slice(None)  # the variance is not in the file
        assert torch.equal(value[part], wanted[name][part]), name


def test_the_model_that_ships_comes_back() -> None:
    model, _ = recover(default_model())  # which compares the sound of both
    assert model.shape == PRESETS["small"].shape


def test_what_livevae_did_not_make_is_refused(tmp_path: Path) -> None:
    class Other(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x

    path = tmp_path / "other.ts"
    torch.jit.script(Other()).save(str(path))
    with pytest.raises(LivevaeError, match="livevae train"):
        recover(path)
    with pytest.raises(LivevaeError, match="no model file"):
        recover(tmp_path / "missing.ts")


def test_the_command_adapts_and_says_how_far_it_came(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "mine.ts"
    words = [str(folder), "-o", str(output), "--steps", "12", "--batch", "1", "--threads", "1", "--no-listening"]
    assert main(["adapt", *words]) == 0
    said = capsys.readouterr().out
    figures = [
        float(line.split(": ")[1].split(" dB")[0]) for line in said.splitlines() if "step" in line and "dB from" in line
    ]
    assert len(figures) == 2
    assert figures[1] < figures[0]
    assert f"from {figures[0]:.2f} to {figures[1]:.2f} dB" in said
    assert not torch.equal(open_exported(output).latent_mean, open_exported(default_model()).latent_mean)


def test_the_model_begun_from_is_not_overwritten(folder: Path) -> None:
    parser = argparse.ArgumentParser()
    adapt_command.add_arguments(parser)
    with pytest.raises(LivevaeError, match="another name"):
        adapt_command.run(parser.parse_args([str(folder), "-o", str(default_model())]))
