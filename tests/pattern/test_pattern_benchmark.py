"""The benchmark of operators measures every word, and every expression in it can be played."""

import inspect
import sys
from pathlib import Path

import numpy as np
import pytest

import livevae.pattern
from livevae.latent import moves
from livevae.pattern import Pattern, transformations
from livevae.pattern.align import Operator

sys.path.insert(0, str(Path(__file__).parents[2]))

from benchmarks import operators
from benchmarks.operators import BLOCK, CHAINS, DIMS, METHODS, SIGNS, TABLES, WHERE, WORDS

# What programs use to make patterns and to look at them, and words that measure nothing of their own.
FOR_PROGRAMS = {
    "euclid_steps",
    "fraction",
    "from_sampler",
    "is_patternable",
    "reify",
    "remembering",
    "resolve",
    "show",
    "signal",
    "timeline",
    "transformations",
    "variables",
}


def test_every_word_is_measured() -> None:
    words = {name for name in livevae.pattern.__all__ if name[0].islower()}
    assert words - FOR_PROGRAMS == set(WORDS)
    assert all(name in text for name, text in WORDS.items())


def test_every_method_is_measured() -> None:
    given = {
        name
        for name, method in inspect.getmembers(Pattern, inspect.isfunction)
        if not name.startswith("_") and method.__annotations__.get("return") == "Pattern"
    }
    given |= {name for name in dir(Pattern) if isinstance(inspect.getattr_static(Pattern, name), Operator)}
    assert (given | set(transformations())) - FOR_PROGRAMS == set(METHODS)
    assert all(f".{name}" in text for name, text in METHODS.items())


def test_the_moves_are_those_of_the_performer() -> None:
    for name in ("lerp", "slerp", "spline", "bezier", "path", "morph", "cross", "dim", "dims"):
        assert operators.NAMES[name] is getattr(moves, name)


def test_chains_have_ten_operators() -> None:
    assert len(CHAINS) >= 5
    words = set(METHODS) | set(WORDS)
    for name, text in CHAINS.items():
        used = [word for word in text.replace("(", " ").replace(".", " ").replace(",", " ").split() if word in words]
        signs = sum(text.count(f" {sign} ") for sign in ("+", "-", "*", "**"))
        assert len(used) + signs >= 10, name


@pytest.mark.parametrize("table", TABLES)
def test_every_expression_can_be_played(table: str) -> None:
    cycles = np.arange(BLOCK) / 100
    for name, text in TABLES[table].items():
        assert operators.pattern(text).sample(cycles, WHERE).shape == (BLOCK, DIMS), name


def test_figures_tell_the_share_and_what_an_operator_adds() -> None:
    found = operators.figures({"+": SIGNS["+"], "saw": WORDS["saw"]}, seconds=0.2)
    assert set(found["+"]) == {"share", "overhead", "first_block_ms", "slowest_block_ms"}
    assert set(found["saw"]) == {"share", "first_block_ms", "slowest_block_ms"}
    assert all(row["share"] > 0 and row["slowest_block_ms"] > 0 for row in found.values())
