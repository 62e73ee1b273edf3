"""What keeps the latent space smooth and of one scale: distances of the posterior from a standard normal, by name.

Each is a scalar in nats (mmd: scaled like them) for one latent frame, from the posterior's mean and log variance and a
sample of it, each (B, D, T); the weight of all of them is `beta * NATS`.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

NATS = 5e-4  # of the loss for a nat at beta 1
SKEW = 0.5  # of the skewed divergences: half way between posterior and prior
MMD_FRAMES = 512  # compared with as many draws from the prior
MMD_SCALE = 100.0  # brings the kernel distance, at most about 1, to the size of a divergence in nats

Regulariser = Callable[[Tensor, Tensor, Tensor], Tensor]


def divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Kullback-Leibler divergence KL(q || N(0, 1)) in nats per latent frame, meaned over batch and time.

    (mean^2 + v - ln v - 1) / 2, summed over dimensions: Kingma and Welling, arXiv:1312.6114 (2014), appendix B.
    """
    return 0.5 * (mean.square() + log_variance.exp() - log_variance - 1.0).sum(1).mean()


def geometric_jensen_shannon(mean: Tensor, log_variance: Tensor, skew: float = SKEW) -> Tensor:
    """Skew geometric Jensen-Shannon divergence of the posterior q and the prior p, per latent frame.

    (1 - a) KL(q || g) + a KL(p || g) with g the normal proportional to q^(1 - a) p^a, whose precision is
    (1 - a) / v + a and whose mean is (1 - a) mean / v over that precision: Deasy, Simidjievski and Liò,
    "Constraining Variational Inference with Geometric Jensen-Shannon Divergence", NeurIPS 2020, arXiv:2006.10599.
    """
    variance = log_variance.exp()
    between = 1.0 / ((1 - skew) / variance + skew)
    centre = between * (1 - skew) * mean / variance
    spread = ((1 - skew) * variance + skew) / between
    volumes = between.log() - (1 - skew) * log_variance  # the prior's log variance is 0
    apart = ((1 - skew) * (centre - mean).square() + skew * centre.square()) / between
    return 0.5 * (spread + volumes + apart - 1.0).sum(1).mean()


def renyi(mean: Tensor, log_variance: Tensor, order: float = SKEW) -> Tensor:
    """Rényi's alpha-divergence D_a(q || N(0, 1)) per latent frame, 0 < a < 1; it tends to KL as a tends to 1.

    (a mean^2 / w + ln w / (1 - a) - ln v) / 2 with w = (1 - a) v + a: the divergence of Li and Turner, "Rényi
    Divergence Variational Inference", NeurIPS 2016, arXiv:1602.02311, in closed form for normals.
    """
    mixed = (1 - order) * log_variance.exp() + order
    return 0.5 * (order * mean.square() / mixed + mixed.log() / (1 - order) - log_variance).sum(1).mean()


def maximum_mean_discrepancy(latents: Tensor) -> Tensor:
    """Squared maximum mean discrepancy of all latent frames from draws of a standard normal, times MMD_SCALE.

    E k(z, z') + E k(p, p') - 2 E k(z, p) with the Gaussian kernel exp(-|x - y|^2 / 2D): the posterior as a
    whole must look like the prior, while each frame may be as sharp as it likes. Zhao, Song and Ermon, "InfoVAE",
    arXiv:1706.02262 (2017), section 4. In data-parallel training each process compares its own frames.
    """
    frames = latents.transpose(1, 2).flatten(0, 1)
    frames = frames[:: max(1, len(frames) // MMD_FRAMES)]
    prior = torch.randn_like(frames)

    def kernel(first: Tensor, second: Tensor) -> Tensor:
        apart = torch.cdist(first, second, compute_mode="donot_use_mm_for_euclid_dist").square()
        return torch.exp(-apart / (2.0 * first.size(1))).mean()

    return MMD_SCALE * (kernel(frames, frames) + kernel(prior, prior) - 2.0 * kernel(frames, prior))


REGULARISERS: dict[str, Regulariser] = {
    "kl": lambda mean, log_variance, latents: divergence(mean, log_variance),
    "mmd": lambda mean, log_variance, latents: maximum_mean_discrepancy(latents),
    "js": lambda mean, log_variance, latents: geometric_jensen_shannon(mean, log_variance),
    "alpha": lambda mean, log_variance, latents: renyi(mean, log_variance),
    "none": lambda mean, log_variance, latents: mean.new_zeros(()),
}
"""By the names that `--regularisation` takes."""
