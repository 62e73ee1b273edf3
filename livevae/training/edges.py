"""Whether the edges of chunks can be heard: what is abrupt where two chunks meet, beside what is anywhere else."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, cycle, pairwise
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from livevae.training.dataset import Audio
from livevae.training.measure import open_exported

NEIGHBOURS = 2
"""Samples on either side of an edge that belong to it: a second difference reaches over three."""
AROUND = 64
"""Samples on either side with which an edge is compared: at one chunk of the shortest, half the way to the next."""
FLOOR = 1e-6
"""Abruptness that is added to both: what is this far under full scale (120 dB) is silence."""


def abruptness(audio: Audio) -> NDArray[np.float64]:
    """How far each sample is from the line through its neighbours, (n,) for audio (n,) or (channels, n): the second
    difference, in which a click stands out from any music. The ends count as 0."""
    rows = np.atleast_2d(audio).astype(np.float64)
    bent = np.abs(np.diff(rows, 2, axis=1)).max(0) if rows.shape[1] > 2 else np.zeros(0)
    return np.pad(bent, (1, rows.shape[1] - len(bent) - 1))


def edge_ratio(audio: Audio, edges: Sequence[int]) -> float:
    """How abrupt edges are beside what is around each, on average: about 1 where no edge can be told by ear.

    `edges` are the first samples of chunks. Each counts alike, however loud it is there; what a sound does of itself
    just there averages out over many of them. Edges nearer to the ends than AROUND are left out.
    """
    power = abruptness(audio) ** 2
    reach = np.arange(-AROUND, AROUND)
    kept = np.array([edge for edge in edges if AROUND <= edge <= len(power) - AROUND], np.int64)
    if not len(kept):
        raise ValueError("give edges that are not at the ends")
    rows = power[kept[:, None] + reach]
    near = (reach >= -NEIGHBOURS) & (reach < NEIGHBOURS)
    at_edge, beside = (np.sqrt(rows[:, part].mean(1)) + FLOOR for part in (near, ~near))
    return float(np.mean(at_edge / beside))


@torch.no_grad()
def in_chunks(path: Path, audio: Audio, pattern: Sequence[int], seed: int = 0) -> tuple[Audio, list[int]]:
    """A recording (n,) or (channels, n) through an exported model that was just opened, as many latent frames at a time
    as the pattern says, over and over; and the first samples of all chunks but the first.

    Of the recording, whole frames are taken. The noise head draws from `seed`.
    """
    opened = open_exported(path)
    ratio = int(opened.encode_params[3])
    rows = np.atleast_2d(audio)
    frames = rows.shape[1] // ratio
    sizes = [ratio * size for size in chunk_sizes(frames, pattern)]
    torch.manual_seed(seed)
    pieces: list[Tensor] = [
        opened(part) for part in torch.split(torch.from_numpy(rows[:, : frames * ratio]).unsqueeze(0), sizes, 2)
    ]
    made: Audio = torch.cat(pieces, 2)[0].numpy()
    return made, list(accumulate(sizes))[:-1]


def chunk_sizes(frames: int, pattern: Sequence[int]) -> list[int]:
    """Cuts `frames` latent frames into chunks of the sizes in `pattern`, over and over; the last is what is left.

    >>> chunk_sizes(8, (1, 3))
    [1, 3, 1, 3]
    >>> chunk_sizes(6, (4,))
    [4, 2]
    """
    ends = [end for end, _ in zip(accumulate(cycle(pattern)), range(frames), strict=False) if end < frames]
    return [after - before for before, after in pairwise([0, *ends, frames])]
