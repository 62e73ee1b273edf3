"""The architecture: shapes, gradients, causality, and the same numbers in streams as in training."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from livevae.training.config import PRESETS
from livevae.training.losses import level_distance, spectral_distance
from livevae.training.regularisation import divergence
from livevae.training.streaming import StreamBank, StreamDecoder, StreamEncoder
from livevae.training.vae import Autoencoder


@pytest.fixture(scope="module")
def model() -> Autoencoder:
    torch.manual_seed(3)
    return Autoencoder(PRESETS["tiny"].shape)


def noise(rows: int, samples: int, seed: int = 0) -> torch.Tensor:
    return 0.3 * torch.randn(rows, 1, samples, generator=torch.Generator().manual_seed(seed))


def test_shapes_and_gradients(model: Autoencoder) -> None:
    shape = model.shape
    audio = noise(2, 8 * shape.ratio)
    made = model(audio)
    assert made.audio.shape == audio.shape
    assert made.bands.shape == made.wanted_bands.shape == (2, shape.bands, 8 * shape.ratio // shape.bands)
    assert made.mean.shape == made.log_variance.shape == (2, shape.latents, 8)
    (spectral_distance(made.audio, audio) + divergence(made.mean, made.log_variance)).backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name
    model.zero_grad()


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_presets_are_whole(preset: str) -> None:
    sizes = PRESETS[preset]
    model = Autoencoder(sizes.shape)
    assert sizes.shape.ratio == (128 if preset == "low-latency" else 1024)
    assert sum(p.numel() for p in model.parameters()) * 4 < 8e6
    with torch.no_grad():
        assert model.reconstruct(noise(1, 2048)).shape == (1, 1, 2048)


def test_nothing_looks_ahead(model: Autoencoder) -> None:
    ratio = model.shape.ratio
    first, second = noise(1, 8 * ratio), noise(1, 8 * ratio)
    second[..., 5 * ratio :] = noise(1, 3 * ratio, seed=9)
    outputs = []
    for audio in (first, second):
        torch.manual_seed(0)
        with torch.no_grad():
            outputs.append(model.reconstruct(audio))
    assert torch.equal(outputs[0][..., : 5 * ratio], outputs[1][..., : 5 * ratio])
    assert not torch.allclose(outputs[0][..., 5 * ratio :], outputs[1][..., 5 * ratio :])


@settings(max_examples=8, deadline=None)
@given(chunks=st.lists(st.integers(1, 5), min_size=1, max_size=6), rows=st.integers(1, 3))
def test_streams_in_odd_chunks_equal_training_on_the_whole(model: Autoencoder, chunks: list[int], rows: int) -> None:
    ratio = model.shape.ratio
    audio = noise(rows, sum(chunks) * ratio, seed=sum(chunks))
    bank, encoder, decoder = StreamBank(model.bank), StreamEncoder(model.encoder), StreamDecoder(model.decoder)
    with torch.no_grad():
        torch.manual_seed(5)
        whole = model.reconstruct(audio)
        torch.manual_seed(5)
        parts = [
            bank.join(decoder(encoder(bank.split(part)), 1.0))
            for part in torch.split(audio, [chunk * ratio for chunk in chunks], 2)
        ]
    torch.testing.assert_close(torch.cat(parts, 2), whole, atol=1e-5, rtol=1e-4)


def test_divergence_of_the_prior_itself_is_nothing() -> None:
    zero = torch.zeros(2, 8, 5)
    assert divergence(zero, zero) == 0
    assert divergence(zero + 1, zero) == pytest.approx(4.0)


def test_level_distance_is_the_gain_and_hears_no_difference_in_phase() -> None:
    bands = noise(2, 16 * 640).view(2, 16, 640)
    assert level_distance(bands, bands) == 0
    assert level_distance(-bands, bands) == 0
    assert level_distance(bands * 2, bands) == pytest.approx(1.5 * np.log(2), rel=0.01)


def test_short_windows_of_level_hear_that_an_attack_is_late() -> None:
    bands = torch.zeros(1, 16, 640)
    bands[..., 320:] = noise(1, 16 * 320).view(1, 16, 320)
    late = torch.roll(bands, 4, 2)
    late[..., :4] = 0
    long, short = (float(level_distance(late, bands, (window,))) for window in (32, 4))
    assert short > 2 * long
    assert float(level_distance(late, bands, (4, 32))) == pytest.approx((short + long) / 2)


def test_spectral_distance_orders_what_the_ear_orders() -> None:
    audio = noise(1, 16384)
    same, quieter, silent = (float(spectral_distance(audio * gain, audio)) for gain in (1.0, 0.5, 0.0))
    assert same == pytest.approx(0.0, abs=1e-3)
    assert same < quieter < silent


def test_spectral_distance_hears_the_image_of_stereo() -> None:
    mono = noise(1, 16384)
    wide, middle = torch.cat([mono, -mono], 1), torch.cat([mono, mono], 1)
    assert float(spectral_distance(middle, middle)) == pytest.approx(0.0, abs=1e-3)
    apart = float(spectral_distance(wide, middle))
    assert 1 < apart < 10  # each side alone sounds the same
    assert float(spectral_distance(0.5 * middle, middle)) < apart
