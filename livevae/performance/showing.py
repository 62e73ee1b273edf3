"""`show`: what a pattern or a voice is going to do, as text at the prompt."""

from __future__ import annotations

from collections.abc import Callable

from livevae.errors import LivevaeError
from livevae.latent import LiveLatent
from livevae.pattern import Context, Pattern, is_patternable, reify, timeline
from livevae.pattern.time import Span, Time, fraction
from livevae.pattern.timeline import MOST_CYCLES, curve
from livevae.performance.expression import Moment
from livevae.performance.settings import ModelRef
from livevae.performance.stage import Stage
from livevae.performance.voice import Voice

Show = Callable[..., None]


def shower(stage: Stage) -> Show:
    """The function that performers call as `show`."""

    def show(pattern: object, cycles: Time = 2, start: Time = 0) -> None:
        """Draw a pattern, or what a voice plays, from cycle `start` on: steps as a timeline, movement as curves.

        A curve is drawn for each of the first dimensions, with its lowest and highest value. A pattern of `live` cannot
        be drawn: what enters is not known yet.
        """
        print(drawn(pattern, cycles, start, lambda ref: stage.waiting(stage.model(ref))))

    return show


def drawn(thing: object, cycles: Time, start: Time, moment_of: Callable[[ModelRef | None], Moment]) -> str:
    """The text of `show`. `moment_of(model)` is what a pattern is evaluated in, where it needs a model."""
    model: ModelRef | None = None
    if isinstance(thing, Voice):
        model, thing = (None if thing.model is None else ModelRef(thing.model)), thing.z
        if thing is None:
            return "silence"
    if isinstance(thing, LiveLatent):
        raise LivevaeError("live cannot be drawn, as nobody knows yet what will enter: show() takes patterns.")
    if not is_patternable(thing):
        raise LivevaeError(f"show() takes a pattern or a voice, not {type(thing).__name__}.")
    pattern = reify(thing)
    if not 0 < fraction(cycles, "the number of cycles") <= MOST_CYCLES:
        raise LivevaeError(f"show() draws up to {MOST_CYCLES} cycles, not {cycles}.")
    if _is_steps(pattern, fraction(start), fraction(start) + 1):
        return timeline(pattern, cycles, start)
    moment = moment_of(model)
    resolved = pattern.resolve(moment.lookup)
    if pattern.uses_space():
        moment = moment.placed(None)
    sized = resolved if _is_whole(resolved, moment.context) else resolved.with_dims(moment.model.latent_size)
    span = Span.of(start, fraction(start) + fraction(cycles))
    return curve(sized, span, moment.context)


def _is_steps(pattern: Pattern, begin: Time, end: Time) -> bool:
    """Does it have events that hold names, numbers and points, which can be written down?"""
    if pattern.is_continuous:
        return False
    try:
        events = pattern.query(begin, end)
    except LivevaeError:
        return False  # names that stand in a sum: only their values tell what it does
    return all(isinstance(event.value, str | float) or hasattr(event.value, "shape") for event in events)


def _is_whole(pattern: Pattern, context: Context) -> bool:
    """Does it know its own number of dimensions? What moves single dimensions does not."""
    try:
        pattern.sample([0.0], context)
    except LivevaeError:
        return False
    return True
