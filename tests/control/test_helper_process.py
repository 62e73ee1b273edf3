"""Helper processes: messages both ways, ends that are told, and no process left behind."""

import os
import queue
import subprocess
import sys
from pathlib import Path

import pytest

from livevae.helper import Helper, Message

ECHO = """
import sys, time
from livevae.helper import Channel
channel = Channel()
def answer(message):
    if message.get("exit") is not None:
        import os
        os._exit(message["exit"])
    channel.send({"heard": message})
print("chatter of a library")
channel.listen(answer)
time.sleep(60)
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "echoing.py").write_text(ECHO)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return "echoing"


def test_messages_go_both_ways_and_chatter_does_not(module: str) -> None:
    heard: queue.Queue[Message] = queue.Queue()
    helper = Helper(module, heard.put, heard.put)  # type: ignore[arg-type]
    for n in range(3):
        assert helper.send({"n": n, "text": "ö\n"})
        assert heard.get(timeout=20) == {"heard": {"n": n, "text": "ö\n"}}
    assert helper.alive
    helper.close()
    assert not helper.alive
    assert not helper.send({"n": 4})
    assert heard.empty()


def test_an_end_that_nobody_asked_for_is_told(module: str) -> None:
    codes: queue.Queue[int] = queue.Queue()
    helper = Helper(module, lambda message: None, codes.put)
    helper.send({"exit": 5})
    assert codes.get(timeout=20) == 5
    helper.close()
    killed = Helper(module, lambda message: None, codes.put)
    os.kill(killed.pid, 9)
    assert codes.get(timeout=20) == -9
    killed.close()


def test_an_end_that_was_asked_for_is_not(module: str) -> None:
    codes: queue.Queue[int] = queue.Queue()
    for at_once in (False, True):
        helper = Helper(module, lambda message: None, codes.put)
        helper.close(at_once)
        assert not helper.alive
        helper.close()
    assert codes.empty()


def test_the_performers_side_imports_no_driver_and_no_torch() -> None:
    code = "import sys, livevae.control, livevae.latent; print([m for m in ('rtmidi', 'torch') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"
