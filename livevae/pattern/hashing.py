"""Random numbers that are looked up, not drawn: a hash of (seed, kind, dimension, lattice index).

The same number is found whenever it is asked for, in any order, at negative times as at any other.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from livevae.pattern.time import Array

Bits = npt.NDArray[np.uint64]
Ints = npt.NDArray[np.int64]

# The constants of splitmix64: an odd step with well-spread bits, and the multipliers of its finaliser.
STEP = np.uint64(0x9E3779B97F4A7C15)
FIRST = np.uint64(0xBF58476D1CE4E5B9)
SECOND = np.uint64(0x94D049BB133111EB)
UNIT = 2.0**-53
MOMENTS_PER_CYCLE = 2**20  # the lattice of rand: finer than any frame
KINDS = {
    "rand": 1,
    "perlin": 2,
    "walk": 3,
    "walk back": 4,
    "brownian": 5,
    "brownian back": 6,
    "event": 16,
    "cycle": 17,
    "clutch": 18,
    "sometimes": 32,
    "choose": 33,
    "choose cycles": 34,
    "shuffle": 35,
    "scramble": 36,
    "maybe": 48,
    "either": 49,
    "grain": 64,
}
"""What is random, each apart from all others."""


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
