"""Two processes that share each step learn what one does."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from livevae.errors import LivevaeError
from livevae.training import TrainConfig, train
from livevae.training.checkpoint import load_checkpoint
from livevae.training.parallel import Crew
from support.processes import crew

Plan = Callable[..., TrainConfig]

SCRIPT = """
import sys
from pathlib import Path
from livevae.training import TrainConfig, train
train(TrainConfig((Path(sys.argv[1]),), Path(sys.argv[2]), preset="tiny", steps=3, held_out=("tone-3",), device="cpu",
                  threads=1, save_every=1e9, listening=False, validate_every=1, half=False, adversarial_from=0.5))
"""


def test_two_processes_have_the_losses_of_one(plan: Plan, folder: Path, tmp_path: Path) -> None:
    settings = {"steps": 3, "validate_every": 1, "half": False, "adversarial_from": 0.5}
    with crew(SCRIPT, folder, tmp_path / "two.ts") as processes:
        train(plan(tmp_path / "one.ts", **settings), report=lambda line: None)
        said = [process.communicate(timeout=100)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert "held out" in said[0]
    assert said[1] == ""  # the first alone speaks
    assert (tmp_path / "two.ts").exists()
    one, two = (load_checkpoint(tmp_path / f"{name}.checkpoint")["progress"]["history"] for name in ("one", "two"))
    assert len(one) == len(two) == 3
    for first, second in zip(one, two, strict=True):
        assert second == pytest.approx(first, rel=2e-3)


def test_the_rows_of_all_are_the_batch() -> None:
    batch = torch.arange(12).view(6, 2)
    shares = [Crew(rank, 3).share(batch) for rank in range(3)]
    assert torch.equal(torch.cat(shares), batch)
    with pytest.raises(LivevaeError, match="--batch"):
        Crew(0, 4).share(batch)
