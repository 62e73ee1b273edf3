"""Where the files that come with livevae are: recordings, models and pieces.

An installed package holds all three under `livevae/data`; in a checkout models and pieces are at the repository root.
What performers make themselves is kept elsewhere, where it outlasts the package.
"""

from pathlib import Path

from platformdirs import user_data_dir

from livevae.errors import LivevaeError

PACKAGE = Path(__file__).resolve().parent
DEFAULT_MODEL = "default.ts"


def _folder(name: str) -> Path:
    for folder in (PACKAGE / "data" / name, PACKAGE.parent / name):
        if folder.is_dir():
            return folder
    raise LivevaeError(f"The folder {name!r} that comes with livevae is missing from {PACKAGE}: install livevae again.")


def sounds_dir() -> Path:
    """The folder of the recordings that ship, FAMILY.flac; raises LivevaeError when it is missing."""
    return _folder("sounds")


def models_dir() -> Path:
    """The folder of the models that ship, with their cards; raises LivevaeError when it is missing."""
    return _folder("models")


def own_models_dir() -> Path:
    """The folder of the performer's own models, `livevae/models` under the platform's folder for data; it may be
    missing.
    """
    return Path(user_data_dir("livevae", appauthor=False)) / "models"


def patterns_dir() -> Path:
    """The folder of the pieces that ship; raises LivevaeError when it is missing."""
    return _folder("patterns")


def default_model() -> Path:
    """The model that plays when the performer names none; raises LivevaeError when it is missing."""
    path = models_dir() / DEFAULT_MODEL
    if not path.is_file():
        raise LivevaeError(f"The default model {path} is missing: install livevae again, or name a model of your own.")
    return path
