"""Ableton Link: a tempo, a beat and a start that programs on a network share. The package is an optional extra."""

from __future__ import annotations

import importlib
from typing import Any, Protocol

from livevae.errors import LivevaeError


class Session(Protocol):
    """What programs share, as one of them sees it. Tempo is in beats a minute, beats count up."""

    def peers(self) -> int:
        """How many others there are."""
        ...

    def tempo(self) -> float:
        """The tempo of all."""
        ...

    def set_tempo(self, bpm: float) -> None:
        """Change the tempo of all."""
        ...

    def beat(self, quantum: float) -> float:
        """The beat that is heard now; its phase within `quantum` beats is the same for all."""
        ...

    def playing(self) -> bool:
        """Has somebody said start, and nobody stop since?"""
        ...

    def set_playing(self, playing: bool) -> None:
        """Say start, or stop, to all who listen to that."""
        ...

    def close(self) -> None:
        """Leave."""
        ...


class LinkSession:
    """A `Session` of Ableton Link. Raises LivevaeError where the package is not installed."""

    def __init__(self, bpm: float, start_stop: bool = False) -> None:
        self._link = package().Link(bpm)
        self._link.startStopSyncEnabled = start_stop
        self._link.enabled = True

    def peers(self) -> int:
        return int(self._link.numPeers())

    def tempo(self) -> float:
        return float(self._link.captureSessionState().tempo())

    def set_tempo(self, bpm: float) -> None:
        state = self._link.captureSessionState()
        state.setTempo(bpm, self._link.clock().micros())
        self._link.commitSessionState(state)

    def beat(self, quantum: float) -> float:
        return float(self._link.captureSessionState().beatAtTime(self._link.clock().micros(), quantum))

    def playing(self) -> bool:
        return bool(self._link.captureSessionState().isPlaying())

    def set_playing(self, playing: bool) -> None:
        state = self._link.captureSessionState()
        state.setIsPlaying(playing, self._link.clock().micros())
        self._link.commitSessionState(state)

    def close(self) -> None:
        self._link.enabled = False


def package() -> Any:
    """The package that speaks Link. Raises LivevaeError where it is not installed."""
    try:
        found = importlib.import_module("link")
    except ImportError:
        found = None
    if not hasattr(found, "Link"):
        raise LivevaeError('Ableton Link is an extra of its own: install it with pip install "livevae[link]".')
    return found
