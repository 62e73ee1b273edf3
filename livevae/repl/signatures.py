"""The lines that show how to call what is being typed."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from livevae.repl import source
from livevae.repl.report import shorten
from livevae.repl.resolve import Known, resolve, signature, summary


@dataclass(frozen=True)
class Hint:
    """`name(arguments)` with the place of the argument at the cursor, and the first lines of the documentation."""

    name: str
    arguments: tuple[str, ...]
    active: int | None
    doc: str


def hint(text: str, namespace: Mapping[str, Any]) -> Hint | None:
    """How to call the function whose arguments end `text`, the source before the cursor; None outside of a call."""
    if "(" not in text:
        return None
    call = source.open_call(text, source.place(text))
    found = resolve(call.callee, namespace) if call else None
    shape = signature(found) if found else None
    if call is None or found is None or shape is None:
        return None
    parameters = list(shape.parameters.values())
    if parameters and parameters[0].name == "self":
        parameters = parameters[1:]
    doc = summary(found.value, lines=2) if isinstance(found, Known) else ""
    return Hint(call.callee, tuple(spelled(parameter) for parameter in parameters), _active(call, parameters), doc)


def fragments(shown: Hint, width: int) -> list[tuple[str, str]]:
    """The hint as formatted text: one line for the call, then its documentation, each at most `width` columns."""
    base, bold = "class:bottom-toolbar.signature", "class:bottom-toolbar.argument"
    line: list[tuple[str, str]] = [(base, f" {shown.name}(")]
    for index, argument in enumerate(shown.arguments):
        line += [(base, ", ")] if index else []
        line.append((bold if index == shown.active else base, argument))
    line.append((base, ")"))
    clipped = _clip(line, width)
    for text in filter(None, shown.doc.split("\n")):
        clipped += [("", "\n"), ("class:bottom-toolbar.doc", " " + shorten(text, width - 1))]
    return clipped


def _clip(line: list[tuple[str, str]], width: int) -> list[tuple[str, str]]:
    result: list[tuple[str, str]] = []
    for style, text in line:
        if len(text) > width:
            result.append((style, shorten(text, width)))
            break
        result.append((style, text))
        width -= len(text)
    return result


def spelled(parameter: inspect.Parameter) -> str:
    """A parameter as it is typed: annotations are left out, a default that is not short becomes `...`."""
    stars = (
        "*" if parameter.kind is parameter.VAR_POSITIONAL else "**" if parameter.kind is parameter.VAR_KEYWORD else ""
    )
    name = stars + parameter.name
    if parameter.default is parameter.empty:
        return name
    default = repr(parameter.default)
    return f"{name}={default if len(default) <= 16 else '...'}"


def _active(call: source.OpenCall, parameters: list[inspect.Parameter]) -> int | None:
    if call.keyword:
        for index, parameter in enumerate(parameters):
            if parameter.name == call.keyword or parameter.kind is parameter.VAR_KEYWORD:
                return index
        return None
    for index, parameter in enumerate(parameters):
        if parameter.kind is parameter.VAR_POSITIONAL or (
            index == call.position and parameter.kind is not parameter.KEYWORD_ONLY
        ):
            return index
    return None
