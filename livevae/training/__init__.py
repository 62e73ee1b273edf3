"""From a folder of recordings to a model: architecture, training and export in nn~'s format.

`train(TrainConfig(...))` is all of it. Names that need torch load it when they are first used.
"""

from typing import TYPE_CHECKING, Any

from livevae.training.config import PRESETS, TrainConfig

if TYPE_CHECKING:
    from livevae.training.trainer import TrainingStopped, train

__all__ = ["PRESETS", "TrainConfig", "TrainingStopped", "train"]


def __getattr__(name: str) -> Any:
    if name not in ("train", "TrainingStopped"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from livevae.training import trainer

    return getattr(trainer, name)
