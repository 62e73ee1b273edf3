"""Kinds of arguments that several subcommands take."""

from __future__ import annotations

import argparse
import math
from pathlib import Path


def count(text: str) -> int:
    """A whole number of 1 or more."""
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of 1 or more")
    return value


def rate(text: str) -> int:
    """A sample rate of a sound card, in Hz."""
    return _within(text, 8000, 192_000)


def block(text: str) -> int:
    """Samples that an audio server computes at once."""
    return _within(text, 16, 1024)


def inputs(text: str) -> int:
    """How many audio inputs are opened."""
    return _within(text, 0, 16)


def outputs(text: str) -> int:
    """How many audio outputs are opened: the master, which is the first two, and others."""
    return _within(text, 2, 16)


def port(text: str) -> int:
    """A UDP port that a program may open."""
    return _within(text, 1, 65_535)


def seconds(text: str) -> float:
    """A finite number above 0."""
    value = _number(text)
    if not value > 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return value


def moment(text: str) -> float:
    """A finite number of 0 or more."""
    value = _number(text)
    if not value >= 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of 0 or more")
    return value


def add_model(parser: argparse.ArgumentParser) -> None:
    """`-m MODEL`, and `--rate` for models that do not say theirs."""
    parser.add_argument("-m", "--model", type=Path, metavar="FILE", help="model file (.ts); the default model without")
    parser.add_argument("--rate", type=count, metavar="HZ", help="sample rate of a model that does not say its own")


def add_audio(parser: argparse.ArgumentParser) -> None:
    """How to open the audio device."""
    parser.add_argument(
        "--audio",
        choices=("auto", "jack", "portaudio", "coreaudio", "silent"),
        default="auto",
        help="audio system; auto takes the first that works (default: %(default)s)",
    )
    parser.add_argument("--block", type=block, default=256, metavar="N", help="samples a block (default: %(default)s)")
    parser.add_argument("--rate", type=rate, default=48000, metavar="HZ", help="sample rate (default: %(default)s)")
    parser.add_argument("--in", dest="input_device", metavar="DEV", help="input device, by name or number")
    parser.add_argument("--out", dest="output_device", metavar="DEV", help="output device, by name or number")
    parser.add_argument("--inputs", type=inputs, default=2, metavar="N", help="audio inputs, 0 to 16 (default: 2)")
    parser.add_argument("--outputs", type=outputs, default=2, metavar="N", help="audio outputs, 2 to 16 (default: 2)")
    parser.add_argument("--chunk", type=count, metavar="N", help="samples a model computes at once, at least")


def _within(text: str, low: int, high: int) -> int:
    try:
        value = int(text)
    except ValueError:
        value = 0
    if not low <= value <= high:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {low} to {high}")
    return value


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        return math.nan
    return value if math.isfinite(value) else math.nan
