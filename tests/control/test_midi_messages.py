"""MIDI messages and the values they say: whatever comes, and both ways."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livevae.control.messages import KINDS, PITCH_BEND, Change, Reader, encode

ANY = st.lists(st.lists(st.integers(-1, 300), max_size=6), max_size=40)
CONTROL = st.tuples(
    st.sampled_from([0xB0, 0xB1, 0x90, 0x80, 0xE0]),
    st.sampled_from([1, 33, 6, 38, 96, 97, 98, 99, 100, 101, 120, 123, 60]),
    st.integers(0, 127),
)


def said(messages: list[list[int]], reader: Reader | None = None) -> list[Change]:
    reader = reader or Reader()
    return [change for data in messages for change in reader.read(data, "p")]


@settings(max_examples=150, deadline=None)
@given(ANY, st.lists(CONTROL, max_size=40))
def test_whatever_comes_is_read(noise: list[list[int]], controls: list[tuple[int, int, int]]) -> None:
    reader = Reader()
    for data in [*noise, *map(list, controls), *noise]:
        for change in reader.read(data, "p"):
            kind = KINDS[change.kind]
            assert 0.0 <= change.value <= 1.0
            assert 0 <= change.number <= kind.highest
            assert 1 <= change.channel <= 16
    held = reader.release()
    assert all(change.kind == "note" and change.value == 0.0 for change in held)
    assert reader.release() == ()


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_what_is_written_is_read(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(sorted(KINDS)))
    number = data.draw(st.integers(0, min(KINDS[kind].highest, 16382)))
    fine = KINDS[kind].fine or (kind == "cc" and number == PITCH_BEND)
    finest = 16383 if fine else 127
    level = data.draw(st.integers(0, finest))
    channel = data.draw(st.integers(1, 16))
    last = said(encode(kind, number, level / finest, channel))
    if kind == "cc14":
        assert last[-1] == Change("cc14", number, level / finest, channel, "p")
    else:
        assert [change for change in last if change.kind == kind][-1] == Change(
            kind, number, level / finest, channel, "p"
        )


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 16383), min_size=2, max_size=20))
def test_the_two_halves_of_a_value_never_overshoot(levels: list[int]) -> None:
    reader = Reader()
    said(encode("cc14", 1, levels[0] / 16383), reader)
    for before, after in itertools.pairwise(levels):
        seen = [c.value * 16383 for c in said(encode("cc14", 1, after / 16383), reader) if c.kind == "cc14"]
        assert seen[-1] == pytest.approx(after)
        assert all(min(before, after) - 1e-6 <= value <= max(before, after) + 1e-6 for value in seen)


def test_a_device_without_fine_parts_reaches_both_ends() -> None:
    selected = [[0xB0, 99, 7], [0xB0, 98, 104]]
    assert said([*selected, [0xB0, 6, 127]])[-1] == Change("nrpn", 1000, 1.0, 1, "p")
    assert [c.kind for c in said([[0xB0, 1, 5]])] == ["cc"]


def test_parameters_are_counted_up_and_down_and_left() -> None:
    reader = Reader()
    said(encode("nrpn", 5, 0.5), reader)
    up = said([[0xB0, 96, 1]], reader)[-1].value
    down = said([[0xB0, 97, 0]], reader)[-1].value
    assert (up - down) * 16383 == pytest.approx(1)
    said([[0xB0, 101, 127], [0xB0, 100, 127]], reader)
    assert [c.kind for c in said([[0xB0, 6, 3]], reader)] == ["cc"]
    assert said(encode("rpn", 0, 1.0))[-1] == Change("rpn", 0, 1.0, 1, "p")


@pytest.mark.parametrize("number", [120, 123])
def test_all_notes_off_lets_go_of_the_channel(number: int) -> None:
    reader = Reader()
    said([[0x90, 60, 1], [0x91, 61, 1], [0x90, 64, 1]], reader)
    freed = said([[0xB0, number, 0]], reader)[1:]
    assert freed == [Change("note", 60, 0.0, 1, "p"), Change("note", 64, 0.0, 1, "p")]
    assert reader.release("p") == (Change("note", 61, 0.0, 2, "p"),)
