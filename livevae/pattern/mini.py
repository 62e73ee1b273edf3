"""Mini-notation: a cycle of steps written as a string. The grammar is in ``mini.lark``.

a b c        steps that share the cycle          a*2 a/2      faster, slower
[a b] c      a group is one step                 a!3  a !     the step again, as steps of their own
a ~ b -      rests                               a@3  a _ _   a longer step
<a b>        one in each cycle                   a(3,8,2)     Euclidean rhythm: beats, steps, turn
[a b, c]     at the same time                    bell:2  -1.5 names, with a slice; numbers
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from livevae.errors import LivevaeError
from livevae.pattern.core import Pattern, pure, silence
from livevae.pattern.rhythm import euclid_steps
from livevae.pattern.sequence import stack, timecat

DEEPEST = 32
MOST_EVENTS = 2048  # in one cycle: more than can be heard, and enough to stop a slip of the finger from stopping time


@lru_cache(maxsize=1)
def _parser() -> Lark:
    grammar = files("livevae.pattern").joinpath("mini.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", propagate_positions=True, maybe_placeholders=False)


@lru_cache(maxsize=512)
def mini(text: str) -> Pattern:
    """The pattern that a string of mini-notation means.

    Raises LivevaeError that names the column and points at it where the text makes no sense.

    >>> mini("bell [choir drum]").query(0, 1)
    [(0>1/2)|bell, (1/2>3/4)|choir, (3/4>1)|drum]
    >>> mini("<1 2>(3,8)").query(1, 2)
    [(1>9/8)|2, (11/8>3/2)|2, (7/4>15/8)|2]
    """
    reader = _Reader(text)
    reader.check_depth()
    try:
        tree = _parser().parse(text)
    except UnexpectedCharacters as error:
        raise reader.error(error.pos_in_stream, f"unexpected {error.char!r}") from None
    except UnexpectedToken as error:
        if error.token.type == "$END":
            raise reader.error(len(text), "the text ends too soon") from None
        raise reader.error(error.pos_in_stream, f"unexpected {str(error.token)!r}") from None
    except UnexpectedInput as error:
        raise reader.error(error.pos_in_stream, "this makes no sense") from None
    return reader.read(tree).pattern


@dataclass(frozen=True, slots=True)
class _Step:
    """One step: its pattern, how many events a cycle of it may hold, and what is written in it."""

    pattern: Pattern
    events: int
    numbers: tuple[float, ...] = ()
    weight: float = 1.0


class _Reader:
    """Makes patterns from the tree of one text, and errors that point into it."""

    def __init__(self, text: str) -> None:
        self.text = text

    def error(self, place: int | None, problem: str) -> LivevaeError:
        """An error at a character of the text: what is wrong, the column, and an arrow under it."""
        at = len(self.text) if place is None else place
        before = self.text[:at].split("\n")
        column = len(before[-1]) + 1
        line = self.text.split("\n")[len(before) - 1]
        where = f"column {column}" if len(before) == 1 else f"line {len(before)}, column {column}"
        return LivevaeError(f"mini-notation: {problem} at {where}.\n  {line}\n  {' ' * (column - 1)}^")

    def check_depth(self) -> None:
        depth = 0
        for place, char in enumerate(self.text):
            depth += (char in "[<") - (char in "]>")
            if depth > DEEPEST:
                raise self.error(place, f"groups lie more than {DEEPEST} deep")

    def read(self, tree: Token | Tree[Token]) -> _Step:
        """The step that a term, a group or a whole text stands for."""
        if isinstance(tree, Token):
            if tree.type == "NUMBER":
                return _Step(pure(float(tree)), 1, (float(tree),))
            return _Step(silence if tree.type == "REST" else pure(str(tree)), 1)
        kind = tree.data
        if kind in ("start", "group"):
            return self.read(tree.children[0])
        if kind == "turns":
            polyphony = tree.children[0]
            assert isinstance(polyphony, Tree)
            return self.together([self.turns(part) for part in polyphony.children], tree)
        if kind == "polyphony":
            return self.together([self.sequence(part) for part in tree.children], tree)
        return self.sequence(tree)

    def together(self, layers: list[_Step], tree: Tree[Token]) -> _Step:
        if len(layers) == 1:
            return layers[0]
        pattern = stack(*(layer.pattern for layer in layers))
        return self.limited(_Step(pattern, sum(s.events for s in layers), _numbers(layers)), tree)

    def sequence(self, tree: Token | Tree[Token]) -> _Step:
        steps = self.steps(tree)
        pattern = timecat(*((step.weight, step.pattern) for step in steps))
        return self.limited(_Step(pattern, sum(step.events for step in steps), _numbers(steps)), tree)

    def turns(self, tree: Token | Tree[Token]) -> _Step:
        steps = self.steps(tree)
        if not steps:
            return _Step(silence, 0)
        pattern = timecat(*((step.weight, step.pattern) for step in steps)).slow(sum(step.weight for step in steps))
        return _Step(pattern, max(step.events for step in steps), _numbers(steps))

    def steps(self, tree: Token | Tree[Token]) -> list[_Step]:
        assert isinstance(tree, Tree)
        steps: list[_Step] = []
        for child in tree.children:
            if isinstance(child, Tree):
                steps += self.step(child)
            elif not steps:
                raise self.error(child.start_pos, f"there is no step before {str(child)!r}")
            elif child.type == "HOLD":
                steps[-1] = replace(steps[-1], weight=steps[-1].weight + 1)
            else:
                steps.append(steps[-1])
        return steps

    def step(self, tree: Tree[Token]) -> list[_Step]:
        """A term with its modifiers: several steps where it is to be copied."""
        term, *modifiers = tree.children
        step, copies = self.read(term), 1
        for modifier in modifiers:
            if isinstance(modifier, Token):
                copies *= int(modifier[1:])
                if not 1 <= copies <= MOST_EVENTS:
                    raise self.error(modifier.start_pos, f"a step can be there 1 to {MOST_EVENTS} times, not {copies}")
            else:
                step = self.modified(step, modifier)
        self.limited(replace(step, events=step.events * copies), tree)
        return [step] * copies

    def modified(self, step: _Step, modifier: Tree[Token]) -> _Step:
        if modifier.data == "weight":
            (number,) = modifier.children
            weight = float(str(number))
            if not 1e-3 <= weight <= 1e3:
                raise self.error(modifier.meta.start_pos, f"a step's length must be 0.001 to 1000, not {number}")
            return replace(step, weight=weight)
        arguments = [self.numeric(child) for child in modifier.children]
        if modifier.data == "euclid":
            try:
                _check_rhythms(*(argument.numbers for argument in arguments))
                pattern = step.pattern.euclid(*(_plain(argument) for argument in arguments))
            except LivevaeError as error:
                raise self.error(modifier.meta.start_pos, str(error).rstrip(".")) from None
            return self.limited(_Step(pattern, step.events * int(max(arguments[1].numbers)), step.numbers), modifier)
        (factor,) = arguments
        if min(factor.numbers) < 0 or max(factor.numbers) > MOST_EVENTS:
            raise self.error(modifier.meta.start_pos, f"a factor must be 0 to {MOST_EVENTS}")
        if modifier.data == "slower":
            return replace(step, pattern=step.pattern.slow(_plain(factor)))
        events = step.events * max(1, round(max(factor.numbers)))
        return self.limited(replace(step, pattern=step.pattern.fast(_plain(factor)), events=events), modifier)

    def numeric(self, tree: Token | Tree[Token]) -> _Step:
        """A factor or an argument: numbers alone."""
        step = self.read(tree)
        place = tree.start_pos if isinstance(tree, Token) else tree.meta.start_pos
        if step.pattern.names():
            raise self.error(place, f"a number must stand here, not {sorted(step.pattern.names())[0]!r}")
        if not step.numbers:
            raise self.error(place, "a number must stand here")
        return step

    def limited(self, step: _Step, tree: Token | Tree[Token]) -> _Step:
        if step.events > MOST_EVENTS:
            place = tree.start_pos if isinstance(tree, Token) else tree.meta.start_pos
            raise self.error(place, f"more than {MOST_EVENTS} events in one cycle")
        return step


def _plain(step: _Step) -> Pattern | float:
    """The number, where a step is one number that never changes."""
    return step.numbers[0] if len(step.numbers) == 1 and step.events == 1 else step.pattern


def _check_rhythms(beats: tuple[float, ...], counts: tuple[float, ...], turns: tuple[float, ...] = (0,)) -> None:
    """Raise for a rhythm that could come about and is impossible, while there is a column to point at."""
    most = max(beats, key=abs)
    for count in counts:
        euclid_steps(most, count)
    for beat in beats:
        for turn in (min(turns), *turns):
            euclid_steps(beat, max(counts), turn)


def _numbers(steps: list[_Step]) -> tuple[float, ...]:
    return tuple(dict.fromkeys(number for step in steps for number in step.numbers))
