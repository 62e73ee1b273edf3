"""What is done to live in a model's process is what the same operations do, offline, to the encoded sound."""

from __future__ import annotations

import doctest
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livevae import latent, pattern
from livevae.errors import LivevaeError
from livevae.latent import LiveLatent, cross, lerp, live
from livevae.model import Model, open_model
from livevae.pattern import Context, Pattern, Space, mini, point, saw, signal, sine
from support.latents import FRAME_RATE, UNHEARD, decoded
from support.models import identity, save

D = 4
COUNT = 300
RANDOM = np.random.default_rng(5)
ENTERED = np.cumsum(RANDOM.normal(0, 0.05, (COUNT, D)), axis=0).clip(-0.9, 0.9)
SECONDS = np.arange(COUNT) / FRAME_RATE
CYCLES = SECONDS / 2
SPACE = Space.of(RANDOM.normal([0.1, -0.1, 0.0, 0.2], [0.2, 0.4, 0.3, 0.1], (200, D)))
CONTEXT = replace(Context.at(0.5, seed=3), space=SPACE)
PLACES = RANDOM.uniform(-0.9, 0.9, (12, D))
POINTS = [point(*place) for place in PLACES]

Values = np.ndarray


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return open_model(save(identity(D), tmp_path_factory.mktemp("identity") / "identity.ts"))


def played(model: Model, expression: LiveLatent, **cut: object) -> Values:
    return decoded(model, expression, ENTERED, CONTEXT, ahead=not cut, **cut)[0]


# -- the same, offline, in plain numpy and frame by frame


@dataclass
class Offline:
    """Where it reads, in seconds, and what is done to what it reads."""

    places: Values = field(default_factory=lambda: SECONDS.copy())
    steps: list[Callable[[Values], Values]] = field(default_factory=list)

    def values(self) -> Values:
        heard = read(self.places)
        for step in self.steps:
            heard = step(heard)
        return heard


def read(places: Values) -> Values:
    out = np.empty((COUNT, D))
    for index, place in enumerate(places):
        at = min(max(place * FRAME_RATE, 0.0), float(index))
        low = int(at)
        high = min(low + 1, index)
        out[index] = ENTERED[low] + (at - low) * (ENTERED[high] - ENTERED[low])
    return out


def smoothed(seconds: float) -> Callable[[Values], Values]:
    def step(x: Values) -> Values:
        out, keep = np.empty_like(x), np.exp(-1 / (seconds * FRAME_RATE))
        state = x[0]
        for index, frame in enumerate(x):
            state = keep * state + (1 - keep) * frame
            out[index] = state
        return out

    return step


def quantized(amount: object) -> Callable[[Values], Values]:
    def step(x: Values) -> Values:
        nearest = np.array([PLACES[np.square(PLACES - frame).sum(axis=1).argmin()] for frame in x])
        return x + np.asarray(amount) * (nearest - x)

    return step


def value(thing: object) -> Values | float:
    if not isinstance(thing, Pattern):
        return float(thing)  # type: ignore[arg-type]
    found = thing.sample(CYCLES, CONTEXT)
    return found[:, None] if found.ndim == 1 else found


Step = tuple[Callable[[LiveLatent], LiveLatent], Callable[[Values], Values]]


def scaled(by: object) -> Step:
    return lambda e: e * by, lambda x: x * value(by)


def shifted(by: object) -> Step:
    return lambda e: e + by, lambda x: x + value(by)


still = st.sampled_from([0.5, -1.2, 0.9, point(0.5, 1.0, -0.5, 0.8)]).flatmap(
    lambda by: st.sampled_from([scaled(by), shifted(by)])
)
moving = st.sampled_from([sine.range(-0.5, 0.5), saw, mini("0.5 -1"), mini("1 [0.2 0.7]") * point(1, 0, 2, 1)]).flatmap(
    lambda by: st.sampled_from([scaled(by), shifted(by)])
)
STATISTICS: list[Step] = [
    (lambda e: e.normalize(), lambda x: (x - SPACE.mean) / SPACE.spread),
    (lambda e: e.unit(), lambda x: SPACE.mean + x * SPACE.spread),
    (lambda e: e.exaggerate(1.5), lambda x: SPACE.mean + 1.5 * (x - SPACE.mean)),
    (lambda e: e.exaggerate({1: 2}), lambda x: np.where([0, 1, 0, 0], SPACE.mean + 2 * (x - SPACE.mean), x)),
    (lambda e: e.mirror(0), lambda x: np.where([1, 0, 0, 0], 2 * SPACE.mean - x, x)),
]
LIMITS = SPACE.low - 0.1 * (SPACE.high - SPACE.low), SPACE.high + 0.1 * (SPACE.high - SPACE.low)
MOVES: list[Step] = [
    (lambda e: e.smooth(0.05), smoothed(0.05)),
    (lambda e: e.smooth(0.3), smoothed(0.3)),
    (lambda e: e.route({0: 3, 1: 0}), lambda x: x[:, [3, 0, 2, 3]]),
    (lambda e: e.swap_dims(1, 2), lambda x: x[:, [0, 2, 1, 3]]),
    (lambda e: e.reverse_latents(), lambda x: x[:, ::-1]),
    (lambda e: e.clip(), lambda x: np.clip(x, *LIMITS)),
    (lambda e: e.quantize_to(POINTS), quantized(1)),
    (lambda e: e.quantize_to(POINTS, 0.5), quantized(0.5)),
]


def phase(places: Values, length: float) -> Values:
    # A window begins with the frame that stands on its boundary, whatever the last digit says.
    return np.maximum(places - np.floor((places + 1e-9) / length) * length, 0.0)


READINGS: list[tuple[Callable[[LiveLatent], LiveLatent], Callable[[Values], Values]]] = [
    (lambda e: e.reverse(0.32), lambda at: at - 2 * phase(at, 0.32)),
    (lambda e: e.freeze(0.3), lambda at: at - phase(at, 0.3)),
    (lambda e: e.stretch(2, 0.5), lambda at: at - phase(at, 0.5) / 2),
    (lambda e: e.stretch(0.5, 0.4), lambda at: at - 0.4 + phase(at, 0.4)),
]


@st.composite
def expressions(draw: st.DrawFn) -> tuple[LiveLatent, Offline]:
    """An expression, and the same offline: where to read, what is done before, by and after movers."""
    expression: LiveLatent = live
    offline = Offline()
    readings = draw(st.lists(st.sampled_from(READINGS), max_size=2))
    for build, _ in readings:
        expression = build(expression)
    for _, place in reversed(readings):
        offline.places = place(offline.places)
    if draw(st.booleans()):
        expression = expression.delay(0.07)
        offline.places = offline.places - 0.07
    steps = draw(st.lists(st.one_of(still, moving, st.sampled_from(STATISTICS)), max_size=2))
    moves = draw(st.lists(st.one_of(st.sampled_from(MOVES), still, st.sampled_from(STATISTICS)), max_size=4))
    after = draw(st.lists(st.one_of(still, moving, st.sampled_from(STATISTICS)), max_size=2))
    if not any(step in MOVES for step in moves):
        moves = []
    for build, step in [*steps, *moves, *after]:
        expression = build(expression)
        offline.steps.append(step)
    return expression, offline


@given(expressions(), st.lists(st.integers(1, 9), max_size=20), st.sampled_from([1, 2, 5]))
@settings(max_examples=20, deadline=None, derandomize=True)
def test_every_expression_is_what_it_says_however_time_is_cut(
    model: Model, both: tuple[LiveLatent, Offline], steps: list[int], frames: int
) -> None:
    expression, offline = both
    expected = offline.values()
    one = played(model, expression)
    scale = max(1.0, float(np.abs(expected).max()))
    np.testing.assert_allclose(one[UNHEARD:], expected[UNHEARD:], atol=2e-5 * scale)
    together = played(model, expression, frames=frames, groups=(1, 2, 3), steps=steps)
    np.testing.assert_array_equal(one[: len(together)], together)


@given(expressions(), expressions(), st.sampled_from([0.25, sine, mini("0 1 0.5")]))
@settings(max_examples=20, deadline=None, derandomize=True)
def test_mixtures_of_expressions_are_mixtures_of_what_they_say(
    model: Model, one: tuple[LiveLatent, Offline], other: tuple[LiveLatent, Offline], amount: object
) -> None:
    expected = (1 - value(amount)) * one[1].values() + value(amount) * other[1].values()
    heard = played(model, lerp(one[0], other[0], amount))
    np.testing.assert_allclose(heard[UNHEARD:], expected[UNHEARD:], atol=2e-5 * max(1.0, np.abs(expected).max()))


@given(expressions())
@settings(max_examples=8, deadline=None, derandomize=True)
def test_trying_an_expression_out_gives_what_will_be_heard(model: Model, both: tuple[LiveLatent, Offline]) -> None:
    expression, _ = both
    tried = expression.of(ENTERED, FRAME_RATE, CONTEXT)
    np.testing.assert_allclose(played(model, expression)[UNHEARD:], tried[UNHEARD:], atol=1e-4)


@pytest.mark.parametrize("amount", [sine, mini("0 1"), 0.3], ids=["sine", "steps", "number"])
def test_the_amount_of_quantizing_and_crossing_may_move(model: Model, amount: object) -> None:
    heard = played(model, live.quantize_to(POINTS, amount))
    np.testing.assert_allclose(heard[UNHEARD:], quantized(value(amount))(ENTERED)[UNHEARD:], atol=1e-5)
    crossed = played(model, live.cross(POINTS[0], amount))
    share = np.clip(np.asarray(value(amount)) * D - np.arange(D), 0, 1)
    np.testing.assert_allclose(crossed[UNHEARD:], (ENTERED + share * (PLACES[0] - ENTERED))[UNHEARD:], atol=1e-5)
    np.testing.assert_array_equal(crossed, played(model, cross(live, POINTS[0], amount)))


def test_echoes_are_read_at_several_places_at_once(model: Model) -> None:
    heard = played(model, live + 0.5 * live.delay(0.1) - live.smooth(0.1).delay(0.2))
    delayed = np.concatenate([np.repeat(ENTERED[:1], 20, axis=0), ENTERED[:-20]])
    expected = ENTERED + 0.5 * read(SECONDS - 0.1) - smoothed(0.1)(delayed)
    np.testing.assert_allclose(heard[UNHEARD:], expected[UNHEARD:], atol=1e-5)


def test_two_uses_of_the_same_mover_keep_their_own_memory(model: Model) -> None:
    heard = played(model, live.smooth(0.1) + (live * -2).smooth(0.1))
    np.testing.assert_allclose(heard[UNHEARD:], -smoothed(0.1)(ENTERED)[UNHEARD:], atol=1e-5)


@pytest.mark.parametrize("seed", range(4))
def test_a_gate_holds_what_was_there_when_it_opened(model: Model, seed: int) -> None:
    """On a gate that opens and closes on frames; where it opens on any other moment is tested by events below."""
    rng = np.random.default_rng(seed)
    on = np.repeat(rng.integers(0, 2, COUNT // 12 + 1), 12)[:COUNT].astype(bool)
    gate = signal(lambda cycles: on[np.clip((cycles * 2 * FRAME_RATE + 1e-6).astype(int), 0, COUNT - 1)] * 0.3)
    places = SECONDS.copy()
    for index in range(1, COUNT):
        if on[index] and on[index - 1]:
            places[index] = places[index - 1]
    heard = played(model, live.freeze(gate) * 0.5)
    # The gate is looked at more often than there are frames: it may have opened up to 5.2 ms before one.
    steps = np.abs(np.diff(ENTERED, axis=0)).max()
    np.testing.assert_allclose(heard[UNHEARD:], 0.5 * read(places)[UNHEARD:], atol=steps)
    np.testing.assert_array_equal(
        heard[:290], played(model, live.freeze(gate) * 0.5, frames=5, groups=(1, 4), steps=[7] * 30)[:290]
    )


def test_events_hold_from_their_very_onset(model: Model) -> None:
    gate = mini("0 1 [0 1] ~")
    heard = played(model, live.freeze(gate))
    places = SECONDS.copy()
    for index, cycle in enumerate(CYCLES):
        inside = cycle % 1
        for begin, end in ((0.25, 0.5), (0.625, 0.75)):
            if begin <= inside < end:
                places[index] = (np.floor(cycle) + begin) * 2
    np.testing.assert_allclose(heard[UNHEARD:], read(places)[UNHEARD:], atol=1e-5)


def test_a_gate_that_is_always_on_holds_for_thirty_seconds_at_most() -> None:
    cycles = np.array([0.0, 10.0, 40.0])
    lag = live.freeze(mini("1")).control(cycles, CONTEXT, D, FRAME_RATE).lag
    assert lag.tolist() == [3000.0, 3000.0, 3000.0]


@given(st.integers(1, 6), st.sampled_from([0.05, 0.1, 0.25]))
@settings(max_examples=15, deadline=None)
def test_a_stutter_repeats_each_piece(model: Model, times: int, seconds: float) -> None:
    size = round(seconds * FRAME_RATE)
    expected = np.empty_like(ENTERED)
    for index in range(COUNT):
        piece, within = divmod(index, size * times)
        expected[index] = ENTERED[piece * size * times + within % size]
    heard = played(model, live.stutter(times, seconds))
    np.testing.assert_allclose(heard[UNHEARD:], expected[UNHEARD:], atol=1e-5)


@given(st.integers(0, 5), st.sampled_from([0.04, 0.1]), st.sampled_from([0.0, 0.3, 1.0]))
@settings(max_examples=15, deadline=None)
def test_grains_read_forwards_from_somewhere_in_the_last_moments(
    model: Model, seed: int, size: float, spread: float
) -> None:
    expression = live.granulate(size, spread, seed)
    lags = expression.control(CYCLES, CONTEXT, D, FRAME_RATE).lag / FRAME_RATE
    grain = np.arange(COUNT) // round(size * FRAME_RATE)
    assert all(np.ptp(lags[grain == index]) < 1e-9 for index in np.unique(grain))
    assert ((lags >= 0) & (lags <= spread)).all()
    assert spread == 0 or len(np.unique(lags.round(9))) > 0.9 * len(np.unique(grain))
    heard = played(model, expression)
    np.testing.assert_allclose(heard[UNHEARD:], read(SECONDS - lags)[UNHEARD:], atol=1e-5)


def test_what_is_wrong_for_a_model_is_said_when_it_is_evaluated() -> None:
    for wrong, reason in (
        (live.route({0: 9}), "dimension 9"),
        (live.quantize_to(point(1, 2, 3)), "3 dimensions"),
        (live.quantize_to("choir"), "choir"),
    ):
        with pytest.raises(LivevaeError, match=reason):
            wrong.control(CYCLES, CONTEXT, D, FRAME_RATE)


def test_examples_show_what_happens() -> None:
    names = {name: getattr(pattern, name) for name in pattern.__all__} | {"live": live}
    for name, least in (("in_space", 8), ("in_time", 8), ("live", 1)):
        result = doctest.testmod(sys.modules[f"{latent.__name__}.{name}"], extraglobs=names)
        assert result.failed == 0
        assert result.attempted >= least
