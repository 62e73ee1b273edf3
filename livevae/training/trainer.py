"""Training from beginning to end: segments in, a checkpoint that survives anything, a model out."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from livevae.errors import LivevaeError
from livevae.model.runner import flushed_denormals
from livevae.training.config import TrainConfig
from livevae.training.dataset import Recordings, load_recordings
from livevae.training.export import export
from livevae.training.listening import Listening
from livevae.training.measure import log_spectral_distance, rebuild
from livevae.training.parallel import crew, local_device
from livevae.training.recover import recover
from livevae.training.run import Losses, Run

REPORT_EVERY = 15.0  # seconds
HEARD = 3  # recordings kept to listen to at each validation
MEASURED = 12  # recordings measured when an adapted model's own are, since none is held out
EXCERPT = 10.0  # seconds of each of those


class TrainingStopped(LivevaeError):
    """Training was asked to stop and left a checkpoint to resume from."""


@flushed_denormals()
def train(config: TrainConfig, report: Callable[[str], None] = print, stop: Callable[[], bool] = lambda: False) -> Path:
    """Train a model, export it to `config.output` and return that path.

    Where `stop` turns true, the run saves its checkpoint and raises TrainingStopped; a run killed outright resumes
    from the checkpoint before. Under `torchrun` the processes share each step, and the first writes the model.
    Raises LivevaeError for unusable recordings or a checkpoint that does not fit.
    """
    if config.threads is not None:
        torch.set_num_threads(config.threads)
    device = choose_device(local_device(config.device))
    with crew(device) as together:
        if not together.leads:
            report = _silent
        start, channels = None, config.channels
        if config.start is not None:
            start, rate = recover(config.start)
            config, channels = replace(config, sample_rate=rate), start.shape.channels
        recordings = load_recordings(config.folders, config.sample_rate, config.held_out, report, channels)
        run = Run(config, recordings, device, together, start)
        report(
            f"{len(recordings.training)} recordings, {run.segments.seconds:.0f} s; {len(recordings.held_out)} held out"
        )
        if config.checkpoint.exists():
            if not config.resume:
                raise LivevaeError(
                    f"{config.checkpoint} is there from an earlier run: add --resume to go on from it, or delete it."
                )
            run.restore()
            report(f"Resumed at step {run.progress.step}")
        Session(run, recordings, report).loop(stop)
        if together.leads:
            report("Writing the model")
            export(run.finished(), recordings.training, config.output, config.sample_rate)
    return config.output


class Session:
    """A run being driven to its end: reported, measured, listened to, saved."""

    def __init__(self, run: Run, recordings: Recordings, report: Callable[[str], None]) -> None:
        self.run = run
        self.config = run.config
        self.report = report
        self.measured, self.kind = recordings.held_out, "held-out recordings"
        if not self.measured and self.config.start is not None:
            longest = int(EXCERPT * self.config.sample_rate)
            some = list(recordings.training.items())[:MEASURED]
            self.measured, self.kind = {name: audio[..., :longest] for name, audio in some}, "recordings"
        if self.config.patience is not None and not self.measured:
            raise LivevaeError(
                "No recording is held out to stop by: name some with --held-out, or leave out --patience."
            )
        self.listening = Listening(self.config.folder, self.config.sample_rate) if self.config.listening else None

    def loop(self, stop: Callable[[], bool]) -> None:
        """Train to the end. Raises TrainingStopped after `stop` turned true, with the checkpoint saved."""
        run, progress = self.run, self.run.progress
        began = reported = saved = time.monotonic()
        before = progress.seconds
        recent: list[Losses] = []
        if self.config.start is not None and progress.step == 0:
            self.validate()
        while not run.over:
            recent.append(run.step())
            now = time.monotonic()
            progress.seconds = run.crew.told(before + now - began, run.device)
            if progress.step % self.config.validate_every == 0 and run.done < 1.0:
                self.validate()
            if now - reported > REPORT_EVERY or run.over:
                self.report(run.line(Losses(*np.mean(recent, axis=0))))
                recent, reported = [], now
            if run.crew.any(stop(), run.device):
                self.save()
                raise TrainingStopped(
                    f"Stopped at step {progress.step}: the same command with --resume goes on from here."
                )
            if now - saved > self.config.save_every:
                self._save_or_go_on()
                saved = now
        if not progress.history or progress.history[-1]["step"] != progress.step:
            self.validate()
        self.save()
        if self.config.start is not None and self.measured:
            first, last = (row["log_spectral_distance"] for row in (progress.history[0], progress.history[-1]))
            self.report(f"The model came from {first:.2f} to {last:.2f} dB from the {self.kind}")
        if self.listening is not None:
            self.listening.close()

    def validate(self) -> None:
        """Measure the averaged model on the measured recordings: note, report, and let them be heard."""
        run = self.run
        if not self.measured:
            return
        distance = 0.0
        if run.crew.leads:
            distances = []
            devices = [run.device] if run.device.type == "cuda" else []
            with torch.random.fork_rng(devices=devices):  # the run draws on as if it had not been measured
                torch.manual_seed(0)
                for number, (name, audio) in enumerate(self.measured.items()):
                    made = rebuild(run.averaged, audio, run.device)
                    distances.append(log_spectral_distance(made, audio))
                    if self.listening is not None and number < HEARD:
                        self.listening.sound(run.progress.step, name, audio, made)
            distance = float(np.mean(distances))
        row = run.note(run.crew.told(distance, run.device))
        self.report(f"step {run.progress.step}: {distance:.2f} dB from the {self.kind}")
        if self.listening is not None and run.crew.leads:
            self.listening.figures(run.progress.step, row)
            if self.listening.failed:
                self.report(f"Nothing more can be written to {self.config.folder}: {self.listening.failed}.")
                self.listening = None

    def save(self) -> None:
        if self.run.crew.leads:
            self.run.save()

    def _save_or_go_on(self) -> None:
        # A disk that is full now may have room later, and hours of training are worth more than this checkpoint.
        try:
            self.save()
        except LivevaeError as error:
            self.report(str(error))


def choose_device(name: str) -> torch.device:
    """The device of that name; "auto" is CUDA where there is one. Raises LivevaeError when it is not there."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise LivevaeError(f"The device {name!r} is not available here: use --device cpu.") from error
    return device


def _silent(line: str) -> None:
    """What the other processes report: nothing."""
