"""What stands before the cursor: inside which string, which open call, which argument. No evaluation in here."""

from __future__ import annotations

import re
from dataclasses import dataclass

_PAIRS = {")": "(", "]": "[", "}": "{"}
_QUOTE = re.compile(r"""\"\"\"|'''|"|'""")
_WORD = re.compile(r"\w*$")


@dataclass(frozen=True)
class Place:
    """Where the cursor is in the text before it.

    `masked` is that text with the insides of strings and comments blanked out, character for character. `string` is
    where the contents of the string literal begin in which the cursor stands, or None. `opened` are the offsets of the
    brackets that are still open, the innermost last.
    """

    masked: str
    string: int | None
    comment: bool
    opened: tuple[int, ...]


@dataclass(frozen=True)
class OpenCall:
    """The innermost call whose arguments are being typed.

    `callee` is the source of what is called, `position` counts the commas before the cursor, `keyword` is the name of
    the argument when it is given by name, and `named` are the names given so far.
    """

    callee: str
    position: int
    keyword: str | None
    named: frozenset[str]


def place(text: str) -> Place:
    """Read `text`, the source before the cursor."""
    masked: list[str] = []
    opened: list[int] = []
    at = 0
    while at < len(text):
        quote = _QUOTE.match(text, at)
        if quote:
            end = _string_end(text, quote.end(), quote.group())
            if end is None:
                masked.append(quote.group() + "_" * (len(text) - quote.end()))
                return Place("".join(masked), quote.end(), False, tuple(opened))
            masked.append(quote.group() + "_" * (end - at - 2 * len(quote.group())) + quote.group())
            at = end
            continue
        char = text[at]
        if char == "#":
            end = text.find("\n", at)
            if end < 0:
                return Place("".join(masked) + " " * (len(text) - at), None, True, tuple(opened))
            masked.append(" " * (end - at))
            at = end
            continue
        if char in "([{":
            opened.append(at)
        elif char in _PAIRS and opened and text[opened[-1]] == _PAIRS[char]:
            opened.pop()
        masked.append(char)
        at += 1
    return Place("".join(masked), None, False, tuple(opened))


def primary(text: str, where: Place, end: int) -> str:
    """The longest name, attribute, subscript or call that ends at offset `end`: `v1.dim[3]` of `x + v1.dim[3]`."""
    masked = where.masked
    start = end
    while start > 0:
        char = masked[start - 1]
        if char in ")]}":
            opening = _opening(masked, start - 1)
            if opening is None:
                break
            start = opening
        elif char in "\"'":
            opening = _string_start(masked, start)
            return text[opening:end] if opening is not None else text[start:end]
        elif char.isalnum() or char in "_.":
            start -= 1
        else:
            break
    return text[start:end]


def word(text: str) -> str:
    """The part of a name that ends `text`."""
    found = _WORD.search(text)
    return found.group() if found else ""


def open_call(text: str, where: Place) -> OpenCall | None:
    """The innermost open call around the cursor, seen from within lists and groups too."""
    for bracket in reversed(where.opened):
        if text[bracket] != "(":
            continue
        callee = primary(text, where, bracket)
        if callee and (callee[-1].isalnum() or callee[-1] in "_)]"):
            return _arguments(where, bracket, callee)
    return None


def _arguments(where: Place, bracket: int, callee: str) -> OpenCall:
    depth, last, position = 0, bracket + 1, 0
    parts: list[str] = []
    for at in range(bracket + 1, len(where.masked)):
        char = where.masked[at]
        if char in "([{":
            depth += 1
        elif char in ")]}":
            depth -= 1
        elif char == "," and depth == 0:
            parts.append(where.masked[last:at])
            last, position = at + 1, position + 1
    names = [_keyword(part) for part in parts]
    return OpenCall(callee, position, _keyword(where.masked[last:]), frozenset(name for name in names if name))


def _keyword(argument: str) -> str | None:
    found = re.match(r"\s*([A-Za-z_]\w*)\s*=(?!=)", argument)
    return found.group(1) if found else None


def _string_end(text: str, start: int, quote: str) -> int | None:
    """Just past the closing quote, None where the literal is still open. A one-line literal ends with its line."""
    at = start
    while at < len(text):
        if text[at] == "\\":
            at += 2
        elif text.startswith(quote, at):
            return at + len(quote)
        elif text[at] == "\n" and len(quote) == 1:
            return at
        else:
            at += 1
    return None


def _opening(masked: str, closing: int) -> int | None:
    depth = 0
    for at in range(closing, -1, -1):
        if masked[at] in ")]}":
            depth += 1
        elif masked[at] in "([{":
            depth -= 1
            if depth == 0:
                return at
    return None


def _string_start(masked: str, end: int) -> int | None:
    quote = masked[end - 1]
    inner = masked.rfind(quote, 0, end - 1)
    while inner > 0 and masked[inner - 1] == quote:
        inner -= 1
    return inner if inner >= 0 else None
