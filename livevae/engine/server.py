"""pyo's audio server: devices, the master bus with its limiter, and the tables through which samples pass.

pyo 1.1 does not keep the operands of its arithmetic alive, so every object is held here.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import io
import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from livevae.engine.building import samples
from livevae.engine.chains import Table
from livevae.engine.interface import EngineOptions
from livevae.engine.realtime import flush_denormals
from livevae.engine.stand_in import read_stand_in, stand_ins
from livevae.errors import LivevaeError

CEILING: Final = 1.0
"""The limiter's ceiling (linear): the master bus passes every sample unchanged until it would clip."""
FADE_SECONDS: Final = 0.05

Made = TypeVar("Made")

Patched = tuple[Sequence[Any], Sequence[tuple[tuple[int, ...], Any]]]
"""Stereo signals, and where their sum goes: outputs counted from 0, and a signal that says how loud."""

_STOPPED: Final[list[Any]] = []
"""Objects of stopped servers, and servers that somebody still uses: pyo 1.1 crashes where objects are let go of after
their server was shut down."""


def import_pyo() -> Any:
    """pyo, without its notice about graphical toolkits."""
    os.environ.setdefault("PYO_GUI_WX", "0")
    with contextlib.redirect_stdout(io.StringIO()):
        import pyo
    return pyo


class PyoServer:
    """A booted pyo server with a stereo master bus, and outputs of their own beside it where more than two are open.

    `inputs` (channels, block), `captured` and `bus` (both outputs, block) are float32 views of pyo's tables: the block
    just captured, what was played in the block before, and what is to be played in this one. `backend` is "jack",
    "portaudio", "coreaudio" or "manual"; a manual server computes a block for each call of `process`.

    Raises LivevaeError where the device cannot be opened.
    """

    def __init__(self, backend: str, options: EngineOptions) -> None:
        pyo = import_pyo()
        self.backend = backend
        self._stopped = False
        self._stand_in = None if options.input_file is None else read_stand_in(options.input_file, options.rate)
        inputs = options.input_channels if backend != "manual" and self._stand_in is None else 0
        outputs = max(2, options.output_channels)
        self._server = pyo.Server(
            sr=options.rate,
            nchnls=outputs,
            ichnls=max(1, inputs),
            buffersize=options.block,
            duplex=1 if inputs else 0,
            audio=backend,
            jackname=options.client_name,
        )
        self._server.setVerbosity(0)
        if backend in ("portaudio", "coreaudio"):
            _choose_devices(pyo, self._server, options)
        self._server.boot()
        if not self._server.getIsBooted():
            raise LivevaeError(
                f"no sound through {backend}: the device could not be opened with {inputs} inputs and {outputs} outputs"
            )
        self._callbacks: list[Callable[[], None]] = []
        self.rate = int(self._server.getSamplingRate())
        self.block = int(self._server.getBufferSize())
        self._build(pyo, inputs if self._stand_in is None else len(self._stand_in), outputs)

    def _build(self, pyo: Any, inputs: int, outputs: int) -> None:
        size = self.block
        in_tables = [pyo.DataTable(size) for _ in range(inputs)]
        bus_tables = [pyo.DataTable(size) for _ in range(outputs)]
        out_tables = [pyo.DataTable(size) for _ in range(outputs)]
        held: list[Any] = []
        if self._stand_in is None:
            sources = [pyo.Input(chnl=i) for i in range(inputs)]
        else:
            sources, held = stand_ins(pyo, self._stand_in, self.rate)
        captures = [pyo.TableFill(s, t) for s, t in zip(sources, in_tables, strict=True)]
        bus = [pyo.TableScan(table) for table in bus_tables]
        self._fader = pyo.SigTo(1.0, time=FADE_SECONDS, init=1.0)
        # Where the effects of voices and of the master come in: what these two read is replaced, never they themselves.
        self._bus = pyo.Sig([scan[0] for scan in bus[:2]])
        self.voices = pyo.Sig(self._bus)
        self._whole = pyo.Sig(self.voices)
        straight = pyo.DataTable(size)
        self.straight = Table(samples(straight), 1.0)
        self._straight = pyo.TableScan(straight)
        self._pyo = pyo
        self._sums: dict[str, list[Any]] = {}
        self._collectors: dict[int, tuple[Any, Any, tuple[NDArray[np.float32], ...]]] = {}
        faded = [pyo.Sig(self._whole[channel], mul=self._fader) for channel in range(2)]
        # An instant peak envelope gives a gain of exactly 1 under the ceiling, and no delay; what a steep attack lets
        # through in its first fraction of a millisecond is clipped.
        sizes = [pyo.Abs(channel) for channel in faded]
        louder = pyo.Max(sizes[0], sizes[1])
        envelope = pyo.Follower2(louder, risetime=0.0003, falltime=0.15)
        floor = pyo.Max(envelope, CEILING)
        gain = CEILING / floor
        limited = [channel * gain for channel in faded]
        # Every further output is limited by itself, in the same way: what is on one never turns another down.
        self._straight_beside = bus[2:]
        self._beside = [pyo.Sig(scan) for scan in bus[2:]]
        beside = [pyo.Sig(channel, mul=self._fader) for channel in self._beside]
        for channel in beside:
            size_of = pyo.Abs(channel)
            follower = pyo.Follower2(size_of, risetime=0.0003, falltime=0.15)
            above = pyo.Max(follower, CEILING)
            less = CEILING / above
            limited.append(channel * less)
            sizes += [size_of, follower, above, less]
        master = [pyo.Clip(channel, -1.0, 1.0) for channel in limited]
        fills = [pyo.TableFill(m, t) for m, t in zip(master, out_tables, strict=True)]
        for channel, stream in enumerate(master):
            stream.out(channel)
        self._held: list[Any] = [sources, held, captures, bus, straight, faded, sizes, louder, envelope, floor]
        self._held += [gain, limited, master, fills, self._straight_beside, self._beside, beside]
        self._tables = [in_tables, bus_tables, out_tables]
        self.inputs = _Views(in_tables, size)
        self.bus = _Views(bus_tables, size)
        self.captured = _Views(out_tables, size)

    def start(self, callback: Callable[[], None]) -> None:
        """Call `callback` before each block from now on, and let the sound begin."""
        # pyo never lets go of a callback it was given; what this one leads to can be let go of in `stop`.
        self._callbacks.append(callback)
        callbacks = self._callbacks
        stay = self.backend != "manual"

        def call() -> None:
            nonlocal stay
            if stay:
                stay = False
                # pyo's audio thread would make a thread state of Python, and drop it again, in every block: with one
                # reference more it stays.
                ctypes.pythonapi.PyGILState_Ensure()
                # What rings out would cost many times as much where its numbers become too small.
                flush_denormals()
            for each in callbacks:
                each()

        self._server.setCallback(call)
        self._server.start()

    def process(self) -> None:
        """Compute one block (manual servers only)."""
        self._server.process()

    def fade(self, level: float) -> None:
        """Move the master to `level` (linear) within `FADE_SECONDS`."""
        self._fader.value = level

    # -- effects

    @contextlib.contextmanager
    def arranged(self, last: bool = False) -> Iterator[None]:
        """What is made meanwhile is computed before voices are summed, or (`last`) between that and the master."""
        before = {id(stream) for stream in self._server._server.getStreams()}
        yield
        place = (self._whole if last else self.voices).getBaseObjects()[0]._getStream()
        for stream in list(self._server._server.getStreams()):
            if id(stream) not in before:
                self._server._server.changeStreamPosition(place, stream)

    def connect_voices(self, outlets: Sequence[Any], patched: Sequence[Patched] = ()) -> None:
        """Add stereo signals to the sum of the voices, instead of those that were added so far.

        Those that are `patched` go to outputs (see `patches.Outputs`) as loud as a signal says: to one or two outputs,
        or to several such places at once.
        """
        with self.arranged():
            sound, made = self._sum(self._bus, outlets)
            beside = list(self._straight_beside)
            for outlets_, ways in patched:
                silence = self._pyo.Sig([0.0, 0.0])
                whole, parts = self._sum(silence, outlets_)
                made += [silence, *parts]
                for outputs, level in ways:
                    faded = self._pyo.Sig(whole, mul=level)
                    made.append(faded)
                    for output, signal in self._channels(faded, outputs, made):
                        if output < 2:
                            sound = self._pyo.Sig(sound, add=[signal if n == output else 0.0 for n in range(2)])
                            made.append(sound)
                        elif output - 2 < len(beside):
                            beside[output - 2] = self._pyo.Sig(beside[output - 2], add=signal)
                            made.append(beside[output - 2])
        self.voices.value = sound
        for heard, signal in zip(self._beside, beside, strict=True):
            heard.value = signal
        self._replace("voices", made)

    def _channels(self, stereo: Any, outputs: tuple[int, ...], made: list[Any]) -> list[tuple[int, Any]]:
        """Left and right of a stereo signal for two outputs, or the mean of both for one; `made` takes what is new."""
        if len(outputs) == 2:
            return [(output, stereo[channel]) for channel, output in enumerate(outputs)]
        halves = self._pyo.Sig(stereo, mul=0.5)
        mean = self._pyo.Sig(halves[0], add=halves[1])
        made += [halves, mean]
        return [(outputs[0], mean[0])]

    def connect_master(self, outlets: Sequence[Any]) -> None:
        """Let the master play these beside what goes straight to it, as loud as `straight` says; none: all of it."""
        if not outlets:
            self._whole.value = self.voices
            self._replace("master", [])
            return
        with self.arranged(last=True):
            straight = self._pyo.Sig(self.voices, mul=self._straight)
            sound, made = self._sum(straight, outlets)
        self._whole.value = sound
        self._replace("master", [straight, *made])

    def collect(self, number: int, outlets: Sequence[Any]) -> tuple[NDArray[np.float32], ...]:
        """The sum of stereo signals in the block that was computed last, two arrays; always the same for a number."""
        if number not in self._collectors:
            tables = [self._pyo.DataTable(self.block) for _ in range(2)]
            collector = self._pyo.Sig([0.0, 0.0])
            fill = self._pyo.TableFill(collector, tables)
            views = tuple(samples(table) for table in tables)
            self._collectors[number] = collector, (tables, fill), views
        collector, _, views = self._collectors[number]
        with self.arranged():
            silence = self._pyo.Sig([0.0, 0.0])
            sound, made = self._sum(silence, outlets)
        collector.value = sound
        self._replace(f"input {number}", [silence, *made])
        return views

    def made(self, maker: Callable[[Any, int], Made]) -> Made:
        """What `maker(pyo, block)` makes of pyo's objects; they are computed after all others."""
        return maker(self._pyo, self.block)

    def drop(self, objects: list[Any]) -> None:
        """Let go of pyo objects that nothing reads any more."""
        for each in objects:
            stop = getattr(each, "stop", None)
            if stop is not None:
                stop()
        objects.clear()

    def _sum(self, first: Any, others: Sequence[Any]) -> tuple[Any, list[Any]]:
        made: list[Any] = []
        for other in others:
            first = self._pyo.Sig(first, add=other)
            made.append(first)
        return first, made

    def _replace(self, place: str, made: list[Any]) -> None:
        self.drop(self._sums.pop(place, []))
        self._sums[place] = made

    def stop(self, held: object = None) -> None:
        """Stop and let go of the device. `held` are further objects of pyo's, which must not die after it.

        A server that has stopped cannot be used again.
        """
        if self._stopped:
            return
        self._stopped = True
        self._server.stop()
        self._callbacks.clear()
        if self.backend != "manual":
            self._server.shutdown()
            _STOPPED.append([self._held, self._tables, self._fader, self._sums, self._collectors, held])
            _STOPPED.append([self._bus, self.voices, self._whole, self._straight, self.straight])
            return
        # A process may have 256 servers of pyo's, so one that is not needed any more has to go: its objects first.
        server = self._server
        for name in set(vars(self)) - {"backend", "rate", "block", "_stopped"}:
            delattr(self, name)
        del held
        if server.getStreams():
            gc.collect()
        if server.getStreams():
            _STOPPED.append(server)  # somebody still has one of them
        else:
            server.shutdown()


class _Views:
    """Numpy views of a few pyo tables, used as one array (channels, block)."""

    def __init__(self, tables: list[Any], size: int) -> None:
        self.array = np.zeros((len(tables), size), np.float32)
        self._pairs = [(row, samples(table)) for row, table in zip(self.array, tables, strict=True)]

    def pull(self) -> None:
        """Copy what pyo wrote into `array`."""
        for row, view in self._pairs:
            row[:] = view

    def push(self) -> None:
        """Copy `array` to where pyo reads."""
        for row, view in self._pairs:
            view[:] = row


def _choose_devices(pyo: Any, server: Any, options: EngineOptions) -> None:
    for wanted, list_devices, choose, kind, needed in (
        (options.input_device, pyo.pa_get_input_devices, server.setInputDevice, "input", options.input_channels > 0),
        (options.output_device, pyo.pa_get_output_devices, server.setOutputDevice, "output", True),
    ):
        names, numbers = list_devices()
        # pyo crashes where it is made to open a device and there is none.
        if needed and not names:
            raise LivevaeError(f"there is no {kind} device")
        if wanted is None:
            continue
        for name, number in zip(names, numbers, strict=True):
            if wanted in (str(number), name) or wanted.lower() in name.lower():
                choose(number)
                break
        else:
            known = ", ".join(names) or "none"
            raise LivevaeError(f"there is no {kind} device {wanted!r}; `livevae devices` lists them ({known})")
