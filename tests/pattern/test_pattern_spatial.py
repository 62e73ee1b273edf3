"""Places, movements and curves in the latent space, by the statistics of a model and by recordings."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from livevae.errors import LivevaeError
from livevae.pattern import (
    Context,
    Pattern,
    Space,
    Take,
    bezier,
    cross,
    dim,
    dims,
    freeze,
    jitter,
    lerp,
    mean,
    mini,
    morph,
    noise,
    orbit,
    origin,
    path,
    perlin,
    point,
    pure,
    saw,
    silence,
    sine,
    spiral,
    spline,
)

D = 4
TIMES = (np.arange(-600, 600, 37) + 0.5) / 509
numbers = st.floats(-20, 20, allow_subnormal=False).map(lambda x: round(x, 3))
vectors = hnp.arrays(np.float64, D, elements=numbers)
clouds = hnp.arrays(np.float64, (5, D), elements=numbers)
laws = settings(max_examples=40, deadline=None)


class Recording:
    """Frames at ten a second, as a trajectory has them."""

    def __init__(self, frames: np.ndarray) -> None:
        self.frames = frames.astype(np.float32)
        self.dims = frames.shape[1]

    def at(self, seconds: np.ndarray) -> np.ndarray:
        place = np.clip(seconds * 10, 0, len(self.frames) - 1)
        below = np.minimum(place.astype(int), len(self.frames) - 2)
        part = (place - below)[:, None]
        return (1 - part) * self.frames[below] + part * self.frames[below + 1]


class Absent:
    """A recording that is still being encoded."""

    dims = D
    frames = None

    def at(self, seconds: np.ndarray) -> np.ndarray:
        return np.full((len(seconds), D), np.nan)


WALK = Recording(np.random.default_rng(3).standard_normal((200, D)))
SPACE = Space.of(WALK.frames * [1, 2, 3, 4] + [5, 0, -5, 0])
CONTEXT = Context(seed=5, space=SPACE)


def at(pattern: Pattern, *times: float, space: Space | None = None) -> np.ndarray:
    return pattern.sample(times or [0.0], Context(space=space))


def sampled(pattern: Pattern, times: np.ndarray = TIMES, context: Context = CONTEXT) -> np.ndarray:
    return pattern.with_dims(D).sample(times, context)


# -- the statistics of the space


@laws
@given(clouds, vectors)
def test_unit_and_normalize_undo_each_other(cloud: np.ndarray, place: np.ndarray) -> None:
    space = Space(cloud.mean(0), cloud.std(0) + 0.01, cloud.min(0), cloud.max(0))
    pattern = pure(place)
    for same in (pattern.unit().normalize(), pattern.normalize().unit(), pattern.unit(True).normalize(True)):
        np.testing.assert_allclose(at(same, space=space)[0], place, atol=1e-6)


def test_units_are_spreads_from_the_mean_and_movements_have_no_mean() -> None:
    space = Space.of([[0, 10, 3], [4, 30, 3]])
    np.testing.assert_allclose(at(origin.unit(), space=space), [[2, 20, 3]])
    np.testing.assert_allclose(at(pure(-1).unit(), space=space), [[0, 10, 3]])
    here = point(7, 7, 7)
    np.testing.assert_allclose(at(here + dim(1, 0.5).unit(), space=space), [[7, 12, 7]])
    np.testing.assert_allclose(at(here + dims({0: 1, 1: -1}).unit(), space=space), [[9, -3, 7]])
    np.testing.assert_allclose(at(here + point(1, 1, 1).unit(offset=True), space=space), [[9, 17, 7]])
    np.testing.assert_allclose(at(here + orbit((0, 1), 1).unit(), space=space), [[9, 7, 7]])
    np.testing.assert_allclose(at(here.normalize(), space=space), [[2.5, -1.3, 0]])
    np.testing.assert_allclose(at(dim(0, 1).unit().with_dims(3), space=space), [[2, 0, 0]])
    with pytest.raises(LivevaeError, match="dimension 3 does not exist"):
        at(here + dim(3, 1).unit(), space=space)


def test_without_a_model_the_space_is_what_models_are_trained_towards() -> None:
    np.testing.assert_allclose(at(point(1, -2).unit()), [[1, -2]])
    np.testing.assert_allclose(at(pure(9).clip(0)), [3])
    assert at(noise(0.5)).shape == (1,)


@laws
@given(vectors, st.floats(0, 1))
def test_clip_stays_within_the_range_and_its_margin_and_twice_is_once(place: np.ndarray, margin: float) -> None:
    room = margin * (SPACE.high - SPACE.low)
    once = at(pure(place).clip(margin), space=SPACE)[0]
    np.testing.assert_array_equal(at(pure(place).clip(margin).clip(margin), space=SPACE)[0], once)
    assert (once >= SPACE.low - room).all()
    assert (once <= SPACE.high + room).all()
    inside = (place >= SPACE.low - room) & (place <= SPACE.high + room)
    np.testing.assert_array_equal(once[inside], place[inside])


def test_clip_leaves_alone_what_a_movement_does_not_move() -> None:
    space = Space.of([[5, 5], [6, 6]])
    np.testing.assert_allclose(at(point(1, 1) + dim(1, 9).clip(0), space=space), [[1, 7]])


def test_a_pattern_knows_whether_it_needs_the_space() -> None:
    for needs in (
        pure(1).unit(),
        mini("1 2").unit().fast(2).rev(),
        (point(1, 2) + noise(0.2)).glide(0.1),
        jitter(),
        pure(1).every(2, lambda p: p.clip()),
        lerp("a", origin.unit(), saw),
        mini("1").scale(2),
    ):
        assert needs.uses_space()
    for plain in (pure(1), mini("a b").quantize_to("c"), mini("1").scale(2, around=0), orbit(), perlin.dims(3)):
        assert not plain.uses_space()


def test_events_are_kept_apart_for_different_spaces() -> None:
    pattern = sine.unit().segment(2)
    one, other = Space.of([[0.0], [2.0]]), Space.of([[0.0, 0.0], [20.0, 40.0]])
    np.testing.assert_allclose(pattern.sample([0.1], Context(space=one)), [[1.5]])
    np.testing.assert_allclose(pattern.sample([0.1], Context(space=other)), [[15, 30]])


# -- dimensions


@laws
@given(vectors, st.integers(0, D - 1), st.integers(0, D - 1))
def test_swapping_mirroring_and_reversing_twice_is_identity(place: np.ndarray, a: int, b: int) -> None:
    pattern = pure(place)
    np.testing.assert_array_equal(at(pattern.swap_dims(a, b).swap_dims(b, a))[0], place)
    np.testing.assert_array_equal(at(pattern.reverse_latents().reverse_latents())[0], place)
    for same in (
        pattern.mirror().mirror(),
        pattern.mirror(a).mirror(a),
        pattern.mirror(a, around=3).mirror(a, around=3),
    ):
        np.testing.assert_allclose(at(same, space=SPACE)[0], place, atol=1e-9)
    mirrored = at(pattern.mirror(a, around=0))[0]
    np.testing.assert_array_equal(mirrored, np.where(np.arange(D) == a, -place, place))


@laws
@given(vectors, st.integers(0, D - 1), numbers)
def test_scaling_some_dimensions_leaves_the_others_to_the_last_bit(place: np.ndarray, index: int, by: float) -> None:
    scaled = at(pure(place).scale({index: by}), space=SPACE)[0]
    others = np.arange(D) != index
    np.testing.assert_array_equal(scaled[others], place[others])
    centre = SPACE.mean[index]
    assert scaled[index] == pytest.approx(centre + by * (place[index] - centre), abs=1e-9)


def test_dimensions_may_be_patterns_and_movements_are_exchanged_too() -> None:
    here = point(1, 2, 3)
    np.testing.assert_allclose(at(here.swap_dims("0 1", 2), 0, 0.5), [[3, 2, 1], [1, 3, 2]])
    np.testing.assert_allclose(at(here + dim(0, 10).swap_dims(0, 2)), [[1, 2, 13]])
    np.testing.assert_allclose(at(here + dim(0, 10).swap_dims("0 1", 2), 0, 0.5), [[1, 2, 13], [11, 2, 3]])
    np.testing.assert_allclose(at(here + dim(0, 10).scale({0: 0.5})), [[6, 2, 3]])
    np.testing.assert_allclose(at(here.scale([1, 2, "3 4"], around=0), 0.5), [[1, 4, 12]])
    np.testing.assert_allclose(at(here.scale({}, around=0)), [[1, 2, 3]])
    np.testing.assert_allclose(at(here.reverse_latents()), [[3, 2, 1]])
    assert np.isnan(at(here.swap_dims("0 ~", 1), 0.5)).all()
    with pytest.raises(LivevaeError, match="dimension 5 does not exist: there are 3"):
        at(here.swap_dims(0, 5))
    for bad in (-1, 1.5):
        with pytest.raises(LivevaeError, match="numbered"):
            here.swap_dims(bad, 0)
    with pytest.raises(LivevaeError, match="with_dims"):
        at(dim(0, 1).reverse_latents())


@laws
@given(vectors, vectors, st.floats(0, 1))
def test_crossing_is_exact_at_its_ends_and_goes_one_dimension_at_a_time(
    a: np.ndarray, b: np.ndarray, amount: float
) -> None:
    np.testing.assert_array_equal(at(cross(a, b, 0))[0], a)
    np.testing.assert_array_equal(at(cross(a, b, 1))[0], b)
    crossed, gone = at(cross(a, b, amount))[0], int(amount * D)
    np.testing.assert_array_equal(crossed[:gone], b[:gone])
    np.testing.assert_array_equal(crossed[gone + 1 :], a[gone + 1 :])


def test_several_dimensions_move_at_once() -> None:
    here = point(1, 1, 1)
    np.testing.assert_allclose(at(here + dims({2: 5, 0: "1 2"}), 0.5), [[3, 1, 6]])
    np.testing.assert_allclose(at(here + dims([2, 0], point(5, 2))), [[3, 1, 6]])
    np.testing.assert_allclose(at(here + dims((0, 1), 4)), [[5, 5, 1]])
    np.testing.assert_allclose(at(dims({1: 2}, size=3)), [[0, 2, 0]])
    np.testing.assert_allclose(at(here + dims({})), [[1, 1, 1]])
    for wrong in (lambda: dims(3, sine), lambda: dims({0: 1}, sine), lambda: dims([0, 1])):
        with pytest.raises(LivevaeError, match="takes a dictionary"):
            wrong()
    with pytest.raises(LivevaeError, match="vector of 2"):
        at(here + dims([0, 1], point(1, 2, 3)))


# -- curves


@laws
@given(st.lists(vectors, min_size=2, max_size=6), st.floats(0, 1))
def test_bezier_curves_begin_and_end_on_their_ends_and_stay_between_their_points(
    points: list[np.ndarray], x: float
) -> None:
    np.testing.assert_array_equal(at(bezier(*points, at=0))[0], points[0])
    np.testing.assert_array_equal(at(bezier(*points, at=1))[0], points[-1])
    found = at(bezier(*points, at=x))[0]
    assert (found >= np.min(points, axis=0) - 1e-9).all()
    assert (found <= np.max(points, axis=0) + 1e-9).all()


@laws
@given(st.lists(vectors, min_size=2, max_size=6), st.booleans())
def test_monotone_splines_go_through_their_points_and_never_beyond_them(points: list[np.ndarray], closed: bool) -> None:
    stretches = len(points) - (not closed)
    places = np.linspace(0, 1, 20 * stretches + 1)
    along = np.array([at(spline(*points, kind="monotone", closed=closed, at=x))[0] for x in places[::5]])
    ends = [*points, points[0]] if closed else points
    np.testing.assert_allclose(along[::4], ends, atol=1e-9)
    for number, (a, b) in enumerate(pairwise(ends)):
        between = along[4 * number + 1 : 4 * number + 4]
        assert (between >= np.minimum(a, b) - 1e-9).all()
        assert (between <= np.maximum(a, b) + 1e-9).all()
        steps = np.diff(np.concatenate([[a], between, [b]]), axis=0)
        assert (steps * np.sign(b - a) >= -1e-9).all()


def test_where_on_the_way_may_be_a_pattern() -> None:
    np.testing.assert_allclose(at(spline(0, 10, at="0 0.5 1"), 0, 0.4, 0.7), [0, 5, 10])
    np.testing.assert_allclose(at(spline(0, 10, 0, closed=True, at=1)), [0])
    np.testing.assert_allclose(at(bezier(0, 10, at=1 - saw)), [10])
    assert np.isnan(at(spline(0, 10, at=silence))).all()
    for wrong in (lambda: spline(1, 2, kind="round"), lambda: spline(1), lambda: bezier(1)):
        with pytest.raises(LivevaeError):
            wrong()
    with pytest.raises(LivevaeError, match="one number at a time"):
        at(spline(1, 2, at=point(0, 1)))


@laws
@given(st.lists(st.tuples(st.integers(1, 40), vectors), min_size=2, max_size=5), st.booleans())
def test_paths_are_at_their_places_in_time(steps: list[tuple[int, np.ndarray]], smooth: bool) -> None:
    times = np.cumsum([step / 8 for step, _ in steps])
    found = path(*((time, place) for time, (_, place) in zip(times, steps, strict=True)), smooth=smooth, loop=False)
    np.testing.assert_allclose(found.sample(times), [place for _, place in steps], atol=1e-6)
    np.testing.assert_allclose(found.sample([0.0, times[-1] + 9]), [steps[0][1], steps[-1][1]], atol=1e-9)


def test_paths_begin_again_and_refuse_what_goes_back_in_time() -> None:
    way = path((0, 0), (2, 8), (3, 0), smooth=False)
    np.testing.assert_allclose(at(way, 1, 2.5, 4, 5.5), [4, 4, 4, 4])
    np.testing.assert_allclose(at(way.fast(2), 0.5), [4])
    np.testing.assert_allclose(at(path((0, point(0, 1)), (1, "2 4"), smooth=False), 0.5), [[2, 2.5]])
    for wrong in ([(0, 1)], [(1, 1), (0, 2)], [(-1, 1), (0, 2)], [3, 4]):
        with pytest.raises(LivevaeError):
            path(*wrong)  # type: ignore[arg-type]


@laws
@given(st.lists(vectors, min_size=2, max_size=5), st.data())
def test_morphs_are_exact_at_their_corners(places: list[np.ndarray], data: st.DataObject) -> None:
    corner = data.draw(st.integers(0, len(places) - 1))
    weights = [float(index == corner) * 3 for index in range(len(places))]
    np.testing.assert_array_equal(at(morph(places, weights))[0], places[corner])
    np.testing.assert_allclose(at(morph(places, corner / (len(places) - 1)))[0], places[corner], atol=1e-9)
    found = at(morph(places, data.draw(st.floats(0, 1))))[0]
    assert (found >= np.min(places, axis=0) - 1e-9).all()
    assert (found <= np.max(places, axis=0) + 1e-9).all()


def test_weights_are_proportions_and_silence_without_weight_is_not_heard() -> None:
    np.testing.assert_allclose(at(morph([0, 12], [1, 3])), [9])
    np.testing.assert_allclose(at(morph([0, 12], [0, 0])), [6])
    np.testing.assert_allclose(at(morph([0, 12], [-5, 1])), [12])
    np.testing.assert_allclose(at(morph([point(0, 1), 12], ["1 0", saw]), 0.5), [[12, 12]])
    np.testing.assert_allclose(at(morph([silence, 12], [0, 1])), [12])
    assert np.isnan(at(morph([silence, 12], [1, 1]))).all()
    for wrong in (lambda: morph(4, 1), lambda: morph([1], 1), lambda: morph([1, 2], [1])):
        with pytest.raises(LivevaeError, match="morph"):
            wrong()


# -- movements


@laws
@given(st.floats(-3, 3), st.floats(0.1, 5))
def test_an_orbit_keeps_its_radius_and_a_spiral_stays_within_it(time: float, radius: float) -> None:
    circle = at(orbit((1, 3), radius).with_dims(D), time)[0]
    assert np.linalg.norm(circle) == pytest.approx(radius)
    assert not circle[[0, 2]].any()
    assert np.linalg.norm(at(spiral((1, 3), radius).with_dims(D), time)[0]) <= radius + 1e-9


def test_movements_refuse_other_than_two_dimensions() -> None:
    for wrong in ((0,), (0, 0), 3):
        with pytest.raises(LivevaeError, match="two different dimensions"):
            orbit(wrong)  # type: ignore[arg-type]
    with pytest.raises(LivevaeError, match="numbered"):
        spiral((0, -1))


@laws
@given(st.integers(0, 5), st.floats(0, 2))
def test_noise_and_jitter_stay_within_their_amount_of_the_spread(seed: int, amount: float) -> None:
    for moving in (noise(amount, seed=seed), jitter(amount, 5, seed=seed)):
        found = moving.sample(TIMES, CONTEXT)
        assert found.shape == (len(TIMES), D)
        assert (np.abs(found) <= amount * SPACE.spread + 1e-9).all()


def test_noise_is_another_one_in_each_dimension_and_apart_from_perlin() -> None:
    moving = noise(1).sample(np.arange(2000) * 0.7, CONTEXT) / SPACE.spread
    assert np.abs(np.corrcoef(moving.T) - np.eye(D)).max() < 0.2
    alike = perlin.dims(D).sample(np.arange(2000) * 0.7, CONTEXT)
    assert max(abs(np.corrcoef(moving[:, d], alike[:, d])[0, 1]) for d in range(D)) < 0.2
    assert not np.allclose(noise(1, seed=1).sample(TIMES, CONTEXT), noise(1, seed=2).sample(TIMES, CONTEXT))


def test_jitter_holds_between_its_throws() -> None:
    thrown = jitter(1, 4).sample(np.arange(64) / 64 + 1e-4, CONTEXT)
    assert len(np.unique(thrown[:, 0])) == 4
    np.testing.assert_array_equal(thrown[0], thrown[15])
    with pytest.raises(LivevaeError, match="above 0"):
        jitter(1, 0)


# -- recordings


@laws
@given(clouds, st.lists(vectors, min_size=1, max_size=4))
def test_the_nearest_frame_is_a_recorded_one_and_its_own_nearest(cloud: np.ndarray, places: list[np.ndarray]) -> None:
    recording = Recording(cloud)
    for place in places:
        found = at(pure(place).quantize_to(recording))[0]
        distances = np.square(recording.frames.astype(float) - place).sum(axis=1)
        assert np.square(found - place).sum() == distances.min()
        assert (recording.frames == found.astype(np.float32)).all(axis=1).any()
        np.testing.assert_array_equal(at(pure(found).quantize_to(recording))[0], found)


def test_the_nearest_frame_does_not_depend_on_what_is_asked_with_it() -> None:
    # Half way between frames, where a rounding decides.
    recording = Recording(np.tile(np.arange(50.0)[:, None], (1, D)))
    moving = (saw.slow(50) * 50 + 0.5).quantize_to(recording)
    times = np.arange(0, 49, 0.5)
    whole = moving.sample(times)
    for size in (1, 3, 7):
        parts = [moving.sample(times[start : start + size]) for start in range(0, len(times), size)]
        np.testing.assert_array_equal(np.concatenate(parts), whole)


def test_recordings_to_quantize_to_change_in_time_and_are_awaited() -> None:
    low, high = Recording(np.zeros((3, D))), Recording(np.ones((3, D)))
    pattern = (mini("0.2") + noise(0)).quantize_to("low high")
    assert pattern.names() == {"low", "high"}
    found = pattern.resolve({"low": low, "high": high}.__getitem__)
    np.testing.assert_allclose(found.sample([0.1, 0.6], CONTEXT), [[0] * D, [1] * D])
    np.testing.assert_allclose(found.fast(2).sample([0.1, 0.3], CONTEXT), [[0] * D, [1] * D])
    np.testing.assert_allclose(found.glide(0.1).sample([0.1, 0.6], CONTEXT), [[0] * D, [1] * D])
    waiting = mini("0.2").quantize_to("low").resolve(lambda name: Absent())
    assert np.isnan(waiting.sample([0.1])).all()
    assert waiting.query(0, 1) == []
    (event,) = mini("0.8").quantize_to(high).query(0, 1)
    np.testing.assert_array_equal(event.value, np.ones(D))
    with pytest.raises(LivevaeError, match="unknown name 'low'"):
        pattern.sample([0.1], CONTEXT)
    with pytest.raises(LivevaeError, match="by its name"):
        pure(1).quantize_to(pure(low) + pure(high)).query(0, 1)
    with pytest.raises(LivevaeError, match="dimensions"):
        at(point(1, 2).quantize_to(low))


def test_one_point_of_a_recording_by_name_or_as_it_is() -> None:
    assert mean("bell choir").names() == {Take("bell", still="mean"), Take("choir", still="mean")}
    assert freeze("bell", 0.5).query(0, 1)[0].value.still == 0.5
    assert mean("bell, choir").names() == mean("bell choir").names()
    np.testing.assert_allclose(at(mean(WALK), 0, 0.7), [WALK.frames.mean(0)] * 2, rtol=1e-6)
    np.testing.assert_allclose(at(freeze(WALK, 0.35), 0, 0.7), [WALK.at(np.array([0.35]))[0]] * 2)
    np.testing.assert_allclose(at(mean("1 2"), 0.5), [2])
    for wrong in (-1, float("nan")):
        with pytest.raises(LivevaeError, match="0 or more"):
            freeze("bell", wrong)
    with pytest.raises(LivevaeError, match="encoded"):
        at(mean(Absent()))


def test_a_recording_is_gone_through_by_hand() -> None:
    moving = freeze("walk", at=sine * 2)
    assert moving.names() == {"walk"}
    found = moving.resolve(lambda name: WALK)
    np.testing.assert_allclose(found.sample(TIMES), WALK.at(2 * sine.sample(TIMES)))
    assert [event.part.begin for event in moving.resolve(lambda name: WALK).query(0, 2)] == [0, 1]
    steps = freeze("walk", at="0 1").resolve(lambda name: WALK)
    np.testing.assert_allclose(steps.sample([0.1, 0.9]), WALK.frames[[0, 10]])
    assert np.isnan(freeze(WALK, at="~ 1").sample([0.1])).all()


# -- all of them


EVERY = {
    "unit": lambda p: p.unit(),
    "normalize": lambda p: p.normalize(),
    "clip": lambda p: p.clip(sine),
    "scale": lambda p: p.scale({0: sine, 2: 3}),
    "mirror": lambda p: p.mirror(1),
    "swap_dims": lambda p: p.swap_dims(0, "2 3"),
    "reverse_latents": lambda p: p.reverse_latents(),
    "quantize_to": lambda p: p.quantize_to(pure(WALK)),
    "cross": lambda p: cross(p, point(1, 2, 3, 4), sine),
    "noise": lambda p: p + noise(0.5),
    "jitter": lambda p: p + jitter(0.5, "3 4"),
    "orbit": lambda p: p + orbit((0, 1), sine).unit(),
    "spiral": lambda p: p + spiral((0, 1), 2, "3 4"),
    "dims": lambda p: p + dims({0: sine, 3: perlin}),
    "bezier": lambda p: bezier(p, 1, point(1, 2, 3, 4)),
    "monotone": lambda p: spline(p, 1, point(1, 2, 3, 4), 0, kind="monotone"),
    "closed": lambda p: spline(p, 1, point(1, 2, 3, 4), 0, closed=True, kind="monotone"),
    "path": lambda p: path((0, p), (0.5, 1), (2, point(1, 2, 3, 4))),
    "morph": lambda p: morph([p, 1, point(1, 2, 3, 4)], sine),
    "weights": lambda p: morph([p, 1, point(1, 2, 3, 4)], [sine, 1, "1 0"]),
    "freeze": lambda p: p + freeze(WALK, at=sine),
    "mean": lambda p: p + mean(WALK),
}
BASE = [point(1, -2, 3, sine), pure(np.arange(4.0)), perlin.dims(D).range(-2, 2), mini("1 ~ 2").with_dims(D)]


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("base", BASE)
def test_laws_of_time_hold(name: str, base: Pattern) -> None:
    pattern = EVERY[name](base)
    whole = sampled(pattern)
    cuts = [5, 6, 17, 30]
    parts = [sampled(pattern, block) for block in reversed(np.split(TIMES, cuts))]
    np.testing.assert_array_equal(np.concatenate(parts[::-1]), whole)
    for same in (pattern.fast(3).slow(3), pattern.rev().rev(), pattern.late(Fraction(1, 3)).early(Fraction(1, 3))):
        np.testing.assert_allclose(sampled(same), whole, rtol=1e-9, atol=1e-9)
    slower = Context(seed=5, seconds=lambda cycles: cycles * 4, space=SPACE)
    half = Context(seed=5, seconds=lambda cycles: cycles * 2, space=SPACE)
    np.testing.assert_allclose(sampled(pattern.fast(2), context=slower), sampled(pattern, 2 * TIMES, half), atol=1e-9)
    np.testing.assert_array_equal(sampled(pattern.resolve(lambda name: 0)), whole)
