"""Shapes and gradients: every preset, channel count and divergence, and the derivatives against differences."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
import torch

from livevae.training.config import PRESETS, REGULARISATIONS, Shape
from livevae.training.layers import CausalConv, CausalUpsample, Residual
from livevae.training.losses import level_distance, spectral_distance
from livevae.training.pqmf import FilterBank
from livevae.training.regularisation import REGULARISERS
from livevae.training.vae import Autoencoder, level

SMALLEST = Shape(
    encoder_widths=(3, 4, 4, 5),
    decoder_widths=(4, 4, 5, 6),
    decoder_dilations=((1,), (1,), (1,)),
    strides=(2, 2, 2),
    latents=2,
    noise_splits=2,
)


def noise(*size: int, seed: int = 0) -> torch.Tensor:
    return 0.3 * torch.randn(size, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_every_preset_keeps_its_shapes(preset: str, channels: int) -> None:
    shape = replace(PRESETS[preset].shape, channels=channels)
    frames = 2048 // shape.ratio
    with torch.no_grad():
        made = Autoencoder(shape)(noise(2, channels, 2048))
    assert made.audio.shape == (2, channels, 2048)
    assert made.bands.shape == made.wanted_bands.shape == (2, 16 * channels, 128)
    assert made.mean.shape == made.log_variance.shape == made.latents.shape == (2, shape.latents, frames)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("name", REGULARISATIONS)
def test_every_weight_learns_under_every_divergence(name: str, channels: int) -> None:
    torch.manual_seed(0)
    model = Autoencoder(replace(PRESETS["tiny"].shape, channels=channels))
    audio = noise(2, channels, 8192)
    made = model(audio)
    windows = PRESETS["low-latency"].level_windows
    loss = spectral_distance(made.audio, audio) + level_distance(made.bands, made.wanted_bands, windows)
    (loss + REGULARISERS[name](made.mean, made.log_variance, made.latents)).backward()
    for part, parameter in model.named_parameters():
        assert parameter.grad is not None, part
        assert torch.isfinite(parameter.grad).all(), part
        assert parameter.grad.abs().sum() > 0, part


LAYERS: dict[str, Callable[[], torch.nn.Module]] = {
    "conv": lambda: CausalConv(3, 2, 4, stride=2),
    "dilated": lambda: CausalConv(3, 2, 3, dilation=3),
    "upsample": lambda: CausalUpsample(3, 2, 4),
    "residual": lambda: Residual(3, 2),
}


@pytest.mark.parametrize("name", LAYERS)
def test_layers_have_the_derivatives_that_differences_show(name: str) -> None:
    torch.manual_seed(1)
    layer = LAYERS[name]().double()
    assert torch.autograd.gradcheck(layer, (noise(2, 3, 8).double().requires_grad_(),))


@pytest.mark.parametrize("channels", [1, 2])
def test_the_filter_bank_has_the_derivatives_that_differences_show(channels: int) -> None:
    bank = FilterBank(4, 16).double()
    audio = noise(1, channels, 24).double().requires_grad_()
    assert torch.autograd.gradcheck(lambda x: bank.join(bank.split(x)), (audio,))


@pytest.mark.parametrize("name", [name for name in REGULARISATIONS if name != "none"])
def test_divergences_have_the_derivatives_that_differences_show(name: str) -> None:
    mean, log_variance = (noise(2, 3, 4, seed=seed).double().requires_grad_() for seed in (1, 2))
    chance = noise(2, 3, 4, seed=3).double()

    def value(mean: torch.Tensor, log_variance: torch.Tensor) -> torch.Tensor:
        torch.manual_seed(0)  # the prior that mmd compares with is drawn
        return REGULARISERS[name](mean, log_variance, mean + chance * (0.5 * log_variance).exp())

    assert torch.autograd.gradcheck(value, (mean, log_variance))
    assert torch.autograd.gradcheck(level, (mean,))


@pytest.fixture
def exact() -> Iterator[None]:
    """Everything in double precision, also what is drawn."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


@pytest.mark.usefixtures("exact")
@pytest.mark.parametrize("channels", [1, 2])
def test_the_whole_model_descends_as_its_gradient_says(channels: int) -> None:
    """The loss along a random direction of all weights: the slope of small steps is the gradient's."""
    torch.manual_seed(2)
    model = Autoencoder(replace(SMALLEST, channels=channels)).double()
    audio, chance = noise(2, channels, 4096).double(), noise(2, 2, 32, seed=4).double()

    def loss() -> torch.Tensor:
        torch.manual_seed(0)
        bands = model.bank.split(audio)
        mean, log_variance = model.encoder(bands)
        latents = mean + chance * torch.exp(0.5 * log_variance)
        made = model.decoder(latents)
        apart = spectral_distance(model.bank.join(made), audio) + level_distance(made, bands, (4, 8))
        return apart + REGULARISERS["kl"](mean, log_variance, latents)

    loss().backward()
    generator = torch.Generator().manual_seed(6)
    ways = [torch.randn(p.shape, generator=generator).double() for p in model.parameters()]
    slope = sum(float((p.grad * way).sum()) for p, way in zip(model.parameters(), ways, strict=True))  # type: ignore[operator]
    values = []
    with torch.no_grad():
        for step in (1e-6, -2e-6):
            for p, way in zip(model.parameters(), ways, strict=True):
                p.add_(way, alpha=step)
            values.append(float(loss()))
    assert (values[0] - values[1]) / 2e-6 == pytest.approx(slope, rel=1e-3)
