"""`^name` in a text typed at a performance stands for what the performer's variable holds."""

from typing import Any

import numpy as np
import pytest

from livevae.performance import EvaluationError, Piece


def heard(rig: Any) -> list[float]:
    """What voice 1 played, one after the other."""
    values = rig.played().bias[:, 0]
    return [float(value) for index, value in enumerate(values) if index == 0 or value != values[index - 1]]


def test_a_text_reads_the_variables_of_the_performer(rig: Any) -> None:
    rig.do("melody = 'bell choir'")
    rig.do("v1.play('^melody drum', quant=0, fade=0)")
    rig.run(1.9)
    assert heard(rig) == [2.0, 1.0, -1.0]


def test_what_plays_does_not_follow_a_variable(rig: Any) -> None:
    rig.do("melody = 'bell'\nv1.play('^melody', quant=0, fade=0)")
    rig.run(1)
    rig.do("melody = 'choir'")
    rig.run(3)
    assert heard(rig) == [2.0]
    rig.do("v1.play('^melody', quant=0, fade=0)")
    rig.run(1)
    assert np.unique(rig.played().bias).tolist() in ([1.0], [1.0, 2.0])


def test_an_action_reads_the_variables_when_it_is_run(rig: Any) -> None:
    rig.do("melody = 'bell'\nv1.play('^melody', fade=0)\nafter(1, lambda: v1.play('^melody', fade=0))")
    rig.do("melody = 'choir'")
    rig.run(6)
    assert [value for value in heard(rig) if value] == [2.0, 1.0]


def test_a_cue_reads_the_variables_of_its_piece(rig: Any) -> None:
    file = rig.folder / "song.py"
    file.write_text(
        "melody = 'bell'\n@cue('one', bars=1)\ndef one():\n    v1.play('^melody', fade=0)\n"
        "@cue('two', bars=1)\ndef two():\n    v1.play('^melody drum', fade=0)\n"
    )
    Piece(rig.performance, file).load()
    rig.run(3.9)
    assert not rig.told
    assert [value for value in heard(rig) if value] == [2.0, -1.0]


def test_a_wrong_variable_changes_nothing_and_is_named(rig: Any) -> None:
    rig.do("melody = 'bell'; v1.play('^melody', quant=0, fade=0)")
    with pytest.raises(EvaluationError, match=r"unknown name '\^mellody' \(did you mean \^melody\?\) at column 6"):
        rig.do("v1.play('bell ^mellody', quant=0, fade=0)")
    rig.run(1)
    assert heard(rig) == [2.0]
