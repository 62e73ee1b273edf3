"""The process that holds the MIDI ports: `python -m livevae.control.ports`, started by `Midi`.

It prints `{"ports", "outputs", "problem"}` whenever what there is changes, and each message that comes in with its
port, those of a clock with the second (`time.monotonic`) at which they came. It takes `{"wanted": [...]}`, the outputs
to be held open, as parts of names; `{"clock": NAME}`, the input whose clock is wanted; `{"send": [[AT, PORT, BYTES]]}`,
each to be sent at a second, and `{"panic": true}`.

MIDI drivers are kept out of the performer's process for three reasons that were seen with JACK: its thread would wait
for the interpreter whenever a message comes (and break the sound of everybody), its library writes to the terminal,
and it takes the process down when ports are closed after its server went away.
"""

from __future__ import annotations

import ctypes
import os
import queue
import re
import sys
import time
from pathlib import Path
from typing import Any

import rtmidi
from rtmidi import _rtmidi

from livevae.control.messages import CLOCK, CLOCKED
from livevae.control.outputs import REFUSALS, Outputs, shut
from livevae.helper import Channel, Message

CLIENT = "livevae"
SCAN_SECONDS = 1.0
"""How often the list of ports is looked at."""
GONE = 3
"""Return code after the MIDI system itself went away: only a new process can reach the next one."""

_JACK_NO_START = 1
_SEQUENCER = Path("/dev/snd/seq")


def system() -> int | None:
    """The MIDI system of this machine as rtmidi numbers it, None where there is none."""
    compiled = rtmidi.get_compiled_api()
    if sys.platform == "darwin":
        return rtmidi.API_MACOSX_CORE if rtmidi.API_MACOSX_CORE in compiled else None
    if sys.platform == "win32":
        return rtmidi.API_WINDOWS_MM if rtmidi.API_WINDOWS_MM in compiled else None
    wanted = os.environ.get("LIVEVAE_MIDI", "")
    if wanted != "jack" and _SEQUENCER.exists() and rtmidi.API_LINUX_ALSA in compiled:
        return int(rtmidi.API_LINUX_ALSA)
    return int(rtmidi.API_UNIX_JACK) if rtmidi.API_UNIX_JACK in compiled else None


class Ports:
    """All input ports of the machine, opened as they come and closed as they go."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._messages: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self._open: dict[str, Any] = {}
        self._scanner: Any = None
        self._sinks: Any = None
        self._outputs = Outputs()
        self._clock: str | None = None
        self._watch: JackWatch | None = None
        self._told: Message = {}
        self._again = False

    def run(self) -> None:
        """Pass messages on and look for ports, until `stop` is called."""
        due = time.monotonic()
        while True:
            left = due - time.monotonic()
            if left <= 0 or self._again:
                self._again = False
                self._scan()
                due = time.monotonic() + SCAN_SECONDS
                continue
            try:
                message = self._messages.get(timeout=left)
            except queue.Empty:
                continue
            if message is None:
                break
            if not message:
                continue
            self._channel.send(message)
        # A client that vanishes without a word can take a JACK server down: it writes to the broken pipe.
        self._outputs.close()
        for port in [*self._open.values(), self._scanner, self._sinks]:
            if port is not None:
                shut(port)
        if self._watch is not None:
            self._watch.close()

    def stop(self) -> None:
        """Let `run` close the ports and return. Any thread."""
        self._messages.put(None)

    def command(self, message: Message) -> None:
        """Do what the performer's process asks for. On the thread that reads."""
        if "send" in message:
            self._outputs.send(message["send"])
        elif "panic" in message:
            self._outputs.panic()
        elif "wanted" in message:
            self._outputs.wanted = tuple(str(part).lower() for part in message["wanted"])
            self._again = True
            self._messages.put({})
        elif "clock" in message:
            self._clock = None if message["clock"] is None else str(message["clock"]).lower()

    def _scan(self) -> None:
        api = system()
        if api is None:
            self._tell([], [], "this machine has no MIDI system")
            return
        try:
            if self._scanner is None:
                self._start(api)
            names = numbered([_known(name) for name in self._scanner.get_ports()])
            sinks = numbered([_known(name) for name in self._sinks.get_ports()])
        except (rtmidi.RtMidiError, RuntimeError) as error:
            self._scanner = None
            self._tell([], [], f"no MIDI: {_reason(error)}")
            return
        for name in [name for name in self._open if name not in names]:
            shut(self._open.pop(name))
        # What livevae itself sends must not come back in.
        wanted = {name: index for index, name in enumerate(names) if not name.startswith(CLIENT)}
        refused = [name for name, i in wanted.items() if name not in self._open and not self._connect(api, i, name)]
        outputs = {name: index for index, name in enumerate(sinks) if not name.startswith(CLIENT)}
        refused += self._outputs.scan(outputs, lambda index: _opened(api, index))
        self._tell(sorted(self._open), sorted(outputs), f"MIDI port refused: {', '.join(refused)}" if refused else None)

    def _start(self, api: int) -> None:
        scanner, self._sinks = rtmidi.MidiIn(api, name=CLIENT), rtmidi.MidiOut(api, name=CLIENT)
        if api == rtmidi.API_UNIX_JACK:
            self._watch = JackWatch()
        self._scanner = scanner

    def _connect(self, api: int, index: int, name: str) -> bool:
        try:
            port = rtmidi.MidiIn(api, name=CLIENT)
            port.ignore_types(sysex=True, timing=False, active_sense=True)
            port.set_callback(self._receive, name)
            port.open_port(index, "in")
        except REFUSALS:
            return False
        self._open[name] = port
        return True

    def _receive(self, event: tuple[list[int], float], name: str) -> None:
        """On the driver's thread: only puts the message in line."""
        data = event[0]
        if data and data[0] in CLOCKED:
            if self._clock is not None and self._clock in name.lower():
                self._messages.put({"port": name, "bytes": data, "at": time.monotonic()})
        elif not data or data[0] < CLOCK:
            self._messages.put({"port": name, "bytes": data})

    def _tell(self, ports: list[str], outputs: list[str], problem: str | None) -> None:
        state: Message = {"ports": ports, "outputs": outputs, "problem": problem}
        if state != self._told:
            self._told = state
            self._channel.send(state)


def _known(name: str) -> str:
    """A port's name without the number that the system gave it: another one the next time it is plugged in."""
    return re.sub(r" \d+:\d+$", "", name)


def _opened(api: int, index: int) -> Any:
    port = rtmidi.MidiOut(api, name=CLIENT)
    port.open_port(index, "out")
    return port


def numbered(names: list[str]) -> list[str]:
    """Names that are all different: the second `Pads` is `Pads (2)`.

    >>> numbered(["Pads", "Keys", "Pads"])
    ['Pads', 'Keys', 'Pads (2)']
    """
    seen: dict[str, int] = {}
    found = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        found.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return found


class JackWatch:
    """Ends this process as soon as its JACK server ends: rtmidi does not say so, and what it holds open is then dead,
    so that neither new ports nor a new server would be seen, and closing crashes.
    """

    def __init__(self) -> None:
        # Looked up through rtmidi's own module, so that it is the very library whose clients are watched.
        self._library = ctypes.CDLL(_rtmidi.__file__)
        self._library.jack_client_open.restype = ctypes.c_void_p
        self._library.jack_client_open.argtypes = [ctypes.c_char_p, ctypes.c_int, ctypes.c_void_p]
        self._library.jack_on_shutdown.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
        self._library.jack_client_close.argtypes = [ctypes.c_void_p]
        self._ended = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(lambda _: os._exit(GONE))
        self._client = self._library.jack_client_open(f"{CLIENT}-midi".encode(), _JACK_NO_START, None)
        if self._client:
            self._library.jack_on_shutdown(self._client, self._ended, None)

    def close(self) -> None:
        """Watch no longer."""
        if self._client:
            self._library.jack_client_close(self._client)


def _reason(error: Exception) -> str:
    text = str(error).rsplit(":", 1)[-1].strip().rstrip(".?!")
    return text or type(error).__name__


def main() -> None:
    """Run as the helper process, until standard input ends."""
    # A JACK server is the performer's to start: looking for one must not start it.
    os.environ["JACK_NO_START_SERVER"] = "1"
    channel = Channel()
    ports = Ports(channel)
    channel.listen(ports.command, ports.stop)
    ports.run()


if __name__ == "__main__":
    main()
