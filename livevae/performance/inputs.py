"""What a voice listens to."""

from __future__ import annotations

from pathlib import Path

import soundfile

from livevae.engine.interface import FileInput
from livevae.errors import LivevaeError


def file(path: str | Path, loop: bool = True, start: float = 0.0) -> FileInput:
    """A sound file as a voice's input: `v1.input = file("rain.wav")`. It begins at `start` seconds.

    Raises LivevaeError where the file cannot be read or does not last until `start`.
    """
    where = Path(path).expanduser().resolve()
    try:
        facts = soundfile.info(str(where))
    except (soundfile.LibsndfileError, OSError):
        reason = "cannot be read as sound" if where.exists() else "does not exist"
        raise LivevaeError(f"the file {where} {reason}: name a WAV, FLAC, OGG or MP3 file.") from None
    if facts.frames == 0:
        raise LivevaeError(f"the file {where} holds no sound: name another one.")
    if not 0.0 <= start < facts.frames / facts.samplerate:
        raise LivevaeError(f"the file {where} lasts {facts.frames / facts.samplerate:.2f} s: start within it.")
    return FileInput(where, bool(loop), float(start))
