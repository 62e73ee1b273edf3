"""`help` at the prompt: plain text in the performer's own scrollback, without a pager in the way."""

from __future__ import annotations

import inspect
import pydoc
import types
from collections.abc import Callable, Mapping
from shutil import get_terminal_size
from typing import Any, Final

from livevae.pattern.transformations import Word
from livevae.repl.report import shorten
from livevae.repl.resolve import summary
from livevae.repl.signatures import spelled

_NOTHING: Final = object()

KEYS = """\
Enter         evaluate when the code is complete, else a new line; a blank line ends a block
Alt-Enter     a new line
Tab           complete names, arguments, and recordings inside "..."
Up, Ctrl-R    earlier lines, search them
F5, F4        the next cue of the piece, the one before
Ctrl-C        drop the line        Ctrl-D  leave, with a fade
Ctrl-L        clear the screen"""

FIRST_STEPS = """\
v1.z = "choir bell*2"                      recordings as the steps of a cycle
v1.z = lerp("choir", "bell", sine.slow(8)) between two recordings
v2.input = live(1); v2.z = live * 1.4      your own sound, stretched in latent space
tempo(96); hush(); undo(); panic()         the time, silence, one step back, silence now
help(lerp), help(v1)                       what a thing is and how to call it"""


def page(namespace: Mapping[str, Any]) -> str:
    """First steps, keys, and every word of the language with its first line of documentation."""
    words = {name: value for name, value in namespace.items() if not name.startswith("_") and _is_word(value)}
    voices = [name for name in words if name[:1] == "v" and name[1:].isdigit()]
    shown = {name: summary(value) for name, value in words.items() if name not in voices}
    width = min(max(map(len, shown), default=0), 16)
    room = max(get_terminal_size().columns - width - 3, 20)
    lines = [f"{name:<{width}}  {shorten(first, room)}".rstrip() for name, first in sorted(shown.items(), key=_folded)]
    if voices:
        lines.insert(0, f"{voices[0]} ... {voices[-1]}: the voices, help({voices[0]}) says what they take")
    return "\n\n".join([FIRST_STEPS, KEYS, "\n".join(lines)])


def describe(thing: Any) -> str:
    """What `thing` is: how it is called, its documentation, and for livevae's objects what they offer."""
    if isinstance(thing, str):
        return (
            f"{thing!r}: mini-notation where a pattern is expected, steps of a cycle: numbers or names of recordings."
        )
    if inspect.isroutine(thing) or isinstance(thing, Word):
        return "\n\n".join(filter(None, [f"{_name(thing)}{_signature(thing)}", inspect.getdoc(thing)]))
    cls = thing if isinstance(thing, type) else type(thing)
    if cls.__module__.split(".")[0] != "livevae":
        return pydoc.plain(pydoc.render_doc(thing))
    heading = f"{cls.__name__}{_signature(cls)}" if isinstance(thing, type) else repr(thing)
    return "\n\n".join(filter(None, [heading, inspect.getdoc(cls), _members(cls)]))


def helper(namespace: Callable[[], Mapping[str, Any]]) -> Callable[..., None]:
    """The function that performers call as `help`."""

    def helped(thing: Any = _NOTHING) -> None:
        """Without an argument the words of the language and the keys, else what the thing is and how to call it."""
        print(page(namespace()) if thing is _NOTHING else describe(thing))

    helped.__name__ = helped.__qualname__ = "help"
    return helped


def page_printer(helped: Callable[..., None]) -> Callable[[], None]:
    """The function that performers call as `help_page`."""

    def help_page() -> None:
        """The first steps, the keys, and every word of the language."""
        helped()

    return help_page


def _members(cls: type) -> str:
    lines = []
    for name in sorted(dir(cls)):
        member = inspect.getattr_static(cls, name)
        if name.startswith("_") or inspect.isroutine(member) is isinstance(member, property):
            continue
        documented = member if isinstance(member, property) else getattr(cls, name)
        first = (inspect.getdoc(documented) or "").split("\n")[0]
        call = "" if isinstance(member, property) else _signature(documented)
        lines.append(f".{name}{call}\n    {first}".rstrip())
    return "\n".join(lines)


def _signature(function: Any) -> str:
    try:
        shape = inspect.signature(function)
    except (ValueError, TypeError):
        return "(...)"
    parameters = [parameter for parameter in shape.parameters.values() if parameter.name != "self"]
    return f"({', '.join(map(spelled, parameters))})"


def _name(function: Any) -> str:
    return str(getattr(function, "__name__", function))


def _is_word(value: Any) -> bool:
    return not isinstance(value, types.ModuleType)


def _folded(item: tuple[str, str]) -> str:
    return item[0].lower()
