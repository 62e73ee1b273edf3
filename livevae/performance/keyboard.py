"""Keys over several voices: each note is given to a voice of its own, or takes that of another one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from livevae.control.messages import KINDS, check_channel, check_port
from livevae.control.patterns import current
from livevae.control.reading import Values, Where, machine_output, presses
from livevae.control.timeline import since_of
from livevae.control.tracks import Followed, Source, merged
from livevae.control.trig import check_ring, struck
from livevae.errors import LivevaeError
from livevae.pattern import Context, Pattern, from_sampler
from livevae.performance.groups import Group, members
from livevae.performance.settings import Timing
from livevae.performance.voice import Voice, desk_of, play

STEALS: Final = ("oldest", "newest", "lowest", "highest", "none")
"""Whose voice a note takes that finds none free."""

_MIDDLE: Final = 60.0


class Allotter:
    """Which voice plays which key, from the notes in the order in which they come.

    A key that sounds already strikes its own voice again; else the voice that has been free for longest is taken. Of
    voice `n`, output `2 * n` is the number of its key, and `2 * n + 1` how hard it is held.
    """

    def __init__(self, where: Where, count: int, steal: str, low: int, high: int) -> None:
        self.outputs = 2 * count
        self._where, self._steal, self._low, self._high = where, steal, low, high
        self._held: list[Source | None] = [None] * count
        self._turns = list(range(-count, 0))
        self._turn = 0

    def before(self, source: Source, value: float) -> None:
        """Keys that were struck earlier belong to nobody."""

    def starts(self) -> Iterable[float]:
        return [_MIDDLE, 0.0] * len(self._held)

    def moved(self, source: Source, value: float) -> Iterable[tuple[int, float, bool]]:
        if not self._where.fits(source) or not self._low <= source[1] <= self._high:
            return ()
        voice = next((n for n, held in enumerate(self._held) if held == source), None)
        if not value:
            if voice is None:
                return ()
            self._held[voice] = None
            self._take_turn(voice)
            return ((2 * voice + 1, 0.0, False),)
        if voice is None:
            voice = self._voice()
        if voice is None:
            return ()
        self._held[voice] = source
        self._take_turn(voice)
        return ((2 * voice, float(source[1]), False), (2 * voice + 1, value, True))

    def _take_turn(self, voice: int) -> None:
        self._turn += 1
        self._turns[voice] = self._turn

    def _voice(self) -> int | None:
        free = [n for n, held in enumerate(self._held) if held is None]
        if free:
            return min(free, key=self._turns.__getitem__)
        keys: dict[str, Callable[[int], float]] = {
            "oldest": lambda n: self._turns[n],
            "newest": lambda n: -self._turns[n],
            "lowest": self._number,
            "highest": lambda n: -self._number(n),
        }
        return min(range(len(self._held)), key=keys[self._steal]) if self._steal in keys else None

    def _number(self, voice: int) -> float:
        held = self._held[voice]
        return 0.0 if held is None else held[1]


class Key:
    """The key that a voice plays, as patterns: `note` (its number), `place` on the keyboard, `velocity` and `gate`."""

    def __init__(self, following: tuple[Any, ...], voice: int) -> None:
        self._following, self._voice = following, voice

    @property
    def note(self) -> Pattern:
        """The number of the key, 0 to 127; it stays when the key is let go. 60 before the first."""
        return from_sampler(lambda cycles, context: self._read(2 * self._voice, cycles, context, _MIDDLE))

    @property
    def place(self) -> Pattern:
        """Where on the keyboard the key lies: 0 the lowest and 1 the highest that there can be."""
        return self.note * (1 / 127)

    @property
    def velocity(self) -> Pattern:
        """How hard it was struck, 0 to 1; it stays when the key is let go."""
        return from_sampler(lambda cycles, context: self.presses(context.seconds(cycles))[1])

    @property
    def gate(self) -> Pattern:
        """1 while it is held, 0 while it is not."""
        return from_sampler(lambda cycles, context: self.presses(context.seconds(cycles))[2] * 1.0)

    def presses(self, seconds: Values) -> tuple[Any, Any, Any]:
        """At each second: when it was last struck, how hard, and whether it is held."""
        followed = self._followed()
        played = None if followed is None else followed.columns(2 * self._voice + 1, since_of(seconds, 0.0))
        return presses(merged([]) if played is None else played, seconds)

    def _read(self, output: int, cycles: Values, context: Context, default: float) -> Values:
        return machine_output(self._followed(), output, context.seconds(cycles), default)

    def _followed(self) -> Followed | None:
        timeline = current()
        return None if timeline is None else timeline.followed(self._following)


def keys(
    *voices: Voice | Group,
    pattern: object = None,
    steal: str = "oldest",
    ring: float = 0,
    low: int = 0,
    high: int = 127,
    channel: int | None = None,
    port: str | None = None,
    level: bool = True,
) -> None:
    """Play voices from a keyboard, each note on a voice of its own:

        keys(v1, v2, v3, v4, pattern=lambda key: lerp("bell", "choir", key.place))
        keys(v1, v2, pattern="drum bell", ring=1)

    `pattern` is what every voice plays from each note on, or a function that is given the `key` of the voice and makes
    it: `key.note` is its number, `key.place` the same from 0 to 1, `key.velocity` and `key.gate` from 0 to 1. It is
    heard while the key is held, and for `ring` cycles in any case. Where all voices sound a new note takes that of the
    "oldest" one, or of the "newest", "lowest" or "highest", and with "none" it is not heard. Only keys from `low` to
    `high` count, of a `channel` and `port` where given, so that a keyboard can be split. With `level` the velocity is
    the voice's `amp`. Raises LivevaeError for anything else, with nothing changed.
    """
    chosen = members("keys", voices)
    if pattern is None:
        raise LivevaeError('keys() needs what to play: keys(v1, v2, pattern="bell"), or a function of the key.')
    if steal not in STEALS:
        raise LivevaeError(f"keys(steal={steal!r}): there are {', '.join(STEALS)}.")
    highest = KINDS["note"].highest
    if not all(isinstance(end, int) and 0 <= end <= highest for end in (low, high)) or low > high:
        raise LivevaeError(f"keys(low={low!r}, high={high!r}): keys are numbered from 0 to {highest}.")
    ring = check_ring("keys", ring)
    where = Where("note", None, check_channel(channel), check_port(port))
    following = ("keys", where, len(chosen), steal, low, high)
    made = [Key(following, number) for number in range(len(chosen))]
    things = [pattern(key) if callable(pattern) and not isinstance(pattern, Pattern) else pattern for key in made]
    with desk_of(chosen[0]).transaction():
        timeline = current()
        if timeline is not None:
            timeline.follow(following, lambda: Allotter(where, len(chosen), steal, low, high))
        for voice, key, thing in zip(chosen, made, things, strict=True):
            play(voice, struck(key.presses, thing, ring), Timing(quant=0.0))
            if level:
                voice.amp = key.velocity
