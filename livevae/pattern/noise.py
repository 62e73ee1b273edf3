"""Randomness: a hash of (seed, kind, dimension, lattice index), so that any time can be asked for, again and again.

Nothing is drawn in order: the past is the same when asked later, negative times are like any other, and dimensions
have nothing in common.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from livevae.errors import LivevaeError
from livevae.pattern.core import Pattern
from livevae.pattern.hold import Recent
from livevae.pattern.node import Signal
from livevae.pattern.time import Array, Context

Bits = npt.NDArray[np.uint64]
Ints = npt.NDArray[np.int64]

# The constants of splitmix64: an odd step with well-spread bits, and the multipliers of its finaliser.
STEP = np.uint64(0x9E3779B97F4A7C15)
FIRST = np.uint64(0xBF58476D1CE4E5B9)
SECOND = np.uint64(0x94D049BB133111EB)
UNIT = 2.0**-53
MOMENTS_PER_CYCLE = 2**20  # the lattice of rand: finer than any frame
KINDS = {"rand": 1, "perlin": 2, "walk": 3, "walk back": 4, "event": 16, "cycle": 17}


def mix(bits: Bits) -> Bits:
    """Scramble 64-bit words so that neighbours have nothing in common."""
    bits = (bits ^ (bits >> np.uint64(30))) * FIRST
    bits = (bits ^ (bits >> np.uint64(27))) * SECOND
    return bits ^ (bits >> np.uint64(31))


def words(numbers: Ints) -> Bits:
    """One scrambled word for each integer."""
    return mix((numbers.astype(np.uint64) + np.uint64(1)) * STEP)


def keys(kind: str, seeds: tuple[int, int], size: int) -> Bits:
    """One word ``(size,)`` for each dimension of a kind of randomness."""
    key = np.zeros(1, np.uint64)
    for part in (KINDS[kind], *seeds):
        key = mix(key * FIRST + words(np.array([part % 2**63])))
    return mix(key + words(np.arange(size)))


def uniform(key: Bits, index: Ints) -> Array:
    """Numbers from 0 up to 1, ``(len(index), len(key))``."""
    return (mix(words(index)[:, None] + key) >> np.uint64(11)).astype(np.float64) * UNIT


def normal(key: Bits, index: Ints) -> Array:
    """Numbers of mean 0 and spread 1, ``(len(index), len(key))``."""
    length = np.sqrt(-2.0 * np.log(1.0 - uniform(key, 2 * index)))
    return length * np.cos(2 * np.pi * uniform(key, 2 * index + 1))


class Source:
    """The random words of one pattern: its own seed, its dimensions, and what its lattice last held."""

    __slots__ = ("_keys", "_values", "seed", "size")

    def __init__(self, size: int, seed: int) -> None:
        self.size = size
        self.seed = seed
        self._keys: Recent[tuple[str, int], Bits] = Recent(8)
        self._values: Recent[tuple[int, int, int], Array] = Recent(8)

    def key(self, kind: str, context: Context) -> Bits:
        """The words of each dimension, ``(size,)``."""
        return self._keys.get((kind, context.seed), lambda: keys(kind, (context.seed, self.seed), self.size))

    def between(self, cycles: Array, context: Context, values: Callable[[Ints], Array]) -> tuple[Array, Array, Array]:
        """``values`` at the lattice points before and after each time, and how far ``(n, 1)`` it lies between them.

        They are found once for each point of a block, and kept: the next block mostly lies between the same two.
        """
        floors = np.floor(cycles)
        part = (cycles - floors)[:, None]
        index = floors.astype(np.int64)
        first, last = (int(index.min()), int(index.max())) if index.size else (0, 0)
        if last - first > 2 * index.size:
            return values(index), values(index + 1), part
        found = self._values.get((context.seed, first, last), lambda: values(np.arange(first, last + 2)))
        return found[index - first], found[index - first + 1], part


Sampler = Callable[[Array, Context, Source], Array]


class Noise(Pattern):
    """A random continuous pattern. It is one number, unless ``dims`` asks for more."""

    __slots__ = ("_sampler", "_source", "_vector")

    def __init__(self, sampler: Sampler, size: int | None = None, seed: int = 0) -> None:
        source = Source(1 if size is None else size, seed)

        def sample(cycles: Array, context: Context) -> Array:
            out = sampler(cycles, context, source)
            return out[:, 0] if size is None else out

        super().__init__(Signal(sample))
        for name, value in (("_sampler", sampler), ("_source", source), ("_vector", size)):
            object.__setattr__(self, name, value)

    _sampler: Sampler
    _source: Source
    _vector: int | None

    def dims(self, size: int) -> Noise:
        """The same kind of randomness as a vector of ``size`` dimensions that have nothing in common.

        >>> perlin.dims(3).sample([0.5]).shape
        (1, 3)
        """
        if not isinstance(size, int | np.integer) or size < 1:
            raise LivevaeError(f"dims({size!r}): the number of dimensions must be a whole number, 1 or more.")
        return Noise(self._sampler, int(size), self._source.seed)

    def seed(self, seed: int) -> Noise:
        """Another, unrelated, run of the same kind of randomness.

        >>> bool(perlin.seed(1).sample([0.5]) == perlin.seed(2).sample([0.5]))
        False
        """
        if not isinstance(seed, int | np.integer):
            raise LivevaeError(f"seed({seed!r}): a seed is a whole number.")
        return Noise(self._sampler, self._vector, int(seed))


def _rand(cycles: Array, context: Context, source: Source) -> Array:
    return uniform(source.key("rand", context), np.floor(cycles * MOMENTS_PER_CYCLE).astype(np.int64))


def _perlin(cycles: Array, context: Context, source: Source) -> Array:
    key = source.key("perlin", context)
    before, after, x = source.between(cycles, context, lambda index: uniform(key, index))
    return before + (after - before) * (x * x * x * (x * (x * 6 - 15) + 10))


rand = Noise(_rand)
perlin = Noise(_perlin)


def _brownian(index: int, key: Bits) -> Array:
    """Where a walk of steps of spread 1 stands after ``index`` steps, ``(D,)``, without taking them.

    Each power of two is reached from the one before it, and what lies between two known places from the middle
    between them: every place needs one random number of its own, so any place costs the logarithm of its index.
    """
    if index == 0:
        return np.zeros(key.size)
    octave = index.bit_length()
    low, high = 2 ** (octave - 1), 2**octave
    middles = []
    while low != index:
        middle = (low + high) // 2
        middles.append((middle, high - low))
        low, high = (middle, high) if index >= middle else (low, middle)
    powers = [2**n for n in range(octave + 1)]
    drawn = normal(key, np.array(powers + [middle for middle, _ in middles]))
    spreads = np.sqrt([1.0, *powers[:-1]])[:, None]
    places = np.cumsum(drawn[: octave + 1] * spreads, axis=0)
    below, above = places[-2], places[-1]
    for (middle, length), step in zip(middles, drawn[octave + 1 :], strict=True):
        between = (below + above) / 2 + math.sqrt(length) / 2 * step
        below, above = (between, above) if index >= middle else (below, between)
    return np.asarray(below)


def reflect(values: Array, low: float, high: float) -> Array:
    """Values folded back at two walls as often as it takes to lie between them."""
    width = high - low
    folded: Array = width - np.abs(np.mod(values - low, 2 * width) - width) + low
    return np.clip(folded, low, high)


def walk(
    step: float = 0.25, bounds: tuple[float, float] = (-1.0, 1.0), dims: int | None = None, seed: int = 0
) -> Noise:
    """A random walk: one step of about ``step`` each cycle, straight in between, turned back at the ``bounds``.

    It begins half way between them at cycle 0, is the same each time for one seed, and may be asked for any time.

    >>> walk(dims=2).sample([0.0])
    array([[0., 0.]])
    """
    low, high = (float(bound) for bound in bounds)
    if not (math.isfinite(step) and step >= 0 and math.isfinite(high - low) and low < high):
        raise LivevaeError(f"walk(step={step!r}, bounds={bounds!r}): give a step of 0 or more, and bounds (low, high).")

    def sample(cycles: Array, context: Context, source: Source) -> Array:
        def place(index: int) -> Array:
            return _brownian(abs(index), source.key("walk" if index >= 0 else "walk back", context))

        def places(index: Ints) -> Array:
            unique, inverse = np.unique(index, return_inverse=True)
            return np.array([place(i) for i in unique.tolist()])[inverse]

        before, after, part = source.between(cycles, context, places)
        return reflect((low + high) / 2 + step * (before + (after - before) * part), low, high)

    found = Noise(sample, seed=seed)
    return found if dims is None else found.dims(dims)
