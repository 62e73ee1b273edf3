"""What can be heard and seen of a run while it goes: recordings before and after, spectrograms, TensorBoard's curves.

All of it goes into the run's folder, and nothing of it is needed to resume.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from livevae.training.dataset import Audio

LONGEST = 8.0  # seconds of a recording that are kept
WINDOW = 1024
FLOOR = -80.0  # dB below the loudest


class Listening:
    """Writes into `folder`, made when something is first written. A full disk is no reason to end a run: it is told
    once by `failed`, and then nothing more is written."""

    def __init__(self, folder: Path, sample_rate: int) -> None:
        self.folder = folder
        self.rate = sample_rate
        self.failed: OSError | None = None
        self._board: Any = None
        self._without_board = False

    def sound(self, step: int, name: str, before: Audio, after: Audio) -> None:
        """Keep `name` as it was (once) and as the model makes it now, as FLAC, and both spectrograms as a picture."""
        if self.failed:
            return
        longest = int(LONGEST * self.rate)
        before, after = before[..., :longest], after[..., :longest]
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            original = self.folder / f"{name}-before.flac"
            if not original.exists():
                _write(original, before, self.rate)
            _write(self.folder / f"{name}-{step:06d}.flac", np.clip(after, -1, 1), self.rate)
            _picture(self.folder / f"{name}-{step:06d}.png", before, after, self.rate)
        except OSError as error:
            self.failed = error

    def figures(self, step: int, values: Mapping[str, float]) -> None:
        """Give the values to TensorBoard, where it is installed."""
        if self._board is None and not self._without_board and not self.failed:
            try:
                from torch.utils.tensorboard import SummaryWriter

                self._board = SummaryWriter(str(self.folder))
            except ImportError:
                self._without_board = True
            except OSError as error:
                self.failed = error
        if self._board is not None:
            for name, value in values.items():
                self._board.add_scalar(name, value, step)

    def close(self) -> None:
        if self._board is not None:
            self._board.close()


def _write(path: Path, audio: Audio, rate: int) -> None:
    # By way of memory: libsndfile does not say that a disk is full.
    encoded = io.BytesIO()
    soundfile.write(encoded, audio.T, rate, format="FLAC")
    try:
        path.write_bytes(encoded.getbuffer())
    except OSError:
        path.unlink(missing_ok=True)
        raise


def _picture(path: Path, before: Audio, after: Audio, rate: int) -> None:
    # The figure is made without pyplot, which would look for a display.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 6), layout="constrained")
    FigureCanvasAgg(figure)
    levels = [_spectrogram(audio) for audio in (before, after)]
    top = max(float(level.max()) for level in levels)
    seconds = before.shape[-1] / rate
    for row, (level, title) in enumerate(zip(levels, ("before", "after"), strict=True), 1):
        axes = figure.add_subplot(2, 1, row)
        axes.imshow(
            level, origin="lower", aspect="auto", extent=(0, seconds, 0, rate / 2000), vmin=top + FLOOR, vmax=top
        )
        axes.set_title(title)
        axes.set_ylabel("kHz")
    axes.set_xlabel("seconds")
    figure.savefig(path, dpi=80)


def _spectrogram(audio: Audio) -> NDArray[np.floating[Any]]:
    """Levels in dB, (bins, frames)."""
    mono = np.atleast_2d(audio).mean(0)
    padded = np.pad(mono, (0, max(0, WINDOW - len(mono))))
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[:: WINDOW // 4] * np.hanning(WINDOW)
    return 20 * np.log10(np.abs(np.fft.rfft(frames, axis=1)) + 1e-6).T
