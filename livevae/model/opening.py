"""From a file to a model that is ready to be heard: read, try out, make fast, compare, settle."""

from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from livevae.errors import LivevaeError
from livevae.model import describe
from livevae.model.archive import FAILURES, Module, check_archive, load_archive
from livevae.model.info import ModelInfo, file_digest
from livevae.model.rewrite import rewrite
from livevae.model.runner import Model
from livevae.model.state import State
from livevae.model.trial import close, tried

COMPARED_CHUNKS = 8


def open_model(path: str | Path, *, sample_rate: int | None = None, fast: bool = True, threads: int = 1) -> Model:
    """Open a TorchScript model file: described, reset, with faster convolutions where they prove equal.

    `sample_rate` (Hz) overrides what the file says; where neither says it, `info.sample_rate` is None and the caller
    decides. `fast=False` leaves the graph as it is. `threads` sets torch's threads for the whole process. The file's
    code runs: open only files that the performer named. This holds the GIL for up to half a second.

    Raises LivevaeError for a missing, foreign or damaged file, and for a module that has no method to play with.
    """
    if sample_rate is not None and not 1000 <= sample_rate <= 1_000_000:
        raise LivevaeError(f"a sample rate of {sample_rate} Hz cannot be: give it in hertz, such as 48000.")
    if threads < 1:
        raise LivevaeError(f"{threads} threads cannot compute: give 1 or more.")
    torch.set_num_threads(threads)
    file = Path(path).expanduser()
    check_archive(file)
    module = load_archive(file)
    info = replace(_described(module, file), digest=file_digest(file))
    info = replace(info, sample_rate=sample_rate or describe.sample_rate(module))
    with torch.random.fork_rng(devices=[]):  # trying out draws noise; what the performer seeded stays seeded
        model = _rewritten(module, info, file) if fast else tried(module, info)
        model.settle()
    return model


def _described(module: Module, file: Path) -> ModelInfo:
    """What can be known without running anything."""
    usable = describe.methods(module)
    if not usable:
        raise LivevaeError(f"{file} has no method that livevae can call: export it for nn~, with its *_params buffers.")
    types = {p.dtype for p in module.parameters() if p.is_floating_point()}
    if types - {torch.float32}:
        raise LivevaeError(f"{file} computes in {_named(types)}, not float32: export it in float32.")
    has_latents = "encode" in usable and "decode" in usable
    if has_latents:
        ratio = _ratio(usable["decode"], 1)
        if ratio != _ratio(usable["encode"], 0):
            raise LivevaeError(f"{file} encodes and decodes at different ratios: it cannot be played as one stream.")
        latent_size = usable["decode"][0]
    else:
        latent_size = usable["decode"][0] if "decode" in usable else 0
        ratio = max(max(params[1], params[3]) for params in usable.values())
    known = describe.statistics(module)
    return ModelInfo(
        path=str(file),
        name=file.stem,
        sample_rate=None,
        ratio=ratio,
        latent_size=latent_size,
        full_latent_size=describe.full_latent_size(module, latent_size),
        in_channels=0,
        out_channels=0,
        methods=usable,
        attributes=describe.attributes(module, usable),
        parameters=sum(p.numel() for p in module.parameters()),
        has_latents=has_latents,
        fidelity=known.get("fidelity", []),
        latent_mean=known.get("latent_mean", []),
        latent_std=known.get("latent_std", []),
        latent_min=known.get("latent_min", []),
        latent_max=known.get("latent_max", []),
    )


def _ratio(params: list[int], audio_side: int) -> int:
    """Audio samples for each latent frame; `audio_side` is 0 where the method takes audio, 1 where it gives it."""
    audio, latent = (params[1], params[3]) if audio_side == 0 else (params[3], params[1])
    return max(1, latent // audio)


def _named(types: set[torch.dtype]) -> str:
    return " and ".join(sorted(str(t).removeprefix("torch.") for t in types))


def _rewritten(module: Module, info: ModelInfo, file: Path) -> Model:
    """The model with its convolutions rewritten, or as it is where that gives another output.

    Never decided by timing: the same file must give the same samples every time it is opened.
    """
    plain = load_archive(file)
    try:
        rewrite(module, info.methods)
        model = tried(module, replace(info, rewritten=True))
        expected = _heard(Model(plain, State(plain, model.slots), model.info))
        got = _heard(model)
        if all(close(x, y) for x, y in zip(expected, got, strict=True)):
            return model
    except (*FAILURES, LivevaeError):
        pass  # whatever the rewritten graph cannot do, the file as it is may
    return tried(load_archive(file), info)


def _heard(model: Model) -> list[Tensor]:
    """What a fresh model makes of some noise."""
    model.reset()
    model.seed(0)
    outputs = [model.play(model.noise(1, 1, 0.3)) for _ in range(COMPARED_CHUNKS)]
    model.reset()
    return outputs
