"""The scripts in `examples` run as a reader would run them, and give sound."""

import os
import subprocess
import sys
from pathlib import Path

import soundfile

EXAMPLES = Path(__file__).parent.parent / "examples"


def ran(name: str, *arguments: str) -> str:
    """What a script prints."""
    command = [sys.executable, str(EXAMPLES / name), *arguments]
    environment = {**os.environ, "PYTHONPATH": str(EXAMPLES.parent)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=environment)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_there_is_no_example_that_is_not_run() -> None:
    assert {file.name for file in EXAMPLES.glob("*.py")} == {"between.py", "embedded.py", "timeline.py"}


def test_between(tmp_path: Path) -> None:
    ran("between.py", str(tmp_path / "between.wav"))
    sound, rate = soundfile.read(tmp_path / "between.wav")
    assert abs(len(sound) / rate - 4.0) < 0.03
    assert 0.01 < abs(sound).max() < 2.0


def test_timeline() -> None:
    lines = ran("timeline.py").splitlines()
    assert [line.split()[-1] for line in lines[:-1]] == ["drum", *4 * ["bell"], *2 * ["bell"], "wind"]
    assert lines[-2].split() == ["3/2", "to", "2", "wind"]
    assert set(lines[-1]) <= set(" ▁▂▃▄▅▆▇█")
    assert len(lines[-1]) == 48


def test_embedded(tmp_path: Path) -> None:
    ran("embedded.py", str(tmp_path / "take.flac"), "silent")
    sound, rate = soundfile.read(tmp_path / "take.flac")
    assert len(sound) > 2 * rate
    assert abs(sound[rate:]).max() > 0.01
