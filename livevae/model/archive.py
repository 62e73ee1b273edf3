"""Read a `.ts` file into a TorchScript module, or say in one sentence why it cannot be."""

import warnings
import zipfile
import zlib
from pathlib import Path
from typing import TypeAlias

import torch

from livevae.errors import LivevaeError

Module: TypeAlias = torch.jit.ScriptModule
"""A module read from a file."""

FAILURES = (RuntimeError, torch.jit.Error)
"""What a call of a module raises."""


def reason(error: BaseException) -> str:
    """The one line of torch's long message that says what went wrong."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[-1] if lines else type(error).__name__).removeprefix("RuntimeError: ")[:160].rstrip(".")


def load_archive(path: Path) -> Module:
    """The module saved in `path`, on the CPU, in eval mode, with gradients off.

    Raises LivevaeError where torch cannot read it; `check_archive` says more about why.
    """
    try:
        with warnings.catch_warnings():
            # torch 2.13 announces that TorchScript is deprecated; that is no news a performer can use.
            warnings.simplefilter("ignore")
            module: Module = torch.jit.load(str(path), map_location="cpu")  # type: ignore[no-untyped-call]
    except (RuntimeError, ValueError, OSError) as error:
        raise LivevaeError(f"{path} could not be opened by torch ({_first_line(error)}): export it again.") from None
    module.eval()
    for parameter in module.parameters():
        parameter.requires_grad_(False)
    return module


def check_archive(path: Path) -> None:
    """Tell the wrong kinds of file apart before torch sees them: its own messages name C++ files.

    Raises LivevaeError where there is no such file, where it is no TorchScript archive, or where it is damaged (torch
    itself would run a model with damaged weights).
    """
    if not path.exists():
        raise LivevaeError(f"there is no model file {path}: check the name and the folder.")
    if path.is_dir():
        raise LivevaeError(f"{path} is a folder: name the .ts file inside it.")
    try:
        with open(path, "rb") as file:
            begins_as_zip = file.read(4) == b"PK\x03\x04"
        if not zipfile.is_zipfile(path):
            what = "is cut short or damaged" if begins_as_zip else "is not a TorchScript file"
            raise LivevaeError(f"{path} {what}: copy or export the model again.")
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            damaged = archive.testzip()
    except OSError as error:
        raise LivevaeError(f"cannot read {path}: {error.strerror or error}.") from None
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError):
        damaged = ""
    if damaged is not None:
        raise LivevaeError(f"{path} is cut short or damaged: copy or export the model again.")
    inner = {name.split("/", 1)[1] for name in names if "/" in name}
    if "data.pkl" not in inner:
        raise LivevaeError(f"{path} is a zip file but not a TorchScript model: name the exported .ts file.")
    if not any(name.startswith("code/") for name in inner):
        raise LivevaeError(f"{path} is a training checkpoint, not an exported model: export it to a .ts file first.")


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__)[:160].rstrip(".")
