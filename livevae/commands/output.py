"""Sound files and archives as results: refused before the work where they cannot be, written whole or not at all."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from livevae.errors import LivevaeError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SOUND = {".wav": "WAV", ".flac": "FLAC"}
_SUBTYPE = "PCM_24"


def check(path: Path, suffixes: tuple[str, ...]) -> Path:
    """`path` with `~` expanded. Raises LivevaeError unless it has one of `suffixes` and can be written."""
    path = path.expanduser()
    if path.suffix.lower() not in suffixes:
        raise LivevaeError(f"cannot write {path}: the name must end in {' or '.join(suffixes)}.")
    if path.is_dir():
        raise LivevaeError(f"cannot write {path}: it is a folder.")
    if not path.parent.is_dir():
        raise LivevaeError(f"cannot write {path}: there is no folder {path.parent}.")
    if not os.access(path.parent, os.W_OK) or (path.exists() and not os.access(path, os.W_OK)):
        raise LivevaeError(f"cannot write {path}: permission denied.")
    return path


class SoundOutput:
    """A WAV or FLAC file of 24 bits, by its suffix, that appears under its name only when it is complete.

    Write `(frames, channels)` blocks inside a `with`; where that fails nothing is left behind. Full scale is 1.0.
    Raises LivevaeError where the file cannot be written.
    """

    def __init__(self, path: Path, rate: int, channels: int) -> None:
        self._path = check(path, tuple(SOUND))
        self._part = self._path.with_name(f".{self._path.name}.{secrets.token_hex(4)}.part")
        self._rate = rate
        self._channels = channels
        self._file: Any = None

    def __enter__(self) -> Self:
        import soundfile

        try:
            self._file = soundfile.SoundFile(
                self._part,
                "w",
                samplerate=self._rate,
                channels=self._channels,
                subtype=_SUBTYPE,
                format=SOUND[self._path.suffix.lower()],
            )
        except (OSError, soundfile.SoundFileError) as error:
            raise self._failed(error) from None
        return self

    def write(self, block: NDArray[np.float32]) -> None:
        """Add `(frames, channels)` samples."""
        import soundfile

        try:
            self._file.write(block)
        # A short write, as on a full disk, is an AssertionError in soundfile.
        except (OSError, AssertionError, soundfile.SoundFileError) as error:
            raise self._failed(error) from None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        import soundfile

        try:
            self._file.close()
            if kind is None:
                os.replace(self._part, self._path)
        except (OSError, soundfile.SoundFileError) as problem:
            if kind is None:
                raise self._failed(problem) from None
        finally:
            self._part.unlink(missing_ok=True)

    def _failed(self, error: BaseException) -> LivevaeError:
        reason = str(getattr(error, "strerror", None) or getattr(error, "error_string", None) or error)
        return LivevaeError(f"cannot write {self._path}: {reason.rstrip('.') or 'is the disk full?'}.")
