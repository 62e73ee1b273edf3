"""The methods of patterns as words of their own: ``rev``, ``fast(2)``, ``every(4, rev) >> degrade``."""

from __future__ import annotations

import builtins
import inspect
import keyword
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import lru_cache
from typing import Any, ClassVar

from livevae.errors import LivevaeError
from livevae.pattern.align import Aligned, Operator
from livevae.pattern.core import Pattern, reify

# Methods that make a pattern of a pattern, but are no words: what resolves names is for programs. Words of Python
# (``range``, ``abs``) stay Python's.
LEFT_OUT = frozenset({"resolve"})


class Transformation(ABC):
    """Something that is done to a pattern: ``"bell choir" >> fast(2) >> rev``.

    It stands wherever a function of a pattern is expected, as in ``every(4, rev)``. Two of them joined by ``>>`` are
    one that does the first, then the second: ``every(4, fast(2) >> rev)``.
    """

    __array_ufunc__: ClassVar[None] = None  # so that an array on the left of >> leaves the work to the transformation

    @abstractmethod
    def applied(self, pattern: object) -> Pattern:
        """The transformed pattern, of anything that can be one."""

    def __rshift__(self, then: Callable[[Any], object]) -> Given:
        if not callable(then):
            raise LivevaeError(f"{self!r} >> {then!r}: on the right goes another transformation, such as rev.")
        shown = getattr(then, "__name__", "...") if inspect.isroutine(then) else repr(then)
        return Given(lambda pattern: then(self.applied(pattern)), f"{self!r} >> {shown}")

    def __rrshift__(self, pattern: object) -> Pattern:
        return self.applied(pattern)


class Given(Transformation):
    """A transformation that only waits for its pattern: ``fast(2)("bell choir")``."""

    def __init__(self, change: Callable[[Pattern], object], shown: str) -> None:
        self._change, self._shown = change, shown

    def applied(self, pattern: object) -> Pattern:
        return reify(self._change(reify(pattern)))

    def __call__(self, pattern: object) -> Pattern:
        """The transformed pattern; strings are mini-notation."""
        return self.applied(pattern)

    def __repr__(self) -> str:
        return self._shown


class Word(Transformation):
    """A method of patterns before there is a pattern: called with the method's arguments it waits for one.

    A word that needs no arguments is a transformation already: ``rev`` and ``rev()`` are the same, and ``rev("a b")``
    is a pattern. Where arguments may be given but need not be, as for ``degrade``, a single pattern (not a string)
    is what is transformed.
    """

    def __init__(self, name: str, method: Callable[..., object], signature: inspect.Signature, doc: str | None) -> None:
        self._method = method
        self.__name__ = name
        self.__doc__ = doc
        self.__signature__ = signature
        parameters = signature.parameters.values()
        self._takes = bool(parameters)
        self._needs = any(p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in parameters)

    def applied(self, pattern: object) -> Pattern:
        if self._needs:
            raise LivevaeError(f"{self!r} needs its arguments: {self._call()} is what can be done to a pattern.")
        return reify(self._method(reify(pattern)))

    def __call__(self, *arguments: Any, **named: Any) -> Given | Pattern:
        """The transformation with these arguments; of a word that needs none, the transformed pattern."""
        alone = len(arguments) == 1 and not named and not self._needs
        if alone and (isinstance(arguments[0], Pattern) or not self._takes):
            return self.applied(arguments[0])
        try:
            self.__signature__.bind(*arguments, **named)
        except TypeError as error:
            raise LivevaeError(
                f"{self._call()}: {error}. The pattern comes before or after: "
                f"p >> {self._call()}, or {self._call()}(p)."
            ) from None
        shown = [*map(_shown, arguments), *(f"{name}={_shown(value)}" for name, value in named.items())]
        return Given(lambda pattern: self._method(pattern, *arguments, **named), f"{self!r}({', '.join(shown)})")

    def _call(self) -> str:
        return f"{self!r}({', '.join(self.__signature__.parameters)})"

    def __repr__(self) -> str:
        return self.__name__


class OperatorWord(Word):
    """An operator as a word: ``every(2, add(7))``, ``"1 2" >> add.squeeze("0 7")``."""

    def __init__(self, name: str, doc: str | None) -> None:
        super().__init__(name, lambda pattern, other: getattr(pattern, name)(other), _rest(Aligned.__call__), doc)
        self.left, self.right = self._way("left"), self._way("right")
        self.both, self.squeeze = self._way("both"), self._way("squeeze")
        self.restart, self.reset = self._way("restart"), self._way("reset")

    def _way(self, way: str) -> Word:
        name, method = self.__name__, getattr(Aligned, way)
        return Word(
            f"{name}.{way}",
            lambda pattern, other: getattr(getattr(pattern, name), way)(other),
            _rest(method),
            inspect.getdoc(method),
        )


def _rest(method: Callable[..., object]) -> inspect.Signature:
    """The signature of a method without ``self`` and without annotations, as it is typed."""
    _, *parameters = inspect.signature(method).parameters.values()
    return inspect.Signature([parameter.replace(annotation=inspect.Parameter.empty) for parameter in parameters])


def _shown(argument: object) -> str:
    """An argument in few words."""
    if isinstance(argument, Pattern):
        return "pattern"
    text = getattr(argument, "__name__", "...") if inspect.isroutine(argument) else repr(argument)
    return text if len(text) <= 40 else "..."


@lru_cache(maxsize=1)
def transformations() -> dict[str, Word]:
    """Every method that makes a pattern of a pattern, by name, as a word that is called before there is a pattern.

    >>> words = transformations()
    >>> fast, rev, every = words["fast"], words["rev"], words["every"]
    >>> show("bell choir" >> fast(2) >> rev, 1)
    |choir|bell─|choir|bell─|
    >>> every(4, fast(2) >> rev)
    every(4, fast(2) >> rev)
    """
    found = {name: _word(name, inspect.getattr_static(Pattern, name)) for name in dir(Pattern) if _may_be(name)}
    return {name: word for name, word in found.items() if word is not None}


def _may_be(name: str) -> bool:
    python = hasattr(builtins, name) or keyword.iskeyword(name)
    return not (name.startswith("_") or python or name in LEFT_OUT)


def _word(name: str, attribute: object) -> Word | None:
    if isinstance(attribute, Operator):
        return OperatorWord(name, attribute.__doc__)
    if not inspect.isfunction(attribute) or attribute.__annotations__.get("return") not in ("Pattern", Pattern):
        return None
    return Word(name, attribute, _rest(attribute), inspect.getdoc(attribute))
