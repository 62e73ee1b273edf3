"""What a model remembers between calls, and how to make it forget.

Files say nothing about their state, so it is found by watching: everything that a call changes is state.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from livevae.errors import LivevaeError
from livevae.model.archive import Module

STREAM_BUFFERS = ("pad", "cache")
"""Last names of the buffers of cached convolutions: silence is zero, and row `b` belongs to stream `b`."""

_PLAIN = (bool, int, float, str, list, tuple, dict, type(None), Tensor)

Place = tuple[str, str]
"""Where a value lives: the path of its module, and its name there."""


@dataclass(frozen=True)
class Slot:
    """One remembered value."""

    place: Place
    parts: frozenset[str]
    """The methods that change it."""
    stream: bool
    """The memory of a cached convolution: a fresh one is silent (zeros)."""
    rows: int
    """How many streams it holds, one in each row; 0 where it is not divided into rows."""
    initial: Any
    """What a fresh model holds there (for a stream buffer: unused)."""


def is_stream_buffer(name: str) -> bool:
    """Whether a buffer of this name is the memory of a cached convolution."""
    return name in STREAM_BUFFERS


class Memory:
    """The places of a module where something could be remembered: buffers and plain attributes, no parameters."""

    def __init__(self, module: Module) -> None:
        # Attributes that are no buffers are listed nowhere in Python: their names come from the module's own dump.
        names = set(re.findall(r"^\s+(\w+) = ", module._c.dump_to_str(False, False, False), re.MULTILINE))
        names -= {"training", "_is_full_backward_hook"}
        self._cores: dict[Place, Any] = {}
        for path, child in module.named_modules():
            core = child._c
            parameters = {name for name, _ in torch._C.ParameterDict(core).items()}  # type: ignore[attr-defined]
            for name in names - parameters:
                if core.hasattr(name) and isinstance(core.getattr(name), _PLAIN):
                    self._cores[path, name] = core

    def snapshot(self) -> dict[Place, Any]:
        """A copy of every value, independent of the module."""
        return {place: _copied(core.getattr(place[1])) for place, core in self._cores.items()}

    def changed(self, before: Mapping[Place, Any]) -> set[Place]:
        """The places whose value is no longer what `before` says."""
        return {place for place, core in self._cores.items() if not _same(before[place], core.getattr(place[1]))}


def find_slots(
    memory: Memory, first: Mapping[Place, Any], calls: Iterable[tuple[str, Callable[[], object]]]
) -> tuple[Slot, ...]:
    """Run each named call and note what it changes; the state is left as the calls made it.

    `first` is the snapshot of the module as it came from its file: that is where a reset returns to.
    The stream buffers are state even where no call changed them: what the exporter's warm-up left there is heard.
    """
    parts: dict[Place, set[str]] = {}
    before = memory.snapshot()
    for name, call in calls:
        call()
        for place in memory.changed(before):
            parts.setdefault(place, set()).add(name)
        before = memory.snapshot()
    stream_places = {place for place, value in first.items() if is_stream_buffer(place[1]) and _is_float(value)}
    slots = []
    for place in sorted(set(parts) | stream_places):
        value = first[place]
        of_stream = place in stream_places
        rows = int(value.shape[0]) if of_stream and value.dim() >= 2 and value.shape[0] >= 2 else 0
        slots.append(Slot(place, frozenset(parts.get(place, ())), of_stream, rows, None if of_stream else value))
    return tuple(slots)


class State:
    """The remembered values of one module."""

    def __init__(
        self,
        module: Module,
        slots: Sequence[Slot],
        settled: Mapping[Place, Tensor] | None = None,
    ) -> None:
        self.slots = tuple(slots)
        self.settled = settled
        """Where not None: what one settled stream holds in each stream buffer, used instead of silence."""
        children = dict(module.named_modules())
        self._streams = [(slot, children[slot.place[0]]._c.getattr(slot.place[1])) for slot in slots if slot.stream]
        self._others = [(slot, children[slot.place[0]]._c) for slot in slots if not slot.stream]

    def settle(self) -> None:
        """From now on a reset gives every stream what row 0 holds at this moment."""
        self.settled = {slot.place: (t[0] if slot.rows else t).clone() for slot, t in self._streams}

    def copy(self, source: int, target: int, part: str | None = None) -> None:
        """Let row `target` remember what row `source` does, or of that what the method `part` alone changes."""
        for slot, tensor in self._streams:
            if slot.rows and (part is None or slot.parts == {part}):
                tensor[_row(slot, target)].copy_(tensor[_row(slot, source)])

    def reset(self, rows: Sequence[int] | None = None, part: str | None = None) -> None:
        """Make the rows (all where None) forget, as if the model had just been opened.

        `part` names a method: only what that method alone changes is reset. What is not divided into rows is reset
        whatever the rows are. Raises LivevaeError for a row that is not there.
        """
        for slot, tensor in self._streams:
            if part is None or slot.parts == {part}:
                silence = None if self.settled is None else self.settled[slot.place]
                targets = [tensor] if rows is None or not slot.rows else [tensor[_row(slot, row)] for row in rows]
                for target in targets:
                    if silence is None:
                        target.zero_()
                    else:
                        target.copy_(silence)
        for slot, core in self._others:
            if part is None or slot.parts == {part}:
                core.setattr(slot.place[1], _copied(slot.initial))


def _row(slot: Slot, row: int) -> int:
    if not 0 <= row < slot.rows:
        raise LivevaeError(f"the model has no row {row}: it holds {slot.rows} streams, counted from 0.")
    return row


def _is_float(value: Any) -> bool:
    return isinstance(value, Tensor) and value.is_floating_point()


def _copied(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.detach().clone()
    return type(value)(value) if isinstance(value, (list, dict)) else value


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, Tensor) or isinstance(b, Tensor):
        if not (isinstance(a, Tensor) and isinstance(b, Tensor)) or a.shape != b.shape or a.dtype != b.dtype:
            return False
        return bool(((a == b) | ((a != a) & (b != b))).all())
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(_same(x, y) for x, y in zip(a, b, strict=True))
    return bool(a == b)
