"""Small TorchScript modules that are no autoencoders: effects, generators, and ones that misbehave."""

import torch
from torch import Tensor, nn

from support.models import CachedConv, Pad, _params, scripted


class _Effect(nn.Module):
    """nn~ 1.6: its rate through a method, a setting with accessors."""

    gain: float

    def __init__(self, sample_rate: int, delay: int) -> None:
        super().__init__()
        self.rate = sample_rate
        self.gain = 1.0
        self.delay = delay
        self.line = Pad(1, delay)
        self.conv = CachedConv(1, 2, 1)
        with torch.no_grad():
            self.conv.conv.weight.copy_(torch.tensor([[[1.0]], [[-0.5]]]))
            self.conv.conv.bias.zero_()
        _params(self, forward=[1, 1, 2, 1])
        self.register_buffer("gain_params", torch.tensor([2]))

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(self.line(x)[:, :, : x.size(2)]) * self.gain

    @torch.jit.export
    def get_methods(self) -> list[str]:
        return ["forward"]

    @torch.jit.export
    def get_attributes(self) -> list[str]:
        return ["gain", "none"]

    @torch.jit.export
    def get_gain(self) -> list[float]:
        return [self.gain]

    @torch.jit.export
    def set_gain(self, value: float) -> int:
        if value < 0:
            return -1
        self.gain = value
        return 0

    @torch.jit.export
    def get_sample_rate(self) -> int:
        return self.rate


def effect(sample_rate: int = 48000, delay: int = 100) -> torch.jit.ScriptModule:
    """Mono to stereo: the input `delay` samples late, on the right at -0.5. Its setting `gain` refuses negatives."""
    return scripted(_Effect(sample_rate, delay))


class _Counter(nn.Module):
    """State that is no buffer of a convolution: an int, and a tensor that is not divided into rows."""

    count: int

    def __init__(self) -> None:
        super().__init__()
        self.count = 0
        self.register_buffer("level", torch.full((1,), 0.5))
        _params(self, encode=[1, 1, 1, 64], decode=[1, 64, 1, 1])

    @torch.jit.export
    def encode(self, x: Tensor) -> Tensor:
        frames = x.size(2) // 64
        z = x.reshape(x.size(0), 1, frames, 64).mean(3) + torch.arange(self.count, self.count + frames)
        self.count += frames
        return z

    @torch.jit.export
    def decode(self, z: Tensor) -> Tensor:
        pieces: list[Tensor] = []
        for frame in range(z.size(2)):
            self.level.copy_(0.9 * self.level + 0.1 * z[:, :, frame].mean())
            pieces.append(z[:, :, frame : frame + 1].expand(-1, -1, 64) * self.level)
        return torch.cat(pieces, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.decode(self.encode(x))


def counter() -> torch.jit.ScriptModule:
    """An autoencoder of ratio 64 whose rows share their state: one stream at a time."""
    return scripted(_Counter())


class _Generator(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = CachedConv(3, 32, 2)
        self.register_buffer("phase", torch.zeros(1))
        _params(self, decode=[3, 32, 1, 1])

    @torch.jit.export
    def decode(self, z: Tensor) -> Tensor:
        return self.conv(z).transpose(1, 2).reshape(z.size(0), 1, -1)

    def forward(self, z: Tensor) -> Tensor:
        return self.decode(z)


def generator() -> torch.jit.ScriptModule:
    """Only `decode`: 3 latents, ratio 32, no sample rate."""
    torch.manual_seed(9)
    return scripted(_Generator())


class _Broken(nn.Module):
    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind
        self.weight = nn.Parameter(torch.ones(1))
        if kind != "nameless":
            _params(self, encode=[1, 1, 1, 64], decode=[1, 64 if kind != "ratios" else 32, 1, 1])

    @torch.jit.export
    def encode(self, x: Tensor) -> Tensor:
        assert self.kind != "fails", "this model cannot run"
        return x[:, :, ::64] * self.weight

    @torch.jit.export
    def decode(self, z: Tensor) -> Tensor:
        y = z.repeat_interleave(64 if self.kind != "short" else 50, 2)
        return y / (y.abs().amax() < 4).to(torch.float32) if self.kind == "nan" else y

    def forward(self, x: Tensor) -> Tensor:
        return self.decode(self.encode(x))


def broken(kind: str) -> torch.jit.ScriptModule:
    """A module that cannot be played.

    `kind`: nameless (no methods described), ratios (encode and decode differ), short (decode gives too few samples),
    double (float64 weights), fails (encode raises); or nan (well, until a sample of 4 or more makes it infinite).
    """
    module = _Broken(kind)
    return scripted(module.double() if kind == "double" else module)
