"""Methods that change some cycles or some parts of the cycle, and that read cycles in another order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from livevae.pattern.checks import discrete, part_of_cycle, true_stretches, whole
from livevae.pattern.node import Node
from livevae.pattern.pick import selected
from livevae.pattern.pieces import Piece
from livevae.pattern.restructure import united
from livevae.pattern.time import ONE, Context, Span
from livevae.pattern.transform import Timing
from livevae.pattern.turns import by_turns, gliding, piecewise
from livevae.pattern.value import Event

if TYPE_CHECKING:
    from livevae.pattern.core import Pattern

Change = Callable[[Any], object]
Window = Callable[[int], tuple[Fraction, Fraction]]
ZERO = Fraction(0)


class Cycles(Timing):
    """Changes by cycle and by part of the cycle."""

    __slots__ = ()

    # -- in some cycles

    def when(self, test: object, change: Change) -> Pattern:
        """``change(pattern)`` in the cycles for which ``test(cycle)`` is true, or wherever a pattern of truths is.

        Truth values are those of ``struct``. Raises LivevaeError for truths that move without events.

        >>> show(mini("1 2").when(lambda cycle: cycle > 0, lambda p: p.rev()), 2)
        |1|2|2|1|
        >>> show(mini("a*4").when("f t", lambda p: p.fast(2)), 1)
        |a──|a──|a|a|a|a|
        """
        nodes = [self._node, self._reified(change(self))._node]
        if callable(test) and not isinstance(test, Timing):
            ask: Callable[[int], object] = test
            return self._made(by_turns(nodes, lambda cycle: (int(bool(ask(cycle))), ONE, ZERO)))
        truths = discrete(self._reified(test)._node, "when()")

        def layout(cycle: int, context: Context) -> list[Piece]:
            at, end = Fraction(cycle), Fraction(cycle + 1)
            pieces = []
            for part in true_stretches(truths, Span(at, end), context, "when()"):
                if at < part.begin:
                    pieces.append(Piece(at, part.begin, 0))
                pieces.append(Piece(part.begin, part.end, 1))
                at = part.end
            return pieces if at == end else [*pieces, Piece(at, end, 0)]

        return self._made(piecewise(nodes, layout))

    def every(self, n: object, change: Change, offset: object = 0) -> Pattern:
        """``change(pattern)`` in one of every ``n`` cycles: the first, or ``offset`` cycles later.

        >>> show(mini("1 2").every(3, lambda p: p.rev()), 3)
        |2|1|1|2|1|2|
        """

        def build(parts: Sequence[Node], value: object, shift: object) -> Node:
            count = whole(value, "every(): the number of cycles")
            first = whole(shift, "every(): the offset", -(2**31), 2**31)
            return by_turns(parts, lambda cycle: (int((cycle - first) % count == 0), ONE, ZERO))

        changed = self._reified(change(self))._node
        return self._joined(build, [self._node, changed], n, offset)

    def iter(self, n: object) -> Pattern:
        """Each cycle begins one ``n``-th later in the pattern than the cycle before, and so around.

        >>> show(mini("a b c d").iter(4), 3)
        |a|b|c|d|b|c|d|a|c|d|a|b|
        """
        return self._iter("iter", n, 1)

    def iter_back(self, n: object) -> Pattern:
        """As ``iter``, the other way round: each cycle begins one ``n``-th sooner.

        >>> show(mini("a b c d").iter_back(4), 3)
        |a|b|c|d|d|a|b|c|c|d|a|b|
        """
        return self._iter("iter_back", n, -1)

    def _iter(self, name: str, n: object, way: int) -> Pattern:
        def build(parts: Sequence[Node], value: object) -> Node:
            count = whole(value, f"{name}(): the number of parts")
            return by_turns(parts, lambda cycle: (0, ONE, Fraction(way * (cycle % count), count)))

        return self._joined(build, [self._node], n)

    def palindrome(self) -> Pattern:
        """Every cycle forwards and then backwards.

        >>> show(mini("a b c").palindrome(), 2)
        |a|b|c|c|b|a|
        """
        nodes = [self._node, self.rev()._node]
        return self._made(by_turns(nodes, lambda cycle: (cycle % 2, ONE, Fraction(cycle // 2 - cycle))))

    # -- in a part of the cycle

    def within(self, begin: object, end: object, change: Change) -> Pattern:
        """``change(pattern)`` for what begins from ``begin`` to ``end`` in the cycle, the plain pattern for the rest.

        Events are taken as a whole, by their onset; what moves by itself is cut at those times.

        >>> show(mini("a b c d").within(0, 0.5, lambda p: p.fast(2)), 1)
        |a|b|c|d|c──|d──|
        """
        plain, changed = self._node, self._reified(change(self))._node

        def build(parts: Sequence[Node], first: object, last: object) -> Node:
            a, b = part_of_cycle("within", first, last)
            return _windowed(parts, lambda cycle: (a, b))

        return self._joined(build, [plain, changed], begin, end, make=gliding)

    def chunk(self, n: object, change: Change) -> Pattern:
        """``change(pattern)`` in one ``n``-th of the cycle, the next one in every cycle.

        >>> show(mini("1 2 3 4").chunk(4, lambda p: p * 10), 2)
        |10|2─|3─|4─|1─|20|3─|4─|
        """
        return self._chunk("chunk", n, change, 1)

    def chunk_back(self, n: object, change: Change) -> Pattern:
        """As ``chunk``, the other way round: the last part in the first cycle, then the one before it.

        >>> show(mini("1 2 3 4").chunk_back(4, lambda p: p * 10), 2)
        |1─|2─|3─|40|1─|2─|30|4─|
        """
        return self._chunk("chunk_back", n, change, -1)

    def _chunk(self, name: str, n: object, change: Change, way: int) -> Pattern:
        plain, changed = self._node, self._reified(change(self))._node

        def build(parts: Sequence[Node], value: object) -> Node:
            count = whole(value, f"{name}(): the number of parts")

            def window(cycle: int) -> tuple[Fraction, Fraction]:
                index = (cycle if way > 0 else -1 - cycle) % count
                return Fraction(index, count), Fraction(index + 1, count)

            return _windowed(parts, window)

        return self._joined(build, [plain, changed], n, make=gliding)


def _windowed(parts: Sequence[Node], window: Window) -> Node:
    """The second part within a window of each cycle, the first outside it: events by their onset, movements by time."""
    plain, changed = parts
    if plain.continuous or changed.continuous:

        def layout(cycle: int, context: Context) -> list[Piece]:
            begin, end = window(cycle)
            cuts = [(ZERO, begin, 0), (begin, end, 1), (end, ONE, 0)]
            return [Piece(cycle + a, cycle + b, index) for a, b, index in cuts if a < b]

        return piecewise(parts, layout)

    def inside(event: Event, context: Context) -> bool:
        onset = event.extent.begin
        cycle = onset.__floor__()
        begin, end = window(cycle)
        return begin <= onset - cycle < end

    return united(selected(plain, lambda event, context: not inside(event, context)), selected(changed, inside))
