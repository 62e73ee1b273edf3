"""OSC from and to other programs, liblo's oscsend and oscdump and Pure Data; an input followed through JACK."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from livevae.engine.client import LiveEngine
from livevae.engine.interface import EngineOptions
from livevae.engine.measuring import INPUTS
from livevae.performance import Keeper, Performance
from support.doubles import FakeLibrary
from support.jackprobe import Probe
from support.jackserver import JackServer
from support.performing import performing
from support.processes import engine_children
from support.signals import identity_file

pytestmark = pytest.mark.live

RATIO = 512


def until(test: Callable[[], object], seconds: float = 20.0) -> None:
    """Wait for something other processes do; fails when it never happens."""
    deadline = time.monotonic() + seconds
    while not test():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


def free_port() -> int:
    """A UDP port that nobody uses just now."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture
def performance(tmp_path: Path) -> Iterator[Performance]:
    with performing("silent", FakeLibrary(), identity_file(tmp_path, RATIO)) as made:
        yield made


def test_oscsend_plays_a_voice(performance: Performance) -> None:
    port = performance.evaluate("osc_listen(0)")

    def send(address: str, *typed: str) -> None:
        subprocess.run(["oscsend", "localhost", str(port), address, *typed], check=True, timeout=20)

    send("/livevae/v1/z", "s", "0.5 0.25")
    until(lambda: performance.voices[0].z is not None)
    until(lambda: performance.engine.status().peaks[0] > 0.2)
    send("/livevae/v1/amp", "f", "0.001")
    until(lambda: performance.engine.status().peaks[0] < 0.01)
    send("/livevae/tempo", "i", "96")
    until(lambda: abs(float(str(performance.evaluate("tempo()"))) - 96) < 1e-6)
    performance.evaluate('v1.amp = osc("/1/fader1")')
    send("/1/fader1", "f", "0.75")
    until(lambda: performance.engine.status().peaks[0] > 0.15)
    send("/livevae/panic")
    until(lambda: performance.voices[0].z is None)
    assert [message.text for message in performance.messages] == []


def test_oscdump_hears_meters_latents_and_patterns(performance: Performance, tmp_path: Path) -> None:
    port = free_port()
    with open(tmp_path / "heard", "w") as heard:
        dump = subprocess.Popen(["oscdump", "-L", str(port)], stdout=heard, stderr=subprocess.STDOUT)
    try:
        performance.evaluate('v1.z = "0.5"')
        performance.evaluate(f'osc_send(port={port}, latents=[v1]); osc_out("1 2", "/lamp", port={port})')

        def lines(address: str) -> list[list[str]]:
            words = [line.split() for line in (tmp_path / "heard").read_text().splitlines()]
            return [line for line in words if address in line]

        until(lambda: len(lines("/lamp")) >= 3)
        until(lambda: lines("/livevae/latent/v1") and lines("/livevae/cycle"))
        until(lambda: any(float(line[-1]) > 0.2 for line in lines("/livevae/meter/v1")))
        assert lines("/livevae/latent/v1")[-1][-1] == "0.500000"
        assert {line[-1] for line in lines("/lamp")} == {"1.000000", "2.000000"}
    finally:
        dump.kill()
        dump.wait()


PATCH = """#N canvas 0 0 400 300 10;
#X obj 10 10 loadbang;
#X obj 10 40 t b b b b;
#X msg 10 200 \\; pd quit;
#X msg 100 80 0.625;
#X msg 200 80 1 2 3;
#X msg 300 80 connect 127.0.0.1 PORT;
#X obj 100 110 oscformat livevae v1 amp;
#X obj 200 110 oscformat xyz;
#X obj 150 140 list prepend send;
#X obj 150 170 list trim;
#X obj 150 200 netsend -u -b;
#X connect 0 0 1 0;
#X connect 1 0 2 0;
#X connect 1 1 3 0;
#X connect 1 2 4 0;
#X connect 1 3 5 0;
#X connect 3 0 6 0;
#X connect 4 0 7 0;
#X connect 5 0 10 0;
#X connect 6 0 8 0;
#X connect 7 0 8 0;
#X connect 8 0 9 0;
#X connect 9 0 10 0;
"""


def test_pure_data_plays_a_voice(performance: Performance, tmp_path: Path) -> None:
    performance.evaluate('v1.z = "0.5"; xyz = osc("/xyz", size=3)')
    port = performance.evaluate("osc_listen(0)")
    (tmp_path / "play.pd").write_text(PATCH.replace("PORT", str(port)))
    subprocess.run(["pd", "-nogui", "-noaudio", "-nomidi", str(tmp_path / "play.pd")], timeout=30, check=False)
    until(lambda: performance.names["xyz"].sample([1e9]).tolist() == [[1.0, 2.0, 3.0]])
    until(lambda: performance.voices[0].amp != 1)
    assert performance.voices[0].amp.sample([1e9])[0] == 0.625
    assert [message.text for message in performance.messages] == []


def test_an_input_is_followed_through_jack(jack_server: JackServer, tmp_path: Path) -> None:
    engine = LiveEngine.start(EngineOptions(backend="jack", client_name="test-follow"))
    performance = Performance(engine, FakeLibrary(), default_model=identity_file(tmp_path, RATIO))
    keeper = Keeper(performance).start()
    try:
        performance.evaluate("heard = follow(live); loud, high = heard.loudness, heard.hertz")
        performance.evaluate("v1.z = loud * 0.5")
        tone = 0.5 * np.sin(2 * np.pi * 330 * np.arange(480_000) / 48_000)
        loud, high = performance.names["loud"], performance.names["high"]
        with Probe(tmp_path, ["self"], tone.astype(np.float32), ["test-follow:input_1"]):
            # -9 dB is 0.85 of the way from -60 dB.
            until(lambda: abs(loud.sample([1e9])[0] - 0.849) < 0.01)
            until(lambda: abs(high.sample([1e9])[0] - 330) < 2)
            until(lambda: engine.status().peaks[0] > 0.4)
        until(lambda: loud.sample([1e9])[0] == 0.0)
        assert [message.text for message in performance.messages if message.kind == "error"] == []
    finally:
        keeper.close()
        performance.close()
        engine.close()


def test_an_engine_that_comes_back_goes_on_measuring(performance: Performance) -> None:
    performance.evaluate('v1.z = "0.5"; v2.z = "0.5"; v2.amp = follow(v1).loudness')
    engine = performance.engine
    assert isinstance(engine, LiveEngine)
    until(lambda: engine.measured(INPUTS, 0)[0] > 10)
    (pid,) = [pid for pid, role in engine_children().items() if role == "engine"]
    os.kill(pid, signal.SIGKILL)
    until(lambda: any("is back" in message.text for message in performance.messages))
    before = engine.measured(INPUTS, 0)[0]
    until(lambda: engine.measured(INPUTS, 0)[0] > before + 10)
