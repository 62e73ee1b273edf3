"""The journal: everything that makes a performance, with its time, so that it can all be replayed.

A journal is a text file of JSON lines, one for each thing that happened, in order. Each says its `kind`, the `sample`
of the engine and the `cycle` at which it happened:

    start     the machine, the model, the seed, the recordings, the folder
    evaluate  what was typed (`source`); `error` where it failed, with its `message`
    piece     a piece that was read, with the text of all its files
    tempo     a new tempo, in cycles a second
    control   a knob, a key or a number of an OSC message: what, its `value`, and the `second` of the engine from which
              it was heard
    osc       a message that changed a voice or the tempo: its `address` and what was done (see `remote`)
    clock     what the MIDI clock of another machine did to tempo and place; midimap, a map of knobs that was read
    cue       a section that began; `plan` one that was asked for
    gesture   an example that was taken, or a map that was trained: the file it is kept in, and its `second`
    late      control rows that were read before a change reached them, as they were: on a machine that stood still
    panic, record, revert (a pattern that failed), model (a file that was opened), close (streams), time, end

`apply` and `advance` say from which second on changes were heard, and when plans were carried out.
"""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from platformdirs import user_state_dir

from livevae.errors import LivevaeError

Entry = dict[str, Any]


def journal_folder() -> Path:
    """Where journals are kept: `livevae/journal` under the platform's folder for state."""
    return Path(user_state_dir("livevae", appauthor=False)) / "journal"


def read_journal(path: str | Path) -> list[Entry]:
    """The entries of a journal, oldest first. A last line that was torn by the end of its process is left out.

    Raises LivevaeError, with the line, for a file that is no journal.
    """
    try:
        # Also half a character may be all that is left of the last line.
        lines = Path(path).expanduser().read_bytes().split(b"\n")
    except OSError as error:
        raise LivevaeError(f"the journal {path} cannot be read: {error.strerror or error}.") from None
    entries: list[Entry] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
        except ValueError:
            entry = None
        if isinstance(entry, dict) and isinstance(entry.get("kind"), str) and isinstance(entry.get("sample"), int):
            entries.append(entry)
        elif number < len(lines):
            raise LivevaeError(f"{path}: line {number} is no entry of a journal.")
    if not entries:
        raise LivevaeError(f"{path} is an empty journal: nothing was played.")
    return entries


class Journal:
    """An append-only file of JSON lines, flushed line by line.

    Nothing here ever stops a performance: where the file cannot be written (a full disk, no permission), `complain` is
    called once with the reason and the journal goes on trying. The file is made with the first entry.
    """

    def __init__(self, path: Path | None = None, complain: Callable[[str], None] | None = None) -> None:
        self.path = path if path is not None else journal_folder() / f"{datetime.now():%Y-%m-%d %H.%M.%S.%f}.jsonl"
        self._complain = complain
        self._complained = False
        self._file: IO[str] | None = None
        self._lock = threading.Lock()
        self._waiting: deque[str] = deque()
        self._more = threading.Event()
        self._writer: threading.Thread | None = None
        self._closed = False

    def write(self, kind: str, *, sample: int, cycle: float, later: bool = False, **facts: Any) -> None:
        """Add one entry: what happened, at which engine sample and at which cycle.

        It is in the file when this returns; with `later` it is within milliseconds, and this never waits for a disk.
        Either way the entries are in the order in which they were written.
        """
        entry = {"kind": kind, "sample": sample, "cycle": cycle, **facts}
        self._waiting.append(json.dumps(entry, ensure_ascii=False, default=str))
        if later:
            self._wake()
            return
        with self._lock:
            self._write_waiting()

    def close(self) -> None:
        """Write what is waiting and close the file; a later entry opens it again."""
        with self._lock:
            self._write_waiting()
            self._drop()
            writer, self._writer = self._writer, None
            self._closed = True
        self._more.set()
        if writer is not None:
            writer.join()

    def _wake(self) -> None:
        if self._writer is None:
            with self._lock:
                if self._writer is None:
                    self._closed = False
                    self._writer = threading.Thread(target=self._run, name="livevae journal", daemon=True)
                    self._writer.start()
        self._more.set()

    def _run(self) -> None:
        while not self._closed:
            self._more.wait()
            self._more.clear()
            with self._lock:
                self._write_waiting()

    def _write_waiting(self) -> None:
        while self._waiting:
            line = self._waiting.popleft()
            try:
                if self._file is None:
                    self.path.parent.mkdir(parents=True, exist_ok=True)
                    self._file = open(self.path, "a", encoding="utf-8")  # noqa: SIM115
                self._file.write(line + "\n")
                self._file.flush()
            except (OSError, ValueError) as error:
                self._failed(error)

    def _failed(self, error: Exception) -> None:
        self._drop()
        if not self._complained:
            self._complained = True
            if self._complain is not None:
                self._complain(f"the journal {self.path} cannot be written: {error}.")

    def _drop(self) -> None:
        # Closing flushes what is left, which fails again on a full disk.
        try:
            if self._file is not None:
                self._file.close()
        except OSError:
            self._complained = self._complained or self._complain is None
        finally:
            self._file = None
