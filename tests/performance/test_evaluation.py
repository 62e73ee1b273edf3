import json

import numpy as np
import pytest

from livevae.performance import EvaluationError, Journal, Performance
from livevae.performance.stage import MARGIN_SECONDS


def test_an_expression_gives_its_value_and_a_statement_none(rig):
    assert rig.do("x = 20\nx + 1") == 21
    assert rig.do("y = x") is None
    assert rig.do("") is None


def test_an_error_changes_nothing_and_names_its_line(rig):
    rig.do("v1.z = 'choir'; v1.amp = 0.5")
    before = repr(rig.performance.voices[0])
    with pytest.raises(EvaluationError) as error:
        rig.do("v1.amp = 0.1\nv1.z = 'bell'\ntempo(30)\nv2.z = 'coir'\n", "song.py")
    assert str(error.value).startswith("song.py:4: there is no recording 'coir'")
    assert repr(rig.performance.voices[0]) == before
    assert rig.do("v2.z") is None
    assert rig.do("tempo()") == 120
    assert list(rig.engine.slots) == [0]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("v1.z = (", "<repl>:1: '(' was never closed"),
        ("\n\n1 / 0", "<repl>:3: ZeroDivisionError: division by zero"),
        ("v1.vol = 1", "did you mean amp?"),
        ("v1.pann = 1", "did you mean pan?"),
        ("v1.mut()", "did you mean mute"),
        ("v1.z = np.zeros(3)", "3"),
        ("v1.z = live(1)", "set .input to it"),
        ("v1.amp = live", "only be heard through .z"),
        ("v1.amp = 'choir'", "one number at a time"),
        ("v1.amp = point(1, 2, 3, 4)", "one number at a time"),
        ("v1.amp = None", "not NoneType"),
        ("v1.dim[4] = 1", "numbered from 0 to 3"),
        ("v1.dim['a'] = 1", "whole number"),
        ("v1.dim = 3", "one dimension at a time"),
        ("v1.model = 'othr'", "did you mean other?"),
        ("v1.model = 'damaged'", "damaged"),
        ("v1.input = v1", "cannot listen to itself"),
        ("v1.input = live(3)", "2 audio inputs"),
        ("v1.input = 'rain.wav'", "write file('rain.wav')"),
        ("v1.input = file('rain.wav')", "does not exist"),
        ("v1.play('choir', quant=-1)", "quant"),
        ("v1.play('choir', fade='long')", "fade"),
        ("tempo(0)", "above 0"),
        ("undo()", "nothing to undo"),
        ("record('take.mp3')", ".wav or .flac"),
    ],
)
def test_what_is_wrong_is_said_at_once(rig, source, said):
    with pytest.raises(EvaluationError) as error:
        rig.do(source)
    assert said in str(error.value)
    assert "\n" not in str(error.value)
    assert not rig.engine.slots
    assert repr(rig.performance.voices[0]) == "v1: z=None, amp=1, pan=0, mix=1"


def test_voices_of_one_evaluation_begin_together(rig):
    rig.run(0.3)
    rig.do("v1.play('choir', fade=0)\nv2.play('bell', fade=0)\nv3.play(live, fade=0)")
    rig.run(3.0)
    starts = {int(np.flatnonzero(rig.played(slot).amp)[0]) + rig.played(slot).first for slot in (0, 2, 4)}
    assert starts == {200}


def test_a_live_engine_has_a_moment_to_prepare(rig):
    live = Performance(rig.engine, rig.library, default_model=rig.folder / "default.ts")
    rig.run(2.0 - MARGIN_SECONDS / 2)
    live.evaluate("v1.play('choir', fade=0)")
    rig.run(4.0)
    played = rig.played()
    assert np.flatnonzero(played.amp)[0] == played.frame(4.0)


def test_undo_goes_back_one_evaluation_at_a_time(rig):
    rig.do("v1.play(1, fade=0)\nv2.z = 'choir'")
    rig.do("v1.play(2, fade=0); v1.amp = 0.5; tempo(60)")
    rig.do("v2.z = None")
    rig.do("x = 1")
    rig.run(1.0)
    rig.do("undo()")
    assert rig.do("v2.z") is not None
    assert rig.do("v1.amp") == 0.5
    rig.do("undo()")
    assert (rig.do("v1.amp"), rig.do("tempo()")) == (1.0, 120)
    rig.run(0.5)
    assert rig.played().bias[-1, 0] == 1.0
    rig.do("redo()")
    assert (rig.do("v1.amp"), rig.do("tempo()")) == (0.5, 60)
    rig.run(0.5)
    assert rig.played().bias[-1, 0] == 2.0


def test_undo_before_the_change_was_heard_leaves_no_trace(rig):
    rig.do("v1.play(1, fade=0)")
    rig.run(0.5)
    rig.do("v1.z = 2")
    rig.do("undo()")
    rig.run(4.0)
    assert (rig.played().bias == 1.0).all()
    assert (rig.played().amp == 1.0).all()


def test_an_error_after_undo_keeps_the_history(rig):
    rig.do("v1.z = 1")
    with pytest.raises(EvaluationError):
        rig.do("undo()\n1/0")
    rig.do("undo()")
    assert rig.do("v1.z") is None


def test_what_fails_later_goes_back_to_what_played_before(rig):
    rig.do("v1.play('choir', fade=0); v2.play('bell', fade=0)")
    rig.run(1.0)
    rig.do(
        "import numpy\n"
        "broken = False\n"
        "def f(t):\n"
        "    if broken: raise RuntimeError('a string broke')\n"
        "    return numpy.full(len(t), 5.0)\n"
        "v1.play(signal(f), quant=0, fade=0)\n",
        "song.py",
    )
    rig.run(1.0)
    assert rig.played().bias[-1, 0] == 5.0
    rig.do("broken = True")
    rig.run(1.0)
    assert [str(message) for message in rig.told] == [
        "song.py:6: v1: RuntimeError: a string broke (back to what played before)"
    ]
    assert rig.played().bias[-1, 0] == 1.0
    assert (rig.played().amp[1:] == 1.0).all()
    assert np.abs(np.diff(rig.played().bias[150:, 0])).max() <= 1.01, "it glides back"
    assert (rig.played(2).bias == 2.0).all()
    rig.do("v1.dim[0] = 3")
    rig.run(3.0)
    assert rig.played().bias[-1].tolist() == [3.0, 1.0, 1.0, 1.0]


def test_a_level_that_fails_goes_back_too(rig):
    rig.do("v1.play('choir', fade=0); v1.amp = 0.5")
    rig.do("bad = []\nv1.amp = signal(lambda t: t * 0 + 0.25 if not bad else bad.no)")
    rig.run(1.0)
    assert rig.played().amp[-1] == 0.25
    rig.do("bad.append(1)")
    rig.run(1.0)
    assert rig.played().amp[-1] == 0.5
    assert "v1.amp" in str(rig.told[-1])
    assert rig.do("v1.amp") == 0.5


def test_what_fails_with_nothing_before_it_falls_silent(rig):
    rig.do("bad = []\nv1.play(signal(lambda t: t if not bad else bad.no), fade=0)")
    rig.run(1.0)
    rig.do("bad.append(1)")
    rig.run(1.0)
    assert rig.played().amp[-1] == 0.0
    assert rig.do("v1.z") is None
    assert len(rig.told) == 1


def test_an_engine_that_refuses_a_stream_changes_nothing(rig):
    rig.do("v1.z = 'choir'")
    rig.engine.refuse = "no room for another stream"
    with pytest.raises(EvaluationError, match="no room"):
        rig.do("v1.amp = 0.5; v2.z = 'bell'")
    assert rig.do("v1.amp") == 1.0
    assert list(rig.engine.slots) == [0]


def test_an_interrupt_changes_nothing(rig):
    with pytest.raises(KeyboardInterrupt):
        rig.do("v1.z = 'choir'\nraise KeyboardInterrupt")
    assert rig.do("v1.z") is None


def test_reading_what_was_set(rig):
    rig.do("v1.z = 'choir bell'\nv1.dim[1] = 2\nv1.input = live(2)\nv1.mute()")
    assert rig.do("v1") == rig.performance.voices[0]
    assert repr(rig.do("v1")) == (
        "v1: z='choir bell' (<repl>:1), dim[1]=2, amp=1, pan=0, mix=1, input=Live(channel=2, channels=1), muted"
    )
    assert rig.do("v1.z.fast(2)") is not None
    assert rig.do("v1.model") is None


def test_recordings_of_the_output_never_replace_a_file(rig, tmp_path):
    (tmp_path / "take.wav").write_text("kept")
    rig.do(f"record({str(tmp_path / 'take.wav')!r})")
    rig.do("stop_recording()")
    assert [path and path.name for _, path in rig.engine.calls("record")] == ["take-2.wav", None]


def test_the_journal_tells_when_everything_was_done(rig, tmp_path):
    journal = Journal(tmp_path / "state" / "journal.jsonl")
    performance = Performance(
        rig.engine, rig.library, default_model=rig.folder / "default.ts", journal=journal, live=False
    )
    rig.run(1.0)
    performance.evaluate("tempo(240)")
    with pytest.raises(EvaluationError):
        performance.evaluate("1/0")
    entries = [json.loads(line) for line in (tmp_path / "state" / "journal.jsonl").read_text().splitlines()]
    assert [(entry["kind"], entry["sample"], entry["cycle"]) for entry in entries] == [
        ("start", 0, 0.0),
        ("tempo", 48000, 0.5),
        ("apply", 48000, 0.5),
        ("evaluate", 48000, 0.5),
        ("error", 48000, 0.5),
    ]
    assert entries[3]["source"] == "tempo(240)"
    performance.close()


def test_a_journal_that_cannot_be_written_complains_once(tmp_path):
    said: list[str] = []
    (tmp_path / "file").write_text("")
    journal = Journal(tmp_path / "file" / "journal.jsonl", said.append)
    journal.write("evaluate", sample=0, cycle=0.0)
    journal.write("evaluate", sample=0, cycle=0.0)
    assert len(said) == 1
    journal.close()


def test_events_of_the_engine_are_told(rig):
    from livevae.engine.interface import Event

    rig.do("v2.z = 'choir'")
    rig.engine.on_event(Event("nan", "not finite", 2))
    rig.engine.on_event(Event("died", "the engine died"))
    assert [(message.kind, str(message)) for message in rig.told] == [
        ("warning", "v2: not finite"),
        ("error", "the engine died"),
    ]


def test_status_says_what_plays(rig):
    rig.do("tempo(96); v1.z = 'choir'; v3.z = 'bell'; v3.mute()")
    rig.run(5.0)
    status = rig.performance.status()
    assert (status.bpm, status.cps, status.cycle) == (96, 0.4, 2.0)
    assert [(voice.name, voice.model, voice.buffering, voice.muted) for voice in status.voices] == [
        ("v1", "default", 0.02, False),
        ("v3", "default", 0.02, True),
    ]
    assert repr(status).splitlines() == [
        "cycle 2.00, 96 bpm, silent, load 0%, 0 late, 0 xruns",
        "v1: default, delay 20 + unknown ms",
        "v3: default, delay 20 + unknown ms, muted",
    ]


def test_a_knob_is_heard_from_the_next_frame_and_journalled(rig, tmp_path):
    from livevae.control import Change
    from livevae.performance.journal import read_journal

    journal = Journal(tmp_path / "journal.jsonl")
    performance = Performance(
        rig.engine, rig.library, default_model=rig.folder / "default.ts", journal=journal, live=False
    )
    before = len(rig.engine.calls("refresh"))
    performance.control_changed(Change("cc", 74, 0.5, 1, "knobs"))
    assert len(rig.engine.calls("refresh")) == before + 1
    performance.close()
    _, entry, _ = read_journal(tmp_path / "journal.jsonl")
    assert (entry["kind"], entry["control"], entry["number"], entry["value"]) == ("control", "cc", 74, 0.5)


def test_a_recording_that_is_ready_is_asked_for_again(rig):
    before = len(rig.engine.calls("refresh"))
    rig.library.on_ready("choir")
    assert len(rig.engine.calls("refresh")) == before + 1


def test_the_feeder_is_never_disturbed_by_what_is_typed(rig):
    import threading

    rig.do("v1.z = 'choir'; v2.z = live")
    ended, shapes, frame = threading.Event(), set(), 0

    def feed():
        nonlocal frame
        while not ended.is_set():
            for slot in range(6):
                rows = rig.performance.fill(slot, frame, 40)
                shapes.add((rows.shape[0], bool(np.isfinite(rows).all())))
            frame += 10

    feeder = threading.Thread(target=feed)
    feeder.start()
    lines = (
        "v1.z = 'bell ~ choir'",
        "v2.play(live * 2, quant=0)",
        "v1.model = 'other'",
        "v1.amp = sine",
        "v3.z = 'drum'",
        "hush()",
        "undo()",
        "v1.model = None",
        "v2.dim[1] = saw",
        "panic()",
        "tempo(200)",
    )
    for _ in range(5):
        for line in lines:
            rig.do(line)
            rig.performance.tick()
    ended.set()
    feeder.join()
    assert shapes == {(40, True)}
    assert not rig.told


def test_undo_after_a_change_on_the_same_line_takes_back_that_change(rig):
    rig.do("v1.play(1, fade=0)")
    rig.do("v1.play(2, fade=0)")
    before = repr(rig.performance.voices[0])
    rig.do("hush(); panic(); undo()")
    assert repr(rig.performance.voices[0]) == before
    rig.run(1.0)
    assert rig.played().bias[-1, 0] == 2.0
    assert rig.played().amp[-1] == 1.0
    rig.do("undo()")
    rig.run(1.0)
    assert rig.played().bias[-1, 0] == 1.0
