"""The second stage: judges that learn, a decoder that learns from them, an encoder that stays."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from livevae.training import TrainConfig
from livevae.training.adversary import Opponent
from livevae.training.config import NEVER, PRESETS
from livevae.training.dataset import load_recordings
from livevae.training.run import Run

Plan = Callable[..., TrainConfig]
CPU = torch.device("cpu")


def sounds() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    real = torch.randn(2, 16, 256, generator=generator) * torch.linspace(1, 0.01, 16).view(1, 16, 1)
    return 0.1 * torch.randn(2, 16, 256, generator=generator), real


def test_judges_learn_to_tell_real_from_made() -> None:
    torch.manual_seed(0)
    made, real = sounds()
    opponent = Opponent(16, CPU)
    losses = []
    for _ in range(12):
        losses.append(float(opponent.loss(made, real, half=False).detach()))
        opponent.learn()
    assert losses[0] == pytest.approx(2.0, abs=0.5)  # a hinge each, undecided
    assert losses[-1] < 0.7 * losses[0]


def test_what_is_real_matches_itself_and_the_judges_learn_nothing_from_an_opinion() -> None:
    torch.manual_seed(0)
    made, real = sounds()
    opponent = Opponent(16, CPU)
    _, none = opponent.opinion(real, real, half=False)
    assert none == 0
    made.requires_grad_(True)
    fooling, matching = opponent.opinion(made, real, half=False)
    assert matching > 0
    (fooling + matching).backward()
    assert made.grad is not None
    assert made.grad.abs().sum() > 0
    assert all(parameter.grad is None for parameter in opponent.parameters())


def test_the_encoder_stays_and_the_decoder_goes_on_from_the_average(plan: Plan, tmp_path: Path) -> None:
    settings = plan(tmp_path / "m.ts", steps=6, adversarial_from=0.5)
    run = Run(settings, load_recordings(settings.folders, 48000, settings.held_out), CPU)
    first = [run.step() for _ in range(3)]
    assert run.opponent is None
    average = {name: value.clone() for name, value in run.averaged.state_dict().items()}
    second = [run.step() for _ in range(3)]
    assert run.opponent is not None
    for name, value in run.model.encoder.state_dict().items():
        assert torch.equal(value, average[f"encoder.{name}"]), name
    changed = [
        name
        for name, value in run.model.decoder.named_parameters()
        if not torch.equal(value, average[f"decoder.{name}"])
    ]
    assert len(changed) == len(list(run.model.decoder.parameters()))
    assert all(losses.matching == 0 and losses.divergence > 0 for losses in first)
    assert all(losses.matching > 0 and losses.divergence == 0 for losses in second)
    assert sum(losses.judges > 0 for losses in second) in (1, 2)  # every other step


def test_tiny_and_small_have_one_stage() -> None:
    assert {name for name, sizes in PRESETS.items() if sizes.adversarial_from < NEVER} == {"base", "low-latency"}
