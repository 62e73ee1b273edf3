"""Sample-rate conversion of streams, by soxr: for models that run at another rate than the audio server."""

from functools import cache

import numpy as np
import soxr
from numpy.typing import NDArray

from livevae.errors import LivevaeError

Audio = NDArray[np.float32]
"""Samples, shape (n, channels)."""

_PROBED_BLOCKS = (1, 64, 256, 1024)
_PROBED_SECONDS = 0.5


class StreamResampler:
    """One stream from `in_rate` to `out_rate` (Hz), sample-aligned: output sample k is the input at k / out_rate.

    soxr gives its output in bursts and late; `delay` is the most by which it has ever fallen behind.
    """

    def __init__(self, in_rate: float, out_rate: float, channels: int = 1, quality: str = "HQ") -> None:
        if in_rate <= 0 or out_rate <= 0:
            raise LivevaeError(f"cannot convert {in_rate} Hz to {out_rate} Hz: both rates must be above 0.")
        if channels < 1:
            raise LivevaeError(f"cannot convert {channels} channels: give 1 or more.")
        self.in_rate, self.out_rate, self.channels = in_rate, out_rate, channels
        self._quality = quality
        self._stream = soxr.ResampleStream(in_rate, out_rate, channels, dtype="float32", quality=quality)

    @property
    def delay(self) -> int:
        """Most output samples by which the output lags behind the input, whatever the lengths of the blocks."""
        return _longest_lag(self.in_rate, self.out_rate, self._quality)

    def process(self, block: Audio) -> Audio:
        """Take (n, channels) or (n,) samples; give what has come out, (m, channels), m from 0."""
        return self._convert(block, last=False)

    def flush(self) -> Audio:
        """The rest of the stream; then ready for another one."""
        rest = self._convert(np.zeros((0, self.channels), np.float32), last=True)
        self._stream.clear()
        return rest

    def clear(self) -> None:
        """Forget what was taken and not yet given."""
        self._stream.clear()

    def _convert(self, block: Audio, last: bool) -> Audio:
        x = _columns(block)
        if x.shape[1] != self.channels:
            raise LivevaeError(f"the resampler was made for {self.channels} channels, not {x.shape[1]}.")
        y: Audio = self._stream.resample_chunk(x[:, 0] if self.channels == 1 else x, last)
        return y.reshape(-1, self.channels)


class RealTimeResampler:
    """A resampler for exact counts: push blocks in, pull as many samples as are due, at a constant delay.

    After N samples were pushed, floor(N * out_rate / in_rate) may have been pulled, always. The price is that the
    output begins with `latency` samples of silence (output rate), as many as soxr can fall behind. `latency` is 0
    between equal rates. Not to be used by two threads at once; never raises while it runs, and allocates little.
    """

    def __init__(self, in_rate: float, out_rate: float, channels: int = 1, quality: str = "HQ") -> None:
        self._resampler = StreamResampler(in_rate, out_rate, channels, quality)
        self.channels = channels
        self.latency = 0 if in_rate == out_rate else self._resampler.delay
        self.starved = 0
        """Samples that were pulled before they were due, and given as silence."""
        self._plain = in_rate == out_rate
        self._buffer: Audio = np.zeros((4096 + 2 * self.latency, channels), np.float32)
        self._start = 0
        self._end = self.latency

    @property
    def available(self) -> int:
        """Samples that can be pulled now."""
        return self._end - self._start

    def push(self, block: Audio) -> None:
        """Take (n, channels) or (n,) samples at the input rate."""
        out = _columns(block) if self._plain else self._resampler.process(block)
        count = len(out)
        if self._end + count > len(self._buffer):
            kept = self._buffer[self._start : self._end]
            if len(kept) + count > len(self._buffer) // 2:
                self._buffer = np.zeros((2 * (len(kept) + count), self.channels), np.float32)
            self._buffer[: len(kept)] = kept.copy()
            self._start, self._end = 0, len(kept)
        self._buffer[self._end : self._end + count] = out
        self._end += count

    def pull(self, count: int) -> Audio:
        """The next `count` samples at the output rate, (count, channels); what is not due yet comes as silence."""
        out = np.zeros((count, self.channels), np.float32)
        given = min(count, self.available)
        out[:given] = self._buffer[self._start : self._start + given]
        self._start += given
        self.starved += count - given
        return out

    def clear(self) -> None:
        """Back to the beginning: `latency` samples of silence, then whatever is pushed."""
        self._resampler.clear()
        self._buffer[:] = 0.0
        self._start, self._end, self.starved = 0, self.latency, 0


def _columns(block: Audio) -> Audio:
    """(n, channels) float32, from that or from (n,)."""
    x = np.ascontiguousarray(block, np.float32)
    return x[:, None] if x.ndim == 1 else x


@cache
def _longest_lag(in_rate: float, out_rate: float, quality: str) -> int:
    """Found by feeding streams of several block lengths, long enough for soxr's inner blocks to repeat."""
    longest = 0
    for size in _PROBED_BLOCKS:
        stream = soxr.ResampleStream(in_rate, out_rate, 1, dtype="float32", quality=quality)
        block = np.zeros(size, np.float32)
        taken = given = 0
        while taken < _PROBED_SECONDS * in_rate:
            given += len(stream.resample_chunk(block))
            taken += size
            longest = max(longest, int(taken * out_rate // in_rate) - given)
    return longest
