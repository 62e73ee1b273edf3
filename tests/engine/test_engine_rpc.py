"""Requests, answers and events between two ends of a socket."""

import os
import socket
import threading
import time

import pytest

from livevae.engine.rpc import Caller, Gone, Server
from livevae.errors import LivevaeError


class Line:
    """A caller and a server joined by a socket pair; the server answers with `handle` in a thread."""

    def __init__(self):
        ours, theirs = socket.socketpair()
        self.events, self.gone = [], threading.Event()
        self.ended = threading.Event()
        self.theirs = theirs
        self.server = Server(theirs)
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()
        self.caller = Caller(ours, self.events.append, self.gone.set)

    def serve(self):
        self.server.serve(self.handle)
        self.ended.set()
        self.theirs.close()

    def handle(self, call, arguments, fd):
        match call:
            case "add":
                return arguments["a"] + arguments["b"]
            case "refuse":
                raise LivevaeError("that cannot be: try another one")
            case "break":
                raise ZeroDivisionError("oh")
            case "read":
                with os.fdopen(fd, "rb") as file:
                    return file.read().decode()
            case "fd?":
                return fd is not None
            case "tell":
                self.server.event(event="told", what=arguments["what"])
                return None
            case "vanish":
                self.theirs.shutdown(socket.SHUT_RDWR)
                return None
            case "wait":
                time.sleep(arguments["seconds"])
                return None
            case _:
                return arguments


@pytest.fixture
def line():
    made = Line()
    yield made
    made.caller.close()
    assert made.ended.wait(10)
    assert made.gone.wait(10)


def test_an_answer_comes_back(line):
    assert line.caller.call("add", a=2, b=40) == 42
    assert line.caller.call("echo", text="ä ~ \n", number=1.5, none=None) == {
        "text": "ä ~ \n",
        "number": 1.5,
        "none": None,
        "fd": False,
    }


def test_a_long_request_and_answer_arrive_whole(line):
    assert line.caller.call("echo", text="x" * 3_000_000)["text"] == "x" * 3_000_000


def test_a_refusal_is_raised_with_its_sentence(line):
    with pytest.raises(LivevaeError, match=r"^that cannot be: try another one$"):
        line.caller.call("refuse")
    with pytest.raises(LivevaeError, match="ZeroDivisionError: oh"):
        line.caller.call("break")
    assert line.caller.call("add", a=1, b=1) == 2


def test_many_threads_get_each_its_own_answer(line):
    answers = {}

    def ask(n):
        answers[n] = [line.caller.call("add", a=n, b=i) for i in range(50)]

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {n: [n + i for i in range(50)] for n in range(8)}


def test_descriptors_pass(line):
    for number in range(20):
        read, write = os.pipe()
        os.write(write, f"through the pipe {number}".encode())
        os.close(write)
        assert line.caller.call("read", fd=read) == f"through the pipe {number}"
        os.close(read)
        assert line.caller.call("fd?") is False


def test_a_descriptor_goes_with_its_own_request(line):
    """Requests sent without waiting arrive together; only the one with a descriptor is given it."""
    read, write = os.pipe()
    os.close(write)
    asked = [line.caller.send("fd?", fd=read if n in (3, 7) else None) for n in range(10)]
    assert [future.result(10) for future in asked] == [n in (3, 7) for n in range(10)]
    os.close(read)


def test_events_come_in_order(line):
    for n in range(10):
        line.caller.call("tell", what=n)
    assert line.events == [{"event": "told", "what": n} for n in range(10)]


def test_a_caller_whose_other_side_vanished_knows(line):
    with pytest.raises(Gone):
        line.caller.call("vanish")
    assert line.gone.wait(10)
    with pytest.raises(Gone, match="add"):
        line.caller.call("add", a=1, b=1)


def test_no_answer_in_time_is_gone(line):
    with pytest.raises(Gone, match="no answer to 'wait'"):
        line.caller.call("wait", timeout=0.05, seconds=0.3)
    assert line.caller.call("add", a=1, b=2) == 3


def test_hanging_up_ends_the_server(line):
    line.caller.close()
    assert line.ended.wait(10)
    assert line.gone.wait(10)


def test_an_event_nobody_hears_is_lost_quietly():
    ours, theirs = socket.socketpair()
    ours.close()
    server = Server(theirs)
    for _ in range(3):
        server.event(event="told")
    theirs.close()
