"""The process that encodes recordings: `python -m livevae.latent.worker`, started by `Encoder`."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

import torch

from livevae.errors import LivevaeError
from livevae.helper import Message, Progress, serve
from livevae.latent import npz
from livevae.latent.cache import Job
from livevae.latent.encoding import encode_recording
from livevae.model import Model, open_model

_MODELS_KEPT = 2


class _Worker:
    """Encodes, and keeps the last models open."""

    def __init__(self) -> None:
        self._models: OrderedDict[tuple[str, str, int | None], Model] = OrderedDict()

    def encode(self, message: Message, progress: Progress) -> Message:
        """Make the file that is asked for."""
        target = Path(message["target"])
        if not target.exists():  # else the same job was asked for twice, and the first one has just made it
            job = Job(Path(message["recording"]), message["channel"], message["start"], message["end"])
            npz.save(target, encode_recording(job, self._model(message), progress))
        return {"done": True}

    def _model(self, message: Message) -> Model:
        key = (message["model"], message["digest"], message["rate"])
        model = self._models.pop(key, None)
        if model is None:
            model = open_model(message["model"], sample_rate=message["rate"])
            if model.info.digest != message["digest"]:
                raise LivevaeError(f"{message['model']} has changed since it was opened: open it again.")
        self._models[key] = model
        while len(self._models) > _MODELS_KEPT:
            self._models.popitem(last=False)
        return model


def failed(message: Message, error: Exception) -> str:
    """What is told of an error; a model's own code may raise anything."""
    return str(error) if isinstance(error, LivevaeError) else f"encoding {message['recording']} failed ({error})."


def main() -> None:
    """Run as the helper process, single-threaded."""
    torch.set_num_threads(1)
    serve(_Worker().encode, failed)


if __name__ == "__main__":
    main()
