"""No click where two chunks of a shipped model meet: chunks of any size sound as one long decode does."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from livevae.resources import models_dir, sounds_dir
from livevae.training.edges import abruptness, edge_ratio, in_chunks
from livevae.training.measure import open_exported

PATTERNS = ((1,), (3,), (20,), (1, 5, 2))
"""Latent frames in a chunk."""
MODELS = ("default", "low-latency")


@pytest.fixture(scope="module")
def sound() -> np.ndarray:
    """A third of a second of each of four recordings that ship."""
    parts = []
    for name in ("bell", "drum", "voice", "water"):
        audio, rate = soundfile.read(sounds_dir() / f"{name}.flac", dtype="float32", frames=16000)
        assert rate == 48000
        parts.append(audio)
    return np.concatenate(parts)


@pytest.fixture(scope="module", params=MODELS)
def model(request: pytest.FixtureRequest) -> Path:
    return models_dir() / f"{request.param}.ts"


def test_a_shipped_model_has_no_edges_in_any_chunks(model: Path, sound: np.ndarray) -> None:
    """The discontinuity measure is the one-shot decode's, at the same samples, and so is every sample."""
    whole, _ = in_chunks(model, sound, (len(sound),))
    assert np.abs(whole).max() > 0.05
    for pattern in PATTERNS:
        chunked, edges = in_chunks(model, sound, pattern)
        assert len(edges) >= 3
        np.testing.assert_allclose(chunked, whole, atol=1e-4)
        assert edge_ratio(chunked, edges) == pytest.approx(edge_ratio(whole, edges), rel=1e-3)


def test_nothing_marks_the_frames_of_a_shipped_model(model: Path, sound: np.ndarray) -> None:
    """Even where chunks would meet, the one-shot decode is no more abrupt than elsewhere."""
    whole, _ = in_chunks(model, sound, (len(sound),))
    ratio = int(open_exported(model).encode_params[3])
    edges = list(range(ratio, whole.shape[1], ratio))
    shifted = [[edge + ratio * part // 8 for edge in edges[:-1]] for part in range(1, 8)]
    elsewhere = [edge_ratio(whole, others) for others in shifted]
    assert edge_ratio(whole, edges) < 1.25 * max(elsewhere)


def test_a_click_is_found() -> None:
    time = np.arange(48000) / 48000
    tone = (0.3 * np.sin(2 * np.pi * 440 * time) + 0.01 * np.random.default_rng(0).standard_normal(48000)).astype("f")
    edges = list(range(512, 48000, 512))
    assert edge_ratio(tone, edges) == pytest.approx(1.0, abs=0.15)
    clicked = tone.copy()
    for edge in edges:
        clicked[edge:] += 0.05 * (-1) ** (edge // 512)
    assert edge_ratio(clicked, edges) > 1.5
    # A model that forgets what was before: every chunk begins from silence.
    forgetful = tone.reshape(-1, 125) * np.minimum(1, np.arange(125) / 8).astype("f")
    assert edge_ratio(forgetful.ravel(), list(range(125, 48000, 125))) > 1.5


def test_a_line_is_not_abrupt_and_both_channels_count() -> None:
    assert abruptness(np.linspace(0, 1, 100, dtype=np.float32)).max() < 1e-6
    stereo = np.zeros((2, 9), np.float32)
    stereo[1, 4] = 1
    np.testing.assert_allclose(abruptness(stereo), [0, 0, 0, 1, 2, 1, 0, 0, 0])
    assert edge_ratio(np.zeros(1000, np.float32), [500]) == 1
    with pytest.raises(ValueError, match="ends"):
        edge_ratio(np.zeros(1000, np.float32), [0, 20, 990])
