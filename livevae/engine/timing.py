"""When a chunk begins, when it can be computed and when it must sound, in samples of the server.

All slots of a model share one grid of chunks from time 0: chunk `c` covers model samples `[c * n, (c + 1) * n)`.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Final

MARGIN: Final = 1.5
"""The compute time measured when the model was opened is trusted up to this factor."""


@dataclass(frozen=True)
class Grid:
    """The chunks of a model on a server's clock at `rate` Hz.

    The model runs at `model_rate` Hz with `ratio` samples a latent frame and `frames` frames a chunk.
    """

    rate: int
    model_rate: int
    ratio: int
    frames: int

    @property
    def chunk(self) -> int:
        """Model samples in a chunk."""
        return self.ratio * self.frames

    @property
    def frame_rate(self) -> float:
        """Latent frames a second."""
        return self.model_rate / self.ratio

    def start(self, chunk: int) -> int:
        """Server time at which a chunk begins (rounded down)."""
        return chunk * self.chunk * self.rate // self.model_rate

    def ready(self, chunk: int) -> int:
        """Server time from which every sample that a chunk needs is there."""
        return -(-(chunk + 1) * self.chunk * self.rate // self.model_rate)

    def complete(self, time: int) -> int:
        """Chunks that can be computed when inputs are known up to server time `time`."""
        return max(0, time * self.model_rate // (self.chunk * self.rate))

    def chunk_at(self, time: int) -> int:
        """The first chunk that begins at or after server time `time`."""
        return -(-time * self.model_rate // (self.chunk * self.rate))

    def blocks_for(self, compute: float, block: int) -> int:
        """The fewest blocks that cover `compute` seconds with the margin, at least one."""
        return max(1, ceil(compute * MARGIN * self.rate / block))

    def delay(self, block: int, compute: float) -> int:
        """Constant delay from input to output, in server samples, for a model that needs `compute` seconds a chunk.

        One chunk, plus the fewest blocks that cover the computation, plus one. Where chunks and blocks do not divide
        each other the gathering itself may need more; then it is the least that never comes too late.
        """
        blocks = self.blocks_for(compute, block)
        gather = max(-(-self.ready(c) // block) * block - self.start(c) for c in range(512))
        usual = -(-self.chunk * self.rate // self.model_rate) + (blocks + 1) * block
        rounding = 0 if self.rate == self.model_rate else 1
        return max(gather + blocks * block, usual) + rounding
