"""Where shipped files are found, in a checkout and in an installed package."""

from pathlib import Path

import pytest

from livevae import resources
from livevae.errors import LivevaeError


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    package = tmp_path / "livevae"
    package.mkdir()
    monkeypatch.setattr(resources, "PACKAGE", package)
    return package


def test_a_checkout_holds_models_and_pieces_at_its_root(package: Path) -> None:
    for name in ("models", "patterns"):
        (package.parent / name).mkdir()
    assert resources.models_dir() == package.parent / "models"
    assert resources.patterns_dir() == package.parent / "patterns"


def test_an_installed_package_holds_them_itself_whatever_lies_beside_it(package: Path) -> None:
    for name in ("models", "patterns"):
        (package.parent / name).mkdir()
        (package / "data" / name).mkdir(parents=True)
    assert resources.models_dir() == package / "data" / "models"
    assert resources.patterns_dir() == package / "data" / "patterns"


def test_the_default_model_is_in_the_models_folder(package: Path) -> None:
    (package.parent / "models").mkdir()
    with pytest.raises(LivevaeError, match="default model"):
        resources.default_model()
    model = package.parent / "models" / resources.DEFAULT_MODEL
    model.write_bytes(b"model")
    assert resources.default_model() == model


def test_missing_folders_are_named(package: Path) -> None:
    with pytest.raises(LivevaeError, match="sounds"):
        resources.sounds_dir()


def test_the_recordings_ship_with_the_package() -> None:
    assert resources.sounds_dir() == Path(resources.__file__).parent / "data" / "sounds"
    assert list(resources.sounds_dir().glob("*.flac"))
