"""A score as a picture: cues above, and for each voice its level and its latents over time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from livevae.performance.score import QUIET, Part, Score

_PAPER, _INK, _FAINT = "#fbfaf7", "#22222a", "#c9c5bb"
_LEVEL = "#3a6ea5"
_CUES = ("#e8e1d3", "#dfe6ea")
_LONGEST_NAME = 44
_WIDEST, _NARROWEST = 40.0, 12.0
_SPREAD = 2.5
"""The colours are strongest this many standard deviations away from the middle of a voice's latents."""


def draw(score: Score, out: Path) -> None:
    """Write the picture, as PNG, SVG or PDF by the suffix of `out`. Raises OSError where it cannot be written."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    width = min(max(_NARROWEST, score.seconds / 6), _WIDEST)
    heights = [0.35] + [0.5 + 0.16 * part.latents.shape[1] for part in score.parts]
    figure = Figure(figsize=(width, sum(heights) + 1.2), facecolor=_PAPER, layout="constrained")
    FigureCanvasAgg(figure)
    rows = figure.subplots(len(heights), 1, sharex=True, squeeze=False, gridspec_kw={"height_ratios": heights})[:, 0]
    _cues(rows[0], score)
    for axis, part in zip(rows[1:], score.parts, strict=True):
        _voice(axis, part, score)
    rows[-1].set_xlabel("seconds", color=_INK)
    rows[-1].set_xlim(0, score.seconds)
    figure.savefig(out, dpi=110, facecolor=_PAPER)


def _cues(axis: Any, score: Score) -> None:
    axis.set_ylim(0, 1)
    axis.set_yticks([])
    axis.set_title(score.title, loc="left", color=_INK, fontsize=13, fontweight="bold")
    ends = [*(cue.second for cue in score.cues), score.seconds][1:] if score.cues else []
    for number, (cue, end) in enumerate(zip(score.cues, ends, strict=True)):
        axis.axvspan(cue.second, end, color=_CUES[number % 2], lw=0)
        axis.text(cue.second, 0.5, f" {cue.name}", va="center", fontsize=10, color=_INK, clip_on=True)
    for spine in axis.spines.values():
        spine.set_visible(False)
    axis.tick_params(bottom=False, labelbottom=False)
    above = axis.secondary_xaxis("top")
    step = max(1, int(np.ceil(len(score.cycles) / 40)))
    above.set_xticks(score.cycles[::step], [str(n) for n in range(0, len(score.cycles), step)])
    above.tick_params(labelsize=8, colors=_INK)


def _voice(axis: Any, part: Part, score: Score) -> None:
    dims = part.latents.shape[1]
    heard = np.where((part.level > QUIET)[:, None], part.latents, np.nan)
    known = ~np.isnan(heard).all(axis=0) if len(heard) else np.zeros(dims, bool)
    centre = np.where(known, np.nanmean(np.where(known, heard, 0.0), axis=0), 0.0)
    spread = np.where(known, np.nanstd(np.where(known, heard, 0.0), axis=0), 0.0)
    shades = (heard - centre) / np.maximum(spread, 1e-6)
    step = float(np.median(np.diff(part.seconds))) if len(part.seconds) > 1 else 1.0
    times = np.append(part.seconds, part.seconds[-1:] + step)
    axis.pcolormesh(
        times,
        np.arange(dims + 1),
        shades.T,
        cmap="RdBu_r",
        vmin=-_SPREAD,
        vmax=_SPREAD,
        shading="flat",
        rasterized=True,
    )
    floor = dims + 2.4
    axis.fill_between(part.seconds, floor, floor - 2.0 * np.clip(part.level, 0.0, 1.1), color=_LEVEL, lw=0)
    axis.set_ylim(dims + 3.6, 0)
    axis.set_yticks(np.arange(dims) + 0.5, [str(n) for n in range(dims)])
    axis.tick_params(labelsize=7, colors=_INK)
    axis.set_facecolor(_PAPER)
    axis.set_ylabel(part.name, rotation=0, ha="right", va="center", fontsize=12, fontweight="bold", color=_INK)
    for cycle in score.cycles:
        axis.axvline(cycle, color=_FAINT, lw=0.4, zorder=0)
    for cue in score.cues:
        axis.axvline(cue.second, color=_INK, lw=0.8)
    for mark in part.marks:
        axis.axvline(mark.second, color=_INK, lw=0.6, ls=":")
        axis.text(mark.second, dims + 3.5, " " + _short(mark.name), fontsize=7.5, color=_INK, va="bottom", clip_on=True)
    for side in ("top", "right"):
        axis.spines[side].set_visible(False)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_NAME else text[: _LONGEST_NAME - 1] + "…"
