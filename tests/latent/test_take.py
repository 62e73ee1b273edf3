"""Takes: names that say more, carried by patterns."""

import numpy as np
import pytest

from livevae.errors import LivevaeError
from livevae.latent import Take, Trajectory, take
from livevae.pattern import Context, mini

CONTEXT = Context.at(0.5)
RAMP = Trajectory(np.arange(8, dtype=np.float32)[:, None], 4.0, "bell")


def test_a_plain_take_equals_its_name() -> None:
    assert take("bell").query(0, 2) == mini("bell").query(0, 2)
    assert Take("bell") == "bell"
    assert hash(Take("bell", speed=2.0)) == hash(Take("bell", speed=2.0))
    assert Take("bell", speed=2.0) != Take("bell")
    assert str(Take("bell", start=0.5, loop=True)) == "bell(start=0.5, loop=True)"


def test_patterns_hand_the_whole_take_to_whoever_resolves_it() -> None:
    seen = []

    def lookup(name: str) -> Trajectory:
        seen.append(name)
        return name.apply(RAMP) if isinstance(name, Take) else RAMP

    pattern = (take("bell", speed=-1) - "choir").resolve(lookup)
    values = pattern.sample([0.0, 0.5], CONTEXT)  # half a cycle is a second, four frames
    np.testing.assert_allclose(values[:, 0], [7 - 0, 3 - 4])
    assert sorted(seen) == ["bell(speed=-1)", "choir"]


def test_a_take_begins_anew_with_every_cycle() -> None:
    pattern = take("bell").resolve(lambda name: RAMP)
    np.testing.assert_allclose(pattern.sample([0.25, 3.25], CONTEXT)[:, 0], [2, 2])


def test_applying_a_take() -> None:
    np.testing.assert_array_equal(Take("bell", reverse=True).apply(RAMP).frames, RAMP.frames[::-1])
    assert Take("bell", speed=2.0).apply(RAMP).rate == 8.0
    assert Take("bell", loop=True).apply(RAMP).looped
    both = Take("bell", reverse=True, speed=-1.0).apply(RAMP)
    np.testing.assert_array_equal(both.frames, RAMP.frames)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "two words"}, "name of one recording"),
        ({"name": 3}, "name of one recording"),
        ({"name": "bell", "start": -1}, "start=-1 is no time in bell"),
        ({"name": "bell", "end": float("nan")}, "end=nan is no time"),
        ({"name": "bell", "speed": float("inf")}, "speed=inf is no speed"),
        ({"name": "bell", "channel": 0}, "channels count from 1"),
    ],
)
def test_what_is_no_take_is_refused(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(LivevaeError, match=message):
        take(**arguments)  # type: ignore[arg-type]


def test_a_take_does_not_change() -> None:
    with pytest.raises(AttributeError, match="does not change"):
        Take("bell").speed = 2.0
