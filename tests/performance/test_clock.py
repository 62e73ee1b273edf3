import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livevae.errors import LivevaeError
from livevae.performance.clock import TempoMap, cps_of
from livevae.performance.quant import Quant

tempos = st.floats(0.01, 20.0)
changes = st.lists(st.tuples(st.floats(0.001, 60.0), tempos), max_size=8)
moments = st.lists(st.floats(-10.0, 600.0), min_size=1, max_size=20)


def built(first: float, steps: list[tuple[float, float]]) -> TempoMap:
    tempo, second = TempoMap(first), 0.0
    for wait, cps in steps:
        second += wait
        tempo.set(cps, second)
    return tempo


@given(tempos, changes, moments)
def test_seconds_undo_cycles(first, steps, seconds):
    tempo = built(first, steps)
    there = tempo.cycles(np.array(seconds))
    assert np.allclose(tempo.seconds(there), seconds, rtol=1e-9, atol=1e-9)


@given(tempos, changes, st.floats(0.0, 600.0), tempos)
def test_a_change_of_tempo_keeps_the_cycle(first, steps, second, cps):
    tempo = built(first, steps)
    before = tempo.cycle(second)
    past = tempo.cycles([0.0, second * 0.5])
    tempo.set(cps, second)
    assert tempo.cycle(second) == before
    assert np.array_equal(tempo.cycles([0.0, second * 0.5]), past)
    assert math.isclose(tempo.cycle(second + 1.0) - before, cps, rel_tol=1e-9, abs_tol=1e-9)


@given(tempos, changes, moments)
def test_cycles_only_go_forward(first, steps, seconds):
    ordered = np.sort(np.array(seconds))
    assert (np.diff(built(first, steps).cycles(ordered)) >= 0).all()


def test_a_change_drops_later_ones():
    tempo = TempoMap(1.0)
    tempo.set(2.0, 10.0)
    tempo.set(0.5, 4.0)
    assert tempo.cycle(12.0) == 4.0 + 8.0 * 0.5


def test_the_performers_tempo():
    assert cps_of(96) == 0.4
    assert cps_of(120, beats=3) == pytest.approx(2 / 3)


@pytest.mark.parametrize("cps", [0.0, -1.0, math.nan, math.inf, True])
def test_tempos_that_cannot_be(cps):
    with pytest.raises(LivevaeError):
        TempoMap(cps)
    with pytest.raises(LivevaeError):
        cps_of(cps)


@given(st.integers(1, 64).map(lambda n: n / 4), st.integers(0, 10**6).map(lambda n: n / 997))
def test_quant_gives_the_next_multiple(cycles, earliest):
    start = Quant(cycles).start(earliest)
    assert start >= earliest
    assert start - earliest <= cycles
    assert (start / cycles).is_integer()


def test_quant_of_nothing_is_now():
    assert Quant(0).start(3.21) == 3.21
    with pytest.raises(LivevaeError):
        Quant(-1)
