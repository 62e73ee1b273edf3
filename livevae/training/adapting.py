"""How a model that exists is fitted to other recordings. No torch here: the command line and the prompt read it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from livevae.errors import LivevaeError
from livevae.training.config import NEVER, TrainConfig

MINUTES: Final[float] = 10
BATCH = 4
_RATE = 5e-4
_VALIDATE_EVERY = 200


def adapting(
    folders: tuple[Path, ...],
    output: Path,
    start: Path,
    *,
    steps: int | None = None,
    minutes: float | None = None,
    held_out: tuple[str, ...] = (),
    **rest: Any,
) -> TrainConfig:
    """The run that goes on from the model `start`: for MINUTES where neither `steps` nor `minutes` says how long.

    A folder of one's own is small, and all of it is wanted in the model: nothing is held out unless `held_out` names
    it. `rest` are other settings of the run. Raises LivevaeError where `output` is the model to begin from.
    """
    if output.resolve() == start.resolve():
        raise LivevaeError(f"{output} is the model to begin from: give the adapted one another name.")
    return TrainConfig(
        folders=folders,
        output=output,
        start=start,
        steps=steps,
        minutes=MINUTES if minutes is None and steps is None else minutes,
        held_out=held_out,
        rate=_RATE,
        beta_warm_up=0.0,
        adversarial_from=NEVER,
        validate_every=_VALIDATE_EVERY,
        **rest,
    )
