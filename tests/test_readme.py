"""Every example of the README runs, and its commands are those that CI runs."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BLOCK = re.compile(r"(<!-- not run: [^\n]+ -->\n)?```(\w+)\n(.*?)```", re.S)


def blocks(language: str) -> list[str]:
    """The examples in a language, less those that say why they cannot run."""
    found = BLOCK.findall((ROOT / "README.md").read_text())
    return [text for skipped, kind, text in found if kind == language and not skipped]


def commands() -> list[str]:
    return [
        line
        for text in blocks("sh")
        for line in text.splitlines()
        if line.startswith("livevae ") and not line.endswith(".py")
    ]


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the README's relative paths mean what they mean in a checkout."""
    folder = tmp_path_factory.mktemp("readme")
    for name in ("livevae", "models", "patterns"):
        (folder / name).symlink_to(ROOT / name)
    return folder


def test_what_a_performer_types_is_accepted_line_by_line(workshop: Path) -> None:
    script = "\n".join(blocks("python"))
    assert script.count("\n") > 20
    command = [sys.executable, "-m", "livevae", "--audio", "silent"]
    done = subprocess.run(command, input=script, cwd=workshop, capture_output=True, text=True, timeout=120, check=False)
    # The silent clock has no microphone, and the performer is told; so is what goes on in the background.
    told = [line for line in done.stderr.splitlines() if not line.startswith(("gesture 1: ", "touch a knob for "))]
    assert set(told) <= {"there is no audio input here: live is silent."}
    assert done.returncode == 0


@pytest.mark.parametrize("line", commands())
def test_commands_run(line: str, workshop: Path) -> None:
    command = [sys.executable, "-m", *line.split()]
    done = subprocess.run(command, cwd=workshop, capture_output=True, text=True, timeout=200, check=False)
    # On a slow machine the performer is told how far the first encoding of the recordings is.
    told = [line for line in done.stderr.splitlines() if not line.startswith("encoding ")]
    assert (done.returncode, told) == (0, [])


def test_ci_runs_the_test_command_exactly_as_the_readme_has_it() -> None:
    lines = [line for text in blocks("sh") for line in text.splitlines() if "pytest" in line]
    assert len(lines) == 1
    assert lines[0] in (ROOT / ".ci" / "run").read_text().splitlines()
