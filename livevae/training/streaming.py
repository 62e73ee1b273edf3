"""The trained layers as streams: chunk by chunk, from silence, for TorchScript.

A chunk has few steps, so that what each operation costs beside its arithmetic weighs as much as the products. Tensors
are therefore (batch * steps, channels) inside: a convolution is one matrix product over its unfolded input, splitting
into phases and joining them are views, and what all layers remember lies in one buffer named `cache`, (MAX_STREAMS,
values), written once in a call; row b is stream b. The modules' own inputs and outputs are (batch, steps, channels).
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from livevae.training.layers import SLOPE, CausalConv, CausalUpsample, Residual
from livevae.training.pqmf import FilterBank
from livevae.training.vae import Decoder, Encoder, NoiseHead, level

MAX_STREAMS = 64


class StreamLayer(nn.Module):
    """Something within a stream: (batch * steps, channels) in and out.

    `memory` (batch, values) is a copy of what the whole stream remembers; a layer that remembers reads its own `past`
    steps of `inputs` values from `place` on, and appends what is to lie there after the call to `later`, in the order
    of the places, as (batch, values).
    """

    past: int = 0
    inputs: int = 0
    place: int = 0


class StreamConv(StreamLayer):
    """A causal convolution: (B * T, in) -> (B * T / stride, out)."""

    matrix: Tensor
    bias: Tensor | None

    def __init__(self, weight: Tensor, bias: Tensor | None, stride: int = 1, dilation: int = 1) -> None:
        """`weight` (out, in, kernel) as torch's convolutions have it."""
        super().__init__()
        outputs, self.inputs, self.kernel = weight.shape
        self.stride, self.dilation = stride, dilation
        self.past = (self.kernel - 1) * dilation - (stride - 1)
        self.place = 0
        self.matrix = _fixed(weight.permute(2, 1, 0).reshape(-1, outputs))
        self.bias = None if bias is None else _fixed(bias)

    def forward(self, x: Tensor, memory: Tensor, later: list[Tensor]) -> Tensor:
        rows, inputs, past = memory.size(0), self.inputs, self.past
        steps, length, wide = x.size(0) // rows, past * inputs + x.size(0) // rows * inputs, self.kernel * inputs
        if rows == 1:
            joined = torch.cat([memory.as_strided([past, inputs], [inputs, 1], self.place), x])
        else:
            before = memory.as_strided([rows, past, inputs], [memory.size(1), inputs, 1], self.place)
            joined = torch.cat([before, x.view(rows, steps, inputs)], 1)
        later.append(joined.as_strided([rows, past * inputs], [length, 1], steps * inputs))
        made, hop = steps // self.stride, self.stride * inputs
        if rows == 1 and self.dilation == 1:
            joined = joined.as_strided([made, wide], [hop, 1])
        else:
            size = [rows, made, self.kernel, inputs]
            joined = joined.as_strided(size, [length, hop, self.dilation * inputs, 1]).reshape(rows * made, wide)
        bias = self.bias
        return torch.mm(joined, self.matrix) if bias is None else torch.addmm(bias, joined, self.matrix)


class StreamUpsample(StreamLayer):
    """A causal transposed convolution: (B * T, in) -> (B * T * stride, out)."""

    def __init__(self, layer: CausalUpsample) -> None:
        super().__init__()
        self.outputs, self.stride = layer.outputs, layer.stride
        # The phases of one step come one after the other in time: phase first, then channel.
        order = torch.arange(self.outputs * self.stride).view(self.outputs, self.stride).t().flatten()
        bias = layer.conv.bias
        self.conv = StreamConv(layer.conv.weight[order], None if bias is None else bias[order])

    def forward(self, x: Tensor, memory: Tensor, later: list[Tensor]) -> Tensor:
        phases: Tensor = self.conv(x, memory, later)
        return phases.view(-1, self.outputs)


class StreamMix(nn.Module):
    """A convolution of one step: (steps, in) -> (steps, out)."""

    matrix: Tensor
    bias: Tensor

    def __init__(self, conv: nn.Conv1d) -> None:
        super().__init__()
        assert conv.bias is not None
        self.matrix = _fixed(conv.weight[:, :, 0].t())
        self.bias = _fixed(conv.bias)

    def forward(self, x: Tensor) -> Tensor:
        return torch.addmm(self.bias, x, self.matrix)


class StreamResidual(StreamLayer):
    """A dilated residual unit: (B * T, C) -> (B * T, C)."""

    def __init__(self, layer: Residual) -> None:
        super().__init__()
        self.conv = _conv(layer.conv)
        self.mix = StreamMix(layer.mix)
        self.slope = SLOPE

    def forward(self, x: Tensor, memory: Tensor, later: list[Tensor]) -> Tensor:
        inner: Tensor = self.conv(F.leaky_relu(x, self.slope), memory, later)
        change: Tensor = self.mix(F.leaky_relu_(inner, self.slope))
        return change.add_(x)


class StreamRectifier(StreamLayer):
    """The leaky rectifier, in place."""

    def __init__(self) -> None:
        super().__init__()
        self.slope = SLOPE

    def forward(self, x: Tensor, memory: Tensor, later: list[Tensor]) -> Tensor:
        return F.leaky_relu_(x, self.slope)


class StreamBank(nn.Module):
    """The filter bank: split (B, channels, n) -> (B, n / bands, channels * bands), join the other way."""

    def __init__(self, bank: FilterBank, channels: int = 1) -> None:
        super().__init__()
        self.bands = bank.bands
        self.channels = channels
        self.analysis = StreamFilter(_side_by_side(bank.analysis, channels))
        self.synthesis = StreamFilter(_side_by_side(bank.synthesis, channels))

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


class StreamFilter(nn.Module):
    """One convolution with its own memory: (B, T, in) -> (B, T, out)."""

    cache: Tensor

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        self.conv = StreamConv(weight, None)
        self.register_buffer("cache", _memory_of(self))

    def forward(self, x: Tensor) -> Tensor:
        rows = x.size(0)
        memory = self.cache[:rows].clone()
        later: list[Tensor] = []
        y: Tensor = self.conv(x.reshape(-1, self.conv.inputs), memory, later)
        self.cache[:rows].copy_(later[0])
        return y.view(rows, x.size(1), -1)


class StreamEncoder(nn.Module):
    """Bands (B, T, bands) -> the posterior mean (B, frames, latents)."""

    cache: Tensor

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.lift = encoder.lift
        self.latents = encoder.latents
        self.layers = _layers(encoder.layers)
        last = encoder.layers[-1]
        assert isinstance(last, CausalConv)
        assert last.conv.bias is not None
        keep = encoder.latents  # the mean comes first; streams need no variance
        self.layers[-1] = StreamConv(last.conv.weight[:keep], last.conv.bias[:keep])
        self.register_buffer("cache", _memory_of(self))

    def forward(self, bands: Tensor) -> Tensor:
        rows = bands.size(0)
        memory = self.cache[:rows].clone()
        later: list[Tensor] = []
        x = bands.abs().mul_(self.lift).log1p_().copysign_(bands).view(-1, bands.size(2))
        for layer in self.layers:
            x = layer(x, memory, later)
        torch.cat(later, 1, out=self.cache[:rows])
        return x.view(rows, -1, self.latents)


class StreamNoise(StreamLayer):
    """The noise head: features (B * T, width) -> noise bands (B * T * stride, channels * bands)."""

    filters: Tensor

    def __init__(self, head: NoiseHead) -> None:
        super().__init__()
        self.bands, self.splits, self.stride = head.bands, head.splits, head.stride
        self.levels = _conv(head.levels.conv)
        self.taps = head.filters.size(2)
        self.past, self.inputs, self.place = self.taps - 1, self.bands, 0
        self.register_buffer("filters", head.filters[: self.splits, 0].clone())

    def forward(self, x: Tensor, memory: Tensor, later: list[Tensor]) -> Tensor:
        rows, bands, past = memory.size(0), self.bands, self.past
        frames = x.size(0) // rows
        new = frames * self.stride * bands
        length = past * bands + new
        white = torch.empty([1, new], device=x.device).uniform_(-1.0, 1.0)
        # All rows hear one noise, so they share its past; a row that was reset on its own hears silence in it once.
        before = memory.as_strided([rows, past * bands], [memory.size(1), 1], self.place)
        joined = torch.cat([before, white.expand(rows, -1)], 1)
        later.append(joined.as_strided([rows, past * bands], [length, 1], new))
        # The filters of one frame are added up first, so that the noise is filtered once instead of `splits` times.
        levels: Tensor = level(self.levels(x, memory, later)).view(-1, self.splits)
        filters = torch.mm(levels, self.filters).view(rows, frames, 1, bands, self.taps)
        size = [rows, frames, self.stride, bands, self.taps]
        taps = joined.as_strided(size, [length, self.stride * bands, bands, 1, bands])
        return (taps * filters).sum(4).view(-1, bands)


class StreamDecoder(nn.Module):
    """Latents (B, frames, latents) -> bands (B, T, bands). `noise` scales the noise head."""

    cache: Tensor

    def __init__(self, decoder: Decoder) -> None:
        super().__init__()
        self.enter = _conv(decoder.enter.conv)
        self.slow = nn.ModuleList([_layers(stage) for stage in decoder.slow])
        self.fast = _layers(decoder.fast)
        self.noise = StreamNoise(decoder.noise)
        self.wave = _conv(decoder.wave.conv)
        self.slope = SLOPE
        self.register_buffer("cache", _memory_of(self))

    def forward(self, latents: Tensor, noise: float) -> Tensor:
        rows = latents.size(0)
        memory = self.cache[:rows].clone()
        later: list[Tensor] = []
        x: Tensor = self.enter(latents.reshape(-1, latents.size(2)), memory, later)
        for stage in self.slow:
            for layer in stage:  # type: ignore[attr-defined]
                x = layer(x, memory, later)
        slow = x
        for layer in self.fast:
            x = layer(x, memory, later)
        hiss: Tensor = self.noise(slow, memory, later)  # the first of the fast layers has rectified it, in place
        wave, loudness = self.wave(F.leaky_relu_(x, self.slope), memory, later).chunk(2, 1)
        torch.cat(later, 1, out=self.cache[:rows])
        bands = torch.tanh(wave).mul_(level(loudness)).add_(hiss, alpha=noise)
        return bands.view(rows, -1, bands.size(1))


def _fixed(values: Tensor) -> nn.Parameter:
    return nn.Parameter(values.detach().clone(memory_format=torch.contiguous_format), requires_grad=False)


def _conv(conv: nn.Conv1d) -> StreamConv:
    return StreamConv(conv.weight, conv.bias, conv.stride[0], conv.dilation[0])


def _memory_of(stream: nn.Module) -> Tensor:
    """Give every layer its place, in the order of the modules, which is the order of the calls; the memory, silent."""
    place = 0
    for layer in stream.modules():
        if isinstance(layer, StreamLayer) and layer.past:
            layer.place = place
            place += layer.past * layer.inputs
    return torch.zeros(MAX_STREAMS, place)


def _side_by_side(weight: Tensor, channels: int) -> Tensor:
    """The weight (out, in, kernel) for each channel on its own: one convolution, so that a row stays one stream."""
    outputs, inputs, kernel = weight.shape
    joined = weight.new_zeros(channels, outputs, channels, inputs, kernel)
    for channel in range(channels):
        joined[channel, :, channel] = weight
    return joined.view(channels * outputs, channels * inputs, kernel)


def _layers(layers: nn.Module) -> nn.ModuleList:
    made = nn.ModuleList()
    for layer in layers.children():
        if isinstance(layer, CausalConv):
            made.append(_conv(layer.conv))
        elif isinstance(layer, CausalUpsample):
            made.append(StreamUpsample(layer))
        elif isinstance(layer, Residual):
            made.append(StreamResidual(layer))
        else:
            made.append(StreamRectifier())
    return made
