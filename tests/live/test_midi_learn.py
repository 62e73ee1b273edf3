"""MIDI both ways through a real JACK server, with a performance that sounds: nothing of it may make the sound late."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rtmidi

from livevae.control import Midi
from livevae.engine.client import LiveEngine
from livevae.engine.interface import EngineOptions
from livevae.latent import Encoder, Library
from livevae.performance import Keeper, Performance
from livevae.resources import default_model, sounds_dir
from support.jackserver import JackServer

pytestmark = [pytest.mark.live, pytest.mark.timeout(180)]

TRIES = 3


class Device:
    """A MIDI device: a JACK client that sends, and one that keeps what it is sent with the second at which it came."""

    def __init__(self, name: str, listens: bool = False) -> None:
        self.port = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name=name)
        self.port.open_virtual_port("out")
        self.heard: list[tuple[float, list[int]]] = []
        self.sink: Any = None
        if listens:
            self.sink = rtmidi.MidiIn(rtmidi.API_UNIX_JACK, name=name)
            self.sink.ignore_types(timing=False)
            self.sink.set_callback(lambda event, _: self.heard.append((time.monotonic(), event[0])))
            self.sink.open_virtual_port("in")

    def send(self, *data: int) -> None:
        self.port.send_message(list(data))

    def press(self, data: tuple[int, ...], done: Callable[[], object]) -> None:
        """Send until it worked: JACK drops what falls into a block that a busy machine misses."""
        deadline = time.monotonic() + 15.0
        while not done():
            assert time.monotonic() < deadline, f"{data} was not heard"
            self.send(*data)
            time.sleep(0.05)

    def unplug(self) -> None:
        for port in (self.port, self.sink):
            if port is not None:
                port.close_port()
                port.delete()


class Stage:
    """A performance on JACK with MIDI, as `livevae` has it."""

    def __init__(self, performance: Performance, midi: Midi) -> None:
        self.performance, self.midi = performance, midi
        self.told: list[str] = []
        performance.on_message = lambda message: self.told.append(f"{message.kind}: {message.text}")

    def do(self, source: str) -> Any:
        return self.performance.evaluate(source)

    def late(self) -> int:
        status = self.performance.engine.status()
        return status.late + status.covered


@pytest.fixture
def stage(jack_server: JackServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    monkeypatch.setenv("LIVEVAE_MIDI", "jack")
    monkeypatch.setattr("livevae.performance.midi_map.user_config_dir", lambda *a, **k: str(tmp_path / "config"))
    engine = LiveEngine.start(EngineOptions(backend="jack", client_name="midi-live"))
    library = Library(tmp_path / "cache", Encoder())
    library.add_folder(sounds_dir())
    performance = Performance(engine, library, default_model=default_model())
    keeper = Keeper(performance)
    with Midi() as midi, performance.midi.attached(midi, performance.control_changed):
        keeper.start()
        performance.evaluate("v1.play('choir', quant=0)")
        yield Stage(performance, midi)
    keeper.close()
    performance.close()
    library.close()
    engine.close()


def until(test: Callable[[], object], seconds: float = 15.0) -> None:
    deadline = time.monotonic() + seconds
    while not test():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.005)


def test_learning_and_replugging_make_nothing_late(stage: Stage) -> None:
    """Counts on a shared machine may need up to three tries; each is printed."""
    performance = stage.performance
    time.sleep(1.0)
    counts = []
    for attempt in range(1, TRIES + 1):
        before = stage.late()
        nano = Device("nano", listens=True)
        until(lambda: any("nano" in port for port in stage.midi.ports))
        stage.do("learn(None); v1.dim[0] = None; v1.dim[1] = None; feedback('nano')")
        stage.do("learn(v1.dim[0], v1.dim[1], pickup=True)")
        for number in (70, 71):
            for value in (0, 10, 100):
                nano.press((0xB0, number, value), lambda n=number, v=value: stage.midi.cc(n) == v / 127)
        until(lambda: len(performance.voices[0].dim._desk.settings(0).dims) == 2)
        # It is unplugged, turned meanwhile, and plugged in again: nothing jumps until the value is met.
        nano.unplug()
        until(lambda: not any("nano" in port for port in stage.midi.ports))
        nano = Device("nano", listens=True)
        until(lambda: any("nano" in port for port in stage.midi.ports))
        nano.press((0xB0, 70, 10), lambda: stage.midi.cc(70) == 10 / 127)
        time.sleep(0.1)
        now = {row.target: row.now for row in stage.do("midimap()")}
        assert now["v1.dim[0]"] == pytest.approx(100 / 127 * 6 - 3)
        # The ring shows where the sound is, and not where the knob was turned.
        until(lambda heard=nano.heard: [0xB0, 70, 100] in [data for _, data in heard])
        nano.press((0xB0, 70, 110), lambda: stage.midi.cc(70) == 110 / 127)
        until(lambda: {row.target: row.now for row in stage.do("midimap()")}["v1.dim[0]"] > 2)
        nano.unplug()
        until(lambda: not any("nano" in port for port in stage.midi.ports))
        counts.append(stage.late() - before)
        print(f"try {attempt}: {counts[-1]} late or covered chunks while learning and replugging")
        if counts[-1] == 0:
            break
    assert counts[-1] == 0
    assert not [line for line in stage.told if line.startswith("error")]


def test_a_flood_makes_nothing_late(stage: Stage) -> None:
    """A thousand messages a second. On a shared machine it may need up to three tries; each is printed."""
    stage.do("v1.dim[0] = cc(74).range(-1, 1); v1.dim[1] = cc(74).pickup(0.5)")
    flood = Device("flood")
    until(lambda: any("flood" in port for port in stage.midi.ports))
    time.sleep(1.0)
    counts = []
    for attempt in range(1, TRIES + 1):
        before, start = stage.late(), time.monotonic()
        for n in range(3000):
            flood.send(0xB0, 74, n % 128)
            time.sleep(max(0.0, start + n / 1000 - time.monotonic()))
        until(lambda: stage.midi.cc(74) == (2999 % 128) / 127)
        behind = time.monotonic() - start - 3.0
        counts.append(stage.late() - before)
        print(f"try {attempt}: {counts[-1]} late or covered chunks, the last message {1000 * behind:.0f} ms behind")
        if counts[-1] == 0 and behind < 0.5:
            break
    assert counts[-1] == 0
    assert behind < 0.5
    flood.unplug()


def test_a_clock_goes_out_evenly_and_is_followed(stage: Stage) -> None:
    drum = Device("drum", listens=True)
    until(lambda: stage.midi.output("drum"))
    stage.do("tempo(120); clock_out('drum')")
    # The first time a port is opened is no measure.
    until(lambda: len(drum.heard) > 24)
    spreads = []
    for attempt in range(1, TRIES + 1):
        drum.heard.clear()
        time.sleep(4.0)
        times = np.array([at for at, data in drum.heard if data == [0xF8]])
        ideal = np.polyval(np.polyfit(np.arange(len(times)), times, 1), np.arange(len(times)))
        off = times - ideal
        spreads.append(float(np.sqrt(np.mean(off**2))))
        bpm = 60 / 24 / np.polyfit(np.arange(len(times)), times, 1)[0]
        print(
            f"try {attempt}: {len(times)} ticks, {bpm:.2f} bpm, off by {1000 * spreads[-1]:.2f} ms (rms), "
            f"{1000 * np.abs(off).max():.2f} ms at most"
        )
        if spreads[-1] < 0.004 and abs(bpm - 120) < 0.3:
            break
    assert spreads[-1] < 0.004
    assert bpm == pytest.approx(120, abs=0.3)
    drum.heard.clear()
    stage.do("clock_out(None)")
    until(lambda: [0xFC] in [data for _, data in drum.heard])

    stage.do("clock_in('drum')")
    before = stage.late()
    until(lambda: stage.midi.ports)
    time.sleep(0.2)

    def tick(count: int, bpm: float) -> None:
        due = time.monotonic()
        for _ in range(count):
            drum.send(0xF8)
            due += 60 / bpm / 24
            time.sleep(max(0.0, due - time.monotonic()))

    tick(48, 100)
    drum.send(0xFA)
    tick(24 * 10, 100)
    status = stage.performance.status()
    beats = status.cycle * 4
    print(f"followed: {status.bpm:.2f} bpm, beat {beats:.3f} of 10; {stage.late() - before} late or covered chunks")
    assert status.bpm == pytest.approx(100, abs=2)
    assert beats == pytest.approx(10, abs=0.15)
    assert len(stage.performance.clock.segments) < 40
    drum.unplug()


def test_patterns_go_out_and_nothing_hangs_after_panic(stage: Stage) -> None:
    synth, keys = Device("synth", listens=True), Device("keys")
    until(lambda: stage.midi.output("synth") and len(stage.midi.ports) > 1)
    stage.do("tempo(120); midi_out('60*4 72', port='synth'); midi_out(sine, cc=74, port='synth')")
    until(lambda: sum(data[0] == 0x90 for _, data in synth.heard) > 8)
    until(lambda: len({data[2] for _, data in synth.heard if data[0] == 0xB0}) > 60)
    stage.do("keys(v2, v3, pattern='bell')")
    keys.press((0x90, 60, 100), lambda: stage.midi.note(60))
    stage.do("panic()")
    assert stage.midi.note(60) == 0.0
    time.sleep(0.5)
    held: set[int] = set()
    for _, data in list(synth.heard):
        if data[0] in (0x90, 0x80):
            (held.add if data[0] == 0x90 and data[2] else held.discard)(data[1])
    assert held == set()
    notes = sum(data[0] == 0x90 for _, data in synth.heard)
    time.sleep(0.7)
    assert sum(data[0] == 0x90 for _, data in synth.heard) == notes
    synth.unplug()
    keys.unplug()
