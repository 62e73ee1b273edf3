"""The faster convolutions against torch's own."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from livevae.model import rewrite
from livevae.model.archive import load_archive
from support.models import save, scripted, vae


@settings(max_examples=60, deadline=None)
@given(
    rows=st.integers(1, 4),
    inner=st.integers(1, 5),
    outer=st.integers(1, 4),
    groups=st.sampled_from([1, 1, 2, 3]),
    kernel=st.integers(1, 6),
    stride=st.integers(1, 4),
    dilation=st.integers(1, 3),
    padding=st.sampled_from([0, 0, 2]),
    extra=st.integers(0, 60),
    bias=st.booleans(),
    strided=st.booleans(),
)
def test_conv1d_is_conv1d(rows, inner, outer, groups, kernel, stride, dilation, padding, extra, bias, strided):
    x = torch.randn(rows, inner * groups, dilation * (kernel - 1) + 1 + extra)
    x = x.transpose(1, 2).contiguous().transpose(1, 2) if strided else x
    w, b = torch.randn(outer * groups, inner, kernel), torch.randn(outer * groups) if bias else None
    expected = torch.conv1d(x, w, b, stride, padding, dilation, groups)
    got = rewrite.conv1d(x, w, b, [stride], [padding], [dilation], groups, rewrite.FEW)
    torch.testing.assert_close(got, expected, atol=1e-4, rtol=1e-4)
    assert got.is_contiguous()


@settings(max_examples=40, deadline=None)
@given(
    rows=st.integers(1, 4),
    inner=st.integers(1, 5),
    outer=st.integers(1, 5),
    kernel=st.integers(1, 8),
    stride=st.integers(1, 4),
    padding=st.integers(0, 2),
    length=st.integers(3, 30),
    bias=st.booleans(),
)
def test_conv_transpose1d_is_conv_transpose1d(rows, inner, outer, kernel, stride, padding, length, bias):
    padding = min(padding, kernel - 1)
    x, w, b = torch.randn(rows, inner, length), torch.randn(inner, outer, kernel), torch.randn(outer) if bias else None
    expected = torch.conv_transpose1d(x, w, b, stride, padding)
    got = rewrite.conv_transpose1d(x, w, b, [stride], [padding], [0], 1, [1], rewrite.FEW)
    torch.testing.assert_close(got, expected, atol=1e-4, rtol=1e-4)
    assert got.is_contiguous()


class _Layers(nn.Module):
    """Every kind of convolution that RAVE has."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv1d(1, 8, 9, 4)
        self.second = nn.Conv1d(8, 8, 3, dilation=3)
        self.third = nn.Conv1d(8, 4, 3, groups=2, bias=False)
        self.fourth = nn.ConvTranspose1d(4, 2, 4, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.fourth(self.third(self.second(self.first(x))))


def test_a_graph_is_rewritten_whole():
    torch.manual_seed(1)
    layers = _Layers()
    plain, fast = scripted(layers), scripted(layers)
    rewrite.rewrite(fast, ["forward"])
    graph = str(fast.graph)
    assert graph.count("aten::linear") == 3
    assert graph.count("aten::col2im") == 1
    with torch.no_grad():
        for rows in (1, 3):
            for samples in (60, 400):
                x = torch.randn(rows, 1, samples)
                torch.testing.assert_close(fast(x), plain(x), atol=1e-5, rtol=1e-4)


def test_every_method_is_rewritten(tmp_path):
    module = load_archive(save(vae(), tmp_path / "a.ts"))
    names = ["encode", "decode", "forward"]
    rewrite.rewrite(module, names)
    for name in names:
        assert "aten::linear" in str(getattr(module, name).graph)
