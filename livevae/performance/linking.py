"""Playing in time with others by Ableton Link: the tempo both ways, the phase of the bar, start and stop.

Joining never makes the performance jump: another tempo is reached in a straight line, and the bar is met by running a
little faster or slower for a cycle or more, as `nudge` does. Every change goes into the journal, so that a replay needs
nobody else.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Final

from livevae.control.link import LinkSession, Session
from livevae.control.routes import is_number
from livevae.errors import LivevaeError

if TYPE_CHECKING:
    from livevae.performance.performance import Performance

STEP_SECONDS: Final = 0.05
NEAR_SECONDS: Final = 0.004
"""The phase is left alone while it is so near: less than a block or two."""

SAME_BPM: Final = 0.005
SHARE_PER_CYCLE: Final = 0.05
"""A cycle for each so large a part that the tempo changes by: nobody trips."""

_LOOKS: Final = 9
_WAIT_STEPS: Final = 40
_LONGEST: Final = 8.0
_SHORTEST: Final = 0.25

Joined = Callable[[float, bool], Session]


@dataclass(frozen=True, repr=False)
class LinkStatus:
    """How it stands: others, the tempo of all, and by how many seconds the performance is behind them."""

    peers: int = 0
    bpm: float = 0.0
    behind: float | None = None
    joined: bool = True

    def __repr__(self) -> str:
        if not self.joined:
            return "not joined: link() joins, by Ableton Link"
        others = "nobody else yet" if self.peers == 0 else f"{self.peers} other{'s' if self.peers > 1 else ''}"
        behind = "" if self.behind is None or not self.peers else f", {self.behind * 1000:+.0f} ms"
        return f"Link: {others}, {self.bpm:.4g} bpm{behind}"


class Linking:
    """The word `link`. `step` does what is due, a thread sees to it live; `join(bpm, start_stop)` gives a session."""

    def __init__(self, performance: Performance, join: Joined = LinkSession, live: bool = True) -> None:
        self.deaf = False
        """Join nobody: as in a replay."""
        self._performance = performance
        self._join = join
        self._live = live
        self._lock = threading.Lock()
        self._session: Session | None = None
        self._quantum: float | None = None
        self._latency = 0.0
        self._start_stop = False
        self._agreed = 0.0
        self._waiting: tuple[float, int] | None = None
        self._behind: deque[float] = deque(maxlen=_LOOKS)
        self._rest = 0
        self._playing: tuple[bool, bool] = (False, False)
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def link(
        self, on: bool = True, quantum: float | None = None, start_stop: bool = False, latency: float = 0.0
    ) -> LinkStatus:
        """Play in time with others by Ableton Link: `link()` joins, `link(False)` leaves. Gives how it stands.

        Whoever changes the tempo changes it for all; the bar, or `quantum` beats, begins for all at once. With
        `start_stop` silence here stops the others, sound starts them, and where they stop all is hushed. `latency` is
        how many seconds sound takes from livevae to the ear, beyond what it knows. It needs an extra: pip install
        "livevae[link]". Raises LivevaeError without it, and for numbers that cannot be.
        """
        if quantum is not None and (not is_number(quantum) or not 0 < quantum <= 64):
            raise LivevaeError(f"link: quantum is a number of beats up to 64, not {quantum!r}.")
        if not is_number(latency) or not -1 <= latency <= 1:
            raise LivevaeError(f"link: latency is a number of seconds from -1 to 1, not {latency!r}.")
        if on and not self.deaf:
            self._enter(quantum, bool(start_stop), float(latency))
        elif not on:
            self.close()
        return self.status()

    def status(self) -> LinkStatus:
        """How it stands."""
        with self._lock:
            if self._session is None:
                return LinkStatus(joined=False)
            behind = median(self._behind) if self._behind else None
            return LinkStatus(self._session.peers(), self._session.tempo(), behind)

    def close(self) -> None:
        """Leave."""
        self._ended.set()
        thread, self._thread = self._thread, None
        if thread is not None and thread is not threading.current_thread():
            thread.join()
        with self._lock:
            session, self._session = self._session, None
        if session is not None:
            session.close()

    def step(self) -> None:
        """Do what is due; to be called every `STEP_SECONDS`."""
        with self._lock:
            session = self._session
            if session is None:
                return
            if self._start_stop:
                self._step_playing(session)
            if not self._step_tempo(session):
                self._behind.clear()
            elif session.peers():
                self._step_phase(session)

    def _enter(self, quantum: float | None, start_stop: bool, latency: float) -> None:
        with self._lock:
            if self._session is not None and start_stop != self._start_stop:
                self._session.close()
                self._session = None
            self._quantum, self._start_stop, self._latency = quantum, start_stop, latency
            self._behind.clear()
            if self._session is None:
                self._agreed = self._bpm()
                self._session = self._join(self._agreed, start_stop)
                self._waiting = None
                self._playing = (self._session.playing(), self._sounding())
            if self._thread is None and self._live:
                self._ended = threading.Event()
                self._thread = threading.Thread(target=self._run, args=(self._ended,), name="livevae link", daemon=True)
                self._thread.start()

    def _run(self, ended: threading.Event) -> None:
        while not ended.wait(STEP_SECONDS):
            self.step()

    # -- tempo

    def _bpm(self) -> float:
        """The tempo that is gone to here."""
        now = self._performance.settled
        cps = now.cps if now.common.pace is None else self._performance.clock.cps_at(self._performance.second())
        return cps * 60.0 * now.beats

    def _step_tempo(self, session: Session) -> bool:
        """Agree on a tempo; True once all run at it."""
        mine, theirs = self._bpm(), session.tempo()
        if self._waiting is not None:
            wanted, left = self._waiting
            self._waiting = (wanted, left - 1) if left and abs(mine - wanted) > SAME_BPM else None
            return False
        if abs(theirs - self._agreed) > SAME_BPM:
            cycles = abs(theirs / mine - 1.0) / SHARE_PER_CYCLE
            self._agreed = theirs
            if abs(theirs - mine) > SAME_BPM:
                self._waiting = (theirs, _WAIT_STEPS)
                over = min(max(cycles, _SHORTEST), _LONGEST)
                self._performance.remote.change("/livevae/link/tempo", theirs, over)
            return False
        if abs(mine - self._agreed) > SAME_BPM:
            session.set_tempo(mine)
            self._agreed = session.tempo()
            return False
        runs = self._performance.clock.cps_at(self._performance.second()) * 60.0 * self._performance.settled.beats
        return abs(runs - mine) < SAME_BPM

    # -- phase

    def _step_phase(self, session: Session) -> None:
        if self._rest:
            self._rest -= 1
            return
        beats = self._performance.settled.beats
        quantum = self._quantum or beats
        second = self._performance.second() - self._performance.buffering - self._latency
        clock = self._performance.clock.cycle(second)
        mine = self._performance.era(clock).shift + clock
        behind = (session.beat(quantum) - mine * beats) % quantum
        if behind > quantum / 2:
            behind -= quantum
        self._behind.append(behind * 60.0 / self._agreed)
        if len(self._behind) == _LOOKS and abs(gap := median(self._behind)) > NEAR_SECONDS:
            self._behind.clear()
            self._rest = _LOOKS
            self._performance.remote.change("/livevae/link/nudge", gap)

    # -- start and stop

    def _sounding(self) -> bool:
        return any(settings.z is not None for settings in self._performance.settled.voices)

    def _step_playing(self, session: Session) -> None:
        theirs, mine = session.playing(), self._sounding()
        before, was = self._playing
        self._playing = (theirs, mine)
        if theirs != before and not theirs and mine:
            self._performance.remote.change("/livevae/link/stop")
        elif mine != was and mine != theirs:
            session.set_playing(mine)
            self._playing = (session.playing(), mine)
