"""The process that fits maps to examples: `python -m livevae.latent.fitting_worker`, started by `Fitter`."""

from __future__ import annotations

import os
import queue

from livevae.helper import Channel, Message

NICENESS = 10
IDLE_SECONDS = 300.0
"""How long the process stays when it has nothing to do."""


class _Cancelled(Exception):
    """The fit that runs is not wanted any more."""


class _Worker:
    """Takes fits in turn."""

    def __init__(self) -> None:
        self._channel = Channel()
        self._jobs: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._cancelled: set[int] = set()
        self._channel.listen(self._hear)

    def run(self) -> None:
        """Fit until there has been nothing to do for long."""
        from livevae.latent import fitting, regression  # takes seconds, in which messages are already heard

        while True:
            try:
                message = self._jobs.get(timeout=IDLE_SECONDS)
            except queue.Empty:
                return
            number = int(message["id"])

            def progress(part: float, number: int = number) -> None:
                if number in self._cancelled:
                    raise _Cancelled
                self._channel.send({"id": number, "progress": part})

            try:
                progress(0.0)
                found = regression.fit(fitting.examples_of(message), message["kind"], progress)
            except _Cancelled:
                self._cancelled.discard(number)
            # Whatever a set of examples does to the libraries below must not cost the fits behind it.
            except Exception as error:
                self._channel.send({"id": number, "error": f"training failed ({error}): remove the last example."})
            else:
                self._channel.send({"id": number, **fitting.answer_of(found)})

    def _hear(self, message: Message) -> None:
        if message["do"] == "cancel":
            self._cancelled.add(message["id"])
        else:
            self._jobs.put(message)


def main() -> None:
    """Run as the helper process: modest, single-threaded, until standard input ends or there is nothing to do."""
    os.nice(NICENESS)
    _Worker().run()
    # Not through the interpreter's own ending, which cannot take standard input from the thread that reads it.
    os._exit(0)


if __name__ == "__main__":
    main()
