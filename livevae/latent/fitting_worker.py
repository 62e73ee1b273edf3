"""The process that fits maps to examples: `python -m livevae.latent.fitting_worker`, started by `Fitter`."""

from __future__ import annotations

from livevae.helper import Message, Progress, serve


def prepare() -> None:
    """Load the libraries, which takes seconds."""
    from livevae.latent import fitting, regression  # noqa: F401 - so that the first fit finds them


def fit(message: Message, progress: Progress) -> Message:
    """The map that is asked for."""
    from livevae.latent import fitting, regression

    return fitting.answer_of(regression.fit(fitting.examples_of(message), message["kind"], progress))


def failed(message: Message, error: Exception) -> str:
    """What is told of an error."""
    return f"training failed ({error}): remove the last example."


if __name__ == "__main__":
    serve(fit, failed, prepare)
