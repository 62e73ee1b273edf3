"""One place for chains of effects: after a voice, before the master is heard, or before the input of a voice."""

from __future__ import annotations

from collections import deque
from typing import Final

import numpy as np

from livevae.engine.chains import CROSS_SECONDS, RELEASE_SECONDS, RISE_SECONDS, Audio, Ramp, Sounding
from livevae.engine.effects import Chain, TickRows
from livevae.engine.interface import Silence, Source
from livevae.engine.patches import Patches
from livevae.engine.sources import Reader

MOST: Final = 4
"""Chains that may ring out in one rack at a time; the oldest makes room."""


class Rack:
    """The chains of one place: the one that sounds, those that ring out, and those that wait for their moment.

    The audio thread owns `waiting`, `current`, `leaving`, `straight` and `generation`, the building side all else. What
    passes from one to the other goes through `arriving` and `gone`.
    """

    def __init__(self, number: int, size: int) -> None:
        self.number = number
        self.sum = np.zeros((2, size), np.float32)
        self.straight = Ramp(1.0)
        """How much passes by without effects."""
        self.waiting: dict[int, Sounding] = {}
        self.current: Sounding | None = None
        self.leaving: tuple[Sounding, ...] = ()
        self.generation = 0
        self.silenced = False
        self.arriving: deque[Sounding] = deque()
        self.gone: deque[Sounding] = deque()
        self.built: list[Sounding] = []
        self.wanted: tuple[int, Chain] = (0, ())
        self.source: Source = Silence()
        self.reader: Reader | None = None
        self.before: tuple[Source, Reader | None] | None = None
        """What fed it until now, while what feeds it from now on comes in."""
        self.entered: Ramp | None = None
        self.tables: tuple[Audio, ...] = ()
        self.patches = Patches()

    @property
    def sounding(self) -> tuple[Sounding, ...]:
        """Every chain that computes."""
        now = () if self.current is None else (self.current,)
        return (*now, *self.leaving, *self.waiting.values())

    def admit(self) -> None:
        """Let chains that were built since wait for their moment."""
        while self.arriving:
            chain = self.arriving.popleft()
            replaced = self.waiting.pop(chain.generation, None)
            if replaced is not None:
                self.gone.append(replaced)
            self.waiting[chain.generation] = chain
        for given_up in [generation for generation in self.waiting if generation > self.wanted[0]]:
            self.gone.append(self.waiting.pop(given_up))

    def switch(self, row: TickRows, start: int, rate: int) -> None:
        """Change to the chain that the row of the tick at `start` is for, where it is another one and is there."""
        generation = int(row[0])
        chosen = self.waiting.pop(generation, None)
        for earlier in [waiting for waiting in self.waiting if waiting < generation]:
            self.gone.append(self.waiting.pop(earlier))
        if chosen is None and (generation == self.generation or self.wanted != (generation, ())):
            return
        self.generation = generation
        if self.current is not None:
            self.current.leave(start, rate)
            self.leaving = (*self.leaving, self.current)
            for old in self.leaving[:-MOST]:
                if old.exit.ramp.target > 0.0:
                    old.end(start, RELEASE_SECONDS, rate)
        self.current = chosen
        level = 0.0 if chosen is not None else 1.0
        self.straight.to(level, start + int(RISE_SECONDS * rate), int(CROSS_SECONDS * rate))
        if chosen is not None:
            chosen.begin(start, rate)

    def silence(self, now: int, size: int, rate: int) -> None:
        """Nothing of what sounds is to be heard any more; the chain has to be built anew."""
        ending = self.leaving if self.current is None else (*self.leaving, self.current)
        for chain in ending:
            chain.end(now, size / rate, rate)
        self.silenced = self.silenced or self.current is not None
        self.leaving, self.current = ending, None
