"""`python -m benchmarks.models`: that the other model is put where it does best, and that the table says what is so."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from torch import Tensor, nn

from benchmarks import models
from benchmarks.alignment import placed
from benchmarks.models import compared, heard, measures
from benchmarks.tables import table
from livevae.errors import LivevaeError
from livevae.resources import default_model, sounds_dir
from support.models import ROWS, save, scripted

SAMPLES = 48000
LATE = 700


class Late(nn.Module):
    """What enters comes out LATE samples later, and the file does not say so."""

    def __init__(self) -> None:
        super().__init__()
        self.ratio = 256
        self.sr = 48000
        self.register_buffer("cache", torch.zeros(ROWS, 1, LATE))
        for name, numbers in {"encode": [1, 1, 256, 256], "decode": [256, 256, 1, 1], "forward": [1, 1, 1, 1]}.items():
            self.register_buffer(f"{name}_params", torch.tensor(numbers))

    @torch.jit.export
    def encode(self, x: Tensor) -> Tensor:
        rows = x.size(0)
        whole = torch.cat([self.cache[:rows], x], 2)
        self.cache[:rows] = whole[:, :, x.size(2) :]
        return whole[:, :, : x.size(2)].reshape(rows, -1, self.ratio).transpose(1, 2)

    @torch.jit.export
    def decode(self, z: Tensor) -> Tensor:
        return z.transpose(1, 2).reshape(z.size(0), 1, z.size(2) * self.ratio)

    def forward(self, x: Tensor) -> Tensor:
        return self.decode(self.encode(x))


@pytest.fixture
def other(tmp_path: Path) -> Path:
    return save(scripted(Late()), tmp_path / "other.ts")


@pytest.fixture
def drum() -> np.ndarray:
    return soundfile.read(sounds_dir() / "drum.flac", dtype="float32")[0][:SAMPLES]


@pytest.mark.parametrize("late", [-1003, -8, 0, 17, 2500])
def test_another_model_is_put_where_it_is_nearest(drum: np.ndarray, late: int) -> None:
    made = 0.7 * (drum[-late:] if late < 0 else np.pad(drum, (late, 0)))
    found = placed(made, drum, 0)
    assert found.shape == drum.shape
    assert np.abs(found[2000:-4000] - 0.7 * drum[2000:-4000]).max() < 0.05
    assert measures(found, drum)["distance_db"] < measures(0.7 * drum, drum)["distance_db"] + 1


def test_a_model_of_another_family_is_measured_without_its_delay(
    other: Path, monkeypatch: pytest.MonkeyPatch, drum: np.ndarray
) -> None:
    monkeypatch.setattr(models, "ROUNDS", 2)
    columns = compared([default_model()], {"drum": drum}, other)
    ours, theirs, noise, low = columns
    assert [column.name for column in columns[2:]] == ["shaped noise", "low-passed"]
    assert theirs.means()["distance_db"] < 0.2 < ours.means()["distance_db"] < noise.means()["distance_db"]
    assert theirs.figures["delay_ms"] == pytest.approx(LATE / 48, abs=0.1)
    assert theirs.figures["path_64_ms"] < theirs.figures["path_256_ms"]
    assert ours.figures["chunk"] == ours.figures["ratio"] == 1024
    assert 0 < ours.figures["core_percent"] < 400
    for column in (ours, theirs):
        assert column.figures["edges"] == pytest.approx(column.figures["edges_whole"], abs=0.02)
    assert ours.figures["times"] > 5
    text = table(columns, theirs.name)
    assert f"… times that of {theirs.name}" in text
    assert "from input to output at blocks of 256, ms" in text
    assert {line.count("|") for line in text.splitlines()} == {6}
    assert low.figures == {}


def test_sounds_rebuilt_elsewhere_count_for_the_other_model(
    other: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, drum: np.ndarray
) -> None:
    monkeypatch.setattr(models, "ROUNDS", 2)
    soundfile.write(tmp_path / "drum.wav", np.pad(0.5 * drum, (300, 0)), 48000, subtype="FLOAT")
    theirs = compared([], {"drum": drum}, other, tmp_path)[0]
    assert theirs.means()["level_db"] == pytest.approx(-6.0, abs=0.1)
    with pytest.raises(LivevaeError, match=r"bell\.wav cannot be read"):
        compared([], {"bell": drum}, other, tmp_path)


def test_a_name_that_is_not_there_is_told(tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_text("bell\ngong\n")
    with pytest.raises(LivevaeError, match="no recording gong"):
        heard([sounds_dir()], tmp_path / "names.txt")
    (tmp_path / "names.txt").write_text("bell\n")
    assert list(heard([sounds_dir()], tmp_path / "names.txt")) == ["bell"]
    assert len(heard([sounds_dir()], None)) == 8


def test_the_command_prints_a_table_that_can_be_read_by_a_program_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], drum: np.ndarray
) -> None:
    monkeypatch.setattr(models, "ROUNDS", 2)
    soundfile.write(tmp_path / "drum.wav", drum[:24000], 48000)
    command = ["models", str(default_model()), "--recordings", str(tmp_path)]
    monkeypatch.setattr("sys.argv", [*command, "--json"])
    models.main()
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert set(rows) == {"default", "shaped noise", "low-passed"}
    distance = rows["default"]["means"]["distance_db"]
    assert distance == rows["default"]["each"]["drum"]["distance_db"]
    monkeypatch.setattr("sys.argv", [*command, "--each"])
    models.main()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "| | default | shaped noise | low-passed |"
    assert lines[-1].startswith(f"| drum | {distance:.2f} | ")
