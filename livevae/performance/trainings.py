"""Models of one's own: trained while you play."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from livevae.errors import LivevaeError
from livevae.performance.desk import Desk
from livevae.performance.message import Kind
from livevae.performance.models import Models
from livevae.performance.stamps import role
from livevae.performance.training import Training, TrainingList
from livevae.performance.training_checks import (
    TRAIN_MINUTES,
    call_of,
    check_recordings,
    check_unchanged,
    names_of,
    number,
    spare_cores,
    whole_number,
)
from livevae.resources import models_dir, own_models_dir
from livevae.training.adapting import BATCH, MINUTES, adapting
from livevae.training.config import TrainConfig
from livevae.training.record import config_of, read, same

CLOSING_SECONDS: Final = 2.0
"""How long the end of a performance waits for trainings to be saved."""

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_VALIDATE_EVERY: Final = 500
_SAVE_SECONDS: Final = 60.0
_AGAIN: Final = frozenset({"piece", "agenda", "clock"})
"""Who says the same again without meaning it: a piece that is saved, a cue that comes back."""

Folders = str | Path | Sequence[str | Path]


class Trainings:
    """The words that train models. `report` tells the performer; `live` is False where nothing is to be trained."""

    def __init__(
        self, desk: Desk, models: Models, default: Path, report: Callable[[Kind, str], None], *, live: bool
    ) -> None:
        self._desk = desk
        self._models = models
        self._default = default
        self._report = report
        self._live = live
        self._known: dict[str, Training] = {}

    def train(
        self,
        folder: Folders,
        name: str,
        minutes: float = TRAIN_MINUTES,
        preset: str = "small",
        *,
        steps: int | None = None,
        latents: int | None = None,
        ratio: int | None = None,
        stereo: bool = False,
        regularisation: str = "kl",
        beta: float = 1.0,
        patience: int | None = None,
        held_out: Sequence[str] | None = None,
        batch: int | None = None,
        seed: int = 0,
        device: str = "auto",
        threads: int | None = None,
        gentle: bool = True,
    ) -> Training:
        """Train a model from recordings while you play: `mine = train("~/sounds", "mine", minutes=60)`.

        `folder` is searched to any depth; it may be a list of folders. `preset` is "tiny", "small", "base" or
        "low-latency". It comes back at once and tells you when the model has been measured and when it is ready: then
        `v1.model = "mine"` plays it, in this performance and in later ones. What you get says how it stands, as
        `trainings()` does; `.stop()` saves and ends it, and the same call goes on from there, or with more minutes.
        When you leave, it is saved.

        It runs when the processor has nothing else to do, with `threads` (fewer than half the cores); with
        `gentle=False` it takes its share, for when nothing plays. `steps` counts steps instead of minutes. Of the
        recordings about one in 14 is only measured with, or those that `held_out` names; `.hear()` gives some as sound
        files, as they are and as the model makes them. The other settings are those of `livevae train`. Raises
        LivevaeError where the folder, the name or a setting cannot be.

        >>> mine = train("~/sounds", "mine", minutes=60, preset="small")
        >>> mine
        mine: starting
        """
        config = self._settings(
            lambda paths, output, usual: TrainConfig(
                paths,
                output,
                preset,
                steps=None if steps is None else whole_number("steps", steps),
                minutes=None if steps is not None else number("minutes", minutes),
                held_out=None if held_out is None else names_of(held_out),
                batch=batch,
                latents=latents,
                ratio=ratio,
                channels=2 if stereo else 1,
                regularisation=regularisation,
                beta=number("beta", beta),
                patience=patience,
                validate_every=_VALIDATE_EVERY,
                **usual,
            ),
            folder,
            name,
            {"seed": seed, "device": device, "threads": threads},
        )
        return self._start(config, gentle)

    def adapt(
        self,
        folder: Folders,
        name: str,
        minutes: float = MINUTES,
        model: str | Path | None = None,
        *,
        steps: int | None = None,
        held_out: Sequence[str] | None = None,
        batch: int = BATCH,
        seed: int = 0,
        device: str = "auto",
        threads: int | None = None,
        gentle: bool = True,
    ) -> Training:
        """Fit a model to your recordings while you play: `mine = adapt("~/sounds", "mine", minutes=10)`.

        It goes on from `model`, by its name or path, of those that `livevae train` makes; without one from the default
        model. Ten minutes bring it clearly closer. All else is as with `train`. Raises LivevaeError where the folder,
        the name or a setting cannot be.

        >>> adapt("~/sounds", "mine")
        mine: starting
        """
        start = self._default if model is None else self._models(model).path
        config = self._settings(
            lambda paths, output, usual: adapting(
                paths,
                output,
                start,
                steps=None if steps is None else whole_number("steps", steps),
                minutes=None if steps is not None else number("minutes", minutes),
                held_out=() if held_out is None else names_of(held_out),
                batch=batch,
                **usual,
            ),
            folder,
            name,
            {"seed": seed, "device": device, "threads": threads},
        )
        return self._start(config, gentle)

    def trainings(self) -> TrainingList:
        """The models that are being trained, and how they stand: `trainings()`, `trainings()["mine"].stop()`.

        Also those that have ended in this performance, and those that earlier ones left undone.

        >>> mine = train("~/sounds", "mine")
        >>> trainings()
        mine: starting
        >>> trainings()["mine"].stop()
        """
        return TrainingList([*self._known.values(), *(self._left_undone() if self._live else ())])

    def notes(self) -> tuple[str, ...]:
        """What goes on, in a few characters each."""
        return tuple(training.note for training in list(self._known.values()) if training.runs)

    def release(self) -> None:
        """Ask all to save and to end; `close` waits for them."""
        for training in self._known.values():
            training.release()

    def close(self) -> None:
        """Let all be saved and end, for as long as anybody waits, and say how they are gone on with."""
        self.release()
        end = time.monotonic() + CLOSING_SECONDS
        for training in self._known.values():
            training.finish(max(0.0, end - time.monotonic()))

    # -- what is asked for

    def _settings(
        self,
        make: Callable[[tuple[Path, ...], Path, dict[str, Any]], TrainConfig],
        folder: Folders,
        name: str,
        usual: dict[str, Any],
    ) -> TrainConfig:
        """The run that is asked for. Raises LivevaeError for what cannot be, whatever there is on this machine."""
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise LivevaeError(f'a model is named by letters, digits, - and _, such as "mine", not {name!r}.')
        listed = [folder] if isinstance(folder, str | Path) else folder
        if not isinstance(listed, Sequence) or not listed or not all(isinstance(one, str | Path) for one in listed):
            raise LivevaeError(f'recordings are a folder, such as "~/sounds", or a list of folders, not {folder!r}.')
        paths = tuple(Path(one).expanduser().absolute() for one in listed)
        threads = usual["threads"]
        usual["threads"] = spare_cores() if threads is None else whole_number("threads", threads)
        rest = {"resume": True, "save_every": _SAVE_SECONDS, **usual}
        return make(paths, own_models_dir() / f"{name}.ts", rest)

    def _start(self, config: TrainConfig, gentle: bool) -> Training:
        name = config.output.stem
        training = Training(name, config, call_of(config, self._default), self._report)
        if not self._live:
            self._report("info", f"{name}: nothing is trained here, only while you play.")
            return training
        with self._desk.transaction() as draft:
            known = self._known.get(name)
            if known is not None and known.state != "waiting":
                unchanged = same(known.config, config)
                if unchanged and (known.state in ("starting", "reading", "training", "writing") or role() in _AGAIN):
                    return known
                if known.runs:
                    text = f"{name} is being trained already: trainings()[{json.dumps(name)}].stop() ends that."
                    if known.state == "stopping":
                        text = f"{name} is just being saved: do it again in a moment."
                    if role() not in _AGAIN:
                        raise LivevaeError(text)
                    self._report("warning", text)
                    return known
            check_recordings(config.folders)
            self._check_name(config)
            record = read(config.folder)
            if record is not None and record.fulfils(config) and config.output.exists():
                training.take_over(record)
            else:
                draft.done.append(partial(self._begin, training, gentle))
            self._known.pop(name, None)
            self._known[name] = training
        return training

    def _begin(self, training: Training, gentle: bool) -> None:
        if self._known.get(training.name) is not training:
            return  # the same evaluation has asked for another one since
        try:
            training.begin(bool(gentle))
        except LivevaeError as error:
            self._report("error", f"{training.name}: {error}")

    def _check_name(self, config: TrainConfig) -> None:
        """Raises LivevaeError where the name is that of another model."""
        name, output = config.output.stem, config.output
        if any(path.stem == name for path in models_dir().glob("*.ts")):
            raise LivevaeError(f"{name} is a model that ships: choose another name.")
        if name in self._models and self._models(name).path != output.resolve():
            raise LivevaeError(f"there is a model {name} in {self._models(name).path.parent}: choose another name.")
        record = read(config.folder)
        if not config.checkpoint.exists():
            if output.exists() and (record is None or not record.fulfils(config)):
                raise LivevaeError(f"there is a model {name} already, and nothing to go on from: choose another name.")
            return
        check_unchanged(name, record, config)

    def _left_undone(self) -> Iterator[Training]:
        for folder in sorted(own_models_dir().glob("*-run")):
            record = read(folder)
            name = folder.name.removesuffix("-run")
            if record is None or record.done or name in self._known:
                continue
            try:
                config = config_of(record.asked)
            except (LivevaeError, KeyError, TypeError):
                continue  # written by another version
            if config.checkpoint.exists():
                training = Training(name, config, call_of(config, self._default), self._report)
                training.take_over(record)
                yield training
