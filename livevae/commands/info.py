"""`livevae info`: what a model file is."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from livevae.commands.models import chosen

if TYPE_CHECKING:
    from livevae.model.info import ModelInfo


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "model", type=Path, nargs="?", metavar="MODEL", help="model file (.ts); the default model without"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    from livevae.model import open_model

    info = open_model(chosen(arguments.model), fast=False).info
    if arguments.json:
        data = info.to_json()
        data["channels"] = {"in": info.in_channels, "out": info.out_channels}
        print(json.dumps(data, default=str))
    else:
        print("\n".join(described(info)))
    return 0


def described(info: ModelInfo) -> list[str]:
    """The facts of a model, a line each."""
    rows = [
        ("model", f"{info.name} ({info.path})"),
        ("sample rate", f"{info.sample_rate} Hz" if info.sample_rate else "not said by the file"),
        (
            "ratio",
            f"{info.ratio} samples a frame" + (f", {info.frame_rate:.2f} frames a second" if info.frame_rate else ""),
        ),
        ("latents", _latents(info)),
        ("channels", f"{info.in_channels} in, {info.out_channels} out"),
        ("parameters", f"{info.parameters:,}"),
        ("methods", ", ".join(f"{name} {params}" for name, params in info.methods.items())),
        ("attributes", ", ".join(f"{name} = {value}" for name, value in info.attributes.items()) or "none"),
    ]
    if info.fidelity:
        rows.append(("fidelity", " ".join(f"{value:.3f}" for value in info.fidelity)))
    return [f"{name:<12} {value}" for name, value in rows]


def _latents(info: ModelInfo) -> str:
    if not info.has_latents:
        return "none: an effect"
    kept = f"{info.latent_size} dimensions"
    if info.full_latent_size != info.latent_size:
        kept += f" of {info.full_latent_size}"
    return kept + (", codebook indices: held, never interpolated" if info.discrete else "")
