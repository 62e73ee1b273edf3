"""A gesture is shown, trained and played while the sound goes on: nothing is late, and the prompt does not wait."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from livevae.performance import Message, Performance
from support.performing import performing_what_ships

pytestmark = pytest.mark.live

TRIES = 3
TRAININGS = 4


@pytest.fixture
def performance(tmp_path: Path) -> Iterator[Performance]:
    with performing_what_ships("silent", tmp_path / "cache") as made:
        yield made


class Heartbeat:
    """The longest time for which another thread of this process could not go on, in seconds."""

    def __init__(self) -> None:
        self.longest = 0.0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Heartbeat:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        last = time.monotonic()
        while not self._ended.wait(0.002):
            now = time.monotonic()
            self.longest = max(self.longest, now - last - 0.002)
            last = now


def until(test: Callable[[], object], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not test():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


@pytest.mark.timeout(240)
def test_training_while_playing_makes_nothing_late(performance: Performance) -> None:
    """Counts on a shared machine may need up to three tries; each is printed."""
    told: list[Message] = []
    performance.on_message = told.append
    performance.evaluate("v1.play(lerp('choir', 'bell', sine.fast(2)), quant=0); v2.play('string', quant=0)")
    performance.evaluate("hand = Gesture(inputs=2, space=v1, name='hand')")
    time.sleep(1.0)
    for x, y in np.random.default_rng(0).uniform(0, 1, (8, 2)):
        performance.evaluate(f"hand.add(({x}, {y}))")
        time.sleep(0.15)
    hand = performance.names["hand"]
    # It was shown what moved.
    assert np.ptp([example.z for example in hand.examples], axis=0).max() > 0.1
    performance.evaluate("hand.train()")
    until(lambda: hand.progress is None)
    performance.evaluate("v1.play(hand(sine, perlin), quant=0)")
    time.sleep(0.5)
    for attempt in range(1, TRIES + 1):
        before, asked = performance.engine.status(), []
        with Heartbeat() as quiet:
            time.sleep(3.0)
        with Heartbeat() as heart:
            for _ in range(TRAININGS):
                begun = time.monotonic()
                performance.evaluate("hand.add((0.5, 0.5)); hand.train()")
                asked.append(time.monotonic() - begun)
                until(lambda: hand.progress is None)
                time.sleep(0.3)
        after = performance.engine.status()
        counts = {"late": after.late - before.late, "covered": after.covered - before.covered}
        print(
            f"try {attempt}: {counts}; the prompt waited {1000 * max(asked):.1f} ms at most, "
            f"a thread beside it {1000 * heart.longest:.1f} ms, in the 3 s before it {1000 * quiet.longest:.1f} ms"
        )
        if not any(counts.values()):
            break
    else:
        pytest.fail(f"in each of {TRIES} tries something was late, in the last one {counts}")
    assert [message.text for message in told if message.kind == "error"] == []
    assert sum(message.text.startswith("hand: trained on") for message in told) >= 1 + TRAININGS
    assert len(hand.errors) == 4
