"""Encoded recordings on disk, so that a recording meets a model once."""

from __future__ import annotations

import contextlib
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from livevae.errors import LivevaeError
from livevae.latent import npz
from livevae.model.info import ModelInfo, file_digest

VERSION = 1
"""Part of every key: raised when the way of encoding changes."""


@dataclass(frozen=True)
class Job:
    """One encoding: a recording through a model. `start` and `end` in seconds, `channel` from 1, None for the mix."""

    path: Path
    channel: int | None = None
    start: float | None = None
    end: float | None = None


class Cache:
    """Npz files in a folder, named by what the recording, the model and the options contain.

    Entries that cannot be read are removed and made again.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def key(self, job: Job, model: ModelInfo) -> str:
        """The name of the entry. Reads the whole recording unless its content is known from before.

        Raises LivevaeError where the recording cannot be read.
        """
        facts = [VERSION, self._content(job.path), model.digest, model.sample_rate, job.channel, job.start, job.end]
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()

    def path(self, key: str) -> Path:
        """Where the entry lies, or would."""
        return self.folder / "latents" / key[:2] / f"{key}.npz"

    def load(self, key: str) -> npz.Encoded | None:
        """The entry, or None where there is none that can be read."""
        path = self.path(key)
        if not path.exists():
            return None
        try:
            return npz.load(path)
        except LivevaeError:
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
            return None

    def _content(self, path: Path) -> str:
        """The digest of a file, remembered on disk by path, size and time of change: reading an hour takes seconds."""
        try:
            facts = path.stat()
        except OSError as error:
            raise LivevaeError(f"cannot read {path}: {error.strerror or error}.") from None
        where = str(path.resolve())
        seen = [where, facts.st_size, facts.st_mtime_ns]
        note = self.folder / "digests" / hashlib.sha256(where.encode()).hexdigest()[:32]
        with contextlib.suppress(OSError, ValueError):
            noted = json.loads(note.read_text())
            if isinstance(noted, list) and noted[:-1] == seen:
                return str(noted[-1])
        digest = file_digest(path)
        with contextlib.suppress(OSError):
            note.parent.mkdir(parents=True, exist_ok=True)
            note.write_text(json.dumps([*seen, digest]))
        return digest
