"""What is measured of a sound while somebody follows it, as the performer's side reads it. No pyo in here."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

INPUTS: Final = 16
"""Audio inputs that can be followed: sources 0 to 15, those from here on are voices."""
SOURCES: Final = 32
HOP: Final = 1024
"""Samples of the server from one row to the next."""
HELD: Final = 128
"""Rows that are kept for each source."""
TIME, POWER, HERTZ, CENTRE, ATTACKS, CHANGE = range(6)
"""Columns of a row: the sample it was measured at, mean square, pitch and centroid in Hz, attacks since it is followed,
and the mean square of the difference to one period earlier."""
COLUMNS: Final = 6

Measured = NDArray[np.float64]
"""Rows `(n, COLUMNS)`, oldest first."""


def rows_since(ring: Measured, count: int, since: int) -> Measured:
    """Rows `since` to `count` of a ring, those that are still there."""
    first = max(since, count - HELD + 1, 0)
    return ring[np.arange(first, max(first, count)) % HELD].copy()
