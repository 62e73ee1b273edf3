"""pyo's audio server: devices, the master bus with its limiter, and the tables through which samples pass.

pyo 1.1 does not keep the operands of its arithmetic alive, so every object is held here.
"""

from __future__ import annotations

import contextlib
import ctypes
import io
import os
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from livevae.engine.interface import EngineOptions
from livevae.errors import LivevaeError

CEILING: Final = 1.0
"""The limiter's ceiling (linear): the master bus passes every sample unchanged until it would clip."""
FADE_SECONDS: Final = 0.05

_STOPPED: Final[list[Any]] = []
"""The objects of stopped servers: pyo 1.1 crashes where they are let go of after their server was shut down."""


def import_pyo() -> Any:
    """pyo, without its notice about graphical toolkits."""
    os.environ.setdefault("PYO_GUI_WX", "0")
    with contextlib.redirect_stdout(io.StringIO()):
        import pyo
    return pyo


class PyoServer:
    """A booted pyo server with a stereo master bus.

    `inputs` (channels, block), `captured` (2, block) and `bus` (2, block) are float32 views of pyo's tables: the block
    just captured, what the master played in the block before, and what it is to play in this one. `backend` is "jack",
    "portaudio", "coreaudio" or "manual"; a manual server computes a block for each call of `process`.

    Raises LivevaeError where the device cannot be opened.
    """

    def __init__(self, backend: str, options: EngineOptions) -> None:
        pyo = import_pyo()
        self.backend = backend
        inputs = options.input_channels if backend != "manual" else 0
        outputs = options.output_channels if backend != "manual" else 2
        self._server = pyo.Server(
            sr=options.rate,
            nchnls=max(2, outputs),
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
            raise LivevaeError(f"no sound through {backend}: the device could not be opened")
        self._callbacks: list[Callable[[], None]] = []
        self.rate = int(self._server.getSamplingRate())
        self.block = int(self._server.getBufferSize())
        self._build(pyo, inputs)

    def _build(self, pyo: Any, inputs: int) -> None:
        size = self.block
        in_tables = [pyo.DataTable(size) for _ in range(inputs)]
        bus_tables = [pyo.DataTable(size) for _ in range(2)]
        out_tables = [pyo.DataTable(size) for _ in range(2)]
        sources = [pyo.Input(chnl=i) for i in range(inputs)]
        captures = [pyo.TableFill(s, t) for s, t in zip(sources, in_tables, strict=True)]
        bus = [pyo.TableScan(table) for table in bus_tables]
        self._fader = pyo.SigTo(1.0, time=FADE_SECONDS, init=1.0)
        faded = [channel * self._fader for channel in bus]
        # An instant peak envelope gives a gain of exactly 1 under the ceiling, and no delay; what a steep attack lets
        # through in its first fraction of a millisecond is clipped.
        sizes = [pyo.Abs(channel) for channel in faded]
        louder = pyo.Max(sizes[0], sizes[1])
        envelope = pyo.Follower2(louder, risetime=0.0003, falltime=0.15)
        floor = pyo.Max(envelope, CEILING)
        gain = CEILING / floor
        limited = [channel * gain for channel in faded]
        master = [pyo.Clip(channel, -1.0, 1.0) for channel in limited]
        fills = [pyo.TableFill(m, t) for m, t in zip(master, out_tables, strict=True)]
        for channel, stream in enumerate(master):
            stream.out(channel)
        self._held = [sources, captures, bus, faded, sizes, louder, envelope, floor, gain, limited, master, fills]
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

    def stop(self) -> None:
        """Stop and let go of the device."""
        self._server.stop()
        self._server.shutdown()
        self._callbacks.clear()
        _STOPPED.append([self._held, self._tables, self._fader])


class _Views:
    """Numpy views of a few pyo tables, used as one array (channels, block)."""

    def __init__(self, tables: list[Any], size: int) -> None:
        self.array = np.zeros((len(tables), size), np.float32)
        self._pairs = [(row, np.asarray(table.getBuffer())) for row, table in zip(self.array, tables, strict=True)]

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
