"""Values of knobs by second: pure functions of time, however they are asked for and whatever was forgotten."""

from __future__ import annotations

import math
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livevae.control import Timeline, cc, use
from livevae.control.tracks import REMEMBERED
from livevae.errors import LivevaeError
from livevae.pattern import Context

STEPS = st.lists(st.tuples(st.floats(0, 40), st.floats(0, 1)), max_size=30)


def filled(steps, start=0.0):
    timeline = Timeline()
    for second, value in sorted(steps):
        timeline.add(("cc", 74, 1, "knobs"), value, second + start)
    return timeline


@settings(max_examples=60, deadline=None)
@given(STEPS, st.integers(1, 50), st.sampled_from([0.0, 0.01, 0.2, 5.0]))
def test_blocks_do_not_matter(steps, cut, smooth):
    seconds = np.linspace(-1, 45, 300)
    timeline = filled(steps)
    whole = timeline.values("cc", 74, seconds, default=0.5, smooth=smooth)
    parts = [timeline.values("cc", 74, part, default=0.5, smooth=smooth) for part in np.split(seconds, [cut, 7 * cut])]
    assert np.array_equal(whole, np.concatenate(parts))
    assert (whole >= -1e-9).all()
    assert (whole <= 1 + 1e-9).all()


@settings(max_examples=60, deadline=None)
@given(STEPS, STEPS, st.sampled_from([0.0, 0.05, 5.0]))
def test_the_future_does_not_change_the_past(steps, more, smooth):
    seconds = np.linspace(0, 40, 200)
    timeline = filled(steps)
    before = timeline.values("cc", 74, seconds, smooth=smooth)
    for second, value in sorted(more):
        timeline.add(("cc", 74, 1, "knobs"), value, 40.001 + second)
    assert np.array_equal(before, timeline.values("cc", 74, seconds, smooth=smooth))


@pytest.mark.parametrize("smooth", [0.0, 0.05, 1.0, 5.0])
def test_what_is_forgotten_does_not_matter(smooth):
    long, short = Timeline(), Timeline()
    rng = np.random.default_rng(1)
    values = rng.uniform(size=9000)
    for n, value in enumerate(values):
        long.add(("cc", 1, 1, "p"), value, n / 50)
        if n / 50 > 180 - REMEMBERED - 1:
            short.add(("cc", 1, 1, "p"), value, n / 50)
    assert len(long.steps("cc", 1).seconds) < len(values)
    seconds = np.linspace(178.5, 180, 100)
    assert np.array_equal(long.values("cc", 1, seconds, smooth=smooth), short.values("cc", 1, seconds, smooth=smooth))


def test_smooth_follows_exponentially_and_arrives():
    timeline = filled([(1.0, 1.0)])
    seconds = np.array([0.0, 1.0, 1.1, 1.2, 9.0])
    expected = [0.25, 0.25, 1 - 0.75 * math.exp(-1), 1 - 0.75 * math.exp(-2), 1.0]
    np.testing.assert_allclose(timeline.values("cc", 74, seconds, default=0.25, smooth=0.1), expected)
    assert timeline.values("cc", 74, seconds, default=0.25, smooth=0.1)[-1] == 1.0


def test_the_one_that_moved_last_counts_also_between_ports():
    timeline = Timeline()
    timeline.add(("cc", 7, 1, "Knobs"), 0.1, 1.0)
    timeline.add(("cc", 7, 2, "Pads"), 0.2, 2.0)
    timeline.add(("cc", 7, 1, "Knobs"), 0.3, 3.0)
    seconds = np.array([0.5, 1.5, 2.5, 3.5])
    assert timeline.values("cc", 7, seconds).tolist() == [0.0, 0.1, 0.2, 0.3]
    assert timeline.values("cc", 7, seconds, channel=2).tolist() == [0.0, 0.0, 0.2, 0.2]
    assert timeline.values("cc", 7, seconds, port="knob").tolist() == [0.0, 0.1, 0.1, 0.3]
    assert timeline.values("note", 7, seconds).tolist() == [0.0] * 4


def test_seconds_never_go_back_and_one_frame_sees_one_value():
    now = 5.0
    timeline = Timeline(lambda: now)
    assert timeline.add(("cc", 1, 1, "p"), 0.1) == 5.0
    now = 4.0
    assert timeline.add(("cc", 1, 1, "p"), 0.2) == 5.0
    assert timeline.add(("cc", 2, 1, "p"), 0.3, 1.0) == 5.0
    found = timeline.steps("cc", 1)
    assert (found.seconds.tolist(), found.values.tolist()) == ([5.0], [0.2])


def test_a_knob_keeps_its_second_inside_faster_and_slower_patterns():
    class Stand:
        timeline = filled([(10.0, 1.0)])

    context = Context.at(2.0)
    use(Stand())
    try:
        for pattern in (cc(74), cc(74).slow(4), cc(74).fast(3), cc(74).late(5), cc(74).rev()):
            assert pattern.sample([19.9, 20.1], context).tolist() == [0.0, 1.0]
    finally:
        use(None)


def test_smooth_has_a_largest_value():
    with pytest.raises(LivevaeError, match="0 to 5 seconds"):
        Timeline().values("cc", 1, np.zeros(1), smooth=6.0)


def test_threads_may_write_and_read():
    timeline = Timeline()
    failures: list[BaseException] = []
    done = threading.Event()

    def read() -> None:
        try:
            while not done.is_set():
                values = timeline.values("cc", 3, np.linspace(0, 2000, 50), smooth=0.1)
                assert np.isfinite(values).all()
        except BaseException as error:
            failures.append(error)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for n in range(4000):
        timeline.add(("cc", 3, n % 3 + 1, "p"), n % 2, n / 2)
    done.set()
    for reader in readers:
        reader.join()
    assert not failures
