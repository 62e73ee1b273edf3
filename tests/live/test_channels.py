"""Outputs and inputs by number through a real JACK server: four of each."""

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from livevae.engine.client import LiveEngine
from livevae.engine.interface import EngineOptions, Live
from livevae.errors import LivevaeError
from support.jackprobe import Probe
from support.jackserver import JackServer
from support.processes import engine_children
from support.signals import RATE, Sine, breaks, filler, identity_file, lag_of, noise, through

pytestmark = pytest.mark.live

NAME = "test-channels"
OUTS = [f"{NAME}:output_{n}" for n in range(1, 5)]
INS = [f"{NAME}:input_{n}" for n in range(1, 5)]
TRIES = 3


@pytest.fixture
def engine(jack_server: JackServer) -> Iterator[LiveEngine]:
    options = EngineOptions(backend="jack", client_name=NAME, input_channels=4, output_channels=4)
    opened = LiveEngine.start(options)
    yield opened
    opened.close()
    assert engine_children() == {}


def test_what_enters_at_an_input_comes_out_at_an_output(engine: LiveEngine, tmp_path: Path) -> None:
    """Inputs 3 and 4 through two voices, to outputs 4 and 3: each is what was sent, late by its buffering."""
    assert (engine.inputs, engine.outputs) == (4, 4)
    model = engine.open_model(identity_file(tmp_path, 256))
    engine.attach(filler({0: through(256), 1: through(256)}))
    for slot, output in ((0, 3), (1, 2)):
        info = engine.open_slot(slot, model.digest, Live(3 + slot))
        engine.set_rack(slot, slot)
        engine.set_outputs(slot, (output,), engine.now())
    with pytest.raises(LivevaeError, match="no output 5: 4 are open"):
        engine.set_outputs(0, (4,), engine.now())
    with pytest.raises(LivevaeError, match="4 audio inputs are open; `--inputs` opens more"):
        engine.set_source(0, Live(5))
    time.sleep(1.0)
    sent = np.stack([noise(2.0, seed=seed) for seed in (1, 2)])
    for attempt in range(1, TRIES + 1):
        with Probe(tmp_path, ["self", *OUTS], sent, INS[2:]) as probe:
            time.sleep(2.4)
            peaks = engine.status().output_peaks
            heard = probe.stop()
        own, first, second, third, fourth = heard.audio
        begin = lag_of(sent[0], own)
        late = begin + info.buffering
        wrong = [
            int(np.count_nonzero(~(np.abs(out[late : late + RATE] - part[:RATE]) <= 1e-6)))
            for out, part in ((fourth, sent[0]), (third, sent[1]))
        ]
        print(f"try {attempt}: wrong samples {wrong}, xruns {heard.xruns}")
        if not any(wrong):
            break
    else:
        pytest.fail(f"in each of {TRIES} tries samples were wrong")
    assert not np.nan_to_num(first).any()
    assert not np.nan_to_num(second).any()
    assert len(peaks) == 4
    assert peaks[:2] == (0.0, 0.0)


def test_a_voice_moves_between_outputs_without_a_click(engine: LiveEngine, tmp_path: Path) -> None:
    """A sine that goes from place to place: all outputs together are that sine all the time."""
    hertz, level = 375, 0.4
    model = engine.open_model(identity_file(tmp_path, 256))
    engine.attach(filler({0: Sine(hertz, 256, level).rows()}))
    engine.open_slot(0, model.digest, Live(1))
    engine.set_rack(0, 0)
    time.sleep(1.0)
    for attempt in range(1, TRIES + 1):
        with Probe(tmp_path, OUTS) as probe:
            for outputs in ((2, 3), (1, 0), (3, 2), (0, 1)):
                time.sleep(0.4)
                engine.set_outputs(0, outputs, engine.now() + 2000)
            time.sleep(0.4)
            heard = probe.stop()
        found = breaks(np.asarray(heard.audio.sum(axis=0)), hertz, 2 * level)
        used = np.abs(np.nan_to_num(heard.audio)).max(axis=1)
        print(f"try {attempt}: breaks {found}, xruns {heard.xruns}")
        if not found and heard.xruns == 0:
            break
    else:
        pytest.fail(f"in each of {TRIES} tries the sine broke, in the last one at {found}")
    assert (used > 0.9 * level).all()
