"""The models a performer can name."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from pathlib import Path

from livevae.errors import LivevaeError
from livevae.performance.settings import ModelRef


class Models:
    """The `.ts` files of some folders by their name without the suffix; a path names any other file.

    Files are found when they are asked for, so one that is copied into a folder can be played at once. None is opened.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = [Path(folder) for folder in folders]

    def names(self) -> list[str]:
        """All names, sorted."""
        return sorted(self._found())

    def __iter__(self) -> Iterator[str]:
        return iter(self.names())

    def __len__(self) -> int:
        return len(self._found())

    def __contains__(self, name: object) -> bool:
        return name in self._found()

    def __repr__(self) -> str:
        names = ", ".join(self.names())
        return f"models: {names}" if names else "no models: copy a .ts file into a folder, or name one by its path"

    def __call__(self, thing: str | Path | ModelRef, rate: int | None = None) -> ModelRef:
        """A model by name or path; `rate` in Hz is for files that do not say their sample rate.

        Raises LivevaeError where there is none, with the nearest names.
        """
        if isinstance(thing, ModelRef):
            return thing
        if not isinstance(thing, str | Path):
            raise LivevaeError(f"a model is named by a string or a path, not by {type(thing).__name__}.")
        found = self._found()
        if isinstance(thing, str) and thing in found:
            return ModelRef(found[thing], rate)
        path = Path(thing).expanduser()
        if path.is_file():
            return ModelRef(path.resolve(), rate)
        near = difflib.get_close_matches(str(thing), found, n=3)
        advice = f"did you mean {' or '.join(near)}?" if near else "type models to see the names, or give a path."
        raise LivevaeError(f"there is no model {str(thing)!r}: {advice}")

    def _found(self) -> dict[str, Path]:
        return {path.stem: path.resolve() for folder in self._folders for path in sorted(folder.glob("*.ts"))}
