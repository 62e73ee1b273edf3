"""What MIDI messages make of the values, and knobs as patterns. The ports themselves are tested live."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from livevae.control import Change, Midi, cc, note, use
from livevae.control.messages import Reader
from livevae.control.ports import numbered
from livevae.errors import LivevaeError
from livevae.helper import Message
from livevae.pattern import Context


class Wire:
    """Stands in for the process that holds the ports."""

    last: Wire

    def __init__(self, module: str, on_message: Callable[[Message], None], on_exit: Callable[[int], None]) -> None:
        self.on_message = on_message
        self.on_exit = on_exit
        self.closed = False
        self.sent: list[Message] = []
        Wire.last = self

    def play(self, *data: int, port: str = "Knobs 1") -> None:
        self.on_message({"port": port, "bytes": list(data)})

    def send(self, message: Message) -> bool:
        self.sent.append(message)
        return True

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def midi(monkeypatch: pytest.MonkeyPatch) -> Iterator[Midi]:
    monkeypatch.setattr("livevae.control.midi.Helper", Wire)
    with Midi() as opened:
        use(opened)
        yield opened
    use(None)


@pytest.mark.parametrize(
    ("data", "change"),
    [
        ([0xB0, 74, 127], Change("cc", 74, 1.0, 1, "p")),
        ([0xBF, 1, 0], Change("cc", 1, 0.0, 16, "p")),
        ([0x90, 60, 127], Change("note", 60, 1.0, 1, "p")),
        ([0x90, 60, 0], Change("note", 60, 0.0, 1, "p")),
        ([0x82, 60, 64], Change("note", 60, 0.0, 3, "p")),
        ([0xE0, 127, 127], Change("cc", 128, 1.0, 1, "p")),
        ([0xE0, 0, 0], Change("cc", 128, 0.0, 1, "p")),
        ([0xC0, 127], Change("program", 0, 1.0, 1, "p")),
        ([0xA1, 60, 127], Change("pressure", 60, 1.0, 2, "p")),
        ([0xD1, 127], Change("pressure", 128, 1.0, 2, "p")),
        ([0xF8], None),
        ([0xF0, 1, 2], None),
        ([], None),
    ],
)
def test_messages(data: list[int], change: Change | None) -> None:
    assert Reader().read(data, "p") == (() if change is None else (change,))


def test_two_devices_of_one_name_are_told_apart() -> None:
    assert numbered(["Pads", "Keys", "Pads", "Pads"]) == ["Pads", "Keys", "Pads (2)", "Pads (3)"]


def test_the_controller_moved_last_counts(midi: Midi) -> None:
    assert midi.cc(7, default=0.5) == 0.5
    Wire.last.play(0xB0, 7, 127)
    Wire.last.play(0xB1, 7, 0, port="Pads")
    assert midi.cc(7) == 0.0
    assert midi.cc(7, channel=1) == 1.0
    assert midi.cc(7, port="knobs") == 1.0
    assert midi.cc(7, channel=2, port="knobs", default=0.25) == 0.25
    Wire.last.play(0xB0, 7, 127)
    assert midi.cc(7) == 1.0
    assert midi.values == {("cc", 7, 1, "Knobs 1"): 1.0, ("cc", 7, 2, "Pads"): 0.0}


def test_changes_and_states_are_told(midi: Midi) -> None:
    changes: list[Change] = []
    states: list[tuple[tuple[str, ...], str | None]] = []
    midi.on_change = changes.append
    midi.on_state = lambda: states.append((midi.ports, midi.problem))
    Wire.last.play(0xB0, 7, 127)
    Wire.last.play(0xF0, 7)
    Wire.last.on_message({"ports": ["Knobs 1"], "outputs": ["Rings"], "problem": None})
    assert midi.output("ring") == "Rings"
    Wire.last.on_message({"ports": [], "outputs": [], "problem": "no MIDI: broken"})
    assert midi.output("ring") is None
    port = [Change("port", 0, there, 1, "Knobs 1") for there in (1.0, 0.0)]
    assert changes == [Change("cc", 7, 1.0, 1, "Knobs 1"), *port]
    assert states == [(("Knobs 1",), None), ((), "no MIDI: broken")]
    assert midi.wait(0)


def test_the_process_is_started_again_when_it_ends_unless_closed(midi: Midi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("livevae.control.midi._RESTART_SECONDS", 0.01)
    first = Wire.last
    first.play(0xB0, 7, 127)
    first.on_exit(3)
    assert Wire.last is not first
    assert midi.problem == "the MIDI system went away"
    assert midi.cc(7) == 1.0
    second = Wire.last
    midi.close()
    assert second.closed
    second.on_exit(0)
    assert Wire.last is second


def test_knobs_are_patterns(midi: Midi) -> None:
    pattern = cc(74).range(-3, 3)
    assert pattern.sample([0.0, 0.1, 7.0]).tolist() == [-3.0, -3.0, -3.0]
    Wire.last.play(0xB0, 74, 127)
    assert pattern.sample([0.0, 0.1]).tolist() == [3.0, 3.0]
    assert pattern.is_continuous
    assert cc(74, channel=2, default=0.5).sample([0.0]).tolist() == [0.5]
    keys = note(60)
    Wire.last.play(0x90, 60, 127)
    assert keys.sample([0.0]).tolist() == [1.0]
    Wire.last.play(0x80, 60, 0)
    assert keys.sample([0.0]).tolist() == [0.0]


def test_without_midi_knobs_stand_at_their_defaults() -> None:
    use(None)
    assert cc(1, default=0.75).sample([0.0, 1.0]).tolist() == [0.75, 0.75]
    assert note(1).sample([0.0]).tolist() == [0.0]


def test_a_smooth_knob_moves_gradually(midi: Midi) -> None:
    now = 100.0
    midi.timeline.clock = lambda: now
    context = Context.at(1.0)
    pattern = cc(74, smooth=50)
    assert pattern.sample([0.0, 100.0], context).tolist() == [0.0, 0.0]
    Wire.last.play(0xB0, 74, 127)
    heard = pattern.sample([99.99, 100.0, 100.05, 100.1, 110.0], context)
    np.testing.assert_allclose(heard, [0.0, 0.0, 1 - np.exp(-1), 1 - np.exp(-2), 1.0])


def test_many_threads_may_read_while_messages_come(midi: Midi) -> None:
    failures: list[BaseException] = []
    done = threading.Event()

    def read() -> None:
        try:
            while not done.is_set():
                assert 0.0 <= midi.cc(3) <= 1.0
        except BaseException as error:
            failures.append(error)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for n in range(3000):
        Wire.last.play(0xD0 + n % 16, n % 128)
        Wire.last.play(0xB0 + n % 16, 64 + n % 64, n % 128)
    done.set()
    for reader in readers:
        reader.join()
    assert not failures
    assert len(midi.values) == 64 + 16


@pytest.mark.parametrize(
    ("attempt", "message"),
    [
        (lambda: cc(129), "no MIDI number 129"),
        (lambda: cc(-1), "no MIDI number -1"),
        (lambda: cc(1.5), "no MIDI number 1.5"),  # type: ignore[arg-type]
        (lambda: cc(1, channel=17), "no MIDI channel 17"),
        (lambda: cc(1, default=2.0), r"use .range\(low, high\)"),
        (lambda: cc(1, smooth=-1), "milliseconds"),
        (lambda: note(128), "no MIDI number 128"),
    ],
)
def test_what_is_no_knob_is_refused(attempt: Callable[[], object], message: str) -> None:
    with pytest.raises(LivevaeError, match=message):
        attempt()
