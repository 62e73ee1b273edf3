"""What the command says when it is used wrongly, and how little it loads to say it."""

import subprocess
import sys
from pathlib import Path

import pytest

from livevae import __version__
from livevae.cli import COMMANDS, main
from support.command import ROOT, Run

HEAVY = ("numpy", "torch", "pyo", "rtmidi", "prompt_toolkit", "soundfile")


@pytest.mark.parametrize("words", [["--version"], ["--help"], *([name, "--help"] for name in COMMANDS)])
def test_nothing_heavy_is_loaded_to_answer(words: list[str]) -> None:
    program = (
        "import sys\nfrom livevae.cli import main\n"
        f"try: main({words!r})\nexcept SystemExit as end: assert end.code == 0\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert done.stderr.strip() == "[]"
    assert done.stdout


def test_version(livevae: Run) -> None:
    assert livevae("--version").stdout == f"livevae {__version__}\n"


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    shown = capsys.readouterr().out
    for name in COMMANDS:
        assert f"  {name} " in shown


@pytest.mark.parametrize(
    "words",
    [
        ["--block", "none"],
        ["--block", "100000"],
        ["--rate", "3"],
        ["--chunk", "0"],
        ["--audio", "tape"],
        ["--unknown"],
        ["render"],
        ["render", "x.py", "-o", "x.wav", "--seconds", "-1"],
        ["render", "x.py", "-o", "x.wav", "--seconds", "1", "--cycles", "1"],
        ["encode", "x.wav"],
        ["transform", "x.wav", "-o", "y.wav", "--channel", "0"],
        ["doctor", "--seconds", "nan"],
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(words)
    assert end.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("livevae")


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["no-such-piece.py"], "there is no piece no-such-piece.py"),
        (["--model", "none.ts"], "there is no model none.ts"),
        (["render", "none.py", "-o", "x.wav"], "there is no piece none.py"),
        (["render", "none.py", "-o", "x.mp3"], "must end in .wav or .flac"),
        (["render", "none.py", "-o", "nowhere/x.wav"], "there is no folder nowhere"),
        (["encode", "none.wav", "-o", "x.npz"], "there is no recording none.wav"),
        (["encode", "none.wav", "-o", "x.txt"], "must end in .npz"),
        (["decode", "none.npz", "-o", "x.wav"], "there is no file none.npz"),
        (["transform", "none.wav", "-o", "x.wav"], "there is no recording none.wav"),
        (["info", "none.ts"], "there is no model none.ts"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_exit_code_2(
    words: list[str], reason: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert reason in line
    assert list(tmp_path.iterdir()) == []


def test_debug_shows_where(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", "none.ts", "--debug"]) == 2
    assert "Traceback" in capsys.readouterr().err


def test_an_unexpected_error_is_one_sentence_too(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from livevae.commands import info

    def broken(arguments: object) -> int:
        raise RuntimeError("two\nlines")

    monkeypatch.setattr(info, "run", broken)
    assert main(["info"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "RuntimeError: two lines" in line
