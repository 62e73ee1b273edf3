"""Trajectories: where they are at a time, and what their methods make of them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livevae.errors import LivevaeError
from livevae.latent import Trajectory, statistics
from livevae.pattern import Playable

RAMP = Trajectory(np.arange(12, dtype=np.float32).reshape(6, 2), 2.0, "ramp")


@st.composite
def trajectories(draw: st.DrawFn) -> Trajectory:
    count, dims = draw(st.integers(1, 20)), draw(st.integers(1, 4))
    frames = np.random.default_rng(draw(st.integers(0, 99))).normal(size=(count, dims))
    return Trajectory(frames.astype(np.float32), draw(st.sampled_from([0.5, 23.4375, 86.1328125, 375.0])))


def test_it_is_playable() -> None:
    assert isinstance(RAMP, Playable)
    assert (RAMP.dims, len(RAMP), RAMP.seconds) == (2, 6, 3.0)
    assert repr(RAMP) == "Trajectory('ramp', 6 frames of 2, 3.00 s)"


@given(trajectories())
@settings(max_examples=40, deadline=None)
def test_on_its_frames_it_is_its_frames_and_afterwards_the_last(trajectory: Trajectory) -> None:
    times = np.arange(len(trajectory)) / trajectory.rate
    np.testing.assert_allclose(trajectory.at(times), trajectory.frames, atol=1e-5)
    np.testing.assert_array_equal(trajectory.at([1e6])[0], trajectory.frames[-1])
    np.testing.assert_array_equal(trajectory.at([-1.0])[0], trajectory.frames[0])


@given(trajectories(), st.lists(st.floats(0, 50), min_size=1, max_size=20))
@settings(max_examples=40, deadline=None)
def test_cutting_time_into_blocks_changes_nothing(trajectory: Trajectory, times: list[float]) -> None:
    together = trajectory.at(times)
    np.testing.assert_array_equal(together, np.concatenate([trajectory.at([time]) for time in times]))


def test_between_frames_it_moves_in_a_straight_line() -> None:
    np.testing.assert_allclose(RAMP.at([0.25, 1.125]), [[1.0, 2.0], [4.5, 5.5]])


@given(trajectories())
@settings(max_examples=40, deadline=None)
def test_reverse_twice_and_speed_there_and_back_are_nothing(trajectory: Trajectory) -> None:
    np.testing.assert_array_equal(trajectory.reverse().reverse().frames, trajectory.frames)
    again = trajectory.speed(-2).speed(-0.5)
    np.testing.assert_array_equal(again.frames, trajectory.frames)
    assert again.rate == trajectory.rate


@given(trajectories(), st.floats(0.1, 8), st.floats(0, 10))
@settings(max_examples=40, deadline=None)
def test_speed_reads_it_faster(trajectory: Trajectory, factor: float, time: float) -> None:
    np.testing.assert_allclose(trajectory.speed(factor).at([time]), trajectory.at([time * factor]), atol=1e-6)


def test_speed_zero_stays() -> None:
    np.testing.assert_array_equal(RAMP.speed(0).at([0.0, 5.0]), [[0, 1], [0, 1]])


@given(trajectories(), st.floats(0, 20), st.integers(-3, 3))
@settings(max_examples=40, deadline=None)
def test_a_loop_repeats_for_ever(trajectory: Trajectory, time: float, turns: int) -> None:
    loop = trajectory.loop()
    np.testing.assert_allclose(loop.at([time]), loop.at([time + turns * loop.seconds]), atol=1e-3)


def test_a_loop_has_no_jump_larger_than_its_frames() -> None:
    loop = RAMP.loop()
    np.testing.assert_allclose(loop.at([2.5, 2.75, 3.0]), [[10, 11], [5, 6], [0, 1]])


def test_a_crossfaded_loop_is_shorter_and_its_seam_leads_from_the_end_to_the_beginning() -> None:
    frames = np.repeat([[0.0], [1.0]], 50, axis=0).astype(np.float32)
    loop = Trajectory(frames, 100.0).loop(0.2)
    assert loop.seconds == pytest.approx(0.8)
    seam = loop.at(np.arange(-1, 21) / 100)[:, 0]
    assert seam[0] == 1.0
    assert seam[-1] == 0.0
    assert np.all(np.diff(seam) < 0)
    assert np.abs(np.diff(seam)).max() < 0.06


def test_slices_in_seconds() -> None:
    np.testing.assert_array_equal(RAMP.slice(1.0, 2.0).frames, RAMP.frames[2:4])
    np.testing.assert_array_equal(RAMP.slice(None, 99).frames, RAMP.frames)
    np.testing.assert_array_equal(RAMP.slice(1.0, 1.01).frames, RAMP.frames[2:3])
    np.testing.assert_array_equal(RAMP.slice(2.99, 3.0).frames, RAMP.frames[-1:])
    with pytest.raises(LivevaeError, match=r"ramp lasts 3.00 s: there is nothing from 4 to 3 s"):
        RAMP.slice(4.0)
    with pytest.raises(LivevaeError, match="nothing"):
        RAMP.slice(2.0, 1.0)


def test_a_held_trajectory_steps() -> None:
    held = Trajectory(RAMP.frames, 2.0, held=True)
    np.testing.assert_array_equal(held.at([0.0, 0.49, 0.5]), [[0, 1], [0, 1], [2, 3]])
    np.testing.assert_array_equal(held.loop(1.0).frames, RAMP.frames)


def test_nobody_can_change_it() -> None:
    mine = np.zeros((2, 2), np.float32)
    trajectory = Trajectory(mine, 1.0)
    mine[0] = 5
    assert trajectory.frames[0, 0] == 0
    with pytest.raises(ValueError, match="read-only"):
        trajectory.frames[0, 0] = 1
    with pytest.raises(AttributeError):
        trajectory.rate = 2.0  # type: ignore[misc]


@pytest.mark.parametrize(
    ("frames", "rate", "message"),
    [
        (np.zeros((0, 4)), 1.0, "at least one"),
        (np.zeros(4), 1.0, "shape"),
        (np.full((2, 2), np.nan), 1.0, "not finite"),
        (np.zeros((2, 2)), 0.0, "rate above 0"),
        (np.zeros((2, 2)), np.inf, "rate above 0"),
    ],
)
def test_what_is_no_trajectory_is_refused(frames: np.ndarray, rate: float, message: str) -> None:
    with pytest.raises(LivevaeError, match=message):
        Trajectory(frames, rate)


def test_a_crossfade_must_fit() -> None:
    for seconds in (-1.0, 2.0):
        with pytest.raises(LivevaeError, match="does not fit a loop"):
            RAMP.loop(seconds)


def test_mean_and_spread() -> None:
    np.testing.assert_allclose(RAMP.mean(), [5, 6])
    other = Trajectory(np.full((2, 2), 20.0, np.float32), 1.0)
    np.testing.assert_allclose(statistics.mean([RAMP, other]), [(30 + 40) / 8, (36 + 40) / 8])
    np.testing.assert_allclose(statistics.spread([RAMP]), RAMP.frames.std(axis=0))
    with pytest.raises(LivevaeError, match="at least one"):
        statistics.mean([])
    with pytest.raises(LivevaeError, match=r"\[2, 3\] dimensions"):
        statistics.spread([RAMP, Trajectory(np.zeros((1, 3), np.float32), 1.0)])
