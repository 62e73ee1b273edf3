"""Models trained while one plays: begun, measured, stopped, gone on with, and never in the way."""

import doctest
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from livevae.errors import LivevaeError
from livevae.performance import Message, Performance, Piece, training_checks
from livevae.performance import training as one_training
from livevae.performance.training import Training
from livevae.performance.training_checks import call_of
from livevae.resources import default_model, own_models_dir
from livevae.training.config import TrainConfig
from livevae.training.record import Record, config_of, plain, read, write
from support.command import ROOT
from support.doubles import FakeLibrary, RecordingEngine

QUICK = 'preset="tiny", batch=1, threads=1, gentle=False'
ENDLESS = f"steps=1000000, {QUICK}"


class Stage:
    """A performance that counts as live, on an engine without sound, and what it was told."""

    def __init__(self) -> None:
        self.performance = Performance(RecordingEngine(), FakeLibrary(choir=1.0), default_model=default_model())
        self.told: list[Message] = []
        self.performance.on_message = self.told.append

    def do(self, source: str) -> Any:
        return self.performance.evaluate(source)

    @property
    def texts(self) -> list[str]:
        return [message.text for message in self.told]


class FakeHelper:
    """In place of the process: what it was sent, and what it says. It ends when its input does."""

    made: list["FakeHelper"]

    def __init__(self, module: str, on_message: Callable, on_exit: Callable, environment: dict) -> None:
        self._on_message, self.exit = on_message, on_exit
        self.sent: list[dict] = []
        self.ended = False
        self.alive, self.pid = True, 1
        self.made.append(self)

    def send(self, message: dict) -> bool:
        self.sent.append(message)
        return True

    def release(self) -> None:
        if not self.ended:
            self.say({"is": "stopped"})

    def say(self, message: dict) -> None:
        self.ended = self.ended or message["is"] in ("stopped", "failed", "ready")
        self._on_message(message)

    def stand(self, step: int, distance: float | None = None) -> None:
        facts = {"step": step, "minutes": 6.2, "done": 0.1, "left": 54.0, "distance": distance}
        self.say({"is": "training", **facts})


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return own_models_dir()


@pytest.fixture(scope="session")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sounds")
    times = np.arange(24000) / 48000
    for index in range(3):
        tone = 0.4 * np.sin(2 * np.pi * 110 * 2**index * times) * np.exp(-3 * times)
        soundfile.write(folder / f"tone-{index}.wav", tone, 48000)
    return folder


@pytest.fixture
def stage() -> Iterator[Stage]:
    made = Stage()
    yield made
    made.performance.close()


@pytest.fixture
def helpers(monkeypatch: pytest.MonkeyPatch) -> list[FakeHelper]:
    FakeHelper.made = []
    monkeypatch.setattr(one_training, "Helper", FakeHelper)
    return FakeHelper.made


def until(test: Callable[[], object], seconds: float = 120.0) -> None:
    deadline = time.monotonic() + seconds
    while not test():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def gone(pid: int) -> bool:
    """Has a process ended, whoever is its parent?"""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


# -- with the process itself


def test_a_folder_becomes_a_model_that_can_be_named(stage: Stage, sounds: Path, own_folder: Path) -> None:
    line = f'train("{sounds}", "mine", steps=4, held_out=["tone-0"], {QUICK})'
    mine = stage.do(line)
    assert repr(mine) == "mine: starting"
    assert stage.performance.status().trainings == ("mine starting",)
    with pytest.raises(LivevaeError, match="no sound yet"):
        mine.hear()
    until(lambda: not mine.runs)
    assert mine.state == "ready", mine
    assert (mine.step, mine.path) == (4, own_folder / "mine.ts")
    assert mine.distance > 0
    assert stage.texts[0] == "mine: training begins, 4 steps in all"
    assert stage.texts[1].startswith(f"mine: {mine.distance:.1f} dB after ")
    assert stage.texts[2].startswith('mine is ready: v1.model = "mine"')
    assert len(stage.texts) == 3
    assert "mine" in stage.performance.models
    before, after = mine.hear()
    assert before.name == "tone-0-before.flac"
    assert after.name == "tone-0-000004.flac"
    assert after.exists()
    # It is done: another performance that says the same starts nothing.
    later = Stage()
    assert later.do(line).state == "ready"
    assert later.texts == []
    later.performance.close()


def test_what_is_stopped_or_left_is_saved_and_gone_on_with(stage: Stage, sounds: Path, own_folder: Path) -> None:
    line = f'train("{sounds}", "mine", {ENDLESS})'
    mine = stage.do(line)
    until(lambda: mine.step >= 2)
    mine.stop()
    until(lambda: not mine.runs)
    assert mine.state == "stopped", mine
    assert (own_folder / "mine.checkpoint").exists()
    assert not mine.path.exists()
    assert mine.call == f'train("{sounds}", "mine", steps=1000000, preset="tiny", batch=1)'
    assert stage.texts[-1] == repr(mine)
    later = Stage()
    assert repr(later.do("trainings()")) == repr(mine)
    again = later.do(line)
    until(lambda: again.step > mine.step)
    assert later.texts[0] == "mine: training goes on, 1000000 steps in all"
    pid = again.pid
    later.performance.close()
    assert later.texts[-1].startswith(("mine is saved at ", "mine is being saved at "))
    assert later.texts[-1].endswith(f"{again.call} goes on from there")
    until(lambda: gone(pid))
    record = read(own_folder / "mine-run")
    assert record is not None
    assert record.step >= again.step
    assert not record.done


def test_a_performance_that_is_killed_leaves_no_process_and_loses_nothing(sounds: Path, own_folder: Path) -> None:
    script = f"""
import sys, time
sys.path.insert(0, {str(ROOT / "tests")!r})
from livevae.performance import Performance
from livevae.resources import default_model
from support.doubles import FakeLibrary, RecordingEngine
performance = Performance(RecordingEngine(), FakeLibrary(choir=1.0), default_model=default_model())
mine = performance.evaluate('train("{sounds}", "mine", {ENDLESS})')
while mine.step < 2:
    time.sleep(0.02)
print(mine.pid, flush=True)
time.sleep(100)
"""
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None
    pid = int(process.stdout.readline())
    process.kill()
    process.wait()
    process.stdout.close()
    until(lambda: gone(pid))
    record = read(own_folder / "mine-run")
    assert record is not None
    assert record.step >= 2
    assert (own_folder / "mine.checkpoint").exists()


def test_a_training_that_is_killed_is_told(stage: Stage, sounds: Path) -> None:
    mine = stage.do(f'train("{sounds}", "mine", {ENDLESS})')
    os.kill(mine.pid, signal.SIGKILL)
    until(lambda: not mine.runs)
    assert stage.told[-1].kind == "error"
    assert stage.texts[-1] == f"mine: its process was killed: {mine.call} goes on from what was saved last."


@pytest.mark.skipif(not hasattr(os, "SCHED_IDLE"), reason="this system knows no idle priority")
def test_it_gives_way_to_everything_else(stage: Stage, sounds: Path) -> None:
    mine = stage.do(f'train("{sounds}", "mine", preset="tiny")')
    until(lambda: os.sched_getscheduler(mine.pid) == os.SCHED_IDLE)
    until(lambda: os.getpriority(os.PRIO_PROCESS, mine.pid) == 19)
    mine.stop()
    until(lambda: not mine.runs)
    assert repr(mine) == "mine: stopped before it began"


def test_what_only_the_training_finds_out_is_told(stage: Stage, tmp_path: Path, own_folder: Path) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "a.wav").write_bytes(b"no sound")
    mine = stage.do(f'train("{tmp_path / "broken"}", "mine", {ENDLESS})')
    # What another livevae trains is left alone.
    (own_folder / "other-run").mkdir(parents=True)
    handle = os.open(own_folder / "other-run", os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    other = stage.do(f'train("{tmp_path / "broken"}", "other", {ENDLESS})')
    until(lambda: not mine.runs and not other.runs)
    os.close(handle)
    assert (mine.state, other.state) == ("failed", "failed")
    assert "usable recording" in repr(mine)
    assert repr(other) == "other: other is being trained by another livevae: let that end first."
    assert {repr(mine), repr(other)} <= set(stage.texts)


# -- the words


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ('train("/nowhere", "mine")', "there is no folder /nowhere"),
        ('train("{empty}", "mine")', "there is no sound file in {empty}"),
        ('train("{sounds}", "mine", preset="tinny")', "There is no preset 'tinny': choose one of tiny"),
        ('train("{sounds}", "default")', "default is a model that ships"),
        ('adapt("{sounds}", "taken")', "there is a model taken already"),
        ('train("{sounds}", "my model")', "letters, digits"),
        ('train("{sounds}", "mine.ts")', "letters, digits"),
        ('train("{sounds}", "mine", minutes=0)', "at least one step"),
        ('train("{sounds}", "mine", minutes="long")', "minutes is a number"),
        ('train("{sounds}", "mine", threads=0)', "threads is a whole number"),
        ('train("{sounds}", "mine", held_out="bell")', "held_out is a list"),
        ('train([], "mine")', "recordings are a folder"),
        ('adapt("{sounds}", "mine", model="nothing")', "there is no model 'nothing'"),
        ('train("{sounds}", "begun")', 'begun was begun with preset="tiny"'),
        ('adapt("{sounds}", "begun")', "begun was begun by train()"),
    ],
)
def test_what_cannot_be_is_said_at_once(
    stage: Stage, helpers: list[FakeHelper], sounds: Path, tmp_path: Path, own_folder: Path, line: str, text: str
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / "notes.txt").write_text("no sound")
    own_folder.mkdir(parents=True)
    (own_folder / "taken.ts").write_text("another model")
    begun = TrainConfig((sounds,), own_folder / "begun.ts", "tiny")
    write(begun.folder, Record(plain(begun)))
    begun.checkpoint.write_text("a checkpoint")
    with pytest.raises(LivevaeError) as raised:
        stage.do(line.format(sounds=sounds, empty=empty))
    assert text.format(empty=empty) in str(raised.value)
    assert helpers == []


def test_how_it_stands_is_told(stage: Stage, helpers: list[FakeHelper], sounds: Path) -> None:
    mine = stage.do(f'mine = adapt("{sounds}", "mine", minutes=60); mine')
    helper = helpers[0]
    asked = config_of(helper.sent[0]["config"])
    assert asked.start == default_model()
    assert asked.resume
    helper.say({"is": "reading", "text": "Preparing recordings: 1 of 3"})
    assert repr(mine) == "mine: preparing recordings: 1 of 3"
    helper.say({"is": "begun", "skipped": ["/a.wav: It is silent.", "/b.wav: It is silent."]})
    helper.stand(120)
    assert repr(mine) == "mine: 6 of 60 min, step 120, 54 min left"
    helper.stand(121, 5.42)
    helper.say({"is": "measured"})
    assert repr(mine) == "mine: 6 of 60 min, step 121, 5.4 dB from the recordings, 54 min left"
    assert mine.note == "mine 10% 5.4 dB"
    assert "training mine 10% 5.4 dB" in repr(stage.performance.status())
    assert (mine.minutes, mine.left, mine.distance) == (6.2, 54.0, 5.42)
    helper.say({"is": "trouble", "text": "the disk is full."})
    assert [(message.kind, message.text) for message in stage.told] == [
        ("info", "mine: training begins, 60 min in all"),
        ("warning", "mine: 2 files are not used: /a.wav: It is silent, ..."),
        ("info", "mine: 5.4 dB after 6 min"),
        ("warning", "mine: the disk is full."),
    ]
    trainings = stage.do("trainings()")
    assert trainings["mine"] is trainings[0] is mine
    with pytest.raises(LivevaeError, match="there are mine"):
        trainings["yours"]
    assert not stage.do('hush(); panic(); trainings()["mine"].stop()')
    assert helper.sent[1:] == [{"do": "stop"}]
    helper.stand(122, 5.42)
    assert repr(mine) == "mine: stopping"
    helper.say({"is": "stopped"})
    helper.exit(0)
    assert mine.state == "stopped"
    assert mine.call == f'adapt("{sounds}", "mine", minutes=60)'
    assert stage.performance.status().trainings == ()


def test_the_same_again_goes_on_and_another_waits(stage: Stage, helpers: list[FakeHelper], sounds: Path) -> None:
    first = stage.do(f'train("{sounds}", "mine")')
    assert stage.do(f'train("{sounds}", "mine")') is first
    with pytest.raises(LivevaeError, match=r'being trained already: trainings\(\)\["mine"\]\.stop\(\)'):
        stage.do(f'train("{sounds}", "mine", minutes=90)')
    first.stop()
    with pytest.raises(LivevaeError, match="just being saved"):
        stage.do(f'train("{sounds}", "mine")')
    helpers[0].say({"is": "stopped"})
    assert stage.do(f'train("{sounds}", "mine")').runs
    assert len(helpers) == 2


def test_an_evaluation_that_fails_begins_nothing(stage: Stage, helpers: list[FakeHelper], sounds: Path) -> None:
    with pytest.raises(LivevaeError):
        stage.do(f'train("{sounds}", "mine"); nothing_of_that_name')
    assert helpers == []
    assert stage.do(f'train("{sounds}", "mine")').runs
    assert len(helpers) == 1


def test_a_piece_that_is_saved_begins_nothing_twice(
    stage: Stage, helpers: list[FakeHelper], sounds: Path, tmp_path: Path
) -> None:
    path = tmp_path / "piece.py"
    path.write_text(f'train("{sounds}", "mine")\n')
    piece = Piece(stage.performance, path)
    piece.load()
    piece.load()
    assert len(helpers) == 1
    path.write_text(f'train("{sounds}", "mine", minutes=90)\n')
    piece.load()
    assert stage.texts[-1].startswith("mine is being trained already")
    path.write_text(f'train("{sounds}", "mine")\n')
    # Also when the performer has ended it by hand.
    stage.do('trainings()["mine"].stop()')
    piece.load()
    helpers[0].say({"is": "stopped"})
    piece.load()
    assert len(helpers) == 1
    assert stage.do(f'train("{sounds}", "mine")').runs
    assert len(helpers) == 2


def test_nothing_is_trained_where_nothing_is_live(rig: Any, helpers: list[FakeHelper]) -> None:
    # A piece is rendered on another machine, which need not have the recordings.
    assert repr(rig.do('mine = train("/nowhere", "mine"); mine')) == "mine: nothing is trained"
    rig.do("mine.stop()")
    assert [(message.kind, message.text) for message in rig.told] == [
        ("info", "mine: nothing is trained here, only while you play.")
    ]
    assert repr(rig.do("trainings()")) == 'nothing is trained: train("~/sounds", "mine") begins'
    with pytest.raises(LivevaeError, match="There is no preset"):
        rig.do('train("/nowhere", "mine", preset="tinny")')
    assert helpers == []


@pytest.mark.parametrize(
    "line",
    [
        'train("{0}", "mine")',
        'train(["{0}", "{0}"], "mine", minutes=5, preset="tiny", stereo=True, latents=4, ratio=256, batch=2)',
        'train("{0}", "mine", steps=9, regularisation="mmd", beta=0.5, held_out=["tone-1"], patience=3, seed=1)',
        'adapt("{0}", "mine")',
        'adapt("{0}", "mine", steps=9, model="{1}", batch=1, held_out=["tone-1"])',
    ],
)
def test_what_is_typed_to_go_on_is_what_was_typed(
    stage: Stage, helpers: list[FakeHelper], sounds: Path, line: str
) -> None:
    line = line.format(sounds, default_model().with_name("low-latency.ts"))
    first = stage.do(line)
    assert call_of(first.config, default_model()) == first.call
    first.stop()
    helpers[0].say({"is": "stopped"})
    assert stage.do(first.call).config == first.config
    assert config_of(plain(first.config)) == first.config


def test_the_examples_hold(
    stage: Stage, helpers: list[FakeHelper], sounds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "sounds").symlink_to(sounds)
    for word in ("train", "adapt", "trainings"):
        test = doctest.DocTestParser().get_doctest(
            stage.do(word).__doc__, {**stage.performance.names}, word, None, None
        )
        assert test.examples
        assert doctest.DocTestRunner().run(test).failed == 0
        stage.performance.training.release()
    names = {"Path": Path, "TrainConfig": TrainConfig}
    assert doctest.testmod(one_training).failed == doctest.testmod(training_checks, extraglobs=names).failed == 0


def test_what_a_training_offers_is_documented() -> None:
    assert all(getattr(Training, name).__doc__ for name in dir(Training) if not name.startswith("_"))
