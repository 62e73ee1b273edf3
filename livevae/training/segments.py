"""Random, varied segments of recordings: what a training step hears."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from livevae.errors import LivevaeError
from livevae.training.dataset import Audio

GAP = 0.15  # seconds of silence after each recording, so that endings and rests are learned
PHASE_CHANGED = 0.8  # of the segments
PITCH_CHANGED = 0.4
QUIETEST, LOUDEST = -12.0, 3.0  # dB
FULL = 0.9999  # largest value that a gain leads to
NARROWEST = 0.97  # the largest radius of an all-pass filter's poles
LOWEST, HIGHEST = 0.002, 2.0  # radians a sample, where those poles are
MARGIN = 1024  # samples around a segment, in which filters begin and end
SMALL_PRIMES = (2, 3, 5, 7, 11)
_FADE = (0.5 - 0.5 * np.cos(np.pi * np.arange(MARGIN // 2) / (MARGIN // 2))).astype(np.float32)


class Segments:
    """Segments drawn at random places. All randomness comes from the generator passed in.

    Nothing is read but the segments drawn, so recordings may be mapped from a file larger than the memory.
    """

    def __init__(self, recordings: Mapping[str, Audio], length: int, sample_rate: int, pitch: float = 0.0) -> None:
        """`length` in samples, `pitch` the largest change of it in semitones.

        Raises LivevaeError when all recordings together are shorter than one segment.
        """
        self._rows = [np.atleast_2d(audio) for audio in recordings.values()]
        self.channels = self._rows[0].shape[0] if self._rows else 1
        sizes = np.array([row.shape[1] for row in self._rows], np.int64)
        total = int(sizes.sum())
        if total < length:
            raise LivevaeError(
                f"The recordings are too short to train on: {total / sample_rate:.2f} s in all, "
                f"and one training segment is {length / sample_rate:.2f} s; add more or longer recordings."
            )
        ends = np.cumsum(sizes + int(GAP * sample_rate))
        self._starts = np.concatenate([[0], ends[:-1]])
        self._end = int(ends[-1])
        self.length = length
        self.pitch = pitch
        self.seconds = total / sample_rate
        self._size = _quick_sizes(length + 2 * MARGIN, 2 * (length + 2 * MARGIN))[0]
        most = 2 ** (pitch / 12)
        self._sizes = np.array(_quick_sizes(self._size / most, min(self._size * most, self._end)))

    def draw(self, count: int, random: np.random.Generator) -> Audio:
        """`count` segments as (count, channels, length) in -1..1, each with its own pitch, gain, polarity and phase
        distortion."""
        batch = np.empty((count, self.channels, self.length), np.float32)
        for row in batch:
            row[:] = _levelled(self._varied(random), random)
        return batch

    def _varied(self, random: np.random.Generator) -> Audio:
        """A segment (channels, length) from anywhere, now and then with other phases or a little faster or slower."""
        read = self._size
        if self.pitch > 0 and len(self._sizes) and random.random() < PITCH_CHANGED:
            wanted = self._size * 2 ** (random.uniform(-self.pitch, self.pitch) / 12)
            read = int(self._sizes[np.abs(self._sizes - wanted).argmin()])
        response = None
        if random.random() < PHASE_CHANGED:
            angle = np.exp(random.uniform(np.log(LOWEST), np.log(HIGHEST)))
            response = all_pass(read, angle, random.uniform(0.3, NARROWEST))
        if response is None and read == self._size:
            return self._cut(int(random.integers(0, self._end - self.length + 1)), self.length)
        before = MARGIN * read // self._size
        inside = min(self._end, -(-self.length * read // self._size))
        start = int(random.integers(0, self._end - inside + 1))
        return self._changed(self._cut(start - before, read), response)

    def _changed(self, audio: Audio, response: NDArray[np.complex64] | None) -> Audio:
        """The segment inside `audio`, stretched or shortened to the size of all, through the filter.

        What lies around the segment fades at the ends: a transform takes the end for what comes before the beginning.
        """
        read = audio.shape[1]
        audio[:, : MARGIN // 2] *= _FADE
        audio[:, -(MARGIN // 2) :] *= _FADE[::-1]
        spectrum = np.fft.rfft(audio)
        if response is not None:
            spectrum *= response
        made = np.fft.irfft(spectrum, self._size)[:, MARGIN : MARGIN + self.length]
        return np.asarray(made * np.float32(self._size / read), np.float32)

    def _cut(self, start: int, length: int) -> Audio:
        """(channels, length) of all recordings after each other from `start` on, with the gaps between them."""
        cut = np.zeros((self.channels, length), np.float32)
        number = max(0, int(np.searchsorted(self._starts, start, "right")) - 1)
        while number < len(self._rows) and (offset := int(self._starts[number]) - start) < length:
            row = self._rows[number]
            part = row[:, max(0, -offset) : length - offset]
            cut[:, max(0, offset) : max(0, offset) + part.shape[1]] = part
            number += 1
        return cut


def _levelled(audio: Audio, random: np.random.Generator) -> Audio:
    """The segment in either polarity with a gain from QUIETEST to LOUDEST, less where it would leave -1..1."""
    gain = 10 ** (random.uniform(QUIETEST, LOUDEST) / 20)
    peak = float(np.max(np.abs(audio)))
    if peak * gain > FULL:
        gain = FULL / peak
    return audio * np.float32(gain * random.choice([-1.0, 1.0]))


def all_pass(size: int, angle: float, radius: float) -> NDArray[np.complex64]:
    """What a second-order all-pass filter does to the spectrum of `size` samples: its phase changes and nothing else.

    Its poles are at `radius` (under 1) and +-`angle` (radians a sample).
    """
    first, second = -2 * radius * np.cos(angle), radius**2
    delay, delay_twice = _delays(size)
    below = 1 + np.float32(first) * delay + np.float32(second) * delay_twice
    return np.asarray(delay_twice * np.conj(below) / below, np.complex64)


@lru_cache(64)
def _delays(size: int) -> tuple[NDArray[np.complex64], NDArray[np.complex64]]:
    """The spectra of `size` samples that are delays of one and of two samples."""
    angles = -2j * np.pi * np.arange(size // 2 + 1) / size
    return np.exp(angles).astype(np.complex64), np.exp(2 * angles).astype(np.complex64)


@lru_cache(64)
def _quick_sizes(least: float, most: float) -> tuple[int, ...]:
    """The even numbers in that range of which a Fourier transform is quick: products of small primes."""
    products = [2]
    for prime in SMALL_PRIMES:
        for product in products:  # which grows meanwhile
            if product * prime <= most:
                products.append(product * prime)
    return tuple(sorted(product for product in products if product >= least))
