"""Whole recordings through a model."""

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from livevae.errors import LivevaeError
from livevae.model import ChunkStream, decode_offline, encode_offline, open_model, transform_offline
from support.effects import effect
from support.models import identity, save, vae


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    builders = {"identity": identity(64), "plain": vae(), "stereo": vae(inputs=2, outputs=2), "effect": effect()}
    builders["variational"] = vae("variational")
    return {kind: open_model(save(module, folder / f"{kind}.ts")) for kind, module in builders.items()}


def recording(samples: int, channels: int = 0) -> np.ndarray:
    shape = (samples, channels) if channels else (samples,)
    return np.random.default_rng(1).normal(0, 0.3, shape).astype(np.float32)


def cut(audio: np.ndarray, sizes: list[int]) -> list[np.ndarray]:
    return np.split(audio, np.cumsum(sizes)[:-1])


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(sizes=st.lists(st.integers(0, 700), min_size=1, max_size=8), frames=st.integers(1, 9))
def test_encoding_does_not_depend_on_the_blocks(models, sizes, frames):
    model, audio = models["plain"], recording(sum(sizes))
    whole = list(encode_offline(model, [audio]))
    cut_up = list(ChunkStream(model, frames=frames).encode_all(cut(audio, sizes)))
    expected = -(-len(audio) // 64)
    assert sum(len(piece) for piece in whole) == sum(len(piece) for piece in cut_up) == expected
    if expected:
        np.testing.assert_allclose(np.concatenate(cut_up), np.concatenate(whole), atol=2e-6)


@pytest.mark.parametrize("samples", [1, 63, 64, 65, 5000])
def test_a_passthrough_gives_back_what_it_took(models, samples):
    audio = recording(samples)
    out = transform_offline(models["identity"], audio)
    assert out.shape == (samples, 1)
    np.testing.assert_array_equal(out[:, 0], audio)


def test_encode_then_decode_is_transform(models):
    model, audio = models["plain"], recording(64 * 700)
    z = np.concatenate(list(encode_offline(model, [audio])))
    assert z.shape == (700, 4)
    np.testing.assert_allclose(decode_offline(model, z), transform_offline(model, audio), atol=2e-6)


def test_what_is_heard_offline_is_what_a_live_voice_gives(models):
    for kind in ("plain", "variational"):
        model, audio = models[kind], recording(64 * 20)
        model.reset()
        model.seed(4)
        live = [model.forward(torch.from_numpy(block)[None, None]) for block in audio.reshape(20, 64)]
        model.seed(4)
        np.testing.assert_allclose(transform_offline(model, audio)[:, 0], torch.cat(live, 2)[0, 0].numpy(), atol=2e-6)


def test_channels_are_spread_or_kept(models):
    model, audio = models["stereo"], recording(640, 2)
    kept = transform_offline(model, audio)
    assert kept.shape == (640, 2)
    mono = transform_offline(model, audio[:, 0])
    np.testing.assert_array_equal(mono, transform_offline(model, audio[:, [0, 0]]))
    assert not np.array_equal(mono, kept)
    with pytest.raises(LivevaeError, match="channels"):
        transform_offline(model, recording(640, 3))


def test_an_effect_transforms(models):
    audio = recording(1000)
    out = transform_offline(models["effect"], audio)
    np.testing.assert_allclose(out[100:], np.stack([audio[:-100], -0.5 * audio[:-100]], 1), atol=1e-6)


def test_progress_counts_the_samples_of_the_recording(models):
    seen: list[int] = []
    list(encode_offline(models["plain"], [recording(50000), recording(50001)], seen.append))
    assert seen == sorted(seen)
    assert seen[-1] == 100001
    assert len(seen) > 2
    done: list[int] = []
    decode_offline(models["plain"], np.zeros((1000, 4), np.float32), done.append)
    assert done[-1] == 64000


def test_a_long_recording_is_never_held_whole(models):
    """Only a chunk and a block of the recording may wait at any time."""
    taken = 0

    def endless():
        nonlocal taken
        while True:
            taken += 1000
            yield recording(1000)

    pieces = encode_offline(models["plain"], endless())
    for count in range(1, 4):
        next(pieces)
        assert taken <= count * 32768 + 1000


def test_nothing_gives_nothing(models):
    assert list(encode_offline(models["plain"], [])) == []
    assert transform_offline(models["plain"], np.zeros(0, np.float32)).shape == (0, 1)
    assert decode_offline(models["plain"], np.zeros((0, 4), np.float32)).shape == (0, 1)


def test_wrong_latents_and_frames_are_refused(models):
    with pytest.raises(LivevaeError, match=r"decodes \(frames, 4\)"):
        decode_offline(models["plain"], np.zeros((10, 5), np.float32))
    with pytest.raises(LivevaeError, match="0 frames"):
        ChunkStream(models["plain"], frames=0)


def test_a_stream_leaves_the_model_fresh(models):
    model, audio = models["plain"], recording(640)
    first = transform_offline(model, audio)
    list(encode_offline(model, [recording(6400)]))
    np.testing.assert_array_equal(transform_offline(model, audio), first)
