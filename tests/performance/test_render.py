"""Pieces as files, through a model that is its own inverse: every latent is one sample."""

import numpy as np
import pytest
import soundfile

from livevae.errors import LivevaeError
from livevae.latent import Encoder, Library
from livevae.performance.render import render
from livevae.resources import patterns_dir
from support import models
from support.doubles import FakeLibrary, Played, RecordingEngine

RATIO = 256


@pytest.fixture
def model(tmp_path):
    return models.save(models.identity(RATIO), tmp_path / "identity.ts")


@pytest.fixture
def library(tmp_path):
    made = Library(tmp_path / "cache", Encoder())
    yield made
    made.close()


@pytest.fixture
def rendered(tmp_path, model, library):
    def play(source, name="out.wav", **options):
        (tmp_path / "song.py").write_text(source)
        length = render(tmp_path / "song.py", tmp_path / name, model=model, library=library, **options)
        sound, rate = soundfile.read(tmp_path / name, dtype="float32")
        assert rate == 48000
        assert len(sound) == round(length * rate)
        return sound

    return play


def test_what_is_heard_begins_on_its_cycle_to_the_sample(rendered):
    sound = rendered("tempo(240)\nv1.play(cat(0.25, 0.5), quant=0, fade=0)", cycles=2)
    assert len(sound) == 96000
    starts = np.flatnonzero(np.abs(np.diff(sound[:, 0])) > 0.1)
    assert starts.tolist() == [48000 // RATIO * RATIO + RATIO - 1], "the first frame that begins in the second cycle"
    assert np.allclose(sound[RATIO * 2 : 40000], 0.25, atol=1e-6)
    assert np.allclose(sound[60000:], 0.5, atol=1e-6)


SOURCE = "v1.z = live * 0.5 + perlin * 0.1\nv1.pan = sine\nv2.play(rand.range(-0.2, 0.2), fade=2)\nv2.amp = '1 0.5'\n"


def test_the_same_on_every_run_and_for_every_block(rendered, tmp_path):
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, 30000).astype(np.float32)
    soundfile.write(tmp_path / "in.wav", noise, 48000, "FLOAT")
    first = rendered(SOURCE, seconds=1.0, input=tmp_path / "in.wav", seed=3)
    written = (tmp_path / "out.wav").read_bytes()
    rendered(SOURCE, seconds=1.0, input=tmp_path / "in.wav", seed=3)
    assert (tmp_path / "out.wav").read_bytes() == written
    assert np.array_equal(rendered(SOURCE, seconds=1.0, input=tmp_path / "in.wav", seed=3, block=64), first)
    assert not np.array_equal(rendered(SOURCE, seconds=1.0, input=tmp_path / "in.wav", seed=4), first)


def test_the_input_stands_in_for_the_microphone(rendered, tmp_path):
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, 24000).astype(np.float32)
    soundfile.write(tmp_path / "in.wav", noise, 48000, "FLOAT")
    sound = rendered("v1.play(live, fade=0)", "out.flac", seconds=1.0, input=tmp_path / "in.wav")
    assert np.allclose(sound[RATIO * 2 : 24000, 0], noise[RATIO * 2 :], atol=1e-6)
    assert np.abs(sound[24000:]).max() < 1e-6


def test_sixteen_cycles_unless_told_otherwise(rendered):
    assert len(rendered("tempo(960)\nv1.z = 0.1")) == 4 * 48000


def test_progress_is_told(rendered):
    told = []
    rendered("v1.z = 0.1", seconds=2.5, on_progress=told.append)
    assert told == [0.4, 0.8, 1.0]


@pytest.mark.parametrize(
    ("source", "options", "said"),
    [
        ("v1.z = 'coir'", {}, "song.py:1: there is no recording 'coir'"),
        ("v1.z = 1", {"seconds": 0.0}, "above 0"),
        ("v1.z = 1", {"seconds": 1.0, "cycles": 1.0}, "not in both"),
        ("v1.z = 1", {"name": "out.mp3"}, "not to 'out.mp3'"),
        ("v1.z = 1", {"name": "none/out.wav"}, "no folder"),
        ("v1.z = 1", {"input": "none.wav"}, "cannot be read"),
    ],
)
def test_what_cannot_be_rendered_leaves_no_file(rendered, tmp_path, source, options, said):
    with pytest.raises(LivevaeError) as error:
        rendered(source, **options)
    assert said in str(error.value)
    assert {path.suffix for path in tmp_path.iterdir() if path.is_file()} <= {".py", ".ts"}


def test_a_full_disk_is_told_and_leaves_no_file(rendered, tmp_path, monkeypatch):
    def full(self: soundfile.SoundFile, data: object) -> None:
        raise AssertionError

    monkeypatch.setattr(soundfile.SoundFile, "write", full)
    with pytest.raises(LivevaeError, match="cannot be written: the disk is full"):
        rendered("v1.z = 0.1", seconds=0.2)
    assert not list(tmp_path.glob("*.wav")) + list(tmp_path.glob(".*part*"))


@pytest.mark.parametrize("name", ["interpolation", "vectors", "knobs", "transformation"])
def test_the_pieces_that_ship_play(name, tmp_path):
    from livevae.performance import Performance, Piece

    (tmp_path / "default_16.ts").write_text("")
    sounds = {
        word: index / 10
        for index, word in enumerate(["bell", "choir", "string", "drum", "voice", "wind", "metal", "water"])
    }
    engine = RecordingEngine()
    performance = Performance(engine, FakeLibrary(**sounds), default_model=tmp_path / "default_16.ts", live=False)
    Piece(performance, patterns_dir() / f"{name}.py").load()
    engine.advance(40.0, chunk=50)
    assert not performance.messages
    assert len(engine.slots) >= 2
    for slot in engine.slots.values():
        played = Played(slot)
        assert played.amp.max() > 0.3
        assert np.ptp(played.rows, axis=0).max() > 0.05, "it moves"


FORM = """
tempo(240)
@cue('a', bars=1)
def a(): v1.play(0.25, fade=0)
@cue('b', bars=2)
def b(): v1.play(0.5, fade=0)
form(('a', 2), 'b'{end})
"""


def test_a_form_is_rendered_as_long_as_it_is_and_changes_on_its_cycle(rendered):
    sound = rendered(FORM.format(end=""))
    assert len(sound) == 4 * 48000
    starts = np.flatnonzero(np.abs(np.diff(sound[:, 0])) > 0.1)
    assert starts.tolist() == [96000 // RATIO * RATIO - 1 + (RATIO if 96000 % RATIO else 0)]
    assert len(rendered(FORM.format(end=", end='hush'"))) == 4.25 * 48000
    assert len(rendered(FORM.format(end=""), cycles=1)) == 48000


def test_a_form_may_be_rendered_from_a_cue(rendered):
    sound = rendered(FORM.format(end=""), start="b")
    assert len(sound) == 2 * 48000
    assert np.allclose(sound[RATIO * 2 :], 0.5, atol=1e-6)
