"""From the tree of a text of mini-notation to a pattern."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction

from lark import Token, Tree

from livevae.errors import LivevaeError
from livevae.pattern import mini_build as build
from livevae.pattern.core import Pattern, is_patternable, pure, reify, silence
from livevae.pattern.mini_names import variable
from livevae.pattern.mini_step import MOST_EVENTS, Step, foreign, in_row, number_step
from livevae.pattern.mini_text import DEEPEST, Misread, Text
from livevae.pattern.take import Take
from livevae.pattern.variables import Names

Twig = Token | Tree[Token]


def read(text: str, names: Names | None) -> Pattern:
    """The pattern of a text in which ``^name`` stands for ``names[name]``. Raises LivevaeError with a column."""
    return _Reader(Text(text), _Reading(names)).whole().pattern


@dataclass(slots=True)
class _Reading:
    """What the texts share that are read together: one, and those of its variables.

    ``path`` are the variables that are being read, ``chances`` counts what chance decides.
    """

    names: Names | None
    path: tuple[str, ...] = ()
    chances: int = 0

    def draw(self) -> int:
        """A seed of its own for everything that chance decides, by where it stands in the text."""
        self.chances += 1
        return self.chances


class _Reader:
    """Makes steps from the tree of one text, and errors that point into it."""

    def __init__(self, text: Text, reading: _Reading) -> None:
        self.text = text
        self.reading = reading

    def whole(self) -> Step:
        """The step that the whole text stands for."""
        (body,) = self.text.tree().children
        return self.body(body, self.sequence)

    def error(self, twig: Twig, problem: str) -> LivevaeError:
        """An error that points at a part of the text."""
        return self.text.error(_place(twig), problem)

    @contextmanager
    def at(self, twig: Twig) -> Iterator[None]:
        """Errors in here are of this part of the text, unless they already say of which."""
        try:
            yield
        except Misread:
            raise
        except LivevaeError as error:
            raise self.error(twig, str(error).rstrip(".")) from None

    # -- sequences

    def body(self, twig: Twig, line: Callable[[Twig], Step]) -> Step:
        """Lines at the same time, or one of them by chance, each read by ``line``."""
        with self.at(twig):
            if not isinstance(twig, Tree) or twig.data == "sequence":
                return line(twig)
            lines = [line(child) for child in twig.children]
            return build.together(lines) if twig.data == "layers" else build.either(lines, self.reading.draw())

    def sequence(self, twig: Twig) -> Step:
        """Steps that share a cycle."""
        return in_row(self.steps(twig))

    def turns(self, twig: Twig) -> Step:
        """One step in each cycle."""
        return build.turns(self.steps(twig))

    def meter(self, twig: Tree[Token]) -> Step:
        """Lines of steps of one length: as many in a cycle as is said, or as there are in the first line."""
        body, *written = twig.children
        rates = [self.numeric(child) for child in written]
        with self.at(twig):
            for rate in rates:
                build.check_bounds(rate, "a number of steps", 0, MOST_EVENTS)

        def line(child: Twig) -> Step:
            steps = self.steps(child)
            if not steps:
                return Step(silence)
            if not rates:
                rates.append(number_step(build.length(steps)))
            return build.meter(steps, rates[0])

        return self.body(body, line)

    def steps(self, twig: Twig) -> list[Step]:
        """The steps of a line; where dots divide it, each group is one."""
        assert isinstance(twig, Tree)
        feet: list[list[Step]] = [[]]
        last = twig
        for child in twig.children:
            steps = feet[-1]
            if isinstance(child, Tree):
                last = child
                steps += self.step(child)
            elif not steps:
                raise self.error(child, f"there is no step before {str(child)!r}")
            elif child.type == "HOLD":
                steps[-1] = replace(steps[-1], weight=steps[-1].weight + 1)
            elif child.type == "AGAIN":
                again = self.one(last) if steps[-1].random else steps[-1]
                steps.append(replace(again, weight=steps[-1].weight))
            else:
                feet.append([])
        if len(feet) == 1:
            return feet[0]
        if not feet[-1]:
            raise self.error(twig.children[-1], "there is no step after '.'")
        with self.at(twig):
            return [in_row(foot) for foot in feet]

    def step(self, twig: Twig) -> list[Step]:
        """A term with what is done to it: several steps where it is to be copied."""
        assert isinstance(twig, Tree)
        copies = 1
        for mark in twig.children:
            copies *= int(str(mark)[1:]) if _is(mark, "COPIES") else 1
        if not 1 <= copies <= MOST_EVENTS:
            mark = next(mark for mark in twig.children if _is(mark, "COPIES"))
            raise self.error(mark, f"a step can be there 1 to {MOST_EVENTS} times, not {copies}")
        step = self.one(twig)
        with self.at(twig):
            replace(step, events=step.events * copies, size=step.size * copies)
        # Each copy has a chance of its own.
        return [step, *(self.one(twig) if step.random else step for _ in range(copies - 1))]

    def one(self, twig: Tree[Token]) -> Step:
        """A range, or a term with its modifiers, but for copies."""
        if twig.data == "range":
            return self.range(twig)
        step = self.term(twig.children[0])
        for modifier in twig.children[1:]:
            if not _is(modifier, "COPIES"):
                step = self.modified(step, modifier)
        return step

    # -- terms

    def term(self, twig: Twig) -> Step:
        """A name, a number, a rest, a variable or a group."""
        if isinstance(twig, Token):
            if twig.type == "NUMBER":
                return number_step(self.number(twig))
            if twig.type == "VARIABLE":
                return self.variable(twig)
            return Step(silence if twig.type == "REST" else pure(str(twig)))
        if twig.data == "slice":
            name, *written = twig.children
            arguments = [self.numeric(child) for child in written]
            with self.at(twig):
                return build.sliced(str(name), *arguments)
        if twig.data == "meter":
            return self.meter(twig)
        return self.body(twig.children[0], self.turns if twig.data == "turns" else self.sequence)

    def number(self, twig: Twig) -> float:
        """A number as it is written."""
        above, _, below = str(twig).partition("%")
        if below and int(below) == 0:
            raise self.error(twig, f"{twig} divides by zero")
        number = float(Fraction(int(above), int(below)) if below else above)
        if not math.isfinite(number):
            raise self.error(twig, f"{twig} is too large a number")
        return number

    def range(self, twig: Tree[Token]) -> Step:
        """Numbers in a row, as one step."""
        for child in twig.children:
            if isinstance(child, Tree) and child.children[1:]:
                raise self.error(child.children[1], "this belongs to no step: put [ ] around the range first")
        first, last = (self.numeric(child) for child in twig.children)
        with self.at(twig):
            return build.ranging(first, last)

    # -- modifiers

    def modified(self, step: Step, modifier: Twig) -> Step:
        """A step that is left out by chance, longer, faster, slower or in a rhythm."""
        if isinstance(modifier, Token):
            with self.at(modifier):
                return build.left_out(step, float(modifier[1:] or 0.5), self.reading.draw())
        if modifier.data == "weight":
            with self.at(modifier):
                return build.weighted(step, self.number(modifier.children[0]))
        arguments = [self.numeric(child) for child in modifier.children]
        with self.at(modifier):
            if modifier.data == "euclid":
                return build.rhythm(step, arguments)
            return build.sped(step, arguments[0], modifier.data == "slower")

    def numeric(self, twig: Twig) -> Step:
        """An argument: numbers alone."""
        if isinstance(twig, Tree) and twig.data in ("argument", "step"):
            step = self.sequence(twig) if twig.data == "argument" else self.one(twig)
        else:
            step = self.term(twig)
        names = step.pattern.names()
        if names:
            raise self.error(twig, f"a number must stand here, not {min(names)!r}")
        if not step.numbers and not step.pattern.is_continuous:
            raise self.error(twig, "a number must stand here")
        return step

    # -- variables

    def variable(self, token: Token) -> Step:
        """What a name of the performer's holds."""
        name, reading = str(token)[1:], self.reading
        with self.at(token):
            thing = variable(name, reading.names)
            if name in reading.path:
                raise LivevaeError(f"^{name} stands for itself")
            if len(reading.path) >= DEEPEST:
                raise LivevaeError(f"variables lie more than {DEEPEST} deep")
        reading.path += (name,)
        try:
            step = self.value(thing)
        except LivevaeError as error:
            where = f" ({error.where})" if isinstance(error, Misread) else ""
            problem = error.problem if isinstance(error, Misread) else str(error).rstrip(".")
            raise self.error(token, f"in ^{name}{where}: {problem}") from None
        reading.path = reading.path[:-1]
        return step

    def value(self, thing: object, depth: int = 0) -> Step:
        """Anything a variable may hold."""
        if isinstance(thing, Take):
            return Step(pure(thing))
        if isinstance(thing, str):
            return _Reader(Text(thing), self.reading).whole()
        if isinstance(thing, list) and depth < DEEPEST:
            return in_row([self.value(item, depth + 1) for item in thing])
        if isinstance(thing, list) or not is_patternable(thing):
            raise LivevaeError(f"it is {type(thing).__name__}, and neither text nor a number nor a pattern")
        return foreign(reify(thing))


def _is(twig: Twig, kind: str) -> bool:
    return isinstance(twig, Token) and twig.type == kind


def _place(twig: Twig) -> int:
    """Where in the text a part of its tree begins."""
    if isinstance(twig, Token):
        return twig.start_pos or 0
    return 0 if twig.meta.empty else twig.meta.start_pos
