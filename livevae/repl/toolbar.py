"""The line under the prompt: what the performer must see at a glance, as pure functions of a few readings."""

from __future__ import annotations

import math
from dataclasses import dataclass

from livevae.repl.report import shorten

Fragments = list[tuple[str, str]]

FLOOR_DB = -48.0
"""The quietest level that a meter shows."""

METER_CELLS = 8
_LONGEST_NAME = 16
_EIGHTHS = " ▏▎▍▌▋▊▉█"

STYLE = {
    "bottom-toolbar": "noreverse bg:#1c1c24 #b8b8c8",
    "bottom-toolbar.label": "#70708a",
    "bottom-toolbar.meter": "#5fd787",
    "bottom-toolbar.hot": "#ff5f5f",
    "bottom-toolbar.warn": "#ffaf5f bold",
    "bottom-toolbar.cue": "#ffd75f bold",
    "bottom-toolbar.rec": "#ffffff bg:#d70000 bold",
    "bottom-toolbar.error": "#ff8787",
    "bottom-toolbar.signature": "#87afd7",
    "bottom-toolbar.argument": "#ffffff bold",
    "bottom-toolbar.doc": "#8a8aa0 italic",
}


@dataclass(frozen=True)
class Readings:
    """What the toolbar shows. Loads are fractions of real time, peaks linear, latencies milliseconds.

    `buffering` and `model` are None while no voice sounds or where the delay inside the model is not known. `left` are
    the cycles, of `beats` beats each, until the cue `following` begins after `cue`; None until told.
    """

    cycle: float = 0.0
    bpm: float = 0.0
    load_audio: float = 0.0
    load_inference: float = 0.0
    late: int = 0
    xruns: int = 0
    buffering: float | None = None
    model: float | None = None
    peaks: tuple[float, float] = (0.0, 0.0)
    recording: str | None = None
    error: str | None = None
    note: str | None = None
    cue: str | None = None
    left: float | None = None
    beats: float = 4.0
    following: str | None = None
    dear: str | None = None
    """The voice whose patterns cost most and what they take, where that is much: `v1 31%`."""


def meter(peak: float, cells: int = METER_CELLS) -> str:
    """A level as a bar of `cells` characters: empty at `FLOOR_DB` and below, full at full scale."""
    if not peak > 0.0:
        return " " * cells
    share = min(max(1.0 - 20.0 * math.log10(peak) / FLOOR_DB, 0.0), 1.0)
    eighths = round(share * cells * 8)
    bar = "█" * (eighths // 8) + (_EIGHTHS[eighths % 8] if eighths % 8 else "")
    return bar.ljust(cells)


def latency(buffering: float | None, model: float | None) -> str:
    """Buffering and model delay side by side, in milliseconds: `27+310 ms`."""
    if buffering is None:
        return ""
    return f"{buffering:.0f}+{'?' if model is None else format(model, '.0f')} ms"


def countdown(left: float, beats: float) -> str:
    """Cycles that are left as `bars:beats`, where the beat that is running counts.

    >>> countdown(3.5, 4), countdown(0.01, 4), countdown(16, 3)
    ('3:2', '0:1', '16:0')
    """
    whole = max(1, round(beats))
    bars, rest = divmod(math.ceil(max(left, 0.0) * whole - 1e-6), whole)
    return f"{bars}:{rest}"


def toolbar(readings: Readings, width: int) -> Fragments:
    """One line of at most `width` columns; the least important parts go first where it is narrow.

    The error has what room is left, and is always there with at least a third of the line.
    """
    parts = _parts(readings)
    last = readings.error or readings.note
    wanted = min(len(" ".join(last.split())) + 1, max(width // 3, 1)) if last else 0
    while len(parts) > 1 and _length(parts) + wanted > width:
        parts.remove(max(parts, key=lambda part: part[0]))
    line = [fragment for _, fragments in parts for fragment in fragments]
    if last:
        room = width - _length(parts) - 1
        style = "class:bottom-toolbar.error" if readings.error else "class:bottom-toolbar.label"
        line.append((style, " " + shorten(last, max(room, 0))))
    return line


def _parts(readings: Readings) -> list[tuple[int, Fragments]]:
    """The pieces of the line from left to right, each with the order in which it may be left out (largest first)."""
    label, plain, warn = "class:bottom-toolbar.label", "class:bottom-toolbar", "class:bottom-toolbar.warn"
    load = max(readings.load_audio, readings.load_inference)
    parts: list[tuple[int, Fragments]] = [
        (0, [(plain, f" {readings.cycle:.1f} ")]),
        (5, [(plain, f"{readings.bpm:g}"), (label, " bpm ")]),
        (4, [(label, " load "), (warn if load > 0.8 else plain, f"{load:.0%} ")]),
        (3, [(label, " late "), (warn if readings.late else plain, f"{readings.late} ")]),
        (2, [(label, " xruns "), (warn if readings.xruns else plain, f"{readings.xruns} ")]),
    ]
    parts[1:1] = _form(readings)
    if readings.dear is not None:
        parts.append((3, [(label, " pattern "), (warn, f"{readings.dear} ")]))
    delay = latency(readings.buffering, readings.model)
    if delay:
        parts.append((6, [(plain, f" {delay} ")]))
    parts.append((7, _meters(readings.peaks)))
    if readings.recording is not None:
        parts.append((1, [("class:bottom-toolbar.rec", " REC ")]))
    return parts


def _form(readings: Readings) -> list[tuple[int, Fragments]]:
    """The cue, what is left of it, and what follows; the countdown stays longest where it is narrow."""
    label, cue = "class:bottom-toolbar.label", "class:bottom-toolbar.cue"
    parts: list[tuple[int, Fragments]] = []
    if readings.cue is not None:
        parts.append((1, [(cue, f" {shorten(readings.cue, _LONGEST_NAME)} ")]))
    if readings.left is not None:
        last = readings.left <= 1.0 and readings.following is not None
        style = "class:bottom-toolbar.warn" if last else "class:bottom-toolbar"
        parts.append((1, [(style, f" {countdown(readings.left, readings.beats)} ")]))
    if readings.following is not None:
        parts.append((3, [(label, f" → {shorten(readings.following, _LONGEST_NAME)} ")]))
    return parts


def _meters(peaks: tuple[float, float]) -> Fragments:
    fragments: Fragments = []
    for name, peak in zip("LR", peaks, strict=True):
        style = "class:bottom-toolbar.hot" if peak >= 0.99 else "class:bottom-toolbar.meter"
        fragments += [("class:bottom-toolbar.label", f" {name}"), (style, meter(peak))]
    return [*fragments, ("class:bottom-toolbar", " ")]


def _length(parts: list[tuple[int, Fragments]]) -> int:
    return sum(len(text) for _, fragments in parts for _, text in fragments)
