"""What a performance tells other programs by OSC: meters, musical time, cues, latents, and patterns in time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from livevae.control.osc import LOOPBACK
from livevae.control.osc_out import Argument, Sent, Target, check_address
from livevae.control.routes import is_number
from livevae.errors import LivevaeError
from livevae.pattern import Context, Pattern
from livevae.performance.expression import as_pattern
from livevae.performance.message import explain
from livevae.performance.voice import Voice

if TYPE_CHECKING:
    from livevae.performance.performance import Performance

PORT: Final = 9000
"""Where other programs are sent to unless another port is told."""

STEP_SECONDS: Final = 0.005
"""How often patterns are looked at: their messages are so late at most, on a machine that has time."""

FASTEST: Final = 200.0
_REST_SECONDS: Final = 1.0
_CATCH_UP_CYCLES: Final = 1.0


@dataclass(frozen=True)
class Report:
    """What is told again and again, `rate` times a second."""

    target: Target
    rate: float
    meters: bool
    cycle: bool
    cue: bool
    latents: tuple[int, ...]


@dataclass
class Out:
    """A pattern that is sent to an address; `reached` is the clock cycle up to which it was."""

    pattern: Pattern
    target: Target
    address: str
    rate: float
    ahead: float
    reached: float | None = None
    due: float = 0.0
    last: list[Argument] | None = field(default=None)


class Sending:
    """The words that send. One thread, which begins with the first; nothing of it touches sound.

    `deaf`: send nothing, whatever is asked for.
    """

    def __init__(self, performance: Performance) -> None:
        self.deaf = False
        self._performance = performance
        self._lock = threading.Lock()
        self._report: Report | None = None
        self._outs: dict[tuple[str, int, str], Out] = {}
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self._told: float = -np.inf

    def osc_send(
        self,
        host: str | None = LOOPBACK,
        port: int = PORT,
        *,
        meters: bool = True,
        cycle: bool = True,
        cue: bool = True,
        latents: Sequence[Voice] = (),
        rate: float = 30.0,
    ) -> None:
        """Tell another program what goes on, `rate` times a second: `osc_send("127.0.0.1", 9000, latents=[v1])`.

        `/livevae/meter/master` (left, right) and `/livevae/meter/v1` (peaks, linear), `/livevae/cycle` (cycle, beats a
        minute), `/livevae/cue` (name, cycles left or -1, next name) and `/livevae/latent/v1` (what patterns say of its
        dimensions). `osc_send(None)` ends it. Raises LivevaeError for a host, port or rate that cannot be.
        """
        if not is_number(rate) or not 0 < rate <= FASTEST:
            raise LivevaeError(f"osc_send: rate is a number of times a second up to {FASTEST:g}, not {rate!r}.")
        voices = [latents] if isinstance(latents, Voice) else list(latents)
        if not all(isinstance(voice, Voice) for voice in voices):
            raise LivevaeError("osc_send: latents is a list of voices, as in latents=[v1, v2].")
        indices = tuple(int(str(voice)[1:]) - 1 for voice in voices)
        report = None if host is None else Report(Target(host, port), rate, meters, cycle, cue, indices)
        with self._performance.transaction() as draft:
            draft.done.append(lambda: self._set_report(report))

    def osc_out(
        self,
        pattern: object,
        address: str,
        host: str = LOOPBACK,
        port: int = PORT,
        rate: float = 50.0,
        ahead: float = 0.0,
    ) -> None:
        """Send a pattern to another program in time: `osc_out("1 0 [0 1] 0", "/lamp")`; None ends it.

        Each event is a message when it begins: a number, the numbers of a point, or a name. A continuous pattern is
        sent `rate` times a second while it moves. With `ahead` messages leave so many seconds early, in bundles that
        say when they are meant for. It goes on until `None`, `hush()` or `panic()`. Raises LivevaeError for what cannot
        be sent.
        """
        address = check_address("osc_out", address)
        if not is_number(rate) or not 0 < rate <= FASTEST:
            raise LivevaeError(f"osc_out: rate is a number of times a second up to {FASTEST:g}, not {rate!r}.")
        if not is_number(ahead) or not 0 <= ahead <= 5:
            raise LivevaeError(f"osc_out: ahead is a number of seconds from 0 to 5, not {ahead!r}.")
        key = (host, port, address)
        out = None
        if pattern is not None:
            out = Out(as_pattern("osc_out", pattern), Target(host, port), address, float(rate), float(ahead))
            # Found wrong now, not when it is sent.
            list(self._messages(out, 0.0, 1.0))
        with self._performance.transaction() as draft:
            draft.done.append(lambda: self._set_out(key, out))

    def end_outs(self) -> None:
        """Send no pattern any more."""
        with self._lock:
            outs, self._outs = self._outs, {}
        for out in outs.values():
            out.target.close()

    def close(self) -> None:
        """Send nothing more."""
        self._closing.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()
        self.end_outs()
        self._set_report(None)

    # -- what is sent

    def _set_report(self, report: Report | None) -> None:
        with self._lock:
            old, self._report = self._report, report
        if old is not None:
            old.target.close()
        self._begin()

    def _set_out(self, key: tuple[str, int, str], out: Out | None) -> None:
        with self._lock:
            old = self._outs.get(key)
            self._outs = {**{k: v for k, v in self._outs.items() if k != key}, **({} if out is None else {key: out})}
        if old is not None:
            old.target.close()
        self._begin()

    def _begin(self) -> None:
        with self._lock:
            wanted = not self.deaf and (self._report is not None or bool(self._outs))
            if wanted and self._thread is None and not self._closing.is_set():
                self._thread = threading.Thread(target=self._run, name="livevae osc out", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        due = 0.0
        while True:
            with self._lock:
                report, outs = self._report, list(self._outs.values())
            now = time.monotonic()
            if report is not None and now >= due:
                due = max(due + 1.0 / report.rate, now)
                self._try(partial(self._send_report, report))
            for out in outs:
                self._try(partial(self._send, out))
            wait = STEP_SECONDS if outs else _REST_SECONDS if report is None else max(0.001, due - time.monotonic())
            if self._closing.wait(min(wait, 0.05)):
                return

    def _try(self, send: Callable[[], None]) -> None:
        try:
            send()
        except Exception as error:
            now = time.monotonic()
            if now - self._told > 10.0 and not self._closing.is_set():
                self._told = now
                self._performance.report("warning", f"OSC could not be sent: {explain(error)}")

    def _send_report(self, report: Report) -> None:
        report.target.send_all(self.facts(report))

    def facts(self, report: Report) -> Iterator[Sent]:
        """The messages of one report."""
        status = self._performance.status()
        if report.meters:
            yield "/livevae/meter/master", [float(peak) for peak in status.engine.peaks]
            peaks = status.engine.slot_peaks
            for part in self._performance.parts:
                if part.tracks:
                    heard = [peaks[track.slot] for track in part.tracks if track.slot < len(peaks)]
                    yield f"/livevae/meter/{part.name}", [float(max(heard, default=0.0))]
        if report.cycle:
            yield "/livevae/cycle", [float(status.cycle), float(status.bpm)]
        if report.cue and status.cue is not None:
            left = -1.0 if status.cue.left is None else float(status.cue.left)
            yield "/livevae/cue", [status.cue.name or "", left, status.cue.next or ""]
        for index in report.latents:
            part = self._performance.parts[index]
            if part.tracks:
                track = part.tracks[-1]
                control = track.memory.last(self._performance.engine.consumed(track.slot))
                if control is not None:
                    yield f"/livevae/latent/{part.name}", [float(value) for value in control.bias[0]]

    def _send(self, out: Out) -> None:
        now, wall = self._performance.second(), time.time()
        until = self._performance.clock.cycle(now + out.ahead)
        if out.reached is None or not 0.0 <= until - out.reached <= _CATCH_UP_CYCLES:
            out.reached = until
            return
        for cycle, values in self._messages(out, out.reached, until):
            at = None
            if out.ahead:
                at = wall + float(self._performance.clock.seconds([cycle])[0]) - now
            out.target.send(out.address, values, at)
        out.reached = until

    def _messages(self, out: Out, begin: float, end: float) -> Iterator[tuple[float, list[Argument]]]:
        """What begins from one clock cycle to another: the clock cycle and the values."""
        era = self._performance.era(end)
        context = Context(self._performance.seed, era.seconds(self._performance.clock.seconds))
        first, last = (float(cycle) for cycle in era.pattern(np.array([begin, end])))
        if out.pattern.is_continuous:
            if time.monotonic() >= out.due and last > first:
                out.due = time.monotonic() + 1.0 / out.rate
                values = _values(out.pattern.sample(np.array([last]), context)[0])
                if values != out.last and values:
                    out.last = values
                    yield end, values
            return
        for event in out.pattern.query(first, last, context) if last > first else ():
            if event.has_onset and event.whole is not None:
                values = _values(event.value)
                if values:
                    yield float(era.clock(np.array([float(event.whole.begin)]))[0]), values


def _values(value: Any) -> list[Argument]:
    """What a value of a pattern is in a message; nothing for a rest."""
    if isinstance(value, str):
        return [str(value)]
    numbers = np.atleast_1d(np.asarray(value, np.float64))
    return [] if np.isnan(numbers).any() else [float(number) for number in numbers.ravel()]
