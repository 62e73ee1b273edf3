"""When something starts."""

from __future__ import annotations

import math
from dataclasses import dataclass

from livevae.errors import LivevaeError


@dataclass(frozen=True)
class Quant:
    """Start on the next multiple of `cycles`; 0 starts at once. Raises LivevaeError for anything else than a length."""

    cycles: float = 1.0

    def __post_init__(self) -> None:
        value = self.cycles
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
            raise LivevaeError(f"quant must be a number of cycles, 0 or more, not {value!r}.")

    def start(self, earliest: float) -> float:
        """The first cycle at or after `earliest` (in cycles) that is a multiple of this quant."""
        if self.cycles == 0:
            return earliest
        return math.ceil(earliest / self.cycles) * self.cycles
