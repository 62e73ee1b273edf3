"""Figures of models as Markdown: a row for each figure, a column for each model."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

LABELS: dict[str, tuple[str, str]] = {
    "distance_db": ("log-spectral distance, dB", ".2f"),
    "times": ("… times that of {}", ".2f"),
    "contrast_db": ("contrast distance, dB", ".1f"),
    "level_db": ("difference in level, dB", "+.1f"),
    "pitch_percent": ("pitch kept, % of tonal frames", ".0f"),
    "ratio": ("samples in a latent frame", ".0f"),
    "delay_ms": ("delay inside, ms", ".1f"),
    "path_ms": ("from input to output at blocks of {}, ms", ".1f"),
    "chunk": ("cost: chunks of, samples", ".0f"),
    "core_percent": ("… % of a core, as livevae plays it", ".1f"),
    "plain_core_percent": ("… % of a core, as the file is", ".1f"),
    "parameters_m": ("parameters, millions", ".2f"),
    "edges": ("abruptness at the edges of chunks", ".2f"),
    "edges_whole": ("… there, computed at once", ".2f"),
    "file_mb": ("file, MB", ".1f"),
}


@dataclass
class Column:
    """Everything known about one model, or one baseline."""

    name: str
    each: dict[str, dict[str, float | None]] = field(default_factory=dict)
    figures: dict[str, float] = field(default_factory=dict)

    def means(self) -> dict[str, float]:
        """Each measure meaned over the recordings for which there is one."""
        found: dict[str, float] = {}
        for measure in next(iter(self.each.values()), {}):
            known = [value for row in self.each.values() if (value := row[measure]) is not None]
            if known:
                found[measure] = float(np.mean(known))
        return found


def table(columns: list[Column], other: str | None) -> str:
    """The figures as a Markdown table: a row for each, a column for each model."""
    values = [column.figures | column.means() for column in columns]
    lines = ["| | " + " | ".join(column.name for column in columns) + " |", "|---" * (len(columns) + 1) + "|"]
    known = dict.fromkeys(key for row in values for key in row)
    for row_label, (label, form) in LABELS.items():
        for key in (key for key in known if _row(key) == row_label):
            cells = (format(row[key], form) if key in row else "–" for row in values)
            lines.append(f"| {label.format(other if key == 'times' else _block(key))} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _row(key: str) -> str:
    return "path_ms" if _block(key) else key


def _block(key: str) -> str:
    """The block that a figure is for; empty where it is for none."""
    return key.removeprefix("path_").removesuffix("_ms") if key.startswith("path_") else ""


def distances(columns: list[Column]) -> str:
    """The log-spectral distance of each recording, as a Markdown table."""
    lines = ["| recording | " + " | ".join(column.name for column in columns) + " |"]
    lines.append("|---" * (len(columns) + 1) + "|")
    for name in columns[0].each:
        lines.append(
            f"| {name} | " + " | ".join(f"{column.each[name]['distance_db']:.2f}" for column in columns) + " |"
        )
    return "\n".join(lines)
