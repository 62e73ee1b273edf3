"""The toolbar's text."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livevae.repl.toolbar import FLOOR_DB, METER_CELLS, Fragments, Readings, countdown, latency, meter, toolbar

PLAYING = Readings(12.34, 96.0, 0.031, 0.27, 1, 2, 26.7, 310.2, (0.5, 1.0), "take.flac", "line 3: no such name")


def text(line: Fragments) -> str:
    return "".join(part for _, part in line)


def test_everything_is_shown_where_there_is_room() -> None:
    shown = text(toolbar(PLAYING, 200))
    for part in ("12.3", "96 bpm", "load 27%", "late 1", "xruns 2", "27+310 ms", "REC", "line 3: no such name"):
        assert part in shown


def test_a_clean_engine_raises_no_warning() -> None:
    styles = {style for style, _ in toolbar(Readings(), 200)}
    assert "class:bottom-toolbar.warn" not in styles
    assert "class:bottom-toolbar.warn" in {style for style, _ in toolbar(Readings(late=1), 200)}
    assert "class:bottom-toolbar.warn" in {style for style, _ in toolbar(Readings(load_audio=0.9), 200)}


@settings(max_examples=60)
@given(st.integers(1, 220), st.sampled_from(["", "short", "a long message " * 20, "two\nlines"]), st.booleans())
def test_the_line_fits_whatever_the_width(width: int, error: str, recording: bool) -> None:
    shown = text(toolbar(replace(PLAYING, error=error or None, recording="x" if recording else None), max(width, 8)))
    assert len(shown) <= max(width, 8)
    assert "\n" not in shown


def test_a_narrow_line_keeps_the_cycle_and_the_error() -> None:
    shown = text(toolbar(PLAYING, 40))
    assert "12.3" in shown
    assert "line 3: no" in shown


def test_an_error_goes_before_a_note() -> None:
    assert "bad" in text(toolbar(Readings(error="bad", note="fine"), 200))
    assert "fine" in text(toolbar(Readings(note="fine"), 200))


def test_meter_is_empty_at_the_floor_and_full_at_full_scale() -> None:
    assert meter(0.0) == meter(10 ** (FLOOR_DB / 20)) == " " * METER_CELLS
    assert meter(1.0) == meter(4.0) == "█" * METER_CELLS
    assert meter(float("nan")) == " " * METER_CELLS
    assert meter(10 ** (FLOOR_DB / 40)).strip() == "█" * (METER_CELLS // 2)


@given(st.floats(0, 2), st.floats(0, 2))
def test_meter_grows_with_the_level(a: float, b: float) -> None:
    low, high = sorted((a, b))
    assert len(meter(low)) == METER_CELLS
    assert [" ▏▎▍▌▋▊▉█".index(c) for c in meter(low)] <= [" ▏▎▍▌▋▊▉█".index(c) for c in meter(high)]


@pytest.mark.parametrize(
    ("buffering", "model", "shown"), [(None, None, ""), (26.7, 310.2, "27+310 ms"), (26.7, None, "27+? ms")]
)
def test_latency(buffering: float | None, model: float | None, shown: str) -> None:
    assert latency(buffering, model) == shown


FORM = replace(PLAYING, cue="build", left=3.5, following="drop", error=None)


def test_the_form_is_shown_with_its_countdown() -> None:
    assert "build  3:2  → drop" in text(toolbar(FORM, 200))
    assert " 3:2  → drop" in text(toolbar(replace(FORM, cue=None), 200))
    held = text(toolbar(replace(FORM, left=None), 200))
    assert "build  → drop" in held
    assert "→" not in text(toolbar(replace(FORM, following=None), 200))


@pytest.mark.parametrize(
    ("left", "beats", "shown"),
    [(16.0, 4.0, "16:0"), (3.5, 4.0, "3:2"), (0.01, 4.0, "0:1"), (0.0, 4.0, "0:0"), (0.5, 3.0, "0:2")],
)
def test_countdown(left: float, beats: float, shown: str) -> None:
    assert countdown(left, beats) == shown


@given(st.floats(0, 1000), st.floats(0, 1000))
def test_the_countdown_never_goes_up(a: float, b: float) -> None:
    early, late = sorted((a, b), reverse=True)
    assert tuple(map(int, countdown(late, 4).split(":"))) <= tuple(map(int, countdown(early, 4).split(":")))


def test_the_last_bar_is_marked() -> None:
    assert ("class:bottom-toolbar.warn", " 0:3 ") in toolbar(replace(FORM, left=0.75), 200)
    assert ("class:bottom-toolbar", " 3:2 ") in toolbar(FORM, 200)


@settings(max_examples=60)
@given(st.integers(8, 220), st.text(max_size=40), st.floats(0, 100))
def test_a_form_fits_whatever_the_width(width: int, name: str, left: float) -> None:
    shown = text(toolbar(replace(FORM, cue=name, following=name, left=left), width))
    assert len(shown) <= width
    if width >= 40:
        assert countdown(left, 4.0) in shown
