"""What an expression is, found without running it: names are looked up, calls give what their annotation promises."""

from __future__ import annotations

import ast
import inspect
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from livevae.pattern import Pattern

_IMPORTED_FOR_TYPES = {"Pattern": Pattern}
"""What annotations name without their module having imported it when it runs."""


@dataclass(frozen=True)
class Known:
    """The object itself."""

    value: Any


@dataclass(frozen=True)
class Instance:
    """Some instance of `cls`, known from an annotation."""

    cls: type


Found = Known | Instance


def resolve(source: str, namespace: Mapping[str, Any]) -> Found | None:
    """What `source` stands for in `namespace`, or None where that cannot be told without calling something."""
    try:
        tree = ast.parse(source.strip(), mode="eval")
    except (SyntaxError, ValueError):
        return None
    return _node(tree.body, namespace)


def members(found: Found) -> list[str]:
    """The attributes, public ones first."""
    names = dir(found.value) if isinstance(found, Known) else dir(found.cls)
    return sorted(names, key=lambda name: (name.startswith("_"), name.lower()))


def member(found: Found, name: str) -> Found | None:
    """The attribute `name` of what was found. A property is read only on livevae's own objects."""
    cls = found.cls if isinstance(found, Instance) else type(found.value)
    if isinstance(found, Instance):
        static = inspect.getattr_static(cls, name, None)
        if isinstance(static, property):
            return _promised(static.fget, cls) if static.fget else None
        if _ours(type(static)) and hasattr(static, "__get__"):
            return _promised(type(static).__get__, cls)
        return Known(static) if static is not None else None
    if isinstance(inspect.getattr_static(cls, name, None), property) and not _ours(cls):
        return None
    try:
        return Known(getattr(found.value, name))
    except Exception:  # a property may fail in any way; completion then knows nothing
        return None


def signature(found: Found) -> inspect.Signature | None:
    """How to call it; None where it cannot be called or does not say."""
    if isinstance(found, Instance):
        call = inspect.getattr_static(found.cls, "__call__", None)
        if not inspect.isfunction(call):
            return None
        shape = inspect.signature(call)
        return shape.replace(parameters=list(shape.parameters.values())[1:])
    if not callable(found.value):
        return None
    try:
        return inspect.signature(found.value)
    except (ValueError, TypeError):
        return None


def summary(value: Any, lines: int = 1) -> str:
    """The first lines of the docstring of `value`, up to the first blank one."""
    if not callable(value) and not isinstance(value, types.ModuleType) and not _ours(type(value)):
        return ""
    if isinstance(value, Pattern):
        return "A pattern."
    paragraph = (inspect.getdoc(value) or "").split("\n\n")[0].split("\n")
    return "\n".join(paragraph[:lines])


def _node(node: ast.expr, namespace: Mapping[str, Any]) -> Found | None:
    match node:
        case ast.Constant(value=value):
            return Known(value)
        case ast.Name(id=name):
            if name in namespace:
                return Known(namespace[name])
            builtins = vars(__import__("builtins"))
            return Known(builtins[name]) if name in builtins else None
        case ast.Attribute(value=inner, attr=name):
            found = _node(inner, namespace)
            return member(found, name) if found else None
        case ast.Call(func=inner):
            found = _node(inner, namespace)
            return _called(found) if found else None
        case ast.Subscript(value=inner, slice=index):
            found = _node(inner, namespace)
            return _item(found, index) if found else None
        case ast.BinOp(left=left, right=right):
            sides = [_node(left, namespace), _node(right, namespace)]
            return next((side for side in sides if side and _ours(_class(side))), sides[0])
        case ast.UnaryOp(operand=inner):
            return _node(inner, namespace)
    return None


def _called(found: Found) -> Found | None:
    if isinstance(found, Known):
        if isinstance(found.value, type):
            return Instance(found.value)
        if inspect.isroutine(found.value):
            return _promised(found.value, _owner(found.value))
    call = inspect.getattr_static(_class(found), "__call__", None)
    return _promised(call, _class(found)) if inspect.isroutine(call) else None


def _item(found: Found, index: ast.expr) -> Found | None:
    if isinstance(found, Known) and isinstance(index, ast.Constant) and type(found.value) in (list, tuple, dict):
        container: Any = found.value
        try:
            return Known(container[index.value])
        except (LookupError, TypeError):
            return None
    getter = inspect.getattr_static(_class(found), "__getitem__", None)
    return _promised(getter, _class(found)) if inspect.isroutine(getter) else None


def _promised(function: Any, owner: type | None) -> Found | None:
    """An instance of the class that the return annotation of `function` names; `owner` is what `Self` means."""
    try:
        promise = typing.get_type_hints(function, localns=_IMPORTED_FOR_TYPES).get("return")
    except (NameError, TypeError, AttributeError, SyntaxError):
        return None
    origin = typing.get_origin(promise)
    if origin in (typing.Union, types.UnionType):
        promise = next((part for part in typing.get_args(promise) if part is not type(None)), None)
    elif origin is not None:
        promise = origin
    if promise is typing.Self:
        promise = owner
    return Instance(promise) if isinstance(promise, type) and promise is not type(None) else None


def _owner(function: Any) -> type | None:
    """The class that a method was found on, as far as the function itself can tell."""
    bound = getattr(function, "__self__", None)
    if bound is not None:
        return bound if isinstance(bound, type) else type(bound)
    home = vars(inspect.getmodule(function) or types).get(function.__qualname__.rpartition(".")[0])
    return home if isinstance(home, type) else None


def _class(found: Found) -> type:
    return found.cls if isinstance(found, Instance) else type(found.value)


def _ours(cls: type) -> bool:
    return cls.__module__.split(".")[0] == "livevae"
