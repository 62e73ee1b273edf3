"""Fades between patterns."""

import numpy as np
import pytest

from livevae.errors import LivevaeError
from livevae.pattern import dim, fade, mini, point, pure, saw, silence


def test_a_fade_moves_smoothly_and_only_between_its_ends() -> None:
    moving = fade(1, 0, 10, 2)
    np.testing.assert_allclose(moving.sample([0.0, 1.0, 2.0, 3.0, 9.0]), [0, 0, 5, 10, 10])
    assert (np.diff(moving.sample(np.linspace(0, 4, 401))) >= 0).all()
    np.testing.assert_allclose(moving.weight([0.0, 1.0, 2.0, 3.0]), [0, 0, 0.5, 1])
    assert moving.end == 3


def test_a_fade_of_no_length_cuts() -> None:
    np.testing.assert_array_equal(fade(1, 0, 10, 0).sample([0.99, 1.0]), [0, 10])
    np.testing.assert_array_equal(fade(1, 0, 10, 0).weight([0.99, 1.0]), [0, 1])


def test_the_weight_is_exactly_1_at_the_end_whatever_the_end() -> None:
    for now, length in ((0.1, 0.7), (1 / 3, 1 / 7), (12345.678, 3.3)):
        moving = fade(now, 0, 10, length)
        assert moving.weight([moving.end])[0] == 1
        assert moving.sample([moving.end])[0] == 10


def test_a_silent_side_leaves_the_other_as_it_is() -> None:
    np.testing.assert_array_equal(fade(0, silence, 10, 1).sample([-0.5, 0.5, 1.0]), [np.nan, 10, 10])
    np.testing.assert_array_equal(fade(0, 4, silence, 1).sample([-0.5, 0.5, 1.0]), [4, 4, np.nan])
    np.testing.assert_array_equal(fade(0, "1 ~", "~ 2", 1).sample([0.25, 0.75]), [1, 2])
    np.testing.assert_array_equal(fade(0, silence, silence, 1).sample([0.5]), [np.nan])


def test_numbers_vectors_and_single_dimensions_fade_into_each_other() -> None:
    np.testing.assert_allclose(fade(0, 0, point(2, 4), 1).sample([0.5]), [[1, 2]])
    np.testing.assert_allclose(fade(0, point(2, 4), dim(0, 2), 1).sample([0.5]), [[2, 2]])
    np.testing.assert_allclose(fade(0, dim(0, 2), 0, 1).with_dims(2).sample([0.5]), [[1, 0]])
    with pytest.raises(LivevaeError, match="2 and 3"):
        fade(0, point(1, 2), point(1, 2, 3), 1).sample([0.5])


def test_fades_may_follow_each_other_before_they_end() -> None:
    first = fade(0, 0, 10, 2)
    second = fade(1, first, -10, 2)
    times = np.linspace(-0.5, 4, 1000)
    assert np.abs(np.diff(second.sample(times))).max() < 0.1
    np.testing.assert_allclose(second.sample([1.0, 3.0]), [5, -10])


def test_events_change_at_now() -> None:
    events = fade(1, "1", "2", 4).query(0, 2)
    assert [(float(e.part.begin), e.value) for e in events] == [(0, 1), (1, 2)]
    assert fade(1, saw, saw, 1).is_continuous
    assert not fade(1, saw, "1", 1).is_continuous


def test_a_fade_is_a_pattern_like_any_other() -> None:
    moving = fade(1, mini("a"), mini("b"), 2).resolve({"a": 0, "b": 10}.__getitem__)
    np.testing.assert_allclose((moving.fast(2) + 1).sample([0.5, 1.0, 1.5]), [1, 6, 11])
    np.testing.assert_allclose(fade(1, pure(0), pure(10), 2).late(1).sample([3.0]), [5])


@pytest.mark.parametrize("cycles", [-1, np.nan, None])
def test_a_fade_needs_a_length(cycles: object) -> None:
    with pytest.raises(LivevaeError):
        fade(0, 1, 2, cycles)  # type: ignore[arg-type]
