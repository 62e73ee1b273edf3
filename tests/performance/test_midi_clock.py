"""MIDI clock in and out and patterns that are sent, in virtual time; and that a replay is what was played."""

from __future__ import annotations

import doctest
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livevae import control
from livevae.control.messages import Reader
from livevae.control.outputs import Outputs
from livevae.errors import LivevaeError
from livevae.performance import Journal, Performance, pulse
from livevae.performance.pulse import ClockFilter, EngineClock
from livevae.performance.replay import Replay, script
from support.doubles import RATE, FakeLibrary, RecordingEngine
from support.midi import Wire, wired


class Slave:
    """A performance, and a machine whose clock it is told of: virtual seconds stand for `time.monotonic`."""

    def __init__(self, rig, wire: Wire) -> None:
        self.rig, self.wire, self.clock = rig, wire, rig.performance.midi.clock
        self.clock._engine = EngineClock(lambda: self.second, lambda: self.second)
        self.cps: list[float] = []
        self.next = 0.0

    @property
    def second(self) -> float:
        return self.rig.engine.time / RATE

    def run(self, seconds: float, bpm: float | None, jitter: float = 0.0) -> None:
        """Let time pass in blocks, with ticks at a tempo."""
        random = np.random.default_rng(1)
        end = self.second + seconds
        self.next = max(self.next, self.second)
        while self.second < end - 1e-9:
            self.rig.run(0.01)
            while bpm is not None and self.next <= self.second:
                self.clock._message(0xF8, self.next + jitter * random.random(), 0)
                self.next += 60 / bpm / 24
            self.cps.append(self.rig.performance.clock.cps_at(self.second))


@pytest.fixture
def slave(rig, monkeypatch: pytest.MonkeyPatch) -> Iterator[Slave]:
    with wired(rig.performance, monkeypatch) as wire:
        yield Slave(rig, wire)


def test_examples_show_what_happens() -> None:
    assert doctest.testmod(pulse).failed == 0


@settings(max_examples=60, deadline=None)
@given(st.floats(30, 300), st.integers(0, 100))
def test_a_tempo_is_found_in_ticks_that_come_unevenly(bpm: float, seed: int) -> None:
    random, ticks = np.random.default_rng(seed), ClockFilter()
    period = 60 / bpm / 24
    for n in range(120):
        ticks.add(n * period + random.uniform(0, min(0.005, period / 4)))
    assert ticks.bpm == pytest.approx(bpm, rel=0.004)
    assert ticks.count == 119


def test_lost_ticks_are_counted_and_a_new_tempo_is_followed() -> None:
    ticks = ClockFilter()
    times = [n / 48 for n in range(100) if n % 40 != 39]
    for at in times:
        ticks.add(at)
    assert ticks.count == 99
    for n in range(1, 40):
        ticks.add(times[-1] + n / 96)
    assert ticks.bpm == pytest.approx(240, rel=0.01)
    last = times[-1] + 39 / 96
    for n in range(1, 40):
        ticks.add(last + n / 24)
    assert ticks.bpm == pytest.approx(60, rel=0.01)


def test_a_clock_is_followed_in_tempo_and_beat_without_a_jump(slave: Slave) -> None:
    slave.rig.do("clock_in('drum')")
    slave.run(1.0, None)
    slave.run(12.0, 100.0, jitter=0.005)
    performance = slave.rig.performance
    assert performance.clock.cps_at(slave.second) * 240 == pytest.approx(100, rel=0.005)
    beat = (slave.clock._filter.tick(slave.second) / 24) % 1
    off = (performance.cycle() * 4 - beat + 0.5) % 1 - 0.5
    assert abs(off) * 0.6 < 0.006  # seconds
    # Changes of tempo are few.
    assert len(performance.clock.segments) < 20
    assert (np.abs(np.diff(slave.cps)) / slave.cps[0] < 0.25).all()
    slave.run(3.0, None)
    assert performance.clock.cps_at(slave.second) * 240 == pytest.approx(100, rel=0.01)


def test_start_position_and_stop(slave: Slave) -> None:
    slave.rig.performance.names["seen"] = seen = []
    slave.rig.do("clock_in('drum', start=lambda: seen.append('start'), stop=lambda: seen.append('stop'))")
    slave.run(2.0, 120.0)
    slave.clock._message(0xFA, slave.second, 0)
    began = slave.next
    slave.run(3.0, 120.0)
    assert slave.rig.performance.cycle() == pytest.approx((slave.second - began) / 2, abs=0.01)
    slave.clock._message(0xFC, slave.second, 0)
    slave.clock._message(0xF2, slave.second, 32)
    slave.clock._message(0xFB, slave.second, 0)
    began = slave.next
    slave.run(3.0, 120.0)
    assert slave.rig.performance.cycle() == pytest.approx(2 + (slave.second - began) / 2, abs=0.01)
    slave.rig.performance.settle()
    assert seen == ["start", "stop", "start"]
    slave.rig.do("clock_in(None)")
    assert slave.clock.bpm is None


def test_patterns_are_sent_in_time(slave: Slave) -> None:
    sender = slave.rig.performance.midi.sender
    sender._engine = EngineClock(lambda: slave.second, lambda: slave.second)
    sender.wake = lambda: None  # type: ignore[method-assign]
    slave.rig.do(
        "tempo(120); midi_out('60 [64 67]', port='synth', velocity=1); "
        "midi_out(saw, cc=74, channel=2, port='synth'); clock_out('synth')"
    )
    start = slave.second
    while slave.second < start + 2.0:
        sender.step()
        slave.rig.run(0.02)
    lines = slave.wire.out()
    assert {port for _, port, _ in lines} == {"synth"}
    notes = [(round(at, 3), data) for at, _, data in lines if data[0] & 0xE0 == 0x80]
    assert notes[:5] == [
        (0.0, [0x90, 60, 127]),
        (0.998, [0x80, 60, 0]),
        (1.0, [0x90, 64, 127]),
        (1.498, [0x80, 64, 0]),
        (1.5, [0x90, 67, 127]),
    ]
    knobs = [(at, data[2]) for at, _, data in lines if data[0] == 0xB1]
    assert [value for _, value in knobs[:128]] == list(range(128))
    assert all(abs(at - value / 127 * 2) < 0.02 for at, value in knobs[:128])
    ticks = [at for at, _, data in lines if data == [0xF8]]
    np.testing.assert_allclose(ticks, np.arange(len(ticks)) / 48, atol=1e-9)
    assert [data for _, _, data in lines if data[0] in (0xFA, 0xFB)] == [[0xFA]]
    slave.rig.do("set_cycle(8, quant=0)")
    for _ in range(3):
        slave.rig.run(0.1)
        sender.step()
    assert any(data[0] == 0xF2 for _, _, data in slave.wire.out())
    slave.rig.do("midi_out(None, port='synth'); clock_out(None); hush()")
    sender.step()
    held: set[int] = set()
    for _, _, data in sorted(slave.wire.out(), key=lambda line: line[0]):
        if data[0] in (0x80, 0x90):
            (held.add if data[0] == 0x90 else held.discard)(data[1])
    assert held == set()
    assert slave.wire.out()[-1][2] == [0xFC] or slave.wire.out()[-2][2] == [0xFC]


def test_hush_and_panic_end_notes_until_something_else_is_sent(slave: Slave) -> None:
    sender = slave.rig.performance.midi.sender
    sender._engine = EngineClock(lambda: slave.second, lambda: slave.second)
    sender.wake = lambda: None  # type: ignore[method-assign]
    slave.rig.do("midi_out('60*8', port='synth')")
    sender.step()
    for word in ("hush()", "panic()"):
        slave.rig.do(word)
        slave.wire.sent.clear()
        slave.rig.run(0.5)
        sender.step()
        assert slave.wire.out() == []
        slave.rig.do("midi_out('62*8', port='synth')")
        for _ in range(4):
            sender.step()
            slave.rig.run(0.1)
        assert [data[1] for _, _, data in slave.wire.out() if data[0] == 0x90]


def test_controllers_are_told_where_their_knobs_stand(slave: Slave) -> None:
    sender = slave.rig.performance.midi.sender
    sender._engine = EngineClock(lambda: slave.second, lambda: slave.second)
    sender.wake = lambda: None  # type: ignore[method-assign]
    slave.wire.plug("nano:out", outputs=("nano:in",))
    slave.rig.do("feedback('nano'); v1.play('choir', quant=0); v1.dim[0] = cc(1, port='nano', default=0.5).pickup()")
    slave.rig.do("v1.dim[1] = cc(2, port='nano').toggle(); v1.amp = cc(3, port='nano')")

    def told() -> list[list[int]]:
        slave.wire.sent.clear()
        slave.rig.run(0.1)
        sender.step()
        assert {port for _, port, _ in slave.wire.out()} <= {"nano:in"}
        return sorted(data for _, _, data in slave.wire.out())

    assert told() == [[0xB0, 1, 64], [0xB0, 2, 0], [0xB0, 3, 0]]
    slave.wire.play(0xB0, 3, 100, port="nano:out")
    slave.wire.play(0xB0, 2, 127, port="nano:out")
    slave.wire.play(0xB0, 2, 0, port="nano:out")
    assert told() == [[0xB0, 2, 127]]
    slave.wire.play(0xB0, 1, 127, port="nano:out")
    assert told() == [[0xB0, 1, 64]]  # not met yet: the fader goes back to where the sound is
    assert told() == []


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("midi_out(sine, port='x')", "has none: give a cc"),
        ("midi_out(1, cc=200)", "no MIDI number 200"),
        ("midi_out(1, cc=1, channel=17)", "no MIDI channel 17"),
        ("midi_out(1, kind='x')", "pressure"),
        ("midi_out(1, cc=1, kind='bend')", "not both"),
        ("midi_out(1, port=3)", "part of its name"),
        ("clock_in(3)", "part of its name"),
        ("clock_in('x', ahead='y')", "milliseconds"),
        ("clock_in('x', stop=3)", "is a function"),
        ("feedback(3)", "parts of names"),
    ],
)
def test_what_does_not_work_is_refused(slave: Slave, typed: str, message: str) -> None:
    with pytest.raises(LivevaeError, match=message):
        slave.rig.do(typed)


class Port:
    def __init__(self) -> None:
        self.got: list[list[int]] = []
        self.gone = False

    def send_message(self, data: list[int]) -> None:
        if self.gone:
            raise RuntimeError("unplugged")
        self.got.append(data)

    def close_port(self) -> None: ...

    def delete(self) -> None: ...


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(0, 1), st.sampled_from([0x90, 0x80, 0x91, 0xB0]), st.integers(58, 62), st.integers(0, 127)),
        max_size=40,
    ),
    st.floats(0, 1),
)
def test_no_note_that_was_sent_hangs(lines: list[tuple[float, int, int, int]], until: float) -> None:
    clock, port = Clock(), Port()
    outputs = Outputs(clock)
    outputs._thread = object()  # type: ignore[assignment]  # nothing is sent but by due()
    outputs.wanted = ("synth",)
    assert outputs.scan({"synth:in": 0, "other": 1}, lambda index: port) == []
    outputs.send([(at, "SYNTH", [kind, number, value]) for at, kind, number, value in lines])
    clock.now = until
    outputs.due()
    expected = [line for line in sorted(lines, key=lambda line: line[0]) if line[0] <= until]
    assert len(port.got) >= len(expected)
    outputs.panic()
    clock.now = 9.0
    assert outputs.due() is None
    reader = Reader()
    for data in port.got:
        reader.read([data[0], *data[1:]], "p")
    assert reader.release() == ()
    port.gone = True
    outputs.send([(0.0, "synth", [0x90, 60, 1])])
    outputs.due()
    assert outputs.scan({}, lambda index: port) == []


class Together(RecordingEngine):
    """Frames are read at the end of each chunk."""


def test_a_replay_is_what_was_played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Learning, pickup, encoders, keys and another machine's clock: the same rows for the same frames."""
    monkeypatch.setattr("livevae.performance.midi_map.user_config_dir", lambda *a, **k: str(tmp_path / "config"))
    (tmp_path / "default.ts").write_text("default.ts")
    library = FakeLibrary(choir=1.0, bell=2.0, drum=-1.0)
    engine = Together()
    path = tmp_path / "journal.jsonl"
    performance = Performance(engine, library, default_model=tmp_path / "default.ts", journal=Journal(path), live=False)
    random = np.random.default_rng(3)
    typed = [
        "v1.play('choir', quant=0); learn(v1.dim, 0, 1, pickup=True)",
        "v1.dim[2] = cc(16, default=0.5).relative() * 2; clock_in('drum')",
        "keys(v2, v3, pattern=lambda key: lerp('choir', 'bell', key.place), ring=0.1)",
        "v1.dim[3] = cc(5).pickup(0.3); v4.play(trig(note(36), 'drum'), quant=0)",
        "save_map('kept'); v1.dim[0] = None",
        "load_map('kept')",
        "v1.dim[3] = cc(5).pickup(0.3).range(-1, 1); v1.pan = velocity().range(-1, 1)",
    ]

    def run(seconds: float) -> None:
        end = engine.time + round(seconds * RATE)
        while engine.time < end:
            performance.advance(engine.time / RATE)
            engine.advance(0.05)

    with wired(performance, monkeypatch) as wire:
        clock = performance.midi.clock
        clock._engine = EngineClock(lambda: engine.time / RATE, lambda: engine.time / RATE)
        wire.plug("nano", "keys")
        performance.settle()
        tick = 0.0
        for line in typed:
            performance.evaluate(line)
            for _ in range(25):
                run(0.05)
                number = int(random.choice([5, 16, 40, 41]))
                wire.play(0xB0, number, int(random.integers(0, 128)))
                wire.play(0x90, int(random.choice([36, 60, 62, 64])), int(random.choice([0, 100])), port="keys")
                performance.settle()
                while tick < engine.time / RATE:
                    clock._message(0xF8, tick, 0)
                    tick += 60 / 137 / 24
            clock._message(0xFA, engine.time / RATE, 0)
        wire.plug("keys")
        wire.plug("keys", "nano")
        performance.settle()
        run(0.5)
        performance.evaluate("panic()")
        run(0.3)
    rows = {slot: np.concatenate(made.rows) for slot, made in engine.slots.items()}
    firsts = {slot: made.first for slot, made in engine.slots.items()}
    end = engine.time
    performance.close()
    assert performance.clock.cps * 240 == pytest.approx(137, rel=0.02)

    again = Together()
    what = script(path)
    played = Performance(again, library, default_model=tmp_path / "default.ts", live=False)
    replay = Replay(played, what)
    control.use(replay.knobs)
    again.attach(replay.fill)
    while again.time < end:
        replay.due(again.time)
        played.advance(again.time / RATE)
        again.advance(0.05)
    control.use(None)
    assert replay.missing == 0
    for slot, made in again.slots.items():
        assert made.first == firsts[slot]
        np.testing.assert_array_equal(np.concatenate(made.rows), rows[slot])
    assert np.ptp(rows[0][:, 4:8], axis=0).min() > 0.5
    played.close()
