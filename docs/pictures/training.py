"""Draws the pictures of `docs/training.md`: what a model makes of a recording, and how models came nearer.

    python docs/pictures/training.py [RECORDING]

`training-run.png` is what a run's folder would hold of RECORDING (one that ships, unless another one is given) through
the default model. `training-curves.png` is drawn from `training-curves.csv`: processor minutes on one core and the
log-spectral distance from the recordings that were held out. Needs matplotlib.
"""

from __future__ import annotations

import csv
import sys
import tempfile
from pathlib import Path

import matplotlib as mpl
import torch
from PIL import Image

from livevae.resources import default_model, sounds_dir
from livevae.training.dataset import load_recordings
from livevae.training.listening import Listening
from livevae.training.measure import open_exported, transform_exported

HERE = Path(__file__).parent
STYLES = {"default": "tab:blue", "low-latency": "tab:green", "RAVE v2 small": "tab:orange"}
LIFTED = {"default": -6, "low-latency": 6}  # points: their ends lie close together


def run_picture(recording: Path, out: Path) -> None:
    """The recording before and after the default model, as a run keeps it."""
    opened = open_exported(default_model())
    rate = int(opened.get_sample_rate())
    (audio,) = load_recordings([recording], rate, (), lambda line: None).training.values()
    torch.manual_seed(0)
    made = transform_exported(opened, audio)
    with tempfile.TemporaryDirectory() as folder:
        Listening(Path(folder), rate).sound(0, recording.stem, audio, made)
        # Fewer colours make it half as large, and nobody sees it.
        Image.open(next(Path(folder).glob("*.png"))).convert("RGB").quantize(64).save(out, optimize=True)


def curves_picture(table: Path, out: Path) -> None:
    """Distance over processor time, a line for each model."""
    from matplotlib import pyplot

    with table.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    figure, axes = pyplot.subplots(figsize=(8, 3.6), layout="constrained")
    for name in dict.fromkeys(row["model"] for row in rows):
        points = [(float(row["minutes"]), float(row["distance_db"])) for row in rows if row["model"] == name]
        minutes, distances = zip(*points, strict=True)
        axes.plot(minutes, distances, "o-", markersize=3, label=name, color=STYLES.get(name))
        axes.annotate(
            f"{distances[-1]:.2f}",
            (minutes[-1], distances[-1]),
            xytext=(5, LIFTED.get(name, 0)),
            textcoords="offset points",
            va="center",
        )
    axes.set_xlabel("minutes of one core")
    axes.set_ylabel("distance, dB")
    axes.set_xlim(0)
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(out, dpi=90)


def main(recording: str = str(sounds_dir() / "voice.flac")) -> None:
    mpl.use("Agg")
    torch.set_num_threads(1)
    run_picture(Path(recording).expanduser(), HERE / "training-run.png")
    curves_picture(HERE / "training-curves.csv", HERE / "training-curves.png")


if __name__ == "__main__":
    main(*sys.argv[1:])
