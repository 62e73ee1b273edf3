"""`livevae replay`: a performance that a script played against the silent clock, rendered from its journal."""

from __future__ import annotations

import json

import numpy as np
import pytest
import soundfile

SCRIPT = """v1.play(0.3, fade=0, quant=0); v1.dim[0] = sine.range(-1, 1)
wait(0.6)
v1.amp = 0.2
wait(0.5)
"""


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    from support.command import runner

    folder = tmp_path_factory.mktemp("replay")
    run = runner(folder)
    done = run("--audio", "silent", script=SCRIPT)
    assert done.returncode == 0, done.stderr
    (journal,) = (folder / "state" / "livevae" / "journal").glob("*.jsonl")
    return run, folder, journal


def test_a_journal_becomes_a_file_always_the_same(played):
    run, folder, journal = played
    assert run("replay", journal, "-o", folder / "one.wav").returncode == 0
    done = run("replay", "-o", folder / "two.wav")
    assert done.returncode == 0, done.stderr
    one, rate = soundfile.read(folder / "one.wav")
    assert np.array_equal(one, soundfile.read(folder / "two.wav")[0])
    entries = [json.loads(line) for line in journal.read_text().splitlines()]
    assert entries[0]["kind"] == "start"
    assert entries[-1]["kind"] == "end"
    assert len(one) == entries[-1]["sample"]
    changes = [entry["now"] for entry in entries if entry["kind"] == "apply"]
    level = [np.abs(one[round((at + 0.3) * rate) :][:9600]).mean() for at in (changes[0], changes[-1])]
    assert level[0] > 0.001
    assert level[1] < 0.5 * level[0]


def test_a_part_of_it_is_cut_from_the_whole(played):
    run, folder, journal = played
    done = run("replay", journal, "-o", folder / "part.wav", "--from", "0.75", "--until", "1.5")
    assert done.returncode == 0, done.stderr
    whole, part = soundfile.read(folder / "one.wav")[0], soundfile.read(folder / "part.wav")[0]
    assert np.array_equal(part, whole[36000:72000])


def test_it_can_be_heard_live(played):
    run, _, journal = played
    done = run("replay", journal, "--audio", "silent")
    assert done.returncode == 0, done.stderr
    assert "running against a silent clock" in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["none.jsonl"], "there is no journal none.jsonl"),
        (["{journal}", "-o", "x.mp3"], ".wav"),
        (["{journal}", "--input", "x.wav"], "add -o"),
        (["{journal}", "-o", "{folder}/x.wav", "--from", "1000"], "there is nothing from 1000 s"),
        (["{folder}/other.jsonl", "-o", "{folder}/x.wav"], "is not there any more"),
        (["{folder}/changed.jsonl", "-o", "{folder}/x.wav"], "has changed since"),
    ],
)
def test_what_cannot_be_replayed_is_one_sentence(played, arguments, said):
    run, folder, journal = played
    text = journal.read_text()
    model = json.loads(text.splitlines()[0])["model"]
    (folder / "other.jsonl").write_text(text.replace(model, "/nowhere/gone.ts"))
    (folder / "changed.jsonl").write_text(text.replace('"digest": "', '"digest": "0'))
    done = run("replay", *(argument.format(journal=journal, folder=folder) for argument in arguments))
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (folder / "x.wav").exists()
