"""A trajectory: latent frames in time, what encoding a recording gives."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from livevae.errors import LivevaeError

Frames = NDArray[np.float32]
Values = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Trajectory:
    """Latent frames, shape `(frames, D)` float32, at `rate` frames a second. Immutable: every method gives a new one.

    Frame `k` stands at `k / rate` seconds; between two frames the trajectory moves in a straight line, after the last
    one it stays there, unless it loops. `held` trajectories (codebook indices of a discrete model) step instead.
    Raises LivevaeError for frames that are empty, not two-dimensional or not finite, and for rates that are not
    positive.
    """

    frames: Frames
    rate: float
    name: str = ""
    looped: bool = field(default=False, kw_only=True)
    held: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        frames = np.array(self.frames, np.float32)
        called = f"trajectory {self.name!r}" if self.name else "a trajectory"
        if frames.ndim != 2 or frames.size == 0:
            raise LivevaeError(f"{called} needs frames of shape (frames, D), at least one, not {frames.shape}.")
        if not np.isfinite(frames).all():
            raise LivevaeError(f"{called} has frames that are not finite numbers: encode it again.")
        if not (np.isfinite(self.rate) and self.rate > 0):
            raise LivevaeError(f"{called} needs a frame rate above 0, not {self.rate}.")
        frames.flags.writeable = False
        object.__setattr__(self, "frames", frames)

    def __len__(self) -> int:
        return len(self.frames)

    def __repr__(self) -> str:
        loop = ", looped" if self.looped else ""
        name = f"{self.name!r}, " if self.name else ""
        return f"Trajectory({name}{len(self)} frames of {self.dims}, {self.seconds:.2f} s{loop})"

    @property
    def dims(self) -> int:
        """The size `D` of a frame."""
        return int(self.frames.shape[1])

    @property
    def seconds(self) -> float:
        """How long it lasts (once, where it loops)."""
        return len(self.frames) / self.rate

    def at(self, seconds: ArrayLike) -> Values:
        """Where the trajectory is at `seconds` after its beginning, shape `(n,)`: an array `(n, D)` of float64.

        Times before the beginning give the first frame, or the end of the loop.
        """
        count = len(self.frames)
        position = np.atleast_1d(np.asarray(seconds, np.float64)) * self.rate
        position = np.mod(position, count) if self.looped else np.minimum(np.maximum(position, 0), count - 1)
        below = np.minimum(position.astype(np.intp), count - 1)
        if self.held:
            return self.frames[below].astype(np.float64)
        above = (below + 1) % count if self.looped else np.minimum(below + 1, count - 1)
        part = (position - below)[:, None]
        values: Values = self.frames.take(below, axis=0) * (1.0 - part)
        values += self.frames.take(above, axis=0) * part
        return values

    def slice(self, start: float | None = None, end: float | None = None) -> Trajectory:
        """The part between two times in seconds, at least one frame. Raises LivevaeError where nothing is left."""
        begin = 0.0 if start is None else start
        first = min(round(begin * self.rate), len(self) - 1)
        last = len(self) if end is None else max(round(end * self.rate), first + 1)
        if begin < 0 or begin >= self.seconds or (end is not None and end <= begin):
            raise LivevaeError(
                f"{self.name or 'this trajectory'} lasts {self.seconds:.2f} s: there is nothing from "
                f"{start or 0.0:g} to {self.seconds if end is None else end:g} s."
            )
        return replace(self, frames=self.frames[first:last])

    def speed(self, factor: float) -> Trajectory:
        """Faster by `factor`; below 0 backwards; 0 stays at the first frame."""
        if factor == 0:
            return replace(self, frames=self.frames[:1])
        if not np.isfinite(factor):
            raise LivevaeError(f"a speed is a number, not {factor}.")
        turned = self.reverse() if factor < 0 else self
        return replace(turned, rate=self.rate * abs(factor))

    def reverse(self) -> Trajectory:
        """From the last frame to the first."""
        return replace(self, frames=self.frames[::-1])

    def loop(self, crossfade: float = 0.0) -> Trajectory:
        """Again and again. Without a crossfade the step from the last frame to the first takes one frame.

        `crossfade` seconds (at most half of it) of the end are laid over the beginning, and the loop is shorter by
        as much.
        """
        overlap = round(crossfade * self.rate)
        if overlap < 0 or 2 * overlap > len(self):
            raise LivevaeError(
                f"a crossfade of {crossfade:g} s does not fit a loop of {self.seconds:.2f} s: take 0 to half of it."
            )
        if overlap == 0 or self.held:
            return replace(self, looped=True)
        weight = ((np.arange(overlap) + 1.0) / (overlap + 1.0))[:, None]
        seam = weight * self.frames[:overlap] + (1.0 - weight) * self.frames[-overlap:]
        frames = np.concatenate([seam.astype(np.float32), self.frames[overlap:-overlap]])
        return replace(self, frames=frames, looped=True)

    def still(self, seconds: float | None) -> Trajectory:
        """One frame of it, for ever: where it is at `seconds`; None: the point it moves around.

        Of a held one that point is the frame nearest to it: codes have no mean.
        """
        if seconds is not None:
            point = self.at(seconds)
        elif self.held:
            point = self.frames[np.square(self.frames - self.mean()).sum(axis=1).argmin()][None]
        else:
            point = self.mean()[None]
        return replace(self, frames=point.astype(np.float32), looped=False)

    def mean(self) -> Values:
        """The point it moves around, shape `(D,)`."""
        point: Values = self.frames.mean(axis=0, dtype=np.float64)
        return point
