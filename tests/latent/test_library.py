"""The library: names, trajectories from real encodings in the encoder's process, and what goes wrong on the way."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from livevae.errors import LivevaeError
from livevae.latent import Encoder, Library, Take, Trajectory, resolver
from livevae.latent.cache import Job
from livevae.latent.encoding import encode_recording
from livevae.model import ModelInfo, open_model
from livevae.pattern import Context, mini
from support import models

RATE = 48000
NOISE = np.random.default_rng(5).uniform(-0.5, 0.5, (RATE // 2, 2)).astype(np.float32)


class Counted(Encoder):
    """An encoder that counts what it is asked for, and holds it back while its gate is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.jobs: list[Job] = []
        self.gate = threading.Event()
        self.gate.set()

    def encode(self, job: Job, model: ModelInfo, target: Path, progress: Callable[[float], None] | None = None) -> None:
        self.jobs.append(job)
        assert self.gate.wait(30)
        super().encode(job, model, target, progress)


@pytest.fixture(scope="module")
def info(tmp_path_factory: pytest.TempPathFactory) -> ModelInfo:
    path = models.save(models.identity(256, RATE), tmp_path_factory.mktemp("models") / "identity.ts")
    return open_model(path).info


@pytest.fixture(scope="module")
def encoder() -> Iterator[Counted]:
    shared = Counted()
    yield shared
    shared.close()


@pytest.fixture
def sounds(tmp_path: Path) -> Path:
    folder = tmp_path / "sounds"
    (folder / "more").mkdir(parents=True)
    soundfile.write(folder / "Church Bell.wav", NOISE, RATE, subtype="FLOAT")
    soundfile.write(folder / "808.flac", NOISE, RATE)
    soundfile.write(folder / "more" / "church-bell.wav", NOISE[:1000] / 2, RATE, subtype="FLOAT")
    (folder / "notes.txt").write_text("no sound")
    (folder / ".hidden.wav").write_bytes(b"")
    return folder


@pytest.fixture
def library(tmp_path: Path, sounds: Path, encoder: Counted) -> Library:
    made = Library(tmp_path / "cache", encoder)
    made.add_folder(sounds)
    encoder.jobs.clear()
    return made


def frames_of(sound: np.ndarray) -> np.ndarray:
    padded = np.pad(sound, (0, -len(sound) % 256))
    return padded.reshape(-1, 256)


def until(test: Callable[[], object], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not test():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


def test_every_sound_in_a_folder_becomes_a_word(library: Library, sounds: Path) -> None:
    assert library.names() == ["church_bell", "church_bell_2", "r808"]
    assert library.path("church_bell_2") == sounds / "more" / "church-bell.wav"
    assert library.add(sounds / "808.flac", "kick") == "kick"
    assert mini("kick church_bell_2 r808").names() <= set(library.names())
    assert library.add_folder(sounds) == ["r808", "church_bell", "church_bell_2"]


def test_names_that_are_not_known_or_no_names(library: Library, sounds: Path, tmp_path: Path) -> None:
    with pytest.raises(LivevaeError, match=r"no recording 'church_bel': did you mean church_bell"):
        library.path("church_bel")
    with pytest.raises(LivevaeError, match=r"add some with recordings\(folder\)"):
        library.path("zzz")
    with pytest.raises(LivevaeError, match="is no name for a recording"):
        library.add(sounds / "808.flac", "808")
    with pytest.raises(LivevaeError, match="there is no recording"):
        library.add(sounds / "gone.wav")
    with pytest.raises(LivevaeError, match="there is no folder"):
        library.add_folder(tmp_path / "gone")
    (tmp_path / "bare").mkdir()
    with pytest.raises(LivevaeError, match="holds no sound files"):
        library.add_folder(tmp_path / "bare")


def test_a_recording_is_encoded_once(library: Library, encoder: Counted, info: ModelInfo, tmp_path: Path) -> None:
    told: list[tuple[str, float]] = []
    library.on_progress = lambda name, part: told.append((name, part))
    trajectory = library.trajectory("church_bell", info, wait=True)
    assert trajectory is not None
    np.testing.assert_allclose(trajectory.frames, frames_of(NOISE.mean(axis=1)), atol=1e-6)
    assert (trajectory.rate, trajectory.name) == (RATE / 256, "church_bell")
    assert told[0] == ("church_bell", 0.0)
    assert told[-1] == ("church_bell", 1.0)
    assert library.progress() == {}
    assert library.trajectory("church_bell", info, wait=True) is trajectory
    assert library.trajectory("church_bell", info, wait=False) is trajectory
    assert len(encoder.jobs) == 1
    another = Library(tmp_path / "cache", encoder)
    another.add(library.path("church_bell"), "bell")
    again = another.trajectory("bell", info, wait=True)
    assert again is not None
    np.testing.assert_array_equal(again.frames, trajectory.frames)
    assert len(encoder.jobs) == 1


def test_takes_of_a_short_recording_are_cut_from_one_encoding(
    library: Library, encoder: Counted, info: ModelInfo
) -> None:
    whole = library.trajectory("church_bell", info, wait=True)
    assert whole is not None
    part = library.trajectory(Take("church_bell", start=0.1, end=0.3, reverse=True, loop=True), info, wait=True)
    assert part is not None
    np.testing.assert_array_equal(part.frames, whole.slice(0.1, 0.3).frames[::-1])
    assert part.looped
    assert len(encoder.jobs) == 1
    right = library.trajectory(Take("church_bell", channel=2), info, wait=True)
    assert right is not None
    np.testing.assert_allclose(right.frames, frames_of(NOISE[:, 1]), atol=1e-6)
    assert len(encoder.jobs) == 2
    with pytest.raises(LivevaeError, match="there is nothing from 7"):
        library.trajectory(Take("church_bell", start=7.0), info, wait=True)


@pytest.mark.parametrize("wait", [True, False])
def test_spliced_recordings_last_as_long_as_their_events(library: Library, info: ModelInfo, wait: bool) -> None:
    whole = library.trajectory("church_bell", info, wait=True)
    assert whole is not None
    half = whole.slice(whole.seconds / 2, whole.seconds)
    pattern = mini("church_bell").splice(2, "1 0").resolve(resolver(library, info, wait))
    for tempo in (0.25, 3.0):
        found = pattern.sample([0.25], Context.at(tempo))
        np.testing.assert_allclose(found, half.at(half.seconds / 2), rtol=1e-6)
    chopped = mini("church_bell").chop(500).resolve(resolver(library, info, wait))
    assert np.isfinite(chopped.sample([0.1234], Context.at(0.5))).all()


def test_only_the_part_of_a_long_recording_is_encoded(
    library: Library, encoder: Counted, info: ModelInfo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("livevae.latent.library.LONG_SECONDS", 0.2)
    part = library.trajectory(Take("church_bell", start=0.1, end=0.2), info, wait=True)
    assert part is not None
    np.testing.assert_allclose(part.frames, frames_of(NOISE[4800:9600].mean(axis=1)), atol=1e-6)
    assert [(job.start, job.end) for job in encoder.jobs] == [(0.1, 0.2)]


def test_without_waiting_it_is_silent_until_it_is_there(library: Library, encoder: Counted, info: ModelInfo) -> None:
    encoder.gate.clear()
    ready = threading.Event()
    library.on_ready = lambda name: ready.set()
    pattern = mini("church_bell ~").resolve(resolver(library, info, wait=False))
    times, context = np.array([0.0, 0.25, 0.75]), Context.at(1)
    assert np.isnan(pattern.sample(times, context)).all()
    encoder.gate.set()
    assert ready.wait(30)
    values = pattern.sample(times, context)
    assert values.shape == (3, 256)
    assert np.isfinite(values[:2]).all()
    assert np.isnan(values[2]).all()


def test_resolving_with_waiting(library: Library, info: ModelInfo) -> None:
    resolve = resolver(library, info, wait=True)
    assert isinstance(resolve("church_bell"), Trajectory)
    assert resolve(3.0) == 3.0
    with pytest.raises(LivevaeError, match="no recording 'nobody'"):
        resolve("nobody")
    with pytest.raises(LivevaeError, match="no recording 'nobody'"):
        resolver(library, info, wait=False)("nobody")
    foreign = Trajectory(np.zeros((2, 3), np.float32), 1.0, "foreign")
    with pytest.raises(LivevaeError, match="does not fit identity, which has 256 dimensions"):
        resolve(foreign)


def test_bad_recordings_fail_once_and_again_until_they_are_replaced(
    library: Library, info: ModelInfo, tmp_path: Path
) -> None:
    path = tmp_path / "silent.wav"
    soundfile.write(path, np.zeros(RATE), RATE)
    library.add(path)
    for wait in (True, True):
        with pytest.raises(LivevaeError, match=r"silent.wav is silent"):
            library.trajectory("silent", info, wait=wait)
    with pytest.raises(LivevaeError, match=r"silent.wav is silent"):
        library.trajectory("silent", info, wait=False)
    soundfile.write(path, NOISE, RATE)
    library.add(path)
    assert library.trajectory("silent", info, wait=True) is not None


def test_a_failure_in_the_background_reaches_whoever_plays(
    library: Library, encoder: Counted, info: ModelInfo, tmp_path: Path
) -> None:
    encoder.gate.clear()
    (tmp_path / "broken.wav").write_bytes(b"RIFFnonsense")
    library.add(tmp_path / "broken.wav")
    ready = threading.Event()
    library.on_ready = lambda name: ready.set()
    pattern = mini("broken").resolve(resolver(library, info, wait=False))
    pattern.sample([0.0])
    encoder.gate.set()
    assert ready.wait(30)
    with pytest.raises(LivevaeError, match=r"broken.wav cannot be read as sound"):
        pattern.sample([0.0])


def test_damaged_entries_are_made_again(library: Library, encoder: Counted, info: ModelInfo, tmp_path: Path) -> None:
    library.trajectory("church_bell", info, wait=True)
    for entry in (tmp_path / "cache" / "latents").rglob("*.npz"):
        entry.write_bytes(b"")
    another = Library(tmp_path / "cache", encoder)
    another.add(library.path("church_bell"), "bell")
    assert another.trajectory("bell", info, wait=True) is not None
    assert len(encoder.jobs) == 2


def test_models_that_cannot_encode_say_so(library: Library, info: ModelInfo) -> None:
    with pytest.raises(LivevaeError, match="identity does not say its sample rate"):
        library.trajectory("church_bell", replace(info, sample_rate=None), wait=True)
    with pytest.raises(LivevaeError, match="identity has no latent space"):
        library.trajectory("church_bell", replace(info, has_latents=False), wait=True)
    with pytest.raises(LivevaeError, match="has changed since it was opened"):
        library.trajectory("church_bell", replace(info, digest="0" * 64), wait=True)
    with pytest.raises(LivevaeError, match="there is no model file"):
        library.trajectory("church_bell", replace(info, path="/nowhere.ts", digest="1" * 64), wait=True)


def test_a_killed_encoder_is_started_again_with_its_jobs(library: Library, encoder: Counted, info: ModelInfo) -> None:
    library.trajectory("church_bell", info, wait=True)
    assert encoder.pid is not None
    os.kill(encoder.pid, signal.SIGSTOP)  # so that the next job is surely under way when it dies
    ready = threading.Event()
    library.on_ready = lambda name: ready.set()
    assert library.trajectory("church_bell_2", info, wait=False) is None
    until(lambda: len(encoder.jobs) == 2)
    time.sleep(0.05)
    os.kill(encoder.pid, signal.SIGKILL)
    assert ready.wait(30)
    assert library.trajectory("church_bell_2", info, wait=False) is not None


def test_an_encoder_that_dies_over_a_job_twice_gives_up(tmp_path: Path, sounds: Path, info: ModelInfo) -> None:
    encoder = Encoder()
    library = Library(tmp_path / "cache", encoder)
    library.add_folder(sounds)
    failures: list[LivevaeError] = []

    def ask() -> None:
        try:
            library.trajectory("church_bell", info, wait=True)
        except LivevaeError as error:
            failures.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    killed: set[int] = set()
    while asking.is_alive():
        pid = encoder.pid
        if pid is not None and pid not in killed:
            os.kill(pid, signal.SIGKILL)
            killed.add(pid)
        time.sleep(0.005)
    library.close()
    assert len(killed) >= 2
    assert "was killed by SIGKILL" in str(failures[0])


def test_closing_cancels_what_waits(tmp_path: Path, sounds: Path, info: ModelInfo) -> None:
    encoder = Encoder()
    library = Library(tmp_path / "cache", encoder)
    library.add_folder(sounds)
    library.prepare(library.names(), info)
    until(lambda: encoder.pid)
    pid = encoder.pid
    library.close()
    assert pid is not None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    with pytest.raises(LivevaeError, match=r"cancelled|closing"):
        library.trajectory("r808", info, wait=True)


def test_the_encoder_does_not_outlive_whoever_started_it(sounds: Path, info: ModelInfo, tmp_path: Path) -> None:
    script = f"""
import os, signal
from pathlib import Path
from livevae.latent import Encoder, Job
from livevae.model import ModelInfo
encoder = Encoder()
job = Job(Path({str(sounds / "808.flac")!r}))
encoder.encode(job, ModelInfo.from_json({info.to_json()!r}), Path({str(tmp_path / "o.npz")!r}))
print(encoder.pid, os.getpriority(os.PRIO_PROCESS, encoder.pid) - os.getpriority(os.PRIO_PROCESS, 0), flush=True)
import sys
assert "torch" not in sys.modules
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL, done.stderr
    pid, nicer = map(int, done.stdout.split())
    assert nicer > 0

    def gone() -> bool:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"

    until(gone)


@pytest.mark.parametrize("kind", ["plain", "variational", "discrete", "spherical"])
def test_every_kind_of_model_encodes_and_repeats_itself(kind: str, sounds: Path, tmp_path: Path) -> None:
    model = open_model(models.save(models.vae(kind), tmp_path / f"{kind}.ts"))
    job = Job(sounds / "Church Bell.wav")
    one, two = encode_recording(job, model), encode_recording(job, model)
    assert one.z.shape == (RATE // 2 // 64, model.info.latent_size)
    np.testing.assert_array_equal(one.z, two.z)


def test_a_stereo_model_hears_both_channels_at_its_own_rate(sounds: Path, tmp_path: Path) -> None:
    model = open_model(models.save(models.vae(inputs=2, sample_rate=44100), tmp_path / "stereo.ts"))
    both = encode_recording(Job(sounds / "Church Bell.wav"), model)
    left = encode_recording(Job(sounds / "Church Bell.wav", channel=1), model)
    assert both.rate == 44100 / 64
    assert len(both.z) == -(-22050 // 64)
    assert not np.allclose(both.z, left.z, atol=1e-3)


def test_a_part_that_is_not_there_is_told(sounds: Path, tmp_path: Path) -> None:
    model = open_model(models.save(models.identity(256, RATE), tmp_path / "identity.ts"))
    for start, end in ((3.0, None), (0.3, 0.2)):
        with pytest.raises(LivevaeError, match=r"808.flac lasts 0.50 s: there is nothing from"):
            encode_recording(Job(sounds / "808.flac", start=start, end=end), model)


def test_progress_may_stop_it(sounds: Path, tmp_path: Path) -> None:
    model = open_model(models.save(models.identity(256, RATE), tmp_path / "identity.ts"))

    def stop(part: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        encode_recording(Job(sounds / "808.flac"), model, stop)
    fresh = encode_recording(Job(sounds / "808.flac"), model)
    np.testing.assert_allclose(fresh.z, frames_of(NOISE.mean(axis=1)), atol=1e-4)
