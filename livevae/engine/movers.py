"""The movers of a stream, applied to the branches of its control rows."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from livevae.engine.frames import BranchColumns, Rows, branch_columns, branches
from livevae.errors import LivevaeError
from livevae.model.moving import Mover

Frames = NDArray[np.float32]

Read = Callable[[int, NDArray[np.float64]], Frames]
"""`read(first, lags (n,))` gives the input's latents `(n, D)` of frames from `first` on, each so many frames ago."""


class Movers:
    """By their keys; one that the rows do not name any more is kept until it is dropped."""

    def __init__(self, dims: int, told: Callable[[str], None] = lambda text: None) -> None:
        self._dims = dims
        self._told = told
        self._movers: dict[int, Mover] = {}
        self._reported: set[int] = set()

    def add(self, key: int, mover: Mover) -> None:
        """Let rows name it by `key`. Raises LivevaeError where it is for other numbers of dimensions."""
        for size in (mover.spec.dims, mover.spec.outputs):
            if size != self._dims:
                raise LivevaeError(f"a mover for {size} dimensions does not fit a model of {self._dims}.")
        self._movers.setdefault(key, mover)

    def take(self, others: Movers) -> None:
        """Have what others have as well."""
        self._movers |= others._movers

    def drop(self, key: int) -> None:
        """Forget one that is not going to be named again."""
        self._movers.pop(key, None)
        self._reported.discard(key)

    def moved(self, first: int, rows: Rows, read: Read | None) -> Frames | None:
        """What the branches add to the latents of frames from `first` on, `(n, D)`; None where there are none.

        `read` is None without an input, which is as an input of zeros.
        """
        count = branches(self._dims, rows.shape[1])
        if not count:
            return None
        where = [branch_columns(self._dims, index) for index in range(count)]
        found = None
        # In the order of time: a mover may go on in another branch from some frame on.
        for start, stop, at in sorted(_stretches(rows, where), key=lambda stretch: stretch[0]):
            found = np.zeros((len(rows), self._dims), np.float32) if found is None else found
            key, part = int(rows[start, at.mover]), rows[start:stop]
            mover = self._movers.get(key)
            if mover is None:
                self._report(key, "live is moved by something that the model's process does not have")
                continue
            inside = part[:, at.bias]
            if read is not None:
                inside = part[:, at.gain] * read(first + start, part[:, at.lag].astype(np.float64)) + inside
            failures = mover.failures
            found[start:stop] += part[:, at.amount] * mover.move(first + start, inside)
            if mover.failures > failures:
                kinds = ", ".join(stage.kind for stage in mover.spec.stages)
                self._report(key, f"moving live ({kinds}) gave latents that are not finite: the last ones are held")
        return found

    def _report(self, key: int, text: str) -> None:
        if key not in self._reported:
            self._reported.add(key)
            self._told(text)


def _stretches(rows: Rows, where: list[BranchColumns]) -> list[tuple[int, int, BranchColumns]]:
    """Neighbouring frames that name the same mover in the same branch: from, up to, branch."""
    found = []
    for at in where:
        keys = rows[:, at.mover]
        cuts = [0, *(np.flatnonzero(keys[1:] != keys[:-1]) + 1).tolist(), len(keys)]
        found += [(start, stop, at) for start, stop in itertools.pairwise(cuts) if keys[start] > 0]
    return found
