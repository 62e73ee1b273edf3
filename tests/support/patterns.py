"""Random patterns, as the text that a performer would type: leaves, and ways to make patterns of patterns.

A text says what it is when a law fails, can be typed into another process, and shares nothing with the next one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
from hypothesis import strategies as st

import livevae.pattern
from livevae.latent import Trajectory
from livevae.pattern import Context, Fit, Pattern, Space, Take, pure, transformations

D = 3
CPS = 0.7
SPACE = Space.of([[0, -1, 2], [4, 1, 2.5], [1, 5, 3]])
CONTEXT = Context(seed=5, seconds=lambda cycles: cycles / CPS, space=SPACE)
# A prime number of times a cycle: never on the edge of an event, whose times are ratios of small numbers.
TIMES = (np.arange(-1600, 1600, 37) + 0.5) / 509


def _recording(name: str, seconds: float) -> Trajectory:
    rise = np.arange(int(seconds * 20))[:, None] / 20
    return Trajectory(np.concatenate([np.sin(rise * 3), rise, 1 - rise * 0.5], axis=1), 20, name)


RECORDINGS = {"bell": _recording("bell", 0.5), "choir": _recording("choir", 2.0)}
NUMBERS = {"low": 1.0, "high": 2.0}

NAMES: dict[str, Any] = {
    **transformations(),
    **{name: getattr(livevae.pattern, name) for name in livevae.pattern.__all__},
    "BELL": pure(RECORDINGS["bell"]),
    "D": D,
    "F": Fraction,
    "np": np,
}


def lookup(word: str) -> object:
    """What a name stands for here: a recording as its take says, or a number."""
    take = Take.of(word)
    if take.name in NUMBERS:
        return NUMBERS[take.name]
    found = take.apply(RECORDINGS[take.name])
    return Fit(found) if take.fit else found


def written(text: str) -> Pattern:
    """The pattern of a text, its names still names."""
    return livevae.pattern.reify(eval(text, dict(NAMES)))


def made(text: str) -> Pattern:
    """The pattern of a text, playable."""
    return written(text).resolve(lookup)


# -- mini-notation

_ATOMS = st.sampled_from(["0", "1", "2", "3", "-1.5", "0.25", "~"])
_WORDS = st.sampled_from(["low", "high", "bell", "choir", "bell:2", "bell:<0 3>", "~"])


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    row = st.lists(inner, min_size=1, max_size=3).map(" ".join)
    return st.one_of(
        row.map("[{}]".format),
        row.map("<{}>".format),
        st.tuples(row, st.sampled_from(["2", "3", "<2 3>"])).map(lambda x: f"{{{x[0]}}}%{x[1]}"),
        st.tuples(inner, st.sampled_from(["*2", "*<1 2>", "/2", "!2", "@2", " _", " .", "?", "(3,8)", "(<2 3>,5,1)"]))
        .filter(lambda x: x[0] != "~" or x[1][0] in "@! ")
        .map(lambda x: (f"[{x[0]}]" if " " in x[0] else x[0]) + x[1]),
        st.tuples(row, row).map(lambda x: f"[{x[0]} | {x[1]}]"),
    )


def _cleaned(text: str) -> str:
    # A dot ends a group, and so begins and ends no text.
    return re.sub(r" \.(?= *($|[|\]>}]))", "", text)


def notation(atoms: st.SearchStrategy[str] = _ATOMS) -> st.SearchStrategy[str]:
    """Mini-notation of which one event at a time is heard."""
    row = st.lists(st.recursive(atoms, _grown, max_leaves=4), min_size=1, max_size=4)
    return row.map(" ".join).map(_cleaned).filter(lambda text: text.strip(" _.") != "" and not text.startswith("_"))


# -- leaves

STEPS = [
    "silence",
    "pure(2)",
    "point(1, 2, 3)",
    "BELL",
    "seq(point(1, 0, 0), BELL)",
    "cat('choir', 1)",
    "run(4)",
    "scan('<2 3>')",
    "run('<4 2>')",
    "mean('<bell choir>')",
    "freeze('bell', 0.25)",
    "origin",
    "take('choir', start=0.5, speed=-2)",
    "take('bell', loop=True)",
]
MOVEMENTS = [
    "sine",
    "cosine",
    "saw",
    "isaw",
    "tri",
    "square",
    "pulse('<0.25 0.75>')",
    "rand",
    "perlin",
    "perlin(octaves='<1 3>')",
    "walk(0.5, (0, 1))",
    "brownian",
    "env([(0, 0), (0.25, 1), (1, 0)], curve=[2, 'smooth'])",
    "env([(0, 1), ('<1 2>', sine + 2)], once=True)",
    "line(0, 1, 3)",
    "adsr(0.1, 0.2, 0.5, '<0.1 0.3>')",
    "ramp(3)",
    "lfo(tri, 0.7)",
    "fade_in(2)",
    "fade_out(2)",
    "choose(1, 2, 3)",
    "wchoose((1, 3), (sine, 1))",
]
PLACES = [
    "perlin.dims(D)",
    "rand.dims(D, together=0.5)",
    "walk(dims=D, seed=3)",
    "brownian(dims=D)",
    "noise(0.3)",
    "jitter(0.2, '4 <3 6>')",
    "point(1, sine, '2 3')",
    "spline(point(1, 2, 3), 0, 5, closed=True)",
    "path((0, point(0, 1, 2)), (0.5, 1), (2, 'low'))",
    "bezier(point(1, 2, 3), sine, 0)",
    "(origin + orbit((0, 2), 2)).with_dims(D)",
    "spiral((0, 1), 2, '3 4').with_dims(D)",
    "dims({0: sine, 2: 'low 3'}).with_dims(D)",
    "dims([0, 1], '1 2', D)",
    "freeze('choir', at=sine)",
]
STEPPED = st.one_of(
    notation().map("mini({!r})".format), notation(_WORDS).map("mini({!r})".format), st.sampled_from(STEPS)
)
MOVING = st.sampled_from([*MOVEMENTS, "perlin.dims(D)", "walk(dims=D)", "noise(0.2)"])

# -- ways to make a pattern of patterns

TIMED = {
    "fast": "{p}.fast({k})",
    "slow": "{p}.slow({k})",
    "early": "{p}.early({s})",
    "late": "{p}.late({s})",
    "rev": "{p}.rev()",
    "euclid": "{p}.euclid({n}, 5, {w})",
    "ply": "{p}.ply({n})",
    "struct": "{p}.struct({t})",
    "mask": "{p}.mask({t})",
    "when": "{p}.when({t}, {h})",
    "when cycles": "{p}.when(lambda cycle: cycle % 3 == 1, {h})",
    "every": "{p}.every({n}, {h}, {w})",
    "iter": "{p}.iter({n})",
    "iter_back": "{p}.iter_back({n})",
    "palindrome": "{p}.palindrome()",
    "inside": "{p}.inside({n}, {h})",
    "outside": "{p}.outside({n}, {h})",
    "linger": "{p}.linger('<0.25 -0.5 1>')",
    "ribbon": "{p}.ribbon({w}, {n})",
    "compress": "{p}.compress(0.125, '0.75 1')",
    "fastgap": "{p}.fastgap({k})",
    "zoom": "{p}.zoom('<0 0.25>', 0.75)",
    "swing": "{p}.swing('<0.25 0.5>', {n})",
    "chop": "{p}.chop({n})",
    "striate": "{p}.striate({n})",
    "slice": "{p}.slice(4, {i})",
    "splice": "{p}.splice('<4 2>', {i})",
    "fit": "{p}.fit()",
    "loop_at": "{p}.loop_at({n})",
    "degrade": "{p}.degrade({a}, {e})",
    "degrade_by": "{p}.degrade_by({a}, {e})",
    "undegrade_by": "{p}.undegrade_by({a}, {e})",
    "some_cycles": "{p}.some_cycles({h}, {a}, {e})",
    "shuffle": "{p}.shuffle({n}, {e})",
    "scramble": "{p}.scramble({n}, {e})",
    "segment": "{p}.segment({n})",
    "always": "{p}.always({h})",
    "never": "{p}.never({h})",
    "seq": "seq({p}, {q})",
    "fastcat": "fastcat({p}, {q}, 1)",
    "cat": "cat({p}, {q}, {p})",
    "slowcat": "slowcat({q}, {p})",
    "timecat": "timecat((1, {p}), (2, {q}))",
    "arrange": "arrange((2, {p}), (F(3, 2), {q}))",
    "polymeter": "polymeter((3, {p}), steps={n})",
    "choose_cycles": "choose_cycles({p}, {q}, seed={e})",
    "randcat": "randcat({p}, {q})",
    "wchoose_cycles": "wchoose_cycles(({p}, 1), ({q}, 2))",
    "wrandcat": "wrandcat(({p}, 1), ({q}, 2), seed={e})",
    ">>": "({p} >> rev >> fast(2))",
}
"""Moved in time, or cut: as many at a time as before, one."""

OVERLAPPING = {
    "chunk_back": "{p}.chunk_back({n}, {h})",
    "chunk": "{p}.chunk({n}, {h})",
    "within": "{p}.within(0.25, 0.75, {h})",
    "sometimes_by": "{p}.sometimes_by({a}, {h}, {e})",
    "sometimes": "{p}.sometimes({h})",
    "often": "{p}.often({h}, seed={e})",
    "rarely": "{p}.rarely({h})",
    "almost_always": "{p}.almost_always({h})",
    "almost_never": "{p}.almost_never({h})",
}
"""In one row, where what begins last is heard."""

VALUED = {
    "every values": "{p}.every({n}, {f})",
    "when values": "{p}.when({t}, {f})",
    "inside values": "{p}.inside({n}, {f})",
    "some_cycles values": "{p}.some_cycles({f}, {a})",
    "+": "({p} + {q})",
    "-": "(1 - {p} - {q})",
    "*": "({p} * {x})",
    "/": "({p} / 4)",
    "%": "({p} % 1.5)",
    "**": "(abs({p}) ** 0.5)",
    "negative": "(-{p})",
    ">": "(({p} > 0.5) & ~({q} <= 1))",
    "<": "(({p} < {x}) | ({p} >= 1))",
    "eq": "{p}.eq(1)",
    "ne": "{p}.ne({q})",
    "add": "{p}.add({q})",
    "add.right": "{p}.add.right({q})",
    "sub.both": "{p}.sub.both({q})",
    "mul.squeeze": "{p}.mul.squeeze({q})",
    "add.restart": "{p}.add.restart({q})",
    "add.reset": "{p}.add.reset({q})",
    "div": "{p}.div(2)",
    "mod": "{p}.mod(2)",
    "pow": "{p}.abs().pow(1.5)",
    "keep": "{p}.keep.both({q})",
    "put": "{p}.put.right({q})",
    "floor": "{p}.floor()",
    "ceil": "{p}.ceil()",
    "round": "{p}.round(1)",
    "abs": "{p}.abs()",
    "sign": "{p}.sign()",
    "sqrt": "{p}.abs().sqrt()",
    "log": "({p}.abs() + 1).log()",
    "sin": "{p}.sin()",
    "cos": "{p}.cos()",
    "tanh": "{p}.tanh()",
    "at_least": "{p}.at_least({x})",
    "at_most": "{p}.at_most({x})",
    "clamp": "{p}.clamp(0, {x})",
    "fold": "{p}.fold(0, 1)",
    "wrap": "{p}.wrap(-1, 1)",
    "range": "{p}.range({x}, 2)",
    "rangex": "{p}.wrap(0, 1).rangex(1, 8)",
    "bipolar": "{p}.bipolar()",
    "exp": "{p}.wrap(0, 1).exp({x})",
    "quantize": "{p}.quantize(0.5)",
    "quantize scale": "{p}.quantize([0, 0.3, 1])",
    "fmap": "{p}.fmap(lambda x: x)",
    "lift": "lift(np.maximum, {p}, {q})",
    "lift_frames": "lift_frames(lambda x: x, {p})",
    "lerp": "lerp({p}, {q}, {x})",
    "mirror": "{p}.mirror(1, around=0)",
    "scale": "{p}.scale({{0: {x}, 2: 3}})",
    "unit": "{p}.unit()",
    "normalize": "{p}.normalize()",
    "clip": "{p}.clip({x})",
    "with_dims": "{p}.with_dims(D)",
}
"""New values at each moment."""

MIXED = {
    "cross": "cross({p}, {q}, {x})",
    "morph": "morph([{p}, 1, {q}], [{x}, 1, 2])",
    "stack": "stack({p}, {q})",
    "stack weights": "stack((0.5, {p}), ({x}, {q}))",
    "superimpose": "{p}.superimpose({f})",
    "off": "{p}.off({s}, {f})",
    "stutter": "{p}.stutter(3, 0.125)",
    "echo": "{p}.echo(3, 0.25, 0.5)",
    "echo_with": "{p}.echo_with(2, {s}, {f})",
    "polymeter layers": "polymeter((3, {p}), {q}, steps={n})",
    "glide": "{p}.glide(0.3)",
    "nudge": "{p}.nudge('<0.1 -0.2>')",
    "smooth": "{p}.smooth('<0.3 0.1>')",
    "slew": "{p}.slew(2, {n})",
    "hold": "{p}.hold({n})",
    "adsr of events": "({p} * seq({p}, 1).adsr(0.01, 0.1, 0.5, 0.2))",
    "slerp": "slerp({p}.with_dims(D), {q}, {x})",
    "swap_dims": "{p}.with_dims(D).swap_dims(0, '1 <2 0>')",
    "reverse_latents": "{p}.with_dims(D).reverse_latents()",
    "quantize_to": "{p}.with_dims(D).quantize_to('<bell choir>')",
    "dim": "({p}.with_dims(D) + dim(1, {x}))",
    "dims": "({p}.with_dims(D) + dims({{0: {x}, 2: sine}}))",
    "orbit": "({p}.with_dims(D) + orbit((0, 1), {x}).unit())",
    "spiral": "({p}.with_dims(D) + spiral((0, 2), 2, {n}))",
    "noise": "({p} + noise(0.5, seed={e}))",
    "jitter": "({p} + jitter(0.5, {n}))",
    "spline": "spline({p}, 1, {q})",
    "monotone": "spline({p}, 1, {q}, point(1, 2, 3), kind='monotone', closed=True)",
    "bezier": "bezier({p}, {x}, {q}, at={x})",
    "path": "path((0, {p}), (0.5, {q}), (2, 3))",
    "fade": "fade({s}, {p}, {q}, 2)",
    "choose": "({p} + choose({q}, {x}, seed={e}))",
    "chunk values": "{p}.chunk({n}, {f})",
    "sometimes values": "{p}.sometimes_by({a}, {f}, {e})",
    "wchoose": "({p} + wchoose(({q}, 1), ({x}, 3)))",
}
"""Made in any way."""

_MOVES = [
    "rev",
    "fast(2)",
    "late(0.25)",
    "fast('<1 2>') >> rev",
    "lambda p: p.every(2, rev)",
    "degrade",
    "ply(2)",
    "struct('t f t')",
    "zoom(0.25, 1) >> iter_back(3)",
]
_CHANGES = [
    *_MOVES,
    "lambda p: p + 1",
    "lambda p: p.ply(2) * 0.5",
    "lambda p: p + 'low high'",
]
ARGUMENTS: dict[str, list[str]] = {
    "k": ["2", "3", "1.5", "F(1, 3)", "0.5", "'<1 2>'", "'1 <2 3>'", "0", "'2 1'"],
    "n": ["1", "2", "3", "4", "'<2 3>'", "'2 <3 1>'"],
    "s": ["0.25", "F(1, 3)", "-0.5", "0.125", "1.5", "0"],
    "w": ["0", "1", "-1", "'<0 1>'"],
    "a": ["0", "1", "0.5", "'0.25 0.75'", "sine", "perlin"],
    "e": ["0", "1", "7"],
    "f": _CHANGES,
    "h": _MOVES,
    "t": ["'t f [t t] <t f>'", "'1 0 1'", "'t(3,8)'", "'t*3'", "'1 ~ <1 0>'"],
    "i": ["'0 2'", "'3 <1 -1>*2'", "run(4)"],
    "x": ["0.5", "sine", "'0.25 0.75'", "perlin.range(0, 2)", "'<0.5 1>'", "saw.slow(3)"],
}


def filled(way: str, pattern: str, other: Callable[[], str], fill: Callable[[list[str]], str]) -> str:
    """A way with all that it leaves open: another pattern, and arguments chosen by ``fill``."""

    def filling(found: re.Match[str]) -> str:
        sign = found.group(1)
        if sign is None:
            return found.group()[0]
        if sign == "p":
            return pattern
        return other() if sign == "q" else fill(ARGUMENTS[sign])

    return re.sub(r"\{(\w)\}|\{\{|\}\}", filling, way)


@st.composite
def texts(
    draw: st.DrawFn, ways: dict[str, str], leaves: st.SearchStrategy[str], most: int = 4, still: bool = False
) -> str:
    """The text of a pattern made of others in up to ``most`` ways; ``still`` ones have no movement in them."""

    def fill(choice: list[str]) -> str:
        return draw(st.sampled_from([text for text in choice if not (still and re.match("sine|saw|perlin", text))]))

    text = draw(leaves)
    for way in draw(st.lists(st.sampled_from(sorted(ways)), max_size=most)):
        text = filled(ways[way], text, lambda: draw(leaves), fill)
    return text


EVERY_WAY = {**TIMED, **OVERLAPPING, **VALUED, **MIXED}
LEAVES = st.one_of(STEPPED, st.sampled_from([*MOVEMENTS, *PLACES]))
rows = texts(TIMED, STEPPED)
"""One event at a time, held until the next."""
stepped = texts({**TIMED, **VALUED}, texts({**TIMED, **OVERLAPPING}, STEPPED, most=2, still=True), most=3, still=True)
"""Events, also of values that are made of several, also in one another's way."""
moving = texts({name: TIMED[name] for name in ("fast", "slow", "late", "rev", "cat", "mask", "iter")}, MOVING)
"""Patterns that have values and no events of their own."""
anything = texts(EVERY_WAY, LEAVES)
