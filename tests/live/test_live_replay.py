"""A performance with knobs, played on a real engine, and its replay: the same frames, and the same sound."""

from __future__ import annotations

import threading
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import rtmidi
import soundfile

from livevae import control
from livevae.engine.client import LiveEngine
from livevae.engine.frames import Rows, columns
from livevae.engine.interface import EngineOptions
from livevae.engine.layout import CONSUMED
from livevae.latent import Encoder, Library
from livevae.performance import Journal, Keeper, Performance
from livevae.performance.replayed import render_journal
from livevae.resources import default_model, sounds_dir
from support.jackserver import JackServer

pytestmark = pytest.mark.live

RATE = 48000


class Written:
    """What the feeder wrote of each frame before the engine read it, and what it told of those it was too late for."""

    def __init__(self, engine: LiveEngine) -> None:
        self.frames: dict[int, dict[int, Rows]] = {}
        self.late = 0
        self._shared = engine._shared
        self._write = engine._feeder._writer.write
        engine._feeder._writer.write = self.write  # type: ignore[method-assign]

    def write(self, slot: int, first: int, rows: Rows, wake_at: int) -> int:
        read = self._write(slot, first, rows, wake_at)
        known = self.frames.setdefault(slot, {})
        for frame, row in enumerate(rows, first):
            if frame >= read:
                known[frame] = row.copy()
            elif frame in known:
                self.late += not np.array_equal(known[frame], row)
        return read

    def until(self, slot: int) -> int:
        return int(self._shared.slot_words[slot, CONSUMED])


@pytest.fixture
def library(tmp_path: Path):
    made = Library(tmp_path / "cache", Encoder())
    made.add_folder(sounds_dir())
    yield made
    made.close()


class Keyboard:
    """A MIDI device: a JACK client that moves a knob a hundred times a second."""

    def __init__(self) -> None:
        self.port = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name="knobs")
        self.port.open_virtual_port("out")
        self.sent = 0

    def play(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.port.send_message([0xB0, 74, self.sent * 7 % 128])
            self.sent += 1
            time.sleep(0.01)

    def unplug(self) -> None:
        self.port.close_port()
        self.port.delete()


def spectrum(sound: np.ndarray, hop: int = 9600, bands: int = 12) -> np.ndarray:
    """Levels of bands in dB, `(n, bands)`, one row every 0.2 s."""
    mono = sound.mean(axis=1)
    count = len(mono) // hop
    power = np.abs(np.fft.rfft(mono[: count * hop].reshape(count, hop) * np.hanning(hop))) ** 2
    edges = np.unique(np.geomspace(8, power.shape[1] - 1, bands + 1).astype(int))
    levels = np.stack([power[:, a:b].mean(axis=1) for a, b in pairwise(edges)], axis=1)
    return 10 * np.log10(levels + 1e-7)


@pytest.mark.timeout(180)
def test_a_performance_with_a_knob_is_replayed_to_the_frame(
    jack_server: JackServer, library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIVEVAE_MIDI", "jack")
    journal = tmp_path / "journal.jsonl"
    engine = LiveEngine.start(EngineOptions(backend="jack", client_name="replay"))
    written = Written(engine)
    keyboard = Keyboard()
    performance = Performance(engine, library, default_model=default_model(), journal=Journal(journal))
    keeper = Keeper(performance)
    spread: list[float] = []
    try:
        with control.Midi() as midi:
            midi.timeline.clock = performance.control_second
            midi.on_change = performance.control_changed
            control.use(midi)
            keeper.start()
            performance.evaluate("v1.play('choir bell', quant=0)")
            deadline = time.monotonic() + 20
            while not midi.ports:
                assert time.monotonic() < deadline
                time.sleep(0.05)
            performance.evaluate("v1.dim[0] = cc(74).range(-3, 3); v1.amp = cc(74).range(0.3, 0.9)")
            playing = threading.Thread(target=keyboard.play, args=(4.0,))
            performance.record(tmp_path / "live.wav")
            began = engine.now()
            playing.start()
            time.sleep(1.0)
            performance.evaluate("v2.play('drum ~ bell', quant=0.25, fade=0); v2.dim[1] = cc(74, smooth=200)")
            time.sleep(1.1)
            performance.evaluate("tempo(150); v1.pan = sine; v2.amp = 0.5")
            time.sleep(1.2)
            performance.evaluate("v1.mute(); after(0.25, lambda: v1.unmute())")
            playing.join()
            performance.stop_recording()
            ended = engine.now()
            delay = max(voice.buffering for voice in performance.status().voices)
            # A keeper that looks after streams would close them: what was read by now is what is compared.
            until = {slot: written.until(slot) for slot in written.frames}
    finally:
        keeper.close()
        performance.close()
        engine.close()
        keyboard.unplug()
        control.use(None)
    assert keyboard.sent > 200
    print(f"{keyboard.sent} messages; {written.late} frames were read before a change reached them")

    rows: dict[int, dict[int, Rows]] = {}

    def listen(replay: object, offline: object) -> None:
        fill = offline._fill  # type: ignore[attr-defined]

        def heard(slot: int, first: int, count: int) -> Rows:
            found = fill(slot, first, count)
            rows.setdefault(slot, {}).update(enumerate(found, first))
            return found

        offline.attach(heard)  # type: ignore[attr-defined]

    told: list[object] = []
    render_journal(journal, tmp_path / "again.wav", library=library, on_rows=listen, on_message=told.append)
    assert not told
    compared = 0
    for slot, frames in written.frames.items():
        amp = columns((next(iter(frames.values())).size - 4) // 2).amp
        for frame, row in sorted(frames.items()):
            if frame >= until[slot]:
                break
            if frame not in rows[slot]:
                assert row[amp] == 0.0
                continue
            again = rows[slot][frame]
            assert np.array_equal(row, again), f"slot {slot}, frame {frame}: {row - again}"
            spread.append(float(row[amp]))
            compared += 1
    assert compared > 100
    assert np.ptp(spread) > 0.3

    live, _ = soundfile.read(tmp_path / "live.wav", always_2d=True)
    again, _ = soundfile.read(tmp_path / "again.wav", always_2d=True)
    length = min(len(live), ended - began) // 9600 * 9600
    heard = spectrum(live[:length])

    def distance(shift: int) -> float:
        start = began - round(delay * RATE) + shift
        return float(np.median(np.abs(spectrum(again[start : start + length]) - heard)))

    right = min(distance(shift) for shift in range(-512, 513, 128))
    wrong = min(distance(shift) for shift in (-24000, -48000, -72000))
    print(f"median difference of levels: {right:.2f} dB, of a wrong replay {wrong:.2f} dB")
    assert right < 1.5
    assert wrong > 2 * right
