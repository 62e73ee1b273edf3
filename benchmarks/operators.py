"""What every operator costs: the share of one core for a voice of 128 dimensions, printed as JSON.

    python -m benchmarks.operators [--seconds 8] [--only fast,every]

One expression for each word of the language and each method of patterns, and chains of ten operators, stacked, at 375
frames a second in blocks of 19. `share` is that of a core, `overhead` what the operator adds to the pattern that it is
given; `first_block_ms` is the block in which a pattern is heard for the first time, `slowest_block_ms` the slowest of
those after it (a block lasts 51 ms, and is made a second ahead). Times are of the processor, as in `patterns.py`.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

import livevae.pattern
from benchmarks.patterns import CONTEXT, DIMS
from livevae.latent import Trajectory, moves
from livevae.pattern import Context, Fit, Pattern, Space, Take, reify, transformations

FRAMES_PER_SECOND, BLOCK = 375, 19
GOAL = 0.02


def _recording(name: str, seed: int) -> Trajectory:
    return Trajectory(np.random.default_rng(seed).standard_normal((140, DIMS)), 46.875, name)


RECORDINGS = {name: _recording(name, seed) for seed, name in enumerate(("bell", "choir", "drum"))}
SPACE = Space.of(np.concatenate([recording.frames for recording in RECORDINGS.values()]))
WHERE = Context(CONTEXT.seed, CONTEXT.seconds, False, SPACE)
NAMES: dict[str, Any] = {
    **transformations(),
    **{name: getattr(livevae.pattern, name) for name in livevae.pattern.__all__},
    **{name: value for name, value in vars(moves).items() if callable(value) and name in livevae.pattern.__all__},
    "np": np,
}

SOURCES = {
    "r": "mini('bell choir <drum bell> choir:2')",  # a row of recordings
    "w": "perlin.dims(128)",  # a movement of every dimension
    "n": "mini('0.1 0.5 <0.2 1> 2*2')",  # a row of numbers
    "m": "sine.slow(4)",  # one movement
}
"""What operators are given: `{r}` and so on in the expressions."""

WORDS = {
    "adsr": "adsr(0.1, 0.2, 0.5, '0.3')",
    "arrange": "arrange((2, {r}), (1, 'bell drum'))",
    "bezier": "bezier({r}, 'choir', 'drum', at=tri)",
    "brownian": "brownian(0.2, dims=128)",
    "cat": "cat({r}, 'bell')",
    "choose": "choose('bell', 'choir')",
    "choose_cycles": "choose_cycles({r}, 'bell')",
    "cosine": "cosine.slow(3)",
    "cross": "cross({r}, 'choir', {m})",
    "dim": "{r} + dim(3, saw)",
    "dims": "{r} + dims({0: sine, 3: perlin})",
    "env": "env([(0, 0), (0.25, 1), (1, 0)], curve=[2, 'smooth'])",
    "fade": "fade(1, {r}, {w}, 4)",
    "fade_in": "{r} * fade_in(4)",
    "fade_out": "{r} * fade_out(4)",
    "fastcat": "fastcat({r}, 'bell')",
    "freeze": "freeze('bell', at=sine)",
    "isaw": "isaw.slow(3)",
    "jitter": "{r} + jitter(0.2, '8 16')",
    "lerp": "lerp({r}, 'choir', {m})",
    "lfo": "lfo(tri, '0.2 0.3')",
    "lift": "lift(np.maximum, {w}, {m})",
    "lift_frames": "lift_frames(np.negative, {w})",
    "line": "line(0, 1, 8)",
    "mean": "mean('<bell choir>')",
    "mini": "mini('[bell | choir] drum(<3 5>,8) {bell choir drum}%4 <choir [bell? drum]>')",
    "morph": "morph([{r}, 'choir', 'drum'], [{m}, 1, 2])",
    "noise": "{r} + noise(0.2)",
    "orbit": "{r} + orbit((0, 1), 0.5).unit()",
    "origin": "origin.unit()",
    "path": "path((0, {r}), (1, 'choir'), (3, 'drum'))",
    "perlin": "perlin(octaves=3).dims(128)",
    "point": "point(*[sine.slow(k + 1) for k in range(128)])",
    "polymeter": "polymeter({r}, 'bell choir drum')",
    "pulse": "pulse('<0.25 0.75>')",
    "pure": "pure(np.ones(128))",
    "ramp": "ramp(4)",
    "rand": "rand.dims(128)",
    "randcat": "randcat({r}, 'bell')",
    "run": "run('<4 8>')",
    "saw": "saw.slow(3)",
    "scan": "scan(8)",
    "seq": "seq({r}, 'bell')",
    "silence": "stack({r}, silence)",
    "sine": "sine.slow(3)",
    "slerp": "slerp({r}, 'choir', {m})",
    "slowcat": "slowcat({r}, 'bell')",
    "spiral": "{r} + spiral((0, 1), 2, '3 4')",
    "spline": "spline({r}, 'bell', 'choir', 'drum', closed=True)",
    "square": "square.slow(3)",
    "stack": "stack({r}, (0.5, {w}))",
    "take": "take('bell', speed=-2)",
    "timecat": "timecat((1, {r}), (2, 'bell'))",
    "tri": "tri.slow(3)",
    "walk": "walk(0.5, dims=128)",
    "wchoose": "wchoose(('bell', 1), ('choir', 2))",
    "wchoose_cycles": "wchoose_cycles(({r}, 1), ('bell', 2))",
    "wrandcat": "wrandcat(({r}, 1), ('bell', 2))",
}
"""One expression for each word that makes a pattern."""

METHODS = {
    "abs": "{w}.abs()",
    "add": "{r}.add.both({n})",
    "adsr": "{r} * {r}.adsr(0.01, 0.1, 0.5, 0.2)",
    "almost_always": "{r}.almost_always(rev)",
    "almost_never": "{r}.almost_never(rev)",
    "always": "{r}.always(rev)",
    "at_least": "{w}.at_least({m})",
    "at_most": "{w}.at_most({m})",
    "bipolar": "{w}.bipolar()",
    "ceil": "{w}.ceil()",
    "chop": "{r}.chop('<2 4>')",
    "chunk": "{r}.chunk(4, fast(2))",
    "chunk_back": "{r}.chunk_back(4, fast(2))",
    "clamp": "{w}.clamp(0, {m})",
    "clip": "{w}.clip({m})",
    "compress": "{r}.compress('<0 0.25>', 0.75)",
    "cos": "{w}.cos()",
    "degrade": "{r}.degrade()",
    "degrade_by": "{r}.degrade_by({m})",
    "div": "{w}.div({n})",
    "early": "{r}.early('<0 0.25>')",
    "echo": "{r}.echo(3, 0.125)",
    "echo_with": "{r}.echo_with(3, 0.125, lambda p: p * 0.5)",
    "eq": "{n}.eq(0.5)",
    "euclid": "{r}.euclid('<3 5>', 8, '<0 1>')",
    "every": "{r}.every(3, rev)",
    "exp": "{w}.exp({m})",
    "fast": "{r}.fast('<1 2 4>')",
    "fastgap": "{r}.fastgap('<2 3>')",
    "fit": "{r}.fit()",
    "floor": "{w}.floor()",
    "fmap": "{w}.fmap(np.negative)",
    "fold": "{w}.fold(0.25, {m})",
    "glide": "{r}.glide(0.1)",
    "hold": "{w}.hold('<8 16>')",
    "inside": "{r}.inside('<2 4>', rev)",
    "iter": "{r}.iter('<4 3>')",
    "iter_back": "{r}.iter_back(4)",
    "keep": "{r}.keep.both({n})",
    "late": "{r}.late('<0 0.25>')",
    "linger": "{r}.linger('<0.25 0.5 1>')",
    "log": "{w}.log()",
    "loop_at": "{r}.loop_at(2)",
    "mask": "{r}.mask('1 0 1 <0 1>')",
    "mirror": "{r}.mirror(1, 3)",
    "mod": "{w}.mod({n})",
    "mul": "{r}.mul.squeeze({n})",
    "ne": "{n}.ne(0.5)",
    "never": "{r}.never(rev)",
    "normalize": "{w}.normalize()",
    "nudge": "{r}.nudge('<0.01 0.02>')",
    "off": "{r}.off('<0.25 0.125>', lambda p: p * 0.5)",
    "often": "{r}.often(rev)",
    "outside": "{r}.outside(4, rev)",
    "palindrome": "{r}.palindrome()",
    "ply": "{r}.ply('<2 3>')",
    "pow": "{w}.pow({n})",
    "put": "{n}.put.both({r})",
    "quantize": "{w}.quantize({m})",
    "quantize_to": "{w}.quantize_to('bell')",
    "range": "{w}.range({n}, {m})",
    "rangex": "{w}.rangex(0.1, {n})",
    "rarely": "{r}.rarely(rev)",
    "rev": "{r}.rev()",
    "reverse_latents": "{w}.reverse_latents()",
    "ribbon": "{r}.ribbon('<1 2>', 2)",
    "round": "{w}.round(1)",
    "scale": "{w}.scale({0: {m}, 3: 2})",
    "scramble": "{r}.scramble('<4 8>')",
    "segment": "{w}.segment('<8 16>')",
    "shuffle": "{r}.shuffle('<4 8>')",
    "sign": "{w}.sign()",
    "sin": "{w}.sin()",
    "slew": "{w}.slew(0.5, '<1 2>')",
    "slice": "{r}.slice(8, '0 3 <5 6> 2*2')",
    "slow": "{r}.slow('<1 2 4>')",
    "smooth": "{w}.smooth('<0.1 0.3>')",
    "some_cycles": "{r}.some_cycles(rev)",
    "sometimes": "{r}.sometimes(rev)",
    "sometimes_by": "{r}.sometimes_by({m}, rev)",
    "splice": "{r}.splice(8, '0 3 <5 6> 2*2')",
    "sqrt": "{w}.sqrt()",
    "striate": "{r}.striate('<2 4>')",
    "struct": "{r}.struct('t(<3 5>,8)')",
    "stutter": "{r}.stutter(3, 0.125)",
    "sub": "{w}.sub({n})",
    "superimpose": "{r}.superimpose(fast(2))",
    "swap_dims": "{w}.swap_dims(0, '1 <2 3>')",
    "swing": "{r}.swing(0.2, '<4 8>')",
    "tanh": "{w}.tanh()",
    "undegrade_by": "{r}.undegrade_by({m})",
    "unit": "{w}.unit()",
    "when": "{r}.when('t f', rev)",
    "with_dims": "{n}.with_dims(128)",
    "within": "{r}.within(0.25, 0.75, fast(2))",
    "wrap": "{w}.wrap(0.25, 0.75)",
    "zoom": "{r}.zoom('<0 0.25>', 0.75)",
}
"""One expression for each method that gives a pattern of a pattern."""

SIGNS = {
    "+": "{r} + {w}",
    "-": "1 - {r}",
    "*": "{r} * {n}",
    "/": "{r} / 2",
    "%": "{w} % {n}",
    "**": "{w} ** 2",
    "> &": "({w} > 0.5) & ({n} < 1)",
    ">>": "{r} >> fast(2) >> rev",
}

CHAINS = {
    "ten of structure": "{r}.fast('<1 2>').every(3, rev).iter(4).ply('<2 3>').chunk(4, fast(2)).linger('<1 0.5>')"
    ".swing(0.2, 4).sometimes(rev).degrade_by(0.2).late('<0 0.25>')",
    "ten between recordings": "(lerp({r}.every(2, rev).glide(0.1), 'choir', {m}) * 0.8 + {w}.range(-0.3, 0.3)"
    " + dim(3, saw) + orbit((0, 1), 0.5).unit()).clip(0.2).mirror(5)",
    "ten of values": "((({w} * 2 - 1) * 3 + {r}).tanh() ** 2).range({m}, 2).fold(0, 1).scale({0: {m}}).unit()",
    "ten in layers": "{r}.fast('<1 2>').off(0.125, lambda p: p * 0.5).superimpose(fast(2)).iter(4).every(2, rev)"
    ".echo(2, 0.25).mask('1 0 1 1').within(0, 0.5, rev).palindrome() + {w}",
    "ten with slices": "{r}.chop('<2 4>').rev().shuffle(4).struct('t(<3 5>,8)').glide(0.05).fast('<1 2>').swing(0.2)"
    ".zoom(0, '<0.75 1>').degrade() * {m}",
    "ten that follow": "({r}.glide(0.1) + noise(0.3)).slew(4).smooth(0.1).normalize().clamp(-2, 2).unit().hold(32)"
    ".every(2, fast(2)).late(0.25) + jitter(0.1, 8)",
    "ten along a way": "spline({r}.fast(2), 'bell', slerp('choir', 'drum', {m}), closed=True).slow(4).rev()"
    ".segment('<16 32>').quantize_to('bell').ply(2).add.both({n}).degrade_by(0.1).glide(0.05)",
    "ten with arguments": "{r}.fast('<1 2 4>').ply('<2 3>').late('0 <0.25 0.125>').euclid('<3 5>', 8, '<0 1>')"
    ".chop('<2 3>').iter('<4 3>').linger('<1 0.5>').range({m}, 1).nudge('<0.01 0.02>').scale({0: {m}})",
}
"""Ten operators, stacked."""

TABLES = {"words": WORDS, "methods": METHODS, "signs": SIGNS, "ten_operators": CHAINS}


@lru_cache(maxsize=1024)
def lookup(word: str) -> object:
    """The recording a name stands for, as its take says; remembered, as the library remembers them."""
    take = Take.of(word)
    found = take.apply(RECORDINGS[take.name])
    return Fit(found) if take.fit else found


def pattern(text: str) -> Pattern:
    """What is measured: the pattern of an expression, as a voice plays it."""
    for letter, source in SOURCES.items():
        text = text.replace("{" + letter + "}", source)
    return reify(eval(text, dict(NAMES))).resolve(lookup).with_dims(DIMS)


@dataclass(frozen=True)
class Cost:
    """The share of a core, and the milliseconds of the first block and of the slowest after it."""

    share: float
    first: float
    slowest: float


def cost(text: str, seconds: float) -> Cost:
    """What an expression costs, from the first block of a pattern that was never heard."""
    voice = pattern(text)
    step = float(0.5 / FRAMES_PER_SECOND)
    blocks = int(seconds * FRAMES_PER_SECOND / BLOCK)
    taken = np.empty(blocks)
    for number in range(blocks):
        cycles = (np.arange(BLOCK) + number * BLOCK) * step
        begin = time.thread_time()
        voice.sample(cycles, WHERE)
        taken[number] = time.thread_time() - begin
    played = blocks * BLOCK / FRAMES_PER_SECOND
    return Cost(float(taken.sum()) / played, float(taken[0]) * 1e3, float(taken[1:].max()) * 1e3)


@lru_cache
def source_share(text: str, seconds: float) -> float:
    """What the pattern that an expression is made of costs alone."""
    first = min((letter for letter in SOURCES if "{" + letter + "}" in text), key=lambda x: text.index("{" + x + "}"))
    return cost(SOURCES[first], seconds).share


def figures(table: dict[str, str], seconds: float) -> dict[str, dict[str, float]]:
    """The figures of a table of expressions, the dearest first."""
    found = {}
    for name, text in table.items():
        spent = cost(text, seconds)
        found[name] = {"share": round(spent.share, 5)}
        if any("{" + letter + "}" in text for letter in SOURCES):
            found[name]["overhead"] = round(spent.share - source_share(text, seconds), 5)
        found[name] |= {"first_block_ms": round(spent.first, 2), "slowest_block_ms": round(spent.slowest, 2)}
    return dict(sorted(found.items(), key=lambda item: -item[1]["share"]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=8.0, help="seconds of playing for each figure")
    parser.add_argument("--only", default="", help="names of expressions, separated by commas")
    arguments = parser.parse_args()
    only = [name.strip() for name in arguments.only.split(",") if name.strip()]
    tables = {
        title: figures({name: text for name, text in table.items() if not only or name in only}, arguments.seconds)
        for title, table in TABLES.items()
    }
    worst = {title: max((row["share"] for row in table.values()), default=0.0) for title, table in tables.items()}
    print(json.dumps({"dims": DIMS, "goal": GOAL, "worst_share": worst, **tables}, indent=2))


if __name__ == "__main__":
    main()
