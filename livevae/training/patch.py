"""A pyo graph under construction, with the shapes that synthesised sounds are made of."""

from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from io import StringIO
from typing import Any

import numpy as np

with redirect_stdout(StringIO()):  # pyo prints a notice about its own widgets, which nobody here opens
    import pyo

__all__ = ["Patch", "Point", "pyo"]

Point = tuple[float, float]

# Formant centres in Hz (first three of an adult speaker; the upper two barely move) and their levels.
VOWELS: dict[str, tuple[tuple[float, float], ...]] = {
    "a": ((730, 1.0), (1090, 0.5), (2440, 0.18), (3400, 0.1), (4300, 0.05)),
    "e": ((530, 1.0), (1840, 0.35), (2480, 0.22), (3400, 0.12), (4300, 0.05)),
    "i": ((280, 1.0), (2290, 0.22), (3010, 0.18), (3500, 0.1), (4300, 0.04)),
    "o": ((530, 1.0), (850, 0.45), (2410, 0.08), (3300, 0.06), (4200, 0.02)),
    "u": ((310, 1.0), (870, 0.25), (2240, 0.05), (3300, 0.03), (4200, 0.01)),
}
WIDTHS = (80.0, 100.0, 140.0, 200.0, 260.0)  # Hz, for each formant


class Patch:
    """Makes pyo objects by name (`patch.Sine(440)`) and keeps them for as long as the patch lives.

    pyo's arithmetic does not keep its operands: an object that nothing in Python refers to leaves the graph and takes
    its memory along, so every object of a graph has to be kept until the graph has been rendered.
    """

    def __init__(self) -> None:
        self._kept: list[Any] = []

    def __getattr__(self, name: str) -> Callable[..., Any]:
        make = getattr(pyo, name)

        def kept(*args: Any, **kwargs: Any) -> Any:
            made = make(*args, **kwargs)
            self._kept.append(made)
            return made

        return kept

    def curve(self, points: Sequence[Point]) -> Any:
        """Straight lines through (seconds, value) points, held after the last; equal times are nudged apart."""
        rising = [points[0]] if points[0][0] == 0 else [(0.0, points[0][1]), points[0]]
        for when, value in points[1:]:
            rising.append((max(when, rising[-1][0] + 1e-4), value))
        return self.Linseg([(float(t), float(v)) for t, v in rising], initToFirstVal=True).play()

    def decays(self, hits: Sequence[Point], attack: float, t60: float, seconds: float) -> Any:
        """An envelope struck at each (seconds, amplitude) hit, falling 60 dB in `t60` seconds after each."""
        points: list[Point] = [(0.0, 0.0)]
        level = 0.0
        for index, (when, amplitude) in enumerate(hits):
            until = hits[index + 1][0] if index + 1 < len(hits) else seconds
            peak, top = max(amplitude, level), when + attack
            points += [(when, level), (top, peak)]
            length = max(until - top, 1e-3)
            # Steps of at most 6 dB near the top keep the straight lines close to the exponential.
            steps = np.linspace(0, min(length, t60 * 1.2), 14)[1:] if length > t60 / 10 else np.array([length])
            points += [(top + float(s), peak * float(10 ** (-3 * s / t60))) for s in steps]
            level = peak * float(10 ** (-3 * length / t60))
        return self.curve(points)

    def mix(self, parts: Sequence[Any]) -> Any:
        """All of `parts` in one stream."""
        return self.Mix(list(parts), voices=1)

    def room(self, dry: Any, space: float) -> Any:
        """`dry` in a room, from none (0) to a hall as loud as the sound itself (1)."""
        return self.Freeverb(dry, size=0.4 + 0.5 * space, damp=0.6, bal=0.5 * space)

    def harmonics(self, pitch: float, tilt: float, top: float = 16000.0) -> Any:
        """One band-limited period whose n-th harmonic is n to the power of minus `tilt`."""
        count = int(np.clip(top / pitch, 1, 160))
        return self.HarmTable([float(n**-tilt) for n in range(1, count + 1)], size=16384)

    def vibrato(self, rng: np.random.Generator, depth: float, rate: float, delay: float) -> Any:
        """A multiplier around 1: vibrato that arrives after `delay` seconds, and the drift of a living player."""
        arrives = self.curve([(0.0, 0.1), (delay, 0.1), (delay + 0.5, 1.0)])
        wave = self.Sine(float(rate * rng.uniform(0.92, 1.08)), phase=float(rng.uniform()), mul=arrives * depth)
        return 1 + wave + self.Randi(-0.003, 0.003, float(rng.uniform(3, 7)))

    def formants(self, source: Any, vowels: Sequence[tuple[float, str]], scale: float, glide: float) -> Any:
        """`source` through five resonances that move to each (seconds, vowel) in `glide` seconds."""
        parts = []
        for which, width in enumerate(WIDTHS):
            centre: list[Point] = []
            level: list[Point] = []
            for when, vowel in vowels:
                hertz, gain = VOWELS[vowel][which]
                if centre:
                    centre.append((when, centre[-1][1]))
                    level.append((when, level[-1][1]))
                centre.append((when + glide if centre else 0.0, hertz * scale))
                level.append((when + glide if level else 0.0, gain))
            frequency = self.curve(centre)
            parts.append(self.Reson(source, freq=frequency, q=frequency / width, mul=self.curve(level)))
        return self.mix(parts)
