"""The trained graph of an exported model, so that training can go on where only the `.ts` file is at hand.

An exported file holds the weights that were trained, in another order (livevae.training.streaming); this is the way
back. Only the posterior's variance is not in it, since streams need none: training finds it anew.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from livevae.errors import LivevaeError
from livevae.model.archive import check_archive, load_archive
from livevae.training.config import Shape
from livevae.training.layers import CausalConv, CausalUpsample, Residual
from livevae.training.vae import Autoencoder, Decoder, Encoder

LOG_VARIANCE = -4.0  # to begin with: near what the model that ships arrived at
LARGEST_DIFFERENCE = 1e-5
CHECKED_FRAMES = 8


class Recovered(NamedTuple):
    """A trained graph, and the rate in Hz that it works at."""

    model: Autoencoder
    sample_rate: int


@torch.no_grad()
def recover(path: Path) -> Recovered:
    """The autoencoder that `path` was exported from, with its weights.

    Raises LivevaeError for a file that is none of livevae's own, or whose sound the recovered graph does not give.
    """
    check_archive(path)
    opened: Any = load_archive(path)
    try:
        model, rate = Autoencoder(_shape(opened)), int(opened.get_sample_rate())
        _fill_encoder(model.encoder, opened.encoder)
        _fill_decoder(model.decoder, opened.decoder)
        difference = _difference(model, opened)
    except (AttributeError, RuntimeError, LookupError, ValueError) as error:
        raise LivevaeError(
            f"{path} was not made by `livevae train`, so it cannot be trained further: give one that was."
        ) from error
    if not difference < LARGEST_DIFFERENCE:
        raise LivevaeError(f"{path} sounds unlike its own weights (by {difference:.1e}): export it again.")
    return Recovered(model, rate)


def _shape(opened: Any) -> Shape:
    layers = list(opened.encoder.layers.children())
    hops = layers[3:-1:3]  # a rectifier and a residual unit before each
    stages = [
        list(stage.children()) for stage in (opened.decoder.fast, *reversed(list(opened.decoder.slow.children())))
    ]
    bank = opened.bank
    return Shape(
        bands=bank.bands,
        strides=tuple(int(layer.stride) for layer in hops),
        encoder_widths=tuple(len(layer.bias) for layer in (layers[0], *hops)),
        decoder_widths=(*(int(stage[1].outputs) for stage in stages), len(opened.decoder.enter.bias)),
        decoder_dilations=tuple(tuple(int(unit.conv.dilation) for unit in stage[2:]) for stage in stages),
        latents=int(opened.latent_size),
        noise_splits=int(opened.decoder.noise.splits),
        channels=int(bank.channels) if hasattr(bank, "channels") else 1,  # files of version 0.1 are mono
    )


def _fill_encoder(encoder: Encoder, opened: Any) -> None:
    *rest, last = zip(encoder.layers.children(), opened.layers.children(), strict=True)
    for layer, stream in rest:
        _fill(layer, stream)
    layer, stream = last
    assert isinstance(layer, CausalConv)
    assert layer.conv.bias is not None
    mean, keep = _weight(stream), encoder.latents
    layer.conv.weight[:keep].copy_(mean)
    layer.conv.bias[:keep].copy_(stream.bias)
    layer.conv.weight[keep:].zero_()
    layer.conv.bias[keep:].fill_(LOG_VARIANCE)


def _fill_decoder(decoder: Decoder, opened: Any) -> None:
    _fill(decoder.enter, opened.enter)
    _fill(decoder.wave, opened.wave)
    _fill(decoder.noise.levels, opened.noise.levels)
    stages = zip((*decoder.slow, decoder.fast), (*opened.slow.children(), opened.fast), strict=True)
    for stage, streams in stages:
        for layer, stream in zip(stage.children(), streams.children(), strict=True):
            _fill(layer, stream)


def _fill(layer: nn.Module, stream: Any) -> None:
    if isinstance(layer, CausalConv):
        _copy(layer.conv, _weight(stream), stream.bias)
    elif isinstance(layer, CausalUpsample):
        # In the file the phases of one step come one after the other; in training the channels do.
        order = torch.arange(layer.outputs * layer.stride).view(layer.stride, layer.outputs).t().flatten()
        _copy(layer.conv, _weight(stream.conv)[order], stream.conv.bias[order])
    elif isinstance(layer, Residual):
        _copy(layer.conv, _weight(stream.conv), stream.conv.bias)
        _copy(layer.mix, _mixing(stream.mix).unsqueeze(2), stream.mix.bias)


def _weight(stream: Any) -> Tensor:
    """A streaming layer's weight as torch's convolutions have it, (out, in, kernel)."""
    return _mixing(stream).reshape(-1, int(stream.kernel), int(stream.inputs)).transpose(1, 2)


def _mixing(stream: Any) -> Tensor:
    """The matrix (out, values) of a layer: files of version 0.1 hold it so, later ones transposed."""
    return torch.as_tensor(stream.matrix.t() if hasattr(stream, "matrix") else stream.weight)


def _copy(conv: nn.Conv1d, weight: Tensor, bias: Tensor) -> None:
    if conv.weight.shape != weight.shape or conv.bias is None:
        raise ValueError("the layers differ in size")
    conv.weight.copy_(weight)
    conv.bias.copy_(bias)


def _difference(model: Autoencoder, opened: Any) -> float:
    """The largest difference between the graph and the file: of audio, and of latents as a part of the largest."""
    shape = model.shape
    generator = torch.Generator().manual_seed(0)
    audio = 0.3 * torch.randn(1, shape.channels, CHECKED_FRAMES * shape.ratio, generator=generator)
    for name, buffer in opened.named_buffers():
        if name.endswith("cache"):
            buffer.zero_()
    mean, _ = model.encoder(model.bank.split(audio))
    latents = F.linear(mean.transpose(1, 2) - opened.latent_mean, opened.latent_pca).transpose(1, 2)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        made = model.bank.join(model.decoder(mean))
        torch.manual_seed(0)
        wanted = opened.encode(audio)
        sound = (made - opened.decode(wanted)).abs().max()
        place = (latents - wanted).abs().max() / wanted.abs().max().clamp_min(1.0)
    return float(torch.maximum(sound, place))
