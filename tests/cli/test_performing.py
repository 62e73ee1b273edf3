"""The instrument driven by other programs, and what it says of the machine. No sound card is needed."""

import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from livevae.commands import devices, doctor
from livevae.commands.perform import banner, remarks
from livevae.engine.interface import Status
from support.command import RATE, Run, environment

SILENT = ("--audio", "silent")


def test_a_script_is_played(livevae: Run, model: Path, tmp_path: Path) -> None:
    take = tmp_path / "take.wav"
    script = f"""
1 + 1
v1.z = pure(0.1)
v1.z is None
kept = record({str(take)!r})
wait(0.5)
stop_recording()
def half(x):

    return x / 2
half(3)"""
    done = livevae(*SILENT, "--model", model, script=script)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == ["2", "False", "1.5"]
    assert soundfile.info(take).frames > 0.2 * RATE


def test_a_script_stops_at_the_first_error(livevae: Run) -> None:
    done = livevae(*SILENT, script="a = 1\n\nprint(a)\nv1.z = 'no_such_recording'\nprint(2)\n")
    assert done.returncode == 1
    assert done.stdout == "1\n"
    assert done.stderr.startswith("<stdin>:4: there is no recording 'no_such_recording'")
    assert len(done.stderr.splitlines()) == 1


def test_another_program_converses_while_the_piece_is_watched(model: Path, tmp_path: Path) -> None:
    piece = tmp_path / "piece.py"
    piece.write_text("v2.amp = 0.25\nnotes = [1, 2]\n")
    command = [sys.executable, "-m", "livevae", str(piece), *SILENT, "--model", str(model)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment(tmp_path)
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None

        def ask(line: str) -> str:
            print(line, file=process.stdin, flush=True)
            return process.stdout.readline()

        assert ask("v2.amp") == "0.25\n"
        assert ask("notes") == "[1, 2]\n"
        piece.write_text("v2.amp = 0.5\n")
        deadline = time.monotonic() + 60
        while ask("wait(0.3); v2.amp") != "0.5\n":
            assert time.monotonic() < deadline
        process.stdin.close()
        assert process.wait(60) == 0


def test_devices_as_json(livevae: Run) -> None:
    found = json.loads(livevae("devices", "--json").stdout)
    assert set(found) == {"jack", "portaudio", "midi"}
    assert "running" in found["jack"] or "error" in found["jack"]
    assert isinstance(found["midi"]["ports"], list)


def test_doctor_as_json(livevae: Run, model: Path) -> None:
    done: subprocess.CompletedProcess[str] = livevae("doctor", "--json", "--seconds", "0.3", *SILENT, "--model", model)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["backend"], found["rate"], found["model"]) == ("silent", RATE, "same")
    assert found["late"] >= 0
    assert found["xruns"] >= 0
    assert found["buffering_samples"] >= 256
    assert found["buffering_ms"] == pytest.approx(1000 * found["buffering_samples"] / RATE, abs=0.01)
    assert found["realtime"] or found["advice"]
    assert set(found["devices"]) == {"jack", "portaudio", "midi"}
    assert doctor.described(found)


def test_the_banner_says_what_is_heard() -> None:
    assert "jack, 48000 Hz, 256 samples a block, 1 input ·" in banner("jack", 48000, 256, 1)
    assert "no audio device: running against a silent clock" in banner("silent", 48000, 256, 0)


def test_refused_scheduling_comes_with_advice() -> None:
    assert remarks(Status(backend="silent")) == []
    assert remarks(Status(backend="jack", realtime=True)) == []
    refused = remarks(Status(backend="jack", messages=("no audio input: only the output is open",)))
    assert refused[0].startswith("no audio input")
    assert len(refused) == 2


def test_devices_for_reading() -> None:
    shown = devices.described(
        {
            "jack": {"running": True, "rate": 48000, "block": 64, "inputs": ["system:in"], "outputs": []},
            "portaudio": {"inputs": [], "outputs": [{"index": 2, "name": "Card", "rate": 44100}]},
            "midi": {"ports": ["Knobs"], "error": None},
        }
    )
    assert "JACK: running at 48000 Hz, 64 samples a block" in shown
    assert "  out  2: Card, 44100 Hz" in shown
    assert "  in   Knobs" in shown
    nothing = {"jack": {"running": False}, "portaudio": {"error": "no answer"}, "midi": {"ports": [], "error": None}}
    assert devices.described(nothing) == ["JACK: no server is running", "PortAudio: no answer", "MIDI: no ports"]


def test_a_recording_can_stand_in_for_the_microphone(
    livevae: Run, model: Path, recording: Path, tmp_path: Path
) -> None:
    for name, options in (("with", ("--input", recording)), ("without", ())):
        script = f"v1.z = live\nrecord({str(tmp_path / name)!r} + '.wav')\nwait(1.5)\nstop_recording()\n"
        done = livevae(*SILENT, "-m", model, *options, script=script)
        assert done.returncode == 0, done.stderr
    heard, _ = soundfile.read(tmp_path / "with.wav")
    silent, _ = soundfile.read(tmp_path / "without.wav")
    assert np.abs(silent).max() == 0
    # The recording lasts a quarter of a second: it is heard again and again.
    assert np.sqrt((heard[-12_100:] ** 2).mean()) > 0.1
    assert np.abs(heard).max() <= 1.0


def test_an_input_that_is_no_sound_is_refused(livevae: Run, tmp_path: Path) -> None:
    (tmp_path / "text.wav").write_text("no sound")
    done = livevae(*SILENT, "--input", tmp_path / "text.wav")
    assert done.returncode == 2
    assert "cannot be read as sound" in done.stderr
