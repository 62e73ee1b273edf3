"""The streams of an exported graph: rows are alone, inputs stay as they are, older files are still read."""

from types import SimpleNamespace

import pytest
import torch
from torch import Tensor

from livevae.training.config import PRESETS
from livevae.training.export import Statistics, StreamingModule
from livevae.training.recover import _weight
from livevae.training.streaming import StreamConv
from livevae.training.vae import Autoencoder

SHAPE = PRESETS["tiny"].shape


def exported(noise: float = 1.0) -> StreamingModule:
    torch.manual_seed(0)
    size = SHAPE.latents
    axes = torch.linalg.qr(torch.randn(size, size))[0]
    flat = torch.zeros(size)
    made = StreamingModule(Autoencoder(SHAPE), Statistics(axes, torch.randn(size), flat, flat, flat, flat), 48000)
    made.noise = noise
    return made


def stream(model: StreamingModule, pieces: list[Tensor]) -> Tensor:
    torch.manual_seed(1)
    with torch.no_grad():
        return torch.cat([model(piece) for piece in pieces], 2)


def test_each_row_of_a_batch_is_the_stream_it_would_be_alone() -> None:
    pieces = list(torch.split(torch.randn(3, 1, 9 * SHAPE.ratio), [n * SHAPE.ratio for n in (1, 3, 1, 2, 2)], 2))
    together = stream(exported(), pieces)
    for row in range(3):
        alone = stream(exported(), [piece[row : row + 1] for piece in pieces])
        torch.testing.assert_close(together[row : row + 1], alone, atol=1e-5, rtol=1e-4)
    assert (together[0] - together[1]).abs().max() > 1e-3


def test_a_call_remembers_in_its_own_rows_alone() -> None:
    model = exported()
    stream(model, [torch.randn(2, 1, SHAPE.ratio)])
    caches = [buffer for name, buffer in model.named_buffers() if name.endswith("cache")]
    assert caches
    for cache in caches:
        assert cache[:2].abs().max() > 0
        assert not cache[2:].any()
    model.reset()
    assert not any(cache.any() for cache in caches)


def test_a_call_leaves_its_input_as_it_was() -> None:
    model = exported()
    audio = torch.randn(1, 1, 2 * SHAPE.ratio)
    with torch.no_grad():
        latents = model.encode(audio)
        kept = audio.clone(), latents.clone()
        model.encode(audio)
        model.decode(latents)
        model.decoder(latents.transpose(1, 2), 1.0)
    assert torch.equal(audio, kept[0])
    assert torch.equal(latents, kept[1])


def test_latents_are_the_posterior_mean_along_the_axes() -> None:
    model = exported()
    audio = torch.randn(1, 1, 4 * SHAPE.ratio)
    with torch.no_grad():
        latents = model.encode(audio)
        model.reset()
        mean = model.encoder(model.bank.split(audio))
    wanted = (mean - model.latent_mean) @ model.latent_pca.t()
    torch.testing.assert_close(latents.transpose(1, 2), wanted, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("stride", [1, 2])
def test_weights_are_read_from_files_of_both_layouts(stride: int) -> None:
    weight = torch.randn(6, 5, 2 * stride)
    made = StreamConv(weight, None, stride)
    older = SimpleNamespace(weight=made.matrix.t().contiguous(), kernel=made.kernel, inputs=made.inputs)
    assert torch.equal(_weight(made), weight)
    assert torch.equal(_weight(older), weight)
