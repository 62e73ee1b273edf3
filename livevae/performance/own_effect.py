"""Functions of pyo objects that a performer writes, sent to the engine as their text."""

from __future__ import annotations

import ast
import inspect
import linecache
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from livevae.engine.effects import Code
from livevae.errors import LivevaeError
from livevae.performance.evaluation import text_of
from livevae.performance.message import caller
from livevae.performance.uses import Use, as_parameter

_CONSTANTS: Final = (bool, int, float, str)


class OwnEffect:
    """A function of the performer's that makes an effect of pyo objects; called without the sound it is that effect."""

    def __init__(self, function: Callable[..., object], tail: float) -> None:
        self.__name__ = function.__name__
        self.__doc__ = function.__doc__
        parameters = list(inspect.signature(function).parameters.values())
        if not parameters:
            raise LivevaeError(f"@fx: {function.__name__} needs the sound as its first parameter.")
        self.__signature__ = inspect.Signature(parameters[1:])
        source, file, line = _source(function)
        self._code = Code(source, file, line, _constants(function), tail)

    def __call__(self, *given: object, **named: object) -> Use:
        """The effect with these parameters: numbers and patterns."""
        try:
            bound = self.__signature__.bind(*given, **named)
        except TypeError as error:
            raise LivevaeError(f"{self.__name__}{self.__signature__}: {error}.") from None
        values = {key: as_parameter(f"{self.__name__}: {key}", value) for key, value in bound.arguments.items()}
        return Use(self.__name__, values, self._code, caller())


def _source(function: Callable[..., object]) -> tuple[str, str, int]:
    """The text of a function without what decorates it, the name of its file, and its first line there."""
    file = function.__code__.co_filename
    text = text_of(file) or "".join(linecache.getlines(file))
    for node in ast.walk(ast.parse(text)) if text else ():
        if isinstance(node, ast.FunctionDef) and node.name == function.__name__:
            first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
            if first == function.__code__.co_firstlineno:
                lines = text.splitlines()[node.lineno - 1 : node.end_lineno]
                return textwrap.dedent("\n".join(lines)) + "\n", _shown(file), node.lineno
    raise LivevaeError(f"@fx: the text of {function.__name__} is not known: define it with def, in a piece or a line.")


def _shown(file: str) -> str:
    return file if file.startswith("<") else Path(file).name


def _constants(function: Callable[..., object]) -> dict[str, Any]:
    """Numbers and texts from around a function that it uses."""
    around = inspect.getclosurevars(function)
    return {name: value for name, value in {**around.globals, **around.nonlocals}.items() if type(value) in _CONSTANTS}
