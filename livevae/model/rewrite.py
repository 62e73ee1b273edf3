"""Replace the convolutions of a TorchScript graph by products that are faster on short inputs.

A streaming chunk leaves most convolutions a few time steps of work, where torch's kernels are slow. Measured on one
x86-64 core with AVX2, microseconds (channels x kernel -> channels, time steps):

    convolution              torch   linear   unfolded product
    768x3 -> 768, 2           2030      230      2030
    384x3 -> 384, 8            520      130       520
    192x3 -> 192, 32            89      104        89
    192x3 dilated -> 192, 32   273      103        89
    1x513 -> 16, 128           106       42        69
    768x8 transposed, 2      10800      367      7900

So: fewer than FEW steps go through `linear` over the unfolded input, dilated ones through a product of their own, and
the rest stays as it is. The weights are the same tensors, seen as matrices.
"""

import re
import warnings
from collections.abc import Iterable
from functools import cache

import torch
from torch import Tensor

from livevae.model.archive import Module

FEW = 16
"""Time steps from which torch's own kernels are as fast."""


def conv1d(
    x: Tensor,
    w: Tensor,
    b: Tensor | None,
    stride: list[int],
    padding: list[int],
    dilation: list[int],
    groups: int,
    few: int,
) -> Tensor:
    """`torch.conv1d`, by matrix products where they are faster."""
    kernel, step, spread = w.size(2), stride[0], dilation[0]
    rows, channels = x.size(0), x.size(1)
    length = (x.size(2) - spread * (kernel - 1) - 1) // step + 1
    slow = length < few or spread > 1 or channels == 1
    if not slow or padding[0] != 0 or length < 1 or (groups > 1 and length >= few):
        return torch.conv1d(x, w, b, stride, padding, dilation, groups)
    x = x.contiguous()
    along, across, row = x.stride(2), x.stride(1), x.stride(0)
    if length >= few and rows == 1 and channels > 1:
        unfolded = torch.as_strided(x, [channels, kernel, length], [across, spread * along, step * along])
        product = torch.mm(w.reshape(w.size(0), -1), unfolded.reshape(channels * kernel, length)).unsqueeze(0)
        return product if b is None else product + b.view(1, -1, 1)
    windows = torch.as_strided(x, [rows, length, channels, kernel], [row, step * along, across, spread * along])
    if groups == 1:
        y = torch.nn.functional.linear(windows.reshape(rows, length, channels * kernel), w.reshape(w.size(0), -1), b)
    else:
        parts = windows.reshape(rows * length, groups, -1).transpose(0, 1)
        matrices = w.reshape(groups, w.size(0) // groups, -1).transpose(1, 2)
        y = torch.bmm(parts, matrices).transpose(0, 1).reshape(rows, length, w.size(0))
        if b is not None:
            y = y + b
    # Laid out as a convolution's output is: models make views of it, and fill noise in the order of its memory.
    return y.transpose(1, 2).contiguous()


def conv_transpose1d(
    x: Tensor,
    w: Tensor,
    b: Tensor | None,
    stride: list[int],
    padding: list[int],
    output_padding: list[int],
    groups: int,
    dilation: list[int],
    few: int,
) -> Tensor:
    """`torch.conv_transpose1d`, as one product and an overlap-add where that is faster."""
    kernel, step, length, rows, channels = w.size(2), stride[0], x.size(2), x.size(0), w.size(1)
    if groups != 1 or dilation[0] != 1 or output_padding[0] != 0 or length >= few:
        return torch.conv_transpose1d(x, w, b, stride, padding, output_padding, groups, dilation)
    steps = x.transpose(1, 2).reshape(rows * length, x.size(1))
    columns = torch.mm(steps, w.reshape(w.size(0), -1)).view(rows, length, channels * kernel).transpose(1, 2)
    size = (length - 1) * step + kernel
    y: Tensor = torch.ops.aten.col2im(columns, [1, size], [1, kernel], [1, 1], [0, 0], [1, step]).squeeze(2)
    if padding[0] != 0:
        y = y[:, :, padding[0] : size - padding[0]]
    if b is not None:
        y = y + b.view(1, -1, 1)
    return y.contiguous()


_CONV = """graph(%x, %w, %b, %s, %p, %d, %g):
  %r = aten::conv1d(%x, %w, %b, %s, %p, %d, %g)
  return (%r)"""
_CONV_T = """graph(%x, %w, %b, %s, %p, %o, %g, %d):
  %r = aten::conv_transpose1d(%x, %w, %b, %s, %p, %o, %g, %d)
  return (%r)"""


def rewrite(module: Module, methods: Iterable[str]) -> None:
    """Inline each method and replace its convolutions, in place.

    To be called before the methods first run: torch keeps the plan of the first run, and later changes are not seen.
    """
    for name in methods:
        graph = getattr(module, name).graph
        torch._C._jit_pass_inline(graph)
        for pattern, replacement in ((_CONV, _source("conv1d")), (_CONV_T, _source("conv_transpose1d"))):
            torch._C._jit_pass_custom_pattern_based_rewrite_graph(pattern, replacement, graph)


@cache
def _source(name: str) -> str:
    """The graph of one of the functions above, as the text the rewriter reads."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # TorchScript is announced as deprecated; the models are TorchScript
        function = torch.jit.script({"conv1d": conv1d, "conv_transpose1d": conv_transpose1d}[name])
    text = "\n".join(re.sub(r"\s*#.*$", "", line) for line in str(function.inlined_graph).splitlines())
    # The threshold becomes a constant of the graph, since the pattern has no input for it.
    head, body = text.split(":\n", 1)
    head = head.replace(",\n      %few.1 : int", "")
    return f"{head}:\n  %few.1 : int = prim::Constant[value={FEW}]()\n{body}"
