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
from livevae.training.dataset import PreparingStopped, Recordings, load_recordings
from livevae.training.export import export
from livevae.training.listening import Listening
from livevae.training.measure import log_spectral_distance, rebuild
from livevae.training.parallel import Crew, crew, local_device
from livevae.training.recover import recover
from livevae.training.run import Losses, Run

REPORT_EVERY = 15.0  # seconds
HEARD = 3  # recordings kept to listen to at each validation
MEASURED = 12  # recordings measured when an adapted model's own are, since none is held out
EXCERPT = 10.0  # seconds of each of those
DIGITS = 12  # of a digest, by which processes compare what they train on
_GIVEN_UP = -1.0  # in place of a distance: what all processes are told when one was asked to stop


class TrainingStopped(LivevaeError):
    """Training was asked to stop and left a checkpoint to resume from."""


@flushed_denormals()
def train(
    config: TrainConfig,
    report: Callable[[str], None] = print,
    stop: Callable[[], bool] = lambda: False,
    watch: Callable[[Run], None] = lambda run: None,
) -> Path:
    """Train a model, export it to `config.output` and return that path.

    Where `stop` turns true, the run saves its checkpoint and raises TrainingStopped; a run killed outright resumes
    from the checkpoint before. `watch` is shown the run before its first step, after each step and each validation,
    and is not to change it. Under `torchrun` the processes share each step, and the first writes the model.
    Raises LivevaeError for unusable recordings or a checkpoint that does not fit.
    """
    if config.threads is not None:
        torch.set_num_threads(config.threads)
    device = choose_device(local_device(config.device))
    with crew(device) as together:
        if not together.leads:
            report = _silent
        if config.checkpoint.exists() and not config.resume:
            raise LivevaeError(
                f"{config.checkpoint} is there from an earlier run: add --resume to go on from it, or delete it."
            )
        start, channels = None, config.channels
        if config.start is not None:
            start, rate = recover(config.start)
            config, channels = replace(config, sample_rate=rate), start.shape.channels
        recordings = _prepared(config, channels, device, together, report, stop)
        run = Run(config, recordings, device, together, start)
        if config.checkpoint.exists():
            run.restore()
            report(f"Resumed at step {run.progress.step}")
            if not run.same_recordings:
                report("The recordings are not those it was trained on before: it goes on with what is there now.")
        Session(run, recordings, report, stop, watch).loop()
        if together.leads:
            report("Writing the model")
            export(run.finished(), recordings.training, config.output, config.sample_rate)
    return config.output


class Session:
    """A run being driven to its end: reported, measured, listened to, saved."""

    def __init__(
        self,
        run: Run,
        recordings: Recordings,
        report: Callable[[str], None],
        stop: Callable[[], bool] = lambda: False,
        watch: Callable[[Run], None] = lambda run: None,
    ) -> None:
        self.run = run
        self.config = run.config
        self.report = report
        self.stop = stop
        self.watch = watch
        self.measured, self.kind = recordings.held_out, "held-out recordings"
        if self.config.patience is not None and not self.measured and self.config.start is None:
            raise LivevaeError(
                "No recording is held out to stop by: name some with --held-out, or leave out --patience."
            )
        if not self.measured:  # of so few recordings, what is learned from is measured and heard
            longest = int(EXCERPT * self.config.sample_rate)
            some = list(recordings.training.items())[:MEASURED]
            self.measured, self.kind = {name: audio[..., :longest] for name, audio in some}, "recordings"
        self.listening = Listening(self.config.folder, self.config.sample_rate) if self.config.listening else None

    def loop(self) -> None:
        """Train to the end. Raises TrainingStopped after `stop` turned true, with the checkpoint saved."""
        run, progress = self.run, self.run.progress
        began = reported = saved = time.monotonic()
        before = progress.seconds
        recent: list[Losses] = []
        self.watch(run)
        # What was measured last may have been cut short by the end of the process.
        if (self.config.start is not None and progress.step == 0) or self._unmeasured(self.config.validate_every):
            self.validate()
            self._stop_if_asked()
        while not run.over:
            recent.append(run.step())
            now = time.monotonic()
            progress.seconds = run.crew.told(before + now - began, run.device)
            self.watch(run)
            if progress.step % self.config.validate_every == 0 and run.done < 1.0:
                self.validate()
            if now - reported > REPORT_EVERY or run.over:
                self.report(run.line(Losses(*np.mean(recent, axis=0))))
                recent, reported = [], now
            self._stop_if_asked()
            if now - saved > self.config.save_every:
                self._save_or_go_on()
                saved = now
        if self._unmeasured(1):
            self.validate()
            self._stop_if_asked()
        self.save()
        if self.config.start is not None and self.measured:
            first, last = (row["log_spectral_distance"] for row in (progress.history[0], progress.history[-1]))
            self.report(f"The model came from {first:.2f} to {last:.2f} dB from the {self.kind}")
        if self.listening is not None:
            self.listening.close()

    def validate(self) -> None:
        """Measure the averaged model on the measured recordings: note, report, and let them be heard.

        Where `stop` turns true meanwhile it is given up, to be done first when the run goes on.
        """
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
                    if self.stop():
                        distances = [_GIVEN_UP]
                        break
                    made = rebuild(run.averaged, audio, run.device)
                    distances.append(log_spectral_distance(made, audio))
                    if self.listening is not None and number < HEARD:
                        self.listening.sound(run.progress.step, name, audio, made)
            distance = float(np.mean(distances))
        distance = run.crew.told(distance, run.device)
        if distance == _GIVEN_UP:
            return
        row = run.note(distance)
        self.watch(run)
        self.report(f"step {run.progress.step}: {distance:.2f} dB from the {self.kind}")
        if self.listening is not None and run.crew.leads:
            self.listening.figures(run.progress.step, row)
            if self.listening.failed:
                self.report(f"Nothing more can be written to {self.config.folder}: {self.listening.failed}.")
                self.listening = None

    def save(self) -> None:
        if self.run.crew.leads:
            self.run.save()

    def _unmeasured(self, every: int) -> bool:
        """Is the step that is reached one of those to be measured, and has not been?"""
        progress = self.run.progress
        if not progress.step or progress.step % every:
            return False
        return not progress.history or progress.history[-1]["step"] != progress.step

    def _stop_if_asked(self) -> None:
        if self.run.crew.any(self.stop(), self.run.device):
            self.save()
            raise TrainingStopped(
                f"Stopped at step {self.run.progress.step}: the same command with --resume goes on from here."
            )

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


def _prepared(
    config: TrainConfig,
    channels: int,
    device: torch.device,
    together: Crew,
    report: Callable[[str], None],
    stop: Callable[[], bool],
) -> Recordings:
    """The recordings, prepared by the first process before the others look for them."""

    def load() -> Recordings:
        return load_recordings(config.folders, config.sample_rate, config.held_out, report, channels, stop=stop)

    try:
        recordings = together.first_alone(load, device)
    except PreparingStopped as stopped:
        raise TrainingStopped(str(stopped)) from stopped
    known = float(int(recordings.digest[:DIGITS], 16))
    if together.told(known, device) != known:
        raise LivevaeError("This process finds other recordings than the first: give every machine the same folder.")
    return recordings


def _silent(line: str) -> None:
    """What the other processes report: nothing."""
