"""Randomness: a hash of (seed, kind, dimension, lattice index), so that any time can be asked for, again and again.

Nothing is drawn in order: the past is the same when asked later, negative times are like any other, and dimensions
have nothing in common unless they are asked to move together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from livevae.errors import LivevaeError
from livevae.pattern.arguments import bound, unheld
from livevae.pattern.core import Pattern, lift, reify
from livevae.pattern.hashing import MOMENTS_PER_CYCLE, Bits, Ints, keys, mix, uniform, words
from livevae.pattern.hold import Recent
from livevae.pattern.join import joined
from livevae.pattern.node import Node, Signal
from livevae.pattern.time import Array, Context

TOGETHER = 1 << 40
"""Added to a seed for what the dimensions of a pattern share."""


class Source:
    """The random words of one pattern: its own seed, its dimensions, and what its lattice last held."""

    __slots__ = ("_keys", "_places", "_values", "seed", "size")

    def __init__(self, size: int, seed: int) -> None:
        self.size = size
        self.seed = seed
        self._keys: Recent[tuple[str, int, int], Bits] = Recent(16)
        self._values: Recent[tuple[int, int, int, int], Array] = Recent(16)
        self._places: Recent[tuple[int, int], Array] = Recent(64)

    def key(self, kind: str, context: Context, layer: int = 0) -> Bits:
        """The words of each dimension, ``(size,)``; layers have nothing in common."""

        def make() -> Bits:
            found = keys(kind, (context.seed, self.seed), self.size)
            return mix(found + words(np.array([layer]))) if layer else found

        return self._keys.get((kind, context.seed, layer), make)

    def between(
        self, cycles: Array, context: Context, values: Callable[[Ints], Array], layer: int = 0
    ) -> tuple[Array, Array, Array]:
        """``values`` at the lattice points before and after each time, and how far ``(n, 1)`` it lies between them.

        They are found once for each point of a block, and kept: the next block mostly lies between the same two.
        """
        floors = np.floor(cycles)
        part = (cycles - floors)[:, None]
        index = floors.astype(np.int64)
        first, last = (int(index.min()), int(index.max())) if index.size else (0, 0)
        if last - first > 2 * index.size:
            return values(index), values(index + 1), part
        found = self._values.get((context.seed, layer, first, last), lambda: values(np.arange(first, last + 2)))
        return found[index - first], found[index - first + 1], part

    def places(self, index: Ints, context: Context, place: Callable[[int], Array]) -> Array:
        """``place(i)``, each ``(size,)``, for every index: what takes long to find is kept longer."""
        unique, inverse = np.unique(index, return_inverse=True)
        found = [self._places.get((context.seed, i), lambda i=i: place(i)) for i in unique.tolist()]  # type: ignore[misc]
        return np.array(found).reshape(-1, self.size)[inverse]


Sampler = Callable[[Array, Context, Source], Array]
Make = Callable[[int | None, int], Pattern]


class Noise(Pattern):
    """A random continuous pattern. It is one number, unless ``dims`` asks for more."""

    __slots__ = ("_chosen", "_make")

    def __init__(self, make: Make, size: int | None = None, seed: int = 0, together: float = 0.0) -> None:
        found = make(size, seed)
        if together and size is not None:
            # Any two dimensions then correlate by ``together``, and all lie between the same ends as before.
            ratio = np.sqrt([together, 1 - together])
            own, shared = found, make(None, seed + TOGETHER)
            weights = ratio / ratio.sum()
            found = lift(lambda x, y: weights[1] * x + weights[0] * y, own, shared)
        super().__init__(found._node)
        object.__setattr__(self, "_make", make)
        object.__setattr__(self, "_chosen", (size, seed, together))

    _make: Make
    _chosen: tuple[int | None, int, float]

    def dims(self, size: int, together: float = 0.0) -> Noise:
        """The same kind of randomness as a vector of ``size`` dimensions.

        They have nothing in common, unless ``together`` asks for it: the correlation of any two of them, from 0 up to
        1, where all are the same.

        >>> perlin.dims(3).sample([0.5]).shape
        (1, 3)
        >>> float(np.ptp(perlin.dims(3, together=1).sample([0.5])))
        0.0
        """
        if not isinstance(size, int | np.integer) or size < 1:
            raise LivevaeError(f"dims({size!r}): the number of dimensions must be a whole number, 1 or more.")
        if not 0 <= together <= 1:
            raise LivevaeError(f"dims({size}, together={together!r}): a correlation lies between 0 and 1.")
        return Noise(self._make, int(size), self._chosen[1], float(together))

    def seed(self, seed: int) -> Noise:
        """Another, unrelated, run of the same kind of randomness.

        >>> bool(perlin.seed(1).sample([0.5]) == perlin.seed(2).sample([0.5]))
        False
        """
        if not isinstance(seed, int | np.integer):
            raise LivevaeError(f"seed({seed!r}): a seed is a whole number.")
        size, _, together = self._chosen
        return Noise(self._make, size, int(seed), together)

    def _with(self, make: Make, dims: int | None, seed: int | None) -> Noise:
        """Another recipe; dimensions and seed as asked, or as they are."""
        size, own, together = self._chosen
        made = Noise(make, size, own, together)
        made = made if seed is None else made.seed(seed)
        return made if dims is None else made.dims(dims)


def sampled(sampler: Sampler) -> Make:
    """A recipe of randomness from ``sampler(cycles, context, source) -> (n, source.size)``."""

    def make(size: int | None, seed: int) -> Pattern:
        source = Source(1 if size is None else size, seed)

        def sample(cycles: Array, context: Context) -> Array:
            out = sampler(cycles, context, source)
            return out[:, 0] if size is None else out

        return Pattern(Signal(sample))

    return make


def shaped(make: Make, function: Callable[..., Array], arguments: Sequence[object]) -> Make:
    """A recipe where ``function(values, *arguments)`` is done to another one; arguments may be patterns."""
    filled, moving = bound(function, arguments)
    return lambda size, seed: lift(filled, make(size, seed), *moving)


def _rand(cycles: Array, context: Context, source: Source) -> Array:
    return uniform(source.key("rand", context), np.floor(cycles * MOMENTS_PER_CYCLE).astype(np.int64))


def _octave(number: int) -> Make:
    """A recipe of smooth noise, 2**number times as fast as the slowest."""

    def sample(cycles: Array, context: Context, source: Source) -> Array:
        key = source.key("perlin", context, number)
        times = cycles * 2.0**number
        before, after, x = source.between(times, context, lambda index: uniform(key, index), number)
        return before + (after - before) * (x * x * x * (x * (x * 6 - 15) + 10))

    return sampled(sample)


MOST_OCTAVES = 12


def _fractal(octaves: int, persistence: object) -> Make:
    layers = [_octave(number) for number in range(octaves)]

    def mean(*samples: Array) -> Array:
        # Horner's rule, from the finest octave down; the sum of the weights makes it a mean, from 0 to 1.
        *values, share = samples
        total = values[-1]
        weights: Array | float = 1.0
        for value in values[-2::-1]:
            total, weights = value + share * total, 1.0 + share * weights
        return total / weights

    filled, moving = bound(mean, [persistence])
    return lambda size, seed: lift(filled, *(layer(size, seed) for layer in layers), *moving)


class Perlin(Noise):
    """Smooth noise from 0 to 1, with a new value to move to at each cycle: ``perlin``, or ``perlin(octaves=3)``.

    >>> perlin(octaves=4).dims(3).sample([0.5]).shape
    (1, 3)
    """

    __slots__ = ()

    def __call__(
        self, octaves: object = 1, persistence: object = 0.5, dims: int | None = None, seed: int | None = None
    ) -> Noise:
        """Smooth noise with finer movement in it: a mean of ``octaves`` layers, 1 to 12, each twice as fast.

        Each layer counts ``persistence`` times as much as the one before it. Both may be patterns.

        >>> bool(0 <= perlin(octaves=3, persistence=0.7).sample([0.3])[0] <= 1)
        True
        """
        asked = reify(octaves)._node

        def build(parts: Sequence[Node], count: object) -> Node:
            return parts[_count(count) - 1]

        def made(count: int) -> Make:
            return _octave(0) if count == 1 else _fractal(count, persistence)

        if asked.steady is not None:
            return self._with(made(_count(asked.steady)), dims, seed)
        makes = [made(count) for count in range(1, MOST_OCTAVES + 1)]
        return self._with(
            lambda size, own: Pattern(joined(build, [unheld(make(size, own)._node) for make in makes], [asked])),
            dims,
            seed,
        )


def _count(octaves: object) -> int:
    if not isinstance(octaves, float) or octaves != int(octaves) or not 1 <= octaves <= MOST_OCTAVES:
        raise LivevaeError(f"perlin({octaves}): the number of octaves is a whole number from 1 to {MOST_OCTAVES}.")
    return int(octaves)


rand = Noise(sampled(_rand))
"""A new random number from 0 to 1 at every moment; ``rand.segment(8)`` holds eight a cycle.

The same seed gives the same numbers. ``rand.dims(n)`` is a vector of ``n``, ``rand.seed(k)`` another run.

>>> rand.segment(4).sample([0.0, 0.1, 0.25]).round(2)
array([0.74, 0.74, 0.73])
"""
perlin = Perlin(_octave(0))
"""Smooth random movement from 0 to 1, with a new place to go to in every cycle; ``perlin(octaves)`` has finer ones too.

>>> perlin.sample([0.0, 0.5, 1.0]).shape, perlin(octaves=3).dims(2).sample([0.5]).shape
((3,), (1, 2))
"""
