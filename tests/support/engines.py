"""Rows, signals and hosts for tests of the engine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from livevae.engine.frames import Rows, columns, neutral
from livevae.engine.host import Host
from livevae.engine.interface import Live, SlotInfo, Source
from livevae.engine.layout import CLOCK, Shared
from livevae.engine.mixer import Mixer
from livevae.engine.offline import OfflineEngine

RATE = 48000
RATELESS = ("generator", "nan", "counter")
"""Models whose files do not say their rate."""


def rows(dims: int, count: int, *, gain: float = 1.0, bias: float = 0.0, amp: float = 1.0, **others: float) -> Rows:
    """Control rows that are the same for every frame: by default the input as it is, at full level."""
    made = neutral(dims, count)
    at = columns(dims)
    made[:, at.gain], made[:, at.bias], made[:, at.amp] = gain, bias, amp
    for name, value in others.items():
        made[:, getattr(at, name)] = value
    return made


def noise(samples: int, seed: int = 1, level: float = 0.3) -> np.ndarray:
    """White noise, float32, within +-level."""
    return np.random.default_rng(seed).uniform(-level, level, samples).astype(np.float32)


def sine(samples: int, frequency: float = 200.0, level: float = 0.5, rate: int = RATE) -> np.ndarray:
    """A sine, float32."""
    return (level * np.sin(2 * np.pi * frequency / rate * np.arange(samples))).astype(np.float32)


def roughness(audio: np.ndarray) -> float:
    """The largest second difference: small for a sine, as large as the jump where there is a click."""
    return float(np.abs(np.diff(audio, 2, axis=0)).max())


class Studio:
    """An OfflineEngine with models and slots; `play` opens a slot, `run` renders."""

    def __init__(
        self, inputs: np.ndarray | None = None, block: int = 256, seed: int = 0, rate: int = RATE, outputs: int = 2
    ) -> None:
        self.engine = OfflineEngine(rate=rate, block=block, inputs=inputs, outputs=outputs, seed=seed)
        self.fills: dict[int, Callable[[int, int], Rows]] = {}
        self.dims: dict[int, int] = {}
        self.events: list = []
        self.engine.on_event = self.events.append
        self.engine.attach(self._fill)

    def __enter__(self) -> Studio:
        return self

    def __exit__(self, *error: object) -> None:
        self.engine.close()

    def _fill(self, slot: int, first: int, count: int) -> Rows:
        return self.fills[slot](first, count)

    def play(
        self,
        path: Path,
        source: Source | None = None,
        slot: int = 0,
        fill: Callable[[int, int], Rows] | None = None,
        **how: float,
    ) -> SlotInfo:
        """Open `path` and a slot through it; `fill(first, count)` or the keywords of `rows` give its rows."""
        model = self.engine.open_model(path, rate=RATE if path.stem in RATELESS else None)
        dims = model.latent_size if "decode" in model.methods else 0
        self.fills[slot] = fill or (lambda first, count: rows(dims, count, **how))
        return self.engine.open_slot(slot, model.digest, source or Live(1))

    def run(self, samples: int) -> np.ndarray:
        """(samples, outputs)."""
        return self.engine.run(samples)


class Bench:
    """A mixer and hosts over one mapping, driven block by block: the clockwork of a live engine in virtual time."""

    def __init__(self, size: int = 256, inputs: int = 1, rate: int = RATE) -> None:
        self.shared = Shared.create()
        self.size = size
        self.input = np.zeros((inputs, size), np.float32)
        self.captured = np.zeros((2, size), np.float32)
        self.bus = np.zeros((2, size), np.float32)
        self.mixer = Mixer(self.shared, rate, size, self.input, self.captured, self.bus)
        self.hosts: list[Host] = []

    def close(self) -> None:
        self.shared.close()

    def block(self, compute: bool = True) -> np.ndarray:
        """One block of the bus, (2, size). With `compute`, the hosts are in time; without, they do nothing."""
        if compute:
            self.compute()
        self.mixer.block()
        self.captured[:] = self.bus
        return self.bus.copy()

    def compute(self) -> None:
        """Let every host compute what is ready when the next block begins."""
        for host in self.hosts:
            host.run(self.mixer.clock)

    def blocks(self, count: int, compute: bool = True) -> np.ndarray:
        return np.concatenate([self.block(compute) for _ in range(count)], axis=1)

    @property
    def clock(self) -> int:
        return int(self.shared.words[CLOCK])
