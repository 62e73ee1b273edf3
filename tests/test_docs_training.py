"""The page about training: its commands are run, briefly and with small models, and what it lists is what there is."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from livevae.cli import main
from livevae.performance import Performance
from livevae.resources import own_models_dir
from livevae.training import adapt_command
from livevae.training.config import LARGEST_BETA, PRESETS, RATIOS, REGULARISATIONS
from livevae.training.export import export
from livevae.training.run import Losses, Run
from livevae.training.vae import Autoencoder
from support.doubles import FakeLibrary, RecordingEngine

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"(<!-- not run: [^\n]+ -->\n)?```(\w+)\n(.*?)```", re.S)


def blocks(language: str) -> list[str]:
    """The examples in a language, less those that say why they cannot run."""
    return [text for skipped, kind, text in BLOCK.findall(PAGE) if kind == language and not skipped]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A performer's home, with recordings."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "recordings").mkdir()
    times = np.arange(48000) / 48000
    for index in range(4):
        tone = 0.4 * np.sin(2 * np.pi * 110 * 2**index * times) * np.exp(-3 * times)
        soundfile.write(tmp_path / "recordings" / f"tone-{index}.wav", tone, 48000)
    return tmp_path


@pytest.fixture
def small(request: pytest.FixtureRequest, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every preset as small as it can be, also in place of the models that ship, and one thread."""
    for name, preset in PRESETS.items():
        few = (4,) * len(preset.shape.encoder_widths)
        shape = replace(preset.shape, encoder_widths=few, decoder_widths=few, latents=4)
        frames = max(2, 8192 // shape.ratio)
        monkeypatch.setitem(PRESETS, name, replace(preset, shape=shape, batch=1, frames=frames, steps=2))
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    (home / "models").mkdir()
    if "adapt" in request.getfixturevalue("text"):
        noise = 0.1 * np.random.default_rng(0).standard_normal(8192).astype(np.float32)
        for file, preset in (("default", "small"), ("low-latency", "low-latency")):
            export(Autoencoder(PRESETS[preset].shape), {"noise": noise}, home / "models" / f"{file}.ts", 48000)
    monkeypatch.setattr(adapt_command, "default_model", lambda: home / "models" / "default.ts")
    yield
    torch.set_num_threads(before)
    torch.set_flush_denormal(False)


def briefly(line: str) -> list[str]:
    """The arguments of a command, for a few steps instead of minutes, or of a ten thousandth of the steps."""
    words = shlex.split(line)[1:]
    for option, steps in (("--minutes", lambda text: 2), ("--steps", lambda text: int(text) // 10000)):
        if option in words:
            at = words.index(option)
            words[at : at + 2] = ["--steps", str(steps(words[at + 1]))]
            break
    return [str(Path(word).expanduser()) if word.startswith("~") else word for word in words]


@pytest.mark.parametrize("text", [text for text in blocks("sh") if " info " not in text])
def test_commands_run(text: str, home: Path, small: None, capfd: pytest.CaptureFixture[str]) -> None:
    for number, line in enumerate(text.splitlines()):
        words = briefly(line)
        listens = number == 0  # pictures take longer than these models
        assert main([*words, "--threads", "1", *([] if listens else ["--no-listening"])]) == 0
        assert capfd.readouterr().err == ""
        made = home / words[words.index("-o") + 1]
        assert made.stat().st_size > 0
        assert made.with_name(f"{made.stem}-run").is_dir() or not listens


def test_a_model_says_what_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    (text,) = (text for text in blocks("sh") if " info " in text)
    assert main(text.split()[1:]) == 0


def test_what_is_typed_at_the_prompt_is_accepted(home: Path) -> None:
    (home / "default.ts").write_text("a model")
    (home / "mine.ts").write_text("another one")
    own_models_dir().mkdir(parents=True)
    (own_models_dir() / "mine.ts").write_text("another one")
    engine = RecordingEngine()
    performance = Performance(engine, FakeLibrary(choir=1.0), default_model=home / "default.ts", live=False)
    errors: list[str] = []
    performance.on_message = lambda message: errors.append(str(message)) if message.kind == "error" else None
    try:
        for statement in ast.parse("\n".join(blocks("python"))).body:
            performance.evaluate(ast.unparse(statement))
            engine.advance(1.1)
        assert errors == []
        assert {"mine", "alone"} <= set(performance.names)
        assert performance.names["alone"].config.preset == "tiny"
    finally:
        performance.close()


def test_it_lists_the_presets_the_ratios_and_the_divergences_that_there_are() -> None:
    first = re.findall(r"^\| `([\w-]+)` \|", PAGE, re.MULTILINE)
    assert [name for name in first if name in PRESETS] == list(PRESETS)
    assert [name for name in first if name in REGULARISATIONS] == ["kl", "js", "alpha", "mmd", "none"]
    assert set(REGULARISATIONS) == {"kl", "js", "alpha", "mmd", "none"}
    ratios = re.search(r"`--ratio` \(([\d, or]+)\)", PAGE)
    assert ratios
    assert tuple(map(int, re.findall(r"\d+", ratios[1]))) == RATIOS
    assert f"from 0 to {LARGEST_BETA:g}" in PAGE
    for name, preset in PRESETS.items():
        assert re.search(rf"^\| `{name}` \| {preset.shape.ratio} samples", PAGE, re.MULTILINE)


def test_the_lines_that_it_explains_are_those_of_a_run() -> None:
    (shown,) = (text for _, kind, text in BLOCK.findall(PAGE) if kind == "text")
    words = {"step", "distance", "level", "divergence", "gradient"}
    line = shown.splitlines()[1]
    assert words <= set(line.split())
    explained = set(re.findall(r"`(\w+)`", PAGE))
    assert (words | {"judges", "features"}) - {"step"} <= explained
    assert {"distance", "level", "divergence", "gradient", "judges"} <= set(Losses._fields)
    for word in words:
        assert word in (ROOT / "livevae" / "training" / "run.py").read_text(encoding="utf-8")
    assert Run.line.__doc__


def test_its_pictures_are_there_and_small() -> None:
    pictures = re.findall(r"!\[.*?\]\((.*?)\)", PAGE)
    assert len(pictures) == 2
    for picture in pictures:
        assert 0 < (ROOT / "docs" / picture).stat().st_size < 150_000
