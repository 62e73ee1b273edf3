"""What a performer may type: voices, patterns, and the words that act on all voices."""

from __future__ import annotations

import builtins
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from livevae import control, latent, pattern
from livevae.performance import groups, transitions
from livevae.performance.fx import fx
from livevae.performance.inputs import file

if TYPE_CHECKING:
    from livevae.performance.performance import Performance

_PATTERN = (
    "arrange", "cat", "cosine", "fastcat", "isaw", "lift", "mini", "perlin", "point", "polymeter", "pure", "rand",
    "run", "saw", "scan", "seq", "signal", "silence", "sine", "slowcat", "square", "stack", "timecat", "tri", "walk",
)  # fmt: skip
_CHOICE = ("choose", "choose_cycles", "randcat", "wchoose", "wchoose_cycles", "wrandcat")
_CONTINUOUS = ("adsr", "brownian", "env", "fade_in", "fade_out", "lfo", "line", "pulse", "ramp")
_LATENT = ("bezier", "cross", "dim", "dims", "lerp", "live", "path", "slerp", "spline", "take")
_PLACES = ("freeze", "jitter", "mean", "noise", "orbit", "origin", "spiral")
_CONTROL = ("bend", "cc", "cc14", "gate", "note", "nrpn", "pressure", "program", "trig", "velocity")
_MIDI = ("clock_in", "clock_out", "feedback", "keys", "learn", "load_map", "midi_out", "midimap", "save_map")
_PERFORMANCE = (
    "after", "bridge", "encode", "hush", "measure", "models", "panic", "record", "recordings", "redo", "show", "space",
    "status", "stop_recording", "tempo", "undo",
)  # fmt: skip
_TRAINING = ("adapt", "train", "trainings")
_TIME = ("bpm", "cps", "now", "nudge", "reset_cycles", "set_cycle", "swing", "transition")
_TRANSITIONS = ("anticipate", "clutch", "fade", "hold", "jump", "jump_in", "morph", "wash")
_CUES = ("cue", "cues", "form", "goto", "next_cue", "on_cc", "on_note", "on_osc", "osc_listen", "previous_cue")


def namespace(performance: Performance) -> dict[str, Any]:
    """A new dictionary of every name a performer may type."""
    names: dict[str, Any] = {"__name__": "__livevae__", "__builtins__": builtins}
    # Methods as words come first: where a name means something else as well, the other meaning wins.
    names |= pattern.transformations()
    words = (*_PATTERN, *_PLACES, *_CHOICE, *_CONTINUOUS)
    rooms = ((pattern, words), (latent, _LATENT), (control, _CONTROL), (performance, _PERFORMANCE))
    for room, chosen in (*rooms, (performance.words, _CUES), (performance.time, _TIME), (transitions, _TRANSITIONS)):
        names |= {name: getattr(room, name) for name in chosen}
    names |= {name: getattr(performance.midi, name) for name in _MIDI}
    names |= {name: getattr(performance.training, name) for name in _TRAINING}
    names |= groups.words(performance.voices)
    names |= {str(voice): voice for voice in performance.voices}
    names |= {"Gesture": performance.gestures.kind}
    names |= {"fx": fx, "master": performance.master}
    names |= {"osc": performance.inbox.osc, "var": performance.remote.var, "follow": performance.ears.follow}
    names |= {"osc_send": performance.sending.osc_send, "osc_out": performance.sending.osc_out}
    names |= {"link": performance.linking.link}
    names |= {"file": file, "np": np, "math": math, "performance": performance}
    return names
