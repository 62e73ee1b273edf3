"""The outside world as patterns."""

from livevae.control.knobs import (
    Knob,
    bend,
    cc,
    cc14,
    gate,
    note,
    nrpn,
    pressure,
    program,
    velocity,
)
from livevae.control.messages import Change
from livevae.control.midi import Midi
from livevae.control.patterns import Knobs, use
from livevae.control.timeline import Timeline
from livevae.control.trig import trig

__all__ = [
    "Change",
    "Knob",
    "Knobs",
    "Midi",
    "Timeline",
    "bend",
    "cc",
    "cc14",
    "gate",
    "note",
    "nrpn",
    "pressure",
    "program",
    "trig",
    "use",
    "velocity",
]
