"""Training end to end on the tiny preset: learn, stop, resume, be killed, export."""

import argparse
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from livevae.errors import LivevaeError
from livevae.training import TrainConfig, TrainingStopped, train
from livevae.training.checkpoint import load_checkpoint
from livevae.training.command import add_arguments, run
from livevae.training.dataset import load_recordings
from livevae.training.losses import spectral_distance
from livevae.training.run import Run, delayed

Plan = Callable[..., TrainConfig]

pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")


def quiet(line: str) -> None:
    """Takes what training says."""


@pytest.fixture(scope="module")
def finished(plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train(plan(tmp_path_factory.mktemp("whole") / "whole.ts"), report=quiet)


def test_training_brings_the_distance_down(plan: Plan, tmp_path: Path) -> None:
    settings = plan(tmp_path / "m.ts", steps=1000, pitch=0.0)
    training = Run(settings, load_recordings(settings.folders, 48000, settings.held_out), torch.device("cpu"))
    audio = torch.from_numpy(training.segments.draw(3, np.random.default_rng(9)))

    def distance() -> float:
        torch.manual_seed(0)
        with torch.no_grad():
            return float(spectral_distance(training.model.reconstruct(audio), delayed(audio, training.model.delay)))

    before = distance()
    for _ in range(30):
        training.step()
    assert distance() < 0.97 * before


def test_progress_and_the_held_out_distance_are_told(plan: Plan, tmp_path: Path) -> None:
    lines: list[str] = []
    train(plan(tmp_path / "m.ts", steps=2), report=lines.append)
    assert any("min left" in line and "distance" in line for line in lines)
    assert any("dB from the held-out" in line for line in lines)
    history = load_checkpoint(tmp_path / "m.checkpoint")["progress"]["history"]
    assert history[-1]["step"] == 2


@pytest.mark.parametrize("second_stage", [1.0, 0.3], ids=["first stage", "second stage"])
def test_a_resumed_run_equals_an_uninterrupted_one(plan: Plan, tmp_path: Path, second_stage: float) -> None:
    whole, output = tmp_path / "whole.ts", tmp_path / "m.ts"
    settings = {"steps": 5, "adversarial_from": second_stage, "validate_every": 2, "patience": 9}
    train(plan(whole, **settings), report=quiet)
    # Stopped while it is measured after its second step, then after its third.
    for step, answers in ((2, [False, True, True]), (3, [False, False, True])):
        asked = iter(answers)
        with pytest.raises(TrainingStopped, match="--resume"):
            train(plan(output, resume=True, **settings), report=quiet, stop=partial(next, asked))
        kept = load_checkpoint(output.with_suffix(".checkpoint"))
        assert kept["progress"]["step"] == step
    assert (kept["opponent"] is not None) == (second_stage < 1)
    assert not output.exists()
    train(plan(output, resume=True, **settings), report=quiet)
    first, second = (load_checkpoint(path.with_suffix(".checkpoint")) for path in (whole, output))
    for part in ("model", "averaged", "best"):
        for name, value in first[part].items():
            assert torch.equal(value, second[part][name]), (part, name)
    for losses in (first["progress"], second["progress"]):
        losses.pop("seconds")
    assert first["progress"] == second["progress"]


def test_a_killed_run_leaves_a_checkpoint_that_resumes(plan: Plan, folder: Path, tmp_path: Path) -> None:
    output = tmp_path / "m.ts"
    script = (
        "from pathlib import Path; from livevae.training import TrainConfig, train; "
        f"train(TrainConfig((Path({str(folder)!r}),), Path({str(output)!r}), preset='tiny', steps=100000, "
        "device='cpu', threads=1, save_every=0.0))"
    )
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while not output.with_suffix(".checkpoint").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    step = load_checkpoint(output.with_suffix(".checkpoint"))["progress"]["step"]
    assert step >= 1
    settings = {"resume": True, "steps": step + 1, "held_out": None}
    assert train(plan(output, **settings), report=quiet).exists()
    assert load_checkpoint(output.with_suffix(".checkpoint"))["progress"]["step"] == step + 1


def test_an_earlier_run_is_not_overwritten_by_accident(plan: Plan, finished: Path) -> None:
    with pytest.raises(LivevaeError, match="--resume"):
        train(plan(finished), report=quiet)


def test_a_checkpoint_that_does_not_fit_is_refused(plan: Plan, finished: Path, tmp_path: Path) -> None:
    (tmp_path / "m.checkpoint").write_bytes(finished.with_suffix(".checkpoint").read_bytes())
    with pytest.raises(LivevaeError, match="tiny"):
        train(plan(tmp_path / "m.ts", preset="small", resume=True), report=quiet)
    (tmp_path / "m.checkpoint").write_bytes(b"torn")
    with pytest.raises(LivevaeError, match="cannot be read"):
        train(plan(tmp_path / "m.ts", resume=True), report=quiet)


def test_a_checkpoint_of_an_earlier_version_resumes(plan: Plan, finished: Path, tmp_path: Path) -> None:
    kept = load_checkpoint(finished.with_suffix(".checkpoint"))
    for name in ("shape", "best", "opponent"):
        del kept[name]
    kept["progress"] = {name: kept["progress"][name] for name in ("step", "seconds", "history")}
    torch.save(kept, tmp_path / "m.checkpoint")
    lines: list[str] = []
    train(plan(tmp_path / "m.ts", steps=7, resume=True), report=lines.append)
    assert "Resumed at step 6" in lines
    assert load_checkpoint(tmp_path / "m.checkpoint")["progress"]["step"] == 7


def test_a_full_disk_leaves_the_checkpoint_before_whole_and_training_going(plan: Plan, tmp_path: Path) -> None:
    output = tmp_path / "m.ts"
    train(plan(output, steps=1), report=quiet)
    checkpoint = output.with_suffix(".checkpoint")
    whole = checkpoint.read_bytes()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    lines: list[str] = []
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(whole) // 2, before[1]))  # no file may grow larger: as a full disk
    try:
        with pytest.raises(LivevaeError, match="make room"):
            train(plan(output, steps=2, resume=True, save_every=0.0), report=lines.append)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert any("make room" in line for line in lines)  # said when it happened, and not the end of training
    assert any("step 2 " in line for line in lines)
    assert checkpoint.read_bytes() == whole
    assert not checkpoint.with_name(checkpoint.name + ".new").exists()


def test_patience_ends_a_run_that_gets_no_better_and_keeps_the_best(plan: Plan, tmp_path: Path) -> None:
    settings = plan(tmp_path / "m.ts", steps=100, patience=2)
    run = Run(settings, load_recordings(settings.folders, 48000, settings.held_out), torch.device("cpu"))
    run.note(7.0)
    best = {name: value.clone() for name, value in run.averaged.state_dict().items()}
    run.step()
    run.note(7.1)
    assert not run.over
    run.note(7.2)
    assert run.over
    assert all(torch.equal(value, best[name]) for name, value in run.finished().state_dict().items())


def test_patience_needs_something_held_out(plan: Plan, tmp_path: Path) -> None:
    with pytest.raises(LivevaeError, match="--held-out"):
        train(plan(tmp_path / "m.ts", patience=2, held_out=()), report=quiet)


@pytest.mark.parametrize(
    "wrong",
    [
        {"preset": "huge"},
        {"output": Path("m.pt")},
        {"steps": 0},
        {"minutes": 1.0},
        {"steps": None, "minutes": -1.0},
        {"batch": 0},
        {"ratio": 100},
        {"latents": 0},
        {"channels": 3},
        {"regularisation": "hope"},
        {"beta": 4.5},
        {"beta_warm_up": 2.0},
        {"adversarial_from": -0.1},
        {"patience": 0},
        {"validate_every": 0},
        {"pitch": -1.0},
    ],
)
def test_settings_that_make_no_sense_are_refused(folder: Path, wrong: dict[str, Any]) -> None:
    settings = {"folders": (folder,), "output": Path("m.ts"), "steps": 5} | wrong
    with pytest.raises(LivevaeError):
        TrainConfig(**settings)


def test_an_unknown_device_is_refused(plan: Plan, tmp_path: Path) -> None:
    with pytest.raises(LivevaeError, match="device"):
        train(plan(tmp_path / "m.ts", device="abacus"), report=quiet)


def test_the_command_trains_and_says_so(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    names = tmp_path / "held-out.txt"
    names.write_text("tone-1\ntone-2\n")
    output = tmp_path / "made.ts"
    words = [
        str(folder),
        "-o",
        str(output),
        "--preset",
        "tiny",
        "--steps",
        "2",
        "--threads",
        "1",
        "--held-out",
        str(names),
    ]
    before = signal.getsignal(signal.SIGTERM)
    assert run(parser.parse_args(words)) == 0
    assert output.exists()
    assert "2 held out" in capsys.readouterr().out
    assert signal.getsignal(signal.SIGTERM) is before


class TestExport:
    """The file as a host sees it: plain torch.jit.load and nothing of livevae."""

    @pytest.fixture
    def opened(self, finished: Path) -> Any:
        return torch.jit.load(str(finished))

    def test_it_speaks_the_module_format(self, opened: Any) -> None:
        assert opened.encode_params.tolist() == [1, 1, 8, 1024]
        assert opened.decode_params.tolist() == [8, 1024, 1, 1]
        assert opened.forward_params.tolist() == [1, 1, 1, 1]
        assert opened.get_methods() == ["encode", "decode", "forward"]
        for method in opened.get_methods():
            numbers = getattr(opened, f"{method}_params").tolist()
            assert len(getattr(opened, f"{method}_input_labels")) == numbers[0]
            assert len(getattr(opened, f"{method}_output_labels")) == numbers[2]
        assert opened.get_sample_rate() == opened.sr == 48000
        assert opened.latent_size == opened.full_latent_size == 8
        assert opened.get_attributes() == ["noise"]
        assert opened.noise_params.tolist() == [2]
        assert (opened.set_noise(0.5), opened.get_noise()) == (0, (0.5,))
        assert opened.set_noise(-1.0) != 0

    def test_latents_are_ordered_and_described(self, opened: Any) -> None:
        fidelity = opened.fidelity
        assert fidelity[-1] == pytest.approx(1.0, abs=1e-5)
        assert (fidelity.diff() >= 0).all()
        torch.testing.assert_close(opened.latent_pca @ opened.latent_pca.t(), torch.eye(8), atol=1e-4, rtol=0)
        assert (opened.latent_std.diff() <= 1e-6).all()
        assert (opened.latent_min <= opened.latent_max).all()

    def test_it_starts_from_silence_and_zeroed_caches_restart_it(self, opened: Any) -> None:
        caches = [buffer for name, buffer in opened.named_buffers() if name.endswith("cache")]
        assert caches
        assert all(cache.shape[0] == 64 and not cache.any() for cache in caches)
        audio = 0.2 * torch.randn(1, 1, 4096, generator=torch.Generator().manual_seed(1))
        with torch.no_grad():
            first = opened.encode(audio)
            assert any(cache.any() for cache in caches)
            for cache in caches:
                cache.zero_()
            torch.testing.assert_close(opened.encode(audio), first)

    def test_reset_makes_all_streams_forget(self, opened: Any) -> None:
        audio = 0.2 * torch.randn(2, 1, 4096, generator=torch.Generator().manual_seed(1))
        heard = []
        with torch.no_grad():
            for _ in range(2):
                torch.manual_seed(0)
                heard.append(opened(audio))
                opened.reset()
        assert torch.equal(*heard)

    def test_rows_of_a_batch_are_streams_of_their_own(self, finished: Path) -> None:
        audio = 0.2 * torch.randn(3, 1, 6 * 1024, generator=torch.Generator().manual_seed(2))
        batched = torch.jit.load(str(finished))
        with torch.no_grad():
            torch.manual_seed(0)
            together = torch.cat([batched(part) for part in torch.split(audio, 2048, 2)], 2)
            for row in range(3):
                alone = torch.jit.load(str(finished))
                torch.manual_seed(0)
                single = torch.cat([alone(part) for part in torch.split(audio[row : row + 1], 2048, 2)], 2)
                torch.testing.assert_close(together[row : row + 1], single, atol=1e-5, rtol=1e-4)

    def test_more_rows_than_streams_raise(self, opened: Any) -> None:
        with pytest.raises(RuntimeError):
            opened.encode(torch.zeros(65, 1, 1024))

    def test_without_the_noise_head_decoding_repeats_itself(self, finished: Path) -> None:
        latents = torch.randn(1, 8, 5, generator=torch.Generator().manual_seed(3))
        made = []
        for _ in range(2):
            opened = torch.jit.load(str(finished))
            opened.set_noise(0.0)
            with torch.no_grad():
                made.append(opened.decode(latents))
        assert torch.equal(*made)
