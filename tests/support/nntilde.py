"""What nn~ 1.6 asks of a file, in Python: the checks of its package on methods and attributes, and the calls its C++
host makes. Facts read from nn_tilde 1.6.0; the package itself needs torch 2.5 (see benchmarks/nn_tilde.py)."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

TYPES: tuple[type, ...] = (bool, int, float, str, Tensor, str)
"""What a value of an attribute is, by its code; the last is a buffer, which is named by a string."""
TRIED = 8192
"""Samples with which each method is tried."""
ROWS = (1, 4)
"""Rows with which each method is tried: nn~ and mc.nn~."""


class Host:
    """A file as nn~'s backend holds it: only what TorchScript's C++ interface gives, and never an exception kept."""

    def __init__(self, path: Path, sample_rate: int = 48000) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.module: Any = torch.jit.load(str(path))
        self.module.eval()
        self._core = self.module._c
        if self._core._has_method("set_sample_rate"):
            self.module.set_sample_rate(sample_rate)  # on reloading; what it gives is not looked at

    @property
    def methods(self) -> list[str]:
        return list(self.module.get_methods())

    @property
    def attributes(self) -> list[str]:
        return [name for name in self.module.get_attributes() if name != "none"]

    def params(self, name: str) -> list[int]:
        """`<name>_params` as numbers."""
        held = self._core.getattr(f"{name}_params")
        assert isinstance(held, Tensor)
        assert held.dtype == torch.int64
        assert held.dim() == 1
        return [int(value) for value in held]

    def labels(self, method: str, side: str) -> list[str]:
        """What the inlets or outlets of a method are called in Max."""
        names = self._core.getattr(f"{method}_{side}_labels")
        assert isinstance(names, list)
        assert all(isinstance(name, str) for name in names)
        return names

    def get(self, attribute: str) -> Sequence[Any]:
        """The values of an attribute: the host reads a list or a tuple, and nothing else."""
        values = getattr(self.module, f"get_{attribute}")()
        assert isinstance(values, (list, tuple)), f"nn~ cannot read {attribute}: it is {type(values).__name__}"
        assert len(values) == len(self.params(attribute))
        return values

    def set(self, attribute: str, *words: str) -> int:
        """Set an attribute from the words of a message; 0 where it was accepted."""
        codes = self.params(attribute)
        assert len(words) == len(codes)
        made = [TYPES[code](word) for code, word in zip(codes, words, strict=True)]
        answer = getattr(self.module, f"set_{attribute}")(*made)
        assert isinstance(answer, int)
        return answer

    @torch.inference_mode()
    def perform(self, method: str, sound: Tensor) -> Tensor:
        """One buffer of the host, (rows, inlets, samples) to (rows, outlets, samples), everything at audio rate: a slow
        inlet gives the last sample of each of its steps, a slow outlet holds each of its values."""
        inlets, takes, outlets, gives = self.params(method)
        rows, channels, samples = sound.shape
        assert channels == inlets
        slow = sound.view(rows, inlets, samples // takes, takes)[..., -1]
        made = getattr(self.module, method)(slow)
        held = made.repeat_interleave(gives).reshape(rows, outlets, -1)
        assert held.shape[2] == samples
        return held


def check(path: Path) -> None:
    """Every check that nn~ makes of a module when it is registered, on a file."""
    host = Host(path)
    assert host.methods
    for method in host.methods:
        _check_method(host, method)
    for attribute in host.attributes:
        _check_attribute(host, attribute)
    module = host.module
    assert isinstance(module.get_sample_rate(), int)
    named = module.get_buffer_attributes()
    assert isinstance(named, list)
    assert all(module.is_buffer_empty(name) for name in [*named, "none#0"])
    assert isinstance(module.set_buffer_attribute("none#0", torch.zeros(1, 64), 48000), int)
    assert isinstance(module.clear_buffer_attribute("none#0"), int)


def _check_method(host: Host, method: str) -> None:
    inlets, takes, outlets, gives = host.params(method)
    assert min(inlets, takes, outlets, gives) >= 1
    assert TRIED % takes == TRIED % gives == 0
    assert len(host.labels(method, "input")) == inlets
    assert len(host.labels(method, "output")) == outlets
    for rows in ROWS:
        made = getattr(host.module, method)(torch.zeros(rows, inlets, TRIED // takes))
        assert made.shape == (rows, outlets, TRIED // gives), method
        assert made.dtype == torch.float32


def _check_attribute(host: Host, attribute: str) -> None:
    assert attribute != "sr"  # nn~ keeps that name to itself
    codes = host.params(attribute)
    values = host.get(attribute)
    for code, value in zip(codes, values, strict=True):
        assert type(value) is TYPES[code] or code == 4
    assert host.set(attribute, *map(str, values)) == 0
    assert list(host.get(attribute)) == list(values)
