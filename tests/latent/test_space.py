"""Where the sounds of a model lie: measured, stored or assumed; and live expressions that go by it."""

import doctest
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from livevae import pattern
from livevae.errors import LivevaeError
from livevae.latent import (
    Encoder,
    Library,
    LiveLatent,
    Reference,
    Spaces,
    Take,
    Trajectory,
    bezier,
    control_of,
    cross,
    dims,
    live,
    morph,
    moves,
    path,
    resolver,
    spline,
)
from livevae.model import open_model
from livevae.model.info import ModelInfo
from livevae.pattern import Context, Pattern, Space, freeze, jitter, mean, mini, noise, point, saw, sine
from livevae.resources import sounds_dir
from support import models

D = 3
INFO = ModelInfo(
    path="m.ts",
    name="m",
    sample_rate=48000,
    ratio=480,
    latent_size=D,
    full_latent_size=D,
    in_channels=1,
    out_channels=1,
    methods={},
    digest="m",
)
WALK = Trajectory(np.random.default_rng(3).normal([5, 0, -5], [1, 2, 3], (100, D)).astype(np.float32), 10.0, "walk")
SPACE = Space.of(WALK.frames)
CYCLES = np.arange(0, 2, 1 / 16)
CONTEXT = Context(space=SPACE)
INPUT = np.random.default_rng(4).normal(size=(len(CYCLES), D))


class Recordings:
    """A library of frames that are there at once."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.known = {"walk": WALK, "rest": Trajectory(np.zeros((2, D), np.float32), 10.0)}

    def trajectory(self, ref: str, model: ModelInfo, wait: bool) -> Trajectory:
        assert wait
        self.asked.append(ref)
        if ref not in self.known:
            raise LivevaeError(f"there is no recording {ref!r}")
        return self.known[ref]

    def shipped(self, model: ModelInfo) -> Iterator[Trajectory]:
        self.asked.append("shipped")
        yield WALK


def spaces() -> tuple[Spaces, Recordings]:
    library = Recordings()
    return Spaces(library), library  # type: ignore[arg-type]


def heard(expression: LiveLatent | Pattern) -> np.ndarray:
    control = control_of(expression.resolve(lambda name: WALK), CYCLES, CONTEXT, D, 20.0)
    return control.gain * INPUT + control.bias


# -- what is measured


def test_a_space_is_measured_once_and_stays() -> None:
    found, library = spaces()
    assert np.array_equal(found.known(INFO).spread, np.ones(D)), "the prior until it is measured"
    assert found.known(INFO) is found.known(INFO)
    measured = found.measure(INFO)
    np.testing.assert_allclose(measured.space.mean, WALK.frames.mean(0), rtol=1e-5)
    library.known["walk"] = library.known["rest"]
    assert found.measure(INFO) is measured
    assert found.known(INFO) is measured.space
    assert library.asked == ["shipped"]
    assert found.measure(replace(INFO, digest="other")) is not measured


def test_chosen_recordings_come_first_and_choosing_them_again_measures_anew() -> None:
    found, library = spaces()
    chosen = Reference(("walk", "rest"))
    measured = found.measure(INFO, chosen)
    np.testing.assert_allclose(measured.space.mean, WALK.frames.sum(0) / 102, rtol=1e-5)
    assert "walk, rest" in repr(measured)
    library.known["walk"] = library.known["rest"]
    assert found.measure(INFO, chosen) is measured
    assert not found.measure(INFO, Reference(("walk", "rest"))).space.spread.any()
    with pytest.raises(LivevaeError, match="no recording 'nobody'"):
        found.measure(INFO, Reference(("nobody",)))


def test_the_numbers_of_the_training_are_used_where_the_model_has_them() -> None:
    found, library = spaces()
    trained = replace(INFO, latent_std=[1.0, 2, 3], latent_min=[-9.0, -8, -7], latent_max=[9.0, 8, 7])
    measured = found.measure(trained)
    np.testing.assert_array_equal(measured.space.mean, np.zeros(D))
    np.testing.assert_array_equal(measured.space.spread, [1, 2, 3])
    np.testing.assert_array_equal(measured.space.high, [9, 8, 7])
    assert library.asked == []
    cropped = replace(trained, digest="cropped", latent_std=[1.0])
    assert found.measure(cropped).source == "measured by the recordings that ship with livevae"


def test_a_model_that_cannot_encode_is_taken_to_be_as_it_was_meant() -> None:
    found, library = spaces()
    assert np.array_equal(found.measure(replace(INFO, sample_rate=None)).space.high, 3 * np.ones(D))
    assert library.asked == []
    with pytest.raises(LivevaeError, match="no latent space"):
        found.measure(replace(INFO, has_latents=False))


def test_a_space_is_shown_dimension_by_dimension() -> None:
    found, _ = spaces()
    lines = repr(found.measure(INFO)).splitlines()
    assert lines[0] == "m: 3 dimensions, measured by the recordings that ship with livevae"
    assert lines[1].split() == ["dim", "mean", "spread", "low", "high"]
    assert [float(x) for x in lines[3].split()] == pytest.approx(
        [1, SPACE.mean[1], SPACE.spread[1], SPACE.low[1], SPACE.high[1]], abs=0.006
    )


def test_the_recordings_that_ship_are_encoded_whatever_their_names_mean(tmp_path: Path) -> None:
    info = open_model(models.save(models.identity(4096, 48000), tmp_path / "identity.ts")).info
    library = Library(tmp_path / "cache", Encoder())
    try:
        library.add_folder(sounds_dir())
        library.add(sounds_dir() / "wind.flac", "bell")
        measured = Spaces(library).measure(info)
        bell = library.trajectory("choir", info, wait=True)
        shipped = list(library.shipped(info))
        assert [trajectory.name for trajectory in shipped] == sorted(path.stem for path in sounds_dir().glob("*.flac"))
        assert bell is not None
        np.testing.assert_array_equal(shipped[1].frames, bell.frames)
        assert not np.array_equal(shipped[0].frames, shipped[-1].frames)
        np.testing.assert_allclose(measured.space.high, np.concatenate([t.frames for t in shipped]).max(0))
    finally:
        library.close()


# -- points of recordings


def test_a_trajectory_is_held_still() -> None:
    np.testing.assert_allclose(WALK.still(None).frames, WALK.mean()[None], rtol=1e-6)
    half = WALK.still(0.25)
    np.testing.assert_allclose(half.at([0.0, 7.0]), WALK.at([0.25, 0.25]), rtol=1e-6)
    codes = Trajectory(np.array([[0.0], [4.0], [5.0]], np.float32), 1.0, held=True)
    assert codes.still(None).frames.tolist() == [[4.0]], "codes have no mean: one of them"
    assert not WALK.loop().still(1.0).looped


def test_takes_of_one_point() -> None:
    np.testing.assert_allclose(Take("walk", still="mean").apply(WALK).frames[0], WALK.mean(), rtol=1e-6)
    np.testing.assert_array_equal(Take("walk", still=0.5).apply(WALK).frames, WALK.frames[5:6])
    part = Take("walk", still=0.5).but(first=0.5)
    np.testing.assert_array_equal(part.apply(WALK).frames, WALK.frames[55:56])
    assert str(Take("walk", still="mean")) == "walk(still=mean)"


def test_patterns_that_search_a_recording_wait_for_it() -> None:
    there: list[Trajectory] = []

    class Slow:
        def trajectory(self, ref: str, model: ModelInfo, wait: bool) -> Trajectory | None:
            return there[0] if there else None

    look = resolver(Slow(), INFO, wait=False)  # type: ignore[arg-type]
    found = point(0, 0, 0).quantize_to("walk").resolve(look)
    assert np.isnan(found.sample(CYCLES)).all()
    there.append(WALK)
    nearest = WALK.frames[np.square(WALK.frames.astype(float)).sum(1).argmin()]
    np.testing.assert_array_equal(found.sample(CYCLES), np.tile(nearest, (len(CYCLES), 1)))
    for still in (mean("walk"), freeze("walk", 0.5), freeze("walk", sine)):
        assert np.isfinite(still.resolve(resolver(Recorded(), INFO, wait=True)).sample(CYCLES)).all()  # type: ignore[arg-type]


class Recorded:
    def trajectory(self, ref: str, model: ModelInfo, wait: bool) -> Trajectory:
        return ref.apply(WALK) if isinstance(ref, Take) else WALK


# -- live


def test_live_is_measured_scaled_and_mirrored_as_patterns_are() -> None:
    np.testing.assert_allclose(heard(live.normalize()), (INPUT - SPACE.mean) / SPACE.spread)
    np.testing.assert_allclose(heard(live.unit()), SPACE.mean + SPACE.spread * INPUT)
    np.testing.assert_allclose(heard(live.normalize().unit()), INPUT)
    np.testing.assert_allclose(heard(live.scale(2)), SPACE.mean + 2 * (INPUT - SPACE.mean))
    np.testing.assert_allclose(heard(live.scale({1: sine}, around=0))[:, 1], INPUT[:, 1] * sine.sample(CYCLES))
    np.testing.assert_allclose(heard(live.scale({1: 3}))[:, [0, 2]], INPUT[:, [0, 2]])
    np.testing.assert_allclose(heard(live.mirror()), 2 * SPACE.mean - INPUT)
    np.testing.assert_allclose(heard(live.mirror(0, around=1))[:, 0], 2 - INPUT[:, 0])
    assert live.scale(2).uses_space()
    assert not live.scale(2, around=0).uses_space()
    assert not live.uses_space()


def test_live_is_mixed_and_crossed_where_that_is_affine() -> None:
    place = np.array([1.0, 2, 3])
    np.testing.assert_allclose(heard(morph([live, point(*place)], [3, 1])), 0.75 * INPUT + 0.25 * place)
    along = saw.sample(CYCLES)[:, None]
    np.testing.assert_allclose(heard(morph([live, place], saw)), (1 - along) * INPUT + along * place)
    crossed = heard(cross(live, place, 0.5))
    np.testing.assert_allclose(crossed, np.stack([0 * INPUT[:, 0] + 1, INPUT[:, 1] / 2 + 1, INPUT[:, 2]], axis=1))
    moved = heard(live + noise(0.2) + jitter(0.1)) - INPUT
    assert (np.abs(moved) <= 0.3 * SPACE.spread).all()
    assert moved.std(axis=0).all()
    np.testing.assert_allclose(heard(live + dims({0: 2, 2: 1})), INPUT + np.array([2, 0, 1]))


def test_moves_of_patterns_are_those_of_the_pattern_room() -> None:
    for one, other in (
        (bezier(0, 1, 4), pattern.bezier(0, 1, 4)),
        (path((0, 0), (1, 5)), pattern.path((0, 0), (1, 5))),
        (morph([0, 4], sine), pattern.morph([0, 4], sine)),
        (cross(point(0, 0), point(1, 1), sine), pattern.cross(point(0, 0), point(1, 1), sine)),
        (spline(0, 3, 1, kind="monotone", at=sine), pattern.spline(0, 3, 1, kind="monotone", at=sine)),
        (dims([0], mini("1 2"), 2), pattern.dims([0], mini("1 2"), 2)),
    ):
        np.testing.assert_array_equal(one.sample(CYCLES), other.sample(CYCLES))


def test_examples_of_moves_show_what_happens() -> None:
    names = {name: getattr(pattern, name) for name in ("point", "sine")}
    result = doctest.testmod(moves, extraglobs=names)
    assert result.failed == 0
    assert result.attempted >= 8


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: live.clip("much"),
        lambda: live.swap_dims(0, "1 2"),
        lambda: live.quantize_to("walk choir"),
        lambda: bezier(live, 1),
        lambda: path((0, live), (1, 2)),
        lambda: path((0, 1), (1, 2, 3)),
        lambda: spline(1, 2, at=live),
        lambda: morph([1, 2], live),
        lambda: morph(4),
        lambda: cross(1, 2, live),
        lambda: dims({0: live}),
        lambda: dims([0], live),
    ],
)
def test_what_does_not_go_is_said(wrong) -> None:
    with pytest.raises(LivevaeError):
        wrong()
