"""OSC over a real socket of this machine."""

import doctest
import importlib
import queue
import socket
import threading
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder
from pythonosc.udp_client import SimpleUDPClient

from livevae.control.inbox import Inbox
from livevae.control.osc import LOOPBACK, Osc
from livevae.control.osc_out import Target
from livevae.control.routes import Route, Table
from livevae.errors import LivevaeError
from livevae.pattern import Context

SECONDS = 20


@pytest.fixture
def heard():
    return queue.Queue()


@pytest.fixture
def osc(heard):
    def fail():
        raise LivevaeError("that cannot be done.")

    routes = [
        Route("/livevae/cue/next", lambda: heard.put("next")),
        Route("/livevae/cue/goto", lambda name: heard.put(("goto", name)), (str,)),
        Route("/livevae/level", lambda level: heard.put(("level", level)), (float,)),
        Route("/livevae/fail", fail),
        Route("/livevae/break", lambda: 1 / 0),
    ]
    with Osc(routes, lambda text: heard.put(("told", text)), port=0) as listening:
        yield listening


@pytest.fixture
def client(osc):
    return SimpleUDPClient(LOOPBACK, osc.port)


def test_messages_call_what_their_address_stands_for(client, heard):
    client.send_message("/livevae/cue/next", [])
    client.send_message("/livevae/cue/goto", "drop")
    client.send_message("/livevae/level", 1)
    assert [heard.get(timeout=SECONDS) for _ in range(3)] == ["next", ("goto", "drop"), ("level", 1.0)]


def test_every_message_of_a_bundle_counts_whatever_its_time(osc, heard):
    bundle = OscBundleBuilder(IMMEDIATELY)
    for name in ("a", "b"):
        message = OscMessageBuilder("/livevae/cue/goto")
        message.add_arg(name)
        bundle.add_content(message.build())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(bundle.build().dgram, (LOOPBACK, osc.port))
    assert [heard.get(timeout=SECONDS) for _ in range(2)] == [("goto", "a"), ("goto", "b")]


@pytest.mark.parametrize(
    ("address", "arguments", "said"),
    [
        ("/livevae/cue/goto", [], "takes a text, not nothing"),
        ("/livevae/cue/goto", [3], "takes a text, not 3"),
        ("/livevae/cue/next", ["x"], "takes nothing, not 'x'"),
        ("/livevae/level", [True], "takes a number, not True"),
        ("/livevae/other", [], "there is no /livevae/other; there are /livevae/cue/next"),
        ("/livevae/fail", [], "that cannot be done"),
        ("/livevae/break", [], "OSC /livevae/break: ZeroDivisionError"),
    ],
)
def test_what_cannot_be_understood_is_told_and_the_next_message_counts(client, heard, address, arguments, said):
    client.send_message(address, arguments)
    kind, text = heard.get(timeout=SECONDS)
    assert kind == "told"
    assert said in text
    client.send_message("/livevae/cue/next", [])
    assert heard.get(timeout=SECONDS) == "next"


def test_noise_on_the_port_is_told(osc, heard):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"\xff\x00\x01", (LOOPBACK, osc.port))
        kind, text = heard.get(timeout=SECONDS)
    assert kind == "told"
    assert "no OSC message" in text


def test_a_port_in_use_is_one_clear_sentence(osc):
    with pytest.raises(LivevaeError, match=rf"cannot listen on port {osc.port} .*choose another port"):
        Osc([], print, port=osc.port)
    for wrong in (-1, 70_000, "x", True):
        with pytest.raises(LivevaeError, match="whole number"):
            Osc([], print, port=wrong)


def test_the_port_is_free_once_it_is_closed_and_no_thread_is_left(osc):
    osc.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "livevae osc"]
    Osc([], print, port=osc.port).close()


def test_an_action_may_close_what_called_it():
    done = threading.Event()
    found = {}

    def close():
        found["osc"].close()
        done.set()

    found["osc"] = Osc([Route("/close", close)], print, port=0)
    SimpleUDPClient(LOOPBACK, found["osc"].port).send_message("/close", [])
    assert done.wait(SECONDS)


def test_it_is_bound_to_this_machine_alone(osc):
    assert osc._socket.getsockname()[0] == "127.0.0.1"


def test_a_bundle_waits_for_its_time_and_others_do_not(osc, client, heard):
    due = time.time() + 0.3
    with Target(LOOPBACK, osc.port) as target:
        target.send("/livevae/cue/goto", ["late"], at=due)
        target.send("/livevae/cue/goto", ["later"], at=due + 0.05)
        target.send("/livevae/cue/goto", ["past"], at=due - 10)
    client.send_message("/livevae/cue/next", [])
    assert [heard.get(timeout=SECONDS) for _ in range(3)] == [("goto", "past"), "next", ("goto", "late")]
    assert time.time() >= due
    assert heard.get(timeout=SECONDS) == ("goto", "later")


def test_a_bundle_far_ahead_is_dropped_with_a_sentence(osc, heard):
    with Target(LOOPBACK, osc.port) as target:
        target.send("/livevae/cue/next", [], at=time.time() + 3600)
    kind, text = heard.get(timeout=SECONDS)
    assert kind == "told"
    assert "is the clock of its sender right" in text


def test_the_same_complaint_is_made_once(client, heard):
    for _ in range(50):
        client.send_message("/livevae/level", "x")
    client.send_message("/livevae/cue/next", [])
    assert heard.get(timeout=SECONDS)[0] == "told"
    assert heard.get(timeout=SECONDS) == "next"


def test_what_no_route_stands_for_goes_to_the_other(heard):
    with Osc([], print, port=0, other=lambda *message: heard.put(message)) as listening:
        SimpleUDPClient(LOOPBACK, listening.port).send_message("/1/fader1", [0.5, 1])
        assert heard.get(timeout=SECONDS) == ("/1/fader1", [0.5, 1])


@pytest.mark.parametrize(
    ("takes", "given", "arguments"),
    [
        ("bang", [], ()),
        ("bang", [1.0], ()),
        ("bang", [0], None),
        ("switch", [], (True,)),
        ("switch", [0.0], (False,)),
        ("switch", [True], (True,)),
        ("numbers", [1, 2.5], ((1.0, 2.5),)),
        ("number or nothing", [], (None,)),
        ("number or nothing", [2], (2.0,)),
        ("text or numbers", ["a b"], ("a b",)),
        ("text or numbers", [1], ((1.0,),)),
        ("text or number", [0.5], (0.5,)),
    ],
)
def test_what_messages_may_bring(takes, given, arguments):
    assert Route("/x", print, takes).arguments(given) == arguments


@pytest.mark.parametrize(
    ("takes", "given"),
    [
        ("bang", ["x"]),
        ("bang", [1, 2]),
        ("switch", [float("nan")]),
        ("numbers", []),
        ("numbers", [1, "x"]),
        ("number or nothing", [1, 2]),
        ("text or numbers", ["a", 1]),
        ("text or number", [b"x"]),
        ((float,), [float("inf")]),
    ],
)
def test_what_messages_may_not_bring(takes, given):
    with pytest.raises(LivevaeError, match="OSC /x takes"):
        Route("/x", print, takes).arguments(given)


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("/v1/amp", ["/v1/amp"]),
        ("/v[13]/amp", ["/v1/amp", "/v3/amp"]),
        ("/v{2,16}/amp", ["/v2/amp", "/v16/amp"]),
        ("/v?/amp", [f"/v{n}/amp" for n in range(1, 10)]),
        ("/v1/*", ["/v1/amp"]),
        ("/v[!1-9]*/amp", []),
        ("/v17/amp", []),
        ("/v1/amp/x", []),
        ("/v1.0/amp", []),
        ("/v1/dim/3", ["/v1/dim/3"]),
        ("/v1/dim/*", []),
        ("/var/level", ["/var/level"]),
        ("/var/", []),
        ("/v(/amp", []),
    ],
)
def test_addresses_and_their_wildcards(address, found):
    addresses = ("/v{voice}/amp", "/v{voice}/dim/{dim}", "/var/{name}")
    table = Table(Route(each, print) for each in addresses)
    assert [full for _, full, _ in table.find(address)] == found


@given(st.binary(max_size=64))
def test_no_packet_breaks_it(data):
    told = []
    listening = Osc.__new__(Osc)
    listening._table, listening._tell, listening._other = Table([]), told.append, None
    listening._said, listening._waiting = {}, []
    listening._receive(b"/x\0\0,f\0\0" + data, ("127.0.0.1", 1))
    listening._receive(data, ("127.0.0.1", 1))
    listening._receive(b"#bundle\0" + data, ("127.0.0.1", 1))
    assert all(text.startswith("OSC") for text in told)


def test_values_are_patterns_by_second():
    inbox = Inbox()
    inbox.timeline.clock = iter([1.0, 1.0, 2.0]).__next__
    inbox.receive("/xy", [1, True])
    inbox.receive("/xy", [5.0])
    times = np.array([0.5, 1.0, 2.0])
    at = Context(0, lambda cycles: cycles)
    np.testing.assert_array_equal(inbox.osc("/xy", default=[7, 8], size=2).sample(times, at), [[7, 8], [1, 1], [5, 1]])
    np.testing.assert_array_equal(inbox.osc("/xy", 9).sample(times, at), [9, 1, 5])
    np.testing.assert_array_equal(inbox.osc("/xy", 9, place=1).sample(times, at), [9, 1, 1])
    smooth = inbox.osc("/xy", 0, smooth=1000).sample(np.array([1.0, 2.0]), at)
    np.testing.assert_allclose(smooth, [0, 1 - np.exp(-1)])


@pytest.mark.parametrize(
    "make",
    [
        lambda inbox: inbox.osc("x"),
        lambda inbox: inbox.osc("/x *"),
        lambda inbox: inbox.osc("/x", size=0),
        lambda inbox: inbox.osc("/x", size=2, default=[1, 2, 3]),
        lambda inbox: inbox.osc("/x", default="1"),
        lambda inbox: inbox.osc("/x", smooth=9000),
        lambda inbox: inbox.osc("/x", place=-1),
        lambda inbox: inbox.receive("/x", ["1"]),
        lambda inbox: inbox.receive("/x", []),
        lambda inbox: inbox.receive("/x", [float("nan")]),
        lambda inbox: Target("127.0.0.1", 0),
        lambda inbox: Target("no.such.host.invalid", 9000),
    ],
)
def test_what_cannot_be_is_one_clear_sentence(make):
    with pytest.raises(LivevaeError):
        make(Inbox())


@pytest.mark.parametrize(
    "name",
    ["control.inbox", "control.osc", "control.osc_out", "control.routes", "engine.measures", "performance.ears",
     "performance.osc_table"],
)  # fmt: skip
def test_the_examples_are_true(name):
    module = importlib.import_module(f"livevae.{name}")
    found = doctest.testmod(module, extraglobs={"np": np})
    assert found.attempted > 0
    assert found.failed == 0
