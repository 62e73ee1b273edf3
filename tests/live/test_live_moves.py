"""Movers through a real JACK server: the path stays as long as status says, nothing is late, and they survive."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from livevae.engine.client import MOVERS, LiveEngine
from livevae.engine.frames import Rows, branch_columns, columns, width
from livevae.engine.interface import EngineOptions, Event, Live
from livevae.errors import LivevaeError
from livevae.model.mover import MoverSpec, Stage
from support.jackprobe import Probe
from support.jackserver import JackServer
from support.processes import engine_children
from support.signals import filler, identity_file, noise

pytestmark = pytest.mark.live

TRIES = 3
DIMS = 256
IN, LEFT = "test-moves:input_1", "test-moves:output_1"
BACK = Stage("route", {"source": np.arange(DIMS)[::-1]})
TWICE = MoverSpec(DIMS, (BACK, BACK))
"""Reversed and reversed again: it is heard as what entered, exactly."""
NEAR = Stage("nearest", {"points": np.random.default_rng(1).normal(size=(2048, DIMS)), "amount": np.zeros(1)})
SEARCHED = MoverSpec(DIMS, (NEAR,))
"""Searches a recording of 11 seconds and goes no part of the way."""


@pytest.fixture
def engine(jack_server: JackServer) -> Iterator[LiveEngine]:
    opened = LiveEngine.start(EngineOptions(backend="jack", client_name="test-moves"))
    yield opened
    opened.close()
    assert engine_children() == {}


def moved(key: int) -> Rows:
    """One row that lets a live input through by a mover alone."""
    row = np.zeros((1, width(DIMS, 1)), np.float32)
    at, branch = columns(DIMS), branch_columns(DIMS, 0)
    row[:, at.amp] = row[:, at.mix] = 1.0
    row[:, branch.amount] = row[:, branch.gain] = 1.0
    row[:, branch.mover] = key
    return row


def settle(engine: LiveEngine) -> None:
    """Wait until what is asked for now is what sounds."""
    frame, deadline = engine.consumed(0), time.monotonic() + 30.0
    while engine.consumed(0) < frame + 2 * engine.rate // DIMS:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def heard(engine: LiveEngine, folder: Path, sent: NDArray[np.float32], delay: int) -> dict[str, int]:
    """What is wrong with noise that comes back, and what was late meanwhile."""
    before = engine.status()
    with Probe(folder, ["self", LEFT], sent, [IN]) as probe:
        time.sleep(len(sent) / engine.rate + 0.3)
        after = engine.status()
        own, back = probe.stop().audio
    assert np.abs(np.nan_to_num(own)).max() > 0.25
    wrong = int(np.count_nonzero(~(np.abs(back[delay:] - own[:-delay]) <= 1e-6)))
    return {"wrong samples": wrong, "late": after.late - before.late}


@pytest.mark.parametrize("spec", [TWICE, SEARCHED], ids=["route", "nearest"])
def test_the_path_is_as_long_as_without_a_mover(engine: LiveEngine, tmp_path: Path, spec: MoverSpec) -> None:
    """The input comes back whole and as late as status says, while other movers are added to the same voice."""
    model = engine.open_model(identity_file(tmp_path, DIMS))
    engine.attach(filler({0: moved(spec.key())}))
    info = engine.open_slot(0, model.digest, Live(1))
    engine.add_mover(0, spec.key(), spec)
    assert info.buffering == DIMS + 2 * engine.block
    settle(engine)
    sent = noise(5.0)
    for attempt in range(1, TRIES + 1):
        found = heard(engine, tmp_path, sent, info.buffering)
        print(f"try {attempt}: {found}")
        if not any(found.values()):
            break
    assert not any(found.values())


def test_movers_come_back_with_a_model_whose_process_was_killed(engine: LiveEngine, tmp_path: Path) -> None:
    events: list[Event] = []
    engine.on_event = events.append
    model = engine.open_model(identity_file(tmp_path, DIMS))
    engine.attach(filler({0: moved(TWICE.key())}))
    info = engine.open_slot(0, model.digest, Live(1))
    engine.add_mover(0, TWICE.key(), TWICE)
    for use in range(1, MOVERS + 4):
        engine.add_mover(0, SEARCHED.key(use), SEARCHED)
        engine.add_mover(0, TWICE.key(), TWICE)  # used again, so it is not the one that is forgotten
    settle(engine)
    events.clear()  # its first frames may have asked for a mover that was only just on its way
    for pid, kind in engine_children().items():
        if kind == "host":
            os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 30.0
    while not any(event.kind == "restarted" for event in events):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    settle(engine)
    for attempt in range(1, TRIES + 1):
        found = heard(engine, tmp_path, noise(1.0), info.buffering)
        print(f"try {attempt}: {found}")
        if not any(found.values()):
            break
    assert not any(found.values())
    assert not [event for event in events if event.kind == "mover"]


def test_a_mover_that_does_not_fit_is_refused_and_a_missing_one_told(engine: LiveEngine, tmp_path: Path) -> None:
    events: list[Event] = []
    engine.on_event = events.append
    model = engine.open_model(identity_file(tmp_path, DIMS))
    engine.attach(filler({0: moved(TWICE.key())}))
    engine.open_slot(0, model.digest, Live(1))
    with pytest.raises(LivevaeError, match="does not fit"):
        engine.add_mover(0, 1, MoverSpec(3))
    slow = np.random.default_rng(0).normal(size=(DIMS, 8000))
    layers = {"weights0": slow, "bias0": np.zeros(8000), "weights1": slow.T @ slow[:, :100], "bias1": np.zeros(100)}
    many = MoverSpec(
        DIMS,
        (
            Stage("mlp", {**layers, "weights2": slow.T[:100], "bias2": np.zeros(DIMS)}),
            *[Stage("matrix", {"weights": np.eye(DIMS), "offset": np.zeros(DIMS)})] * 200,
        ),
    )
    with pytest.raises(LivevaeError, match="of the time"):
        engine.add_mover(0, many.key(), many)
    settle(engine)
    assert [event.slot for event in events if event.kind == "mover"] == [0]
