"""Draws `docs/gesture.png`: what four kinds of maps learn from the same five examples.

    python docs/pictures/gesture.py [OUT.png]

Each place of an XY pad has the colour of the latents that are heard there: their first three principal components are
red, green and blue. Needs matplotlib.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import matplotlib as mpl
import matplotlib.patheffects
import numpy as np

from livevae.engine.dry import DryEngine
from livevae.latent import Encoder, Library
from livevae.performance import Performance
from livevae.resources import default_model, sounds_dir

EXAMPLES = {"bell": (0.1, 0.15), "choir": (0.9, 0.2), "drum": (0.15, 0.85), "string": (0.85, 0.9), "wind": (0.5, 0.55)}
KINDS = {
    "rbf": "radial basis functions",
    "gp": "Gaussian process",
    "knn": "nearest examples",
    "mlp": "neural network",
}
RESOLUTION = 120


def learned(folder: Path) -> tuple[dict[str, np.ndarray], object]:
    """The maps `(n, n, D)` by their kind, and how the kinds compare."""
    library = Library(folder, Encoder())
    library.add_folder(sounds_dir())
    performance = Performance(DryEngine(), library, default_model=default_model(), live=False)
    try:
        performance.evaluate("hand = Gesture(inputs=2, space=v1, ranges=(0, 1), name='hand')")
        hand = performance.names["hand"]
        for name, place in EXAMPLES.items():
            hand.add(place, name)
        hand.train("auto")
        errors = hand.errors
        found = {}
        for kind in KINDS:
            hand.train(kind)
            found[kind] = hand.map(RESOLUTION)
    finally:
        performance.close()
        library.close()
    return found, errors


def colours(maps: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Three numbers from 0 to 1 for each place, by the same measure for all maps."""
    flat = np.concatenate([grid.reshape(-1, grid.shape[-1]) for grid in maps.values()])
    centred = flat - flat.mean(axis=0)
    _, _, directions = np.linalg.svd(centred, full_matrices=False)
    shown = centred @ directions[:3].T
    low, high = np.percentile(shown, [1, 99], axis=0)
    shown = np.clip((shown - low) / (high - low), 0, 1)
    parts = np.split(shown, len(maps))
    return {kind: part.reshape(RESOLUTION, RESOLUTION, 3) for kind, part in zip(maps, parts, strict=True)}


def main(out: str = str(Path(__file__).parent.parent / "gesture.png")) -> None:
    mpl.use("Agg")
    from matplotlib import pyplot

    with tempfile.TemporaryDirectory() as folder:
        maps, errors = learned(Path(folder))
    figure, panels = pyplot.subplots(1, 4, figsize=(13, 3.7), sharey=True, layout="constrained")
    for panel, (kind, image) in zip(panels, colours(maps).items(), strict=True):
        panel.imshow(image.transpose(1, 0, 2), origin="lower", extent=(0, 1, 0, 1))
        for name, (x, y) in EXAMPLES.items():
            panel.plot(x, y, "o", color="white", markeredgecolor="black", markersize=7)
            left = x > 0.6
            panel.annotate(
                name,
                (x, y),
                xytext=(-8 if left else 8, 0),
                textcoords="offset points",
                ha="right" if left else "left",
                va="center",
                color="white",
                fontweight="bold",
                path_effects=[mpl.patheffects.withStroke(linewidth=2.5, foreground="black")],
            )
        panel.set_title(f"{kind}: {KINDS[kind]}", fontsize=10)
        panel.set_xlabel("cc(1)")
    panels[0].set_ylabel("cc(2)")
    figure.savefig(out, dpi=90)
    print(repr(errors))


if __name__ == "__main__":
    main(*sys.argv[1:])
