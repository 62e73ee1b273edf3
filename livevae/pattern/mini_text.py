"""The text of mini-notation: how it is parsed, and errors that point into it in the performer's words."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.resources import files

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedInput, UnexpectedToken

from livevae.errors import LivevaeError

DEEPEST = 32
"""How many groups may lie within each other."""

_CLOSES = {"[": "]", "<": ">", "{": "}", "(": ")"}
_OPENS = {end: begin for begin, end in _CLOSES.items()}
_NEEDS_NUMBER = ("..", "*", "/", "@", "%", ":")
_MODIFIES = "*/@?(:%"


@lru_cache(maxsize=1)
def _parser() -> Lark:
    grammar = files("livevae.pattern").joinpath("mini.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", propagate_positions=True, maybe_placeholders=False)


class Misread(LivevaeError):
    """An error that names the column of a text and points at it: what is wrong, and where."""

    def __init__(self, problem: str, where: str, shown: str) -> None:
        super().__init__(f"mini-notation: {problem} at {where}.\n{shown}")
        self.problem = problem
        self.where = where


class Text:
    """A text of mini-notation."""

    def __init__(self, text: str) -> None:
        self.text = text

    def error(self, place: int, problem: str) -> Misread:
        """An error at a character of the text: what is wrong, the column, and an arrow under it."""
        before = self.text[:place].split("\n")
        column = len(before[-1]) + 1
        line = self.text.split("\n")[len(before) - 1]
        where = f"column {column}" if len(before) == 1 else f"line {len(before)}, column {column}"
        # Tabs and the like are one character wide in the line that is shown, so that the arrow stands where it should.
        shown = re.sub(r"\s", " ", line)
        return Misread(problem, where, f"  {shown}\n  {' ' * (column - 1)}^")

    def tree(self) -> Tree[Token]:
        """What the text says, as the grammar sees it. Raises LivevaeError where it says nothing."""
        self._check_brackets()
        try:
            return _parser().parse(self.text)
        except UnexpectedInput as error:
            raise self._explained(error) from None

    def _check_brackets(self) -> None:
        opened: list[int] = []
        for place, char in enumerate(self.text):
            if char in _CLOSES:
                opened.append(place)
                if len(opened) > DEEPEST:
                    raise self.error(place, f"groups lie more than {DEEPEST} deep")
            elif char in _OPENS:
                if not opened:
                    raise self.error(place, f"this {char} closes nothing, there is no {_OPENS[char]} before it")
                begin = self.text[opened.pop()]
                if _CLOSES[begin] != char:
                    raise self.error(place, f"a {_CLOSES[begin]} must close the {begin} before this {char}")
        if opened:
            raise self.error(opened[-1], f"this {self.text[opened[-1]]} is never closed")

    def _explained(self, error: UnexpectedInput) -> Misread:
        """The parser's error in words, at the place where it stopped."""
        ended = isinstance(error, UnexpectedToken) and error.token.type == "$END"
        place = len(self.text) if ended or error.pos_in_stream is None else error.pos_in_stream
        return self.error(place, _problem(self.text[:place].rstrip(), self.text[place:]))


def _problem(before: str, after: str) -> str:
    """What is wrong where the parser stopped between two pieces of text."""
    char = after[:1]
    shown = f", not {_word(after)!r}" if after else ""
    euclid = _open_rhythm(before)
    if euclid is not None:
        if char == ")" and euclid.count(",") < 1:
            return "a rhythm needs (beats,steps) or (beats,steps,turn): there is no number of steps"
        if char == "," and euclid.count(",") >= 2:
            return "a rhythm is (beats,steps) or (beats,steps,turn): there is one number too many"
        if before.endswith(("(", ",")):
            return f"a number must stand after {before[-1]}{shown}"
    for sign in _NEEDS_NUMBER:
        if before.endswith(sign):
            return f"a number must stand after {sign}{shown}"
    if char == "^":
        return "a name must stand after ^"
    if char == "!":
        return "after ! stands how often: a whole number, or nothing"
    if char == "%":
        return "% stands after a } as in {a b c}%4, or between whole numbers as in 1%4"
    if char and char in "|,":
        return "| and , do not mix: put [ ] around what belongs together"
    if after.startswith(".."):
        return "a range goes from one number to another, as in 0 .. 3"
    if char and char in _MODIFIES:
        return f"there is no step before {char}"
    if char.isdigit() or char in "-.":
        return f"{_word(after)!r} is neither a number nor a name"
    return f"unexpected {char!r}" if char else "the text ends too soon"


def _open_rhythm(before: str) -> str | None:
    """What has been written of the Euclidean rhythm that is open at the end of a text; None outside of one."""
    inner = 0
    for place in range(len(before) - 1, -1, -1):
        char = before[place]
        if char in _OPENS:
            inner += 1
        elif char in _CLOSES:
            if inner == 0:
                return re.sub(r"[\[<{(].*[\]>})]", "", before[place + 1 :]) if char == "(" else None
            inner -= 1
    return None


def _word(text: str) -> str:
    found = re.match(r"[-.]?[\w.]+|\S", text)
    return found.group() if found else text[:1]
