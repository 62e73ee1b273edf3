"""Every preset, ratio and channel count: the exported file sounds as the graph that was trained."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from livevae.model import open_model
from livevae.training.config import PRESETS, RATIOS, TrainConfig
from livevae.training.export import export
from livevae.training.measure import open_exported, rebuild, transform_exported
from livevae.training.streaming import StreamBank
from livevae.training.vae import Autoencoder


def sound(samples: int, channels: int = 1) -> np.ndarray:
    return (0.2 * np.random.default_rng(1).standard_normal((channels, samples))).astype(np.float32)


@pytest.mark.parametrize("ratio", RATIOS)
def test_every_ratio_has_its_strides(ratio: int) -> None:
    shape = TrainConfig((Path("x"),), Path("m.ts"), preset="tiny", ratio=ratio).shape
    assert shape.ratio == ratio
    assert max(shape.strides) <= 2 * min(shape.strides)
    with torch.no_grad():
        assert Autoencoder(shape).reconstruct(torch.zeros(1, 1, 2048)).shape == (1, 1, 2048)


def test_a_stereo_model_of_another_ratio_and_size_is_exported_and_opened(tmp_path: Path) -> None:
    torch.manual_seed(0)
    shape = replace(PRESETS["tiny"].shape.at_ratio(256), channels=2, latents=5)
    model = Autoencoder(shape)
    audio = sound(9000, 2)
    path = export(model, {"a": audio}, tmp_path / "wide.ts", 48000)
    opened = open_exported(path)
    assert opened.encode_params.tolist() == [2, 1, 5, 256]
    assert opened.decode_params.tolist() == [5, 256, 2, 1]
    assert opened.forward_params.tolist() == [2, 1, 2, 1]
    assert opened.encode_input_labels == ["left", "right"]
    assert open_model(path).info.latent_size == 5
    torch.manual_seed(3)
    whole = rebuild(model, audio)
    torch.manual_seed(3)
    np.testing.assert_allclose(transform_exported(opened, audio), whole, atol=1e-4)
    assert np.abs(whole[0] - whole[1]).max() > 1e-3  # the sides are not one


def test_the_sides_of_a_filter_bank_do_not_hear_each_other() -> None:
    bank = Autoencoder(replace(PRESETS["tiny"].shape, channels=2)).bank
    audio = torch.from_numpy(sound(1600, 2)).unsqueeze(0)
    silent = audio.clone()
    silent[:, 1] = 0
    assert torch.equal(bank.split(audio)[:, :16], bank.split(silent)[:, :16])
    assert not bank.join(bank.split(silent))[:, 1].any()
    streamed = StreamBank(bank, 2)
    torch.testing.assert_close(streamed.split(audio).transpose(1, 2), bank.split(audio), atol=1e-5, rtol=1e-4)
