"""Gestures on disk: what they are as JSON, and their arrays in an .npz file beside it.

The name of the arrays' file holds a part of their digest, and the JSON file, which names it, is replaced last: whatever
happens while a gesture is saved, what is read is the old one or the new one.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from livevae.errors import LivevaeError
from livevae.latent.fitting import Score, packed, unpacked
from livevae.latent.maps import Map
from livevae.latent.whole import whole
from livevae.performance.examples import Example, Scores
from livevae.performance.layers import Floats

VERSION: Final = 1
_MAP: Final = "map_"


@dataclass(frozen=True, eq=False)
class Saved:
    """A gesture as it is saved; `model` is its name, its digest and its dimensions, `voice` the name of one."""

    name: str
    inputs: int
    kind: str
    ranges: Floats | None
    voice: str | None
    model: tuple[str, str, int]
    examples: tuple[Example, ...]
    map: Map | None
    scores: Scores


def save(path: str | Path, saved: Saved) -> Path:
    """Write a gesture. Gives the path of its JSON file. Raises LivevaeError where it cannot be written."""
    target = Path(path).expanduser()
    if target.suffix.lower() != ".json":
        raise LivevaeError(f"a gesture is saved as a .json file, such as hand.json, not {target.name!r}.")
    model, digest, dims = saved.model
    arrays = {
        "x": np.array([example.x for example in saved.examples]).reshape(-1, saved.inputs),
        "z": np.array([example.z for example in saved.examples]).reshape(-1, dims),
    }
    if saved.map is not None:
        arrays |= {_MAP + name: values for name, values in saved.map.to_arrays().items()}
    data = packed(arrays)
    checked = hashlib.sha256(data).hexdigest()
    beside = target.with_name(f"{target.stem}.{checked[:12]}.npz")
    facts = {
        "livevae": "gesture",
        "version": VERSION,
        "name": saved.name,
        "inputs": saved.inputs,
        "kind": saved.kind,
        "ranges": None if saved.ranges is None else saved.ranges.tolist(),
        "voice": saved.voice,
        "model": {"name": model, "digest": digest, "dimensions": dims},
        "examples": [example.source for example in saved.examples],
        "scores": [[score.kind, score.between, score.at] for score in saved.scores],
        "arrays": beside.name,
        "sha256": checked,
    }
    try:
        before = _arrays_of(target)
        _write(beside, data)
        _write(target, (json.dumps(facts, ensure_ascii=False, indent=1) + "\n").encode())
        if before is not None and before != beside:
            before.unlink(missing_ok=True)
    except OSError as error:
        raise LivevaeError(f"cannot write {target}: {error.strerror or error}.") from None
    return target


def load(path: str | Path) -> Saved:
    """Read what `save` wrote. Raises LivevaeError for anything else."""
    target = Path(path).expanduser()
    try:
        facts = json.loads(target.read_text(encoding="utf-8"))
    except OSError as error:
        raise LivevaeError(f"the gesture {target} cannot be read: {error.strerror or error}.") from None
    except ValueError:
        facts = None
    if not isinstance(facts, dict) or facts.get("livevae") != "gesture":
        raise LivevaeError(f"{target} is no gesture: save one with gesture.save({str(path)!r}).")
    if not isinstance(facts.get("version"), int) or facts["version"] > VERSION:
        raise LivevaeError(f"{target} was saved by a later livevae: this one reads version {VERSION}.")
    beside = target.with_name(Path(str(facts.get("arrays"))).name)
    try:
        data = beside.read_bytes()
    except OSError as error:
        raise LivevaeError(f"{beside}, which belongs to {target.name}, cannot be read: {error.strerror}.") from None
    try:
        if hashlib.sha256(data).hexdigest() != facts["sha256"]:
            raise ValueError
        return _read(facts, unpacked(data))
    except (KeyError, TypeError, ValueError, IndexError, EOFError, OSError, zipfile.BadZipFile, LivevaeError):
        raise LivevaeError(f"{target} or {beside.name} is damaged: load another one, or train it again.") from None


def _read(facts: dict[str, Any], arrays: dict[str, Any]) -> Saved:
    model = facts["model"]
    dims, inputs = int(model["dimensions"]), int(facts["inputs"])
    x, z = np.asarray(arrays["x"], np.float64), np.asarray(arrays["z"], np.float64)
    sources = [str(source) for source in facts["examples"]]
    if x.shape != (len(sources), inputs) or z.shape != (len(sources), dims):
        raise ValueError
    fitted = {name.removeprefix(_MAP): values for name, values in arrays.items() if name.startswith(_MAP)}
    made = Map.from_arrays(fitted) if fitted else None
    if made is not None and (made.inputs, made.dims) != (inputs, dims):
        raise ValueError
    scores = [Score(str(kind), None if b is None else float(b), float(at)) for kind, b, at in facts["scores"]]
    ranges = None if facts["ranges"] is None else np.array(facts["ranges"], np.float64)
    examples = tuple(Example(*row) for row in zip(x, z, sources, strict=True))
    named = str(model["name"]), str(model["digest"]), dims
    voice = None if facts["voice"] is None else str(facts["voice"])
    return Saved(str(facts["name"]), inputs, str(facts["kind"]), ranges, voice, named, examples, made, Scores(scores))


def _arrays_of(target: Path) -> Path | None:
    """The arrays' file that a gesture which is about to be replaced names."""
    with contextlib.suppress(OSError, ValueError, AttributeError, KeyError):
        facts = json.loads(target.read_text(encoding="utf-8"))
        if facts["livevae"] == "gesture":
            return target.with_name(Path(str(facts["arrays"])).name)
    return None


def _write(target: Path, data: bytes) -> None:
    """Whole or not at all. Raises OSError."""
    with whole(target) as part, open(part, "xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
