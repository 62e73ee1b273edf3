"""A performance that was played live, in virtual time, and its replay: the same control frames, bit for bit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from livevae import control
from livevae.control import Change, Timeline
from livevae.engine.frames import columns, joined, widened
from livevae.errors import LivevaeError
from livevae.performance import EvaluationError, Journal, Message, Performance, Piece
from livevae.performance.replay import replaying, script
from support.doubles import RATE, FakeLibrary, RecordingEngine, Slot
from support.virtual import VirtualEngine

SOUNDS = {"choir": 1.0, "bell": 2.0, "drum": -1.0}
STEP = 240


class Stand:
    """A knob of the machine, without the machine."""

    def __init__(self) -> None:
        self.timeline = Timeline()


class Take:
    """A live performance with a journal, and what is replayed from it."""

    def __init__(self, folder: Path, **engine: int) -> None:
        self.folder = folder
        for name in ("default.ts", "other.ts"):
            (folder / name).write_text(name)
        self.engine = VirtualEngine(**engine)
        self.journal = folder / "journal.jsonl"
        self.performance = Performance(
            self.engine, FakeLibrary(**SOUNDS), default_model=folder / "default.ts", journal=Journal(self.journal)
        )
        self.stand = Stand()
        self.stand.timeline.clock = self.performance.control_second
        control.use(self.stand)
        self.told: list[Message] = []

    def do(self, source: str) -> None:
        try:
            self.performance.evaluate(source)
        except EvaluationError as error:
            self.told.append(Message("error", str(error)))

    def knob(self, value: float, number: int = 74, kind: str = "cc") -> None:
        change = Change(kind, number, value, 1, "knobs")
        second = self.stand.timeline.add((kind, number, 1, "knobs"), value)
        self.performance.control_changed(replace(change, second=second))

    def run(self, seconds: float) -> None:
        """Let time pass, with the keeper's looks."""
        end = self.engine.time + round(seconds * RATE)
        while self.engine.time < end:
            self.engine.advance(0.05)
            self.performance.advance()
            if self.engine.time // 2400 % 5 == 0:
                self.performance.tick()

    def end(self) -> None:
        self.performance.close()
        control.use(None)

    def replay(self) -> tuple[RecordingEngine, list[Message]]:
        """Everything once more, from the journal alone."""
        engine, told = RecordingEngine(), []
        what = script(self.journal)
        with replaying(what, engine, FakeLibrary(**SOUNDS), on_message=told.append) as (_, replay):
            while engine.time < what.samples:
                replay.due(engine.time + STEP)
                engine.advance(STEP / RATE, 1)
            assert replay.done
            assert replay.missing == 0
        return engine, told

    def compare(self) -> int:
        """Every frame that both consumed is the same, the others are silent; gives how many were compared."""
        assert self.engine.held == 0
        again, _ = self.replay()
        played, replayed = openings(self.engine), openings(again)
        assert played.keys() == replayed.keys()
        compared = 0
        for key, slot in played.items():
            compared += same(slot, replayed[key])
        return compared


def openings(engine: RecordingEngine) -> dict[tuple[int, int], Slot]:
    """Every stream there was by its slot and how often that had been open before."""
    found: dict[tuple[int, int], Slot] = {}
    for number, slot in [*engine.closed, *engine.slots.items()]:
        found[number, sum(key[0] == number for key in found)] = slot
    return found


def same(a: Slot, b: Slot) -> int:
    first = max(a.first, b.first)
    one, other = joined(a.rows), joined(b.rows)
    widest = max(one.shape[1], other.shape[1])
    one, other = widened(one, widest), widened(other, widest)
    end = min(a.first + len(one), b.first + len(other))
    amp = columns(a.info.dims).amp
    for slot, rows in ((a, one), (b, other)):
        assert (rows[: first - slot.first, amp] == 0.0).all()
        assert (rows[end - slot.first :][3:, amp] == 0.0).all()
    one, other = one[first - a.first : end - a.first], other[first - b.first : end - b.first]
    wrong = np.flatnonzero((one != other).any(axis=1))
    assert not len(wrong), f"frames {wrong[:5] + first}: {one[wrong[0]]} live, {other[wrong[0]]} replayed"
    return end - first


@pytest.fixture
def take(tmp_path):
    made = Take(tmp_path)
    yield made
    made.end()


def test_lines_knobs_and_tempo(take):
    take.run(0.3)
    take.do("v1.z = 'choir ~ bell [drum ~]'; v1.dim[0] = cc(74).range(-3, 3); v1.amp = cc(1, default=0.5)")
    take.run(1.03)
    for n in range(40):
        take.knob(n / 40)
        take.run(0.01)
    take.do("tempo(150); v2.play(perlin + cc(74, smooth=120), quant=0.25, fade=0.3); v1.pan = sine")
    take.run(1.0)
    take.knob(0.25, number=1)
    take.run(0.5)
    take.do("v1.mute(); v2.amp = 0.3")
    take.run(0.7)
    take.do("undo()")
    take.do("v3.z = 1/0")
    take.run(1.2)
    take.do("hush()")
    take.run(4.0)
    take.do("v1.z = '~ bell'")
    take.run(1.0)
    take.end()
    assert take.compare() > 1000


def test_width_and_outputs_are_what_they_were(take):
    take.do("v1.play('choir ~ bell', fade=0); v1.width = 0.7; v2.play(live, fade=0)")
    take.run(1.03)
    take.knob(0.6)
    take.do("tempo(131); v1.width = cc(74); v2.width = '0 <1 0.5>'; v1.out = (2, 1)")
    take.run(2.3)
    take.knob(0.2)
    take.do("v1.width = 0; v1.out = 2")
    take.run(1.5)
    take.end()
    assert take.compare() > 500


def test_a_changed_model_crosses_as_it_did(take):
    take.do("v1.play('choir bell', fade=0)")
    take.run(1.1)
    take.do("v1.model = 'other'")
    take.run(0.1)
    take.do("v1.play('drum', quant=0, fade=1)")
    take.run(3.0)
    take.end()
    assert take.compare() > 400


FAILING = """
def fail(t):
    if (t > {cycle}).any():
        raise ValueError("broken")
    return t
"""


@pytest.mark.parametrize(
    "where", ["v1.play(signal(fail), quant=0)", "v1.amp = signal(fail)", "v1.dim[2] = signal(fail)"]
)
def test_what_failed_and_was_taken_back_is_taken_back_again(take, where):
    take.do("tempo(1920); v1.play('choir bell', fade=0)")
    take.run(1.0)
    take.do(FAILING.format(cycle=26.3) + where)
    assert not take.told
    take.run(0.7)
    take.do("v1.pan = 0.5")
    take.run(0.37)
    take.do("v1.mix = 0.5; v2.z = 'drum'")
    take.run(2.0)
    status = take.performance.status()
    assert [voice.failures for voice in status.voices] == [1, 0]
    assert "taken back once" in repr(status)
    take.end()
    assert take.compare() > 400


def test_a_piece_with_what_it_includes_and_plans(take, tmp_path):
    (tmp_path / "more.py").write_text("v2.z = 'drum'\n")
    piece = tmp_path / "piece.py"
    piece.write_text("include('more.py')\nv1.z = 'choir bell'\nafter(1, lambda: v1.play(3, fade=0))\n")
    loaded = Piece(take.performance, piece)
    loaded.load()
    take.run(1.7)
    piece.write_text("v1.z = 'bell'\n")
    loaded.load()
    take.run(2.0)
    take.end()
    piece.unlink()
    (tmp_path / "more.py").unlink()
    assert take.compare() > 500


LINES = [
    "v1.z = 'choir bell'",
    "v1.play('drum ~ choir', quant=0.25, fade=0.5)",
    "v2.z = perlin + cc(74)",
    "v1.amp = cc(74)",
    "v1.dim[1] = cc(74, smooth=80)",
    "tempo(90)",
    "tempo(200)",
    "v2.mute()",
    "v2.unmute()",
    "v1.solo()",
    "v1.unsolo()",
    "v2.pan = sine",
    "after(0.5, lambda: v2.play('bell', fade=0))",
    "undo()",
    "hush()",
    "v1.model = 'other'",
    "v1.model = None",
]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.tuples(st.one_of(st.sampled_from(LINES), st.floats(0, 1)), st.integers(0, 700)), max_size=14),
    st.integers(0, 300),
)
def test_any_performance(tmp_path_factory, what, latency):
    take = Take(tmp_path_factory.mktemp("take"), latency=latency)
    try:
        for thing, pause in what:
            if isinstance(thing, str):
                take.do(thing)
            else:
                take.knob(thing)
            take.run(pause / 1000)
        take.run(1.0)
        take.end()
        take.compare()
    finally:
        take.end()


def test_a_replay_of_something_else_is_found_out(take):
    take.do("v1.dim[0] = cc(74); v1.play('choir', fade=0)")
    take.run(1.0)
    take.knob(0.5)
    take.run(1.0)
    take.end()
    take.journal.write_text(take.journal.read_text().replace('"value": 0.5', '"value": 0.25'))
    with pytest.raises(AssertionError, match="frames"):
        take.compare()


def test_a_journal_of_a_killed_process(take):
    take.do("v1.play('choir', fade=0)")
    take.run(1.0)
    take.do("v1.play('bell', fade=0)")
    take.run(0.5)
    whole = take.journal.read_bytes()
    take.end()
    for cut in (1, 20, 60):
        take.journal.write_bytes(whole[:-cut])
        what = script(take.journal)
        assert what.seconds >= 1.0
        engine, _ = take.replay()
        assert engine.slots


def test_what_is_no_journal_is_refused(tmp_path):
    for text, said in (
        ("", "empty"),
        ("{}\n{}\n", "line 1 is no entry"),
        ('{"kind": "evaluate", "sample": 0}\n', "earlier livevae"),
        ('{"kind": "start", "sample": 0, "rate": 1}\n' * 2, "more than one"),
    ):
        (tmp_path / "j.jsonl").write_text(text)
        with pytest.raises(LivevaeError, match=said):
            script(tmp_path / "j.jsonl")
    with pytest.raises(LivevaeError, match="cannot be read"):
        script(tmp_path / "none.jsonl")
