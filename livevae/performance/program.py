"""What a piece has laid down beside its sound: its cues, its form, and what notes, pedals and messages set off."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Final

from livevae.control import Change
from livevae.errors import LivevaeError
from livevae.performance.form import Form, nearest
from livevae.performance.message import Place
from livevae.performance.midi_streams import Stream, StreamKey

Action = Callable[[], object]

SHORTEST: Final = 0.125
"""Bars of the shortest section: they are begun a little ahead, one after the other."""


@dataclass(frozen=True)
class Cue:
    """A named section: what to do when it begins, how many bars it lasts (None: until told), where it is written."""

    name: str
    bars: float | None
    action: Action
    place: Place | None = None
    owner: object = None


@dataclass(frozen=True)
class Key:
    """A note (`kind` "note") or controller ("cc") by number; a `channel` or `port` of None means any."""

    kind: str
    number: int
    channel: int | None = None
    port: str | None = None

    def fits(self, change: Change) -> bool:
        """Is this change one of mine?"""
        return (
            (self.kind, self.number) == (change.kind, change.number)
            and self.channel in (None, change.channel)
            and (self.port is None or self.port.lower() in change.port.lower())
        )


@dataclass(frozen=True)
class Trigger:
    """What a key sets off."""

    action: Action
    owner: object = None


_NO_CUES: Final[Mapping[str, Cue]] = MappingProxyType({})
_NO_STREAMS: Final[Mapping[StreamKey, Stream]] = MappingProxyType({})
_NO_TRIGGERS: Final[Mapping[Key, Trigger]] = MappingProxyType({})


@dataclass(frozen=True)
class Program:
    """Cues by name in the order of their definition, the form, and the triggers. `owner` is the piece a form is from.

    It never changes: each change makes a new one, so that a transaction can keep it or drop it as a whole.
    """

    cues: Mapping[str, Cue] = field(default_factory=lambda: _NO_CUES)
    given: Form | None = None
    owner: object = None
    triggers: Mapping[Key, Trigger] = field(default_factory=lambda: _NO_TRIGGERS)
    streams: Mapping[StreamKey, Stream] = field(default_factory=lambda: _NO_STREAMS)
    """Patterns that are sent as MIDI."""

    @property
    def form(self) -> Form:
        """The form that was given, else all cues in the order of their definition."""
        return (self.given or Form()).over(self.cues)

    @property
    def bars(self) -> dict[str, float | None]:
        """How long each cue lasts, None until told."""
        return {name: cue.bars for name, cue in self.cues.items()}

    def cue(self, name: str) -> Cue:
        """The cue of that name. Raises LivevaeError, with the nearest names, where there is none."""
        if name not in self.cues:
            raise LivevaeError(f"there is no cue {name!r}{nearest(name, self.cues)}")
        return self.cues[name]

    def with_cue(self, cue: Cue) -> Program:
        """The same with a cue. Raises LivevaeError where its piece has one of that name already."""
        old = self.cues.get(cue.name)
        if old is not None and cue.owner is not None and old.owner is cue.owner:
            raise LivevaeError(f"there are two cues {cue.name!r}, the first at {old.place}: give one another name.")
        return replace(self, cues=MappingProxyType({**self.cues, cue.name: cue}))

    def with_form(self, form: Form, owner: object) -> Program:
        """The same with another form."""
        return replace(self, given=form, owner=owner)

    def with_trigger(self, key: Key, trigger: Trigger | None) -> Program:
        """The same with a key that sets something off; None releases the key."""
        kept = {other: kept for other, kept in self.triggers.items() if other != key}
        if trigger is not None:
            kept[key] = trigger
        return replace(self, triggers=MappingProxyType(kept))

    def with_stream(self, key: StreamKey, stream: Stream | None) -> Program:
        """The same with a pattern that is sent; None sends it no longer."""
        kept = {other: kept for other, kept in self.streams.items() if other != key}
        if stream is not None:
            kept[key] = stream
        return replace(self, streams=MappingProxyType(kept))

    def without(self, owner: object) -> Program:
        """The same less everything that is this piece's."""
        form = (None, None) if self.owner is owner else (self.given, self.owner)
        return Program(
            MappingProxyType({name: cue for name, cue in self.cues.items() if cue.owner is not owner}),
            *form,
            MappingProxyType({key: kept for key, kept in self.triggers.items() if kept.owner is not owner}),
            MappingProxyType({key: kept for key, kept in self.streams.items() if kept.owner is not owner}),
        )

    def check(self) -> None:
        """Raises LivevaeError where the form asks for a cue that is not there, with all such names."""
        unknown = [name for name in self.form.way.mentioned() if name not in self.cues]
        if unknown:
            said = " and ".join(repr(name) for name in unknown)
            raise LivevaeError(f"the form asks for {said}, and there is no such cue{nearest(unknown[0], self.cues)}")


def check_bars(name: str, bars: Any) -> float | None:
    """Raises LivevaeError unless `bars` is None or a number of 1/8 or more."""
    if bars is None:
        return None
    if isinstance(bars, bool) or not isinstance(bars, int | float) or not math.isfinite(bars) or bars < SHORTEST:
        raise LivevaeError(f"cue {name!r}: bars is a number of 1/8 or more, or None for a cue that lasts until told.")
    return float(bars)
