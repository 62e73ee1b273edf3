"""What the latest frames of a stream sounded: for holding latents through rests, and gates that are heard later."""

from __future__ import annotations

from typing import Final

import numpy as np

from livevae.performance import branches
from livevae.performance.layers import Control, Floats

LARGEST: Final = 1e4
"""Latents and gains beyond this are nonsense that a model must not be given."""


class Memory:
    """The last `size` frames of a stream with `dims` latent dimensions.

    A gate is heard `shift` frames after the latents it belongs to, and takes `taps` frames to open or close.
    """

    def __init__(self, dims: int, size: int, shift: int, taps: int) -> None:
        self._dims = dims
        self._size = size + shift + taps
        self._shift = shift
        self._taps = taps
        self._gates = np.zeros(self._size)
        self._latents = np.zeros((self._size, 2 * dims + 1))  # and as many branches as there ever were
        self._low = self._high = 0

    def forget(self) -> None:
        """Nothing that was added was heard: gates that were still to open stay closed."""
        self._low = self._high = 0

    def last(self, frame: int) -> Control | None:
        """The frame before `frame` as it was last added; None where it was not."""
        if not self._low <= frame - 1 < self._high:
            return None
        dims, at = self._dims, (frame - 1) % self._size
        row, gate = self._latents[at], self._gates[at : at + 1].copy()
        lag = row[2 * dims : 2 * dims + 1].copy()
        moved = branches.unpacked(row[2 * dims + 1 :], dims)
        return Control(row[None, :dims].copy(), row[None, dims : 2 * dims].copy(), lag, gate, gate > 0.0, moved)

    def add(self, first: int, control: Control) -> tuple[Control, Floats]:
        """The frames from `first` on as they are to be played: latents held through rests, gates as they are heard.

        With them their branches, as they follow a control row. Frames may be added again; what was there from `first`
        on is replaced. All numbers that come back are finite.
        """
        held = self._held(first, control)
        opened = np.clip(control.gate, 0.0, 1.0)
        if not self._low <= first <= self._high:
            self._low = first
        reach = self._shift + self._taps - 1
        before = np.arange(first - reach, first)
        gates = np.concatenate([np.where(before >= self._low, self._gates[before % self._size], 0.0), opened])
        count = len(opened)
        kept = np.arange(max(0, count - self._size), count)
        self._gates[(first + kept) % self._size] = opened[kept]
        self._latents[(first + kept) % self._size] = held[kept]
        self._high = first + count
        self._low = max(self._low, self._high - self._size)
        if self._taps > 1:
            gates = np.convolve(gates, np.full(self._taps, 1.0 / self._taps), mode="valid")
        dims = self._dims
        latents, following = held[:, : 2 * dims + 1], held[:, 2 * dims + 1 :]
        played = Control(latents[:, :dims], latents[:, dims : 2 * dims], latents[:, -1], gates[:count], control.known)
        return played, following

    def _held(self, first: int, control: Control) -> Floats:
        """Latents `(n, 2 * D + 1)` and branches; a frame without any has those of the frame before it."""
        latents: Floats = np.concatenate([control.gain, control.bias, control.lag[:, None]], axis=1)
        latents = np.clip(np.nan_to_num(latents, posinf=LARGEST, neginf=-LARGEST), -LARGEST, LARGEST)
        latents[:, -1] = np.maximum(latents[:, -1], 0.0)
        packed = branches.packed(control.moved, self._dims, len(latents), LARGEST)
        missing = latents.shape[1] + packed.shape[1] - self._latents.shape[1]
        if missing > 0:
            self._latents = np.pad(self._latents, ((0, 0), (0, missing)))
        latents = np.concatenate([latents, packed, np.zeros((len(latents), max(0, -missing)))], axis=1)
        known = np.flatnonzero(control.known)
        if len(known) == len(latents):
            return latents
        source = np.maximum.accumulate(np.where(control.known, np.arange(len(latents)), -1))
        # Where there is none before: not those of the first sound to come, how far one looks ahead must not be heard.
        heard = self._low <= first - 1 < self._high
        start = self._latents[(first - 1) % self._size] if heard else np.zeros(latents.shape[1])
        held: Floats = np.where((source < 0)[:, None], start, latents[source])
        return held
