"""Read what a module says about itself: methods, attributes, sample rate, statistics of its latents."""

import math
from typing import Any

from torch import Tensor

from livevae.model.archive import FAILURES, Module


def methods(module: Module) -> dict[str, list[int]]:
    """The usable methods: name -> [input channels, input ratio, output channels, output ratio].

    A method is usable when the module can be called by that name and has a buffer `<name>_params` of four numbers.
    """
    named = _listed(module, "get_methods")
    described = {name.removesuffix("_params") for name, _ in _own_buffers(module) if name.endswith("_params")}
    found = {}
    for name in [n for n in named if n in described] or sorted(described):
        numbers = _numbers(_value(module, f"{name}_params"))
        if len(numbers) == 4 and module._c._has_method(name):
            params = [int(n) for n in numbers]
            if min(params) > 0:
                found[name] = params
    return found


def attributes(module: Module, usable: dict[str, list[int]]) -> dict[str, Any]:
    """The settings the file offers, with their values now (a list of one value is given as that value)."""
    names = _listed(module, "get_attributes") or [
        name.removesuffix("_params") for name, _ in _own_buffers(module) if name.endswith("_params")
    ]
    found = {}
    for name in names:
        if name == "none" or name in usable or not module._c._has_method(f"get_{name}"):
            continue
        try:
            found[name] = _plain(getattr(module, f"get_{name}")())
        except FAILURES:
            continue  # a getter that fails describes nothing; the model may still run
    return found


def sample_rate(module: Module) -> int | None:
    """The rate in Hz that the file gives for itself, or None."""
    for candidate in [module, *module.children()]:
        for name in ("sr", "sampling_rate", "sample_rate"):
            rate = _positive(_value(candidate, name))
            if rate:
                return rate
        if candidate._c._has_method("get_sample_rate"):  # type: ignore[operator,union-attr]
            try:
                rate = _positive(candidate.get_sample_rate())  # type: ignore[operator]
            except FAILURES:
                rate = None
            if rate:
                return rate
    return None


def full_latent_size(module: Module, latent_size: int) -> int:
    """Size of the latent space before cropping; `latent_size` where the file does not say."""
    for name in ("full_latent_size", "cropped_latent_size"):
        for candidate in [module, *module.children()]:
            value = _positive(_value(candidate, name))
            if value and name == "cropped_latent_size":  # RAVE v1 keeps the full size under the plain name
                value = _positive(_value(candidate, "latent_size"))
            if value:
                return max(value, latent_size)
    return latent_size


def statistics(module: Module) -> dict[str, list[float]]:
    """`fidelity` and the `latent_*` statistics, from the buffers of those names nearest to the top."""
    wanted = ("fidelity", "latent_mean", "latent_std", "latent_min", "latent_max")
    found: dict[str, list[float]] = {}
    for path, buffer in sorted(module.named_buffers(), key=lambda item: item[0].count(".")):
        name = path.rsplit(".", 1)[-1]
        if name in wanted and name not in found and buffer.dim() == 1:
            found[name] = [float(v) for v in buffer.tolist()]
    return found


def _own_buffers(module: Module) -> list[tuple[str, Tensor]]:
    return list(module.named_buffers(recurse=False))


def _value(module: Any, name: str) -> Any:
    return module._c.getattr(name) if module._c.hasattr(name) else None


def _listed(module: Module, getter: str) -> list[str]:
    if not module._c._has_method(getter):
        return []
    try:
        names = getattr(module, getter)()
    except FAILURES:
        return []
    return [str(name) for name in names]


def _numbers(value: Any) -> list[float]:
    if isinstance(value, Tensor):
        return [float(v) for v in value.flatten().tolist()]
    if isinstance(value, (list, tuple)):
        return [float(v) for v in value]
    return []


def _positive(value: Any) -> int | None:
    if isinstance(value, Tensor):
        value = value.flatten()[0].item() if value.numel() else None
    elif isinstance(value, (list, tuple)):
        value = value[0] if value else None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value) or value <= 0:
        return None
    return round(value)


def _plain(value: Any) -> Any:
    """The value as what JSON has: numbers, strings and lists of them."""
    if isinstance(value, Tensor):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return _plain(value[0]) if len(value) == 1 else [_plain(v) for v in value]
    return value if isinstance(value, (bool, int, float, str)) else str(value)
