"""A JACK client in a process of its own: plays a known signal and records what it hears, on JACK's own frame clock.

Run as a script by `Probe`. It opens two JACK clients, one that only plays and one that only records, so that the graph
player -> livevae -> recorder has no loop: all three run within the same cycle and the connections add no delay. What
the player sends can be recorded beside what comes back, which shows that.
"""

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

PLAYER, RECORDER = "probe-player", "probe-recorder"


@dataclass(frozen=True)
class Heard:
    """What was recorded.

    `audio` (channels, samples), NaN where the recorder itself was not run, in `skipped` blocks. `block_times`, when
    each block of it came (NaN for those that did not), and `xrun_times`, when JACK told of one, are of time.monotonic:
    JACK's frame clock, which places the samples, falls behind that with every xrun.
    """

    audio: NDArray[np.float32]
    skipped: int
    block_times: NDArray[np.float64]
    xrun_times: list[float]

    def when(self, sample: int) -> float:
        """When the block that holds a sample came, or the next one that did."""
        size = self.audio.shape[1] // len(self.block_times)
        later = self.block_times[sample // size :]
        known = later[~np.isnan(later)]
        return float(known[0]) if len(known) else float(np.nanmax(self.block_times))

    @property
    def xruns(self) -> int:
        """How many JACK told of."""
        return len(self.xrun_times)


class Probe:
    """Records the ports `listen` (one channel each) while the context lasts; `stop` gives what was heard.

    `send` (channels, samples) is played from the first block on, once, into the ports `into` (one for each channel).
    The port name "self" in `listen` stands for what the player sends, channel 1.
    """

    def __init__(
        self,
        folder: Path,
        listen: Sequence[str],
        send: NDArray[np.float32] | None = None,
        into: Sequence[str] = (),
    ) -> None:
        self._folder = folder
        self._arguments = {"listen": list(listen), "into": list(into), "send": None, "heard": str(folder / "heard.npy")}
        if send is not None:
            self._arguments["send"] = str(folder / "send.npy")
            np.save(folder / "send.npy", np.atleast_2d(send).astype(np.float32))
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, __file__, json.dumps(self._arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._answer()
        return self

    def stop(self) -> Heard:
        """End the recording."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.close()
        facts = self._answer()
        self._process.wait(30)
        audio = np.load(self._folder / "heard.npy", mmap_mode="r")
        return Heard(audio, facts["skipped"], np.load(self._folder / "times.npy"), facts["xruns"])

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            if self._process.poll() is None:
                self._process.kill()
                self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None and not pipe.closed:
                    pipe.close()

    def _answer(self) -> dict[str, Any]:
        assert self._process is not None
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the JACK probe ended early: is the server running, are the ports there?")
        answer: dict[str, Any] = json.loads(line)
        return answer


class _Player:
    def __init__(self, jack: Any, send: NDArray[np.float32]) -> None:
        self.client = jack.Client(PLAYER, no_start_server=True)
        self.ports = [self.client.outports.register(f"out_{n + 1}") for n in range(len(send))]
        self.send = send
        self.at = 0
        self.playing = False
        self.client.set_process_callback(self.process)
        self.client.activate()

    def process(self, frames: int) -> None:
        for port, signal in zip(self.ports, self.send, strict=True):
            buffer = port.get_array()
            part = signal[self.at : self.at + frames] if self.playing else signal[:0]
            buffer[: len(part)] = part
            buffer[len(part) :] = 0.0
        if self.playing:
            self.at += frames


class _Recorder:
    def __init__(self, jack: Any, channels: int) -> None:
        self.client = jack.Client(RECORDER, no_start_server=True)
        self.ports = [self.client.inports.register(f"in_{n + 1}") for n in range(channels)]
        self.blocks: list[tuple[int, float, list[NDArray[np.float32]]]] = []
        self.xruns: list[float] = []
        self.recording = False
        self.client.set_process_callback(self.process)
        self.client.set_xrun_callback(self.xrun)
        self.client.activate()

    def process(self, frames: int) -> None:
        if self.recording:
            heard = [port.get_array().copy() for port in self.ports]
            self.blocks.append((self.client.last_frame_time, time.monotonic(), heard))

    def xrun(self, delay: float) -> None:
        if self.recording:
            self.xruns.append(time.monotonic())

    def save(self, path: Path) -> int:
        """Write what was heard where it belongs in time; gives the number of blocks that are missing."""
        size = self.client.blocksize
        first = self.blocks[0][0]
        # The frame clock has 32 bits.
        places = [(frame - first) % (1 << 32) for frame, _, _ in self.blocks]
        length = places[-1] + size
        times = np.full(length // size, np.nan)
        out = np.lib.format.open_memmap(path, "w+", np.float32, (len(self.ports), length))
        out[:] = np.nan
        for place, (_, came, channels) in zip(places, self.blocks, strict=True):
            out[:, place : place + size] = channels
            times[place // size] = came
        out.flush()
        np.save(path.with_name("times.npy"), times)
        return length // size - len(self.blocks)


def main() -> None:
    import gc

    import jack

    jack.set_error_function(lambda text: None)
    jack.set_info_function(lambda text: None)
    arguments = json.loads(sys.argv[1])
    sys.setswitchinterval(1e-4)
    recorder = _Recorder(jack, len(arguments["listen"]))
    player = None if arguments["send"] is None else _Player(jack, np.load(arguments["send"]))
    if player is not None:
        for port, into in zip(player.ports, arguments["into"], strict=True):
            player.client.connect(port, into)
    for port, source in zip(recorder.ports, arguments["listen"], strict=True):
        recorder.client.connect(f"{PLAYER}:out_1" if source == "self" else source, port)
    gc.disable()
    recorder.recording = True
    if player is not None:
        player.playing = True
    print(json.dumps({"ready": True}), flush=True)
    sys.stdin.read()
    recorder.recording = False
    recorder.client.deactivate()
    skipped = recorder.save(Path(arguments["heard"]))
    print(json.dumps({"xruns": recorder.xruns, "skipped": skipped}), flush=True)
    if player is not None:
        player.client.close()
    recorder.client.close()


if __name__ == "__main__":
    main()
