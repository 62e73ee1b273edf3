"""Listening: how loud, how high, how bright, how noisy, and when it begins, of an input or of what a voice plays.

pyo measures while somebody asks: the mean square and the level of the difference to one period earlier (both through a
one-pole low-pass at 10 Hz), the period by YIN (de Cheveigné and Kawahara 2002), the centroid of the spectrum, and
attacks. Each `HOP` samples a row is written where the performer's side can read it. What is measured does not depend on
the size of a block.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from livevae.engine.building import samples
from livevae.engine.layout import ACTIVE, CLOCK, FIRST, MEASURED, MONO, WRITTEN, Shared, fence, read_ring
from livevae.engine.measuring import HELD, HOP, INPUTS, SOURCES
from livevae.engine.server import PyoServer
from livevae.errors import LivevaeError

Audio = NDArray[np.float32]

LOWEST: Final = 40.0
HIGHEST: Final = 2500.0
"""Hz: where a pitch is looked for."""

_SMOOTH: Final = 10.0
_WINDOW: Final = 2048
_LONGEST: Final = 1.0 / 30.0


class _Ear:
    """The pyo objects that listen to one source. `inlet` takes a block; `outlets` are what came of it."""

    def __init__(self, pyo: Any, block: int) -> None:
        table = pyo.DataTable(block)
        sound = pyo.TableScan(table)
        square = sound * sound
        power = pyo.Tone(square, freq=_SMOOTH)
        pitch = pyo.Yin(sound, tolerance=0.2, minfreq=LOWEST, maxfreq=HIGHEST, cutoff=HIGHEST, winsize=_WINDOW)
        centre = pyo.Centroid(sound, _WINDOW)
        attack = pyo.AttackDetector(sound)
        # What a sound has in common with itself one period earlier is tone, the rest is noise.
        lowest = pyo.Max(pitch, 1.0 / _LONGEST)
        period = 1.0 / lowest
        earlier = pyo.SDelay(sound, delay=period, maxdelay=_LONGEST + 0.01)
        change = sound - earlier
        changed = change * change
        other = pyo.Tone(changed, freq=_SMOOTH)
        measured = [power, pitch, centre, attack, other]
        tables = [pyo.DataTable(block) for _ in measured]
        fills = [pyo.TableFill(what, where) for what, where in zip(measured, tables, strict=True)]
        # pyo does not keep the operands of its arithmetic alive.
        self.objects: list[Any] = [sound, square, lowest, period, earlier, change, changed, *measured, *fills]
        self.tables: list[Any] = [table, *tables]
        self.inlet = samples(table)
        self.outlets = [samples(each) for each in tables]
        self.attacks = 0
        self.fed: int | None = None


class Measures:
    """What is followed, block by block. `follow` is for the thread that answers, all else for the audio thread.

    Not `threaded`, pyo's windows begin at whole rows, wherever blocks do.
    """

    def __init__(self, shared: Shared, server: PyoServer, threaded: bool = True) -> None:
        self._shared = shared
        self._server = server
        self._threaded = threaded
        self._ears: dict[int, _Ear] = {}
        self._awaited: frozenset[int] = frozenset()
        self._asked = 0
        self._lock = threading.Lock()

    def follow(self, sources: Iterable[int]) -> None:
        """Measure these and no others: inputs counted from 0, then (from `INPUTS` on) voices."""
        wanted = set(sources)
        if not wanted <= set(range(SOURCES)):
            raise LivevaeError(f"what is followed is counted from 0 to {SOURCES - 1}")
        with self._lock:
            old = self._ears
            kept = {source: ear for source, ear in old.items() if source in wanted}
            self._awaited = frozenset(wanted - set(kept))
            self._asked = int(self._shared.words[CLOCK])
            # Replaced, not changed: the audio thread may be walking through it.
            self._ears = kept
            if self._threaded:
                self._make()
            for source, ear in old.items():
                if source not in wanted:
                    self._server.drop(ear.objects)

    def _make(self) -> None:
        made = {source: self._server.made(_Ear) for source in sorted(self._awaited)}
        self._ears, self._awaited = {**self._ears, **made}, frozenset()

    def block(self, now: int, inputs: Audio) -> None:
        """Write down what came of the block before, and take in the one that ends at `now`: `inputs` (channels, size).

        It is called before pyo computes a block.
        """
        if self._awaited and not self._threaded:
            start = now - self._server.block
            if start >= self._asked and (start % HOP == 0 or HOP % self._server.block):
                self._make()
        for source, ear in self._ears.items():
            size = len(ear.inlet)
            if ear.fed is not None:
                self._write(source, ear, ear.fed)
            ear.fed = now - size
            if source < INPUTS:
                if source < len(inputs):
                    ear.inlet[:] = inputs[source]
                continue
            voice = source - INPUTS
            ear.inlet[:] = self._played(2 * voice, ear.fed, size)
            ear.inlet += self._played(2 * voice + 1, ear.fed, size)

    def _played(self, slot: int, start: int, size: int) -> Audio:
        """What a slot played, silence where it played nothing: its ring still holds what is old."""
        sound = np.zeros(size, np.float32)
        words = self._shared.slot_words[slot]
        first, last = max(start, int(words[FIRST])), min(start + size, int(words[WRITTEN]))
        if words[ACTIVE] and first < last:
            read_ring(self._shared.outputs[slot, MONO], first, sound[first - start : last - start])
        return sound

    def close(self) -> list[Any]:
        """Follow nothing more; gives what must not die before the server."""
        with self._lock:
            ears, self._ears = self._ears, {}
        return [[ear.objects, ear.tables] for ear in ears.values()]

    def _write(self, source: int, ear: _Ear, start: int) -> None:
        power, pitch, centre, attack, other = ear.outlets
        size = len(power)
        begun = 0
        for at in range(-start % HOP, size, HOP):
            ear.attacks += int(np.count_nonzero(attack[begun : at + 1]))
            begun = at + 1
            count = int(self._shared.words[MEASURED + source])
            row = self._shared.measures[source, count % HELD]
            hertz = corrected(float(pitch[at]), self._server.rate)
            row[:] = (start + at, power[at], hertz, centre[at], ear.attacks, other[at])
            fence()
            self._shared.words[MEASURED + source] = count + 1
        ear.attacks += int(np.count_nonzero(attack[begun:]))


def corrected(hertz: float, rate: int) -> float:
    """The pitch that pyo's Yin means: between two whole periods of samples it goes the wrong way (pyo 1.0 and 1.1).

    >>> round(corrected(48_000 / (145 - 0.4545), 48_000), 1)  # a sine of 330 Hz, whose period is 145.4545 samples
    330.0
    """
    if hertz <= 0.0:
        return 0.0
    period = rate / hertz
    return rate / (2.0 * round(period) - period)
