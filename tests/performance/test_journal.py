"""The journal's file: readable, in order, and whole up to its last line whatever becomes of the process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading

import pytest

from livevae.errors import LivevaeError
from livevae.performance.journal import Journal, read_journal


def test_entries_are_lines_that_can_be_read(tmp_path):
    journal = Journal(tmp_path / "j.jsonl")
    journal.write("evaluate", sample=480, cycle=0.25, source='v1.z = "chör"\n')
    assert (tmp_path / "j.jsonl").read_text(encoding="utf-8") == (
        '{"kind": "evaluate", "sample": 480, "cycle": 0.25, "source": "v1.z = \\"chör\\"\\n"}\n'
    )
    journal.close()


def test_what_may_be_late_keeps_its_place(tmp_path):
    journal = Journal(tmp_path / "j.jsonl")

    def flood(kind: str) -> None:
        for n in range(500):
            journal.write(kind, sample=n, cycle=0.0, later=n % 7 > 0)

    threads = [threading.Thread(target=flood, args=(kind,)) for kind in ("control", "evaluate")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    journal.close()
    entries = read_journal(tmp_path / "j.jsonl")
    assert len(entries) == 1000
    for kind in ("control", "evaluate"):
        assert [entry["sample"] for entry in entries if entry["kind"] == kind] == list(range(500))
    journal.write("end", sample=500, cycle=0.0)
    journal.close()
    assert read_journal(tmp_path / "j.jsonl")[-1]["kind"] == "end"


def test_a_later_entry_is_written_soon_without_another(tmp_path):
    journal = Journal(tmp_path / "j.jsonl")
    journal.write("control", sample=1, cycle=0.0, later=True)
    for _ in range(2000):
        if (tmp_path / "j.jsonl").exists() and (tmp_path / "j.jsonl").read_text().endswith("\n"):
            break
        threading.Event().wait(0.005)
    assert len(read_journal(tmp_path / "j.jsonl")) == 1
    journal.close()


KILLED = """
import os, signal, sys
from pathlib import Path
from livevae.performance.journal import Journal
journal = Journal(Path(sys.argv[1]))
for n in range(50):
    journal.write("evaluate", sample=n, cycle=0.0, source="x" * 100)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_process_leaves_all_that_it_wrote(tmp_path):
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "j.jsonl")], env=os.environ, check=False)
    assert done.returncode == -signal.SIGKILL
    assert [entry["sample"] for entry in read_journal(tmp_path / "j.jsonl")] == list(range(50))


def test_a_torn_last_line_is_left_out_wherever_it_is_torn(tmp_path):
    lines = [json.dumps({"kind": "evaluate", "sample": n, "cycle": 0.0, "source": "ö"}) for n in range(3)]
    whole = ("\n".join(lines) + "\n").encode()
    last = len(whole) - len(lines[-1].encode()) - 1
    for end in range(last, len(whole) + 1):
        (tmp_path / "j.jsonl").write_bytes(whole[:end])
        assert len(read_journal(tmp_path / "j.jsonl")) == (3 if end >= len(whole) - 1 else 2)


def test_a_line_in_between_that_is_none_is_an_error(tmp_path):
    (tmp_path / "j.jsonl").write_text('{"kind": "time", "sample": 1}\nnonsense\n{"kind": "time", "sample": 2}\n')
    with pytest.raises(LivevaeError, match="line 2 is no entry"):
        read_journal(tmp_path / "j.jsonl")
