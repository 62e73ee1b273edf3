"""Exports as nn~ 1.6 opens them: every preset, mono and stereo, every ratio, and the models that ship."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from livevae.model import open_model
from livevae.resources import models_dir
from livevae.training.config import PRESETS, RATIOS, Shape
from livevae.training.vae import Autoencoder
from support.nntilde import Host, check
from support.shapes import SHAPES

Exported = Callable[[Shape], Path]


ALL = SHAPES | {
    f"ratio {ratio}": replace(PRESETS["tiny"].shape.at_ratio(ratio), latents=3) for ratio in RATIOS if ratio != 1024
}


@pytest.fixture
def exported(untrained: Callable[[Shape], tuple[Autoencoder, Path]]) -> Exported:
    """The file of an untrained model of that shape."""
    return lambda shape: untrained(shape)[1]


@pytest.mark.parametrize("name", ALL)
def test_every_export_passes_the_checks_of_nn_tilde(exported: Exported, name: str) -> None:
    check(exported(ALL[name]))


@pytest.mark.parametrize("channels", [1, 2])
def test_a_host_that_calls_the_parts_hears_the_whole(exported: Exported, channels: int) -> None:
    """`encode` patched into `decode`, in buffers of two lengths, sounds as `forward` does in one."""
    path = exported(replace(PRESETS["tiny"].shape, channels=channels))
    sound = 0.2 * torch.randn(2, channels, 8192, generator=torch.Generator().manual_seed(1))
    torch.manual_seed(0)
    whole = Host(path).perform("forward", sound)
    host = Host(path)
    torch.manual_seed(0)
    parts = [host.perform("decode", host.perform("encode", part)) for part in torch.split(sound, [2048, 1024, 5120], 2)]
    torch.testing.assert_close(torch.cat(parts, 2), whole, atol=1e-5, rtol=1e-4)


def test_settings_are_read_and_set_as_a_host_does(exported: Exported) -> None:
    host = Host(exported(PRESETS["tiny"].shape), sample_rate=44100)
    assert host.get("noise") == (1.0,)
    assert host.set("noise", "0.25") == 0
    assert host.get("noise") == (0.25,)
    assert host.set("noise", "-1") != 0
    assert host.get("noise") == (0.25,)
    assert host.module.get_sample_rate() == 48000  # of the model: a host at another rate must resample


def test_reset_makes_a_host_s_streams_forget(exported: Exported) -> None:
    host = Host(exported(PRESETS["tiny"].shape))
    sound = 0.2 * torch.randn(4, 1, 2048, generator=torch.Generator().manual_seed(2))
    heard = []
    for _ in range(2):
        torch.manual_seed(0)
        heard.append(host.perform("forward", sound))
        host.module.reset()
    assert torch.equal(*heard)


@pytest.mark.parametrize("name", ["default", "low-latency"])
def test_what_ships_is_opened_by_a_host(name: str) -> None:
    host = Host(models_dir() / f"{name}.ts")
    assert host.methods == ["encode", "decode", "forward"]
    for method in host.methods:
        inlets, takes, outlets, gives = host.params(method)
        for rows in (1, 4):
            assert getattr(host.module, method)(torch.zeros(rows, inlets, 8192 // takes)).shape == (
                rows,
                outlets,
                8192 // gives,
            )


def test_livevae_reads_the_setting_of_newer_and_older_files(exported: Exported) -> None:
    """Files of version 0.1 give the bare number."""
    for path in (exported(PRESETS["tiny"].shape), models_dir() / "default.ts"):
        model = open_model(path)
        assert model.info.attributes == {"noise": 1.0}
        model.set_attribute("noise", 0.5)
