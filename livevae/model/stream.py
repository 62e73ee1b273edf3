"""Whole files through a model, in bounded memory: the same chunks a live voice computes, without the clock."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from livevae.errors import LivevaeError
from livevae.model.runner import Model

Array = NDArray[np.float32]
Progress = Callable[[int], None]
"""Called after each chunk with the audio samples (model rate) done so far."""

OFFLINE_SAMPLES = 32768
"""Audio in one offline chunk: long enough to be efficient, short enough that progress is seen."""


class ChunkStream:
    """One stream through a model, cut into whole chunks. The model is reset when a stream begins and when it ends.

    `frames` is the number of latent frames in a chunk. None takes long chunks where the model is deterministic; one
    that draws noise gets single frames, so that with the same seed it draws as a live voice does.
    """

    def __init__(self, model: Model, *, frames: int | None = None, progress: Progress | None = None) -> None:
        if frames is not None and frames < 1:
            raise LivevaeError(f"a chunk of {frames} frames cannot be: give 1 or more.")
        self.model = model
        long = max(1, OFFLINE_SAMPLES // model.info.ratio) if model.info.deterministic else 1
        self.frames = long if frames is None else frames
        self._progress = progress or (lambda samples: None)

    def encode_all(self, blocks: Iterable[Array]) -> Iterator[Array]:
        """Audio blocks, (n,) or (n, channels), to latents (frames, latent_size); the tail is filled with silence."""
        for chunk, done in self._chunks(blocks):
            yield _rows(self.model.encode(chunk))
            self._progress(done)

    def transform_all(self, blocks: Iterable[Array]) -> Iterator[Array]:
        """Audio blocks, (n,) or (n, channels), to as many samples of the model's output, (n, out_channels)."""
        given = 0
        for chunk, done in self._chunks(blocks):
            out = _rows(self.model.forward(chunk))[: done - given]
            given += len(out)
            yield out
            self._progress(done)

    def decode_all(self, blocks: Iterable[Array]) -> Iterator[Array]:
        """Latents, (frames, latent_size) in pieces of any length, to audio (frames * ratio, out_channels)."""
        size = self.model.info.latent_size
        done = 0
        self.model.reset()
        for block in blocks:
            latents = np.asarray(block, np.float32)
            if latents.ndim != 2 or latents.shape[1] != size:
                raise LivevaeError(f"{self.model.info.name} decodes (frames, {size}), not {latents.shape}.")
            for at in range(0, len(latents), self.frames):
                piece = torch.from_numpy(latents[at : at + self.frames].T.copy()).unsqueeze(0)
                yield _rows(self.model.decode(piece))
                done += piece.shape[2] * self.model.info.ratio
                self._progress(done)
        self.model.reset()

    def _chunks(self, blocks: Iterable[Array]) -> Iterator[tuple[Tensor, int]]:
        """Whole chunks for the model, (1, channels, samples), each with the audio samples taken up to its end."""
        channels, ratio = self.model.info.in_channels, self.model.info.ratio
        size = self.frames * ratio
        waiting: list[Array] = []
        count = done = 0
        self.model.reset()
        for block in blocks:
            waiting.append(_shaped(block, channels))
            count += len(waiting[-1])
            if count < size:
                continue
            audio = np.concatenate(waiting)
            whole = count - count % size
            for at in range(0, whole, size):
                done += size
                yield _batch(audio[at : at + size]), done
            waiting, count = [audio[whole:]], count - whole
        if count:
            rest = np.concatenate(waiting)
            padding = np.zeros((-count % ratio, channels), np.float32)
            yield _batch(np.concatenate([rest, padding])), done + count
        self.model.reset()


def encode_offline(model: Model, blocks: Iterable[Array], progress: Progress | None = None) -> Iterator[Array]:
    """Encode audio blocks, (n,) or (n, channels) at the model's rate, to latents (frames, latent_size)."""
    return ChunkStream(model, progress=progress).encode_all(blocks)


def decode_offline(model: Model, z: Array, progress: Progress | None = None) -> Array:
    """Decode latents (frames, latent_size) to audio (frames * ratio, out_channels) at the model's rate."""
    return _joined(ChunkStream(model, progress=progress).decode_all([z]), model.info.out_channels)


def transform_offline(model: Model, audio: Array, progress: Progress | None = None) -> Array:
    """Audio, (n,) or (n, channels), through the whole model: (n, out_channels), the model's own delay included."""
    return _joined(ChunkStream(model, progress=progress).transform_all([audio]), model.info.out_channels)


def _joined(pieces: Iterator[Array], channels: int) -> Array:
    return np.concatenate([np.zeros((0, channels), np.float32), *pieces])


def _shaped(block: Any, channels: int) -> Array:
    """(n, channels) float32; one channel is given to all that the model takes."""
    audio = np.asarray(block, np.float32)
    audio = audio[:, None] if audio.ndim == 1 else audio
    if audio.ndim != 2 or audio.shape[1] not in (1, channels):
        raise LivevaeError(f"the model takes audio of 1 or {channels} channels as (n, channels), not {audio.shape}.")
    return np.broadcast_to(audio, (len(audio), channels))


def _batch(audio: Array) -> Tensor:
    return torch.from_numpy(audio.T.copy()).unsqueeze(0)


def _rows(y: Tensor) -> Array:
    """The first row of a batch as (n, channels)."""
    return np.ascontiguousarray(y[0].numpy().T)
