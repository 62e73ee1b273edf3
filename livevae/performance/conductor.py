"""Leads a performance through the sections of its form: begins them on their cycle and knows what comes next."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final, Protocol

from livevae.errors import LivevaeError
from livevae.performance.agenda import Agenda
from livevae.performance.desk import Desk
from livevae.performance.draft import Draft, Owned
from livevae.performance.form import Graph, Position
from livevae.performance.message import EvaluationError, Kind, located
from livevae.performance.program import Cue, Program
from livevae.performance.quant import Quant
from livevae.performance.sections import CueStatus, Made, Planned, Playing, common, value
from livevae.performance.settings import Settings, Timing
from livevae.performance.transport import Jump
from livevae.performance.triggers import CAUSE

END_FADE: Final = 0.25
"""Cycles in which everything falls silent after a form that ends with a hush."""

_TRAIL: Final = 100
"""Sections remembered for the way back through a graph."""


class Report(Protocol):
    """`Performance.report`."""

    def __call__(self, kind: Kind, text: str) -> None: ...


class Conductor:
    """The place in the form. Everything happens in transactions of the desk, so under its lock.

    `clock` gives the clock cycle that is reached, `log` and `report` write to the journal and tell the performer, and
    `due` has the agenda do at once what is due.
    """

    def __init__(
        self,
        desk: Desk,
        agenda: Agenda,
        clock: Callable[[], float],
        log: Callable[..., None],
        report: Report,
        due: Callable[[], object],
    ) -> None:
        self._desk = desk
        self._agenda = agenda
        self._clock = clock
        self._log = log
        self._report = report
        self._due = due
        self.waits = False
        """Begin nothing without being asked: for looking at a piece instead of playing it."""
        self._base: Mapping[Owned, Any] = {}
        self._section: frozenset[Owned] = frozenset()
        self._base_common: Mapping[str, Any] = {}
        self._section_common: frozenset[str] = frozenset()
        self._token: object = object()
        self._beginning = False
        self._before: Playing | None = None
        self._playing: Playing | None = None
        self._planned: Planned | None = None
        self._trail: list[Position] = []

    # -- what the performer asks for

    def next(self, quant: float) -> None:
        """Go on to the next section. Raises LivevaeError where the form ends here."""
        self._ask(self._following, quant)

    def previous(self, quant: float) -> None:
        """Go back to the section before. Raises LivevaeError where there is none."""
        self._ask(self._preceding, quant)

    def goto(self, name: str, quant: float) -> None:
        """Go to a section. Raises LivevaeError for an unknown one, with the nearest names."""

        def chosen(program: Program) -> Position:
            return program.form.way.find(program.cue(name).name, self._here)

        self._ask(chosen, quant)

    def follow(self) -> None:
        """Go by the form as it is now: it begins where nothing plays yet and it is no form by hand."""
        with self._desk.transaction() as draft:
            program = draft.program
            program.check()
            first = program.form.way.first()
            if self._playing is None and program.form.auto and first is not None:
                draft.done.append(partial(self._plan, first, self._desk.next(1), "form"))
            elif self._playing is not None:
                draft.done.append(self._adapt)

    def _ask(self, choose: Callable[[Program], Position], quant: float) -> None:
        Quant(quant)
        with self._desk.transaction() as draft:
            if self._beginning:
                raise LivevaeError("a cue cannot go on while it begins: give it bars, or say after(4, next_cue).")
            position = choose(draft.program)
            draft.done.append(partial(self._plan, position, self._desk.next(quant), CAUSE.get()))
            draft.done.append(self._begin_what_is_due)

    @property
    def _here(self) -> Position | None:
        """Where the performer's last word leads, else where the form is."""
        planned, playing = self._planned, self._playing
        if planned is not None and planned.alive and planned.cause != "form":
            return planned.position
        return None if playing is None else playing.position

    def _following(self, program: Program) -> Position:
        way, here = program.form.way, self._here
        position = way.first() if here is None else way.after(here)
        if position is None:
            said = "there are no cues" if here is None else f"the form ends with {here.name!r}"
            raise LivevaeError(f'{said}: go to a cue with goto("name"), or make one with @cue("name", bars=16).')
        program.cue(position.name)
        return position

    def _preceding(self, program: Program) -> Position:
        here = self._here
        way, trail = program.form.way, self._trail
        position = None if here is None else way.before(here)
        if isinstance(way, Graph) and len(trail) > 1 and here == trail[-1]:
            position = trail[-2]
        if here is None or position is None:
            raise LivevaeError('there is no cue before this one: go to one with goto("name").')
        program.cue(position.name)
        return position

    # -- what happens on time

    def replan(self, position: Position, start: float, cause: str) -> None:
        """Plan what was planned in a performance that is played again, by a key or a message."""
        with self._desk.transaction() as draft:
            draft.done.append(partial(self._plan, position, start, cause))

    def _plan(self, position: Position, start: float, cause: str) -> None:
        """Have a section begin at clock cycle `start`, instead of whatever was to come next."""
        self._unplan()
        self._log("plan", name=position.name, place=position.place, count=position.count, start=start, reason=cause)
        name = f"cue {position.name}"
        items = (
            self._agenda.at(start, partial(self._begin, position), name=name),
            # By itself, so that the form goes on where the section fails.
            self._agenda.at(start, partial(self._moved, position, start, cause), name=name),
        )
        self._planned = Planned(position, start, cause, items)

    def _unplan(self) -> None:
        if self._planned is not None:
            for item in self._planned.items:
                item.cancel()
        self._planned = None

    def _begin_what_is_due(self) -> None:
        self._due()

    def _begin(self, position: Position) -> None:
        """A section sounds: what the one before it set returns to the base, and the function of this one is called."""
        with self._desk.transaction() as draft:
            cue = draft.program.cue(position.name)
            draft.release(set(self._section), Timing(), self._base)
            for name in self._section_common:
                setattr(draft, name, self._base_common.get(name, getattr(draft, name)))
            made = self._perform(draft, cue, self._desk.count(self._desk.next(1)))
            draft.carry()
            draft.done.append(partial(self._sounds, made))

    def _perform(self, draft: Draft, cue: Cue, since: float) -> Made:
        """Call the function of a cue that began at cycle `since`, as the performer counts. Raises EvaluationError."""
        touched, owner, token, old = draft.touched, draft.owner, object(), common(draft)
        draft.touched, draft.owner, draft.since, self._beginning = set(), token, since, True
        file = cue.place.file if cue.place is not None else ""
        try:
            cue.action()
        except Exception as error:
            raise located(error, file) from error
        except SystemExit as error:
            raise EvaluationError(
                f"cue {cue.name!r} cannot end the performance; take exit() out.", cue.place
            ) from error
        finally:
            section = frozenset(draft.touched)
            draft.touched, draft.owner, draft.since, self._beginning = touched | section, owner, None, False
        changed = frozenset(name for name, value in common(draft).items() if value != old[name])
        return Made(section, changed, token)

    def _sounds(self, made: Made) -> None:
        """From now on this is what the section owns; what the one before it had planned is off."""
        self._agenda.cancel(self._token)
        self._section, self._section_common, self._token = made.settings, made.common, made.token

    def _moved(self, position: Position, start: float, cause: str) -> None:
        with self._desk.transaction() as draft:
            draft.done.append(partial(self._arrive, position, start, cause))

    def _arrive(self, position: Position, start: float, cause: str) -> None:
        self._log("cue", name=position.name, start=start, reason=cause, place=position.place, count=position.count)
        if self._trail[-2:-1] == [position]:
            self._trail.pop()
        else:
            self._trail = [*self._trail[1 - _TRAIL :], position]
        self._before, self._playing = self._playing, Playing(position, start)
        self._planned = None
        self._adapt()

    def _adapt(self) -> None:
        """Plan what follows by itself, by the form as it is now; what the performer asked for comes before that."""
        playing, program = self._playing, self._desk.program
        if playing is None:
            return
        form, cue = program.form, program.cues.get(playing.position.name)
        planned = self._planned
        next_name = None if planned is None or planned.cause != "form" else planned.position.name
        position = form.way.kept(playing.position, next_name)
        bars = cue.bars if cue is not None else None
        end = None if bars is None else playing.start + bars
        if cue is None:
            end = playing.end
        if not form.auto or self.waits:
            end = None
        if end is not None and end < self._clock():
            end = self._agenda.next(1)
        self._playing = replace(playing, position=position, end=end)
        if self._planned is not None and self._planned.alive and self._planned.cause != "form":
            if self._planned.position.name in program.cues:
                return
            self._report("warning", f"the cue {self._planned.position.name!r} that was to come is gone.")
        self._unplan()
        if end is None:
            return
        following = form.way.after(position)
        if following is not None:
            self._plan(following, end, "form")
        elif form.end == "hush":
            items = (self._agenda.at(end, self._end, name="the end of the form"),)
            self._planned = Planned(Position("end", position.place, position.count), end, "form", items)

    def _end(self) -> None:
        with self._desk.transaction() as draft:
            draft.silence(Timing(fade=END_FADE))
            draft.carry()
            self._log("cue", name=None, start=draft.at, reason="form")

    # -- a piece that is read

    @property
    def section(self) -> frozenset[Owned]:
        """The settings that the section which sounds now has made."""
        return self._section

    def read(self, draft: Draft, owned: set[Owned], before: list[Settings], start: str | None) -> None:
        """A piece has just set its base in `draft`, all of `owned`; go on in its form, or begin it.

        `before` is what was set before it was read. With `start` it begins at that cue, at the cycle at which the form
        first comes to it. Raises LivevaeError where the form or the function of the cue does not work.
        """
        program = draft.program
        program.check()
        draft.done.append(partial(self._stand_on, {setting: draft.value(setting) for setting in owned}, common(draft)))
        playing = self._playing
        nominal: float | None = None
        if start is not None:
            program.cue(start)
            position, nominal = program.form.start_of(start, program.bars)
        elif playing is None:
            first = program.form.way.first()
            if first is None or not program.form.auto or self.waits:
                return
            position, nominal = first, 0.0
        elif playing.position.name in program.cues:
            position = playing.position
        else:
            draft.release(set(self._section), Timing(), {s: value(before, s) for s in self._section})
            name = playing.position.name
            draft.done.append(partial(self._report, "warning", f"the cue {name!r} is gone; what it played goes on."))
            draft.done.append(self._adapt)
            return
        began = nominal if playing is None or nominal is not None else self._desk.count(playing.start)
        made = self._perform(draft, program.cue(position.name), began or 0.0)
        cycle = self._desk.next(1)
        if nominal is not None and nominal != self._desk.count(cycle):
            # Musical time is the same in every performance of the form, wherever it begins.
            draft.jump = Jump(nominal, at=cycle)
        for index in {index for index, _ in made.settings}:
            if draft.timing.get(index, Timing()) == Timing():
                draft.timing[index] = Timing(at=cycle)
        draft.done.append(partial(self._sounds, made))
        anew = playing is None or start is not None
        draft.done.append(partial(self._arrive, position, cycle, "piece") if anew else self._adapt)

    def length(self) -> float | None:
        """The clock cycle at which the form will be over and silent, or over and done; None where nobody knows."""
        playing, program = self._playing, self._desk.program
        rest = None if playing is None else program.form.length(program.bars, playing.position)
        if playing is None or rest is None:
            return None
        return playing.start + rest + (END_FADE if program.form.end == "hush" else 0.0)

    def _stand_on(self, base: Mapping[Owned, Any], for_all: Mapping[str, Any]) -> None:
        """What sections return to."""
        self._base, self._base_common = base, for_all

    # -- what is shown

    def status(self) -> CueStatus | None:
        """What is heard now and what comes next; None where there is neither."""
        playing, planned, now = self._playing, self._planned, self._clock()
        if playing is None:
            if planned is None or not planned.alive:
                return None
            return CueStatus(None, max(planned.start - now, 0.0), planned.position.name)
        name = playing.position.name
        if now < playing.start:
            return CueStatus(None if self._before is None else self._before.position.name, playing.start - now, name)
        if planned is not None:
            following = planned.position.name if planned.alive else None
            return CueStatus(name, max(planned.start - now, 0.0) if planned.alive else None, following)
        if playing.end is not None and playing.end > now:
            return CueStatus(name, playing.end - now, None)
        later = self._desk.program.form.way.after(playing.position)
        return CueStatus(name, None, None if later is None else later.name)
