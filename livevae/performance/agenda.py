"""What is to happen at a later cycle: actions that are run a little ahead of it, and heard exactly on it.

Cycles here are *clock* cycles (`Performance.clock`): they only go forward, whatever `set_cycle` makes of the number
that the performer sees. Live the keeper calls `run` every few hundredths of a second. Without a clock (`render`, tests)
whoever drives the engine calls it before the frames are computed, so that a performance comes out the same every time.
"""

from __future__ import annotations

import inspect
import itertools
import math
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

from livevae.errors import LivevaeError
from livevae.pattern import remembering
from livevae.performance.message import EvaluationError, Place, caller, located, ours

if TYPE_CHECKING:
    from livevae.performance.desk import Desk

AHEAD_SECONDS: Final = 0.25
"""How long before its cycle an action is run, so that it has been applied when the first frame is asked for."""

_MOST_AT_ONCE: Final = 256
"""Actions run in one go; one that always plans the next for the same moment must not stop time."""

_numbers = itertools.count()


@dataclass(eq=False)
class Item:
    """An action that is planned for clock cycle `cycle`, and run `ahead` seconds before it.

    It goes when its `owner` plans anew (a piece that is read again), and, unless `kept`, with `hush()` and `panic()`.
    """

    cycle: float
    action: Callable[[], object]
    name: str
    ahead: float = AHEAD_SECONDS
    owner: object = None
    kept: bool = False
    place: Place | None = None
    cancelled: bool = field(default=False, init=False)
    number: int = field(default_factory=lambda: next(_numbers), init=False)

    def cancel(self) -> None:
        """Do not run it."""
        self.cancelled = True

    def __repr__(self) -> str:
        return f"{self.name} at cycle {self.cycle:g}{', cancelled' if self.cancelled else ''}"


class Agenda:
    """Actions in order of their cycles, planned on any thread.

    `failed(item, error)` is told of an action that raised; it changed nothing.

    How to use it (`performance.agenda`)::

        item = agenda.at(32, action)        # action() within a transaction whose changes begin exactly at cycle 32
        agenda.at(32, action, kept=True)    # hush() and panic() leave it there
        agenda.at(32, prepare, ahead=5.0)   # for what takes long and changes no voice: opening a model
        agenda.next(4)                      # the clock cycle at which the next multiple of 4 cycles begins
        item.cancel(); agenda.clear(); agenda.cancel(owner)

    Within an evaluation that fails nothing is planned. An action may plan more; what it plans belongs to its owner.
    """

    def __init__(
        self, desk: Desk, seconds: Callable[[float], float], failed: Callable[[Item, EvaluationError], None]
    ) -> None:
        self._desk = desk
        self._seconds = seconds
        self._failed = failed
        self._lock = threading.Lock()
        self._items: tuple[Item, ...] = ()

    def at(
        self,
        cycle: float,
        action: Callable[[], object],
        *,
        ahead: float = AHEAD_SECONDS,
        name: str | None = None,
        kept: bool = False,
        place: Place | None = None,
    ) -> Item:
        """Plan `action` for clock cycle `cycle`; one that is over is run at once. Gives what can be cancelled.

        Raises LivevaeError unless `cycle` is a finite number and `action` can be called.
        """
        if isinstance(cycle, bool) or not isinstance(cycle, int | float) or not math.isfinite(cycle):
            raise LivevaeError(f"an action is planned for a number of cycles, not {cycle!r}.")
        if not callable(action):
            raise LivevaeError(f"an action is a function, as in lambda: v1.stop(), not {type(action).__name__}.")
        called = name if name is not None else getattr(action, "__name__", "an action")
        with self._desk.transaction() as draft:
            item = Item(float(cycle), remembering(action), called, ahead, draft.owner, kept, place or caller())
            draft.done.append(partial(self._add, item))
        return item

    def next(self, quant: float = 1) -> float:
        """The clock cycle at which a change with this `quant` would begin; within an action that action's own cycle.

        A multiple of `quant` of the cycles that the performer counts; 0 is now.
        """
        return self._desk.next(quant)

    @property
    def items(self) -> tuple[Item, ...]:
        """What is still to come, soonest first."""
        live = [item for item in self._items if not item.cancelled]
        return tuple(sorted(live, key=lambda item: (item.cycle, item.number)))

    def cancel(self, owner: object) -> None:
        """Forget all that `owner` planned."""
        for item in self._items:
            if item.owner is owner:
                item.cancel()

    def clear(self) -> None:
        """Forget all but what is kept."""
        for item in self._items:
            if not item.kept:
                item.cancel()

    def run(self, until: float) -> bool:
        """Run all that is due by second `until` of the engine, each on its own; True where anything was run.

        An action that raises changes nothing and is told.
        """
        for done in range(_MOST_AT_ONCE):
            item = self._due(until)
            if item is None:
                return done > 0
            try:
                with self._desk.transaction(at=item.cycle, owner=item.owner):
                    item.action()
            except Exception as error:
                self._failed(item, _where(item, error))
        return True

    def _due(self, until: float) -> Item | None:
        """Take the item that is to be run soonest, where that is by second `until`."""
        with self._lock:
            live = [item for item in self._items if not item.cancelled]
            if not live:
                self._items = ()
                return None
            when = [(self._seconds(item.cycle) - item.ahead, item.number) for item in live]
            soonest = min(range(len(live)), key=when.__getitem__)
            found = live[soonest] if when[soonest][0] <= until else None
            self._items = tuple(item for item in live if item is not found)
            return found

    def _add(self, item: Item) -> None:
        with self._lock:
            self._items = (*self._items, item)


def _where(item: Item, error: Exception) -> EvaluationError:
    """The error with the line of the performer's text at fault: of the action, else where it was planned."""
    code = getattr(inspect.unwrap(item.action), "__code__", None)
    found = located(error, "" if code is None or ours(code.co_filename) else code.co_filename)
    if found.place is None and item.place is not None and not isinstance(error, EvaluationError):
        return EvaluationError(str(found), item.place)
    return found
