"""A real JACK server with the dummy driver, of its own name, so that nobody else's is touched."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import jack

RATE = 48000
BLOCK = 256
_VARIABLES = ("JACK_DEFAULT_SERVER", "JACK_NO_START_SERVER")


def quiet(text: str) -> None:
    """Keeps JACK's library from writing to the terminal."""


@dataclass
class JackServer:
    """`jackd` with the dummy driver; `JACK_DEFAULT_SERVER` names it for everything that is started meanwhile."""

    name: str
    rate: int = RATE
    block: int = BLOCK
    realtime: bool = False
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self) -> None:
        """Start it, with real-time scheduling where the machine allows that, and wait until it answers."""
        tried = []
        for realtime in (True, False):
            mode = ["-R", "-P", "70"] if realtime else ["-r"]
            driver = ["-d", "dummy", "-r", str(self.rate), "-p", str(self.block)]
            # Into a file: it reports every xrun, and would stop at a pipe that nobody empties.
            said = tempfile.TemporaryFile()  # noqa: SIM115
            self.process = subprocess.Popen(
                ["jackd", "-n", self.name, *mode, *driver],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                # Python ignores SIGPIPE, and so does jackd then: a client that vanishes would end it otherwise.
                restore_signals=False,
            )
            if self._answers():
                said.close()
                self.realtime = realtime
                return
            self.process.kill()
            self.process.wait()
            said.seek(0)
            tried.append(said.read().decode(errors="replace"))
        raise RuntimeError("jackd does not answer:\n" + "\n".join(tried))

    def _answers(self) -> bool:
        assert self.process is not None
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                client = jack.Client("livevae-probe", no_start_server=True, servername=self.name)
            except jack.JackOpenError:
                time.sleep(0.05)
                continue
            client.close()
            return True
        return False

    def stop(self) -> None:
        """End it; clients of it that still live become useless."""
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process = None


@contextmanager
def jack_server(name: str, block: int = BLOCK) -> Iterator[JackServer]:
    """A running server that every JACK client of this process, and of those it starts, meets by default."""
    if shutil.which("jackd") is None:
        raise RuntimeError("there is no jackd: install the package jackd2")
    jack.set_error_function(quiet)
    jack.set_info_function(quiet)
    server = JackServer(f"{name}-{os.getpid()}", block=block)
    before = {key: os.environ.get(key) for key in _VARIABLES}
    os.environ["JACK_DEFAULT_SERVER"] = server.name
    os.environ["JACK_NO_START_SERVER"] = "1"
    try:
        server.start()
        yield server
    finally:
        server.stop()
        for key, value in before.items():
            if value is None:
                os.environ.pop(key, None)
            else:
                os.environ[key] = value
