"""Small TorchScript models, one for each kind of file that performers have.

Every builder returns a scripted module with fixed weights; `save(builder(...), path)` writes it as an exporter would.
"""

import warnings
from pathlib import Path
from typing import Final

import torch
from torch import Tensor, nn

ROWS = 64


def scripted(module: nn.Module) -> torch.jit.ScriptModule:
    """`module` in TorchScript, in eval mode, without the deprecation notice of torch 2.13."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.jit.script(module.eval())


def save(module: torch.jit.ScriptModule, path: str | Path) -> Path:
    """Write `module` to `path` and give the path back."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.save(module, str(path))
    return Path(path)


def _params(module: nn.Module, **methods: list[int]) -> None:
    for name, numbers in methods.items():
        module.register_buffer(f"{name}_params", torch.tensor(numbers))


class _Identity(nn.Module):
    def __init__(self, ratio: int, sample_rate: int) -> None:
        super().__init__()
        self.ratio = ratio
        self.sr = sample_rate
        _params(self, encode=[1, 1, ratio, ratio], decode=[ratio, ratio, 1, 1], forward=[1, 1, 1, 1])

    @torch.jit.export
    def encode(self, x: Tensor) -> Tensor:
        return x.reshape(x.size(0), x.size(2) // self.ratio, self.ratio).transpose(1, 2)

    @torch.jit.export
    def decode(self, z: Tensor) -> Tensor:
        return z.transpose(1, 2).reshape(z.size(0), 1, z.size(2) * self.ratio)

    def forward(self, x: Tensor) -> Tensor:
        return self.decode(self.encode(x))

    @torch.jit.export
    def get_methods(self) -> list[str]:
        return ["encode", "decode", "forward"]


def identity(ratio: int = 256, sample_rate: int = 48000) -> torch.jit.ScriptModule:
    """Exact passthrough: `encode` (B, 1, n) -> (B, ratio, n / ratio) by reshaping, `decode` back. No state."""
    return scripted(_Identity(ratio, sample_rate))


class Pad(nn.Module):
    """Prepends what came before: `length` samples, kept in a buffer `pad`, a row for each stream."""

    def __init__(self, channels: int, length: int) -> None:
        super().__init__()
        self.length = length
        self.register_buffer("pad", torch.zeros(ROWS, channels, length))

    def forward(self, x: Tensor) -> Tensor:
        y = torch.cat([self.pad[: x.size(0)], x], 2)
        self.pad[: x.size(0)].copy_(y[:, :, y.size(2) - self.length :])
        return y


class CachedConv(nn.Module):
    """A causal convolution that goes on where the last call ended."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1, dilation: int = 1) -> None:
        super().__init__()
        self.past = Pad(inputs, (kernel - 1) * dilation + 1 - stride)
        self.conv = nn.Conv1d(inputs, outputs, kernel, stride, dilation=dilation)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(self.past(x))


class CachedConvTranspose(nn.Module):
    """A transposed convolution of kernel 2 * stride; the overlap waits in a buffer `cache`."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.stride = stride
        self.weight = nn.Parameter(torch.randn(inputs, outputs, 2 * stride) / (2 * inputs) ** 0.5)
        self.bias = nn.Parameter(torch.randn(outputs) * 0.1)
        self.register_buffer("cache", torch.zeros(ROWS, outputs, stride))

    def forward(self, x: Tensor) -> Tensor:
        y = torch.conv_transpose1d(x, self.weight, None, [self.stride])
        whole = y.size(2) - self.stride
        y = torch.cat([y[:, :, : self.stride] + self.cache[: x.size(0)], y[:, :, self.stride :]], 2)
        self.cache[: x.size(0)].copy_(y[:, :, whole:])
        return y[:, :, :whole] + self.bias.unsqueeze(1)


class _Vae(nn.Module):
    """Ratio 64: 16 bands by reshaping, then strides 2 and 2. `kind` chooses what happens between the two halves."""

    kind: Final[str]

    def __init__(self, kind: str, inputs: int, outputs: int, latent: int, width: int) -> None:
        super().__init__()
        self.kind = kind
        self.inputs = inputs
        self.outputs = outputs
        self.latent = latent
        self.full_latent_size = 2 * latent
        heads = 2 * latent if kind == "variational" else latent
        self.encoder = nn.Sequential(
            CachedConv(16 * inputs, width, 5),
            nn.LeakyReLU(0.2),
            CachedConv(width, width, 4, 2),
            nn.LeakyReLU(0.2),
            CachedConv(width, width, 3, 1, 3),
            CachedConv(width, heads, 4, 2),
        )
        taken = 2 * latent if kind == "variational" else latent
        self.decoder = nn.Sequential(
            CachedConv(taken, width, 3),
            nn.LeakyReLU(0.2),
            CachedConvTranspose(width, width, 2),
            nn.LeakyReLU(0.2),
            CachedConvTranspose(width, width, 2),
            CachedConv(width, 16 * outputs, 1),
        )
        self.memory = Pad(latent, 1)
        self.register_buffer("codebook", torch.randn(32, latent))
        self.register_buffer("fidelity", torch.linspace(0.5, 1.0, 2 * latent))
        self.register_buffer("latent_mean", torch.zeros(2 * latent))
        size = 1 if kind == "discrete" else latent
        _params(self, encode=[inputs, 1, size, 64], decode=[size, 64, outputs, 1], forward=[inputs, 1, outputs, 1])

    @torch.jit.export
    def encode(self, x: Tensor) -> Tensor:
        frames = x.size(2) // 16
        bands = x.reshape(x.size(0), self.inputs, frames, 16).transpose(2, 3).reshape(x.size(0), -1, frames)
        z = self.encoder(bands)
        if self.kind == "variational":
            mean, scale = z.chunk(2, 1)
            return mean + torch.randn_like(mean) * torch.nn.functional.softplus(scale)
        if self.kind == "discrete":
            far = (8 * z.transpose(1, 2).unsqueeze(2) - self.codebook).square().sum(3)
            return far.argmin(2).unsqueeze(1).to(torch.float32)
        if self.kind == "spherical":
            # Scaled by what came before: a stream that has just begun divides zero by zero.
            before = self.memory(z)[:, :, : z.size(2)].norm(2, [1], True)
            return z / z.norm(2, [1], True) * (before / before)
        return z

    @torch.jit.export
    def decode(self, z: Tensor) -> Tensor:
        if self.kind == "variational":
            z = torch.cat([z, torch.randn_like(z)], 1)
        if self.kind == "discrete":
            z = self.codebook[z[:, 0].long().clamp(0, 31)].transpose(1, 2)
        y = torch.tanh(self.decoder(z))
        frames = y.size(2)
        return y.reshape(y.size(0), self.outputs, 16, frames).transpose(2, 3).reshape(y.size(0), self.outputs, -1)

    def forward(self, x: Tensor) -> Tensor:
        return self.decode(self.encode(x))

    @torch.jit.export
    def get_methods(self) -> list[str]:
        return ["encode", "decode", "forward", "prior"]

    @torch.jit.export
    def prior(self, temperature: Tensor) -> Tensor:
        return torch.randn(temperature.size(0), self.latent, temperature.size(2)) * temperature


class _WithRate(_Vae):
    """RAVE v2: the rate in an attribute."""

    def __init__(self, kind: str, inputs: int, outputs: int, latent: int, width: int, sample_rate: int) -> None:
        super().__init__(kind, inputs, outputs, latent, width)
        self.sr = sample_rate


def vae(
    kind: str = "plain",
    *,
    inputs: int = 1,
    outputs: int = 1,
    latent: int = 4,
    width: int = 16,
    sample_rate: int = 48000,
) -> torch.jit.ScriptModule:
    """A cached-convolution autoencoder of ratio 64 as RAVE v2 exports it.

    `kind`: plain, variational (encode samples, decode fills dimensions with noise), discrete (one codebook index for
    each frame) or spherical (gives NaN until its second chunk). Leftovers of a warm-up are in its state.
    """
    torch.manual_seed(7)
    module = scripted(_WithRate(kind, inputs, outputs, latent, width, sample_rate))
    with torch.no_grad():
        for seed in range(3):
            torch.manual_seed(seed)
            module(torch.randn(1, inputs, 256))
    return module


class _Wrapped(nn.Module):
    """RAVE v1 inside a module with a prior: the rate is a buffer further down, there is no `get_methods`."""

    def __init__(self, sample_rate: int) -> None:
        super().__init__()
        self._rave = _Vae("plain", 1, 1, 4, 8)
        self._rave.register_buffer("sampling_rate", torch.tensor(sample_rate))
        _params(self, encode=[1, 1, 4, 64], decode=[4, 64, 1, 1], forward=[1, 1, 1, 1])

    @torch.jit.export
    def encode(self, x: Tensor) -> Tensor:
        return self._rave.encode(x)

    @torch.jit.export
    def decode(self, z: Tensor) -> Tensor:
        return self._rave.decode(z)

    def forward(self, x: Tensor) -> Tensor:
        return self._rave(x)


def v1(sample_rate: int = 44100) -> torch.jit.ScriptModule:
    """A RAVE v1 export, wrapped with a prior."""
    torch.manual_seed(8)
    return scripted(_Wrapped(sample_rate))
