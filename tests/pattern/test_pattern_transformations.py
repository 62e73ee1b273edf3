"""The methods of patterns as words: called before there is a pattern, and joined by >>."""

import builtins
import inspect

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livevae.errors import LivevaeError
from livevae.pattern import Pattern, Transformation, mini, point, saw, sine, transformations

WORDS = transformations()
fast, slow, rev, every, degrade, add, late = (
    WORDS[name] for name in ("fast", "slow", "rev", "every", "degrade", "add", "late")
)
steps = st.sampled_from(
    [
        (fast(2), lambda p: p.fast(2)),
        (slow("<1 2>"), lambda p: p.slow("<1 2>")),
        (rev, lambda p: p.rev()),
        (rev(), lambda p: p.rev()),
        (every(2, rev), lambda p: p.every(2, lambda r: r.rev())),
        (degrade, lambda p: p.degrade()),
        (degrade(0.2, seed=3), lambda p: p.degrade(0.2, 3)),
        (add(10), lambda p: p + 10),
        (add.squeeze("0 10"), lambda p: p.add.squeeze("0 10")),
        (late(0.25), lambda p: p.late(0.25)),
    ]
)


@given(st.sampled_from(["1 2", "<1 2>(3,8)", "1 [2 ~]"]), st.lists(steps, min_size=1, max_size=4))
@settings(max_examples=50, deadline=None)
def test_a_chain_is_its_methods_in_order(text, chosen) -> None:
    expected, chained, joined = mini(text), text, None
    for step, method in chosen:
        expected = method(expected)
        chained = chained >> step
        joined = step if joined is None else joined >> step
    assert chained.query(-1, 3) == expected.query(-1, 3)
    assert (text >> joined).query(-1, 3) == expected.query(-1, 3)


def test_anything_that_can_be_a_pattern_may_begin_a_chain() -> None:
    assert ("1 2" >> fast(2)).query(0, 1) == mini("1 2 1 2").query(0, 1)
    assert ([1, 2] >> rev).query(0, 1) == mini("2 1").query(0, 1)
    assert (3 >> fast(2)).query(0, 1) == mini("3 3").query(0, 1)
    assert (np.array([1.0, 2.0]) >> add(1)).query(0, 1) == point(2, 3).query(0, 1)
    assert (mini("1 2") >> (lambda p: p + 1) >> rev).query(0, 1) == mini("3 2").query(0, 1)
    assert (mini("1 2") >> (lambda p: "5 6")).query(0, 1) == mini("5 6").query(0, 1)


def test_words_stand_where_a_function_of_a_pattern_does() -> None:
    p = mini("1 2")
    assert p.every(2, rev).query(0, 2) == mini("<[2 1] [1 2]>").query(0, 2)
    assert p.every(2, fast(2) >> add(1)).query(0, 1) == mini("2 3 2 3").query(0, 1)
    assert p.every(2, degrade(1)).query(0, 2) == mini("<~ [1 2]>").query(0, 2)
    assert every(2, rev)("1 2").query(0, 1) == mini("2 1").query(0, 1)


def test_a_word_that_needs_no_arguments_takes_its_pattern_at_once() -> None:
    assert rev("1 2").query(0, 1) == mini("2 1").query(0, 1)
    assert rev(mini("1 2")).query(0, 1) == rev()("1 2").query(0, 1)
    assert degrade(mini("1*8")).query(0, 1) == mini("1*8").degrade().query(0, 1)
    assert degrade("0")(mini("1*8")).query(0, 1) == mini("1*8").query(0, 1)
    assert degrade(by=sine)("1*8").query(0, 1) == mini("1*8").degrade(sine).query(0, 1)


def test_every_method_that_makes_a_pattern_is_a_word_and_python_keeps_its_own() -> None:
    for name, word in WORDS.items():
        assert not hasattr(builtins, name)
        assert word.__name__ == name
        assert word.__doc__
        assert isinstance(word, Transformation)
    for name, method in inspect.getmembers(Pattern, inspect.isfunction):
        if method.__annotations__.get("return") == "Pattern" and not name.startswith("_"):
            assert name in WORDS or hasattr(builtins, name) or name == "resolve"
    assert "query" not in WORDS
    assert "sample" not in WORDS


def test_transformations_show_what_they_do() -> None:
    assert repr(every(4, fast(2) >> rev)) == "every(4, fast(2) >> rev)"
    assert repr(add.squeeze("0 7")) == "add.squeeze('0 7')"
    assert repr(degrade(0.5, seed=1) >> len) == "degrade(0.5, seed=1) >> len"
    assert repr(fast(saw)) == "fast(pattern)"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda: fast(), "factor"),
        (lambda: fast(2, "a b"), "too many"),
        (lambda: fast(2, speed=2), "speed"),
        (lambda: mini("1") >> fast, "fast"),
        (lambda: "1" >> fast, "factor"),
        (lambda: mini("1").every(2, fast), "fast"),
        (lambda: fast(2) >> 3, "transformation"),
        (lambda: fast(2)(None), "pattern"),
        (lambda: mini("1") + rev, "unsupported"),
    ],
)
def test_slips_are_explained(wrong, said: str) -> None:
    with pytest.raises((LivevaeError, TypeError)) as error:
        wrong()
    assert said in str(error.value)
