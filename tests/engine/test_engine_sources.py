"""What a slot listens to can change while it plays."""

from collections.abc import Callable
from pathlib import Path

import pytest
import soundfile

from livevae.engine.interface import FileInput, Live, Silence
from support.engines import RATE, Studio, roughness, sine


@pytest.mark.parametrize("mix", [0.0, 1.0])
def test_a_new_source_fades_in_over_the_old_one(
    studio: Callable[..., Studio], models: Callable[[str], Path], tmp_path: Path, mix: float
) -> None:
    other = tmp_path / "other.wav"
    soundfile.write(other, -sine(RATE), RATE)
    session = studio(sine(2 * RATE))
    info = session.play(models("identity"), Live(1), mix=mix)
    before = session.run(RATE // 2)
    session.engine.set_source(info.slot, FileInput(other))
    after = session.run(RATE // 2)
    # The two are as far apart as they can be: cut hard, the step would be up to 1.
    assert roughness(after[:, 0]) < 4 * roughness(before[2048:, 0])
    assert abs(after[RATE // 4 :]).max() == pytest.approx(0.5, abs=0.01)


def test_a_source_that_ends_fades_out(studio: Callable[..., Studio], models: Callable[[str], Path]) -> None:
    session = studio(sine(2 * RATE))
    info = session.play(models("identity"), Live(1), mix=0.0)
    before = session.run(RATE // 2)
    session.engine.set_source(info.slot, Silence())
    after = session.run(RATE // 2)
    assert roughness(after[:, 0]) < 4 * roughness(before[2048:, 0])
    assert abs(after[RATE // 4 :]).max() == 0.0
