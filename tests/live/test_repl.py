"""The prompt on a real terminal (a pty), with the real engine on its silent clock."""

import os
import re
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

from support.command import environment
from support.models import identity, save

SECONDS = 60
_WHERE_IS_THE_CURSOR = "\x1b\\[6n"


class Terminal:
    """`livevae` in a terminal that answers where its cursor is, as real ones do."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.process = pexpect.spawn(
            sys.executable,
            ["-m", "livevae", "--audio", "silent", *arguments],
            env=environment(folder) | {"TERM": "xterm-256color"},
            encoding="utf-8",
            timeout=SECONDS,
            dimensions=(30, 120),
        )

    def expect(self, pattern: str) -> None:
        """Read on until `pattern` is seen."""
        while self.process.expect([_WHERE_IS_THE_CURSOR, pattern]) == 0:
            self.process.send("\x1b[1;1R")

    def ready(self) -> None:
        """Wait for the prompt; its toolbar is drawn last."""
        self.expect(" bpm ")

    def type(self, text: str) -> None:
        """Press these keys."""
        self.process.send(text)

    def run(self, text: str, answer: str) -> None:
        """Type an input, wait for its answer and for the next prompt."""
        self.type(text + "\r")
        self.expect(answer)
        self.ready()

    def leave(self) -> int:
        """Press Ctrl-D; gives the exit code."""
        self.process.sendcontrol("d")
        self.process.expect(pexpect.EOF)
        self.process.close()
        return int(self.process.exitstatus)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return save(identity(), tmp_path / "same.ts")


@pytest.fixture
def terminal(tmp_path: Path, model: Path) -> Iterator[Terminal]:
    opened = Terminal(tmp_path, "--model", str(model))
    yield opened
    opened.process.close(force=True)


def test_a_performance_is_typed(terminal: Terminal, tmp_path: Path) -> None:
    terminal.expect("no audio device: running against a silent clock")
    terminal.ready()
    terminal.run("6 * 7", "42\r\n")
    terminal.run("for i in range(2):\rprint('turn', i)\r", "turn 1\r\n")
    terminal.run("v1.z = pure(0.1); 'plays'", "'plays'\r\n")
    terminal.expect(r"\d+\+0 ms")
    terminal.run("1 / 0", "<input>:1: ZeroDivisionError: division by zero")
    terminal.run("v1.z is None", "False\r\n")
    assert terminal.leave() == 0
    kept = (tmp_path / "state" / "livevae" / "history").read_text()
    assert "+6 * 7" in kept
    assert "+1 / 0" in kept


def test_names_of_recordings_and_calls_are_offered(terminal: Terminal) -> None:
    terminal.ready()
    terminal.type('word = "drum cho')
    terminal.expect("recording")
    terminal.type("\t")
    terminal.expect("ir")
    terminal.run('"; word', "'drum choir'\r\n")
    terminal.type("tempo(9")
    terminal.expect("beats=None")
    terminal.run("0)", "90.0\r\n")
    assert terminal.leave() == 0


@pytest.mark.parametrize("inherited", [signal.SIG_DFL, signal.SIG_IGN])
def test_control_c_drops_a_line_and_interrupts_an_evaluation(
    tmp_path: Path, model: Path, inherited: signal.Handlers, request: pytest.FixtureRequest
) -> None:
    # A program that is started in the background by a script inherits that Ctrl-C is ignored.
    before = signal.signal(signal.SIGINT, inherited)
    try:
        terminal = Terminal(tmp_path, "--model", str(model))
    finally:
        signal.signal(signal.SIGINT, before)
    request.addfinalizer(lambda: terminal.process.close(force=True))
    terminal.ready()
    terminal.type("nonsense(")
    terminal.process.sendcontrol("c")
    terminal.ready()
    terminal.type("print('begun'); wait(600)\r")
    terminal.expect("begun\r\n")
    terminal.process.sendintr()
    terminal.expect("interrupted")
    terminal.ready()
    terminal.run("1 + 1", "2\r\n")
    assert terminal.leave() == 0


def test_a_piece_is_read_again_when_it_is_saved(tmp_path: Path, model: Path) -> None:
    piece = tmp_path / "piece.py"
    piece.write_text("level = 'first'\n")
    terminal = Terminal(tmp_path, str(piece), "--model", str(model))
    try:
        terminal.ready()
        piece.write_text("level = 1 / 0\n")
        terminal.expect("piece.py:1: ZeroDivisionError")
        piece.write_text("level = 'second'\n")
        terminal.expect("was read again")
        terminal.run("level", "'second'\r\n")
        assert terminal.leave() == 0
    finally:
        terminal.process.close(force=True)


@pytest.mark.parametrize("ending", [signal.SIGHUP, signal.SIGKILL])
def test_nothing_is_left_behind(terminal: Terminal, ending: signal.Signals) -> None:
    terminal.ready()
    terminal.run("v1.z = pure(0.1); 'plays'", "'plays'\r\n")
    children = _children(terminal.process.pid)
    assert children
    os.kill(terminal.process.pid, ending)
    terminal.process.expect(pexpect.EOF)
    deadline = time.monotonic() + SECONDS
    while any(map(_lives, children)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert [pid for pid in children if _lives(pid)] == []


def _children(pid: int) -> list[int]:
    """Processes whose parent is `pid`."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            facts = entry.read_text()
        except OSError:
            continue
        if re.match(rf"\d+ \(.*\) \S {pid} ", facts, re.DOTALL):
            found.append(int(entry.parent.name))
    return found


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
