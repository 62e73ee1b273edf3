"""The effects that come with livevae, built of pyo objects.

No arithmetic of pyo's is used here: what it gives is held by its operands and outlives a chain. `Sig` adds and
multiplies.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from livevae.engine.impulse import FIRST, HEAD, PIECE

Value = Any
"""A number, a text, or a pyo signal where a pattern moves it."""


@dataclass(frozen=True)
class Built:
    """What an effect made of a sound; `latency` in samples; `tail` seconds until it is silent after its input is."""

    sound: Any
    latency: int = 0
    tail: float = 0.1
    finite: Any = None
    """A signal that is 1 while the sound is one, where that is not certain."""


class Kit:
    """What builders need: pyo, the rate, and small circuits."""

    def __init__(self, pyo: Any, rate: int) -> None:
        self.pyo = pyo
        self.rate = rate

    def moves(self, value: Value) -> bool:
        """Is it a signal?"""
        return isinstance(value, self.pyo.PyoObject)

    def late(self, sound: Any, samples: int) -> Any:
        """The sound so many whole samples later."""
        # SDelay rounds down.
        return self.pyo.SDelay(sound, delay=(samples + 0.3) / self.rate, maxdelay=(samples + 16) / self.rate)

    def on_sample(self, seconds: float) -> float:
        """The nearest time that pyo, in single precision, takes for a whole number of samples, where there is one.

        Else it is off by a thousandth of a sample.
        """
        wanted = np.float32(round(seconds * self.rate))
        nearest = np.float32(float(wanted) / self.rate)
        for towards in (np.float32(0.0), np.float32(np.inf)):
            tried = nearest
            for _ in range(4):
                if np.float32(float(tried) * self.rate) == wanted:
                    return float(tried)
                tried = np.nextafter(tried, towards)
        return float(nearest)

    def linear(self, level: Value) -> Value:
        """A level in dB as a factor."""
        return self.pyo.DBToA(level) if self.moves(level) else 10.0 ** (level / 20.0)

    def mixed(self, dry: Any, wet: Any, mix: Value, latency: int = 0) -> Any:
        """From dry (0) to wet (1), the dry side as late as the wet one."""
        if not self.moves(mix) and mix == 1.0:
            return wet
        if latency:
            dry = self.late(dry, latency)
        rest = self.pyo.Sig(mix, mul=-1, add=1) if self.moves(mix) else 1.0 - mix
        return self.pyo.Sig(wet, mul=mix, add=self.pyo.Sig(dry, mul=rest))

    def loudest(self, sound: Any) -> Any:
        """The louder channel of a sound at each sample, 0 or more."""
        channels = [self.pyo.Abs(sound[channel]) for channel in range(len(sound))]
        return channels[0] if len(channels) == 1 else self.pyo.Max(channels[0], channels[1])

    def most(self, value: Value, high: float) -> float:
        """The largest that a value may become."""
        return high if self.moves(value) else float(value)


Builder = Callable[[Kit, Any, Mapping[str, Value]], Built]


def gain(kit: Kit, sound: Any, values: Mapping[str, Value]) -> Built:
    return Built(kit.pyo.Sig(sound, mul=kit.linear(values["level"])), tail=0.0)


def highpass(kit: Kit, sound: Any, values: Mapping[str, Value]) -> Built:
    return Built(kit.pyo.ButHP(sound, freq=values["frequency"]))


def lowpass(kit: Kit, sound: Any, values: Mapping[str, Value]) -> Built:
    return Built(kit.pyo.ButLP(sound, freq=values["frequency"]))


def eq(kit: Kit, sound: Any, values: Mapping[str, Value]) -> Built:
    for band, shape in (("low", 1), ("mid", 0), ("high", 2)):
        boost = values[band]
        if kit.moves(boost) or boost != 0.0:
            width = values["width"] if band == "mid" else 0.7
            sound = kit.pyo.EQ(sound, freq=values[f"{band}_frequency"], q=width, boost=boost, type=shape)
    return Built(sound)


def gate(kit: Kit, sound: Any, values: Mapping[str, Value]) -> Built:
    # The channels open and close together.
    opening = kit.pyo.Gate(
        kit.loudest(sound),
        thresh=values["threshold"],
        risetime=values["attack"],
        falltime=values["release"],
        lookahead=1.0,
        outputAmp=True,
    )
    return Built(kit.pyo.Sig(sound, mul=opening))


def compressor(kit: Kit, sound: Any, values: Mapping[str, Value]) -> Built:
    factor = kit.pyo.Compress(
        kit.loudest(sound),
        thresh=values["threshold"],
        ratio=values["ratio"],
        risetime=values["attack"],
        falltime=values["release"],
        lookahead=1.0,
        knee=0.0,
        outputAmp=True,
    )
    louder = kit.linear(values["makeup"])
    return Built(kit.pyo.Sig(kit.pyo.Sig(sound, mul=factor), mul=louder))


def limiter(kit: Kit, sound: Any, values: Mapping[str, Value]) -> Built:
    pyo, ceiling = kit.pyo, kit.linear(values["ceiling"])
    envelope = pyo.Follower2(kit.loudest(sound), risetime=0.0003, falltime=values["release"])
    # The sound is as it was while it is below the ceiling; what an attack lets through is clipped.
    over = pyo.Pow(pyo.Max(pyo.Sig(envelope, mul=pyo.Pow(pyo.Sig(ceiling), -1)), 1.0), -1)
    limited = pyo.Sig(sound, mul=over)
    lower = pyo.Sig(ceiling, mul=-1) if kit.moves(ceiling) else -ceiling
    return Built(pyo.Clip(limited, min=lower, max=ceiling))


def pitch(kit: Kit, sound: Any, values: Mapping[str, Value]) -> Built:
    # pyo's Harmonizer reads beyond its window once, and may give no numbers from then on.
    pyo, window, semitones = kit.pyo, float(values["window"]), values["semitones"]
    if kit.moves(semitones):
        ratio = pyo.Exp(pyo.Sig(semitones, mul=math.log(2.0) / 12.0))
        turns: Any = pyo.Sig(ratio, mul=-1.0 / window, add=1.0 / window)
    else:
        turns = (1.0 - 2.0 ** (semitones / 12.0)) / window
    shape = pyo.HannTable(size=8192)
    heads = []
    for start in (0.5, 0.0):
        # Two read heads move through the window, each heard in its middle: half of it is how late they are on average.
        place = pyo.Phasor(turns, phase=start)
        moved = pyo.Delay(sound, delay=pyo.Sig(place, mul=window, add=2.0 / kit.rate), maxdelay=window + 0.01)
        heads.append(pyo.Sig(moved, mul=pyo.Pointer(shape, place)))
    latency = round(window / 2 * kit.rate)
    wet = pyo.Sig(heads[0], add=heads[1])
    return Built(kit.mixed(sound, wet, values["mix"], latency), latency, window + 0.05)


def delay(kit: Kit, sound: Any, values: Mapping[str, Value]) -> Built:
    pyo, time, feedback = kit.pyo, values["time"], values["feedback"]
    longest = kit.most(time, 4.0)
    wet = sound
    if kit.moves(values["tone"]) or values["tone"] < 20000.0:
        wet = pyo.ButLP(wet, freq=values["tone"])
    if not kit.moves(time):
        # On a sample, so that nothing is lost between two of them.
        time = kit.on_sample(time)
    wet = pyo.Delay(wet, delay=time, feedback=feedback, maxdelay=longest + 0.01)
    return Built(kit.mixed(sound, wet, values["mix"]), 0, longest * _repeats(kit.most(feedback, 0.98)) + 0.1)


def _repeats(feedback: float) -> int:
    """Repeats until a delay is 80 dB softer."""
    return 1 if feedback < 1e-4 else 1 + math.ceil(math.log(1e-4) / math.log(feedback))


_SPREAD: Final = ((0.0047, 0.0089, 0.0137), (0.0053, 0.0101, 0.0121))
"""Seconds of the all-passes before the left and the right reverberator: what comes from the middle fills both sides."""


def reverb(kit: Kit, sound: Any, values: Mapping[str, Value]) -> Built:
    pyo, late = kit.pyo, sound
    before = values["predelay"]
    if kit.moves(before) or before > 0.0:
        late = pyo.Delay(late, delay=before, maxdelay=0.51)
    channels = [late[channel] for channel in range(len(late))]
    if len(channels) == 2:
        both = pyo.Sig(channels[0], mul=0.3, add=pyo.Sig(channels[1], mul=0.3))
        channels = [pyo.Sig(channel, mul=0.7, add=both) for channel in channels]
    for step in range(3):
        channels = [
            pyo.Allpass(channel, delay=kit.on_sample(_SPREAD[side][step]), feedback=0.5, maxdelay=0.03)
            for side, channel in enumerate(channels)
        ]
    rooms = [pyo.Freeverb(channel, size=values["size"], damp=values["damp"], bal=1.0) for channel in channels]
    wet = pyo.Sig([room[0] for room in rooms], mul=_REVERB_LEVEL)
    size = kit.most(values["size"], 1.0)
    # The longest comb of 1617 samples at 44.1 kHz, fed back by what `size` stands for, until it is 80 dB softer.
    tail = 0.037 * math.log(1e-4) / math.log(0.7 + 0.28 * size) + 0.2
    return Built(kit.mixed(sound, wet, values["mix"]), 0, tail)


_REVERB_LEVEL: Final = 1.8


def convolve(kit: Kit, sound: Any, values: Mapping[str, Value]) -> Built:
    pyo = kit.pyo
    pieces = sorted(Path(str(values["file"])).glob("*.wav"))
    if len(sound) == 1:
        sound = pyo.Sig([sound[0], sound[0]])
    parts, late = [], sound
    for number, piece in enumerate(pieces):
        size = HEAD if number == 0 else 4 * HEAD
        if number > 1:
            late = kit.late(late, PIECE)
        # CvlVerb scales what it computes by 50 / size.
        parts.append(pyo.CvlVerb(late, str(piece), bal=1, size=size, mul=size / 50.0))
    wet = parts[0]
    for part in parts[1:]:
        wet = pyo.Sig(wet, add=part)
    length = FIRST + (len(pieces) - 1) * PIECE
    return Built(kit.mixed(sound, wet, values["mix"], HEAD), HEAD, length / kit.rate + 0.1)


def chorus(kit: Kit, sound: Any, values: Mapping[str, Value]) -> Built:
    pyo, rate = kit.pyo, values["rate"]
    depth = values["depth"]
    width = pyo.Sig(depth, mul=0.004) if kit.moves(depth) else 0.004 * depth
    heads = []
    for side in range(len(sound)):
        # Two moving read heads on each side, a quarter of a turn from those of the other side.
        swings = [pyo.Sine(rate, phase=(0.25 * side + 0.5 * head) % 1, mul=width) for head in range(2)]
        late = [pyo.Delay(sound[side], delay=pyo.Sig(swing, add=0.007), maxdelay=0.02) for swing in swings]
        heads.append(pyo.Sig(late[0], mul=0.707, add=pyo.Sig(late[1], mul=0.707)))
    wet = pyo.Sig([head[0] for head in heads])
    return Built(kit.mixed(sound, wet, values["mix"]))


def distortion(kit: Kit, sound: Any, values: Mapping[str, Value]) -> Built:
    pyo, drive = kit.pyo, values["drive"]
    half = pyo.Sig(drive, mul=-0.5) if kit.moves(drive) else -0.5 * drive
    wet = pyo.Tanh(pyo.Sig(sound, mul=kit.linear(drive)))
    wet = pyo.ButLP(wet, freq=values["tone"], mul=kit.linear(half))
    return Built(kit.mixed(sound, wet, values["mix"]))


BUILDERS: Final[Mapping[str, Builder]] = {
    "gain": gain,
    "highpass": highpass,
    "lowpass": lowpass,
    "eq": eq,
    "gate": gate,
    "compressor": compressor,
    "limiter": limiter,
    "pitch": pitch,
    "delay": delay,
    "reverb": reverb,
    "convolve": convolve,
    "chorus": chorus,
    "distortion": distortion,
}
