"""The second stage's opponent: judges of the sound at several scales, and what the decoder learns from them.

After RAVE (Caillon and Esling, arXiv:2111.05011, section 3.2) and MelGAN (Kumar et al., arXiv:1910.06711, section 2.2):
the same strided convolutions look at the sound as it is and at halved rates; hinge losses, and feature matching. They
hear the bands of the filter bank, which hold all of the sound at a fraction of its rate: that makes them affordable on
a processor.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import weight_norm

from livevae.training.layers import SLOPE

WIDTHS = (64, 128, 192, 256)
STRIDE = 2
SCALES = 3
LIFT = 100.0  # quiet sounds reach the judges compressed, so that they count
RATE = 2e-4  # of the judges' Adam
LARGEST_GRADIENT = 10.0


class Judge(nn.Module):
    """One discriminator: bands (B, bands, T) -> the features of every layer; the last, (B, 1, m), is the verdict."""

    def __init__(self, bands: int, widths: Sequence[int] = WIDTHS, stride: int = STRIDE) -> None:
        super().__init__()
        layers: list[nn.Conv1d] = [nn.Conv1d(bands, widths[0], 7, padding=3)]
        for narrow, wide in pairwise(widths):
            layers.append(nn.Conv1d(narrow, wide, 2 * stride + 1, stride=stride, padding=stride))
        layers.append(nn.Conv1d(widths[-1], widths[-1], 3, padding=1))
        layers.append(nn.Conv1d(widths[-1], 1, 3, padding=1))
        self.layers = nn.ModuleList([weight_norm(layer) for layer in layers])

    def forward(self, bands: Tensor) -> list[Tensor]:
        features = []
        x = bands
        for layer in self.layers[:-1]:
            x = F.leaky_relu(layer(x), SLOPE)
            features.append(x)
        return [*features, self.layers[-1](x)]


class Adversary(nn.Module):
    """Judges of the bands at falling rates: bands (B, bands, T) -> the features of each judge."""

    def __init__(self, bands: int, scales: int = SCALES) -> None:
        super().__init__()
        self.judges = nn.ModuleList(Judge(bands) for _ in range(scales))

    def forward(self, bands: Tensor) -> list[list[Tensor]]:
        verdicts = []
        x = torch.log1p(bands.abs() * LIFT) * bands.sign()
        for judge in self.judges:
            verdicts.append(judge(x))
            x = F.avg_pool1d(x, 4, 2, padding=1, count_include_pad=False)
        return verdicts


def judged(adversary: Adversary, made: Tensor, wanted: Tensor) -> Tensor:
    """The judges' hinge loss: verdicts on real sound above 1, on made sound below -1."""
    rows = made.size(0)
    verdicts = [features[-1].float() for features in adversary(torch.cat([wanted, made.detach()]))]
    losses = [F.relu(1 - v[:rows]).mean() + F.relu(1 + v[rows:]).mean() for v in verdicts]
    return torch.stack(losses).mean()


def persuaded(adversary: Adversary, made: Tensor, wanted: Tensor) -> tuple[Tensor, Tensor]:
    """What the decoder minimises: minus the verdicts on what it made, and the distance between the features of made
    and real sound, over the size of the latter in each row."""
    with torch.no_grad():
        real = adversary(wanted)
    fooling, matching = [], []
    for features, targets in zip(adversary(made), real, strict=True):
        fooling.append(-features[-1].float().mean())
        for layer, target in zip(features[:-1], targets[:-1], strict=True):
            apart = (layer.float() - target.float()).abs().mean((1, 2))
            matching.append((apart / target.float().abs().mean((1, 2)).clamp_min(1e-4)).mean())
    return torch.stack(fooling).mean(), torch.stack(matching).mean()


class Opponent:
    """The judges with what trains them."""

    def __init__(self, bands: int, device: torch.device) -> None:
        self.adversary = Adversary(bands).to(device)
        self.optimiser = torch.optim.Adam(self.adversary.parameters(), RATE, betas=(0.5, 0.9))

    def parameters(self) -> Iterator[nn.Parameter]:
        return self.adversary.parameters()

    def loss(self, made: Tensor, wanted: Tensor, half: bool) -> Tensor:
        """The judges' loss with its gradients in place, for `learn`."""
        self.adversary.requires_grad_(True)
        self.optimiser.zero_grad(set_to_none=True)
        with torch.autocast(made.device.type, torch.bfloat16, enabled=half):
            loss = judged(self.adversary, made, wanted)
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    def learn(self) -> None:
        if torch.isfinite(torch.nn.utils.clip_grad_norm_(self.parameters(), LARGEST_GRADIENT)):
            self.optimiser.step()

    def opinion(self, made: Tensor, wanted: Tensor, half: bool) -> tuple[Tensor, Tensor]:
        """(fooling, matching) for the decoder; the judges themselves learn nothing from it."""
        self.adversary.requires_grad_(False)
        with torch.autocast(made.device.type, torch.bfloat16, enabled=half):
            return persuaded(self.adversary, made, wanted)

    def state_dict(self) -> dict[str, Any]:
        return {"judges": self.adversary.state_dict(), "optimiser": self.optimiser.state_dict()}

    def load_state_dict(self, kept: dict[str, Any]) -> None:
        self.adversary.load_state_dict(kept["judges"])
        self.optimiser.load_state_dict(kept["optimiser"])
