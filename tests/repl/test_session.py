"""Evaluating, telling and helping, on a performance that makes no sound."""

import io
from collections.abc import Callable
from typing import Any

import pytest

from livevae.engine.interface import Status
from livevae.errors import LivevaeError
from livevae.performance.evaluation import run
from livevae.performance.message import Message, Place
from livevae.performance.status import PerformanceStatus, VoiceStatus
from livevae.repl import helping
from livevae.repl.loop import play_script, readings
from livevae.repl.session import Session, wait


class FakeLibrary:
    on_progress: Callable[[str, float], None] | None = None

    def names(self) -> list[str]:
        return ["bell"]

    def progress(self) -> dict[str, float]:
        return {}


class FakePerformer:
    def __init__(self) -> None:
        self.on_message: Callable[[Message], None] | None = None
        self.names: dict[str, Any] = {"refuse": refuse}
        self.library = FakeLibrary()
        self.evaluated: list[str] = []

    def evaluate(self, source: str, filename: str = "<repl>") -> object:
        self.evaluated.append(source.strip())
        return run(source, filename, self.names)

    def status(self) -> PerformanceStatus:
        return PerformanceStatus(0.0, 0.5, 120.0, Status(), (), None)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def refuse() -> None:
    """Say no."""
    raise LivevaeError("no such thing: try another.")


@pytest.fixture
def performer() -> FakePerformer:
    return FakePerformer()


@pytest.fixture
def told() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def session(performer: FakePerformer, told: io.StringIO) -> Session:
    return Session(performer, errors=lambda: told)


def test_values_are_printed_as_a_prompt_does(session: Session, capsys: pytest.CaptureFixture[str]) -> None:
    assert session.evaluate("'a' + 'b'", "<x>")
    assert session.evaluate("None", "<x>")
    assert session.evaluate("c = 3", "<x>")
    assert capsys.readouterr().out == "'ab'\n"


def test_long_values_are_cut_on_a_terminal_alone(
    session: Session, performer: FakePerformer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert session.evaluate("'x' * 5000", "<x>")
    assert len(capsys.readouterr().out) == 5003
    assert Session(performer, errors=Terminal).evaluate("'x' * 5000", "<x>")
    shown = capsys.readouterr().out
    assert len(shown) < 1400
    assert "5002 characters" in shown


def test_an_error_is_one_line_with_its_place_and_stays_until_something_works(
    session: Session, told: io.StringIO
) -> None:
    assert not session.evaluate("a = 1\n1 / 0", "<x>")
    assert told.getvalue() == "<x>:2: ZeroDivisionError: division by zero\n"
    assert session.error == "<x>:2: ZeroDivisionError: division by zero"
    assert session.evaluate("a", "<x>")
    assert session.error is None


def test_a_value_that_cannot_be_shown_is_an_error_like_others(session: Session, told: io.StringIO) -> None:
    source = "class Odd:\n    def __repr__(self): raise ValueError('odd')\n"
    assert session.evaluate(source, "<x>")
    assert not session.evaluate("Odd()", "<x>")
    assert told.getvalue() == "<x>: ValueError: odd\n"


def test_an_interrupted_evaluation_is_told_and_not_the_end(session: Session, told: io.StringIO) -> None:
    assert not session.evaluate("raise KeyboardInterrupt", "<x>")
    assert told.getvalue() == "interrupted.\n"


def test_exit_leaves(session: Session) -> None:
    with pytest.raises(SystemExit):
        session.evaluate("raise SystemExit", "<x>")


def test_a_script_runs_in_order_and_stops_at_the_first_error(
    session: Session, performer: FakePerformer, told: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = ["a = 2\n", "def double(x):\n", "\n", "    return 2 * x\n", "double(a)\n", "refuse()\n", "a = 5\n"]
    assert play_script(session, lines) == 1
    assert capsys.readouterr().out == "4\n"
    assert told.getvalue() == "<stdin>:6: no such thing: try another.\n"
    assert performer.names["a"] == 2


def test_a_script_without_errors_succeeds(session: Session) -> None:
    assert play_script(session, ["for i in range(3):\n", "    last = i\n"]) == 0
    assert session.performance.names["last"] == 2


def test_each_statement_of_a_script_is_an_evaluation_of_its_own(session: Session, performer: FakePerformer) -> None:
    assert play_script(session, ["a = 1; b = 2\n", "wait(0)\n", "a + b"]) == 0
    assert performer.evaluated == ["a = 1", "b = 2", "a + b"]


def test_wait_takes_seconds_alone(session: Session, told: io.StringIO) -> None:
    wait(0.0)
    assert not session.evaluate("wait('long')", "<x>")
    assert told.getvalue().startswith("<x>:1: wait takes a number of seconds")
    for wrong in (-1, float("nan"), float("inf"), True):
        with pytest.raises(LivevaeError):
            wait(wrong)


def test_a_word_of_the_language_is_not_replaced() -> None:
    performer = FakePerformer()
    performer.names["wait"] = refuse
    Session(performer)
    assert performer.names["wait"] is refuse


def test_messages_are_told_once_in_a_while(session: Session, performer: FakePerformer, told: io.StringIO) -> None:
    assert performer.on_message is not None
    late = Message("warning", "a chunk was late", "v1")
    for _ in range(3):
        performer.on_message(late)
    performer.on_message(Message("info", "read again"))
    assert told.getvalue() == "v1: a chunk was late\nread again\n"
    assert session.error == "v1: a chunk was late"


def test_messages_name_file_and_line(session: Session, told: io.StringIO) -> None:
    session.hear(Message("error", "no such name", "v2", Place("/music/piece.py", 7)))
    assert told.getvalue() == "piece.py:7: v2: no such name\n"


def test_encoding_is_shown_while_an_evaluation_waits_for_it(performer: FakePerformer) -> None:
    screen = Terminal()
    session = Session(performer, errors=lambda: screen)
    progress = performer.library.on_progress
    assert progress is not None
    performer.names["encode"] = lambda: progress("bell", 0.5)
    assert session.evaluate("encode()", "<x>")
    assert "encoding bell 50%" in screen.getvalue()
    shown = screen.getvalue()
    progress("bell", 0.75)
    assert screen.getvalue() == shown


def test_readings_take_the_longest_delay_of_all_voices() -> None:
    voices = (VoiceStatus("v1", "m", 0.032, 0.2, False), VoiceStatus("v2", "n", 0.05, None, False))
    status = PerformanceStatus(3.25, 0.5, 120.0, Status(late=2, xruns=1, recording="a.wav"), voices, None)
    found = readings(status, "bad", {"bell": 0.5})
    assert (found.buffering, found.model) == (50.0, 200.0)
    assert (found.late, found.xruns, found.recording, found.error) == (2, 1, "a.wav", "bad")
    assert found.note == "encoding bell 50%"
    assert readings(PerformanceStatus(0.0, 0.5, 120.0, Status(), (), None), None, {}).buffering is None


def test_help_says_how_to_call_a_thing(session: Session, capsys: pytest.CaptureFixture[str]) -> None:
    assert session.evaluate("help(refuse)", "<x>")
    assert capsys.readouterr().out == "refuse()\n\nSay no.\n"
    assert session.evaluate("help_page()", "<x>")
    shown = capsys.readouterr().out
    assert "Say no." in shown
    assert "Alt-Enter" in shown
    assert session.evaluate("help()", "<x>")
    assert capsys.readouterr().out == shown


def test_help_for_livevae_objects_lists_what_they_offer() -> None:
    shown = helping.describe(Message("info", "text"))
    assert "Something to tell the performer" in shown
    shown = helping.describe(Session)
    assert ".evaluate(source, filename)" in shown
    assert "._failed" not in shown


def test_help_for_the_rest_of_python_is_plain() -> None:
    assert "\x08" not in helping.describe(3)
    assert "class int" in helping.describe(3)
    assert "mini-notation" in helping.describe("bell choir")
