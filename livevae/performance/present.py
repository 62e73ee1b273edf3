"""Where things are now: what a voice sounds, where knobs stand, what a name or a pattern means as one point."""

from __future__ import annotations

from typing import Final

import numpy as np

from livevae.errors import LivevaeError
from livevae.latent import Library, LiveLatent, Take, Trajectory
from livevae.pattern import Pattern, is_patternable, reify
from livevae.performance.expression import Expression, Moment, as_latents
from livevae.performance.layers import Floats
from livevae.performance.settings import ModelRef, Value
from livevae.performance.stage import Stage

_AFTER: Final = 1e-6
"""Seconds after a change by which it is surely seen, whatever rounding did to its time on the way through cycles."""


class Present:
    """What can be read off a performance at this moment, for examples of a gesture."""

    def __init__(self, stage: Stage, library: Library) -> None:
        self._stage = stage
        self._library = library

    def sounded(self, index: int) -> Floats:
        """The latents `(D,)` that are heard of a voice now.

        Raises LivevaeError where it plays nothing, or sounds what enters it, which only the engine knows.
        """
        part = self._stage.parts[index]
        track = part.track
        engine = self._stage.engine
        if track is None or part.idle_since() is not None:
            raise LivevaeError(f"{part.name} plays nothing now: let it play, or say where: add((0.5, 0.5), 'bell').")
        late = track.info.buffering / engine.rate + track.delay
        # What leaves the loudspeaker now was read a little earlier.
        row = track.memory.last(track.frame(self._stage.second() - late)) or track.memory.last(
            engine.consumed(track.slot)
        )
        if row is None or not (row.gate.any() or row.bias.any() or row.gain.any()):
            raise LivevaeError(f"{part.name} has not begun to sound yet: add the example when it does.")
        if row.gain.any():
            raise LivevaeError(
                f"{part.name} sounds what enters it, which is known in the engine alone: "
                "give the point, as in add((0.5, 0.5), 'bell')."
            )
        return np.array(row.bias[0], np.float64)

    def inputs(self, thing: object, model: ModelRef | None) -> Floats:
        """Where a knob stands now, or another pattern: its numbers `(k,)`, several where it has several."""
        if isinstance(thing, (LiveLatent, bool)) or not is_patternable(thing):
            raise LivevaeError(f"an input is a number or a pattern such as cc(1), not {type(thing).__name__}.")
        cycles, moment = self._moment(model)
        pattern: Pattern = reify(thing)
        values = np.asarray(pattern.resolve(moment.lookup).sample(cycles, moment.context)[0], np.float64).reshape(-1)
        if not np.isfinite(values).all():
            raise LivevaeError("an input of this example rests now: add the example while it has a value.")
        return values

    def point(self, thing: object, model: ModelRef | None) -> Floats:
        """What may be played, as one point `(D,)`: of a recording its mean, of a pattern where it is now."""
        info = self._stage.model(model)
        if isinstance(thing, list | tuple) and all(isinstance(number, int | float | np.number) for number in thing):
            thing = np.array(thing, np.float64)
        if isinstance(thing, np.ndarray) and thing.shape != (info.latent_size,):
            raise LivevaeError(f"a point of {info.name} is {info.latent_size} numbers, not an array {thing.shape}.")
        if isinstance(thing, Take) or (isinstance(thing, str) and thing.strip() in self._library.names()):
            name = thing if isinstance(thing, Take) else thing.strip()
            thing = self._library.trajectory(name, info, wait=True)
        if isinstance(thing, Trajectory):
            thing = np.array(thing.still(None).frames[0], np.float64)
        cycles, moment = self._moment(model)
        control = Expression(Value(as_latents("an example", thing)), {}).control(cycles, moment)
        if control.gain.any():
            raise LivevaeError("an example cannot be live: what enters is known in the engine alone.")
        if not control.known.all() or not np.isfinite(control.bias).all():
            raise LivevaeError(
                "this rests now, so it is no point: give a recording, a point, or a pattern that sounds."
            )
        return np.array(control.bias[0])

    def _moment(self, model: ModelRef | None) -> tuple[Floats, Moment]:
        return self._stage.present(model, _AFTER)
