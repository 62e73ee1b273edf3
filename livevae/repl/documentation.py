"""What is written about a thing: its docstring, or, for a named pattern, the string below its assignment."""

from __future__ import annotations

import ast
import inspect
import itertools
import sys
from functools import lru_cache
from importlib import import_module
from typing import Any

from livevae.pattern import Pattern


def documentation(thing: Any) -> str:
    """The docstring of a function, class or object; for a pattern such as `sine` what its module says below it.

    An empty string where nothing is written.
    """
    if isinstance(thing, Pattern):
        home = named(thing)
        return "" if home is None else attribute_docstrings(home[0])[home[1]]
    return inspect.getdoc(thing) or ""


def named(thing: Any) -> tuple[str, str] | None:
    """The module of livevae and the name there of an object, None where no module names it."""
    for module, held in list(sys.modules.items()):
        if module.startswith("livevae.") and held is not None and not hasattr(held, "__path__"):
            for name, value in vars(held).items():
                if value is thing and name in attribute_docstrings(module):
                    return module, name
    return None


@lru_cache(maxsize=256)
def attribute_docstrings(module: str) -> dict[str, str]:
    """The strings that stand below assignments at the top of a module, by the assigned name."""
    try:
        body = ast.parse(inspect.getsource(import_module(module))).body
    except (OSError, TypeError, SyntaxError, ImportError):
        return {}
    found = {}
    for statement, below in itertools.pairwise(body):
        if not (isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant)):
            continue
        text = below.value.value
        targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
        for target in targets:
            if isinstance(text, str) and isinstance(target, ast.Name):
                found[target.id] = inspect.cleandoc(text)
    return found
