"""Where a set of trajectories lies in the latent space."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from livevae.errors import LivevaeError
from livevae.latent.trajectory import Trajectory, Values


def mean(trajectories: Iterable[Trajectory]) -> Values:
    """The mean of all their frames, shape `(D,)`. Raises LivevaeError for an empty set or for mixed sizes."""
    point: Values = frames(trajectories).mean(axis=0)
    return point


def spread(trajectories: Iterable[Trajectory]) -> Values:
    """The standard deviation of all their frames, shape `(D,)`. Raises LivevaeError as `mean` does."""
    point: Values = frames(trajectories).std(axis=0)
    return point


def frames(trajectories: Iterable[Trajectory]) -> Values:
    """All their frames, shape `(n, D)`. Raises LivevaeError as `mean` does."""
    parts = [trajectory.frames for trajectory in trajectories]
    if not parts:
        raise LivevaeError("statistics need at least one trajectory: encode a recording first.")
    sizes = {part.shape[1] for part in parts}
    if len(sizes) > 1:
        raise LivevaeError(f"trajectories of {sorted(sizes)} dimensions do not mix: encode them with one model.")
    return np.concatenate(parts).astype(np.float64)
