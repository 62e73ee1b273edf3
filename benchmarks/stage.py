"""Two voices on JACK while the performer's process does its worst: what is late, what breaks.

    python -m benchmarks.stage [--seconds 600]

Starts its own `jackd` (48 kHz, 256 frames a block). Two identity models play a sine each, hard left and hard right; a
JACK client in another process records both, and every sample that is not the sine going on is a discontinuity. The
process that holds the engine computes in pure Python, in C calls that keep the interpreter, and in prompt-toolkit, a
third of the time each. Goal: 0 xruns, 0 late chunks, 0 discontinuities.

A virtual machine may itself stand still for some milliseconds, and then no program is in time. Idle processes of the
highest priority watch for that: `machine_stalls` are their wake-ups that came more than half a block late, and what
broke during one or within 0.1 s after it is not `unexplained`.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from livevae.engine.client import LiveEngine
from livevae.engine.frames import Rows
from livevae.engine.interface import EngineOptions, Event, Fill, Silence
from support.jackprobe import Probe
from support.jackserver import jack_server
from support.signals import RATE, Sine, breaks, filler, identity_file
from support.stalls import Stalls

VOICES = (Sine(440, 2048, 0.25, -1.0), Sine(660, 1024, 0.25, 1.0))


def pure_python(until: float) -> None:
    """Dictionaries, strings and bytecode."""
    while time.monotonic() < until:
        assert {number: str(number) for number in range(20_000)}


def long_c_calls(until: float) -> None:
    """One call after the other that keeps the interpreter for tens of milliseconds."""
    while time.monotonic() < until:
        sum(range(3_000_000))
        time.sleep(0.02)


def prompt(until: float) -> None:
    """Lines typed at a prompt that draws, colours and completes."""
    import io

    from prompt_toolkit import PromptSession
    from prompt_toolkit.completion import WordCompleter
    from prompt_toolkit.data_structures import Size
    from prompt_toolkit.input import create_pipe_input
    from prompt_toolkit.lexers import PygmentsLexer
    from prompt_toolkit.output.vt100 import Vt100_Output
    from pygments.lexers.python import PythonLexer

    words = WordCompleter([f"recording{number}" for number in range(1000)])
    while time.monotonic() < until:
        with create_pipe_input() as keys:
            keys.send_text('v1.z = lerp("recording1\t\t", "recording2\t\t").slow(4)\n')
            output = Vt100_Output(io.StringIO(), lambda: Size(rows=40, columns=120), term="xterm")
            PromptSession(
                input=keys,
                output=output,
                completer=words,
                complete_while_typing=True,
                lexer=PygmentsLexer(PythonLexer),
                bottom_toolbar=lambda: f"cycle {time.monotonic():.2f}",
            ).prompt("> ")


class Ahead:
    """A fill that notes how far ahead of the engine the rows still reached when it was asked for more."""

    def __init__(self, fill: Fill) -> None:
        self.least = float("inf")
        self._fill = fill
        self._end: dict[int, int] = {}

    def fill(self, slot: int, first: int, count: int) -> Rows:
        """Rows, and the note in seconds."""
        if slot in self._end:
            self.least = min(self.least, (self._end[slot] - first) * VOICES[slot].ratio / RATE)
        self._end[slot] = first + count
        return self._fill(slot, first, count)


LOADS: dict[str, Callable[[float], None]] = {
    "pure Python": pure_python,
    "C calls that keep the interpreter": long_c_calls,
    "prompt": prompt,
}


def play(seconds: float, folder: Path) -> dict[str, Any]:
    """Play for `seconds` on the JACK server of the environment; the counts."""
    events: list[Event] = []
    engine = LiveEngine.start(EngineOptions(backend="jack", client_name="stage"))
    try:
        engine.on_event = events.append
        models = [engine.open_model(identity_file(folder, voice.ratio)) for voice in VOICES]
        ahead = Ahead(filler({slot: voice.rows() for slot, voice in enumerate(VOICES)}))
        engine.attach(ahead.fill)
        for slot, model in enumerate(models):
            engine.open_slot(slot, model.digest, Silence())
        time.sleep(1.0)
        stalls = Stalls(longer_than=0.5 * engine.block / engine.rate)
        with stalls, Probe(folder, ["stage:output_1", "stage:output_2"]) as probe:
            before = engine.status()
            ahead.least = float("inf")
            for load in LOADS.values():
                load(time.monotonic() + seconds / len(LOADS))
            after = engine.status()
            heard = probe.stop()
    finally:
        engine.close()
    found = [breaks(heard.audio[channel], voice.hertz, voice.level) for channel, voice in enumerate(VOICES)]
    samples = heard.audio.shape[1]
    stalled = stalls.found if stalls.granted else []

    def unexplained(times: Iterable[float]) -> int:
        # What was missed in a stall is heard during the blocks and chunks that come next.
        return sum(not any(woke - late - 0.02 < time < woke + 0.1 for woke, late in stalled) for time in times)

    return {
        "seconds": round(samples / engine.rate, 1),
        "xruns": max(after.xruns - before.xruns, heard.xruns),
        "discontinuities": sum(len(each) for each in found),
        "late": after.late - before.late,
        "covered": after.covered - before.covered,
        "machine_stalls": len(stalled),
        "longest_stall_ms": round(1000 * max((late for _, late in stalled), default=0.0), 1),
        "unexplained_xruns": unexplained(heard.xrun_times),
        "unexplained_discontinuities": unexplained(heard.when(at) for each in found for at in each),
        "listener_skipped_blocks": heard.skipped,
        "least_ahead_ms": round(1000 * ahead.least, 1),
        "realtime": after.realtime,
        "load_audio": round(after.load_audio, 4),
        "load_inference": round(after.load_inference, 4),
        "breaks_at_seconds": [[round(at / engine.rate, 3) for at in each[:20]] for each in found],
        "events": [f"{event.kind}: {event.message}" for event in events],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=600.0, help="how long the three loads take together")
    seconds = parser.parse_args().seconds
    with tempfile.TemporaryDirectory() as folder, jack_server("livevae-stage"):
        print(json.dumps(play(seconds, Path(folder))), flush=True)


if __name__ == "__main__":
    main()
