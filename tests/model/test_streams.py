"""What a model must do chunk by chunk: the same sound however it is cut, and streams apart from each other."""

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from livevae.errors import LivevaeError
from livevae.model import Model, finite, open_model
from support.effects import broken, counter, effect, generator
from support.models import identity, save, v1, vae

BUILDERS = {
    "identity": lambda: identity(64),
    "plain": vae,
    "wide": lambda: vae(width=96),
    "discrete": lambda: vae("discrete"),
    "spherical": lambda: vae("spherical"),
    "stereo": lambda: vae(inputs=2, outputs=2),
    "v1": v1,
    "effect": effect,
    "counter": counter,
    "generator": generator,
}
KINDS = [*BUILDERS, "variational"]


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    found = {kind: save(build(), folder / f"{kind}.ts") for kind, build in BUILDERS.items()}
    found["variational"] = save(vae("variational"), folder / "variational.ts")
    return found


@pytest.fixture(scope="module")
def models(paths):
    return {kind: open_model(path) for kind, path in paths.items()}


def sound(model: Model, rows: int, frames: int, seed: int = 0) -> torch.Tensor:
    """Input for `model.play`, repeatable."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return model.noise(rows, frames, 0.3)


def chunks(model: Model, x: torch.Tensor, sizes: list[int]) -> torch.Tensor:
    """`x` through the model in pieces of these many frames."""
    step = model.info.ratio if model.info.in_channels else 1
    pieces = x.split([size * step for size in sizes], 2)
    return torch.cat([model.play(piece) for piece in pieces], 2)


@pytest.mark.parametrize("kind", BUILDERS)
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(sizes=st.lists(st.integers(1, 30), min_size=2, max_size=6))
def test_a_chunked_stream_equals_one_long_call(models, kind, sizes):
    model = models[kind]
    x = sound(model, 1, sum(sizes))
    model.reset()
    whole = model.play(x)
    model.reset()
    torch.testing.assert_close(chunks(model, x, sizes), whole, atol=2e-6, rtol=1e-5)


@pytest.mark.parametrize("kind", [kind for kind in BUILDERS if kind != "counter"])
@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(rows=st.integers(2, 5), frames=st.integers(1, 8))
def test_rows_are_streams_of_their_own(models, kind, rows, frames):
    model = models[kind]
    x = sound(model, rows, 2 * frames)
    model.reset()
    together = chunks(model, x, [frames, frames])
    for row in range(rows):
        model.reset()
        alone = chunks(model, x[row : row + 1], [frames, frames])
        torch.testing.assert_close(together[row : row + 1], alone, atol=2e-6, rtol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_a_reset_model_is_a_fresh_one(paths, models, kind):
    model = models[kind]
    x = sound(model, 1, 6)
    model.reset()
    model.play(sound(model, 1, 9, seed=1))
    model.reset()
    model.seed(3)
    after = model.play(x)
    fresh = open_model(paths[kind])
    fresh.seed(3)
    torch.testing.assert_close(after, fresh.play(x), atol=1e-6, rtol=1e-5)


def test_one_row_is_reset_and_the_others_go_on(models):
    model = models["plain"]
    x, y = sound(model, 3, 4), sound(model, 3, 4, seed=1)
    model.reset()
    model.play(x)
    undisturbed = model.play(y)
    model.reset()
    fresh = model.play(y)
    model.reset()
    model.play(x)
    model.reset([1])
    got = model.play(y)
    assert torch.equal(got[[0, 2]], undisturbed[[0, 2]])
    assert torch.equal(got[1], fresh[1])
    assert not torch.equal(got[1], undisturbed[1])


def test_encode_and_decode_are_reset_apart(models):
    model = models["plain"]
    x, z = sound(model, 1, 4), torch.randn(1, 4, 4)

    def heard(part: str | None) -> tuple[torch.Tensor, torch.Tensor]:
        model.reset()
        model.encode(x)
        model.decode(z)
        if part:
            model.reset(part=part)
        return model.encode(x), model.decode(z)

    going_on, encode_reset, decode_reset = heard(None), heard("encode"), heard("decode")
    assert torch.equal(encode_reset[1], going_on[1])
    assert torch.equal(decode_reset[0], going_on[0])
    model.reset()
    assert torch.equal(encode_reset[0], model.encode(x))
    assert torch.equal(decode_reset[1], model.decode(z))
    with pytest.raises(LivevaeError, match="no method 'inverse'"):
        model.reset(part="inverse")


def test_instances_share_weights_and_nothing_else(models):
    for kind in ("plain", "counter", "spherical"):
        model = models[kind]
        model.reset()
        model.play(sound(model, 1, 5))
        other = model.instance()
        x = sound(model, 1, 4, seed=2)
        there = other.play(x)
        here = model.play(x)
        assert not torch.equal(here, there)
        model.reset()
        torch.testing.assert_close(model.play(x), there, atol=1e-6, rtol=1e-5)
    weights = {p.data_ptr() for p in models["plain"]._module.parameters()}
    assert weights == {p.data_ptr() for p in models["plain"].instance()._module.parameters()}


@pytest.mark.parametrize("kind", KINDS)
def test_faster_convolutions_give_the_same_sound(paths, kind):
    plain, fast = open_model(paths[kind], fast=False), open_model(paths[kind])
    assert not plain.info.rewritten
    for rows, frames in ((1, 1), (1, 7), (1, 40), (4, 3)):
        if fast.info.max_rows is not None and rows > fast.info.max_rows:
            continue
        x = sound(plain, rows, frames)
        outputs = []
        for model in (plain, fast):
            model.reset()
            model.seed(1)
            outputs.append(torch.cat([model.play(x) for _ in range(4)], 2))
        torch.testing.assert_close(outputs[0], outputs[1], atol=1e-5, rtol=1e-4)


def test_noise_is_repeated_by_its_seed(models):
    model = models["variational"]
    x = sound(model, 1, 4)
    heard = []
    for seed in (1, 1, 2):
        model.reset()
        model.seed(seed)
        heard.append(model.play(x))
    assert torch.equal(heard[0], heard[1])
    assert not torch.equal(heard[0], heard[2])


def test_a_model_that_begins_with_nan_is_run_past_it(paths):
    raw = vae("spherical")
    raw.memory.pad.zero_()
    with torch.no_grad():
        assert raw(torch.randn(1, 1, 64)).isnan().any()
    model = open_model(paths["spherical"])
    for _ in range(2):
        assert finite(model.play(sound(model, 3, 4)))
        model.reset()
    assert finite(model.instance().play(sound(model, 1, 1)))


def test_nan_is_seen_and_a_reset_ends_it(tmp_path):
    model = open_model(save(broken("nan"), tmp_path / "a.ts"))
    assert finite(model.forward(torch.ones(1, 1, 64)))
    assert not finite(model.forward(torch.full((1, 1, 64), 5.0)))
    assert finite(torch.full((1000,), 3e38))
    assert not finite(torch.tensor([1.0, float("nan"), 2.0]))
    assert not finite(torch.tensor([float("inf"), float("-inf")]))


def test_warming_leaves_the_model_fresh(models):
    model = models["plain"]
    x = sound(model, 2, 3)
    model.reset()
    fresh = model.play(x)
    torch.manual_seed(4)
    before = torch.get_rng_state()
    model.warm([1, 2], [1, 3])
    median, longest = model.measure(frames=2, rows=2, repeats=3)
    assert torch.equal(torch.get_rng_state(), before)
    assert 0 < median <= longest
    assert torch.equal(model.play(x), fresh)


def test_wrong_shapes_are_refused_in_one_sentence(models):
    model = models["plain"]
    for x in (
        torch.zeros(1, 1, 65),
        torch.zeros(1, 1, 0),
        torch.zeros(1, 2, 64),
        torch.zeros(1, 64),
        torch.zeros(1, 1, 64, dtype=torch.float64),
    ):
        with pytest.raises(LivevaeError, match="takes float32"):
            model.encode(x)
    with pytest.raises(LivevaeError, match="takes float32"):
        model.decode(torch.zeros(1, 5, 2))
    with pytest.raises(LivevaeError, match="64 streams"):
        model.encode(torch.zeros(65, 1, 64))
    with pytest.raises(LivevaeError, match="1 streams"):
        models["counter"].encode(torch.zeros(2, 1, 64))
    with pytest.raises(LivevaeError, match="no row 64"):
        model.reset([64])
    with pytest.raises(LivevaeError, match="no method 'prior'"):
        model.call("prior", torch.zeros(1, 1, 1))
    with pytest.raises(LivevaeError, match="audio to audio"):
        models["generator"].forward(torch.zeros(1, 3, 1))


def test_what_a_model_gives_can_be_edited(models):
    z = models["plain"].encode(torch.zeros(1, 1, 128))
    z += 1.0
    assert models["plain"].decode(z).shape == (1, 1, 128)


@pytest.mark.parametrize("samples", [1, 100, 3000])
def test_the_delay_of_an_effect_is_measured_to_the_sample(tmp_path, samples):
    model = open_model(save(effect(48000, samples), tmp_path / "a.ts"))
    assert model.measure_delay() == samples
    assert model.info.delay_samples == samples


def test_the_delay_of_a_passthrough_is_nothing(models):
    assert models["identity"].measure_delay() == 0
    assert models["generator"].measure_delay() == 0


def test_measuring_the_delay_disturbs_no_stream(models):
    model = models["variational"]
    x = sound(model, 1, 4)
    model.reset()
    model.seed(1)
    expected = torch.cat([model.play(x), model.play(x)], 2)
    model.reset()
    model.seed(1)
    first = model.play(x)
    model.measure_delay()
    assert torch.equal(torch.cat([first, model.play(x)], 2), expected)


def test_settings_change_the_sound_and_refuse_nonsense(tmp_path):
    model = open_model(save(effect(), tmp_path / "a.ts"))
    x = torch.ones(1, 1, 256)
    loud = model.forward(x)[0, :, -1]
    model.set_attribute("gain", 0.5)
    assert torch.equal(model.forward(x)[0, :, -1], loud * 0.5)
    for name, value in (("gain", -1.0), ("gain", "much"), ("colour", 1.0)):
        with pytest.raises(LivevaeError):
            model.set_attribute(name, value)


def test_a_model_of_one_stream_is_reset_whole(models):
    model = models["counter"]
    x = sound(model, 1, 3)
    model.reset()
    fresh = model.play(x)
    model.reset([0])
    assert torch.equal(model.play(x), fresh)
