"""Arithmetic, comparisons, masks and functions of values."""

import math
import operator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livevae.errors import LivevaeError
from livevae.pattern import Pattern, mini, perlin, point, pure, saw, seq, silence, sine

TIMES = (np.arange(-300, 600, 29) + 0.5) / 173
numbers = st.floats(-50, 50, allow_nan=False)
patterns = st.sampled_from(
    [
        mini("1 2 ~ -3"),
        mini("<0 1 2.5>(3,8)"),
        mini("1 0 1"),
        sine,
        perlin.dims(2),
        seq(point(1, -2), point(0, 3)),
        pure(2),
    ]
)
COMPARED = [operator.lt, operator.le, operator.gt, operator.ge, Pattern.eq, Pattern.ne]


def values(pattern: Pattern, begin: float = 0, end: float = 1) -> list:
    return [event.value for event in pattern.query(begin, end)]


def same(a: np.ndarray, b: np.ndarray) -> None:
    np.testing.assert_allclose(*np.broadcast_arrays(a.T, b.T), rtol=1e-9, atol=1e-9)


@given(patterns, patterns, st.sampled_from(COMPARED))
@settings(max_examples=40, deadline=None)
def test_a_comparison_is_one_zero_or_silent(p, q, compare) -> None:
    out = compare(p, q).sample(TIMES)
    silent = np.isnan((p + q).sample(TIMES))
    assert np.array_equal(np.isnan(out), silent)
    assert set(np.unique(out[~silent])) <= {0.0, 1.0}


@given(patterns, patterns)
@settings(max_examples=40, deadline=None)
def test_masks_obey_de_morgan(p, q) -> None:
    a, b = p > 0.5, q > 0.5
    same((~(a & b)).sample(TIMES), (~a | ~b).sample(TIMES))
    same((~(a | b)).sample(TIMES), (~a & ~b).sample(TIMES))
    same((~~a).sample(TIMES), a.sample(TIMES))
    same((p < q).sample(TIMES), (~(p >= q)).sample(TIMES))
    same(p.eq(q).sample(TIMES), (~p.ne(q)).sample(TIMES))


@given(patterns, numbers, st.floats(0.01, 30))
@settings(max_examples=40, deadline=None)
def test_what_is_clamped_folded_or_wrapped_lies_between(p, low, width) -> None:
    high = low + width
    x = p.sample(TIMES)
    inside = (x >= low) & (x < high)
    for bent in (p.clamp(low, high), p.fold(low, high), p.wrap(low, high)):
        out = bent.sample(TIMES)
        heard = out[~np.isnan(out)]
        assert ((heard >= low - 1e-9) & (heard <= high + 1e-9)).all()
        assert np.allclose(out[inside], x[inside])
    same(p.at_least(low).at_most(high).sample(TIMES), p.clamp(low, high).sample(TIMES))


@given(patterns, patterns)
@settings(max_examples=40, deadline=None)
def test_silence_on_either_side_is_silence(p, q) -> None:
    silent = np.isnan((p + q).sample(TIMES))
    for made in (p**q, p & q, p | q, p < q, p.at_least(q), p.clamp(q, 9), p.wrap(q, 9), p.fold(q, 9)):
        out = made.sample(TIMES)
        assert np.isnan(out[silent]).all()


def test_comparisons_keep_the_events_of_the_pattern() -> None:
    assert (mini("1 2 3") >= 2).query(0, 1) == mini("0 1 1").query(0, 1)
    assert operator.gt(2, mini("1 2 3")).query(0, 1) == mini("1 0 0").query(0, 1)
    assert operator.le("2", mini("1 2 3")).query(0, 1) == mini("0 1 1").query(0, 1)
    assert (np.float64(2) < mini("1 2 3")).query(0, 1) == mini("0 0 1").query(0, 1)
    assert values(mini("1 2") > "0 5") == [1, 0]
    assert (saw > 0.5).is_continuous


def test_masks_take_anything_that_can_be_a_pattern() -> None:
    assert values("1 0" & mini("1 1")) == [1, 0]
    assert values([0, 0] | mini("0 2")) == [0, 1]
    assert values(~mini("0 3 ~")) == [1, 0]
    assert (point(1, 0) & point(1, 1)).sample([0.0]).tolist() == [[1, 0]]
    assert values((mini("1 2 3 4") > 1) & (mini("1 2 3 4") < 4)) == [0, 1, 1, 0]


def test_patterns_are_still_objects_to_python() -> None:
    p, q = mini("1 2"), mini("1 2 ")
    assert p == p
    assert p != q
    assert len({p, q}) == 2
    with pytest.raises(TypeError):
        bool(p < q)
    with pytest.raises(TypeError):
        _ = 0 < p < 1


def test_functions_of_values() -> None:
    p = mini("1.6 -1.6 4")
    assert values(p.floor()) == [1, -2, 4]
    assert values(p.ceil()) == [2, -1, 4]
    assert values(p.round()) == [2, -2, 4]
    assert values(p.abs()) == values(abs(p)) == [1.6, 1.6, 4]
    assert values(p.sign()) == [1, -1, 1]
    assert values(p.sqrt())[1] == 2
    assert values(mini("1 0 -1").log()) == [0]
    assert values(pure(1).sin()) == [math.sin(1)]
    assert values(pure(1).cos()) == [math.cos(1)]
    assert values(pure(1).tanh()) == [math.tanh(1)]


def test_power_is_silent_where_a_side_is() -> None:
    assert np.isnan((1 ** mini("~ 2")).sample([0.1])).all()
    assert np.isnan((mini("~ 2") ** 0).sample([0.1])).all()
    assert values(mini("2 3") ** "2") == [4, 9]


def test_a_range_of_no_width_is_its_bound() -> None:
    assert values(mini("1 5").fold(2, 2)) == values(mini("1 5").wrap(2, 2)) == [2, 2]
    assert values(silence.wrap(0, 1)) == []


def test_limits_may_move() -> None:
    assert values(mini("0 0 9 9").clamp("1 2", "5 7")) == [1, 1, 7, 7]
    same(sine.at_most(saw).sample(TIMES), np.minimum(sine.sample(TIMES), saw.sample(TIMES)))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda p: p.clamp(None, 1),
        lambda p: p.at_least({}),
        lambda p: p.eq(None),
        lambda p: p.round(0.5),
        lambda p: p >> 3,
    ],
)
def test_what_cannot_be_combined_says_so(wrong) -> None:
    with pytest.raises(LivevaeError):
        wrong(mini("1 2"))


def test_what_python_cannot_compare_is_a_type_error() -> None:
    with pytest.raises(TypeError):
        _ = mini("1") < None
