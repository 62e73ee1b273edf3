"""The reference page: every word of the language with what is written about it, and a list of what is missing."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from livevae.latent import LiveLatent
from livevae.pattern import Pattern, Transformation
from livevae.performance.ears import Followed
from livevae.performance.fx import Fx
from livevae.performance.groups import Group
from livevae.performance.voice import Voice
from livevae.repl.documentation import documentation, named
from livevae.repl.signatures import spelled

CLASSES: Final[tuple[tuple[str, type], ...]] = (
    ("Voices", Voice),
    ("Groups", Group),
    ("Live input", LiveLatent),
    ("Effects", Fx),
    ("What is followed", Followed),
    ("Patterns", Pattern),
)
"""The classes whose methods and attributes are part of the language."""

TITLES: Final = {
    "performance.performance": "Playing",
    "performance.groups": "Voices together",
    "performance.time_words": "Time",
    "performance.transitions": "Transitions",
    "performance.meanings": "Transitions",
    "performance.cues": "Form",
    "performance.models": "Playing",
    "performance.trainings": "Training models",
    "performance.inputs": "Live input",
    "performance.showing": "Seeing it",
    "performance.fx": "Effects",
    "pattern.core": "Making patterns",
    "pattern.mini": "Making patterns",
    "pattern.sequence": "Making patterns",
    "pattern.structure": "Making patterns",
    "pattern.choice": "Chance",
    "pattern.continuous": "Movement",
    "pattern.envelope": "Movement",
    "pattern.noise": "Movement",
    "pattern.wander": "Movement",
    "pattern.vector": "Places in the latent space",
    "pattern.curves": "Places in the latent space",
    "pattern.place": "Places in the latent space",
    "pattern.movement": "Places in the latent space",
    "pattern.take": "Places in the latent space",
    "latent.moves": "Places in the latent space",
    "latent.live": "Live input",
    "control.knobs": "Controllers",
    "control.inbox": "Other programs",
    "performance.remote": "Other programs",
    "performance.sending": "Other programs",
    "performance.linking": "Other programs",
    "performance.ears": "Live input",
    "control.trig": "Controllers",
    "performance.keyboard": "Controllers",
    "performance.learning": "Controllers",
    "performance.midi_words": "Controllers",
    "repl.helping": "At the prompt",
    "repl.session": "At the prompt",
}
"""The section for the words of a module; others are called by what their module says of itself."""

_FROM_PYTHON: Final = frozenset({"np", "math", "performance"})


@dataclass(frozen=True)
class Entry:
    """One word: how it is called, what is written about it, and the section it belongs to."""

    name: str
    call: str
    text: str
    section: str
    exampled: bool


def entries(namespace: Mapping[str, Any]) -> list[Entry]:
    """Every public word of a performer's namespace and every public member of the classes behind them."""
    found = [
        Entry(name, _call(value), documentation(value), _section(value), _example_is_due(value))
        for name, value in namespace.items()
        if not name.startswith("_") and name not in _FROM_PYTHON and not isinstance(value, Voice | Transformation)
    ]
    for title, cls in CLASSES:
        for name, owner, member in _members(cls):
            call = "" if isinstance(member, property) else _call(member)
            section = title if owner is cls else f"{title}: {_title(inspect.getdoc(owner) or owner.__name__)}"
            found.append(Entry(f".{name}", call, inspect.getdoc(member) or "", section, cls is Pattern and bool(call)))
    return found


def missing(found: list[Entry]) -> list[str]:
    """The words about which nothing is written, and the operators of patterns that show no example."""
    silent = [f"{entry.section}: {entry.name} is not documented" for entry in found if not entry.text]
    bare = [
        f"{entry.section}: {entry.name} shows no example"
        for entry in found
        if entry.text and entry.exampled and ">>>" not in entry.text
    ]
    return silent + bare


def page(found: list[Entry]) -> str:
    """The whole reference as Markdown: an index, then a section for each kind of words."""
    sections: dict[str, list[Entry]] = {}
    for entry in found:
        sections.setdefault(entry.section, []).append(entry)
    lines = ["# Reference", "", "Every word of the language, made from the documentation in the program itself by"]
    lines += ["`livevae reference -o docs/reference.md`. At the prompt, `help(word)` shows the same.", ""]
    lines += [
        "Every method of patterns that gives a pattern is a word as well: `fast(2)` and `every(4, rev)` are changes"
    ]
    lines += ['that can be called, chained with `>>`, and given to other words: `"bell choir" >> fast(2) >> rev`.', ""]
    lines += [f"- [{title}](#{_anchor(title)}): {_index(words)}" for title, words in sections.items()]
    for title, words in sections.items():
        lines += ["", f"## {title}"]
        for entry in sorted(words, key=lambda word: word.name.lower()):
            lines += ["", f"### `{entry.name}{entry.call}`", "", *_body(entry.text)]
    return "\n".join(lines) + "\n"


def _members(cls: type) -> Iterator[tuple[str, type, Any]]:
    for name in sorted(dir(cls)):
        owner = next((base for base in cls.__mro__ if name in vars(base)), cls)
        member = inspect.getattr_static(cls, name)
        if name.startswith("_") or not owner.__module__.startswith("livevae"):
            continue
        if hasattr(type(member), "__get__") and not inspect.ismemberdescriptor(member):
            yield name, owner, member if isinstance(member, property) else getattr(cls, name)


def _call(value: Any) -> str:
    if not callable(value):
        return ""
    try:
        shape = inspect.signature(value)
    except (ValueError, TypeError):
        return "(...)"
    return "(" + ", ".join(spelled(p) for p in shape.parameters.values() if p.name not in ("self", "cls")) + ")"


def _example_is_due(value: Any) -> bool:
    return callable(value) and str(getattr(value, "__module__", "")).startswith("livevae.pattern")


def _section(value: Any) -> str:
    home = named(value) if isinstance(value, Pattern) else None
    module = home[0] if home else str(getattr(value, "__module__", None) or type(value).__module__)
    known = TITLES.get(module.removeprefix("livevae."))
    if known is not None:
        return known
    held = sys.modules.get(module)
    return _title((held and held.__doc__) or module)


def _title(text: str) -> str:
    """The first words of a docstring as a heading."""
    first = re.split(r"[:.;,(]|--", text.strip().replace("`", ""), maxsplit=1)[0].strip()
    return first[0].upper() + first[1:] if first else "Other"


def _body(text: str) -> list[str]:
    """A docstring as Markdown: its examples in blocks of their own."""
    lines: list[str] = []
    inside = False
    for line in text.replace("``", "`").splitlines():
        if line.startswith(">>>") and not inside:
            lines.append("```python")
            inside = True
        elif inside and not line.strip():
            lines.append("```")
            inside = False
        lines.append(line)
    return [*lines, "```"] if inside else lines


def _index(words: list[Entry]) -> str:
    return " ".join(f"`{entry.name}`" for entry in sorted(words, key=lambda word: word.name.lower()))


def _anchor(title: str) -> str:
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
