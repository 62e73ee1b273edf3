"""What each effect costs: the share of a processor core, the delay it adds, and how long it takes to build.

    python -m benchmarks.effects

An engine without a device computes blocks of 256 samples at 48 kHz, with noise into the chain and without it; the
difference is the effect with its rack. `moving` is the same with every parameter that may move moved by a lane.
"""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile

from livevae.engine.effects import BUILT_IN, LANES, TICK, WIDTH, Chain, Effect, Lane, TickRows
from livevae.engine.offline import OfflineEngine
from livevae.engine.racks import Racks
from livevae.engine.realtime import flush_denormals

RATE, BLOCK = 48000, 256
BLOCKS, TRIES = 200, 8
GIVEN = {"level": -3.0, "semitones": 5.0, "low": -3.0, "mid": 2.0, "high": 3.0}
"""Parameters that must be given, or would otherwise leave an effect with nothing to do."""


class Noisy(Racks):
    """Racks whose chains hear noise."""

    def take(self, now: int) -> None:
        """Begin a block with noise in every rack."""
        super().take(now)
        for rack in self._racks.values():
            rack.sum[:] = _NOISE


_NOISE = np.random.default_rng(0).uniform(-0.3, 0.3, (2, BLOCK)).astype(np.float32)


def rows(rack: int, first: int, count: int) -> TickRows:
    """Lanes that never stand still."""
    made = np.full((count, WIDTH), 0.5, np.float32) + 0.3 * np.sin(np.arange(first, first + count) / 7)[:, None]
    made[:, 0] = 1.0
    return made.astype(np.float32)


def seconds_a_block(chain: Chain | None) -> tuple[float, int, float]:
    """The least seconds that a block took, the latency in samples, and the seconds that building took."""
    engine = OfflineEngine(rate=RATE, block=BLOCK)
    engine._racks.__class__ = Noisy
    try:
        kept = rows(0, 0, 64)
        engine.attach_ticks(lambda rack, first, count: kept[first % 64 : first % 64 + 1])
        started = time.perf_counter()
        latency = 0 if chain is None else engine.set_chain(0, 1, chain)
        built = time.perf_counter() - started
        least = float("inf")
        for _ in range(TRIES):
            started = time.perf_counter()
            for _ in range(BLOCKS):
                engine._server.process()
            least = min(least, (time.perf_counter() - started) / BLOCKS)
        return least, latency, built
    finally:
        engine.close()


def chain_of(name: str, file: Path, moving: bool) -> Chain:
    """One effect as it is usually, or with everything moving."""
    values: dict[str, float | str | Lane] = {}
    for number, (key, known) in enumerate(BUILT_IN[name].items()):
        usual = str(file) if known.unit == "file" else GIVEN.get(key, known.default)
        assert usual is not None
        values[key] = Lane(number) if moving and known.moves else usual
    assert len(values) <= LANES
    return (Effect(name, values),)


def main() -> None:
    flush_denormals()
    assert TICK == BLOCK
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "hall.wav"
        decay = np.exp(-np.arange(RATE) / 10_000)[:, None]
        hall = np.random.default_rng(1).normal(size=(RATE, 2)) * decay
        soundfile.write(file, hall.astype(np.float32), RATE, subtype="FLOAT")
        idle = seconds_a_block(None)[0]
        for name in BUILT_IN:
            still, latency, built = seconds_a_block(chain_of(name, file, False))
            moving = seconds_a_block(chain_of(name, file, True))[0]
            found = {
                "effect": name,
                "core_percent": round((still - idle) * RATE / BLOCK * 100, 2),
                "moving_core_percent": round((moving - idle) * RATE / BLOCK * 100, 2),
                "latency_samples": latency,
                "build_ms": round(1000 * built, 1),
            }
            print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
