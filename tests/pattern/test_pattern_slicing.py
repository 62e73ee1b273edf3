"""Recordings in slices, and recordings that last as long as their events."""

from dataclasses import dataclass

import numpy as np
import pytest

from livevae.errors import LivevaeError
from livevae.pattern import Context, Fit, Pattern, Take, mini, pure, saw, seq, sine, take

CONTEXT = Context.at(0.5)


@dataclass(frozen=True, eq=False)
class Ramp:
    """A recording whose value is the second that plays; it lasts four."""

    begin: float = 0.0
    end: float = 4.0
    dims: int = 1

    @property
    def seconds(self) -> float:
        return self.end - self.begin

    def at(self, seconds: np.ndarray) -> np.ndarray:
        return np.clip(self.begin + seconds, self.begin, self.end)[:, None]

    def slice(self, start: float, end: float) -> "Ramp":
        return Ramp(self.begin + start, self.begin + end)


class Endless:
    """Something that plays and has no length."""

    dims = 1

    def at(self, seconds: np.ndarray) -> np.ndarray:
        return seconds[:, None]


def parts(pattern: Pattern, cycle: int = 0) -> list[tuple[str, str, str]]:
    """The slices that begin in a cycle: where, which recording, and which part of it."""
    found = []
    for event in pattern.query(cycle, cycle + 1):
        if event.has_onset:
            ref = Take.of(event.value)
            found.append((str(event.part.begin - cycle), ref.name, f"{ref.first} {ref.last}"))
    return found


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (mini("a").chop(2), [("0", "a", "0 1/2"), ("1/2", "a", "1/2 1")]),
        (
            mini("a b").chop(2),
            [("0", "a", "0 1/2"), ("1/4", "a", "1/2 1"), ("1/2", "b", "0 1/2"), ("3/4", "b", "1/2 1")],
        ),
        (mini("a b").chop("1 2"), [("0", "a", "0 1"), ("1/2", "b", "0 1/2"), ("3/4", "b", "1/2 1")]),
        (mini("a").chop(2).rev(), [("0", "a", "1/2 1"), ("1/2", "a", "0 1/2")]),
        (
            mini("a").chop(2).chop(2),
            [("0", "a", "0 1/4"), ("1/4", "a", "1/4 1/2"), ("1/2", "a", "1/2 3/4"), ("3/4", "a", "3/4 1")],
        ),
        (
            mini("a b").striate(2),
            [("0", "a", "0 1/2"), ("1/4", "b", "0 1/2"), ("1/2", "a", "1/2 1"), ("3/4", "b", "1/2 1")],
        ),
        (mini("a").slice(4, "0 2"), [("0", "a", "0 1/4"), ("1/2", "a", "1/2 3/4")]),
        (mini("a").slice(4, "3 ~ -1 5"), [("0", "a", "3/4 1"), ("1/2", "a", "3/4 1"), ("3/4", "a", "1/4 1/2")]),
        (mini("a b").slice("2 4", "1*2"), [("0", "a", "1/2 1"), ("1/2", "b", "1/4 1/2")]),
        (mini("<a b>").slice(2, "0"), [("0", "a", "0 1/2")]),
        (mini("a").splice(4, "0 [1 2]"), [("0", "a", "0 1/4"), ("1/2", "a", "1/4 1/2"), ("3/4", "a", "1/2 3/4")]),
        (mini("a").loop_at(2).chop(4), [("0", "a", "0 1/4"), ("1/2", "a", "1/4 1/2")]),
        (take("a", start=1.0).chop(2), [("0", "a", "0 1/2"), ("1/2", "a", "1/2 1")]),
    ],
)
def test_which_slices_play_when(made: Pattern, expected: list[tuple[str, str, str]]) -> None:
    assert parts(made) == expected


def test_which_slices_are_fitted() -> None:
    for made, fits in [
        (mini("a").slice(2, "0"), False),
        (mini("a").splice(2, "0"), True),
        (mini("a").fit(), True),
        (mini("a").loop_at(3), True),
        (mini("a").chop(2), False),
    ]:
        assert [event.value.fit for event in made.query(0, 1)] == [fits] * len(made.query(0, 1))


def test_slices_play_their_part_at_its_own_speed() -> None:
    ramp = pure(Ramp())
    np.testing.assert_allclose(ramp.chop(2).sample([0.25, 0.75], CONTEXT)[:, 0], [0.5, 2.5])
    np.testing.assert_allclose(ramp.striate(2).sample([0.25, 0.75], CONTEXT)[:, 0], [0.5, 2.5])
    np.testing.assert_allclose(ramp.slice(4, "3 0").sample([0.25, 0.99], CONTEXT)[:, 0], [3.5, 0.98])


def test_what_fits_is_over_when_its_event_is() -> None:
    halves = pure(Ramp()).splice(2, "1 0")
    np.testing.assert_allclose(halves.sample([0.0, 0.25, 0.4999, 0.5, 0.75], CONTEXT)[:, 0], [2, 3, 3.9996, 0, 1])
    looped = pure(Ramp()).loop_at(2)
    np.testing.assert_allclose(looped.sample([0.0, 1.0, 1.5, 2.0], CONTEXT)[:, 0], [0, 2, 3, 0])
    chopped = pure(Ramp()).loop_at(2).chop(4)
    np.testing.assert_allclose(chopped.sample([0.0, 1.0, 1.75], CONTEXT)[:, 0], [0, 2, 3.5])


def test_what_fits_does_so_at_every_tempo_and_while_it_changes() -> None:
    fitted = pure(Ramp()).fit()
    times = np.linspace(0, 0.99, 12)
    bent = Context(0, lambda cycles: np.where(cycles < 0.5, cycles * 8, 4 + (cycles - 0.5) / 3))
    for context in (Context.at(0.1), Context.at(7), bent):
        np.testing.assert_allclose(fitted.sample(times, context)[:, 0], times * 4)
    np.testing.assert_allclose(fitted.fast(2).sample([0.25, 0.75], bent)[:, 0], [2, 2])
    np.testing.assert_allclose(fitted.rev().sample([0.25, 0.75], bent)[:, 0], [1, 3])


def test_what_fits_can_be_combined_and_glide() -> None:
    fitted = pure(Ramp()).fit() * 2 + saw
    np.testing.assert_allclose(fitted.sample([0.25], CONTEXT), [[2.25]])
    (event,) = (pure(Ramp()).fit() * 2).query(0, 1, CONTEXT)
    np.testing.assert_allclose(event.value.at(np.array([0.5])), [[2.0]])
    gliding = seq(Ramp(), 8).fit().glide(0.25)
    assert 2 < gliding.sample([0.51], CONTEXT)[0, 0] < 8


def test_slicing_reaches_into_combinations() -> None:
    mixed = (mini("a") + sine).chop(2)
    assert mixed.names() == {"a"}
    found = mixed.resolve({"a(last=1/2)": 1.0, "a(first=1/2)": 2.0}.__getitem__)
    np.testing.assert_allclose((found - sine).sample([0.1, 0.6]), [1, 2])
    spliced = (
        (mini("a") * 2 + sine)
        .splice(2, "1 0")
        .resolve({"a(first=1/2, fit=True)": 1.0, "a(last=1/2, fit=True)": 2.0}.__getitem__)
    )
    np.testing.assert_allclose((spliced - sine).sample([0.1, 0.6]), [2, 4])
    turned = (mini("a") + sine).every(2, lambda p: p.rev()).slice(2, "1 0")
    heard = turned.resolve({"a(first=1/2)": 1.0, "a(last=1/2)": 2.0}.__getitem__)
    np.testing.assert_allclose((heard - sine).sample([1.1, 1.6]), [1, 2])


def test_numbers_have_no_slices() -> None:
    assert [event.value for event in mini("1 2").chop(2).query(0, 1)] == [1, 1, 2, 2]
    assert mini("1").fit().query(0, 1) == mini("1").query(0, 1)
    assert saw.chop(4).is_continuous


def test_fitting_twice_is_fitting_once() -> None:
    (event,) = pure(Ramp()).fit().fit().query(0, 1)
    assert isinstance(event.value, Fit)
    assert isinstance(event.value.source, Ramp)
    assert event.value.seconds == 4.0
    np.testing.assert_allclose(event.value.at(np.array([1.0])), [[1.0]])
    assert event.value.name == ""


def test_what_has_no_length_stays_as_it_is() -> None:
    endless = pure(Endless())
    for made in (endless.fit(), endless.chop(1)):
        np.testing.assert_allclose(made.sample([0.25], CONTEXT), endless.sample([0.25], CONTEXT))


@pytest.mark.parametrize(
    "make",
    [
        lambda p: p.chop(0),
        lambda p: p.chop("1.5").query(0, 1),
        lambda p: p.striate(-1),
        lambda p: p.slice(0, "0"),
        lambda p: p.slice(4, "0.5").query(0, 1),
        lambda p: p.splice(4, "b").query(0, 1),
        lambda p: p.slice(4, sine),
    ],
)
def test_what_makes_no_sense_is_an_error(make: object) -> None:
    with pytest.raises(LivevaeError):
        make(mini("a"))  # type: ignore[operator]
