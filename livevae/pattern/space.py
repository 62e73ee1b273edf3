"""What is known of a model's latent space: where its sounds lie."""

from __future__ import annotations

from dataclasses import dataclass

from livevae.pattern.time import Array


@dataclass(frozen=True, eq=False)
class Space:
    """The latents that sounds are encoded to: ``mean``, standard deviation ``spread``, and the recorded range from
    ``low`` to ``high``; each ``(D,)``."""

    mean: Array
    spread: Array
    low: Array
    high: Array

    @property
    def dims(self) -> int:
        """The number of dimensions, D."""
        return int(self.mean.size)
