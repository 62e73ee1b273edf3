"""What patterns cost: the share of one core for a voice of 128 dimensions, printed as JSON.

    python benchmarks/patterns.py [--seconds 20]

At 23 frames a second each frame is asked for by itself, at 375 in blocks of 19. Times are of the processor, not of the
wall, so that other work on the machine is not counted.
"""

from __future__ import annotations

import argparse
import json
import time

import numpy as np

from livevae.pattern import Context, Pattern, dim, perlin, pure, saw, sine, slerp, spline

DIMS = 128
CONTEXT = Context.at(0.5)


class Recording:
    """A trajectory of seeded noise, read with interpolation as encoded recordings are."""

    dims = DIMS

    def __init__(self, seed: int, seconds: float = 3.0, rate: float = 46.875) -> None:
        self.frames = np.random.default_rng(seed).standard_normal((int(seconds * rate), DIMS))
        self.rate = rate

    def at(self, seconds: np.ndarray) -> np.ndarray:
        """Frames ``(n, D)``, the last one held."""
        place = np.clip(seconds * self.rate, 0, len(self.frames) - 1)
        index = np.minimum(place.astype(np.intp), len(self.frames) - 2)
        part = (place - index)[:, None]
        return self.frames[index] * (1 - part) + self.frames[index + 1] * part


def voices() -> dict[str, Pattern]:
    """The expressions that are measured."""
    one, other = pure(Recording(1)), pure(Recording(2)).fast(2)
    points = [np.random.default_rng(n).standard_normal(DIMS) for n in range(4)]
    moving = slerp(one, other, sine.slow(8)) + perlin.dims(DIMS) * 0.3 + dim(3, saw)
    return {
        "slerp of two recordings + perlin + one dimension": moving,
        "the same, gliding between recordings": slerp(one.glide(0.1), other.glide(0.1), sine.slow(8))
        + perlin.dims(DIMS) * 0.3
        + dim(3, saw),
        "closed spline of four points + perlin": spline(*points, closed=True).slow(4) + perlin.dims(DIMS) * 0.3,
        "one recording": one,
    }


def share(pattern: Pattern, frames_per_second: float, block: int, seconds: float) -> float:
    """Processor time over played time, from the first block of a pattern that was never heard."""
    voice = pattern.with_dims(DIMS)
    blocks = int(seconds * frames_per_second / block)
    step = 0.5 / frames_per_second
    begin = time.process_time()
    for number in range(blocks):
        voice.sample((np.arange(block) + number * block) * step, CONTEXT)
    return (time.process_time() - begin) / (blocks * block / frames_per_second)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0, help="seconds of playing for each figure")
    seconds = parser.parse_args().seconds
    figures = {
        name: {
            "core_share_at_23_frames_per_second": round(share(pattern, 23, 1, seconds), 6),
            "core_share_at_375_frames_per_second": round(share(pattern, 375, 19, seconds), 6),
        }
        for name, pattern in voices().items()
    }
    worst = [max(figure[key] for figure in figures.values()) for key in next(iter(figures.values()))]
    goals = {"at_23": {"share": worst[0], "goal": 0.005}, "at_375": {"share": worst[1], "goal": 0.02}}
    print(json.dumps({"dims": DIMS, "worst": goals, "voices": figures}, indent=2))


if __name__ == "__main__":
    main()
