"""The journal: every evaluated line, reload and change of tempo with its time, so that it can all be replayed."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from platformdirs import user_state_dir


def journal_folder() -> Path:
    """Where journals are kept: `livevae/journal` under the platform's folder for state."""
    return Path(user_state_dir("livevae", appauthor=False)) / "journal"


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

    def write(self, kind: str, *, sample: int, cycle: float, **facts: Any) -> None:
        """Add one entry: what happened, at which engine sample and at which cycle."""
        line = json.dumps({"kind": kind, "sample": sample, "cycle": cycle, **facts}, ensure_ascii=False, default=str)
        with self._lock:
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

    def close(self) -> None:
        """Close the file; a later entry opens it again."""
        with self._lock:
            self._drop()
