"""Encoded recordings as files: numpy archives with `z`, `rate`, `sample_rate` and `ratio`."""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from livevae.errors import LivevaeError
from livevae.latent.trajectory import Frames
from livevae.latent.whole import whole


@dataclass(frozen=True, eq=False)
class Encoded:
    """A recording in latent space: frames `z` of shape `(frames, D)`, each `ratio` samples at `sample_rate` Hz."""

    z: Frames
    sample_rate: int
    ratio: int

    @property
    def rate(self) -> float:
        """Frames a second."""
        return self.sample_rate / self.ratio


def save(path: str | Path, encoded: Encoded) -> None:
    """Write a file whole or not at all: the arrays `z`, `rate` (frames a second), `sample_rate` and `ratio`.

    Raises LivevaeError where it cannot be written.
    """
    target = Path(path)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with whole(target) as part, open(part, "xb") as file:
            np.savez(
                file,
                z=np.asarray(encoded.z, np.float32),
                rate=np.float64(encoded.rate),
                sample_rate=np.int64(encoded.sample_rate),
                ratio=np.int64(encoded.ratio),
            )
    except OSError as error:
        raise LivevaeError(f"cannot write {target}: {error.strerror or error}.") from None


def load(path: str | Path) -> Encoded:
    """Read what `save` wrote. Raises LivevaeError for a missing, damaged or other file."""
    advice = "write it with `livevae encode`"
    try:
        with np.load(path, allow_pickle=False) as archive:
            missing = [name for name in ("z", "sample_rate", "ratio") if name not in archive]
            if missing:
                raise LivevaeError(f"{path} holds no array {missing[0]!r}: {advice}.")
            z = np.asarray(archive["z"], np.float32)
            sample_rate, ratio = int(archive["sample_rate"]), int(archive["ratio"])
    except FileNotFoundError:
        raise LivevaeError(f"there is no file {path}: check the name and the folder.") from None
    except (OSError, ValueError, TypeError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        reason = f"{error.strerror}" if isinstance(error, OSError) and error.strerror else "damaged or of another kind"
        raise LivevaeError(f"{path} is no readable .npz file ({reason}): {advice}.") from None
    if z.ndim != 2 or z.size == 0 or sample_rate <= 0 or ratio <= 0 or not np.isfinite(z).all():
        raise LivevaeError(
            f"{path} holds no latent frames (frames, D) with their rate: write it with `livevae encode`."
        )
    return Encoded(z, sample_rate, ratio)
