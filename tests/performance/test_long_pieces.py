"""The pieces with form that ship: two minutes or more, nothing told, and the same on every run."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from livevae.model.info import ModelInfo
from livevae.performance.message import Message
from livevae.performance.render import render
from livevae.performance.score import Score, score
from livevae.resources import patterns_dir
from support.doubles import FakeLibrary

SOUNDS = {
    name: index / 10
    for index, name in enumerate(["bell", "choir", "string", "drum", "voice", "wind", "metal", "water"])
}
LONG = {
    "tides": ("shore", "swell", "deep", "ebb"),
    "clockwork": ("wind_up", "gears", "escapement", "overwound", "run_down"),
    "convergence": ("reconstruction", "translation", "stretch", "domain", "tone"),
}


def described(path: Path, rate: int | None) -> ModelInfo:
    return ModelInfo(
        path=str(path), name=path.stem, sample_rate=48000, ratio=1024, latent_size=16, full_latent_size=16,
        in_channels=1, out_channels=1, methods={"decode": [16, 1024, 1, 1]}, digest="it", has_latents=True,
    )  # fmt: skip


def drawn(name: str, folder: Path, told: list[Message], **options: object) -> Score:
    (folder / "model.ts").write_bytes(b"model")
    library = FakeLibrary(**SOUNDS)
    return score(
        patterns_dir() / f"{name}.py", library, model=folder / "model.ts", describe_model=described,
        on_message=told.append, **options,
    )  # fmt: skip


def same(one: Score, other: Score) -> bool:
    return [p.name for p in one.parts] == [p.name for p in other.parts] and all(
        np.array_equal(a.latents, b.latents, equal_nan=True) and np.array_equal(a.level, b.level)
        for a, b in zip(one.parts, other.parts, strict=True)
    )


@pytest.mark.parametrize("name", LONG)
def test_a_piece_goes_through_all_its_parts_and_comes_out_the_same_twice(name: str, tmp_path: Path) -> None:
    told: list[Message] = []
    one, other = (drawn(name, tmp_path, told) for _ in range(2))
    assert told == []
    assert one.seconds >= 120
    assert tuple(cue.name for cue in one.cues[: len(LONG[name])]) == LONG[name]
    assert len(one.parts) >= 3
    assert same(one, other)


def test_the_garden_takes_another_way_with_another_seed_and_the_same_with_the_same(tmp_path: Path) -> None:
    told: list[Message] = []
    walks = [drawn("garden", tmp_path, told, seconds=130.0, seed=seed) for seed in (1, 1, 2, 3)]
    assert told == []
    assert same(walks[0], walks[1])
    assert not same(walks[0], walks[2])
    assert len({tuple(cue.name for cue in walk.cues) for walk in walks}) > 1
    assert all(len(walk.cues) >= 4 for walk in walks)


@pytest.mark.parametrize(
    ("name", "cue"), [("tides", "swell"), ("clockwork", "escapement"), ("garden", "birds"), ("convergence", "tone")]
)
def test_what_is_rendered_is_the_same_bit_for_bit(name: str, cue: str, tmp_path: Path) -> None:
    played = np.random.default_rng(1).uniform(-0.3, 0.3, 96_000)
    soundfile.write(tmp_path / "in.wav", played, 48_000)
    for take in ("one", "two"):
        render(
            patterns_dir() / f"{name}.py", tmp_path / f"{take}.wav", seconds=2.0, start=cue, seed=4,
            input=tmp_path / "in.wav",
        )  # fmt: skip
    sound, _ = soundfile.read(tmp_path / "one.wav")
    assert np.abs(sound).max() > 0.01
    assert (tmp_path / "one.wav").read_bytes() == (tmp_path / "two.wav").read_bytes()
