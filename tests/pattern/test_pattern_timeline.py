"""Timelines as text: every event where it is, as long as it is."""

import numpy as np
import pytest

from livevae.errors import LivevaeError
from livevae.pattern import mini, point, saw, silence, sine, timeline


def test_steps_stand_where_they_begin_and_last_as_long_as_they_do() -> None:
    assert timeline("a b", 1) == "|a|b|"
    assert timeline("a@3 b", 1) == "|a────|b|"
    assert timeline("a ~ b ~", 1) == "|a  |b  |"


def test_what_sounds_at_the_same_time_lies_on_lines_of_its_own() -> None:
    assert timeline("a b, c", 1).splitlines() == ["|a|b|", "|c──|"]


def test_what_is_held_from_before_has_no_beginning() -> None:
    assert timeline(mini("a b").late(0.25), 1).startswith("|─")


def test_what_is_too_long_has_a_line_for_each_cycle_and_whole_names() -> None:
    lines = timeline("bell*7", 3).splitlines()
    assert lines == ["|bell|bell|bell|bell|bell|bell|bell|"] * 3


def test_no_line_is_much_wider_than_it_may_be() -> None:
    for text in ("bell*16 choir", "a*96", "bell(7,16) drum*3"):
        assert all(len(line) <= 80 for line in timeline(text, 4).splitlines())


def test_movement_is_a_curve_for_each_dimension_with_its_range() -> None:
    (line,) = timeline(saw, 1).splitlines()
    assert line.startswith("|▁")
    assert "█| 0.02" in line
    assert len(timeline(point(sine, saw, 1), 1).splitlines()) == 3
    assert timeline(point(*[saw] * 12), 1).splitlines()[-1] == "… and 4 dimensions more"


def test_silence_and_nothing() -> None:
    assert timeline(silence, 1).strip("| ") == ""
    assert timeline(saw + np.nan, 1).endswith("| silence")
    with pytest.raises(LivevaeError, match="nothing to show in 0 cycles"):
        timeline("a", 0)
