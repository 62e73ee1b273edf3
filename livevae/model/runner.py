"""A model that is open: its calls, its memory, its speed and its delay."""

import copy
import re
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import torch
from torch import Tensor

from livevae.errors import LivevaeError
from livevae.model.archive import FAILURES, Module, reason
from livevae.model.delay import find_delay
from livevae.model.info import ModelInfo
from livevae.model.state import Slot, State

SETTLE_CALLS = 64
"""Chunks after which a model that still gives NaN is taken to give it for ever (RAVE recovers within 25)."""


@contextmanager
def quick_calls() -> Iterator[None]:
    """No gradients, and no optimising executor: its passes take up to 300 ms when a shape is new, and gain nothing.

    The executor's switch belongs to the thread, so it is set around every call and put back. A loop that calls often
    enters this once around all its calls.
    """
    before = torch._C._get_graph_executor_optimize()
    torch._C._set_graph_executor_optimize(False)
    try:
        with torch.inference_mode():
            yield
    finally:
        torch._C._set_graph_executor_optimize(before)


@contextmanager
def flushed_denormals() -> Iterator[None]:
    """Numbers too small for a normal float count as 0 in this thread: decaying sounds end in them, and they are slow.

    What the thread's setting was before is put back.
    """
    before = sys.float_info.min * 0.5 == 0.0
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(before)


def finite(tensor: Tensor) -> bool:
    """Whether every value is a number (neither NaN nor infinite). One pass; any NaN or infinity makes the sum one."""
    with torch.inference_mode():
        # Large finite values could overflow a float32 sum, so it is kept in float64.
        total = tensor.sum(dtype=torch.float64)
    return bool(torch.isfinite(total))


class Model:
    """One stream, or one batch of streams, through a model file. Not to be called by two threads at once.

    Audio is `(rows, channels, samples)` and latents `(rows, latent_size, frames)`, both float32; `samples` is `frames`
    times `info.ratio`. Rows are independent streams where `info.batched`; elsewhere there is one row.
    """

    def __init__(self, module: Module, state: State, info: ModelInfo) -> None:
        self.info = info
        self._module = module
        self._state = state
        self._audio_methods = {"encode"} | {m for m, (_, a, _, b) in info.methods.items() if a == b == 1}
        self._methods: dict[str, Callable[[Tensor], Tensor]] = {name: getattr(module, name) for name in info.methods}

    @property
    def slots(self) -> tuple[Slot, ...]:
        """What the model remembers between calls."""
        return self._state.slots

    def has_modules(self, pattern: str) -> bool:
        """Whether a module inside has a path or a class whose name contains the regular expression."""
        return any(
            re.search(pattern, f"{path} {child._c._type().name()}") for path, child in self._module.named_modules()
        )

    def __repr__(self) -> str:
        return f"<Model {self.info.name}: {self.info.parameters / 1e6:.1f} M parameters, ratio {self.info.ratio}>"

    def encode(self, x: Tensor) -> Tensor:
        """Audio (rows, in_channels, frames * ratio) to latents (rows, latent_size, frames)."""
        return _with_channels(self.call("encode", x), self.info.latent_size)

    def decode(self, z: Tensor) -> Tensor:
        """Latents (rows, latent_size, frames) to audio (rows, out_channels, frames * ratio)."""
        return self.call("decode", z)

    def forward(self, x: Tensor) -> Tensor:
        """Audio (rows, in_channels, frames * ratio) to audio (rows, out_channels, frames * ratio)."""
        if self.info.has_latents:
            return self.decode(self.encode(x))
        return self.call(self.effect, x)

    @property
    def effect(self) -> str:
        """The method from audio to audio: `forward`, or else the first. Raises LivevaeError if there is none."""
        return effect_method(self.info.methods, self.info.name)

    def call(self, method: str, x: Tensor) -> Tensor:
        """Any method of `info.methods`: (rows, channels, n / in_ratio) to (rows, channels, n / out_ratio)."""
        function = self._methods.get(method)
        if function is None:
            raise LivevaeError(f"{self.info.name} has no method {method!r}: it has {', '.join(self._methods)}.")
        self._check(method, x)
        try:
            if torch.is_inference_mode_enabled():
                y = function(x)
            else:
                with quick_calls():
                    y = function(x)
        except FAILURES as error:
            raise LivevaeError(f"{self.info.name} failed in {method} ({reason(error)}): reset it.") from error
        return y.clone()  # made outside inference mode, so it can be edited; and never a view of the model's state

    def _check(self, method: str, x: Tensor) -> None:
        channels, in_ratio = self.info.methods[method][:2]
        if method in self._audio_methods:
            channels = self.info.in_channels
        step = max(1, self.info.ratio // in_ratio)
        if x.dim() != 3 or x.shape[1] != channels or x.shape[2] < 1 or x.shape[2] % step or x.dtype != torch.float32:
            raise LivevaeError(
                f"{method} of {self.info.name} takes float32 (rows, {channels}, a multiple of {step}), "
                f"not {str(x.dtype).removeprefix('torch.')} {tuple(x.shape)}."
            )
        if self.info.max_rows is not None and x.shape[0] > self.info.max_rows:
            raise LivevaeError(
                f"{self.info.name} takes {self.info.max_rows} streams at once, not {x.shape[0]}: use more instances."
            )

    def reset(self, rows: Sequence[int] | None = None, part: str | None = None) -> None:
        """Forget: the rows (all of them where None) are then as in a model just opened.

        `part` is "encode" or "decode" to reset only what that method remembers, None for everything.
        """
        if part is not None and part not in self.info.methods:
            raise LivevaeError(f"{self.info.name} has no method {part!r} to reset: it has {', '.join(self._methods)}.")
        self._state.reset(rows if self.info.batched else None, part)

    def copy(self, source: int, target: int, part: str | None = None) -> None:
        """Let one row go on as another one does: it remembers the same (of `part`, as in `reset`)."""
        self._state.copy(source, target, part)

    def warm(self, batches: Iterable[int], frames: Iterable[int]) -> None:
        """Run every shape (rows x frames) until its calls are no longer slow, then reset."""
        lengths = list(frames)
        with torch.random.fork_rng(devices=[]):
            for rows in batches:
                for count in lengths:
                    for _ in range(2):
                        self.play(self.noise(rows, count))
        self.reset()

    def noise(self, rows: int, frames: int, level: float = 0.01) -> Tensor:
        """Input for `play`: white audio of that standard deviation, or latents of 1 where the model takes no audio."""
        if self.info.in_channels:
            return torch.randn(rows, self.info.in_channels, frames * self.info.ratio) * level
        return torch.randn(rows, self.info.latent_size, frames)

    def play(self, x: Tensor) -> Tensor:
        """Everything a voice calls: audio through the whole model, or through what there is of it."""
        if not self.info.in_channels:
            return self.decode(x)
        return self.forward(x) if self.info.out_channels else self.encode(x)

    def settle(self) -> int:
        """Run past what a fresh model makes of silence where that is not finite; resets then return to that point.

        Gives the number of chunks it took: 0 for a model that is well from the start.
        """
        self.reset()
        with torch.random.fork_rng(devices=[]):
            self.seed(0)  # every opening of a file settles at the same point
            count = next((n for n in range(SETTLE_CALLS) if finite(self.play(self.noise(1, 1)))), SETTLE_CALLS)
            if 0 < count < SETTLE_CALLS:
                for _ in range(SETTLE_CALLS // 2):
                    self.play(self.noise(1, 1))
                self._state.settle()
        self.reset()
        return count

    def instance(self) -> "Model":
        """Another stream of the same model: its own memory, the same weights. Starts fresh."""
        module = copy.deepcopy(self._module)
        theirs = dict(module.named_modules())
        for path, child in self._module.named_modules():
            for name, weights in torch._C.ParameterDict(child._c).items():  # type: ignore[attr-defined]
                theirs[path]._c.setattr(name, weights)  # the copy of the weights is let go again
        state = State(module, self._state.slots, self._state.settled)
        state.reset()
        return Model(module, state, self.info)

    def measure(self, frames: int = 1, rows: int = 1, repeats: int = 20) -> tuple[float, float]:
        """Seconds that one chunk (encode and decode, or the effect) takes: (median, longest). Resets afterwards."""
        times = []
        with torch.random.fork_rng(devices=[]):
            x = self.noise(rows, frames, 0.1)
            for _ in range(3):
                self.play(x)
            for _ in range(max(1, repeats)):
                start = time.perf_counter()
                self.play(x)
                times.append(time.perf_counter() - start)
        self.reset()
        return statistics.median(times), max(times)

    def measure_delay(self) -> int:
        """Delay from input to output inside the model, in samples at its rate; kept in `info.delay_samples`.

        Uses an instance of its own, so that what is playing is not touched. 0 for a model that takes no audio.
        """
        delay = 0
        if self.info.in_channels and self.info.out_channels:
            delay = find_delay(self.instance())
        self.info = replace(self.info, delay_samples=delay)
        return delay

    def set_attribute(self, name: str, *values: object) -> None:
        """Change a setting of the model (see `info.attributes`). Raises LivevaeError where it refuses."""
        if name not in self.info.attributes or not self._module._c._has_method(f"set_{name}"):
            known = ", ".join(self.info.attributes) or "none"
            raise LivevaeError(f"{self.info.name} has no setting {name!r}: it has {known}.")
        try:
            refused = getattr(self._module, f"set_{name}")(*values)
        except (*FAILURES, TypeError, ValueError):
            refused = 1
        if refused:
            raise LivevaeError(f"{self.info.name} refuses {name} = {values}: see its present value in `livevae info`.")

    @staticmethod
    def seed(number: int) -> None:
        """Fix the noise that models draw, for every model of this process."""
        torch.manual_seed(number)


def effect_method(methods: dict[str, list[int]], name: str) -> str:
    """The method among `methods` that takes audio and gives audio. Raises LivevaeError where there is none."""
    audio = [method for method, (_, takes, _, gives) in methods.items() if takes == 1 and gives == 1]
    if "forward" in audio:
        return "forward"
    if not audio:
        raise LivevaeError(f"{name} has no method from audio to audio: it has {', '.join(methods)}.")
    return audio[0]


def _with_channels(z: Tensor, size: int) -> Tensor:
    """Latents with exactly `size` dimensions: a file may give more (the rest is unused) or fewer (zeros)."""
    if z.shape[1] == size:
        return z
    if z.shape[1] > size:
        return z[:, :size]
    return torch.nn.functional.pad(z, (0, 0, 0, size - z.shape[1]))
