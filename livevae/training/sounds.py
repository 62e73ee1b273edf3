"""Sounds the project makes itself with pyo: varied takes to train on, and the eight recordings that ship.

Rendering uses a manual pyo server in this process, a fresh one for each take, so that a take is the same samples
whenever it is rendered. A process that already runs a pyo server (the engine) cannot render here.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from livevae.errors import LivevaeError
from livevae.training.patch import Patch, pyo
from livevae.training.timbres import BUILDERS, Take

BLOCK = 256  # samples the manual server computes at once
SHIPPED_RATE = 48000
SHIPPED_PEAK = 10 ** (-3 / 20)

# Where each factor may fall in training takes: pitch in Hz (log-uniform) and attack in seconds (log-uniform).
RANGES: dict[str, tuple[tuple[float, float], tuple[float, float]]] = {
    "bell": ((130, 1300), (0.001, 0.006)),
    "choir": ((90, 330), (0.08, 0.8)),
    "drum": ((42, 75), (0.001, 0.01)),
    "metal": ((90, 700), (0.001, 0.02)),
    "string": ((65, 500), (0.03, 0.7)),
    "voice": ((85, 330), (0.02, 0.12)),
    "water": ((350, 1400), (0.01, 0.4)),
    "wind": ((180, 900), (0.01, 0.2)),
}

SHIPPED = (
    Take("bell", 293.66, 0.55, 0.002, 0.2, 0.34, 0.35, 5.0, seed=11),
    Take("choir", 146.83, 0.55, 0.35, 0.3, 0.4, 0.5, 4.5, seed=12),
    Take("drum", 52.0, 0.6, 0.001, 0.4, 0.3, 0.15, 4.0, seed=13),
    Take("metal", 164.81, 0.6, 0.001, 0.6, 0.4, 0.3, 4.0, seed=14),
    Take("string", 146.83, 0.6, 0.3, 0.25, 0.5, 0.35, 4.5, seed=15),
    Take("voice", 196.0, 0.6, 0.05, 0.25, 0.25, 0.2, 4.0, seed=16),
    Take("water", 750.0, 0.5, 0.05, 0.4, 0.5, 0.25, 4.0, seed=17),
    Take("wind", 420.0, 0.5, 0.05, 0.4, 0.6, 0.2, 4.5, seed=18),
)


def render(take: Take, *, rate: int = SHIPPED_RATE, peak: float = SHIPPED_PEAK) -> npt.NDArray[np.float32]:
    """The samples of one take, shape (round(seconds * rate),), mono, its largest magnitude `peak` (0 to 1).

    Free of DC, with short fades at both ends. Raises LivevaeError for an unknown family, for a length outside 0.5 to
    60 seconds, a rate outside 44100 to 192000 Hz, or where a pyo server already runs in this process.
    """
    if take.family not in BUILDERS:
        raise LivevaeError(f"There is no family of sounds called {take.family!r}: choose from {', '.join(BUILDERS)}.")
    if not 0.5 <= take.seconds <= 60:
        raise LivevaeError(f"A take lasts 0.5 to 60 seconds, not {take.seconds:g}: change its length.")
    if not 44100 <= rate <= 192000:
        raise LivevaeError(f"Sounds are synthesised at 44100 to 192000 Hz, not {rate}: resample them afterwards.")
    if pyo.serverCreated() and pyo.serverBooted():
        raise LivevaeError("A pyo server already runs in this process: synthesise sounds in another one.")
    length = round(take.seconds * rate)
    server = pyo.Server(sr=rate, nchnls=1, buffersize=BLOCK, duplex=0, audio="manual")
    server.setVerbosity(1)
    server.setGlobalSeed(take.seed)
    server.boot()
    server.start()
    try:
        table = pyo.NewTable(length=length / rate, chnls=1)
        patch = Patch()
        sound = BUILDERS[take.family](take, patch, np.random.default_rng(take.seed))
        recorder = patch.TableRec(patch.ButHP(sound, freq=25), table).play()
        for _ in range(-(-length // BLOCK)):
            server.process()
        samples = np.array(table.getTable()[:length], dtype=np.float32)
        recorder.stop()
    finally:
        server.stop()
        server.shutdown()
    return _finish(samples, rate, peak)


def _finish(samples: npt.NDArray[np.float32], rate: int, peak: float) -> npt.NDArray[np.float32]:
    """Fade both ends (4 ms in, 120 ms out), take out the mean, and bring the largest magnitude to `peak`."""
    window = np.ones(len(samples))
    into, out = int(0.004 * rate), int(0.12 * rate)
    window[:into] = 0.5 - 0.5 * np.cos(np.pi * np.arange(into) / into)
    window[-out:] = 0.5 + 0.5 * np.cos(np.pi * np.arange(1, out + 1) / out)
    faded = samples * window
    faded -= window * (faded.sum() / window.sum())
    return np.asarray(faded * (peak / max(float(np.abs(faded).max()), 1e-9)), dtype=np.float32)


def vary(family: str, rng: np.random.Generator) -> Take:
    """A take of `family` with every factor drawn at random, 2 to 6 seconds long."""
    pitch, attack = (float(np.exp(rng.uniform(*np.log(ends)))) for ends in RANGES[family])
    brightness, noise, motion, space = (float(v) for v in rng.uniform(0, 1, 4))
    seconds = round(float(rng.uniform(2, 6)), 2)
    return Take(family, pitch, brightness, attack, noise, motion, 0.8 * space, seconds, int(rng.integers(1, 2**31 - 1)))


def synthesise(folder: Path, *, seconds: float, seed: int, rate: int = 48000) -> list[Path]:
    """Write about `seconds` of varied takes to `folder` as mono 24-bit FLAC files named FAMILY-NNNN.flac.

    Families take turns, so that any eight takes in a row hold all of them; each take lasts 2 to 6 seconds and peaks
    between -14 and -1 dBFS. The same seed gives the same samples. Returns the paths in the order rendered. Raises
    LivevaeError where `render` would, or when `folder` cannot be written.
    """
    if seconds <= 0:
        raise LivevaeError(f"The length of sound to synthesise must be above 0 seconds, not {seconds:g}.")
    rng = np.random.default_rng(seed)
    families = sorted(BUILDERS)
    paths: list[Path] = []
    made = 0.0
    while made < seconds:
        take = vary(families[len(paths) % len(families)], rng)
        peak = float(10 ** (rng.uniform(-14, -1) / 20))
        path = Path(folder) / f"{take.family}-{len(paths):04d}.flac"
        _write(path, render(take, rate=rate, peak=peak), rate, "PCM_24")
        paths.append(path)
        made += take.seconds
    return paths


def ship(folder: Path) -> list[Path]:
    """Write the eight recordings that ship (FAMILY.flac, 48 kHz, mono, 16 bit) to `folder`; returns their paths."""
    paths = [Path(folder) / f"{take.family}.flac" for take in SHIPPED]
    for take, path in zip(SHIPPED, paths, strict=True):
        _write(path, render(take), SHIPPED_RATE, "PCM_16")
    return paths


def _write(path: Path, samples: npt.NDArray[np.float32], rate: int, subtype: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, samples, rate, subtype=subtype)
    except (OSError, soundfile.LibsndfileError) as error:
        raise LivevaeError(f"{path} cannot be written ({error}): choose a folder you can write to.") from error
