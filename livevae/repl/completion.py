"""What may come next at the cursor: names, attributes, keyword arguments, and recordings inside mini-notation."""

from __future__ import annotations

import builtins
import inspect
import keyword
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from livevae.pattern import is_patternable
from livevae.repl import source
from livevae.repl.resolve import Known, member, members, resolve, signature, summary

_STEP = re.compile(r"[^\W\d][\w.\-]*$")
_VARIABLE = re.compile(r"\^((?:[^\W\d]\w*)?)$")
_SLICE = re.compile(r"\w:\s*\d*$")
_PATH = re.compile(r"(~\w*/|\.{0,2}/)[^\"']*$")
_SHOWN = 200
_WORDS = tuple(word for word in keyword.kwlist if word not in ("async", "await", "nonlocal", "global"))


@dataclass(frozen=True)
class Candidate:
    """`text` replaces the `replaces` characters before the cursor; `meta` says what it is in a few words."""

    text: str
    replaces: int
    meta: str = ""


def candidates(text: str, namespace: Mapping[str, Any], recordings: Iterable[str]) -> list[Candidate]:
    """Everything that may stand at the end of `text`, the source before the cursor. Nothing is called to find out."""
    where = source.place(text)
    if where.comment:
        return []
    if where.string is not None:
        return _in_string(text[where.string :], namespace, recordings)
    stem = source.word(text)
    before = len(text) - len(stem)
    if before and text[before - 1] == ".":
        return _attributes(source.primary(text, where, before - 1), stem, namespace)
    if stem[:1].isdigit():
        return []
    return _keyword_arguments(text, where, stem, namespace) + _names(stem, namespace)


def _in_string(literal: str, namespace: Mapping[str, Any], recordings: Iterable[str]) -> list[Candidate]:
    path = _PATH.search(literal)
    if path and path.start() == 0:
        return _paths(literal)
    if _SLICE.search(literal):
        return []
    variable = _VARIABLE.search(literal)
    if variable:
        return _variables(variable.group(1), namespace)
    found = _STEP.search(literal)
    stem = found.group() if found else ""
    return [Candidate(name, len(stem), "recording") for name in _matching(stem, recordings)]


def _paths(typed: str) -> list[Candidate]:
    folder, _, stem = typed.rpartition("/")
    if not folder and not typed.startswith("/"):
        return []
    try:
        entries = sorted(Path(folder or "/").expanduser().iterdir())
    except (OSError, RuntimeError):
        return []
    shown = [entry for entry in entries if entry.name.startswith(stem) and (stem or not entry.name.startswith("."))]
    return [
        Candidate(entry.name + ("/" if entry.is_dir() else ""), len(stem), "folder" if entry.is_dir() else "file")
        for entry in shown[:_SHOWN]
    ]


def _attributes(owner: str, stem: str, namespace: Mapping[str, Any]) -> list[Candidate]:
    found = resolve(owner, namespace) if owner else None
    if found is None:
        return []
    names = [name for name in members(found) if stem.startswith("_") or not name.startswith("_")]
    result = []
    for name in _matching(stem, names):
        inner = member(found, name)
        result.append(Candidate(name, len(stem), summary(inner.value) if isinstance(inner, Known) else ""))
    return result


def _keyword_arguments(text: str, where: source.Place, stem: str, namespace: Mapping[str, Any]) -> list[Candidate]:
    call = source.open_call(text, where)
    if call is None or call.keyword or not re.search(r"[(,]\s*$", where.masked[: len(text) - len(stem)]):
        return []
    found = resolve(call.callee, namespace)
    shape = signature(found) if found else None
    if shape is None:
        return []
    allowed = (inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    parameters = [parameter for parameter in shape.parameters.values() if parameter.kind in allowed]
    names = [parameter.name for parameter in parameters if parameter.name not in (*call.named, "self")]
    return [Candidate(name + "=", len(stem), "argument") for name in _matching(stem, names)]


def _names(stem: str, namespace: Mapping[str, Any]) -> list[Candidate]:
    if not stem:
        return []
    own = sorted((name for name in namespace if stem.startswith("_") or not name.startswith("_")), key=_natural)
    result = [Candidate(name, len(stem), summary(namespace[name])) for name in _matching(stem, own)]
    python = sorted({*dir(builtins), *_WORDS} - set(namespace))
    shown = [name for name in python if name.startswith(stem) and (stem.startswith("_") or not name.startswith("_"))]
    return result + [Candidate(name, len(stem), "python") for name in shown]


def _variables(stem: str, namespace: Mapping[str, Any]) -> list[Candidate]:
    """What may stand after `^` in mini-notation."""
    usable = [name for name, value in namespace.items() if not name.startswith("_") and is_patternable(value)]
    shown = [(name, namespace[name]) for name in _matching(stem, sorted(usable, key=_natural))]
    return [Candidate(name, len(stem), held if isinstance(held, str) else summary(held)) for name, held in shown]


def _natural(name: str) -> tuple[str, int]:
    """Sorts `v2` before `v10`."""
    head = name.rstrip("0123456789")
    return head.lower(), int(name[len(head) :] or 0)


def _matching(stem: str, names: Iterable[str]) -> list[str]:
    """Names that begin with `stem`, in their order, then those that do so only when case is ignored."""
    names = list(dict.fromkeys(names))
    exact = [name for name in names if name.startswith(stem)]
    lower = stem.lower()
    return exact + [name for name in names if name.lower().startswith(lower) and not name.startswith(stem)]


class PerformerCompleter(Completer):
    """`candidates` for prompt-toolkit; both callables are asked anew each time, so fresh names are there at once."""

    def __init__(self, namespace: Callable[[], Mapping[str, Any]], recordings: Callable[[], Sequence[str]]) -> None:
        self._namespace = namespace
        self._recordings = recordings

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        text = document.text_before_cursor
        if not complete_event.completion_requested and not _worth_a_menu(text):
            return
        try:
            found = candidates(text, self._namespace(), self._recordings())
        except Exception:  # objects of the performer's own may fail in any way when they are looked at
            return
        for candidate in found:
            yield Completion(candidate.text, -candidate.replaces, display_meta=candidate.meta[:60])


def _worth_a_menu(text: str) -> bool:
    """While typing, a menu comes up after two letters of a name or after the dot of an attribute."""
    return bool(re.search(r"(\w\w|[\w)\]]\.)$", text)) and not re.search(r"(?<!\w)\d+\.?\d*$", text)
