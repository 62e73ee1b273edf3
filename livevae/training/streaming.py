"""The trained layers as streams: chunk by chunk, from silence, for TorchScript.

Tensors are (batch, steps, channels) here: splitting into phases and joining them are then views, and a convolution is
one matrix product over its unfolded input, which on the few steps of a chunk is several times faster than torch's
convolutions. The past of each layer lies in a buffer named `cache` of MAX_STREAMS rows; row b is stream b.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from livevae.training.layers import SLOPE, CausalConv, CausalUpsample, Residual
from livevae.training.pqmf import FilterBank
from livevae.training.vae import Decoder, Encoder, NoiseHead, level

MAX_STREAMS = 64


class StreamConv(nn.Module):
    """A causal convolution: (B, T, in) -> (B, T / stride, out)."""

    cache: Tensor
    weight: Tensor
    bias: Tensor | None

    def __init__(self, weight: Tensor, bias: Tensor | None, stride: int = 1, dilation: int = 1) -> None:
        """`weight` (out, in, kernel) as torch's convolutions have it."""
        super().__init__()
        outputs, self.inputs, self.kernel = weight.shape
        self.stride, self.dilation = stride, dilation
        self.past = (self.kernel - 1) * dilation - (stride - 1)
        self.weight = nn.Parameter(weight.detach().transpose(1, 2).reshape(outputs, -1).clone(), requires_grad=False)
        self.bias = None if bias is None else nn.Parameter(bias.detach().clone(), requires_grad=False)
        self.register_buffer("cache", torch.zeros(MAX_STREAMS, self.past, self.inputs))

    def forward(self, x: Tensor) -> Tensor:
        rows = self.cache[: x.size(0)]
        joined = torch.cat([rows, x], 1)
        rows.copy_(joined[:, -self.past :])
        size = [x.size(0), x.size(1) // self.stride, self.kernel, self.inputs]
        step = [joined.stride(0), self.stride * self.inputs, self.dilation * self.inputs, 1]
        unfolded = joined.as_strided(size, step).reshape(x.size(0), size[1], self.kernel * self.inputs)
        return F.linear(unfolded, self.weight, self.bias)


class StreamUpsample(nn.Module):
    """A causal transposed convolution: (B, T, in) -> (B, T * stride, out)."""

    def __init__(self, layer: CausalUpsample) -> None:
        super().__init__()
        self.outputs, self.stride = layer.outputs, layer.stride
        # The phases of one step come one after the other in time: phase first, then channel.
        order = torch.arange(self.outputs * self.stride).view(self.outputs, self.stride).t().flatten()
        bias = layer.conv.bias
        self.conv = StreamConv(layer.conv.weight[order], None if bias is None else bias[order])

    def forward(self, x: Tensor) -> Tensor:
        phases: Tensor = self.conv(x)
        return phases.view(x.size(0), x.size(1) * self.stride, self.outputs)


class StreamResidual(nn.Module):
    """A dilated residual unit: (B, T, C) -> (B, T, C)."""

    def __init__(self, layer: Residual) -> None:
        super().__init__()
        self.conv = _conv(layer.conv)
        self.mix = nn.Linear(layer.mix.in_channels, layer.mix.out_channels).requires_grad_(False)
        self.mix.weight.copy_(layer.mix.weight[:, :, 0])
        self.mix.bias.copy_(layer.mix.bias)  # type: ignore[arg-type]
        self.rectify = nn.LeakyReLU(SLOPE)

    def forward(self, x: Tensor) -> Tensor:
        change: Tensor = self.mix(self.rectify(self.conv(self.rectify(x))))
        return x + change


class StreamBank(nn.Module):
    """The filter bank: split (B, channels, n) -> (B, n / bands, channels * bands), join the other way."""

    def __init__(self, bank: FilterBank, channels: int = 1) -> None:
        super().__init__()
        self.bands = bank.bands
        self.channels = channels
        self.analysis = StreamConv(_side_by_side(bank.analysis, channels), None)
        self.synthesis = StreamConv(_side_by_side(bank.synthesis, channels), None)

    @torch.jit.export
    def split(self, audio: Tensor) -> Tensor:
        rows, steps = audio.size(0), audio.size(2) // self.bands
        blocks = audio.reshape(rows, self.channels, steps, self.bands)
        if self.channels > 1:
            blocks = blocks.transpose(1, 2)
        bands: Tensor = self.analysis(blocks.reshape(rows, steps, self.channels * self.bands))
        return bands

    @torch.jit.export
    def join(self, bands: Tensor) -> Tensor:
        phases: Tensor = self.synthesis(bands)
        rows, steps = bands.size(0), bands.size(1)
        if self.channels > 1:
            phases = phases.view(rows, steps, self.channels, self.bands).transpose(1, 2)
        return phases.reshape(rows, self.channels, steps * self.bands)

    def forward(self, audio: Tensor) -> Tensor:
        return self.join(self.split(audio))


class StreamEncoder(nn.Module):
    """Bands (B, T, bands) -> the posterior mean (B, frames, latents)."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.lift = encoder.lift
        self.layers = _sequence(encoder.layers)
        last = encoder.layers[-1]
        assert isinstance(last, CausalConv)
        assert last.conv.bias is not None
        keep = encoder.latents  # the mean comes first; streams need no variance
        self.layers[-1] = StreamConv(last.conv.weight[:keep], last.conv.bias[:keep])

    def forward(self, bands: Tensor) -> Tensor:
        mean: Tensor = self.layers(torch.log1p(bands.abs() * self.lift) * bands.sign())
        return mean


class StreamNoise(nn.Module):
    """The noise head: features (B, T, width) -> noise bands (B, T * stride, channels * bands)."""

    cache: Tensor
    filters: Tensor

    def __init__(self, head: NoiseHead) -> None:
        super().__init__()
        self.bands, self.splits, self.stride = head.bands, head.splits, head.stride
        self.levels = _conv(head.levels.conv)
        self.taps = head.filters.size(2)
        self.register_buffer("filters", head.filters[: self.splits, 0].t().clone())
        self.register_buffer("cache", torch.zeros(MAX_STREAMS, self.taps - 1, self.bands))

    def forward(self, features: Tensor) -> Tensor:
        rows, steps = features.size(0), features.size(1)
        levels = level(self.levels(features)).view(rows, steps, 1, self.bands, self.splits)
        white = torch.rand([1, steps * self.stride, self.bands], device=features.device) * 2.0 - 1.0
        # All rows hear one noise, so they share its past; a row that was reset on its own hears silence in it once.
        past = self.cache[:rows]
        joined = torch.cat([past, white.expand(rows, -1, -1)], 1)
        past.copy_(joined[:, -(self.taps - 1) :])
        size = [rows, steps * self.stride, self.bands, self.taps]
        taps = joined.as_strided(size, [joined.stride(0), self.bands, 1, self.bands])
        parts = torch.matmul(taps, self.filters).view(rows, steps, self.stride, self.bands, self.splits)
        return (levels * parts).sum(4).view(rows, steps * self.stride, self.bands)


class StreamDecoder(nn.Module):
    """Latents (B, frames, latents) -> bands (B, T, bands). `noise` scales the noise head."""

    def __init__(self, decoder: Decoder) -> None:
        super().__init__()
        self.enter = _conv(decoder.enter.conv)
        self.slow = nn.Sequential(*[_sequence(stage) for stage in decoder.slow])
        self.fast = _sequence(decoder.fast)
        self.wave = _conv(decoder.wave.conv)
        self.noise = StreamNoise(decoder.noise)
        self.rectify = nn.LeakyReLU(SLOPE)

    def forward(self, latents: Tensor, noise: float) -> Tensor:
        slow = self.slow(self.enter(latents))
        wave, loudness = self.wave(self.rectify(self.fast(slow))).chunk(2, 2)
        hiss: Tensor = self.noise(self.rectify(slow))
        return torch.tanh(wave) * level(loudness) + noise * hiss


def _conv(conv: nn.Conv1d) -> StreamConv:
    return StreamConv(conv.weight, conv.bias, conv.stride[0], conv.dilation[0])


def _side_by_side(weight: Tensor, channels: int) -> Tensor:
    """The weight (out, in, kernel) for each channel on its own: one convolution, so that a row stays one stream."""
    outputs, inputs, kernel = weight.shape
    joined = weight.new_zeros(channels, outputs, channels, inputs, kernel)
    for channel in range(channels):
        joined[channel, :, channel] = weight
    return joined.view(channels * outputs, channels * inputs, kernel)


def _sequence(layers: nn.Module) -> nn.Sequential:
    made: list[nn.Module] = []
    for layer in layers.children():
        if isinstance(layer, CausalConv):
            made.append(_conv(layer.conv))
        elif isinstance(layer, CausalUpsample):
            made.append(StreamUpsample(layer))
        elif isinstance(layer, Residual):
            made.append(StreamResidual(layer))
        else:
            made.append(nn.LeakyReLU(SLOPE))
    return nn.Sequential(*made)
