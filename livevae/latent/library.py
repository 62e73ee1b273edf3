"""Recordings by name, and their trajectories: encoded once, kept on disk."""

from __future__ import annotations

import difflib
import re
import threading
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from livevae.errors import LivevaeError
from livevae.latent import npz
from livevae.latent.audio import SUFFIXES, describe
from livevae.latent.cache import Cache, Job
from livevae.latent.encoder import Encoder
from livevae.latent.trajectory import Trajectory
from livevae.model.info import ModelInfo
from livevae.pattern import Take
from livevae.resources import sounds_dir

LONG_SECONDS = 300.0
"""A part of a longer recording is encoded alone; shorter recordings are encoded whole and cut, so that is instant."""

_REMEMBERED = 512


@dataclass(frozen=True)
class Recording:
    """A named sound file as it was when it was added: its size and time of change tell when it has become another."""

    name: str
    path: Path
    size: int
    changed: int


@dataclass(frozen=True)
class _Request:
    """What has to be encoded: one recording, or a part of it, through the model with this digest and rate."""

    recording: Recording
    channel: int | None
    start: float | None
    end: float | None
    digest: str
    rate: int | None


class Library:
    """Recordings by name. Any thread may ask; encoding happens in the encoder's process.

    `on_progress(name, part)` is told how far an encoding is, 0 to 1, `on_ready(name)` that a trajectory asked for
    without waiting is there. Both may be called on other threads.
    """

    def __init__(self, cache: Path | Cache, encoder: Encoder) -> None:
        self.on_ready: Callable[[str], None] | None = None
        self.on_progress: Callable[[str, float], None] | None = None
        self._cache = cache if isinstance(cache, Cache) else Cache(cache)
        self._encoder = encoder
        self._lock = threading.Lock()
        self._recordings: dict[str, Recording] = {}
        self._takes: dict[tuple[Take, Recording, str, int | None], Trajectory] = {}
        self._requests: dict[_Request, Future[Trajectory]] = {}
        self._progress: dict[str, float] = {}

    def add_folder(self, folder: str | Path) -> list[str]:
        """Every sound file in a folder and the folders in it becomes a name; gives the names, sorted by path.

        A name is the file's, in small letters, with `_` for what is no letter or digit. A name that is taken passes
        to the new file; within one folder the second `bell` is `bell_2`. Raises LivevaeError where there is no such
        folder or no sound in it.
        """
        root = Path(folder).expanduser()
        if not root.is_dir():
            raise LivevaeError(f"there is no folder {root}: check the name.")
        found = sorted(p for p in root.rglob("*") if p.suffix.lower() in SUFFIXES and not p.name.startswith("."))
        if not found:
            raise LivevaeError(f"the folder {root} holds no sound files: name another one.")
        names: list[str] = []
        for path in found:
            stem = name = _word(path.stem)
            count = 1
            while name in names:
                count += 1
                name = f"{stem}_{count}"
            names.append(self.add(path, name))
        return names

    def add(self, path: str | Path, name: str | None = None) -> str:
        """Give a sound file a name (its own when `name` is None); what had the name before is forgotten.

        Raises LivevaeError where there is no such file or the name is not one word of letters, digits and `_`.
        """
        file = Path(path).expanduser().resolve()
        chosen = _word(file.stem) if name is None else name
        if not re.fullmatch(r"[^\W\d_]\w*", chosen):
            raise LivevaeError(f"{chosen!r} is no name for a recording: use letters, digits and _, a letter first.")
        recording = _found(file, chosen)
        with self._lock:
            self._recordings[chosen] = recording
            for request in [r for r, f in self._requests.items() if r.recording.name == chosen and _failed(f)]:
                del self._requests[request]
        return chosen

    @property
    def folder(self) -> Path:
        """Where what was made of recordings is kept."""
        return self._cache.folder

    def names(self) -> list[str]:
        """All names, sorted."""
        with self._lock:
            return sorted(self._recordings)

    def path(self, name: str) -> Path:
        """The file behind a name. Raises LivevaeError for an unknown name, with the nearest ones."""
        return self._recording(name).path

    def progress(self) -> dict[str, float]:
        """Recordings that are being encoded now, and how far each is, 0 to 1."""
        with self._lock:
            return dict(self._progress)

    def prepare(self, names: Iterable[str], model: ModelInfo) -> None:
        """Start encoding these recordings in the background."""
        for name in names:
            self.trajectory(name, model, wait=False)

    def trajectory(self, ref: str | Take, model: ModelInfo, wait: bool) -> Trajectory | None:
        """The trajectory of a recording in the model's latent space.

        With `wait` it blocks until it is there; without, it gives None at once where it is not, and starts encoding.
        Raises LivevaeError for unknown names, for files that cannot be encoded, for parts outside the recording and
        for models without latents or sample rate.
        """
        recording = self._recording(ref.name if isinstance(ref, Take) else ref)
        take = ref if isinstance(ref, Take) else Take(ref)
        known = (take, recording, model.digest, model.sample_rate)
        with self._lock:
            trajectory = self._takes.get(known)
        if trajectory is not None:
            return trajectory
        _check(model)
        request = _Request(recording, take.channel, take.start, take.end, model.digest, model.sample_rate)
        future = self._start(request, model, wait)
        if not wait and not future.done():
            return None
        trajectory = take.apply(future.result())
        with self._lock:
            while len(self._takes) >= _REMEMBERED:
                del self._takes[next(iter(self._takes))]
            self._takes[known] = trajectory
        return trajectory

    def shipped(self, model: ModelInfo) -> Iterator[Trajectory]:
        """The trajectories of the recordings that ship with livevae, whatever names are known; waits for them.

        Raises LivevaeError as `trajectory` does.
        """
        _check(model)
        for path in sorted(sounds_dir().glob("*.flac")):
            recording = _found(path, _word(path.stem))
            request = _Request(recording, None, None, None, model.digest, model.sample_rate)
            yield self._start(request, model, wait=True).result()

    def close(self) -> None:
        """Stop encoding."""
        self._encoder.close()

    def _recording(self, name: str) -> Recording:
        with self._lock:
            found = self._recordings.get(name)
            names = list(self._recordings)
        if found is not None:
            return found
        near = difflib.get_close_matches(name, names, n=3)
        if near:
            raise LivevaeError(f"there is no recording {name!r}: did you mean {' or '.join(near)}?")
        raise LivevaeError(f"there is no recording {name!r}: add some with recordings(folder).")

    def _start(self, request: _Request, model: ModelInfo, wait: bool) -> Future[Trajectory]:
        """The encoding under way for a request, or a new one: in this thread with `wait`, else in one of its own."""
        with self._lock:
            future = self._requests.get(request)
            # Whoever waits for it tries again what failed; whoever plays is told once more why it failed.
            if future is not None and not (wait and _failed(future)):
                return future
            future = self._requests[request] = Future()
            if len(self._requests) > _REMEMBERED:
                oldest = next((r for r, f in self._requests.items() if f.done()), None)
                if oldest is not None:
                    del self._requests[oldest]
        if wait:
            self._run(request, model, future)
        else:

            def work() -> None:
                self._run(request, model, future)
                if self.on_ready is not None:
                    self.on_ready(request.recording.name)

            threading.Thread(target=work, name=f"livevae encode {request.recording.name}", daemon=True).start()
        return future

    def _run(self, request: _Request, model: ModelInfo, future: Future[Trajectory]) -> None:
        try:
            future.set_result(self._make(request, model))
        except LivevaeError as error:
            future.set_exception(error)
        except BaseException:
            # Interrupted by the performer: nobody may wait for it any longer, and it may be asked for again.
            future.set_exception(LivevaeError(f"encoding {request.recording.name} was interrupted: ask for it again."))
            raise
        finally:
            with self._lock:
                self._progress.pop(request.recording.name, None)

    def _make(self, request: _Request, model: ModelInfo) -> Trajectory:
        recording = request.recording
        whole = Job(recording.path, request.channel)
        part = Job(recording.path, request.channel, request.start, request.end)
        encoded = self._encoded(whole, model, recording.name, only_cached=part != whole)
        trajectory: Trajectory | None = None
        if encoded is None and describe(recording.path).seconds > LONG_SECONDS:
            encoded = self._encoded(part, model, recording.name)
            assert encoded is not None
            return Trajectory(encoded.z, encoded.rate, recording.name, held=model.discrete)
        if encoded is None:
            encoded = self._encoded(whole, model, recording.name)
        assert encoded is not None
        trajectory = Trajectory(encoded.z, encoded.rate, recording.name, held=model.discrete)
        return trajectory if part == whole else trajectory.slice(request.start, request.end)

    def _encoded(self, job: Job, model: ModelInfo, name: str, only_cached: bool = False) -> npz.Encoded | None:
        key = self._cache.key(job, model)
        encoded = self._cache.load(key)
        if encoded is not None or only_cached:
            return encoded

        def progress(part: float) -> None:
            with self._lock:
                self._progress[name] = part
            if self.on_progress is not None:
                self.on_progress(name, part)

        target = self._cache.path(key)
        self._encoder.encode(job, model, target, progress)
        return npz.load(target)


def _found(file: Path, name: str) -> Recording:
    try:
        facts = file.stat()
    except OSError:
        raise LivevaeError(f"there is no recording {file}: check the name and the folder.") from None
    return Recording(name, file, facts.st_size, facts.st_mtime_ns)


def _failed(future: Future[Trajectory]) -> bool:
    return future.done() and future.exception() is not None


def _check(model: ModelInfo) -> None:
    if not model.has_latents:
        raise LivevaeError(f"{model.name} has no latent space: recordings need a model with encode and decode.")
    if model.sample_rate is None:
        raise LivevaeError(f"{model.name} does not say its sample rate: open it with rate=44100 or rate=48000.")


def _word(text: str) -> str:
    """A file name as one word of the mini-notation: small letters, digits and `_`, a letter first."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    word = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")
    if not word:
        return "sound"
    return word if word[0].isalpha() else f"r{word}"
