"""Mini-notation: what each sign means, and errors that point at the column."""

import re
from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from livevae.errors import LivevaeError
from livevae.pattern import Context, Pattern, Take, mini, seq, sine, variables
from livevae.pattern.mini_step import MOST_EVENTS


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
        # Steps, groups, rests
        ("bell", "0:bell"),
        ("bell choir", "0:bell 1/2:choir"),
        ("1 -2 .5 -.25 3e2 4.", "0:1 1/6:-2 1/3:0.5 1/2:-0.25 2/3:300 5/6:4"),
        ("1%4 -3%2 3-1", "0:0.25 1/4:-1.5 1/2:3 3/4:-1"),
        ("loop_amen bass_hit_c a.b c# größe", "0:loop_amen 1/5:bass_hit_c 2/5:a.b 3/5:c# 4/5:größe"),
        ("t f", "0:t 1/2:f"),
        ("a [b c] d", "0:a 1/3:b 1/2:c 2/3:d"),
        ("a [b [c d]]", "0:a 1/2:b 3/4:c 7/8:d"),
        ("a ~ b -", "0:a 1/2:b"),
        ("a - -1", "0:a 2/3:-1"),
        ("a~~b", "0:a 3/4:b"),
        ("", ""),
        ("~", ""),
        ("[] a", "1/2:a"),
        ("  a\n b ", "0:a 1/2:b"),
        ("a\n. b\tc", "0:a 1/2:b 3/4:c"),
        # Dots
        ("a b . c d", "0:a 1/4:b 1/2:c 3/4:d"),
        ("a b . c . d e f", "0:a 1/6:b 1/3:c 2/3:d 7/9:e 8/9:f"),
        ("a. b c", "0:a 1/2:b 3/4:c"),
        ("[a . b c] d", "0:a 1/4:b 3/8:c 1/2:d"),
        ("a _ b . c ! d", "0:a 1/3:b 1/2:c 2/3:c 5/6:d"),
        # Faster, slower
        ("a*2 b", "0:a 1/4:a 1/2:b"),
        ("[a b]*2", "0:a 1/4:b 1/2:a 3/4:b"),
        ("a*1.5", "0:a 2/3:a"),
        ("a*3%2", "0:a 2/3:a"),
        ("a*[2 3]", "0:a 2/3:a"),
        ("a*{2 4}%2", "0:a 1/2:a 3/4:a"),
        ("[a b]*[1 2]", "0:a 1/2:a 3/4:b"),
        ("a*0 b", "1/2:b"),
        ("[a b]/.5", "0:a 1/4:b 1/2:a 3/4:b"),
        # Copies and lengths
        ("a!3", "0:a 1/3:a 2/3:a"),
        ("a ! b", "0:a 1/3:a 2/3:b"),
        ("a! b", "0:a 1/3:a 2/3:b"),
        ("a ! 3", "0:a 1/3:a 2/3:3"),
        ("a ! ! b", "0:a 1/4:a 1/2:a 3/4:b"),
        ("a*2!2", "0:a 1/4:a 1/2:a 3/4:a"),
        ("a!2*2", "0:a 1/4:a 1/2:a 3/4:a"),
        ("[a b]!2 c", "0:a 1/6:b 1/3:a 1/2:b 2/3:c"),
        ("a@3 b", "0:a 3/4:b"),
        ("a@3!2 b", "0:a 3/7:a 6/7:b"),
        ("a@3 ! b", "0:a 3/7:a 6/7:b"),
        ("a _ _ b", "0:a 3/4:b"),
        ("a __ b", "0:a 3/4:b"),
        ("a@1.5 b@0.5", "0:a 3/4:b"),
        ("a@1%2 b@1%2", "0:a 1/2:b"),
        # At the same time
        ("[a, b c]", "0:a 0:b 1/2:c"),
        ("a b, c", "0:a 0:c 1/2:b"),
        ("[a b, c . d e]*2", "0:a 0:c 1/4:b 1/4:d 3/8:e 1/2:a 1/2:c 3/4:b 3/4:d 7/8:e"),
        # Polymeter
        ("{a b c}%4", "0:a 1/4:b 1/2:c 3/4:a"),
        ("{a b c}", "0:a 1/3:b 2/3:c"),
        ("{a b, c d e}", "0:a 0:c 1/2:b 1/2:d"),
        ("{a b c, d e}", "0:a 0:d 1/3:b 1/3:e 2/3:c 2/3:d"),
        ("{a b, c d e}%4", "0:a 0:c 1/4:b 1/4:d 1/2:a 1/2:e 3/4:b 3/4:c"),
        ("{a@2 b}%3", "0:a 2/3:b"),
        ("{a _ b . c}%2", "0:a 1/3:b 1/2:c"),
        ("{a b}%[2 4]", "0:a 1/2:a 3/4:b"),
        ("{a b}%0", ""),
        ("{}%4 a", "1/2:a"),
        ("{, a b}", "0:a 1/2:b"),
        # Ranges are one step
        ("0 .. 3", "0:0 1/4:1 1/2:2 3/4:3"),
        ("0..3", "0:0 1/4:1 1/2:2 3/4:3"),
        ("0 .. 1 7", "0:0 1/4:1 1/2:7"),
        ("3 .. 0", "0:3 1/4:2 1/2:1 3/4:0"),
        ("-1 .. 1", "0:-1 1/3:0 2/3:1"),
        ("2 .. 2", "0:2"),
        ("0.5 .. 2", "0:0.5 1/2:1.5"),
        ("[0 .. 1]*2", "0:0 1/4:1 1/2:0 3/4:1"),
        ("[0 .. 1, 5]", "0:0 0:5 1/2:1"),
        ("a*[1 .. 2]", "0:a 1/2:a"),
        # Euclidean rhythms
        ("a(3,8)", "0:a 3/8:a 3/4:a"),
        ("a(3,8,2)", "1/8:a 1/2:a 3/4:a"),
        ("a(5,8)", "0:a 1/4:a 3/8:a 5/8:a 3/4:a"),
        ("a(-3,4)", "3/4:a"),
        ("[a b](1,2)", "0:a 1/4:b"),
        ("a(3,4)(1,2)", "0:a 1/8:a 1/4:a"),
        ("a({3 1}%2,4)", "0:a 1/4:a"),
        ("a([1 2],4) b", "0:a 1/4:a 1/2:b"),
        # Slices of a recording
        ("bell:2", "0:bell(first=1/4, last=3/8)"),
        ("bell:0 bell:7", "0:bell(last=1/8) 1/2:bell(first=7/8)"),
        ("bell:9 bell:-1", "0:bell(first=1/8, last=1/4) 1/2:bell(first=7/8)"),
        ("bell:2:16", "0:bell(first=1/8, last=3/16)"),
        ("bell:0:1", "0:bell"),
        ("bell:1:2(1,2)", "0:bell(first=1/2)"),
        ("bell:[0 1]:2", "0:bell(last=1/2) 1/2:bell(first=1/2)"),
        ("bell:0:[1 2]", "0:bell"),
        ("a?0", "0:a"),
        ("a?1 b?0", "1/2:b"),
        ("a?1", ""),
        ("[a|a]", "0:a"),
        ("a b | a b", "0:a 1/2:b"),
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
        ("<a b , c d e>", 3, "0:a 0:c 1:b 1:d 2:a 2:e"),
        ("<a@3 b>", 4, "0:a 3:b"),
        ("<a _ b>", 3, "0:a 2:b"),
        ("<a!2 b>", 3, "0:a 1:a 2:b"),
        ("<a b>!2 c", 2, "0:a 1/3:a 2/3:c 1:b 4/3:b 5/3:c"),
        ("<a b>*2", 1, "0:a 1/2:b"),
        ("<a b . c>", 2, "0:a 1/2:b 1:c"),
        ("<[a b] c>", 2, "0:a 1/2:b 1:c"),
        ("<0 .. 1 5>", 2, "0:0 1/2:1 1:5"),
        ("a/2", 4, "0:a 2:a"),
        ("[a b]/2 c", 2, "0:a 1/2:c 1:b 3/2:c"),
        ("[a b c]/1.5", 3, "0:a 1/2:b 1:c 3/2:a 2:b 5/2:c"),
        ("a*<1 2>", 2, "0:a 1:a 3/2:a"),
        ("a*<2 3>", 2, "0:a 1/2:a 1:a 4/3:a 5/3:a"),
        ("[a b]/<1 2>", 2, "0:a 1/2:b 1:b"),
        ("a*<2 ~>", 2, "0:a 1/2:a"),
        ("{a b c}%2", 3, "0:a 1/2:b 1:c 3/2:a 2:b 5/2:c"),
        ("{a b, c d e}", 2, "0:a 0:c 1/2:b 1/2:d 1:a 1:e 3/2:b 3/2:c"),
        ("{a b c}%1", 3, "0:a 1:b 2:c"),
        ("{a b c d}%<2 4>", 2, "0:a 1/2:b 1:a 5/4:b 3/2:c 7/4:d"),
        ("a(<1 2>,4)", 2, "0:a 1:a 3/2:a"),
        ("a(3,8,<0 2>)", 2, "0:a 3/8:a 3/4:a 9/8:a 3/2:a 7/4:a"),
        ("0 .. <1 2>", 2, "0:0 1/2:1 1:0 4/3:1 5/3:2"),
        ("bell:<0 4>:8", 2, "0:bell(last=1/8) 1:bell(first=1/2, last=5/8)"),
        ("bell:1:<2 4>", 2, "0:bell(first=1/2) 1:bell(first=1/4, last=1/2)"),
        ("<>", 2, ""),
    ],
)
def test_several_cycles(text: str, cycles: int, expected: str) -> None:
    assert line(text, cycles) == expected


def test_a_text_is_read_once() -> None:
    assert mini("a b c d") is mini("a b c d")


def test_numbers_are_numbers_and_names_are_names() -> None:
    assert [event.value for event in mini("3 c").query(0, 1)] == [3.0, "c"]
    assert mini("bell [choir, <drum ~>]").names() == {"bell", "choir", "drum"}


def test_slices_are_takes_and_names_are_not() -> None:
    first, second = mini("bell bell:<2 3>").query(0, 1)
    assert type(first.value) is str
    assert isinstance(second.value, Take)
    assert (second.value.name, second.value.first, second.value.last) == ("bell", Fraction(1, 4), Fraction(3, 8))
    assert mini("bell:<2 3>").names() == {Take("bell").part(0.25, 0.375), Take("bell").part(0.375, 0.5)}


# -- chance


def rhythm(text: str, cycles: int = 1, seed: int = 0) -> str:
    """Sixteen steps of each cycle: what begins there."""
    places = {event.part.begin: str(event.value)[0] for event in mini(text).query(0, cycles, Context(seed))}
    return "".join(places.get(Fraction(step, 16), ".") for step in range(16 * cycles))


def test_about_as_many_are_left_out_as_is_said() -> None:
    for odds in (0.1, 0.5, 0.9):
        left = rhythm(f"a*16?{odds}", 100).count("a") / 1600
        assert abs(left - (1 - odds)) < 0.05
    assert rhythm("a*16?", 10) == rhythm("a*16?0.5", 10)


def test_every_question_mark_has_a_chance_of_its_own() -> None:
    for text in ("[a*8? a*8?]", "[a*8?]!2", "a*8?!2", "[a*8? !]"):
        halves = [(found[:8], found[8:]) for found in (rhythm(text, 1, seed) for seed in range(30))]
        assert sum(first != second for first, second in halves) > 20


def test_what_is_left_out_depends_on_the_seed_alone() -> None:
    assert rhythm("a*16? , b*4", 4) == rhythm("a*16? , b*4", 4)
    assert rhythm("a*16?", 4, seed=1) != rhythm("a*16?", 4, seed=2)


def test_what_is_left_out_is_silent() -> None:
    times = (np.arange(64) + 0.5) / 16
    values = mini("1*16?").sample(times)
    assert "".join("." if np.isnan(value) else "1" for value in values) == rhythm("1*16?", 4)


def test_layers_that_are_left_out_at_once_are_silent_alone() -> None:
    pattern = mini("[1, 10 10]?")
    for cycle in range(20):
        events = pattern.query(cycle, cycle + 1)
        for at in (cycle + 0.25, cycle + 0.75):
            held = [event.value for event in events if event.part.begin <= at < event.part.end]
            expected = sum(value for value in held if isinstance(value, float)) if held else np.nan
            np.testing.assert_equal(pattern.sample([at]), [expected])


def test_one_of_several_is_chosen_in_each_cycle() -> None:
    chosen = [event.value for event in mini("a | b | c").query(0, 300)]
    assert len(chosen) == 300
    assert all(60 < chosen.count(name) < 140 for name in "abc")
    both = [(x.value, y.value) for x, y in zip(*(mini("[0|1] [0|1]").query(0, 200)[i::2] for i in (0, 1)), strict=True)]
    assert set(both) == {(x, y) for x in (0.0, 1.0) for y in (0.0, 1.0)}


def test_one_line_of_turns_and_of_a_meter_is_chosen() -> None:
    assert {line("<a b | c d>", 1)} <= {"0:a", "0:c"}
    for event in mini("<a b | c d>").query(0, 40):
        assert event.value in (("a", "c"), ("b", "d"))[int(event.part.begin) % 2]
    counts = {len(mini("{a b c | d}%3").query(cycle, cycle + 1)) for cycle in range(10)}
    assert counts == {3}


# -- variables


@pytest.fixture
def known() -> Iterator[None]:
    held: dict[str, object] = {
        "melody": "bell choir",
        "mellow": "bell",
        "three": 3,
        "half": 0.5,
        "again": "^melody ^mellow",
        "items": ["a", ["b", 2], "^melody"],
        "louder": mini("1 2") + 10,
        "wave": sine,
        "part": Take("bell", start=1.0),
        "odd": "a?*2",
        "itself": "a ^itself",
        "one": "^two",
        "two": "[^one]",
        "wrong": "bell [choir",
        "run": print,
        "many": "a*2000",
        "loop": [],
        "_hidden": 1,
        "melodic": object(),
    }
    held["loop"] = [held["loop"]]
    endless: list[object] = []
    endless.append(endless)
    held["endless"] = endless
    with variables(held):
        yield


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("^melody drum", "0:bell 1/4:choir 1/2:drum"),
        ("^melody*2", "0:bell 1/4:choir 1/2:bell 3/4:choir"),
        ("<^melody>", "0:bell 1/2:choir"),
        ("^again", "0:bell 1/4:choir 1/2:bell"),
        ("^items", "0:a 1/3:b 1/2:2 2/3:bell 5/6:choir"),
        ("^three", "0:3"),
        ("a*^three", "0:a 1/3:a 2/3:a"),
        ("a(^three,8)", "0:a 3/8:a 3/4:a"),
        ("{a b}%^three", "0:a 1/3:b 2/3:a"),
        ("0 .. ^three", "0:0 1/4:1 1/2:2 3/4:3"),
        ("bell:^three", "0:bell(first=3/8, last=1/2)"),
        ("^louder", "0:11 1/2:12"),
        ("^part", "0:bell(start=1.0)"),
        ("a b*^half", "0:a 1/2:b"),
    ],
)
def test_variables_stand_for_what_they_hold(text: str, expected: str) -> None:
    assert line(text) == expected


@pytest.mark.usefixtures("known")
def test_a_variable_may_move() -> None:
    np.testing.assert_allclose(mini("^wave").sample([0.1, 0.3]), sine.sample([0.1, 0.3]))
    assert mini("a*^wave").query(0, 1)


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize(
    ("text", "column", "problem"),
    [
        ("a ^meldy", 3, r"unknown name '\^meldy' \(did you mean \^melody\?\)"),
        ("^zzz", 1, "assign zzz first"),
        ("^_hiden", 1, "assign _hiden first"),
        ("a ^itself", 3, r"in \^itself \(column 3\): \^itself stands for itself"),
        ("^one", 1, r"\^one stands for itself"),
        ("a ^wrong", 3, r"in \^wrong \(column 6\): this \[ is never closed"),
        ("^run", 1, r"in \^run: it is builtin_function_or_method, and neither text nor a number nor a pattern"),
        ("^endless", 1, "it is list"),
        ("a*^melody", 3, "a number must stand here, not 'bell'"),
        ("^many*2", 6, "more than 2048 events"),
        ("[a ^many ^many]", 2, "more than 2048 events"),
        ("a ^", 3, r"a name must stand after \^"),
    ],
)
def test_wrong_variables_are_pointed_at(text: str, column: int, problem: str) -> None:
    with pytest.raises(LivevaeError, match=rf"^mini-notation: .*{problem}.* at column {column}\.\n"):
        mini(text)


def test_without_a_lookup_variables_are_unknown_and_may_be_given() -> None:
    with pytest.raises(LivevaeError, match="no variables are known here"):
        mini("^melody")
    assert mini("^x b", {"x": "a"}).query(0, 1) == mini("a b").query(0, 1)


def test_a_variable_that_changes_is_read_anew() -> None:
    names = {"x": "a"}
    with variables(names):
        before = mini("^x")
        names["x"] = "b"
        assert mini("^x").query(0, 1)[0].value == "b"
    assert before.query(0, 1)[0].value == "a"


def test_what_is_built_later_knows_the_variables_of_where_it_was_made() -> None:
    with variables({"x": "5"}):
        pattern = mini("1").every("<2 1>", lambda p: seq("^x", p))
    assert {event.value for event in pattern.query(0, 6)} == {1.0, 5.0}


# -- errors


@pytest.mark.parametrize(
    ("text", "column", "problem"),
    [
        ("a [b", 3, "this [ is never closed"),
        ("a [b <c]", 8, "a > must close the < before this ]"),
        ("<a b", 1, "this < is never closed"),
        ("{a b", 1, "this { is never closed"),
        ("a(3", 2, "this ( is never closed"),
        ("a ]", 3, "this ] closes nothing, there is no [ before it"),
        ("a b}", 4, "this } closes nothing"),
        ("[" * 40, 33, "deep"),
        ("a $ b", 3, "unexpected '$'"),
        ("a*", 3, "a number must stand after *"),
        ("a*b", 3, "a number must stand after *, not 'b'"),
        ("a * ~", 5, "a number must stand after *, not '~'"),
        ("a/ b", 4, "a number must stand after /, not 'b'"),
        ("a@ b", 4, "a number must stand after @, not 'b'"),
        ("a@<1 2>", 3, "a number must stand after @, not '<'"),
        ("{a}%", 5, "a number must stand after %"),
        ("0 .. ", 6, "a number must stand after .."),
        ("bell: choir", 7, "a number must stand after :, not 'choir'"),
        ("a*<b c>", 3, "a number must stand here, not 'b'"),
        ("a*[]", 3, "a number must stand here"),
        ("a .. c", 1, "a number must stand here, not 'a'"),
        (".. 3", 1, "a range goes from one number to another"),
        ("0 .. 3*2", 7, "put [ ] around the range first"),
        ("0!2 .. 3", 2, "put [ ] around the range first"),
        ("0 .. 9999", 1, "more than 2048 events"),
        ("a*-1", 2, "a factor must be 0 to 2048, not -1"),
        ("a*9999", 2, "a factor must be 0 to 2048, not 9999"),
        ("{a}%-1", 1, "a number of steps must be 0 to 2048, not -1"),
        ("{a}%9999", 1, "a number of steps"),
        ("* a", 1, "there is no step before *"),
        ("[*2]", 2, "there is no step before *"),
        ("a %4", 3, "% stands after a }"),
        ("808bd", 1, "'808bd' is neither a number nor a name"),
        ("1.2.3", 1, "'1.2.3' is neither a number nor a name"),
        ("1e999", 1, "1e999 is too large a number"),
        ("1%0", 1, "1%0 divides by zero"),
        ("! a", 1, "there is no step before '!'"),
        ("_", 1, "there is no step before '_'"),
        (". a", 1, "there is no step before '.'"),
        ("a . . b", 5, "there is no step before '.'"),
        ("a b .", 5, "there is no step after '.'"),
        ("a . _ b", 5, "there is no step before '_'"),
        ("a(3)", 4, "there is no number of steps"),
        ("a(3,8,1,2)", 8, "one number too many"),
        ("a(,8)", 3, "a number must stand after (, not ','"),
        ("a(9,8)", 2, "Euclidean"),
        ("a(3,b)", 5, "a number must stand here, not 'b'"),
        ("a(3.5,8)", 2, "Euclidean"),
        ("a@0 b", 2, "a step's length must be 0.001 to 1000, not 0"),
        ("a!0", 2, "a step can be there 1 to 2048 times, not 0"),
        ("a!999999", 2, "times"),
        ("a!1.5", 2, "after ! stands how often"),
        ("a?2", 2, "after ? stands how likely a step is left out, 0 to 1, not 2"),
        ("a, b | c", 6, "| and , do not mix"),
        ("a | b, c", 6, "| and , do not mix"),
        ("bell:1.5", 1, "counted in whole numbers, not 1.5"),
        ("bell:1:0", 1, "a number of parts must be 1 to 1024, not 0"),
        ("c#:1", 1, "'c#' cannot be the name of a recording"),
        ("[[a*1000]*1000]*1000", 10, "more than 2048 events"),
        ("{a*2000}%3", 2, "more than 2048 events"),
        ("a/0.0001", 2, "more than 2048 events"),
        ("<" * 20 + "a" + ">!2" * 20, 9, "more than 8192 steps"),
        ("a a,,b ]", 8, "this ] closes nothing"),
    ],
)
def test_errors_point_at_the_column(text: str, column: int, problem: str) -> None:
    with pytest.raises(LivevaeError) as caught:
        mini(text)
    message = str(caught.value)
    assert re.search(rf" at column {column}\.\n", message), message
    assert problem in message
    _, shown, arrow = message.split("\n")
    assert shown == "  " + text
    assert arrow.index("^") == column + 1


def test_errors_in_several_lines_show_theirs() -> None:
    with pytest.raises(LivevaeError, match=r"line 2, column 3\.\n  c ]\n    \^"):
        mini("a b\nc ]")


def test_only_text_is_read() -> None:
    with pytest.raises(LivevaeError, match="reads a text"):
        mini(3)  # type: ignore[arg-type]


# -- any text at all


def read(text: str) -> Pattern | None:
    """The pattern of a text, None where it is refused with a column that lies in it."""
    try:
        return mini(text, {"x": "a b", "y": 2})
    except LivevaeError as error:
        found = re.search(r" at (?:line (\d+), )?column (\d+)\.\n", str(error))
        assert found, f"an error without a column for {text!r}"
        row = text.split("\n")[int(found.group(1) or 1) - 1]
        assert 1 <= int(found.group(2)) <= len(row) + 1
        return None


def check_events(pattern: Pattern) -> None:
    """Events lie where they were asked for, are not more than may be, and agree with the samples."""
    for cycle in (0, 1):
        events = pattern.query(cycle, cycle + 1)
        assert len(events) <= MOST_EVENTS
        for event in events:
            assert cycle <= event.part.begin < event.part.end <= cycle + 1
            assert isinstance(event.value, float | str)
    sounding = pattern.resolve(lambda name: 1.0)
    events = sounding.query(0, 1)
    for at in (Fraction(1, 7), Fraction(5, 11)):
        held = [event.value for event in events if event.part.begin <= at < event.part.end]
        (value,) = sounding.sample([float(at)])
        assert bool(held) != bool(np.isnan(value))
        if len(held) == 1:
            assert value == held[0]


@settings(max_examples=400, deadline=None)
@given(st.text(alphabet="ab1 28.-~_!@*/<>[](){}%|?^xy,:#e\n", max_size=24))
def test_any_text_is_a_pattern_or_an_error_with_a_column(text: str) -> None:
    pattern = read(text)
    if pattern is not None:
        check_events(pattern)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=12))
def test_any_character_at_all_is_read_or_refused(text: str) -> None:
    read(text)


numbers = st.sampled_from(["0", "1", "2", "3", "-1", "0.5", "1%4", "1e1", "^y"])
factors = st.one_of(st.sampled_from(["2", "3", "1.5", "1%2", "^y"]), st.sampled_from(["<1 2>", "[2 3]", "{1 2 3}%2"]))
words = st.sampled_from(["a", "bell", "1", "-2.5", "~", "-", "bell:2", "bell:<0 3>:4", "^x", "0 .. 3", "2 .. <0 4>"])
changes = st.one_of(
    factors.map(lambda factor: f"*{factor}"),
    factors.map(lambda factor: f"/{factor}"),
    st.sampled_from(["(3,8)", "(<1 3>,8,2)", "(-1,4)", "!2", "@2", "@1.5", "?", "?0.3"]),
)


def groups(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Everything that can be written around texts that make sense."""
    row = st.lists(st.one_of(inner, st.sampled_from(["~", "a !", "a _", "a . b"])), min_size=1, max_size=3).map(
        " ".join
    )
    rows = st.tuples(st.sampled_from([", ", " | "]), st.lists(row, min_size=1, max_size=3)).map(
        lambda p: p[0].join(p[1])
    )
    return st.one_of(
        rows.map(lambda text: f"[{text}]"),
        rows.map(lambda text: f"<{text}>"),
        rows.map(lambda text: f"{{{text}}}"),
        st.tuples(rows, factors).map(lambda pair: f"{{{pair[0]}}}%{pair[1]}"),
        st.tuples(inner, changes).map(lambda pair: f"[{pair[0]}]{pair[1]}"),
    )


terms = st.recursive(words, groups, max_leaves=6)


@settings(max_examples=150, deadline=None)
@given(terms)
def test_what_the_grammar_allows_is_read(text: str) -> None:
    pattern = read(text)
    assert pattern is not None or "more than" in refusal(text)
    if pattern is not None:
        check_events(pattern)


def refusal(text: str) -> str:
    """Why a text is refused."""
    with pytest.raises(LivevaeError) as caught:
        mini(text, {"x": "a b", "y": 2})
    return str(caught.value)


plain = terms.filter(lambda text: "?" not in text and "|" not in text)


@settings(max_examples=80, deadline=None)
@given(plain, plain)
def test_steps_side_by_side_are_each_half_a_cycle(left: str, right: str) -> None:
    def squeezed(text: str, begin: Fraction) -> list[object]:
        return [(begin + e.part.begin / 2, begin + e.part.end / 2, e.value) for e in mini(f"[{text}]").query(0, 1)]

    with variables({"x": "a b", "y": 2}):
        try:
            both = mini(f"[{left}] [{right}]").query(0, 1)
        except LivevaeError:
            assume(False)
        assert [(e.part.begin, e.part.end, e.value) for e in both] == [
            *squeezed(left, Fraction(0)),
            *squeezed(right, Fraction(1, 2)),
        ]


@pytest.mark.parametrize(
    "text",
    [
        "a" + "*2/2" * 40,
        "a" + "?" * 100,
        "[" * 31 + "a, b" + "]?" * 31,
        "[" * 31 + "a b" + "]*<1 2>" * 31,
        "<" * 31 + "a b" + ">!2" * 31,
        "[[a?!2048 ~]!2 ]" * 4,
        "[<[]?!2000>]!2000",
        "a " * 9000,
        "{a b, c d e}%<3 4>" + " [a . b]" * 300,
        "a(1024,1024)(1,2)",
    ],
)
def test_no_text_takes_long_or_too_deep(text: str) -> None:
    pattern = read(text)
    if pattern is not None:
        check_events(pattern)


def test_deep_texts_that_are_read_are_played() -> None:
    text = "1"
    while read(f"[{text}, 2 3]*<1 2>?0.1") is not None:
        text = f"[{text}, 2 3]*<1 2>?0.1"
    assert text.count("[") >= 3
    deep = mini(text)
    assert deep.query(0, 1)
    assert deep.sample(np.arange(100) / 50).shape == (100,)
    chain = {f"n{index}": f"^n{index + 1}" for index in range(100)}
    with pytest.raises(LivevaeError, match="more than 32 deep"):
        mini("^n0", chain)
