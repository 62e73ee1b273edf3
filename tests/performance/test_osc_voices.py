"""OSC moves voices, cues, variables and tempo by address, and a replay hears the same."""

import json
import time

import numpy as np
import pytest
from pythonosc.udp_client import SimpleUDPClient

from livevae.control.osc import LOOPBACK
from livevae.errors import LivevaeError
from livevae.performance import Journal, Performance
from livevae.performance.replay import replaying, script
from livevae.performance.voice import _ASSIGNED
from support.doubles import FakeLibrary, RecordingEngine

SECONDS = 20


class Remote:
    """Messages to a rig, each waited for."""

    def __init__(self, rig):
        self.rig = rig
        self.port = rig.do("osc_listen(0)")
        self.client = SimpleUDPClient(LOOPBACK, self.port)
        self._count = 0

    def send(self, address, *values):
        """Send, and wait until what it sets off is done."""
        self._count += 1
        self.client.send_message(address, list(values))
        self.client.send_message("/mark", self._count)
        end = time.monotonic() + SECONDS
        mark = self.rig.performance.inbox.osc("/mark")
        while mark.sample([1e9])[0] != self._count and time.monotonic() < end:
            time.sleep(0.002)
        self.rig.performance.settle()
        assert mark.sample([1e9])[0] == self._count

    @property
    def told(self):
        return [message.text for message in self.rig.told]


@pytest.fixture
def remote(rig):
    return Remote(rig)


def test_an_address_is_a_pattern(remote, rig):
    rig.do('v1.z = point(0, 0, 0, 0); v1.amp = osc("/fader", 0.25); v2.z = osc("/xyzw", size=4)')
    rig.run(0.5)
    remote.send("/fader", 0.75)
    remote.send("/xyzw", 1, 2, 3, 4)
    rig.run(0.5)
    assert set(np.round(rig.played(0).amp, 3)) >= {0.25, 0.75}
    assert rig.played(0).amp[-1] == 0.75
    assert rig.played(2).bias[-1].tolist() == [1, 2, 3, 4]


@pytest.mark.parametrize(("name", "value"), [("amp", 0.5), ("pan", -0.5), ("mix", 0.25)])
def test_levels_of_voices_move(remote, rig, name, value):
    rig.do("v1.z = point(0, 0, 0, 0)")
    rig.run(0.2)
    remote.send(f"/livevae/v1/{name}", 0.125)
    remote.send(f"/livevae/v1/{name}", value)
    rig.run(0.5)
    assert getattr(rig.played(0), name)[-1] == value


def test_many_messages_are_one_change_to_undo(remote, rig):
    rig.do("v1.z = point(0, 0, 0, 0); v1.amp = 0.1")
    for level in np.linspace(0.2, 0.9, 50):
        remote.send("/livevae/v1/amp", float(level))
    rig.run(0.2)
    assert rig.played(0).amp[-1] == pytest.approx(0.9)
    rig.do("undo()")
    rig.run(0.2)
    assert rig.played(0).amp[-1] == pytest.approx(0.1)
    remote.send("/livevae/v1/amp", 0.3)
    rig.run(0.2)
    assert rig.played(0).amp[-1] == pytest.approx(0.3)


def test_a_dimension_is_driven_and_let_go(remote, rig):
    rig.do("v1.z = point(1, 1, 1, 1)")
    rig.run(0.2)
    remote.send("/livevae/v1/dim/3", 5.0)
    rig.run(3.0)
    assert rig.played(0).bias[-1].tolist() == [1, 1, 1, 5]
    remote.send("/livevae/v1/dim/3")
    rig.run(3.0)
    assert rig.played(0).bias[-1].tolist() == [1, 1, 1, 1]


def test_latents_are_set_by_mini_notation_or_by_numbers(remote, rig):
    remote.send("/livevae/v2/z", "bell")
    rig.run(3.0)
    assert set(rig.played(2).bias[-1]) == {2.0}
    remote.send("/livevae/v2/z", 4, 3, 2, 1)
    rig.run(0.5)
    assert rig.played(2).bias[-1].tolist() == [4, 3, 2, 1]
    remote.send("/livevae/v2/z", 0, 0, 0, 9)
    rig.run(0.2)
    assert rig.played(2).bias[-1].tolist() == [0, 0, 0, 9]
    remote.send("/livevae/var/melody", "choir")
    remote.send("/livevae/v2/z", "^melody")
    rig.run(3.0)
    assert set(rig.played(2).bias[-1]) == {1.0}


def test_text_is_never_run_as_python(remote, rig, tmp_path):
    evil = tmp_path / "evil"
    for text in (f"__import__('pathlib').Path({str(evil)!r}).touch()", f"{{open({str(evil)!r}, 'w')}}", "^hush"):
        remote.send("/livevae/v1/z", text)
        remote.send("/livevae/var/x", text)
        remote.send("/livevae/v1/z", "^x")
    assert not evil.exists()
    remote.send("/livevae/var/hush", "bell")
    assert "a name of your own" in remote.told[-1]
    assert callable(rig.performance.names["hush"])


def test_models_are_taken_by_name_only(remote, rig):
    remote.send("/livevae/v1/model", str(rig.folder / "other.ts"))
    assert "paths are not taken" in remote.told[-1]
    remote.send("/livevae/v1/model", "other")
    assert rig.performance.voices[0].model.stem == "other"


def test_switches_and_buttons(remote, rig):
    rig.do('v1.z = "choir"; v2.z = "bell"')
    remote.send("/livevae/v1/mute", 1)
    assert "muted" in repr(rig.performance.voices[0])
    remote.send("/livevae/v1/mute", 0)
    assert "muted" not in repr(rig.performance.voices[0])
    remote.send("/livevae/v[12]/solo", True)
    assert all("solo" in repr(voice) for voice in rig.performance.voices[:2])
    remote.send("/livevae/tempo", 90)
    assert rig.do("tempo()") == pytest.approx(90)
    remote.send("/livevae/v2/input", 2)
    assert rig.performance.voices[1].input.channel == 2
    remote.send("/livevae/v2/input", 0)
    assert rig.performance.voices[1].input is None
    remote.send("/livevae/v1/out", 2, 1)
    assert rig.performance.voices[0].out == (2, 1)
    remote.send("/livevae/v1/width", 0.5)
    assert rig.performance.voices[0].width.sample([1e9])[0] == 0.5
    remote.send("/livevae/hush", 0.0)
    assert rig.performance.voices[1].z is not None
    remote.send("/livevae/hush", 1.0)
    assert rig.performance.voices[1].z is None
    remote.send("/livevae/undo")
    assert rig.performance.voices[1].z is not None
    remote.send("/livevae/panic")
    assert rig.performance.voices[1].z is None


def test_a_fader_that_moves_nothing_is_told_of_once(remote, rig):
    for level in range(50):
        remote.send("/livevae/v1/dim/99", level)
    assert len(remote.told) == 1


def test_variables_and_triggers(remote, rig):
    rig.do('v1.z = point(0, 0, 0, 0); v1.amp = var("level", 0.5)')
    remote.send("/livevae/var/level", 0.125)
    rig.run(0.5)
    assert rig.played(0).amp[-1] == 0.125
    rig.do('on_osc("/push", hush)')
    remote.send("/push", 0)
    assert rig.performance.voices[0].z is not None
    remote.send("/push", 1)
    assert rig.performance.voices[0].z is None


@pytest.mark.parametrize(
    ("address", "values", "said"),
    [
        ("/livevae/v1/amp", ["x"], "/livevae/v1/amp takes a number, not 'x'"),
        ("/livevae/v17/amp", [1.0], "there is no /livevae/v17/amp; did you mean /livevae/v{voice}/amp?"),
        ("/livevae/v1/dim/99", [1.0], "/livevae/v1/dim/99: "),
        ("/livevae/v1/z", ["bel"], "/livevae/v1/z: "),
        ("/mine", ["x"], "a pattern is moved by numbers"),
        ("/livevae/v1/fx", ["reverb"], "there is no /livevae/v1/fx"),
        ("/livevae/v1/input", [-1], "inputs are counted from 1"),
        ("/livevae/v1/input", [0.5], "inputs are counted from 1"),
    ],
)
def test_what_does_not_work_is_told_and_changes_nothing(remote, rig, address, values, said):
    before = repr(rig.performance.voices[0])
    remote.send(address, *values)
    assert said in remote.told[-1]
    assert repr(rig.performance.voices[0]) == before


def test_other_hosts_need_trust_and_a_warning(rig):
    with pytest.raises(LivevaeError, match="trust=True"):
        rig.do('osc_listen(0, host="0.0.0.0")')
    assert rig.do('osc_listen(0, host="0.0.0.0", trust=True)') > 0
    assert "everybody on a network" in rig.told[-1].text
    assert rig.performance._listening._osc._socket.getsockname()[0] == "0.0.0.0"
    rig.do("osc_listen(None)")


def test_every_attribute_of_a_voice_has_an_address_or_a_reason(rig):
    """Effects and transitions are made of functions, which no message brings; their parameters follow `osc(...)`."""
    there = {route.address.split("/")[3] for route in rig.performance.remote.routes() if "{voice}" in route.address}
    assert set(_ASSIGNED) - there <= {"transition", "fx", "input_fx"}


def test_a_replay_hears_the_same(tmp_path):
    (tmp_path / "default.ts").write_text("default")
    first = RecordingEngine()
    journal = Journal(tmp_path / "take.jsonl")
    played = Performance(
        first, FakeLibrary(choir=1.0, bell=2.0), default_model=tmp_path / "default.ts", live=False, journal=journal
    )

    class Rig:
        performance, told, do = played, [], staticmethod(played.evaluate)

    played.on_message = Rig.told.append
    remote = Remote(Rig)
    steps = [
        ("/livevae/v1/z", ["choir bell"]),
        ("/livevae/v1/dim/2", [0.5]),
        ("/livevae/v1/amp", [0.25]),
        ("/livevae/v1/amp", [0.75]),
        ("/livevae/tempo", [100.0]),
        ("/livevae/v2/z", [4, 3, 2, 1]),
        ("/livevae/v2/z", [1, 3, 2, 1]),
        ("/livevae/v1/mute", [1]),
        ("/livevae/hush", []),
        ("/livevae/undo", []),
        ("/livevae/panic", []),
    ]
    for address, values in steps:
        remote.send(address, *values)
        for _ in range(20):
            played.advance(first.now() / first.rate)
            first.advance(0.05, 1)
    assert Rig.told == []
    played.close()
    kinds = [json.loads(line)["kind"] for line in journal.path.read_text().splitlines()]
    assert kinds.count("osc") == 9

    again = RecordingEngine()
    what = script(journal.path)
    with replaying(what, again, FakeLibrary(choir=1.0, bell=2.0)) as (_, replay):
        end = first.now()
        while again.now() < end:
            replay.due(again.now())
            again.advance(0.05, 1)
    for slot, stream in {**dict(first.closed), **first.slots}.items():
        other = {**dict(again.closed), **again.slots}[slot]
        a, b = np.concatenate(stream.rows), np.concatenate(other.rows)
        count = min(len(a), len(b))
        assert count > 50
        np.testing.assert_array_equal(a[:count], b[:count])
