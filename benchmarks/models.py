"""What models make of recordings, how late they are and what they cost, beside each other in one table.

    python -m benchmarks.models [MODEL.ts ...] [--recordings FOLDER ...] [--held-out FILE]
        [--against OTHER.ts] [--rebuilt FOLDER] [--blocks 64 256] [--chunk 256] [--each] [--json]

Without models: the two that ship. Without recordings: the eight that ship; a list of names (`--held-out`) measures only
those. The table can be pasted into a page.

`--against` is a model of another family, such as an export of RAVE: it is put beside, and everything is done in its
favour. Its own delay is found anew for each recording, by the envelopes and then by looking for the place at which the
distance is smallest. `--rebuilt` gives recordings that it has rebuilt elsewhere (NAME.wav for each), perhaps all at
once and without streaming; delay and cost are then still those of the file.

Distances are meaned over the recordings. Cost is the processor time of `encode` and `decode` on one torch thread, the
median over many chunks, all models in turn, so that a busy machine is busy for all of them.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import soxr
import torch

from benchmarks.alignment import REACH, placed
from benchmarks.tables import Column, distances, table
from livevae.engine.timing import Grid
from livevae.errors import LivevaeError
from livevae.model import Model, open_model
from livevae.model.runner import flushed_denormals, quick_calls
from livevae.resources import models_dir, sounds_dir
from livevae.training.command import names
from livevae.training.dataset import HELD_OUT_EACH, Audio
from livevae.training.decoding import Unusable, decoded
from livevae.training.edges import AROUND, edge_ratio
from livevae.training.finding import find
from livevae.training.measure import (
    contrast_distance,
    level_difference,
    log_spectral_distance,
    low_passed,
    open_exported,
    pitch_kept,
    rebuild_exported,
    shaped_noise,
)

RATE = 48000
SHIPPED = ("default", "low-latency")
ROUNDS, CHUNKS = 40, 8  # each model computes CHUNKS chunks, then the next one does, ROUNDS times
EDGES_SECONDS = 2.0  # of each recording


def measures(made: Audio, wanted: Audio) -> dict[str, float | None]:
    """How far apart two sounds are."""
    kept = pitch_kept(made, wanted, RATE)
    return {
        "distance_db": log_spectral_distance(made, wanted),
        "contrast_db": contrast_distance(made, wanted),
        "level_db": level_difference(made, wanted),
        "pitch_percent": None if kept is None else 100 * kept,
    }


def heard(folders: list[Path], held_out: Path | None) -> dict[str, Audio]:
    """The recordings to measure with, from their beginnings: those on the list, all of them without one."""
    listed = None if held_out is None else set(names(held_out))
    found: dict[str, Audio] = {}
    for path in find(folders).paths:
        if listed is None or path.stem in listed:
            with suppress(Unusable):
                audio = np.concatenate([block[:, 0] for block in decoded(path, RATE, 1)])
                found[path.stem] = audio[: int(HELD_OUT_EACH * RATE)]
    missing = sorted((listed or set()) - set(found))
    if missing:
        raise LivevaeError(f"There is no recording {missing[0]} in the folders: give all that {held_out} was made for.")
    if not found:
        raise LivevaeError(f"There is no recording in {folders[0]}: give a folder that holds some.")
    return found


def own(path: Path, recordings: dict[str, Audio]) -> dict[str, Audio]:
    """Recordings through a model that livevae trained, which says its delay."""
    opened = open_exported(path)
    rate, channels = int(opened.get_sample_rate()), int(opened.encode_params[0])
    rebuilt = {}
    for name, audio in recordings.items():
        given = _resampled(audio, RATE, rate)
        made = rebuild_exported(opened, given if channels == 1 else np.tile(given, (channels, 1)))
        rebuilt[name] = _resampled(np.atleast_2d(made).mean(0), rate, RATE)[: len(audio)]
    return rebuilt


def streamed(model: Model, audio: Audio) -> Audio:
    """A recording through any model, one latent frame after the other; its delay, and time for its end, come after."""
    rate = model.info.sample_rate or RATE
    given = _resampled(audio, RATE, rate)
    return _resampled(_played(model, np.pad(given, (0, (model.info.delay_samples or 0) + 2 * REACH)), 1), rate, RATE)


def _played(model: Model, audio: Audio, frames: int) -> Audio:
    """What a model that was reset makes of audio at its rate, filled up to whole chunks of `frames` latent frames."""
    size = frames * model.info.ratio
    x = torch.from_numpy(np.tile(np.pad(audio, (0, -len(audio) % size)), (1, model.info.in_channels, 1)))
    model.reset()
    model.seed(0)
    made = torch.cat([model.forward(piece) for piece in torch.split(x, size, 2)], 2)
    return np.nan_to_num(made[0].mean(0).numpy())


def edges(model: Model, recordings: dict[str, Audio]) -> dict[str, float]:
    """How abrupt the edges of chunks of one latent frame are beside what is around them, and how abrupt the same places
    are where all is computed at once."""
    ratio, rate = model.info.ratio, model.info.sample_rate or RATE
    found: dict[str, list[float]] = {"edges": [], "edges_whole": []}
    for audio in recordings.values():
        given = _resampled(audio[: int(EDGES_SECONDS * RATE)], RATE, rate)
        for name, frames in (("edges", 1), ("edges_whole", -(-len(given) // ratio))):
            made = _played(model, given, frames)[: len(given)]
            found[name].append(edge_ratio(made, range(ratio, len(made) - AROUND, ratio)))
    return {name: float(np.mean(ratios)) for name, ratios in found.items()}


def _resampled(audio: Audio, rate: int, wanted: int) -> Audio:
    return audio if rate == wanted else soxr.resample(audio, rate, wanted).astype(np.float32)


def others(model: Model, recordings: dict[str, Audio], folder: Path | None) -> dict[str, Audio]:
    """The recordings through another family's model, or as `folder` has them, each moved to where it is nearest."""
    delay = 0 if folder else round((model.info.delay_samples or 0) * RATE / (model.info.sample_rate or RATE))
    return {
        name: placed(streamed(model, audio) if folder is None else _read(folder / f"{name}.wav"), audio, delay)
        for name, audio in recordings.items()
    }


def _read(path: Path) -> Audio:
    try:
        audio, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, OSError) as error:
        raise LivevaeError(f"{path} cannot be read: give a folder with a WAV for every recording.") from error
    return _resampled(audio.mean(1), rate, RATE)


def costs(models: dict[str, Model], chunk: int) -> dict[str, dict[str, float]]:
    """Processor time of each model for chunks of `chunk` samples, or of its ratio where that is more."""
    frames = {name: max(1, chunk // model.info.ratio) for name, model in models.items()}
    heard = {name: model.noise(1, frames[name], 0.1) for name, model in models.items()}
    spent: dict[str, list[float]] = {name: [] for name in models}
    with flushed_denormals(), quick_calls():
        for number in range(ROUNDS):
            for name, model in models.items():
                for _ in range(CHUNKS):
                    began = time.thread_time()
                    model.play(heard[name])
                    if number:  # the first calls of a shape are slow
                        spent[name].append(time.thread_time() - began)
    found = {}
    for name, model in models.items():
        samples = frames[name] * model.info.ratio
        seconds = statistics.median(spent[name])
        share = seconds * (model.info.sample_rate or RATE) / samples
        found[name] = {"samples": samples, "ms": 1000 * seconds, "percent": 100 * share}
    return found


def path_samples(model: Model, block: int, compute: float) -> int:
    """Samples from input to output of a live voice, at the model's rate: gathering, computing, and the model itself."""
    rate = model.info.sample_rate or RATE
    return Grid(rate, rate, model.info.ratio, 1).delay(block, compute) + (model.info.delay_samples or 0)


def figures(paths: dict[str, Path], blocks: Iterable[int], chunk: int) -> tuple[dict[str, Model], dict[str, Any]]:
    """The models, opened as livevae plays them, and for each its delays in ms, its cost and its size."""
    models = {name: open_model(path) for name, path in paths.items()}
    plain = {name: open_model(path, fast=False) for name, path in paths.items()}
    cost = costs(models | {f"{name} plain": model for name, model in plain.items()}, chunk)
    frame = costs(models, 1)
    found = {}
    for name, model in models.items():
        rate = model.info.sample_rate or RATE
        row = {
            "ratio": model.info.ratio,
            "delay_ms": 1000 * model.measure_delay() / rate,
            **{
                f"path_{block}_ms": 1000 * path_samples(model, block, frame[name]["ms"] / 1000) / rate
                for block in blocks
            },
            "chunk": cost[name]["samples"],
            "core_percent": cost[name]["percent"],
            "plain_core_percent": cost[f"{name} plain"]["percent"],
            "parameters_m": model.info.parameters / 1e6,
            "file_mb": paths[name].stat().st_size / 1e6,
        }
        found[name] = row
    return models, found


def compared(
    paths: list[Path],
    recordings: dict[str, Audio],
    against: Path | None = None,
    rebuilt: Path | None = None,
    blocks: Iterable[int] = (64, 256),
    chunk: int = 256,
    report: Callable[[str], None] = lambda line: None,
) -> list[Column]:
    """A column for each model, for the other one, and for both baselines."""
    asked = [*paths, *([against] if against else [])]
    stems = [path.stem for path in asked]
    every = {path.stem if stems.count(path.stem) == 1 else str(path): path for path in asked}
    report("Measuring delays and cost")
    models, found = figures(every, blocks, chunk)
    columns = []
    for name, path in every.items():
        report(f"Recordings through {name}")
        foreign = path == against or not _says_its_delay(path)
        sounds = others(models[name], recordings, rebuilt) if foreign else own(path, recordings)
        each = {recording: measures(made, recordings[recording]) for recording, made in sounds.items()}
        columns.append(Column(name, each, found[name] | edges(models[name], recordings)))
    if against:
        theirs = columns[-1].means()["distance_db"]
        for column in columns[:-1]:
            column.figures["times"] = column.means()["distance_db"] / max(theirs, 1e-9)
    for name, baseline in (("shaped noise", shaped_noise), ("low-passed", lambda audio: low_passed(audio, RATE))):
        columns.append(Column(name, {key: measures(baseline(audio), audio) for key, audio in recordings.items()}))
    return columns


def _says_its_delay(path: Path) -> bool:
    return hasattr(open_exported(path), "cumulative_delay")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", type=Path, nargs="*", metavar="MODEL.ts", help="else those that ship")
    parser.add_argument("--recordings", type=Path, nargs="+", metavar="FOLDER", help="else those that ship")
    parser.add_argument("--held-out", type=Path, metavar="FILE", help="names of the recordings to measure, one a line")
    parser.add_argument("--against", type=Path, metavar="OTHER.ts", help="a model of another family")
    parser.add_argument("--rebuilt", type=Path, metavar="FOLDER", help="the recordings as it has rebuilt them")
    parser.add_argument("--blocks", type=int, nargs="+", default=[64, 256], help="of the audio server (64 256)")
    parser.add_argument("--chunk", type=int, default=256, help="samples computed at once, where the ratio allows (256)")
    parser.add_argument("--each", action="store_true", help="the distance of every recording too")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    quiet = (lambda line: None) if arguments.json else (lambda line: print(line, file=sys.stderr, flush=True))
    try:
        columns = compared(
            arguments.models or [models_dir() / f"{name}.ts" for name in SHIPPED],
            heard(arguments.recordings or [sounds_dir()], arguments.held_out),
            arguments.against,
            arguments.rebuilt,
            arguments.blocks,
            arguments.chunk,
            quiet,
        )
    except LivevaeError as error:
        raise SystemExit(str(error)) from None
    if arguments.json:
        print(json.dumps([asdict(column) | {"means": column.means()} for column in columns]), flush=True)
        return
    print(table(columns, arguments.against.stem if arguments.against else None))
    if arguments.each:
        print("\n" + distances(columns))


if __name__ == "__main__":
    main()
