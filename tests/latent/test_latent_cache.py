"""Encoded recordings on disk: what makes an entry another one, and what happens to damaged ones."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from livevae.errors import LivevaeError
from livevae.latent import Cache, Encoded, Job, npz
from livevae.model.info import ModelInfo

MODEL = ModelInfo("m.ts", "m", 48000, 64, 4, 4, 1, 1, {}, digest="abc")
ENCODED = Encoded(np.arange(8, dtype=np.float32).reshape(2, 4), 44100, 2048)


def test_a_file_holds_what_the_command_line_promises(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "a.npz"
    npz.save(path, ENCODED)
    with np.load(path) as arrays:
        assert sorted(arrays) == ["rate", "ratio", "sample_rate", "z"]
        assert arrays["z"].shape == (2, 4)
        assert float(arrays["rate"]) == 44100 / 2048
        assert (int(arrays["sample_rate"]), int(arrays["ratio"])) == (44100, 2048)
    again = npz.load(path)
    np.testing.assert_array_equal(again.z, ENCODED.z)
    assert (again.sample_rate, again.ratio) == (44100, 2048)
    assert os.listdir(path.parent) == ["a.npz"]


def test_files_that_are_none_say_so(tmp_path: Path) -> None:
    with pytest.raises(LivevaeError, match="there is no file"):
        npz.load(tmp_path / "gone.npz")
    text = tmp_path / "text.npz"
    text.write_text("hello")
    with pytest.raises(LivevaeError, match=r"text.npz is no readable .npz file"):
        npz.load(text)
    short = tmp_path / "short.npz"
    npz.save(short, ENCODED)
    short.write_bytes(short.read_bytes()[:300])
    with pytest.raises(LivevaeError, match="livevae encode"):
        npz.load(short)
    other = tmp_path / "other.npz"
    np.savez(other, x=np.zeros(3))
    with pytest.raises(LivevaeError, match="holds no array 'z'"):
        npz.load(other)
    flat = tmp_path / "flat.npz"
    np.savez(flat, z=np.zeros(3), sample_rate=1, ratio=1)
    with pytest.raises(LivevaeError, match=r"latent frames \(frames, D\)"):
        npz.load(flat)
    objects = tmp_path / "objects.npz"
    np.savez(objects, z=np.array([{}], dtype=object), sample_rate=1, ratio=1)
    with pytest.raises(LivevaeError, match="no readable"):
        npz.load(objects)
    with pytest.raises(LivevaeError, match="cannot write"):
        npz.save(text / "a.npz", ENCODED)


def test_a_key_depends_on_content_model_and_options_alone(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache")
    one, same, other = tmp_path / "one.wav", tmp_path / "same.wav", tmp_path / "other.wav"
    one.write_bytes(b"sound")
    same.write_bytes(b"sound")
    other.write_bytes(b"noise")
    key = cache.key(Job(one), MODEL)
    assert cache.key(Job(same), replace(MODEL, path="elsewhere.ts", name="n")) == key
    different = [
        cache.key(Job(other), MODEL),
        cache.key(Job(one), replace(MODEL, digest="abd")),
        cache.key(Job(one), replace(MODEL, sample_rate=44100)),
        cache.key(Job(one, channel=1), MODEL),
        cache.key(Job(one, start=1.0), MODEL),
        cache.key(Job(one, end=1.0), MODEL),
    ]
    assert len({key, *different}) == 7
    one.write_bytes(b"other sound")
    assert cache.key(Job(one), MODEL) != key
    with pytest.raises(LivevaeError, match="cannot read"):
        cache.key(Job(tmp_path / "gone.wav"), MODEL)


def test_content_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recording = tmp_path / "a.wav"
    recording.write_bytes(b"sound")
    key = Cache(tmp_path / "cache").key(Job(recording), MODEL)

    def never(path: Path) -> str:
        raise AssertionError(f"{path} was read again")

    monkeypatch.setattr("livevae.latent.cache.file_digest", never)
    assert Cache(tmp_path / "cache").key(Job(recording), MODEL) == key
    for note in (tmp_path / "cache" / "digests").iterdir():
        note.write_text("{damaged")
    with pytest.raises(AssertionError, match="read again"):
        Cache(tmp_path / "cache").key(Job(recording), MODEL)


def test_damaged_entries_are_removed(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    assert cache.load("0123") is None
    npz.save(cache.path("0123"), ENCODED)
    loaded = cache.load("0123")
    assert loaded is not None
    np.testing.assert_array_equal(loaded.z, ENCODED.z)
    cache.path("0123").write_bytes(b"PK\x03\x04 and then nothing")
    assert cache.load("0123") is None
    assert not cache.path("0123").exists()
