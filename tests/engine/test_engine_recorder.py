"""The recorder: what it takes is what it writes; what fails is told."""

import threading

import numpy as np
import pytest
import soundfile

from livevae.engine import recorder
from livevae.engine.recorder import Recorder
from livevae.errors import LivevaeError
from support.engines import RATE, noise


@pytest.fixture
def made():
    messages = []
    one = Recorder(RATE, messages.append)
    one.messages = messages
    yield one
    one.stop()


def take(one, audio, size=256):
    """Hand over (2, n) in blocks."""
    for at in range(0, audio.shape[1], size):
        one.take(audio[:, at : at + size])


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".WAV"])
@pytest.mark.parametrize("size", [64, 1000])
def test_the_file_holds_what_was_taken(made, tmp_path, suffix, size):
    audio = np.stack([noise(100_000, 1), noise(100_000, 2)])
    path = tmp_path / f"take{suffix}"
    made.start(path)
    take(made, audio, size)
    made.stop()
    written, rate = soundfile.read(path)
    assert rate == RATE
    assert written.shape == (100_000, 2)
    assert np.abs(written.T - audio).max() <= 2**-22
    assert soundfile.info(path).subtype == "PCM_24"
    assert made.messages == []


def test_nothing_is_taken_before_and_after(made, tmp_path):
    made.take(np.ones((2, 256), np.float32))
    made.start(tmp_path / "take.wav")
    made.take(np.full((2, 100), 0.5, np.float32))
    made.stop()
    made.take(np.ones((2, 256), np.float32))
    written, _ = soundfile.read(tmp_path / "take.wav")
    assert (written == 0.5).all()
    assert len(written) == 100


def test_a_second_recording_ends_the_first(made, tmp_path):
    made.start(tmp_path / "one.wav")
    made.take(np.full((2, 100), 0.25, np.float32))
    made.start(tmp_path / "two.wav")
    assert made.path == tmp_path / "two.wav"
    made.take(np.full((2, 200), 0.5, np.float32))
    made.stop()
    assert made.path is None
    assert soundfile.read(tmp_path / "one.wav")[0].tolist() == [[0.25, 0.25]] * 100
    assert soundfile.read(tmp_path / "two.wav")[0].tolist() == [[0.5, 0.5]] * 200


@pytest.mark.parametrize(
    ("name", "sentence"), [("take.mp3", "wav or"), ("take", "wav or"), ("nowhere/take.wav", "no folder")]
)
def test_a_file_that_cannot_be_is_refused(made, tmp_path, name, sentence):
    with pytest.raises(LivevaeError, match=sentence):
        made.start(tmp_path / name)
    assert made.path is None
    made.take(np.ones((2, 256), np.float32))


def test_a_folder_in_place_of_the_file_is_refused(made, tmp_path):
    (tmp_path / "take.wav").mkdir()
    with pytest.raises(LivevaeError, match="cannot be written"):
        made.start(tmp_path / "take.wav")


class Full(soundfile.SoundFile):
    """A sound file on a disk with room for half a second; beyond that it behaves as soundfile does there."""

    def write(self, data):
        room = RATE // 2 - self.frames
        super().write(data[: max(0, room)])
        assert len(data) <= room


def full_disk(monkeypatch):
    monkeypatch.setattr(recorder.soundfile, "SoundFile", Full)


@pytest.mark.parametrize("suffix", [".wav", ".flac"])
def test_a_disk_that_fills_ends_the_recording_with_a_sentence(made, tmp_path, monkeypatch, suffix):
    full_disk(monkeypatch)
    ended = threading.Event()
    made._on_end = lambda message: (made.messages.append(message), ended.set())
    path = tmp_path / f"take{suffix}"
    made.start(path)
    audio = np.stack([noise(RATE)] * 2)
    take(made, audio)
    assert ended.wait(20)
    take(made, audio)
    made.stop()
    assert len(made.messages) == 1
    assert "full" in made.messages[0]
    assert str(path) in made.messages[0]
    monkeypatch.undo()
    written, _ = soundfile.read(path)
    assert np.abs(written - audio.T[: len(written)]).max() <= 2**-22


def test_a_device_without_room_is_refused_or_ends_the_recording(made, tmp_path):
    """/dev/full refuses every byte: the head of a WAV file is written when it is opened, that of FLAC later."""
    for suffix in ("wav", "flac"):
        (tmp_path / f"take.{suffix}").symlink_to("/dev/full")
    with pytest.raises(LivevaeError, match=r"take\.wav: cannot be written"):
        made.start(tmp_path / "take.wav")
    made.start(tmp_path / "take.flac")
    take(made, np.stack([noise(200_000)] * 2))
    made.stop()
    assert len(made.messages) == 1
    assert "take.flac" in made.messages[0]


def test_after_a_full_disk_the_next_recording_works(made, tmp_path, monkeypatch):
    full_disk(monkeypatch)
    made.start(tmp_path / "one.wav")
    take(made, np.stack([noise(RATE)] * 2))
    made.stop()
    assert len(made.messages) == 1
    monkeypatch.undo()
    made.start(tmp_path / "two.wav")
    take(made, np.stack([noise(1000)] * 2))
    made.stop()
    assert soundfile.info(tmp_path / "two.wav").frames == 1000
    assert len(made.messages) == 1


def test_what_a_slow_disk_cannot_take_is_counted_and_told(made, tmp_path, monkeypatch):
    gate = threading.Event()

    class Slow(soundfile.SoundFile):
        def write(self, data):
            assert gate.wait(20)
            super().write(data)

    monkeypatch.setattr(recorder.soundfile, "SoundFile", Slow)
    made.start(tmp_path / "take.wav")
    held = int(Recorder.SECONDS * RATE)
    take(made, np.ones((2, held + 10_000), np.float32) * 0.5, 10_000)
    dropped = made.dropped
    gate.set()
    made.stop()
    assert dropped == 10_000
    assert len(made.messages) == 1
    assert str(dropped) in made.messages[0]
    assert soundfile.info(tmp_path / "take.wav").frames == held + 10_000 - dropped
