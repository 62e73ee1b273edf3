"""Exported files against the graph that was trained: any preset, mono and stereo, the sound cut anyhow."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from livevae.errors import LivevaeError
from livevae.training import export as exporting
from livevae.training.config import PRESETS, Shape
from livevae.training.export import LARGEST_DIFFERENCE, Statistics, export, stream_difference
from livevae.training.measure import open_exported
from livevae.training.vae import Autoencoder
from support.shapes import SHAPES

Untrained = Callable[[Shape], tuple[Autoencoder, Path]]

ODD = ((1,), (5, 1, 1, 9), (2, 3, 11))
"""Latent frames in a chunk, over and over."""


def sound(samples: int, channels: int = 1, rows: int = 1) -> torch.Tensor:
    return 0.3 * torch.randn(rows, channels, samples, generator=torch.Generator().manual_seed(2))


def made(shape: Shape, path: Path) -> Autoencoder:
    """An untrained model, and its export at `path`."""
    torch.manual_seed(1)
    model = Autoencoder(shape)
    export(model, {"a": sound(16384, shape.channels)[0].numpy()}, path, 48000)
    return model


@torch.no_grad()
def wanted(model: Autoencoder, opened: Any, audio: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Latents and audio of the graph that was trained, all at once."""
    torch.manual_seed(7)
    mean, _ = model.encoder(model.bank.split(audio))
    latents = F.linear(mean.transpose(1, 2) - opened.latent_mean, opened.latent_pca).transpose(1, 2)
    return latents, model.bank.join(model.decoder(mean))


@torch.no_grad()
def streamed(path: Path, audio: torch.Tensor, pattern: Sequence[int]) -> tuple[torch.Tensor, torch.Tensor]:
    """The same of the file, `encode` and `decode` called in turns, as a host does."""
    opened = open_exported(path)
    ratio = int(opened.encode_params[3])
    torch.manual_seed(7)
    latents, sounds, at, turn = [], [], 0, 0
    while at < audio.size(2):
        size = ratio * pattern[turn % len(pattern)]
        latents.append(opened.encode(audio[..., at : at + size]))
        sounds.append(opened.decode(latents[-1]))
        at, turn = at + size, turn + 1
    return torch.cat(latents, 2), torch.cat(sounds, 2)


@pytest.mark.parametrize("name", SHAPES)
def test_a_file_of_any_preset_streams_as_it_was_trained_in_odd_chunks(name: str, untrained: Untrained) -> None:
    model, path = untrained(SHAPES[name])
    audio = sound(19 * model.shape.ratio, model.shape.channels, rows=2)
    whole = wanted(model, open_exported(path), audio)
    for pattern in ODD:
        for got, right in zip(streamed(path, audio, pattern), whole, strict=True):
            assert float((got - right).abs().max()) < LARGEST_DIFFERENCE


@pytest.fixture(scope="module")
def quick(untrained: Untrained) -> tuple[Autoencoder, Path]:
    return untrained(replace(PRESETS["tiny"].shape.at_ratio(128), latents=3))


@settings(max_examples=6, deadline=None)
@given(pattern=st.lists(st.integers(1, 13), min_size=1, max_size=5), rows=st.integers(1, 3))
def test_a_file_streams_alike_however_it_is_cut(quick: tuple[Autoencoder, Path], pattern: list[int], rows: int) -> None:
    model, path = quick
    audio = sound(25 * 128, rows=rows)
    for got, right in zip(streamed(path, audio, pattern), wanted(model, open_exported(path), audio), strict=True):
        assert float((got - right).abs().max()) < LARGEST_DIFFERENCE


@pytest.mark.parametrize("channels", [1, 2])
def test_the_filter_bank_in_a_file_gives_back_what_it_splits(channels: int, untrained: Untrained) -> None:
    """Over 80 dB, in chunks of one frame and more."""
    model, path = untrained(replace(PRESETS["low-latency"].shape, channels=channels))
    bank, audio = open_exported(path).bank, sound(128 * 100, channels)
    with torch.no_grad():
        sizes = [128 * frames for frames in (1, 1, 2, 3, 50, 43)]
        rebuilt = torch.cat([bank.join(bank.split(part)) for part in torch.split(audio, sizes, 2)], 2)
    delay = model.bank.delay
    error = rebuilt[..., delay:] - audio[..., :-delay]
    assert 10 * torch.log10(audio.square().mean() / error.square().mean()) > 80


@pytest.mark.parametrize("ratio", [128, 1024])
def test_what_is_known_of_the_latents_lies_in_the_file(ratio: int, tmp_path: Path) -> None:
    """Ordered by what they explain, with their share, and the range that the recordings reach."""
    path = tmp_path / "m.ts"
    torch.manual_seed(3)
    model = Autoencoder(replace(PRESETS["tiny"].shape.at_ratio(ratio), latents=4))
    recordings = {"a": sound(40 * ratio)[0, 0].numpy(), "b": 0.1 * sound(30 * ratio)[0, 0].numpy()}
    export(model, recordings, path, 44100)
    opened = open_exported(path)
    with torch.no_grad():
        found = torch.cat(
            [open_exported(path).encode(torch.from_numpy(a)[None, None])[0] for a in recordings.values()], 1
        )
    assert opened.get_sample_rate() == opened.sr == 44100
    assert opened.encode_params.tolist() == [1, 1, 4, ratio]
    torch.testing.assert_close(found.mean(1), torch.zeros(4), atol=1e-3, rtol=0)
    torch.testing.assert_close(found.std(1, correction=0), opened.latent_std, atol=1e-3, rtol=1e-3)
    torch.testing.assert_close(found.amin(1), opened.latent_min, atol=1e-3, rtol=1e-3)
    torch.testing.assert_close(found.amax(1), opened.latent_max, atol=1e-3, rtol=1e-3)
    share = found.var(1, correction=0)
    torch.testing.assert_close(share.cumsum(0) / share.sum(), opened.fidelity, atol=1e-3, rtol=0)
    apart = np.corrcoef(found.numpy()) - np.eye(4)
    assert np.abs(apart).max() < 0.02  # principal axes: no dimension tells of another


def test_a_file_that_streams_wrongly_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the one that was there stays."""
    path = tmp_path / "m.ts"
    path.write_bytes(b"the one before")
    right = exporting.latent_statistics

    def skewed(*arguments: Any) -> Statistics:
        found = right(*arguments)
        return replace(found, latent_pca=1.01 * found.latent_pca)  # no longer undone by its transpose

    monkeypatch.setattr(exporting, "latent_statistics", skewed)
    with pytest.raises(LivevaeError, match="streams wrongly"):
        made(PRESETS["tiny"].shape, path)
    assert path.read_bytes() == b"the one before"
    assert [entry.name for entry in tmp_path.iterdir()] == ["m.ts"]


def test_the_check_sees_a_file_of_other_weights(untrained: Untrained) -> None:
    first, path = untrained(PRESETS["tiny"].shape)
    opened = open_exported(path)
    names = Statistics.__dataclass_fields__
    statistics = Statistics(*(getattr(opened, name) for name in names))
    assert stream_difference(path, first, statistics) < LARGEST_DIFFERENCE
    torch.manual_seed(9)
    assert stream_difference(path, Autoencoder(PRESETS["tiny"].shape), statistics) > LARGEST_DIFFERENCE
