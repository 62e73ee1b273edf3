"""Bridges: what is learned between two models, and that the file hears as the one and sounds as the other."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from livevae.errors import LivevaeError
from livevae.latent import Trajectory
from livevae.latent.bridge import adapter, bridge, grouped
from livevae.model import ModelInfo, open_model
from support.models import identity, save, vae

RANDOM = np.random.default_rng(4)


def walk(count: int, dims: int) -> np.ndarray:
    return np.cumsum(RANDOM.normal(size=(count, dims)), axis=0) * 0.1


@pytest.mark.parametrize("shift", [-3, 0, 2])
def test_a_linear_relation_is_found_however_late_one_side_is(shift: int) -> None:
    matrix, offset = RANDOM.normal(size=(5, 3)), RANDOM.normal(size=5)
    inputs = [walk(200, 3), walk(150, 3)]
    outputs = [np.roll(x @ matrix.T + offset, shift, axis=0)[max(0, shift) : len(x) + min(0, shift)] for x in inputs]
    if shift > 0:
        outputs = [np.concatenate([np.zeros((shift, 5)), y]) for y in outputs]
    found = adapter(inputs, outputs)
    assert found.explained > 0.99
    np.testing.assert_allclose(found.weights, matrix, atol=0.02)
    np.testing.assert_allclose(found.offset, offset, atol=0.02)


def test_what_has_nothing_to_do_with_each_other_is_hardly_explained() -> None:
    found = adapter([RANDOM.normal(size=(400, 3))], [RANDOM.normal(size=(400, 4))])
    assert found.explained < 0.1
    assert np.abs(found.weights).max() < 0.3


def test_frames_are_grouped_in_their_order() -> None:
    np.testing.assert_array_equal(grouped(np.arange(10.0).reshape(5, 2), 2), [[0, 1, 2, 3], [4, 5, 6, 7]])


class Known:
    """A library of one recording: white noise through each model."""

    def __init__(self, models: list) -> None:
        torch.manual_seed(3)
        audio = torch.randn(1, 1, 64 * 600) * 0.3
        self._frames = {}
        for model in models:
            model.reset()
            self._frames[model.info.digest] = model.encode(audio)[0].T.numpy().copy()

    def trajectory(self, name: str, model: ModelInfo, wait: bool) -> Trajectory:
        assert wait
        return Trajectory(self._frames[model.digest], 48000 / model.ratio, name)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> list:
    folder = tmp_path_factory.mktemp("pair")
    return [open_model(save(identity(32), folder / "fine.ts")), open_model(save(vae(), folder / "vae.ts"))]


def test_the_file_hears_as_one_model_and_sounds_as_the_other(pair: list, tmp_path: Path) -> None:
    first, second = pair
    library = Known(pair)
    made = bridge(library, first.info, second.info, ["noise"], tmp_path)  # type: ignore[arg-type]
    opened = open_model(made.path)
    assert opened.info.ratio == 64
    assert opened.info.latent_size == second.info.latent_size
    assert opened.info.batched
    again = bridge(library, first.info, second.info, ["noise"], tmp_path)  # type: ignore[arg-type]
    assert again.path == made.path
    assert len(list(tmp_path.iterdir())) == 1
    frames = library.trajectory("noise", first.info, True).frames
    target = library.trajectory("noise", second.info, True).frames
    audio = torch.from_numpy(frames.reshape(1, 1, -1)[..., : 64 * 500].copy())
    opened.reset()
    heard = opened.encode(audio)[0].T.numpy()
    learned = adapter([grouped(frames.astype(float), 2)], [target.astype(float)])
    assert learned.explained == made.explained > 0.05
    expected = grouped(frames, 2)[:500] @ learned.weights.T + learned.offset
    np.testing.assert_allclose(heard, expected, atol=1e-4)
    opened.reset()
    second.reset()
    z = torch.from_numpy(target[:64].T[None].copy())
    np.testing.assert_allclose(opened.decode(z).numpy(), second.decode(z).numpy(), atol=1e-5)
    # Cut into chunks it streams as in one piece.
    opened.reset()
    pieces = [opened.encode(audio[..., at : at + 128]) for at in range(0, 1280, 128)]
    np.testing.assert_allclose(np.concatenate([p.numpy()[0].T for p in pieces]), heard[:20], atol=1e-4)


def test_models_that_do_not_fit_are_refused(pair: list, tmp_path: Path) -> None:
    first, second = (model.info for model in pair)
    library = Known(pair)
    for one, other, reason in (
        (second, first, "times as long"),
        (replace(first, sample_rate=44100), second, "one rate"),
        (replace(first, has_latents=False), second, "cannot be an end"),
    ):
        with pytest.raises(LivevaeError, match=reason):
            bridge(library, one, other, ["noise"], tmp_path)  # type: ignore[arg-type]
    with pytest.raises(LivevaeError, match="longer or more"):
        bridge(library, first, second, [], tmp_path)  # type: ignore[arg-type]
    damaged = replace(first, path=str(tmp_path / "nothing.ts"))
    with pytest.raises(LivevaeError, match=r"nothing\.ts"):
        bridge(library, damaged, second, ["noise"], tmp_path)  # type: ignore[arg-type]
