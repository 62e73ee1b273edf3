"""Following what is heard: loudness, pitch, brightness, onsets and noise of an input or a voice, as patterns.

What the engine measures comes in like the numbers of OSC messages: each has the second from which it holds, and goes
into the journal, so that a replay hears what was heard and needs no microphone.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from livevae.control import Change
from livevae.control.inbox import PORT, Inbox
from livevae.control.routes import is_number
from livevae.control.timeline import LONGEST_SMOOTH
from livevae.engine.interface import Engine, Live
from livevae.engine.measuring import ATTACKS, CENTRE, CHANGE, HERTZ, HOP, INPUTS, POWER, TIME, Measured
from livevae.errors import LivevaeError
from livevae.latent import LiveLatent
from livevae.latent.live import LiveInput, live
from livevae.pattern import Context, Pattern, from_sampler
from livevae.performance.voice import Voice

SOFTEST: Final = -60.0
"""dB below full scale (mean square) that count as silence."""
PITCHES: Final = (40.0, 2560.0)
"""Hz of a pitch of 0 and of 1: six octaves."""
BRIGHTNESSES: Final = (100.0, 12_800.0)
"""Hz of a brightness of 0 and of 1: seven octaves."""
FALL_SECONDS: Final = 0.12
"""Time constant in which an onset falls from 1."""
SMOOTH: Final = 30.0
"""Milliseconds: the usual time constant."""

LATE: Final = 3 * HOP
"""Samples after which what was measured offline is heard, whatever the size of a block."""

_POLL_SECONDS: Final = 0.01
_UNASKED_SECONDS: Final = 10.0
_TONAL: Final = 0.5

Floats = NDArray[np.float64]


class Followed:
    """A sound that is followed: each of its attributes is a pattern from 0 to 1, but `hertz`."""

    def __init__(self, reading: Callable[[str, float], Pattern], name: str) -> None:
        self._reading = reading
        self._name = name

    @property
    def loudness(self) -> Pattern:
        """How loud: 0 at -60 dB below full scale and softer, 1 at 0 dB (mean square), straight in between."""
        return self._reading("loudness", 0.0)

    @property
    def pitch(self) -> Pattern:
        """How high: 0 at 40 Hz, 1 at 2560 Hz, in octaves. It stays where it was while there is no tone."""
        return self._reading("pitch", 0.0)

    @property
    def hertz(self) -> Pattern:
        """The same in Hz, from 40 to 2500."""
        return self._reading("hertz", PITCHES[0])

    @property
    def brightness(self) -> Pattern:
        """Where the middle of the spectrum is: 0 at 100 Hz, 1 at 12800 Hz, in octaves. It stays in silence."""
        return self._reading("brightness", 0.0)

    @property
    def onset(self) -> Pattern:
        """1 where a sound begins; it falls to a third within 0.13 s."""
        return self._reading("onset", 0.0)

    @property
    def noisiness(self) -> Pattern:
        """0 is a tone, 1 is noise: what a sound has not in common with itself one period earlier. 0 in silence."""
        return self._reading("noisiness", 0.0)

    def __repr__(self) -> str:
        return f"follow({self._name}): loudness, pitch, hertz, brightness, onset, noisiness"


@dataclass
class _Heard:
    """A source that is followed: what is asked of it, when last, and where its numbers stood."""

    source: int
    name: str
    features: set[str] = field(default_factory=set)
    asked: float = 0.0
    since: int | None = None
    attacks: float = 0.0
    begun: float = -np.inf
    last: dict[str, float] = field(default_factory=dict)


class Ears:
    """What is followed. `told(change)` is called for each number that comes; with `live` a thread sees to it.

    Without `live`, `poll` is to be called before frames are computed.
    """

    def __init__(self, engine: Engine, inbox: Inbox, told: Callable[[Change], None], live: bool) -> None:
        self.deaf = False
        """Measure nothing: what was heard is known already, as in a replay."""
        self._engine = engine
        self._inbox = inbox
        self._told = told
        self._live = live
        self._lock = threading.Lock()
        self._heard: dict[int, _Heard] = {}
        self._measured: tuple[int, ...] = ()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def follow(self, what: object = live, smooth: float = SMOOTH) -> Followed:
        """What is heard, as patterns from 0 to 1: `v1.dim[0] = follow(live).loudness.range(-2, 2)`.

        `what` is `live`, `live(2)`, the number of an input or a voice. There are `.loudness`, `.pitch`, `.brightness`,
        `.onset` and `.noisiness`, and `.hertz`. `smooth` is a time constant in milliseconds, up to 5000. It is measured
        while a pattern asks for it. Raises LivevaeError for an input that this machine does not have.
        """
        source, name = self._source(what)
        if not (is_number(smooth) and 0 <= smooth <= 1000 * LONGEST_SMOOTH):
            raise LivevaeError(f"follow({name}): smooth is a time in milliseconds from 0 to 5000, not {smooth!r}.")

        def reading(feature: str, rest: float) -> Pattern:
            return self._pattern(source, name, feature, rest, 0.0 if feature == "onset" else float(smooth))

        return Followed(reading, name)

    def poll(self) -> bool:
        """Take in what was measured since; True where that is anything."""
        now = time.monotonic()
        changed = False
        with self._lock:
            asked = [h for h in self._heard.values() if not self._live or now - h.asked < _UNASKED_SECONDS]
            self._measure(asked)
            for heard in asked:
                count, rows = self._engine.measured(heard.source, heard.since or 0)
                if heard.since is None:
                    # What was written before it was followed this time is of another time.
                    rows = rows[len(rows) :]
                    heard.attacks = 0.0
                heard.since = count
                for row in rows:
                    changed = self._take(heard, row) or changed
        return changed

    def close(self) -> None:
        """Follow nothing more."""
        self._closing.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()

    # -- patterns

    def _pattern(self, source: int, name: str, feature: str, rest: float, smooth: float) -> Pattern:
        inner = self._inbox.reading(_address(name, feature), rest, smooth)
        self._ask(source, name, feature)

        def sample(cycles: Floats, context: Context) -> Floats:
            heard = self._heard.get(source)
            if heard is not None:
                heard.asked = time.monotonic()
            return np.asarray(inner.sample(cycles, context))

        return from_sampler(sample)

    def _ask(self, source: int, name: str, feature: str) -> None:
        if self.deaf or self._closing.is_set():
            return
        with self._lock:
            heard = self._heard.setdefault(source, _Heard(source, name))
            heard.features.add(feature)
            heard.asked = time.monotonic()
            if not self._live:
                self._measure(list(self._heard.values()))
            elif self._thread is None:
                self._thread = threading.Thread(target=self._run, name="livevae ears", daemon=True)
                self._thread.start()

    def _source(self, what: object) -> tuple[int, str]:
        match what:
            case LiveLatent() if what is live:
                channel = 1
            case LiveInput() | Live():
                channel = what.channel
            case Voice():
                number = int(str(what)[1:])
                return INPUTS + number - 1, str(what)
            case int() if not isinstance(what, bool):
                channel = what
            case _:
                raise LivevaeError(f"follow() takes live, live(2), the number of an input or a voice, not {what!r}.")
        if not 1 <= channel <= max(1, min(self._engine.inputs, INPUTS)):
            raise LivevaeError(f"follow(live({channel})): {self._engine.inputs} audio inputs are open, counted from 1.")
        return channel - 1, f"live/{channel}"

    # -- what was measured

    def _run(self) -> None:
        while not self._closing.wait(_POLL_SECONDS):
            self.poll()

    def _measure(self, asked: Sequence[_Heard]) -> None:
        wanted = tuple(sorted(heard.source for heard in asked))
        if wanted == self._measured:
            return
        try:
            self._engine.follow(wanted)
        except LivevaeError:
            # The engine is being started again; it is asked once more with the next look.
            return
        for heard in asked:
            if heard.source not in self._measured:
                heard.since, _ = self._engine.measured(heard.source, 1 << 60)
                heard.attacks = 0.0
        self._measured = wanted

    def _take(self, heard: _Heard, row: Floats) -> bool:
        values = features(row[None, :])
        changed = False
        if row[ATTACKS] != heard.attacks:
            heard.attacks, heard.begun = float(row[ATTACKS]), float(row[TIME])
        age = (float(row[TIME]) - heard.begun) / self._engine.rate
        values["onset"] = np.exp(np.array([-age / FALL_SECONDS]))
        for feature in sorted(heard.features):
            # What is finer than this is not heard, and would only fill the journal.
            value = round(float(values[feature][0]), 1 if feature == "hertz" else 3)
            if math.isnan(value) or value == heard.last.get(feature):
                continue
            heard.last[feature] = value
            second = float(row[TIME] + LATE) / self._engine.rate if not self._live else -np.inf
            self._told(self._inbox.take(Change(_address(heard.name, feature), 0, value, 0, PORT, second)))
            changed = True
        return changed


def _address(name: str, feature: str) -> str:
    return f"/livevae/follow/{name}/{feature}"


def features(rows: Measured) -> dict[str, Floats]:
    """What rows of the engine say, each `(n,)`; NaN where a feature stays as it was.

    >>> row = np.array([[0.0, 0.125, 220.0, 440.0, 0.0, 0.0]])  # a sine of 220 Hz at half of full scale
    >>> {name: round(float(value[0]), 2) for name, value in features(row).items()}
    {'loudness': 0.85, 'pitch': 0.41, 'hertz': 220.0, 'brightness': 0.31, 'noisiness': 0.0}
    """
    power = np.maximum(rows[:, POWER], 1e-12)
    loudness = np.clip(1.0 - 10.0 * np.log10(power) / SOFTEST, 0.0, 1.0)
    silent = loudness <= 0.0
    # Of what has no period, the difference to earlier has the power of both.
    noisiness = np.where(silent, 0.0, np.clip(rows[:, CHANGE] / (2.0 * power), 0.0, 1.0))
    toneless = silent | (noisiness > _TONAL) | (rows[:, HERTZ] < PITCHES[0])
    hertz = np.where(toneless, np.nan, rows[:, HERTZ])
    centre = np.where(silent | (rows[:, CENTRE] <= 0.0), np.nan, rows[:, CENTRE])
    return {
        "loudness": loudness,
        "pitch": _octaves(hertz, *PITCHES),
        "hertz": hertz,
        "brightness": _octaves(centre, *BRIGHTNESSES),
        "noisiness": noisiness,
    }


def _octaves(hertz: Floats, low: float, high: float) -> Floats:
    return np.asarray(np.clip(np.log2(hertz / low) / np.log2(high / low), 0.0, 1.0))
