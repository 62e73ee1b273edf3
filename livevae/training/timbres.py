"""The eight families of synthesised sound, each a pyo graph built from the same factors of variation.

A builder takes a `Take`, a `Patch` to build in and a random generator, and returns a mono pyo object; a pyo server
must be booted. The factors mean the same thing in every family (higher, brighter, slower to speak, noisier, livelier,
further away), so that a model trained on these sounds meets them varied one by one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from livevae.training.patch import Patch, Point

Builder = Callable[["Take", Patch, np.random.Generator], Any]


@dataclass(frozen=True)
class Take:
    """One recording to synthesise; equal takes give equal samples."""

    family: str
    pitch: float  # Hz, the fundamental or the centre of what moves
    brightness: float = 0.5  # 0 dark to 1 bright
    attack: float = 0.02  # seconds until the sound has spoken
    noise: float = 0.3  # 0 pure to 1 mostly noise
    motion: float = 0.5  # 0 still to 1 restless
    space: float = 0.2  # 0 dry to 1 far away in a hall
    seconds: float = 4.0
    seed: int = 1


def _hit_times(take: Take, rng: np.random.Generator, most: int) -> list[Point]:
    """Between 1 and `most` (seconds, amplitude) hits, more of them the more motion, the first at once and loudest."""
    count = 1 + round(take.motion * (most - 1))
    step = take.seconds * 0.85 / count
    times = [0.01] + [0.01 + step * (n + float(rng.uniform(-0.15, 0.15))) for n in range(1, count)]
    return [(t, 1.0 if n == 0 else float(rng.uniform(0.5, 1.0))) for n, t in enumerate(times)]


def bell(take: Take, patch: Patch, rng: np.random.Generator) -> Any:
    """Cast bells: inharmonic partials in slowly beating pairs, the high ones dying first, under a clapper's knock."""
    ratios = (0.5, 1.0, 1.19, 1.505, 2.0, 2.53, 2.66, 3.01, 4.12, 5.43, 6.8, 8.22, 9.7, 11.3, 13.1)
    strength = (0.4, 0.7, 0.6, 0.35, 1.0, 0.4, 0.4, 0.6, 0.5, 0.45, 0.4, 0.35, 0.3, 0.25, 0.2)
    hits = _hit_times(take, rng, 4)
    bells = (1.0, float(rng.choice([0.667, 0.749, 0.841, 1.189, 1.335])))
    parts = []
    for which, tuning in enumerate(bells[: 1 if len(hits) == 1 else 2]):
        struck = hits[which::2]
        for ratio, gain in zip(ratios, strength, strict=True):
            hertz = take.pitch * tuning * ratio * float(rng.uniform(0.996, 1.004))
            if hertz > 16000:
                continue
            ring = 7.0 * (220 / take.pitch) ** 0.3 * ratio**-0.85
            level = gain * ratio ** (1.3 * (take.brightness - 0.55))
            envelope = patch.decays(struck, take.attack * ratio**-0.5, ring, take.seconds)
            beat = float(rng.uniform(0.2, 1.6)) * (0.3 + take.motion)
            parts.append(patch.Sine(hertz, phase=float(rng.uniform()), mul=envelope * level * 0.6))
            parts.append(patch.Sine(hertz + beat, phase=float(rng.uniform()), mul=envelope * level * 0.4))
    knock = patch.Noise(mul=patch.decays(hits, 0.001, 0.06, take.seconds) * (0.5 + 4 * take.noise))
    parts.append(patch.ButBP(knock, freq=1500 + 4000 * take.brightness, q=0.8))
    return patch.room(patch.mix(parts), take.space)


def choir(take: Take, patch: Patch, rng: np.random.Generator) -> Any:
    """Several singers on a chord, each with a vibrato and a drift of their own, moving between vowels together."""
    chords = ((0, 7), (0, 3, 7), (0, 4, 7), (0, 5, 12), (0, 7, 12, 15), (0, 7, 12, 16))
    chord = chords[int(rng.integers(len(chords)))]
    count = 2 + round(3 * take.motion)
    names = [str(v) for v in rng.choice(list("aeiou"), size=count)]
    moments = [(n * take.seconds / count, vowel) for n, vowel in enumerate(names)]
    sections: dict[float, list[Any]] = {1.0: [], 1.16: []}
    for interval in chord:
        for _ in range(3):
            hertz = take.pitch * 2 ** (interval / 12)
            detune = 2 ** (float(rng.normal(0, 9)) / 1200)
            table = patch.harmonics(hertz, 2.1 - 1.5 * take.brightness)
            frequency = patch.vibrato(rng, 0.004 + 0.006 * take.motion, 5.4, 0.5) * (hertz * detune)
            late = float(rng.uniform(0, 0.5)) * take.attack
            swell = patch.curve([(late, 0), (late + take.attack, 1), (take.seconds * 0.8, 0.85), (take.seconds, 0)])
            singer = patch.Osc(table, freq=frequency, phase=float(rng.uniform()), interp=4, mul=swell)
            breath = patch.Noise(mul=swell * (0.004 + 0.12 * take.noise**2))
            sections[1.0 if hertz < 260 else 1.16] += [singer, breath]
    sung = [patch.formants(patch.mix(voices), moments, scale, 0.35) for scale, voices in sections.items() if voices]
    return patch.room(patch.mix(sung), 0.3 + 0.7 * take.space)


def string(take: Take, patch: Patch, rng: np.random.Generator) -> Any:
    """A bowed ensemble: filtered saws with vibrato, bow noise and a wooden body, changing chord with the bow."""
    chords = ((0, 7, 12), (0, 3, 7), (0, 4, 9), (0, 5, 10), (0, 7, 14), (0, 0, 12))
    bows = 1 + round(2 * take.motion)
    picked = [chords[int(i)] for i in rng.integers(len(chords), size=bows)]
    starts = [n * take.seconds / bows for n in range(bows)]
    bowing: list[Point] = [(0, 0)]
    for n, start in enumerate(starts):
        end = starts[n + 1] if n + 1 < bows else take.seconds
        attack = min(take.attack, 0.5 * (end - start))
        bowing += [(start + attack, 0.8), (start + 0.6 * (end - start) + 0.4 * attack, 1.0), (end - 0.03, 0.35)]
    pressure = patch.curve([*bowing, (take.seconds, 0)])
    players = []
    for line in range(3):
        notes = [take.pitch * 2 ** (chord[line] / 12) for chord in picked]
        for _ in range(3):
            detune = 2 ** (float(rng.normal(0, 7)) / 1200)
            path: list[Point] = [(0, notes[0] * detune)]
            for start, note in zip(starts[1:], notes[1:], strict=True):
                late = start + float(rng.uniform(-0.02, 0.02))
                path += [(late, path[-1][1]), (late + 0.06, note * detune)]
            frequency = patch.curve(path) * patch.vibrato(rng, 0.003 + 0.005 * take.motion, 5.8, take.attack)
            players.append(
                patch.Osc(
                    patch.harmonics(max(notes), 1.4 - 0.7 * take.brightness),
                    freq=frequency,
                    phase=float(rng.uniform()),
                    interp=4,
                )
            )
    bowed = patch.mix(players) * pressure
    lit = patch.ButLP(bowed, freq=pressure * pressure * (800 * 14**take.brightness) + 350)
    rosin = patch.ButHP(patch.PinkNoise(mul=pressure * (0.05 + 0.9 * take.noise)), freq=1200)
    body = patch.mix([lit, rosin])
    for hertz, boost in ((290.0, 5.0), (480.0, 4.0), (1150.0, -3.0), (2700.0, 5.0)):
        body = patch.EQ(body, freq=hertz * float(rng.uniform(0.95, 1.05)), q=2, boost=boost)
    return patch.room(body, take.space)


def drum(take: Take, patch: Patch, rng: np.random.Generator) -> Any:
    """A kit playing a bar or two: a swept kick, a snare of two modes and wires, hats of clashing squares, a tom."""
    step = 60 / (84 + 64 * take.motion) / 4
    count = max(int((take.seconds - 0.25) / step), 4)
    grid = [(0.005 + n * step, n % 16) for n in range(count)]
    kicks = [(t, 1.0) for t, n in grid if n in (0, 10) or (n % 4 == 2 and rng.uniform() < 0.35 * take.motion)]
    snares = [(t, 0.9 if n % 8 == 4 else 0.25) for t, n in grid if n % 8 == 4 or rng.uniform() < 0.12 * take.motion]
    hats = [(t, 0.8 if n % 4 == 0 else 0.45) for t, n in grid if n % 2 == 0 or rng.uniform() < take.motion]
    toms = [(t, 0.8) for t, n in grid if n in (7, 13, 14) and rng.uniform() < 0.7]
    end, bright = take.seconds, take.brightness

    def swept(hits: Sequence[Point], hertz: float, sweep: float, t60: float) -> Any:
        frequency = (patch.decays(hits, 0.0005, 0.12, end) * sweep + 1) * hertz
        return patch.Sine(frequency, mul=patch.decays(hits, 0.001 + 0.2 * take.attack, t60, end))

    click = patch.ButBP(patch.Noise(mul=patch.decays(kicks, 0.0005, 0.012, end)), freq=3000, q=1, mul=3 * bright)
    parts = [patch.Tanh(swept(kicks, take.pitch, 4.0, 0.5) * 1.8, mul=0.8), click]
    if snares:
        parts += [swept(snares, hertz, 0.4, 0.18) * 0.5 for hertz in (3.1 * take.pitch, 5.6 * take.pitch)]
        wires = patch.Noise(mul=patch.decays(snares, 0.001, 0.12 + 0.3 * take.noise, end))
        parts.append(patch.ButHP(patch.ButLP(wires, freq=3000 + 9000 * bright), freq=900, mul=0.8 + 0.8 * take.noise))
    if toms:
        parts.append(swept(toms, 1.9 * take.pitch, 0.8, 0.5) * 0.7)
    ring = patch.decays(hats, 0.0005, 0.06 + 0.12 * take.noise, end)
    squares = [patch.LFO(hertz, sharp=1, type=2, mul=0.12) for hertz in (3170.0, 4205.0, 4745.0, 5960.0, 7111.0)]
    parts.append(patch.ButHP(patch.mix([*squares, patch.Noise(mul=0.35)]) * ring, freq=6500, mul=0.8 + 1.2 * bright))
    return patch.room(patch.mix(parts), 0.5 * take.space)


def voice(take: Take, patch: Patch, rng: np.random.Generator) -> Any:
    """One voice, sung when still and spoken when restless: a glottal source, gliding formants and consonants."""
    rate = 1.4 + 3.2 * take.motion
    count = max(int((take.seconds - 0.3) * rate), 2)
    edges = np.cumsum(np.concatenate([[0.08], rng.uniform(0.75, 1.25, count) / rate]))
    edges = edges * min(1.0, (take.seconds - 0.15) / edges[-1])
    scale = (0, 2, 3, 5, 7, 10)
    pitches: list[Point] = []
    gate: list[Point] = [(0.0, 0.0)]
    moments: list[tuple[float, str]] = []
    hiss: list[Point] = []
    bursts: list[Point] = []
    for n in range(count):
        start, end = float(edges[n]), float(edges[n + 1])
        steps = scale[int(rng.integers(len(scale)))] - 3 - 2.5 * take.motion * n / count
        hertz = take.pitch * 2 ** (steps / 12 * (1 - 0.35 * take.motion))
        pitches += [(start, hertz), (end - 0.25 * (end - start), hertz * (1 - 0.06 * take.motion))]
        rise = min(take.attack, 0.3 * (end - start))
        loud = float(rng.uniform(0.65, 1.0))
        gate += [(start, 0.12), (start + rise, loud), (end - 0.05, loud * 0.8)]
        moments.append((start, str(rng.choice(list("aeiou")))))
        kind = rng.uniform()
        if kind < 0.25 + 0.2 * take.noise:
            hiss += [(start - 0.06, 0.0), (start - 0.03, 1.0), (start + 0.04, 0.7), (start + 0.07, 0.0)]
            gate[-3] = (start, 0.0)
        elif kind < 0.6:
            bursts.append((start, 1.0))
            gate[-3] = (start, 0.0)
    speaking = patch.curve([*gate, (float(edges[-1]) + 0.06, 0.0)])
    vibrato = patch.vibrato(rng, 0.009 * (1 - 0.7 * take.motion), 5.3, 0.4)
    source = patch.Osc(
        patch.harmonics(take.pitch * 1.6, 2.0 - 1.2 * take.brightness), patch.curve(pitches) * vibrato, interp=4
    )
    breath = patch.Noise(mul=0.01 + 0.08 * take.noise)
    scale_up = 1.0 if take.pitch < 170 else 1.15
    parts = [patch.formants(patch.mix([source, breath]) * speaking, moments, scale_up, 0.08)]
    if hiss:
        parts.append(
            patch.Reson(patch.Noise(mul=patch.curve([(0.0, 0.0), *hiss])), freq=4200 + 3000 * take.brightness, q=2)
        )
        parts[-1] = parts[-1] * 0.12
    if bursts:
        parts.append(
            patch.Reson(patch.Noise(mul=patch.decays(bursts, 0.001, 0.03, take.seconds)), freq=1800, q=1) * 0.25
        )
    return patch.room(patch.mix(parts), take.space)


def wind(take: Take, patch: Patch, rng: np.random.Generator) -> Any:
    """Wind: gusts of band-passed noise wandering in pitch, with a whistle where it finds an edge."""
    gusts = max(2, round(take.seconds * (0.4 + 1.2 * take.motion)))
    times = np.linspace(0, take.seconds, gusts + 2)
    levels = [0.15, *(float(v) for v in rng.uniform(0.25, 1.0, gusts)), 0.1]
    gust = patch.Tone(patch.curve([(float(t), v) for t, v in zip(times, levels, strict=True)]), freq=3)
    flutter = gust * patch.Randi(1 - 0.5 * take.motion, 1, 9)
    parts = []
    for ratio, q, gain in ((0.5, 2.0, 0.6), (1.0, 6.0, 1.4), (1.9, 7.0, 1.1), (3.3, 6.0, 0.8)):
        drift = patch.Randi(1 - 0.25 * take.motion, 1 + 0.35 * take.motion, float(rng.uniform(0.4, 1.5)))
        centre = (0.4 + 1.0 * gust) * drift * (take.pitch * ratio)
        bright = gain * ratio ** (1.5 * (take.brightness - 0.6))
        parts.append(patch.Reson(patch.PinkNoise(mul=flutter * bright), freq=centre, q=q * (2.4 - 2 * take.noise)))
    edge = (0.7 + 0.5 * gust) * patch.Randi(0.97, 1.03, 2) * (take.pitch * 2.4)
    whistle = patch.Reson(patch.Noise(mul=gust * gust), freq=edge, q=80, mul=6 * (1 - take.noise) ** 2)
    hiss = patch.ButHP(patch.Noise(mul=flutter * 0.03 * take.brightness), freq=3000)
    return patch.room(patch.mix([*parts, whistle, hiss]), take.space)


def metal(take: Take, patch: Patch, rng: np.random.Generator) -> Any:
    """A sheet of metal: the crowded modes of a plate, struck, and scraped when the take is noisy."""
    shape = float(rng.uniform(0.55, 0.95))
    modes = sorted(m * m + (n * shape) ** 2 for m in range(1, 11) for n in range(1, 11))[:40]
    hertz = [take.pitch * mode / modes[0] * float(rng.uniform(0.985, 1.015)) for mode in modes]
    hertz = [h for h in hertz if h < 15000]
    ring = [float(np.clip(0.8 * (400 / h) ** 0.5 * rng.uniform(0.5, 1.5), 0.06, 2)) for h in hertz]
    level = [float((h / hertz[0]) ** (0.9 * (take.brightness - 0.5)) * rng.uniform(0.3, 1.0)) for h in hertz]
    hits = _hit_times(take, rng, 6)
    struck = patch.Noise(mul=patch.decays(hits, 0.0005 + 0.1 * take.attack, 0.02, take.seconds))
    stroke: list[Point] = [(0.0, 0.0)]
    for when, strength in hits:
        stroke += [(when + 0.08, 0.0), (when + 0.3, strength), (when + 0.45, 0.0)]
    teeth = patch.Randi(40, 60 + 200 * take.motion, 5)
    # A saw-toothed rub: the surface catches and lets go, faster with motion.
    scraped = patch.Noise(
        mul=patch.curve(stroke) * patch.LFO(teeth, sharp=0.9, type=1, mul=0.5, add=0.5) * 0.8 * take.noise
    )
    driven = patch.Tone(patch.mix([struck, scraped]), freq=1500 + 9000 * take.brightness)
    modes_ringing = patch.ComplexRes(driven, freq=hertz, decay=ring, mul=level)
    return patch.room(patch.mix([modes_ringing, driven * (0.02 + 0.4 * take.noise**2)]), take.space)


def water(take: Take, patch: Patch, rng: np.random.Generator) -> Any:
    """Bubbling: showers of short resonant blips that rise as bubbles do, over a murmuring stream."""
    fall = patch.ExpTable([(0, 0), (500, 1), (8191, 0)], exp=4)
    rise = patch.LinTable([(0, 0), (8191, 1)])
    parts = []
    for ratio, share, longest, gain in ((0.5, 0.25, 0.16, 1.0), (1.0, 0.45, 0.1, 0.8), (2.3, 0.3, 0.05, 0.45)):
        drops = patch.Cloud(density=(6 + 60 * take.motion) * share, poly=10).play()
        length = patch.TrigRand(drops, 0.3 * longest, longest)
        hertz = patch.TrigRand(drops, 0.6 * take.pitch * ratio, 1.7 * take.pitch * ratio)
        up = patch.TrigEnv(drops, rise, dur=length, mul=0.25 + 0.5 * take.brightness)
        size = patch.TrigRand(drops, 0.15, 1.0)
        parts.append(patch.Sine(hertz * (up + 1), mul=patch.TrigEnv(drops, fall, dur=length) * size * gain))
    centre = patch.Randi(0.7, 1.4, 2 + 5 * take.motion) * (take.pitch * 0.8)
    stream = patch.Reson(patch.PinkNoise(mul=patch.Randi(0.4, 1, 6) * take.noise), freq=centre, q=1.5, mul=0.35)
    spray = patch.ButHP(patch.Noise(mul=patch.Randi(0.1, 1, 11) * 0.03 * take.noise * take.brightness), freq=3500)
    swell = patch.curve([(0.0, 0.0), (take.attack, 1.0), (take.seconds, 0.9)])
    return patch.room(patch.mix([*parts, stream, spray]) * swell, take.space)


BUILDERS: dict[str, Builder] = {
    "bell": bell,
    "choir": choir,
    "drum": drum,
    "metal": metal,
    "string": string,
    "voice": voice,
    "water": water,
    "wind": wind,
}
