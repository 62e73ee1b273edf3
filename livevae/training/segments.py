"""Random, varied segments of recordings: what a training step hears."""

from __future__ import annotations

import numpy as np
import soxr

from livevae.errors import LivevaeError
from livevae.training.dataset import Audio

GAP = 0.15  # seconds of silence after each recording, so that endings and rests are learned
PHASE_CHANGED = 0.8  # of the segments
PITCH_CHANGED = 0.4


class Segments:
    """Segments drawn at random places. All randomness comes from the generator passed in."""

    def __init__(self, recordings: dict[str, Audio], length: int, sample_rate: int, pitch: float = 0.0) -> None:
        """`length` in samples, `pitch` the largest change of it in semitones.

        Raises LivevaeError when all recordings together are shorter than one segment.
        """
        rows = [np.atleast_2d(audio) for audio in recordings.values()]
        self.channels = rows[0].shape[0] if rows else 1
        gap = np.zeros((self.channels, int(GAP * sample_rate)), np.float32)
        total = sum(row.shape[1] for row in rows)
        if total < length:
            raise LivevaeError(
                f"The recordings are too short to train on: {total / sample_rate:.2f} s in all, "
                f"and one training segment is {length / sample_rate:.2f} s; add more or longer recordings."
            )
        self._audio = np.concatenate([part for row in rows for part in (row, gap)], 1)
        self.length = length
        self.pitch = pitch
        self.seconds = total / sample_rate

    def draw(self, count: int, random: np.random.Generator) -> Audio:
        """`count` segments as (count, channels, length) in -1..1, each with its own pitch, gain, polarity and phase
        distortion."""
        batch = np.empty((count, self.channels, self.length), np.float32)
        for row in batch:
            row[:] = _vary(self._cut(random), random)
        return batch

    def _cut(self, random: np.random.Generator) -> Audio:
        """A segment (channels, length) from anywhere, played a little faster or slower now and then."""
        speed = 1.0
        if self.pitch > 0 and random.random() < PITCH_CHANGED:
            speed = 2 ** (random.uniform(-self.pitch, self.pitch) / 12)
        needed = int(np.ceil(self.length * speed)) + 2
        if speed == 1.0 or needed > self._audio.shape[1]:
            start = int(random.integers(0, self._audio.shape[1] - self.length + 1))
            return self._audio[:, start : start + self.length]
        start = int(random.integers(0, self._audio.shape[1] - needed + 1))
        played = soxr.resample(self._audio[:, start : start + needed].T, speed, 1.0, quality="MQ")
        return np.asarray(played[: self.length].T, np.float32)


def _vary(audio: Audio, random: np.random.Generator) -> Audio:
    """The same sound to the ear: an all-pass filter at a random frequency, a gain of -12 to +3 dB, either polarity."""
    gain = 10 ** (random.uniform(-12, 3) / 20) * random.choice([-1.0, 1.0])
    if random.random() < PHASE_CHANGED:
        audio = _all_pass(audio, float(np.exp(random.uniform(np.log(0.002), np.log(2.0)))), random.uniform(0.3, 0.97))
    peak = float(np.max(np.abs(audio)))
    if peak * abs(gain) > 1.0:
        gain = np.sign(gain) / peak
    return audio * np.float32(gain)


def _all_pass(audio: Audio, angle: float, radius: float) -> Audio:
    """A second-order all-pass filter with its poles at `radius` and +-`angle` (radians a sample)."""
    length = audio.shape[-1]
    size = length + 2048  # room for the filter's tail, so that it does not wrap to the front
    delay = np.exp(-2j * np.pi * np.arange(size // 2 + 1) / size)
    first, second = -2 * radius * np.cos(angle), radius**2
    response = (second + first * delay + delay**2) / (1 + first * delay + second * delay**2)
    return np.fft.irfft(np.fft.rfft(audio, size) * response, size)[..., :length].astype(np.float32)
