"""Which audio systems answer on this machine."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

from livevae.engine.interface import Backend


@dataclass(frozen=True)
class JackServer:
    """A JACK server that answered: its rate (Hz), block (samples) and the names of its physical ports."""

    rate: int
    block: int
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


def _jack() -> Any | None:
    try:
        import jack
    except (ImportError, OSError):
        return None
    jack.set_error_function(lambda message: None)
    jack.set_info_function(lambda message: None)
    return jack


def find_jack() -> JackServer | None:
    """The running JACK server, or None; none is started."""
    jack = _jack()
    if jack is None:
        return None
    try:
        client = jack.Client("livevae-look", no_start_server=True)
    except (jack.JackError, OSError):
        return None
    try:
        inputs = client.get_ports(is_audio=True, is_physical=True, is_output=True)
        outputs = client.get_ports(is_audio=True, is_physical=True, is_input=True)
        return JackServer(
            int(client.samplerate), int(client.blocksize), tuple(p.name for p in inputs), tuple(p.name for p in outputs)
        )
    finally:
        client.close()


class XrunCounter:
    """Counts what JACK reports as xruns while it is open; does nothing where there is no JACK."""

    def __init__(self, name: str) -> None:
        self.count = 0
        self._client: Any | None = None
        jack = _jack()
        if jack is None:
            return
        try:
            self._client = jack.Client(name, no_start_server=True)
            self._client.set_xrun_callback(self._xrun)
            self._client.activate()
        except (jack.JackError, OSError):
            self._client = None

    def _xrun(self, delay: float) -> None:
        self.count += 1

    def close(self) -> None:
        """Let go of JACK."""
        if self._client is not None:
            self._client.close()
            self._client = None


def candidates(wanted: Backend) -> list[str]:
    """Backends to try in turn for a wish; "silent" always works."""
    if wanted == "silent":
        return ["silent"]
    if wanted != "auto":
        return [wanted]
    order = ["jack"] if find_jack() is not None else []
    order.append("coreaudio" if sys.platform == "darwin" else "portaudio")
    return [*order, "silent"]
