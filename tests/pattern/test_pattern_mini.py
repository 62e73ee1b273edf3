"""Mini-notation: what each sign means, and errors that point at the column."""

import re
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livevae.errors import LivevaeError
from livevae.pattern import Pattern, mini


def line(text: str, cycles: int = 1) -> str:
    """The events of a text as `begin:value`, in order."""
    events = sorted(mini(text).query(0, cycles), key=lambda event: (event.part.begin, str(event.value)))
    return " ".join(
        f"{e.part.begin}:{e.value:g}" if isinstance(e.value, float) else f"{e.part.begin}:{e.value}"
        for e in events
        if e.has_onset
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("bell", "0:bell"),
        ("bell choir", "0:bell 1/2:choir"),
        ("1 -2 .5 -.25 3e2 4.", "0:1 1/6:-2 1/3:0.5 1/2:-0.25 2/3:300 5/6:4"),
        ("loop_amen bass_hit_c a.b c# größe", "0:loop_amen 1/5:bass_hit_c 2/5:a.b 3/5:c# 4/5:größe"),
        ("bell:2 drum", "0:bell:2 1/2:drum"),
        ("a [b c] d", "0:a 1/3:b 1/2:c 2/3:d"),
        ("a [b [c d]]", "0:a 1/2:b 3/4:c 7/8:d"),
        ("a ~ b -", "0:a 1/2:b"),
        ("a - -1", "0:a 2/3:-1"),
        ("a*2 b", "0:a 1/4:a 1/2:b"),
        ("[a b]*2", "0:a 1/4:b 1/2:a 3/4:b"),
        ("a*1.5", "0:a 2/3:a"),
        ("a!3", "0:a 1/3:a 2/3:a"),
        ("a ! b", "0:a 1/3:a 2/3:b"),
        ("a! b", "0:a 1/3:a 2/3:b"),
        ("a ! 3", "0:a 1/3:a 2/3:3"),
        ("a*2!2", "0:a 1/4:a 1/2:a 3/4:a"),
        ("a@3 b", "0:a 3/4:b"),
        ("a _ _ b", "0:a 3/4:b"),
        ("a@1.5 b@0.5", "0:a 3/4:b"),
        ("[a, b c]", "0:a 0:b 1/2:c"),
        ("a b, c", "0:a 0:c 1/2:b"),
        ("a(3,8)", "0:a 3/8:a 3/4:a"),
        ("a(3,8,2)", "1/8:a 1/2:a 3/4:a"),
        ("a(-3,4)", "3/4:a"),
        ("[a b](1,2)", "0:a 1/4:b"),
        ("", ""),
        ("~", ""),
        ("[] a", "1/2:a"),
        ("a*0 b", "1/2:b"),
        ("  a\n b ", "0:a 1/2:b"),
        ("[a b]!2 c", "0:a 1/6:b 1/3:a 1/2:b 2/3:c"),
    ],
)
def test_one_cycle(text: str, expected: str) -> None:
    assert line(text) == expected


@pytest.mark.parametrize(
    ("text", "cycles", "expected"),
    [
        ("<a b>", 3, "0:a 1:b 2:a"),
        ("<a b> c", 2, "0:a 1/2:c 1:b 3/2:c"),
        ("<a <b c>>", 4, "0:a 1:b 2:a 3:c"),
        ("<a b, c d e>", 3, "0:a 0:c 1:b 1:d 2:a 2:e"),
        ("<a@3 b>", 4, "0:a 3:b"),
        ("<a!2 b>", 3, "0:a 1:a 2:b"),
        ("a/2", 4, "0:a 2:a"),
        ("[a b c]/1.5", 3, "0:a 1/2:b 1:c 3/2:a 2:b 5/2:c"),
        ("a*<1 2>", 2, "0:a 1:a 3/2:a"),
        ("a(<1 2>,4)", 2, "0:a 1:a 3/2:a"),
        ("<>", 2, ""),
    ],
)
def test_several_cycles(text: str, cycles: int, expected: str) -> None:
    assert line(text, cycles) == expected


def test_a_text_is_read_once() -> None:
    assert mini("a b c d") is mini("a b c d")


def test_numbers_are_numbers_and_names_are_names() -> None:
    assert [event.value for event in mini("3 c").query(0, 1)] == [3.0, "c"]
    assert mini("bell:2 [choir, <drum ~>]").names() == {"bell:2", "choir", "drum"}


@pytest.mark.parametrize(
    ("text", "column", "problem"),
    [
        ("a [b", 5, "too soon"),
        ("a ]", 3, "unexpected"),
        ("a $ b", 3, "unexpected"),
        ("a*", 3, "too soon"),
        ("a*b", 3, "unexpected"),
        ("a * ~", 5, "unexpected"),
        ("a*-1", 2, "factor"),
        ("a*9999", 2, "factor"),
        ("808bd", 1, "unexpected"),
        ("! a", 1, "before"),
        ("_", 1, "before"),
        ("a(3)", 4, "unexpected"),
        ("a(9,8)", 2, "Euclidean"),
        ("a(3,b)", 5, "number"),
        ("a(3.5,8)", 2, "Euclidean"),
        ("a@0 b", 2, "length"),
        ("a!0", 2, "times"),
        ("a!999999", 2, "times"),
        ("[[a*1000]*1000]*1000", 10, "events"),
        ("<a b", 5, "too soon"),
        ("a,,b ]", 6, "unexpected"),
        ("[" * 40, 33, "deep"),
    ],
)
def test_errors_point_at_the_column(text: str, column: int, problem: str) -> None:
    with pytest.raises(LivevaeError) as caught:
        mini(text)
    message = str(caught.value)
    assert f"column {column}" in message
    assert problem in message
    _, shown, arrow = message.split("\n")
    assert shown == "  " + text
    assert arrow.index("^") == column + 1


def test_errors_in_several_lines_show_theirs() -> None:
    with pytest.raises(LivevaeError, match=r"line 2, column 3\.\n  c ]\n    \^"):
        mini("a b\nc ]")


def read(text: str) -> Pattern | None:
    """The pattern of a text, None where it is refused with a column."""
    try:
        return mini(text)
    except LivevaeError as error:
        if not re.search(r"column \d+\.\n", str(error)):
            raise AssertionError(f"an error without a column for {text!r}") from error
        return None


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="ab1 28.-~_!@*/<>[](),:#e\n", max_size=24))
def test_any_text_is_a_pattern_or_an_error_with_a_column(text: str) -> None:
    pattern = read(text)
    for event in pattern.query(0, 2) if pattern is not None else []:
        assert 0 <= event.part.begin < event.part.end <= 2
        assert isinstance(event.value, float | str)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=12))
def test_any_character_at_all_is_read_or_refused(text: str) -> None:
    read(text)


words = st.sampled_from(["a", "bell", "1", "-2.5", "~"])
terms = st.recursive(
    words,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda items: f"[{' '.join(items)}]"),
        st.lists(inner, min_size=1, max_size=3).map(lambda items: f"<{' '.join(items)}>"),
        st.tuples(inner, st.sampled_from(["*2", "/3", "!2", "@2", "(3,8)", "(2,5,1)"])).map("".join),
        st.lists(inner, min_size=2, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
    ),
    max_leaves=6,
)


@settings(max_examples=80, deadline=None)
@given(terms, terms)
def test_steps_side_by_side_are_each_half_a_cycle(left: str, right: str) -> None:
    def squeezed(text: str, begin: Fraction) -> list[object]:
        return [(begin + e.part.begin / 2, begin + e.part.end / 2, e.value) for e in mini(f"[{text}]").query(0, 1)]

    both = [(e.part.begin, e.part.end, e.value) for e in mini(f"[{left}] [{right}]").query(0, 1)]
    assert both == squeezed(left, Fraction(0)) + squeezed(right, Fraction(1, 2))
