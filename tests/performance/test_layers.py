from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livevae.performance.layers import Control, Layer, LayerFailed, blend, settled, sound, then, weights, without


@dataclass(frozen=True)
class Steady:
    """Latents that are one number, resting where `rest` says so: (from, to) in cycles."""

    value: float
    rest: tuple[float, float] | None = None
    reads: float = 0.0


def evaluate(expression: Steady, cycles: np.ndarray) -> Control:
    known = np.ones(len(cycles), bool)
    if expression.rest is not None:
        known = ~((cycles >= expression.rest[0]) & (cycles < expression.rest[1]))
    bias = np.where(known[:, None], np.full((len(cycles), 2), expression.value), 0.0)
    gain = np.full((len(cycles), 2), expression.reads)
    return Control(gain, bias, np.full(len(cycles), expression.reads), known.astype(float), known)


def heard(layers, cycles):
    return sound(layers, np.asarray(cycles, float), 2, evaluate)


never = float("-inf")
silent = (Layer(None, never),)
expressions = st.one_of(
    st.none(),
    st.builds(Steady, st.floats(-5, 5)),
    st.builds(Steady, st.floats(-5, 5), st.tuples(st.floats(0, 8), st.floats(0, 8)).map(lambda r: tuple(sorted(r)))),
)
plans = st.lists(st.tuples(expressions, st.integers(0, 80).map(lambda n: n / 10), st.floats(0, 3)), max_size=5)


def laid(plan):
    layers = silent
    for expression, start, fade in plan:
        layers = then(layers, expression, start, fade)
    return layers


@given(st.floats(0, 100), st.floats(1e-6, 50))
def test_weights_are_exact_at_both_ends(start, fade):
    share = weights(np.array([start - 1.0, start, start + fade * 2]), start, fade)
    assert share.tolist() == [0.0, 0.0, 1.0]


def test_a_fade_of_nothing_is_a_step():
    assert weights(np.array([0.999, 1.0]), 1.0, 0.0).tolist() == [0.0, 1.0]


def test_a_fade_goes_from_the_old_to_the_new_in_a_straight_line():
    layers = then(then(silent, Steady(2.0), 0.0, 0.0), Steady(4.0), 4.0, 2.0)
    control = heard(layers, [3.9, 4.0, 4.5, 5.0, 6.0, 7.0])
    assert control.bias[:, 0].tolist() == [2.0, 2.0, 2.5, 3.0, 4.0, 4.0]
    assert (control.gate == 1.0).all()


def test_the_first_sound_is_there_before_its_gate_opens():
    control = heard(then(silent, Steady(3.0), 2.0, 1.0), [0.0, 1.9, 2.0, 2.5, 3.0])
    assert control.bias[:, 0].tolist() == [3.0] * 5
    assert control.gate.tolist() == [0.0, 0.0, 0.0, 0.5, 1.0]


def test_a_release_keeps_the_latents_and_closes_the_gate():
    control = heard(then(then(silent, Steady(3.0), 0.0, 0.0), None, 2.0, 1.0), [1.0, 2.0, 2.5, 3.0, 4.0])
    assert control.gate.tolist() == [1.0, 1.0, 0.5, 0.0, 0.0]
    assert control.bias[:3, 0].tolist() == [3.0, 3.0, 3.0]
    assert control.known.tolist() == [True, True, True, False, False]


def test_a_rest_on_one_side_takes_the_latents_of_the_other():
    layers = then(then(silent, Steady(2.0, rest=(0.0, 9.0)), 0.0, 0.0), Steady(4.0), 1.0, 2.0)
    control = heard(layers, [1.5, 2.0])
    assert control.bias[:, 0].tolist() == [4.0, 4.0]
    assert control.gate.tolist() == [0.25, 0.5]


def test_only_what_reads_the_input_says_where():
    old, new = Steady(0.0, reads=3.0), Steady(1.0)
    control = blend(evaluate(old, np.zeros(1)), evaluate(new, np.zeros(1)), np.array([0.5]))
    assert control.lag.tolist() == [3.0]
    assert control.gain[0, 0] == 1.5


def test_codes_step_half_way():
    control = blend(
        evaluate(Steady(1.0), np.zeros(3)), evaluate(Steady(5.0), np.zeros(3)), np.array([0.0, 0.4, 0.6]), steps=True
    )
    assert control.bias[:, 0].tolist() == [1.0, 1.0, 5.0]


@given(plans, st.floats(0, 10))
def test_forgetting_what_is_over_changes_nothing(plan, now):
    layers = laid(plan)
    cycles = now + np.arange(40) / 7
    whole, short = heard(layers, cycles), heard(settled(layers, now), cycles)
    assert np.array_equal(whole.gate, short.gate)
    assert np.array_equal(whole.known, short.known)
    assert np.array_equal(whole.bias[whole.known], short.bias[short.known])


@given(plans, st.integers(1, 39))
def test_blocks_do_not_matter(plan, cut):
    layers = laid(plan)
    cycles = np.arange(40) / 4
    whole, left, right = heard(layers, cycles), heard(layers, cycles[:cut]), heard(layers, cycles[cut:])
    assert np.array_equal(whole.gate, np.concatenate([left.gate, right.gate]))
    known = np.concatenate([left.known, right.known])
    assert np.array_equal(whole.known, known)
    assert np.array_equal(whole.bias[known], np.concatenate([left.bias, right.bias])[known])


def test_what_has_not_begun_is_replaced():
    layers = then(then(then(silent, Steady(1.0), 0.0, 0.0), Steady(2.0), 4.0, 1.0), Steady(3.0), 4.0, 1.0)
    assert [layer.expression and layer.expression.value for layer in layers] == [None, 1.0, 3.0]


def test_a_failing_layer_is_named_and_gives_way_to_the_one_before():
    layers = then(then(silent, Steady(1.0), 0.0, 0.0), Steady(2.0), 2.0, 0.0)

    def broken(expression, cycles):
        if expression.value == 2.0:
            raise ZeroDivisionError
        return evaluate(expression, cycles)

    assert sound(layers, np.array([1.0]), 2, broken).bias[0, 0] == 1.0
    with pytest.raises(LayerFailed) as failure:
        sound(layers, np.array([2.0]), 2, broken)
    back = without(layers, failure.value.layer, Steady(9.0), 2.0, 1.0)
    control = sound(back, np.array([2.0, 2.5, 3.0]), 2, broken)
    assert control.bias[:, 0].tolist() == [9.0, 5.0, 1.0]
