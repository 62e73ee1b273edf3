"""Knobs in virtual time: encoders, pickup, buttons, keys; the same however a performance is cut or played again."""

from __future__ import annotations

import doctest
import importlib
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import livevae.control
import livevae.pattern
from livevae.control import Knob, Timeline, bend, cc, cc14, gate, note, nrpn, pressure, program, trig, use, velocity
from livevae.control.reading import NEAR, ticks
from livevae.errors import LivevaeError
from livevae.pattern import Context

SECONDS = Context.at(1.0)
"""A cycle a second."""


class Desk:
    """Knobs without a machine: changes are heard from the moment `now` on."""

    def __init__(self) -> None:
        self.now = 0.0
        self.timeline = Timeline(lambda: self.now)

    def turn(self, value: float, number: int = 74, kind: str = "cc", port: str = "nano", channel: int = 1) -> None:
        self.timeline.add((kind, number, channel, port), value)

    def strike(self, number: int, value: float, at: float) -> None:
        self.now = at
        self.turn(value, number, "note")


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    use(made)
    yield made
    use(None)


def heard(pattern: object, *seconds: float) -> list[float]:
    return pattern.sample(list(seconds), SECONDS).tolist()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("encoding", "right", "left"),
    [
        ("twos", [1, 2, 63], [127, 126, 65]),
        ("offset", [65, 66, 127], [63, 62, 1]),
        ("signed", [1, 2, 63], [65, 66, 127]),
    ],
)
def test_encoders_say_by_how_much_they_are_turned(encoding: str, right: list[int], left: list[int]) -> None:
    assert [ticks(encoding, data / 127) for data in right] == [1, 2, 63]
    assert [ticks(encoding, data / 127) for data in left] == [-1, -2, -63]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(-63, 63), max_size=30), st.sampled_from(["twos", "offset", "signed"]))
def test_an_endless_encoder_stays_within_its_ends(turns: list[int], encoding: str) -> None:
    made = Desk()
    use(made)
    knob = cc(16, default=0.5).relative(encoding, 0.01)
    expected, seen = 0.5, []
    for second, turn in enumerate(turns, 1):
        made.now = float(second)
        data = {"twos": turn % 128, "offset": turn + 64, "signed": turn if turn >= 0 else 64 - turn}[encoding]
        made.turn(data / 127, 16)
        expected = min(max(expected + 0.01 * turn, 0.0), 1.0)
        seen.append(expected)
    assert heard(knob, 0.5, *(n + 0.5 for n in range(1, len(turns) + 1))) == pytest.approx([0.5, *seen])
    use(None)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.one_of(st.integers(0, 127), st.none()), min_size=1, max_size=40),
    st.one_of(st.none(), st.floats(0, 1)),
    st.floats(0, 1),
)
def test_a_knob_that_is_picked_up_never_jumps(moves: list[int | None], value: float | None, default: float) -> None:
    """Whatever is turned, and whenever the controller is unplugged (None), a step is never larger than the knob's."""
    made = Desk()
    use(made)
    made.now = 1.0
    knob = cc(74, default=default).pickup(value)
    last: float | None = None
    before = heard(knob, 1.0)[0]
    assert before == (default if value is None else value)
    for second, move in enumerate(moves, 2):
        made.now = float(second)
        if move is None:
            made.turn(0.0, 0, "port")
            last = None
        else:
            made.turn(move / 127)
        now = heard(knob, second + 0.5)[0]
        step = NEAR if last is None or move is None else max(NEAR, abs(move / 127 - last))
        assert abs(now - before) <= step + 1e-9
        if move is not None:
            last = move / 127
        before = now
    use(None)


def test_pickup_takes_over_when_it_is_passed_and_not_again_when_a_piece_is_read_again(desk: Desk) -> None:
    knob = cc(74).pickup(0.5)
    desk.now = 1.0
    desk.turn(1.0)
    desk.now = 2.0
    desk.turn(0.25)
    desk.now = 3.0
    desk.turn(0.75)
    assert heard(knob, 0.5, 1.5, 2.5, 3.5) == [0.5, 0.5, 0.25, 0.75]
    assert heard(cc(74).pickup(0.5), 3.5) == [0.75]
    desk.now = 4.0
    assert heard(cc(74).pickup(), 4.5) == [0.75]


def test_what_came_before_does_not_count_as_turning(desk: Desk) -> None:
    """The same, whether it was moved before an encoder is asked for or, in a replay, afterwards with that second."""
    desk.now = 1.0
    desk.turn(1 / 127, 16)
    assert heard(cc(16, default=0.5).relative(), 2.0) == [0.5]
    again = Desk()
    again.timeline.clock = None
    again.timeline.stamp = lambda second: 1.0
    use(again)
    knob = cc(16, default=0.5).relative()
    again.timeline.add(("cc", 16, 1, "nano"), 1 / 127, 1.0)
    again.timeline.add(("cc", 16, 1, "nano"), 1 / 127, 3.0)
    assert heard(knob, 2.0, 3.0) == pytest.approx([0.5, 0.5 + 1 / 127])


def test_buttons_stay_or_do_not(desk: Desk) -> None:
    toggle, momentary = cc(64).toggle(), cc(64).momentary()
    for second, value in enumerate([1.0, 0.0, 1.0, 1.0, 0.3, 0.6], 1):
        desk.now = float(second)
        desk.turn(value, 64)
    times = [0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5]
    assert heard(toggle, *times) == [0, 1, 1, 0, 0, 0, 1]
    assert heard(momentary, *times) == [0, 1, 0, 1, 1, 0, 1]
    desk.strike(36, 0.5, 7.0)
    desk.strike(36, 0.0, 7.0)  # let go within the same frame
    assert heard(note(36).toggle(), 6.5, 7.5) == [0, 1]
    assert heard(note(36), 7.5) == [0]


def test_any_key(desk: Desk) -> None:
    desk.strike(60, 0.5, 1.0)
    desk.strike(64, 1.0, 2.0)
    desk.strike(60, 0.0, 3.0)
    desk.strike(64, 0.0, 4.0)
    times = [0.5, 1.5, 2.5, 3.5, 4.5]
    assert heard(gate(), *times) == [0, 1, 1, 1, 0]
    assert heard(velocity(), *times) == [0, 0.5, 1.0, 1.0, 1.0]
    assert heard(gate(60), *times) == [0, 1, 1, 0, 0]
    assert heard(velocity(60), *times) == [0, 0.5, 0.5, 0.5, 0.5]


def test_other_controls(desk: Desk) -> None:
    for level, expected in ((0, -1.0), (8192, 0.0), (16383, 1.0)):
        desk.turn(level / 16383, 128)
        assert heard(bend(), 0.5) == [expected]
    desk.turn(0.5, 128, "pressure")
    desk.turn(1.0, 60, "pressure")
    assert heard(pressure(), 0.5) == [0.5]
    assert heard(pressure(60), 0.5) == [1.0]
    desk.turn(5 / 127, 0, "program")
    assert heard(program(), 0.5) == [5.0]
    desk.turn(0.25, 1000, "nrpn")
    assert heard(nrpn(1000).range(0, 4), 0.5) == [1.0]


def test_a_pair_of_controllers_is_read_as_the_coarse_one_until_a_fine_part_comes(desk: Desk) -> None:
    desk.now = 1.0
    desk.turn(0.5, 1)
    desk.now = 2.0
    desk.turn(0.2, 1)
    desk.turn(0.21, 1, "cc14")
    desk.now = 3.0
    desk.turn(0.6, 1)
    assert heard(cc14(1), 0.5, 1.5, 2.5, 3.5) == [0.0, 0.5, 0.21, 0.21]
    assert heard(cc14(1), 3.5) == [0.21]


def test_knobs_are_bent_smoothed_and_spread(desk: Desk) -> None:
    desk.now = 1.0
    desk.turn(0.5)
    assert heard(cc(74).curve(0).range(2, 4), 1.0) == [3.0]
    assert heard(cc(74).curve(4), 1.0)[0] < 0.2
    assert heard(cc(74).curve(-4), 1.0)[0] > 0.8
    assert heard(cc(74).smooth(100), 1.1) == pytest.approx([0.5 * (1 - np.exp(-1))])
    assert heard(cc(74) * 2 + 1, 1.0) == [2.0]
    assert isinstance(cc(74).range(0, 1), Knob)
    assert heard(cc(74).range(0, 1).range(2, 4), 1.0) == [3.0]
    assert not isinstance(cc(74).fast(2), Knob)


def test_a_key_begins_something_anew(desk: Desk) -> None:
    hits = trig(note(36), livevae.pattern.saw, ring=0.5)
    gated = trig(note(36), livevae.pattern.saw, ring=0)
    desk.strike(36, 1.0, 1.25)
    desk.strike(36, 0.0, 1.3)
    desk.strike(36, 1.0, 2.0)
    desk.strike(36, 0.0, 3.0)
    times = [1.0, 1.25, 1.5, 1.8, 2.0, 2.25, 2.9, 3.1]
    np.testing.assert_allclose(heard(hits, *times), [np.nan, 0, 0.25, np.nan, 0, 0.25, 0.9, np.nan], atol=1e-9)
    np.testing.assert_allclose(heard(gated, *times), [np.nan, 0, np.nan, np.nan, 0, 0.25, 0.9, np.nan], atol=1e-9)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(0.1, 7.9), min_size=1, max_size=6), st.integers(1, 79), st.floats(0.3, 3))
def test_blocks_do_not_matter_to_what_a_key_begins(strikes: list[float], cut: int, cps: float) -> None:
    made = Desk()
    use(made)
    for at in sorted(strikes):
        made.strike(36, 1.0, at)
    context = Context(0, lambda cycles: np.where(cycles < 2, cycles / cps, 2 / cps + (cycles - 2)))
    pattern, cycles = trig(note(36), livevae.pattern.saw), np.linspace(0, 8, 80)
    whole = pattern.sample(cycles, context)
    parts = [pattern.sample(part, context) for part in np.split(cycles, [cut]) if len(part)]
    np.testing.assert_array_equal(whole, np.concatenate(parts))
    use(None)


@pytest.mark.parametrize(
    ("attempt", "message"),
    [
        (lambda: cc14(32), "no MIDI number 32"),
        (lambda: nrpn(16384), "no MIDI number 16384"),
        (lambda: velocity(128), "no MIDI number 128"),
        (lambda: bend(channel=0), "no MIDI channel 0"),
        (lambda: cc(1, port=3), "part of its name"),
        (lambda: cc(1).relative("x"), "twos"),
        (lambda: cc(1).relative(step=0), "a step is"),
        (lambda: cc(1).pickup(2), "0 to 1"),
        (lambda: cc(1).range(0, 2).pickup(), "before the range"),
        (lambda: cc(1).curve("x"), "curve"),
        (lambda: cc(1).smooth(9999), "milliseconds"),
        (lambda: program(default=200), "whole number"),
        (lambda: trig("bell", "choir"), "takes a key"),
        (lambda: trig(note(1), "choir", ring=-1), "ring"),
    ],
)
def test_what_does_not_work_is_refused(attempt: Callable[[], object], message: str) -> None:
    with pytest.raises(LivevaeError, match=message):
        attempt()


@pytest.mark.parametrize(
    "text",
    [
        'cc(74, channel=2, port="nano").pickup(0.5).curve(2).range(-3, 3)',
        'cc(16, default=0.5).relative("offset", step=0.01)',
        "note(36).toggle()",
        "note(36).momentary()",
        "velocity()",
        "gate()",
        "bend(channel=3)",
        "pressure()",
        "nrpn(1000, smooth=20)",
    ],
)
def test_a_knob_is_shown_as_it_is_typed(text: str) -> None:
    names = {name: getattr(livevae.control, name) for name in livevae.control.__all__}
    assert repr(eval(text, names)) == text


@pytest.mark.parametrize("name", ["knobs", "trig", "messages", "timeline"])
def test_examples_show_what_happens(name: str) -> None:
    module = importlib.import_module(f"livevae.control.{name}")
    names = {public: getattr(livevae.control, public) for public in livevae.control.__all__}
    assert doctest.testmod(module, extraglobs={**names, "np": np}).failed == 0
