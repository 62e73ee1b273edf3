"""The laws of a form: what follows what, where everything begins, how long it all is."""

from itertools import islice, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livevae.errors import LivevaeError
from livevae.performance.form import Form, Graph, Order, Position, form_of, nearest

NAMES = st.sampled_from(["intro", "build", "drop", "break", "end"])
STEPS = st.lists(NAMES | st.tuples(NAMES, st.integers(1, 3)), min_size=1, max_size=6)
LENGTHS = st.dictionaries(NAMES, st.integers(1, 32).map(float), min_size=5)
WAYS = st.dictionaries(NAMES, st.lists(NAMES, max_size=3), min_size=1)
SHORT = settings(max_examples=60)


def walked(form, count=40):
    return [position.name for position in islice(form.walk(), count)]


@SHORT
@given(STEPS)
def test_an_order_is_walked_as_it_is_written_with_its_repeats(steps):
    written = [name for step in steps for name in ([step] if isinstance(step, str) else [step[0]] * step[1])]
    assert walked(form_of(*steps)) == written[:40]


@SHORT
@given(STEPS)
def test_a_loop_begins_again_after_its_last(steps):
    once = walked(form_of(*steps))
    assert walked(form_of(*steps, loop=True), 3 * len(once)) == 3 * once


@SHORT
@given(STEPS, st.booleans())
def test_before_is_the_way_back_of_after(steps, loop):
    order = form_of(*steps, loop=loop).way
    for position in islice(form_of(*steps, loop=loop).walk(), 12):
        following = order.after(position)
        if following is not None:
            assert order.before(following) == position


@SHORT
@given(STEPS, NAMES)
def test_going_to_a_section_goes_on_from_there(steps, name):
    form = form_of(*steps)
    here = form.way.first()
    there = form.way.find(name, here)
    assert there.name == name
    if name in walked(form):
        assert walked(form)[there.place] == name
    else:
        assert there.place == here.place, "a section that is not in the order is put in between"
        assert form.way.after(there) == form.way.after(Position(here.name, here.place, here.count + 1))


def test_going_to_a_section_takes_the_next_one_of_that_name():
    order = Order(("a", "b", "a", "c"))
    assert order.find("a", Position("b", 1, 1)).place == 2
    assert order.find("b", Position("a", 2, 2)).place == 1
    assert order.find("c", Position("c", 3, 3)).place == 3
    assert order.find("a").place == 0


@SHORT
@given(WAYS, st.integers(0, 5), st.booleans())
def test_a_graph_takes_only_ways_that_are_there_and_the_same_ones_again(ways, seed, loop):
    form = form_of(ways, seed=seed, loop=loop)
    names = walked(form)
    assert names == walked(form_of(ways, seed=seed, loop=loop))
    assert set(names) <= form.way.reachable() <= set(form.way.mentioned())
    for here, there in pairwise(names):
        assert there in ways.get(here, []) or (loop and there == next(iter(ways)) and not ways.get(here))
    if not loop and len(names) < 40:
        assert not ways.get(names[-1]), "it ends where no way leads on"


def test_chance_takes_every_way_about_as_often_as_its_weight_says():
    form = form_of({"a": {"a": 3, "b": 1, "c": 0}, "b": "a", "c": None}, seed=7)
    names = walked(form, 4000)
    after_a = [there for here, there in pairwise(names) if here == "a"]
    assert 0.70 < after_a.count("a") / len(after_a) < 0.80
    assert "c" not in names
    assert walked(form_of({"a": ["a", "b"], "b": ["a", "b"]}, seed=1)) != walked(
        form_of({"a": ["a", "b"], "b": ["a", "b"]}, seed=2)
    )


@SHORT
@given(STEPS, LENGTHS)
def test_a_section_begins_where_the_ones_before_it_end(steps, bars):
    form = form_of(*steps)
    names = walked(form)
    for name in set(names):
        position, start = form.start_of(name, bars)
        assert position.place == names.index(name)
        assert start == sum(bars[other] for other in names[: names.index(name)])
    assert form.length(bars) == sum(bars[name] for name in names)


def test_the_length_is_known_only_where_the_form_goes_by_itself_to_an_end():
    bars = {"a": 4.0, "b": 2.5, "free": None}
    assert form_of("a", ("b", 2)).length(bars) == 9.0
    assert form_of("a", "free").length(bars) is None
    assert form_of("a", "b", loop=True).length(bars) is None
    assert form_of("a", "b", auto=False).length(bars) is None
    assert form_of("a", "missing").length(bars) is None
    assert form_of({"a": ["b"], "b": []}).length(bars) == 6.5
    assert form_of({"a": ["b"], "b": ["a"]}).length(bars) is None
    assert Form().length({}) is None


def test_a_section_without_bars_counts_nothing_for_what_follows():
    assert form_of("a", "free", "b").start_of("b", {"a": 4.0, "free": None, "b": 1.0})[1] == 4.0


def test_without_an_order_the_definitions_are_the_order():
    assert walked(Form().over(["a", "b"])) == ["a", "b"]
    assert walked(form_of(loop=True).over(["a", "b"]), 5) == ["a", "b", "a", "b", "a"]
    by_hand = form_of("by hand").over(["a", "b"])
    assert (walked(by_hand), by_hand.auto) == (["a", "b"], False)
    assert form_of("b", auto=False).over(["a", "b"]).way == Order(("b",))


def test_what_is_never_reached():
    assert form_of("a", "c").never_reached(["a", "b", "c"]) == ["b"]
    assert form_of({"a": ["c"], "b": ["a"]}).never_reached(["a", "b", "c"]) == ["b"]
    assert form_of({"a": ["c"], "b": ["a"]}, start="b").never_reached(["a", "b", "c"]) == []
    assert form_of("a", auto=False).never_reached(["a", "b"]) == []


@pytest.mark.parametrize(
    ("steps", "options", "said"),
    [
        ((3,), {}, "takes names of cues"),
        ((("a", 0),), {}, "takes names of cues"),
        ((("a", True),), {}, "takes names of cues"),
        (("a",), {"end": "stop"}, 'end is "hold"'),
        (("a",), {"start": "a"}, "start is for graphs"),
        (({},), {}, "a graph says"),
        (({"a": 3},), {}, "what follows 'a'"),
        (({"a": [3]},), {}, "named by a string"),
        (({3: ["a"]},), {}, "named by a string"),
        (({"a": {"b": -1}},), {}, "the weight of a way out of 'a'"),
        (({"a": {"b": "x"}},), {}, "the weight"),
        (({"a": "b"},), {"seed": "x"}, "seed is a whole number"),
    ],
)
def test_what_is_no_form_is_told(steps, options, said):
    with pytest.raises(LivevaeError) as error:
        form_of(*steps, **options)
    assert said in str(error.value)


def test_a_section_that_is_never_reached_has_no_start():
    with pytest.raises(LivevaeError, match="never comes to 'biuld': did you mean build"):
        form_of("intro", "build").start_of("biuld", {})


def test_the_nearest_names_are_advised():
    assert nearest("drp", ["drop", "intro"]) == ": did you mean drop?"
    assert nearest("zzz", ["drop", "intro"]) == ": there are drop, intro."
    assert "@cue" in nearest("zzz", [])


def test_positions_of_a_graph_have_no_way_back():
    assert Graph("a", {"a": (("b", 1.0),)}).before(Position("b", 0, 1)) is None
