"""The prompt on a terminal: editing, history, completion, colours, and the toolbar under it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from prompt_toolkit import PromptSession
from prompt_toolkit.application import Application, get_app
from prompt_toolkit.enums import DEFAULT_BUFFER
from prompt_toolkit.filters import Condition, has_focus
from prompt_toolkit.formatted_text import FormattedText
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.input import Input
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.lexers import PygmentsLexer
from prompt_toolkit.output import Output
from prompt_toolkit.patch_stdout import patch_stdout
from prompt_toolkit.styles import Style
from pygments.lexers.python import PythonLexer

from livevae.repl.completion import PerformerCompleter
from livevae.repl.signatures import fragments, hint
from livevae.repl.statements import is_complete
from livevae.repl.toolbar import STYLE, Fragments, Readings, toolbar

REFRESH_SECONDS = 0.125
_INDENT = " " * 4
_COLOURS = {
    "prompt": "ansibrightcyan bold",
    "continuation": "#70708a",
    "pygments.keyword": "ansibrightmagenta",
    "pygments.literal.string": "ansibrightgreen",
    "pygments.literal.number": "ansibrightyellow",
    "pygments.comment": "ansibrightblack italic",
    "pygments.operator": "ansibrightcyan",
    "pygments.operator.word": "ansibrightmagenta",
    "pygments.name.builtin": "ansibrightblue",
    "pygments.name.function": "ansibrightblue",
    "pygments.name.class": "ansibrightblue",
    "pygments.error": "",
}


class KeptHistory(FileHistory):
    """History in a file. Where the disk refuses, it goes on in memory: typing never fails because of it."""

    def store_string(self, string: str) -> None:
        try:
            super().store_string(string)
        except OSError:
            return


def history(path: Path) -> History:
    """The history kept at `path`; its folder is made where it is missing."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a"):
            pass
    except OSError:
        return InMemoryHistory()
    return KeptHistory(str(path))


class Prompt:
    """Reads one complete input after the other.

    `namespace`, `recordings` and `readings` are asked whenever they are needed. The toolbar is drawn again only when
    its text has changed, at most eight times a second. `actions` are called when their keys, such as "f5", are pressed;
    what is being typed stays.
    """

    def __init__(
        self,
        namespace: Callable[[], Mapping[str, Any]],
        recordings: Callable[[], Sequence[str]],
        readings: Callable[[], Readings],
        past: History,
        keys: Input | None = None,
        screen: Output | None = None,
        actions: Mapping[str, Callable[[], None]] = MappingProxyType({}),
    ) -> None:
        self._namespace = namespace
        self._readings = readings
        self._bar: Fragments = []
        self._hinted: tuple[str, Fragments] = ("", [])
        self._session: PromptSession[str] = PromptSession(
            message=[("class:prompt", "> ")],
            multiline=True,
            prompt_continuation=[("class:continuation", "· ")],
            lexer=PygmentsLexer(PythonLexer),
            style=Style.from_dict({**_COLOURS, **STYLE}),
            history=past,
            completer=PerformerCompleter(namespace, recordings),
            complete_while_typing=True,
            key_bindings=_bindings(actions),
            bottom_toolbar=self._toolbar,
            reserve_space_for_menu=6,
            enable_open_in_editor=True,
            input=keys,
            output=screen,
        )

    def read(self) -> str:
        """The next input, complete and without blank ends. Raises EOFError on Ctrl-D, KeyboardInterrupt on Ctrl-C."""
        with patch_stdout(raw=True):
            return self._session.prompt(pre_run=self._start_refreshing).strip()

    def _start_refreshing(self) -> None:
        self._measure(self._session.app)
        self._session.app.create_background_task(self._refresh(self._session.app))

    async def _refresh(self, app: Application[str]) -> None:
        while True:
            await asyncio.sleep(REFRESH_SECONDS)
            if self._measure(app):
                app.invalidate()

    def _measure(self, app: Application[str]) -> bool:
        """Take new readings; whether the line they make is another than before."""
        try:
            found = self._readings()
        except Exception as error:  # whatever fails in here, the performer can still type
            found = Readings(error=f"no readings: {error}")
        bar = toolbar(found, app.output.get_size().columns)
        changed = bar != self._bar
        self._bar = bar
        return changed

    def _toolbar(self) -> FormattedText:
        app = get_app()
        text = app.current_buffer.document.text_before_cursor
        width = app.output.get_size().columns
        if text != self._hinted[0]:
            self._hinted = (text, self._hint(text, width))
        above = self._hinted[1]
        return FormattedText([*above, ("", "\n"), *self._bar] if above else self._bar)

    def _hint(self, text: str, width: int) -> Fragments:
        try:
            shown = hint(text, self._namespace())
        except Exception:  # objects of the performer's own may fail in any way when they are looked at
            return []
        return fragments(shown, width) if shown else []


def _bindings(actions: Mapping[str, Callable[[], None]]) -> KeyBindings:
    bindings = KeyBindings()
    typing = has_focus(DEFAULT_BUFFER)

    @Condition
    def at_margin() -> bool:
        return not get_app().current_buffer.document.current_line_before_cursor.strip()

    @bindings.add("enter", filter=typing)
    def _(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        if buffer.complete_state and buffer.complete_state.current_completion:
            buffer.complete_state = None
        elif is_complete(buffer.text):
            buffer.validate_and_handle()
        else:
            _newline(event)

    @bindings.add("escape", "enter", filter=typing)
    def _(event: KeyPressEvent) -> None:
        _newline(event)

    @bindings.add("tab", filter=typing & at_margin)
    def _(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text(_INDENT)

    for key, action in actions.items():
        bindings.add(key)(_doing(action))

    return bindings


def _doing(action: Callable[[], None]) -> Callable[[KeyPressEvent], None]:
    def pressed(event: KeyPressEvent) -> None:
        action()

    return pressed


def _newline(event: KeyPressEvent) -> None:
    """A new line with the indentation of the last one, and one step more after a colon."""
    buffer = event.current_buffer
    line = buffer.document.current_line_before_cursor
    margin = line[: len(line) - len(line.lstrip())]
    buffer.insert_text("\n" + margin + (_INDENT if line.rstrip().endswith(":") else ""))
