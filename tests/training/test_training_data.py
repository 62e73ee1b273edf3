"""What a run does about its recordings: resumes with them, notices others, shares them, and says what is wrong."""

import resource
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from livevae.cli import main
from livevae.training import TrainConfig, TrainingStopped, dataset, train
from livevae.training.checkpoint import load_checkpoint
from livevae.training.dataset import load_recordings
from livevae.training.export import latent_statistics
from livevae.training.listening import Listening
from livevae.training.vae import Autoencoder
from support.processes import crew

Plan = Callable[..., TrainConfig]

pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")

CHANGED = "The recordings are not those it was trained on before: it goes on with what is there now."


def quiet(line: str) -> None:
    """Takes what training says."""


@pytest.fixture
def own(folder: Path, tmp_path: Path) -> Path:
    """A copy of the recordings that may be changed."""
    return Path(shutil.copytree(folder, tmp_path / "own"))


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where recordings are prepared, none of which fit into memory."""
    monkeypatch.setattr(dataset, "IN_MEMORY", 1000)
    monkeypatch.setattr(dataset, "user_cache_path", lambda *names, **options: tmp_path / "cache")
    return tmp_path / "cache" / "recordings"


def test_a_run_on_mapped_recordings_resumes_as_if_it_had_not_stopped(plan: Plan, tmp_path: Path, cache: Path) -> None:
    train(plan(tmp_path / "whole.ts", steps=4), report=quiet)
    asked = iter([False, True, True])
    with pytest.raises(TrainingStopped):
        train(plan(tmp_path / "m.ts", steps=4), report=quiet, stop=lambda: next(asked))
    lines: list[str] = []
    train(plan(tmp_path / "m.ts", steps=4, resume=True), report=lines.append)
    assert CHANGED not in lines
    first, second = (load_checkpoint(tmp_path / f"{name}.checkpoint") for name in ("whole", "m"))
    assert first["recordings"] == second["recordings"]
    assert all(torch.equal(value, second["model"][name]) for name, value in first["model"].items())
    assert len(list(cache.iterdir())) == 1  # prepared once for all three


def test_other_recordings_are_told_once_and_trained_on(plan: Plan, own: Path, tmp_path: Path) -> None:
    output = tmp_path / "m.ts"
    train(plan(output, folders=(own,), steps=1), report=quiet)
    soundfile.write(own / "more.wav", np.random.default_rng(0).uniform(-0.1, 0.1, 48000), 48000)
    for steps, told in ((2, True), (3, False)):
        lines: list[str] = []
        train(plan(output, folders=(own,), steps=steps, resume=True), report=lines.append)
        assert (CHANGED in lines) == told
        assert load_checkpoint(tmp_path / "m.checkpoint")["progress"]["step"] == steps


def test_a_checkpoint_that_does_not_know_its_recordings_resumes(plan: Plan, tmp_path: Path) -> None:
    output = tmp_path / "m.ts"
    train(plan(output, steps=1), report=quiet)
    kept = load_checkpoint(tmp_path / "m.checkpoint")
    del kept["recordings"]
    torch.save(kept, tmp_path / "m.checkpoint")
    lines: list[str] = []
    train(plan(output, steps=2, resume=True), report=lines.append)
    assert "Resumed at step 1" in lines
    assert CHANGED not in lines


def test_an_earlier_run_is_noticed_before_hours_of_sound_are_prepared(plan: Plan, tmp_path: Path) -> None:
    (tmp_path / "m.checkpoint").write_bytes(b"")
    lines: list[str] = []
    with pytest.raises(Exception, match="--resume"):
        train(plan(tmp_path / "m.ts"), report=lines.append)
    assert not lines


@pytest.mark.parametrize("command", ["train", "adapt"])
@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("missing", "There is no folder"),
        ("empty", "There is no recording in"),
        ("damaged", "There is no usable recording in"),
        ("click", "It is too short"),
        ("short", "The recordings are too short to train on"),
    ],
)
def test_what_cannot_be_trained_on_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str, kind: str, sentence: str
) -> None:
    folder = tmp_path / kind
    if kind != "missing":
        folder.mkdir()
    if kind == "damaged":
        for name in ("a.wav", "b.flac", "c.mp3"):
            (folder / name).write_bytes(b"no sound at all")
    seconds = {"click": 0.01, "short": 0.1}.get(kind)
    if seconds:
        soundfile.write(folder / "a.wav", 0.5 * np.sin(np.arange(int(seconds * 48000)) * 0.1), 48000)
    assert main([command, str(folder), "-o", str(tmp_path / "m.ts"), "--threads", "1"]) == 2
    said = capsys.readouterr()
    (line,) = said.err.splitlines()
    assert line.startswith("livevae: ")
    assert sentence in line
    assert "Traceback" not in said.out + said.err
    assert sum(name.startswith("Skipped ") for name in said.out.splitlines()) == {"damaged": 3, "click": 1}.get(kind, 0)
    assert not list(tmp_path.glob("m*"))


def test_a_disk_that_is_full_while_preparing_is_one_sentence(
    folder: Path, tmp_path: Path, cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))  # no file may grow larger: as a full disk
    try:
        assert main(["train", str(folder), "-o", str(tmp_path / "m.ts"), "--preset", "tiny"]) == 2
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    (line,) = capsys.readouterr().err.splitlines()
    assert "make room there" in line
    assert not list(cache.iterdir())


def test_a_disk_that_is_full_leaves_no_half_of_a_sound_to_listen_to(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, 48000).astype(np.float32)
    listening = Listening(tmp_path / "m-run", 48000)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        listening.sound(1, "a", noise, noise)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert isinstance(listening.failed, OSError)
    assert not list((tmp_path / "m-run").iterdir())


def test_statistics_of_mapped_recordings_are_those_in_memory(
    plan: Plan, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    model = Autoencoder(plan(tmp_path / "m.ts", channels=2).shape)
    found = []
    for in_memory in (1 << 26, 1000):
        monkeypatch.setattr(dataset, "IN_MEMORY", in_memory)
        recordings = load_recordings([folder], 48000, (), quiet, 2, tmp_path / "cache").training
        found.append(latent_statistics(model, recordings, 48000))
    assert all(torch.equal(value, getattr(found[1], name)) for name, value in vars(found[0]).items())


def test_statistics_of_very_many_recordings_are_of_some_from_all_over(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("livevae.training.export.PIECE", 1)
    monkeypatch.setattr("livevae.training.export.MEASURED", 3)
    model = Autoencoder(plan(tmp_path / "m.ts").shape)
    encoded: list[int] = []
    model.encoder.register_forward_hook(lambda module, given, made: encoded.append(1))
    rows = {str(n): np.full(4096, 0.1, np.float32) for n in range(20)}
    latent_statistics(model, rows, 4096)
    assert len(encoded) == 3


SCRIPT = """
import sys
from pathlib import Path
from livevae.cli import main
from livevae.training import dataset
dataset.IN_MEMORY = 1000
dataset.TOLD_EVERY = 0.0
sys.exit(main(["train", sys.argv[1], "-o", sys.argv[2], "--preset", "tiny", "--steps", "2", "--threads", "1",
               "--device", "cpu", "--no-listening"]))
"""


def together(folder: Path, output: Path, cache: Path) -> list[tuple[int, str, str]]:
    """What two processes, as `torchrun` starts them, come to: exit code, output, errors of each."""
    # The platform's folder for caches, wherever that is, is under one of these.
    caches = {"XDG_CACHE_HOME": str(cache), "HOME": str(cache)}
    with crew(SCRIPT, folder, output, others=caches) as processes:
        said = [process.communicate(timeout=100) for process in processes]
    return [(process.returncode, *lines) for process, lines in zip(processes, said, strict=True)]


def test_two_processes_prepare_once_and_see_the_same(folder: Path, tmp_path: Path) -> None:
    (code, said, wrong), (other, nothing, wrong_too) = together(folder, tmp_path / "m.ts", tmp_path / "cache")
    assert (code, other) == (0, 0), wrong + wrong_too
    assert "Preparing recordings" in said
    assert nothing == ""
    assert len(list((tmp_path / "cache").rglob("*.prepared"))) == 1


def test_two_processes_without_recordings_both_end_and_say_so(tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    first, second = together(tmp_path / "none", tmp_path / "m.ts", tmp_path / "cache")
    assert (first[0], second[0]) == (2, 2)
    assert "There is no recording in" in first[2]
    assert "The first process could not begin" in second[2]
    assert "Traceback" not in first[2] + second[2]
