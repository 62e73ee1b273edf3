"""Every example in a docstring of the room is run, and every public name has one or explains itself."""

import doctest
import importlib
import pkgutil
from fractions import Fraction

import numpy as np
import pytest

import livevae.pattern
from livevae.repl.documentation import attribute_docstrings

MODULES = [f"livevae.pattern.{module.name}" for module in pkgutil.iter_modules(livevae.pattern.__path__)]


@pytest.mark.parametrize("name", MODULES)
def test_examples_show_what_happens(name: str) -> None:
    module = importlib.import_module(name)
    names = {public: getattr(livevae.pattern, public) for public in livevae.pattern.__all__}
    result = doctest.testmod(module, extraglobs={**names, "np": np, "Fraction": Fraction}, report=True)
    assert result.failed == 0


@pytest.mark.parametrize("module", [name for name in MODULES if attribute_docstrings(name)])
def test_examples_below_named_patterns_show_what_happens(module: str) -> None:
    names = {public: getattr(livevae.pattern, public) for public in livevae.pattern.__all__}
    for name, text in attribute_docstrings(module).items():
        test = doctest.DocTestParser().get_doctest(text, {**names, "np": np}, f"{module}.{name}", None, None)
        assert doctest.DocTestRunner().run(test).failed == 0


@pytest.mark.parametrize("name", [n for n in livevae.pattern.__all__ if callable(getattr(livevae.pattern, n))])
def test_public_names_are_documented(name: str) -> None:
    assert getattr(livevae.pattern, name).__doc__
