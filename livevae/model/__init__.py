"""TorchScript models: open any file of the nn~ and RAVE families, describe it, make it ready, run it.

`ModelInfo` comes without torch; the names that need torch load it when they are first used.
"""

from typing import TYPE_CHECKING, Any

from livevae.model.info import ModelInfo, file_digest

if TYPE_CHECKING:
    from livevae.model.opening import open_model
    from livevae.model.resample import RealTimeResampler, StreamResampler
    from livevae.model.runner import Model, finite
    from livevae.model.stream import ChunkStream, decode_offline, encode_offline, transform_offline

__all__ = [
    "ChunkStream",
    "Model",
    "ModelInfo",
    "RealTimeResampler",
    "StreamResampler",
    "decode_offline",
    "encode_offline",
    "file_digest",
    "finite",
    "open_model",
    "transform_offline",
]

_HOMES = {
    "Model": "runner",
    "finite": "runner",
    "open_model": "opening",
    "RealTimeResampler": "resample",
    "StreamResampler": "resample",
    "ChunkStream": "stream",
    "decode_offline": "stream",
    "encode_offline": "stream",
    "transform_offline": "stream",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
