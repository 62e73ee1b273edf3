"""What is followed moves voices: the same in a rendering, whatever its block, and in a replay."""

import json
import time

import numpy as np
import pytest
import soundfile

from livevae.control.inbox import Inbox
from livevae.engine.measuring import INPUTS
from livevae.errors import LivevaeError
from livevae.latent import Encoder, Library
from livevae.performance import Journal, Performance
from livevae.performance.ears import LATE, Ears
from livevae.performance.render import render
from livevae.performance.replay import replaying, script
from support import models
from support.doubles import RATE, FakeLibrary, RecordingEngine


def row(sample, power=0.0, hertz=0.0, centre=0.0, attacks=0.0, change=0.0):
    return (float(sample), power, hertz, centre, attacks, change)


@pytest.fixture
def ears(rig):
    rig.engine.followed, rig.engine.rows = [], []
    rig.engine.follow = lambda sources: rig.engine.followed.append(tuple(sources))

    def measured(source, since):
        there = [row for row in rig.engine.rows if row[0] <= rig.engine.time]
        return len(there), np.array(there[min(since, len(there)) :]).reshape(-1, 6)

    rig.engine.measured = measured
    return rig.engine


def test_loudness_moves_a_level_from_the_second_it_holds(rig, ears):
    rig.do("v1.z = point(0, 0, 0, 0); v1.amp = follow(live, smooth=0).loudness")
    assert ears.followed == [(0,)]
    ears.rows += [row(0), row(24_000, power=1.0), row(48_000, power=10**-3)]
    rig.run(1.5)
    amp = rig.played().amp
    first = (24_000 + LATE) / RATE * 100
    assert set(np.round(amp[: int(first) - 1], 6)) == {0.0}
    assert amp[int(first) + 6] == 1.0
    assert amp[-1] == pytest.approx(0.5)


def test_pitch_stays_where_there_is_none_and_onsets_fall(rig, ears):
    rig.do("v1.z = follow(2, smooth=0).pitch * point(1, 0, 0, 0) + follow(2).onset * point(0, 1, 0, 0)")
    assert ears.followed[-1] == (1,)
    ears.rows += [row(0), row(9_600, power=0.1, hertz=320.0, centre=500.0, attacks=1.0)]
    ears.rows += [row(n, power=0.0) for n in range(10_624, 96_000, 1024)]
    rig.run(2.0)
    bias = rig.played().bias
    assert bias[-1, 0] == pytest.approx(0.5)
    assert bias[:, 1].max() > 0.9
    assert bias[-1, 1] < 0.01


def test_a_voice_can_be_followed(rig, ears):
    rig.do("v1.z = point(0, 0, 0, 0); v2.z = point(0, 0, 0, 0); v2.amp = follow(v1).noisiness")
    assert ears.followed[-1] == (INPUTS,)
    assert "follow(v1): loudness" in repr(rig.do("follow(v1)"))


@pytest.mark.parametrize(
    "line", ["follow(3)", "follow(live(9))", 'follow("x")', "follow(True)", "follow(live, smooth=-1)"]
)
def test_what_cannot_be_followed_is_one_clear_sentence(rig, line):
    with pytest.raises(LivevaeError, match=r"follow\("):
        rig.do(line)


def test_a_replay_needs_no_input(tmp_path):
    (tmp_path / "default.ts").write_text("default")
    engine = RecordingEngine()
    rng = np.random.default_rng(3)
    rows = [row(n, power=rng.uniform(0, 1)) for n in range(0, 96_000, 1024)]
    engine.follow = lambda sources: None
    engine.measured = lambda source, since: (
        len([r for r in rows if r[0] <= engine.time]),
        np.array([r for r in rows if r[0] <= engine.time][since:]).reshape(-1, 6),
    )
    journal = Journal(tmp_path / "take.jsonl")
    model = tmp_path / "default.ts"
    performance = Performance(engine, FakeLibrary(), default_model=model, live=False, journal=journal)
    performance.evaluate("v1.z = point(0, 0, 0, 0); v1.amp = follow(live).loudness")
    while engine.time < 96_000:
        performance.advance(engine.time / RATE)
        engine.advance(0.02, 1)
    performance.close()
    assert sum(json.loads(line)["kind"] == "control" for line in journal.path.read_text().splitlines()) > 50

    again = RecordingEngine()
    with replaying(script(journal.path), again, FakeLibrary()) as (_, replay):
        while again.time < 96_000:
            replay.due(again.time)
            again.advance(0.02, 1)
    played, replayed = np.concatenate(engine.slots[0].rows), np.concatenate(again.slots[0].rows)
    np.testing.assert_array_equal(played, replayed)
    assert len(np.unique(played[:, -3])) > 50


class Counting:
    """An engine that says how often it was asked to follow what."""

    inputs, rate = 2, RATE

    def __init__(self):
        self.asked = []

    def follow(self, sources):
        self.asked.append(tuple(sources))

    def measured(self, source, since):
        return 0, np.zeros((0, 6))


def test_live_it_is_measured_only_while_somebody_asks(monkeypatch):
    monkeypatch.setattr("livevae.performance.ears._UNASKED_SECONDS", 0.05)
    engine = Counting()
    ears = Ears(engine, Inbox(), print, live=True)
    loudness = ears.follow(1).loudness

    def until(wanted):
        deadline = time.monotonic() + 20
        while engine.asked[-1:] != [wanted]:
            assert time.monotonic() < deadline
            time.sleep(0.01)

    try:
        until(())
        deadline = time.monotonic() + 20
        while engine.asked[-1] != (0,):
            assert time.monotonic() < deadline
            loudness.sample([0.0])
        until(())
    finally:
        ears.close()
    assert ears._thread is not None
    assert not ears._thread.is_alive()


SOURCE = """
v1.play(1, quant=0, fade=0)
v1.amp = follow(live).loudness * 0.5 + follow(live).onset * 0.25
v1.pan = follow(live).pitch * follow(live).noisiness.range(1, 0)
v2.play(follow(live).brightness * 0.2, quant=0)
v3.play(follow(v1).loudness * 0.1, quant=0)
"""


def test_a_rendering_follows_its_input_and_is_the_same_for_every_block(tmp_path):
    model = models.save(models.identity(256), tmp_path / "identity.ts")
    (tmp_path / "song.py").write_text(SOURCE)
    at = np.arange(72_000) / 48_000
    sound = 0.5 * np.sin(2 * np.pi * 300 * at) * np.exp(-3 * (at % 0.5))
    soundfile.write(tmp_path / "in.wav", sound.astype(np.float32), 48_000, "FLOAT")
    library = Library(tmp_path / "cache", Encoder())
    rendered = []
    try:
        for block in (256, 256, 64, 1024):
            out = tmp_path / "out.wav"
            how = {"model": model, "library": library, "input": tmp_path / "in.wav", "seconds": 1.5}
            render(tmp_path / "song.py", out, block=block, **how)
            rendered.append(soundfile.read(out, dtype="float32")[0])
    finally:
        library.close()
    assert np.abs(rendered[0]).max() > 0.2
    envelope = np.abs(rendered[0]).reshape(-1, 2400, 2).max(axis=(1, 2))
    assert envelope[13] > 1.2 * envelope[8], "the second attack is heard"
    for other in rendered[1:]:
        np.testing.assert_array_equal(other, rendered[0])
