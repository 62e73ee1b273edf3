"""Where a sound lies that another model made: found in its favour."""

from __future__ import annotations

import numpy as np

from livevae.training.dataset import Audio
from livevae.training.measure import log_spectral_distance

REACH = 4096  # samples by which it may be earlier, or later, than it is said to be
STEPS = (256, 64, 16, 4, 1)  # of the search for its place, each twice to either side


def placed(made: Audio, wanted: Audio, delay: int) -> Audio:
    """`made` moved to where it is nearest to `wanted`, and as long."""
    tried: dict[int, float] = {}

    def distance(lag: int) -> float:
        if lag not in tried:
            tried[lag] = log_spectral_distance(_moved(made, lag, len(wanted)), wanted)
        return tried[lag]

    best = min((delay, _envelope_lag(made, wanted)), key=distance)
    for step in STEPS:
        near = (best + step * number for number in (-2, -1, 0, 1, 2))
        best = min((lag for lag in near if abs(lag - delay) <= REACH), key=distance, default=best)
    return _moved(made, best, len(wanted))


def _moved(audio: Audio, lag: int, size: int) -> Audio:
    """`size` samples from `lag` on, silence where there are none."""
    audio = audio[lag:] if lag >= 0 else np.pad(audio, (-lag, 0))
    return np.pad(audio[:size], (0, max(0, size - len(audio))))


def _envelope_lag(made: Audio, wanted: Audio) -> int:
    """How many samples later the loudness of `made` moves."""
    size = len(made) + len(wanted)
    window = np.hanning(259)[1:-1]
    first, second = (np.sqrt(np.convolve(np.square(audio), window, "same")) for audio in (made, wanted))
    match = np.fft.irfft(np.fft.rfft(first, size) * np.fft.rfft(second, size).conj(), size)
    lag = int(match.argmax())
    return lag if lag < len(made) else lag - size
