"""`show` draws what is going to be played, with the recordings and the model of the performance."""

import pytest

from livevae.performance.message import EvaluationError


def shown(rig, source: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    capsys.readouterr()
    rig.do(source)
    return capsys.readouterr().out.splitlines()


def test_steps_are_a_timeline_whether_or_not_their_names_are_known(rig, capsys) -> None:
    assert shown(rig, 'show("bell [choir drum]", 1)', capsys) == ["|bell───────|choir|drum─|"]
    assert shown(rig, 'show("nobody ~", 1)', capsys) == ["|nobody       |"]


def test_movement_is_a_curve_with_its_range(rig, capsys) -> None:
    (line,) = shown(rig, "show(saw.range(-1, 1), 1)", capsys)
    assert line.startswith("|▁▁")
    assert line.endswith("█| -0.958 to 0.958")


def test_what_lies_between_recordings_is_drawn_for_each_dimension(rig, capsys) -> None:
    lines = shown(rig, 'show(lerp("choir", "bell", saw) + dim(2, 10), 1)', capsys)
    assert len(lines) == 4
    assert [line.partition("| ")[2] for line in lines] == ["1.02 to 1.98"] * 2 + ["11 to 12"] + ["1.02 to 1.98"]


def test_a_voice_shows_what_it_plays(rig, capsys) -> None:
    assert shown(rig, "show(v1)", capsys) == ["silence"]
    rig.do('v1.z = "bell choir"')
    assert shown(rig, "show(v1, 1)", capsys) == ["|bell─|choir|"]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("show(live)", "live cannot be drawn"),
        ("show(v1.mute)", "takes a pattern or a voice"),
        ("show('bell', 0)", "up to 64 cycles"),
        ("show(lerp('nobody', 'bell', saw))", "nobody"),
    ],
)
def test_what_cannot_be_drawn_says_why(rig, source: str, message: str) -> None:
    with pytest.raises(EvaluationError, match=message):
        rig.do(source)


def test_dimensions_of_its_own_and_single_ones_are_drawn(rig, capsys) -> None:
    assert len(shown(rig, "show(perlin.dims(3), 1)", capsys)) == 3
    assert len(shown(rig, "show(dim(1, saw), 1)", capsys)) == 4
