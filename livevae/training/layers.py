"""Causal convolutions for training on whole segments: tensors are (batch, channels, steps), the past is silence.

`livevae.training.streaming` computes the same chunk by chunk, from the same weights.
"""

from torch import Tensor, nn
from torch.nn import functional as F

SLOPE = 0.2  # of the leaky rectifier, everywhere
QUIET_START = 0.3  # residual units begin close to the identity, so that depth costs no early training


class CausalConv(nn.Module):
    """A convolution that never looks ahead: (B, in, T) -> (B, out, T / stride); T must be a multiple of `stride`.

    An output step sees all `stride` input steps of its own hop, so a strided layer adds no delay beyond gathering it.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1, dilation: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv1d(inputs, outputs, kernel, stride=stride, dilation=dilation)
        self.past = (kernel - 1) * dilation - (stride - 1)
        _initialise(self.conv)

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = self.conv(F.pad(x, (self.past, 0)))
        return made


class CausalUpsample(nn.Module):
    """A transposed convolution of kernel 2 * stride, in its polyphase form: (B, in, T) -> (B, out, T * stride).

    Each output step depends on the input step it lies in and the one before.
    """

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(inputs, outputs * stride, 2)
        self.outputs = outputs
        self.stride = stride
        _initialise(self.conv)

    def forward(self, x: Tensor) -> Tensor:
        phases = self.conv(F.pad(x, (1, 0))).view(x.size(0), self.outputs, self.stride, x.size(2))
        made: Tensor = phases.transpose(2, 3).reshape(x.size(0), self.outputs, x.size(2) * self.stride)
        return made


class Residual(nn.Module):
    """A dilated residual unit: (B, C, T) -> (B, C, T)."""

    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(channels, channels, 3, dilation=dilation)
        self.mix = nn.Conv1d(channels, channels, 1)
        self.past = 2 * dilation
        _initialise(self.conv)
        _initialise(self.mix, QUIET_START)

    def forward(self, x: Tensor) -> Tensor:
        inner = self.conv(F.pad(F.leaky_relu(x, SLOPE), (self.past, 0)))
        made: Tensor = x + self.mix(F.leaky_relu(inner, SLOPE))
        return made


def _initialise(conv: nn.Conv1d, gain: float = 1.0) -> None:
    nn.init.kaiming_normal_(conv.weight, a=SLOPE, nonlinearity="leaky_relu")
    nn.init.zeros_(conv.bias)  # type: ignore[arg-type]  # every layer here has one
    conv.weight.data.mul_(gain)
