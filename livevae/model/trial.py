"""Try a module out, to learn what its file does not say: channels, state, rows, noise, codes."""

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from livevae.errors import LivevaeError
from livevae.model.archive import FAILURES, Module, reason
from livevae.model.info import ModelInfo
from livevae.model.runner import Model, effect_method, quick_calls
from livevae.model.state import Memory, State, find_slots

TOLERANCE = 1e-4
"""Largest difference, relative to the largest value where that is over 1, at which two outputs count as equal."""
BLOCKS = [2**power for power in range(6, 17)]
"""Lengths tried with an effect, whose file does not say how many samples it needs."""
CHUNKS = 2
"""Chunks of each method that are watched for state: a sound may need more than one to reach the last layer."""

_QUANTISER = r"(?i)quanti[sz]|rvq|codebook|discrete"
"""What modules that make codes are called."""


def close(a: Tensor, b: Tensor) -> bool:
    """Whether two outputs are equal within TOLERANCE; NaN equals NaN."""
    if a.shape != b.shape:
        return False
    a, b = torch.nan_to_num(a), torch.nan_to_num(b)
    return float((a - b).abs().max()) <= TOLERANCE * max(1.0, float(a.abs().max()))


def tried(module: Module, info: ModelInfo) -> Model:
    """The module as a model, with `info` completed. Raises LivevaeError where nothing of it can be run.

    Draws from torch's random state and seeds it: to be called inside `torch.random.fork_rng`.
    """
    memory = Memory(module)
    first = memory.snapshot()
    if info.has_latents:
        channels, z = _first_that_works(module, "encode", info, info.ratio)
        y = _run(module, "decode", _shaped(z, info.latent_size), info)
        _expect_length(y, info.ratio, "decode", info)
        info = replace(info, in_channels=channels, out_channels=y.shape[1])
    elif "decode" in info.methods:
        y = _run(module, "decode", torch.randn(1, info.latent_size, 1), info)
        _expect_length(y, info.ratio, "decode", info)
        info = replace(info, out_channels=y.shape[1])
    elif "encode" in info.methods:
        channels, _ = _first_that_works(module, "encode", info, info.ratio)
        info = replace(info, in_channels=channels)
    else:
        info = _tried_effect(module, info)
    slots = find_slots(memory, first, [(name, _watched(module, name, info)) for name in _played(info)])
    rows = [slot.rows for slot in slots]
    divided = all(rows)
    info = replace(info, batched=divided, max_rows=(min(rows) if rows else None) if divided else 1)
    model = Model(module, State(module, slots), info)
    model.reset()
    return _listened(model)


def _played(info: ModelInfo) -> list[str]:
    """The methods a voice calls."""
    coders: list[str] = [name for name in ("encode", "decode") if name in info.methods]
    return coders if coders else [effect_method(info.methods, info.name)]


def _run(module: Module, method: str, x: Tensor, info: ModelInfo) -> Tensor:
    try:
        with quick_calls():
            y = getattr(module, method)(x)
    except FAILURES as error:
        raise LivevaeError(f"{info.path} fails in {method} ({reason(error)}): export it again.") from error
    if not isinstance(y, Tensor) or y.dim() != 3 or y.dtype != torch.float32:
        raise LivevaeError(f"{info.path} gives no float32 (batch, channels, samples) in {method}: export it for nn~.")
    return y


def _first_that_works(module: Module, method: str, info: ModelInfo, samples: int) -> tuple[int, Tensor]:
    """The number of channels that the method takes (files of several versions misstate it), and what came out."""
    failure: LivevaeError | None = None
    for channels in dict.fromkeys((info.methods[method][0], 1, 2)):
        try:
            return channels, _run(module, method, torch.randn(1, channels, samples) * 0.1, info)
        except LivevaeError as error:
            failure = failure or error
    raise failure or LivevaeError(f"{info.path} cannot run {method}: export it again.")


def _expect_length(y: Tensor, samples: int, method: str, info: ModelInfo) -> None:
    if y.shape[2] != samples:
        raise LivevaeError(
            f"{info.path} gives {y.shape[2]} samples in {method} where its ratio promises {samples}: export it again."
        )


def _tried_effect(module: Module, info: ModelInfo) -> ModelInfo:
    """The channels of an effect, and the smallest block that it gives back whole."""
    method = effect_method(info.methods, info.path)
    failure: LivevaeError | None = None
    for samples in BLOCKS:
        try:
            channels, y = _first_that_works(module, method, info, samples)
        except LivevaeError as error:  # too short a block for the layers of this model
            failure = error
            continue
        if y.shape[2] == samples:
            return replace(info, ratio=samples, in_channels=channels, out_channels=y.shape[1])
    raise failure or LivevaeError(f"{info.path} gives another number of samples than it takes: it cannot be played.")


def _watched(module: Module, method: str, info: ModelInfo) -> Callable[[], object]:
    """Calls of the method on fresh noise; latents come from `encode` where there is one, since codes must be codes."""
    audio = [torch.randn(1, info.in_channels, info.ratio) * 0.3 for _ in range(CHUNKS)]
    if method != "decode":
        inputs = audio
    elif info.has_latents:
        inputs = [torch.nan_to_num(_shaped(_run(module, "encode", x, info), info.latent_size)) for x in audio[:1]]
    else:
        inputs = [torch.randn(1, info.latent_size, 1)]
    return lambda: [_run(module, method, inputs[n % len(inputs)], info) for n in range(CHUNKS)]


def _shaped(z: Tensor, size: int) -> Tensor:
    return z[:, :size] if z.shape[1] >= size else torch.nn.functional.pad(z, (0, 0, 0, size - z.shape[1]))


def _stream(model: Model, inputs: list[Tensor], seed: int) -> Tensor:
    """What the model makes of the chunks, from a fresh start."""
    model.reset()
    model.seed(seed)
    return torch.cat([model.play(x) for x in inputs], 2)


def _listened(model: Model) -> Model:
    """The model with what can be heard of it: noise of its own, codes, rows that are streams."""
    inputs = [model.noise(2, 1, 0.3) for _ in range(CHUNKS)]
    rows = [[x[row : row + 1] for x in inputs] for row in range(2)]
    first = _stream(model, rows[0], seed=1)
    again = _stream(model, rows[0], seed=2)
    deterministic = torch.equal(torch.nan_to_num(first), torch.nan_to_num(again))
    model.info = replace(
        model.info, deterministic=deterministic, discrete=model.info.has_latents and _gives_codes(model)
    )
    if model.info.batched and not _rows_are_streams(model, inputs, rows, first):
        model.info = replace(model.info, batched=False, max_rows=1)
    model.reset()
    return model


def _gives_codes(model: Model) -> bool:
    """Codebook indices are whole numbers and vary; an untrained codebook's do not, but its modules are named so."""
    model.reset()
    codes = model.encode(model.noise(1, 16, 0.3))
    if not bool((codes == codes.round()).all()):
        return False
    return bool(codes.max() > codes.min()) or model.has_modules(_QUANTISER)


def _rows_are_streams(model: Model, inputs: list[Tensor], rows: list[list[Tensor]], first: Tensor) -> bool:
    """Whether two rows give what each gives alone (where noise makes that no question: whether they run at all)."""
    try:
        together = _stream(model, inputs, seed=1)
    except LivevaeError:
        return False
    if not model.info.deterministic:
        return together.shape[0] == 2
    return close(torch.cat([first, _stream(model, rows[1], seed=1)]), together)
