"""Files become models, or one clear sentence."""

import json
import subprocess
import sys
import zipfile

import pytest
import torch

from livevae.errors import LivevaeError
from livevae.model import ModelInfo, file_digest, open_model
from support.effects import broken, counter, effect, generator
from support.models import identity, save, v1, vae


def test_a_rave_v2_file_is_described(tmp_path):
    module = vae("plain", latent=4)
    path = save(module, tmp_path / "forest.ts")
    info = open_model(path).info
    assert (info.name, info.path) == ("forest", str(path))
    assert (info.sample_rate, info.ratio, info.frame_rate) == (48000, 64, 750.0)
    assert (info.latent_size, info.full_latent_size) == (4, 8)
    assert (info.in_channels, info.out_channels) == (1, 1)
    assert info.methods == {"encode": [1, 1, 4, 64], "decode": [4, 64, 1, 1], "forward": [1, 1, 1, 1]}
    assert info.has_latents
    assert info.batched
    assert info.max_rows == 64
    assert info.deterministic
    assert not info.discrete
    assert info.fidelity == pytest.approx(torch.linspace(0.5, 1, 8).tolist())
    assert info.latent_mean == [0.0] * 8
    assert info.latent_std == []
    assert info.parameters == sum(p.numel() for p in module.parameters())
    assert info.digest == file_digest(path)
    assert info.delay_samples is None


def test_prior_is_usable_only_with_its_params(tmp_path):
    assert "prior" not in open_model(save(vae(), tmp_path / "a.ts")).info.methods


@pytest.mark.parametrize(("inputs", "outputs"), [(1, 2), (2, 2), (2, 1)])
def test_channels_are_those_that_come_out(tmp_path, inputs, outputs):
    model = open_model(save(vae(inputs=inputs, outputs=outputs), tmp_path / "a.ts"))
    assert (model.info.in_channels, model.info.out_channels) == (inputs, outputs)
    assert model.forward(torch.zeros(3, inputs, 128)).shape == (3, outputs, 128)


def test_channels_that_the_file_misstates_are_tried_out(tmp_path):
    module = vae(inputs=1, outputs=2)
    module.encode_params[0] = 2
    module.decode_params[2] = 1
    info = open_model(save(module, tmp_path / "a.ts")).info
    assert (info.in_channels, info.out_channels) == (1, 2)


def test_variational_and_discrete_models_say_so(tmp_path):
    noisy = open_model(save(vae("variational"), tmp_path / "a.ts")).info
    assert not noisy.deterministic
    assert not noisy.discrete
    codes = open_model(save(vae("discrete"), tmp_path / "b.ts")).info
    assert codes.discrete
    assert codes.deterministic
    assert codes.latent_size == 1


def test_the_rate_of_a_wrapped_v1_file_is_found(tmp_path):
    info = open_model(save(v1(44100), tmp_path / "a.ts")).info
    assert info.sample_rate == 44100
    assert set(info.methods) == {"encode", "decode", "forward"}


def test_the_rate_of_an_nn_file_comes_from_its_method(tmp_path):
    assert open_model(save(effect(32000), tmp_path / "a.ts")).info.sample_rate == 32000
    assert open_model(save(effect(-1), tmp_path / "b.ts")).info.sample_rate is None


def test_the_performer_has_the_last_word_on_the_rate(tmp_path):
    path = save(effect(-1), tmp_path / "a.ts")
    assert open_model(path, sample_rate=22050).info.sample_rate == 22050
    with pytest.raises(LivevaeError, match="hertz"):
        open_model(path, sample_rate=48)


def test_an_effect_is_described(tmp_path):
    info = open_model(save(effect(), tmp_path / "a.ts")).info
    assert (info.has_latents, info.latent_size, info.ratio) == (False, 0, 64)
    assert (info.in_channels, info.out_channels) == (1, 2)
    assert info.attributes == {"gain": 1.0}


def test_an_effect_that_needs_long_blocks_gets_them(tmp_path):
    module = identity(256)
    module.encode_params = torch.zeros(0, dtype=torch.int64)
    module.decode_params = torch.zeros(0, dtype=torch.int64)
    info = open_model(save(module, tmp_path / "a.ts")).info
    assert list(info.methods) == ["forward"]
    assert info.ratio == 256


def test_a_generator_has_no_input(tmp_path):
    info = open_model(save(generator(), tmp_path / "a.ts")).info
    assert (info.has_latents, info.latent_size, info.ratio) == (False, 3, 32)
    assert (info.in_channels, info.out_channels) == (0, 1)
    assert info.sample_rate is None


def test_shared_state_means_one_stream(tmp_path):
    info = open_model(save(counter(), tmp_path / "a.ts")).info
    assert not info.batched
    assert info.max_rows == 1


def test_a_model_without_state_takes_any_number_of_rows(tmp_path):
    info = open_model(save(identity(64), tmp_path / "a.ts")).info
    assert info.batched
    assert info.max_rows is None


def test_opening_leaves_torch_as_it_was(tmp_path):
    path = save(vae("variational"), tmp_path / "a.ts")
    torch.manual_seed(5)
    before = torch.get_rng_state()
    open_model(path)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch._C._get_graph_executor_optimize()


def test_opening_warns_of_nothing(tmp_path, recwarn):
    open_model(save(vae(), tmp_path / "a.ts"))
    assert not recwarn.list


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("nameless", "no method"),
        ("ratios", "different ratios"),
        ("short", "50 samples"),
        ("double", "float64"),
        ("fails", "fails in encode"),
    ],
)
def test_a_module_that_cannot_be_played_says_why(tmp_path, kind, message):
    path = save(broken(kind), tmp_path / "a.ts")
    with pytest.raises(LivevaeError, match=message) as caught:
        open_model(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_files_that_are_no_models_say_so(tmp_path):
    good = save(vae(), tmp_path / "good.ts").read_bytes()

    def message(content: bytes) -> str:
        path = tmp_path / "bad.ts"
        path.write_bytes(content)
        with pytest.raises(LivevaeError) as caught:
            open_model(path)
        assert "\n" not in str(caught.value)
        return str(caught.value)

    assert "not a TorchScript file" in message(b"")
    assert "not a TorchScript file" in message(b"RIFF....WAVE" * 100)
    assert "cut short" in message(good[: len(good) // 2])
    assert "cut short" in message(good[:-100])
    middle = bytearray(good)
    for at in range(len(good) // 3, len(good) // 3 + 3000):
        middle[at] ^= 0xFF
    assert "bad.ts" in message(bytes(middle))


def test_other_archives_say_what_they_are(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.ts", "w") as archive:
        archive.writestr("x/readme.txt", "hello")
    with pytest.raises(LivevaeError, match="not a TorchScript model"):
        open_model(tmp_path / "a.ts")
    torch.save({"weight": torch.ones(3)}, tmp_path / "b.ts")
    with pytest.raises(LivevaeError, match="checkpoint"):
        open_model(tmp_path / "b.ts")
    with pytest.raises(LivevaeError, match="no model file"):
        open_model(tmp_path / "c.ts")
    with pytest.raises(LivevaeError, match="folder"):
        open_model(tmp_path)
    with pytest.raises(LivevaeError, match="threads"):
        open_model(tmp_path / "a.ts", threads=0)


def test_a_description_survives_json(tmp_path):
    model = open_model(save(vae("discrete"), tmp_path / "a.ts"))
    model.measure_delay()
    data = json.loads(json.dumps(model.info.to_json()))
    assert ModelInfo.from_json(data) == model.info
    assert ModelInfo.from_json({**data, "of a later version": 1}) == model.info
    with pytest.raises(LivevaeError, match="no model description"):
        ModelInfo.from_json({"name": "a"})


def test_descriptions_come_without_torch():
    code = "import sys, livevae.model, livevae.model.info; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
