"""Effects as the performer types them: `v1.fx = [fx.delay(0.3), fx.reverb(0.8, mix=sine.slow(8).range(0, 0.5))]`."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from livevae.engine.effects import BUILT_IN, LONGEST_TAIL
from livevae.errors import LivevaeError
from livevae.pattern import Pattern
from livevae.performance.message import caller
from livevae.performance.own_effect import OwnEffect
from livevae.performance.uses import Use, Uses, as_chain, as_parameter


def as_uses(name: str, thing: object) -> Uses:
    """A chain from what a performer may assign: an effect, several, or None. Raises LivevaeError for anything else."""
    if thing is None:
        return ()
    uses = tuple(thing) if isinstance(thing, list | tuple) else (thing,)
    for use in uses:
        if isinstance(use, OwnEffect):
            raise LivevaeError(f"{name}: write {use.__name__}() with parentheses.")
        if not isinstance(use, Use):
            raise LivevaeError(
                f"{name} takes a list of effects, as in [fx.delay(0.3), fx.reverb(0.8)], not {type(use).__name__}."
            )
    as_chain(uses)
    return uses


class Fx:
    """Effects. Those that come with livevae are its methods; `@fx` makes one of a function of pyo objects.

    A function gets the sound, a stereo pyo object, and its parameters, and gives a pyo object. It runs in the engine's
    process, where it sees `pyo`, `np`, `math`, the numbers around it, and `fx.pitch(sound, 12)` and so on:

        @fx
        def shimmer(sound, amount=0.5):
            return pyo.Freeverb(fx.pitch(sound, 12) * amount + sound, size=0.9)

        v2.fx = [shimmer(amount=cc(5))]
    """

    def __call__(self, function: Callable[..., object] | None = None, *, tail: float = 10.0) -> Any:
        """Make an effect of a function; `@fx(tail=4)` says how many seconds it sounds after its input has ended."""
        if isinstance(tail, bool) or not isinstance(tail, int | float) or not 0 <= tail <= LONGEST_TAIL:
            raise LivevaeError(f"@fx: tail is 0 to {LONGEST_TAIL:g} seconds, not {tail!r}.")
        if function is None:
            return lambda given: OwnEffect(given, float(tail))
        if not inspect.isfunction(function):
            raise LivevaeError("@fx stands before a function: @fx, and below it def shimmer(sound, amount=0.5): ...")
        return OwnEffect(function, float(tail))

    def gain(self, level: object) -> Use:
        """Louder or softer, in dB.

        >>> Fx().gain(-6)
        fx.gain(level=-6.0)
        """
        return _use("gain", level=level)

    def highpass(self, frequency: object = 80.0) -> Use:
        """Without what is below `frequency` in Hz (12 dB an octave).

        >>> Fx().highpass(100)
        fx.highpass(frequency=100.0)
        """
        return _use("highpass", frequency=frequency)

    def lowpass(self, frequency: object = 8000.0) -> Use:
        """Without what is above `frequency` in Hz (12 dB an octave).

        >>> Fx().lowpass("<800 4000>")
        fx.lowpass(frequency=pattern)
        """
        return _use("lowpass", frequency=frequency)

    def eq(
        self,
        low: object = 0.0,
        mid: object = 0.0,
        high: object = 0.0,
        low_frequency: object = 200.0,
        mid_frequency: object = 1000.0,
        high_frequency: object = 4000.0,
        width: object = 1.0,
    ) -> Use:
        """Bass below, middle around and treble above their frequencies in Hz, each louder or softer in dB.

        `width` is the Q of the middle: higher is narrower.

        >>> Fx().eq(low=-3, high=2).values["low"]
        -3.0
        """
        return _use(
            "eq",
            low=low,
            mid=mid,
            high=high,
            low_frequency=low_frequency,
            mid_frequency=mid_frequency,
            high_frequency=high_frequency,
            width=width,
        )

    def gate(self, threshold: object = -50.0, attack: object = 0.005, release: object = 0.1) -> Use:
        """Silence below `threshold` in dB; it opens within `attack` and closes within `release` seconds.

        >>> Fx().gate(-45)
        fx.gate(threshold=-45.0, attack=0.005, release=0.1)
        """
        return _use("gate", threshold=threshold, attack=attack, release=release)

    def compressor(
        self,
        threshold: object = -20.0,
        ratio: object = 4.0,
        attack: object = 0.01,
        release: object = 0.1,
        makeup: object = 0.0,
    ) -> Use:
        """Above `threshold` in dB it grows only by one dB for `ratio` dB; `makeup` in dB is added to all.

        >>> Fx().compressor(-20, 4).values["ratio"]
        4.0
        """
        return _use("compressor", threshold=threshold, ratio=ratio, attack=attack, release=release, makeup=makeup)

    def limiter(self, ceiling: object = -1.0, release: object = 0.15) -> Use:
        """Never above `ceiling` in dB; as it is below. It recovers within `release` seconds.

        >>> Fx().limiter()
        fx.limiter(ceiling=-1.0, release=0.15)
        """
        return _use("limiter", ceiling=ceiling, release=release)

    def pitch(self, semitones: object, mix: object = 1.0, window: object = 0.06) -> Use:
        """Higher or lower by semitones, as long as before. It is late by half of `window` seconds.

        >>> Fx().pitch(-12)
        fx.pitch(semitones=-12.0, mix=1.0, window=0.06)
        """
        return _use("pitch", semitones=semitones, mix=mix, window=window)

    def delay(self, time: object = 0.3, feedback: object = 0.4, mix: object = 0.3, tone: object = 20000.0) -> Use:
        """Again after `time` seconds, each time by `feedback` softer; `tone` in Hz darkens what is repeated.

        >>> Fx().delay(0.25, mix=0.5)
        fx.delay(time=0.25, feedback=0.4, mix=0.5, tone=20000.0)
        """
        return _use("delay", time=time, feedback=feedback, mix=mix, tone=tone)

    def reverb(self, size: object = 0.7, damp: object = 0.5, mix: object = 0.3, predelay: object = 0.0) -> Use:
        """A room, small (0) to endless (1); `damp` is how much of the treble it loses, `predelay` seconds come before.

        >>> Fx().reverb(0.8)
        fx.reverb(size=0.8, damp=0.5, mix=0.3, predelay=0.0)
        """
        return _use("reverb", size=size, damp=damp, mix=mix, predelay=predelay)

    def convolve(self, file: object, mix: object = 0.3) -> Use:
        """The room or the body that a sound file holds (an impulse response), at the loudness of what goes in.

        The file is resampled where its rate is another one; at most ten seconds of it are used.

        >>> Fx().convolve("hall.wav")
        fx.convolve(file='hall.wav', mix=0.3)
        """
        if not isinstance(file, str | Path):
            raise LivevaeError(f'fx.convolve: name a sound file, as in fx.convolve("hall.wav"), not {file!r}.')
        return _use("convolve", file=str(file), mix=mix)

    def chorus(self, rate: object = 0.8, depth: object = 0.5, mix: object = 0.5) -> Use:
        """As if several played, each a little out of tune: `rate` in Hz and `depth` from 0 to 1 of their wavering.

        >>> Fx().chorus()
        fx.chorus(rate=0.8, depth=0.5, mix=0.5)
        """
        return _use("chorus", rate=rate, depth=depth, mix=mix)

    def distortion(self, drive: object = 12.0, tone: object = 12000.0, mix: object = 1.0) -> Use:
        """Overdriven by `drive` dB; `tone` in Hz takes away what is above.

        >>> Fx().distortion(24, mix=0.5)
        fx.distortion(drive=24.0, tone=12000.0, mix=0.5)
        """
        return _use("distortion", drive=drive, tone=tone, mix=mix)

    def __repr__(self) -> str:
        return "fx: " + ", ".join(BUILT_IN)


def _use(effect: str, **given: object) -> Use:
    values: dict[str, float | str | Pattern] = {}
    for key, known in BUILT_IN[effect].items():
        thing = given[key]
        name = f"fx.{effect}: {key}"
        if known.unit == "file":
            values[key] = str(thing)
            continue
        value = as_parameter(name, thing)
        if isinstance(value, Pattern):
            if not known.moves:
                raise LivevaeError(f"{name} is a number, which no pattern can move.")
        elif not (math.isfinite(value) and known.low <= value <= known.high):
            raise LivevaeError(f"{name} is {known.low:g} to {known.high:g} ({known.unit}), not {value:g}.")
        values[key] = value
    return Use(effect, values, None, caller())


class Master:
    """What all voices together pass before they are heard: `master.fx = [fx.limiter(-3)]`."""

    __slots__ = ("_read", "_write")

    def __init__(self, read: Callable[[], Uses], write: Callable[[Uses], None]) -> None:
        object.__setattr__(self, "_read", read)
        object.__setattr__(self, "_write", write)

    _read: Callable[[], Uses]
    _write: Callable[[Uses], None]

    @property
    def fx(self) -> Sequence[Use]:
        """The effects, in the order in which the sound passes them; None for none."""
        return list(self._read())

    @fx.setter
    def fx(self, thing: object) -> None:
        self._write(as_uses("master.fx", thing))

    def __setattr__(self, name: str, value: object) -> None:
        if name != "fx":
            raise LivevaeError(f"master has no {name!r}: there is master.fx.")
        object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        return f"master: fx={self.fx}"


fx: Final = Fx()
"""Effects: `fx.delay(0.3)`, `fx.reverb(0.8)` ...; `@fx` before a function makes one of pyo objects."""
