"""The file that a run resumes from: either the old one or the new one is there, whole, at every moment."""

from __future__ import annotations

import os
import pickle
import zipfile
from pathlib import Path
from typing import Any

import torch

from livevae.errors import LivevaeError
from livevae.training.config import PRESETS, Shape


def save_checkpoint(path: Path, contents: dict[str, Any]) -> None:
    """Write beside, then rename. Raises LivevaeError where it cannot be written; the one before stays whole."""
    beside = path.with_name(path.name + ".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.save(contents, beside)
        with open(beside, "rb") as written:
            os.fsync(written.fileno())
        os.replace(beside, path)
    except (RuntimeError, OSError) as error:
        beside.unlink(missing_ok=True)
        raise LivevaeError(
            f"The checkpoint {path} cannot be written: make room on the disk; the one before it is still whole."
        ) from error


def load_checkpoint(path: Path) -> dict[str, Any]:
    """A checkpoint's contents. Raises LivevaeError when the file is damaged."""
    try:
        if not zipfile.is_zipfile(path):
            raise OSError("it is no archive")
        kept: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, OSError, pickle.UnpicklingError) as error:
        raise LivevaeError(f"The checkpoint {path} cannot be read: delete it and train anew.") from error
    return kept


def kept_shape(contents: dict[str, Any]) -> Shape:
    """The sizes of the model in a checkpoint; those of its preset where it does not say."""
    return Shape(**contents["shape"]) if "shape" in contents else PRESETS[contents["preset"]].shape
