"""The order of a piece's sections, as plain data: what comes first, what follows, where everything begins."""

from __future__ import annotations

import difflib
import hashlib
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Final, Literal

from livevae.errors import LivevaeError

BY_HAND: Final = "by hand"
"""`form("by hand")`: every cue in the order of its definition, each until the performer goes on."""

_LONGEST_WALK: Final = 10_000
"""Sections after which a form that goes round is taken to go on for ever."""

Ending = Literal["hold", "hush"]


@dataclass(frozen=True)
class Position:
    """A section of a form while it is played: its name, its place in the order, and how many came before it."""

    name: str
    place: int = 0
    count: int = 0


@dataclass(frozen=True)
class Order:
    """Sections one after the other; with `loop` the first follows the last."""

    names: tuple[str, ...]
    loop: bool = False

    def first(self) -> Position | None:
        """Where it begins; None for a form of nothing."""
        return Position(self.names[0]) if self.names else None

    def after(self, position: Position) -> Position | None:
        """What follows; None after the last."""
        return self._at(position.place + 1, position.count + 1)

    def before(self, position: Position) -> Position | None:
        """What precedes it in the order; None before the first."""
        return self._at(position.place - 1, max(position.count - 1, 0))

    def find(self, name: str, position: Position | None = None) -> Position:
        """The next section of that name, from `position` round to it again.

        A section that is not in the order is played between `position` and what follows it.
        """
        place, count = (-1, 0) if position is None else (position.place, position.count + 1)
        size = len(self.names)
        for step in range(1, size + 1):
            if self.names[(place + step) % size] == name:
                return Position(name, (place + step) % size, count)
        return Position(name, place, count)

    def kept(self, position: Position, following: str | None = None) -> Position:
        """Where a section that was reached in another version of this form stands in this one: nearest to there.

        One that is no longer in it stands before the one that was to follow.
        """
        for name, back in ((position.name, 0), (following, 1)):
            places = [place - back for place, other in enumerate(self.names) if other == name]
            if places:
                return replace(position, place=min(places, key=lambda p: abs(p - position.place)))
        return replace(position, place=min(position.place, len(self.names) - 1))

    def reachable(self) -> frozenset[str]:
        """Every section that it comes to by itself."""
        return frozenset(self.names)

    def mentioned(self) -> tuple[str, ...]:
        """Every name it was given, in order, once."""
        return tuple(dict.fromkeys(self.names))

    def _at(self, place: int, count: int) -> Position | None:
        if self.loop and self.names:
            place %= len(self.names)
        return Position(self.names[place], place, count) if 0 <= place < len(self.names) else None


@dataclass(frozen=True)
class Graph:
    """From each section the ways out of it, each with its weight; chance takes one, the same one on every run.

    A section without a way out is the end; with `loop` the start follows it.
    """

    start: str
    ways: Mapping[str, tuple[tuple[str, float], ...]]
    seed: int = 0
    loop: bool = False

    def first(self) -> Position | None:
        """Where it begins."""
        return Position(self.start)

    def after(self, position: Position) -> Position | None:
        """What chance lets follow; it depends on the seed, the section, and how many came before it, on nothing else.

        None after a section without a way out.
        """
        ways = self.ways.get(position.name, ())
        if not ways:
            return Position(self.start, 0, position.count + 1) if self.loop else None
        left = _chance(self.seed, position) * sum(weight for _, weight in ways)
        for name, weight in ways:
            left -= weight
            if left < 0:
                return Position(name, 0, position.count + 1)
        return Position(ways[-1][0], 0, position.count + 1)

    def before(self, position: Position) -> Position | None:
        """None: which way led here is not in the graph, the performance remembers it."""
        return None

    def find(self, name: str, position: Position | None = None) -> Position:
        """The section of that name."""
        return Position(name, 0, 0 if position is None else position.count + 1)

    def kept(self, position: Position, following: str | None = None) -> Position:
        """Where a section that was reached in another version of this form stands in this one."""
        return replace(position, place=0)

    def reachable(self) -> frozenset[str]:
        """Every section that some way leads to."""
        found, open_ = {self.start}, [self.start]
        while open_:
            for name, _ in self.ways.get(open_.pop(), ()):
                if name not in found:
                    found.add(name)
                    open_.append(name)
        return frozenset(found)

    def mentioned(self) -> tuple[str, ...]:
        """Every name it was given, in order, once."""
        names = [self.start, *self.ways]
        names += [name for ways in self.ways.values() for name, _ in ways]
        return tuple(dict.fromkeys(names))


def _chance(seed: int, position: Position) -> float:
    """A number from 0 up to, not including, 1."""
    text = f"{seed}/{position.count}/{position.name}".encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=6).digest(), "big") / 2**48


@dataclass(frozen=True)
class Form:
    """How a piece goes through its sections.

    `path` None takes every cue in the order of definition. With `auto` each section lasts its bars, else until the
    performer goes on. After the last section it sounds on (`end="hold"`) or everything falls silent (`"hush"`).
    """

    path: Order | Graph | None = None
    auto: bool = True
    end: Ending = "hold"
    loop: bool = False

    def over(self, names: Iterable[str]) -> Form:
        """The same with a path: through `names` where it was given none."""
        return self if self.path is not None else replace(self, path=Order(tuple(names), self.loop))

    @property
    def way(self) -> Order | Graph:
        """Its path; an empty one where it has none yet."""
        return Order(()) if self.path is None else self.path

    def walk(self, start: Position | None = None) -> Iterator[Position]:
        """The sections as they follow each other from `start` on; without end where it goes round."""
        position = self.way.first() if start is None else start
        while position is not None:
            yield position
            position = self.way.after(position)

    def start_of(self, name: str, bars: Mapping[str, float | None]) -> tuple[Position, float]:
        """Where a section is first reached, and the cycle at which that is: the lengths of all before it together.

        A section that lasts until the performer goes on counts nothing. Raises LivevaeError where it is never reached.
        """
        passed = 0.0
        for position in islice(self.walk(), _LONGEST_WALK):
            if position.name == name:
                return position, passed
            passed += bars.get(position.name) or 0.0
        raise LivevaeError(f"the form never comes to {name!r}{nearest(name, self.way.reachable())}")

    def length(self, bars: Mapping[str, float | None], start: Position | None = None) -> float | None:
        """How many cycles it lasts from `start` on.

        None where that is not known: by hand, in a loop, or with a section without bars.
        """
        if not self.auto:
            return None
        walked = list(islice(self.walk(start), _LONGEST_WALK + 1))
        lengths = [bars.get(position.name) for position in walked]
        known = [length for length in lengths if length is not None]
        return sum(known) if len(known) == len(walked) <= _LONGEST_WALK and walked else None

    def never_reached(self, names: Iterable[str]) -> list[str]:
        """Those of `names` that it does not come to by itself; none where the performer leads."""
        reached = self.way.reachable()
        return [name for name in names if name not in reached] if self.auto else []


def form_of(
    *steps: Any,
    loop: bool = False,
    auto: bool = True,
    end: str = "hold",
    start: str | None = None,
    seed: int = 0,
) -> Form:
    """A form from what a performer may type, see `Performance.form`. Raises LivevaeError for anything else."""
    if end not in ("hold", "hush"):
        raise LivevaeError(f'form: end is "hold" (the last section sounds on) or "hush", not {end!r}.')
    ending: Ending = "hush" if end == "hush" else "hold"
    if steps in ((), (BY_HAND,)):
        return Form(None, auto and not steps, ending, loop)
    if len(steps) == 1 and isinstance(steps[0], Mapping):
        return Form(_graph(steps[0], start, seed, loop), auto, ending, loop)
    if start is not None:
        raise LivevaeError("form: start is for graphs; an order begins with its first section.")
    names = [name for step in steps for name in _repeated(step)]
    return Form(Order(tuple(names), loop), auto, ending, loop)


def _repeated(step: object) -> list[str]:
    match step:
        case str():
            return [step]
        case (str() as name, int() as times) if not isinstance(times, bool) and times >= 1:
            return [name] * times
    raise LivevaeError(f'form takes names of cues, or a name and how often, as in ("build", 2), not {step!r}.')


def _graph(ways: Mapping[Any, Any], start: str | None, seed: int, loop: bool) -> Graph:
    if not ways:
        raise LivevaeError('form: a graph says for each cue what may follow, as in {"intro": ["build", "end"]}.')
    if isinstance(seed, bool) or not isinstance(seed, int):
        raise LivevaeError(f"form: seed is a whole number, not {seed!r}.")
    found = {_name(name): _followers(name, after) for name, after in ways.items()}
    return Graph(_name(next(iter(found)) if start is None else start), found, seed, loop)


def _followers(name: object, after: object) -> tuple[tuple[str, float], ...]:
    match after:
        case None:
            return ()
        case str():
            return ((after, 1.0),)
        case Mapping():
            weighted = tuple((_name(key), _weight(name, weight)) for key, weight in after.items())
            return tuple((key, weight) for key, weight in weighted if weight > 0)
        case list() | tuple():
            return tuple((_name(key), 1.0) for key in after)
    raise LivevaeError(f"form: what follows {name!r} is a name, a list of names or names with weights, not {after!r}.")


def _name(name: object) -> str:
    if not isinstance(name, str):
        raise LivevaeError(f"form: a cue is named by a string, not by {name!r}.")
    return name


def _weight(name: object, weight: object) -> float:
    if isinstance(weight, bool) or not isinstance(weight, int | float) or not math.isfinite(weight) or weight < 0:
        raise LivevaeError(f"form: the weight of a way out of {name!r} is a number of 0 or more, not {weight!r}.")
    return float(weight)


def nearest(name: str, known: Iterable[str]) -> str:
    """Advice to put after an unknown name.

    >>> nearest("biuld", ["intro", "build"])
    ': did you mean build?'
    """
    names = list(known)
    near = difflib.get_close_matches(name, names, n=2)
    if near:
        return f": did you mean {' or '.join(near)}?"
    return f": there are {', '.join(sorted(names))}." if names else ': make some with @cue("name", bars=16).'
