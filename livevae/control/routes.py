"""The addresses of OSC messages: what each takes, and which of them an address with wildcards means."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Final, Literal

from livevae.errors import LivevaeError

Form = Literal["bang", "switch", "numbers", "number or nothing", "text or numbers", "text or number"]
"""What a message may bring, beside a fixed row of texts and numbers.

A bang is nothing, or a number where 0 does nothing: the button of a touch screen sends 1 when it is pressed and 0 when
it is let go. A switch is on (nothing, true, 1/2 or more) or off.
"""

_SAID: Final[dict[Any, str]] = {str: "a text", float: "a number"}
_FORMS: Final[dict[str, str]] = {
    "bang": "nothing (or a number, where 0 does nothing)",
    "switch": "1 or 0 (nothing: 1)",
    "numbers": "one or more numbers",
    "number or nothing": "a number, or nothing",
    "text or numbers": "a text, or one or more numbers",
    "text or number": "a text or a number",
}
_RANGES: Final = {"voice": range(1, 17)}
"""What stands for a placeholder where an address with wildcards is matched."""

_WILD: Final = frozenset("*?[{")
_NUMBER: Final = re.compile(r"[0-9]{1,4}")
_NAME: Final = re.compile(r"[^\s#*,/?\[\]{}]{1,64}")

Word = str | int


@dataclass(frozen=True)
class Route:
    """`action` is called with the arguments of a message to `address`; `takes` says what they are: str or float.

    `{voice}` and `{dim}` in an address are whole numbers and `{name}` is a text: they come before the arguments.
    `says` is what it does, for the table of all addresses.
    """

    address: str
    action: Callable[..., object]
    takes: tuple[type, ...] | Form = ()
    says: str = ""

    @property
    def wants(self) -> str:
        """What it takes, in words."""
        if isinstance(self.takes, str):
            return _FORMS[self.takes]
        return " and ".join(_SAID[kind] for kind in self.takes) or "nothing"

    def arguments(self, given: Iterable[Any], address: str = "") -> tuple[Any, ...] | None:
        """The arguments to call with; None for a bang that is off. Raises LivevaeError where the message brings others.

        >>> Route("/level", print, (float,)).arguments([1])
        (1.0,)
        >>> Route("/go", print, "bang").arguments([0.0]) is None
        True
        """
        values = tuple(given)
        found = _formed(self.takes, values) if isinstance(self.takes, str) else _fixed(self.takes, values)
        if found is _WRONG:
            brought = ", ".join(map(repr, values)) or "nothing"
            raise LivevaeError(f"OSC {address or self.address} takes {self.wants}, not {brought}.")
        return None if found is _OFF else tuple(found)


_WRONG: Final = [None]
_OFF: Final = [None, None]


def is_number(value: object) -> bool:
    """Is it a finite number?"""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _fixed(takes: tuple[type, ...], values: tuple[Any, ...]) -> Sequence[Any]:
    fits = len(values) == len(takes) and all(
        is_number(value) if kind is float else isinstance(value, kind)
        for kind, value in zip(takes, values, strict=True)
    )
    return [kind(value) for kind, value in zip(takes, values, strict=True)] if fits else _WRONG


def _formed(form: str, values: tuple[Any, ...]) -> Sequence[Any]:
    one = values[0] if len(values) == 1 else None
    numbers = len(values) > 0 and all(map(is_number, values))
    match form:
        case "bang" | "switch":
            if not values or isinstance(one, bool) or is_number(one):
                level = float(values[0]) if values else 1.0
                if form == "switch":
                    return [level >= 0.5]
                return _OFF if level == 0.0 else []
        case "numbers" if numbers:
            return [tuple(map(float, values))]
        case "number or nothing" if not values or (numbers and len(values) == 1):
            return [float(values[0]) if values else None]
        case "text or numbers" if numbers or isinstance(one, str):
            return [one if isinstance(one, str) else tuple(map(float, values))]
        case "text or number" if isinstance(one, str) or is_number(one):
            return [one if isinstance(one, str) else float(values[0])]
    return _WRONG


class Table:
    """Routes by address.

    >>> table = Table([Route("/livevae/v{voice}/amp", print, (float,))])
    >>> [(address, words) for _, address, words in table.find("/livevae/v[1-2]/amp")]
    [('/livevae/v1/amp', (1,)), ('/livevae/v2/amp', (2,))]
    """

    def __init__(self, routes: Iterable[Route]) -> None:
        self.routes = tuple(routes)
        self._split = [(route, route.address.split("/")[1:]) for route in self.routes]

    def find(self, address: str) -> list[tuple[Route, str, tuple[Word, ...]]]:
        """Every route an address means: the route, the address in full, and what stands in its places."""
        parts = address.split("/")[1:]
        wild = not _WILD.isdisjoint(address)
        found: list[tuple[Route, str, tuple[Word, ...]]] = []
        for route, template in self._split:
            # Wildcards mean what there is; any name would be there.
            if len(template) != len(parts) or (wild and "{name}" in template):
                continue
            choices = [_meant(wanted, given) for wanted, given in zip(template, parts, strict=True)]
            for chosen in product(*choices) if all(choices) else ():
                words = tuple(word for _, word in chosen if word is not None)
                found.append((route, "/" + "/".join(text for text, _ in chosen), words))
        return found

    def advice(self, address: str) -> str:
        """A sentence for an address that means nothing."""
        known = [route.address for route in self.routes]
        near = difflib.get_close_matches(address, known, n=1, cutoff=0.75)
        if near:
            return f"OSC: there is no {address}; did you mean {near[0]}?"
        return f"OSC: there is no {address}; there are {', '.join(known[:8])}{' ...' if len(known) > 8 else ''}."


def _meant(wanted: str, given: str) -> list[tuple[str, Word | None]]:
    """What a part of an address may be, with the word that it brings; nothing where it does not fit."""
    place = re.fullmatch(r"(.*)\{(\w+)\}", wanted)
    wild = not _WILD.isdisjoint(given)
    if place is None:
        fits = wildcard(given).fullmatch(wanted) is not None if wild else wanted == given
        return [(wanted, None)] if fits else []
    before, kind = place.groups()
    if wild:
        match = wildcard(given)
        texts = [(f"{before}{number}", number) for number in _RANGES.get(kind, ())]
        return [(text, number) for text, number in texts if match.fullmatch(text)]
    rest = given.removeprefix(before)
    if not given.startswith(before):
        return []
    if kind == "name":
        return [(given, rest)] if _NAME.fullmatch(rest) else []
    fits = _NUMBER.fullmatch(rest) is not None and (kind not in _RANGES or int(rest) in _RANGES[kind])
    return [(given, int(rest))] if fits else []


def wildcard(text: str) -> re.Pattern[str]:
    """A part of an address with OSC's wildcards: `?`, `*`, `[a-c]`, `[!a-c]`, `{this,that}`.

    >>> bool(wildcard("v{1,12}").fullmatch("v12"))
    True
    """
    parts = re.split(r"(\*|\?|\[[^\[\]]+\]|\{[^{}]*\})", text)
    try:
        return re.compile("".join(map(_as_expression, parts)))
    except re.error:
        return re.compile(re.escape(text))


def _as_expression(part: str) -> str:
    if part in ("*", "?"):
        return ".*" if part == "*" else "."
    if part[:1] == "[" and part[-1:] == "]":
        inside = part[1:-1]
        negated = inside.startswith("!")
        safe = re.sub(r"([^0-9A-Za-z-])", r"\\\1", inside[negated:])
        return f"[{'^' if negated else ''}{safe}]"
    if part[:1] == "{" and part[-1:] == "}":
        return "(?:" + "|".join(map(re.escape, part[1:-1].split(","))) + ")"
    return re.escape(part)
