"""MIDI over JACK as a performer has it: from a knob to changed sound, what a flood costs, and how even a clock is.

    python -m benchmarks.midi [--turns 40] [--flood 60] [--clock 10]

The knob turns the level of a voice that lets a tone through an identity model with chunks of 2048 samples; the moments
are those at which its message is given to JACK and at which JACK gives the recorder the first block that is louder or
quieter. The flood is a thousand messages a second from a process of its own, to a knob that moves a dimension of the
shipped model; it is compared with as many seconds without. The clock is received by a client beside livevae: JACK
through rtmidi delivers at the beginning of a block, so that a block is what it is uneven by.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import rtmidi

from livevae.control import Midi
from livevae.engine.client import LiveEngine
from livevae.engine.interface import EngineOptions
from livevae.latent import Encoder, Library
from livevae.performance import Keeper, Performance
from livevae.resources import default_model, sounds_dir
from support.jackprobe import Probe
from support.jackserver import jack_server
from support.signals import RATE, identity_file

CHUNK = 2048
PERIOD = 0.4

_FLOOD = """
import sys, time, rtmidi
port = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name="flood")
port.open_virtual_port("out")
sys.stdin.readline()
start, seconds = time.monotonic(), float(sys.argv[1])
for n in range(int(1000 * seconds)):
    port.send_message([0xB0, 74, n % 128])
    time.sleep(max(0.0, start + (n + 1) / 1000 - time.monotonic()))
"""


@contextmanager
def performing(folder: Path, model: Path) -> Iterator[tuple[Performance, Midi]]:
    """A performance on JACK with MIDI."""
    engine = LiveEngine.start(EngineOptions(backend="jack", client_name="midi-bench"))
    library = Library(folder / "cache", Encoder())
    library.add_folder(sounds_dir())
    performance = Performance(engine, library, default_model=model)
    keeper = Keeper(performance)
    try:
        with Midi() as midi, performance.midi.attached(midi, performance.control_changed):
            keeper.start()
            yield performance, midi
    finally:
        keeper.close()
        performance.close()
        library.close()
        engine.close()


def until(test: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not test():
        if time.monotonic() > deadline:
            raise SystemExit("it did not happen within 20 s")
        time.sleep(0.01)


def knob(turns: int, folder: Path) -> dict[str, Any]:
    """Milliseconds from a knob to changed sound."""
    port = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name="knob")
    port.open_virtual_port("out")
    length = int((turns * PERIOD + 2) * RATE)
    tone = (0.5 * np.sin(2 * np.pi * 1000 * np.arange(length) / RATE)).astype(np.float32)
    with performing(folder, identity_file(folder, CHUNK)) as (performance, midi):
        until(lambda: midi.ports)
        performance.evaluate("v1.input = live(1); v1.play(live, quant=0); v1.amp = cc(74).range(0.2, 0.8)")
        time.sleep(1.0)
        sent = []
        with Probe(folder, ["midi-bench:output_1"], tone, ["midi-bench:input_1"]) as probe:
            time.sleep(1.0)
            for turn in range(turns):
                sent.append(time.monotonic())
                port.send_message([0xB0, 74, 127 * (turn % 2 == 0)])
                # At no multiple of blocks or chunks.
                time.sleep(PERIOD + 0.0123 * (turn % 7) / 7)
            heard = probe.stop()
        status = performance.engine.status()
        buffering = performance.status().voices[0].buffering
    port.close_port()
    port.delete()
    sound = np.nan_to_num(heard.audio[0])
    level = np.abs(sound[: len(sound) // 48 * 48].reshape(-1, 48)).max(axis=1)
    # The tone itself is steady; the level goes from one frame to the next, and this is its beginning.
    edges = np.flatnonzero(np.abs(level[5:] - level[:-5]) > 0.02 * level.max()) + 5
    moments = np.array([heard.when(int(edge) * 48) for edge in edges])
    delays = []
    for at in sent:
        later = moments[(moments > at) & (moments < at + PERIOD)]
        if len(later):
            delays.append(1000 * float(later[0] - at))
    chunk = 1000 * CHUNK / RATE
    return {
        "turns": turns,
        "heard": len(delays),
        "median_ms": round(float(np.median(delays)), 1),
        "p95_ms": round(float(np.percentile(delays, 95)), 1),
        "worst_ms": round(max(delays), 1),
        "chunk_ms": round(chunk, 1),
        "goal_ms": round(chunk + 30, 1),
        "buffering_ms": round(1000 * buffering, 1),
        "late": status.late,
        "xruns": status.xruns,
    }


def flood(seconds: float, folder: Path) -> dict[str, Any]:
    """What a thousand messages a second cost."""
    with performing(folder, default_model()) as (performance, midi):
        performance.evaluate("v1.play('choir', quant=0); v1.dim[0] = cc(74).range(-1, 1)")
        sender = subprocess.Popen([sys.executable, "-c", _FLOOD, str(seconds)], stdin=subprocess.PIPE, text=True)
        until(lambda: midi.ports)
        time.sleep(2.0)
        seen = [0]
        told = midi.on_change

        def count(change: Any) -> None:
            seen[0] += 1
            if told is not None:
                told(change)

        midi.on_change = count
        found = {}
        for name in ("quiet", "flood"):
            before, used = performance.engine.status(), time.process_time()
            waits = []
            if name == "flood" and sender.stdin is not None:
                sender.stdin.write("\n")
                sender.stdin.flush()
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                begun = time.monotonic()
                performance.evaluate("v1.dim[1] = 0.5")
                waits.append(time.monotonic() - begun)
                time.sleep(0.25)
            after = performance.engine.status()
            found[name] = {
                "late": after.late - before.late,
                "covered": after.covered - before.covered,
                "xruns": after.xruns - before.xruns,
                "processor": round((time.process_time() - used) / seconds, 3),
                "prompt_ms": round(1000 * float(np.median(waits)), 1),
            }
        sender.wait()
        time.sleep(0.3)
    share = found["flood"]["processor"] - found["quiet"]["processor"]
    return {
        "seconds": seconds,
        "messages": seen[0],
        "ms_a_message": round(1000 * share * seconds / seen[0], 3),
        **found,
    }


def clock(seconds: float, folder: Path) -> dict[str, Any]:
    """How even the ticks of a clock are that goes out, in milliseconds."""
    heard: list[float] = []
    sink = rtmidi.MidiIn(rtmidi.API_UNIX_JACK, name="drum")
    sink.ignore_types(timing=False)
    sink.set_callback(lambda event, _: heard.append(time.monotonic()) if event[0] == [0xF8] else None)
    sink.open_virtual_port("in")
    with performing(folder, default_model()) as (performance, _):
        performance.evaluate("v1.play('choir', quant=0); clock_out('drum')")
        until(lambda: len(heard) > 48)
        heard.clear()
        time.sleep(seconds)
        times = np.array(heard)
    sink.close_port()
    sink.delete()
    count = np.arange(len(times))
    line = np.polyfit(count, times, 1)
    off = 1000 * (times - np.polyval(line, count))
    return {
        "ticks": len(times),
        "bpm": round(60 / 24 / float(line[0]), 3),
        "rms_ms": round(float(np.sqrt(np.mean(off**2))), 2),
        "worst_ms": round(float(np.abs(off).max()), 2),
        "block_ms": round(1000 * 256 / RATE, 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=40)
    parser.add_argument("--flood", type=float, default=60.0)
    parser.add_argument("--clock", type=float, default=10.0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, jack_server("midi-bench"):
        folder = Path(name)
        for part, run in (
            ("knob", lambda: knob(arguments.turns, folder)),
            ("clock", lambda: clock(arguments.clock, folder)),
            ("flood", lambda: flood(arguments.flood, folder)),
        ):
            print(json.dumps({part: run()}), flush=True)


if __name__ == "__main__":
    main()
