"""Points, lines, arcs and curves between them, and one dimension alone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from livevae.errors import LivevaeError
from livevae.pattern import Sparse, dim, lerp, mini, point, pure, saw, silence, sine, slerp, spline, stack

vectors = hnp.arrays(np.float64, 4, elements=st.floats(-10, 10, allow_subnormal=False))
amounts = st.floats(0, 1)


def at(pattern, *times: float) -> np.ndarray:
    return pattern.sample(times or [0.0])


@settings(max_examples=100, deadline=None)
@given(vectors, vectors)
def test_lines_arcs_and_curves_begin_and_end_exactly(a: np.ndarray, b: np.ndarray) -> None:
    for between in (lerp, slerp):
        np.testing.assert_allclose(at(between(a, b, 0))[0], a, atol=1e-12)
        np.testing.assert_allclose(at(between(a, b, 1))[0], b, atol=1e-12)
    np.testing.assert_allclose(at(spline(a, b), 0.0, 0.5), [a, (a + b) / 2], atol=1e-9)


@settings(max_examples=100, deadline=None)
@given(vectors, vectors, amounts)
def test_an_arc_between_unit_vectors_keeps_their_length_and_divides_the_angle(
    a: np.ndarray, b: np.ndarray, amount: float
) -> None:
    if min(np.linalg.norm(a), np.linalg.norm(b)) < 1e-3:
        return
    a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
    if abs(a @ b) > 0.999:
        return
    found = at(slerp(a, b, amount))[0]
    assert np.linalg.norm(found) == pytest.approx(1)
    assert np.arccos(np.clip(a @ found, -1, 1)) == pytest.approx(amount * np.arccos(a @ b), abs=1e-6)


@pytest.mark.parametrize(("a", "b"), [([0, 0], [1, 2]), ([1, 2], [2, 4]), ([1, 2], [-1, -2]), ([0, 0], [0, 0])])
def test_an_arc_without_an_angle_is_a_line(a: list[float], b: list[float]) -> None:
    start, end = np.array(a, float), np.array(b, float)
    np.testing.assert_allclose(at(slerp(start, end, 0.25))[0], 0.75 * start + 0.25 * end)


def test_amounts_are_patterns_and_numbers_spread() -> None:
    np.testing.assert_allclose(at(lerp(point(0, 10), 4, saw), 0.0, 0.5), [[0, 10], [2, 7]])
    np.testing.assert_allclose(at(lerp("0 2", "10", "0.5")), [5])
    np.testing.assert_allclose(at(slerp(0, 4, 0.5)), [2])


def test_points_take_patterns() -> None:
    np.testing.assert_allclose(at(point(1, sine, "<2 3>"), 0.25, 1.25), [[1, 1, 2], [1, 1, 3]])
    assert point(1, 2).query(0, 1)[0].has_onset
    with pytest.raises(LivevaeError, match="numbers"):
        point(point(1, 2), saw).sample([0.0])
    with pytest.raises(LivevaeError, match="at least one"):
        point()


def test_a_spline_goes_through_its_points_and_a_closed_one_comes_back() -> None:
    np.testing.assert_allclose(at(spline(1, 5, 2, 8), 0, 1 / 3 + 1e-12, 2 / 3 + 1e-12), [1, 5, 2], atol=1e-6)
    closed = spline(point(1, 0), point(0, 1), point(-1, 0), closed=True)
    np.testing.assert_allclose(at(closed, 0.0, 1 / 3 + 1e-12), [[1, 0], [0, 1]], atol=1e-6)
    times = np.linspace(0, 3, 3001)
    assert np.abs(np.diff(closed.sample(times), axis=0)).max() < 0.01


def test_a_spline_moves_with_points_that_move_and_slows_down_whole() -> None:
    np.testing.assert_allclose(at(spline(0, sine, closed=True), 0.5), [0.5])
    np.testing.assert_allclose(at(spline(0, 8).slow(4), 1.0, 3.0), [2, 6])
    with pytest.raises(LivevaeError, match="two points"):
        spline(1)


def test_a_dimension_takes_the_size_of_what_it_meets() -> None:
    base = point(1, 2, 3)
    np.testing.assert_allclose(at(base + dim(1, saw), 0.5), [[1, 2.5, 3]])
    np.testing.assert_allclose(at(dim(1, saw) + base, 0.5), [[1, 2.5, 3]])
    np.testing.assert_allclose(at(base - 2 * dim(0, 1)), [[-1, 2, 3]])
    np.testing.assert_allclose(at(base + dim(0, 1) + dim(0, 1) + dim(2, 1)), [[3, 2, 4]])
    np.testing.assert_allclose(at(base + (dim(0, 1) + dim(2, 5))), [[2, 2, 8]])
    np.testing.assert_allclose(at(lerp(base, base + dim(2, 2), 0.5)), [[1, 2, 4]])
    np.testing.assert_allclose(at(stack(base, dim(0, 1), silence)), [[2, 2, 3]])
    np.testing.assert_allclose(at((base + dim(1, saw)).fast(2), 0.25), [[1, 2.5, 3]])


def test_a_dimension_alone_needs_a_size() -> None:
    with pytest.raises(LivevaeError, match="with_dims"):
        at(dim(1, saw))
    np.testing.assert_allclose(at(dim(1, 5).with_dims(3)), [[0, 5, 0]])
    np.testing.assert_allclose(at(dim(1, 5, size=2)), [[0, 5]])
    np.testing.assert_allclose(at((dim(1, 5) * 2 + 1).with_dims(2)), [[1, 11]])
    with pytest.raises(LivevaeError, match="with_dims"):
        at(slerp(dim(0, 1), dim(1, 1), 0.5))


def test_a_dimension_that_does_not_exist_is_an_error_with_the_count() -> None:
    with pytest.raises(LivevaeError, match="dimension 3 does not exist: there are 3"):
        at(point(1, 2, 3) + dim(3, 1))
    for bad in (-1, 1.5, "a"):
        with pytest.raises(LivevaeError, match="numbered"):
            dim(bad, 1)  # type: ignore[arg-type]
    with pytest.raises(LivevaeError, match="numbers"):
        at(dim(0, point(1, 2)).with_dims(2))


def test_events_with_one_dimension_say_so() -> None:
    (event,) = dim(2, 7).query(0, 1)
    assert isinstance(event.value, Sparse)
    np.testing.assert_array_equal(event.value.dense(3), [0, 0, 7])
    (event,) = (point(1, 2, 3) + dim(2, 7)).query(0, 1)
    np.testing.assert_array_equal(event.value, [1, 2, 10])


def test_taking_turns_with_one_dimension_keeps_it_open() -> None:
    turns = mini("1").when(lambda cycle: cycle % 2 == 1, lambda p: dim(0, p)) + 0
    np.testing.assert_allclose(turns.with_dims(2).sample([0.5, 1.5]), [[1, 1], [1, 0]])
    np.testing.assert_allclose((pure(0) + turns + point(0, 0)).sample([1.5]), [[1, 0]])
