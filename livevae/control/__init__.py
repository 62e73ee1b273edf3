"""The outside world as patterns."""

from livevae.control.midi import Change, Midi
from livevae.control.patterns import cc, note, use

__all__ = ["Change", "Midi", "cc", "note", "use"]
