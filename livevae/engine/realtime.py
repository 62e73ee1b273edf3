"""Scheduling: real time where the system grants it, and what to set where it does not."""

from __future__ import annotations

import contextlib
import gc
import os
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


def advice() -> str:
    """What a performer sets so that real-time scheduling is granted."""
    if sys.platform.startswith("linux"):
        return (
            "real-time scheduling was refused: add '@audio - rtprio 95' and '@audio - memlock unlimited' to "
            "/etc/security/limits.d/audio.conf, join the group 'audio' and log in again"
        )
    return "real-time scheduling cannot be asked for here: close other programs while you play"
