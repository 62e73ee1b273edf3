"""Movers: what they do to frames, what is refused, and how a stream holds them."""

import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livevae.engine.frames import MAX_BRANCHES, branch_columns, branches, joined, neutral, trimmed, width
from livevae.engine.interface import Live
from livevae.engine.movers import Movers
from livevae.errors import LivevaeError
from livevae.model.mover import KEYS, MoverSpec, Stage
from livevae.model.moving import LARGEST, Mover, playable
from support.engines import noise, rows

D = 3
RANDOM = np.random.default_rng(2)
FRAMES = RANDOM.normal(size=(40, D)).astype(np.float32)
LAYERS = [(RANDOM.normal(size=(D, 8)), RANDOM.normal(size=8)), (RANDOM.normal(size=(8, D)), RANDOM.normal(size=D))]
MLP = Stage(
    "mlp",
    {
        f"{name}{at}": part
        for at, layer in enumerate(LAYERS)
        for name, part in zip(("weights", "bias"), layer, strict=True)
    },
)
STAGES = {
    "smooth": Stage("smooth", {"keep": np.array([0.0, 0.5, 0.9])}),
    "route": Stage("route", {"source": np.array([2, -1, 0])}),
    "affine": Stage("affine", {"gain": np.array([1.0, 2, 3]), "bias": np.array([0.0, 1, -1])}),
    "matrix": Stage("matrix", {"weights": RANDOM.normal(size=(D, D)), "offset": np.ones(D)}),
    "nearest": Stage("nearest", {"points": RANDOM.normal(size=(9, D)), "amount": np.array([0.75])}),
    "limit": Stage("limit", {"low": -np.ones(D), "high": 0.5 * np.ones(D)}),
    "mlp": MLP,
}


def spec(*kinds: str) -> MoverSpec:
    return MoverSpec(D, tuple(STAGES[kind] for kind in kinds))


def by_hand(kind: str) -> np.ndarray:
    arrays, x = STAGES[kind].arrays, FRAMES.astype(np.float64)
    match kind:
        case "smooth":
            out = [x[0]]
            for frame in x[1:]:
                out.append(arrays["keep"] * out[-1] + (1 - arrays["keep"]) * frame)
            return np.array(out)
        case "route":
            return np.stack([x[:, 2], 0 * x[:, 0], x[:, 0]], axis=1)
        case "affine":
            return x * arrays["gain"] + arrays["bias"]
        case "matrix":
            return x @ arrays["weights"].T + arrays["offset"]
        case "nearest":
            points = arrays["points"]
            near = points[np.square(points[None] - x[:, None]).sum(axis=2).argmin(axis=1)]
            return x + 0.75 * (near - x)
        case "limit":
            return np.clip(x, -1, 0.5)
        case _:
            (w0, b0), (w1, b1) = LAYERS
            return np.tanh(x @ w0 + b0) @ w1 + b1


@pytest.mark.parametrize("kind", STAGES)
def test_every_kind_is_what_it_says(kind: str) -> None:
    np.testing.assert_allclose(Mover(spec(kind)).move(0, FRAMES), by_hand(kind), atol=1e-5)


@given(st.lists(st.sampled_from(list(STAGES)), max_size=4), st.lists(st.integers(1, 39), max_size=6, unique=True))
@settings(max_examples=50, deadline=None)
def test_nothing_depends_on_how_time_is_cut(kinds: list[str], cuts: list[int]) -> None:
    whole = Mover(spec(*kinds)).move(7, FRAMES)
    mover, edges = Mover(spec(*kinds)), [0, *sorted(cuts), len(FRAMES)]
    pieces = [mover.move(7 + a, FRAMES[a:b]) for a, b in itertools.pairwise(edges)]
    np.testing.assert_array_equal(whole, np.concatenate(pieces))


@given(st.lists(st.sampled_from(list(STAGES)), max_size=4))
@settings(max_examples=30, deadline=None)
def test_it_arrives_in_another_process_as_it_was(kinds: list[str]) -> None:
    sent = spec(*kinds)
    arrived = MoverSpec.from_bytes(sent.to_bytes())
    assert arrived.key() == sent.key()
    np.testing.assert_array_equal(Mover(arrived).move(0, FRAMES), Mover(sent).move(0, FRAMES))


def test_a_key_fits_a_control_row_and_tells_movers_and_their_uses_apart() -> None:
    keys = [spec(kind).key(use) for kind in STAGES for use in range(20)]
    assert len(set(keys)) == len(keys)
    assert all(0 < key < KEYS and int(np.float32(key)) == key for key in keys)
    assert spec("smooth").key() == spec("smooth").key()


def test_after_a_gap_it_begins_anew() -> None:
    mover = Mover(spec("smooth"))
    mover.move(0, FRAMES[:5])
    np.testing.assert_array_equal(mover.move(6, FRAMES[6:9]), Mover(spec("smooth")).move(0, FRAMES[6:9]))


def test_what_is_not_finite_is_held_and_counted() -> None:
    huge = Stage("affine", {"gain": np.full(D, 3e38), "bias": np.zeros(D)})
    mover = Mover(MoverSpec(D, (huge, STAGES["affine"])))
    frames = np.array([[1e-38, 0, 0], [1.0, 1, 1], [2e-38, 0, 0]], np.float32)
    moved = mover.move(0, frames)
    assert np.isfinite(moved).all()
    np.testing.assert_array_equal(moved[0], moved[1])
    assert moved[2, 0] > moved[0, 0]
    assert mover.failures == 1
    large = Mover(MoverSpec(D, (Stage("affine", {"gain": np.full(D, 1e9), "bias": np.zeros(D)}),)))
    assert np.abs(large.move(0, FRAMES)).max() == LARGEST


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: MoverSpec(4, (STAGES["smooth"],)), "3 dimensions does not fit 4"),
        (lambda: MoverSpec(D, (Stage("route", {"source": np.array([3])}),)), "dimension 3 does not exist"),
        (lambda: MoverSpec(D, (Stage("smooth", {"keep": np.array([np.nan] * 3)}),)), "not finite"),
        (lambda: MoverSpec(D, (Stage("smooth", {}),)), "no arrays"),
        (lambda: MoverSpec(D, (Stage("wild", {}),)), "wild"),
        (lambda: MoverSpec(D, (Stage("matrix", {"weights": np.ones((2, 3)), "offset": np.ones(3)}),)), "matrix"),
        (lambda: MoverSpec(D, (Stage("nearest", {"points": np.ones((0, 3)), "amount": np.ones(1)}),)), "nearest"),
        (lambda: MoverSpec(D, (Stage("mlp", {"weights0": np.ones((3, 2)), "bias0": np.ones(3)}),)), "mlp"),
        (lambda: MoverSpec.from_bytes(b"nothing"), "no mover"),
        (lambda: MoverSpec.from_bytes(spec("smooth").to_bytes()[:-30]), "no mover"),
        (lambda: Movers(4).add(1, Mover(spec("smooth"))), "3 dimensions does not fit a model of 4"),
        (lambda: playable(spec("mlp"), 1e9), "of the time"),
    ],
)
def test_what_cannot_be_is_refused_with_a_reason(make: Callable[[], object], reason: str) -> None:
    with pytest.raises(LivevaeError, match=reason):
        make()


# -- in the rows of a stream


def branched(count: int, *parts: tuple[int, float], gain: float = 0.0) -> np.ndarray:
    """Rows with a branch for each of `parts`, a key and an amount."""
    made = np.concatenate([rows(D, count, gain=gain), np.zeros((count, width(D, len(parts)) - width(D)))], axis=1)
    for index, (key, amount) in enumerate(parts):
        at = branch_columns(D, index)
        made[:, at.amount], made[:, at.gain], made[:, at.mover] = amount, 1.0, key
    return made.astype(np.float32)


def entering(first: int, lags: np.ndarray) -> np.ndarray:
    return FRAMES[np.maximum(np.arange(first, first + len(lags)) - lags.astype(int), 0)]


def test_rows_without_branches_are_left_alone() -> None:
    assert Movers(D).moved(0, rows(D, 4), entering) is None
    assert branches(D, width(D)) == 0
    assert branches(D, width(D) + 1) is None
    assert branches(D, width(D, MAX_BRANCHES + 1)) is None


def test_a_mover_goes_on_in_another_branch_of_the_rows() -> None:
    smooth, limit = spec("smooth"), spec("limit")
    movers = Movers(D)
    movers.add(5, Mover(smooth))
    movers.add(9, Mover(limit))
    made = joined([branched(10, (9, 0.5), (5, 1.0)), branched(10, (5, 1.0))])
    expected = Mover(smooth).move(0, FRAMES[:20])
    expected[:10] += 0.5 * Mover(limit).move(0, FRAMES[:10])
    found = np.concatenate([movers.moved(at, made[at : at + 5], entering) for at in range(0, 20, 5)])
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert trimmed(D, made[10:]).shape[1] == width(D, 1)
    assert trimmed(D, neutral(D, 3)).shape[1] == width(D)


def test_a_mover_without_an_input_hears_zeros() -> None:
    movers = Movers(D)
    movers.add(1, Mover(spec("affine")))
    np.testing.assert_array_equal(movers.moved(0, branched(2, (1, 1.0)), None), np.tile([0, 1, -1], (2, 1)))


def test_a_mover_that_is_missing_or_fails_is_told_once() -> None:
    told: list[str] = []
    movers = Movers(D, told.append)
    for at in range(3):
        np.testing.assert_array_equal(movers.moved(at, branched(1, (3, 1.0)), entering), np.zeros((1, D)))
    assert len(told) == 1
    assert "does not have" in told[0]
    movers.drop(3)
    huge = Stage("affine", {"gain": np.full(D, 3e38), "bias": np.zeros(D)})
    movers.add(3, Mover(MoverSpec(D, (huge, STAGES["affine"]))))
    for at in range(3, 9):
        assert np.isfinite(movers.moved(at, branched(1, (3, 1.0)), entering)).all()
    assert len(told) == 2
    assert "held" in told[1]


def test_an_offline_engine_plays_movers(models: Callable[[str], Path], studio) -> None:
    """The identity model's latents are samples: reversed order within a frame is heard as such."""
    audio = noise(8192)
    made = studio(audio)
    dims = 64
    backwards = MoverSpec(dims, (Stage("route", {"source": np.arange(dims)[::-1]}),))

    def fill(first: int, count: int) -> np.ndarray:
        out = np.concatenate([rows(dims, count, gain=0.0), np.zeros((count, 3 * dims + 2), np.float32)], axis=1)
        at = branch_columns(dims, 0)
        out[:, at.amount], out[:, at.gain], out[:, at.mover] = 1.0, 1.0, backwards.key()
        return out

    made.play(models("identity64"), Live(1), fill=fill)
    made.engine.add_mover(0, backwards.key(), backwards)
    made.engine.add_mover(0, backwards.key(), backwards)
    heard = made.run(4096)[:, 0]
    expected = audio[:4096].reshape(-1, dims)[:, ::-1].reshape(-1)
    np.testing.assert_allclose(heard[1024:], expected[1024:], atol=1e-6)
    with pytest.raises(LivevaeError, match="does not fit"):
        made.engine.add_mover(0, 1, spec("smooth"))
    with pytest.raises(LivevaeError, match="not open"):
        made.engine.add_mover(7, 1, backwards)
    assert made.events == []
