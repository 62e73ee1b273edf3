"""What is written about a word: for patterns with a name it stands below their assignment."""

import types

from livevae.pattern import Pattern, pure, sine
from livevae.repl.documentation import attribute_docstrings, documentation


def test_functions_and_objects_say_what_their_docstrings_say() -> None:
    assert documentation(pure).startswith("One event a cycle")
    assert documentation(types.SimpleNamespace()) == types.SimpleNamespace.__doc__


def test_a_pattern_says_what_stands_below_its_assignment() -> None:
    assert "0 to 1" in documentation(sine)


def test_a_pattern_that_nobody_named_says_nothing() -> None:
    assert documentation(pure(1)) == ""
    assert documentation(Pattern).startswith("An immutable function of time")


def test_strings_below_assignments_are_found_by_name() -> None:
    found = attribute_docstrings("livevae.repl.toolbar")
    assert found["FLOOR_DB"].startswith("The quietest level")
    assert "STYLE" not in found
    assert attribute_docstrings("builtins") == {}
