"""Learned gestures in virtual time: examples from what sounds, training, playing, files, and replays."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from test_replay import Take, openings, same
from threadpoolctl import threadpool_limits

from livevae.errors import LivevaeError
from livevae.latent import live, regression
from livevae.latent.fitting import Examples, Fit
from livevae.latent.succession import FADE_SECONDS
from livevae.performance import EvaluationError
from support.doubles import RATE


class Here:
    """Fits in this process, when it is let."""

    pid: int | None = None

    def __init__(self) -> None:
        self.go = threading.Event()
        self.go.set()
        self.fitted: list[Examples] = []
        self.fail: str | None = None

    def warm(self) -> None:
        self.pid = 1

    def fit(self, examples: Examples, kind: str, progress: Callable[[float], None]) -> Fit:
        progress(0.5)
        assert self.go.wait(20)
        if self.fail:
            raise LivevaeError(self.fail)
        self.fitted.append(examples)
        with threadpool_limits(1):
            return regression.fit(examples, kind, progress)

    def close(self) -> None:
        self.go.set()


@pytest.fixture
def here(rig) -> Here:
    made = rig.performance.gestures.fitter = Here()
    return made


@pytest.fixture
def take(tmp_path: Path) -> Iterator[Take]:
    """Live, with a journal."""
    made = Take(tmp_path)
    made.performance.gestures.fitter = Here()  # type: ignore[assignment]
    yield made
    made.end()


CORNERS = """
hand = Gesture(inputs=2, space=v1, kind="rbf", name="hand")
hand.add((0, 0), "choir"); hand.add((1, 0), "bell"); hand.add((0, 1), "drum"); hand.add((1, 1), (0, 1, 2, 3))
"""


def hand(rig):
    return rig.performance.names["hand"]


# -- examples


def test_an_example_is_where_the_voice_is_now(rig, here) -> None:
    rig.do("v1.z = lerp('choir', 'drum', saw) + dim(1, 5); hand = Gesture(inputs=2, space=v1)")
    rig.run(1.3)
    example = rig.do("hand.add((0.25, 0.5))")
    played = rig.played()
    # What is heard at 1.3 s was read as much earlier as lies in buffers.
    late = rig.engine.slots[0].info.buffering / RATE
    assert example.z == pytest.approx(played.bias[played.frame(1.3 - late) - 1], abs=1e-6)
    assert example.z[1] - example.z[0] == pytest.approx(5.0)
    assert example.x.tolist() == [0.25, 0.5]
    assert example.source == "v1"


def test_knobs_are_read_where_they_stand_now(take) -> None:
    take.do("v1.z = 'choir'; hand = Gesture(2, v1)")
    take.run(1.1)
    take.knob(0.25, 1)
    take.knob(0.75, 2)
    take.do("hand.add(cc(1), cc(2)); hand.add((cc(2), 3), 'bell'); hand.add(point(cc(1), 7), z='drum')")
    found = take.performance.names["hand"].examples
    assert [example.x.tolist() for example in found] == [[0.25, 0.75], [0.75, 3.0], [0.25, 7.0]]
    assert [example.z[0] for example in found] == [1.0, 2.0, -1.0]


def test_an_example_may_be_a_recording_a_point_or_whatever_a_voice_may_play(rig, here) -> None:
    rig.do("hand = Gesture(1, v1)")
    rig.do("hand.add(0, 'bell'); hand.add((1,), [1, 2, 3, 4]); hand.add(2, np.arange(4.0)); hand.add(3, take('drum'))")
    rig.do("hand.add(4, lerp('choir', 'bell', 0.25)); hand.add(5, z=point(4, 3, 2, 1))")
    rows = [example.z.tolist() for example in hand(rig).examples]
    assert rows == [[2] * 4, [1, 2, 3, 4], [0, 1, 2, 3], [-1] * 4, [1.25] * 4, [4, 3, 2, 1]]
    assert repr(hand(rig).examples).splitlines()[0] == "  0  (0) -> 'bell'  [2.00, 2.00, 2.00 ...]"


def test_a_pattern_as_an_example_is_where_it_is_at_this_moment(rig, here) -> None:
    rig.do("v1.z = 'choir'; hand = Gesture(1, v1)")
    rig.run(1.0)
    assert rig.do("hand.add(saw, point(saw, 1, 1, 1))").z[0] == pytest.approx(0.5, abs=1e-4)
    assert hand(rig).examples[0].x[0] == pytest.approx(0.5, abs=1e-4)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("hand.add((0, 0))", "v1 plays nothing now"),
        ("v1.z = 'choir'; hand.add((0, 0))", "v1 plays nothing now"),
        ("hand.add((0, 0, 0), 'bell')", "takes 2 numbers"),
        ("hand.add(0.5)", "there were 1"),
        ("hand.add(0, 0, 'bell', 'drum')", "takes 2 numbers"),
        ("hand.add((0, 0), 'bells')", "bells"),
        ("hand.add((0, 0), [1, 2, 3])", r"4 numbers, not an array \(3,\)"),
        ("hand.add((0, 0), live)", "cannot be live"),
        ("hand.add((live, 0), 'bell')", "an input is a number or a pattern"),
        ("hand.add((0, '~'), 'bell')", "rests now"),
        ("hand.add((0, 0), '~')", "rests now"),
        ("hand.remove(0)", "no example 0: there are none"),
        ("hand.undo()", "nothing to undo"),
        ("hand.train()", "has no examples"),
        ("v1.z = hand(0, 0)", "has not learned anything yet"),
        ("hand.at(0, 0)", "has not learned anything yet"),
        ("hand.train('tree')", "no kind of map 'tree'"),
        ("Gesture(0, v1)", "1 to 16 numbers"),
        ("Gesture(2, 7)", "space is a voice"),
        ("Gesture(2, v1, kind='tree')", "no kind of map 'tree'"),
        ("Gesture(2, v1, ranges=(1, 0))", "the lowest and the highest"),
        ("Gesture(2, v1, ranges='loud')", "the lowest and the highest"),
        ("Gesture(2, 'effect_0')", "no latent space"),
        ("Gesture().add((0, 0))", "belongs to no voice"),
    ],
)
def test_what_cannot_be_is_said(rig, here, line: str, message: str) -> None:
    rig.do("hand = Gesture(inputs=2, space=v1)")
    with pytest.raises(EvaluationError, match=message):
        rig.do(line)
    assert len(hand(rig).examples) == 0


def test_what_enters_a_voice_is_no_example(rig, here) -> None:
    rig.do("v1.z = live * 0.5; hand = Gesture(space=v1)")
    rig.run(1.0)
    with pytest.raises(EvaluationError, match="v1 sounds what enters it"):
        rig.do("hand.add((0, 0))")


def test_examples_are_removed_and_brought_back(rig, here) -> None:
    rig.do(CORNERS)
    rig.do("hand.remove(1); hand.remove(-1)")
    assert [example.source for example in hand(rig).examples] == ["'choir'", "'drum'"]
    rig.do("hand.clear()")
    assert repr(hand(rig).examples).startswith("no examples")
    for many in (2, 3, 4, 3):
        rig.do("hand.undo()")
        assert len(hand(rig).examples) == many


# -- training and playing


def test_a_gesture_is_played_as_it_was_shown(rig, here) -> None:
    rig.do(CORNERS + "hand.train(); v1.z = hand('0 1', '0 0 1 1'); v2.z = hand(0.5, saw)")
    rig.run(3.0)
    heard = rig.played(0).bias
    at = rig.played(0).frame
    for second, expected in ((0.25, [1] * 4), (1.25, [0, 1, 2, 3]), (2.25, [1] * 4)):
        assert heard[at(second)] == pytest.approx(expected, abs=1e-3)
    steps = np.abs(np.diff(rig.played(2).bias[at(0.1) : at(1.9)], axis=0))
    assert 0 < steps.max() < 0.1


def test_a_pair_from_one_pattern_is_two_inputs(rig, here) -> None:
    rig.do(CORNERS + "hand.train(); v1.z = hand(point(1, 0))")
    rig.run(1.0)
    assert rig.played().bias[-1] == pytest.approx([2] * 4, abs=1e-3)
    with pytest.raises(EvaluationError, match="hand takes 2 numbers, and these are 1"):
        rig.do("v1.z = hand(saw)")
    with pytest.raises(EvaluationError, match="takes 2 inputs, not 3"):
        rig.do("v1.z = hand(saw, 1, 2)")
    with pytest.raises(EvaluationError, match=r"live can only be heard through \.z"):
        rig.do("v1.z = hand(live, 1)")


def test_beyond_the_examples_it_stays_near_them(rig, here) -> None:
    rig.do(CORNERS + "hand.train(); v1.z = hand(saw.range(-50, 50), 1e9)")
    rig.run(3.0)
    heard = rig.played().bias
    assert (heard >= -1.3 - 1e-5).all()
    assert (heard <= 3.4 + 1e-5).all()


def test_a_gesture_takes_time_as_every_pattern_does(rig, here) -> None:
    rig.do(CORNERS + "hand.train()")
    rig.do("a = hand(saw, 0.5).fast(2).late(0.125); b = hand(saw.fast(2).late(0.125), 0.5)")
    names, cycles = rig.performance.names, np.linspace(0, 3, 200)
    assert np.array_equal(names["a"].sample(cycles), names["b"].sample(cycles))
    cut = np.concatenate([names["a"].sample(part) for part in np.array_split(cycles, 17)])
    assert np.array_equal(cut, names["a"].sample(cycles))
    onsets = rig.do("hand('0 1', 0.5).query(0, 1)")
    assert [float(event.part.begin) for event in onsets] == [0.0, 0.5]


def test_a_map_is_a_grid_over_the_inputs(rig, here) -> None:
    rig.do(CORNERS + "hand.train()")
    grid = hand(rig).map(5)
    assert grid.shape == (5, 5, 4)
    assert grid[4, 0] == pytest.approx([2] * 4, abs=1e-3)
    assert grid[0, 4] == pytest.approx([-1] * 4, abs=1e-3)
    assert np.array_equal(grid[2, 1], hand(rig).at(0.5, 0.25))
    with pytest.raises(LivevaeError, match="no more than a million points"):
        hand(rig).map(1001)


def test_how_kinds_compare_is_shown(rig, here) -> None:
    rig.do("hand = Gesture(1, v1, name='hand')")
    rig.do("for n in range(6): hand.add(n / 5, np.sin(n / 2 + np.arange(4.0)))")
    rig.do("hand.train()")
    lines = repr(hand(rig).errors).splitlines()
    assert lines[0].split() == ["between", "at", "the", "examples"]
    assert {line.split()[0] for line in lines[1:]} == {"rbf", "gp", "knn", "mlp"}
    first = hand(rig).errors[0]
    assert first.between == min(score.between for score in hand(rig).errors)
    assert repr(hand(rig)).startswith(f"hand: 1 input, 6 examples for v1 (default); {first.kind}, error")
    assert rig.told[-1].text.startswith(f"hand: trained on 6 examples: {first.kind}, error")


def test_kind_and_ranges_may_be_changed_and_are_checked_when_it_is_trained(rig, here) -> None:
    rig.do(CORNERS + "hand.kind = 'knn'; hand.ranges = (0, 2); hand.train()")
    assert hand(rig).errors[0].kind == "knn"
    assert hand(rig).map(3)[0, 0] == pytest.approx(hand(rig).at(0, 0))
    assert hand(rig).map(3)[1, 0] == pytest.approx(hand(rig).at(1, 0))
    for change, message in (("kind = 'tree'", "no kind of map 'tree'"), ("ranges = 3", "the lowest and the highest")):
        with pytest.raises(EvaluationError, match=message):
            rig.do(f"hand.{change}; hand.train()")
        hand(rig).kind = "auto"


def test_a_gesture_for_another_space_does_not_fit(rig, here) -> None:
    rig.do("v2.model = 'wide_8'; wide = Gesture(2, v2); hand = Gesture(2, 'wide_8')")
    rig.do("wide.add((0, 0), 'bell'); wide.train()")
    assert rig.do("wide.at(0, 0)").shape == (8,)
    with pytest.raises(EvaluationError, match="8"):
        rig.do("v1.z = wide(0, 0)")


def test_a_failed_training_is_told_and_what_was_learned_stays(take) -> None:
    take.do(CORNERS + "hand.train(wait=True)")
    gesture = take.performance.names["hand"]
    before = gesture.at(0.5, 0.5)
    take.performance.gestures.fitter.fail = "the process that trains ended with code 1: train again."
    told: list[str] = []
    take.performance.on_message = lambda message: told.append(str(message))
    take.do("hand.add((0.5, 0.5), 'drum'); hand.train(wait=True)")
    assert told[-1] == "hand: the process that trains ended with code 1: train again."
    assert gesture.progress is None
    assert np.array_equal(gesture.at(0.5, 0.5), before)


def test_training_goes_on_beside_the_prompt_and_what_plays_goes_over_to_it(take) -> None:
    fitter = take.performance.gestures.fitter
    take.do(CORNERS + "hand.train(wait=True); v1.z = hand(0.5, 0.5)")
    take.run(1.0)
    fitter.go.clear()
    take.do("hand.add((0.5, 0.5), [3, 3, 3, 3]); hand.train()")
    gesture = take.performance.names["hand"]
    assert gesture.progress is not None
    before = gesture.at(0.5, 0.5)
    take.run(1.0)
    assert "training" in repr(gesture)
    assert np.array_equal(gesture.at(0.5, 0.5), before)
    work = next(thread for thread in threading.enumerate() if thread.name == "livevae hand")
    fitter.go.set()
    work.join(20)
    assert gesture.progress is None
    take.run(1.0)
    heard = np.concatenate(take.engine.slots[0].rows)[:, 4:8]
    first = take.engine.slots[0].first
    assert heard[round(1.9 * 100) - first] == pytest.approx(before, abs=1e-5)
    assert heard[-1] == pytest.approx([3] * 4, abs=1e-3)
    # No frame is further from the one before than the crossfade's steepest step.
    apart = np.abs(gesture.at(0.5, 0.5) - before).max()
    assert np.abs(np.diff(heard[round(1.2 * 100) - first :], axis=0)).max() < 2 * apart * 0.01 / FADE_SECONDS


def test_of_two_trainings_the_later_one_counts(take) -> None:
    fitter = take.performance.gestures.fitter
    fitter.go.clear()
    take.do("hand = Gesture(1, v1, name='hand'); hand.add(0, 'choir'); hand.train(); hand.add(0, 'drum')")
    take.do("hand.remove(0); hand.train(); v1.z = hand(0)")
    work = [thread for thread in threading.enumerate() if thread.name == "livevae hand"]
    fitter.go.set()
    for thread in work:
        thread.join(20)
    take.run(1.0)
    assert take.performance.names["hand"].at(0) == pytest.approx([-1] * 4)
    assert len(take.performance.names["hand"]._maps) == 1


# -- files


def test_a_gesture_comes_back_from_its_file(rig, here, tmp_path: Path) -> None:
    rig.do(CORNERS + f"hand.train(); hand.save({str(tmp_path / 'hand.json')!r})")
    rig.do(f"again = Gesture.load({str(tmp_path / 'hand.json')!r})")
    again = rig.performance.names["again"]
    assert np.array_equal(again.map(7), hand(rig).map(7))
    assert repr(again.examples) == repr(hand(rig).examples)
    assert repr(again) == repr(hand(rig))
    assert repr(again.errors) == repr(hand(rig).errors)
    assert again.voice == rig.performance.voices[0]
    rig.do("again.add((0.5, 0.5), 'drum'); again.train()")
    assert again.at(0.5, 0.5) == pytest.approx([-1] * 4, abs=1e-3)


def test_a_file_is_replaced_as_a_whole(rig, here, tmp_path: Path) -> None:
    path = tmp_path / "hand.json"
    rig.do("hand = Gesture(1, v1, ranges=(0, 127), kind='knn'); hand.add(64, 'bell')")
    rig.do(f"hand.save({str(path)!r}); hand.add(0, 'drum'); hand.train(); hand.save({str(path)!r})")
    assert len(list(tmp_path.glob("hand.*.npz"))) == 1
    assert not list(tmp_path.glob(".*part"))
    loaded = rig.do(f"Gesture.load({str(path)!r}, v2)")
    assert loaded.voice == rig.performance.voices[1]
    assert loaded.ranges.tolist() == [[0.0, 127.0]]
    assert loaded.kind == "knn"
    assert loaded.trained


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda facts: {**facts, "version": 99}, "saved by a later livevae"),
        (lambda facts: {**facts, "livevae": "song"}, "is no gesture"),
        (lambda facts: {**facts, "arrays": "gone.npz"}, "gone.npz, which belongs to hand.json, cannot be read"),
        (lambda facts: {**facts, "sha256": "0"}, "damaged"),
        (lambda facts: {**facts, "inputs": 3}, "damaged"),
        (lambda facts: {key: value for key, value in facts.items() if key != "model"}, "damaged"),
        (
            lambda facts: {**facts, "model": {"name": "voice", "digest": "x", "dimensions": 4}},
            "made with the model voice",
        ),
        (lambda facts: [], "is no gesture"),
    ],
)
def test_other_files_are_refused(rig, here, tmp_path: Path, change, message: str) -> None:
    path = tmp_path / "hand.json"
    rig.do(CORNERS + f"hand.train(); hand.save({str(path)!r})")
    path.write_text(json.dumps(change(json.loads(path.read_text()))))
    with pytest.raises(EvaluationError, match=message):
        rig.do(f"Gesture.load({str(path)!r})")


def test_places_that_cannot_be_written_or_read_are_named(rig, here, tmp_path: Path) -> None:
    rig.do(CORNERS)
    for line, message in (
        (f"hand.save({str(tmp_path / 'no' / 'hand.json')!r})", "cannot write"),
        ("hand.save('hand.npz')", "saved as a .json file"),
        (f"Gesture.load({str(tmp_path / 'none.json')!r})", "cannot be read"),
    ):
        with pytest.raises(EvaluationError, match=message):
            rig.do(line)


# -- replays


def test_a_replay_takes_the_same_examples_and_plays_the_same_maps(take) -> None:
    take.do("v1.z = lerp('choir', 'drum', perlin.fast(3)) + dim(1, sine); hand = Gesture(2, v1, name='hand')")
    take.run(0.77)
    take.do("hand.add((0, 0))")
    take.knob(0.9, 1)
    take.run(0.41)
    take.do("hand.add(cc(1), cc(2))")
    take.run(0.3)
    take.do("on_note(36, lambda: hand.add(cc(1), cc(2)))")
    take.knob(0.4, 2)
    take.knob(0.6, 36, "note")
    take.performance.settle()
    assert take.performance.names["hand"].examples[2].x.tolist() == [0.9, 0.4]
    take.run(0.2)
    take.do("hand.add((0.1, 0.8)); hand.train(wait=True); v1.z = hand(cc(1, smooth=50), saw)")
    for step in range(12):
        take.knob(step / 12, 1)
        take.run(0.1)
    take.do("hand.add((0.5, 0.5), 'bell'); hand.train(wait=True)")
    take.run(1.5)
    take.do("hand.save('" + str(take.folder / "hand.json") + "')")
    take.do("other = Gesture.load('" + str(take.folder / "hand.json") + "'); v2.z = other(saw, sine)")
    take.run(1.2)
    take.end()
    assert take.told == []
    # What the file holds then does not matter.
    (take.folder / "hand.json").write_text((take.folder / "hand.json").read_text().replace('"hand"', '"changed since"'))
    assert len(list((take.folder / "gestures").glob("*.npz"))) == 2
    assert take.compare() > 400


def test_a_replay_without_the_kept_maps_trains_again_and_says_so(take) -> None:
    take.do(CORNERS + "hand.train(wait=True); v1.z = hand(saw, 0.5)")
    take.run(1.5)
    take.end()
    for file in (take.folder / "gestures").glob("*.npz"):
        file.unlink()
    again, told = take.replay()
    assert any("it is trained again" in message.text for message in told)
    played, replayed = openings(take.engine), openings(again)
    assert sum(same(slot, replayed[key]) for key, slot in played.items()) > 50


def test_a_map_can_be_led_by_what_is_played_beside_the_model(rig) -> None:
    rig.do(CORNERS + "hand.train('mlp')")
    learned = hand(rig)._newest()
    inside = np.random.default_rng(0).uniform(0.0, 1.0, (200, 4))
    expression = hand(rig)(live)
    np.testing.assert_allclose(expression.of(inside), learned(inside[:, :2]), atol=2e-3)
    # However far away what is played may be, it stays within what was learned.
    beyond = expression.of(inside * 1000.0 - 500.0)
    assert (beyond >= learned.floor - 1e-3).all()
    assert (beyond <= learned.ceiling + 1e-3).all()
    rig.do("v2.input = live(1); v2.z = hand(live) + 0.1")
    assert rig.performance.voices[1].z is not None


def test_only_a_perceptron_runs_beside_the_model(rig) -> None:
    rig.do(CORNERS + "hand.train('rbf')")
    with pytest.raises(EvaluationError, match=r"'rbf' does not run beside the model: train it with kind='mlp'"):
        rig.do("v2.z = hand(live)")
