"""What knobs and keys are read from: the MIDI of this machine, or the journal of a performance."""

from __future__ import annotations

from typing import Protocol

from livevae.control.timeline import Timeline


class Knobs(Protocol):
    """Whatever holds a timeline of controls: a `Midi`, or the journal of a performance."""

    @property
    def timeline(self) -> Timeline: ...


class _Default:
    """What patterns read; nothing until `use` is called."""

    knobs: Knobs | None = None


def use(knobs: Knobs | None) -> None:
    """Let every pattern of knobs and keys read this from now on; with None they stand at their defaults."""
    _Default.knobs = knobs


def current() -> Timeline | None:
    """What patterns read now."""
    return None if _Default.knobs is None else _Default.knobs.timeline
