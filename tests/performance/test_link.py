"""Link: tempo both ways, the bar met without a jump, start and stop; others are played by a double in virtual time."""

import json
import sys

import numpy as np
import pytest

from livevae.control.link import LinkSession
from livevae.errors import LivevaeError
from livevae.performance import Journal, Performance
from livevae.performance.linking import NEAR_SECONDS, STEP_SECONDS, Linking
from livevae.performance.replay import replaying, script
from support.doubles import FakeLibrary, RecordingEngine


class Session:
    """Others, at a tempo and a beat of their own, on the clock of the engine."""

    def __init__(self, engine):
        self.engine = engine
        self.others = 1
        self.bpm = 120.0
        self.zero = (0.0, 0.0)
        self.started = False
        self.left = False

    def _now(self):
        return self.engine.time / self.engine.rate

    def join(self, bpm, start_stop):
        if not self.others:
            self.bpm = bpm
        return self

    def peers(self):
        return self.others

    def tempo(self):
        return self.bpm

    def set_tempo(self, bpm):
        self.zero = (self._now(), self.beat(4))
        self.bpm = bpm

    def beat(self, quantum):
        second, beat = self.zero
        return beat + (self._now() - second) * self.bpm / 60

    def playing(self):
        return self.started

    def set_playing(self, playing):
        self.started = playing

    def close(self):
        self.left = True


@pytest.fixture
def session(rig):
    made = Session(rig.engine)
    rig.performance.linking = Linking(rig.performance, made.join, live=False)
    rig.performance.names["link"] = rig.performance.linking.link
    return made


def run(rig, seconds):
    """Let time pass, with a look at Link now and then."""
    for _ in range(round(seconds / STEP_SECONDS)):
        rig.run(STEP_SECONDS)
        rig.performance.linking.step()
        rig.performance.settle()


def gap(rig, session, quantum=4):
    """Seconds by which the performance is behind."""
    mine = (rig.performance.clock.cycle(rig.performance.second() - rig.performance.buffering)) * 4
    behind = (session.beat(quantum) - mine + quantum / 2) % quantum - quantum / 2
    return behind * 60 / session.bpm


def test_joining_glides_to_the_tempo_and_the_bar_of_the_others(rig, session):
    rig.do("v1.z = point(0, 0, 0, 0)")
    session.bpm, session.zero = 132.0, (0.0, 1.3)
    run(rig, 1)
    joined = rig.performance.second()
    rig.do("link()")
    run(rig, 40)
    assert rig.do("tempo()") == pytest.approx(132)
    assert abs(gap(rig, session)) < NEAR_SECONDS
    segments = [s for s in rig.performance.clock.segments if s.second >= joined]
    speeds = np.array([s.cps for s in segments])
    assert speeds.max() < 132 / 240 * 1.34
    assert speeds.min() > 0.5 * 0.79
    glide = speeds[: np.argmax(speeds >= 132 / 240 - 1e-9)]
    assert len(glide) > 8
    assert np.diff(np.concatenate([[0.5], glide])).max() < 0.02
    assert "1 other, 132 bpm" in repr(rig.do("link()"))


def test_alone_it_keeps_its_tempo_and_others_follow_who_changes_it(rig, session):
    session.others = 0
    rig.do("tempo(96); link()")
    run(rig, 2)
    assert session.bpm == pytest.approx(96)
    session.others = 1
    rig.do("tempo(104)")
    run(rig, 0.5)
    assert session.bpm == pytest.approx(104)
    rig.do("v1.amp = 0.5")
    session.set_tempo(100.0)
    run(rig, 10)
    assert rig.do("tempo()") == pytest.approx(100)
    rig.do("undo()")
    run(rig, 1)
    assert rig.performance.voices[0].amp == 1
    assert rig.do("tempo()") == pytest.approx(100), "what others did is not taken back"


def test_a_phase_that_is_near_is_left_alone(rig, session):
    rig.do("link()")
    run(rig, 3)
    before = len(rig.performance.clock.segments)
    session.zero = (0.0, 0.002)
    run(rig, 5)
    assert len(rig.performance.clock.segments) == before


def test_the_latency_that_is_told_is_allowed_for(rig, session):
    rig.do("link(latency=0.1)")
    run(rig, 20)
    assert gap(rig, session) == pytest.approx(-0.1, abs=NEAR_SECONDS)


def test_start_and_stop_go_both_ways(rig, session):
    rig.do("link(start_stop=True)")
    run(rig, 0.2)
    assert not session.started
    rig.do("v1.z = point(0, 0, 0, 0)")
    run(rig, 0.2)
    assert session.started
    session.started = False
    run(rig, 0.5)
    assert rig.performance.voices[0].z is None
    session.started = True
    run(rig, 0.5)
    assert session.started
    rig.do("v1.z = point(0, 0, 0, 0)")
    run(rig, 0.2)
    rig.do("hush()")
    run(rig, 0.2)
    assert not session.started


def test_leaving_and_wrong_numbers(rig, session):
    assert "not joined" in repr(rig.do("link(False)"))
    rig.do("link(quantum=8)")
    rig.do("link(False)")
    assert session.left
    for line in ("link(quantum=0)", "link(latency=5)"):
        with pytest.raises(LivevaeError, match="link"):
            rig.do(line)


def test_without_the_package_it_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "link", None)
    with pytest.raises(LivevaeError, match=r'pip install "livevae\[link\]"'):
        LinkSession(120.0)


def test_a_replay_needs_nobody(tmp_path):
    (tmp_path / "default.ts").write_text("default")
    engine = RecordingEngine()
    others = Session(engine)
    others.bpm, others.zero = 110.0, (0.0, 0.4)
    journal = Journal(tmp_path / "take.jsonl")
    how = {"default_model": tmp_path / "default.ts", "live": False}
    performance = Performance(engine, FakeLibrary(), journal=journal, **how)
    performance.linking = Linking(performance, others.join, live=False)
    performance.names["link"] = performance.linking.link
    performance.evaluate("v1.z = perlin * point(1, 1, 1, 1); link()")
    while engine.time < 48_000 * 12:
        performance.advance(engine.time / 48_000)
        engine.advance(0.05, 1)
        performance.linking.step()
        performance.settle()
    performance.close()
    kinds = [json.loads(line).get("address") for line in journal.path.read_text().splitlines()]
    assert {"/livevae/link/tempo", "/livevae/link/nudge"} <= set(kinds)

    again = RecordingEngine()
    with replaying(script(journal.path), again, FakeLibrary()) as (_, replay):
        while again.time < 48_000 * 12:
            replay.due(again.time)
            again.advance(0.05, 1)
    np.testing.assert_array_equal(np.concatenate(engine.slots[0].rows), np.concatenate(again.slots[0].rows))
