"""Several processes that train one model, as `torchrun` starts them; alone, all of this does nothing.

Every process draws the same random numbers for the whole batch and takes its own rows, and the gradients are meaned:
so the losses are those of one process with the same batch.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import torch
from torch import Tensor, distributed

from livevae.errors import LivevaeError

Made = TypeVar("Made")
PATIENCE = timedelta(hours=12)  # of processes for each other: the first may have many hours of sound to prepare


@dataclass(frozen=True)
class Crew:
    """This process among `size` of them. The first, rank 0, alone speaks, measures and writes."""

    rank: int = 0
    size: int = 1

    @property
    def leads(self) -> bool:
        return self.rank == 0

    def share(self, batch: Tensor) -> Tensor:
        """This process's rows. Raises LivevaeError where the batch cannot be divided evenly."""
        if batch.size(0) % self.size:
            raise LivevaeError(
                f"A batch of {batch.size(0)} cannot be shared by {self.size} processes: give a multiple as --batch."
            )
        rows = batch.size(0) // self.size
        return batch[self.rank * rows : (self.rank + 1) * rows]

    def mean_gradients(self, parameters: Iterable[Tensor], *values: Tensor) -> list[float]:
        """Mean the gradients over all processes, in place; gives the mean of each of the scalar `values`."""
        scalars = torch.stack([value.detach().float() for value in values])
        if self.size > 1:
            gradients = [p.grad for p in parameters if p.grad is not None]
            flat = torch.cat([*(gradient.flatten() for gradient in gradients), scalars]) / self.size
            distributed.all_reduce(flat)
            sizes = [*(gradient.numel() for gradient in gradients), len(values)]
            *parts, scalars = torch.split(flat, sizes)
            for gradient, part in zip(gradients, parts, strict=True):
                gradient.copy_(part.view_as(gradient))
        return [float(value) for value in scalars.tolist()]

    def told(self, value: float, device: torch.device) -> float:
        """What the first process has for this value."""
        if self.size == 1:
            return value
        shared = torch.tensor([value], dtype=torch.float64, device=device)
        distributed.broadcast(shared, 0)
        return float(shared.item())

    def any(self, flag: bool, device: torch.device) -> bool:
        """Whether it is so in any of the processes."""
        if self.size == 1:
            return flag
        shared = torch.tensor([int(flag)], device=device)
        distributed.all_reduce(shared, distributed.ReduceOp.MAX)
        return bool(shared.item())

    def first_alone(self, make: Callable[[], Made], device: torch.device) -> Made:
        """What `make` gives in this process, called by the first before the others call it.

        Raises LivevaeError in the others where it failed in the first.
        """
        made: list[Made] = []
        try:
            if self.leads:
                made.append(make())
        finally:
            well = self.told(float(len(made)), device)
        if not well:
            raise LivevaeError("The first process could not begin: it says why.")
        return made[0] if made else make()


@contextmanager
def crew(device: torch.device) -> Iterator[Crew]:
    """Join the other processes, where `torchrun` started several, and leave them at the end."""
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size < 2:
        yield Crew()
        return
    distributed.init_process_group("nccl" if device.type == "cuda" else "gloo", timeout=PATIENCE)
    try:
        yield Crew(distributed.get_rank(), size)
    finally:
        distributed.destroy_process_group()


def local_device(name: str) -> str:
    """The device of this process: of several on one machine, each has a GPU of its own."""
    local = os.environ.get("LOCAL_RANK")
    if local is None or name not in ("auto", "cuda") or not torch.cuda.is_available():
        return name
    return f"cuda:{int(local) % torch.cuda.device_count()}"
