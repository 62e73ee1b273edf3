"""Commands that turn one file into another, with a model that gives back what it is given."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from livevae.cli import main
from livevae.commands.output import SoundOutput
from livevae.errors import LivevaeError
from support.command import RATE, Run


def _write_and_fail(output: SoundOutput) -> None:
    output.write(np.zeros((8, 1), np.float32))
    raise ValueError("not enough")


def sound(path: Path) -> np.ndarray:
    return soundfile.read(path, dtype="float32", always_2d=True)[0]


def test_encode_writes_frames_with_their_rate(tmp_path: Path, model: Path, recording: Path) -> None:
    target = tmp_path / "out.npz"
    assert main(["encode", str(recording), "-m", str(model), "-o", str(target)]) == 0
    with np.load(target) as found:
        assert found["z"].shape == (48, 256)
        assert found["z"].dtype == np.float32
        assert (float(found["rate"]), int(found["sample_rate"]), int(found["ratio"])) == (187.5, RATE, 256)


def test_decode_brings_the_sound_back(tmp_path: Path, model: Path, recording: Path) -> None:
    frames, back = tmp_path / "out.npz", tmp_path / "back.flac"
    assert main(["encode", str(recording), "-m", str(model), "-o", str(frames)]) == 0
    assert main(["decode", str(frames), "-m", str(model), "-o", str(back)]) == 0
    original, decoded = sound(recording), sound(back)
    assert len(decoded) == 48 * 256
    assert np.array_equal(decoded[: len(original)], original)
    assert not decoded[len(original) :].any()


def test_a_part_of_a_channel_is_encoded(tmp_path: Path, model: Path) -> None:
    stereo = tmp_path / "stereo.wav"
    left = np.linspace(-0.5, 0.5, 9600, dtype=np.float32)
    soundfile.write(stereo, np.stack([left, -left], axis=1), RATE, subtype="FLOAT")
    target = tmp_path / "out.npz"
    words = ["encode", str(stereo), "-m", str(model), "-o", str(target), "--channel", "2"]
    assert main([*words, "--start", "0.05", "--end", "0.1"]) == 0
    with np.load(target) as found:
        assert np.array_equal(found["z"].reshape(-1)[:2400], -left[2400:4800])


def test_transform_is_the_model_and_nothing_else(tmp_path: Path, model: Path, recording: Path) -> None:
    target = tmp_path / "out.wav"
    assert main(["transform", str(recording), "-m", str(model), "-o", str(target)]) == 0
    assert np.array_equal(sound(target), sound(recording))
    assert soundfile.info(target).subtype == "PCM_24"


def test_transform_keeps_rate_and_length_of_another_rate(tmp_path: Path, model: Path) -> None:
    original, target = tmp_path / "in.wav", tmp_path / "out.wav"
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(30_001) / 44_100)
    soundfile.write(original, tone, 44_100, subtype="FLOAT")
    assert main(["transform", str(original), "-m", str(model), "-o", str(target)]) == 0
    assert soundfile.info(target).samplerate == 44_100
    found = sound(target)[:, 0]
    assert len(found) == 30_001
    assert np.abs(found - tone)[1000:-1000].max() < 1e-3


def test_decoding_with_the_wrong_model_is_refused(
    tmp_path: Path, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    frames, target = tmp_path / "in.npz", tmp_path / "out.wav"
    np.savez(frames, z=np.zeros((4, 3), np.float32), rate=187.5, sample_rate=RATE, ratio=256)
    assert main(["decode", str(frames), "-m", str(model), "-o", str(target)]) == 2
    assert "has 3 dimensions and same takes 256" in capsys.readouterr().err
    assert not target.exists()


def test_info_as_json(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", str(model), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["sample_rate"], found["ratio"], found["latent_size"]) == (RATE, 256, 256)
    assert found["full_latent_size"] == 256
    assert found["channels"] == {"in": 1, "out": 1}
    assert set(found["methods"]) == {"encode", "decode", "forward"}
    assert found["parameters"] == 0
    assert isinstance(found["attributes"], dict)


def test_info_for_reading(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", str(model)]) == 0
    shown = capsys.readouterr().out
    assert "256 samples a frame, 187.50 frames a second" in shown


def test_a_result_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "out.wav"
    target.write_bytes(b"before")
    with pytest.raises(ValueError, match="not enough"), SoundOutput(target, RATE, 1) as output:
        _write_and_fail(output)
    assert target.read_bytes() == b"before"
    with SoundOutput(target, RATE, 1) as output:
        output.write(np.zeros((8, 1), np.float32))
    assert soundfile.info(target).frames == 8
    assert list(tmp_path.iterdir()) == [target]


def test_a_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: soundfile.SoundFile, data: object) -> None:
        raise AssertionError

    monkeypatch.setattr(soundfile.SoundFile, "write", full)
    with pytest.raises(LivevaeError, match="is the disk full"), SoundOutput(tmp_path / "a.flac", RATE, 1) as output:
        output.write(np.zeros((8, 1), np.float32))
    assert list(tmp_path.iterdir()) == []


def test_render_is_what_a_live_voice_plays_without_its_buffering(
    tmp_path: Path, model: Path, recording: Path, livevae: Run
) -> None:
    piece = tmp_path / "piece.py"
    piece.write_text("v1.input = live(1)\nv1.z = live\n")
    made = []
    for name in ("a.wav", "b.wav"):
        words = ("--seconds", "0.25", "--model", model, "--input", recording)
        done = livevae("render", piece, "-o", tmp_path / name, *words)
        assert (done.returncode, done.stderr) == (0, "")
        made.append((tmp_path / name).read_bytes())
    assert made[0] == made[1]
    rendered, played = sound(tmp_path / "a.wav"), sound(recording)
    assert rendered.shape == (12_000, 2)
    assert np.abs(rendered[6000:, 0] - played[6000:12_000, 0]).max() < 1e-5


def test_a_piece_with_an_error_is_not_rendered(tmp_path: Path, model: Path, livevae: Run) -> None:
    piece = tmp_path / "piece.py"
    piece.write_text("v1.amp = 0.5\nv1.z = unheard_of\n")
    done = livevae("render", piece, "-o", tmp_path / "a.wav", "--model", model)
    assert done.returncode == 2
    assert done.stderr == "livevae: piece.py:2: NameError: name 'unheard_of' is not defined\n"
    assert not (tmp_path / "a.wav").exists()
