"""Scheduling: real time where the system grants it, and what to set where it does not."""

from __future__ import annotations

import contextlib
import ctypes
import ctypes.util
import gc
import os
import platform
import struct
import sys

AUDIO_PRIORITY = 60
HOST_PRIORITY = 50
SERVICE_PRIORITY = 10
"""For threads that share an interpreter with sound: while they hold it, nothing of normal priority may hold them up."""
SWITCH_INTERVAL = 1e-4
"""Seconds after which a thread that wants the interpreter gets it."""


def prepare_process() -> None:
    """Settings of a process in which sound is made: quick thread switches, no pauses for garbage."""
    sys.setswitchinterval(SWITCH_INTERVAL)
    gc.collect()
    gc.freeze()
    gc.disable()


def request_realtime(priority: int) -> bool:
    """Ask for round-robin real-time scheduling of the calling thread and of the threads it will start.

    False where the system refuses or knows no such thing.
    """
    setter = getattr(os, "sched_setscheduler", None)
    if setter is None:
        return False
    try:
        setter(0, os.SCHED_RR, os.sched_param(priority))
    except OSError:
        with contextlib.suppress(OSError):
            os.nice(-10)
        return False
    return True


_FENV: dict[tuple[str, str], tuple[int, int]] = {
    ("Linux", "x86_64"): (28, 0x8040),
    ("Darwin", "x86_64"): (4, 0x8040),
    ("Linux", "aarch64"): (0, 1 << 24),
    ("Darwin", "arm64"): (8, 1 << 24),
}
"""Where the C library's floating-point environment keeps the word that says what becomes of denormal numbers (its
offset in bytes), and the bits of it that make them zero: MXCSR's FTZ and DAZ, FPCR's FZ."""


def flush_denormals() -> bool:
    """Let numbers too small for full precision be zero in the calling thread: on most processors they cost many times
    as much as others, and every sound that rings out ends in them. False where it is not known how.
    """
    place = _FENV.get((platform.system(), platform.machine()))
    if place is None:
        return False
    offset, bits = place
    library = ctypes.CDLL(ctypes.util.find_library("m") if platform.system() == "Linux" else None)
    state = ctypes.create_string_buffer(64)
    if library.fegetenv(state) != 0:
        return False
    (word,) = struct.unpack_from("=I", state, offset)
    struct.pack_into("=I", state, offset, word | bits)
    return bool(library.fesetenv(state) == 0)


def advice() -> str:
    """What a performer sets so that real-time scheduling is granted."""
    if sys.platform.startswith("linux"):
        return (
            "real-time scheduling was refused: add '@audio - rtprio 95' and '@audio - memlock unlimited' to "
            "/etc/security/limits.d/audio.conf, join the group 'audio' and log in again"
        )
    return "real-time scheduling cannot be asked for here: close other programs while you play"
