"""The prompt itself, typed at through a pipe."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.output import DummyOutput

from livevae.repl.prompt import Prompt, history
from livevae.repl.toolbar import Readings


@pytest.fixture
def keys() -> Iterator[PipeInput]:
    with create_pipe_input() as pipe:
        yield pipe


def prompt(keys: PipeInput, names: dict[str, object] | None = None) -> Prompt:
    found = {"lerp": max} if names is None else names
    return Prompt(lambda: found, lambda: ["choir"], Readings, InMemoryHistory(), keys, DummyOutput())


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("v1.z = 'choir'\r", "v1.z = 'choir'"),
        ("f(1,\r2)\r", "f(1,\n2)"),
        ("for i in x:\ri\r\r", "for i in x:\n    i"),
        ("if a:\rb\r\x7f\x7f\x7f\x7felse:\rc\r\r", "if a:\n    b\nelse:\n    c"),
        ("a = 1\x1b\rb = 2\r", "a = 1\nb = 2"),
        ("\x1b[200~def f():\n    return 1\n\nf()\x1b[201~\r", "def f():\n    return 1\n\nf()"),
        ("\tx\r", "x"),
        ("abc\x01\x0b1 + 1\r", "1 + 1"),
    ],
)
def test_typing(keys: PipeInput, typed: str, read: str) -> None:
    keys.send_text(typed)
    assert prompt(keys).read() == read


def test_control_c_drops_the_line_and_control_d_leaves(keys: PipeInput) -> None:
    typing = prompt(keys)
    keys.send_text("abc\x03")
    with pytest.raises(KeyboardInterrupt):
        typing.read()
    keys.send_text("\x04")
    with pytest.raises(EOFError):
        typing.read()


def test_the_last_input_comes_back(keys: PipeInput) -> None:
    typing = prompt(keys)
    keys.send_text("a = 1\r")
    typing.read()
    keys.send_text("\x1b[A + 1\r")
    assert typing.read() == "a = 1 + 1"


def test_readings_that_fail_do_not_stop_the_typing(keys: PipeInput) -> None:
    def broken() -> Readings:
        raise RuntimeError("no engine")

    keys.send_text("1 + 1\r")
    typing = Prompt(dict, list, broken, InMemoryHistory(), keys, DummyOutput())
    assert typing.read() == "1 + 1"


def test_history_is_kept_on_disk(tmp_path: Path) -> None:
    path = tmp_path / "state" / "history"
    history(path).store_string("v1.z = 'choir'")
    assert list(history(path).load_history_strings()) == ["v1.z = 'choir'"]


def test_history_goes_on_in_memory_where_the_disk_refuses(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert isinstance(history(tmp_path / "file" / "history"), InMemoryHistory)
    kept = history(tmp_path / "history")
    (tmp_path / "history").unlink()
    (tmp_path / "history").mkdir()
    kept.append_string("a")
    assert kept.get_strings() == ["a"]


def test_a_key_does_what_it_stands_for_and_what_is_typed_stays(keys: PipeInput) -> None:
    done: list[str] = []
    actions = {"f5": lambda: done.append("next"), "f4": lambda: done.append("previous")}
    typing = Prompt(dict, list, Readings, InMemoryHistory(), keys, DummyOutput(), actions)
    keys.send_text("1 +\x1b[15~\x1bOS 1\r")
    assert typing.read() == "1 + 1"
    assert done == ["next", "previous"]
