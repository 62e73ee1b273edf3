"""Knobs mapped by touch, maps as tables and files, and keys over voices, in virtual time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livevae.control.reading import Where
from livevae.errors import LivevaeError
from livevae.performance.keyboard import STEALS, Allotter
from livevae.performance.touches import Touches
from support.midi import Wire, wired


@pytest.fixture
def wire(rig, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Wire]:
    monkeypatch.setattr("livevae.performance.midi_map.user_config_dir", lambda *a, **k: str(tmp_path / "config"))
    with wired(rig.performance, monkeypatch) as made:
        made.plug("nano", "keys")
        rig.performance.settle()
        yield made


def turn(rig, wire: Wire, number: int, *values: int, port: str = "nano") -> None:
    for value in values:
        wire.play(0xB0, number, value, port=port)
    rig.performance.settle()


def test_a_knob_is_learned_by_touch_and_heard_at_once(rig, wire: Wire) -> None:
    rig.do("v1.play('choir', quant=0); learn(v1.dim[3])")
    rig.run(0.2)
    turn(rig, wire, 74, 0, 1)  # noise
    assert rig.do("v1.dim[3]") is None
    turn(rig, wire, 74, 127)
    rig.run(0.2)
    assert repr(rig.do("v1.dim[3]")) == 'cc(74, channel=1, port="nano").range(-3, 3)'
    assert rig.played().bias[-1].tolist() == [1.0, 1.0, 1.0, 3.0]
    turn(rig, wire, 75, 0, 127)
    assert list(rig.performance.voices[0].dim) == [3]
    rig.do("undo()")
    assert rig.do("v1.dim[3]") is None


def test_knobs_are_learned_in_a_row(rig, wire: Wire) -> None:
    rig.do("v1.play('choir', quant=0); v1.dim[1] = 0.5; learn()")
    for number in (10, 10, 11, 12, 13):
        turn(rig, wire, number, 0, 64, 127)
    assert rig.do("v1.dim[1]").sample([0.0]) == [0.5]
    assert [row.reading.where.number for row in rig.do("midimap()")] == [10, 11, 12]
    with pytest.raises(LivevaeError, match="name another voice"):
        rig.do("learn()")
    told = [message.text for message in rig.told]
    assert "touch a knob for v1.dim[2]" in told


def test_every_way_to_say_what_is_learned(rig, wire: Wire) -> None:
    for number, typed in enumerate(
        ["learn(v2, 1)", "learn(v2.dim, 2)", "learn(v3.dim[0], v2.dim[3])", "learn(v2, 'amp', 'pan')", "learn(v4)"], 20
    ):
        rig.do(typed)
        for knob in range(4):
            turn(rig, wire, number + 10 * knob, 0, 64, 127)
        rig.do("learn(None)")
    assert sorted({row.target for row in rig.do("midimap()")}) == [
        "v2.amp", "v2.dim[1]", "v2.dim[2]", "v2.dim[3]", "v2.pan", "v3.dim[0]",
        "v4.dim[0]", "v4.dim[1]", "v4.dim[2]", "v4.dim[3]",
    ]  # fmt: skip
    assert repr(rig.do("v2.pan")).endswith(".range(-1, 1)")


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("learn(3)", "takes what a knob is to move"),
        ("learn(v1.amp)", "takes what a knob is to move"),
        ("learn(v1, 4)", "4 dimensions, from 0 to 3"),
        ("learn(v1, 'volume')", "amp"),
        ("learn(v1, 1, low='x')", "numbers"),
        ("learn(v1, 1, relative='x')", "twos"),
        ("save_map('x.toml')", "no knob is mapped"),
        ("load_map('missing.toml')", "cannot be read"),
        ("keys(v1)", "needs what to play"),
        ("keys(v1, pattern='bell', steal='x')", "oldest"),
        ("keys(v1, pattern='bell', low=9, high=2)", "numbered"),
        ("keys(pattern='bell')", "needs voices"),
    ],
)
def test_what_cannot_be_learned_is_refused(rig, wire: Wire, typed: str, message: str) -> None:
    with pytest.raises(LivevaeError, match=message):
        rig.do(typed)


def test_encoders_and_fine_controllers_are_recognised() -> None:
    from livevae.control.messages import Change, Reader, encode

    touches = Touches()
    touches.begin()
    steps = [Change("cc", 16, 1 / 127, 1, "p")] * 5
    assert [touches.touched(step) for step in steps] == [None] * 4 + [("cc", 16, 1, "p")]
    reader = Reader()
    found = [
        touches.touched(change)
        for level in np.linspace(0, 1, 12)
        for data in encode("cc14", 5, float(level))
        for change in reader.read(data, "p")
    ]
    assert {control[:2] for control in found if control} == {("cc14", 5)}
    touches.begin()
    found = [touches.touched(change) for v in (0, 127) for change in reader.read([0xB0, 40, v], "p")]
    assert [control for control in found if control] == [("cc", 40, 1, "p")]


def test_a_learned_encoder_goes_on_from_the_middle(rig, wire: Wire) -> None:
    rig.do("v1.play('choir', quant=0); learn(v1.dim, 0, relative='twos')")
    rig.run(0.1)
    turn(rig, wire, 16, 1, 1, 1, 1, 1)
    rig.run(0.1)
    assert rig.played().bias[-1][0] == 0.0
    turn(rig, wire, 16, *[1] * 64)
    rig.run(0.1)
    assert rig.played().bias[-1][0] == pytest.approx(3.0)


def test_a_map_is_kept_and_comes_back_with_its_controller(rig, wire: Wire, tmp_path: Path) -> None:
    rig.do("v1.play('choir', quant=0); learn(v1.dim, 0, 1, low=-1, high=1, curve=2); learn(v1, 'amp', pickup=True)")
    for number in (1, 2, 3):
        turn(rig, wire, number, 0, 64, 127)
    rig.do("v1.pan = cc(9, port='nano').toggle()")
    table = repr(rig.do("midimap()"))
    assert "v1.dim[0]" in table
    path = rig.do("save_map('nano.toml')")
    assert path == tmp_path / "config" / "midi" / "nano.toml"
    rig.do("v1.dim[0] = 0.25; v1.dim[1] = None; v1.amp = 1; v1.pan = 0")
    (path.parent / "broken.toml").write_text("[[map]")
    wire.plug("keys")
    rig.performance.settle()
    wire.plug("keys", "nano")
    rig.performance.settle()
    assert rig.do("v1.dim[0]").sample([0.0]) == [0.25]  # what was set meanwhile stays
    assert repr(rig.do("v1.dim[1]")) == 'cc(2, channel=1, port="nano", default=1).curve(2).range(-1, 1)'
    assert repr(rig.do("v1.amp")) == 'cc(3, channel=1, port="nano", default=1).pickup(1).range(0, 1)'
    assert repr(rig.do("v1.pan")) == 'cc(9, port="nano").toggle()'
    assert next(message.text for message in rig.told if message.kind == "warning").startswith("broken.toml is no map")
    rig.do("load_map('nano')")
    assert "default=1" in repr(rig.do("v1.dim[0]"))
    other = tmp_path / "mine.toml"
    assert rig.do(f"save_map({str(other)!r})") == other
    assert other.read_text() == path.read_text()


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "[[map]]\n",
        "map = 3",
        '[[map]]\ntarget="v99.dim[0]"\ncontrol="cc"\nnumber=1\n',
        '[[map]]\ntarget="v1.amp"\ncontrol="cc"\nnumber=999\n',
    ],
)
def test_a_file_that_is_no_map_changes_nothing(rig, wire: Wire, tmp_path: Path, text: str) -> None:
    (tmp_path / "bad.toml").write_text(text)
    with pytest.raises(LivevaeError, match=r"bad\.toml is no map"):
        rig.do(f"load_map({str(tmp_path / 'bad.toml')!r})")
    assert not rig.do("midimap()")


def test_keys_play_voices(rig, wire: Wire) -> None:
    rig.do("keys(v1, v2, pattern=lambda key: point(0, 0, 0, 0) + key.note)")
    rig.run(0.2)
    wire.play(0x90, 60, 127, port="keys")
    wire.play(0x90, 64, 64, port="keys")
    rig.run(0.2)
    assert [rig.played(slot).bias[-1][0] for slot in (0, 2)] == [60.0, 64.0]
    assert rig.played(2).amp[-1] == pytest.approx(64 / 127)
    wire.play(0x90, 67, 127, port="keys")
    rig.run(0.2)
    assert [rig.played(slot).bias[-1][0] for slot in (0, 2)] == [67.0, 64.0]
    wire.play(0x80, 67, 0, port="keys")
    wire.play(0x80, 60, 0, port="keys")  # stolen before
    rig.run(0.2)
    assert [rig.played(slot).amp[-1] > 0 for slot in (0, 2)] == [False, True]


def test_no_note_hangs_after_panic_or_unplugging(rig, wire: Wire) -> None:
    rig.do("keys(v1, v2, pattern='bell')")
    rig.run(0.2)
    wire.play(0x90, 60, 127, port="keys")
    rig.run(0.2)
    assert rig.played(0).amp[-1] > 0
    wire.plug("nano")
    rig.run(0.2)
    assert rig.played(0).amp[-1] == 0.0
    wire.plug("nano", "keys")
    wire.play(0x90, 60, 127, port="keys")
    rig.do("panic()")
    assert {"panic": True} in wire.sent
    rig.do("undo()")
    rig.run(0.2)
    assert rig.played(0).amp[-1] == 0.0


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.integers(58, 66), st.booleans()), max_size=60),
    st.integers(1, 4),
    st.sampled_from(STEALS),
)
def test_stealing_never_hangs(played: list[tuple[int, bool]], count: int, steal: str) -> None:
    allotter = Allotter(Where("note", None), count, steal, 0, 127)
    outputs = list(allotter.starts())
    down: set[int] = set()

    def press(number: int, value: float) -> None:
        for output, made, _ in allotter.moved(("note", number, 1, "p"), value):
            outputs[output] = made

    for number, on in played:
        press(number, 0.5 if on else 0.0)
        (down.add if on else down.discard)(number)
        sounding = [outputs[2 * n] for n in range(count) if outputs[2 * n + 1]]
        assert len(sounding) == len(set(sounding))
        assert set(sounding) <= down
        if steal in ("oldest", "newest", "lowest", "highest") and on:
            assert number in sounding
    for number in list(down):
        press(number, 0.0)
    assert not any(outputs[1::2])
