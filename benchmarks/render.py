"""How much faster than real time one voice of a model renders.

    python -m benchmarks.render [--seconds 20] [--model FILE]

One voice moves through latent space without an input, another run transforms noise at its input (encode and decode).
The wall clock counts, from the first sample on; goal: at least 5 times real time.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np

from livevae.engine.frames import columns, neutral
from livevae.engine.interface import Live, Silence, Source
from livevae.engine.offline import OfflineEngine
from livevae.resources import default_model
from support.signals import filler, noise, through


def rendered(path: Path, seconds: float, source: Source) -> tuple[float, float]:
    """Seconds of sound for each second of work, and the loudest sample."""
    sound = noise(seconds)
    engine = OfflineEngine(inputs=sound)
    try:
        model = engine.open_model(path)
        dims = model.latent_size
        rows = through(dims)
        if isinstance(source, Silence):
            rows = neutral(dims, 97)
            at = columns(dims)
            rows[:, at.bias] = np.random.default_rng(0).normal(size=(97, dims))
            rows[:, at.amp] = 1.0
        engine.attach(filler({0: rows}))
        engine.open_slot(0, model.digest, source)
        began = time.perf_counter()
        out = engine.run(int(seconds * engine.rate))
        took = time.perf_counter() - began
        return seconds / took, float(np.abs(out).max())
    finally:
        engine.close()


def measure(path: Path, seconds: float) -> dict[str, Any]:
    """Both runs."""
    playing, loud = rendered(path, seconds, Silence())
    hearing, loud_too = rendered(path, seconds, Live(1))
    return {
        "model": path.name,
        "seconds": seconds,
        "times_real_time": round(playing, 2),
        "times_real_time_with_input": round(hearing, 2),
        "goal": 5.0,
        "peaks": [round(loud, 3), round(loud_too, 3)],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--model", type=Path, default=None, help="a .ts file; the default model without")
    arguments = parser.parse_args()
    print(json.dumps(measure(arguments.model or default_model(), arguments.seconds)), flush=True)


if __name__ == "__main__":
    main()
