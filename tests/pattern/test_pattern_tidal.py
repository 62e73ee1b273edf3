"""What the words and signs that livevae shares with TidalCycles give, event by event, in exact fractions.

Expected events are cycles between bars, `a ~ b _ | c`: as many equal steps as there are in each, `~` is silence, `_`
holds the step before it, layers stand between semicolons. Events that are no such steps are written one by one:
`0>2/3 a`, and where only a piece of one is heard, `0>1/2(0>1/3) a`.
"""

from __future__ import annotations

import re
from collections import Counter
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest

import livevae.pattern
from livevae.pattern import Event, Pattern, Span, euclid_steps, transformations

NAMES: dict[str, Any] = {
    **transformations(),
    **{name: getattr(livevae.pattern, name) for name in livevae.pattern.__all__},
    "F": Fraction,
}
Known = Counter[tuple[Span, Span, str]]

# -- mini-notation

NOTATION = [
    ("a", "a | a"),
    ("a b c", "a b c | a b c"),
    ("a b c d e", "a b c d e"),
    ("~ a", "~ a"),
    ("a ~ ~ b", "a ~ ~ b"),
    ("a [b c]", "a _ b c"),
    ("a [b c] [d e f]", "a _ _ _ _ _ b _ _ c _ _ d _ e _ f _"),
    ("[[a b] c] d", "a b c _ d _ _ _"),
    ("[a, b c]", "a; b c"),
    ("a b, c d e", "a b; c d e"),
    ("[a b, c] d", "a b d _; c _ ~ ~"),
    ("a*2", "a a"),
    ("a*2 b", "a a b _"),
    ("[a b]*2 c", "a b a b c _ _ _"),
    ("a*3 b*2", "a _ a _ a _ b _ _ b _ _"),
    ("a b/2", "0>1/2 a, 1/2>3/2(1/2>1) b, 1>3/2 a, 1>2(3/2>2) b"),
    ("[a b c]/3", "0>1 a, 1>2 b, 2>3 c"),
    ("[a b]/2 c", "a c | b c"),
    ("a/2 b", "0>1(0>1/2) a, 1/2>1 b, 1/2>3/2(1>3/2) a, 3/2>2 b"),
    ("a*1.5", "0>2/3 a, 2/3>4/3 a, 4/3>2 a"),
    ("a*2.5", "0>2/5 a, 2/5>4/5 a, 4/5>6/5 a, 6/5>8/5 a, 8/5>2 a"),
    ("[a b c]/1.5", "0>1/2 a, 1/2>1 b, 1>3/2 c, 3/2>2 a, 2>5/2 b, 5/2>3 c"),
    ("a*<1 2>", "a | a a | a"),
    ("a*<2 3> b", "a a b _ | a _ a _ a _ b _ _ _ _ _"),
    ("a b*[2 1]", "0>1/2 a, 1/2>3/4 b, 1/2>1(3/4>1) b"),
    ("a! b", "a a b"),
    ("a ! b", "a a b"),
    ("a ! ! b", "a a a b"),
    ("a!3 b", "a a a b"),
    ("a!2 b!3", "a a b b b"),
    ("[a b]!2 c", "a b a b c _"),
    ("a*2!2 b", "a a a a b _"),
    ("<a b>!2 c", "a a c | b b c"),
    ("a@3 b", "a _ _ b"),
    ("a@1.5 b", "0>3/5 a, 3/5>1 b"),
    ("a _ b", "a _ b"),
    ("a _ _ b _", "a _ _ b _"),
    ("a@2 [b c]@3", "0>2/5 a, 2/5>7/10 b, 7/10>1 c"),
    ("a*2@3 b", "a _ _ a _ _ b _"),
    ("a b . c d e", "a _ _ b _ _ c _ d _ e _"),
    ("a . b . c d", "a _ b _ c d"),
    ("<a b c>", "a | b | c | a"),
    ("<a b> c", "a c | b c"),
    ("<a b> <c d e>", "a c | b d | a e | b c | a d | b e"),
    ("<a [b c]>", "a | b c"),
    ("<a <b c>>", "a | b | a | c"),
    ("<a <b <c d>>>", "a | b | a | c | a | b | a | d"),
    ("<a b>*2", "a b | a b"),
    ("<a b c>*2", "a b | c a | b c"),
    ("<a b>/2", "0>2 a, 2>4 b"),
    ("<a!2 b>", "a | a | b"),
    ("<a@3 b>", "0>3 a, 3>4 b, 4>7 a, 7>8 b"),
    ("<a _ b>", "0>2 a, 2>3 b"),
    ("<a ~ b>", "a | ~ | b | a"),
    ("<a b , c d e>", "a; c | b; d | a; e | b; c"),
    ("<a*2 b> c", "a a c _ | b c"),
    ("{a b c, d e}", "a b c; d e d | a b c; e d e"),
    ("{a b c}%4", "a b c a | b c a b | c a b c"),
    ("{a b c d}%2", "a b | c d"),
    ("{a b}%3", "a b a | b a b"),
    ("{a [b c]}%3", "a _ b c a _ | b c a _ b c"),
    ("{a b c}%<2 3>", "a b | a b c | b c | a b c"),
    ("{~ a b}%4", "~ a b ~ | a b ~ a"),
    ("{a b, c d e}%2", "a b; c d | a b; e c"),
    ("0 .. 3", "0 1 2 3"),
    ("3 .. 0", "3 2 1 0"),
    ("0 .. 2 b", "0 1 2 b _ _"),
    ("0 .. <1 2>", "0 1 | 0 1 2"),
    ("a(3,8)", "a ~ ~ a ~ ~ a ~"),
    ("a(5,8)", "a ~ a a ~ a a ~"),
    ("a(3,8,2)", "~ a ~ ~ a ~ a ~"),
    ("a(3,8,-1)", "~ a ~ ~ a ~ ~ a"),
    ("a(-3,8)", "~ a a ~ a a ~ a"),
    ("a(0,4)", "~ | ~"),
    ("a(4,4)", "a a a a"),
    ("a(<3 5>,8)", "a ~ ~ a ~ ~ a ~ | a ~ a a ~ a a ~"),
    ("a(3,8,<0 2>)", "a ~ ~ a ~ ~ a ~ | ~ a ~ ~ a ~ a ~"),
    ("a(3,<4 8>)", "a a a ~ | a ~ ~ a ~ ~ a ~"),
    ("a(3,4) b", "a a a ~ b _ _ _"),
    ("[a b](3,4)", "a b a b a b ~ ~"),
    ("<a b>(3,4)", "a a a ~ | b b b ~"),
    ("a(3,8)/2", "a ~ ~ a | ~ ~ a ~"),
    ("a(<3 <5 1>>,8)", "a ~ ~ a ~ ~ a ~ | a ~ a a ~ a a ~ | a ~ ~ a ~ ~ a ~ | a ~ ~ ~ ~ ~ ~ ~"),
    ("a*4?1", "~"),
    ("a*4?0", "a a a a"),
]

# -- words

WORDS = [
    # order of cycles
    ('cat("a", "b c")', "a | b c | a"),
    ('cat("<a b>", "c")', "a | c | b | c"),
    ('seq("a", "b c")', "a _ b c"),
    ('seq("<a b>", "c")', "a c | b c"),
    ('fastcat("a", "b", "c")', "a b c"),
    ('slowcat("a*2", "b")', "a a | b"),
    ('stack("a b", "c d e")', "a b; c d e"),
    ('timecat((1, "a*4"), (1, "b*2"))', "a a a a b _ b _"),
    ('timecat((3, "a*3"), (1, "b"))', "a a a b"),
    ('timecat((1, "a"), (2, "b"), (1, "c"))', "a b _ c"),
    ('arrange((2, "a"), (1, "b c"))', "a | a | b c | a"),
    ('arrange((1, "<a b c>"), (2, "<d e>"))', "a | d | e | b | d | e"),
    ('polymeter("a b c", "d e")', "a b c; d e d | a b c; e d e"),
    ('polymeter("a b c", steps=4)', "a b c a | b c a b"),
    ('polymeter("a b", "c d e", steps=2)', "a b; c d | a b; e c"),
    ('mini("<a b c>").palindrome()', "a | a | b | b | c | c"),
    ('mini("a b c").palindrome()', "a b c | c b a | a b c"),
    # speed and place in time
    ('mini("a b").fast(2)', "a b a b"),
    ('mini("a b").fast(1.5)', "a b a | b a b"),
    ('mini("a b").fast("<1 2>")', "a b | a b a b | a b"),
    ('mini("a b").fast("2 1")', "a b b _"),
    ('mini("a b").slow(2)', "a | b | a"),
    ('mini("a b c").slow(1.5)', "a b | c a | b c"),
    ('mini("a b c d").early(0.25)', "b c d a | b c d a"),
    ('mini("a b c d").late(0.25)', "d a b c | d a b c"),
    ('mini("<a b c>").early(1)', "b | c | a"),
    ('mini("a ~ b ~").late("0 0.25")', "a ~ ~ b"),
    ('mini("a b c").rev()', "c b a | c b a"),
    ('mini("a [b c]").rev()', "c b a _"),
    ('mini("a@3 b").rev()', "b a _ _"),
    ('mini("<a b> c").rev()', "c a | c b"),
    ('mini("a b c d").inside(2, rev)', "b a d c"),
    ('mini("0 .. 7").inside(2, rev)', "3 2 1 0 7 6 5 4"),
    ('mini("<a b c d>").outside(4, rev)', "d | c | b | a"),
    ('mini("<a b> c").outside(2, rev)', "c b | c a"),
    # changes in some cycles
    ('mini("a b c").every(3, rev)', "c b a | a b c | a b c | c b a"),
    ('mini("a b").every(2, fast(2))', "a b a b | a b | a b a b"),
    ('mini("a b c").every(3, rev, 1)', "a b c | c b a | a b c | a b c | c b a"),
    ('mini("a b").every(1, rev)', "b a | b a"),
    ('mini("a b").every("<2 3>", rev)', "b a | a b | b a | b a | b a"),
    ('mini("a b").when(lambda cycle: cycle % 2 == 1, rev)', "a b | b a | a b"),
    ('mini("a b c d").when("f t", rev)', "a b b a"),
    ('mini("a b").when("<f t>", rev)', "a b | b a"),
    ('mini("a b c d").iter(4)', "a b c d | b c d a | c d a b | d a b c | a b c d"),
    ('mini("a b c d").iter(2)', "a b c d | c d a b | a b c d"),
    ('mini("a b c").iter(3)', "a b c | b c a | c a b"),
    ('mini("a b c d").iter_back(4)', "a b c d | d a b c | c d a b | b c d a"),
    ('mini("1 2 3 4").chunk(4, lambda p: p * 10)', "10 2 3 4 | 1 20 3 4 | 1 2 30 4 | 1 2 3 40 | 10 2 3 4"),
    ('mini("1 2 3 4").chunk(2, lambda p: p + 4)', "5 6 3 4 | 1 2 7 8 | 5 6 3 4"),
    ('mini("1 2 3 4").chunk_back(4, lambda p: p * 10)', "1 2 3 40 | 1 2 30 4 | 1 20 3 4 | 10 2 3 4"),
    # changes in a part of the cycle
    ('mini("a b c d").within(0, 0.5, fast(2))', "a b c d c _ d _"),
    ('mini("a b c d").within(0.5, 1, fast(2))', "a _ b _ a b c d"),
    ('mini("1 2 3 4").within(0.25, 0.75, lambda p: p + 10)', "1 12 13 4"),
    ('mini("a b c d").linger(0.25)', "a a a a"),
    ('mini("a b c d").linger(0.5)', "a b a b"),
    ('mini("a b c d").linger(-0.25)', "d d d d"),
    ('mini("a b c d").linger("<0.25 0.5 1>")', "a a a a | a b a b | a b c d"),
    ('mini("<a b> c d e").linger(0.25)', "a a a a | b b b b"),
    ('mini("a b c d").zoom(0.25, 0.75)', "b c | b c"),
    ('mini("a b c d").zoom(0, 0.75)', "a b c"),
    ('mini("<a b> c").zoom(0, 0.5)', "a | b"),
    ('mini("a b").compress(0.25, 0.75)', "~ a b ~ | ~ a b ~"),
    ('mini("a b").compress(0, 0.5)', "a b ~ ~"),
    ('mini("<a b>").compress(0.5, 1)', "~ a | ~ b"),
    ('mini("a b").fastgap(2)', "a b ~ ~ | a b ~ ~"),
    ('mini("<a b> c").fastgap(3)', "a c ~ ~ ~ ~ | b c ~ ~ ~ ~"),
    ('mini("<a b c d>").ribbon(1, 2)', "b | c | b | c"),
    ('mini("a b c d").ribbon(0.25, 0.5)', "b c b c"),
    ('mini("a*8").swing(F(1, 3), 4)', "a _ a a _ a a _ a a _ a"),
    ('mini("a b c d").swing(0.5, 2)', "a _ _ b c _ _ d"),
    # events repeated and layered
    ('mini("a b c").ply(3)', "a a a b b b c c c"),
    ('mini("a [b c]").ply(2)', "a _ a _ b b c c"),
    ('mini("a b").ply("<2 3>")', "a a b b | a a a b b b"),
    ('mini("a b").ply("2 3")', "a _ _ a _ _ b _ b _ b _"),
    ('mini("1 2").superimpose(fast(2))', "1 2; 1 2 1 2"),
    ('mini("1 ~ ~ ~").off(0.25, lambda p: p + 10)', "1 11 ~ ~"),
    ('mini("1 2").off(0.5, lambda p: p * 3)', "1 2; 6 3"),
    ('mini("1 ~ ~ ~").off("<0.25 0.5>", lambda p: p + 1)', "1 2 ~ ~ | 1 ~ 2 ~"),
    ('mini("a ~").stutter(2, 0.25)', "0>1/2 a, 1/4>3/4 a"),
    ('mini("a ~ ~ ~").stutter(4, 0.25)', "a a a a"),
    ('mini("8 ~ ~ ~").echo(3, 0.25, 0.5)', "8 4 2 ~"),
    ('mini("1 ~ ~ ~").echo_with(4, 0.25, lambda p: p + 2)', "1 3 5 7"),
    ('mini("a").euclid(3, 8)', "a ~ ~ a ~ ~ a ~"),
    ('mini("a").euclid(3, 8, 2)', "~ a ~ ~ a ~ a ~"),
    ('mini("a").euclid(-3, 8)', "~ a a ~ a a ~ a"),
    ('mini("<a b>").euclid("<3 5>", 8)', "a ~ ~ a ~ ~ a ~ | b ~ b b ~ b b ~"),
    # the structure of another pattern
    ('mini("a").struct("t f t t")', "a ~ a a"),
    ('mini("a b").struct("t t t t")', "a a b b"),
    ('mini("a b").struct("t(3,8)")', "0>1/8 a, 3/8>1/2 a, 3/4>7/8 b"),
    ('mini("<a b>").struct("t [f t]")', "a _ ~ a | b _ ~ b"),
    ('mini("a*2").struct("t*3")', "0>1/3 a, 1/3>2/3(1/3>1/2) a, 1/3>2/3(1/2>2/3) a, 2/3>1 a"),
    ('mini("a b c d").mask("1 0 1 1")', "a ~ c d"),
    ('mini("a*4").mask("1 [0 1]")', "a a ~ a"),
    ('mini("a b").mask("<1 0>")', "a b | ~"),
    ('mini("a").mask("1 0")', "0>1(0>1/2) a"),
    ('mini("a b").mask("1 [1 0]")', "0>1/2 a, 1/2>1(1/2>3/4) b"),
    ("saw.segment(4)", "0 0.25 0.5 0.75"),
    ("saw.range(1, 5).segment(4)", "1 2 3 4"),
    ("saw.slow(2).segment(2)", "0 0.25 | 0.5 0.75"),
    ('mini("a b").segment(4)', "a a b b"),
    ('saw.segment("<2 4>")', "0 0.5 | 0 0.25 0.5 0.75"),
    ("square.segment(4)", "0 0 1 1"),
    ("isaw.segment(4)", "1 0.75 0.5 0.25"),
    ("tri.segment(4)", "0 0.5 1 0.5"),
    ("saw.struct('t t')", "0 0.5"),
    # numbers
    ("run(4)", "0 1 2 3"),
    ('run("<4 2>")', "0 1 2 3 | 0 1"),
    ("scan(4)", "0 | 0 1 | 0 1 2 | 0 1 2 3 | 0"),
    ('mini("0 0.5").range(1, 5)', "1 3"),
    ('mini("1 2 3") + 10', "11 12 13"),
    ('mini("1 2") * "<1 10>"', "1 2 | 10 20"),
    # whose events an operator has
    ('mini("1 2") + "10 20 30"', "0>1/2(0>1/3) 11, 0>1/2(1/3>1/2) 21, 1/2>1(1/2>2/3) 22, 1/2>1(2/3>1) 32"),
    ('mini("1 2").add("10")', "11 12"),
    ('mini("1").add.left("10 20")', "0>1(0>1/2) 11, 0>1(1/2>1) 21"),
    ('mini("1").add.right("10 20")', "11 21"),
    ('mini("1 2").add.right("10 20 30")', "0>1/3 11, 1/3>2/3(1/3>1/2) 21, 1/3>2/3(1/2>2/3) 22, 2/3>1 32"),
    ('mini("1 2").add.both("10 20 30")', "0>1/3 11, 1/3>1/2 21, 1/2>2/3 22, 2/3>1 32"),
    ('mini("1 2").add.squeeze("10 20 30")', "11 21 31 12 22 32"),
    ('mini("1 [2 3]").add.squeeze("10 20")', "11 _ 21 _ 12 22 13 23"),
    ('mini("1 2").add.squeeze("<10 20>")', "11 12 | 21 22"),
    ('mini("1 2").add.restart("10 20")', "11 12"),
    ('mini("1 2 3 4").add.restart("10 [20 30]")', "11 12 13 14"),
    ('mini("1 2").add.restart("<10 20> 30")', "11 12 | 11 12"),
    ('mini("1 2").add.reset("<10 20> 30")', "11 12 | 21 22"),
    ('mini("1 2").mul.both("10")', "10 20"),
    ('mini("1 2").sub.right("1 1 1 1")', "0 0 1 1"),
    ('mini("a b").keep.squeeze("1 1")', "a a b b"),
    ('mini("1 1").put.squeeze("a b")', "a b a b"),
    ('mini("a b").keep.right("1 ~ 1 1")', "a ~ b b"),
    # recordings in slices
    ('mini("a").chop(2)', "a(last=1/2) a(first=1/2)"),
    ('mini("a b").chop(2)', "a(last=1/2) a(first=1/2) b(last=1/2) b(first=1/2)"),
    ('mini("a [b c]").chop(2)', "a(last=1/2) _ a(first=1/2) _ b(last=1/2) b(first=1/2) c(last=1/2) c(first=1/2)"),
    (
        'mini("a").chop("<2 4>")',
        "a(last=1/2) a(first=1/2) | a(last=1/4) a(first=1/4,last=1/2) a(first=1/2,last=3/4) a(first=3/4)",
    ),
    ('mini("a b").striate(2)', "a(last=1/2) b(last=1/2) a(first=1/2) b(first=1/2)"),
    ('mini("<a b>").striate(2)', "a(last=1/2) a(first=1/2) | b(last=1/2) b(first=1/2)"),
    ('mini("a").slice(4, "0 2")', "a(last=1/4) a(first=1/2,last=3/4)"),
    ('mini("a").slice(2, "1*2 0")', "a(first=1/2) a(first=1/2) a(last=1/2) _"),
    ('mini("a").slice("<2 4>", "0 1")', "a(last=1/2) a(first=1/2) | a(last=1/4) a(first=1/4,last=1/2)"),
    ('mini("a").splice(2, "1 0")', "a(first=1/2,fit=True) a(last=1/2,fit=True)"),
    ('mini("a").loop_at(2)', "0>2 a(fit=True), 2>4 a(fit=True)"),
    (
        'mini("a").loop_at(2).chop(4)',
        "a(last=1/4,fit=True) a(first=1/4,last=1/2,fit=True) | a(first=1/2,last=3/4,fit=True) a(first=3/4,fit=True)",
    ),
    ('mini("a:0 a:7")', "a(last=1/8) a(first=7/8)"),
    # chance at its ends
    ('mini("a b c d").degrade_by(0)', "a b c d"),
    ('mini("a b c d").degrade_by(1)', "~"),
    ('mini("a b c d").undegrade_by(0)', "~"),
    ('mini("a b c d").undegrade_by(1)', "a b c d"),
    ('mini("a b c d").degrade_by("0 1")', "a b ~ ~"),
    ('mini("1 2").sometimes_by(1, lambda p: p + 1)', "2 3"),
    ('mini("1 2").sometimes_by(0, lambda p: p + 1)', "1 2"),
    ('mini("1 2").always(lambda p: p + 1)', "2 3"),
    ('mini("1 2").never(lambda p: p + 1)', "1 2"),
    ('mini("1 2").some_cycles(rev, 1)', "2 1 | 2 1"),
    ('wchoose_cycles(("a", 1), ("b", 0))', "a | a | a"),
    ('mini("a").shuffle(1)', "a | a"),
]


def expected(text: str) -> tuple[Known, int]:
    """The events that a text describes, and the number of cycles."""
    if ">" not in text:
        found: Known = Counter()
        cycles = text.split("|")
        for cycle, layers in enumerate(cycles):
            for layer in layers.split(";"):
                found += steps(cycle, layer.split())
        return found, len(cycles)
    events: Known = Counter()
    for item in text.split(", "):
        matched = re.fullmatch(r"([\d/]+)>([\d/]+)(?:\(([\d/]+)>([\d/]+)\))? (\S+)", item)
        assert matched, item
        begin, end, *piece, value = matched.groups()
        whole = Span(Fraction(begin), Fraction(end))
        part = whole if piece[0] is None else Span(Fraction(piece[0]), Fraction(piece[1]))
        for cut in part.cycles():
            events[whole, cut, value] += 1
    return events, max(int(-(-part.end // 1)) for _, part, _ in events)


def steps(cycle: int, tokens: list[str]) -> Known:
    """Equal steps of one cycle."""
    begins = [index for index, token in enumerate(tokens) if token != "_"]
    found: Known = Counter()
    for first, last in pairwise([*begins, len(tokens)]):
        span = Span(cycle + Fraction(first, len(tokens)), cycle + Fraction(last, len(tokens)))
        if tokens[first] != "~":
            found[span, span, tokens[first]] += 1
    return found


def heard(pattern: Pattern, cycles: int) -> Known:
    """The events of a pattern, cut at whole cycles."""

    def value(event: Event) -> str:
        return f"{event.value:g}" if isinstance(event.value, float) else str(event.value).replace(", ", ",")

    return Counter((e.extent, part, value(e)) for e in pattern.query(0, cycles) for part in e.part.cycles())


@pytest.mark.parametrize(("text", "events"), NOTATION)
def test_mini_notation_means_what_it_means_in_tidal(text: str, events: str) -> None:
    known, cycles = expected(events)
    assert heard(livevae.pattern.mini(text), cycles) == known


@pytest.mark.parametrize(("text", "events"), WORDS)
def test_words_mean_what_they_mean_in_tidal(text: str, events: str) -> None:
    known, cycles = expected(events)
    assert heard(eval(text, dict(NAMES)), cycles) == known


# The rhythms of Godfried Toussaint's list (2005), turned as Tidal turns them: with one silence it comes at the end.
RHYTHMS = {
    (1, 2): "x.",
    (1, 3): "x..",
    (1, 4): "x...",
    (2, 3): "xx.",
    (2, 5): "x.x..",
    (3, 4): "xxx.",
    (3, 5): "x.x.x",
    (3, 7): "x.x.x..",
    (3, 8): "x..x..x.",
    (4, 7): "x.x.x.x",
    (4, 9): "x.x.x.x..",
    (4, 11): "x..x..x..x.",
    (4, 12): "x..x..x..x..",
    (4, 16): "x...x...x...x...",
    (5, 6): "xxxxx.",
    (5, 7): "x.xx.xx",
    (5, 8): "x.xx.xx.",
    (5, 9): "x.x.x.x.x",
    (5, 11): "x.x.x.x.x..",
    (5, 12): "x..x.x..x.x.",
    (5, 16): "x..x..x..x..x...",
    (6, 8): "x.xxx.xx",
    (7, 8): "xxxxxxx.",
    (7, 12): "x.xx.x.xx.x.",
    (7, 16): "x..x.x.x..x.x.x.",
    (9, 16): "x.xx.x.x.xx.x.x.",
    (11, 24): "x..x.x.x.x.x..x.x.x.x.x.",
    (13, 24): "x.xx.x.x.x.x.xx.x.x.x.x.",
}


def drawn(steps: list[bool]) -> str:
    return "".join("x" if on else "." for on in steps)


@pytest.mark.parametrize(("rhythm", "steps"), RHYTHMS.items())
def test_euclidean_rhythms_are_those_of_the_list(rhythm: tuple[int, int], steps: str) -> None:
    k, n = rhythm
    assert drawn(euclid_steps(k, n)) == steps
    for turn in range(-n, 2 * n):
        assert drawn(euclid_steps(k, n, turn)) == steps[turn % n :] + steps[: turn % n]
    assert drawn(euclid_steps(-k, n)) == steps.translate(str.maketrans("x.", ".x"))
    assert (
        heard(livevae.pattern.pure("a").euclid(k, n), 1)
        == expected(" ".join("a" if on == "x" else "~" for on in steps))[0]
    )


@pytest.mark.parametrize("n", range(1, 17))
def test_beats_lie_as_evenly_as_they_go(n: int) -> None:
    for k in range(n + 1):
        found = euclid_steps(k, n)
        assert len(found) == n
        assert sum(found) == k
        onsets = [index for index, on in enumerate(found) if on]
        gaps = [b - a for a, b in pairwise([*onsets, *(onset + n for onset in onsets[:1])])]
        assert k == 0 or (found[0] and max(gaps) - min(gaps) <= 1)
        # The same necklace as a line drawn on a grid, one beat where it passes into the next row.
        line = drawn([(index * k) % n < k for index in range(n)])
        assert drawn(found) in line + line


@pytest.mark.parametrize("text", ["a*8?", "a b?0.3 c? d", "[a b]*4?0.9", "<a b>*4?"])
def test_a_question_mark_leaves_out_whole_events(text: str) -> None:
    everything = heard(livevae.pattern.mini(re.sub(r"\?[\d.]*", "", text)), 32)
    found = heard(livevae.pattern.mini(text), 32)
    assert found < everything
    assert found


def test_a_bar_chooses_one_for_each_cycle() -> None:
    cycles = [heard(livevae.pattern.mini("[a | b c | ~ d]").early(cycle), 1) for cycle in range(32)]
    choices = [expected(text)[0] for text in ("a", "b c", "~ d")]
    assert all(cycle in choices for cycle in cycles)
    assert all(choice in cycles for choice in choices)


@pytest.mark.parametrize("n", [2, 3, 4])
def test_shuffle_plays_every_part_once_and_scramble_any_of_them(n: int) -> None:
    row = livevae.pattern.run(n)
    for cycle in range(12):
        shuffled = [e.value for e in sorted(row.shuffle(n).query(cycle, cycle + 1), key=lambda e: e.part.begin)]
        assert sorted(shuffled) == list(range(n))
        scrambled = row.scramble(n).query(cycle, cycle + 1)
        assert {e.value for e in scrambled} <= set(range(n))
        assert {e.part for e in scrambled} == {e.part for e in row.query(cycle, cycle + 1)}


@pytest.mark.parametrize("amount", [0.1, 0.5, 0.8])
def test_what_is_dropped_and_what_is_kept_are_everything(amount: float) -> None:
    row = livevae.pattern.run(8)
    kept, dropped = heard(row.degrade_by(amount), 16), heard(row.undegrade_by(amount), 16)
    assert kept + dropped == heard(row, 16)
    assert abs(sum(kept.values()) / 128 - (1 - amount)) < 0.15
