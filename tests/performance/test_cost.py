"""What patterns cost, in virtual time: dear ones are told of, too dear ones go back."""

from __future__ import annotations

from pathlib import Path

import pytest

from livevae.engine.interface import Status
from livevae.performance import EvaluationError, Message, Performance
from livevae.performance.cost import Cost, Costs, Timer, TooSlow, afford, measured
from support.doubles import FakeLibrary
from support.virtual import VirtualEngine

PERIOD = 0.01


def timer(processor: float, wall: float | None = None) -> Timer:
    made = Timer()
    made.processor, made.wall = processor, processor if wall is None else wall
    return made


def share(costs: Costs, slot: int, part: float, waiting: float = 0.0, times: int = 1) -> list[str]:
    """Fill ten frames of a slot that take this part of real time."""
    spent = part * 10 * PERIOD
    return [costs.add(slot, timer(spent, spent + waiting), 10, PERIOD) for _ in range(times)]


def test_a_dear_voice_is_told_of_and_a_too_dear_one_goes():
    costs = Costs()
    assert share(costs, 0, 0.05, times=5) == ["fine"] * 5
    assert share(costs, 1, 0.4, times=3)[-1] == "dear"
    assert share(costs, 1, 0.9, times=2) == ["fine", "too slow"]
    assert share(costs, 0, 0.05) == ["fine"], "the other one is not to blame"


def test_one_slow_fill_is_none_yet():
    costs = Costs()
    assert share(costs, 0, 5.0) == ["fine"]
    assert share(costs, 0, 0.01) != ["too slow"]
    assert share(costs, 0, 5.0) == ["fine"]


def test_many_voices_together_are_too_dear_and_the_dearest_goes():
    costs = Costs()
    for slot in range(4):
        share(costs, slot, 0.15, times=4)
    assert costs.total() == pytest.approx(0.6)
    assert share(costs, 0, 0.15, times=3) == ["fine"] * 3
    assert "too slow" in share(costs, 3, 0.45, times=4)
    costs.forget(3)
    assert costs.total() == pytest.approx(0.45)


def test_waiting_counts_when_it_lasts():
    costs = Costs()
    assert share(costs, 0, 0.01, waiting=0.5, times=4) == ["fine", "fine", "fine", "too slow"]


def test_what_a_stream_costs():
    costs = Costs()
    share(costs, 0, 0.1)
    assert costs.of(0) == Cost(pytest.approx(0.001), PERIOD)
    assert str(costs.of(0)) == "1 ms a frame, there are 10 ms"
    assert costs.of(7) is None


class Clock:
    """Stands in for the processor's time and the wall's."""

    processor = wall = 0.0

    def thread_time(self) -> float:
        return self.processor

    def perf_counter(self) -> float:
        return self.wall

    def burn(self, seconds: float) -> None:
        self.processor += seconds
        self.wall += seconds

    def sleep(self, seconds: float) -> None:
        self.wall += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr("livevae.performance.cost.time", made)
    return made


def test_what_is_tried_before_it_is_heard(clock):
    assert afford(lambda: None, 10, PERIOD) is None
    assert afford(lambda: clock.burn(0.05), 10, PERIOD) == "a pattern costs 5 ms a frame, there are 10 ms."
    with pytest.raises(TooSlow, match="too slow to be played: it costs 12 ms a frame, there are 10 ms"):
        afford(lambda: clock.burn(0.12), 10, PERIOD)
    with pytest.raises(TooSlow):
        afford(lambda: clock.sleep(0.4), 10, PERIOD)
    with measured() as spent:
        clock.sleep(0.02)
    assert (spent.wall, spent.processor) == (pytest.approx(0.02), 0.0)


class Live:
    """A performance on the virtual engine, where only patterns take time."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        (folder / "default.ts").write_text("default")
        self.engine = VirtualEngine()
        self.told: list[Message] = []
        self.performance = Performance(
            self.engine, FakeLibrary(choir=1.0), default_model=folder / "default.ts", live=True
        )
        self.performance.on_message = self.told.append
        self.performance.names |= {"burn": clock.burn, "sleep": clock.sleep, "dear": []}


@pytest.fixture
def live(tmp_path, clock):
    made = Live(tmp_path, clock)
    yield made
    made.performance.close()


SLOW = """
def slow(t):
    if dear:
        {how}(dear[0] * len(t) * 0.01)
    return t * 0 + 2
"""


@pytest.mark.parametrize("how", ["burn", "sleep"])
def test_a_pattern_that_is_too_slow_is_not_played(live, how):
    live.performance.evaluate("v1.z = 'choir'")
    with pytest.raises(
        EvaluationError, match=r"<repl>.*too slow to be played: it costs .* ms a frame, there are 10 ms"
    ):
        live.performance.evaluate("dear.append(3.6)\n" + SLOW.format(how=how) + "v1.z = signal(slow)")
    assert live.performance.evaluate("v1.z") is not None
    assert repr(live.performance.voices[0]).startswith("v1: z='choir'")


@pytest.mark.parametrize(("how", "share"), [("burn", 1.2), ("sleep", 1.6)])
def test_one_that_becomes_too_slow_goes_back_alone(live, how, share):
    live.performance.evaluate("v1.play('choir', quant=0); v2.play(3, quant=0)")
    live.engine.advance(0.5)
    live.performance.evaluate(SLOW.format(how=how) + "v1.play(signal(slow), quant=0, fade=0)")
    live.engine.advance(0.5)
    assert not live.told
    live.performance.evaluate(f"dear.append({share})")
    live.engine.advance(3.0)
    assert [message.voice for message in live.told if message.kind == "error"] == ["v1"]
    error = next(message for message in live.told if message.kind == "error")
    assert "too slow" in error.text
    assert "ms a frame" in error.text
    assert error.place is not None
    assert error.place.line == 6
    first, second = live.performance.status().voices
    assert (first.failures, second.failures) == (1, 0)
    live.performance.evaluate("v2.amp = 0.5")
    assert repr(live.performance.voices[0]).startswith("v1: z='choir'")
    assert isinstance(live.performance.status().engine, Status)


def test_a_dear_one_is_shown(live):
    live.performance.evaluate("dear.append(0.4)\n" + SLOW.format(how="burn") + "v1.play(signal(slow), quant=0)")
    assert any("a pattern costs" in message.text for message in live.told)
    live.engine.advance(2.0)
    assert any(message.voice == "v1" and "costs" in message.text for message in live.told)
    voice = live.performance.status().voices[0]
    assert voice.cost is not None
    assert 0.3 < voice.cost.share < 0.7
    assert "ms a frame, there are 10 ms" in repr(live.performance.status())
