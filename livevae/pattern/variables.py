"""The names that ``^name`` in mini-notation may stand for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import ParamSpec, TypeVar

Names = Mapping[str, object]
"""What each name stands for: text, a number, a point, a recording, a pattern, a list of these."""

_KNOWN: ContextVar[Names | None] = ContextVar("livevae variables", default=None)

P = ParamSpec("P")
T = TypeVar("T")


@contextmanager
def variables(names: Names | None) -> Iterator[None]:
    """Within ``with variables(names):``, and in this thread alone, ``^name`` in any text stands for ``names[name]``.

    >>> with variables({"melody": "bell choir"}):
    ...     show("^melody drum", 1)
    |bell─|choir|drum───────|
    """
    token = _KNOWN.set(names)
    try:
        yield
    finally:
        _KNOWN.reset(token)


def known_variables() -> Names | None:
    """The names that ``^name`` may stand for here; None where nobody has said.

    >>> known_variables() is None
    True
    """
    return _KNOWN.get()


def remembering(function: Callable[P, T]) -> Callable[P, T]:
    """The same function, which knows the variables of here also when it is called later, or in another thread.

    >>> with variables({"melody": "bell choir"}):
    ...     later = remembering(lambda: mini("^melody"))
    >>> show(later(), 1)
    |bell─|choir|
    """
    names = known_variables()
    if names is None:
        return function

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        with variables(names):
            return function(*args, **kwargs)

    return call
