"""What keeps the latent space smooth: each formula against its definition."""

import numpy as np
import pytest
import torch

from livevae.training.config import REGULARISATIONS
from livevae.training.regularisation import (
    REGULARISERS,
    divergence,
    geometric_jensen_shannon,
    maximum_mean_discrepancy,
    renyi,
)

MEAN, VARIANCE = 0.8, 0.3
AXIS = np.linspace(-12, 12, 200_001)
STEP = AXIS[1] - AXIS[0]


def normal(mean: float, variance: float) -> np.ndarray:
    return np.exp(-((AXIS - mean) ** 2) / (2 * variance)) / np.sqrt(2 * np.pi * variance)


def kullback_leibler(p: np.ndarray, q: np.ndarray) -> float:
    tiny = 1e-300
    return float(np.sum(p * (np.log(p + tiny) - np.log(q + tiny))) * STEP)


def posterior() -> tuple[torch.Tensor, torch.Tensor]:
    """The same one-dimensional posterior in three dimensions of five frames of two rows."""
    return torch.full((2, 3, 5), MEAN), torch.full((2, 3, 5), float(np.log(VARIANCE)))


def test_the_divergence_is_the_integral_it_stands_for() -> None:
    assert float(divergence(*posterior())) == pytest.approx(
        3 * kullback_leibler(normal(MEAN, VARIANCE), normal(0, 1)), rel=1e-4
    )


@pytest.mark.parametrize("skew", [0.2, 0.5, 0.9])
def test_geometric_jensen_shannon_is_its_definition(skew: float) -> None:
    q, p = normal(MEAN, VARIANCE), normal(0, 1)
    between = q ** (1 - skew) * p**skew
    between /= between.sum() * STEP
    wanted = (1 - skew) * kullback_leibler(q, between) + skew * kullback_leibler(p, between)
    assert float(geometric_jensen_shannon(*posterior(), skew)) == pytest.approx(3 * wanted, rel=1e-4)


@pytest.mark.parametrize("order", [0.2, 0.5, 0.9])
def test_renyi_is_its_definition(order: float) -> None:
    q, p = normal(MEAN, VARIANCE), normal(0, 1)
    wanted = np.log(np.sum(q**order * p ** (1 - order)) * STEP) / (order - 1)
    assert float(renyi(*posterior(), order)) == pytest.approx(3 * wanted, rel=1e-4)


def test_renyi_tends_to_kullback_and_leibler() -> None:
    assert float(renyi(*posterior(), 0.9999)) == pytest.approx(float(divergence(*posterior())), rel=1e-3)


def test_the_mean_discrepancy_tells_the_prior_from_anything_else() -> None:
    torch.manual_seed(0)
    like, moved, narrow = torch.randn(4, 8, 128), torch.randn(4, 8, 128) + 1.0, 0.2 * torch.randn(4, 8, 128)
    small = float(maximum_mean_discrepancy(like))
    assert 0 <= small < 1
    assert min(float(maximum_mean_discrepancy(other)) for other in (moved, narrow)) > 10 * small


@pytest.mark.parametrize("name", REGULARISATIONS)
def test_every_name_pulls_a_distant_posterior_towards_the_prior(name: str) -> None:
    mean = torch.full((2, 4, 20), 2.0, requires_grad=True)
    log_variance = torch.full((2, 4, 20), -1.0, requires_grad=True)
    torch.manual_seed(1)
    latents = mean + torch.randn(2, 4, 20) * (0.5 * log_variance).exp()
    value = REGULARISERS[name](mean, log_variance, latents)
    if name == "none":
        assert value == 0
        assert not value.requires_grad
        return
    value.backward()
    assert mean.grad is not None
    assert mean.grad.mean() > 0
    if name != "mmd":  # which looks at all frames together
        assert log_variance.grad is not None
        assert (log_variance.grad < 0).all()


@pytest.mark.parametrize("name", ["kl", "js", "alpha"])
def test_the_prior_itself_is_at_no_distance(name: str) -> None:
    zero = torch.zeros(2, 8, 5)
    assert float(REGULARISERS[name](zero, zero, zero)) == pytest.approx(0, abs=1e-5)
