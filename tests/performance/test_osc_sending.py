"""What other programs are told by OSC, over real sockets of this machine."""

import queue
import time

import numpy as np
import pytest

from livevae.control.osc import Osc
from livevae.errors import LivevaeError

SECONDS = 20


@pytest.fixture
def ear():
    """Another program: everything that comes to it."""
    heard = queue.Queue()
    with Osc([], print, port=0, other=lambda address, values: heard.put((address, list(values)))) as osc:
        # What livevae sends begins with /livevae/, which the other end of this socket keeps for itself.
        osc._do = lambda message: heard.put((message.address, list(message.params)))
        osc.heard = heard
        yield osc


def drain(ear):
    """Throw away what came so far, and what is on its way."""
    time.sleep(0.1)
    while not ear.heard.empty():
        ear.heard.get()


def wait_for(ear, address, run=lambda: None, count=1):
    """The first messages to an address; others are thrown away."""
    found = []
    end = time.monotonic() + SECONDS
    while len(found) < count and time.monotonic() < end:
        run()
        try:
            got, values = ear.heard.get(timeout=0.01)
        except queue.Empty:
            continue
        if got == address:
            found.append(values)
    assert len(found) == count, f"nothing came to {address}"
    return found


def test_meters_time_cues_and_latents_are_told(ear, rig):
    rig.do(f"""
@cue("intro", bars=8)
def intro():
    v1.z = point(1, 2, 3, 4)
form("intro")
osc_send("127.0.0.1", {ear.port}, latents=[v1], rate=100)""")
    rig.run(0.5)
    drain(ear)
    (left, right) = wait_for(ear, "/livevae/meter/master")[0]
    assert left == right == 0.0
    (cycle, bpm) = wait_for(ear, "/livevae/cycle")[0]
    assert cycle == pytest.approx(0.25, abs=0.02)
    assert bpm == pytest.approx(120)
    assert wait_for(ear, "/livevae/cue")[0][0] == "intro"
    assert wait_for(ear, "/livevae/latent/v1")[0] == [1, 2, 3, 4]
    rig.do("osc_send(None)")
    time.sleep(0.2)
    drain(ear)
    time.sleep(0.2)
    assert ear.heard.empty()


def test_events_of_a_pattern_are_sent_when_they_begin(ear, rig):
    rig.do(f'osc_out("1 [2 3] ~ bell", "/lamp", port={ear.port})')

    def step():
        rig.run(0.02)
        time.sleep(0.007)

    found = wait_for(ear, "/lamp", step, count=8)
    names = [values[0] for values in found]
    start = names.index(1.0)
    assert (names * 2)[start : start + 4] == [1.0, 2.0, 3.0, "bell"]
    rig.do("hush()")
    time.sleep(0.1)
    drain(ear)
    for _ in range(60):
        step()
    assert ear.heard.empty()


def test_a_continuous_pattern_is_sent_while_it_moves(ear, rig):
    rig.do(f'osc_out(saw, "/saw", port={ear.port}, rate=100)')

    def step():
        rig.run(0.02)
        time.sleep(0.007)

    values = np.array(wait_for(ear, "/saw", step, count=20))[:, 0]
    assert np.all((values >= 0) & (values <= 1))
    assert np.sum(np.diff(values) > 0) >= 15


def test_messages_may_leave_ahead_with_their_time(ear, rig):
    """0.6 s of sound pass in no time; the second event comes 0.4 s later, when its time has come."""
    rig.do(f'osc_out("1 2", "/x", port={ear.port}, ahead=0.5)')
    (out,) = rig.performance.sending._outs.values()
    while out.reached is None:
        time.sleep(0.01)
    begun = time.time()
    rig.run(0.6)
    assert wait_for(ear, "/x") == [[2.0]]
    assert time.time() - begun > 0.3


@pytest.mark.parametrize(
    "line",
    [
        'osc_out("1", "x")',
        'osc_out("1", "/x*")',
        'osc_out("1", "/x", port=0)',
        'osc_out("1", "/x", rate=0)',
        'osc_out("1", "/x", ahead=-1)',
        'osc_out({}, "/x")',
        "osc_send(port=70000)",
        "osc_send(rate=1000)",
        "osc_send(latents=[1])",
        'osc_send("no.such.host.invalid")',
    ],
)
def test_what_cannot_be_sent_is_one_clear_sentence(rig, line):
    with pytest.raises(LivevaeError):
        rig.do(line)
    assert rig.performance.sending._thread is None


def test_what_fails_in_an_evaluation_sends_nothing(rig, ear):
    with pytest.raises(LivevaeError):
        rig.do(f'osc_out("1*8", "/x", port={ear.port}); v1.z = "nobody"')
    assert rig.performance.sending._outs == {}


def test_a_rendering_neither_hears_nor_tells(rig, ear):
    rig.performance.alone()
    rig.do(f'osc_out("1*8", "/x", port={ear.port}); osc_send(port={ear.port}); osc_listen({ear.port})')
    assert rig.performance.sending._thread is None
