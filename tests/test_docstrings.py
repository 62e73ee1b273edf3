"""Every example in a docstring runs: here those that need nothing, in the rooms' own tests those that need names."""

import doctest
import importlib
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "livevae"
WITH_NAMES = {
    "control/trig.py",  # tests/control/test_midi_knobs.py
    "latent/in_space.py",  # tests/latent/test_live_algebra.py
    "latent/in_time.py",  # the same
    "latent/moves.py",  # tests/latent/test_space.py
    "performance/trainings.py",  # tests/performance/test_trainings.py
    "repl/reference.py",  # it writes about examples, and has none
}
FILES = [
    name
    for path in sorted(PACKAGE.rglob("*.py"))
    if ">>>" in path.read_text(encoding="utf-8")
    # Those of patterns run in tests/pattern/test_pattern_examples.py.
    and not (name := path.relative_to(PACKAGE).as_posix()).startswith("pattern/")
    and name not in WITH_NAMES
]


@pytest.mark.parametrize("name", FILES)
def test_examples_show_what_happens(name: str) -> None:
    found = doctest.testmod(importlib.import_module(f"livevae.{name.removesuffix('.py').replace('/', '.')}"))
    assert found.attempted > 0
    assert found.failed == 0
