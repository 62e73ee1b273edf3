"""Running a performer's text: a line, a block or a whole file."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

from livevae.pattern import variables
from livevae.performance.message import located

_TEXTS: Final[ContextVar[Mapping[str, str]]] = ContextVar("texts being run", default={})  # noqa: B039 - never changed


def text_of(filename: str) -> str | None:
    """The text called `filename` while it is being run, in this thread; else None."""
    return _TEXTS.get().get(filename)


@contextmanager
def _known(filename: str, source: str) -> Iterator[None]:
    before = _TEXTS.set({**_TEXTS.get(), filename: source})
    try:
        yield
    finally:
        _TEXTS.reset(before)


def run(source: str, filename: str, namespace: dict[str, Any]) -> object:
    """Run `source` in `namespace`; gives the value of its last statement where that is an expression, else None.

    In its texts `^name` stands for what `namespace` holds when the text is read.

    Raises EvaluationError, `file:line: message`, for whatever an evaluation can raise; only KeyboardInterrupt and
    SystemExit pass as they are.
    """
    try:
        with warnings.catch_warnings():
            # A typo such as `"1 2"()` is an error in a moment; its warning would only draw over the prompt.
            warnings.simplefilter("ignore", SyntaxWarning)
            tree = ast.parse(source, filename)
            last = tree.body[-1] if tree.body else None
            value = ast.Expression(last.value) if isinstance(last, ast.Expr) else None
            body = ast.Module(tree.body[:-1] if value is not None else tree.body, tree.type_ignores)
            code = compile(body, filename, "exec")
            end = None if value is None else compile(value, filename, "eval")
        with variables(namespace), _known(filename, source):
            exec(code, namespace)
            return None if end is None else eval(end, namespace)
    except Exception as error:
        raise located(error, filename) from error
