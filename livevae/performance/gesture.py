"""Learned gestures: from a few examples, a way from knobs to latents, `v1.z = gesture(cc(1), cc(2))`."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

import numpy as np

from livevae.errors import LivevaeError
from livevae.latent import LiveLatent
from livevae.latent.learned import led
from livevae.latent.maps import Map
from livevae.latent.succession import Installed, blended
from livevae.pattern import Context, Pattern, from_sampler, lift_frames
from livevae.performance import gesture_file
from livevae.performance.examples import Example, ExampleList, Scores
from livevae.performance.expression import as_pattern
from livevae.performance.gesture_arguments import count_of, kind_of, ranges_of
from livevae.performance.layers import Floats
from livevae.performance.settings import ModelRef
from livevae.performance.voice import Voice

if TYPE_CHECKING:
    from livevae.performance.gestures import Gestures

MOST_EXAMPLES: Final = 2000
_MAPS_KEPT: Final = 8
_UNDOS: Final = 100
_MOST_PLACES: Final = 1_000_000


class Gesture:
    """A way from a few numbers, such as knobs, to the latents of a voice, learned from examples of it.

        hand = Gesture(inputs=2, space=v1)
        hand.add((0, 0), "bell")              # there it shall sound like this recording,
        hand.add((1, 0.5))                    # there as the voice sounds at this moment,
        hand.add(cc(1), cc(2))                # and so where the knobs stand now
        hand.train()
        v1.z = hand(cc(1), cc(2))

    `inputs` are 1 to 16 numbers. `space` is the voice whose latents are learned, and which `add` takes them from; or
    the name of a model; None is the default model. `ranges` are the lowest and highest of the inputs, one pair for all
    or one for each, None for those of the examples. `kind` is "rbf" (radial basis functions, through the examples),
    "gp" (a Gaussian process), "knn" (between the nearest examples), "mlp" (a neural network), or "auto": the one that
    best predicts examples that it was not shown. Raises LivevaeError for anything else.
    """

    _home: ClassVar[Gestures]
    """The performance that it belongs to, in the class that a performer is given."""

    def __init__(
        self,
        inputs: int = 2,
        space: Voice | str | Path | None = None,
        *,
        ranges: object = None,
        kind: str = "auto",
        name: str = "",
    ) -> None:
        self.inputs = count_of(inputs)
        self.kind = kind_of(kind)
        self.ranges = ranges_of(ranges, inputs)
        self.voice: Voice | None = space if isinstance(space, Voice) else None
        self._model: ModelRef | None = self._home.model_of(space)
        self._info = self._home.info(self._model)
        self._number = self._home.number()
        self.name = name or f"gesture {self._number}"
        self._examples: tuple[Example, ...] = ()
        self._before: list[tuple[Example, ...]] = []
        self._maps: Installed = ()
        self._scores = Scores()
        self._lock = threading.Lock()
        self._asked = 0
        self._done = 0
        self._progress = 0.0

    # -- examples

    def add(self, *inputs: Any, z: Any = None) -> Example:
        """Remember where the inputs are, and what should sound there: an example.

            hand.add((0.2, 0.7))                 as the voice sounds now
            hand.add(cc(1), cc(2))               so where the knobs stand now
            hand.add((0, 1), "bell")             a recording: the mean of it, or of take("bell", start=1, end=2)
            hand.add((0, 1), lerp("bell", "choir", 0.5))       or anything a voice may play, as it is at this moment

        It counts from the next `train()` on. Raises LivevaeError where the voice plays nothing, where its sound comes
        from what enters it, and for a point of another model.
        """
        if z is not None:
            inputs = (*inputs, z)
        with self._home.reading:
            x, z_point, source = self._home.example(self._number, lambda: self._read(inputs))
            example = Example(np.array(x, np.float64), np.array(z_point, np.float64), source)
            if len(self._examples) >= MOST_EXAMPLES:
                raise LivevaeError(f"{self.name} has {MOST_EXAMPLES} examples, which is as many as it takes.")
            self._change((*self._examples, example))
        self._home.expect_training()
        return example

    @property
    def examples(self) -> ExampleList:
        """All examples in order, numbered from 0."""
        return ExampleList(self._examples)

    def remove(self, index: int) -> None:
        """Forget one example, by its number in `examples`; below 0 counts from the end. Raises LivevaeError."""
        many = len(self._examples)
        if isinstance(index, bool) or not isinstance(index, int) or not -many <= index < many:
            there = f"they are numbered from 0 to {many - 1}" if many else "there are none"
            raise LivevaeError(f"{self.name} has no example {index!r}: {there}.")
        self._change(tuple(one for at, one in enumerate(self._examples) if at != index % many))

    def clear(self) -> None:
        """Forget all examples. What was trained plays on."""
        self._change(())

    def undo(self) -> None:
        """Take back the last `add`, `remove` or `clear`. Raises LivevaeError where there is none."""
        if not self._before:
            raise LivevaeError(f"{self.name}: there is nothing to undo.")
        self._examples = self._before.pop()

    def _change(self, examples: tuple[Example, ...]) -> None:
        self._before = [*self._before[-_UNDOS:], self._examples]
        self._examples = examples

    def _read(self, given: Sequence[Any]) -> tuple[Floats, Floats, str]:
        """Where the inputs are now, the point, and what it was taken from."""
        rest = list(given)
        if rest and isinstance(rest[0], tuple | list | np.ndarray):
            parts = list(rest.pop(0))
            read = [self._home.present.inputs(part, self._model) for part in parts]
        else:
            read = []
            while rest and sum(map(len, read)) < self.inputs:
                read.append(self._home.present.inputs(rest.pop(0), self._model))
        x = np.concatenate(read) if read else np.zeros(0)
        if len(x) != self.inputs or len(rest) > 1:
            several = "one number" if self.inputs == 1 else f"{self.inputs} numbers"
            raise LivevaeError(
                f"{self.name} takes {several} and then what should sound there, as in add((0.5, 0.5), 'bell')"
                f"{'.' if len(rest) > 1 else f': there were {len(x)}.'}"
            )
        self._home.check_model(self._model, self._info, self.name)
        if rest:
            return x, self._home.present.point(rest[0], self._model), _called(rest[0])
        if self.voice is None:
            raise LivevaeError(f"{self.name} belongs to no voice: make it with Gesture(space=v1), or say what sounds.")
        return x, self._home.sounded(self.voice), str(self.voice)

    # -- training

    def train(self, kind: str | None = None, wait: bool = False) -> None:
        """Learn the examples, in the background: sound and prompt go on, and progress is told.

        When it is done, what plays goes over to it within a quarter of a second. `kind` as for `Gesture`; `wait`
        returns only then. A rendering waits always. Raises LivevaeError where there are no examples.
        """
        wanted = kind_of(self.kind if kind is None else kind)
        self.ranges = ranges_of(self.ranges, self.inputs)
        if not self._examples:
            raise LivevaeError(f"{self.name} has no examples: add((0.5, 0.5)) takes where the voice is now.")
        with self._lock:
            self._asked += 1
            self._progress = 0.0
            asked = self._asked
        self._home.train(self, asked, self._examples, wanted, wait)

    @property
    def progress(self) -> float | None:
        """How far training is, 0 to 1; None while nothing is trained."""
        return self._progress if self._asked > self._done else None

    @property
    def errors(self) -> Scores:
        """How well each kind of map does, in standard deviations of the space: between the examples, where each is
        predicted by the others, and at them. The first is the one that plays.
        """
        return self._scores

    @property
    def trained(self) -> bool:
        """Is there anything that can be played?"""
        return bool(self._maps)

    def _told(self, asked: int, part: float) -> None:
        if asked == self._asked:
            self._progress = part

    def _install(self, made: Map, second: float, scores: Scores) -> None:
        """Play a map from `second` on."""
        with self._lock:
            # Never before one that was installed earlier: what has sounded stays as it was.
            second = max(second, self._maps[-1][0] if self._maps else second)
            self._maps = (*self._maps[1 - _MAPS_KEPT :], (second, made))
            self._scores = scores

    def _finish(self, asked: int) -> bool:
        """The end of a training; False where another one was asked for since."""
        with self._lock:
            self._done = max(self._done, asked)
            return asked == self._asked

    # -- playing

    def __call__(self, *inputs: Any) -> Pattern | LiveLatent:
        """The latents where the inputs are, as a pattern: `v1.z = hand(cc(1), cc(2))`, or any patterns or numbers.

        It follows what is trained while it plays. Beyond the examples it goes a tenth of their range further and stays
        there. With `hand(live)` the first dimensions of what is played are the inputs: the map runs beside the model,
        as it is when that is typed, and has to be of kind "mlp". Raises LivevaeError for another number of inputs, and
        where nothing was trained.
        """
        if len(inputs) == 1 and isinstance(inputs[0], LiveLatent):
            return led(inputs[0], self._newest())
        if not self._maps and self.progress is None:
            raise LivevaeError(f"{self.name} has not learned anything yet: add examples, then train().")
        patterns = [as_pattern(f"an input of {self.name}", thing) for thing in inputs]
        if not 1 <= len(inputs) <= self.inputs:
            raise LivevaeError(f"{self.name} takes {self.inputs} inputs, not {len(inputs)}.")
        return lift_frames(self._latents, *patterns, from_sampler(_seconds))

    def at(self, *inputs: float) -> Floats:
        """The point `(D,)` that was learned for these numbers: `hand.at(0.2, 0.7)`. Raises LivevaeError."""
        given = inputs[0] if len(inputs) == 1 and isinstance(inputs[0], tuple | list) else inputs
        return np.asarray(self._newest()(np.array([given], np.float64))[0])

    def map(self, resolution: int = 16) -> Floats:
        """All that was learned, as a grid over the ranges of the inputs: `(resolution, ..., D)`, the first input first.

        Raises LivevaeError where nothing was trained, and for more than a million points.
        """
        made = self._newest()
        if not isinstance(resolution, int) or resolution < 2 or resolution**self.inputs > _MOST_PLACES:
            raise LivevaeError(f"map({resolution!r}): give a whole number from 2, with no more than a million points.")
        axes = [np.linspace(low, high, resolution) for low, high in zip(made.low, made.high, strict=True)]
        grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
        return np.asarray(made(grid.reshape(-1, self.inputs)).reshape(*grid.shape[:-1], made.dims))

    def _newest(self) -> Map:
        if not self._maps:
            raise LivevaeError(f"{self.name} has not learned anything yet: add examples, then train().")
        return self._maps[-1][1]

    def _latents(self, *samples: Any) -> Floats:
        """The latents `(n, D)` at inputs and seconds as they were sampled."""
        columns = [np.asarray(sample) for sample in samples[:-1] if isinstance(sample, np.ndarray)]
        flat = [column if column.ndim == 2 else column[:, None] for column in columns]
        wide = sum(column.shape[1] for column in flat)
        if len(flat) < len(samples) - 1 or wide != self.inputs:
            raise LivevaeError(f"{self.name} takes {self.inputs} numbers, and these are {wide}.")
        return blended(
            self._maps, np.concatenate(flat, axis=1), samples[-1], self._info.latent_size, self._info.discrete
        )

    # -- files

    def save(self, path: str | Path) -> Path:
        """Write examples and what was learned to `hand.json`, and the arrays to a file beside it. Gives the path.

        A file that is there is replaced, as a whole or not at all. Raises LivevaeError where it cannot be written.
        """
        made = self._maps[-1][1] if self._maps else None
        saved = gesture_file.Saved(
            self.name,
            self.inputs,
            self.kind,
            self.ranges,
            None if self.voice is None else str(self.voice),
            (self._info.name, self._info.digest, self._info.latent_size),
            self._examples,
            made,
            self._scores,
        )
        return gesture_file.save(path, saved)

    @classmethod
    def load(cls, path: str | Path, space: Voice | str | Path | None = None) -> Self:
        """What `save` wrote: `hand = Gesture.load("hand.json")`, for the voice it was made for, or for another `space`.

        Raises LivevaeError for a file that is missing, damaged or of a later version, and for one of another model.
        """
        saved = gesture_file.load(path)
        wanted = cls._home.voice(saved.voice) if space is None and saved.voice is not None else space
        loaded = cls(saved.inputs, wanted, ranges=saved.ranges, kind=saved.kind, name=saved.name)
        name, digest, dims = saved.model
        info = loaded._info
        if info.digest != digest:
            raise LivevaeError(
                f"{path} was made with the model {name} ({dims} dimensions), and this is {info.name} "
                f"({info.latent_size}): give the voice that plays {name}, as in Gesture.load({str(path)!r}, v2)."
            )
        loaded._examples = saved.examples
        if saved.map is not None:
            loaded._install(cls._home.loaded(loaded._number, saved.map), -math.inf, saved.scores)
        return loaded

    def __repr__(self) -> str:
        many = len(self._examples)
        voice = "" if self.voice is None else f" for {self.voice}"
        learned = str(self._scores) or ("loaded" if self._maps else "not trained")
        under = self.progress
        training = "" if under is None else f"; training {under:.0%}"
        inputs = f"{self.inputs} input{'s' if self.inputs > 1 else ''}"
        examples = f"{many} example{'s' if many != 1 else ''}{voice}"
        return f"{self.name}: {inputs}, {examples} ({self._info.name}); {learned}{training}"


def _seconds(cycles: Floats, context: Context) -> Floats:
    return context.seconds(cycles)


def _called(thing: object) -> str:
    return repr(str(thing)) if isinstance(thing, str) else "pattern" if isinstance(thing, Pattern) else "point"
