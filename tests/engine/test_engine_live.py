"""The live engine on its silent clock, with real processes: it plays, and whatever dies comes back."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import soundfile

from livevae.engine.client import LiveEngine
from livevae.engine.interface import EngineOptions, FileInput, Live, Silence
from livevae.errors import LivevaeError
from support.engines import noise, rows

PATIENCE = 30.0


def until(true, what="that"):
    """Wait for something; fails where it does not come."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if true():
            return
        time.sleep(0.02)
    pytest.fail(f"{what} did not happen within {PATIENCE:g} seconds")


def children(of=None):
    """The running processes of the engine started by a process: {pid: role}."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
            state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        if b"livevae.engine" in words and state != "Z" and int(parent) == (of or os.getpid()):
            found[int(folder.name)] = words[words.index(b"livevae.engine") + 1].decode()
    return found


def pids(role):
    return {pid for pid, kind in children().items() if kind == role}


class Stage:
    """An engine, its events, and the level that every voice is filled with."""

    def __init__(self):
        self.engine = LiveEngine.start(EngineOptions(backend="silent"))
        self.events = []
        self.level = 1.0
        self.dims = {}
        self.engine.on_event = self.events.append
        self.engine.attach(lambda slot, first, count: rows(self.dims.get(slot, 4), count, amp=self.level))

    def open(self, model, source, slot=0):
        self.dims[slot] = model.latent_size
        return self.engine.open_slot(slot, model.digest, source)

    def kinds(self):
        return [event.kind for event in self.events]

    def sounds(self):
        return max(self.engine.status().peaks) > 0.1

    def silent(self):
        return max(self.engine.status().peaks) < 0.02

    def hears_again(self, slot=0):
        """After a death: the clock runs, the slot consumes, the master moves."""
        until(lambda: "restarted" in self.kinds(), "a restart")
        consumed, clock = self.engine.consumed(slot), self.engine.now()
        until(lambda: self.engine.consumed(slot) > consumed + 100, "consuming")
        assert self.engine.now() > clock
        self.level = 0.0
        self.engine.refresh()
        until(self.silent, "silence")
        self.level = 1.0
        self.engine.refresh()
        until(self.sounds, "sound")


@pytest.fixture(scope="module")
def stage():
    made = Stage()
    yield made
    made.engine.close()
    assert children() == {}


@pytest.fixture
def fresh(stage):
    """The engine with nothing open, level 1 and no events."""
    for slot in range(4):
        stage.engine.close_slot(slot)
    stage.level = 1.0
    until(stage.silent, "silence")
    stage.events.clear()
    return stage


@pytest.fixture(scope="module")
def loop(tmp_path_factory):
    path = tmp_path_factory.mktemp("sounds") / "loop.wav"
    soundfile.write(path, noise(48_000), 48_000)
    return path


def test_a_voice_plays_records_and_falls_silent(fresh, models, loop, tmp_path):
    engine = fresh.engine
    assert (engine.rate, engine.block, engine.status().backend) == (48_000, 256, "silent")
    model = engine.open_model(models("identity"))
    assert engine.open_model(models("identity")) == model
    info = fresh.open(model, FileInput(loop))
    assert (info.dims, info.ratio, info.model_delay) == (256, 256, 0)
    assert info.buffering >= 256 + 2 * 256
    until(fresh.sounds, "sound")
    engine.record(tmp_path / "take.flac")
    assert engine.status().recording == str(tmp_path / "take.flac")
    begun = engine.now()
    until(lambda: engine.now() > begun + 12_000, "a quarter of a second")
    engine.record(None)
    assert engine.status().recording is None
    audio, rate = soundfile.read(tmp_path / "take.flac")
    assert rate == 48_000
    assert len(audio) >= 12_000
    assert np.abs(audio).max() == pytest.approx(0.3, abs=0.01)
    fresh.level = 0.0
    engine.refresh()
    until(fresh.silent, "silence")
    assert engine.status().slot_peaks[0] == 0.0
    assert fresh.events == []


def test_what_cannot_be_is_refused_and_the_voice_plays_on(fresh, models, loop, tmp_path):
    engine = fresh.engine
    model = engine.open_model(models("identity"))
    fresh.open(model, FileInput(loop))
    until(fresh.sounds, "sound")
    damaged = tmp_path / "damaged.ts"
    damaged.write_bytes(models("plain").read_bytes()[:3000])
    for refused in (
        lambda: engine.set_source(0, Live(7)),
        lambda: engine.set_source(0, FileInput(tmp_path / "missing.wav")),
        lambda: engine.set_source(9, Silence()),
        lambda: engine.open_slot(99, model.digest, Silence()),
        lambda: engine.open_slot(1, "no such model", Silence()),
        lambda: engine.open_model(damaged),
        lambda: engine.open_model(tmp_path / "missing.ts"),
        lambda: engine.record(tmp_path / "take.mp3"),
        lambda: engine.record(tmp_path / "nowhere" / "take.wav"),
    ):
        with pytest.raises(LivevaeError):
            refused()
    consumed = engine.consumed(0)
    until(lambda: engine.consumed(0) > consumed + 20, "consuming")
    assert fresh.sounds()
    assert engine.open_model(models("plain")).latent_size == 4


def test_panic_is_silence_until_the_voice_is_filled_anew(fresh, models, loop):
    engine = fresh.engine
    fresh.open(engine.open_model(models("identity")), FileInput(loop))
    until(fresh.sounds, "sound")
    engine.attach(lambda slot, first, count: rows(256, count, amp=0.0))
    engine.panic()
    until(fresh.silent, "silence")
    engine.attach(lambda slot, first, count: rows(fresh.dims.get(slot, 4), count, amp=fresh.level))
    until(fresh.sounds, "sound")


def test_a_killed_model_host_comes_back_with_its_voice(fresh, models, loop):
    engine = fresh.engine
    model = engine.open_model(models("identity"))
    fresh.open(model, FileInput(loop))
    until(fresh.sounds, "sound")
    host = engine._hosts.of(0)
    assert host is not None
    victim = host.child.process.pid
    os.kill(victim, signal.SIGKILL)
    fresh.hears_again()
    assert fresh.kinds()[0] == "died"
    assert victim not in pids("host")


def test_a_model_opens_though_the_spare_process_was_killed(fresh, models):
    engine = fresh.engine
    used = {host.child.process.pid for host in engine._hosts.all()}
    until(lambda: pids("host") - used, "a spare process")
    for spare in pids("host") - used:
        os.kill(spare, signal.SIGKILL)
    until(lambda: pids("host") == used, "the end of the spare process")
    assert engine.open_model(models("discrete")).discrete
    assert fresh.events == []


def test_a_killed_engine_comes_back_with_its_voices_and_the_clock_goes_on(fresh, models, loop):
    engine = fresh.engine
    model = engine.open_model(models("identity"))
    fresh.open(model, FileInput(loop))
    until(fresh.sounds, "sound")
    clock, (victim,) = engine.now(), pids("engine")
    os.kill(victim, signal.SIGKILL)
    fresh.hears_again()
    assert engine.now() > clock
    assert fresh.kinds()[0] == "died"
    assert victim not in pids("engine")
    assert len(pids("engine")) == 1


def test_engine_and_model_killed_at_once_come_back(fresh, models, loop):
    engine = fresh.engine
    fresh.open(engine.open_model(models("identity")), FileInput(loop))
    until(fresh.sounds, "sound")
    host = engine._hosts.of(0)
    assert host is not None
    for victim in [*pids("engine"), host.child.process.pid]:
        os.kill(victim, signal.SIGKILL)
    until(lambda: fresh.kinds().count("restarted") == 2, "both restarts")
    fresh.hears_again()


def test_a_sound_that_is_not_finite_is_told(fresh, models, tmp_path):
    audio = noise(48_000)
    audio[::6400] = 5.0
    soundfile.write(tmp_path / "loud.wav", audio, 48_000, subtype="FLOAT")
    model = fresh.engine.open_model(models("nan"), rate=48_000)
    fresh.open(model, FileInput(tmp_path / "loud.wav"))
    until(lambda: "nan" in fresh.kinds(), "an event")
    assert fresh.events[0].slot == 0
    until(fresh.sounds, "sound")


def test_models_can_be_opened_at_the_same_time(fresh, models, loop):
    """A performer loads one while a piece loads another: both are there, each in a process of its own."""
    engine = fresh.engine
    kinds = ["stereo", "variational"]
    paths = [models(kind) for kind in kinds]
    with ThreadPoolExecutor(2) as pool:
        opened = list(pool.map(engine.open_model, paths))
    for slot, model in enumerate(opened):
        fresh.open(model, FileInput(loop), slot)
    for slot in range(2):
        until(lambda slot=slot: engine.status().slot_peaks[slot] > 0.001, f"sound of {kinds[slot]}")
    assert fresh.events == []


PERFORMER = """
import sys, time
from pathlib import Path
from livevae.engine.client import LiveEngine
from livevae.engine.interface import EngineOptions, Silence
engine = LiveEngine.start(EngineOptions(backend="silent"))
model = engine.open_model(Path(sys.argv[1]))
engine.open_slot(0, model.digest, Silence())
print("playing", flush=True)
time.sleep(600)
"""


def test_nothing_is_left_of_an_engine_whose_performer_is_killed(models):
    script = [sys.executable, "-c", PERFORMER, str(models("identity64"))]
    performer = subprocess.Popen(script, stdout=subprocess.PIPE)
    try:
        assert performer.stdout.readline() == b"playing\n"
        started = children(performer.pid)
        assert "engine" in started.values()
        assert "host" in started.values()
    finally:
        performer.kill()
        performer.communicate()
    until(lambda: not any(running(pid) for pid in started), "the end of all processes")


def running(pid):
    try:
        return b"livevae.engine" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def test_a_device_that_is_not_there_is_refused_in_one_sentence():
    before = children()
    with pytest.raises(LivevaeError, match="no audio through 'coreaudio'"):
        LiveEngine.start(EngineOptions(backend="coreaudio"))
    until(lambda: set(children()) <= set(before), "the end of its processes")
