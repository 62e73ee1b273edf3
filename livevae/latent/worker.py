"""The process that encodes recordings: `python -m livevae.latent.worker`, started by `Encoder`."""

from __future__ import annotations

import os
import queue
from collections import OrderedDict
from pathlib import Path

import torch

from livevae.errors import LivevaeError
from livevae.helper import Channel, Message
from livevae.latent import npz
from livevae.latent.cache import Job
from livevae.latent.encoding import encode_recording
from livevae.model import Model, open_model

NICENESS = 10
IDLE_SECONDS = 300.0
"""How long the process stays, with its models open, when it has nothing to do."""

_MODELS_KEPT = 2


class _Cancelled(Exception):
    """The job that runs is not wanted any more."""


class _Worker:
    """Takes jobs in turn and keeps the last models open."""

    def __init__(self) -> None:
        self._channel = Channel()
        self._jobs: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._cancelled: set[int] = set()
        self._models: OrderedDict[tuple[str, str, int | None], Model] = OrderedDict()
        self._channel.listen(self._hear)

    def run(self) -> None:
        """Encode until there has been nothing to do for long."""
        while True:
            try:
                message = self._jobs.get(timeout=IDLE_SECONDS)
            except queue.Empty:
                return
            number = int(message["id"])
            try:
                self._encode(message)
            except _Cancelled:
                self._cancelled.discard(number)
            except LivevaeError as error:
                self._channel.send({"id": number, "error": str(error)})
            # A model's own code may raise anything; it must not cost the jobs behind it.
            except Exception as error:
                self._channel.send({"id": number, "error": f"encoding {message['recording']} failed ({error})."})
            else:
                self._channel.send({"id": number, "done": True})

    def _hear(self, message: Message) -> None:
        if message["do"] == "cancel":
            self._cancelled.add(message["id"])
        else:
            self._jobs.put(message)

    def _encode(self, message: Message) -> None:
        number, target = int(message["id"]), Path(message["target"])

        def progress(part: float) -> None:
            if number in self._cancelled:
                raise _Cancelled
            self._channel.send({"id": number, "progress": part})

        progress(0.0)
        if target.exists():
            return  # The same job was asked for twice: the first one has just made it.
        job = Job(Path(message["recording"]), message["channel"], message["start"], message["end"])
        encoded = encode_recording(job, self._model(message), progress)
        npz.save(target, encoded)

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


def main() -> None:
    """Run as the helper process: modest, single-threaded, until standard input ends or there is nothing to do."""
    os.nice(NICENESS)
    torch.set_num_threads(1)
    _Worker().run()
    # Not through the interpreter's own ending, which cannot take standard input from the thread that reads it.
    os._exit(0)


if __name__ == "__main__":
    main()
