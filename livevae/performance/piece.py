"""A piece: a pattern file that owns the voices it sets, and is read again whenever it is saved."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from livevae.errors import LivevaeError
from livevae.performance.draft import Owned
from livevae.performance.includes import Reading
from livevae.performance.message import EvaluationError, located
from livevae.performance.namespace import namespace
from livevae.performance.performance import HUSH_FADE, Performance
from livevae.performance.settings import Timing
from livevae.performance.stamps import acting_as
from livevae.performance.watched import Watched, as_was


class Piece:
    """A pattern file in a performance, with the files that it includes.

    `load` reads it; all it sets is applied together, or, on an error, nothing. `poll`, a few times a second, reads it
    again when one of its files was saved. What a new version no longer sets is released with a fade. Names that the
    files define are known at the prompt. What it sets outside of its cues is the base of all its sections.
    """

    def __init__(self, performance: Performance, path: str | Path) -> None:
        self._performance = performance
        self._main = Watched(Path(path).expanduser().resolve())
        self._files = {self._main.path: self._main}
        self._owned: set[Owned] = set()
        self._failed = False
        self._gone: set[Path] = set()

    @property
    def path(self) -> Path:
        """The file that was named."""
        return self._main.path

    def load(self, start: str | None = None) -> None:
        """Read and apply the piece; with `start` it begins at that cue, at the cycle at which the form comes to it.

        Raises LivevaeError, with nothing changed, where that does not work.
        """
        with acting_as("piece"):
            self._apply(start)

    def replay(self, texts: Mapping[Path, str], start: str | None = None) -> None:
        """Read it as if its files, and those it includes, held these texts. Raises LivevaeError like `load`."""
        with acting_as("piece"), as_was(texts):
            self._apply(start)

    def poll(self) -> bool:
        """Apply the piece where it was saved since; True where it was. Errors are reported to the performer."""
        looks = {file: file.look() for file in self._files.values()}
        for file, look in looks.items():
            if look == "gone" and file.path not in self._gone and file.text is not None:
                self._performance.report("warning", f"{file.path.name} is gone; what it played goes on.")
        self._gone = {file.path for file, look in looks.items() if look == "gone"}
        saved = [file for file, look in looks.items() if look == "changed"]
        if not saved or "changing" in looks.values() or looks[self._main] == "gone":
            return False
        # Saving a version with an error again, unchanged, tries it again.
        other = [file for file in saved if file.seen()]
        if not other and not self._failed:
            return False
        try:
            with acting_as("piece"):
                self._apply(None)
        except EvaluationError as error:
            self._performance.report("error", str(error))
            return False
        except LivevaeError as error:
            self._performance.report("error", f"{self.path.name}: {error}")
            return False
        self._performance.report("info", f"{(other or saved)[0].path.name} was read again.")
        return True

    def _apply(self, start: str | None) -> None:
        performance, conductor = self._performance, self._performance.conductor
        self._failed = True
        source = self._main.read()
        names = namespace(performance) | {"__file__": str(self.path)}
        reading = Reading(self._main, names)
        known = set(names)
        try:
            with performance.transaction() as draft:
                draft.owner = self
                draft.program = draft.program.without(self)
                draft.done.append(partial(performance.agenda.cancel, self))
                before = list(draft.voices)
                draft.release(self._owned | conductor.section, Timing(fade=HUSH_FADE))
                draft.touched.clear()
                reading.run(self._main, source)
                owned = set(draft.touched)
                conductor.read(draft, owned, before, start)
        except EvaluationError as error:
            performance.log("error", source=source, file=str(self.path), message=str(error))
            raise
        except SystemExit as error:
            raise EvaluationError(f"{self.path.name}: a piece cannot end the performance; take exit() out.") from error
        except LivevaeError as error:
            raise located(error, str(self.path)) from error
        finally:
            # Files that were wanted for the first time, and may be what is wrong, are watched from now on.
            self._files = {**self._files, **reading.files}
        self._failed, self._owned, self._files = False, owned, reading.files
        performance.names.update({name: value for name, value in names.items() if name not in known})
        included = {str(file.path): file.text for file in reading.files.values() if file is not self._main}
        performance.log("piece", source=source, file=str(self.path), included=included, start=start)
