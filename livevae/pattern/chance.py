"""Methods that leave things to chance: which events are heard, what is done to them, and in which order."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from livevae.errors import LivevaeError
from livevae.pattern.join import joined
from livevae.pattern.methods import Methods
from livevae.pattern.node import Node
from livevae.pattern.pick import Keep, chance, chances, checked_seed, selected
from livevae.pattern.pieces import Piece
from livevae.pattern.restructure import united
from livevae.pattern.time import ONE, Context, Span
from livevae.pattern.turns import piecewise
from livevae.pattern.value import Event, Value

if TYPE_CHECKING:
    from livevae.pattern.core import Pattern

MOST_SLICES = 1024

Change = Callable[[Any], object]


class Chance(Methods):
    """Events and cycles chosen at random, the same ones every time a pattern is played with the same seed.

    Chance hangs on the time of an event and on ``seed``: patterns with the same seed are of one mind, another seed
    makes them independent. What ``degrade`` drops has nothing to do with what ``sometimes`` changes.
    """

    __slots__ = ()

    # -- events that are dropped

    def degrade(self, by: object = 0.5, seed: int = 0) -> Pattern:
        """The pattern without some of its events, half of them unless told otherwise; see ``degrade_by``.

        >>> show(mini("bell*8").degrade(), 1)
        |    |bell|bell          |bell|bell     |
        """
        return self.degrade_by(by, seed)

    def degrade_by(self, amount: object, seed: int = 0) -> Pattern:
        """Each event is dropped by chance: ``amount`` 0 keeps all, 1 drops all.

        An ``amount`` that is a pattern is read at the onset of each event; where it is silent none is heard. A
        continuous pattern is dropped a cycle at a time.

        >>> show(mini("bell*8").degrade_by(0.25), 1)
        |    |bell|bell          |bell|bell     |
        """
        return self._made(selected(self._node, _drawn("event", self._chances(amount), checked_seed(seed), above=True)))

    def undegrade_by(self, amount: object, seed: int = 0) -> Pattern:
        """The events that ``degrade_by`` with the same ``amount`` and ``seed`` drops, and no others.

        >>> show(mini("bell*8").undegrade_by(0.25), 1)
        |bell          |bell|bell          |bell|
        """
        return self._made(selected(self._node, _drawn("event", self._chances(amount), checked_seed(seed), above=False)))

    # -- events that are changed

    def sometimes_by(self, amount: object, change: Change, seed: int = 0) -> Pattern:
        """Each event is heard as in ``change(pattern)`` by chance: ``amount`` 0 changes none, 1 all.

        ``change`` is given the chosen events alone; what it makes of them is heard together with the others. An
        ``amount`` that is a pattern is read at the onset of each event. A continuous pattern is changed a cycle at
        a time.

        >>> show(mini("1*8").sometimes_by(0.25, lambda p: p + 10), 1)
        |1─|1─|1─|1─|11|1─|1─|11|
        """
        amounts = self._chances(amount)
        plain = selected(self._node, _drawn("sometimes", amounts, checked_seed(seed), above=True))
        chosen = self._made(selected(self._node, _drawn("sometimes", amounts, seed, above=False)))
        return self._made(united(plain, self._reified(change(chosen))._node))

    def sometimes(self, change: Change, seed: int = 0) -> Pattern:
        """``change`` for about half of the events; see ``sometimes_by``.

        >>> show(mini("1*8").sometimes(lambda p: p * 10), 1)
        |1─|10|1─|10|10|1─|1─|10|
        """
        return self.sometimes_by(0.5, change, seed)

    def often(self, change: Change, seed: int = 0) -> Pattern:
        """``change`` for about three of four events; see ``sometimes_by``.

        >>> show(mini("1*8").often(lambda p: p * 10), 1)
        |10|10|1─|10|10|10|10|10|
        """
        return self.sometimes_by(0.75, change, seed)

    def rarely(self, change: Change, seed: int = 0) -> Pattern:
        """``change`` for about one of four events; see ``sometimes_by``.

        >>> show(mini("1*8").rarely(lambda p: p * 10), 1)
        |1─|1─|1─|1─|10|1─|1─|10|
        """
        return self.sometimes_by(0.25, change, seed)

    def almost_always(self, change: Change, seed: int = 0) -> Pattern:
        """``change`` for about nine of ten events; see ``sometimes_by``.

        >>> show(mini("1*8").almost_always(lambda p: p * 10), 1)
        |10|10|10|10|10|10|10|10|
        """
        return self.sometimes_by(0.9, change, seed)

    def almost_never(self, change: Change, seed: int = 0) -> Pattern:
        """``change`` for about one of ten events; see ``sometimes_by``.

        >>> show(mini("1*8").almost_never(lambda p: p * 10), 1)
        |1─|1─|1─|1─|10|1─|1─|1─|
        """
        return self.sometimes_by(0.1, change, seed)

    def always(self, change: Change) -> Pattern:
        """``change(pattern)``: the word to put in place of ``sometimes`` while trying out.

        >>> show(mini("1*4").always(lambda p: p * 10), 1)
        |10|10|10|10|
        """
        return self._reified(change(self))

    def never(self, change: Change) -> Pattern:
        """The pattern as it is: the word to put in place of ``sometimes`` while trying out.

        >>> show(mini("1*4").never(lambda p: p * 10), 1)
        |1|1|1|1|
        """
        return self._made(self._node)

    # -- cycles

    def some_cycles(self, change: Change, amount: object = 0.5, seed: int = 0) -> Pattern:
        """Whole cycles are heard as in ``change(pattern)`` by chance, half of them unless told otherwise.

        An ``amount`` that is a pattern is read where each cycle begins.

        >>> show(mini("1 2").some_cycles(lambda p: p.rev()), 4)
        |1|2|2|1|2|1|1|2|
        """
        amounts, number = self._chances(amount), checked_seed(seed)

        def layout(cycle: int, context: Context) -> list[Piece]:
            begin = Fraction(cycle)
            share = _amount(amounts, begin, context)
            if share is None:
                return []
            changed = chances("cycle", [begin], context, number)[0] < share
            return [Piece(begin, begin + 1, int(changed))]

        return self._made(piecewise([self._node, self._reified(change(self))._node], layout))

    def shuffle(self, n: object, seed: int = 0) -> Pattern:
        """Each cycle is cut into ``n`` parts, which are heard in another order by chance, each once.

        A recording that is cut goes on where the part lies in it.

        >>> show(mini("a b c d").shuffle(4), 2)
        |b|c|a|d|a|b|c|d|
        """
        return self._reordered("shuffle", n, seed, lambda numbers: np.argsort(numbers, kind="stable").tolist())

    def scramble(self, n: object, seed: int = 0) -> Pattern:
        """Each cycle is cut into ``n`` parts, and each of them replaced by any of them by chance.

        >>> show(mini("a b c d").scramble(4), 2)
        |b|a|b|c|d|c|c|d|
        """
        return self._reordered("scramble", n, seed, lambda numbers: [int(x * len(numbers)) for x in numbers])

    def _reordered(self, name: str, n: object, seed: int, order: Callable[[list[float]], list[int]]) -> Pattern:
        number = checked_seed(seed)

        def build(parts: tuple[Node, ...], value: Value) -> Node:
            if not (isinstance(value, float) and value.is_integer() and 1 <= value <= MOST_SLICES):
                raise LivevaeError(f"{name}({value}): the number of parts must be a whole number, 1 to {MOST_SLICES}.")
            count = int(value)

            def layout(cycle: int, context: Context) -> list[Piece]:
                length = Fraction(1, count)
                begins = [cycle + i * length for i in range(count)]
                taken = order(chances(name, begins, context, number))
                return [Piece(at, at + length, 0, ONE, (taken[i] - i) * length) for i, at in enumerate(begins)]

            return piecewise(parts, layout)

        return self._made(joined(build, [self._node], [self._reified(n)._node]))

    def _chances(self, amount: object) -> Node:
        node = self._reified(amount)._node
        if node.steady is not None:
            _checked(node.steady)
        return node


def _checked(value: Value) -> float:
    if not isinstance(value, float) or math.isnan(value):
        raise LivevaeError(f"an amount of chance is a number from 0 (never) to 1 (always), not {value!r}.")
    return value


def _amount(amounts: Node, time: Fraction, context: Context) -> float | None:
    """What a pattern of amounts says at a time; None where it is silent."""
    if amounts.steady is not None:
        return _checked(amounts.steady)
    found = amounts.query(Span(time, time), context)
    return _checked(max(found, key=lambda event: event.extent.begin).value) if found else None


def _drawn(kind: str, amounts: Node, seed: int, above: bool) -> Keep:
    """Keeps the events whose random number is not below the amount, or those where it is."""

    def keep(event: Event, context: Context) -> bool:
        amount = _amount(amounts, event.extent.begin, context)
        return amount is not None and (chance(kind, event, context, seed) >= amount) == above

    return keep
