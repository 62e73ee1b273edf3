"""MIDI through a real JACK server: messages in, ports that go and come back, a server that dies."""

import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest
import rtmidi

from livevae.control import Change, Midi, cc, use
from support.jackserver import JackServer

pytestmark = pytest.mark.live


class Keyboard:
    """A MIDI device: a JACK client with one output port."""

    def __init__(self, name: str) -> None:
        self.port = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name=name)
        self.port.open_virtual_port("out")

    def send(self, *data: int) -> None:
        self.port.send_message(list(data))

    def press(self, data: tuple[int, int, int], heard: Callable[[], object]) -> None:
        """Send until it is heard: JACK drops what falls into a block that a busy machine misses."""
        deadline = time.monotonic() + 10.0
        while not heard():
            assert time.monotonic() < deadline, f"{data} was not heard"
            self.send(*data)
            time.sleep(0.05)

    def unplug(self) -> None:
        self.port.close_port()
        self.port.delete()


@pytest.fixture
def midi(jack_server: JackServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Midi]:
    monkeypatch.setenv("LIVEVAE_MIDI", "jack")
    with Midi() as opened:
        use(opened)
        yield opened
        use(None)


def until(test: Callable[[], object], seconds: float = 10.0) -> None:
    """Wait for something other processes do; fails when it never happens."""
    deadline = time.monotonic() + seconds
    while not test():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.005)


def test_a_knob_moves_a_pattern(midi: Midi) -> None:
    knobs, keys = Keyboard("knobs"), Keyboard("keys")
    until(lambda: len(midi.ports) == 2)
    assert [port.split(":")[0] for port in midi.ports] == ["keys", "knobs"]
    assert midi.problem is None
    pattern = cc(74).range(-3, 3)
    assert pattern.sample([0.0, 0.5]).tolist() == [-3.0, -3.0]
    seen: list[Change] = []
    midi.on_change = seen.append
    knobs.press((0xB0, 74, 127), lambda: seen)
    np.testing.assert_allclose(pattern.sample([0.0, 0.5]), [3.0, 3.0])
    keys.press((0xB3, 74, 0), lambda: seen[-1].channel == 4)
    assert seen[-1] == Change("cc", 74, 0.0, 4, midi.ports[0])
    assert pattern.sample([0.0]).tolist() == [-3.0]  # the one moved last
    assert cc(74, port="KNOBS").sample([0.0]).tolist() == [1.0]
    assert cc(74, channel=4).sample([0.0]).tolist() == [0.0]
    keys.press((0x90, 60, 127), lambda: midi.note(60) == 1.0)
    keys.press((0x80, 60, 64), lambda: midi.note(60) == 0.0)
    knobs.unplug()
    keys.unplug()


def test_a_port_that_comes_back_is_heard_again(midi: Midi) -> None:
    knobs = Keyboard("knobs")
    until(lambda: midi.ports)
    knobs.press((0xB0, 1, 127), lambda: midi.cc(1) == 1.0)
    knobs.unplug()
    until(lambda: not midi.ports)
    assert midi.cc(1) == 1.0  # the value stays as it was left
    knobs = Keyboard("knobs")
    until(lambda: midi.ports)
    knobs.press((0xB0, 1, 0), lambda: midi.cc(1) == 0.0)
    knobs.unplug()


def test_a_burst_arrives_whole_and_in_order(midi: Midi) -> None:
    """JACK itself drops messages in a block that a busy machine misses: up to three tries, each printed."""
    knobs = Keyboard("knobs")
    until(lambda: midi.ports)
    seen: list[int] = []
    midi.on_change = lambda change: seen.append(round(change.value * 127))
    sent = [n % 128 for n in range(500)]
    for attempt in range(3):
        seen.clear()
        for start in range(0, len(sent), 50):
            for value in sent[start : start + 50]:
                knobs.send(0xB0, 7, value)
            time.sleep(0.02)
        time.sleep(0.3)
        print(f"try {attempt + 1}: {len(seen)} of {len(sent)} messages")
        if seen == sent:
            break
    assert seen == sent
    knobs.unplug()


def test_the_midi_system_may_die_and_come_back(jack_server: JackServer, midi: Midi) -> None:
    assert midi.wait(10)
    until(lambda: midi.problem is None)
    jack_server.stop()
    try:
        time.sleep(1.2)
        assert midi.ports == ()
    finally:
        jack_server.start()
    knobs = Keyboard("knobs")
    until(lambda: midi.ports, 15)
    knobs.press((0xB0, 2, 127), lambda: midi.cc(2) == 1.0)
    knobs.unplug()


def test_without_a_midi_system_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVEVAE_MIDI", "jack")
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "livevae-no-such-server")
    with Midi() as midi:
        assert midi.wait(10)
        until(lambda: midi.problem)
        assert midi.ports == ()
        assert midi.problem is not None
        assert midi.problem.startswith("no MIDI: JACK server not running")
        use(midi)
        assert cc(1, default=0.25).sample([0.0]).tolist() == [0.25]
        use(None)
