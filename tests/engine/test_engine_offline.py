"""Rendering without a clock: the same bits on every run, however it is cut."""

import subprocess
import sys

import numpy as np
import pytest
import soundfile
import torch

from livevae.engine.frames import columns
from livevae.engine.interface import FileInput, FromSlot, Live, Silence
from livevae.engine.offline import OfflineEngine
from livevae.errors import LivevaeError
from support.engines import RATE, noise, rows, sine

N = 12_000


def moving(dims):
    """Rows in which everything moves."""

    def fill(first, count):
        made = rows(dims, count)
        at = columns(dims)
        n = np.arange(first, first + count, dtype=np.float64)[:, None]
        made[:, at.gain] = np.cos(n / 7 + np.arange(dims))
        made[:, at.bias] = np.sin(n / 5 + np.arange(dims))
        made[:, at.lag] = 3 + 2.5 * np.sin(n[:, 0] / 11)
        made[:, at.amp] = 0.4 + 0.3 * np.sin(n[:, 0] / 3)
        made[:, at.pan] = np.sin(n[:, 0] / 13)
        made[:, at.mix] = 0.7
        return made

    return fill


def scene(studio, models, file, **options):
    """Several voices: two that share a model, a file, a voice that hears another, noise, another rate."""
    made = studio(np.stack([noise(N, 1), noise(N, 2)], axis=1), **options)
    made.play(models("plain"), Live(1), slot=0, fill=moving(4))
    made.play(models("plain"), FileInput(file), slot=1, fill=moving(4))
    made.play(models("variational"), Live(2), slot=2, fill=moving(4))
    made.play(models("identity441"), FromSlot(0), slot=3, amp=0.3)
    made.play(models("effect"), Silence(), slot=4)
    return made


@pytest.fixture
def file(tmp_path, models):
    for kind in ("plain", "variational", "identity441", "effect"):
        models(kind)  # building models draws noise: before the engine is seeded
    soundfile.write(tmp_path / "loop.wav", noise(5000, 7), 44100)
    return tmp_path / "loop.wav"


@pytest.fixture(scope="module")
def rendered():
    return []


@pytest.fixture
def reference(studio, models, file, rendered):
    """The scene as the first run gave it."""
    if not rendered:
        rendered.append(scene(studio, models, file).run(N))
    return rendered[0]


def test_two_runs_give_the_same_bits(studio, models, file, reference):
    assert np.array_equal(scene(studio, models, file).run(N), reference)
    assert np.abs(reference).max() > 0.1


@pytest.mark.parametrize("block", [64, 100, 1024])
def test_the_block_changes_no_bit(studio, models, file, reference, block):
    assert np.array_equal(scene(studio, models, file, block=block).run(N), reference)


def test_the_cuts_between_runs_change_no_bit(studio, models, file, reference):
    made = scene(studio, models, file)
    pieces = [made.run(size) for size in (1, 255, 0, 1000, 4097)]
    pieces.append(made.run(N - sum(map(len, pieces))))
    assert np.array_equal(np.concatenate(pieces), reference)


def test_the_seed_is_heard_where_a_model_draws_noise(studio, models, file, reference):
    assert not np.array_equal(scene(studio, models, file, seed=1).run(N), reference)


def test_a_model_opened_from_its_file_gives_the_same_bits_each_time(models):
    def render():
        engine = OfflineEngine(inputs=noise(6000))
        try:
            model = engine.open_model(models("variational"))
            engine.attach(lambda slot, first, count: moving(4)(first, count))
            engine.open_slot(0, model.digest, Live(1))
            return engine.run(6000), model
        finally:
            engine.close()

    (one, info), (two, again) = render(), render()
    assert np.array_equal(one, two)
    assert info == again


def test_without_a_fill_a_voice_is_silent(models):
    engine = OfflineEngine(inputs=noise(3000))
    model = engine.open_model(models("identity64"))
    engine.open_slot(0, model.digest, Live(1))
    assert not engine.run(3000).any()
    engine.close()


def test_nothing_open_is_silence(studio):
    assert np.array_equal(studio().run(1000), np.zeros((1000, 2), np.float32))


@pytest.mark.parametrize(("suffix", "tolerance"), [(".wav", 2**-22), (".flac", 2**-22)])
def test_what_is_recorded_is_what_run_gives(studio, models, tmp_path, suffix, tolerance):
    made = studio(noise(N))
    made.play(models("identity"))
    path = tmp_path / f"take{suffix}"
    made.run(3000)
    made.engine.record(path)
    assert made.engine.status().recording == str(path)
    given = np.concatenate([made.run(1234), made.run(5000)])
    made.engine.record(None)
    made.run(1000)
    assert made.engine.status().recording is None
    written, rate = soundfile.read(path)
    assert rate == RATE
    assert written.shape == given.shape
    assert np.abs(written - given).max() <= tolerance


def test_closing_ends_a_recording(studio, models, tmp_path):
    made = studio(noise(N))
    made.play(models("identity"))
    made.engine.record(tmp_path / "take.wav")
    given = made.run(2000)
    made.engine.close()
    assert soundfile.info(tmp_path / "take.wav").frames == len(given)


@pytest.mark.parametrize("name", ["take.mp3", "nowhere/take.wav"])
def test_a_recording_that_cannot_begin_says_why(studio, tmp_path, name):
    made = studio()
    with pytest.raises(LivevaeError, match=r"take"):
        made.engine.record(tmp_path / name)
    assert made.engine.status().recording is None


def test_a_full_disk_ends_the_recording_and_not_the_rendering(studio, models, tmp_path):
    audio = noise(400_000)
    made = studio(audio)
    made.play(models("identity"))
    (tmp_path / "take.flac").symlink_to("/dev/full")
    made.engine.record(tmp_path / "take.flac")
    out = made.run(100_000)
    assert np.array_equal(out[512:, 0], audio[512:100_000])
    assert [event.kind for event in made.events] == ["recorder"]


def test_the_master_is_limited_and_what_does_not_clip_is_untouched(studio, models):
    tone = sine(N, 200.0, 0.9)
    made = studio(tone)
    made.play(models("identity"))
    assert np.array_equal(made.run(N)[512:, 0], tone[512:])
    made = studio(tone)
    made.play(models("identity"), amp=3.0)
    loud = made.run(N)
    assert np.abs(loud).max() <= 1.0
    assert np.abs(loud[6000:]).max() > 0.9


def test_input_ends_in_silence(studio, models):
    made = studio(noise(3000))
    made.play(models("identity"))
    assert not made.run(9000)[3000:].any()


def test_opening_a_model_again_gives_what_is_open(studio, models):
    made = studio()
    assert made.engine.open_model(models("identity")) is made.engine.open_model(models("identity"))


def test_a_damaged_model_is_refused_and_the_rest_goes_on(models, tmp_path):
    damaged = tmp_path / "damaged.ts"
    damaged.write_bytes(models("plain").read_bytes()[:2000])
    engine = OfflineEngine(inputs=noise(4000))
    with pytest.raises(LivevaeError, match="damaged"):
        engine.open_model(damaged)
    with pytest.raises(LivevaeError, match=r"missing\.ts"):
        engine.open_model(tmp_path / "missing.ts")
    assert engine.run(100).shape == (100, 2)
    engine.close()


@pytest.mark.parametrize("block", [0, 1025])
def test_a_block_that_cannot_be_is_refused(block):
    with pytest.raises(LivevaeError, match="block"):
        OfflineEngine(block=block)


def test_frames_are_asked_for_once_and_in_order(studio, models):
    asked = []

    def fill(first, count):
        asked.append((first, count))
        return rows(256, count)

    made = studio(noise(N))
    made.play(models("identity"), fill=fill)
    made.run(N)
    assert [first for first, _ in asked] == list(range(len(asked)))
    assert all(count == 1 for _, count in asked)
    assert made.engine.consumed(0) == len(asked)
    assert 0 <= len(asked) * 256 - N < 4096 + 1024


def test_engines_leave_no_descriptor_behind():
    # In a process of its own: what other tests let go of meanwhile would count too.
    code = """
import os
from livevae.engine.offline import OfflineEngine

def use():
    engine = OfflineEngine()
    engine.run(300)
    engine.close()
    return len(os.listdir("/dev/fd"))

use()
print(use() - use())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split()[-1] == "0"


def test_the_random_state_of_a_model_is_not_touched_by_opening_another(studio, models):
    made = studio()
    models("plain")
    models("identity")
    before = torch.get_rng_state()
    made.engine.open_model(models("plain"))
    made.engine.open_model(models("identity"))
    assert torch.equal(torch.get_rng_state(), before)


def test_what_fails_while_it_renders_is_raised_instead_of_printed(capfd) -> None:
    engine = OfflineEngine()
    try:
        engine.on_block = lambda now: 1 / 0 if now > 2000 else None
        with pytest.raises(ZeroDivisionError):
            engine.run(RATE)
    finally:
        engine.close()
    assert "Traceback" not in capfd.readouterr().err


def test_a_process_may_render_more_often_than_pyo_has_servers() -> None:
    done = subprocess.run([sys.executable, "-c", MANY], capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1] == "300 engines, 0 left behind", done.stderr


MANY = """
from livevae.engine import server
from livevae.engine.offline import OfflineEngine
for count in range(300):
    engine = OfflineEngine()
    engine.run(600)
    engine.close()
print(f"{count + 1} engines, {len(server._STOPPED)} left behind")
"""
